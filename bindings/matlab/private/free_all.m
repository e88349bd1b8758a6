function free_all(handles)
% Frees handles of the library.
for k = 1:numel(handles), rkeops_mex('free', handles(k)); end
end
