function [distance, is_squared] = distance_of(x, y, name)
% The symbolic matrix of distances of all pairs of rows. Squared ones have the same order as euclidean ones, which are
% their roots.
[u, v] = deal(Vi(x), Vj(y));
if size(x, 2) ~= size(y, 2)
    error('rkeops:shape', 'Y: expected an array with %d columns, as X has, got %s', size(x, 2), rkeops_size_words(y));
end
is_squared = false;
names = {'euclidean', 'sqeuclidean', 'cityblock', 'chebychev', 'cosine'};
if ~ischar(name) || ~any(strcmp(name, names))
    error('rkeops:argument', 'Distance: expected one of %s, got %s', strjoin(names, ', '), rkeops_words(name));
end
switch name
    case 'euclidean'
        distance = sqdist(u, v);
        is_squared = true;
    case 'sqeuclidean', distance = sqdist(u, v);
    case 'cityblock', distance = sum(abs(u - v), 3);
    case 'chebychev', distance = max(abs(u - v), [], 3);
    case 'cosine', distance = 1 - dot(normalize(u), normalize(v));
end
end
