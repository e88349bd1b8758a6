# What holds for all calls that follow: where and how numbers are computed.

const targets = (auto=0, portable=1, avx2=2, avx512=3, cuda=4)
const summations = (auto=0, direct=1, block=2, compensated=3)

# Everything that a compilation depends on, but the number format, which comes from the data.
struct Compilation
    target::Int32
    accumulator_bits::Int32
    summation::Int32
    allow_tf32::Int32
end

struct Options
    compilation::Compilation
    threads::Int32
    device::Int32
    progress::Any
end

const default_options = Options(Compilation(0, 0, 0, 0), 0, 0, nothing)

const current_options = Ref(default_options)

function choice(name, value, choices)
    value isa Symbol && haskey(choices, value) && return Int32(choices[value])
    throw(ArgumentError("$name: expected one of $(join(map(repr, keys(choices)), ", ")), got $(words(value))"))
end

function whole(name, value, low, high)
    value isa Integer && low <= value <= high && return Int32(value)
    throw(ArgumentError("$name: expected a whole number from $low to $high, got $(words(value))"))
end

function merged(old::Options; target=nothing, summation=nothing, accumulator=nothing, allow_tf32=nothing,
                threads=nothing, device=nothing, progress=missing)
    own = old.compilation
    accumulator in (nothing, :auto, Float32, Float64) ||
        throw(ArgumentError("accumulator: expected :auto, Float32 or Float64, got $(words(accumulator))"))
    allow_tf32 isa Union{Nothing,Bool} ||
        throw(ArgumentError("allow_tf32: expected true or false, got $(words(allow_tf32))"))
    compilation = Compilation(
        target === nothing ? own.target : choice("target", target, targets),
        accumulator === nothing ? own.accumulator_bits : accumulator === :auto ? 0 : 8 * sizeof(accumulator),
        summation === nothing ? own.summation : choice("summation", summation, summations),
        allow_tf32 === nothing ? own.allow_tf32 : allow_tf32,
    )
    return Options(
        compilation,
        threads === nothing ? old.threads : whole("threads", threads, 0, typemax(Int32)),
        device === nothing ? old.device : whole("device", device, -1, typemax(Int32)),
        progress === missing ? old.progress : progress,
    )
end

"""
    set_options!(; target, summation, accumulator, allow_tf32, threads, device, progress)

Sets options for all calls that follow, and leaves those that are not named.

- `target`: `:auto`, `:portable`, `:avx2`, `:avx512` or `:cuda` (arrays are copied to an NVIDIA GPU and back)
- `summation`: `:auto`, `:direct`, `:block` or `:compensated`
- `accumulator`: `:auto`, `Float32` or `Float64`, the format in which sums are added
- `allow_tf32`: whether tensor cores of a GPU may round factors
- `threads`: how many threads a run takes; 0 for as many as there are
- `device`: the number of a GPU, from 0 on, or -1 for all
- `progress`: `nothing`, or a function `(done, total)` that is called now and then; for [`solve`](@ref) with the number
  of the iteration and the residual. What it throws ends the run.
"""
function set_options!(; options...)
    current_options[] = merged(current_options[]; options...)
    return nothing
end

"""
    with_options(f; options...)

Calls `f()` with options as [`set_options!`](@ref) has them, and sets back what was set before. Options are those of the
whole process: other tasks see them too.
"""
function with_options(f; options...)
    before = current_options[]
    current_options[] = merged(before; options...)
    try
        return f()
    finally
        current_options[] = before
    end
end

"""
    doctor()

What the library found on this machine, in words: processor, threads, GPU.
"""
function doctor()
    text = Ref{Ptr{Cvoid}}(C_NULL)
    check(ccall(library().doctor, Ptr{Cvoid}, (Ptr{Ptr{Cvoid}},), text))
    return take_text(text[])
end

"The version of the library."
library_version() = VersionNumber(unsafe_string(ccall(library().version, Cstring, ())))
