function tests = test_errors()
% What a user does wrong, and what is said about it.
F = keops_kernel('Exp(-p*SqNorm2(x-y))*b', 'p=Pm(0,1)', 'x=Vi(1,3)', 'y=Vj(2,3)', 'b=Vj(3,2)');
[p, x, y, b] = deal(1, ones(3, 5), ones(3, 7), ones(2, 7));
[u, v] = deal(Vi(ones(5, 3)), Vj(ones(7, 3)));
K = sqdist(u, v);
S = sqdist(u, Vj(ones(5, 3)));
bad = {
    'points as rows', @() F(p, x', y, b), 'rkeops:shape', {'argument 2 (x)', '3 rows', '5 x 3'}
    'another number of points', @() F(p, x, y, ones(2, 6)), 'rkeops:shape', ...
        {'argument 4 (b)', '7 points', 'argument 3 (y)', 'got 6'}
    'a parameter of two numbers', @() F([1 2], x, y, b), 'rkeops:shape', ...
        {'argument 1 (p)', 'a parameter of 1 number', '1 x 2'}
    'too few arguments', @() F(p, x, y), 'rkeops:count', {'expected 4', 'got 3'}
    'too many arguments', @() F(p, x, y, b, b), 'rkeops:count', {'expected 4', 'got 5'}
    'a string for an array', @() F(p, 'abc', y, b), 'rkeops:type', {'argument 2 (x)', 'a string'}
    'a cell for an array', @() F(p, {1}, y, b), 'rkeops:type', {'argument 2 (x)', 'a cell array'}
    'a structure for an array', @() F(p, x, struct(), b), 'rkeops:type', {'argument 3 (y)', 'a structure'}
    'a sparse matrix', @() F(p, sparse(x), y, b), 'rkeops:type', {'argument 2 (x)', 'sparse'}
    'complex numbers where none can be', @() F(p, x + 1i, y, b), 'rkeops:shape', {'argument 2 (x)', 'real'}
    'two results of one', @() two_of(F, p, x, y, b), 'rkeops:count', {'there is 1 result', '2'}
    'a wrong bracket', @() keops_kernel('Exp(x', 'x=Vi(3)'), 'rkeops:syntax', {'Exp(x'}
    'an unknown operation', @() keops_kernel('Expp(x)', 'x=Vi(3)'), 'rkeops:name', {'Expp'}
    'an unknown variable', @() keops_kernel('Exp(z)', 'x=Vi(3)'), 'rkeops:name', {'z'}
    'dimensions that do not fit', @() keops_kernel('x+y', 'x=Vi(3)', 'y=Vj(2)'), 'rkeops:dimension', {}
    'too few operands', @() keops_kernel('Add(x)', 'x=Vi(3)'), 'rkeops:arity', {}
    'a wrong alias', @() keops_kernel('x', 'x=Vk(3)'), 'rkeops:syntax', {'x=Vk(3)'}
    'a formula of another class', @() keops_kernel(3), 'rkeops:argument', {'formula: expected a string', 'got 3'}
    'an alias of another class', @() keops_kernel('x', 3), 'rkeops:argument', {'alias 1', 'got 3'}
    'no formula', @() keops_kernel(), 'rkeops:count', {'expected a formula'}
    'an unknown reduction', @() keops_kernel('Summ_Reduction(x,0)', 'x=Vi(3)'), 'rkeops:name', {'Summ'}
    'an unknown scheme', @() keops_kernel('x', 'x=Vi(3)', 'sum_scheme', 'fast'), 'rkeops:argument', ...
        {'direct_sum', '''fast'''}
    'a scheme without value', @() keops_kernel('x', 'x=Vi(3)', 'sum_scheme'), 'rkeops:argument', {'sum_scheme'}
    'a product with too many rows', @() Pm(2) * ones(3, 1), 'rkeops:shape', {'1 rows', '3 x 1'}
    'two formulas', @() Kernel('x', 'y', 'x=Vi(3)'), 'rkeops:count', {'one formula', 'got 2'}
    'tensors of other points', @() u + Vi(ones(4, 3)), 'rkeops:shape', {'Add', '5 points of index i', 'got 4'}
    'tensors of other dimensions', @() u + Vj(ones(7, 2)), 'rkeops:dimension', {}
    'a matrix without an index', @() u + ones(5, 3), 'rkeops:shape', {'Add: argument 2', '5 x 3', 'Vi or Vj'}
    'a string in arithmetic', @() u + 'a', 'rkeops:type', {'''a'''}
    'a cell in arithmetic', @() {1} .* u, 'rkeops:type', {'class cell'}
    'points of another class', @() Vi('abc'), 'rkeops:type', {'x: expected', '''abc'''}
    'sparse points', @() Vi(sparse(eye(3))), 'rkeops:type', {'sparse'}
    'points without components', @() Vi(zeros(3, 0)), 'rkeops:shape', {'3 x 0'}
    'another index', @() LazyTensor(1, 'k'), 'rkeops:argument', {'''i'', ''j'' or ''p''', '''k'''}
    'a dimension of a reduction', @() sum(K, 4), 'rkeops:argument', {'1 (over i) or 2 (over j)', 'got 4'}
    'a string as a dimension', @() min(K, [], 'a'), 'rkeops:argument', {'''a'''}
    'places of vectors', @() mink(K, 1.5, 2), 'rkeops:argument', {'k: expected a whole number', '1.5'}
    'a product of vectors', @() (u - v) * ones(7, 1), 'rkeops:dimension', {'3 components'}
    'a product with too few rows', @() K * ones(6, 1), 'rkeops:shape', {'7 rows', '6 x 1'}
    'a product from the left', @() ones(1, 6) * K, 'rkeops:shape', {'5 rows', '6 x 1'}
    'a product of two', @() K * K, 'rkeops:unsupported', {'.*'}
    'a matrix power', @() K ^ 2, 'rkeops:unsupported', {'.^'}
    'a quotient of two', @() K / K, 'rkeops:unsupported', {'mrdivide: expected a number', 'LazyTensor', './'}
    'an entry that is set', @() with_entry(K), 'rkeops:unsupported', {'does not change'}
    'a sparse number', @() K + sparse(3), 'rkeops:type', {'a sparse array'}
    'a row that is complex', @() K(1i, 1), 'rkeops:shape', {'rows from 1 to 5'}
    'rows beyond', @() full(K(6, :)), 'rkeops:shape', {'rows from 1 to 5'}
    'row 0', @() full(K(0, :)), 'rkeops:shape', {'rows from 1 to 5'}
    'one subscript', @() K(3), 'rkeops:argument', {'got 1 subscripts'}
    'a system that is not square', @() K \ ones(7, 1), 'rkeops:shape', {'5 x 7'}
    'a right-hand side of other rows', @() S \ ones(4, 1), 'rkeops:shape', {'5 rows', '4 x 1'}
    'an unknown setting', @() solve(S, ones(5, 1), 'beta', 1), 'rkeops:argument', {'''beta''', 'alpha'}
    'a negative alpha', @() solve(S, ones(5, 1), 'alpha', -1), 'rkeops:argument', {'alpha', '-1'}
    'a matrix that is not positive', @() solve(-S, ones(5, 1), 'alpha', 0), 'rkeops:convergence', {}
    'an unknown distance', @() rkeops_pdist2(1, 2, 'manhattan'), 'rkeops:argument', {'cityblock', '''manhattan'''}
    'other columns', @() rkeops_knnsearch(ones(3, 2), ones(3, 4)), 'rkeops:shape', {'2 columns', '3 x 4'}
    'K of none', @() rkeops_knnsearch(1, 2, 'K', 0), 'rkeops:argument', {'K: expected', 'got 0'}
    'an unknown option', @() rkeops_options('speed', 1), 'rkeops:argument', {'''speed''', 'precision'}
    'a value of an option', @() rkeops_options('precision', 'half'), 'rkeops:argument', ...
        {'precision', '''half''', 'single'}
    'options of two structures', @() rkeops_options(struct('threads', {1, 2})), 'rkeops:argument', {'a structure'}
    'half a thread', @() rkeops_options('threads', 0.5), 'rkeops:argument', {'threads', '0.5'}
    'an option without value', @() rkeops_options('threads'), 'rkeops:argument', {'pairs'}
    };
tests = cell(0, 2);
for k = 1:size(bad, 1)
    tests(end + 1, :) = {bad{k, 1}, @() check_fails(bad{k, 2}, bad{k, 3}, bad{k, 4}{:})}; %#ok<AGROW>
end
tests(end + 1, :) = {'errors leave no handles', @() leaves_nothing(bad)};
tests(end + 1, :) = {'tensors side by side', @() side_by_side(K)};
end

function with_entry(K)
K(1) = 2; %#ok<NASGU>
end

function side_by_side(K)
% Octave tells that the method failed, without the message of it.
for join = {@() [K K], @() [K; K], @() [1, K]}
    is_refused = false;
    try
        join{1}();
    catch
        is_refused = true;
    end
    assert(is_refused);
end
end

function two_of(F, varargin)
[~, ~] = F(varargin{:});
end

function leaves_nothing(bad)
before = rkeops_mex('count');
for k = 1:size(bad, 1)
    try
        bad{k, 2}();
    catch
        % Tested above.
    end
end
assert(rkeops_mex('count') == before);
end
