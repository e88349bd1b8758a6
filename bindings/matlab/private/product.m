function r = product(a, b)
% a * b: a number times a tensor, or the product of a symbolic matrix and a stored one.
if isa(a, 'LazyTensor') && isa(b, 'LazyTensor')
    error('rkeops:unsupported', 'mtimes: the product of two symbolic matrices is none; a .* b is that of their entries');
end
if isscalar_number(a) || isscalar_number(b)
    r = apply('Mult', {a, b});
elseif isa(a, 'LazyTensor')
    r = times_matrix(a, b, 'columns of K');
else
    if ~isnumeric(a) && ~islogical(a), error('rkeops:type', 'mtimes: expected a matrix, got %s', rkeops_words(a)); end
    order = [2, 1, 3:ndims(a)];
    r = permute(times_matrix(transpose(b), permute(a, order), 'rows of K'), order);
end
end

function r = isscalar_number(x)
r = ~isa(x, 'LazyTensor') && isscalar(x) && (isnumeric(x) || islogical(x));
end

function r = times_matrix(a, b, each)
if ~isnumeric(b) && ~islogical(b), error('rkeops:type', 'mtimes: expected a matrix, got %s', rkeops_words(b)); end
own = held(a);
if own.dims(1) ~= 1
    error('rkeops:dimension', 'mtimes: expected a matrix of numbers, got one of vectors of %d components', own.dims(1));
end
if ~isnan(own.points(2)) && size(b, 1) ~= own.points(2)
    error('rkeops:shape', 'mtimes: expected a matrix with %d rows, one for each of the %s, got %s', own.points(2), each, rkeops_size_words(b));
end
if size(b, 2) == 0
    rows = own.points(1);
    rows(isnan(rows)) = 1;
    r = zeros(rows, 0, class(b));
    return
end
r = reduce(apply('Mult', {a, Vj(b)}), 'Sum', 2);
end
