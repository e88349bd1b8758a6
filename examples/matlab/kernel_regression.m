% A photograph from a quarter of its pixels, by kernel regression.
%
% Colours are known at some pixels x_j and wanted at the others. The function is
%
%     f(x) = mean + sum_j k(x, x_j) a_j,    (K + alpha Id) a = colours - mean,    k(x, y) = exp(-|x - y| / s)
%
% a is found by conjugate gradients, of which each step is a product with K; f is one more product. This is simple
% kriging with an exponential covariance (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006,
% chapter 2).
%
%     octave-cli --eval "addpath bindings/matlab examples/matlab; kernel_regression"

function kernel_regression()
folder = fullfile(fileparts(fileparts(mfilename('fullpath'))), 'data');
side = 80;
scale = 10;
alpha = 1e-2;

% The middle of the picture: the face.
file = fopen(fullfile(folder, 'astronaut_rgb_262144x3.u8'));
picture = fread(file, [3, 262144], 'uint8')' / 255;
fclose(file);
[columns, rows] = meshgrid(1:side, 1:side);
pixels = [columns(:), rows(:)];
corner = [min(180, 512 - side), min(40, 512 - side)];
colours = picture(512 * (pixels(:, 2) + corner(2) - 1) + pixels(:, 1) + corner(1), :);

% Pixels spread evenly, but in no pattern: by the golden ratio.
[~, order] = sort(mod((1:side ^ 2)' * 0.6180339887498949, 1) + mod((1:side ^ 2)' .^ 2 * 0.4142135623730951, 1));
known = order(1:floor(end / 4));
unknown = order(floor(end / 4) + 1:end);
x = pixels(known, :);
mean_colour = mean(colours(known, :), 1);
right = bsxfun(@minus, colours(known, :), mean_colour);

kernel = @(x, y) exp(-norm(Vi(x) - Vj(y)) / scale);
start = tic;
[a, details] = solve(kernel(x, x), right, 'alpha', alpha, 'tolerance', 1e-5);
found = bsxfun(@plus, kernel(pixels, x) * a, mean_colour);
fprintf('%d pixels from %d: %d iterations, %.2f s\n', size(pixels, 1), numel(known), details.iterations, toc(start));

wrong = found(unknown, :) - colours(unknown, :);
from_mean = bsxfun(@minus, colours(unknown, :), mean_colour);
deviation = sqrt(mean(wrong(:) .^ 2));
spread = sqrt(mean(from_mean(:) .^ 2));
fprintf('root mean square error where nothing was known: %.4f, of colours that spread by %.4f\n', deviation, spread);

% The equations, with rows of the whole matrix.
some = 1:200;
dense = exp(-sqrt(bsxfun(@minus, x(some, 1), x(:, 1)') .^ 2 + bsxfun(@minus, x(some, 2), x(:, 2)') .^ 2) / scale);
residual = max(max(abs(dense * a + alpha * a(some, :) - right(some, :))));
fprintf('largest residual of %d equations: %.1g\n', numel(some), residual);
if ~(residual < 1e-3 && deviation < spread / 3), error('example:wrong', 'the picture is not what it should be'); end
end
