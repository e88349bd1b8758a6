function tests = test_reductions()
% Reductions against MATLAB's own on whole matrices, over both indices.
[x, y, X, Y] = points_for(5, 7, 3, -1, 1);
K = exp(-sqdist(Vi(x), Vj(y)));
D = exp(-sum((X - Y) .^ 2, 3));
V = Vi(x) .* Vj(y);
E = X .* Y;
tests = cell(0, 2);
for dim = 1:2
    plain = {
        'sum', @sum, @sum; 'mean', @mean, @mean; 'prod', @prod, @prod
        'min', @(t, d) min(t, [], d), @(t, d) min(t, [], d)
        'max', @(t, d) max(t, [], d), @(t, d) max(t, [], d); 'argmin', @argmin, @(t, d) place_of(t, d, @min)
        'argmax', @argmax, @(t, d) place_of(t, d, @max); 'logsumexp', @logsumexp, @(t, d) log(sum(exp(t), d))
        'any', @(t, d) any(t > 0.5, d), @(t, d) any(t > 0.5, d)
        'all', @(t, d) all(t > 0.01, d), @(t, d) all(t > 0.01, d)
        'count', @(t, d) count(t > 0.5, d), @(t, d) sum(t > 0.5, d)
        'mask', @(t, d) sum(mask(t, t > 0.5), d), @(t, d) sum(t .* (t > 0.5), d)
        'reduction', @(t, d) reduction(t, 'Sum', d), @sum
        'second of min', @(t, d) second(@min, t, d), @(t, d) place_of(t, d, @min)
        'second of max', @(t, d) second(@max, t, d), @(t, d) place_of(t, d, @max)
        };
    for k = 1:size(plain, 1)
        tests(end + 1, :) = {sprintf('%s over %d', plain{k, 1}, dim), ...
            @() check_near(double(plain{k, 2}(K, dim)), double(plain{k, 3}(D, dim)))}; %#ok<*AGROW>
    end
    tests(end + 1, :) = {sprintf('vectors over %d', dim), @() check_near(sum(V, dim), squeeze(sum(E, dim)))};
    tests(end + 1, :) = {sprintf('mink over %d', dim), @() check_ranks(K, D, dim, @mink, 'ascend')};
    tests(end + 1, :) = {sprintf('maxk over %d', dim), @() check_ranks(K, D, dim, @maxk, 'descend')};
end
weights = squeeze(Y(1, :, :));
soft = exp(D) ./ repmat(sum(exp(D), 2), 1, 7);
tests = [tests; {
    'K * b', @() check_near(K * weights, D * weights); 'b * K', @() check_near(x' * K, x' * D)
    'K'' * b', @() check_near(K' * x, D' * x)
    'without a dim', @() check_near(sum(K), sum(D))
    'attention', @() check_near(sumsoftmaxweight(K, Vj(y), 2), soft * y)
    'weighted logsumexp', @() check_near(logsumexp(K, 2, Vj(abs(y(:, 1)))), log(exp(D) * abs(y(:, 1))))
    'integers', @() check_near(sum(sqdist(Vi(int32([1; 2; 3])), Vj(uint8([5; 6]))), 2), [41; 25; 13])
    'logical values', @() check_near(sum(Vi([true; false]) + Vj([1; 2]), 2), [5; 3])
    'no columns', @() check_near(K * zeros(7, 0), zeros(5, 0))
    'no points', @() check_near(sum(Vi(x) + Vj(zeros(0, 3)), 2), zeros(5, 3))
    'too few', @too_few; 'of nothing', @of_nothing; 'an integer as dim', @() check_near(sum(K, int32(2)), sum(D, 2))
    'with parameters', @() check_near(full(K * Pm(2) + Pm(3) * K / Pm(4)), 2.75 * D)
    'a deep formula', @() check_near(sum(deep(Vi([1; 2]), 500), 1), 1003)
    'NaN is no neighbour', @nan_is_none
    'pdist2', @pdist2_like; 'knnsearch', @knnsearch_like
    'shapes', @shapes
    }];
end

function place = place_of(t, dim, extreme)
[~, place] = extreme(t, [], dim);
end

function place = second(extreme, t, dim)
[~, place] = extreme(t, [], dim);
end

function check_ranks(K, D, dim, call, order)
[values, places] = call(K, 3, dim);
[sorted, sources] = sort(D, dim, order);
if dim == 1
    check_near(values, sorted(1:3, :));
    check_near(places, sources(1:3, :));
else
    check_near(values, sorted(:, 1:3));
    check_near(places, sources(:, 1:3));
end
end

function too_few()
[values, places] = mink(sqdist(Vi([0; 1]), Vj([3; 5])), 3, 2);
check_near(values, [9 25 Inf; 4 16 Inf]);
check_near(places, [1 2 NaN; 1 2 NaN]);
F = keops_kernel('ArgKMin_Reduction(SqDist(x,y),3,0)', 'x=Vi(1)', 'y=Vj(1)');
check_near(F([0 1], [3 5]), [1 1; 2 2; NaN NaN]);
end

function of_nothing()
K = sqdist(Vi(zeros(0, 3)), Vj(ones(4, 3)));
assert(isequaln(argmin(K, 1), nan(1, 4)) && isequal(sum(K, 1), zeros(1, 4)) && isequal(count(K, 1), zeros(1, 4)));
[value, place] = min(K, [], 1);
assert(isequal(value, Inf(1, 4)) && isequaln(place, nan(1, 4)) && isequal(size(sum(K, 2)), [0 1]));
end

function r = deep(t, count)
r = t;
for k = 1:count, r = r + 1; end
end

function nan_is_none()
[values, places] = mink(Vi(0) + Vj([NaN; 2; 1]), 3, 2);
check_near(values, [1 2 Inf]);
check_near(places, [3 2 NaN]);
end

function pdist2_like()
[x, y, X, Y] = points_for(6, 4, 3, -1, 1);
S = X - Y;
dense = {'euclidean', sqrt(sum(S .^ 2, 3)); 'sqeuclidean', sum(S .^ 2, 3); 'cityblock', sum(abs(S), 3); 'chebychev', ...
    max(abs(S), [], 3)
    'cosine', 1 - sum(X .* Y, 3) ./ sqrt(sum(X .^ 2, 3) .* sum(Y .^ 2, 3))};
for k = 1:size(dense, 1)
    check_near(full(rkeops_pdist2(x, y, dense{k, 1})), dense{k, 2});
    [found, places] = rkeops_pdist2(x, y, dense{k, 1}, 'Smallest', 2);
    [sorted, sources] = sort(dense{k, 2}, 1);
    check_near(found, sorted(1:2, :));
    check_near(places, sources(1:2, :));
    found = rkeops_pdist2(x, y, dense{k, 1}, 'Largest', 1);
    check_near(found, sorted(end, :));
    check_near(rkeops_pdist2(x, y, dense{k, 1}, 'Sum', y), dense{k, 2} * y);
end
end

function knnsearch_like()
[x, y, X, Y] = points_for(6, 4, 3, -1, 1);
[sorted, sources] = sort(sqrt(sum((X - Y) .^ 2, 3)), 1);
[places, distances] = rkeops_knnsearch(x, y, 'K', 3);
check_near(places, sources(1:3, :)');
check_near(distances, sorted(1:3, :)');
end

function shapes()
K = sqdist(Vi(rand(5, 3)), Vj(rand(7, 3)));
assert(isequal(size(K), [5 7]) && size(K, 1) == 5 && size(K, 3) == 1);
[m, n] = size(K);
assert(m == 5 && n == 7 && ndims(K) == 2);
assert(isequal(size(Vi(rand(5, 3)) - Vj(rand(7, 3))), [5 7 3]));
assert(isequal(size(K(2:end, [1 end])), [4 2]) && isequal(size(K'), [7 5]));
assert(~isempty(strfind(evalc('disp(K)'), '5 x 7'))); %#ok<STREMP>
end
