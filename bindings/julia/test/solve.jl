# Linear systems.

x, b = numbers(2, 30), numbers(30; seed=2)
K = exp.(-10 .* sqdist(vi(x), vj(x)))
D = exp.(-10 .* squares(x, x))

@test solve(K, b; alpha=0.1, tolerance=1e-12) ≈ (D + 0.1I) \ b
B = numbers(30, 3; seed=3)
@test solve(K, B; alpha=0.1, tolerance=1e-12) ≈ (D + 0.1I) \ B
@test (K + 0 .* K) \ b isa Vector{Float64}
@test isapprox(D * (K \ b), b; atol=1e-4)
told = solve(K, b; alpha=0.1, details=true)
@test told.iterations > 0 && told.residual <= 1e-6 && told.x isa Vector
@test solve(exp.(-10 .* sqdist(vi(Float32.(x)), vj(Float32.(x)))), Float32.(b); alpha=0.1) isa Vector{Float32}

k = keops_kernel("Exp(-10*SqDist(x,y))*b", "x = Vi(2)", "y = Vj(2)", "b = Vj(1)")
solver = keops_solver(k, "b")
@test solver(x, x, b; alpha=0.1, tolerance=1e-12) ≈ (D + 0.1I) \ b
@test solver(x, x, b; alpha=0.1, details=true).iterations > 0
# The right-hand side may be data of the matrix.
own = numbers(30)
S = exp.(-(vi(own) - vj(own)) .^ 2)
@test isapprox(S * solve(S, own; alpha=0.1) + 0.1 * solve(S, own; alpha=0.1), own; atol=1e-5)
