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
const StoredNumber = Union{Stored,Complex{Float16},ComplexF32,ComplexF64}

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

# Whether an array can be read, and written, where it is. Indices have to start from 1: addresses are those of the first.
is_readable(a::AbstractArray{<:StoredNumber}) =
    (own = layout(a); own !== nothing && own[1] isa Ptr && !Base.has_offset_axes(a))
is_readable(a::AbstractArray) = false

stored_type(::Type{T}) where {T<:StoredNumber} = T
stored_type(::Type{T}) where {T<:Real} = Float64
stored_type(::Type{<:Complex}) = ComplexF64

# Numbers as an array that the library can read: the same one, or a copy where there are no strides.
readable(a::AbstractArray{<:StoredNumber}, name) = is_readable(a) ? a : copied(a, name)
readable(a::AbstractArray{<:Union{Real,Complex}}, name) = copied(a, name)
readable(a, name) = throw(ArgumentError("$name: expected an array of numbers, got $(words(a))"))

function copied(a::AbstractArray, name)
    own = layout(a)
    own === nothing || own[1] isa Ptr ||
        throw(ArgumentError("$name: expected an array in ordinary memory, got $(words(a)) on a device; Array() copies it"))
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

# Shapes and strides of all arrays of one call, in one buffer.
const per_array = 6

struct Call
    arrays::Vector{ArrayDescription}
    buffer::Vector{Int64}
end

Call(count::Integer) = Call(Vector{ArrayDescription}(undef, count), Vector{Int64}(undef, per_array * count))

# Describes array number k by its extents and strides, from the slowest axis of the library's rows to the columns.
@inline function describe!(call::Call, k, ::Type{T}, data, extents::NTuple{R,Int}, steps::NTuple{R,Int}) where {T,R}
    start = per_array * (k - 1)
    for axis in 1:R
        @inbounds call.buffer[start + axis] = extents[axis]
        @inbounds call.buffer[start + 3 + axis] = steps[axis]
    end
    address = pointer(call.buffer, start + 1)
    @inbounds call.arrays[k] = ArrayDescription(
        convert(Ptr{Cvoid}, data), dtype_code(T), Int32(8 * sizeof(T)), Int32(1), Int32(0), Int32(R), address, address + 24,
    )
    return nothing
end

# Points that are the columns of a matrix, or the numbers of a vector.
@inline function describe_points!(call::Call, k, a::AbstractMatrix{T}) where {T}
    data, steps = layout(a)
    describe!(call, k, T, data, (size(a, 2), size(a, 1)), (steps[2], steps[1]))
end
@inline function describe_points!(call::Call, k, a::AbstractVector{T}) where {T}
    data, steps = layout(a)
    describe!(call, k, T, data, (length(a), 1), (steps[1], 1))
end

# A parameter.
@inline function describe_parameter!(call::Call, k, a::AbstractVector{T}) where {T}
    data, steps = layout(a)
    describe!(call, k, T, data, (length(a),), (steps[1],))
end
