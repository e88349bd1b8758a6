function r = to_the_power(a, power)
% a .^ power by the operation that is fastest for it.
if ~isa(power, 'LazyTensor') && isnumeric(power) && isscalar(power) && isreal(power)
    power = double(power);
    if power == 2, r = apply('Square', {a}); return, end
    if power == 0.5, r = apply('Sqrt', {a}); return, end
    if power == -0.5, r = apply('Rsqrt', {a}); return, end
    if power == floor(power) && abs(power) < 2^31, r = apply('Pow', {a}, power); return, end
end
r = apply('Powf', {a, power});
end
