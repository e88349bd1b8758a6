function state = applied(name, states, parameters)
% The state of what an operation makes of tensors with these states.
if numel(states) == 1
    state = state_of(rkeops_mex('apply', name, states{1}.handle, parameters), states{1}.values);
    return
end
states = [states{:}];
[handle, sources] = rkeops_mex('apply', name, [states.handle], parameters);
values = [states.values];
state = state_of(handle, values(sources));
end
