# How long things live: copies, other processes, precompiled modules, finalizers, and the end of Julia.

using Serialization

x, y, b = numbers(3, 5), numbers(3, 6; seed=2), numbers(6; seed=3)
K = exp.(-sqdist(vi(x), vj(y)))
k = keops_kernel("Exp(-SqDist(x,y))*b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)")
blocks = BlockRanges([1:2 => [2:4], 3:5 => [1:1, 6:6]])
D = exp.(-squares(x, y))

function through_stream(value)
    stream = IOBuffer()
    serialize(stream, value)
    return deserialize(seekstart(stream))
end

in_new_process(program; options...) =
    chomp(read(julia(program; options...), String))

function julia(program; more...)
    environment = copy(ENV)
    environment["JULIA_LOAD_PATH"] = join(LOAD_PATH, ':') * ":" * dirname(dirname(pathof(RKeOps)))
    for (name, value) in more
        environment[string(name)] = value
    end
    return setenv(`$(Base.julia_cmd()) --startup-file=no -e $program`, environment)
end

@testset "copies" begin
    for copied in (deepcopy, through_stream)
        @test copied(K) * b == K * b && copied(K[blocks]) * b == K[blocks] * b
        @test sum(copied(-K .* vj(b)); dims=1) == sum(-K .* vj(b); dims=1)
        @test copied(k)(x, y, b) == k(x, y, b) && repr(copied(k)) == repr(k)
        @test k(x, y, b; ranges=copied(blocks)) == k(x, y, b; ranges=blocks)
        nearest = keops_kernel("SqDist(x,y)", "x = Vi(3)", "y = Vj(3)"; reduction="ArgKMin", option=2)
        @test copied(nearest)(x, y) == nearest(x, y)
        @test copied(gradient(k, "x"))(x, y, b, 1) == gradient(k, "x")(x, y, b, 1)
    end
    # Copies are of the data, too.
    own = copy(x)
    copied = deepcopy(vi(own))
    own .= 0
    @test sum(copied; dims=2) == x
    @test length((through_stream(vi(x) .- vi(x))).arguments.values) == 1
end

@testset "finalized handles" begin
    L = sqrt.(1 .+ sqdist(vi(x), vj(y)))
    wanted = L * b
    finalize(L.formula)
    @test refused(() -> sum(L; dims=1), ArgumentError, "Formula of this object was finalized")
    @test refused(() -> exp.(L), ArgumentError, "Formula of this object was finalized")
    # What is made anew of the same operations lives.
    @test sqrt.(1 .+ sqdist(vi(x), vj(y))) * b == wanted
    own = keops_kernel("SqDist(x,y)", "x = Vi(3)", "y = Vj(3)")
    wanted = own(x, y)
    finalize(RKeOps.kernel_for(own, Float64).handle)
    finalize(own.reduction)
    @test own(x, y) == wanted
    finalize(blocks.handle)
    @test refused(() -> sum(K[blocks]; dims=2), ArgumentError, "Ranges of this object was finalized")
end

@testset "finalizers and the end" begin
    # Finalizers call the library in the middle of other calls, and when Julia ends, where handles may be gone.
    program = """
        using RKeOps
        y = rand(3, 20)
        mutable struct Thing
            tensor::Any
        end
        count = 0
        function last_call(thing)
            global count += 1
            try
                thing.tensor * ones(20)
                sum(exp.(-sqdist(vi(y), vj(y)) ./ 3); dims=2)
            catch exception
                exception isa ArgumentError || ccall(:abort, Cvoid, ())
            end
        end
        for _ in 1:3000
            finalizer(last_call, Thing(exp.(-sqdist(vi(y), vj(y)))))
        end
        GC.gc()
        count > 0 || error("no finalizer ran")
        keep = Thing(exp.(-sqdist(vi(y), vj(y))))
        finalizer(last_call, keep)
        k = keops_kernel("SqDist(x,y)", "x = Vi(3)", "y = Vj(3)")
        atexit(() -> k(y, y))
        println("done")
    """
    @test in_new_process(program) == "done"
end

@testset "precompiled modules" begin
    mktempdir() do folder
        write(joinpath(folder, "UsesRKeOps.jl"), """
            module UsesRKeOps
            using RKeOps
            const k = keops_kernel("Exp(-SqDist(x,y))*b", "x = Vi(1)", "y = Vj(1)", "b = Vj(1)")
            const before = k([0.0], [0.0], [3.0])
            const K = vi([1.0, 2.0]) + vj([1.0])
            const in_x = gradient(k, "x")
            end
        """)
        program = """
            push!(LOAD_PATH, $(repr(folder)))
            using UsesRKeOps, RKeOps
            println(UsesRKeOps.k([0.0], [0.0], [3.0]), UsesRKeOps.before, UsesRKeOps.in_x([0.0], [0.0], [3.0], 1))
            try
                sum(UsesRKeOps.K; dims=2)
            catch exception
                println(typeof(exception))
            end
        """
        depots = joinpath(folder, "depot") * ":" * join(DEPOT_PATH, ':')
        for _ in 1:2
            @test in_new_process(program; JULIA_DEPOT_PATH=depots) == "[3.0][3.0][-0.0]\nArgumentError"
        end
    end
end
