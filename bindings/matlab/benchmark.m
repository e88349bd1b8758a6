function benchmark(rows, rounds)
% BENCHMARK(rows, rounds)  How long calls of this binding take, and what they keep of memory.
%
% Compares with the same calls from C (benchmark.c) and with broadcasting in chunks, in the same run: all that is
% compared takes turns, round after round, so that what else happens on the machine happens to all; medians are told.
% Needs Octave, the built MEX file, and what build.m needs.
if nargin < 1, rows = 20000; end
if nargin < 2, rounds = 5; end
here = fileparts(mfilename('fullpath'));
folder = compiled_c(here);
addpath(here, folder);
F = keops_kernel('Exp(-g * SqDist(x, y)) * b', 'x=Vi(3)', 'y=Vj(3)', 'b=Vj(1)', 'g=Pm(1)');

small = problem(100);
[x, y, b, g] = small{:};
[rx, ry, rb] = deal(x', y', b');
names = {'a function, float64', 'the same from C', 'exp(-sqdist(Vi(x), Vj(y)) / 2) * b', ...
    'a function of a MEX file that does nothing'};
times = zeros(rounds, 4);
for k = 1:500, F(x, y, b, g); end
for round_number = 1:rounds
    calls = 2000;
    start = tic;
    for k = 1:calls, F(x, y, b, g); end
    times(round_number, 1) = toc(start) / calls;
    [~, times(round_number, 2)] = benchmark_c(x, y, b, g, calls);
    start = tic;
    for k = 1:200, exp(-sqdist(Vi(rx), Vj(ry)) / 2) * rb; end %#ok<VUNUS>
    times(round_number, 3) = toc(start) / 200;
    start = tic;
    for k = 1:calls, rkeops_mex('count'); end
    times(round_number, 4) = toc(start) / calls;
end
tell('100 points and 100, a warm call', names, times * 1e6, 'us');

large = problem(rows);
[x, y, b, g] = large{:};
names = {'a function, float64', 'the same from C', 'broadcasting in chunks'};
times = zeros(rounds, 3);
expected = benchmark_c(x, y, b, g, 1);
for round_number = 1:rounds
    start = tic;
    found = F(x, y, b, g);
    times(round_number, 1) = toc(start);
    [~, times(round_number, 2)] = benchmark_c(x, y, b, g, 1);
    start = tic;
    dense = in_chunks(x, y, b, g, 500);
    times(round_number, 3) = toc(start);
end
tell(sprintf('%d points and %d, Gaussian, three dimensions', rows, rows), names, times, 's');
fprintf('  relative to C %.4f, broadcasting relative to the function %.1f\n', ...
    median(times(:, 1)) / median(times(:, 2)), median(times(:, 3)) / median(times(:, 1)));
fprintf('  differences: from C %.2g, from broadcasting %.2g\n\n', max(abs(found - expected)), ...
    max(abs(found - dense)) / max(abs(dense)));

[x, y, b, g] = small{:};
addpath(fullfile(here, 'tests'));
for k = 1:20000, F(x, y, b, g); end
before = resident_kilobytes();
for k = 1:100000, F(x, y, b, g); end
fprintf('100000 calls of a function: the process grew by %d kB, handles: %d\n', resident_kilobytes() - before, ...
    rkeops_mex('count'));
for k = 1:2000, exp(-sqdist(Vi(rx), Vj(ry)) / 2) * rb; end %#ok<VUNUS>
before = resident_kilobytes();
for k = 1:10000, exp(-sqdist(Vi(rx), Vj(ry)) / 2) * rb; end %#ok<VUNUS>
fprintf('10000 symbolic matrices: the process grew by %d kB, handles: %d\n', resident_kilobytes() - before, ...
    rkeops_mex('count'));
end

function data = problem(rows)
rand('seed', 1); %#ok<RAND>
data = {rand(3, rows), rand(3, rows), rand(1, rows), 0.5};
end

function r = in_chunks(x, y, b, g, chunk)
r = zeros(1, size(x, 2));
for first = 1:chunk:size(x, 2)
    own = first:min(first + chunk - 1, size(x, 2));
    squares = 0;
    for k = 1:3, squares = squares + (x(k, own)' - y(k, :)) .^ 2; end
    r(own) = exp(-g * squares) * b';
end
end

function folder = compiled_c(here)
% The library is the one that the MEX file of the binding has.
folder = tempname();
mkdir(folder);
root = fileparts(fileparts(here));
library = getenv('RKEOPS_LIBRARY');
if isempty(library), library = fullfile(root, 'target', 'release', 'librkeops.so'); end
place = fileparts(library);
includes = {['-I', fullfile(root, 'include')], ['-I', fullfile(root, 'benches')]};
[output, status] = mkoctfile('--mex', includes{:}, ['-Wl,-rpath,', place], '-o', ...
    fullfile(folder, 'benchmark_c.mex'), fullfile(here, 'benchmark.c'), ['-L', place], '-lrkeops');
if status ~= 0, error('rkeops:build', 'the compiler failed:\n%s', output); end
end

function tell(title, names, times, unit)
fprintf('%s\n', title);
for k = 1:numel(names), fprintf('  %-44s %12.4f %s\n', names{k}, median(times(:, k)), unit); end
end
