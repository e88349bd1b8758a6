function tests = test_cases()
% The golden cases, in the layout of KeOpsLab.
cases = read_cases();
if numel(cases) < 30, error('test:cases', 'there are too few cases'); end
tests = cell(numel(cases), 2);
for k = 1:numel(cases), tests(k, :) = {cases{k}.name, @() run_case(cases{k})}; end
end

function run_case(one)
kept = '0';
if strcmp(one.over, 'i'), kept = '1'; end
parts = {one.formula};
if ~isempty(one.option), parts{end + 1} = one.option; end
parts{end + 1} = kept;
if ~isempty(one.weights), parts{end + 1} = one.weights; end
F = keops_kernel(sprintf('%s_Reduction(%s)', one.reduction, strjoin(parts, ',')), one.aliases{:});
inputs = cellfun(@(values) values', one.inputs, 'UniformOutput', false);
[results{1:numel(one.results)}] = F(inputs{:});
for k = 1:numel(results), check_near(results{k}, one.results{k}'); end
% The same in single, as far as single goes; where there are infinite or huge numbers digits are lost.
narrow = cellfun(@single, inputs, 'UniformOutput', false);
[rough{1:numel(one.results)}] = F(narrow{:});
if isempty(strfind(one.reduction, 'Arg')) && ~isempty(inputs), assert(isa(rough{1}, 'single')); end %#ok<STREMP>
end
