function R = rkeops_ranges(clusters_i, clusters_j, keep)
% rkeops_ranges  Which clusters of points meet in a reduction, where most do not matter.
%
%   R = rkeops_ranges(clusters_i, clusters_j, keep)
%   a = F(p, x, y, b, 'ranges', R)              functions of keops_kernel, keops_grad and keops_solve
%   K = restrict(K, R)                          symbolic matrices: all that they compute
%
%   A cluster is a range of points that follow one another: a row of clusters_i has the first and the last one of i,
%   counted from 1, a row of clusters_j those of j. keep(k, n) tells whether the points of cluster k of i meet those of
%   cluster n of j. Pairs of points that do not meet are left out of a reduction and cost nothing; places of points that
%   meet nothing are NaN.
%
%   See also rkeops_clusters, keops_kernel, LazyTensor.
if nargin ~= 3, error('rkeops:count', 'rkeops_ranges: expected 3 arguments, got %d', nargin); end
if isnumeric(clusters_i), clusters_i = double(clusters_i); end
if isnumeric(clusters_j), clusters_j = double(clusters_j); end
handle = rkeops_mex('ranges', clusters_i, clusters_j, keep);
R = struct('handle', handle, 'owner', onCleanup(@() rkeops_mex('free', handle)));
end
