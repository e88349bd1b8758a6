# Gradients of reductions: reductions again.

# What the gradient of a reduction in one of its arguments is computed by: results that it needs, then itself.
struct GradientPlan
    saved::Union{Nothing,CompiledKernel}
    kernel::CompiledKernel
    # Columns of the cotangent.
    columns::Int
end

function gradient_plan(reduction::Reduction, inputs, position, dims, ::Type{T}) where {T}
    compilation = current_options[].compilation
    bits = 8 * sizeof(T)
    kept = Int32(2 - dims)
    count = length(inputs)
    results = saved_reductions(reduction)
    columns = reduction_dim(reduction)
    saved = Formula[variable(count + k, reduction_dim(one), kept) for (k, one) in enumerate(results)]
    input = inputs[position]
    own = gradient_reduction(
        reduction, variable(position - 1, input.columns, input.category), variable(count, columns, kept), saved,
    )
    before = isempty(results) ? nothing : compiled(results, bits, compilation)
    return GradientPlan(before, compiled([own], bits, compilation), columns)
end

# The gradient in argument number `position`, in its shape; `values` are prepared, `cotangent` has the result's shape.
function run_gradient(plan::GradientPlan, ::Type{T}, inputs, position, values, rows, cotangent) where {T}
    all = Any[values..., cotangent]
    if plan.saved !== nothing
        append!(all, run_kernel(T, plan.saved, all[1:length(plan.saved.inputs)], rows))
    end
    input = inputs[position]
    result = run_kernel(T, plan.kernel, all[1:length(plan.kernel.inputs)], gradient_rows(plan.kernel, rows))[1]
    own = result isa AbstractVector ? reshape(result, 1, :) : result
    if input.category == category_parameter
        # There is a column for each column of the result; their sum is the gradient.
        own = sum(own; dims=2)
    elseif size(own, 2) != rows[input.category+1]
        # A gradient that does not depend on the points is told once.
        own = repeat(own, 1, rows[input.category+1])
    end
    return shaped_gradient(own, values[position])
end

# An index that no argument of the gradient follows has one row.
gradient_rows(kernel, rows) = ntuple(2) do index
    any(input -> input.category == index - 1, kernel.inputs) ? rows[index] : -1
end

function shaped_gradient(columns::Matrix{T}, value) where {T}
    eltype(value) <: Complex && (columns = reinterpret_complex(columns))
    return value isa AbstractVector ? vec(columns) : columns
end

# Rows of real and imaginary parts in turn as complex numbers.
reinterpret_complex(columns) = complex.(columns[1:2:end, :], columns[2:2:end, :])

# A cotangent: an array of the result's shape, or a number for all of it.
function prepared_cotangent(cotangent, ::Type{T}, columns, rows, is_complex_result) where {T}
    own = is_complex_result ? columns ÷ 2 : columns
    number = is_complex_result ? Complex{T} : T
    cotangent isa Number && return fill(convert(number, cotangent), own, rows)
    cotangent isa AbstractVecOrMat{<:Union{Real,Complex}} ||
        throw(ArgumentError("cotangent: expected a number or an array of the result's size, got $(words(cotangent))"))
    wanted = own == 1 ? (rows,) : (own, rows)
    size(cotangent) == wanted || (own == 1 && size(cotangent) == (1, rows)) || throw(DimensionMismatch(
        "cotangent: expected a result's size, $(join(wanted, " × ")), got $(words(cotangent))",
    ))
    eltype(cotangent) <: Complex && !is_complex_result &&
        throw(ArgumentError("cotangent: expected real numbers, as the result has, got $(words(cotangent))"))
    return convert(Array{number}, cotangent)
end

"""
    gradient(k, name)

The gradient of a function made by [`keops_kernel`](@ref) in one of its arguments, told by its name or its place (from 1
on): a function of the same arguments and a cotangent `e` of the result's size, which gives the derivative of
`sum(e .* k(arguments...))` in the size of that argument.
"""
function gradient(k::KeopsKernel, name)
    position = argument_position(k, name)
    plan(T) = cached(k.cache, (:gradient, position, T, current_options[].compilation)) do
        gradient_plan(k.reduction, k.inputs, position, k.dims, T)
    end
    # What has no gradient is an error at once.
    plan(Float64)
    return function (arguments...)
        length(arguments) == length(k.inputs) + 1 || refuse_number([k.names; "cotangent"], arguments)
        own = Base.front(arguments)
        T = computed(own)
        values = prepared(T, k.inputs, k.names, 1, own)
        rows = counted(k.inputs, k.names, 1, values, (-1, -1))
        output = kernel_for(k, T).outputs[1]
        cotangent = prepared_cotangent(last(arguments), T, plan(T).columns, extent(rows[3-k.dims]), output.is_complex)
        result = run_gradient(plan(T), T, k.inputs, position, values, rows, cotangent)
        return own[position] isa Number ? result[1] : result
    end
end

function argument_position(k::KeopsKernel, name)
    position = name isa Integer && !(name isa Bool) ? (name in eachindex(k.names) ? Int(name) : nothing) :
        findfirst(isequal(text_or_name(name)), k.names)
    position === nothing && throw(ArgumentError(
        "name: expected the name ($(join(map(repr, k.names), ", "))) or the place of an argument, got $(words(name))",
    ))
    return position
end

"""
    gradient(K, wrt, cotangent=1; dims=2, reduction="Sum", option=nothing)

The derivative of `sum(cotangent .* reduction(K))` in the data of `wrt`: of what [`vi`](@ref), [`vj`](@ref) or
[`pm`](@ref) has made of an array, or of the array in all places where `K` has it. The result has the array's size. Of complex
numbers it is the sum of `real(conj(cotangent) * reduction)`, and the gradient holds the derivatives in real and imaginary
parts.

```julia
K = exp.(-sqdist(vi(x), vj(y)))
gradient(K .* vj(b), vi(x), e)      # of dot(e, K * b) in x
```
"""
function gradient(K::LazyTensor, wrt, cotangent=1; dims=2, reduction="Sum", option=nothing)
    over = checked_dims(dims)
    name = c_text(text_or_name(reduction), "reduction")
    places = places_of(K, wrt)
    T = real_type(K)
    own = make_reduction(name, K.formula, over, option === nothing ? Int64[] : Int64[option])
    values = Any[run_value(T, value) for value in K.values]
    rows = map(extent, K.rows)
    total = nothing
    for position in places
        plan = gradient_plan(own, K.kinds, position, over, T)
        is_complex_result = is_complex(K) && name in ("Sum", "Mean", "Prod")
        e = prepared_cotangent(cotangent, T, plan.columns, rows[3-over], is_complex_result)
        part = run_gradient(plan, T, K.kinds, position, values, rows, e)
        total = total === nothing ? part : total .+ part
    end
    return K.values[places[1]] isa Number ? total[1] : total
end

function is_variable(K::LazyTensor)
    length(K.values) == 1 || return false
    own = data_formula(K.kinds[1].columns, K.kinds[1].category, eltype(K.values[1]) <: Complex)
    return text_of(K.formula) == text_of(own)
end

# The arguments of a tensor that are the data of a variable, or an array.
function places_of(K::LazyTensor, wrt)
    if wrt isa LazyTensor
        is_variable(wrt) || throw(ArgumentError("wrt: expected a variable, made by vi(), vj() or pm(), got $wrt"))
        places = findall(k -> K.values[k] === wrt.values[1] && K.kinds[k] == wrt.kinds[1], eachindex(K.values))
    elseif wrt isa Union{AbstractArray,Number}
        places = findall(value -> value === wrt, K.values)
    else
        throw(ArgumentError("wrt: expected a LazyTensor or an array, got $(words(wrt))"))
    end
    isempty(places) || return places
    throw(ArgumentError("wrt: expected data of K, got $(wrt isa LazyTensor ? wrt : words(wrt)), which K has not"))
end

"""
    reduce_formula(f, data...; reduction="Sum", dims=2, option=nothing)

Reduces the tensor `f(data...)` of arrays. Systems of automatic differentiation that know ChainRulesCore's rules, such as
Zygote, have its gradients in all of `data`.

```julia
reduce_formula((x, y, b) -> exp.(-sqdist(vi(x), vj(y))) .* vj(b), x, y, b)
```
"""
reduce_formula(f, data...; options...) = reduce_tensor(f(distinct(data)...); options...)

reduce_tensor(K::LazyTensor; reduction="Sum", dims=2, option=nothing) =
    RKeOps.reduction(reduction, K; dims=dims, option=option)

# Arrays of which no two are one, so that each has a gradient of its own.
function distinct(data::Tuple)
    own = Any[]
    for (place, array) in enumerate(data)
        array isa AbstractArray ||
            throw(ArgumentError("data: expected arrays, got $(words(array)) in place $place"))
        value = readable(array, "data")
        push!(own, any(other -> other === value, own) ? copy(value) : value)
    end
    return Tuple(own)
end
