function r = constant(value)
% A number that is part of the formula, such as the order of a Bessel function.
if isa(value, 'LazyTensor')
    r = value;
    return
end
[formula, dims] = rkeops_mex('constant', value);
r = LazyTensor([], [], formula, dims, {}, zeros(2, 0), zeros(1, 0), false(1, 0), [NaN NaN]);
end
