function text = rkeops_size_words(value)
% The size of an array in words, such as 3 x 4.
text = strjoin(arrayfun(@(extent) sprintf('%d', extent), size(value), 'UniformOutput', false), ' x ');
end
