function run_tests(pattern)
% RUN_TESTS  Runs all tests of this folder, or those whose file names contain a text. Ends with an error if one fails.
here = fileparts(mfilename('fullpath'));
addpath(fileparts(here), here);
if nargin < 1, pattern = ''; end
files = dir(fullfile(here, 'test_*.m'));
failed = {};
count = 0;
for k = 1:numel(files)
    [~, name] = fileparts(files(k).name);
    if ~isempty(pattern) && isempty(strfind(name, pattern)), continue, end %#ok<STREMP>
    tests = feval(name);
    for n = 1:size(tests, 1)
        count = count + 1;
        rkeops_options('default');
        try
            tests{n, 2}();
        catch problem
            failed{end + 1} = sprintf('%s: %s\n    %s', name, tests{n, 1}, problem.message); %#ok<AGROW>
            for place = 1:min(3, numel(problem.stack))
                failed{end} = sprintf('%s\n    at %s, line %d', failed{end}, problem.stack(place).name, ...
                    problem.stack(place).line);
            end
        end
    end
end
rkeops_options('default');
fprintf('%d tests, %d failed\n', count, numel(failed));
if ~isempty(failed)
    fprintf('%s\n', failed{:});
    error('rkeops:test', '%d of %d tests failed', numel(failed), count);
end
if count == 0, error('rkeops:test', 'no test has such a name'); end
end
