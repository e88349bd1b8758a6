function display_tensor(a)
% What the command line shows of a tensor.
types = {'Vi', 'Vj', 'Pm'};
state = held(a);
kinds = rkeops_mex('arguments', state.handle);
name_of = @(k) sprintf('%s(%d,%d)', types{kinds(2, k) + 1}, k - 1, kinds(1, k));
parts = arrayfun(name_of, 1:size(kinds, 2), 'UniformOutput', false);
extents = arrayfun(@(extent) sprintf('%d', extent), size(a), 'UniformOutput', false);
fprintf('  LazyTensor of %s\n', strjoin(extents, ' x '));
fprintf('    formula: %s\n    args:    %s\n', text(a), strjoin(parts, ', '));
end
