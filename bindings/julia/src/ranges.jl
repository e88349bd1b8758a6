# Blocks of the matrix: which pairs of points a reduction takes.

# rkeops_ranges_half
struct Half
    kept::Ptr{Int64}
    slices::Ptr{Int64}
    count::Csize_t
    reduced::Ptr{Int64}
    reduced_count::Csize_t
end

const Rows = UnitRange{Int}
const IntegerRange = AbstractUnitRange{<:Integer}

# Ranges of rows that are kept, and for each of them those that it is reduced over.
const Blocks = Vector{Pair{Rows,Vector{Rows}}}

"""
    BlockRanges(pairs; dims=2)
    BlockRanges(rows_i, rows_j, keep)

Blocks of a matrix, for reductions that take only these: `K[blocks]` is a tensor of which nothing else counts, and
functions of [`keops_kernel`](@ref) take `ranges=blocks`.

`pairs` are ranges of rows with those columns that they meet, `[1:10 => [1:5, 9:12], 11:20 => [6:8]]`; with `dims=1` of
columns with the rows that they meet. Columns that are named twice count twice; no row may be in two ranges. `keep` is a
matrix of `Bool` that tells which of the ranges `rows_i` meet which of `rows_j`.
"""
struct BlockRanges
    over_j::Blocks
    over_i::Blocks
    handle::Ranges
    BlockRanges(over_j::Blocks, over_i::Blocks) = new(over_j, over_i, ranges_handle(over_j, over_i))
end

function BlockRanges(pairs::AbstractVector; dims=2)
    own = Blocks([checked_block(place, pair) for (place, pair) in enumerate(pairs)])
    other = reversed(own)
    return checked_dims(dims) == 2 ? BlockRanges(own, other) : BlockRanges(other, own)
end

function BlockRanges(rows_i, rows_j, keep)
    keep isa AbstractMatrix{Bool} && size(keep) == (length(rows_i), length(rows_j)) || throw(DimensionMismatch(
        "keep: expected a $(length(rows_i)) × $(length(rows_j)) matrix of Bool, got $(words(keep))",
    ))
    return BlockRanges([rows => rows_j[keep[c, :]] for (c, rows) in enumerate(rows_i)])
end

Base.transpose(blocks::BlockRanges) = BlockRanges(blocks.over_i, blocks.over_j)
Base.show(io::IO, blocks::BlockRanges) = print(io, "BlockRanges(", blocks.over_j, ")")
# Arrays of numbers that may change have no place in it, nor has a second handle.
Base.deepcopy_internal(blocks::BlockRanges, ::IdDict) = blocks

function checked_block(place, pair)
    pair isa Pair && pair.second isa AbstractVector || throw(ArgumentError(
        "pairs: expected rows with a vector of ranges, such as 1:10 => [1:5], got $(words(pair)) in place $place",
    ))
    return checked_rows(place, pair.first) => Rows[checked_rows(place, rows) for rows in pair.second]
end

function checked_rows(place, rows)
    rows isa IntegerRange && (isempty(rows) || first(rows) >= 1 && last(rows) < typemax(Int)) && return Rows(rows)
    throw(ArgumentError("pairs: expected ranges of whole numbers from 1 on, got $(words(rows)) in place $place"))
end

# The same blocks with rows and columns exchanged. Columns are cut wherever a range starts or ends, so that each piece
# meets whole ranges of rows.
function reversed(blocks::Blocks)
    kept = sort!([rows for (rows, _) in blocks if !isempty(rows)]; by=first)
    for (a, b) in zip(kept, kept[2:end])
        last(a) < first(b) || throw(ArgumentError("pairs: expected each row in one range, got $a and $b"))
    end
    cuts = unique!(sort!([cut for (_, met) in blocks for rows in met for cut in (first(rows), last(rows) + 1)]))
    found = Blocks([cuts[c]:cuts[c+1]-1 => Rows[] for c in 1:length(cuts)-1])
    for (kept, met) in blocks, rows in met
        for piece in searchsortedfirst(cuts, first(rows)):searchsortedfirst(cuts, last(rows) + 1)-1
            push!(found[piece].second, kept)
        end
    end
    return filter!(block -> !isempty(block.second), found)
end

# Rows as the library counts them: from 0 on, and the end is not in it.
bounds(rows) = Int64[bound for own in rows for bound in (first(own) - 1, last(own))]

function ranges_handle(over_j::Blocks, over_i::Blocks)
    lists = map((over_j, over_i)) do blocks
        met = [block.second for block in blocks]
        bounds(first.(blocks)), cumsum(Int64[length(rows) for rows in met]), bounds(reduce(vcat, met; init=Rows[]))
    end
    out = new_pointer()
    GC.@preserve lists begin
        halves = map(lists) do (kept, slices, reduced)
            Ref(Half(pointer(kept), pointer(slices), length(slices), pointer(reduced), length(reduced) ÷ 2))
        end
        check(ccall(
            library().ranges_create, Ptr{Cvoid}, (Ptr{Half}, Ptr{Half}, Ptr{Ptr{Cvoid}}), halves[1], halves[2], out,
        ))
    end
    return Ranges(out[])
end

pointer_of(::Nothing) = C_NULL
pointer_of(blocks::BlockRanges) = live(blocks.handle)

# Whether each of some rows meets anything.
function meets_something(blocks::BlockRanges, dims, count)
    found = falses(count)
    for (kept, met) in (dims == 2 ? blocks.over_j : blocks.over_i)
        all(isempty, met) || (found[kept] .= true)
    end
    return found
end

# The blocks of two tensors of one formula.
function joined_ranges(what, a, b)
    a === nothing || b === nothing || a.over_j == b.over_j ||
        throw(ArgumentError("$what: expected tensors of the same BlockRanges, got two different ones"))
    return a === nothing ? b : a
end

checked_ranges(::Nothing, rows) = nothing
checked_ranges(ranges, rows) = throw(ArgumentError("ranges: expected BlockRanges, got $(words(ranges))"))
function checked_ranges(ranges::BlockRanges, rows)
    for (kept, count) in zip((ranges.over_j, ranges.over_i), map(extent, rows)), (own, _) in kept
        last(own) <= count ||
            throw(DimensionMismatch("ranges: expected those of $(join(map(extent, rows), " × ")) pairs, got $own"))
    end
    return ranges
end
