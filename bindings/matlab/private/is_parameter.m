function r = is_parameter(a)
% Whether a tensor is the same for all points.
own = held(a);
facts = rkeops_mex('facts', own.handle);
r = all(facts(3:4) < 0);
end
