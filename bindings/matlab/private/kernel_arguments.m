function [formula, aliases, settings] = kernel_arguments(values)
% Sorts what keops_kernel is given. KeOpsLab has the formula before the aliases or behind them, and options in a
% structure at the end; here 'sum_scheme' and its value may stand there too.
values = plain_text(values);
settings = struct('tagIJ', 0, 'summation', -1);
place = find(strcmp(values, 'sum_scheme'), 1);
if ~isempty(values) && isstruct(values{end})
    settings = settings_of(values{end}, settings);
    values(end) = [];
elseif ~isempty(place)
    if place ~= numel(values) - 1, error('rkeops:argument', 'sum_scheme: expected one value after it, at the end'); end
    settings.summation = summation_of(values{end});
    values = values(1:place - 1);
end
if isempty(values), error('rkeops:count', 'keops_kernel: expected a formula, got nothing'); end
if numel(values) > 1 && ischar(values{1}) && ~isempty(regexp(values{1}, '^\s*\w+\s*=(?!=)', 'once'))
    values = values([end, 1:end - 1]);
end
formula = values{1};
aliases = values(2:end);
if ~ischar(formula) || size(formula, 1) ~= 1
    error('rkeops:argument', 'formula: expected a string, got %s', rkeops_words(formula));
end
for k = 1:numel(aliases)
    if ~ischar(aliases{k})
        error('rkeops:argument', 'alias %d: expected a string such as ''x=Vi(0,3)'', got %s', k, ...
            rkeops_words(aliases{k}));
    end
end
end

function settings = settings_of(options, settings)
if ~isscalar(options)
    error('rkeops:argument', 'options: expected one structure, got %s', rkeops_words(options));
end
names = fieldnames(options);
% Where is computed is for rkeops_options to say.
known = {'tagIJ', 'sum_scheme', 'use_double_acc', 'tagCpuGpu', 'tag1D2D', 'device_id'};
for k = 1:numel(names)
    value = options.(names{k});
    if ~any(strcmp(names{k}, known))
        error('rkeops:argument', 'options: there is no field %s; expected one of %s', names{k}, strjoin(known, ', '));
    end
    if ~strcmp(names{k}, 'sum_scheme') && ~((isnumeric(value) || islogical(value)) && isscalar(value))
        error('rkeops:argument', 'options.%s: expected a number, got %s', names{k}, rkeops_words(value));
    end
end
if isfield(options, 'tagIJ')
    if ~any(options.tagIJ == [0 1])
        error('rkeops:argument', 'options.tagIJ: expected 0 or 1, got %s', rkeops_words(options.tagIJ));
    end
    settings.tagIJ = options.tagIJ;
end
if isfield(options, 'use_double_acc') && options.use_double_acc
    error('rkeops:unsupported', ...
        'options.use_double_acc: for all functions rkeops_options(''accumulator'', ''double'') says it');
end
if isfield(options, 'sum_scheme'), settings.summation = summation_of(options.sum_scheme); end
end
