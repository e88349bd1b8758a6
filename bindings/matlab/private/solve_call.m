function [x, details] = solve_call(op, position, varargin)
% Arrays of a system, then settings.
count = size(op.kinds, 2);
if numel(varargin) < count
    error('rkeops:count', 'expected %d arrays, got %d arguments', count, numel(varargin));
end
[ranges, settings] = ranges_in(varargin(count + 1:end));
numbers = solve_settings(settings);
[x, iterations, residual] = rkeops_mex('solve', op.reduction, position - 1, op.kinds, [numbers, op.summation], [], ...
    op.names, varargin{1:count}, ranges{:});
details = struct('iterations', iterations, 'residual', residual);
end
