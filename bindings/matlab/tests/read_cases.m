function cases = read_cases()
% The cases that the tests of every language read: tests/cases/cases.txt.
root = fileparts(fileparts(fileparts(fileparts(mfilename('fullpath')))));
lines = strsplit(fileread(fullfile(root, 'tests', 'cases', 'cases.txt')), '\n');
cases = {};
at = 1;
while at <= numel(lines)
    words = strsplit(strtrim(lines{at}), ' ');
    rest = strjoin(words(2:end), ' ');
    at = at + 1;
    switch words{1}
        case 'case'
            current = struct('name', rest, 'option', '', 'weights', '', 'formula', '', 'reduction', '', 'over', '');
            current.aliases = {};
            current.inputs = {};
            current.kinds = {};
            current.results = {};
        case 'argument'
            [values, at] = numbers(lines, at, words{4}, words{5});
            current.aliases{end + 1} = sprintf('%s=%s(%s)', words{2}, words{3}, words{5});
            current.inputs{end + 1} = values;
            current.kinds{end + 1} = words{3};
        case 'result'
            [values, at] = numbers(lines, at, words{2}, words{3});
            current.results{end + 1} = values;
        case 'indices'
            % Places count from 1 in MATLAB.
            [values, at] = numbers(lines, at, words{2}, words{3});
            current.results{end + 1} = values + 1;
        case 'end'
            cases{end + 1} = current; %#ok<AGROW>
        case {'formula', 'reduction', 'over', 'option', 'weights'}
            current.(words{1}) = rest;
    end
end
end

function [values, at] = numbers(lines, at, rows, columns)
rows = str2double(rows);
columns = str2double(columns);
values = zeros(rows, columns);
for k = 1:rows
    values(k, :) = sscanf(lines{at}, '%f', [1, columns]);
    at = at + 1;
end
end
