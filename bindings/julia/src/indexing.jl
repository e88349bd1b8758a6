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
    rows = map(rows_of, (i, j), size(K)[1:2], (1, 2))
    any(isnothing, rows) && throw(BoundsError(K, (i, j)))
    part = restricted(K, rows...)
    i isa Integer || j isa Integer || return part
    entries = all_entries(part)
    # As of arrays, a number in the place of an index takes its axis away.
    own, batch = components(K) == 1 ? () : (components(K),), K.arguments.batch
    i isa Integer && j isa Integer && isempty(own) && isempty(batch) && return entries[1]
    kept(index, rows) = index isa Integer ? () : (length(rows),)
    return reshape(entries, own..., kept(i, rows[1])..., kept(j, rows[2])..., batch...)
end

Base.getindex(K::LazyTensor, blocks::BlockRanges) = LazyTensor(K.formula, with_ranges(K.arguments, blocks))

with_ranges(own::Arguments, blocks) = Arguments(
    own.values, own.kinds, own.rows, own.batch, own.base,
    joined_ranges("blocks", own.ranges, checked_ranges(blocks, own.rows)),
)

Base.getindex(K::LazyTensor, index...) =
    throw(ArgumentError("a LazyTensor has two indices, K[i, j]; got $(length(index))"))
Base.view(K::LazyTensor, i, j) = K[i isa Integer ? (i:i) : i, j isa Integer ? (j:j) : j]

restricted_value(value::AbstractVector, rows) = readable(view(value, rows), "values")
restricted_value(value::AbstractArray, rows) =
    readable(view(value, :, rows, ntuple(_ -> Colon(), ndims(value) - 2)...), "values")

# The tensor of some of the points. Ranges are views, other choices of points are copied.
function restricted(K::LazyTensor, i, j)
    own = K.arguments
    own.ranges === nothing ||
        throw(ArgumentError("a part of a LazyTensor with BlockRanges: expected all pairs; blocks are taken of a part"))
    values = map(own.values, own.kinds) do value, kind
        kind.category == category_parameter && return value
        rows = kind.category == category_i ? i : j
        return rows == 1:points(value) ? value : restricted_value(value, rows)
    end
    # An index that no argument follows has one row, which cannot be chosen twice.
    is_wrong = (own.rows[1] < 0 && length(i) != 1) || (own.rows[2] < 0 && length(j) != 1)
    is_wrong &&
        throw(DimensionMismatch("no argument follows this index: expected one row, got $(length(i)) × $(length(j))"))
    rows = (own.rows[1] < 0 ? -1 : length(i), own.rows[2] < 0 ? -1 : length(j))
    return LazyTensor(K.formula, Arguments(values, own.kinds, rows, own.batch, own.base, nothing))
end

# Describes an argument with an axis of problems, one for each j: behind the points of i, in the place of those of j.
function describe_entries!(call, k, a::AbstractArray{T}, category) where {T}
    address, extents, steps = category == category_parameter ? without_points(a) : points_layout(a)
    around = category == category_i ? 2 : 1
    before(values, own) = (values[1:around]..., own, values[around+1:end]...)
    describe!(call, k, T, address, before(extents, 1), before(steps, 0))
end

# All entries, of extents columns × M × N × batch: each j is a problem of a batch whose sum has one term.
function all_entries(K::LazyTensor{T}) where {T}
    K.arguments.ranges === nothing ||
        throw(ArgumentError("entries of a LazyTensor with BlockRanges: expected all pairs; these have only reductions"))
    kernel = kernel_of(K, "Sum", 2, nothing)
    entries = Array{T}(undef, components(K), size(K)...)
    isempty(entries) && return entries
    values = run_values(real(T), K.arguments, length(kernel.inputs))
    call = Call(length(values) + 1, ndims(K) + 1)
    GC.@preserve values entries begin
        for (k, input) in enumerate(kernel.inputs)
            describe_entries!(call, k, values[k], input.category)
        end
        describe_points!(call, length(call.arrays), entries)
        execute(kernel, call, Float64(length(K)), nothing)
    end
    return entries
end

"""
    Matrix(K)

All entries of a [`LazyTensor`](@ref) whose entries are numbers. `Array(K)` gives an array of extents
components × M × N where they are vectors, and with the axes of a batch behind these.
"""
function Base.Matrix(K::LazyTensor)
    components(K) == 1 || throw(DimensionMismatch(
        "K: expected entries of one number, got $(components(K)); Array(K) has three axes for these",
    ))
    isempty(K.arguments.batch) ||
        throw(DimensionMismatch("K: expected one matrix, got a batch of $(K.arguments.batch); Array(K) has all of it"))
    return reshape(all_entries(K), size(K))
end

Base.Array(K::LazyTensor) = components(K) == 1 ? reshape(all_entries(K), size(K)) : all_entries(K)
Base.collect(K::LazyTensor) = Array(K)
Base.Matrix{T}(K::LazyTensor) where {T} = convert(Matrix{T}, Matrix(K))
