function tests = test_gradients()
% Gradients against finite differences.
tests = {
    'keops_grad by each argument', @by_each; 'of log-sum-exp', @() with_saved('LogSumExp_Reduction(-SqNorm2(x-y),0)', 1)
    'of a minimum over i', @() with_saved('Min_Reduction(SqNorm2(x-y),1)', 1)
    'of a softmax', @() with_saved('SumSoftMaxWeight_Reduction(-SqNorm2(x-y),0,y)', 3)
    'of a mean', @() with_saved('Mean_Reduction(Exp(-SqNorm2(x-y))*y,0)', 3); 'of a gradient', @second_order
    'of the same for a batch', @by_shared
    'twice of a sum', @() each_twice('Sum_Reduction(Exp(-p*SqNorm2(x-y))*x,0)')
    'twice of log-sum-exp', @() each_twice('LogSumExp_Reduction(-p*SqNorm2(x-y),0)')
    'twice of log-sum-exp over i', @() each_twice('LogSumExp_Reduction(-p*SqNorm2(x-y),1)')
    'twice of a softmax', @() each_twice('SumSoftMaxWeight_Reduction(-p*SqNorm2(x-y),0,y)')
    'twice of a maximum', @() each_twice('Max_Reduction(Exp(-p*SqNorm2(x-y))*x,1)')
    'twice of a mean', @() each_twice('Mean_Reduction(Exp(-p*SqNorm2(x-y)),0)')
    'twice of the smallest', @() each_twice('KMin_Reduction(p*SqNorm2(x-y),2,0)')
    'twice of a product', @() each_twice('Prod_Reduction(1.1+Exp(-p*SqNorm2(x-y)),0)')
   
    'Grad and Kernel', @older_names; 'in text', @in_text; 'adjoint', @adjoint_of_tensors
    'adjoint of complex numbers', @complex_ones; 'adjoint of the same for a batch', @adjoint_by_shared
    'keops_grad of complex numbers', @complex_functions; 'twice of complex numbers', @complex_twice
    'of few points', @of_few_points; 'that cannot be', @refused
    };
end

function check_difference(f, gradient, x)
% f is a function of x; its derivative in each entry.
h = 1e-6;
expected = zeros(size(x));
for k = 1:numel(x)
    [up, down] = deal(x);
    up(k) = up(k) + h;
    down(k) = down(k) - h;
    expected(k) = (f(up) - f(down)) / (2 * h);
end
check_near(gradient, expected, 1e-7);
end

function by_each()
F = keops_kernel('Exp(-p*SqNorm2(x-y))*b', 'p=Pm(0,1)', 'x=Vi(1,3)', 'y=Vj(2,3)', 'b=Vj(3,2)');
[x, y] = points_for(5, 7, 3, -1, 1);
[b, e] = points_for(7, 5, 2, -1, 1);
inputs = {0.7, x', y', b'};
names = {'p', 'x', 'y', 'b'};
for k = 1:4
    G = keops_grad(F, names{k});
    scalar = @(value) sum(sum(e' .* F(inputs{1:k - 1}, value, inputs{k + 1:end})));
    check_difference(scalar, G(inputs{:}, e'), inputs{k});
end
end

function with_saved(text, columns)
F = keops_kernel(text, 'x=Vi(3)', 'y=Vj(3)');
[x, y] = points_for(4, 6, 3, -1, 1);
count = size(F(x', y'), 2);
e = reshape(1:columns * count, columns, count) / 10;
G = keops_grad(F, 'x');
check_difference(@(value) sum(sum(e .* F(value, y'))), G(x', y', e), x');
G = keops_grad(F, 'y');
check_difference(@(value) sum(sum(e .* F(x', value))), G(x', y', e), y');
end

function second_order()
F = keops_kernel('Exp(-SqNorm2(x-y))*b', 'x=Vi(0,3)', 'y=Vj(1,3)', 'b=Vj(2,1)');
[x, y] = points_for(4, 6, 3, -1, 1);
[b, e] = points_for(6, 4, 1, -1, 1);
G = keops_grad(F, 'x');
c = x' * 0.3 + 1;
in_y = keops_grad(G, 'y');
check_difference(@(value) sum(sum(c .* G(x', value, b', e'))), in_y(x', y', b', e', c), y');
in_e = keops_grad(G, 'e');
check_difference(@(value) sum(sum(c .* G(x', y', b', value))), in_e(x', y', b', e', c), e');
in_x = keops_grad(in_e, 'e2');
assert(isequal(size(in_x(x', y', b', e', c, e')), size(c)));
end

function each_twice(text)
% All second derivatives of a reduction, and one third.
F = keops_kernel(text, 'x=Vi(2)', 'y=Vj(2)', 'p=Pm(1)');
[x, y] = points_for(3, 4, 2, -1, 1);
inputs = {x', y', 0.7};
inputs{4} = c_like(F(inputs{:}));
names = {'x', 'y', 'p', 'e'};
for first = 1:3
    G = keops_grad(F, names{first});
    c = c_like(inputs{first});
    for second = 1:4
        H = keops_grad(G, names{second});
        scalar = @(value) sum(sum(c .* G(inputs{1:second - 1}, value, inputs{second + 1:end})));
        check_difference(scalar, H(inputs{:}, c), inputs{second});
    end
end
H = keops_grad(keops_grad(F, 'x'), 'p');
T = keops_grad(H, 'y');
c = [inputs, {c_like(inputs{1})}];
scalar = @(value) H(c{1}, value, c{3:end});
check_difference(scalar, T(c{:}, 1), inputs{2});
end

function c = c_like(x)
c = reshape(sin(1:numel(x)), size(x));
end

function by_shared()
% What is the same for a batch gets the sum of what its problems give; where nothing depends on an argument, there are
% zeros of its size.
F = keops_kernel('Exp(-p*SqNorm2(x-y))*b', 'p=Pm(0,1)', 'x=Vi(1,2)', 'y=Vj(2,2)', 'b=Vj(3,1)');
[x, y] = points_for(3, 4, 2, -1, 1);
inputs = {0.7, x', cat(3, y', 2 * y'), [1 2 3 4]};
e = reshape(sin(1:6), 1, 3, 2);
names = {'p', 'x', 'y', 'b'};
for k = 1:4
    G = keops_grad(F, names{k});
    scalar = @(value) sum(sum(sum(e .* F(inputs{1:k - 1}, value, inputs{k + 1:end}))));
    check_difference(scalar, G(inputs{:}, e), inputs{k});
end
p = 0.7 * ones(1, 1, 2);
G = keops_grad(F, 'p');
assert(isequal(size(G(p, inputs{2:4}, e)), [1 1 2]));
F = keops_kernel('Exp(x)*g', 'x=Vi(0,2)', 'y=Vj(1,3)', 'g=Pm(2,2)');
G = keops_grad(F, 'y');
check_near(G(x', ones(3, 4), [1; 2], ones(2, 3)), zeros(3, 4));
G = keops_grad(F, 'g');
assert(isequal(size(G(x', ones(3, 4), [1; 2], ones(2, 3))), [2 1]) && ...
    isequal(size(G(x', ones(3, 4), [1 2], ones(2, 3))), [1 2]));
end

function older_names()
F = Kernel('x=Vx(0,3)', 'y=Vy(1,3)', 'b=Vy(2,1)', 'Exp(-SqNorm2(x-y))*b');
[x, y] = points_for(4, 6, 3, -1, 1);
[b, e] = points_for(6, 4, 1, -1, 1);
G = Grad(F, 'x');
check_difference(@(value) sum(e' .* F(value, y', b')), G(x', y', b', e'), x');
end

function in_text()
aliases = {'x=Vi(0,3)', 'y=Vj(1,3)', 'b=Vj(2,1)', 'e=Vi(3,1)'};
F = keops_kernel('Exp(-SqNorm2(x-y))*b', aliases{1:3});
G = keops_grad(F, 'x');
T = keops_kernel('Grad(Sum_Reduction(Exp(-SqNorm2(x-y))*b,0),x,e)', aliases{:});
[x, y] = points_for(4, 6, 3, -1, 1);
[b, e] = points_for(6, 4, 1, -1, 1);
check_near(T(x', y', b', e'), G(x', y', b', e'));
end

function adjoint_of_tensors()
[x, y] = points_for(4, 6, 3, -1, 1);
s = 0.8;
names = {'Sum', 'LogSumExp', 'Max'};
for k = 1:numel(names)
    for dim = 1:2
        [u, v, g] = deal(Vi(x), Vj(y), Pm(s));
        form = @(u, v, g) exp(-g .* sqdist(u, v));
        e = reduction(form(u, v, g), names{k}, dim) + 1;
        value = @(u, v, g) sum(sum(e .* reduction(form(u, v, g), names{k}, dim)));
        K = form(u, v, g);
        check_difference(@(t) value(Vi(t), v, g), adjoint(K, e, u, dim, names{k}), x);
        check_difference(@(t) value(u, Vj(t), g), adjoint(K, e, v, dim, names{k}), y);
        check_difference(@(t) value(u, v, Pm(t)), adjoint(K, e, g, dim, names{k}), s);
    end
end
end

function adjoint_by_shared()
[x, y] = points_for(3, 4, 2, -1, 1);
x = cat(3, x, 2 * x);
e = c_like(ones(3, 2, 2));
for p = {[0.5; 2], [0.5, 2]}
    [u, v, g] = deal(Vi(x), Vj(y), Pm(p{1}));
    form = @(u, v, g) exp(-sqdist(u, v)) .* g;
    total = @(K) sum(sum(sum(e .* sum(K, 2))));
    K = form(u, v, g);
    check_difference(@(t) total(form(Vi(t), v, g)), adjoint(K, e, u, 2), x);
    check_difference(@(t) total(form(u, Vj(t), g)), adjoint(K, e, v, 2), y);
    check_difference(@(t) total(form(u, v, Pm(t))), adjoint(K, e, g, 2), p{1});
end
end

function complex_ones()
[x, y] = points_for(4, 6, 2, -1, 1);
z = x(:, 1) + 1i * x(:, 2);
w = y(:, 1) + 1i * y(:, 2);
e = z.^2 + 1;
u = Vi(z);
K = exp(u .* Vj(w));
found = adjoint(K, e, u, 2);
value = @(z) real(sum(conj(e) .* sum(exp(Vi(z) .* Vj(w)), 2)));
check_difference(@(t) value(complex(t, imag(z))), real(found), real(z));
check_difference(@(t) value(complex(real(z), t)), imag(found), imag(z));
end

function complex_functions()
F = keops_kernel('ComplexExp(ComplexMult(x,y))', 'x=Vi(2)', 'y=Vj(2)');
[x, y] = points_for(4, 6, 2, -1, 1);
z = (x(:, 1) + 1i * x(:, 2)).';
w = (y(:, 1) + 1i * y(:, 2)).';
G = keops_grad(F, 'x');
e = z .^ 2 + 1;
found = G(z, w, e);
value = @(z) real(sum(conj(e) .* F(z, w)));
check_difference(@(t) value(complex(t, imag(z))), real(found), real(z));
check_difference(@(t) value(complex(real(z), t)), imag(found), imag(z));
found = G(z, w, [1 1 1 1]);
assert(isequal(size(found), [1 4]) && ~isreal(found));
% The same numbers as two rows are real numbers.
rows = @(t) reshape([real(t); imag(t)], 2, []);
check_near(G(rows(z), rows(w), rows(e)), rows(G(z, w, e)));
end

function complex_twice()
F = keops_kernel('ComplexExp(ComplexMult(x,y))', 'x=Vi(2)', 'y=Vj(2)');
[x, y] = points_for(3, 4, 2, -1, 1);
z = (x(:, 1) + 1i * x(:, 2)).';
w = (y(:, 1) + 1i * y(:, 2)).';
e = z .^ 2 + 1;
c = 1 - z;
G = keops_grad(F, 'x');
H = keops_grad(G, 'y');
found = H(z, w, e, c);
value = @(w) real(sum(conj(c) .* G(z, w, e)));
check_difference(@(t) value(complex(t, imag(w))), real(found), real(w));
check_difference(@(t) value(complex(real(w), t)), imag(found), imag(w));
end

function of_few_points()
P = keops_kernel('Exp(-p*SqNorm2(x-y))', 'p=Pm(1)', 'x=Vi(2)', 'y=Vj(2)');
G = keops_grad(P, 'p');
check_near(G(2, zeros(2, 0), ones(2, 3), zeros(1, 0)), 0);
check_near(G(2, ones(2, 3), zeros(2, 0), ones(1, 3)), 0);
F = keops_kernel('ComplexMult(x,y)', 'x=Vi(2)', 'y=Vj(2)');
G = keops_grad(F, 'x');
none = complex(zeros(1, 0));
assert(isequal(size(G(none, [1i 2], none)), [1 0]));
assert(isa(feval(keops_grad(P, 'p'), single(2), single([1; 2]), single([2; 3]), single(1)), 'single'));
% Places that are saved do not make it double.
F = keops_kernel('Max_Reduction(-SqNorm2(x-y),0)', 'x=Vi(2)', 'y=Vj(2)');
assert(isa(feval(keops_grad(F, 'x'), single([1; 2]), single([2; 3]), single(1)), 'single'));
u = Vi(single([1 2]));
assert(isa(adjoint(sqdist(u, Vj(single([2 3; 4 5]))), single(1), u, 2, 'Min'), 'single'));
end

function refused()
F = keops_kernel('LogSumExp_Reduction(-p*SqNorm2(x-y),0)', 'x=Vi(3)', 'y=Vj(3)', 'p=Pm(1)');
check_fails(@() keops_grad(F, 'q'), 'rkeops:name', 'x, y, p', '''q''');
check_fails(@() keops_grad(@sin, 'x'), 'rkeops:argument', 'F: expected');
check_fails(@() keops_grad(keops_kernel('ArgMin_Reduction(SqNorm2(x-y),0)', 'x=Vi(3)', 'y=Vj(3)'), 'x'), ...
    'rkeops:unsupported');
check_fails(@() adjoint(sqdist(Vi(1), Vj(2)), 1, Vi(1), 2), 'rkeops:argument', 'variable: expected');
end
