function g = gradient_like(g, by, category)
% A gradient whose points are columns, as an array of the size of what it is taken by: what is the same for all of a
% batch gets the sum of the batch. Complex numbers have come as real and imaginary parts in turn.
wanted = size(by);
have = size(g);
if isreal(by) && numel(have) == numel(wanted) && all(have == wanted), return, end
parts = 1 + ~isreal(by);
if category == 2, wanted = [numel(by(:, :, 1)), 1, wanted(3:end)]; end
wanted(1) = parts * wanted(1);
for axis = 2:max(ndims(g), numel(wanted))
    if axis > numel(wanted), wanted(axis) = 1; end
    if size(g, axis) ~= 1 && wanted(axis) == 1, g = sum(g, axis); end
end
% Where nothing depends on the points or the batch, all have the same.
have = size(g);
have(end + 1:numel(wanted)) = 1;
counts = wanted ./ have;
counts(have == wanted) = 1;
g = repmat(g, counts);
if parts == 2 && isreal(g), g = complex(g(1:2:end, :), g(2:2:end, :)); end
g = reshape(g, size(by));
end
