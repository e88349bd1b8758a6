function [x, details] = solution(a, b, settings)
% Solves (a + alpha I) x = b by conjugate gradients.
numbers = solve_settings(settings);
if ~isa(a, 'LazyTensor'), error('rkeops:type', 'K: expected a LazyTensor, got %s', rkeops_words(a)); end
own = held(a);
facts = rkeops_mex('facts', own.handle);
[m, n] = size(a);
if facts(1) ~= 1
    error('rkeops:dimension', 'solve: expected a matrix of numbers, got one of vectors of %d components', facts(1));
end
if ~isnumeric(b), error('rkeops:type', 'b: expected a matrix, got %s', rkeops_words(b)); end
if m ~= n, error('rkeops:shape', 'solve: expected a square matrix, got one of %d x %d', m, n); end
if size(b, 1) ~= n
    error('rkeops:shape', 'b: expected a matrix with %d rows, one for each row of K, got %s', n, rkeops_size_words(b));
end
if ~isreal(b) && ~facts(2)
    % Of a real matrix real and imaginary parts are columns of their own.
    [x, details] = solution(a, [real(b), imag(b)], settings);
    extents = size(x);
    extents(2) = size(b, 2);
    x = reshape(complex(x(:, 1:end / 2, :), x(:, end / 2 + 1:end, :)), extents);
    return
end
all = applied('Mult', {own, variable(b, 1, false, 'b')}, []);
count = numel(all.values);
reduction = rkeops_mex('reduction', 'Sum', all.handle, 1, []);
owner = onCleanup(@() rkeops_mex('free', reduction));
names = repmat({''}, 1, count);
names{end} = 'b';
kinds = rkeops_mex('arguments', all.handle);
[x, iterations, residual] = rkeops_mex('solve', reduction, count - 1, kinds(1:2, :), [numbers, -1], ...
    all.handle, names, all.values{:});
details = struct('iterations', iterations, 'residual', residual);
end
