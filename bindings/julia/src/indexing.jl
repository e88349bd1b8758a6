# Parts of the matrix, and the whole of it.

# Row numbers of an index of an axis; a number stands for one row.
function rows_of(index, count, axis)
    index isa Colon && return 1:count
    if index isa Integer && !(index isa Bool)
        1 <= index <= count && return index:index
    elseif index isa AbstractVector{Bool}
        length(index) == count && return findall(index)
    elseif index isa AbstractVector{<:Integer}
        all(k -> 1 <= k <= count, index) && return index
    else
        throw(ArgumentError("index $axis: expected a whole number, a range, a vector or :, got $(words(index))"))
    end
    return nothing
end

function Base.getindex(K::LazyTensor, i, j)
    rows = map(rows_of, (i, j), size(K), (1, 2))
    any(isnothing, rows) && throw(BoundsError(K, (i, j)))
    part = restricted(K, rows...)
    i isa Integer || j isa Integer || return part
    entries = all_entries(part)
    if i isa Integer && j isa Integer
        return K.columns == 1 ? entries[1] : vec(entries)
    end
    return K.columns == 1 ? vec(entries) : reshape(entries, K.columns, :)
end

Base.getindex(K::LazyTensor, index...) =
    throw(ArgumentError("a LazyTensor has two indices, K[i, j]; got $(length(index))"))
Base.view(K::LazyTensor, i, j) = K[i isa Integer ? (i:i) : i, j isa Integer ? (j:j) : j]

restricted_value(value::AbstractVector, rows) = readable(view(value, rows), "values")
restricted_value(value::AbstractMatrix, rows) = readable(view(value, :, rows), "values")

# The tensor of some of the points. Ranges are views, other choices of points are copied.
function restricted(K::LazyTensor{T}, i, j) where {T}
    values = map(zip(K.values, K.kinds)) do (value, kind)
        kind.category == category_parameter && return value
        rows = kind.category == category_i ? i : j
        return rows == 1:points(value) ? value : restricted_value(value, rows)
    end
    # An index that no argument follows has one row, which cannot be chosen twice.
    rows = (K.rows[1] < 0 ? -1 : length(i), K.rows[2] < 0 ? -1 : length(j))
    is_wrong = (K.rows[1] < 0 && length(i) != 1) || (K.rows[2] < 0 && length(j) != 1)
    is_wrong &&
        throw(DimensionMismatch("no argument follows this index: expected one row, got $(length(i)) × $(length(j))"))
    return LazyTensor{T}(K.formula, convert(Vector{Any}, values), K.kinds, rows, K.columns, K.base, K.cache)
end

# Describes points as a batch of one problem for each j: (1, rows, columns) for what follows i, (rows, 1, columns) for j.
function describe_batch!(call, k, a::AbstractVecOrMat{T}, category) where {T}
    data, steps = layout(a)
    columns = a isa AbstractVector ? 1 : size(a, 1)
    across, along = a isa AbstractVector ? (1, steps[1]) : steps
    extents = category == category_i ? (1, points(a), columns) : (points(a), 1, columns)
    describe!(call, k, T, data, extents, (along, along, across))
end

# A parameter of all problems of the batch.
function describe_batch_parameter!(call, k, a::AbstractVector{T}) where {T}
    data, steps = layout(a)
    describe!(call, k, T, data, (1, length(a)), (0, steps[1]))
end

# All entries, of extents columns × M × N: each j is a problem of a batch whose sum has one term.
function all_entries(K::LazyTensor{T}) where {T}
    number = real(T)
    kernel = kernel_of(K, "Sum", 2, nothing)
    m, n = size(K)
    entries = Array{T}(undef, K.columns, m, n)
    isempty(entries) && return entries
    values = Any[run_value(number, K.values[k]) for k in eachindex(kernel.inputs)]
    call = Call(length(values) + 1)
    GC.@preserve values entries begin
        for (k, input) in enumerate(kernel.inputs)
            input.category == category_parameter ? describe_batch_parameter!(call, k, values[k]) :
            describe_batch!(call, k, values[k], input.category)
        end
        describe!(call, length(call.arrays), T, pointer(entries), (n, m, K.columns), (K.columns * m, K.columns, 1))
        execute(kernel, call, Float64(m) * n)
    end
    return entries
end

"""
    Matrix(K)

All entries of a [`LazyTensor`](@ref) whose entries are numbers. `Array(K)` gives an array of extents
components × M × N where they are vectors.
"""
function Base.Matrix(K::LazyTensor)
    K.columns == 1 ||
        throw(DimensionMismatch("K: expected entries of one number, got $(K.columns); Array(K) has three axes for these"))
    return reshape(all_entries(K), size(K))
end

Base.Array(K::LazyTensor) = K.columns == 1 ? Matrix(K) : all_entries(K)
Base.collect(K::LazyTensor) = Array(K)
Base.Matrix{T}(K::LazyTensor) where {T} = convert(Matrix{T}, Matrix(K))
