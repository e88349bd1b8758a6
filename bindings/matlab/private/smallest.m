function [r, place] = smallest(a, name, k, dim)
% The k smallest or largest, and their places: NaN where NaN has left fewer.
k = whole(k, 'k');
[r, place] = reduce(a, [name, '_Arg', name], dim, k);
none = Inf;
if strcmp(name, 'KMax'), none = -Inf; end
place(r == none) = NaN;
end
