function [ranges, others] = ranges_in(arguments)
% The pair 'ranges' and ranges that comes last among arguments, or {}, and what comes before it.
count = numel(arguments);
ranges = {};
others = arguments;
if count > 1 && strcmp(arguments{count - 1}, 'ranges')
    ranges = arguments(count - 1:count);
    others = arguments(1:count - 2);
end
end
