function G = keops_grad(F, name)
% keops_grad  The gradient of a function that keops_kernel or keops_grad made.
%
%   G = keops_grad(F, 'x')
%   g = G(p, x, y, b, e)
%
%   G takes one more input, e, an array of the size of F's result: g is the derivative of sum(e .* F(p, x, y, b)) with
%   respect to x, of its size. With complex numbers that is sum(real(conj(e) .* F(...))). G may be derived again, by any
%   of its arguments, and by 'e', as the name of the new input is ('e2' the next time).
%
%   See also keops_kernel, Grad.
if nargin ~= 2
    error('rkeops:count', 'keops_grad: expected a function and the name of a variable, got %d arguments', nargin);
end
source = operator_in(F);
texts = plain_text({name});
name = texts{1};
if ~ischar(name), error('rkeops:argument', 'name: expected the name of a variable, got %s', rkeops_words(name)); end
position = find(strcmp(source.names, name), 1);
found = regexp(name, '^\s*(?:Vi|Vj|Pm)\s*\(\s*(\d+)\s*,', 'tokens', 'once');
if ~isempty(found), position = find(str2double(found{1}) + 1 == 1:numel(source.names)); end
if isempty(position)
    error('rkeops:name', 'name: expected a variable of the formula (%s), got %s', strjoin(source.names, ', '), ...
        rkeops_words(name));
end
if ~isfield(source, 'steps')
    source.steps = {step_of(source, 1:size(source.kinds, 2))};
    source.results = 1;
end
op = gradient_steps(source, position);
G = @(varargin) gradient_call(op, varargin);
end
