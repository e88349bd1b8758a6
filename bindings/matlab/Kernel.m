function F = Kernel(varargin)
% Kernel  KeOpsLab's older form of keops_kernel: the formula may be anywhere among the aliases.
%
%   F = Kernel('x=Vx(0,3)', 'y=Vy(1,3)', 'b=Vy(2,3)', 'Exp(-SqNorm2(x-y))*b')
%
%   Vx and Vy are older names of Vi and Vj.
%
%   See also keops_kernel, Grad.
is_alias = false(1, nargin);
for k = 1:nargin
    if ~ischar(varargin{k})
        error('rkeops:argument', 'argument %d: expected a string, got %s', k, rkeops_words(varargin{k}));
    end
    is_alias(k) = ~isempty(regexp(varargin{k}, '^\s*\w+\s*=\s*(Vi|Vj|Vx|Vy|Pm|Var)\s*\(', 'once'));
end
formulas = find(~is_alias);
if numel(formulas) ~= 1
    error('rkeops:count', 'Kernel: expected one formula among %d arguments, got %d', nargin, numel(formulas));
end
aliases = regexprep(varargin(is_alias), {'=\s*Vx\s*\(', '=\s*Vy\s*\('}, {'=Vi(', '=Vj('});
F = keops_kernel(varargin{formulas}, aliases{:});
end
