function F = keops_kernel(formula, varargin)
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
%   results of 'Min_ArgMin_Reduction(...)'.
%
%   The option 'sum_scheme' may come last: keops_kernel(..., 'sum_scheme', 'kahan_scheme'), or 'direct_sum',
%   'block_sum', 'auto'.
%
%   See also keops_grad, Kernel, LazyTensor.
if nargin < 1, error('rkeops:count', 'keops_kernel: expected a formula, got nothing'); end
if ~ischar(formula) || size(formula, 1) ~= 1
    error('rkeops:argument', 'formula: expected a string, got %s', rkeops_words(formula));
end
aliases = varargin;
summation = -1;
place = find(strcmp(aliases, 'sum_scheme'), 1);
if ~isempty(place)
    if place ~= numel(aliases) - 1, error('rkeops:argument', 'sum_scheme: expected one value after it, at the end'); end
    summation = summation_of(aliases{end});
    aliases = aliases(1:place - 1);
end
for k = 1:numel(aliases)
    if ~ischar(aliases{k})
        error('rkeops:argument', 'alias %d: expected a string such as ''x=Vi(0,3)'', got %s', k, ...
            rkeops_words(aliases{k}));
    end
end
is_reduction = ~isempty(regexp(formula, '^\s*(Grad\s*\(\s*|Diff\s*\(\s*)*\w+_Reduction\s*\(', 'once'));
if is_reduction
    reduction = rkeops_mex('parse', formula, aliases);
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
op = operator_of(reduction, names_of(aliases), summation, double(is_place), ranks);
F = @(varargin) rkeops_mex('run', op.handle, varargin{:});
end
