function step = step_of(op, sources)
% A step that runs an operator, which has as many inputs as it needs: the first of these sources.
step.op = op;
step.sources = sources(1:size(op.kinds, 2));
step.saved = zeros(1, 0);
step.is_summed = false;
end
