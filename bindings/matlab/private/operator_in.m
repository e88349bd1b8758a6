function op = operator_in(F)
% What a function that keops_kernel or keops_grad made holds: an operator, or the steps of a gradient.
op = [];
if isa(F, 'function_handle')
    facts = functions(F);
    if isfield(facts, 'workspace') && ~isempty(facts.workspace)
        held = facts.workspace;
        if iscell(held), held = held{1}; end
        if isfield(held, 'op'), op = held.op; end
    end
end
if ~isstruct(op) || ~isfield(op, 'result_kind')
    error('rkeops:argument', 'F: expected a function that keops_kernel or keops_grad made, got %s', rkeops_words(F));
end
end
