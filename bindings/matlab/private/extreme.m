function varargout = extreme(a, b, dim, name, count)
% min and max: of two tensors, of components, or over an index.
if ~isempty(b)
    if strcmp(name, 'Min'), difference = apply('Subtract', {b, a}); else, difference = apply('Subtract', {a, b}); end
    varargout{1} = apply('IfElse', {difference, a, b});
elseif is_components(dim)
    varargout{1} = apply(name, {a});
    if count > 1, varargout{2} = apply('Add', {apply(['Arg', name], {a}), 1}); end
elseif count > 1
    [varargout{1:2}] = reduce(a, [name, '_Arg', name], dim);
else
    varargout{1} = reduce(a, name, dim);
end
end
