function [places, distances] = rkeops_knnsearch(x, y, varargin)
% rkeops_knnsearch  Nearest neighbours, by one pass over all pairs that stores no distances.
%
%   [places, distances] = rkeops_knnsearch(X, Y, 'K', 5, 'Distance', 'euclidean')
%
%   As knnsearch has it: for each row of Y the K nearest rows of X, ascending, places counted from 1; NaN and Inf where
%   there are fewer. Distances are 'euclidean', 'sqeuclidean', 'cityblock', 'chebychev' or 'cosine'.
%
%   See also rkeops_pdist2, LazyTensor.
[k, name] = deal(1, 'euclidean');
varargin = plain_text(varargin);
if mod(numel(varargin), 2)
    error('rkeops:argument', 'rkeops_knnsearch: expected pairs of names and values, got %d arguments after X and Y', ...
        numel(varargin));
end
for place = 1:2:numel(varargin)
    switch lower_text(varargin{place})
        case 'k', k = varargin{place + 1};
        case 'distance', name = varargin{place + 1};
        otherwise
            error('rkeops:argument', 'rkeops_knnsearch: expected ''K'' or ''Distance'', got %s', ...
                rkeops_words(varargin{place}));
    end
end
if ~isnumeric(k) || ~isscalar(k) || k < 1 || k ~= floor(k)
    error('rkeops:argument', 'K: expected a whole number from 1 on, got %s', rkeops_words(k));
end
[distance, is_squared] = distance_of(x, y, name);
[distances, places] = mink(transpose(distance), k, 2);
if is_squared, distances = sqrt(distances); end
end

function text = lower_text(value)
text = '';
if ischar(value), text = lower(value); end
end
