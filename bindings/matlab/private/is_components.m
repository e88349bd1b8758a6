function r = is_components(dim)
% Whether a dimension is that of components.
r = isnumeric(dim) && isscalar(dim) && dim == 3;
end
