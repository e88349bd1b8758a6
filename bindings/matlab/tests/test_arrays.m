function tests = test_arrays()
% Classes, layouts and batches of arrays.
tests = {
    'single', @singles; 'single and double', @mixed; 'numbers of formulas do not count', @weak_numbers
    'forced precision', @forced
    'batches of tensors', @batches; 'batches of functions', @batched_functions; 'broadcast batches', @broadcast
    'ranges', @ranges
    'complex single', @complex_single; 'complex batches', @complex_batches; 'KeOpsLab''s example', @example
    'two results', @two_results
    'over i', @over_i
    };
end

function singles()
[x, y] = points_for(5, 7, 3, -1, 1);
F = keops_kernel('Exp(-SqNorm2(x-y))', 'x=Vi(3)', 'y=Vj(3)');
wide = F(x', y');
narrow = F(single(x'), single(y'));
assert(isa(wide, 'double') && isa(narrow, 'single'));
check_near(narrow, wide, 1e-5);
assert(isequal(narrow, single(narrow)) && any(double(narrow) ~= wide));
K = exp(-sqdist(Vi(single(x)), Vj(single(y))));
assert(isa(sum(K, 2), 'single') && isa(full(K), 'single') && isa(min(K, [], 1), 'single') && ...
    isa(K * single(y), 'single'));
assert(isa(argmin(K, 2), 'double'));
end

function mixed()
[x, y] = points_for(5, 7, 3, -1, 1);
F = keops_kernel('Exp(-SqNorm2(x-y))', 'x=Vi(3)', 'y=Vj(3)');
mixed_result = F(single(x'), y');
assert(isa(mixed_result, 'double'));
check_near(mixed_result, F(double(single(x')), y'));
assert(isa(F(int8(round(3 * x')), single(y')), 'single') && isa(F(int8(x'), int16(y')), 'double'));
end

function weak_numbers()
x = single([1; 2; 3]);
K = exp(-2 * sqdist(Vi(x), Vj(x)) / 3);
assert(isa(sum(K, 2), 'single'));
assert(isa(sum(K .* Pm(2), 2), 'double'));
end

function forced()
x = [1; 2; 3];
rkeops_options('precision', 'single');
back = onCleanup(@() rkeops_options('default'));
K = exp(-2 * sqdist(Vi(x), Vj(x)) / 3);
assert(isa(sum(K, 2), 'single'));
F = keops_kernel('x*y', 'x=Vi(1)', 'y=Vj(1)');
assert(isa(F(x', x'), 'single'));
rkeops_options('precision', 'double');
assert(isa(F(single(x'), single(x')), 'double') && isa(sum(Vi(single(x)) + Vj(x), 2), 'double'));
end

function batches()
x = reshape(mod((1:5 * 3 * 2) * 0.618, 1), 5, 3, 2);
y = reshape(mod((1:7 * 3 * 2) * 0.414, 1), 7, 3, 2);
K = exp(-sqdist(Vi(x), Vj(y)));
over_j = sum(K, 2);
over_i = sum(K, 1);
assert(isequal(size(over_j), [5 1 2]) && isequal(size(over_i), [1 7 2]));
for b = 1:2
    one = exp(-sqdist(Vi(x(:, :, b)), Vj(y(:, :, b))));
    check_near(over_j(:, :, b), sum(one, 2));
    check_near(over_i(:, :, b), sum(one, 1));
end
product = K * y;
check_near(product(:, :, 2), one * y(:, :, 2));
[~, place] = min(K, [], 2);
[~, own] = min(one, [], 2);
check_near(place(:, :, 2), own);
end

function batched_functions()
x = reshape(mod((1:3 * 5 * 2 * 4) * 0.618, 1), [3, 5, 2, 4]);
y = reshape(mod((1:3 * 7 * 4) * 0.414, 1), [3, 7, 1, 4]);
p = reshape([0.5 2], [1 1 2]);
F = keops_kernel('Exp(-p*SqNorm2(x-y))*y', 'x=Vi(0,3)', 'y=Vj(1,3)', 'p=Pm(2,1)');
all = F(x, y, p);
assert(isequal(size(all), [3 5 2 4]));
for b = 1:2
    for c = 1:4, check_near(all(:, :, b, c), F(x(:, :, b, c), y(:, :, 1, c), p(b))); end
end
end

function broadcast()
F = keops_kernel('x*y', 'x=Vi(1)', 'y=Vj(1)');
x = reshape(1:6, 1, 2, 3);
found = F(x, [1 1 1]);
check_near(found, 3 * x);
check_fails(@() F(x, ones(1, 4, 2)), 'rkeops:shape', 'argument 2', 'axis 3', '2');
end

function ranges()
F = keops_kernel('x*y', 'x=Vi(1)', 'y=Vj(1)');
check_near(F(1:3, 1:4), 10 * (1:3));
check_near(sum(Vi((1:3)') .* Vj((1:4)'), 2), 10 * (1:3)');
check_near(sum(Vi(eye(3)) .* Vj(eye(3)), 2), eye(3));
end

function complex_single()
z = single([1 + 2i; 3 - 1i]);
found = sum(Vi(z) .* Vj(z), 2);
assert(isa(found, 'single'));
check_near(real(found), real(z * sum(z)), 1e-6);
check_near(imag(found), imag(z * sum(z)), 1e-6);
F = keops_kernel('ComplexMult(x,y)', 'x=Vi(4)', 'y=Vj(4)');
check_near(real(F(z.' .* [1; 2], z.' .* [1; 1])), real([1; 2] .* z.' .* sum(z)), 1e-6);
end

function complex_batches()
z = reshape((1:12) + 1i * (12:-1:1), [2 3 2]);
found = sum(Vi(z) .* Vj(conj(z)), 2);
for b = 1:2
    expected = z(:, :, b) .* repmat(sum(conj(z(:, :, b)), 1), 2, 1);
    check_near(real(found(:, :, b)), real(expected));
    check_near(imag(found(:, :, b)), imag(expected));
end
end

function example()
% KeOpsLab's own test printed two numbers, 63 and 90; these are ours: |x_i - y_j|^2 b_j summed over two points y_j.
F = keops_kernel('SqNorm2(x-y)*b', 'x=Vi(0,3)', 'y=Vj(1,3)', 'b=Vj(2,1)');
x = [1 4; 2 5; 3 6];
check_near(F(x, [1 0; 0 0; 0 0], [1 3]), [13 + 42, 70 + 231]);
F = keops_kernel('x*b', 'x=Vi(0,2)', 'b=Vj(1,1)');
check_near(F([7; 10], [4 5]), [63; 90]);
end

function two_results()
F = keops_kernel('Min_ArgMin_Reduction(SqNorm2(x-y),0)', 'x=Vi(2)', 'y=Vj(2)');
[value, place] = F([0 1; 0 1], [5 0 1; 5 1 2]);
check_near(value, [1 1]);
check_near(place, [2 2]);
G = keops_kernel('Count_Reduction(x-y,0)', 'x=Vi(1)', 'y=Vj(1)');
check_near(G([1 2], [1 1 2]), [1 2]);
end

function over_i()
F = keops_kernel('Sum_Reduction(x*y,1)', 'x=Vi(1)', 'y=Vj(1)');
check_near(F(1:3, 1:4), 6 * (1:4));
end
