function [formula, dims, values, kinds, ids, weak, points] = variable(x, category, is_weak, what)
% What a tensor of one argument is made of; category is 0 for i, 1 for j, 2 for a parameter.
if isa(x, 'LazyTensor') || ~(isnumeric(x) || islogical(x)) || issparse(x)
    error('rkeops:type', '%s: expected an array of numbers, got %s', what, rkeops_words(x));
end
extents = size(x);
columns = extents(2);
if category == 2, columns = extents(1) * extents(2); end
if columns == 0
    error('rkeops:shape', '%s: expected one component or more, got an array of %s', what, rkeops_size_words(x));
end
if isreal(x)
    [formula, dims, ids] = rkeops_mex('variable', 0, columns, category);
else
    columns = 2 * columns;
    [parts, ~, ids] = rkeops_mex('variable', 0, columns, category);
    [formula, dims] = rkeops_mex('apply', 'AsComplex', parts, []);
    rkeops_mex('free', parts);
end
values = {x};
kinds = [columns; category];
weak = is_weak;
points = [NaN NaN];
if category < 2, points(category + 1) = extents(1); end
end
