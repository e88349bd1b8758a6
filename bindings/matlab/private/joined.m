function [formulas, values, kinds, ids, weak, points, passing] = joined(name, tensors)
% Formulas that number their arguments alike, and arguments and points of all together; `passing` are formulas to free after use.
first = tensors{1};
formulas = first.formula;
values = first.values;
kinds = first.kinds;
ids = first.ids;
weak = first.weak;
points = first.points;
passing = zeros(1, 0, 'uint64');
for k = 2:numel(tensors)
    other = tensors{k};
    own = other.points;
    is_wrong = points ~= own & ~isnan(points) & ~isnan(own);
    if any(is_wrong)
        index = find(is_wrong, 1);
        indices = 'ij';
        error('rkeops:shape', '%s: argument %d: expected %d points of index %s, as the arguments before it have, got %d', name, k, ...
            points(index), indices(index), own(index));
    end
    points(isnan(points)) = own(isnan(points));
    count = numel(other.ids);
    places = zeros(1, count);
    for n = 1:count
        place = find(ids == other.ids(n), 1);
        if isempty(place)
            place = numel(ids) + 1;
            ids(place) = other.ids(n);
            values{place} = other.values{n};
            kinds(:, place) = other.kinds(:, n);
            weak(place) = other.weak(n);
        end
        places(n) = place - 1;
    end
    if isequal(places, 0:count - 1)
        formulas(k) = other.formula;
    else
        formulas(k) = rkeops_mex('renumber', other.formula, places);
        passing(end + 1) = formulas(k); %#ok<AGROW>
    end
end
end
