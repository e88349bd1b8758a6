function op = operator_of(reduction, formula, aliases, summation)
% What a function made of a reduction holds: handles of the operator and of the reduction, which are freed when no
% function has it any longer.
op.reduction = reduction;
reduction_owner = onCleanup(@() rkeops_mex('free', reduction));
names = names_of(aliases);
is_place = ~isempty(regexp(formula, '^\s*\w*Arg\w*_Reduction', 'once'));
ranks = 0;
if ~isempty(regexp(formula, '^\s*\w*Arg(KMin|KMax)_Reduction', 'once'))
    % The number of ranks comes before the index.
    found = regexp(formula, ',\s*(\d+)\s*,\s*[01]\s*\)\s*$', 'tokens', 'once');
    if ~isempty(found), ranks = str2double(found{1}); end
end
[handle, op.kinds, op.output] = rkeops_mex('operator', reduction, names, [double(is_place), ranks, summation]);
op.owners = {reduction_owner, onCleanup(@() rkeops_mex('free', handle))};
op.handle = handle;
op.names = names;
op.formula = formula;
op.summation = summation;
% Whether its own gradient can be taken.
op.is_final = false;
end
