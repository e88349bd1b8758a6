function tests = test_operations()
% Every operation against MATLAB's own on whole matrices.
[x, y, X, Y] = points_for(5, 7, 3, 0.1, 0.9);
a = Vi(x);
b = Vj(y);
one = {
    'uminus', @(t) -t, @(t) -t; 'uplus', @(t) +t, @(t) t; 'exp', @exp, @exp; 'log', @log, @log; 'log1p', @log1p, @log1p
    'expm1', @expm1, @expm1; 'log2', @log2, @log2; 'log10', @log10, @log10; 'sqrt', @sqrt, @sqrt
    'abs', @(t) abs(t - 0.5), @(t) abs(t - 0.5)
    'sign', @(t) sign(t - 0.5), @(t) sign(t - 0.5); 'floor', @(t) floor(3 * t), @(t) floor(3 * t)
    'ceil', @(t) ceil(3 * t), @(t) ceil(3 * t)
    'fix', @(t) fix(3 * t - 1.5), @(t) fix(3 * t - 1.5); 'round', @(t) round(3 * t), @(t) round(3 * t)
    'sin', @sin, @sin; 'cos', @cos, @cos
    'tan', @tan, @tan; 'asin', @asin, @asin; 'acos', @acos, @acos; 'atan', @atan, @atan; 'sinh', @sinh, @sinh
    'cosh', @cosh, @cosh
    'tanh', @tanh, @tanh; 'asinh', @asinh, @asinh; 'acosh', @(t) acosh(1 + t), @(t) acosh(1 + t)
    'atanh', @atanh, @atanh; 'erf', @erf, @erf
    'erfc', @erfc, @erfc; 'gammaln', @gammaln, @gammaln; 'psi', @psi, @(t) psi(t); 'square', @square, @(t) t .^ 2
    'rsqrt', @rsqrt, @(t) 1 ./ sqrt(t); 'inv', @inv, @(t) 1 ./ t; 'relu', @(t) relu(t - 0.5), @(t) max(t - 0.5, 0)
    'step', @(t) step(t - 0.5), @(t) double(t >= 0.5); 'sigmoid', @sigmoid, @(t) 1 ./ (1 + exp(-t))
    'softplus', @softplus, @(t) log(1 + exp(t))
    'xlogx', @xlogx, @(t) t .* log(t); 'sinxdivx', @sinxdivx, @(t) sin(t) ./ t
    'clamp', @(t) clamp(t, 0.3, 0.6), @(t) min(max(t, 0.3), 0.6)
    'ifelse', @(t) ifelse(t - 0.5, 1, 2), @(t) 1 * (t >= 0.5) + 2 * (t < 0.5); 'power 2', @(t) t .^ 2, @(t) t .^ 2
    'power 0.5', @(t) t .^ 0.5, @(t) t .^ 0.5; 'power -0.5', @(t) t .^ -0.5, @(t) t .^ -0.5
    'power 3', @(t) t .^ 3, @(t) t .^ 3
    'power -1', @(t) t .^ -1, @(t) t .^ -1; 'power 1.7', @(t) t .^ 1.7, @(t) t .^ 1.7
    'number / ', @(t) 1 ./ t, @(t) 1 ./ t
    '2 / ', @(t) 2 ./ t, @(t) 2 ./ t; '/ 2', @(t) t / 2, @(t) t / 2; '2 \ ', @(t) 2 \ t, @(t) 2 \ t
    '2 *', @(t) 2 * t, @(t) 2 * t
    '* 2', @(t) t * 2, @(t) t * 2; 'mod', @(t) mod(3 * t, 0.7), @(t) mod(3 * t, 0.7)
    'not', @(t) ~(t > 0.5), @(t) double(~(t > 0.5))
    'real', @real, @real; 'imag', @imag, @(t) 0 * t; 'conj', @conj, @conj; 'angle', @angle, @(t) 0 * t
    'besselk', @(t) besselk(1.5, t), @(t) sqrt(pi ./ (2 * t)) .* exp(-t) .* (1 + 1 ./ t)
    'matern', @(t) matern(0.5, t), @(t) exp(-t)
    'operation', @(t) operation(t, 'Pow', {3}), @(t) t .^ 3
    };
two = {
    '+', @(s, t) s + t; '-', @(s, t) s - t; '.*', @(s, t) s .* t; './', @(s, t) s ./ t; '.\', @(s, t) s .\ t
    '.^', @(s, t) s .^ t
    '==', @(s, t) s == t; '~=', @(s, t) s ~= t; '<', @(s, t) s < t; '<=', @(s, t) s <= t; '>', @(s, t) s > t
    '>=', @(s, t) s >= t
    'atan2', @(s, t) atan2(s, t); 'min', @(s, t) min(s, t); 'max', @(s, t) max(s, t); '&', @(s, t) (s > 0.4) & (t > 0.4)
    '|', @(s, t) (s > 0.4) | (t > 0.4)
    };
vectors = {
    'sqdist', sqdist(a, b), sum((X - Y) .^ 2, 3); 'sqnorm', sqnorm(a - b), sum((X - Y) .^ 2, 3)
    'norm', norm(a - b), sqrt(sum((X - Y) .^ 2, 3)); 'dot', dot(a, b), sum(X .* Y, 3)
    'normalize', normalize(a) + 0 * b, X ./ repmat(sqrt(sum(X .^ 2, 3)), [1 1 3])
    'weighted_sqnorm', weighted_sqnorm([1 2 3], a - b), ...
        sum(repmat(reshape([1 2 3], 1, 1, 3), [5 7 1]) .* (X - Y) .^ 2, 3)
    'weighted_sqdist', weighted_sqdist(2, a, b), 2 * sum((X - Y) .^ 2, 3)
    'elem', elem(a, 2) + 0 * elem(b, 1), X(:, :, 2)
    'extract', extract(a, 2, 3) .* extract(b, 1, 2), X(:, :, 2:3) .* Y(:, :, 1:2)
    'concat', concat(a, b, elem(a, 1)), cat(3, X, Y, X(:, :, 1))
    'onehot', onehot(floor(3 * elem(a, 1)) + 1, 3) + 0 * b, onehots(floor(3 * X(:, :, 1)) + 1, 3)
    'matvecmult', matvecmult(a, elem(b, 1)), X .* repmat(Y(:, :, 1), [1 1 3])
    'vecmatmult', vecmatmult(elem(a, 1), b), repmat(X(:, :, 1), [1 1 3]) .* Y
    'tensorprod', tensorprod(extract(a, 1, 2), extract(b, 1, 2)), ...
        cat(3, X(:, :, 1) .* Y(:, :, 1), X(:, :, 1) .* Y(:, :, 2), X(:, :, 2) .* Y(:, :, 1), X(:, :, 2) .* Y(:, :, 2))
    'sum of components', sum(a .* b, 3), sum(X .* Y, 3); 'min of components', min(a - b, [], 3), min(X - Y, [], 3)
    'max of components', max(a - b, [], 3), max(X - Y, [], 3)
    'a vector of numbers', a .* [1 2 3] + 0 * b, X .* repmat(reshape([1 2 3], 1, 1, 3), [5 7 1])
    'transpose', transpose(a - b), permute(X - Y, [2 1 3]); 'twice', transpose(transpose(exp(a - b))), exp(X - Y)
    'with its transpose', (Vi(x) - Vj(x)) + (Vi(x) - Vj(x)).', zeros(5, 5, 3)
    'rows', part_of(a - b, [4 1 1], ':'), X([4 1 1], :, :) - Y([4 1 1], :, :)
    'columns', part_of(a - b, ':', logical([1 0 0 1 0 0 1])), X(:, [1 4 7], :) - Y(:, [1 4 7], :)
    };
z = x(:, 1:2) + 1i * x(:, 2:3);
w = y(:, 1:2) - 2i * y(:, 2:3);
Z = repmat(reshape(z, 5, 1, 2), [1 7 1]);
W = repmat(reshape(w, 1, 7, 2), [5 1 1]);
complex_ones = {
    'times', @(s, t) s .* t; 'divide', @(s, t) s ./ t; 'exp', @(s, t) exp(s - t); 'real', @(s, t) real(s + t)
    'imag', @(s, t) imag(s + t)
    'abs', @(s, t) abs(s + t); 'conj', @(s, t) conj(s + t); 'angle', @(s, t) angle(s + t); 'sqrt', @(s, t) sqrt(s + t)
    'log', @(s, t) log(s .* t)
    'a complex number', @(s, t) (s + t) .* (1 + 2i)
    };
tests = cell(0, 2);
for k = 1:size(one, 1)
    tests(end + 1, :) = {one{k, 1}, @() check_near(full(one{k, 2}(a - 0 * b)), one{k, 3}(X), 1e-11)}; %#ok<*AGROW>
end
for k = 1:size(two, 1)
    tests(end + 1, :) = {two{k, 1}, @() check_near(full(two{k, 2}(a, b)), double(two{k, 2}(X, Y)))};
end
for k = 1:size(vectors, 1)
    tests(end + 1, :) = {vectors{k, 1}, @() check_near(full(vectors{k, 2}), vectors{k, 3})};
end
for k = 1:size(complex_ones, 1)
    tests(end + 1, :) = {['complex ', complex_ones{k, 1}], @() check_complex(full(complex_ones{k, 2}(Vi(z), Vj(w))), ...
        complex_ones{k, 2}(Z, W))};
end
tests(end + 1, :) = {'conjugate transpose', @() check_complex(full((Vi(z) .* Vj(w))'), conj(permute(Z .* W, [2 1 3])))};
end

function check_complex(found, expected)
check_near(real(found), real(expected));
check_near(imag(found), imag(expected));
end

function r = part_of(t, rows, columns)
r = t(rows, columns);
end

function r = onehots(places, count)
r = zeros([size(places), count]);
for k = 1:count, r(:, :, k) = places == k; end
end
