function r = Vi(x)
% Vi  Points x_i of a symbolic matrix: the rows of an array. Axes from the third on are those of a batch.
%
%   K = exp(-sqdist(Vi(x), Vj(y)))
%
%   See also LazyTensor.
r = LazyTensor(variable(x, 0, false, 'x'), 'state');
end
