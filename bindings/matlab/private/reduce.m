function varargout = reduce(a, name, dim, parameters, weights)
% A reduction of a tensor over index 1 (i) or 2 (j).
if nargin < 4, parameters = []; end
if nargin < 5, weights = []; end
if ~isnumeric(dim) || ~isscalar(dim) || ~(dim == 1 || dim == 2)
    error('rkeops:argument', 'dim: expected 1 (over i) or 2 (over j), got %s', rkeops_words(dim));
end
if isa(a, 'LazyTensor'), state = held(a); else, state = numbers(a, name, 1); end
if isa(weights, 'LazyTensor')
    weights = held(weights);
elseif ~isempty(weights)
    weights = numbers(weights, name, 2);
end
[varargout{1:max(nargout, 1)}] = reduced(state, name, double(dim) - 1, parameters, weights);
end
