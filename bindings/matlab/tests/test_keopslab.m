function tests = test_keopslab()
% What programs for KeOpsLab write.
tests = {
    'the formula behind its names', @formula_last; 'options in a structure', @structures
    'older names of reductions', @older_names; 'values above their places', @both
    'a variable by its place', @by_place; 'kernels by their names', @kernels; 'fields', @fields
    'what is wrong', @wrong
    };
end

function D = squared(x, y)
D = 0;
for k = 1:size(x, 1), D = D + (x(k, :)' - y(k, :)) .^ 2; end
end

function [x, y, b] = problem(components)
x = points_for(7, 1, 3, -1, 1)';
y = points_for(9, 2, 3, -1, 1)';
b = points_for(9, 3, components, -1, 1)';
end

function formula_last()
[x, y, b] = problem(3);
expected = b * exp(-0.3 * squared(x, y))';
names = {'x=Vi(3)', 'y=Vj(3)', 'beta=Vj(3)', 'lambda=Pm(1)'};
F = keops_kernel(names{:}, 'Sum_Reduction(Exp(lambda*SqNorm2(x-y))*beta,0)');
check_near(F(x, y, b, -0.3), expected);
F = keops_kernel(names{:}, 'Exp(lambda*SqDist(x,y))*beta');
check_near(F(x, y, b, -0.3), expected);
end

function structures()
[x, y, b] = problem(1);
K = exp(-squared(x, y));
F = keops_kernel('x=Vi(3)', 'y=Vj(3)', 'Exp(-SqDist(x,y))', struct('tagIJ', 1, 'tagCpuGpu', 0, 'device_id', 0));
check_near(F(x, y), sum(K, 1));
for scheme = {0, 1, 2, 'kahan_scheme'}
    F = keops_kernel('Exp(-SqDist(x,y))*b', 'x=Vi(3)', 'y=Vj(3)', 'b=Vj(1)', struct('sum_scheme', scheme));
    check_near(F(x, y, b), b * K');
end
F = Kernel('x=Vx(0,3)', 'y=Vy(1,3)', 'Exp(-SqDist(x,y))', struct('tagIJ', 1));
check_near(F(x, y), sum(K, 1));
end

function older_names()
[x, y, b] = problem(2);
D = squared(x, y);
F = Kernel('MinReduction(SqDist(x,y),0)', 'x=Vx(3)', 'y=Vy(3)');
check_near(F(x, y), min(D, [], 2)');
F = Kernel('LogSumExpReduction(-SqDist(x,y),0)', 'x=Vx(3)', 'y=Vy(3)');
check_near(F(x, y), log(sum(exp(-D), 2))');
F = Kernel('SumReduction(SqDist(x,y)*b,0)', 'x=Vx(3)', 'y=Vy(3)', 'b=Vy(2)');
check_near(F(x, y, b), b * D');
F = Kernel('MinArgMinReduction(SqDist(x,y),0)', 'x=Vx(3)', 'y=Vy(3)');
[value, place] = min(D, [], 2);
check_near(F(x, y), [value, place]');
F = keops_kernel('Max_SumShiftExp_Reduction(-SqDist(x,y),0)', 'x=Vi(3)', 'y=Vj(3)');
parts = F(x, y);
check_near(parts(1, :) + log(parts(2, :)), log(sum(exp(-D), 2))');
end

function both()
[x, y, b] = problem(2);
% A component after the other for each rank.
F = keops_kernel('KMin_ArgKMin_Reduction(SqDist(x,y)*b,3,0)', 'x=Vi(3)', 'y=Vj(3)', 'b=Vj(2)');
expected = zeros(12, 7);
for k = 1:2
    [values, places] = sort(squared(x, y) .* b(k, :), 2);
    expected(k:4:end, :) = values(:, 1:3)';
    expected(k + 2:4:end, :) = places(:, 1:3)';
end
check_near(F(x, y, b), expected);
[values, places] = F(x, y, b);
check_near(values, expected([1 2 5 6 9 10], :));
check_near(places, expected([3 4 7 8 11 12], :));
F = keops_kernel('Max_ArgMax_Reduction(SqDist(x,y),0)', 'x=Vi(3)', 'y=Vj(3)');
batch = cat(3, x, -x);
[values, places] = F(batch, y);
check_near(F(batch, y), cat(1, values, places));
end

function by_place()
[x, y, b] = problem(3);
F = keops_kernel('p=Pm(0,1)', 'x=Vi(1,3)', 'y=Vj(2,3)', 'b=Vj(3,3)', 'GaussKernel(p,x,y,b)');
e = ones(3, 7);
named = keops_grad(F, 'x');
placed = keops_grad(F, 'Vi(1,3)');
check_near(placed(0.5, x, y, b, e), named(0.5, x, y, b, e));
end

function kernels()
[x, y, b] = problem(2);
D = squared(x, y);
names = {'c=Pm(1)', 'x=Vi(3)', 'y=Vj(3)', 'b=Vj(2)'};
values = {'Gauss', exp(-2 * D); 'Laplace', exp(-2 * sqrt(D)); 'Cauchy', 1 ./ (1 + 2 * D)
    'InverseMultiquadric', 1 ./ sqrt(0.5 + D)};
for k = 1:size(values, 1)
    F = keops_kernel(names{:}, [values{k, 1}, 'Kernel(c,x,y,b)']);
    check_near(F(2, x, y, b), b * values{k, 2}');
end
F = keops_kernel('SumGaussKernel(c,w,x,y,b)', 'c=Pm(2)', 'w=Pm(2)', 'x=Vi(3)', 'y=Vj(3)', 'b=Vj(2)');
check_near(F([1; 3], [-0.5; 2], x, y, b), b * (-0.5 * exp(-D) + 2 * exp(-3 * D))');
end

function fields()
% One field has no divergence, the other no curl: by the symmetry of their derivatives.
[~, y] = problem(1);
points = y(1:2, :);
names = {'c=Pm(1)', 'x=Vi(2)', 'y=Vj(2)', 'b=Vj(2)'};
momenta = points_for(9, 4, 2, -1, 1)';
x = [0.2; -0.1];
slopes = cell(1, 3);
kinds = {'DivFreeGaussKernel(c,x,y,b)', 'CurlFreeGaussKernel(c,x,y,b)', 'TRIGaussKernel(IntCst(1),c,x,y,b)'};
for k = 1:3
    G = keops_grad(keops_kernel(kinds{k}, names{:}), 'x');
    slopes{k} = [G(1.5, x, points, momenta, [1; 0]), G(1.5, x, points, momenta, [0; 1])];
end
assert(abs(trace(slopes{1})) < 1e-12 && norm(slopes{1}) > 0.1);
assert(abs(slopes{2}(1, 2) - slopes{2}(2, 1)) < 1e-12 && norm(slopes{2}) > 0.1);
check_near(slopes{3}, slopes{1});
end

function wrong()
names = {'x=Vi(3)', 'y=Vj(3)'};
check_fails(@() keops_kernel(names{:}, 'SqDist(x,y)', struct('sumscheme', 1)), 'rkeops:argument', 'sumscheme', 'tagIJ');
check_fails(@() keops_kernel(names{:}, 'SqDist(x,y)', struct('tagIJ', 2)), 'rkeops:argument', 'tagIJ', '0 or 1');
check_fails(@() keops_kernel(names{:}, 'SqDist(x,y)', struct('tagIJ', 'j')), 'rkeops:argument', 'a number');
check_fails(@() keops_kernel(names{:}, 'SqDist(x,y)', struct('sum_scheme', 3)), 'rkeops:argument', 'got 3');
check_fails(@() keops_kernel(names{:}, 'SqDist(x,y)', struct('use_double_acc', 1)), 'rkeops:unsupported', ...
    'accumulator');
check_fails(@() keops_kernel(names{:}, 'SqDist(x,z)', struct('tagIJ', 1)), 'rkeops:name', 'z');
F = keops_kernel(names{:}, 'SqDist(x,y)');
check_fails(@() keops_grad(F, 'Vi(7,3)'), 'rkeops:name', 'x, y', 'Vi(7,3)');
check_fails(@() keops_kernel('GaussKernel(x,x,y,y)', names{:}), 'rkeops:dimension', 'dimension 3');
end
