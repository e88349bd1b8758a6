function [order, clusters, centres] = rkeops_clusters(x, side)
% rkeops_clusters  Sorts points into the cells of a grid, for rkeops_ranges.
%
%   [order, clusters, centres] = rkeops_clusters(x, side)
%
%   Points are rows. x(order, :) has those of a cell after one another; clusters has the first and the last of each cell
%   in this order, and centres their means. Cells are cubes of this side.
%
%       [order, clusters, centres] = rkeops_clusters(x, 0.1);
%       x = x(order, :);
%       far = full(sqdist(Vi(centres), Vj(centres))) > 1;
%       K = restrict(exp(-10 * sqdist(Vi(x), Vj(x))), rkeops_ranges(clusters, clusters, ~far));
%
%   See also rkeops_ranges.
if nargin ~= 2, error('rkeops:count', 'rkeops_clusters: expected 2 arguments, got %d', nargin); end
if ~isnumeric(x) || ~ismatrix(x) || ~isreal(x) || isempty(x)
    error('rkeops:type', 'x: expected a matrix with a row for each point, got %s', rkeops_words(x));
end
if ~isnumeric(side) || ~isscalar(side) || ~isreal(side) || ~(side > 0)
    error('rkeops:argument', 'side: expected a positive number, got %s', rkeops_words(side));
end
[~, ~, cells] = unique(floor(double(x) / double(side)), 'rows');
[cells, order] = sort(cells(:));
last = [find(diff(cells)); numel(cells)];
clusters = [[1; last(1:end - 1) + 1], last];
counts = clusters(:, 2) - clusters(:, 1) + 1;
centres = zeros(size(clusters, 1), size(x, 2));
for k = 1:size(x, 2), centres(:, k) = accumarray(cells, double(x(order, k))) ./ counts; end
end
