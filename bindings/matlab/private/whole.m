function value = whole(value, name)
% A whole number, as an operation takes it.
if ~isnumeric(value) || ~isscalar(value) || ~isreal(value) || value ~= floor(value) || abs(value) > 2^53
    error('rkeops:argument', '%s: expected a whole number, got %s', name, rkeops_words(value));
end
value = double(value);
end
