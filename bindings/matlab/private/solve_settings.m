function numbers = solve_settings(settings)
% alpha, tolerance and iterations at most, from pairs of names and values.
known = {'alpha', 'tolerance', 'iterations'};
numbers = [1e-10, 1e-6, 0];
if mod(numel(settings), 2)
    error('rkeops:argument', 'solve: expected pairs of names and values, got %d arguments', numel(settings));
end
for k = 1:2:numel(settings)
    place = find(strcmp(settings{k}, known));
    if isempty(place)
        error('rkeops:argument', 'solve: there is no setting %s; expected one of alpha, tolerance, iterations', ...
            rkeops_words(settings{k}));
    end
    value = settings{k + 1};
    if ~isnumeric(value) || ~isscalar(value) || ~isreal(value) || ~isfinite(value) || value < 0
        error('rkeops:argument', '%s: expected a number, 0 or more, got %s', known{place}, rkeops_words(value));
    end
    numbers(place) = double(value);
end
numbers(3) = whole(numbers(3), 'iterations');
end
