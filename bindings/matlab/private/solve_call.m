function [x, details] = solve_call(op, position, varargin)
% Arrays of a system, then settings.
count = size(op.kinds, 2);
if numel(varargin) < count
    error('rkeops:count', 'expected %d arrays, got %d arguments', count, numel(varargin));
end
numbers = solve_settings(varargin(count + 1:end));
[x, iterations, residual] = rkeops_mex('solve', op.reduction, position - 1, op.kinds, numbers, 1, false(1, count), ...
    op.names, varargin{1:count});
details = struct('iterations', iterations, 'residual', residual);
end
