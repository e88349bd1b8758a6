function ids = negative(ids, kinds)
% Who arguments are when i and j are exchanged: the same data of the other index are another argument.
is_point = kinds(2, :) < 2;
ids(is_point) = -ids(is_point);
end
