function g = gradient_call(op, given)
% Runs the steps of a gradient on these arguments, and gives it the size of the one that it is taken by.
if op.is_plain
    g = rkeops_mex('run', op.handle, given{:});
else
    g = result_of(op, given);
end
g = gradient_like(g, given{op.position}, op.kinds(2, op.position));
end

function g = result_of(op, given)
[ranges, given] = ranges_in(given);
count = size(op.kinds, 2);
if numel(given) ~= count
    error('rkeops:count', 'expected %d arguments, got %d', count, numel(given));
end
cotangent = given{end};
if isnumeric(cotangent) && isreal(cotangent) && 2 * size(cotangent, 1) == op.kinds(1, end)
    % Of complex results.
    given{end} = complex(cotangent);
end
results = cell(1, numel(op.steps));
for k = op.order
    step = op.steps{k};
    inputs = cell(1, numel(step.sources));
    is_argument = step.sources > 0;
    inputs(is_argument) = given(step.sources(is_argument));
    inputs(~is_argument) = results(-step.sources(~is_argument));
    results{k} = rkeops_mex('run', step.op.handle, inputs{:}, ranges{:});
    if step.is_summed, results{k} = sum(results{k}, 2); end
    % Places do not decide whether a call computes in single.
    if step.op.is_index, results{k} = int64(results{k}); end
end
g = 0;
for k = op.results, g = g + results{k}; end
end
