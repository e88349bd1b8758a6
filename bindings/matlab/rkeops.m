function rkeops()
% rkeops: kernel and distance matrices without the matrix.
%
% Symbolic matrices, whose points are rows
%   Vi               - Points x_i: the rows of an array.
%   Vj               - Points y_j: the rows of an array.
%   Pm               - A parameter, the same for all pairs.
%   LazyTensor       - What arithmetic on these makes: its functions, reductions, products and systems.
%   rkeops_pdist2    - What pdist2 is for: reductions of the distances of all pairs of rows.
%   rkeops_knnsearch - Nearest neighbours.
%
% Formulas that are text, whose points are columns
%   keops_kernel     - A function that reduces a formula over all pairs of points.
%   keops_grad       - The gradient of such a function, as a function.
%   keops_solve      - A function that solves linear systems of a formula.
%   Kernel           - KeOpsLab's older form of keops_kernel.
%   Grad             - KeOpsLab's older name of keops_grad.
%
% Clusters
%   rkeops_ranges    - Which clusters of points meet in a reduction.
%   rkeops_clusters  - Sorts points into the cells of a grid.
%
% The library
%   rkeops           - Shows this list.
%   rkeops_options   - How numbers are computed, and where.
%   rkeops_doctor    - What the library found on this machine.
%   rkeops_explain   - How a function works, in words.
%   build            - Compiles the MEX file.
%
% The guide is README.md in this folder; the help of each name tells more.
help('rkeops');
end
