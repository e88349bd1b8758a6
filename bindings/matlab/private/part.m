function state = part(state, places)
% The state of the rows and columns of a symbolic matrix that are named.
if numel(places) ~= 2
    error('rkeops:argument', 'a LazyTensor is indexed as K(rows, columns), got %d subscripts', numel(places));
end
words = {'rows', 'columns'};
for index = 1:2
    own = places{index};
    if ischar(own) && strcmp(own, ':'), continue, end
    facts = rkeops_mex('facts', state.handle);
    count = facts(2 + index);
    if count < 0, error('rkeops:shape', 'K(rows, columns): the tensor has no %s', words{index}); end
    if islogical(own), own = find(own); end
    if ~isnumeric(own) || ~isreal(own) || any(own(:) ~= floor(own(:))) || any(own(:) < 1) || any(own(:) > count)
        error('rkeops:shape', 'K(rows, columns): expected places of %s from 1 to %d, got others', words{index}, count);
    end
    kinds = rkeops_mex('arguments', state.handle);
    values = state.values;
    for k = find(kinds(2, :) == index - 1)
        extents = size(values{k});
        values{k} = reshape(values{k}(own(:), :), [numel(own), extents(2:end)]);
    end
    state = state_of(rkeops_mex('part', state.handle, index - 1, numel(own)), values);
end
end
