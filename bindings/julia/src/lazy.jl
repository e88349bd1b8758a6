# Symbolic tensors: a formula of numbered arguments, these, and how many points they tell.

"""
    LazyTensor{T}

The matrix of a formula `F(p, x_i, y_j)`, which is never stored; `T` is the type of its entries. Made by [`vi`](@ref),
[`vj`](@ref) and [`pm`](@ref), and by operators and functions of these. An entry may be a vector, of
[`components`](@ref) numbers.
"""
struct LazyTensor{T}
    formula::Formula
    # Arrays and numbers, and what the formula takes them for.
    values::Vector{Any}
    kinds::Vector{Input}
    # Numbers of points i and j; -1 where no argument tells it.
    rows::NTuple{2,Int}
    columns::Int
    # What formats are promoted from.
    base::DataType
    cache::Cache
end

function LazyTensor(formula::Formula, values, kinds, rows, base)
    number = computed_type(base)
    T = is_complex(formula) ? Complex{number} : number
    return LazyTensor{T}(formula, values, kinds, rows, formula_dim(formula), base, Cache())
end

real_type(::LazyTensor{T}) where {T} = real(T)
is_complex(::LazyTensor{T}) where {T} = T <: Complex

function points_tensor(x, category, name)
    x isa LazyTensor && throw(ArgumentError("$name: expected an array of numbers, got a LazyTensor"))
    own = readable(x, name)
    own isa AbstractVecOrMat ||
        throw(DimensionMismatch("$name: expected a matrix with a column for each point, or a vector, got $(words(x))"))
    columns = own isa AbstractVector ? 1 : size(own, 1)
    columns > 0 || throw(DimensionMismatch("$name: expected one component or more, got $(words(x))"))
    rows = category == category_i ? (points(own), -1) : (-1, points(own))
    return data_tensor(own, columns, category, rows)
end

function data_tensor(value, columns, category, rows)
    columns *= value isa Number ? (value isa Complex ? 2 : 1) : parts(value)
    formula = data_formula(columns, category, eltype(value) <: Complex)
    return LazyTensor(formula, Any[value], [Input(columns, category)], rows, data_type(value))
end

# The variable that data are; complex numbers are two columns.
function data_formula(columns, category, is_complex_data)
    own = variable(0, columns, category)
    return is_complex_data ? apply("AsComplex", [own]) : own
end

"""
    vi(x)

The points `x_i`, the columns of the matrix `x` (the numbers of a vector), as a [`LazyTensor`](@ref). The array is not
copied: what is written into it later is what reductions read. Arrays without strides, such as ranges, and numbers of types
that are none of the machine's are copied once, here.
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
[`matvecmult`](@ref) wants it). Numbers and vectors in operations with a [`LazyTensor`](@ref) are parameters.
"""
pm(p::Number) = data_tensor(plain_number(p), 1, category_parameter, (-1, -1))
pm(p::AbstractMatrix) = pm(vec(permutedims(p)))
function pm(p)
    own = readable(p, "p")
    own isa AbstractVector || throw(DimensionMismatch("p: expected a number, a vector or a matrix, got $(words(p))"))
    isempty(own) && throw(DimensionMismatch("p: expected one component or more, got $(words(p))"))
    return data_tensor(own, length(own), category_parameter, (-1, -1))
end

plain_number(p::StoredNumber) = p
plain_number(p::Real) = Float64(p)
plain_number(p::Complex) = ComplexF64(p)
plain_number(p::Number) = throw(ArgumentError("expected a real or complex number, got $(words(p))"))

# A value as a tensor: numbers and vectors are parameters.
tensor(x::LazyTensor) = x
tensor(x::Union{Number,AbstractVector}) = pm(x)
tensor(x::AbstractMatrix) = throw(ArgumentError(
    "expected a LazyTensor, a number or a vector, got $(words(x)); vi() and vj() make a LazyTensor of points",
))
tensor(x) = throw(ArgumentError("expected a LazyTensor, a number or a vector, got $(words(x))"))

# What two tensors tell of how many points there are, each or neither of which may tell it.
function joined_rows(what, a, b)
    rows = map((m, n) -> m < 0 ? n : m, a, b)
    rows == map((m, n) -> n < 0 ? m : n, a, b) && return rows
    size_text(rows) = join(map(n -> n < 0 ? 1 : n, rows), " × ")
    throw(DimensionMismatch("$what: a LazyTensor of $(size_text(a)) pairs and one of $(size_text(b)) do not fit together"))
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

# Tensors whose formulas number their arguments alike: their formulas, and the arguments, rows and format of all together.
function joined(what, tensors)
    values, kinds = copy(first(tensors).values), copy(first(tensors).kinds)
    rows, base = first(tensors).rows, first(tensors).base
    formulas = [first(tensors).formula]
    for one in tensors[2:end]
        rows = joined_rows(what, rows, one.rows)
        base = promote_type(base, one.base)
        places = Int64[place!(values, kinds, one.values[k], one.kinds[k]) for k in eachindex(one.values)]
        push!(formulas, renumbered(one.formula, places))
    end
    return formulas, values, kinds, rows, base
end

"""
    operation(name, operands...; parameters=Int[])

An operation of the formula language by its name there, of tensors, numbers and vectors: `operation("Softplus", x)`,
`operation("Extract", x; parameters=[0, 2])`. Whole numbers in `parameters` count from 0, as the formula language does.
"""
function operation(name, operands...; parameters=Int64[])
    isempty(operands) && throw(ArgumentError("operands: expected one or more, got none"))
    formulas, values, kinds, rows, base = joined(name, map(tensor, collect(Any, operands)))
    own = apply(name, formulas, convert(Vector{Int64}, parameters))
    return LazyTensor(own, values, kinds, rows, base)
end

extent(n) = n < 0 ? 1 : n

Base.size(K::LazyTensor) = (extent(K.rows[1]), extent(K.rows[2]))
Base.size(K::LazyTensor, d::Integer) =
    d < 1 ? throw(ArgumentError("d: expected 1 or more, got $d")) : d <= 2 ? size(K)[d] : 1
Base.length(K::LazyTensor) = prod(size(K))
Base.axes(K::LazyTensor) = map(Base.OneTo, size(K))
Base.axes(K::LazyTensor, d::Integer) = Base.OneTo(size(K, d))
Base.lastindex(K::LazyTensor, d::Integer) = size(K, d)
Base.firstindex(K::LazyTensor, d::Integer) = 1
Base.ndims(::LazyTensor) = 2
Base.ndims(::Type{<:LazyTensor}) = 2
Base.eltype(::LazyTensor{T}) where {T} = T
Base.eltype(::Type{LazyTensor{T}}) where {T} = T

"""
    components(K)

How many numbers an entry of a [`LazyTensor`](@ref) has.
"""
components(K::LazyTensor) = K.columns

function Base.show(io::IO, K::LazyTensor{T}) where {T}
    own = K.columns == 1 ? "" : " with $(K.columns) components"
    print(io, size(K, 1), "×", size(K, 2), " LazyTensor{", T, "}", own, ": ", text_of(K.formula))
end

# Values of arguments as a run takes them: numbers become parameters in the format that is computed with.
run_value(::Type{T}, value::AbstractArray) where {T} = value
run_value(::Type{T}, value::Real) where {T} = T[value]
run_value(::Type{T}, value::Complex) where {T} = Complex{T}[value]

describe_all!(call::Call, inputs, position, values::Vector) =
    for k in eachindex(inputs)
        describe_input!(call, k, values[k], inputs[k].category)
    end
