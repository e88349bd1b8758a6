# Tensors as matrices: sizes, indices, products, and what Julia asks of an operator.

x, y, b = numbers(3, 8), numbers(3, 9; seed=2), numbers(9; seed=3)
K = exp.(-sqdist(vi(x), vj(y)))
D = exp.(-squares(x, y))

@testset "sizes and texts" begin
    @test size(K) == (8, 9) && size(K, 1) == 8 && size(K, 2) == 9 && size(K, 3) == 1
    @test !isempty(K) && isempty(K[1:0, :])
    @test axes(K) == (1:8, 1:9) && length(K) == 72 && ndims(K) == 2 && eltype(K) == Float64
    @test size(transpose(K)) == size(K') == (9, 8)
    @test size(vi(x)) == (8, 1) && size(pm(2)) == (1, 1) && components(vi(x)) == 3
    @test startswith(repr(K), "8×9 LazyTensor{Float64}: Exp(")
    @test startswith(repr(vi(Float32.(x))), "8×1 LazyTensor{Float32} with 3 components: ")
end

@testset "entries" begin
    @test Matrix(K) ≈ D
    @test Matrix(K') ≈ D'
    @test Array(vi(x) - vj(y)) ≈ [x[c, i] - y[c, j] for c in 1:3, i in 1:8, j in 1:9]
    @test K[2, 3] ≈ D[2, 3] && K[2, 3] isa Float64
    @test K[end, end] ≈ D[end, end]
    @test K[2, :] ≈ D[2, :]
    @test K[:, 3] ≈ D[:, 3]
    @test (vi(x)-vj(y))[2, 3] ≈ x[:, 2] - y[:, 3]
    @test (vi(x)-vj(y))[2, 3:4] ≈ x[:, 2] .- y[:, 3:4]
    for (i, j) in ((2:4, :), (:, [3, 1, 1]), (8:-2:1, 1:9), ([true; falses(6); true], 2:2), (1:0, :))
        @test K[i, j] isa LazyTensor
        @test Matrix(K[i, j]) ≈ D[i, j]
        @test K[i, j] * ones(size(D[i, j], 2)) ≈ D[i, j] * ones(size(D[i, j], 2))
    end
    # Rows are views of what may change.
    own = copy(x)
    part = vi(own)[2:3, :]
    own .= 7
    @test all(sum(part; dims=2) .== 7)
end

@testset "products" begin
    B = numbers(9, 4; seed=4)
    @test K * b ≈ D * b && K * b isa Vector{Float64}
    @test K * B ≈ D * B && K * B isa Matrix{Float64}
    @test K * B[:, 1:1] ≈ D * B[:, 1:1] && size(K * B[:, 1:1]) == (8, 1)
    @test K * permutedims(B)' ≈ D * B
    @test K * (1:9) ≈ D * (1:9)
    @test K' * ones(8) ≈ D' * ones(8)
    @test ones(8)' * K ≈ ones(8)' * D && numbers(2, 8) * K ≈ numbers(2, 8) * D
    @test fill(1im, 8)' * K ≈ fill(1im, 8)' * D && K * trues(9) ≈ D * trues(9) && K * Diagonal(b) ≈ D * Diagonal(b)
    @test refused(() -> ones(8)' * (vi(x) - vj(y)), DimensionMismatch, "3 components")
    @test (vi(x) - vj(y)) * b ≈ [sum((x[c, i] - y[c, j]) * b[j] for j in 1:9) for c in 1:3, i in 1:8]
    result = fill(NaN, 8)
    @test mul!(result, K, b) === result && result ≈ D * b
    @test mul!(fill(NaN, 8), K, b, 2, 0) ≈ 2 * (D * b)
    @test mul!(ones(8), K, b, 2, 3) ≈ 2 * (D * b) .+ 3
    @test mul!(zeros(Float32, 8), K, b) ≈ Float32.(D * b)
    @test mul!(zeros(8, 4), K, B) ≈ D * B
    wide = zeros(20, 4)
    mul!(view(wide, 3:2:17, :), K, B)
    @test wide[3:2:17, :] ≈ D * B && iszero(wide[1:2:1, :]) && iszero(wide[4:2:20, :])
    @test mul!(zeros(3, 8), vi(x) - vj(y), b) ≈ (vi(x) - vj(y)) * b
    # A method of Krylov's kind, of nothing but products.
    S = exp.(-sqdist(vi(x), vj(x)))
    v, w = normalize(ones(8)), zeros(8)
    for _ in 1:200
        mul!(w, S, v)
        v .= w ./ norm(w)
    end
    @test dot(v, S * v) ≈ maximum(eigvals(Symmetric(exp.(-squares(x, x)))))
end

@testset "formulas are remembered" begin
    product() = exp.(-sqdist(vi(x), vj(y)) ./ 3)
    @test product().formula === product().formula
    @test (vi(x) - vj(y)).formula !== (vi(x) + vj(y)).formula && (vi(x)).formula !== (vj(x)).formula
    @test elem(vi(x), 1).formula !== elem(vi(x), 2).formula
    # Numbers are arguments, whose values make no other formula.
    @test (2 .* K).formula === (3 .* K).formula && sum(3 .* K) ≈ 3 * sum(K)
    # A table does not grow for ever, and what it forgets is as good as before.
    powers = [vi(x) .^ n for n in 3:RKeOps.most_remembered+100]
    @test length(RKeOps.operations.made) <= RKeOps.most_remembered
    @test sum(powers[1]; dims=2) ≈ x .^ 3 && product() * b ≈ exp.(-squares(x, y) ./ 3) * b
end

@testset "arguments are shared" begin
    X = vi(x)
    @test length((X .* X + vi(x)).arguments.values) == 1
    @test length((X - vj(x)).arguments.values) == 2
    @test length((2 .* X .+ 2).arguments.values) == 2
    @test length((X + vi(copy(x))).arguments.values) == 2
end
