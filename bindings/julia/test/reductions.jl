# Reductions over both indices, with places from 1 on.

x, y, b = numbers(2, 7), numbers(2, 6; seed=2), numbers(6; seed=3)
D = squares(x, y)
K = sqdist(vi(x), vj(y))
second(C) = [place[2] for place in vec(C)]

@testset "of numbers" begin
    for dims in (1, 2)
        @test sum(K; dims=dims) ≈ vec(sum(D; dims=dims))
        @test prod(K; dims=dims) ≈ vec(prod(D; dims=dims))
        @test minimum(K; dims=dims) ≈ vec(minimum(D; dims=dims))
        @test maximum(K; dims=dims) ≈ vec(maximum(D; dims=dims))
        @test argmin(K; dims=dims) == [place[dims] for place in vec(argmin(D; dims=dims))]
        @test argmax(K; dims=dims) == [place[dims] for place in vec(argmax(D; dims=dims))]
        values, places = findmin(K; dims=dims)
        @test values ≈ vec(minimum(D; dims=dims)) && places == argmin(K; dims=dims)
        values, places = findmax(K; dims=dims)
        @test values ≈ vec(maximum(D; dims=dims)) && places == argmax(K; dims=dims)
        @test reduction("Mean", K; dims=dims) ≈ vec(sum(D; dims=dims)) ./ size(D, dims)
        @test logsumexp(-1000 .* K; dims=dims) ≈ vec(maximum(-1000D; dims=dims) .+
            log.(sum(exp.(-1000D .- maximum(-1000D; dims=dims)); dims=dims)))
        @test count(K .< 1; dims=dims) == vec(sum(D .< 1; dims=dims))
        @test any(K .< 0.1; dims=dims) == vec(any(D .< 0.1; dims=dims))
        @test all(K .< 2; dims=dims) == vec(all(D .< 2; dims=dims))
        order = hcat([sortperm(line)[1:3] for line in (dims == 2 ? eachrow(D) : eachcol(D))]...)
        @test argkmin(K, 3; dims=dims) == order
        @test kmin_argkmin(K, 3; dims=dims)[2] == order
        @test kmin(K, 3; dims=dims) == kmin_argkmin(K, 3; dims=dims)[1]
        @test kmin(K, 1; dims=dims) ≈ minimum(D; dims=dims) |> vec |> permutedims
        @test argkmax(-K, 3; dims=dims) == order && kmax(-K, 3; dims=dims) ≈ -kmin(K, 3; dims=dims)
    end
    @test sum(K) ≈ sum(D)
end

@testset "of vectors" begin
    F = vi(x) - vj(y)
    whole = [x[c, i] - y[c, j] for c in 1:2, i in 1:7, j in 1:6]
    @test sum(F; dims=2) ≈ sum(whole; dims=3)[:, :, 1] && sum(F; dims=1) ≈ sum(whole; dims=2)[:, 1, :]
    @test sum(F) ≈ vec(sum(whole; dims=(2, 3)))
    @test minimum(F; dims=2) ≈ minimum(whole; dims=3)[:, :, 1]
    @test size(argkmin(F, 3; dims=2)) == (2, 3, 7)
    @test kmin(F, 3; dims=2)[2, :, 4] ≈ sort(whole[2, 4, :])[1:3]
    k = keops_kernel("x-y", "x = Vi(2)", "y = Vj(2)"; reduction="ArgKMin", option=3)
    @test k(x, y) == argkmin(F, 3; dims=2)
end

@testset "with weights" begin
    weights = exp.(-D)
    @test softmaxweight(-K, vj(b); dims=2) ≈ (weights * b) ./ sum(weights; dims=2)[:, 1]
    @test softmaxweight(-K, vj(y); dims=2) ≈ (weights * y' ./ sum(weights; dims=2))'
    @test logsumexp(-K; dims=2, weights=vj(abs.(b))) ≈ log.(weights * abs.(b))
end

@testset "NaN" begin
    own = vi([1.0, 2.0]) .* vj([NaN, 3.0])
    @test minimum(own; dims=2) == [3, 6] && argmin(own; dims=2) == [2, 2]
    @test argkmin(own, 2; dims=2) == [2 2; 0 0]
end

@testset "options" begin
    for options in (
        (summation=:direct,), (summation=:compensated,), (accumulator=Float64,), (target=:portable,), (threads=1,),
    )
        @test with_options(() -> sum(K; dims=2); options...) ≈ vec(sum(D; dims=2))
    end
    single = sqdist(vi(Float32.(x)), vj(Float32.(y)))
    @test with_options(() -> sum(single; dims=2); accumulator=Float64) ≈ vec(sum(D; dims=2)) rtol = 1e-6
    set_options!(; summation=:direct)
    @test RKeOps.current_options[].compilation.summation == 1
    set_options!(; summation=:auto)
    @test RKeOps.current_options[] == RKeOps.default_options
    @test occursin("threads", doctor())
    @test RKeOps.library_version() isa VersionNumber
end
