function r = lazy(x, what)
% What a tensor holds, or would hold of numbers: these are parameters, and do not decide whether the computation is in single.
if isa(x, 'LazyTensor')
    r = held(x);
    return
end
if ~ismatrix(x) || ~(isvector(x) || isempty(x))
    error('rkeops:shape', '%s: an array of %s may be of i or of j; say which by Vi or Vj', what, rkeops_size_words(x));
end
[r.formula, r.dims, r.values, r.kinds, r.ids, r.weak, r.points] = variable(x, 2, isa(x, 'double') && isscalar(x), what);
formula = r.formula;
r.owner = onCleanup(@() rkeops_mex('free', formula));
end
