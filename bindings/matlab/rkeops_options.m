function result = rkeops_options(varargin)
% rkeops_options  How numbers are computed, and where: for all calls that follow.
%
%   rkeops_options                              shows what is set
%   o = rkeops_options()                        gives it as a structure
%   rkeops_options('name', value, ...)          sets options
%   rkeops_options(o)                           sets those of a structure
%   rkeops_options('default')                   sets all back
%
%   precision    'auto' (single where all data are single), 'single' or 'double'
%   backend      'auto' (the best code for this processor), 'portable' or 'gpu' (NVIDIA's, with its driver and NVRTC)
%   device       the number of a GPU, from 0 on; -1 for all
%   threads      how many threads a run uses, 0 for as many as the process may use
%   sum_scheme   'auto', 'direct_sum', 'block_sum' or 'kahan_scheme'
%   accumulator  'auto' or 'double': what sums of single numbers are added in
%   progress     true to show how far long runs are
%
%   See also rkeops_doctor.
defaults = struct('precision', 'auto', 'backend', 'auto', 'device', 0, 'threads', 0, 'sum_scheme', 'auto', ...
    'accumulator', 'auto', 'progress', false);
varargin = plain_text(varargin);
current = options_of(rkeops_mex('get'), defaults);
if nargin > 0
    wanted = current;
    if nargin == 1 && isstruct(varargin{1}) && isscalar(varargin{1})
        pairs = [fieldnames(varargin{1}), struct2cell(varargin{1})]';
        pairs = pairs(:)';
    elseif nargin == 1 && ischar(varargin{1}) && strcmp(varargin{1}, 'default')
        wanted = defaults;
        pairs = {};
    else
        pairs = varargin;
    end
    if mod(numel(pairs), 2)
        error('rkeops:argument', ...
            'rkeops_options: expected pairs of names and values, a structure or ''default'', got %d arguments', nargin);
    end
    for k = 1:2:numel(pairs)
        wanted = checked(wanted, pairs{k}, pairs{k + 1});
    end
    rkeops_mex('set', numbers_of(wanted));
    current = wanted;
end
if nargin == 0 || nargout > 0, result = current; end
end

function options = checked(options, name, value)
if ~ischar(name) || ~isfield(options, name)
    error('rkeops:argument', 'rkeops_options: there is no option %s; expected one of %s', rkeops_words(name), ...
        strjoin(fieldnames(options)', ', '));
end
choices = choices_of(name);
if ~isempty(choices)
    if ~ischar(value) || ~any(strcmp(value, choices))
        error('rkeops:argument', 'option %s: expected one of %s, got %s', name, strjoin(choices, ', '), ...
            rkeops_words(value));
    end
elseif strcmp(name, 'progress')
    if ~isscalar(value) || ~(islogical(value) || (isnumeric(value) && (value == 0 || value == 1)))
        error('rkeops:argument', 'option progress: expected true or false, got %s', rkeops_words(value));
    end
    value = logical(value);
else
    least = -strcmp(name, 'device');
    if ~isnumeric(value) || ~isscalar(value) || ~isreal(value) || value ~= floor(value) || value < least || ...
        value > 2^31 - 1
        error('rkeops:argument', 'option %s: expected a whole number from %d on, got %s', name, least, ...
            rkeops_words(value));
    end
    value = double(value);
end
options.(name) = value;
end

function choices = choices_of(name)
switch name
    case 'precision', choices = {'auto', 'single', 'double'};
    case 'backend', choices = {'auto', 'portable', 'gpu'};
    case 'sum_scheme', choices = {'auto', 'direct_sum', 'block_sum', 'kahan_scheme'};
    case 'accumulator', choices = {'auto', 'double'};
    otherwise, choices = {};
end
end

function options = options_of(numbers, options)
pick = @(name, place) subsref(choices_of(name), substruct('{}', {place}));
options.precision = pick('precision', find(numbers(1) == [0 32 64]));
options.backend = pick('backend', find(numbers(2) == [0 1 4]));
[options.device, options.threads] = deal(numbers(3), numbers(4));
options.sum_scheme = pick('sum_scheme', numbers(5) + 1);
options.accumulator = pick('accumulator', find(numbers(6) == [0 64]));
options.progress = numbers(7) ~= 0;
end

function numbers = numbers_of(options)
bits = [0 32 64];
targets = [0 1 4];
accumulators = [0 64];
at = @(name) find(strcmp(options.(name), choices_of(name)));
numbers = [bits(at('precision')), targets(at('backend')), options.device, options.threads, at('sum_scheme') - 1, ...
    accumulators(at('accumulator')), double(options.progress)];
end
