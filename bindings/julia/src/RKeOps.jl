"""
Reductions of formulas `F(p, x_i, y_j)` over all pairs of points, without the matrix of their values.

`vi(x)` and `vj(y)` stand for the points that are the columns of `x` and `y`; operators and functions with dots make
symbolic matrices of them, and `K * b`, `sum(K, dims=2)`, `argkmin(K, 5, dims=2)` compute. [`keops_kernel`](@ref) makes
a function from a formula that is text.
"""
module RKeOps

using Libdl
using LinearAlgebra
using Serialization

export LazyTensor, vi, vj, pm, keops_kernel, KeopsKernel, RKeOpsError
export sqdist, sqnorm2, norm2, weightedsqnorm, weightedsqdist, rsqrt, relu, xlogx, softplus, sigmoid, matvecmult,
    vecmatmult, tensorprod, concat, elem, extract, onehot, operation, components
export reduction, logsumexp, softmaxweight, argkmin, kmin, kmin_argkmin, argkmax, kmax
export BlockRanges, gradient, reduce_formula, solve, keops_solver, set_options!, with_options, doctor, explain

include("library.jl")
include("errors.jl")
include("options.jl")
include("remembered.jl")
include("arrays.jl")
include("formula.jl")
include("ranges.jl")
include("run.jl")
include("kernel.jl")
include("lazy.jl")
include("operators.jl")
include("functions.jl")
include("indexing.jl")
include("reductions.jl")
include("products.jl")
include("gradients.jl")
include("solve.jl")
include("serialization.jl")

function __init__()
    # A missing library is an error where it is first needed, so that the package can be loaded to ask what is wrong.
    try
        library()
    catch exception
        exception isa RKeOpsError || rethrow()
    end
    return nothing
end

end
