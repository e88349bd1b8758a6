using Test, LinearAlgebra
using RKeOps

include("helpers.jl")

@testset "RKeOps" begin
    for file in ("cases", "arrays", "tensors", "batches", "functions", "reductions", "ranges", "gradients", "solve",
                 "errors", "runs", "lives", "rules")
        @testset "$file" begin
            include("$file.jl")
        end
    end
end
