function values = plain_text(values)
% Values of a cell array, of which MATLAB's strings, "...", are rows of characters, as '...' is. Octave has no others.
is_string = cellfun(@(value) isa(value, 'string') && isscalar(value), values);
values(is_string) = cellfun(@char, values(is_string), 'UniformOutput', false);
end
