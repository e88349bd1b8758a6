function varargout = both_results(op, ranks, arguments)
% Runs a reduction to values and their places. Who takes one result gets what KeOpsLab gave, an array of both: for each
% rank the values of all components, then their places.
[values, places] = rkeops_mex('run', op.handle, arguments{:});
if nargout > 1
    varargout = {values, places};
    return
end
extents = size(values);
apart = [extents(1) / ranks, 1, ranks, extents(2:end)];
both = cat(2, reshape(values, apart), reshape(places, apart));
varargout = {reshape(both, [2 * extents(1), extents(2:end)])};
end
