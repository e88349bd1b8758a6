# Runs: interrupts, progress, threads, and the garbage collector.

struct OwnException <: Exception end

x = numbers(3, 2000)
K = exp.(-sqdist(vi(x), vj(x)))

@testset "progress" begin
    seen = Tuple{Int,Int}[]
    result = with_options(() -> sum(K; dims=2); progress=(done, total) -> push!(seen, (done, total)))
    @test !isempty(seen) && all(one -> 0 <= one[1] <= one[2] == 4_000_000, seen)
    @test result == sum(K; dims=2)
    # Printing, allocating and calling the library are allowed.
    with_options(() -> sum(K; dims=2); progress=(done, total) -> (GC.gc(false); print(devnull, done)))
    iterations = Int[]
    small = exp.(-10 .* sqdist(vi(x[:, 1:30]), vj(x[:, 1:30])))
    tell(iteration, residual) = push!(iterations, iteration)
    with_options(() -> solve(small, ones(30); alpha=0.1); progress=tell)
    @test !isempty(iterations) && issorted(iterations)
end

@testset "what progress throws" begin
    stop(exception) = (done, total) -> throw(exception)
    @test thrown(() -> with_options(() -> sum(K; dims=2); progress=stop(OwnException()))) isa OwnException
    @test thrown(() -> with_options(() -> sum(K; dims=2); progress=stop(InterruptException()))) isa InterruptException
    @test thrown(() -> with_options(() -> K \ ones(2000); progress=stop(OwnException()))) isa OwnException
    # Afterwards all is as before.
    @test sum(K; dims=2) isa Vector{Float64}
end

@testset "interrupts" begin
    # The signal of Ctrl-C reaches a process in the middle of a run, of which the progress tells that it has begun.
    program = """
        using RKeOps
        Base.exit_on_sigint(false)
        y = rand(3, 2000)
        was_sent = false
        function send(done, total)
            global was_sent
            was_sent || ccall(:kill, Cint, (Cint, Cint), getpid(), 2)
            was_sent = true
        end
        try
            while true
                with_options(() -> sum(exp.(-sqdist(vi(y), vj(y))); dims=2); progress=send)
            end
        catch exception
            exception isa InterruptException || rethrow()
        end
        sum(exp.(-sqdist(vi(y), vj(y))); dims=2)
        println("interrupted")
    """
    command = `$(Base.julia_cmd()) --startup-file=no -e $program`
    environment = copy(ENV)
    environment["JULIA_LOAD_PATH"] = join(LOAD_PATH, ':') * ":" * dirname(dirname(pathof(RKeOps)))
    @test chomp(read(setenv(command, environment), String)) == "interrupted"
end

@testset "threads" begin
    y = numbers(3, 40; seed=2)
    k = keops_kernel("Exp(-SqDist(x,y))*b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)")
    small = exp.(-sqdist(vi(y), vj(y)))
    wanted = Matrix(small) * ones(40)
    right = fill(false, 200)
    Threads.@threads for n in 1:200
        own = exp.(-sqdist(vi(y), vj(y)))
        right[n] = k(y, y, ones(40)) ≈ wanted && small * ones(40) ≈ wanted && own * ones(40) ≈ wanted &&
            gradient(own, vi(y)) ≈ gradient(small, vi(y))
        n % 50 == 0 && GC.gc()
    end
    @test all(right)
    # Tasks of several threads, whatever the number of this process.
    program = """
        using RKeOps
        y = rand(3, 50)
        k = keops_kernel("Exp(-SqDist(x,y))*b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)")
        wanted = k(y, y, ones(50))
        right = fill(false, 500)
        Threads.@threads for n in 1:500
            right[n] = k(y, y, ones(50)) == wanted && sum(exp.(-sqdist(vi(y), vj(y))); dims=2) ≈ wanted
            n % 50 == 0 && GC.gc()
        end
        println(all(right))
    """
    environment = copy(ENV)
    environment["JULIA_LOAD_PATH"] = join(LOAD_PATH, ':') * ":" * dirname(dirname(pathof(RKeOps)))
    environment["JULIA_NUM_THREADS"] = "4"
    command = `$(Base.julia_cmd()) --startup-file=no -e $program`
    @test chomp(read(setenv(command, environment), String)) == "true"
end

@testset "the garbage collector" begin
    # Handles are freed, and arrays are kept while they are read.
    for _ in 1:30
        own = exp.(-sqdist(vi(rand(3, 20)), vj(rand(3, 20))))
        GC.gc(false)
        @test all(isfinite, own * rand(20))
    end
    copied = deepcopy(exp.(-sqdist(vi(rand(3, 20)), vj(rand(3, 20)))))
    GC.gc()
    @test all(isfinite, copied * rand(20))
    # Memory does not grow with the number of calls.
    y = numbers(3, 100)
    k = keops_kernel("Exp(-SqDist(x,y))*b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)")
    small = exp.(-sqdist(vi(y), vj(y)))
    calls(n) = for _ in 1:n
        k(y, y, view(y, 1, :))
        sum(small; dims=1)
        exp.(-2.5 .* sqdist(vi(y), vj(y)))
    end
    resident() = (GC.gc(); parse(Int, split(read("/proc/self/statm", String))[2]))
    if isfile("/proc/self/statm")
        calls(2000)
        before = resident()
        calls(20_000)
        # Pages of 4 KiB: 16 MiB.
        @test resident() - before < 4096
    end
end
