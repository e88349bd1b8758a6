# Operators and functions with dots do what they do with matrices of numbers.

u, v = numbers(6), numbers(5; seed=2)
U, V = vi(u), vj(v)
positive = vi(abs.(u) .+ 0.1)
p = reshape(abs.(u) .+ 0.1, :, 1)
row = v'

@testset "operators" begin
    @test Matrix(U + V) ≈ u .+ row && Matrix(U .+ V) ≈ u .+ row
    @test Matrix(U - V) ≈ u .- row && Matrix(-U) ≈ reshape(-u, :, 1) && Matrix(+U) ≈ reshape(u, :, 1)
    @test Matrix(U .* V) ≈ u .* row
    @test Matrix(U ./ V) ≈ u ./ row
    @test Matrix(U .\ V) ≈ u .\ row
    @test Matrix(2U) ≈ Matrix(U * 2) ≈ reshape(2u, :, 1)
    @test Matrix(U / 4) ≈ Matrix(4 \ U) ≈ reshape(u ./ 4, :, 1)
    @test Matrix(1 - U) ≈ reshape(1 .- u, :, 1)
    @test Matrix(U .^ 2) ≈ reshape(u .^ 2, :, 1)
    @test Matrix(U .^ 3 .+ U .^ -1) ≈ reshape(u .^ 3 .+ u .^ -1, :, 1)
    n = 4
    @test Matrix(U .^ n) ≈ reshape(u .^ 4, :, 1)
    for power in (0.5, -0.5, 1.7)
        @test Matrix(positive .^ power) ≈ p .^ power
    end
    @test Matrix(positive .^ V) ≈ p .^ row && Matrix(2 .^ V) ≈ 2 .^ row
    for f in (<, <=, >, >=, ==, !=)
        @test Matrix(f.(U, V)) == f.(u, row) && Matrix(f.(U, 0.25)) == reshape(f.(u, 0.25), :, 1)
        @test Matrix(f.(0.25, V)) == f.(0.25, row)
    end
    @test Matrix((U .> 0) .& (V .> 0)) == (u .> 0) .& (row .> 0)
    @test Matrix((U .> 0) .| (V .> 0)) == (u .> 0) .| (row .> 0)
    @test Matrix(.!(U .> V)) == .!(u .> row)
    @test Matrix(ifelse.(U .> V, U, 2)) ≈ ifelse.(u .> row, u, 2)
    # Parts of one expression that are of numbers alone.
    @test Matrix(exp.(-(2 .* [0.5]) .* (U .- V) .^ 2)) ≈ exp.(-(u .- row) .^ 2)
end

@testset "functions" begin
    for f in (exp, exp2, exp10, expm1, abs, abs2, sign, floor, ceil, trunc, sin, cos, tan, asin, acos, atan, sinh, cosh,
              tanh, asinh, atanh, cbrt, sinc, inv, sigmoid, softplus, relu, real, imag, angle, conj, isnan, zero, one,
              identity)
        @test isapprox(Matrix(f.(U)), reshape(f.(u), :, 1); rtol=1e-13)
    end
    for f in (log, log2, log10, log1p, sqrt, rsqrt, xlogx)
        @test isapprox(Matrix(f.(positive)), f.(p); rtol=1e-13)
    end
    @test Matrix(acosh.(positive .+ 1)) ≈ acosh.(p .+ 1)
    for f in (max, min, mod, rem, atan, hypot)
        @test Matrix(f.(U, V)) ≈ f.(u, row) && Matrix(f.(U, 0.3)) ≈ reshape(f.(u, 0.3), :, 1)
    end
    @test isequal(Matrix(max.(vi([NaN, 1, 2]), vj([NaN, 1.5]))), max.([NaN, 1, 2], [NaN 1.5]))
    @test isequal(Matrix(min.(vi([Inf, -Inf, 2]), vj([Inf, NaN, 1.5]))), min.([Inf, -Inf, 2], [Inf NaN 1.5]))
    halves = -3:0.5:3
    @test Matrix(round.(vi(halves))) == reshape(round.(halves), :, 1)
    large = Float32[8388609, 8388611, 16777215, -8388609]
    @test vec(Matrix(round.(vi(large)))) == large
    place = [0]
    first_component = operation("Elem", vi([1.0 2; 3 4]); parameters=place)
    place[1] = 1
    second_component = operation("Elem", vi([1.0 2; 3 4]); parameters=place)
    @test vec(Matrix(first_component)) == [1, 2] && vec(Matrix(second_component)) == [3, 4]
    @test Matrix(fld.(U, V)) == fld.(u, row) && Matrix(div.(U, V)) == div.(u, row)
    @test Matrix(clamp.(U, -0.2, 0.3)) ≈ reshape(clamp.(u, -0.2, 0.3), :, 1)
    @test Matrix(log.(3, positive)) ≈ log.(3, p)
    @test Matrix(cis.(U)) ≈ reshape(cis.(u), :, 1)
    @test Matrix(complex.(U, V)) ≈ complex.(u, row)
    @test Matrix(operation("Softplus", U)) ≈ reshape(softplus.(u), :, 1)
    # A function of the user's.
    own(d) = 1 / (1 + d^2) + max(d, 0)
    @test Matrix(own.(U .- V)) ≈ own.(u .- row)
    @test Matrix((d -> exp(-d)).(U)) ≈ reshape(exp.(-u), :, 1)
    # Functions with names of this package are functions of numbers too.
    @test relu(-1) == 0 && sigmoid(0) == 0.5 && xlogx(0) == 0 && rsqrt(4) == 0.5
end

@testset "vectors" begin
    x, y = numbers(3, 6), numbers(3, 5; seed=2)
    X, Y = vi(x), vj(y)
    pairs(f) = [f(x[:, i], y[:, j]) for i in 1:6, j in 1:5]
    @test Matrix(sqdist(X, Y)) ≈ squares(x, y)
    @test Matrix(norm2(X - Y)) ≈ sqrt.(squares(x, y)) && Matrix(sqnorm2(X - Y)) ≈ squares(x, y)
    @test Matrix(dot(X, Y)) ≈ x' * y
    @test Matrix(sqdist(X, [1, 2, 3])) ≈ squares(x, reshape([1, 2, 3], 3, 1))
    @test Matrix(weightedsqdist(X, Y, [1, 2, 3])) ≈ pairs((a, b) -> dot([1, 2, 3], abs2.(a - b)))
    @test Matrix(weightedsqnorm(X - Y, 2)) ≈ 2 * squares(x, y)
    @test Array(normalize(X))[:, 2, 1] ≈ normalize(x[:, 2])
    A = [1.0 2 3; 4 5 6]
    @test Array(matvecmult(pm(A), X))[:, :, 1] ≈ A * x
    @test Array(vecmatmult([1, 2], pm(A)))[:, 1, 1] ≈ A' * [1, 2]
    @test Array(tensorprod(X, Y))[:, 2, 3] ≈ vec(y[:, 3] * x[:, 2]')
    @test Array(concat(X, Y, [9]))[:, 2, 3] ≈ [x[:, 2]; y[:, 3]; 9]
    @test Matrix(elem(X, 2)) ≈ reshape(x[2, :], :, 1) && Array(extract(X, 2:3))[:, :, 1] ≈ x[2:3, :]
    @test Array(onehot(vi([2, 3]), 3))[:, :, 1] == [0 0; 1 0; 0 1]
end
