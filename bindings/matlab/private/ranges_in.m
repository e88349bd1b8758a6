function [ranges, others] = ranges_in(given)
% The pair 'ranges' and ranges that comes last among arguments, or {}, and what comes before it.
count = numel(given);
ranges = {};
others = given;
if count > 1 && strcmp(given{count - 1}, 'ranges')
    ranges = given(count - 1:count);
    others = given(1:count - 2);
end
end
