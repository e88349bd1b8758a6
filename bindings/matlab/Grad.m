function G = Grad(F, name)
% Grad  The gradient of a function that Kernel made: KeOpsLab's older name of keops_grad.
%
%   See also keops_grad, Kernel.
if nargin ~= 2
    error('rkeops:count', 'Grad: expected a function and the name of a variable, got %d arguments', nargin);
end
G = keops_grad(F, name);
end
