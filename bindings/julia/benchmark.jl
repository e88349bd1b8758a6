# Measures the package: warm calls, a Gaussian product against the library's function and against a loop in Julia, and
# memory over many calls. Figures are medians.
#
#     JULIA_NUM_THREADS=auto julia --project=bindings/julia bindings/julia/benchmark.jl [points]

using LinearAlgebra, Printf
using RKeOps
using RKeOps: Call, describe_all!, describe_points!, kernel_for, functions, ArrayDescription

const points = length(ARGS) > 0 ? parse(Int, ARGS[1]) : 20_000

median(values) = sort(values)[(length(values)+1)÷2]

# The median time of a call, of several rounds of some calls each.
function seconds(f; rounds=15, calls=1)
    f()
    repeated() = for _ in 1:calls
        f()
    end
    return median([@elapsed(repeated()) / calls for _ in 1:rounds])
end

# Times of two functions in turn, so that both see the machine in the same states.
function in_turn(f, g; rounds=15)
    f(), g()
    times = [(@elapsed(f()), @elapsed(g())) for _ in 1:rounds]
    return median(first.(times)), median(last.(times))
end

gaussian(x, y, b) = exp.(-sqdist(vi(x), vj(y))) * b
const kernel = keops_kernel("Exp(-SqDist(x,y))*b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)")

# What a program in Julia would do without the package.
function loop!(result, x, y, b)
    Threads.@threads for i in axes(x, 2)
        @inbounds x1, x2, x3 = x[1, i], x[2, i], x[3, i]
        total = 0.0
        @inbounds @simd for j in axes(y, 1)
            total += exp(-((x1 - y[j, 1])^2 + (x2 - y[j, 2])^2 + (x3 - y[j, 3])^2)) * b[j]
        end
        @inbounds result[i] = total
    end
    return result
end

# The call of the library alone, with everything described before.
function library_call(x, y, b)
    compiled = kernel_for(kernel, Float64)
    result = Vector{Float64}(undef, size(x, 2))
    call = Call(4, 2)
    describe_all!(call, compiled.inputs, (x, y, b))
    describe_points!(call, 4, result)
    return function ()
        GC.@preserve x y b result call begin
            error = ccall(
                functions.kernel_run, Ptr{Cvoid},
                (Ptr{Cvoid}, Ptr{ArrayDescription}, Csize_t, Ptr{ArrayDescription}, Csize_t, Ptr{Cvoid}),
                compiled.handle, call.arrays, 3, pointer(call.arrays, 4), 1, C_NULL,
            )
            error == C_NULL || Base.error("the run failed")
        end
        return result
    end
end

resident() = parse(Int, split(read("/proc/self/statm", String))[2]) * 4 / 1024

function main()
    println("Julia ", VERSION, ", ", Threads.nthreads(), " threads")
    x, y, b = rand(3, 100), rand(3, 100), rand(100)
    K = exp.(-sqdist(vi(x), vj(y)))
    result = zeros(100)
    @printf("N = 100, function of a formula    %8.2f us\n", 1e6 * seconds(() -> kernel(x, y, b); calls=2000))
    @printf("N = 100, K * b                    %8.2f us\n", 1e6 * seconds(() -> K * b; calls=2000))
    @printf("N = 100, mul!(y, K, b)            %8.2f us\n", 1e6 * seconds(() -> mul!(result, K, b); calls=2000))
    @printf("N = 100, the library's call       %8.2f us\n", 1e6 * seconds(library_call(x, y, b); calls=2000))
    @printf("N = 100, tensors made each time   %8.2f us\n", 1e6 * seconds(() -> gaussian(x, y, b); calls=500))

    x, y, b = rand(3, points), rand(3, points), rand(points)
    own = library_call(x, y, b)
    ours, theirs = in_turn(() -> kernel(x, y, b), own)
    @printf("N = %d, function of a formula  %8.4f s, the library's call %8.4f s, ratio %.4f\n", points, ours, theirs, ours / theirs)
    rows = permutedims(y)
    output = zeros(points)
    ours, theirs = in_turn(() -> kernel(x, y, b), () -> loop!(output, x, rows, b); rounds=5)
    @assert output ≈ kernel(x, y, b)
    @printf("N = %d, function of a formula  %8.4f s, a loop in Julia    %8.4f s, ratio %.2f\n", points, ours, theirs, theirs / ours)

    x, y, b = rand(3, 100), rand(3, 100), rand(100)
    calls(n) = for _ in 1:n
        kernel(x, y, b)
        K * b
    end
    calls(10_000)
    GC.gc()
    before = resident()
    calls(100_000)
    GC.gc()
    @printf("memory before and after 100000 calls of each of two: %.1f and %.1f MiB\n", before, resident())
end

main()
