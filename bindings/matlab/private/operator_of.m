function op = operator_of(reduction, names, summation, base, ranks)
% What runs a reduction: handles of the operator and of the reduction, which are freed when nothing has it any longer.
% `base` is what places in results count from, `ranks` how many nearest there are.
if nargin < 4, [base, ranks] = deal(0); end
op.reduction = reduction;
reduction_owner = onCleanup(@() rkeops_mex('free', reduction));
[handle, op.kinds, facts] = rkeops_mex('operator', reduction, names, [base, ranks, summation]);
op.owners = {reduction_owner, onCleanup(@() rkeops_mex('free', handle))};
op.handle = handle;
op.names = names;
op.summation = summation;
op.result_kind = facts(1:2)';
op.is_index = facts(3) ~= 0;
end
