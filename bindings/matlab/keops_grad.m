function G = keops_grad(F, name)
% keops_grad  The gradient of a function that keops_kernel made.
%
%   G = keops_grad(F, 'x')
%   g = G(p, x, y, b, e)
%
%   G takes one more input, e, an array of the size of F's result: g is the derivative of sum(e .* F(p, x, y, b)) with
%   respect to x, of its size. With complex numbers that is sum(real(conj(e) .* F(...))). Of a sum G may be derived
%   again, by any of its arguments, and by 'e', as the name of the new input is ('e2' the next time).
%
%   See also keops_kernel, Grad.
if nargin ~= 2
    error('rkeops:count', 'keops_grad: expected a function and the name of a variable, got %d arguments', nargin);
end
source = operator_in(F);
if source.is_final
    error('rkeops:unsupported', ...
        ['keops_grad: this gradient cannot be derived again: it sums the rows of a parameter, or it takes results ', ...
        'of the reduction it belongs to']);
end
if ~ischar(name), error('rkeops:argument', 'name: expected the name of a variable, got %s', rkeops_words(name)); end
position = find(strcmp(source.names, name), 1);
if isempty(position)
    error('rkeops:name', 'name: expected a variable of the formula (%s), got %s', strjoin(source.names, ', '), ...
        rkeops_words(name));
end
count = size(source.kinds, 2);
kept = 1 - source.output(1);
columns = source.output(2) * (1 + source.output(3));
handles = zeros(1, 0, 'uint64');
try
    saved = rkeops_mex('saved', source.reduction);
    savers = cell(1, numel(saved));
    formulas = zeros(1, 0, 'uint64');
    names = source.names;
    names(end + 1:count) = {''};
    for k = 1:numel(saved)
        savers{k} = operator_of(saved(k), 'saved', {}, source.summation);
        output = savers{k}.output;
        formulas(k) = rkeops_mex('variable', count + k, output(2) * (1 + output(3)), kept);
        handles(end + 1) = formulas(k); %#ok<AGROW>
    end
    cotangent = rkeops_mex('variable', count, columns, kept);
    handles(end + 1) = cotangent;
    kind = source.kinds(:, position);
    handles(end + 1) = rkeops_mex('variable', position - 1, kind(1), kind(2));
    made = rkeops_mex('gradient', source.reduction, handles(end), cotangent, formulas);
catch problem
    free_all(handles);
    rethrow(problem);
end
free_all(handles);
op = operator_of(made, 'gradient', {}, source.summation);
new_name = 'e';
number = 1;
while any(strcmp(names, new_name))
    number = number + 1;
    new_name = sprintf('e%d', number);
end
op.names = [names, {new_name}];
is_sum = isempty(saved) && kind(2) < 2;
op.is_final = ~is_sum;
op.kinds(:, end + 1:count + 1) = repmat([columns; kept], 1, count + 1 - size(op.kinds, 2));
% Of an even number of rows an array may be complex.
if is_sum && mod(kind(1), 2)
    G = @(varargin) rkeops_mex('run', op.handle, varargin{:});
else
    G = @(varargin) gradient_call(op, savers, [count, position, kind(2) == 2, source.output(3)], varargin{:});
end
end
