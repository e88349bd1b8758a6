function r = Vj(x)
% Vj  Points y_j of a symbolic matrix: the rows of an array. Axes from the third on are those of a batch.
%
%   K = exp(-sqdist(Vi(x), Vj(y)))
%
%   See also LazyTensor.
r = LazyTensor(variable(x, 1, false, 'x'), 'state');
end
