classdef LazyTensor
% LazyTensor  A matrix of a formula of points x_i and y_j that is never stored.
%
%   Vi(x) stands for the points x_i, the rows of x, Vj(y) for the points y_j, Pm(p) for a parameter, the same for all
%   pairs. Arithmetic and functions make new tensors; a reduction or a product with a matrix computes:
%
%       K = exp(-sqdist(Vi(x), Vj(y)) / 2);
%       size(K)                      % [M N], and a third extent for vectors
%       a = K * b;                   % M x E for b of N x E
%       s = sum(K, 1);               % over i: 1 x N; of vectors N x D
%       [d, k] = min(K, [], 2);      % over j, places count from 1
%       w = solve(K, b, 'alpha', 0.1)
%
%   Index 3 is that of components: sum(K, 3) is a tensor again. Arrays of points may have more axes, which are those of
%   a batch: x of N x D x B and y of M x D x B are B problems, and results have that axis too. Numbers are computed in
%   single where all data are single (numbers in formulas do not count), else in double.
%
%   Methods: + - .* ./ .^ \ ' comparisons, exp log log1p expm1 log2 log10 sqrt abs sign floor ceil fix round sin cos tan
%   asin acos atan sinh cosh tanh asinh acosh atanh atan2 erf erfc gammaln psi mod real imag conj angle min max, sqdist
%   sqnorm norm normalize dot weighted_sqnorm weighted_sqdist square rsqrt inv relu step sigmoid softplus xlogx sinxdivx
%   clamp ifelse elem extract concat onehot matvecmult vecmatmult tensorprod besselk matern mask operation, and the
%   reductions sum mean prod min max argmin argmax mink maxk logsumexp sumsoftmaxweight any all count reduction; * solve
%   adjoint restrict full.
%
%   See also Vi, Vj, Pm, keops_kernel, rkeops_options.
    properties (Access = private)
        % What a tensor is made of. One property: with each that an object has, Octave makes it more slowly.
        %   handle    the MEX file's tensor: a formula, what its arguments are, how many points there are of i and j
        %   owner     what frees it when nobody has it any longer
        %   values    the arrays of the arguments
        state
    end
    methods
        function self = LazyTensor(x, index)
        % LAZYTENSOR(x, 'i'), LAZYTENSOR(x, 'j'), LAZYTENSOR(p): what Vi, Vj and Pm make.
        % LAZYTENSOR(state, 'state') is the package's own.
            if nargin > 1 && strcmp(index, 'state')
                self.state = x;
                return
            end
            if nargin < 1, error('rkeops:argument', 'LazyTensor: expected an array, got nothing'); end
            if nargin < 2, index = 'p'; end
            place = find(strcmp(index, {'i', 'j', 'p'}));
            if isempty(place)
                error('rkeops:argument', 'index: expected ''i'', ''j'' or ''p'', got %s', rkeops_words(index));
            end
            self.state = variable(x, place - 1, false, 'x');
        end

        function s = held(a), s = a.state; end

        % Arithmetic, component by component.
        function r = plus(a, b), r = apply('Add', {a, b}); end
        function r = minus(a, b), r = apply('Subtract', {a, b}); end
        function r = times(a, b), r = apply('Mult', {a, b}); end
        function r = rdivide(a, b)
            if isnumeric(a) && isscalar(a) && a == 1, r = apply('Inv', {b}); else, r = apply('Divide', {a, b}); end
        end
        function r = ldivide(a, b), r = rdivide(b, a); end
        function r = uminus(a), r = apply('Minus', {a}); end
        function r = uplus(a), r = a; end
        function r = power(a, b), r = to_the_power(a, b); end
        function r = mpower(a, b) %#ok<STOUT,INUSD>
            error('rkeops:unsupported', ...
                'mpower: powers of symbolic matrices are not computed; .^ is that of each entry');
        end
        function r = mtimes(a, b), r = product(a, b); end
        function r = mrdivide(a, b)
            is_tensor = isa(b, 'LazyTensor');
            if (is_tensor && ~is_parameter(b)) || (~is_tensor && ~isscalar(b))
                error('rkeops:unsupported', ...
                    'mrdivide: expected a number, got %s; a ./ b divides entries, and K \\ b solves a system', ...
                    rkeops_words(b));
            end
            r = apply('Divide', {a, b});
        end
        function r = mldivide(a, b)
            if isnumeric(a) && isscalar(a), r = rdivide(b, a); else, r = solve(a, b); end
        end
        function r = eq(a, b), r = apply('Equal', {a, b}); end
        function r = ne(a, b), r = apply('NotEqual', {a, b}); end
        function r = lt(a, b), r = apply('LessThan', {a, b}); end
        function r = le(a, b), r = apply('LessOrEqual', {a, b}); end
        function r = gt(a, b), r = apply('LessThan', {b, a}); end
        function r = ge(a, b), r = apply('LessOrEqual', {b, a}); end
        function r = and(a, b), r = apply('Mult', {apply('NotEqual', {a, 0}), apply('NotEqual', {b, 0})}); end
        function r = or(a, b)
            r = apply('NotEqual', {apply('Add', {apply('NotEqual', {a, 0}), apply('NotEqual', {b, 0})}), 0});
        end
        function r = not(a), r = apply('Equal', {a, 0}); end

        % MATLAB's functions of numbers.
        function r = exp(a), r = apply('Exp', {a}); end
        function r = log(a), r = apply('Log', {a}); end
        function r = log1p(a), r = apply('Log1p', {a}); end
        function r = expm1(a), r = apply('Expm1', {a}); end
        function r = log2(a), r = apply('Divide', {apply('Log', {a}), log(2)}); end
        function r = log10(a), r = apply('Divide', {apply('Log', {a}), log(10)}); end
        function r = sqrt(a), r = apply('Sqrt', {a}); end
        function r = abs(a), r = apply(either(a, 'ComplexAbs', 'Abs'), {a}); end
        function r = sign(a), r = apply('Sign', {a}); end
        function r = floor(a), r = apply('Floor', {a}); end
        function r = ceil(a), r = -floor(-a); end
        function r = fix(a), r = sign(a) .* floor(abs(a)); end
        function r = round(a, digits)
            if nargin < 2, digits = 0; end
            r = apply('Round', {a}, digits);
        end
        function r = sin(a), r = apply('Sin', {a}); end
        function r = cos(a), r = apply('Cos', {a}); end
        function r = tan(a), r = apply('Tan', {a}); end
        function r = asin(a), r = apply('Asin', {a}); end
        function r = acos(a), r = apply('Acos', {a}); end
        function r = atan(a), r = apply('Atan', {a}); end
        function r = sinh(a), r = apply('Sinh', {a}); end
        function r = cosh(a), r = apply('Cosh', {a}); end
        function r = tanh(a), r = apply('Tanh', {a}); end
        function r = asinh(a), r = apply('Asinh', {a}); end
        function r = acosh(a), r = apply('Acosh', {a}); end
        function r = atanh(a), r = apply('Atanh', {a}); end
        function r = atan2(a, b), r = apply('Atan2', {a, b}); end
        function r = erf(a), r = apply('Erf', {a}); end
        function r = erfc(a), r = apply('Erfc', {a}); end
        function r = gammaln(a), r = apply('Lgamma', {a}); end
        function r = psi(a), r = apply('Digamma', {a}); end
        function r = mod(a, b), r = apply('Mod', {a, b, 0}); end
        function r = real(a)
            if isreal(a), r = a; else, r = apply('ComplexReal', {a}); end
        end
        function r = imag(a)
            if isreal(a), r = a .* 0; else, r = apply('ComplexImag', {a}); end
        end
        function r = conj(a)
            if isreal(a), r = a; else, r = apply('Conj', {a}); end
        end
        function r = angle(a)
            if isreal(a), r = apply('Atan2', {0, a}); else, r = apply('ComplexAngle', {a}); end
        end
        function r = isreal(a)
            facts = rkeops_mex('facts', a.state.handle);
            r = ~facts(2);
        end

        % More functions of numbers: 1 ./ sqrt(a), 0 at 0; max(a, 0); 0 below 0, else 1; and so on, as docs/language.md
        % has them.
        function r = square(a), r = apply('Square', {a}); end
        function r = rsqrt(a), r = apply('Rsqrt', {a}); end
        function r = inv(a), r = apply('Inv', {a}); end
        function r = relu(a), r = apply('ReLU', {a}); end
        function r = step(a), r = apply('Step', {a}); end
        function r = sigmoid(a), r = apply('Sigmoid', {a}); end
        function r = softplus(a), r = apply('Softplus', {a}); end
        function r = xlogx(a), r = apply('XLogX', {a}); end
        function r = sinxdivx(a), r = apply('SinXDivX', {a}); end
        function r = clamp(a, low, high), r = apply('Clamp', {a, low, high}); end
        function r = ifelse(test, yes, no)
        % yes where test is 0 or more, else no.
            r = apply('IfElse', {test, yes, no});
        end
        function r = mask(a, condition)
        % Only pairs where the condition is not 0 take part in a reduction.
            r = apply('Mask', {a, condition});
        end
        function r = besselk(order, a), r = apply('BesselK', {constant(order), a}); end
        function r = matern(smoothness, a), r = apply('Matern', {constant(smoothness), a}); end

        % Vectors.
        function r = sqdist(a, b), r = apply('SqDist', {a, b}); end
        function r = sqnorm(a), r = apply('SqNorm2', {a}); end
        function r = norm(a), r = apply('Norm2', {a}); end
        function r = normalize(a), r = apply('Normalize', {a}); end
        function r = dot(a, b), r = apply('Scalprod', {a, b}); end
        function r = weighted_sqnorm(weights, a), r = apply('WeightedSqNorm', {weights, a}); end
        function r = weighted_sqdist(weights, a, b), r = apply('WeightedSqDist', {weights, a, b}); end
        function r = elem(a, k)
        % Component k, counted from 1.
            r = apply('Elem', {a}, whole(k, 'k') - 1);
        end
        function r = extract(a, from, to)
        % Components from ... to, counted from 1.
            r = apply('Extract', {a}, [whole(from, 'from') - 1, whole(to, 'to') - from + 1]);
        end
        function r = concat(varargin)
            r = varargin{1};
            for k = 2:nargin, r = apply('Concat', {r, varargin{k}}); end
        end
        function r = onehot(a, count)
        % Vectors of `count` components, 1 at the place that a tells, counted from 1.
            r = apply('OneHot', {apply('Subtract', {a, 1})}, whole(count, 'count'));
        end
        function r = matvecmult(a, b), r = apply('MatVecMult', {a, b}); end
        function r = vecmatmult(a, b), r = apply('VecMatMult', {a, b}); end
        function r = tensorprod(a, b), r = apply('TensorProd', {a, b}); end
        function r = operation(first, name, varargin)
        % OPERATION(a, 'Name', b, c, {parameters}): any operation of docs/language.md; its whole numbers, in braces,
        % come last.
            [operands, parameters] = deal({first}, []);
            for k = 1:numel(varargin)
                if iscell(varargin{k})
                    parameters = [varargin{k}{:}];
                else
                    operands{end + 1} = varargin{k}; %#ok<AGROW>
                end
            end
            r = apply(name, operands, parameters);
        end

        % Reductions, each over index 1 (i) or 2 (j).
        function r = sum(a, dim)
            if nargin < 2, dim = 1; end
            if is_components(dim), r = apply(either(a, 'ComplexSum', 'Sum'), {a}); else, r = reduce(a, 'Sum', dim); end
        end
        function r = mean(a, dim)
            if nargin < 2, dim = 1; end
            r = reduce(a, 'Mean', dim);
        end
        function r = prod(a, dim)
            if nargin < 2, dim = 1; end
            r = reduce(a, 'Prod', dim);
        end
        function varargout = min(a, b, dim)
            if nargin < 2, b = []; end
            if nargin < 3, dim = 1; end
            [varargout{1:max(nargout, 1)}] = extreme(a, b, dim, 'Min', nargout);
        end
        function varargout = max(a, b, dim)
            if nargin < 2, b = []; end
            if nargin < 3, dim = 1; end
            [varargout{1:max(nargout, 1)}] = extreme(a, b, dim, 'Max', nargout);
        end
        function r = argmin(a, dim), r = reduce(a, 'ArgMin', dim); end
        function r = argmax(a, dim), r = reduce(a, 'ArgMax', dim); end
        function [r, place] = mink(a, k, dim)
        % [values, places] = MINK(a, k, dim): the k smallest, ascending; Inf and NaN where there are fewer.
            [r, place] = smallest(a, 'KMin', k, dim);
        end
        function [r, place] = maxk(a, k, dim)
            [r, place] = smallest(a, 'KMax', k, dim);
        end
        function r = logsumexp(a, dim, weights)
            if nargin < 3
                r = reduce(a, 'LogSumExp', dim);
            else
                r = reduce(a, 'LogSumExpWeight', dim, [], weights);
            end
        end
        function r = sumsoftmaxweight(a, weights, dim)
        % The mean of `weights` with weights that are exponentials of a: what attention computes.
            r = reduce(a, 'SumSoftMaxWeight', dim, [], weights);
        end
        function r = any(a, dim), r = reduce(a, 'Any', dim) ~= 0; end
        function r = all(a, dim), r = reduce(a, 'All', dim) ~= 0; end
        function r = count(a, dim), r = reduce(a, 'Count', dim); end
        function varargout = reduction(a, name, dim, parameters, weights)
        % REDUCTION(a, 'Name', dim, parameters, weights): any reduction of docs/language.md.
            if nargin < 4, parameters = []; end
            if nargin < 5, weights = []; end
            [varargout{1:max(nargout, 1)}] = reduce(a, name, dim, parameters, weights);
        end
        function varargout = solve(a, b, varargin)
        % [x, details] = SOLVE(K, b, 'alpha', 0.1, 'tolerance', 1e-6, 'iterations', 100): x with (K + alpha I) x = b, by
        % conjugate gradients.
            [varargout{1:max(nargout, 1)}] = solution(a, b, varargin);
        end
        function r = adjoint(a, cotangent, variable, dim, name)
        % ADJOINT(K, cotangent, variable, dim, 'Sum'): the derivative of sum(cotangent .* reduction) with respect to the
        % data of a variable, one that Vi, Vj or Pm made and that K is made of.
            if nargin < 5, name = 'Sum'; end
            r = gradient_of(a, cotangent, variable, dim, name);
        end
        function r = horzcat(varargin) %#ok<STOUT>
            error('rkeops:unsupported', 'symbolic matrices are not put side by side; concat joins vectors');
        end
        function r = vertcat(varargin) %#ok<STOUT>
            error('rkeops:unsupported', 'symbolic matrices are not put side by side; concat joins vectors');
        end
        function a = subsasgn(a, varargin)
            error('rkeops:unsupported', 'a LazyTensor does not change: entries of a formula cannot be set');
        end
        function r = restrict(a, ranges)
        % RESTRICT(K, rkeops_ranges(...)): the same matrix, of which reductions, products and systems visit some pairs
        % only.
            if ~isa(a, 'LazyTensor') || ~isstruct(ranges) || ~isfield(ranges, 'handle')
                error('rkeops:argument', 'restrict: expected a LazyTensor and what rkeops_ranges made, got %s', ...
                    rkeops_words(ranges));
            end
            r = LazyTensor(state_of(rkeops_mex('restrict', a.state.handle, ranges.handle), a.state.values), 'state');
        end
        function r = full(a)
        % All entries, stored.
            own = a.state;
            r = rkeops_mex('full', own.handle, own.values{:});
        end
        function r = double(a), r = double(full(a)); end

        % Matrices.
        function r = transpose(a)
            r = LazyTensor(state_of(rkeops_mex('transpose', a.state.handle), a.state.values), 'state');
        end
        function r = ctranspose(a)
            r = transpose(a);
            if ~isreal(a), r = conj(r); end
        end
        function varargout = size(a, dim)
            facts = rkeops_mex('facts', a.state.handle);
            extents = facts(3:4);
            extents(extents < 0) = 1;
            if facts(1) ~= 1, extents(3) = facts(1); end
            if nargin > 1
                extents(end + 1:max(dim)) = 1;
                extents = extents(dim);
            end
            if nargout < 2
                varargout{1} = extents;
            else
                extents(end + 1:nargout) = 1;
                varargout = num2cell([extents(1:nargout - 1), prod(extents(nargout:end))]);
            end
        end
        function r = ndims(a), r = numel(size(a)); end
        function r = end(a, k, count), r = size(a, k); end %#ok<INUSD>
        function varargout = subsref(a, what)
            if strcmp(what(1).type, '.')
                [varargout{1:max(nargout, 1)}] = builtin('subsref', a, what);
            elseif strcmp(what(1).type, '()')
                r = a;
                r.state = part(a.state, what(1).subs);
                if numel(what) > 1
                    [varargout{1:max(nargout, 1)}] = subsref(r, what(2:end));
                else
                    varargout{1} = r;
                end
            else
                error('rkeops:argument', 'a LazyTensor is indexed as K(rows, columns), got braces');
            end
        end
        function r = text(a)
        % The formula, in the language of docs/language.md.
            r = rkeops_mex('text', a.state.handle);
        end
        function disp(a), display_tensor(a); end
    end
end

% The functions that these methods call are in the folder private.

function name = either(a, if_complex, if_real)
if isreal(a), name = if_real; else, name = if_complex; end
end
