function [x, y, X, Y] = points_for(rows, columns, dim, low, high)
% Points of two sets, and the same as arrays that MATLAB broadcasts to rows x columns x dim.
state = mod((1:dim * (rows + columns)) * 0.6180339887498949 + 0.1 * dim, 1);
values = low + (high - low) * state;
x = reshape(values(1:rows * dim), rows, dim);
y = reshape(values(rows * dim + 1:end), columns, dim);
X = repmat(reshape(x, rows, 1, dim), [1, columns, 1]);
Y = repmat(reshape(y, 1, columns, dim), [rows, 1, 1]);
end
