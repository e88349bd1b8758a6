# Functions of entries, and of vectors that entries are.

const entry_functions = (
    exp="Exp", exp2="Exp2", expm1="Expm1", log="Log", log1p="Log1p", sqrt="Sqrt", abs="Abs", sign="Sign", floor="Floor",
    sin="Sin", cos="Cos", tan="Tan", asin="Asin", acos="Acos", atan="Atan", sinh="Sinh", cosh="Cosh", tanh="Tanh",
    asinh="Asinh", acosh="Acosh", atanh="Atanh", inv="Inv",
)

for (f, name) in pairs(entry_functions)
    @eval Base.$f(a::Entry) = made($name, a)
end

# Functions of the language that Julia has under no name of its own; with a dot they take numbers too.
for (f, name, plain) in (
    (:rsqrt, "Rsqrt", :(1 / sqrt(a))), (:relu, "ReLU", :(max(a, zero(a)))),
    (:xlogx, "XLogX", :(iszero(a) ? float(a) : a * log(a))),
    (:softplus, "Softplus", :(max(a, zero(a)) + log1p(exp(-abs(a))))), (:sigmoid, "Sigmoid", :(1 / (1 + exp(-a)))),
)
    @eval begin
        @doc $("    $f.(x)\n\nThe operation `$name` of the formula language, of each entry of a [`LazyTensor`](@ref).")
        function $f end
        $f(a::Entry) = made($name, a)
        $f(a::Real) = $plain
    end
end

# Functions of the package SpecialFunctions are operations by name: operation("Erf", x).

is_complex(a::Entry) = is_complex(a.tensor)

Base.exp10(a::Entry) = exp(a * log(10))
Base.log2(a::Entry) = log(a) / log(2)
Base.log10(a::Entry) = log(a) / log(10)
Base.log(base::Number, a::Entry) = log(a) / log(base)
Base.cbrt(a::Entry) = sign(a) * abs(a)^(1 / 3)
Base.abs2(a::Entry) = is_complex(a) ? made("ComplexSquareAbs", a) : made("Square", a)
Base.ceil(a::Entry) = -floor(-a)
Base.trunc(a::Entry) = sign(a) * floor(abs(a))
# Halves go to the even number, as everywhere in Julia.
function Base.round(a::Entry)
    near = made("Round", a; parameters=Int64[0])
    return near - (abs(near - a) == 0.5) * mod(near, 2) * sign(a)
end
Base.mod(a::Entry, b::Union{Entry,Number}) = made("Mod", a, b, 0)
Base.mod(a::Number, b::Entry) = made("Mod", a, b, 0)
Base.rem(a::Entry, b::Union{Entry,Number}) = a - b * trunc(a / b)
Base.rem(a::Number, b::Entry) = a - b * trunc(a / b)
Base.fld(a::Entry, b::Union{Entry,Number}) = floor(a / b)
Base.div(a::Entry, b::Union{Entry,Number}) = trunc(a / b)
Base.atan(a::Entry, b::Union{Entry,Number}) = made("Atan2", a, b)
Base.atan(a::Number, b::Entry) = made("Atan2", a, b)
Base.hypot(a::Entry, b::Union{Entry,Number}) = sqrt(abs2(a) + abs2(b))
Base.sinc(a::Entry) = made("SinXDivX", a * pi)
Base.isnan(a::Entry) = a != a
Base.identity(a::Entry) = a
Base.clamp(a::Entry, low, high) = made("Clamp", a, low, high)
Base.muladd(a::Entry, b, c) = a * b + c
Base.zero(a::Entry) = a * 0
Base.one(a::Entry) = a * 0 + 1

# NaN is kept, as Julia's max and min keep it.
Base.max(a::Entry, b::Union{Entry,Number}) = chosen(a <= b, b, chosen(b <= a, a, a + b))
Base.max(a::Number, b::Entry) = max(b, a)
Base.min(a::Entry, b::Union{Entry,Number}) = chosen(a <= b, a, chosen(b <= a, b, a + b))
Base.min(a::Number, b::Entry) = min(b, a)

Base.real(a::Entry) = is_complex(a) ? made("ComplexReal", a) : a
Base.imag(a::Entry) = is_complex(a) ? made("ComplexImag", a) : a * 0
Base.conj(a::Entry) = is_complex(a) ? made("Conj", a) : a
Base.angle(a::Entry) = is_complex(a) ? made("ComplexAngle", a) : made("Atan2", 0, a)
Base.cis(a::Entry) = made("ComplexExp1j", a)
Base.complex(a::Entry) = is_complex(a) ? a : made("Real2Complex", a)
Base.complex(a::Entry, b::Union{Entry,Real}) = made("Complex", a, b)

# Without a dot these are functions of matrices, which are not computed here.
for f in (:exp, :log, :sqrt, :sin, :cos, :tan, :tanh, :abs, :inv)
    message = "$f of a LazyTensor: a dot applies it to each entry: expected $f.(K)"
    @eval Base.$f(::LazyTensor) = throw(ArgumentError($message))
end

const Operand = Union{LazyTensor,Number,AbstractVector}

"""
    sqdist(x, y)

The squared Euclidean distances of `x` and `y`, [`LazyTensor`](@ref)s of points or parameters.
"""
sqdist(x::Operand, y::Operand) = operation("SqDist", x, y)

"    sqnorm2(x)\n\nThe squared Euclidean norm of each entry, a vector."
sqnorm2(x::LazyTensor) = operation("SqNorm2", x)

"    norm2(x)\n\nThe Euclidean norm of each entry, a vector."
norm2(x::LazyTensor) = operation("Norm2", x)

"    weightedsqnorm(x, s)\n\nThe squared norm with weights `s`: one, one for each component, or a matrix by rows."
weightedsqnorm(x::Operand, s::Operand) = operation("WeightedSqNorm", s, x)

"    weightedsqdist(x, y, s)\n\nThe squared distance with weights, as in [`weightedsqnorm`](@ref)."
weightedsqdist(x::Operand, y::Operand, s::Operand) = operation("WeightedSqDist", s, x, y)

LinearAlgebra.dot(x::LazyTensor, y::LazyTensor) = operation("Scalprod", x, y)
LinearAlgebra.dot(x::LazyTensor, y::AbstractVector) = operation("Scalprod", x, y)
LinearAlgebra.dot(x::AbstractVector, y::LazyTensor) = operation("Scalprod", x, y)
LinearAlgebra.normalize(x::LazyTensor) = operation("Normalize", x)

"    matvecmult(m, v)\n\nThe product of the matrix `m`, row after row as `pm(A)` has it, with the vector `v`."
matvecmult(m::Operand, v::Operand) = operation("MatVecMult", m, v)

"    vecmatmult(v, m)\n\nThe product of the vector `v` with the matrix `m`, row after row."
vecmatmult(v::Operand, m::Operand) = operation("VecMatMult", v, m)

"    tensorprod(x, y)\n\nThe outer product, row after row."
tensorprod(x::Operand, y::Operand) = operation("TensorProd", x, y)

"    concat(x, y...)\n\nThe components of the first, then those of the others."
concat(x::Operand, y::Operand...) = foldl((a, b) -> operation("Concat", a, b), y; init=tensor(x))

"    elem(x, m)\n\nComponent `m` of each entry, from 1 on."
elem(x::LazyTensor, m::Integer) = operation("Elem", x; parameters=Int64[m-1])

"    extract(x, range)\n\nThe components of each entry that a range such as `2:3` names."
extract(x::LazyTensor, range::AbstractUnitRange{<:Integer}) =
    operation("Extract", x; parameters=Int64[first(range)-1, length(range)])

"    onehot(x, n)\n\nA vector of `n` components, 1 at the place that `x` tells, from 1 on."
onehot(x::LazyTensor, n::Integer) = operation("OneHot", x - 1; parameters=Int64[n])
