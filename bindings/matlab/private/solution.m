function [x, details] = solution(a, b, settings)
% Solves (a + alpha I) x = b by conjugate gradients.
numbers = solve_settings(settings);
if ~isa(a, 'LazyTensor'), error('rkeops:type', 'K: expected a LazyTensor, got %s', rkeops_words(a)); end
own = held(a);
if own.dims(1) ~= 1, error('rkeops:dimension', 'solve: expected a matrix of numbers, got one of vectors of %d components', own.dims(1)); end
if ~isnumeric(b), error('rkeops:type', 'b: expected a matrix, got %s', rkeops_words(b)); end
if own.points(1) ~= own.points(2), error('rkeops:shape', 'solve: expected a square matrix, got one of %d x %d', own.points(1), own.points(2)); end
if size(b, 1) ~= own.points(2)
    error('rkeops:shape', 'b: expected a matrix with %d rows, one for each row of K, got %s', own.points(2), rkeops_size_words(b));
end
if ~isreal(b) && ~own.dims(2)
    % Of a real matrix real and imaginary parts are columns of their own.
    [x, details] = solution(a, [real(b), imag(b)], settings);
    x = complex(x(:, 1:end / 2), x(:, end / 2 + 1:end));
    return
end
all = held(apply('Mult', {a, Vj(b)}));
values = all.values;
reduction = rkeops_mex('reduction', 'Sum', all.formula, 1, [], []);
owner = onCleanup(@() rkeops_mex('free', reduction));
names = cell(1, numel(values));
names(:) = {''};
names{end} = 'b';
[x, iterations, residual] = rkeops_mex('solve', reduction, numel(values) - 1, all.kinds, numbers, 0, all.weak, names, values{:});
details = struct('iterations', iterations, 'residual', residual);
end
