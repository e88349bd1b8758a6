# The cases that every language runs: formulas, their arguments and results.

function read_rows(lines, place, words, ::Type{T}) where {T}
    rows, columns = parse(Int, words[end-1]), parse(Int, words[end])
    values = Matrix{T}(undef, columns, rows)
    for row in 1:rows
        values[:, row] = parse.(T, split(lines[place+row]))
    end
    return values, place + rows
end

function read_cases(file)
    lines = readlines(file)
    cases = Any[]
    current = Dict{String,Any}()
    place = 0
    while (place += 1) <= length(lines)
        startswith(lines[place], "#") && continue
        word, rest = (split(lines[place], ' '; limit=2)..., "")[1:2]
        words = split(lines[place])
        if word == "case"
            current = Dict{String,Any}("case" => rest, "arguments" => Any[], "results" => Any[])
        elseif word == "argument"
            values, place = read_rows(lines, place, words, Float64)
            push!(current["arguments"], (name=String(words[2]), kind=String(words[3]), values=values))
        elseif word in ("result", "indices")
            values, place = read_rows(lines, place, words, word == "result" ? Float64 : Int)
            push!(current["results"], word == "result" ? values : values .+ 1)
        elseif word == "end"
            push!(cases, current)
        else
            current[word] = rest
        end
    end
    return cases
end

# A column for each point, whatever the shape of a result.
as_columns(result::AbstractVector) = reshape(result, 1, :)
as_columns(result) = result

matches(found::AbstractArray{Int}, wanted, tolerance) = found == wanted
matches(found, wanted, tolerance) =
    size(found) == size(wanted) && all(abs.(found .- wanted) .<= tolerance .* max.(1, abs.(wanted)))

as_argument(argument) = argument.kind == "Pm" ? vec(argument.values) : argument.values

# In the checkout, but where a copy of the package is tested.
file = get(ENV, "RKEOPS_CASES", joinpath(@__DIR__, "..", "..", "..", "tests", "cases", "cases.txt"))
cases = read_cases(file)
@test length(cases) > 30

for case in cases
    arguments = case["arguments"]
    aliases = ["$(one.name) = $(one.kind)($(size(one.values, 1)))" for one in arguments]
    over = case["over"] == "i" ? 1 : 2
    option = haskey(case, "option") ? parse(Int, case["option"]) : nothing
    weights = get(case, "weights", nothing)
    kernel = keops_kernel(
        case["formula"], aliases...; reduction=case["reduction"], dims=over, option=option, weights=weights,
    )
    last = (option === nothing ? "" : ",$option") * ",$(2 - over)" * (weights === nothing ? "" : ",$weights")
    whole = keops_kernel("$(case["reduction"])_Reduction($(case["formula"])$last)", aliases...)
    wanted = case["results"]
    name = case["case"]
    @testset "$name" begin
        for (T, tolerance) in ((Float64, 1e-12), (Float32, 5e-5))
            values = [T.(as_argument(one)) for one in arguments]
            for own in (kernel, whole)
                found = own(values...)
                found = found isa Tuple ? found : (found,)
                @test length(found) == length(wanted)
                @test all(map((a, b) -> matches(as_columns(a), b, tolerance), found, wanted))
                @test all(one -> eltype(one) in (T, Int), found)
            end
        end
    end
end
