# Operators on tensors, and dots: `f.(K)` applies a function to each entry.

# The entry of a tensor, of which functions of numbers make others. A function with a dot gets these, so that also the
# user's own functions may have one: `f(d) = exp(-d^2); f.(norm2(x - y))`.
struct Entry
    tensor::LazyTensor
end

entry(x::LazyTensor) = Entry(x)
entry(x::AbstractArray) = Entry(tensor(x))
entry(x::Broadcast.Broadcasted) = entry(Broadcast.materialize(x))
entry(x::Ref) = x[]
entry(x) = x

bare(x::Entry) = x.tensor
bare(x::Number) = pm(x)
bare(x) =
    throw(ArgumentError("a function of a LazyTensor with a dot: expected that it gives a number, got $(words(x))"))

struct LazyStyle <: Broadcast.BroadcastStyle end

Base.broadcastable(x::LazyTensor) = x
Base.BroadcastStyle(::Type{<:LazyTensor}) = LazyStyle()
Base.BroadcastStyle(own::LazyStyle, ::Broadcast.BroadcastStyle) = own
# Without these two methods it would be undecided which of two styles wins.
Base.BroadcastStyle(own::LazyStyle, ::Broadcast.Unknown) = own
Base.BroadcastStyle(own::LazyStyle, ::Broadcast.DefaultArrayStyle) = own

Broadcast.broadcasted(::LazyStyle, f, arguments...) = bare(f(map(entry, arguments)...))
Broadcast.broadcasted(::LazyStyle, ::typeof(ifelse), condition, yes, no) =
    bare(chosen(entry(condition), entry(yes), entry(no)))
# What `x .^ 2` is made of.
Broadcast.broadcasted(::LazyStyle, ::typeof(Base.literal_pow), ::Any, x, power) =
    bare(entry(x)^value_of(entry(power)))

value_of(::Val{n}) where {n} = n

# Operations on entries, where numbers and entries mix.
made(name, operands...; parameters=no_parameters) =
    Entry(operate(name, LazyTensor[bare(one) for one in operands], parameters))

for (f, name) in (
    (:+, "Add"), (:-, "Subtract"), (:*, "Mult"), (:/, "Divide"), (:<, "LessThan"), (:<=, "LessOrEqual"),
    (:(==), "Equal"), (:!=, "NotEqual"),
)
    @eval begin
        Base.$f(a::Entry, b::Entry) = made($name, a, b)
        Base.$f(a::Entry, b::Number) = made($name, a, b)
        Base.$f(a::Number, b::Entry) = made($name, a, b)
    end
end

Base.:+(a::Entry) = a
Base.:-(a::Entry) = made("Minus", a)
Base.:\(a::Union{Entry,Number}, b::Entry) = b / a
Base.:\(a::Entry, b::Number) = b / a
Base.:>(a::Entry, b::Entry) = b < a
Base.:>(a::Entry, b::Number) = b < a
Base.:>(a::Number, b::Entry) = b < a
Base.:>=(a::Entry, b::Entry) = b <= a
Base.:>=(a::Entry, b::Number) = b <= a
Base.:>=(a::Number, b::Entry) = b <= a

function Base.:^(a::Entry, power::Integer)
    power == 2 && return made("Square", a)
    typemin(Int32) <= power <= typemax(Int32) || throw(ArgumentError("power: expected one of 32 bits, got $power"))
    return made("Pow", a; parameters=Int64[power])
end
function Base.:^(a::Entry, power::Real)
    power == 0.5 && return made("Sqrt", a)
    power == -0.5 && return made("Rsqrt", a)
    return made("Powf", a, power)
end
Base.:^(a::Entry, power::Union{Entry,Number}) = made("Powf", a, power)
Base.:^(a::Number, power::Entry) = made("Powf", a, power)
Base.literal_pow(::typeof(^), a::Entry, ::Val{n}) where {n} = a^n

# 1 where it holds and 0 elsewhere.
Base.:!(a::Entry) = 1 - a
Base.:&(a::Entry, b::Entry) = a * b
Base.:|(a::Entry, b::Entry) = chosen(a, 1, b)

# The operation takes numbers that are not negative for true; conditions are 0 or 1.
chosen(condition::Entry, yes, no) = made("IfElse", condition - 0.5, yes, no)
chosen(condition, yes, no) = condition ? yes : no

# Operators without dots, as matrices have them: sums, and multiples by numbers.
for f in (:+, :-)
    @eval begin
        Base.$f(a::LazyTensor) = bare($f(Entry(a)))
        Base.$f(a::LazyTensor, b::LazyTensor) = bare($f(Entry(a), Entry(b)))
        Base.$f(a::LazyTensor, b::Union{Number,AbstractVector}) = bare($f(Entry(a), Entry(tensor(b))))
        Base.$f(a::Union{Number,AbstractVector}, b::LazyTensor) = bare($f(Entry(tensor(a)), Entry(b)))
    end
end

Base.:*(a::LazyTensor, b::Number) = bare(Entry(a) * b)
Base.:*(a::Number, b::LazyTensor) = bare(a * Entry(b))
Base.:/(a::LazyTensor, b::Number) = bare(Entry(a) / b)
Base.:\(a::Number, b::LazyTensor) = bare(Entry(b) / a)

no_product(what) = throw(ArgumentError("$what of two LazyTensors: a dot applies it to each entry: expected a .$what b"))
Base.:*(::LazyTensor, ::LazyTensor) = no_product("*")
Base.:/(::LazyTensor, ::LazyTensor) = no_product("/")

Base.transpose(K::LazyTensor) = LazyTensor(transposed(K.formula), exchanged(K.arguments))

# Arguments with i and j exchanged.
exchanged(own::Arguments) = Arguments(
    own.values, map(exchanged, own.kinds), reverse(own.rows), own.batch, own.base,
    own.ranges === nothing ? nothing : transpose(own.ranges),
)

function exchanged(kind::Input)
    kind.category == category_parameter && return kind
    return Input(kind.columns, category_j - kind.category)
end

Base.adjoint(K::LazyTensor{<:Real}) = transpose(K)
Base.adjoint(K::LazyTensor{<:Complex}) = conj(transpose(K))
Base.conj(K::LazyTensor) = bare(conj(Entry(K)))
Base.real(K::LazyTensor) = bare(real(Entry(K)))
Base.imag(K::LazyTensor) = bare(imag(Entry(K)))
