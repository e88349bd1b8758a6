# Symbolic tensors: a formula of numbered arguments, these, and how many points they tell.

# What the arguments of a formula are, and what they tell together.
struct Arguments
    # Arrays and numbers, and what the formula takes them for.
    values::Vector{Any}
    kinds::Vector{Input}
    # Numbers of points i and j; -1 where no argument tells it.
    rows::NTuple{2,Int}
    # Extents of the batch.
    batch::Dims
    # What formats are promoted from.
    base::DataType
    # Which pairs of points count, if not all.
    ranges::Union{Nothing,BlockRanges}
end

"""
    LazyTensor{T}

The matrix of a formula `F(p, x_i, y_j)`, which is never stored; `T` is the type of its entries. Made by [`vi`](@ref),
[`vj`](@ref) and [`pm`](@ref), and by operators and functions of these. An entry may be a vector, of
[`components`](@ref) numbers.
"""
struct LazyTensor{T}
    formula::Formula
    arguments::Arguments
end

# By cases, because it takes long to make a type of one that is not known before.
function LazyTensor(formula::Formula, arguments::Arguments)
    if computed_type(arguments.base) === Float32
        return formula.is_complex ? LazyTensor{ComplexF32}(formula, arguments) : LazyTensor{Float32}(formula, arguments)
    end
    return formula.is_complex ? LazyTensor{ComplexF64}(formula, arguments) : LazyTensor{Float64}(formula, arguments)
end

real_type(::LazyTensor{T}) where {T} = real(T)
is_complex(::LazyTensor{T}) where {T} = T <: Complex

function points_tensor(x, category, name)
    x isa LazyTensor && throw(ArgumentError("$name: expected an array of numbers, got a LazyTensor"))
    own = readable(x, name)
    ndims(own) > 0 || throw(DimensionMismatch(
        "$name: expected a matrix with a column for each point, or a vector, got $(words(x))",
    ))
    columns = own isa AbstractVector ? 1 : size(own, 1)
    columns > 0 || throw(DimensionMismatch("$name: expected one component or more, got $(words(x))"))
    rows = category == category_i ? (points(own), -1) : (-1, points(own))
    return data_tensor(own, columns, category, rows)
end

function data_tensor(value, columns, category, rows)
    columns *= value isa Number ? (value isa Complex ? 2 : 1) : parts(value)
    formula = data_formula(columns, category, eltype(value) <: Complex)
    arguments = Arguments(
        Any[value], [Input(columns, category)], rows, batch_of(value), data_type(value), nothing,
    )
    return LazyTensor(formula, arguments)
end

# The variable that data are; complex numbers are two columns.
function data_formula(columns, category, is_complex_data)
    own = variable(0, columns, category)
    return is_complex_data ? apply("AsComplex", [own]) : own
end

"""
    vi(x)

The points `x_i`, the columns of the matrix `x` (the numbers of a vector), as a [`LazyTensor`](@ref). The array is not
copied: what is written into it later is what reductions read. Arrays without strides, such as ranges, and numbers of
types that are none of the machine's are copied once, here. Axes from the third on are those of a batch of problems, of
which an extent of 1, or none, stands for any.
"""
vi(x) = points_tensor(x, category_i, "x")

"""
    vj(y)

The points `y_j`, as [`vi`](@ref) has the points `x_i`.
"""
vj(y) = points_tensor(y, category_j, "y")

"""
    pm(p)

A parameter, the same for all pairs of points: a number, a vector, or a matrix (whose rows follow one another, as
[`matvecmult`](@ref) wants it). Numbers and vectors in operations with a [`LazyTensor`](@ref) are parameters. In a batch
a parameter is an array of extents components × 1 × batch.
"""
pm(p::Number) = data_tensor(plain_number(p), 1, category_parameter, (-1, -1))
pm(p::AbstractMatrix) = pm(vec(permutedims(p)))
function pm(p)
    own = readable(p, "p")
    is_parameter_shape(own) || throw(DimensionMismatch(
        "p: expected a number, a vector, a matrix, or an array with one point and axes of a batch, got $(words(p))",
    ))
    isempty(own) && throw(DimensionMismatch("p: expected one component or more, got $(words(p))"))
    return data_tensor(own, size(own, 1), category_parameter, (-1, -1))
end

plain_number(p::StoredNumber) = p
plain_number(p::Real) = Float64(p)
plain_number(p::Complex) = ComplexF64(p)
plain_number(p::Number) = throw(ArgumentError("expected a real or complex number, got $(words(p))"))

# A value as a tensor: numbers and vectors are parameters.
tensor(x::LazyTensor) = x
tensor(x::Union{Number,AbstractVector}) = pm(x)
tensor(x::AbstractArray) = throw(ArgumentError(
    "expected a LazyTensor, a number or a vector, got $(words(x)); vi() and vj() make a LazyTensor of points",
))
tensor(x) = throw(ArgumentError("expected a LazyTensor, a number or a vector, got $(words(x))"))

# What two tensors tell of how many points there are, each or neither of which may tell it.
function joined_rows(what, a, b)
    rows = map((m, n) -> m < 0 ? n : m, a, b)
    rows == map((m, n) -> n < 0 ? m : n, a, b) && return rows
    size_text(rows) = join(map(extent, rows), " × ")
    throw(DimensionMismatch(
        "$what: a LazyTensor of $(size_text(a)) pairs and one of $(size_text(b)) do not fit together",
    ))
end

# The place of an argument among others, to which it is added if it is new. One array is one argument.
function place!(values, kinds, value, kind)
    for (place, other) in enumerate(values)
        other === value && kinds[place] == kind && return place - 1
    end
    push!(values, value)
    push!(kinds, kind)
    return length(values) - 1
end

# Formulas of tensors which number their arguments alike, and the arguments of all together.
function joined(what::String, tensors::Vector{LazyTensor})
    all = tensors[1].arguments
    formulas = [tensors[1].formula]
    for one in tensors[2:end]
        if one.arguments === all
            push!(formulas, one.formula)
        else
            all, places = joined(what, all, one.arguments)
            push!(formulas, places == 0:length(places)-1 ? one.formula : renumbered(one.formula, places))
        end
    end
    return formulas, all
end

# Some arguments and more, and the places of these among all.
function joined(what::String, a::Arguments, b::Arguments)
    values, kinds = copy(a.values), copy(a.kinds)
    places = Int64[place!(values, kinds, b.values[k], b.kinds[k]) for k in eachindex(b.values)]
    all = Arguments(
        values, kinds, joined_rows(what, a.rows, b.rows), joined_batch(what, a.batch, b.batch),
        a.base === b.base ? a.base : promote_type(a.base, b.base), joined_ranges(what, a.ranges, b.ranges),
    )
    return all, places
end

"""
    operation(name, operands...; parameters=Int[])

An operation of the formula language by its name there, of tensors, numbers and vectors: `operation("Softplus", x)`,
`operation("Extract", x; parameters=[0, 2])`. Whole numbers in `parameters` count from 0, as the formula language does.
"""
function operation(name, operands...; parameters=no_parameters)
    isempty(operands) && throw(ArgumentError("operands: expected one or more, got none"))
    own = LazyTensor[tensor(one) for one in operands]
    return operate(c_text(name, "name"), own, Vector{Int64}(parameters))
end

function operate(name::String, operands::Vector{LazyTensor}, parameters::Vector{Int64}=no_parameters)
    formulas, arguments = joined(name, operands)
    return LazyTensor(apply(name, formulas, parameters), arguments)
end

# The axes of a batch are behind those of the matrix.
Base.size(K::LazyTensor) = (map(extent, K.arguments.rows)..., K.arguments.batch...)
Base.size(K::LazyTensor, d::Integer) =
    d < 1 ? throw(ArgumentError("d: expected 1 or more, got $d")) : d <= ndims(K) ? size(K)[d] : 1
Base.length(K::LazyTensor) = prod(size(K))
Base.isempty(K::LazyTensor) = length(K) == 0
Base.axes(K::LazyTensor) = map(Base.OneTo, size(K))
Base.axes(K::LazyTensor, d::Integer) = Base.OneTo(size(K, d))
Base.lastindex(K::LazyTensor, d::Integer) = size(K, d)
Base.firstindex(K::LazyTensor, d::Integer) = 1
Base.ndims(K::LazyTensor) = 2 + length(K.arguments.batch)
Base.eltype(::LazyTensor{T}) where {T} = T
Base.eltype(::Type{LazyTensor{T}}) where {T} = T

"""
    components(K)

How many numbers an entry of a [`LazyTensor`](@ref) has.
"""
components(K::LazyTensor) = K.formula.columns

function Base.show(io::IO, K::LazyTensor{T}) where {T}
    own = components(K) == 1 ? "" : " with $(components(K)) components"
    print(io, join(size(K), "×"), " LazyTensor{", T, "}", own, ": ", text_of(K.formula))
end

# Values of arguments as a run takes them: numbers become parameters in the format that is computed with. Those that a
# formula no longer holds are left out.
function run_values(::Type{T}, arguments::Arguments, count) where {T}
    values = arguments.values
    return Any[values[k] isa AbstractArray ? values[k] : run_value(T, values[k]) for k in 1:count]
end

run_value(::Type{T}, value::Real) where {T} = T[value]
run_value(::Type{T}, value::Complex) where {T} = Complex{T}[value]
