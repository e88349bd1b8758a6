function state = numbers(x, name, place)
% The state of numbers among the operands of an operation: these are parameters, and single ones do not decide whether
% the computation is in single.
if ~isscalar(x) && ~(ismatrix(x) && (isvector(x) || isempty(x)))
    error('rkeops:shape', '%s: argument %d: an array of %s may be of i or of j; say which by Vi or Vj', name, place, ...
        rkeops_size_words(x));
end
state = variable(x, 2, isscalar(x) && isa(x, 'double'), '%s: argument %d', name, place);
end
