function r = product(a, b)
% a * b: a number times a tensor, or the product of a symbolic matrix and a stored one.
if isa(a, 'LazyTensor') && isa(b, 'LazyTensor')
    if is_parameter(a) || is_parameter(b), r = apply('Mult', {a, b}); return, end
    error('rkeops:unsupported', ...
        'mtimes: the product of two symbolic matrices is none; a .* b is that of their entries');
end
if ~isa(a, 'LazyTensor')
    if is_number(a), r = apply('Mult', {a, b}); return, end
    if ~isnumeric(a) && ~islogical(a), error('rkeops:type', 'mtimes: expected a matrix, got %s', rkeops_words(a)); end
    order = [2, 1, 3:ndims(a)];
    r = permute(times_matrix(transpose(b), permute(a, order), 'rows of K'), order);
elseif is_number(b)
    r = apply('Mult', {a, b});
else
    r = times_matrix(a, b, 'columns of K');
end
end

function r = is_number(x)
r = isscalar(x) && (isnumeric(x) || islogical(x));
end

function r = times_matrix(a, b, each)
if ~isnumeric(b) && ~islogical(b), error('rkeops:type', 'mtimes: expected a matrix, got %s', rkeops_words(b)); end
own = held(a);
facts = rkeops_mex('facts', own.handle);
if facts(1) ~= 1
    error('rkeops:dimension', 'mtimes: expected a matrix of numbers, got one of vectors of %d components', facts(1));
end
wanted = facts(4);
if wanted < 0, wanted = 1; end
if size(b, 1) ~= wanted
    error('rkeops:shape', 'mtimes: expected a matrix with %d rows, one for each of the %s, got %s', wanted, each, ...
        rkeops_size_words(b));
end
if size(b, 2) == 0
    r = zeros(size(a, 1), 0, class(b));
    return
end
r = reduced(applied('Mult', {own, variable(b, 1, false, 'mtimes')}, []), 'Sum', 1, [], []);
end
