function tests = test_solve()
% Linear systems against MATLAB's own.
tests = {
    'a tensor', @tensor; 'columns', @several; 'backslash', @backslash; 'a function', @with_function; 'single', @narrow
    'settings', @settings_count; 'complex numbers', @complex_ones
    };
end

function [x, D] = problem()
x = points_for(30, 1, 2, -1, 1);
D = exp(-((x(:, 1) - x(:, 1)') .^ 2 + (x(:, 2) - x(:, 2)') .^ 2));
end

function tensor()
[x, D] = problem();
b = sin(1:30)';
[found, details] = solve(exp(-sqdist(Vi(x), Vj(x))), b, 'alpha', 0.5, 'tolerance', 1e-12);
check_near(found, (D + 0.5 * eye(30)) \ b, 1e-9);
assert(details.iterations > 1 && details.residual <= 1e-12);
end

function several()
[x, D] = problem();
b = [sin(1:30)', cos(1:30)', ones(30, 1)];
check_near(solve(exp(-sqdist(Vi(x), Vj(x))), b, 'alpha', 0.5, 'tolerance', 1e-12), (D + 0.5 * eye(30)) \ b, 1e-9);
end

function backslash()
[x, D] = problem();
K = exp(-sqdist(Vi(x), Vj(x))) + 2 * (operation(Vi((1:30)'), 'Equal', Vj((1:30)')));
found = K \ ones(30, 1);
check_near((D + 2 * eye(30)) * found, ones(30, 1), 1e-5);
end

function with_function()
[x, D] = problem();
S = keops_solve('Exp(-g*SqNorm2(x-y))*b', 'b', 'x=Vi(0,2)', 'y=Vj(1,2)', 'b=Vj(2,1)', 'g=Pm(3,1)');
b = sin(1:30);
[found, details] = S(x', x', b, 1, 'alpha', 0.5, 'tolerance', 1e-12);
check_near(found', (D + 0.5 * eye(30)) \ b', 1e-9);
assert(details.iterations > 1);
check_fails(@() keops_solve('x*b', 'c', 'x=Vi(1)', 'b=Vj(1)'), 'rkeops:name', '''c''');
check_fails(@() S(x', x', b), 'rkeops:count', 'expected 4', 'got 3');
end

function narrow()
[x, D] = problem();
found = solve(exp(-sqdist(Vi(single(x)), Vj(single(x)))), ones(30, 1, 'single'), 'alpha', 1);
assert(isa(found, 'single'));
check_near((D + eye(30)) * double(found), ones(30, 1), 1e-4);
end

function settings_count()
x = problem();
K = exp(-sqdist(Vi(x), Vj(x)));
check_fails(@() solve(K, sin(1:30)', 'alpha', 1e-3, 'tolerance', 1e-14, 'iterations', 1), 'rkeops:convergence');
check_fails(@() solve(K, sin(1:30)', 'alpha'), 'rkeops:argument', 'pairs');
end

function complex_ones()
[x, D] = problem();
b = sin(1:30)' + 1i * cos(1:30)';
found = solve(exp(-sqdist(Vi(x), Vj(x))), b, 'alpha', 0.5, 'tolerance', 1e-12);
expected = (D + 0.5 * eye(30)) \ b;
check_near(real(found), real(expected), 1e-9);
check_near(imag(found), imag(expected), 1e-9);
X = cat(3, x, 2 * x);
B = cat(3, [b, 2 * b, 1i * b], [3 * b, b, b]);
found = solve(exp(-sqdist(Vi(X), Vj(X))), B, 'alpha', 0.5, 'tolerance', 1e-12);
for k = 1:2
    own = solve(exp(-sqdist(Vi(X(:, :, k)), Vj(X(:, :, k)))), B(:, :, k), 'alpha', 0.5, 'tolerance', 1e-12);
    check_near(real(found(:, :, k)), real(own), 1e-9);
    check_near(imag(found(:, :, k)), imag(own), 1e-9);
end
S = keops_solve('Exp(-SqNorm2(x-y))*b', 'b', 'x=Vi(0,2)', 'y=Vj(1,2)', 'b=Vj(2,1)', 'sum_scheme', 'kahan_scheme');
check_near(S(x', x', real(b)', 'alpha', 0.5, 'tolerance', 1e-12), real(expected)', 1e-9);
end
