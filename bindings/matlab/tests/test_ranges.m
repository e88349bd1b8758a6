function tests = test_ranges()
% Reductions that visit some clusters only, against whole matrices where the others are left out.
tests = {
    'tensors', @tensors; 'functions', @functions_of_text; 'gradients', @gradients; 'systems', @systems
    'clusters', @clusters_of_points; 'places', @places; 'none is left', @none_is_left; 'that are wrong', @wrong
    };
end

function [R, clusters_i, clusters_j, keep, M] = some()
% Ranges of 6 and 8 points, and which pairs of points they have.
clusters_i = [1 2; 3 6];
clusters_j = [1 3; 4 4; 5 8];
keep = logical([1 0 1; 0 1 1]);
R = rkeops_ranges(clusters_i, clusters_j, keep);
M = zeros(6, 8);
for k = 1:2
    for n = 1:3, M(clusters_i(k, 1):clusters_i(k, 2), clusters_j(n, 1):clusters_j(n, 2)) = keep(k, n); end
end
end

function tensors()
[R, ~, ~, ~, M] = some();
[x, y, X, Y] = points_for(6, 8, 3, -1, 1);
D = exp(-sum((X - Y) .^ 2, 3)) .* M;
K = restrict(exp(-sqdist(Vi(x), Vj(y))), R);
check_near(sum(K, 2), sum(D, 2));
check_near(sum(K, 1), sum(D, 1));
check_near(K * y, D * y);
check_near(K' * x, D' * x);
check_near(x' * K, x' * D);
check_near(sum(2 * K + K, 2), 3 * sum(D, 2));
D(~M) = Inf;
check_near(min(K, [], 2), min(D, [], 2));
end

function places()
[x, y, X, Y] = points_for(6, 8, 3, -1, 1);
keep = logical([1 0 1; 0 0 0; 0 1 0]);
% Points 3 and 4 of i meet nothing, point 6 is in no cluster, 5 meets one point.
R = rkeops_ranges([1 2; 3 4; 5 5], [1 3; 4 4; 5 8], keep);
D = sum((X - Y) .^ 2, 3);
D([1 2], 4) = Inf;
D(5, [1:3, 5:8]) = Inf;
D([3 4 6], :) = Inf;
[values, order] = sort(D, 2);
order(isinf(values)) = NaN;
F = keops_kernel('ArgKMin_Reduction(SqNorm2(x-y),3,0)', 'x=Vi(3)', 'y=Vj(3)');
check_near(F(x', y', 'ranges', R), order(:, 1:3)');
F = keops_kernel('Min_ArgMin_Reduction(SqNorm2(x-y),0)', 'x=Vi(3)', 'y=Vj(3)');
check_near(F(x', y', 'ranges', R), [values(:, 1), order(:, 1)]');
K = restrict(sqdist(Vi(x), Vj(y)), R);
[~, found] = min(K, [], 2);
check_near(found, order(:, 1));
[~, found] = min(K', [], 1);
check_near(found, order(:, 1)');
end

function functions_of_text()
[R, ~, ~, ~, M] = some();
[x, y, X, Y] = points_for(6, 8, 3, -1, 1);
D = exp(-sum((X - Y) .^ 2, 3)) .* M;
F = keops_kernel('Exp(-SqNorm2(x-y))', 'x=Vi(3)', 'y=Vj(3)');
check_near(F(x', y', 'ranges', R), sum(D, 2)');
F = keops_kernel('Sum_Reduction(Exp(-SqNorm2(x-y)),1)', 'x=Vi(3)', 'y=Vj(3)');
check_near(F(x', y', 'ranges', R), sum(D, 1));
end

function gradients()
R = some();
[x, y] = points_for(6, 8, 3, -1, 1);
F = keops_kernel('LogSumExp_Reduction(-SqNorm2(x-y),0)', 'x=Vi(3)', 'y=Vj(3)');
G = keops_grad(F, 'y');
e = sin(1:6);
h = 1e-6 * cos(1:24);
h = reshape(h, 3, 8);
step = (F(x', y' + h, 'ranges', R) - F(x', y' - h, 'ranges', R)) / 2;
check_near(sum(e .* step) / 1e-6, sum(sum(G(x', y', e, 'ranges', R) .* h)) / 1e-6, 1e-7);
[u, v] = deal(Vi(x), Vj(y));
K = exp(-sqdist(u, v));
weights = @(x) e * sum(restrict(exp(-sqdist(Vi(x), v)), R), 2);
found = adjoint(restrict(K, R), e', u, 2);
step = 1e-6 * reshape(cos(1:18), 6, 3);
check_near((weights(x + step) - weights(x - step)) / 2e-6, sum(sum(found .* step)) / 1e-6, 1e-7);
assert(any(any(abs(found - adjoint(K, e', u, 2)) > 1e-3)));
end

function systems()
x = points_for(6, 1, 2, -1, 1);
clusters = [1 2; 3 6];
R = rkeops_ranges(clusters, clusters, logical(eye(2)));
D = exp(-((x(:, 1) - x(:, 1)') .^ 2 + (x(:, 2) - x(:, 2)') .^ 2)) .* blkdiag(ones(2), ones(4));
b = sin(1:6)';
expected = (D + 0.5 * eye(6)) \ b;
K = restrict(exp(-sqdist(Vi(x), Vj(x))), R);
check_near(solve(K, b, 'alpha', 0.5, 'tolerance', 1e-12), expected, 1e-9);
S = keops_solve('Exp(-SqNorm2(x-y))*b', 'b', 'x=Vi(0,2)', 'y=Vj(1,2)', 'b=Vj(2,1)');
check_near(S(x', x', b', 'alpha', 0.5, 'tolerance', 1e-12, 'ranges', R)', expected, 1e-9);
end

function clusters_of_points()
x = points_for(50, 1, 2, -1, 1);
[order, clusters, centres] = rkeops_clusters(x, 0.5);
assert(isequal(sort(order)', 1:50) && clusters(1) == 1 && clusters(end) == 50);
assert(isequal(clusters(2:end, 1), clusters(1:end - 1, 2) + 1));
sorted = x(order, :);
for k = 1:size(clusters, 1)
    own = sorted(clusters(k, 1):clusters(k, 2), :);
    check_near(centres(k, :), mean(own, 1));
    assert(all(max(own, [], 1) - min(own, [], 1) < 0.5));
end
far = full(sqdist(Vi(centres), Vj(centres))) > 4;
K = exp(-20 * sqdist(Vi(sorted), Vj(sorted)));
check_near(sum(restrict(K, rkeops_ranges(clusters, clusters, ~far)), 2), sum(K, 2), 1e-6);
% A bad point spoils its own cluster alone.
[~, ~, centres] = rkeops_clusters([0 0; 0.1 0; NaN 1; 2 2], 1);
assert(nnz(any(isnan(centres), 2)) == 1 && size(centres, 1) == 3);
end

function none_is_left()
before = rkeops_mex('count');
R = some();
K = restrict(Vi((1:6)') .* Vj((1:8)'), R);
L = K';
clear R
check_near(sum(L, 2), sum(K, 1)');
clear K L
assert(rkeops_mex('count') == before);
end

function wrong()
[R, clusters_i, clusters_j, keep] = some();
K = restrict(Vi((1:6)') .* Vj((1:8)'), R);
F = keops_kernel('x*y', 'x=Vi(1)', 'y=Vj(1)');
check_fails(@() rkeops_ranges(clusters_i, clusters_j), 'rkeops:count', '3', '2');
check_fails(@() rkeops_ranges(clusters_i, clusters_j, keep'), 'rkeops:shape', 'keep', '2 x 3', '3 x 2');
check_fails(@() rkeops_ranges(clusters_i, clusters_j, double(keep)), 'rkeops:shape', 'logical', 'double');
check_fails(@() rkeops_ranges([0 2; 3 6], clusters_j, keep), 'rkeops:argument', 'clusters_i', '0 and 2');
check_fails(@() rkeops_ranges([1.5 2; 3 6], clusters_j, keep), 'rkeops:argument', 'clusters_i', '1.5');
check_fails(@() rkeops_ranges({1}, clusters_j, keep), 'rkeops:argument', 'clusters_i', 'cell');
check_fails(@() rkeops_ranges(clusters_i, [1 2 3; 4 5 6; 7 8 9], keep), 'rkeops:shape', 'clusters_j', 'two columns', ...
    '3');
check_fails(@() sum(restrict(Vi((1:5)') .* Vj((1:8)'), R), 2), 'rkeops:size', 'index i', '5 rows');
check_fails(@() F(1:6, 1:8, 'ranges', 3), 'rkeops:type', 'ranges: expected what rkeops_ranges made');
check_fails(@() F(1:6, 1:8, 'ranges', struct('handle', 3)), 'rkeops:handle');
check_fails(@() restrict(K, 3), 'rkeops:argument', 'restrict: expected', '3');
check_fails(@() K + restrict(K .* 1, some()), 'rkeops:argument', 'Add: argument 2', 'ranges');
check_fails(@() sum(K(1:2, :), 2), 'rkeops:unsupported', 'ranges');
check_fails(@() rkeops_clusters([], 1), 'rkeops:type', 'x: expected');
check_fails(@() rkeops_clusters([1; 2], 0), 'rkeops:argument', 'side: expected a positive number', '0');
end
