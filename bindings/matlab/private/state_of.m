function state = state_of(handle, values)
% What a tensor is made of: a handle, which is freed when nobody has it any longer, and the arrays of its arguments.
state.handle = handle;
state.owner = onCleanup(@() rkeops_mex('free', handle));
state.values = values;
end
