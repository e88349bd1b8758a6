# Arrays of all layouts and types are read where they are, or copied where they cannot be.

using SharedArrays

x, y, b = numbers(3, 8), numbers(3, 9; seed=2), numbers(9; seed=3)
D = exp.(-squares(x, y))
product(x, y, b) = exp.(-sqdist(vi(x), vj(y))) * b

@testset "layouts" begin
    wide = zeros(5, 20)
    wide[2:4, 3:2:17] = x
    reversed = reverse(x; dims=2)
    for own in (
        view(wide, 2:4, 3:2:17), permutedims(x)', transpose(permutedims(x)), PermutedDimsArray(permutedims(x), (2, 1)),
        view(reversed, :, 8:-1:1), reshape(vec(x), 3, 8), reshape(view(vec(x), :), 3, 8), SharedArray(x),
        view(x[3:-1:1, 8:-1:1], 3:-1:1, 8:-1:1), reshape(view(wide, 2:4, 3:2:17), 3, 8),
        reinterpret(Float64, reinterpret(Int64, x)), view(x, [1, 2, 3], :), view(permutedims(x), :, 1:3)',
    )
        @test own == x
        @test product(own, y, b) ≈ D * b
        X = vi(own)
        @test gradient(exp.(-sqdist(X, vj(y))), X, ones(8)) ≈ gradient(exp.(-sqdist(vi(x), vj(y))), vi(x), ones(8))
    end
    # Matrices of other kinds are copied.
    for own in (Symmetric(y[:, 1:3]), Diagonal([1, 2, 3]), UpperTriangular(y[:, 1:3]), transpose(view(y, :, 1:3)))
        @test sum(vi(own); dims=2) ≈ own
    end
    parts = complex.(numbers(4), numbers(4; seed=2))
    @test sum(vi(reinterpret(Float64, reshape(parts, 1, 4))); dims=2) == [real(parts) imag(parts)]'
    @test sum(vi(parts'); dims=2) == conj(parts)
    stepped = zeros(18)
    stepped[2:2:18] = b
    for own in (view(stepped, 2:2:18), view(reverse(b), 9:-1:1), reshape(b, 9, 1)[:, 1])
        @test product(x, y, own) ≈ D * b
    end
    @test vec(sqdist(vi(1:4), vj(0:0)) * [1]) ≈ (1:4) .^ 2
    # A row is three points of one component each.
    @test sum(vi([1, 2, 3]') .* vj([2.0]); dims=2) == [2.0, 4.0, 6.0]
    # Nothing is copied: what is written later is read.
    own = copy(x)
    K = exp.(-sqdist(vi(own), vj(y)))
    own .= 0
    @test K * b ≈ exp.(-squares(own, y)) * b
end

@testset "formats" begin
    for T in (Float32, Float64), S in (Float32, Float64)
        found = product(T.(x), y, S.(b))
        @test eltype(found) == Float64
        found = product(T.(x), T.(y), S.(b))
        @test eltype(found) == promote_type(T, S)
        @test isapprox(found, D * b; rtol=1e-5)
    end
    @test eltype(exp.(-sqdist(vi(Float32.(x)), vj(Float32.(y))) ./ 2.0) * Float32.(b)) == Float32
    @test eltype(product(Float16.(x), Float16.(y), Float16.(b))) == Float32
    found = sum(vi(Complex{Float16}[1+2im, 3]) .* vj(Float32[1, 1]); dims=2)
    @test found == ComplexF32[2+4im, 6]
    @test eltype(found) == ComplexF32
    for T in (Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Int128, BigInt, BigFloat, Rational{Int})
        own = T[1, 2, 3]
        found = sum(vi(own) .* vj([0.5, 1.0]); dims=2)
        @test found == [1.5, 3.0, 4.5]
        @test sum(vi(own) .+ vj(own); dims=2) isa Vector{Float64}
    end
    for own in ([true, false, true], BitVector([true, false, true]))
        @test sum(vi(own) .* vj([2.0]); dims=2) == [2.0, 0.0, 2.0]
    end
    k = keops_kernel("x*p", "x = Vi(1)", "p = Pm(1)")
    @test k(Float32[1, 2], 0.5) isa Vector{Float32}
    @test k([1, 2], 1 // 2) == [0.5, 1.0]
    @test k(Float32[1, 2], [0.5]) isa Vector{Float64}
end

@testset "complex numbers" begin
    for T in (ComplexF32, ComplexF64)
        u, v = T.(complex.(numbers(4), numbers(4; seed=2))), T.(complex.(numbers(5; seed=3), numbers(5; seed=4)))
        K = vi(u) .* conj.(vj(v))
        C = u .* v'
        c = T.(complex.(numbers(5; seed=5), numbers(5; seed=6)))
        @test eltype(K) == T
        @test Matrix(K) ≈ C
        @test K * c ≈ C * c
        @test K * real(c) ≈ C * real(c)
        @test K' * u ≈ C' * u
        @test transpose(K) * u ≈ transpose(C) * u
        @test sum(K; dims=1) ≈ vec(sum(C; dims=1))
        @test sum(abs.(K); dims=2) ≈ vec(sum(abs.(C); dims=2))
        @test Matrix(exp.(vi(u) .+ 2im)) ≈ reshape(exp.(u .+ 2im), :, 1)
        # In place, columns of a matrix too.
        result = zeros(T, 4, 2)
        @test mul!(result, K, [c 2c]) ≈ C * [c 2c]
    end
    @test eltype(vi([1 + 2im, 3im])) == ComplexF64
    k = keops_kernel("ComplexMult(AsComplex(x),AsComplex(y))", "x = Vi(2)", "y = Vj(2)")
    @test k([1 + 2im], [3 - 1im]) ≈ [(1 + 2im) * (3 - 1im)]
end

@testset "sizes" begin
    @test product(x[:, 1:1], y[:, 1:1], b[1:1]) ≈ D[1:1, 1:1] * b[1:1]
    @test keops_kernel("SqDist(x,y)", "x = Vi(3)", "y = Vj(3)")(zeros(3, 0), zeros(3, 0)) == Float64[]
    @test isequal(product(x, y, [NaN; b[2:end]]), fill(NaN, 8)) && all(isequal(Inf), product(x, y, fill(Inf, 9)))
    @test isequal(sum(vi([Inf]) - vj([Inf]); dims=2), [NaN])
    @test product(zeros(3, 0), y, b) == Float64[]
    @test product(x, zeros(3, 0), Float64[]) == zeros(8)
    @test size(exp.(-sqdist(vi(zeros(3, 0)), vj(y)))) == (0, 9)
    @test Matrix(sqdist(vi(zeros(3, 0)), vj(y))) == zeros(0, 9)
    @test argmin(sqdist(vi(x), vj(zeros(3, 0))); dims=2) == zeros(8)
    @test argkmin(sqdist(vi(x), vj(y[:, 1:2])), 3; dims=2)[3, :] == zeros(8)
    @test all(isinf, kmin(sqdist(vi(x), vj(y[:, 1:2])), 3; dims=2)[3, :])
end
