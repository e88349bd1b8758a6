# What a user may do wrong: an exception that names the argument, what was expected and what came.

x, y, b = numbers(2, 3), numbers(2, 4; seed=2), numbers(4; seed=3)
X, Y = vi(x), vj(y)
K = exp.(-sqdist(X, Y))
aliases = ("x = Vi(2)", "y = Vj(2)", "b = Vj(1)")
k = keops_kernel("SqDist(x,y)*b", aliases...)

is_kind(f, kind, words...) = refused(f, RKeOpsError, words...) && thrown(f).kind == kind

@testset "formulas" begin
    @test refused(() -> keops_kernel(3, aliases...), ArgumentError, "formula: expected a text, got 3")
    @test refused(() -> keops_kernel("x", 3), ArgumentError, "aliases: expected texts", "got 3")
    @test refused(() -> keops_kernel("x\0", "x = Vi(2)"), ArgumentError, "zero character")
    @test is_kind(() -> keops_kernel("x*", aliases...), :syntax, "^", "expected a formula")
    @test is_kind(() -> keops_kernel("", aliases...), :syntax)
    @test is_kind(() -> keops_kernel("z", aliases...), :unknown_name, "z")
    @test is_kind(() -> keops_kernel("Foo(x)", aliases...), :unknown_name, "Foo")
    @test is_kind(() -> keops_kernel("x", aliases...; reduction="Foo"), :unknown_name, "Foo")
    @test is_kind(() -> keops_kernel("Exp(x,y)", aliases...), :arity, "Exp")
    @test refused(() -> keops_kernel("Concat(x,x)*y", aliases...), DimensionMismatch, "dimensions 4 and 2")
    @test is_kind(() -> keops_kernel("SqDist(x,y)", aliases...; reduction="KMin"), :arity, "K")
    @test refused(() -> keops_kernel("SqDist(x,y)", aliases...; reduction="KMin", option=0), Exception, "K")
    @test refused(() -> keops_kernel("x", aliases...; dims=3), ArgumentError, "dims: expected 1 (over i) or 2", "got 3")
    @test refused(() -> keops_kernel("x", aliases...; option="a"), ArgumentError, "option", "\"a\"")
    @test refused(() -> keops_kernel("Sum_Reduction(x,0)", aliases...; dims=1), ArgumentError, "whole reduction")
    @test is_kind(() -> keops_kernel("x", "x"), :syntax)
    @test thrown(() -> keops_kernel("x", "x = Vi(0)")) isa Exception
    @test thrown(() -> keops_kernel("x", "x = Vi(2)", "x = Vj(2)")) isa Exception
end

@testset "arguments" begin
    @test refused(() -> k(x, y), ArgumentError, "expected 3 arguments (x, y, b), got 2")
    @test refused(() -> k(), ArgumentError, "expected 3 arguments", "got 0")
    @test refused(() -> k(x, y, b, b), ArgumentError, "got 4")
    @test refused(() -> k(x, y; b=b), ArgumentError, "by place or all by name")
    @test refused(() -> k(x=x, y=y, c=b), ArgumentError, "no argument c; expected x, y, b")
    @test refused(() -> k(x=x, y=y), ArgumentError, "got 2")
    @test refused(() -> k(x, y, b[1:3]), DimensionMismatch, "argument 3 (b): expected 4 points", "got 3")
    @test refused(() -> k(x', y, b), DimensionMismatch, "argument 1 (x): expected a matrix with 2 rows", "3 × 2 matrix")
    @test refused(() -> k(x[1, :], y, b), DimensionMismatch, "argument 1 (x)", "a vector of length 3")
    @test refused(() -> k(x, y, y), DimensionMismatch, "argument 3 (b): expected a vector of numbers", "2 × 4 matrix")
    @test refused(() -> k(x .+ im, y, b), DimensionMismatch, "argument 1 (x)")
    @test refused(() -> k(zeros(1, 3, 2), y, b), DimensionMismatch, "argument 1 (x)", "3 axes")
    @test refused(() -> k(fill(1.0), y, b), Exception, "argument 1 (x)")
    for wrong in ("a", nothing, :a, [1, "a"], ["a"], Any[], sin, missing, [missing, 1.0], K, 'a')
        @test refused(() -> k(wrong, y, b), Exception, "argument 1 (x)", "got ")
        @test refused(() -> k(x, y, wrong), Exception, "argument 3 (b)", "got ")
        @test refused(() -> vi(wrong), Exception, "x: expected", "got ")
        wrong isa AbstractArray || wrong isa LazyTensor || @test refused(() -> X .+ wrong, Exception)
        wrong isa LazyTensor || @test refused(() -> sqdist(X, wrong), Exception)
        wrong isa LazyTensor || @test refused(() -> pm(wrong), Exception)
    end
    with_p = keops_kernel("p*x", "x = Vi(2)", "p = Pm(2)")
    @test refused(() -> with_p(x, [1, 2, 3]), DimensionMismatch, "argument 2 (p): expected a vector of length 2", "3")
    @test refused(() -> with_p(x, 1), DimensionMismatch, "argument 2 (p)", "got 1")
    @test refused(() -> with_p(x, "a"), ArgumentError, "argument 2 (p)", "\"a\"")
    exact = keops_kernel("Integer(x)", "x = Vi(1)")
    @test thrown(() -> exact([0.5])) isa Exception
end

@testset "tensors" begin
    @test refused(() -> vi(fill(1.0)), DimensionMismatch, "x: expected a matrix", "0 axes")
    @test refused(() -> pm(zeros(2, 3, 1)), DimensionMismatch, "p: expected a number", "3 axes")
    @test refused(() -> vi(zeros(0, 3)), DimensionMismatch, "one component or more")
    @test refused(() -> pm(Float64[]), DimensionMismatch, "one component or more")
    @test refused(() -> vi(x) + vi(y), DimensionMismatch, "3 × 1", "4 × 1")
    @test refused(() -> vi(x) .+ vj(numbers(3, 4)), DimensionMismatch, "dimensions 2 and 3")
    @test refused(() -> X .+ x, ArgumentError, "2 × 3 matrix", "vi()")
    @test refused(() -> X * Y, ArgumentError, ".*")
    @test refused(() -> exp(X), ArgumentError, "exp.(K)")
    @test is_kind(() -> operation("Foo", X), :unknown_name, "Foo")
    @test refused(() -> operation("Exp"), ArgumentError, "operands")
    @test refused(() -> elem(X, 3), DimensionMismatch)
    @test thrown(() -> elem(X, 0)) isa Exception
    @test thrown(() -> (d -> "a").(X)) isa ArgumentError
    @test refused(() -> Matrix(X), DimensionMismatch, "K: expected entries of one number, got 2")
    @test thrown(() -> K[0, 1]) isa BoundsError
    @test thrown(() -> K[1, 5]) isa BoundsError
    @test thrown(() -> K[1:4, 1]) isa BoundsError
    @test thrown(() -> K[[true], 1]) isa BoundsError
    @test refused(() -> X[:, [1, 1]], DimensionMismatch, "no argument follows this index")
    @test refused(() -> K["a", 1], ArgumentError, "index 1")
    @test refused(() -> K[1], ArgumentError, "two indices")
end

@testset "products and reductions" begin
    @test refused(() -> K * b[1:3], DimensionMismatch, "b: expected 4 numbers", "got a vector of length 3")
    @test refused(() -> K * x, DimensionMismatch, "b: expected 4 rows")
    @test refused(() -> K * zeros(4, 0), DimensionMismatch, "one column or more")
    @test refused(() -> (X - Y) * zeros(4, 2), DimensionMismatch, "b: expected a vector")
    @test refused(() -> mul!(zeros(4), K, b), DimensionMismatch, "y: expected a result of size (3,)")
    shared = zeros(4)
    S = sqdist(vj(shared), vi(shared))
    @test is_kind(() -> mul!(shared, S, b), :overlap)
    @test shared == zeros(4)
    @test thrown(() -> K * ["a"]) isa MethodError
    @test refused(() -> sum(K; dims=3), ArgumentError, "dims")
    @test refused(() -> reduction("Sum", 3; dims=2), ArgumentError, "K: expected a LazyTensor, got 3")
    @test is_kind(() -> reduction("Foo", K; dims=2), :unknown_name)
    @test refused(() -> argkmin(K, 0.5; dims=2), ArgumentError, "option: expected a whole number, got 0.5")
    @test thrown(() -> argkmin(K, 0; dims=2)) isa Exception
    @test thrown(() -> logsumexp(X; dims=2)) isa DimensionMismatch
end

@testset "gradients and systems" begin
    @test refused(() -> gradient(K, vi(y)), ArgumentError, "wrt: expected data of K")
    @test refused(() -> gradient(K, 2X), ArgumentError, "wrt: expected a variable")
    @test refused(() -> gradient(K, "x"), ArgumentError, "wrt: expected a LazyTensor or an array, got \"x\"")
    @test refused(() -> gradient(K, X, ones(4)), DimensionMismatch, "cotangent", "got a vector of length 4")
    @test refused(() -> gradient(K, X, "a"), ArgumentError, "cotangent", "\"a\"")
    @test refused(() -> gradient(K, X, fill(1im, 3)), ArgumentError, "cotangent", "real")
    @test is_kind(() -> gradient(K, X; reduction="ArgMin"), :unsupported)
    @test refused(() -> gradient(k, "z"), ArgumentError, "name: expected the name (\"x\", \"y\", \"b\")", "\"z\"")
    @test refused(() -> gradient(k, 4), ArgumentError, "got 4")
    @test refused(() -> gradient(k, "x")(x, y, b), ArgumentError, "expected 4 arguments (x, y, b, cotangent), got 3")
    @test refused(() -> solve(K, b), DimensionMismatch, "as many rows as columns, got 3 × 4")
    S = exp.(-sqdist(X, vj(x)))
    @test refused(() -> solve(S, "a"), ArgumentError, "b: expected")
    @test refused(() -> solve(S, b), DimensionMismatch, "b: expected 3 numbers")
    @test is_kind(() -> solve(S, [1im, 2, 3]), :unsupported, "b: ")
    for (name, wrong) in ((:alpha, -1), (:tolerance, NaN), (:iterations, 0.5), (:alpha, "a"), (:iterations, -1))
        @test refused(() -> solve(S, ones(3); [name => wrong]...), ArgumentError, string(name), "got ")
    end
    @test is_kind(() -> solve(-1 .* S, ones(3)), :convergence)
    @test thrown(() -> keops_solver(k, "x")) isa Exception
end

@testset "options" begin
    @test refused(() -> set_options!(; target=:gpu), ArgumentError, "target: expected one of :auto", "got :gpu")
    @test refused(() -> set_options!(; summation="fast"), ArgumentError, "summation", "\"fast\"")
    @test refused(() -> set_options!(; threads=-1), ArgumentError, "threads", "-1")
    @test refused(() -> set_options!(; accumulator=Int), ArgumentError, "accumulator")
    @test refused(() -> set_options!(; allow_tf32=1), ArgumentError, "allow_tf32")
    @test thrown(() -> set_options!(; nothing_known=1)) isa MethodError
    @test RKeOps.current_options[] == RKeOps.default_options
    # Options are set back where a call fails.
    @test refused(() -> with_options(() -> sum(K; dims=3); threads=1), ArgumentError)
    @test RKeOps.current_options[] == RKeOps.default_options
end

@testset "a missing library" begin
    # The package can be loaded without.
    program = "using RKeOps; try; vi([1.0]); catch exception; println(exception.kind); end"
    environment = copy(ENV)
    environment["RKEOPS_LIBRARY"] = "/nowhere/librkeops.so"
    environment["JULIA_LOAD_PATH"] = join(LOAD_PATH, ':') * ":" * dirname(dirname(pathof(RKeOps)))
    @test chomp(read(setenv(`$(Base.julia_cmd()) --startup-file=no -e $program`, environment), String)) == "library"
    missing_file = "/nowhere/librkeops.so"
    @test refused(() -> RKeOps.load(missing_file), RKeOpsError, "$missing_file cannot be loaded", "RKEOPS_LIBRARY")
    @test is_kind(() -> RKeOps.load("libm.so.6"), :library, "is no library of rkeops")
end
