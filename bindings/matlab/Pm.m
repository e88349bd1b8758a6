function r = Pm(p)
% Pm  A parameter of a symbolic matrix, the same for all pairs: a number or a vector.
%
%   K = exp(-Pm(g) .* sqdist(Vi(x), Vj(y)))
%
%   See also LazyTensor.
r = LazyTensor(variable(p, 2, false, 'p'), 'state');
end
