function text = rkeops_explain(F)
% rkeops_explain  How a function that keops_kernel or keops_grad made works, in words.
op = operator_in(F);
found = rkeops_mex('explain', op.handle);
if nargout > 0, text = found; else, fprintf('%s\n', found); end
end
