# The founding program: the squared norm of a vector field, and its gradients, on real points.
#
#     H(q, p) = 1/2 <p, K(q,q) p>,    K(q,q)[i,j] = exp(-|q_i - q_j|^2 / (2 s^2))
#
# q are points in three dimensions, p a momentum at each. H is the Hamiltonian of landmark matching: its gradients are
# the velocities (in p) and the forces (in q). The matrix K has a number for each pair of points and is never stored.
#
# On the 1839 vertices of a rabbit in float64, and on colours of a photograph in float32; some rows are compared with a
# dense evaluation. With all 262144 colours this is what examples/c/kernel_norm.c computes, with the same momenta.
#
#     julia --project=bindings/julia examples/julia/kernel_norm.jl [folder of the data files [number of colours]]

using LinearAlgebra, Printf
using RKeOps

const folder = length(ARGS) > 0 ? ARGS[1] : joinpath(@__DIR__, "..", "data")
const colours = length(ARGS) > 1 ? parse(Int, ARGS[2]) : 32768

# Pseudo-random momenta, those of the program in C.
function momenta(::Type{T}, points) where {T}
    p = Matrix{T}(undef, 3, points)
    state = UInt64(1)
    for place in eachindex(p)
        state = state * 6364136223846793005 + 1442695040888963407
        p[place] = (state >> 11) / 2.0^52 - 1
    end
    return p
end

# K p, which is the gradient in p, and the gradient in q. Each point is x_i in some pairs and x_j in others: the
# gradient in the array is the sum of both, and the factor 1/2 of H undoes that each pair is there twice.
function evaluate(q::Matrix{T}, p::Matrix{T}, s) where {T}
    K = exp.(-sqdist(vi(q), vj(q)) / (2s^2))
    velocity = sum(K .* vj(p); dims=2)
    force = gradient(K .* dot(vi(p), vj(p)), q) ./ 2
    return velocity, force
end

# Some columns of both, in float64.
function dense(q, p, s, chosen)
    velocity, force = zeros(3, length(chosen)), zeros(3, length(chosen))
    for (column, i) in enumerate(chosen), j in axes(q, 2)
        difference = q[:, i] .- q[:, j]
        k = exp(-sum(abs2, difference) / (2s^2))
        velocity[:, column] .+= k .* p[:, j]
        force[:, column] .-= k * dot(p[:, i], p[:, j]) / s^2 .* difference
    end
    return velocity, force
end

relative(found, wanted) = maximum(abs.(found .- wanted)) / maximum(abs.(wanted))

function show_results(name, q::Matrix{T}, s, tolerance) where {T}
    n = size(q, 2)
    p = momenta(T, n)
    @printf("%s: %d points, %s, s = %g\n", name, n, T, s)
    seconds = @elapsed (velocity, force) = evaluate(q, p, s)
    @printf("  H                %.10g\n", dot(Float64.(p), Float64.(velocity)) / 2)
    @printf("  |gradient in q|  %.6g\n  |gradient in p|  %.6g\n", norm(force), norm(velocity))
    @printf("  three passes over %.3g pairs took %.3g s, with the time to compile\n", Float64(n)^2, seconds)
    chosen = round.(Int, range(1, n; length=64))
    wanted = dense(Float64.(q), Float64.(p), s, chosen)
    error = max(relative(velocity[:, chosen], wanted[1]), relative(force[:, chosen], wanted[2]))
    @printf("  relative error   %.2g against dense rows (%d)", error, length(chosen))
    @printf(", at most %.0e is allowed\n", tolerance)
    error <= tolerance || Base.error("the error is too large")
end

lines = readlines(joinpath(folder, "bunny.csv"))[2:end]
bunny = hcat([parse.(Float64, split(line, ',')) for line in lines]...)
show_results("bunny", bunny, 0.2, 1e-12)

bytes = reshape(read(joinpath(folder, "astronaut_rgb_262144x3.u8")), 3, :)
# From one corner to the other, so that few colours are those of the whole picture.
picture = Float32.(bytes[:, round.(Int, range(1, size(bytes, 2); length=colours))]) ./ 255
show_results("astronaut", picture, 0.1, 1e-5)
