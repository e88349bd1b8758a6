# Kernel ridge regression: a smooth function is learnt from noisy values at scattered points.
#
#     (K + alpha I) w = values,    K[i,j] = k(x_i, x_j) = exp(-|x_i - x_j|^2 / (2 s^2)),    f(x) = sum_j k(x, x_j) w_j
#
# K is never stored: conjugate gradients need only its products. The weights are compared with those of a dense system
# on the first points, and the function learnt with the one that the values come from.
#
#     julia --project=bindings/julia examples/julia/kernel_regression.jl [number of points]

using LinearAlgebra, Printf, Random
using RKeOps

const points = length(ARGS) > 0 && all(isdigit, ARGS[1]) ? parse(Int, ARGS[1]) : 5_000
const s, alpha, noise = 0.1, 0.5, 0.1

truth(x) = sin(6x[1]) * cos(4x[2])
matrix(x, y) = exp.(-sqdist(vi(x), vj(y)) / (2s^2))

Random.seed!(1)
x = rand(2, points)
values = map(truth, eachcol(x)) .+ noise .* randn(points)

seconds = @elapsed (fit = solve(matrix(x, x), values; alpha=alpha, details=true))
@printf("%d points: %d iterations in %.2f s\n", points, fit.iterations, seconds)

elsewhere = 0.1 .+ 0.8 .* rand(2, 1000)
error = norm(matrix(elsewhere, x) * fit.x .- map(truth, eachcol(elsewhere))) / sqrt(1000)
@printf("root mean square error elsewhere: %.4f, noise in the values: %.2f\n", error, noise)
error < noise / 2 || Base.error("the error is too large")

# A system that is small enough for a dense one.
few = 1:min(points, 500)
dense = [exp(-sum(abs2, x[:, i] - x[:, j]) / (2s^2)) for i in few, j in few]
wanted = (dense + alpha * I) \ values[few]
found = solve(matrix(x[:, few], x[:, few]), values[few]; alpha=alpha, tolerance=1e-12)
@printf("relative error of the weights against a dense system: %.1e\n", norm(found - wanted) / norm(wanted))
isapprox(found, wanted; rtol=1e-8) || Base.error("the weights are wrong")
