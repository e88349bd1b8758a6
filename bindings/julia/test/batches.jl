# Batches: axes from the third on, which match as Julia's own do in broadcasts.

x, y, b = numbers(3, 5, 4, 2), numbers(3, 6, 1, 2; seed=2), numbers(1, 6, 4; seed=3)
gaussian(x, y) = exp.(-squares(x, y))
# The matrices of all problems.
dense = [gaussian(x[:, :, s, t], y[:, :, 1, t]) for s in 1:4, t in 1:2]
problems = [(s, t) for s in 1:4 for t in 1:2]
K = exp.(-sqdist(vi(x), vj(y)))

@testset "reductions" begin
    @test size(K) == (5, 6, 4, 2) && ndims(K) == 4 && length(K) == 240 && size(K, 4) == 2
    @test startswith(repr(K), "5×6×4×2 LazyTensor{Float64}: ")
    found = sum(K .* vj(b); dims=2)
    @test size(found) == (1, 5, 4, 2)
    @test all(found[1, :, s, t] ≈ dense[s, t] * b[1, :, s] for (s, t) in problems)
    found = sum(K; dims=1)
    @test size(found) == (1, 6, 4, 2)
    @test all(found[1, :, s, t] ≈ vec(sum(dense[s, t]; dims=1)) for (s, t) in problems)
    @test sum(K) ≈ sum(sum, dense)
    places = argkmin(sqdist(vi(x), vj(y)), 2; dims=2)
    @test size(places) == (2, 5, 4, 2)
    @test all(places[:, i, s, t] == sortperm(-dense[s, t][i, :])[1:2] for (s, t) in problems for i in 1:5)
    @test size(argkmin(vi(x) - vj(y), 2; dims=2)) == (3, 2, 5, 4, 2)
    values, places = findmax(K; dims=2)
    @test all(values[1, i, s, t] ≈ maximum(dense[s, t][i, :]) for (s, t) in problems for i in 1:5)
    @test all(places[1, i, s, t] == argmax(dense[s, t][i, :]) for (s, t) in problems for i in 1:5)
    # A result is an argument again.
    @test size(sum(vi(found) .* vj(found); dims=2)) == (1, 6, 4, 2)
    # Parameters, numbers, and what has no batch.
    g = reshape([0.5, 1, 2, 3], 1, 1, 4)
    flat = numbers(3, 5)
    found = sum(exp.(-(pm(g) .* sqdist(vi(flat), vj(y)) .* 2)); dims=2)
    @test all(found[1, :, s, t] ≈ sum(exp.(-2g[s] .* squares(flat, y[:, :, 1, t])); dims=2) for (s, t) in problems)
    # Layouts.
    turned = PermutedDimsArray(permutedims(x, (4, 1, 3, 2)), (2, 4, 3, 1))
    reversed = view(reverse(x; dims=3), :, :, 4:-1:1, :)
    @test turned == x == reversed
    for own in (turned, reversed)
        @test sum(exp.(-sqdist(vi(own), vj(y))); dims=2) == sum(K; dims=2)
    end
    # Of no problem.
    @test size(sum(vi(zeros(3, 5, 0)) .* vj(zeros(3, 2, 1)); dims=2)) == (3, 5, 0)
end

@testset "products" begin
    B = numbers(6, 3, 4; seed=5)
    found = K * B
    @test size(found) == (5, 3, 4, 2)
    @test all(found[:, :, s, t] ≈ dense[s, t] * B[:, :, s] for (s, t) in problems)
    v = numbers(6)
    found = K * v
    @test size(found) == (5, 1, 4, 2) && all(found[:, 1, s, t] ≈ dense[s, t] * v for (s, t) in problems)
    @test mul!(zeros(5, 1, 4, 2), K, v) == found
    @test mul!(ones(5, 1, 4, 2), K, v, 2, 3) ≈ 2found .+ 3
    flat = exp.(-sqdist(vi(x[:, :, 1, 1]), vj(y[:, :, 1, 1])))
    @test (flat * B)[:, :, 2] ≈ flat * B[:, :, 2]
    @test size((vi(x) - vj(y)) * v) == (3, 5, 4, 2)
    S = exp.(-2 .* sqdist(vi(x), vj(x)))
    right = numbers(5, 2, 4)
    found = solve(S, right; alpha=0.1, tolerance=1e-12)
    @test size(found) == (5, 2, 4, 2)
    @test all(map(problems) do (s, t)
        matrix = exp.(-2 .* squares(x[:, :, s, t], x[:, :, s, t])) + 0.1I
        found[:, :, s, t] ≈ matrix \ right[:, :, s]
    end)
end

@testset "entries" begin
    @test all(Array(K)[:, :, s, t] ≈ dense[s, t] for (s, t) in problems)
    @test Array(vi(x) - vj(y))[2, 3, 4, 1, 2] ≈ x[2, 3, 1, 2] - y[2, 4, 1, 2]
    @test K[2, 3] ≈ Array(K)[2, 3, :, :] && K[2, :] ≈ Array(K)[2, :, :, :] && K[:, 3] ≈ Array(K)[:, 3, :, :]
    @test sum(K[2:3, :]; dims=2) == sum(K; dims=2)[:, 2:3, :, :]
    @test Array(exp.(K .* pm(reshape([1.0, 2], 1, 1, 1, 2))))[2, 3, 1, 2] ≈ exp(2dense[1, 2][2, 3])
    @test size(K') == (6, 5, 4, 2) && sum(K'; dims=1) == sum(K; dims=2)
end

@testset "functions of formulas" begin
    k = keops_kernel("Exp(-SqDist(x,y)*g)*b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)")
    @test k(x, y, b, 1) ≈ sum(K .* vj(b); dims=2)
    g = reshape([1.0, 2], 1, 1, 1, 2)
    @test k(x, y, b, g)[1, :, 3, 2] ≈ k(x[:, :, 3, 2], y[:, :, 1, 2], b[1, :, 3], 2.0)
    @test k(x[:, :, 1, 1], y, b, 1)[1, :, 3, 2] ≈ k(x[:, :, 1, 1], y[:, :, 1, 2], b[1, :, 3], 1)
    e = numbers(1, 5, 4, 2; seed=7)
    value(x, y, b, g) = sum(e .* k(x, y, b, g))
    for (place, own) in enumerate((x, y, b, g))
        at(other) = value(ntuple(k -> k == place ? other : (x, y, b, g)[k], 4)...)
        @test isapprox(gradient(k, place)(x, y, b, g, e), reshape(differences(at, own), size(own)); rtol=1e-7)
    end
    @test size(gradient(k, "x")(x[:, :, 1, 1], y, b, g, e)) == (3, 5)
    solver = keops_solver(keops_kernel("Exp(-SqDist(x,y))*b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)"), "b")
    found = solver(x, x, e; alpha=0.1, tolerance=1e-12)
    @test found[1, :, 3, 2] ≈ (gaussian(x[:, :, 3, 2], x[:, :, 3, 2]) + 0.1I) \ e[1, :, 3, 2]
end

@testset "gradients" begin
    e = numbers(1, 5, 4, 2; seed=7)
    value(x, y) = sum(e .* logsumexp(-sqdist(vi(x), vj(y)); dims=2))
    G(wrt) = gradient(-sqdist(vi(x), vj(y)), wrt, e; reduction="LogSumExp")
    @test isapprox(G(x), reshape(differences(x -> value(x, y), x), size(x)); rtol=1e-7)
    @test isapprox(G(y), reshape(differences(y -> value(x, y), y), size(y)); rtol=1e-7)
    # What every problem has in common gets the sum over all of them.
    flat = numbers(3, 5)
    shared = exp.(-sqdist(vi(flat), vj(y)) .* pm(reshape([1.0, 2], 1, 1, 2)))
    part(s, t) = gradient(exp.(-s .* sqdist(vi(flat), vj(y[:, :, 1, t]))), vi(flat))
    @test gradient(shared, flat) ≈ part(1, 1) + part(1, 2) + part(2, 1) + part(2, 2)
    @test gradient(vi(flat) - vj(y), flat) == fill(12.0, 3, 5)
end

@testset "what does not fit" begin
    @test refused(() -> vi(x) - vj(numbers(3, 6, 3)), DimensionMismatch, "batch of extents (4, 2)", "(3,)")
    @test refused(() -> K * numbers(6, 1, 3), DimensionMismatch, "(4, 2)", "(3,)")
    @test refused(() -> Matrix(K), DimensionMismatch, "one matrix", "(4, 2)")
    k = keops_kernel("x - y", "x = Vi(3)", "y = Vj(3)")
    @test refused(() -> k(x, numbers(3, 6, 3)), DimensionMismatch, "argument 1 (x)", "(4, 2)", "(3,)")
    @test refused(() -> gradient(K, x, ones(1, 5, 4)), DimensionMismatch, "cotangent", "1 × 5 × 4 × 2")
    deep = numbers(1, 2, ntuple(_ -> 1, 7)...)
    @test thrown(() -> sum(vi(deep) - vj(deep); dims=2)) isa Exception
end
