function r = apply(name, operands, parameters)
% An operation on tensors or numbers.
if nargin < 3, parameters = []; end
if numel(operands) == 1
    one = lazy(operands{1}, name);
    [formula, dims] = rkeops_mex('apply', name, one.formula, parameters);
    r = LazyTensor([], [], formula, dims, one.values, one.kinds, one.ids, one.weak, one.points);
    return
end
for k = 1:numel(operands)
    if isa(operands{k}, 'LazyTensor')
        operands{k} = held(operands{k});
    else
        operands{k} = lazy(operands{k}, sprintf('%s: argument %d', name, k));
    end
end
[formulas, values, kinds, ids, weak, points, passing] = joined(name, operands);
try
    [formula, dims] = rkeops_mex('apply', name, formulas, parameters);
catch problem
    free_all(passing);
    rethrow(problem);
end
free_all(passing);
r = LazyTensor([], [], formula, dims, values, kinds, ids, weak, points);
end
