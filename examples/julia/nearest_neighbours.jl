# Nearest neighbours: a rabbit's vertices and those next to each, and the colours of a photograph in a palette of 16,
# which k-means finds: each colour goes to the nearest of the palette, which becomes the mean of those that came.
#
# No matrix of distances is stored. Some rows are compared with a search of all.
#
#     julia --project=bindings/julia examples/julia/nearest_neighbours.jl [folder of the data files]

using LinearAlgebra, Printf
using RKeOps

const folder = length(ARGS) > 0 ? ARGS[1] : joinpath(@__DIR__, "..", "data")

# The places of the k columns of y that are nearest to a point.
search(point, y, k) = partialsortperm([sum(abs2, point - column) for column in eachcol(y)], 1:k)

lines = readlines(joinpath(folder, "bunny.csv"))[2:end]
bunny = hcat([parse.(Float64, split(line, ',')) for line in lines]...)
distances, places = kmin_argkmin(sqdist(vi(bunny), vj(bunny)), 6; dims=2)
@printf("bunny: %d vertices, the mean distance of the 5 others that are nearest is %.4f\n",
        size(bunny, 2), sum(sqrt, distances[2:end, :]) / (5 * size(bunny, 2)))
# Each is the nearest to itself.
places[1, :] == axes(bunny, 2) || Base.error("a vertex is not the nearest to itself")
for i in 1:100:size(bunny, 2)
    places[:, i] == search(bunny[:, i], bunny, 6) || Base.error("the neighbours of vertex $i are wrong")
end

bytes = reshape(read(joinpath(folder, "astronaut_rgb_262144x3.u8")), 3, :)
colours = Float32.(bytes[:, 1:8:end]) ./ 255
# Updates the palette; gives the mean squared distance to the one before.
function update!(palette, colours)
    cost, label = findmin(sqdist(vi(colours), vj(palette)); dims=2)
    # The sums of the colours of each label, and how many there are.
    has_label = vi(Float32.(1:size(palette, 2))) .== vj(Float32.(label))
    palette .= sum(has_label .* vj(colours); dims=2) ./ max.(sum(has_label; dims=2), 1)'
    return sum(Float64, cost) / length(cost)
end

palette = colours[:, round.(Int, range(1, size(colours, 2); length=16))]
costs = [update!(palette, colours) for _ in 1:20]
@printf("astronaut: %d colours, mean squared distance to a palette of 16: %.5f, then %.5f\n",
        size(colours, 2), costs[1], costs[end])
# k-means never gets worse, but for rounding.
all(costs[2:end] .<= costs[1:end-1] .* 1.0001) || Base.error("the palette got worse")
label = argmin(sqdist(vi(colours), vj(palette)); dims=2)
for i in 1:1000:size(colours, 2)
    label[i] == search(colours[:, i], palette, 1)[1] || Base.error("the label of colour $i is wrong")
end
