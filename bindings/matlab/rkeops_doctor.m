function text = rkeops_doctor()
% rkeops_doctor  What the library found on this machine: processor, threads, GPU, and what is missing.
found = rkeops_mex('doctor');
if nargout > 0, text = found; else, fprintf('%s\n', found); end
end
