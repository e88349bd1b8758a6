function r = lazy(x, what)
% A value as a tensor: numbers are parameters, and do not decide whether the computation is in single.
if isa(x, 'LazyTensor')
    r = x;
    return
end
if ~ismatrix(x) || ~(isvector(x) || isempty(x))
    error('rkeops:shape', '%s: an array of %s may be of i or of j; say which by Vi or Vj', what, rkeops_size_words(x));
end
[formula, dims, values, kinds, ids, weak, points] = variable(x, 2, isa(x, 'double') && isscalar(x), what);
r = LazyTensor([], [], formula, dims, values, kinds, ids, weak, points);
end
