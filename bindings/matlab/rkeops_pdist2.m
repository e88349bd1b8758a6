function [result, places] = rkeops_pdist2(x, y, name, what, value)
% rkeops_pdist2  What pdist2 is for, without its matrix: reductions of the distances of all pairs of rows.
%
%   D = rkeops_pdist2(X, Y, 'euclidean')                        a symbolic matrix, M x N for X of M rows and Y of N
%   [d, k] = rkeops_pdist2(X, Y, 'euclidean', 'Smallest', 3)    as pdist2 has it: for each row of Y, 3 x N, ascending
%   [d, k] = rkeops_pdist2(X, Y, 'euclidean', 'Largest', 3)     the same of the largest, descending
%   s = rkeops_pdist2(X, Y, 'euclidean', 'Sum', b)              D * b, M x E
%
%   Distances are 'euclidean', 'sqeuclidean', 'cityblock', 'chebychev' or 'cosine'.
%
%   See also rkeops_knnsearch, LazyTensor.
if nargin < 3, name = 'euclidean'; end
if nargin < 4, what = ''; end
texts = plain_text({name, what});
[name, what] = texts{:};
[distance, is_squared] = distance_of(x, y, name);
if nargin < 4
    if is_squared, distance = sqrt(distance); end
    result = distance;
    return
end
if nargin < 5, error('rkeops:count', 'rkeops_pdist2: expected a value after %s', rkeops_words(what)); end
if ischar(what) && strcmpi(what, 'Smallest')
    [result, places] = mink(distance, value, 1);
    if is_squared, result = sqrt(result); end
elseif ischar(what) && strcmpi(what, 'Largest')
    [result, places] = maxk(distance, value, 1);
    if is_squared, result = sqrt(result); end
elseif ischar(what) && strcmpi(what, 'Sum')
    if is_squared, distance = sqrt(distance); end
    result = distance * value;
else
    error('rkeops:argument', 'rkeops_pdist2: expected ''Smallest'', ''Largest'' or ''Sum'', got %s', ...
        rkeops_words(what));
end
end
