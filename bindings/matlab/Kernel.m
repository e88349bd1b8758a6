function F = Kernel(varargin)
% Kernel  KeOpsLab's older form of keops_kernel: the formula may be anywhere among the aliases.
%
%   F = Kernel('x=Vx(0,3)', 'y=Vy(1,3)', 'b=Vy(2,3)', 'Exp(-SqNorm2(x-y))*b')
%
%   Vx and Vy are older names of Vi and Vj, MinReduction and so on of Min_Reduction. Options may follow as in
%   keops_kernel.
%
%   See also keops_kernel, Grad.
options = {};
varargin = plain_text(varargin);
if nargin > 0 && isstruct(varargin{end})
    options = varargin(end);
    varargin(end) = [];
end
count = numel(varargin);
is_alias = false(1, count);
for k = 1:count
    if ~ischar(varargin{k})
        error('rkeops:argument', 'argument %d: expected a string, got %s', k, rkeops_words(varargin{k}));
    end
    is_alias(k) = ~isempty(regexp(varargin{k}, '^\s*\w+\s*=\s*(Vi|Vj|Vx|Vy|Pm|Var)\s*\(', 'once'));
end
formulas = find(~is_alias);
if numel(formulas) ~= 1
    error('rkeops:count', 'Kernel: expected one formula among %d arguments, got %d', count, numel(formulas));
end
formula = regexprep(strtrim(varargin{formulas}), '^(\w*(Sum|Exp|Min|Max))Reduction\s*\(', '$1_Reduction(');
formula = regexprep(formula, '^(K?M\w\w)(ArgK?M\w\w_)', '$1_$2');
aliases = regexprep(varargin(is_alias), {'=\s*Vx\s*\(', '=\s*Vy\s*\('}, {'=Vi(', '=Vj('});
F = keops_kernel(formula, aliases{:}, options{:});
end
