# Blocks of the matrix: only these take part in reductions.

x, y, b = numbers(2, 9), numbers(2, 8; seed=2), numbers(8; seed=3)
rows_i, rows_j = [1:3, 4:4, 5:9], [1:2, 3:5, 6:8]
keep = [true false true; false true false; true true true]
mask = zeros(9, 8)
for (c, i) in enumerate(rows_i), (d, j) in enumerate(rows_j)
    mask[i, j] .= keep[c, d]
end
blocks = BlockRanges(rows_i, rows_j, keep)
D = squares(x, y)
whole = exp.(-sqdist(vi(x), vj(y)))
K = whole[blocks]
masked = mask .* exp.(-D)

@testset "reductions" begin
    @test sum(K; dims=2) ≈ vec(sum(masked; dims=2)) && sum(K; dims=1) ≈ vec(sum(masked; dims=1))
    @test K * b ≈ masked * b && K * [b 2b] ≈ masked * [b 2b] && K' * ones(9) ≈ masked' * ones(9)
    @test mul!(zeros(9), K, b) == K * b
    @test sum(whole .* vj(b) .* K; dims=2) ≈ vec(sum(mask .* exp.(-2D) .* b'; dims=2))
    hidden = [mask[i, j] == 1 ? D[i, j] : Inf for i in 1:9, j in 1:8]
    distances = sqdist(vi(x), vj(y))[blocks]
    @test argmin(distances; dims=2) == [argmin(hidden[i, :]) for i in 1:9]
    @test argkmin(distances, 2; dims=1) == hcat([sortperm(hidden[:, j])[1:2] for j in 1:8]...)
    @test gradient(K, vj(y)) ≈ hcat([sum(2masked[i, j] .* (x[:, i] - y[:, j]) for i in 1:9) for j in 1:8]...)
    @test gradient(K, vi(x)) ≈ hcat([sum(-2masked[i, j] .* (x[:, i] - y[:, j]) for j in 1:8) for i in 1:9]...)
    S = exp.(-sqdist(vi(x), vj(x)))[BlockRanges([1:4 => [1:4], 5:9 => [5:9]])]
    corner = [i <= 4 && j <= 4 || i > 4 && j > 4 for i in 1:9, j in 1:9]
    @test solve(S, ones(9); alpha=0.1, tolerance=1e-12) ≈ (corner .* exp.(-squares(x, x)) + 0.1I) \ ones(9)
end

@testset "pairs" begin
    # Ranges that overlap, that are empty, that are named twice; rows that are nowhere.
    pairs = [2:4 => [1:5, 4:8], 5:5 => [1:0], 7:9 => [3:3, 3:3, 8:8]]
    counts = zeros(9, 8)
    for (i, met) in pairs, j in met
        counts[i, j] .+= 1
    end
    own = BlockRanges(pairs)
    weighted = counts .* exp.(-D)
    for dims in 1:2
        @test sum(whole[own]; dims=dims) ≈ vec(sum(weighted; dims=dims))
    end
    @test transpose(whole[own]) * ones(9) ≈ weighted' * ones(9)
    @test argmax(whole[own]; dims=2)[[1, 5, 6]] == [0, 0, 0] && all(argmax(whole[own]; dims=2)[7:9] .> 0)
    @test size(argmin((vi(x) - vj(y))[own]; dims=2)) == (2, 9) && iszero(argmin((vi(x) - vj(y))[own]; dims=2)[:, 5])
    @test argkmin(whole[own], 2; dims=2)[:, 6] == [0, 0]
    turned = BlockRanges([1:2 => [4:5], 3:8 => [1:9]]; dims=1)
    seen = zeros(9, 8)
    seen[4:5, 1:2] .= 1
    seen[:, 3:8] .= 1
    @test sum(whole[turned]; dims=1) ≈ vec(sum(seen .* exp.(-D); dims=1))
    @test sum(whole[turned]; dims=2) ≈ vec(sum(seen .* exp.(-D); dims=2))
    none = BlockRanges(Pair[])
    @test iszero(sum(whole[none]; dims=2)) && iszero(sum(whole[none]; dims=1))
end

@testset "functions and batches" begin
    k = keops_kernel("Exp(-SqDist(x,y))*b", "x = Vi(2)", "y = Vj(2)", "b = Vj(1)")
    @test k(x, y, b; ranges=blocks) ≈ masked * b && k(x=x, y=y, b=b, ranges=blocks) ≈ masked * b
    @test gradient(k, "b")(x, y, b, ones(9); ranges=blocks) ≈ masked' * ones(9)
    smallest = keops_kernel("SqDist(x,y)", "x = Vi(2)", "y = Vj(2)"; reduction="ArgMin")
    @test smallest(x, y; ranges=BlockRanges([2:9 => [3:4]]))[1] == 0
    solver = keops_solver(k, "b")
    @test solver(x, x, ones(9); ranges=BlockRanges([1:9 => [1:9]]), alpha=0.1) ≈ solver(x, x, ones(9); alpha=0.1)
    # In a batch the blocks are those of every problem.
    many = cat(x, 2x; dims=3)
    found = sum(exp.(-sqdist(vi(many), vj(y)))[blocks]; dims=2)
    @test found[1, :, 2] ≈ vec(sum(mask .* exp.(-squares(2x, y)); dims=2))
end

@testset "what is wrong" begin
    @test refused(() -> BlockRanges([0:2 => [1:2]]), ArgumentError, "from 1 on", "0:2 in place 1")
    @test refused(() -> BlockRanges([1:2 => 1:2]), ArgumentError, "in place 1")
    @test refused(() -> BlockRanges([1:2]), ArgumentError, "1:10 => [1:5]", "1:2 in place 1")
    @test refused(() -> BlockRanges([1:2:5 => [1:2]]), ArgumentError, "1:2:5")
    @test refused(() -> BlockRanges([1:3 => [1:2], 3:4 => [1:2]]), ArgumentError, "one range", "1:3 and 3:4")
    @test refused(() -> BlockRanges(rows_i, rows_j, keep[1:2, :]), DimensionMismatch, "3 × 3 matrix of Bool", "2 × 3")
    @test refused(() -> BlockRanges([1:2 => [1:2]]; dims=3), ArgumentError, "dims")
    beyond = BlockRanges([1:10 => [1:8]])
    @test refused(() -> whole[beyond], DimensionMismatch, "9 × 8 pairs", "1:10")
    @test refused(() -> whole[BlockRanges([1:2 => [8:9]])], DimensionMismatch, "9 × 8 pairs", "got 8:9")
    @test sum(K .+ whole[BlockRanges(rows_i, rows_j, keep)]; dims=2) ≈ 2 * sum(K; dims=2)
    @test refused(() -> K + whole[BlockRanges([1:2 => [1:2]])], ArgumentError, "two different")
    @test refused(() -> Matrix(K), ArgumentError, "BlockRanges") && refused(() -> K[1, 1], ArgumentError, "BlockRanges")
    k = keops_kernel("x*y", "x = Vi(1)", "y = Vj(1)")
    @test refused(() -> k([1, 2], [3]; ranges=blocks), DimensionMismatch, "2 × 1 pairs")
    @test refused(() -> k([1, 2], [3]; ranges=1:2), ArgumentError, "ranges: expected BlockRanges, got 1:2")
    @test startswith(repr(blocks), "BlockRanges(")
end
