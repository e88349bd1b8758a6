# Formulas and reductions: handles of the library, freed by finalizers.

abstract type Handle end

for name in (:Reduction, :Kernel, :Solver, :Ranges)
    free = Symbol(lowercase(string(name)), :_free)
    @eval begin
        mutable struct $name <: Handle
            pointer::Ptr{Cvoid}
            $name(pointer::Ptr{Cvoid}) = finalizer(own -> release(own, functions.$free), new(pointer))
        end
    end
end

# What is compiled of a formula, and what that depends on.
struct Purpose
    # A reduction, or what the formula is a part of.
    name::Symbol
    # The argument that it is about, its columns, the index that is reduced and the option of the reduction.
    position::Int
    columns::Int
    dims::Int
    option::Int
    bits::Int
    compilation::Compilation
end

purpose(name, ::Type{T}; position=0, columns=0, dims=0, option=0) where {T} =
    Purpose(name, position, columns, dims, option, 8 * sizeof(T), current_options[].compilation)

mutable struct Formula <: Handle
    pointer::Ptr{Cvoid}
    columns::Int
    is_complex::Bool
    compiled::Table{Purpose,Any}
    function Formula(pointer::Ptr{Cvoid})
        made = new(pointer, formula_dim(pointer), is_complex_formula(pointer), Table{Purpose,Any}())
        return finalizer(own -> release(own, functions.formula_free), made)
    end
end

function release(handle::Handle, free)
    ccall(free, Cvoid, (Ptr{Cvoid},), handle.pointer)
    handle.pointer = C_NULL
    return nothing
end

# Handles come back from another process, or from a module that was compiled before, as NULL, and are so when they were
# finalized, which happens to all when Julia ends.
is_live(handle::Handle) = handle.pointer != C_NULL

function live(handle::Handle)
    is_live(handle) && return handle.pointer
    throw(ArgumentError(
        "the library's $(nameof(typeof(handle))) of this object was finalized, or was made in another process or " *
        "when a module was precompiled; expected one that was made in this process: make the tensor or function anew",
    ))
end

Base.cconvert(::Type{Ptr{Cvoid}}, handle::Handle) = handle
Base.unsafe_convert(::Type{Ptr{Cvoid}}, handle::Handle) = live(handle)

# A handle is never changed, so that a copy is the same one; two of one address would be freed twice.
Base.deepcopy_internal(handle::Handle, ::IdDict) = handle

new_pointer() = Ref{Ptr{Cvoid}}(C_NULL)

const category_i, category_j, category_parameter = Int32(0), Int32(1), Int32(2)

# Texts end at the first zero, which a text must not hold.
function c_text(text::AbstractString, name)
    own = String(text)
    occursin('\0', own) && throw(ArgumentError("$name: expected a text without a zero character, got $(words(text))"))
    return own
end
c_text(text, name) = throw(ArgumentError("$name: expected a text, got $(words(text))"))

function parsed(::Type{Made}, parse, text, aliases) where {Made}
    own = c_text(text, "formula")
    names = String[c_text(alias, "alias") for alias in aliases]
    out = new_pointer()
    check(ccall(parse, Ptr{Cvoid}, (Cstring, Ptr{Cstring}, Csize_t, Ptr{Ptr{Cvoid}}), own, names, length(names), out))
    return Made(out[])
end

parse_formula(text, aliases) = parsed(Formula, library().formula_parse, text, aliases)
parse_reduction(text, aliases) = parsed(Reduction, library().reduction_parse, text, aliases)

# Formulas that were made by calls, by what they were made of: equal calls give one object, so that what was compiled of
# it is found again.
struct Operation
    name::String
    operands::Vector{Formula}
    parameters::Vector{Int64}
end

Base.:(==)(a::Operation, b::Operation) = a.name == b.name && a.parameters == b.parameters && a.operands == b.operands

function Base.hash(own::Operation, h::UInt)
    h = hash(own.name, h)
    for operand in own.operands
        h = hash(objectid(operand), h)
    end
    for parameter in own.parameters
        h = hash(parameter, h)
    end
    return h
end

const variables = Table{NTuple{3,Int},Formula}()
const operations = Table{Operation,Formula}()
const renumberings = Table{Tuple{Formula,Vector{Int64}},Formula}()
const transposes = Table{Formula,Formula}()

const no_parameters = Int64[]

variable(position, columns, category) =
    remembered(variables, (Int(position), Int(columns), Int(category))) do
        out = new_pointer()
        check(ccall(
            library().formula_variable, Ptr{Cvoid}, (Int64, Int64, Int32, Ptr{Ptr{Cvoid}}),
            position, columns, category, out,
        ))
        Formula(out[])
    end

# An operation by its name in the formula language.
apply(name::String, operands::Vector{Formula}, parameters::Vector{Int64}=no_parameters) =
    remembered(operations, Operation(name, operands, parameters)) do
        handles = Ptr{Cvoid}[live(operand) for operand in operands]
        out = new_pointer()
        GC.@preserve operands check(ccall(
            library().formula_apply, Ptr{Cvoid},
            (Cstring, Ptr{Ptr{Cvoid}}, Csize_t, Ptr{Int64}, Csize_t, Ptr{Ptr{Cvoid}}),
            c_text(name, "name"), handles, length(handles), parameters, length(parameters), out,
        ))
        Formula(out[])
    end

# The formula whose argument number k is number positions[k + 1].
renumbered(formula::Formula, positions::Vector{Int64}) =
    remembered(renumberings, (formula, positions)) do
        out = new_pointer()
        check(ccall(
            functions.formula_renumber, Ptr{Cvoid}, (Ptr{Cvoid}, Ptr{Int64}, Csize_t, Ptr{Ptr{Cvoid}}),
            formula, positions, length(positions), out,
        ))
        Formula(out[])
    end

transposed(formula::Formula) =
    remembered(transposes, formula) do
        out = new_pointer()
        check(ccall(functions.formula_transpose, Ptr{Cvoid}, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), formula, out))
        Formula(out[])
    end

# The number that a function of the library tells of an object.
function asked(::Type{T}, question::Ptr{Cvoid}, object) where {T}
    out = Ref{T}(0)
    check(ccall(question, Ptr{Cvoid}, (Ptr{Cvoid}, Ptr{T}), object, out))
    return Int(out[])
end

# The same of a text.
function asked_text(question::Ptr{Cvoid}, object)
    out = new_pointer()
    check(ccall(question, Ptr{Cvoid}, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), object, out))
    return take_text(out[])
end

formula_dim(formula::Ptr{Cvoid}) = asked(Int64, functions.formula_dim, formula)
is_complex_formula(formula::Ptr{Cvoid}) = asked(Int32, functions.formula_is_complex, formula) == 1
text_of(formula::Formula) = asked_text(functions.formula_text, formula)

# The reduction over the rows (dims 1: over i) or the columns (dims 2: over j) of the matrix of a formula.
function make_reduction(name::AbstractString, formula::Formula, dims::Integer, parameters=Int64[], weights=nothing)
    own = c_text(name, "reduction")
    out = new_pointer()
    GC.@preserve weights check(ccall(
        functions.reduction_create, Ptr{Cvoid},
        (Cstring, Ptr{Cvoid}, Int32, Ptr{Int64}, Csize_t, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}),
        own, formula, dims - 1, parameters, length(parameters), weights === nothing ? C_NULL : live(weights), out,
    ))
    return Reduction(out[])
end

reduction_dim(reduction::Reduction) = asked(Int64, functions.reduction_dim, reduction)

# The reductions whose results the derivatives of one need.
function saved_reductions(reduction::Reduction)
    count = asked(Csize_t, functions.reduction_saved_count, reduction)
    return Reduction[saved_reduction(reduction, k) for k in 0:count-1]
end

function saved_reduction(reduction::Reduction, position)
    out = new_pointer()
    check(ccall(
        functions.reduction_saved, Ptr{Cvoid}, (Ptr{Cvoid}, Csize_t, Ptr{Ptr{Cvoid}}), reduction, position, out,
    ))
    return Reduction(out[])
end

function gradient_reduction(reduction::Reduction, wrt::Formula, cotangent::Formula, saved::Vector{Formula})
    handles = Ptr{Cvoid}[live(one) for one in saved]
    out = new_pointer()
    GC.@preserve saved check(ccall(
        functions.reduction_gradient, Ptr{Cvoid},
        (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Csize_t, Ptr{Ptr{Cvoid}}),
        reduction, wrt, cotangent, handles, length(handles), out,
    ))
    return Reduction(out[])
end
