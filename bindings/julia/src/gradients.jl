# Gradients of reductions: reductions again.

# Arrays of one call as arguments of a reduction, and what they tell.
struct Point
    values::Vector{Any}
    inputs::Vector{Input}
    rows::NTuple{2,Int}
    ranges::Union{Nothing,BlockRanges}
end

# What the gradient of a reduction in one of its arguments is computed by: results that it needs, then itself.
struct GradientPlan
    saved::Vector{Reduction}
    saved_kernel::Union{Nothing,CompiledKernel}
    reduction::Reduction
    kernel::CompiledKernel
    # The arguments that come after those of the reduction: the cotangent, and the saved results.
    more::Vector{Input}
end

is_live(plan::GradientPlan) = is_live(plan.kernel)

# `category` is the index that the cotangent follows: that which remains, but where it is the same for all rows.
function gradient_plan(reduction, inputs, position, dims, ::Type{T}, category=Int32(2 - dims)) where {T}
    compilation, bits = current_options[].compilation, 8 * sizeof(T)
    count, kept = length(inputs), Int32(2 - dims)
    saved = saved_reductions(reduction)
    more = [Input(reduction_dim(reduction), category); Input[Input(reduction_dim(one), kept) for one in saved]]
    added = Formula[variable(count + k - 1, one.columns, one.category) for (k, one) in enumerate(more)]
    wrt = variable(position - 1, inputs[position].columns, inputs[position].category)
    own = gradient_reduction(reduction, wrt, added[1], added[2:end])
    saved_kernel = isempty(saved) ? nothing : compiled(saved, bits, compilation)
    return GradientPlan(saved, saved_kernel, own, compiled([own], bits, compilation), more)
end

# The arguments of a gradient: those of the reduction, the cotangent, and saved results.
function with_cotangent(plan::GradientPlan, at::Point, ::Type{T}, cotangent) where {T}
    saved = plan.saved_kernel === nothing ? () : run_at(plan.saved_kernel, at, T)
    return Point(Any[at.values..., cotangent, saved...], [at.inputs; plan.more], at.rows, at.ranges)
end

# Runs a kernel on as many of the arguments as it takes. An index that none of these follows has one row.
function run_at(kernel::CompiledKernel, at::Point, ::Type{T}) where {T}
    values = at.values[1:length(kernel.inputs)]
    rows = ntuple(index -> any(one -> one.category == index - 1, kernel.inputs) ? at.rows[index] : -1, 2)
    batch = foldl((batch, value) -> joined_batch("gradient", batch, batch_of(value)), values; init=())
    return run_kernel(T, kernel, values, rows, batch, at.ranges)
end

# The gradient in argument number `position`, in its shape.
function run_gradient(plan::GradientPlan, at::Point, position, ::Type{T}, cotangent) where {T}
    own = run_at(plan.kernel, with_cotangent(plan, at, T, cotangent), T)[1]
    return shaped_gradient(own isa AbstractVector ? reshape(own, 1, :) : own, at.inputs[position], at.values[position])
end

# The result of a gradient in the shape of an argument: summed over the axes in which one number of the argument stands
# for all, such as the rows of a parameter, and repeated where all rows have one gradient.
function shaped_gradient(own::Array{T}, input, value) where {T}
    wanted = (input.columns, input.category == category_parameter ? 1 : points(value), batch_of(value)...)
    axes = filter(axis -> axis > 1 && extent_along(wanted, axis) == 1 && size(own, axis) != 1, 1:ndims(own))
    isempty(axes) || (own = sum(own; dims=axes))
    if size(own) != wanted
        result = Array{T}(undef, wanted)
        result .= reshape(own, ntuple(axis -> size(own, axis), length(wanted)))
        own = result
    end
    return reshape(eltype(value) <: Complex ? collect(reinterpret(Complex{T}, vec(own))) : own, size(value))
end

# The derivative in argument number `second` of the sum of `along` times the gradient in argument number `first`. Saved
# results depend on the arguments as well, which adds the gradients of these.
function run_second(reduction, at::Point, first, second, dims, ::Type{T}, cotangent, along) where {T}
    plan = gradient_plan(reduction, at.inputs, first, dims, T)
    all = with_cotangent(plan, at, T, cotangent)
    pull(position) = run_gradient(
        gradient_plan(plan.reduction, all.inputs, position, plan.kernel.dims, T, at.inputs[first].category),
        all, position, T, along,
    )
    total = pull(second)
    for (k, saved) in enumerate(plan.saved)
        position = length(at.inputs) + 1 + k
        # Places have no derivative.
        eltype(all.values[position]) <: Integer && continue
        through = pull(position)
        total = total .+ run_gradient(gradient_plan(saved, at.inputs, second, dims, T), at, second, T, through)
    end
    return total
end

# A cotangent: an array of the result's extents, or a number for all of it.
function prepared_cotangent(cotangent, ::Type{T}, columns, rows, batch, is_complex_result) where {T}
    number = is_complex_result ? Complex{T} : T
    wanted = (is_complex_result ? columns ÷ 2 : columns, rows, batch...)
    if cotangent isa Number
        cotangent isa Real || is_complex_result && cotangent isa Complex ||
            throw(ArgumentError("cotangent: expected a real number, as the result has, got $(words(cotangent))"))
        return fill(convert(number, cotangent), wanted)
    end
    cotangent isa NumberArray && ndims(cotangent) > 0 ||
        throw(ArgumentError("cotangent: expected a number or an array of the result's size, got $(words(cotangent))"))
    own = size(cotangent)
    # A vector has one number for each point; lists of the nearest have an axis for components and one for ranks.
    columned = cotangent isa AbstractVector ? (1, own...) : (own[1] * own[2], own[3:end]...)
    own == wanted || columned == wanted || throw(DimensionMismatch(
        "cotangent: expected a result's size, $(join(wanted, " × ")), got $(words(cotangent))",
    ))
    eltype(cotangent) <: Complex && !is_complex_result &&
        throw(ArgumentError("cotangent: expected real numbers, as the result has, got $(words(cotangent))"))
    return reshape(convert(Array{number}, cotangent), wanted)
end

# What the gradient in an argument is multiplied with: an array of the argument's size.
function prepared_direction(along, ::Type{T}, value) where {T}
    number = eltype(value) <: Complex ? Complex{T} : T
    along isa Real && length(value) == 1 && return fill(convert(number, along), size(value))
    along isa NumberArray && size(along) == size(value) && (number <: Complex || eltype(along) <: Real) ||
        throw(DimensionMismatch("along: expected an array like the argument, $(words(value)), got $(words(along))"))
    return convert(Array{number}, along)
end

"""
    gradient(k, name)
    gradient(k, name, second)

The gradient of a function made by [`keops_kernel`](@ref) in one of its arguments, told by its name or its place (from 1
on): a function of the same arguments and a cotangent `e` of the result's size, which gives the derivative of
`sum(e .* k(arguments...))` in the size of that argument.

With a second name it is a function of the arguments, `e` and an array `v` of the size of the first argument: the
derivative of `sum(v .* gradient(k, name)(arguments..., e))` in the second one.
"""
function gradient(k::KeopsKernel, name)
    position = argument_position(k, name)
    plan(T) = remembered(k.compiled, purpose(:gradient, T; position=position)) do
        gradient_plan(reduction_of(k), k.inputs, position, k.dims, T)
    end::GradientPlan
    # What has no gradient is an error at once.
    plan(Float64)
    return function (arguments...; ranges=nothing)
        at, T, e = gradient_arguments(k, ("cotangent",), arguments, ranges)
        result = run_gradient(plan(T), at, position, T, e)
        return arguments[position] isa Number ? result[1] : result
    end
end

function gradient(k::KeopsKernel, name, second)
    first, last = argument_position(k, name), argument_position(k, second)
    gradient(k, name)
    return function (arguments...; ranges=nothing)
        at, T, e = gradient_arguments(k, ("cotangent", "along"), arguments, ranges)
        along = prepared_direction(arguments[end], T, at.values[first])
        result = run_second(reduction_of(k), at, first, last, k.dims, T, e, along)
        return arguments[last] isa Number ? result[1] : result
    end
end

# The arguments of a gradient, of which those after the function's own have the names `more` and the first is the
# cotangent.
function gradient_arguments(k::KeopsKernel, more, arguments, ranges)
    length(arguments) == length(k.inputs) + length(more) || refuse_number([k.names; more...], arguments)
    own = arguments[1:length(k.inputs)]
    T = computed(own)
    values = prepared(T, k.inputs, k.names, 1, own)
    rows = counted(k.inputs, k.names, 1, values, (-1, -1))
    batch = batch_of_all(k.names, 1, values)
    is_complex_result = kernel_for(k, T).outputs[1].is_complex
    cotangent = prepared_cotangent(
        arguments[length(own)+1], T, reduction_dim(reduction_of(k)), extent(rows[3-k.dims]), batch, is_complex_result,
    )
    return Point(Any[values...], k.inputs, rows, checked_ranges(ranges, rows)), T, cotangent
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
    gradient(K, wrt, cotangent=1; dims=2, reduction="Sum", option=nothing, weights=nothing, along=nothing)

The derivative of `sum(cotangent .* reduction(K))` in the data of `wrt`: of what [`vi`](@ref), [`vj`](@ref) or
[`pm`](@ref) has made of an array, or of the array in all places where `K` or `weights` have it. The result has the
array's size. Of complex numbers it is the sum of `real(conj(cotangent) * reduction)`, and the gradient holds the
derivatives in real and imaginary parts. With `along`, an array of the same size, it is the derivative of the sum of
`along` times that gradient: the second derivative along it.

```julia
K = exp.(-sqdist(vi(x), vj(y)))
gradient(K .* vj(b), vi(x), e)      # of dot(e, K * b) in x
gradient(-sqdist(vi(x), vj(y)), y, e; reduction="SumSoftMaxWeight", weights=vj(b))
```
"""
function gradient(K::LazyTensor, wrt, cotangent=1; dims=2, reduction="Sum", option=nothing, weights=nothing,
                  along=nothing)
    over = checked_dims(dims)
    name = c_text(text_or_name(reduction), "reduction")
    tensors = weights === nothing ? LazyTensor[K] : LazyTensor[K, tensor(weights)]
    formulas, own = joined(name, tensors)
    places = places_of(own, wrt)
    T = computed_type(own.base)
    number = checked_option(option)
    reduces = make_reduction(
        name, formulas[1], over, number === nothing ? no_parameters : Int64[number], get(formulas, 2, nothing),
    )
    at = Point(run_values(T, own, length(own.values)), own.kinds, own.rows, own.ranges)
    is_complex_result = is_complex(K) && name in ("Sum", "Mean", "Prod")
    e = prepared_cotangent(
        cotangent, T, reduction_dim(reduces), extent(own.rows[3-over]), own.batch, is_complex_result,
    )
    parts = if along === nothing
        [run_gradient(gradient_plan(reduces, at.inputs, p, over, T), at, p, T, e) for p in places]
    else
        direction = prepared_direction(along, T, at.values[places[1]])
        [run_second(reduces, at, p, q, over, T, e, direction) for p in places for q in places]
    end
    total = reduce((a, b) -> a .+ b, parts)
    return own.values[places[1]] isa Number ? total[1] : total
end

function is_variable(K::LazyTensor)
    own = K.arguments
    length(own.values) == 1 || return false
    wanted = data_formula(own.kinds[1].columns, own.kinds[1].category, eltype(own.values[1]) <: Complex)
    return text_of(K.formula) == text_of(wanted)
end

# The arguments that are the data of a variable, or an array.
function places_of(own::Arguments, wrt)
    if wrt isa LazyTensor
        is_variable(wrt) || throw(ArgumentError("wrt: expected a variable, made by vi(), vj() or pm(), got $wrt"))
        value, kind = wrt.arguments.values[1], wrt.arguments.kinds[1]
        places = findall(k -> own.values[k] === value && own.kinds[k] == kind, eachindex(own.values))
    elseif wrt isa Union{AbstractArray,Number}
        places = findall(value -> value === wrt, own.values)
    else
        throw(ArgumentError("wrt: expected a LazyTensor or an array, got $(words(wrt))"))
    end
    isempty(places) || return places
    throw(ArgumentError("wrt: expected data of K, got $(wrt isa LazyTensor ? wrt : words(wrt)), which K has not"))
end

"""
    reduce_formula(f, data...; reduction="Sum", dims=2, option=nothing)

Reduces the tensor `f(data...)` of arrays. Systems of automatic differentiation that know ChainRulesCore's rules, such
as Zygote, have its gradients in all of `data`.

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
