function display_tensor(a)
% What the command line shows of a tensor.
types = {'Vi', 'Vj', 'Pm'};
parts = arrayfun(@(k) sprintf('%s(%d,%d)', types{a.kinds(2, k) + 1}, k - 1, a.kinds(1, k)), 1:numel(a.ids), 'UniformOutput', false);
extents = arrayfun(@(extent) sprintf('%d', extent), size(a), 'UniformOutput', false);
fprintf('  LazyTensor of %s\n', strjoin(extents, ' x '));
fprintf('    formula: %s\n    args:    %s\n', rkeops_mex('text', a.formula), strjoin(parts, ', '));
end
