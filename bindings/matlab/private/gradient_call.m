function g = gradient_call(op, savers, facts, varargin)
% A gradient that takes results of its reduction, or is that of a parameter, the sum of what each point gives, or may be
% of complex numbers. `facts` are the number of arguments of the reduction, the position of the variable, whether it is
% a parameter, whether results are complex.
count = facts(1);
if numel(varargin) ~= count + 1
    error('rkeops:count', 'expected %d arguments, got %d', count + 1, numel(varargin));
end
if facts(4) && isreal(varargin{count + 1}) && 2 * size(varargin{count + 1}, 1) == op.kinds(1, count + 1)
    varargin{count + 1} = complex(varargin{count + 1});
end
results = cell(1, numel(savers));
for k = 1:numel(savers), results{k} = rkeops_mex('run', savers{k}.handle, varargin{1:size(savers{k}.kinds, 2)}); end
g = rkeops_mex('run', op.handle, varargin{:}, results{:});
if facts(3), g = sum(g, 2); end
if isnumeric(varargin{facts(2)}) && ~isreal(varargin{facts(2)}) && isreal(g)
    % Real and imaginary parts in turn.
    extents = size(g);
    extents(1) = extents(1) / 2;
    g = reshape(complex(g(1:2:end, :), g(2:2:end, :)), extents);
end
end
