# Errors of the library as exceptions.

# What the library's codes are called, from code 1 on.
const error_kinds = (
    :syntax, :unknown_name, :arity, :dimension, :argument, :dtype, :shape, :stride, :device, :overlap, :size,
    :cancelled, :unsupported, :internal, :count, :handle, :convergence,
)

"""
    RKeOpsError(kind, code, message)

An error of the library: `kind` is one of `:syntax`, `:unknown_name`, `:arity`, `:dtype`, `:stride`, `:device`,
`:overlap`, `:size`, `:cancelled`, `:unsupported`, `:internal`, `:handle`, `:convergence` and `:library`, `code` the
number that the C interface has for it (0 for `:library`: there is no library).

Sizes that do not fit are a `DimensionMismatch`, and other wrong arguments an `ArgumentError`.
"""
struct RKeOpsError <: Exception
    kind::Symbol
    code::Int
    message::String
end

Base.showerror(io::IO, error::RKeOpsError) = print(io, "RKeOpsError (", error.kind, "): ", error.message)

missing_library(what) = RKeOpsError(
    :library, 0, "the shared library of rkeops was looked for and $what. RKEOPS_LIBRARY in the environment may name " *
    "its file; other places are the folder of this package, the system's libraries, and $checkout_library",
)

# The exception of the library's error, which is freed.
function exception_of(error::Ptr{Cvoid})
    code = Int(ccall(functions.error_code, Int32, (Ptr{Cvoid},), error))
    message = unsafe_string(ccall(functions.error_message, Cstring, (Ptr{Cvoid},), error))
    ccall(functions.error_free, Cvoid, (Ptr{Cvoid},), error)
    kind = checkbounds(Bool, 1:length(error_kinds), code) ? error_kinds[code] : :unknown
    kind in (:shape, :dimension) && return DimensionMismatch(message)
    kind in (:argument, :count) && return ArgumentError(message)
    return RKeOpsError(kind, code, message)
end

@noinline fail(error::Ptr{Cvoid}) = throw(exception_of(error))

# Throws what a call of the library has returned, if that is an error.
@inline check(error::Ptr{Cvoid}) = error == C_NULL ? nothing : fail(error)

# A value in words, for messages.
words(value::Union{Number,Symbol,Bool,Nothing,AbstractRange}) = repr(value)
words(value::AbstractString) = repr(String(value))
words(value::AbstractVector) = "a vector of length $(length(value)) of $(eltype(value))"
words(value::AbstractMatrix) = "a $(size(value, 1)) × $(size(value, 2)) matrix of $(eltype(value))"
words(value::AbstractArray) = "an array with $(ndims(value)) axes of $(eltype(value))"
words(value) = "a value of type $(typeof(value))"

# A text of the library, which is freed.
function take_text(text::Ptr{Cvoid})
    string = unsafe_string(ccall(functions.text_data, Cstring, (Ptr{Cvoid},), text))
    ccall(functions.text_free, Cvoid, (Ptr{Cvoid},), text)
    return string
end
