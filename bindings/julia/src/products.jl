# Products with vectors and matrices: what Krylov methods want of an operator.

# The kernel of K * b for b of some columns, of numbers or of complex ones, as an argument after those of K.
function product_kernel(K::LazyTensor, columns, is_complex_factor, ::Type{T}) where {T}
    position = length(K.arguments.values)
    own = purpose(:product, T; position=position, columns=2 * columns + is_complex_factor)
    return remembered(K.formula.compiled, own) do
        factor = variable(position, columns * (1 + is_complex_factor), category_j)
        is_complex_factor && (factor = apply("AsComplex", [factor]))
        product = apply("Mult", [K.formula, factor])
        compiled([make_reduction("Sum", product, 2)], own.bits, own.compilation)
    end::CompiledKernel
end

product_columns(b::AbstractVector) = 1
product_columns(b::AbstractArray) = size(b, 2)

function check_factor(K::LazyTensor, b)
    wanted = extent(K.arguments.rows[2])
    ndims(b) > 0 && size(b, 1) == wanted || throw(DimensionMismatch(
        "b: expected $wanted $(b isa AbstractVector ? "numbers" : "rows"), one for each column of K, got $(words(b))",
    ))
    b isa AbstractVector && return nothing
    components(K) == 1 || throw(DimensionMismatch(
        "b: expected a vector, because entries of K have $(components(K)) components, got $(words(b))",
    ))
    size(b, 2) > 0 || throw(DimensionMismatch("b: expected one column or more, got $(words(b))"))
    return nothing
end

# Rows of a matrix as points, as the rows of b are.
as_points(b::AbstractVector) = b
as_points(b::AbstractArray{<:Any,N}) where {N} = PermutedDimsArray(b, (2, 1, ntuple(k -> k + 2, N - 2)...))

# The extents of K * b.
function product_size(K::LazyTensor, b)
    rows, batch = extent(K.arguments.rows[1]), joined_batch("*", K.arguments.batch, batch_of(b))
    components(K) == 1 || return (components(K), rows, batch...)
    return b isa AbstractVector && isempty(batch) ? (rows,) : (rows, product_columns(b), batch...)
end

# The format that K * b is computed with.
product_type(K::LazyTensor, b) = computed_type(promote_type(K.arguments.base, data_type(b)))

# Calls f with the format, which the compiler knows where K has arrays of numbers with a point.
@inline function with_product_type(f, K::LazyTensor{T}, b) where {T}
    K.arguments.base === real(T) && return f(computed_type(promote_type(real(T), data_type(b))))
    return f(product_type(K, b))
end

result_type(K::LazyTensor, b, ::Type{T}) where {T} =
    eltype(K) <: Complex || eltype(b) <: Complex ? Complex{T} : T

# Writes K * b into y, which has the format that is computed with.
function product!(y, K::LazyTensor, b, ::Type{T}) where {T}
    factor = readable(b, "b")
    own = K.arguments
    kernel = product_kernel(K, product_columns(factor), eltype(factor) <: Complex, T)
    count = length(own.values)
    batch = joined_batch("*", own.batch, batch_of(factor))
    values = run_values(T, own, count)
    call = Call(count + 2, 2 + length(batch))
    GC.@preserve values factor y begin
        describe_all!(call, own.kinds, values)
        describe_points!(call, count + 1, as_points(factor))
        # Where entries are vectors y has their components in rows.
        describe_points!(call, count + 2, components(K) == 1 ? as_points(y) : y)
        execute(kernel, call, pairs_of(own.rows, batch), own.ranges)
    end
    return y
end

"""
    K * b

The product of the matrix of a [`LazyTensor`](@ref) with a vector or a matrix: a vector for a vector, and a matrix with
as many columns for a matrix. Where entries of `K` are vectors, `K * b` for a vector `b` is a matrix with a column for
each row of `K`. In a batch the result is that of each of the matrices, which follow one another in the third axis and
those behind it. `mul!(y, K, b)` writes into `y`.
"""
function Base.:*(K::LazyTensor, b::NumberArray)
    check_factor(K, b)
    return with_product_type(T -> product!(new_product(K, b, T), K, b, T), K, b)
end

function new_product(K::LazyTensor, b, ::Type{T}) where {T}
    number = result_type(K, b, T)
    # What most products are, so that the compiler knows it.
    b isa AbstractVector && components(K) == 1 && isempty(K.arguments.batch) &&
        return Vector{number}(undef, extent(K.arguments.rows[1]))
    return Array{number}(undef, product_size(K, b))
end

# Rows from the left, such as b'.
function Base.:*(b::AbstractMatrix{<:Union{Real,Complex}}, K::LazyTensor)
    components(K) == 1 && isempty(K.arguments.batch) || throw(DimensionMismatch(
        "K: expected one matrix whose entries are numbers, got one of size $(size(K)) with $(components(K)) components",
    ))
    return transpose(transpose(K) * transpose(b))
end

function LinearAlgebra.mul!(y::AbstractArray, K::LazyTensor, b::NumberArray)
    check_factor(K, b)
    check_result(y, product_size(K, b))
    return with_product_type(K, b) do T
        eltype(y) == result_type(K, b, T) && is_readable(y) ? product!(y, K, b, T) : copyto!(y, K * b)
    end
end

check_result(y, wanted) =
    size(y) == wanted || throw(DimensionMismatch("y: expected a result of size $wanted, got $(words(y))"))

function LinearAlgebra.mul!(y::AbstractArray, K::LazyTensor, b::NumberArray, alpha::Number, beta::Number)
    isone(alpha) && iszero(beta) && return mul!(y, K, b)
    product = K * b
    check_result(y, size(product))
    # What y holds is nothing where it counts for nothing, not even where it is NaN.
    return iszero(beta) ? y .= alpha .* product : y .= alpha .* product .+ beta .* y
end
