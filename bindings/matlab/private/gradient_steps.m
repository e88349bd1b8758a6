function op = gradient_steps(source, position)
% The gradient of what `source` computes with respect to the argument at a position, as steps. A step runs an operator
% on arguments of the whole (its sources are positions) and on results of earlier steps (their numbers, negative). What
% a reduction saves for its derivatives is a step, so what comes through it is derived as everything else.
steps = source.steps;
count = size(source.kinds, 2);
op.names = source.names;
op.names(end + 1:count) = {''};
op.names{count + 1} = new_name(source.names);
op.results = zeros(1, 0);
for k = 1:numel(source.results)
    [steps, made] = derived(steps, source.results(k), count + 1, position, op.names);
    op.results = [op.results, made];
end
op.steps = steps;
op.order = needed(steps, op.results);
% Whether it is one operator, of the arguments as they are; results of an even number of columns may be complex.
last = steps{end};
is_one = isequal(op.order, numel(steps)) && ~last.is_summed && isequal(last.sources, 1:count + 1);
op.is_plain = is_one && mod(source.result_kind(1), 2) == 1;
op.handle = last.op.handle;
op.position = position;
op.kinds = [source.kinds, source.result_kind];
op.result_kind = source.kinds(:, position);
end

function [steps, made] = derived(steps, place, cotangent, position, names)
% Adds steps that give the derivative of a step, whose cotangent is an argument or the result of a step; it is the sum
% of the steps `made`.
made = zeros(1, 0);
sources = steps{place}.sources;
for k = 1:numel(sources)
    if sources(k) == position
        steps = gradient_step(steps, place, k, cotangent, names);
        made(end + 1) = numel(steps); %#ok<AGROW>
    elseif sources(k) < 0 && depends(steps, -sources(k), position)
        steps = gradient_step(steps, place, k, cotangent, names);
        [steps, more] = derived(steps, -sources(k), -numel(steps), position, names);
        made = [made, more]; %#ok<AGROW>
    end
end
end

function r = depends(steps, place, position)
% Whether a step changes with an argument by more than steps: an index does not.
step = steps{place};
r = ~step.op.is_index && any(step.sources == position);
for source = step.sources(step.sources < 0)
    r = r || (~step.op.is_index && depends(steps, -source, position));
end
end

function steps = gradient_step(steps, place, input, cotangent, names)
% Adds the gradient of the operator of a step with respect to one of its inputs, as the last step.
step = steps{place};
own = step.op;
if isempty(step.saved)
    handles = rkeops_mex('saved', own.reduction);
    for k = 1:numel(handles)
        saver = operator_of(handles(k), own.names, own.summation);
        steps{end + 1} = step_of(saver, step.sources); %#ok<AGROW>
        step.saved(k) = numel(steps);
    end
    steps{place} = step;
end
count = numel(step.sources);
kept = own.result_kind(2);
category = kept;
% A derivative by a parameter has a row for each row of the result, and is their sum.
if step.is_summed, category = 2; end
[by, by_owner] = variable_at(input - 1, own.kinds(:, input)); %#ok<ASGLU>
[direction, direction_owner] = variable_at(count, [own.result_kind(1); category]); %#ok<ASGLU>
results = zeros(1, 0, 'uint64');
owners = cell(1, numel(step.saved));
for k = 1:numel(step.saved)
    saver = steps{step.saved(k)}.op;
    [results(k), owners{k}] = variable_at(count + k, [saver.result_kind(1); kept]);
end
made = rkeops_mex('gradient', own.reduction, by, direction, results);
sources = [step.sources, cotangent, -step.saved];
own_names = repmat({''}, 1, numel(sources));
own_names(sources > 0) = names(sources(sources > 0));
new = step_of(operator_of(made, own_names, own.summation), sources);
new.is_summed = own.kinds(2, input) == 2;
steps{end + 1} = new;
end

function [handle, owner] = variable_at(position, kind)
% A variable of these columns and this category, and what frees it.
handle = rkeops_mex('variable', position, kind(1), kind(2));
owner = onCleanup(@() rkeops_mex('free', handle));
end

function order = needed(steps, results)
% The steps that these results are computed of, in order.
is_needed = false(1, numel(steps));
is_needed(results) = true;
for k = numel(steps):-1:1
    sources = steps{k}.sources;
    if is_needed(k), is_needed(-sources(sources < 0)) = true; end
end
order = find(is_needed);
end

function name = new_name(names)
name = 'e';
number = 1;
while any(strcmp(names, name))
    number = number + 1;
    name = sprintf('e%d', number);
end
end
