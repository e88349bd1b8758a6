function check_near(found, expected, tolerance)
% Fails unless two arrays have the same size and nearly the same numbers: relative to the largest expected one, or to 1.
if nargin < 3, tolerance = 1e-12; end
if ~isequal(size(found), size(expected))
    error('test:size', 'expected an array of %s, got one of %s', mat2str(size(expected)), mat2str(size(found)));
end
found = double(found(:));
expected = double(expected(:));
if ~isequal(isnan(found), isnan(expected)), error('test:value', 'NaN in other places'); end
same = found == expected | isnan(found);
difference = max([0; abs(found(~same) - expected(~same))]);
scale = max([1; abs(expected(isfinite(expected)))]);
if ~(difference <= tolerance * scale), error('test:value', 'differs by %g of %g', difference, scale); end
end
