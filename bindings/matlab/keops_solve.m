function S = keops_solve(formula, unknown, varargin)
% keops_solve  A function that solves linear systems of a formula by conjugate gradients.
%
%   S = keops_solve('Exp(-g*SqNorm2(x-y))*b', 'b', 'x=Vi(0,3)', 'y=Vj(1,3)', 'b=Vj(2,1)', 'g=Pm(3,1)')
%   a = S(x, x, c, g)                                   K(x, x) a = c, where c comes in the place of b
%   [a, details] = S(x, x, c, g, 'alpha', 0.1)          (K + 0.1 I) a = c; also 'tolerance' and 'iterations'
%
%   The formula is a sum over j that is linear in the unknown, a variable of j; its matrix is symmetric and positive
%   definite. Arrays have a column for each point.
%
%   See also keops_kernel, LazyTensor.
F = keops_kernel(formula, varargin{:});
op = operator_in(F);
position = find(strcmp(op.names, unknown), 1);
if isempty(position)
    error('rkeops:name', 'unknown: expected a variable of the formula (%s), got %s', strjoin(op.names, ', '), ...
        rkeops_words(unknown));
end
S = @(varargin) solve_call(op, position, varargin{:});
end
