# Julia's arrays as the library reads them: in place wherever there are strides.

# rkeops_array
struct ArrayDescription
    data::Ptr{Cvoid}
    dtype_code::Int32
    dtype_bits::Int32
    device_type::Int32
    device_id::Int32
    rank::Int32
    shape::Ptr{Int64}
    strides::Ptr{Int64}
end

const Stored = Union{Int8,Int16,Int32,Int64,UInt8,UInt16,UInt32,UInt64,Bool,Float16,Float32,Float64}
const StoredNumber = Union{Stored,ComplexF32,ComplexF64}

# By a name, because Julia makes a type that is written out in a function anew in each call.
const NumberArray = AbstractArray{<:Union{Real,Complex}}

dtype_code(::Type{<:Signed}) = Int32(0)
dtype_code(::Type{<:Unsigned}) = Int32(1)
dtype_code(::Type{<:AbstractFloat}) = Int32(2)
dtype_code(::Type{<:Complex}) = Int32(5)
dtype_code(::Type{Bool}) = Int32(6)

# The address and the strides of an array; nothing where it has none.
layout(a::StridedArray) = (pointer(a), strides(a))
layout(a::Transpose{<:Any,<:AbstractMatrix}) = swapped(layout(parent(a)))
layout(a::Adjoint{<:Real,<:AbstractMatrix}) = swapped(layout(parent(a)))
layout(a::Transpose{<:Any,<:AbstractVector}) = as_row(layout(parent(a)))
layout(a::Adjoint{<:Real,<:AbstractVector}) = as_row(layout(parent(a)))
function layout(a::PermutedDimsArray{<:Any,N,order}) where {N,order}
    own = layout(parent(a))
    return own === nothing ? nothing : (own[1], ntuple(k -> own[2][order[k]], Val(N)))
end
layout(a::AbstractArray) = nothing

swapped(own) = own === nothing ? nothing : (own[1], (own[2][2], own[2][1]))
as_row(own) = own === nothing ? nothing : (own[1], (own[2][1], own[2][1]))

# Whether an array can be read, and written, where it is. Indices have to start from 1: addresses are those of the
# first.
is_readable(a::AbstractArray{<:StoredNumber}) =
    (own = layout(a); own !== nothing && own[1] isa Ptr && !Base.has_offset_axes(a))
is_readable(a::AbstractArray) = false

stored_type(::Type{T}) where {T<:StoredNumber} = T
stored_type(::Type{T}) where {T<:Real} = Float64
stored_type(::Type{Complex{Float16}}) = ComplexF32
stored_type(::Type{<:Complex}) = ComplexF64

# Numbers as an array that the library can read: the same one, or a copy where there are no strides.
readable(a::AbstractArray{<:StoredNumber}, name) = is_readable(a) ? a : copied(a, name)
readable(a::NumberArray, name) = copied(a, name)
readable(a, name) = throw(ArgumentError("$name: expected an array of numbers, got $(words(a))"))

function copied(a::AbstractArray, name)
    own = layout(a)
    own === nothing || own[1] isa Ptr ||
        throw(ArgumentError("$name: expected an array in ordinary memory, got $(words(a)) on a device: Array() copies"))
    isconcretetype(eltype(a)) || eltype(a) <: Union{Real,Complex} ||
        throw(ArgumentError("$name: expected an array of numbers, got $(words(a))"))
    copy = Array{stored_type(eltype(a))}(undef, size(a))
    for (place, value) in zip(eachindex(copy), a)
        copy[place] = value
    end
    return copy
end

# The format that is computed with for data of a type.
computed_type(::Type{T}) where {T<:Real} = T === Float32 || T === Float16 ? Float32 : Float64
computed_type(::Type{Complex{T}}) where {T} = computed_type(T)
# What is no number is refused later, where its name is known.
computed_type(::Type) = Float64

# The type that stands for the data of an array when formats are promoted.
base_type(::Type{Complex{T}}) where {T} = T
base_type(::Type{T}) where {T} = T

# Descriptions of the arrays of one call, and in one buffer the extents and strides that they point to.
struct Call
    arrays::Vector{ArrayDescription}
    buffer::Vector{Int64}
    # The most axes that an array has.
    rank::Int
end

Call(count, rank) = Call(Vector{ArrayDescription}(undef, count), Vector{Int64}(undef, 2 * rank * count), rank)

# Describes array number k by its extents and steps in Julia's order, which is the reverse of the library's: from the
# components to the points, and to the axes of a batch.
@inline function describe!(call::Call, k, ::Type{T}, data, extents::NTuple{R,Int}, steps::NTuple{R,Int}) where {T,R}
    start = 2 * call.rank * (k - 1)
    for axis in 1:R
        @inbounds call.buffer[start + axis] = extents[R + 1 - axis]
        @inbounds call.buffer[start + R + axis] = steps[R + 1 - axis]
    end
    shape = pointer(call.buffer, start + 1)
    @inbounds call.arrays[k] = ArrayDescription(
        convert(Ptr{Cvoid}, data), dtype_code(T), Int32(8 * sizeof(T)), Int32(1), Int32(0), Int32(R), shape,
        shape + 8 * R,
    )
    return nothing
end

# The axes of components and points, and those of a batch behind them; a vector is points of one component.
@inline points_layout(a::AbstractVector) = ((address, steps) = layout(a); (address, (1, length(a)), (1, steps[1])))
@inline points_layout(a::AbstractArray) = ((address, steps) = layout(a); (address, size(a), steps))

# A parameter has one point, whose axis the library does not want.
@inline without_points(a::AbstractVector) = ((address, steps) = layout(a); (address, size(a), steps))
@inline function without_points(a::AbstractArray)
    address, steps = layout(a)
    return address, (size(a, 1), batch_of(a)...), (steps[1], Base.tail(Base.tail(steps))...)
end

@inline function describe_points!(call::Call, k, a::AbstractArray{T}) where {T}
    address, extents, steps = points_layout(a)
    describe!(call, k, T, address, extents, steps)
end

@inline function describe_input!(call::Call, k, a::AbstractArray{T}, category) where {T}
    category == category_parameter || return describe_points!(call, k, a)
    address, extents, steps = without_points(a)
    describe!(call, k, T, address, extents, steps)
end

describe_all!(call::Call, inputs, values::Tuple) = describe_all!(call, inputs, values, 1)
describe_all!(call::Call, inputs, values::Tuple{}, position) = nothing
@inline function describe_all!(call::Call, inputs, values::Tuple, position)
    @inbounds describe_input!(call, position, first(values), inputs[position].category)
    describe_all!(call, inputs, Base.tail(values), position + 1)
end
function describe_all!(call::Call, inputs, values::Vector)
    for k in eachindex(inputs)
        describe_input!(call, k, values[k], inputs[k].category)
    end
end

# How many points an array has, and the extents of the batch of problems that it belongs to.
points(a::AbstractVector) = length(a)
points(a::AbstractArray) = size(a, 2)

batch_of(a::AbstractVecOrMat) = ()
batch_of(a::AbstractArray) = Base.tail(Base.tail(size(a)))
batch_of(a::Number) = ()

# An extent of an axis, which is 1 where there are no so many.
extent_along(extents, axis) = axis <= length(extents) ? extents[axis] : 1

# The batch of two together: an extent of 1, or none, stands for any.
joined_batch(what, a::Tuple{}, b::Tuple{}) = ()
function joined_batch(what, a::Dims, b::Dims)
    return ntuple(max(length(a), length(b))) do axis
        m, n = extent_along(a, axis), extent_along(b, axis)
        m == n || m == 1 || n == 1 ||
            throw(DimensionMismatch("$(told(what)): a batch of extents $a and one of extents $b do not fit together"))
        m == 1 ? n : m
    end
end
