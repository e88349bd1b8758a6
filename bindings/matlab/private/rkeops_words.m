function text = rkeops_words(value)
% A value in words, for errors.
if ischar(value) && (isrow(value) || isempty(value))
    text = ['''', value, ''''];
elseif isa(value, 'LazyTensor')
    text = 'a LazyTensor';
elseif isnumeric(value) && isscalar(value) && isreal(value) && ~issparse(value)
    text = sprintf('%g', value);
elseif isnumeric(value) || islogical(value)
    sorts = {'an', 'a sparse'};
    text = sprintf('%s array of class %s of %s', sorts{issparse(value) + 1}, class(value), rkeops_size_words(value));
else
    text = sprintf('a value of class %s', class(value));
end
end
