function varargout = reduced(state, name, axis, parameters, weights)
% The results of a reduction over i (0) or j (1). A scalar reduced over i gives rows, as MATLAB's own functions do.
% `weights` is the state of a tensor, or [].
values = state.values;
weighting = [];
if isstruct(weights)
    weighting = weights.handle;
    values = [values, weights.values];
end
[varargout{1:max(nargout, 1)}] = rkeops_mex('reduce', name, state.handle, axis, parameters, weighting, values{:});
if axis == 0
    facts = rkeops_mex('facts', state.handle);
    if facts(1) == 1 && (isempty(weighting) || size(varargout{1}, 2) == 1)
        for k = 1:numel(varargout), varargout{k} = permute(varargout{k}, [2, 1, 3:ndims(varargout{k})]); end
    end
end
end
