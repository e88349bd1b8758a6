# What becomes of all entries of a row or of a column.

# The kernel of a reduction of a tensor alone, compiled when first wanted.
function kernel_of(K::LazyTensor{T}, name::String, dims, option) where {T}
    own = purpose(Symbol(name), real(T); dims=dims, option=option === nothing ? typemin(Int) : option)
    return remembered(K.formula.compiled, own) do
        parameters = option === nothing ? no_parameters : Int64[option]
        compiled([make_reduction(name, K.formula, dims, parameters)], own.bits, own.compilation)
    end::CompiledKernel
end

function checked_option(option)
    option === nothing && return nothing
    option isa Integer && typemin(Int) < option <= typemax(Int) && return Int(option)
    throw(ArgumentError("option: expected a whole number, got $(words(option))"))
end

"""
    reduction(name, K; dims, option=nothing, weights=nothing)

Reduces a [`LazyTensor`](@ref) over i (`dims=1`) or j (`dims=2`) by any reduction of the formula language: `"Sum"`,
`"Mean"`, `"LogSumExp"`, `"KMin"` ... The result is a vector where it has one number for each point, else a matrix with
a column for each point.
"""
function reduction(name, K::LazyTensor; dims, option=nothing, weights=nothing)
    shown = c_text(text_or_name(name), "name")
    own, over, number = with_values(shown), checked_dims(dims), checked_option(option)
    weights === nothing || return weighted_reduction(shown, K, tensor(weights), over, number)
    return reduced(shown, kernel_of(K, own, over, number), K.arguments, real_type(K), components(K))
end

function weighted_reduction(name, K, weights, dims, option)
    formulas, arguments = joined(name, LazyTensor[K, weights])
    T = computed_type(arguments.base)
    own = make_reduction(name, formulas[1], dims, option === nothing ? no_parameters : Int64[option], formulas[2])
    kernel = compiled([own], 8 * sizeof(T), current_options[].compilation)
    return reduced(name, kernel, arguments, T, components(K))
end

reduction(name, K; options...) = throw(ArgumentError("K: expected a LazyTensor, got $(words(K))"))

function reduced(name, kernel, own::Arguments, ::Type{T}, components) where {T}
    values = run_values(T, own, length(kernel.inputs))
    results = run_kernel(T, kernel, values, own.rows, own.batch, own.ranges)
    name == "Sum" && return results[1]
    return finished(name, results, kernel.dims, own.rows, components, own.ranges)
end

"""
    sum(K; dims)

The sums of a [`LazyTensor`](@ref) over i (`dims=1`) or j (`dims=2`), a vector, or a matrix with a column for each point
where entries are vectors; without `dims` the sum of all entries. `prod`, `minimum`, `maximum`, `findmin`, `findmax`,
`argmin`, `argmax`, `count`, `any` and `all` take `dims` too.
"""
function Base.sum(K::LazyTensor; dims=nothing)
    dims === nothing || return reduction("Sum", K; dims=dims)
    rows = reduction("Sum", K; dims=2)
    return components(K) == 1 ? sum(rows) : vec(sum(rows; dims=2:ndims(rows)))
end

Base.prod(K::LazyTensor; dims) = reduction("Prod", K; dims=dims)
Base.minimum(K::LazyTensor; dims) = reduction("Min", K; dims=dims)
Base.maximum(K::LazyTensor; dims) = reduction("Max", K; dims=dims)
Base.argmin(K::LazyTensor; dims) = reduction("ArgMin", K; dims=dims)
Base.argmax(K::LazyTensor; dims) = reduction("ArgMax", K; dims=dims)
Base.findmin(K::LazyTensor; dims) = reduction("Min_ArgMin", K; dims=dims)
Base.findmax(K::LazyTensor; dims) = reduction("Max_ArgMax", K; dims=dims)
Base.count(K::LazyTensor; dims) = reduction("Count", K; dims=dims)
Base.any(K::LazyTensor; dims) = reduction("Any", K; dims=dims)
Base.all(K::LazyTensor; dims) = reduction("All", K; dims=dims)

"""
    logsumexp(K; dims, weights=nothing)

The logarithm of the sums of exponentials, each times its weight, if there are any, so that nothing overflows.
"""
logsumexp(K::LazyTensor; dims, weights=nothing) =
    reduction(weights === nothing ? "LogSumExp" : "LogSumExpWeight", K; dims=dims, weights=weights)

"""
    softmaxweight(K, w; dims)

The means of `w` with weights that are the exponentials of `K`: what attention computes.
"""
softmaxweight(K::LazyTensor, w; dims) = reduction("SumSoftMaxWeight", K; dims=dims, weights=w)

"""
    argkmin(K, k; dims)

The places, from 1 on, of the `k` smallest entries of each row (`dims=2`) or column (`dims=1`), ascending: a `k` × M
matrix of nearest neighbours; 0 where there are fewer. `kmin` gives the values, `kmin_argkmin` both, `argkmax` and
`kmax` those of the largest.
"""
argkmin(K::LazyTensor, k; dims) = reduction("ArgKMin", K; dims=dims, option=k)
"    kmin(K, k; dims)\n\nThe `k` smallest entries, as [`argkmin`](@ref) has their places."
kmin(K::LazyTensor, k; dims) = reduction("KMin", K; dims=dims, option=k)
"    kmin_argkmin(K, k; dims)\n\nThe `k` smallest entries and their places, from 1 on."
kmin_argkmin(K::LazyTensor, k; dims) = reduction("KMin_ArgKMin", K; dims=dims, option=k)
"    argkmax(K, k; dims)\n\nThe places, from 1 on, of the `k` largest entries, descending."
argkmax(K::LazyTensor, k; dims) = reduction("ArgKMax", K; dims=dims, option=k)
"    kmax(K, k; dims)\n\nThe `k` largest entries, descending."
kmax(K::LazyTensor, k; dims) = reduction("KMax", K; dims=dims, option=k)
