function r = constant(value)
% A number that is part of the formula, such as the order of a Bessel function.
if isa(value, 'LazyTensor'), r = value; else, r = LazyTensor(state_of(rkeops_mex('constant', value), {}), 'state'); end
end
