# Tensors and functions go to other processes as what they are made of; handles are made anew there.

const Stream = Serialization.AbstractSerializer

function Serialization.serialize(stream::Stream, own::Union{Formula,KeopsKernel,BlockRanges})
    Serialization.serialize_type(stream, typeof(own))
    serialize(stream, ingredients(own))
end

ingredients(own::Formula) = (text_of(own),)
ingredients(own::KeopsKernel) = (own.source, own.text, own.aliases)
ingredients(own::BlockRanges) = (own.over_j, own.over_i)

Serialization.deserialize(stream::Stream, ::Type{Formula}) = parse_formula(deserialize(stream)..., ())
Serialization.deserialize(stream::Stream, ::Type{KeopsKernel}) = KeopsKernel(deserialize(stream)...)
Serialization.deserialize(stream::Stream, ::Type{BlockRanges}) = BlockRanges(deserialize(stream)...)
