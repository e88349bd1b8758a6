function text = rkeops_explain(F)
% rkeops_explain  How a function that keops_kernel or keops_grad made works, in words.
op = operator_in(F);
if isfield(op, 'steps')
    parts = cellfun(@(step) rkeops_mex('explain', step.op.handle), op.steps(op.order), 'UniformOutput', false);
    found = strjoin(parts, sprintf('\n'));
else
    found = rkeops_mex('explain', op.handle);
end
if nargout > 0, text = found; else, fprintf('%s\n', found); end
end
