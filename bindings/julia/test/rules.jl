# The rules of the package extension, with a module in the place of ChainRulesCore where there is no network to get it.

module ChainRulesCore
    abstract type AbstractZero end
    struct NoTangent <: AbstractZero end
    struct NotImplemented
        message::String
    end
    struct Thunk
        make::Any
    end
    unthunk(thunk::Thunk) = thunk.make()
    unthunk(value) = value
    macro thunk(expression)
        :(Thunk(() -> $(esc(expression))))
    end
    macro not_implemented(message)
        :(NotImplemented($(esc(message))))
    end
    function rrule end
    export AbstractZero, NoTangent, unthunk, @thunk, @not_implemented
end

# The extension's file with its package replaced by the module above.
module Rules
    import ..ChainRulesCore
    file = joinpath(@__DIR__, "..", "ext", "RKeOpsChainRulesCoreExt.jl")
    text = replace(read(file, String), "using ChainRulesCore" => "using ...ChainRulesCore; import ...ChainRulesCore")
    include_string(Rules, text, file)
end

const rrule, unthunk = ChainRulesCore.rrule, ChainRulesCore.unthunk

x, y, b = numbers(3, 5), numbers(3, 6; seed=2), numbers(6; seed=3)
e = numbers(5; seed=4)

k = keops_kernel("Exp(-SqDist(x,y)*g)*b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)")
result, pullback = rrule(k, x, y, b, 0.5)
@test result == k(x, y, b, 0.5)
tangents = map(unthunk, pullback(e))
@test length(tangents) == 5 && tangents[1] isa ChainRulesCore.NoTangent
for place in 1:4
    @test tangents[place+1] == gradient(k, place)(x, y, b, 0.5, e)
end
@test all(one -> one isa ChainRulesCore.NoTangent, pullback(ChainRulesCore.NoTangent()))

f(x, y, b) = exp.(-sqdist(vi(x), vj(y))) .* vj(b)
result, pullback = rrule(reduce_formula, f, x, y, b)
@test result == sum(f(x, y, b); dims=2) == reduce_formula(f, x, y, b)
tangents = map(unthunk, pullback(ChainRulesCore.Thunk(() -> e)))
@test length(tangents) == 5
@test tangents[3] == gradient(f(x, y, b), x, e) && tangents[5] == gradient(f(x, y, b), b, e)

# One array in two places has a gradient in each.
result, pullback = rrule(reduce_formula, (x, y) -> exp.(-sqdist(vi(x), vj(y))), x, x)
tangents = map(unthunk, pullback(e))
K = exp.(-sqdist(vi(x), vj(x)))
@test tangents[3] ≈ gradient(K, vi(x), e) && tangents[4] ≈ gradient(K, vj(x), e)

# What is not in the formula, options, and reductions over i.
result, pullback = rrule(reduce_formula, (x, y) -> sqnorm2(vj(y)), x, y; dims=1, reduction="Max")
@test pullback(ones(6))[3] isa ChainRulesCore.NoTangent
@test unthunk(pullback(ones(6))[4]) ≈ 2y

K = exp.(-sqdist(vi(x), vj(y)))
result, pullback = rrule(*, K, b)
@test result == K * b && unthunk(pullback(e)[3]) ≈ Matrix(K)' * e
@test pullback(e)[2] isa ChainRulesCore.NotImplemented
# The derivative is by the factor, also where K holds the same array.
vectors = (vi(x) - vj(y)) .* vj(b)
result, pullback = rrule(*, vectors, b)
cotangent = numbers(3, 5; seed=6)
@test unthunk(pullback(cotangent)[3]) ≈ [b[j] * sum(cotangent .* (x .- y[:, j])) for j in 1:6]
many = exp.(-sqdist(vi(cat(x, 2x; dims=3)), vj(y)))
result, pullback = rrule(*, many, b)
@test unthunk(pullback(ones(5, 1, 2))[3]) ≈ Matrix(K)' * ones(5) + Matrix(exp.(-sqdist(vi(2x), vj(y))))' * ones(5)
result, pullback = rrule(*, vi(x) - vj(y), b)
@test unthunk(pullback(ones(3, 5))[3]) ≈ [sum(x .- y[:, j]) for j in 1:6]
