function r = apply(name, operands, parameters)
% The tensor that an operation makes of tensors or numbers.
if nargin < 3, parameters = []; end
for k = 1:numel(operands)
    operand = operands{k};
    if isa(operand, 'LazyTensor'), operands{k} = held(operand); else, operands{k} = numbers(operand, name, k); end
end
r = LazyTensor(applied(name, operands, parameters), 'state');
end
