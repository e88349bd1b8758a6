# Products with vectors and matrices: what Krylov methods want of an operator.

# The kernel of K * b for b of some columns, of numbers or of complex ones, as an argument after those of K.
function product_kernel(K::LazyTensor, columns, is_complex_factor, ::Type{T}) where {T}
    return recent_kernel(K.cache, :product, 2 * columns + is_complex_factor, 8 * sizeof(T)) do
        position = length(K.values)
        factor = variable(position, columns * (1 + is_complex_factor), category_j)
        is_complex_factor && (factor = apply("AsComplex", [factor]))
        product = apply("Mult", [K.formula, factor])
        compiled([make_reduction("Sum", product, 2)], 8 * sizeof(T), current_options[].compilation)
    end
end

product_columns(b::AbstractVector) = 1
product_columns(b::AbstractMatrix) = size(b, 2)

function check_factor(K::LazyTensor, b)
    size(b, 1) == size(K, 2) || throw(DimensionMismatch(
        "b: expected $(size(K, 2)) $(b isa AbstractVector ? "numbers" : "rows"), one for each column of K, got $(words(b))",
    ))
    b isa AbstractMatrix && K.columns != 1 &&
        throw(DimensionMismatch("b: expected a vector, because entries of K have $(K.columns) components, got $(words(b))"))
    b isa AbstractMatrix && size(b, 2) == 0 && throw(DimensionMismatch("b: expected one column or more, got $(words(b))"))
end

# Rows of a matrix as points, as the rows of b are.
as_points(b::AbstractVector) = b
as_points(b::AbstractMatrix) = PermutedDimsArray(b, (2, 1))

product_type(K::LazyTensor{T}, b) where {T} = computed_type(promote_type(K.base, data_type(b)))

# Writes K * b into y, which has the format that is computed with.
function product!(y, K::LazyTensor, b, ::Type{T}) where {T}
    own = readable(b, "b")
    kernel = product_kernel(K, product_columns(own), eltype(own) <: Complex, T)
    count = length(K.values)
    call = Call(count + 2)
    values = Any[run_value(T, value) for value in K.values]
    GC.@preserve values own y begin
        for (k, kind) in enumerate(K.kinds)
            describe_input!(call, k, values[k], kind.category)
        end
        describe_points!(call, count + 1, as_points(own))
        # Where entries are vectors y has their components in rows.
        describe_points!(call, count + 2, K.columns == 1 ? as_points(y) : y)
        execute(kernel, call, Float64(size(K, 1)) * size(K, 2))
    end
    return y
end

function new_product(K::LazyTensor{T}, b) where {T}
    number = product_type(K, b)
    own = T <: Complex || eltype(b) <: Complex ? Complex{number} : number
    K.columns == 1 || return Array{own}(undef, K.columns, size(K, 1))
    return b isa AbstractVector ? Vector{own}(undef, size(K, 1)) : Matrix{own}(undef, size(K, 1), size(b, 2))
end

const Factor = AbstractVecOrMat{<:Union{Real,Complex}}

"""
    K * b

The product of the matrix of a [`LazyTensor`](@ref) with a vector or a matrix: a vector for a vector, and a matrix with
as many columns for a matrix. Where entries of `K` are vectors, `K * b` for a vector `b` is a matrix with a column for
each row of `K`. `mul!(y, K, b)` writes into `y`.
"""
function Base.:*(K::LazyTensor, b::Factor)
    check_factor(K, b)
    return product!(new_product(K, b), K, b, product_type(K, b))
end

function LinearAlgebra.mul!(y::AbstractVecOrMat, K::LazyTensor, b::Factor)
    check_factor(K, b)
    wanted = K.columns != 1 ? (K.columns, size(K, 1)) : b isa AbstractVector ? (size(K, 1),) : (size(K, 1), size(b, 2))
    size(y) == wanted || throw(DimensionMismatch("y: expected a result of size $wanted, got $(words(y))"))
    number = product_type(K, b)
    is_complex_result = eltype(K) <: Complex || eltype(b) <: Complex
    eltype(y) == (is_complex_result ? Complex{number} : number) && is_readable(y) && return product!(y, K, b, number)
    return copyto!(y, K * b)
end

function LinearAlgebra.mul!(y::AbstractVecOrMat, K::LazyTensor, b::Factor, alpha::Number, beta::Number)
    isone(alpha) && iszero(beta) && return mul!(y, K, b)
    product = K * b
    size(y) == size(product) || throw(DimensionMismatch("y: expected a result of size $(size(product)), got $(words(y))"))
    # What y holds is nothing where it counts for nothing, not even where it is NaN.
    return iszero(beta) ? y .= alpha .* product : y .= alpha .* product .+ beta .* y
end
