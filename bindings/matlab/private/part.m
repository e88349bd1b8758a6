function r = part(a, places)
% The rows and columns of a symbolic matrix that are named.
if numel(places) ~= 2
    error('rkeops:argument', 'a LazyTensor is indexed as K(rows, columns), got %d subscripts', numel(places));
end
a = held(a);
values = a.values;
points = a.points;
ids = a.ids;
words = {'rows', 'columns'};
for index = 1:2
    own = places{index};
    if ischar(own) && strcmp(own, ':'), continue, end
    if isnan(points(index)), error('rkeops:shape', 'K(rows, columns): the tensor has no %s', words{index}); end
    if islogical(own), own = find(own); end
    if ~isnumeric(own) || any(own(:) ~= floor(own(:))) || any(own(:) < 1) || any(own(:) > points(index))
        error('rkeops:shape', 'K(rows, columns): expected places of %s from 1 to %d, got others', words{index}, points(index));
    end
    for k = 1:numel(values)
        if a.kinds(2, k) ~= index - 1, continue, end
        extents = size(values{k});
        values{k} = reshape(values{k}(own(:), :), [numel(own), extents(2:end)]);
        % Other data are another argument.
        ids(k) = NaN;
    end
    points(index) = numel(own);
end
for k = find(isnan(ids))
    [made, ~, ~, ~, ids(k)] = variable(1, 2, false, 'K');
    rkeops_mex('free', made);
end
copy = rkeops_mex('renumber', a.formula, 0:numel(ids) - 1);
r = LazyTensor([], [], copy, a.dims, values, a.kinds, ids, a.weak, points);
end
