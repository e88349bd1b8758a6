# Measures the package: what a warm call costs beyond the library's own, a Gaussian product against that call and
# against a loop in Julia, and memory over many calls. What is compared takes turns, so that all see the machine in the
# same states; medians are told.
#
#     JULIA_NUM_THREADS=auto julia --project=bindings/julia bindings/julia/benchmark.jl [points]

using LinearAlgebra, Printf
using RKeOps
using RKeOps: Call, describe_all!, describe_points!, kernel_for, functions, ArrayDescription

const points = length(ARGS) > 0 ? parse(Int, ARGS[1]) : 20_000

median(values) = sort(values)[(length(values)+1)÷2]

# Microseconds of a call of each function.
function all_in_turn(calls; rounds=300, repetitions=20)
    foreach(call -> call(), calls)
    times = [microseconds(call, repetitions) for call in calls, _ in 1:rounds]
    return [median(times[k, :]) for k in eachindex(calls)]
end

@noinline function microseconds(call, repetitions)
    start = time_ns()
    for _ in 1:repetitions
        call()
    end
    return (time_ns() - start) / repetitions / 1e3
end

# Times of two functions in turn.
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
function library_call(x::Matrix{T}, y, b) where {T}
    compiled = kernel_for(kernel, T)
    result = Vector{T}(undef, size(x, 2))
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

function small_calls(::Type{T}, n) where {T}
    x, y, b = rand(T, 3, n), rand(T, 3, n), rand(T, n)
    K = exp.(-sqdist(vi(x), vj(y)))
    result = zeros(T, n)
    rows = (
        "function of a formula" => () -> kernel(x, y, b),
        "K * b" => () -> K * b,
        "mul!(y, K, b)" => () -> mul!(result, K, b),
        "sum(K; dims=2)" => () -> sum(K; dims=2),
        "tensors made each time" => () -> gaussian(x, y, b),
    )
    times = all_in_turn(Function[library_call(x, y, b), map(last, rows)...])
    @printf("N = %d, %s: the library's call takes %.2f us\n", n, T, times[1])
    for ((name, call), time) in zip(rows, times[2:end])
        @printf("    %-24s %6.2f us, %5.2f more, %5d bytes\n", name, time, time - times[1], @allocated(call()))
    end
end

resident() = parse(Int, split(read("/proc/self/statm", String))[2]) * 4 / 1024

function main()
    println("Julia ", VERSION, ", ", Threads.nthreads(), " threads")
    for T in (Float32, Float64), n in (4, 100)
        small_calls(T, n)
    end

    x, y, b = rand(3, points), rand(3, points), rand(points)
    own = library_call(x, y, b)
    ours, theirs = in_turn(() -> kernel(x, y, b), own)
    @printf("N = %d: a function of a formula takes %.4f s\n", points, ours)
    @printf("    the library's call       %.4f s, ratio %.4f\n", theirs, ours / theirs)
    rows = permutedims(y)
    output = zeros(points)
    ours, theirs = in_turn(() -> kernel(x, y, b), () -> loop!(output, x, rows, b); rounds=5)
    @assert output ≈ kernel(x, y, b)
    @printf("    a loop in Julia          %.4f s, ratio %.2f\n", theirs, theirs / ours)

    x, y, b = rand(3, 100), rand(3, 100), rand(100)
    K = exp.(-sqdist(vi(x), vj(y)))
    calls(n) = for _ in 1:n
        kernel(x, y, b)
        K * b
        gaussian(x, y, b)
    end
    calls(10_000)
    GC.gc()
    before = resident()
    calls(100_000)
    GC.gc()
    @printf("memory before and after 100000 calls of each of three: %.1f and %.1f MiB\n", before, resident())
end

main()
