function r = gradient_of(a, cotangent, wanted, dim, name)
% The gradient of a reduction with respect to the data of one of its variables.
facts = zeros(1, 5);
if isa(wanted, 'LazyTensor')
    source = held(wanted);
    facts = rkeops_mex('facts', source.handle);
end
if ~facts(5), error('rkeops:argument', 'variable: expected what Vi, Vj or Pm made, got %s', rkeops_words(wanted)); end
own = rkeops_mex('arguments', source.handle);
state = held(a);
kinds = rkeops_mex('arguments', state.handle);
position = find(kinds(3, :) == own(3), 1);
if isempty(position), error('rkeops:argument', 'variable: expected an argument of the tensor, got another one'); end
if ~isnumeric(dim) || ~isscalar(dim) || ~(dim == 1 || dim == 2)
    error('rkeops:argument', 'dim: expected 1 (over i) or 2 (over j), got %s', rkeops_words(dim));
end
dim = double(dim);
facts = rkeops_mex('facts', state.handle);
columns = facts(1) * (1 + facts(2));
kind = kinds(:, position);
values = state.values;
count = numel(values);
kept = 2 - dim;
if ~(isnumeric(cotangent) || islogical(cotangent))
    error('rkeops:type', 'cotangent: expected a matrix, got %s', rkeops_words(cotangent));
end
if dim == 1 && facts(1) == 1 && size(cotangent, 1) == 1
    % As the result of the reduction has it.
    cotangent = permute(cotangent, [2, 1, 3:ndims(cotangent)]);
end
if facts(2) && isreal(cotangent), cotangent = complex(cotangent); end
% All handles that are made here are freed in the end, whatever happens.
handles = zeros(1, 0, 'uint64');
try
    handles(end + 1) = rkeops_mex('reduction', name, state.handle, dim - 1, []);
    reduction = handles(end);
    saved = rkeops_mex('saved', reduction);
    handles = [handles, saved];
    results = cell(1, numel(saved));
    formulas = zeros(1, 0, 'uint64');
    for k = 1:numel(saved)
        results{k} = rkeops_mex('run_reduction', saved(k), state.handle, values{:});
        formulas(k) = rkeops_mex('variable', count + k, size(results{k}, 2) * (1 + ~isreal(results{k})), kept);
        handles(end + 1) = formulas(k); %#ok<AGROW>
        % Places do not decide whether a call computes in single.
        saver = operator_of(saved(k), {}, -1);
        if saver.is_index, results{k} = int64(results{k}); end
    end
    handles(end + 1) = rkeops_mex('variable', count, columns, kept);
    direction = handles(end);
    handles(end + 1) = rkeops_mex('variable', position - 1, kind(1), kind(2));
    handles(end + 1) = rkeops_mex('gradient', reduction, handles(end), direction, formulas);
    r = rkeops_mex('run_reduction', handles(end), state.handle, values{:}, cotangent, results{:});
catch problem
    free_all(handles);
    rethrow(problem);
end
free_all(handles);
if kind(2) == 2, r = sum(r, 1); end
% Points are rows here.
by = values{position};
turned = @(x) permute(x, [2, 1, 3:ndims(x)]);
r = turned(gradient_like(turned(r), turned(by), kind(2)));
end
