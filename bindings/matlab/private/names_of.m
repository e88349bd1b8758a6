function names = names_of(aliases)
% Names of arguments by their positions; '' where nothing names one.
names = {};
for k = 1:numel(aliases)
    found = regexp(aliases{k}, '^\s*(\w+)\s*=\s*(?:Vi|Vj|Pm|Vx|Vy|Var)\s*\(\s*(\d+)\s*(,)?', 'tokens', 'once');
    if isempty(found), continue, end
    place = k;
    if numel(found) > 2 && ~isempty(found{3}), place = str2double(found{2}) + 1; end
    names{place} = found{1}; %#ok<AGROW>
end
for k = 1:numel(names)
    if isempty(names{k}), names{k} = ''; end
end
end
