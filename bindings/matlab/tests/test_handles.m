function tests = test_handles()
% Handles: none is left, and no number crashes.
tests = {
    'none is left of tensors', @tensors; 'none is left of functions', @functions_go; 'old ones', @old_ones
    'invented ones', @invented
    'of another type', @other_type; 'commands', @bad_commands; 'a new formula each time', @new_formulas
    'memory', @memory
    'many at once', @many; 'tensors in cells and structures', @containers; 'clear all', @clear_all
    'clear all with a function', @clear_with_function; 'options last', @options_last
    'help lists all functions', @help_lists_all; 'a saved function', @saved_functions
    'unload', @unloaded
    };
end

function tensors()
before = rkeops_mex('count');
K = exp(-sqdist(Vi(rand(3, 2)), Vj(rand(4, 2))) / 2);
L = K;
sum(K(1:2, :) + K(1:2, :), 1);
K * ones(4, 2);
u = Vi(rand(3, 2));
adjoint(exp(u - Vj(rand(4, 2))), ones(3, 2), u, 2, 'Sum');
solve(exp(-sqdist(u, Vj(rand(3, 2)) .* 0)), ones(3, 1), 'alpha', 10);
clear K L u
assert(rkeops_mex('count') == before);
end

function functions_go()
before = rkeops_mex('count');
F = keops_kernel('LogSumExp_Reduction(-SqNorm2(x-y),0)', 'x=Vi(3)', 'y=Vj(3)');
G = keops_grad(F, 'x');
H = F;
clear F
assert(rkeops_mex('count') > before);
G(ones(3, 2), ones(3, 4), [1 1]);
H(ones(3, 2), ones(3, 4));
clear G H
assert(rkeops_mex('count') == before);
end

function old_ones()
h = rkeops_mex('tensor', [3 0 5 0 0]);
assert(rkeops_mex('alive', h));
rkeops_mex('free', h);
assert(~rkeops_mex('alive', h));
% To free it again is no error, but to use it is, also when its place is another's.
rkeops_mex('free', h);
check_fails(@() rkeops_mex('text', h), 'rkeops:handle', 'tensor', 'freed');
other = rkeops_mex('tensor', [2 0 5 0 0]);
check_fails(@() rkeops_mex('text', h), 'rkeops:handle');
rkeops_mex('free', other);
end

function invented()
numbers = {uint64(0), uint64(1), uint64(64), intmax('uint64'), uint64(2) ^ 40, 3, 'a', {}, [], uint64([1 2]), ...
    int8(4), struct(), true, @sin};
for k = 1:numel(numbers)
    for command = {'text', 'transpose', 'run', 'explain', 'saved'}
        check_fails(@() rkeops_mex(command{1}, numbers{k}), 'rkeops:handle');
    end
    assert(~rkeops_mex('alive', numbers{k}));
    rkeops_mex('free', numbers{k});
end
end

function other_type()
h = rkeops_mex('tensor', [3 0 5 0 0]);
owner = onCleanup(@() rkeops_mex('free', h));
check_fails(@() rkeops_mex('run', h, 1), 'rkeops:handle', 'operator', 'tensor');
check_fails(@() rkeops_mex('saved', h), 'rkeops:handle', 'reduction', 'tensor');
end

function bad_commands()
check_fails(@() rkeops_mex(), 'rkeops:argument', 'command');
check_fails(@() rkeops_mex('fly'), 'rkeops:argument', 'fly');
check_fails(@() rkeops_mex(3), 'rkeops:argument', 'command');
names = {'reduce', 'apply', 'variable', 'tensor', 'facts', 'arguments', 'ranges', 'restrict', 'part', 'constant', ...
    'full', ...
    'transpose', 'text', 'parse', 'operator', 'gradient', 'saved', ...
    'reduction', 'solve', 'explain', 'alive', 'set', 'run_reduction', 'run'};
for k = 1:numel(names), check_fails(@() rkeops_mex(names{k}), 'rkeops:count'); end
check_fails(@() rkeops_mex('parse', 3, {}), 'rkeops:argument', 'formula');
check_fails(@() rkeops_mex('parse', 'x', 'y'), 'rkeops:argument', 'aliases');
check_fails(@() rkeops_mex('variable', 0.5, 1, 0), 'rkeops:argument', 'index', '0.5');
check_fails(@() rkeops_mex('variable', NaN, 1, 0), 'rkeops:argument', 'index');
check_fails(@() rkeops_mex('variable', 0, 1, 7), 'rkeops:argument');
check_fails(@() rkeops_mex('set', 1), 'rkeops:count');
end

function clear_all()
% `clear all` in a function's own workspace, as a script would call it.
K = exp(-sqdist(Vi(rand(3, 2)), Vj(rand(4, 2)))); %#ok<NASGU>
clear all %#ok<CLALL>
K = exp(-sqdist(Vi([1; 2]), Vj(1)));
check_near(sum(K, 2), exp(-[0; 1]));
clear K
end

function clear_with_function()
F = keops_kernel('x*y', 'x=Vi(1)', 'y=Vj(1)');
clear functions %#ok<CLFUNC>
clear rkeops_mex
check_near(F([1 2], [1 1]), [2 4]);
end

function options_last()
rkeops_options('precision', 'single', 'threads', 1);
clear functions %#ok<CLFUNC>
o = rkeops_options();
assert(strcmp(o.precision, 'single') && o.threads == 1);
rkeops_options('default');
o = rkeops_options();
assert(strcmp(o.precision, 'auto') && o.threads == 0);
end

function saved_functions()
% Handles are of this process: what a file had of them is told to be old.
old = warning('off', 'all');
back = onCleanup(@() warning(old));
file = [tempname(), '.mat'];
cleaner = onCleanup(@() delete(file));
F = keops_kernel('x*y', 'x=Vi(1)', 'y=Vj(1)'); %#ok<NASGU>
save(file, 'F');
clear F
loaded = load(file);
check_fails(@() loaded.F(1, 1), 'rkeops:handle', 'expected the handle of an operator', 'freed');
end

function unloaded()
F = keops_kernel('x*y', 'x=Vi(1)', 'y=Vj(1)');
K = Vi([1; 2]) .* Vj(3);
rkeops_mex('unload');
clear rkeops_mex
check_fails(@() F(1, 1), 'rkeops:handle');
check_fails(@() sum(K, 2), 'rkeops:handle');
check_near(sum(Vi([1; 2]) .* Vj(3), 2), [3; 6]);
end

function help_lists_all()
folder = fileparts(fileparts(mfilename('fullpath')));
listed = fileread(fullfile(folder, 'Contents.m'));
shown = fileread(fullfile(folder, 'rkeops.m'));
assert(~isempty(strfind(shown, listed))); %#ok<STREMP>
files = dir(fullfile(folder, '*.m'));
for k = 1:numel(files)
    [~, name] = fileparts(files(k).name);
    if any(strcmp(name, {'Contents', 'benchmark'})), continue, end
    assert(~isempty(regexp(listed, sprintf('%%   %s +- ', name), 'once')), name);
end
end

function new_formulas()
before = rkeops_mex('count');
for k = 1:200
    F = keops_kernel(sprintf('x*y*%d', k), 'x=Vi(1)', 'y=Vj(1)');
    check_near(F(1, 1), k);
end
clear F
assert(rkeops_mex('count') == before);
end

function memory()
% After the first calls, which fill what there is to fill, later ones keep nothing.
F = keops_kernel('Exp(-SqNorm2(x-y))*b', 'x=Vi(3)', 'y=Vj(3)', 'b=Vj(1)');
[x, y, b] = deal(rand(3, 100), rand(3, 100), rand(1, 100));
for k = 1:2000, F(x, y, b); end
handles = rkeops_mex('count');
before = resident_kilobytes();
for k = 1:20000, F(x, y, b); end
assert(rkeops_mex('count') == handles);
% 20,000 results are 16 MB.
assert(resident_kilobytes() - before < 4000);
K = sqdist(Vi(ones(3, 2)), Vj(ones(4, 2)));
long = repmat('a', 1, 100000);
for k = 1:50, check_fails(@() operation(K, long), 'rkeops:name'); end
before = resident_kilobytes();
for k = 1:200, check_fails(@() operation(K, long), 'rkeops:name'); end
% 200 names are 20 MB.
assert(resident_kilobytes() - before < 4000);
end

function many()
handles = zeros(1, 1000, 'uint64');
before = rkeops_mex('count');
for k = 1:1000, handles(k) = rkeops_mex('constant', k); end
assert(rkeops_mex('count') == before + 1000 && numel(unique(handles)) == 1000);
check_near(str2double(rkeops_mex('text', handles(777))), 777);
for k = 1:1000, rkeops_mex('free', handles(k)); end
assert(rkeops_mex('count') == before);
end

function containers()
before = rkeops_mex('count');
held = {Vi([1; 2]), struct('v', Vj(3))};
check_near(sum(held{1} .* held{2}.v, 2), [3; 6]);
clear held
assert(rkeops_mex('count') == before);
end
