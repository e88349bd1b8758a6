# Numbers that are the same everywhere, and what tests expect.

# Numbers between -1 and 1 of a linear congruential generator.
function numbers(extents...; seed=1)
    state = UInt64(seed) * 0x9e3779b97f4a7c15
    result = Array{Float64}(undef, extents)
    for place in eachindex(result)
        state = state * 6364136223846793005 + 1442695040888963407
        result[place] = (state >> 11) / 2.0^52 - 1
    end
    return result
end

squares(x, y) = [sum(abs2, x[:, i] - y[:, j]) for i in 1:size(x, 2), j in 1:size(y, 2)]

# The derivative of a number in an array, by central differences.
function differences(f, a; h=1e-6)
    return map(eachindex(a)) do place
        up, down = copy(a), copy(a)
        up[place] += h
        down[place] -= h
        (f(up) - f(down)) / 2h
    end
end

# The exception that a call throws; nothing is an error of the test.
function thrown(f)
    try
        f()
    catch exception
        return exception
    end
    return nothing
end

message(exception::DimensionMismatch) = exception.msg
message(exception::ArgumentError) = exception.msg
message(exception::RKeOpsError) = exception.message
message(exception) = string(exception)

# Whether a call is refused with an exception of a type whose message has some words in it.
function refused(f, type, words...)
    exception = thrown(f)
    exception isa type && all(word -> occursin(word, message(exception)), words) && return true
    @info "expected $type: $words" exception
    return false
end
