# Rules for automatic differentiation, loaded where ChainRulesCore is. Gradients are computed where somebody asks for
# them.
module RKeOpsChainRulesCoreExt

using ChainRulesCore
using RKeOps
using RKeOps: KeopsKernel, LazyTensor, distinct, reduce_tensor

function ChainRulesCore.rrule(k::KeopsKernel, arguments...)
    function pullback(cotangent)
        e = unthunk(cotangent)
        e isa AbstractZero && return (NoTangent(), map(_ -> NoTangent(), arguments)...)
        gradients = ntuple(position -> @thunk(gradient(k, position)(arguments..., e)), length(arguments))
        return (NoTangent(), gradients...)
    end
    return k(arguments...), pullback
end

function ChainRulesCore.rrule(::typeof(reduce_formula), f, data...; options...)
    own = distinct(data)
    K = f(own...)
    function pullback(cotangent)
        e = unthunk(cotangent)
        e isa AbstractZero && return (NoTangent(), NoTangent(), map(_ -> NoTangent(), data)...)
        gradients = map(own) do array
            # What the formula has not in it changes nothing.
            is_there = any(value -> value === array, K.arguments.values)
            is_there ? @thunk(gradient(K, array, e; dims=2, options...)) : NoTangent()
        end
        return (NoTangent(), NoTangent(), gradients...)
    end
    return reduce_tensor(K; options...), pullback
end

# The factor is the same in all problems of a batch.
function in_factor(K, b, e)
    product = transpose(K) * e
    return ndims(product) > 2 ? reshape(sum(product; dims=3:ndims(product)), size(b)) : product
end

# As another array, because K may hold b as well.
function in_points(K, b, e)
    points = vj(copy(b))
    return gradient(K .* points, points, e)
end

function ChainRulesCore.rrule(::typeof(*), K::LazyTensor{<:Real}, b::AbstractVecOrMat{<:Real})
    function pullback(cotangent)
        e = unthunk(cotangent)
        e isa AbstractZero && return (NoTangent(), NoTangent(), NoTangent())
        in_K = @not_implemented("gradients of K * b in the data of K: reduce_formula and keops_kernel have them")
        in_b = @thunk(RKeOps.components(K) == 1 ? in_factor(K, b, e) : in_points(K, b, e))
        return (NoTangent(), in_K, in_b)
    end
    return K * b, pullback
end

end
