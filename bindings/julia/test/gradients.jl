# Gradients against differences, and against formulas where these are known.

x, y, b = numbers(3, 5), numbers(3, 6; seed=2), numbers(6; seed=3)
e = numbers(5; seed=4)

columns(values) = reshape(values, 3, :)

close(found, wanted) = size(found) == size(wanted) && isapprox(found, wanted; rtol=1e-7, atol=1e-8)

@testset "of tensors" begin
    formula(x, y, b, g) = exp.(-(g .* sqdist(vi(x), vj(y)))) .* vj(b)
    g = [0.7]
    K = formula(x, y, b, g)
    @test close(gradient(K, vi(x), e), columns(differences(x -> dot(e, sum(formula(x, y, b, g); dims=2)), x)))
    @test close(gradient(K, vj(y), e), columns(differences(y -> dot(e, sum(formula(x, y, b, g); dims=2)), y)))
    @test close(gradient(K, vj(b), e), differences(b -> dot(e, sum(formula(x, y, b, g); dims=2)), b))
    @test close(gradient(K, pm(g), e), differences(g -> dot(e, sum(formula(x, y, b, g); dims=2)), g))
    @test gradient(K, x, e) == gradient(K, vi(x), e) && gradient(K, g, e) == gradient(K, pm(g), e)
    over_i = numbers(6; seed=5)
    @test close(
        gradient(K, x, over_i; dims=1), columns(differences(x -> dot(over_i, sum(formula(x, y, b, g); dims=1)), x)),
    )
    # An array in both places.
    S(x) = exp.(-sqdist(vi(x), vj(x)))
    @test close(gradient(S(x), x), columns(differences(x -> sum(S(x)), x)))
    @test gradient(S(x), x) ≈ gradient(S(x), vi(x)) + gradient(S(x), vj(x))
    # Numbers.
    N = exp.(-(0.7 .* sqdist(vi(x), vj(y))))
    @test gradient(N, 0.7) ≈ sum(gradient(exp.(-(g .* sqdist(vi(x), vj(y)))), g))
    # Of vectors.
    F = vi(x) .* vj(y)
    @test gradient(F, x) ≈ repeat(sum(y; dims=2), 1, 5)
    @test gradient(F, vj(y), ones(3, 5)) ≈ repeat(sum(x; dims=2), 1, 6)
    # Of what does not depend on points but by their number.
    @test gradient(vi(x) - vj(y), x) == fill(6.0, 3, 5)
    @test gradient(0 .* vi(x) - vj(y), x) == zeros(3, 5)
    L(x) = sum(logsumexp(S(x); dims=2))
    @test close(gradient(S(x), x; reduction="LogSumExp"), columns(differences(L, x)))
    D(x) = sqdist(vi(x), vj(y))
    @test close(gradient(D(x), x; reduction="Min"), columns(differences(x -> sum(minimum(D(x); dims=2)), x)))
    nearest = columns(differences(x -> sum(kmin(D(x), 2; dims=2)), x))
    @test close(gradient(D(x), x, ones(2, 5); reduction="KMin", option=2), nearest)
    @test close(gradient(D(x), x; reduction=:Mean), columns(differences(x -> sum(D(x)) / 6, x)))
end

@testset "of kernels" begin
    k = keops_kernel("Exp(-g*SqDist(x,y))*b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)")
    value(x, y, b, g) = dot(e, k(x, y, b, g))
    @test close(gradient(k, "x")(x, y, b, 0.7, e), columns(differences(x -> value(x, y, b, 0.7), x)))
    @test close(gradient(k, 2)(x, y, b, 0.7, e), columns(differences(y -> value(x, y, b, 0.7), y)))
    @test close(gradient(k, :b)(x, y, b, 0.7, e), differences(b -> value(x, y, b, 0.7), b))
    @test isapprox(gradient(k, "g")(x, y, b, 0.7, e), only(differences(g -> value(x, y, b, g[1]), [0.7])); rtol=1e-7)
    @test gradient(k, "x")(x, y, b, 0.7, 1) ≈ gradient(k, "x")(x, y, b, 0.7, ones(5))
    @test eltype(gradient(k, "x")(Float32.(x), Float32.(y), Float32.(b), 0.7, e)) == Float32
    for (reduction, option) in (("Max", nothing), ("LogSumExp", nothing), ("KMin", 2))
        own = keops_kernel("SqDist(x,y)", "x = Vi(3)", "y = Vj(3)"; reduction=reduction, option=option)
        @test close(gradient(own, "y")(x, y, 1), columns(differences(y -> sum(own(x, y)), y)))
    end
    weighted = keops_kernel(
        "SqDist(x,y)", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)"; reduction="SumSoftMaxWeight", weights="b",
    )
    @test close(gradient(weighted, "x")(x, y, b, 1), columns(differences(x -> sum(weighted(x, y, b)), x)))
end

@testset "with weights" begin
    S(x, y) = -sqdist(vi(x), vj(y))
    softmax(x, y, b) = dot(e, softmaxweight(S(x, y), vj(b); dims=2))
    G(wrt) = gradient(S(x, y), wrt, e; reduction="SumSoftMaxWeight", weights=vj(b))
    @test close(G(x), columns(differences(x -> softmax(x, y, b), x)))
    @test close(G(vj(y)), columns(differences(y -> softmax(x, y, b), y)))
    @test close(G(b), differences(b -> softmax(x, y, b), b))
    # Data of both the exponents and the weights.
    attention(y) = sum(softmaxweight(S(x, y), vj(y); dims=2))
    found = gradient(S(x, y), y, 1; reduction="SumSoftMaxWeight", weights=vj(y))
    @test close(found, columns(differences(attention, y)))
    positive = abs.(b) .+ 0.1
    weighted(x, b) = dot(e, logsumexp(S(x, y); dims=2, weights=vj(b)))
    H(wrt) = gradient(S(x, y), wrt, e; reduction="LogSumExpWeight", weights=vj(positive))
    @test close(H(x), columns(differences(x -> weighted(x, positive), x)))
    @test close(H(positive), differences(b -> weighted(x, b), positive))
end

@testset "second derivatives" begin
    v = numbers(3, 5; seed=8)
    # Along v, in all places where the array is.
    for (name, option) in (("Sum", nothing), ("LogSumExp", nothing), ("Min", nothing), ("Mean", nothing), ("KMin", 2))
        count = option === nothing ? 1 : option
        S(x) = exp.(-sqdist(vi(x), vj(x) .+ 0.3))
        G(x; more...) = gradient(S(x), x, name == "KMin" ? repeat(e', 2) : e; reduction=name, option=option, more...)
        @test isapprox(G(x; along=v), columns(differences(x -> dot(v, G(x)), x)); rtol=1e-6)
    end
    softmax(x; more...) = gradient(-sqdist(vi(x), vj(y)), x, e; reduction="SumSoftMaxWeight", weights=vj(b), more...)
    @test isapprox(softmax(x; along=v), columns(differences(x -> dot(v, softmax(x)), x)); rtol=1e-6)
    k = keops_kernel("Exp(-g*SqDist(x,y))*b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)")
    arguments = (x, y, b, [0.7])
    for first in 1:4, second in 1:4
        along = numbers(size(arguments[first])...; seed=9)
        G(own) = dot(along, gradient(k, first)(ntuple(p -> p == second ? own : arguments[p], 4)..., e))
        found = gradient(k, first, second)(arguments..., e, along)
        @test isapprox(found, reshape(differences(G, arguments[second]), size(found)); rtol=1e-6, atol=1e-7)
    end
    for (name, weights) in (("LogSumExp", nothing), ("Max", nothing), ("SumSoftMaxWeight", "b"))
        own = keops_kernel("-SqDist(x,y)*2+b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)"; reduction=name, weights=weights)
        for (first, second) in ((1, 1), (1, 2), (2, 1), (2, 3))
            along = numbers(size(arguments[first])...; seed=9)
            G(it) = dot(along, gradient(own, first)(ntuple(p -> p == second ? it : arguments[p], 3)..., e))
            found = gradient(own, first, second)(x, y, b, e, along)
            @test isapprox(found, reshape(differences(G, arguments[second]), size(found)); rtol=1e-6, atol=1e-7)
        end
    end
    # Of a number.
    second(g) = gradient(k, "g", "g")(x, y, b, g, e, 1)
    @test isapprox(second(0.7), only(differences(g -> gradient(k, "g")(x, y, b, g[1], e), [0.7])); rtol=1e-6)
    K = exp.(-sqdist(vi(x), vj(y)))
    @test refused(() -> gradient(K, x; along=ones(5)), DimensionMismatch, "along", "3 × 5 matrix")
    @test refused(() -> gradient(k, "x", "x")(arguments..., e), ArgumentError, "expected 6 arguments", "got 5")
end

@testset "of complex numbers" begin
    u, v = complex.(numbers(4), numbers(4; seed=2)), complex.(numbers(5; seed=3), numbers(5; seed=4))
    c = complex.(numbers(4; seed=5), numbers(4; seed=6))
    value(u) = real(dot(c, sum(vi(u) .* vj(v) .* vi(u); dims=2)))
    K = vi(u) .* vj(v) .* vi(u)
    found = gradient(K, vi(u), c)
    parts = differences(w -> value(complex.(w[1:4], w[5:8])), [real(u); imag(u)])
    @test isapprox(found, complex.(parts[1:4], parts[5:8]); rtol=1e-7)
end
