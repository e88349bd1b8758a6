# What becomes of all entries of a row or of a column.

# The kernel of a reduction of a tensor alone, compiled when first wanted.
function kernel_of(K::LazyTensor{T}, name, dims, option) where {T}
    number = real(T)
    compilation = current_options[].compilation
    return cached(K.cache, (name, dims, option, number, compilation)) do
        parameters = option === nothing ? Int64[] : Int64[option]
        compiled([make_reduction(name, K.formula, dims, parameters)], 8 * sizeof(number), compilation)
    end::CompiledKernel
end

function kernel_of_weighted(name, formulas, dims, ::Type{number}) where {number}
    own = make_reduction(name, formulas[1], dims, Int64[], formulas[2])
    return compiled([own], 8 * sizeof(number), current_options[].compilation)
end

"""
    reduction(name, K; dims, option=nothing, weights=nothing)

Reduces a [`LazyTensor`](@ref) over i (`dims=1`) or j (`dims=2`) by any reduction of the formula language: `"Sum"`,
`"Mean"`, `"LogSumExp"`, `"KMin"` ... The result is a vector where it has one number for each point, else a matrix with
a column for each point.
"""
function reduction(name, K::LazyTensor; dims, option=nothing, weights=nothing)
    own = with_values(c_text(text_or_name(name), "name"))
    over = checked_dims(dims)
    option === nothing || option isa Integer || throw(ArgumentError("option: expected a whole number, got $(words(option))"))
    if weights === nothing
        kernel = kernel_of(K, own, over, option)
        return reduced(string(name), kernel, K.values, K.rows, real_type(K), K.columns)
    end
    formulas, values, _, rows, base = joined(own, [K, tensor(weights)])
    number = computed_type(base)
    kernel = kernel_of_weighted(own, formulas, over, number)
    return reduced(string(name), kernel, values, rows, number, K.columns)
end

reduction(name, K; options...) = throw(ArgumentError("K: expected a LazyTensor, got $(words(K))"))

function reduced(name, kernel, values, rows, ::Type{T}, components) where {T}
    # Arguments that the formula no longer holds are not wanted.
    own = Any[run_value(T, values[k]) for k in eachindex(kernel.inputs)]
    results = run_kernel(T, kernel, own, rows)
    return finished(name, results, extent(rows[kernel.dims]), components)
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
    return K.columns == 1 ? sum(rows) : vec(sum(rows; dims=2))
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
