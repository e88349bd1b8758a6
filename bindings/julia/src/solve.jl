# Linear systems by conjugate gradients.

# rkeops_solve_options
struct SolveOptions
    size::Csize_t
    alpha::Cdouble
    tolerance::Cdouble
    iterations::UInt64
    progress::Ptr{Cvoid}
    progress_user::Ptr{Cvoid}
end

# rkeops_solution
struct Solution
    iterations::UInt64
    residual::Cdouble
end

function solver_of(reduction::Reduction, unknown, ::Type{T}) where {T}
    out = new_pointer()
    check(ccall(
        functions.solver_create, Ptr{Cvoid}, (Ptr{Cvoid}, Csize_t, Ptr{RunOptions}, Ptr{Ptr{Cvoid}}),
        reduction, unknown, Ref(compile_options(8 * sizeof(T), current_options[].compilation)), out,
    ))
    return Solver(out[])
end

function not_negative(name, value)
    value isa Real && isfinite(value) && value >= 0 && return Float64(value)
    throw(ArgumentError("$name: expected a number, 0 or more, got $(words(value))"))
end

# Solves for described arrays, of which the last one is the result.
function execute(solver::Solver, call::Call, ranges, alpha, tolerance, iterations)
    iterations isa Integer && 0 <= iterations <= typemax(Int64) ||
        throw(ArgumentError("iterations: expected a whole number, 0 or more, got $(words(iterations))"))
    numbers = not_negative("alpha", alpha), not_negative("tolerance", tolerance)
    options = current_options[]
    own = Watch(options.progress)
    pairs = Watch(nothing)
    inputs = length(call.arrays) - 1
    solution = Ref(Solution(0, 0))
    on_iteration = @cfunction(watch_iteration, Int32, (UInt64, Cdouble, Ptr{Cvoid}))
    on_pairs = @cfunction(watch_pairs, Int32, (UInt64, UInt64, Ptr{Cvoid}))
    GC.@preserve call own pairs ranges begin
        user = pointer_from_objref(own)
        solve = Ref(SolveOptions(sizeof(SolveOptions), numbers..., iterations, on_iteration, user))
        run = Ref(run_options(options.threads, options.device, on_pairs, pointer_from_objref(pairs), ranges))
        error = Base.disable_sigint() do
            ccall(
                functions.solver_run, Ptr{Cvoid},
                (Ptr{Cvoid}, Ptr{ArrayDescription}, Csize_t, Ptr{ArrayDescription}, Ptr{SolveOptions}, Ptr{RunOptions},
                 Ptr{Solution}),
                solver, call.arrays, inputs, pointer(call.arrays, inputs + 1), solve, run, solution,
            )
        end
    end
    finish(error, pairs.has_failed ? pairs : own)
    return (iterations=Int(solution[].iterations), residual=solution[].residual)
end

"""
    solve(K, b; alpha=1e-10, tolerance=1e-6, iterations=0, details=false)

Solves `(K + alpha I) x = b` by conjugate gradients, for a symmetric, positive definite `K`, a [`LazyTensor`](@ref) of
real numbers that is never stored: kernel regression, kriging. `K \\ b` does so with these defaults. A column of `b` is
solved when the root mean square of its residual is at most `tolerance`; `iterations` are the most that are made, and 0
stands for ten for each row, and ten. With `details` the result is a named tuple `(x, iterations, residual)`.
"""
function solve(K::LazyTensor, b::NumberArray; alpha=1e-10, tolerance=1e-6, iterations=0, details=false)
    size(K, 1) == size(K, 2) || throw(DimensionMismatch(
        "K: expected a matrix with as many rows as columns, got $(size(K, 1)) × $(size(K, 2))",
    ))
    is_complex(K) &&
        throw(RKeOpsError(:unsupported, 13, "K: expected a matrix of real numbers, got one of complex ones"))
    eltype(b) <: Complex &&
        throw(RKeOpsError(:unsupported, 13, "b: expected real numbers, got complex ones: solve for both parts"))
    components(K) == 1 || throw(DimensionMismatch("K: expected entries of one number, got $(components(K))"))
    check_factor(K, b)
    own, T, columns = K.arguments, product_type(K, b), product_columns(b)
    count = length(own.values)
    solver = remembered(K.formula.compiled, purpose(:solver, T; position=count, columns=columns)) do
        product = apply("Mult", [K.formula, variable(count, columns, category_j)])
        solver_of(make_reduction("Sum", product, 2), count, T)
    end::Solver
    right = readable(b, "b")
    x = Array{T}(undef, product_size(K, b))
    values = run_values(T, own, count)
    call = Call(count + 2, max(2, ndims(x)))
    told = GC.@preserve values right x begin
        describe_all!(call, own.kinds, values)
        describe_points!(call, count + 1, as_points(right))
        describe_points!(call, count + 2, as_points(x))
        execute(solver, call, own.ranges, alpha, tolerance, iterations)
    end
    return details ? (x=x, told...) : x
end

solve(K::LazyTensor, b; options...) =
    throw(ArgumentError("b: expected a vector or a matrix of numbers, got $(words(b))"))

Base.:\(K::LazyTensor, b::NumberArray) = solve(K, b)

"""
    keops_solver(k, unknown)

A function that solves `(K + alpha I) x = b` where `K x` is a function made by [`keops_kernel`](@ref), a sum that is
linear in the argument `unknown`: it takes the same arguments, with `b` in the place of the unknown, and the options of
[`solve`](@ref).
"""
function keops_solver(k::KeopsKernel, unknown)
    position = argument_position(k, unknown)
    solver(T) = remembered(k.compiled, purpose(:solver, T; position=position)) do
        solver_of(reduction_of(k), position - 1, T)
    end::Solver
    solver(Float64)
    return function (arguments...; ranges=nothing, alpha=1e-10, tolerance=1e-6, iterations=0, details=false)
        length(arguments) == length(k.inputs) || refuse_number(k.names, arguments)
        T = computed(arguments)
        values = prepared(T, k.inputs, k.names, 1, arguments)
        rows = counted(k.inputs, k.names, 1, values, (-1, -1))
        batch = batch_of_all(k.names, 1, values)
        x = new_result(T, k.inputs[position].columns, extent(rows[3-k.dims]), batch)
        call = Call(length(values) + 1, 2 + length(batch))
        told = GC.@preserve values x begin
            describe_all!(call, k.inputs, values)
            describe_points!(call, length(values) + 1, x)
            execute(solver(T), call, checked_ranges(ranges, rows), alpha, tolerance, iterations)
        end
        return details ? (x=x, told...) : x
    end
end
