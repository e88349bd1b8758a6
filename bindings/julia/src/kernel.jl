# Functions made of formulas that are text.

"""
    keops_kernel(formula, aliases...; reduction="Sum", dims=2, option=nothing, weights=nothing)

A function that reduces a formula over all pairs of points.

`formula` is text in KeOps' language, and `aliases` tell its arguments, in the order in which the function takes them:
`"x = Vi(3)"` has three components for each i, `Vj` for each j, `Pm` is a parameter. `dims=1` reduces over i, the rows
of the matrix of values, and `dims=2` over j. `option` is the whole number that reductions such as `"KMin"` take,
`weights` the formula of the weights of `"LogSumExpWeight"` and `"SumSoftMaxWeight"`. The formula may also be a whole
reduction as KeOps writes it, `"Sum_Reduction(Exp(-SqDist(x,y))*b,0)"`, where 0 at the end reduces over j.

The function takes matrices with a column for each point, vectors where there is one component and for parameters, and
numbers for these; by place or by name. Its result is a vector where there is one number for each point, else a matrix
with a column for each. Places in results count from 1. Axes from the third on are those of a batch, and `ranges`,
[`BlockRanges`](@ref), are the blocks that are reduced if it is not all.

```julia
k = keops_kernel("Exp(-g * SqDist(x, y)) * b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)")
k(rand(3, 100), rand(3, 200), rand(200), 0.5)
```
"""
function keops_kernel(formula::AbstractString, aliases...; reduction=nothing, dims=2, option=nothing, weights=nothing)
    for alias in aliases
        alias isa AbstractString ||
            throw(ArgumentError("aliases: expected texts such as \"x = Vi(3)\", got $(words(alias))"))
    end
    if reduction === nothing && occursin(whole_reduction, formula)
        dims == 2 && option === nothing && weights === nothing || throw(ArgumentError(
            "formula: a whole reduction tells its index, option and weights itself, got $(words(formula))",
        ))
        return KeopsKernel(replace(formula, r"^\s*(ArgK(Min|Max))_Reduction" => s"K\2_\1_Reduction"), formula, aliases)
    end
    name = reduction === nothing ? "Sum" : string(c_text(text_or_name(reduction), "reduction"))
    # What is wrong with the formula is told of the user's text.
    parse_formula(formula, aliases)
    weights === nothing || parse_formula(weights, aliases)
    option === nothing || option isa Integer ||
        throw(ArgumentError("option: expected a whole number, got $(words(option))"))
    numbers = option === nothing ? "" : ",$option"
    last = weights === nothing ? "" : ",$weights"
    kept = 2 - checked_dims(dims)
    text(name) = "$(name)_Reduction($formula$numbers,$kept$last)"
    return KeopsKernel(text(with_values(name)), text(name), aliases)
end

const whole_reduction = r"^\s*(\w+_Reduction|(Grad|Diff)\s*\(\s*\w+_Reduction)\s*\("

keops_kernel(formula, aliases...; options...) = throw(ArgumentError("formula: expected a text, got $(words(formula))"))

text_or_name(value) = value isa Symbol ? string(value) : value

function checked_dims(dims)
    dims isa Integer && !(dims isa Bool) && (dims == 1 || dims == 2) && return Int(dims)
    throw(ArgumentError("dims: expected 1 (over i) or 2 (over j), got $(words(dims))"))
end

"What [`keops_kernel`](@ref) makes: call it with the arguments of the formula."
struct KeopsKernel
    reduction::Reduction
    # The reduction's text, the one that the user has written, which may want fewer results, and its name.
    source::String
    text::String
    name::String
    aliases::Vector{String}
    names::Vector{String}
    inputs::Vector{Input}
    dims::Int
    compiled::Table{Purpose,Any}
end

function KeopsKernel(text, shown, aliases)
    reduction = parse_reduction(text, aliases)
    found = match(r"^\s*(\w+)_Reduction", shown)
    facts = compiled([reduction], 64, current_options[].compilation)
    names = argument_names(aliases, length(facts.inputs))
    return KeopsKernel(
        reduction, text, shown, found === nothing ? "Sum" : found[1], collect(String, aliases), names, facts.inputs,
        facts.dims, Table{Purpose,Any}(),
    )
end

# The reduction, which is parsed anew where a precompiled module holds the function.
reduction_of(k::KeopsKernel) = is_live(k.reduction) ? k.reduction : parse_reduction(k.source, k.aliases)

# The names of arguments by their positions, as aliases tell them: "x = Vi(3)", "x = Vi(0,3)" or "x = Var(0,3,0)".
function argument_names(aliases, count)
    names = fill("", count)
    for (place, alias) in enumerate(aliases)
        found = match(r"^\s*(\w+)\s*=\s*\w+\s*\(\s*(\d+)\s*(,?)", alias)
        found === nothing && continue
        position = isempty(found[3]) ? place : parse(Int, found[2]) + 1
        position <= count && (names[position] = found[1])
    end
    return names
end

Base.show(io::IO, k::KeopsKernel) = print(io, "KeopsKernel(", repr(k.text), ", ", join(map(repr, k.aliases), ", "), ")")

# What an argument is called in errors.
told(names, position) = isempty(names[position]) ? "argument $position" : "argument $position ($(names[position]))"

told(place::Tuple) = told(place...)
told(what::String) = what

# The format that is computed with: of arrays, since numbers follow them.
data_type(value::AbstractArray) = base_type(eltype(value))
data_type(value) = Bool

computed(values::Tuple) = computed_type(computed_base(values))
# By recursion, which the compiler follows.
computed_base(::Tuple{}) = Bool
computed_base(values::Tuple) = promote_type(data_type(first(values)), computed_base(Base.tail(values)))

parts(::AbstractArray{<:Complex}) = 2
parts(::Any) = 1

# An argument of a call as the library reads it: checked, and copied where there are no strides.
@inline function prepared(::Type{T}, input::Input, names, position, value) where {T}
    input.category == category_parameter && return prepared_parameter(T, input.columns, names, position, value)
    if value isa NumberArray && ndims(value) > 0
        columns = (value isa AbstractVector ? 1 : size(value, 1)) * parts(value)
        columns == input.columns && return readable_input(value, names, position)
    end
    refuse(input.columns, value, names, position)
end

@inline readable_input(value, names, position) =
    is_readable(value) ? value : copied_input(value, names, position)
@noinline copied_input(value, names, position) = copied(value, told(names, position))

@noinline function refuse(columns, value, names, position)
    own = value isa AbstractArray ? columns ÷ parts(value) : columns
    expected = own == 1 ? "a vector of numbers, one for each point" : "a matrix with $own rows, a column for each point"
    message = "$(told(names, position)): expected $expected, got $(words(value))"
    throw(value isa NumberArray ? DimensionMismatch(message) : ArgumentError(message))
end

@inline function prepared_parameter(::Type{T}, columns, names, position, value) where {T}
    if value isa Real
        columns == 1 && return T[value]
    elseif value isa Complex
        columns == 2 && return Complex{T}[value]
    elseif value isa NumberArray && is_parameter_shape(value)
        size(value, 1) * parts(value) == columns && return readable_input(value, names, position)
    end
    refuse_parameter(columns, value, names, position)
end

@noinline function refuse_parameter(columns, value, names, position)
    expected = columns == 1 ? "a number" : "a vector of length $columns"
    message = "$(told(names, position)): expected $expected, got $(words(value))"
    throw(value isa Union{Number,NumberArray} ? DimensionMismatch(message) : ArgumentError(message))
end

# A vector; in a batch there is one point, with the axes of the batch behind it.
is_parameter_shape(value::AbstractArray) = ndims(value) == 1 || (ndims(value) > 2 && size(value, 2) == 1)

prepared(::Type{T}, inputs::Vector{Input}, names, position, values::Tuple{}) where {T} = ()
@inline prepared(::Type{T}, inputs::Vector{Input}, names, position, values::Tuple) where {T} = (
    prepared(T, inputs[position], names, position, first(values)),
    prepared(T, inputs, names, position + 1, Base.tail(values))...,
)

# How many points i and j there are; -1 where no argument tells it.
counted(inputs, names, position, values::Tuple{}, rows) = rows
function counted(inputs, names, position, values::Tuple, rows)
    category = inputs[position].category
    if category != category_parameter
        count, known = points(first(values)), rows[category+1]
        known < 0 || known == count || refuse_count(names, position, known, count)
        rows = category == category_i ? (count, rows[2]) : (rows[1], count)
    end
    return counted(inputs, names, position + 1, Base.tail(values), rows)
end

@noinline refuse_count(names, position, known, count) =
    throw(DimensionMismatch("$(told(names, position)): expected $known points, as those before it have, got $count"))

batch_of_all(names, position, values::Tuple{}) = ()
batch_of_all(names, position, values::Tuple) = joined_batch(
    (names, position), batch_of(first(values)), batch_of_all(names, position + 1, Base.tail(values)),
)

kernel_for(k::KeopsKernel, ::Type{T}) where {T} = remembered(k.compiled, purpose(:formula, T)) do
    compiled([reduction_of(k)], 8 * sizeof(T), current_options[].compilation)
end::CompiledKernel

function (k::KeopsKernel)(arguments...; ranges=nothing, named...)
    isempty(named) || return k(by_name(k.names, arguments, named)...; ranges=ranges)
    length(arguments) == length(k.inputs) || refuse_number(k.names, arguments)
    T = computed(arguments)
    values = prepared(T, k.inputs, k.names, 1, arguments)
    rows = counted(k.inputs, k.names, 1, values, (-1, -1))
    batch = batch_of_all(k.names, 1, values)
    results = run_kernel(T, kernel_for(k, T), values, rows, batch, checked_ranges(ranges, rows))
    k.name == "Sum" && return results[1]
    return finished(k.name, results, k.dims, rows, components_of(k, results), ranges)
end

# How many components belong to one rank of a list of the nearest.
function components_of(k::KeopsKernel, results)
    occursin("K", k.name) || return 1
    found = match(r",\s*(\d+)\s*,\s*[01]\s*\)\s*$", k.text)
    columns = results[1] isa AbstractVector ? 1 : size(results[1], 1)
    return found === nothing ? 1 : columns ÷ parse(Int, found[1])
end

@noinline refuse_number(names, arguments) = throw(ArgumentError(
    "expected $(length(names)) arguments ($(join(names, ", "))), got $(length(arguments))",
))

function by_name(names, arguments, named)
    isempty(arguments) || throw(ArgumentError("expected all arguments by place or all by name, got both"))
    for name in keys(named)
        string(name) in names || throw(ArgumentError("there is no argument $name; expected $(join(names, ", "))"))
    end
    length(named) == length(names) || refuse_number(names, named)
    return [named[Symbol(name)] for name in names]
end

"""
    explain(k)

How the kernel of a function made by [`keops_kernel`](@ref) works, in words.
"""
explain(k::KeopsKernel) = explained(kernel_for(k, Float64))
