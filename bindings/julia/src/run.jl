# Compiled kernels, and runs of them: interrupts, progress, results.

# rkeops_options
struct RunOptions
    size::Csize_t
    dtype_bits::Int32
    target::Int32
    threads::Int32
    device::Int32
    progress::Ptr{Cvoid}
    progress_user::Ptr{Cvoid}
    ranges::Ptr{Cvoid}
    accumulator_bits::Int32
    summation::Int32
    skipped::Ptr{Cvoid}
    stream::Ptr{Cvoid}
    workspace::Ptr{Cvoid}
    workspace_bytes::Csize_t
    allow_tf32::Int32
end

compile_options(bits, own::Compilation) = RunOptions(
    sizeof(RunOptions), bits, own.target, 0, 0, C_NULL, C_NULL, C_NULL, own.accumulator_bits, own.summation, C_NULL,
    C_NULL, C_NULL, 0, own.allow_tf32,
)

run_options(threads, device, progress, user, ranges) = RunOptions(
    sizeof(RunOptions), 0, 0, threads, device, progress, user, pointer_of(ranges), 0, 0, C_NULL, C_NULL, C_NULL, 0, 0,
)

# What an argument of a kernel is.
struct Input
    columns::Int
    category::Int32
end

struct Output
    columns::Int
    is_integer::Bool
    is_complex::Bool
end

struct CompiledKernel
    handle::Kernel
    inputs::Vector{Input}
    outputs::Vector{Output}
    # The index that is reduced: 1 for i, 2 for j.
    dims::Int
end

is_live(kernel::CompiledKernel) = is_live(kernel.handle)

function compiled(reductions::Vector{Reduction}, bits::Integer, compilation::Compilation)
    handles = Ptr{Cvoid}[live(one) for one in reductions]
    out = new_pointer()
    GC.@preserve reductions check(ccall(
        functions.kernel_compile, Ptr{Cvoid}, (Ptr{Ptr{Cvoid}}, Csize_t, Ptr{RunOptions}, Ptr{Ptr{Cvoid}}),
        handles, length(handles), Ref(compile_options(bits, compilation)), out,
    ))
    kernel = Kernel(out[])
    return CompiledKernel(kernel, inputs_of(kernel), outputs_of(kernel), axis_of(kernel) + 1)
end

function inputs_of(kernel::Kernel)
    columns, category = Ref{Int64}(0), Ref{Int32}(0)
    return map(0:asked(Csize_t, functions.kernel_input_count, kernel)-1) do position
        check(ccall(
            functions.kernel_input, Ptr{Cvoid}, (Ptr{Cvoid}, Csize_t, Ptr{Int64}, Ptr{Int32}),
            kernel, position, columns, category,
        ))
        Input(columns[], category[])
    end
end

function outputs_of(kernel::Kernel)
    columns, code, bits = Ref{Int64}(0), Ref{Int32}(0), Ref{Int32}(0)
    return map(0:asked(Csize_t, functions.kernel_output_count, kernel)-1) do position
        check(ccall(
            functions.kernel_output, Ptr{Cvoid}, (Ptr{Cvoid}, Csize_t, Ptr{Int64}, Ptr{Int32}, Ptr{Int32}),
            kernel, position, columns, code, bits,
        ))
        Output(columns[], code[] == dtype_code(Int64), code[] == dtype_code(ComplexF64))
    end
end

axis_of(kernel::Kernel) = asked(Int32, functions.kernel_axis, kernel)
explained(kernel::CompiledKernel) = asked_text(functions.kernel_explain, kernel.handle)

# Pairs from which on a run looks whether the user wants to stop it.
const many_pairs = 2^20

# What a run calls, and what that has thrown.
mutable struct Watch
    progress::Any
    has_failed::Bool
    exception::Any
end

Watch(progress) = Watch(progress, false, nothing)

# Called from the library, whose frames nothing may jump over: whatever is thrown, an interrupt too, is kept, and the
# run ends. Interrupts are put off during a run, and come where they are allowed again, which is inside the `try`.
function look(own::Watch, done, total)
    try
        Base.reenable_sigint() do
            own.progress === nothing || Base.invokelatest(own.progress, done, total)
        end
        return Int32(0)
    catch exception
        own.exception = exception
        own.has_failed = true
        return Int32(1)
    end
end

watch_pairs(done::UInt64, total::UInt64, user::Ptr{Cvoid}) =
    look(unsafe_pointer_to_objref(user)::Watch, Int(done), Int(total))::Int32

watch_iteration(iteration::UInt64, residual::Cdouble, user::Ptr{Cvoid}) =
    look(unsafe_pointer_to_objref(user)::Watch, Int(iteration), residual)::Int32

# Ends a run: by what a function of the user's has thrown, an interrupt, or the error of the library.
function finish(error::Ptr{Cvoid}, own::Watch)
    if own.has_failed
        ccall(functions.error_free, Cvoid, (Ptr{Cvoid},), error)
        throw(own.exception)
    end
    check(error)
end

# Runs a kernel on described arrays, which the caller keeps alive.
function execute(kernel::CompiledKernel, call::Call, pairs, ranges)
    options = current_options[]
    inputs = length(kernel.inputs)
    outputs = length(call.arrays) - inputs
    first_output = pointer(call.arrays, inputs + 1)
    is_plain = options.progress === nothing && options.threads == 0 && options.device == 0 && ranges === nothing
    if is_plain && pairs < many_pairs
        GC.@preserve call check(ccall(
            functions.kernel_run, Ptr{Cvoid},
            (Ptr{Cvoid}, Ptr{ArrayDescription}, Csize_t, Ptr{ArrayDescription}, Csize_t, Ptr{Cvoid}),
            kernel.handle, call.arrays, inputs, first_output, outputs, C_NULL,
        ))
        return nothing
    end
    own = Watch(options.progress)
    progress = @cfunction(watch_pairs, Int32, (UInt64, UInt64, Ptr{Cvoid}))
    GC.@preserve call own ranges begin
        run = Ref(run_options(options.threads, options.device, progress, pointer_from_objref(own), ranges))
        error = Base.disable_sigint() do
            ccall(
                functions.kernel_run, Ptr{Cvoid},
                (Ptr{Cvoid}, Ptr{ArrayDescription}, Csize_t, Ptr{ArrayDescription}, Csize_t, Ptr{RunOptions}),
                kernel.handle, call.arrays, inputs, first_output, outputs, run,
            )
        end
    end
    return finish(error, own)
end

# Results: a vector where there is one number for each point and no batch, else a column for each point.
new_result(::Type{T}, columns, rows, batch) where {T} =
    columns == 1 && isempty(batch) ? Vector{T}(undef, rows) : Array{T}(undef, columns, rows, batch...)

is_plain(output::Output) = !output.is_integer && !output.is_complex

function new_output(::Type{T}, output::Output, rows, batch) where {T}
    output.is_integer && return new_result(Int64, output.columns, rows, batch)
    output.is_complex && return new_result(Complex{T}, output.columns, rows, batch)
    return new_result(T, output.columns, rows, batch)
end

# Where no argument tells how many points there are, -1, there is one.
extent(n) = n < 0 ? 1 : n

# Runs a kernel on arrays that were prepared; gives all its results.
function run_kernel(::Type{T}, kernel::CompiledKernel, values, rows, batch, ranges=nothing) where {T}
    kept = extent(rows[3-kernel.dims])
    outputs = kernel.outputs
    if length(outputs) == 1 && is_plain(outputs[1])
        # What most results are, so that the compiler knows it.
        result = new_result(T, outputs[1].columns, kept, batch)
        run_into!(result, kernel, values, rows, batch, ranges)
        return (result,)
    end
    results = Tuple(new_output(T, output, kept, batch) for output in outputs)
    run_into!(results, kernel, values, rows, batch, ranges)
    return results
end

function run_into!(results, kernel::CompiledKernel, values, rows, batch, ranges)
    inputs = length(kernel.inputs)
    call = Call(inputs + length(kernel.outputs), 2 + length(batch))
    GC.@preserve values results begin
        describe_all!(call, kernel.inputs, values)
        describe_results!(call, inputs, results)
        execute(kernel, call, pairs_of(rows, batch), ranges)
    end
    return nothing
end

describe_results!(call, inputs, result::Array) = describe_points!(call, inputs + 1, result)
function describe_results!(call, inputs, results::Tuple)
    for (k, result) in enumerate(results)
        describe_points!(call, inputs + k, result)
    end
end

# How many pairs there are; a floating-point number, which does not overflow.
pairs_of(rows, batch) = Float64(extent(rows[1])) * extent(rows[2]) * prod(batch)

# Names of reductions whose results are places of the nearest: these are computed with their values, because only these
# tell where there are fewer than asked for.
with_values(name) = name in ("ArgKMin", "ArgKMax") ? "K" * name[5:end] * "_" * name : name

# The results of a reduction over index `dims` as Julia has them: places count from 1, and are 0 where there is none. A
# list of the nearest belongs to each of `components`, and has an axis of its own, behind these.
function finished(name, results::Tuple, dims, rows, components, ranges)
    if occursin("ArgK", name)
        values, places = results
        none = occursin("ArgKMin", name) ? Inf : -Inf
        places .= ifelse.(values .== none, 0, places .+ 1)
        results = (listed(values, components), listed(places, components))
        return startswith(name, "Arg") ? results[2] : results
    elseif occursin("Arg", name)
        places = results[end]
        places .+= 1
        extent(rows[dims]) == 0 && fill!(places, 0)
        ranges === nothing || clear_empty!(places, meets_something(ranges, dims, extent(rows[3-dims])))
    elseif name in ("KMin", "KMax")
        return listed(results[1], components)
    elseif name in ("Any", "All")
        return results[1] .!= 0
    end
    return length(results) == 1 ? results[1] : results
end

clear_empty!(places::AbstractVector, has_some) = places[.!has_some] .= 0
clear_empty!(places::AbstractArray, has_some) = selectdim(places, 2, .!has_some) .= 0

# Several values for each point: a row for each rank; of vectors their components come first.
function listed(values::AbstractArray, components)
    columns, rows, batch = values isa AbstractVector ? 1 : size(values, 1), points(values), batch_of(values)
    ranks = columns ÷ components
    return components == 1 ? reshape(values, ranks, rows, batch...) : reshape(values, components, ranks, rows, batch...)
end
