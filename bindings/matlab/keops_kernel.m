function F = keops_kernel(varargin)
% keops_kernel  A function that reduces a formula over all pairs of points, as KeOpsLab had it.
%
%   F = keops_kernel('Exp(-p*SqNorm2(x-y))*b', 'p=Pm(0,1)', 'x=Vi(1,3)', 'y=Vj(2,3)', 'b=Vj(3,2)')
%   a = F(p, x, y, b)
%
%   The first argument is a formula, which is summed over j, or a whole reduction such as
%   'LogSumExp_Reduction(-SqNorm2(x-y), 0)', whose number at the end is the index that remains: 0 gives a result for
%   each x_i, 1 for each y_j. The others tell what its names are: Vi follows i, Vj follows j, Pm is a parameter; of
%   Vi(1,3) the 1 is the place among the arguments of F, from 0 on, and 3 the dimension. Vi(3) takes its place in the
%   list.
%
%   Arrays are stored as dimension x points, a column for each point, and so are results. Axes from the third on are
%   those of a batch. Numbers are computed, and results stored, in single where all arrays are single, else in double;
%   integers and logical values do not count. Places of extreme values count from 1. [value, place] = F(...) takes both
%   results of 'Min_ArgMin_Reduction(...)'; one result is an array of both, the values above their places.
%
%   The formula may also come last, behind its names. The option 'sum_scheme' may follow: keops_kernel(...,
%   'sum_scheme', 'kahan_scheme'), or 'direct_sum', 'block_sum', 'auto'; or a structure with this field and tagIJ, which
%   is 1 for a formula that is summed over i. KeOpsLab's fields tagCpuGpu, tag1D2D and device_id have no effect: where
%   numbers are computed rkeops_options says.
%
%   See also keops_grad, Kernel, LazyTensor.
[formula, aliases, settings] = kernel_arguments(varargin);
is_reduction = ~isempty(regexp(formula, '^\s*(Grad\s*\(\s*|Diff\s*\(\s*)*\w+_Reduction\s*\(', 'once'));
if is_reduction
    reduction = rkeops_mex('parse', formula, aliases);
elseif settings.tagIJ == 1
    % What is wrong with the formula is told of it alone.
    rkeops_mex('free', rkeops_mex('parse', formula, aliases, 'sum'));
    reduction = rkeops_mex('parse', sprintf('Sum_Reduction(%s,1)', formula), aliases);
else
    reduction = rkeops_mex('parse', formula, aliases, 'sum');
end
is_place = ~isempty(regexp(formula, '^\s*\w*Arg\w*_Reduction', 'once'));
ranks = 0;
if ~isempty(regexp(formula, '^\s*\w*Arg(KMin|KMax)_Reduction', 'once'))
    % The number of ranks comes before the index.
    found = regexp(formula, ',\s*(\d+)\s*,\s*[01]\s*\)\s*$', 'tokens', 'once');
    if ~isempty(found), ranks = str2double(found{1}); end
end
op = operator_of(reduction, names_of(aliases), settings.summation, double(is_place), ranks);
if isempty(regexp(formula, '^\s*K?(Min|Max)_ArgK?(Min|Max)_Reduction', 'once'))
    F = @(varargin) rkeops_mex('run', op.handle, varargin{:});
else
    F = @(varargin) both_results(op, max(ranks, 1), varargin);
end
end
