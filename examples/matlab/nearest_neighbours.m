% The nearest neighbours of each vertex of a rabbit, and what they tell of its surface.
%
% The vertices are points in three dimensions. For each the six nearest others are found by one pass over all pairs: the
% matrix of distances is never stored. A plane through a point and its neighbours gives the normal of the surface there:
% it is the direction in which these points vary least (Hoppe et al., "Surface reconstruction from unorganized points",
% SIGGRAPH 1992).
%
%     octave-cli --eval "addpath bindings/matlab examples/matlab; nearest_neighbours"

function nearest_neighbours()
folder = fullfile(fileparts(fileparts(mfilename('fullpath'))), 'data');
bunny = dlmread(fullfile(folder, 'bunny.csv'), ',', 1, 0);
count = size(bunny, 1);
neighbours = 6;

% The nearest of all is the point itself, so one more is asked for.
[places, distances] = rkeops_knnsearch(bunny, bunny, 'K', neighbours + 1);
others = distances(:, 2:end);
fprintf('%d vertices, %d neighbours of each: from %.4f to %.4f away, %.4f in the mean\n', count, neighbours, ...
    min(others(:)), max(others(:)), mean(others(:)));

normals = zeros(count, 3);
for k = 1:count
    own = bunny(places(k, :), :);
    [~, ~, directions] = svd(bsxfun(@minus, own, mean(own, 1)), 'econ');
    normals(k, :) = directions(:, 3)';
end
along = abs(sum(normals .* normals(places(:, 2), :), 2));
fprintf('normals of nearest neighbours differ by %.1f degrees in the median\n', median(acos(min(along, 1))) * 180 / pi);

% All pairs at once.
squares = 0;
for k = 1:3, squares = squares + bsxfun(@minus, bunny(:, k), bunny(:, k)') .^ 2; end
dense = sort(sqrt(squares), 2);
at = sqrt(squares(bsxfun(@plus, (1:count)', (places - 1) * count)));
% Places may be exchanged where distances are equal, so distances are compared.
worst = max(max(max(abs(distances - dense(:, 1:neighbours + 1)))), max(max(abs(at - distances))));
if ~(worst < 1e-12) || ~isequal(places(:, 1), (1:count)')
    error('example:wrong', 'the whole matrix of distances gives others');
end
fprintf('the whole matrix of distances gives the same\n');
end
