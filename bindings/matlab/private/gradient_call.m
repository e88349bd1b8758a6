function g = gradient_call(op, savers, count, is_parameter, varargin)
% A gradient that takes results of its reduction, or that is that of a parameter: then it is the sum of what each point gives.
if numel(varargin) ~= count + 1
    error('rkeops:count', 'expected %d arguments, got %d', count + 1, numel(varargin));
end
results = cell(1, numel(savers));
for k = 1:numel(savers), results{k} = rkeops_mex('run', savers{k}.handle, varargin{1:size(savers{k}.kinds, 2)}); end
g = rkeops_mex('run', op.handle, varargin{:}, results{:});
if is_parameter, g = sum(g, 2); end
end
