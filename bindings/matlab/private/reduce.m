function varargout = reduce(a, name, dim, parameters, weights)
% A reduction over index 1 (i) or 2 (j). A scalar reduced over i gives rows, as MATLAB's own functions do.
if nargin < 4, parameters = []; end
if nargin < 5, weights = []; end
a = lazy(a, 'a');
if ~isnumeric(dim) || ~isscalar(dim) || ~(dim == 1 || dim == 2)
    error('rkeops:argument', 'dim: expected 1 (over i) or 2 (over j), got %s', rkeops_words(dim));
end
ranks = 0;
if ~isempty(strfind(name, 'KM')) && ~isempty(parameters), ranks = parameters(1); end %#ok<STREMP>
base = double(~isempty(strfind(name, 'Arg'))); %#ok<STREMP>
weighting = [];
passing = [];
formulas = a.formula;
values = a.values;
weak = a.weak;
if ~isempty(weights)
    [formulas, values, ~, ~, weak, ~, passing] = joined(name, {a, lazy(weights, 'weights')});
    weighting = formulas(2);
end
try
    [varargout{1:max(nargout, 1)}] = rkeops_mex('reduce', name, formulas(1), dim - 1, parameters, weighting, [base, ranks], weak, values{:});
catch problem
    free_all(passing);
    rethrow(problem);
end
free_all(passing);
if dim == 1 && a.dims(1) == 1 && (isempty(weights) || size(varargout{1}, 2) == 1)
    for k = 1:numel(varargout), varargout{k} = permute(varargout{k}, [2, 1, 3:ndims(varargout{k})]); end
end
end
