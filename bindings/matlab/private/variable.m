function state = variable(x, category, is_weak, varargin)
% The state of a tensor of one argument; category is 0 for i, 1 for j, 2 for a parameter. Other arguments are a format
% and what goes into it: what errors call x.
if ~(isnumeric(x) || islogical(x)) || issparse(x)
    error('rkeops:type', '%s: expected an array of numbers, got %s', sprintf(varargin{:}), rkeops_words(x));
end
columns = size(x, 2);
if category == 2, columns = numel(x); end
if columns == 0
    error('rkeops:shape', '%s: expected one component or more, got an array of %s', sprintf(varargin{:}), ...
        rkeops_size_words(x));
end
is_complex = ~isreal(x);
handle = rkeops_mex('tensor', [(1 + is_complex) * columns, category, size(x, 1), is_weak, is_complex]);
state = state_of(handle, {x});
end
