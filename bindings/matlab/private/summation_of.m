function number = summation_of(name)
% The library's number of a way to add: of its name, or of KeOpsLab's number from 0 on.
names = {'auto', 'direct_sum', 'block_sum', 'kahan_scheme'};
place = find(strcmp(name, names));
if isnumeric(name) && isscalar(name), place = find(name == 0:2) + 1; end
if isempty(place)
    error('rkeops:argument', 'sum_scheme: expected auto, direct_sum, block_sum or kahan_scheme, got %s', ...
        rkeops_words(name));
end
number = place - 1;
end
