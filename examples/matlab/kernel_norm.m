% The founding program: the squared norm of a vector field, and its gradients, on real points.
%
%     H(q, p) = 1/2 <p, K(q,q) p>,    K(q,q)[i,j] = exp(-|q_i - q_j|^2 / (2 s^2))
%
% q are points in three dimensions, p a momentum at each. H is the Hamiltonian of landmark matching: its gradients are
% the velocities (in p) and the forces (in q). The matrix K has a number for each pair of points and is never stored.
%
% First on the 1839 vertices of a rabbit in double, where all rows are compared with a dense evaluation; then on colours
% of a photograph in single, where some are. With all 262144 colours (COLOURS in the environment) this is what
% examples/c/kernel_norm.c computes, with the same momenta.
%
%     octave-cli --eval "addpath bindings/matlab examples/matlab; kernel_norm"

function kernel_norm()
folder = fullfile(fileparts(fileparts(mfilename('fullpath'))), 'data');
colours = 16384;
if ~isempty(getenv('COLOURS')), colours = str2double(getenv('COLOURS')); end

bunny = dlmread(fullfile(folder, 'bunny.csv'), ',', 1, 0)';
evaluate('bunny', bunny, momenta(size(bunny, 2)), 0.2, 1:size(bunny, 2), 1e-12);

file = fopen(fullfile(folder, 'astronaut_rgb_262144x3.u8'));
photograph = fread(file, [3, 262144], 'uint8') / 255;
fclose(file);
% From one corner to the other, so that few colours are those of the whole picture.
chosen = round(linspace(1, size(photograph, 2), colours));
evaluate('astronaut', single(photograph(:, chosen)), single(momenta(colours)), 0.1, round(linspace(1, colours, 64)), ...
    1e-5);
end

function evaluate(name, q, p, s, rows, tolerance)
% K p, which is the gradient in p, and the gradient in q: sum over j of (d/dx k)(q_i, q_j) (p_i | p_j). H has each pair
% twice, which the factor 1/2 undoes.
velocity = keops_kernel('Exp(-g * SqDist(x, y)) * b', 'x=Vi(3)', 'y=Vj(3)', 'b=Vj(3)', 'g=Pm(1)');
gradient = keops_grad(velocity, 'x');
g = cast(1 / (2 * s ^ 2), class(q));
fprintf('%s: %d points, %s, s = %g\n', name, size(q, 2), class(q), s);
start = tic;
in_p = velocity(q, q, p, g);
in_q = gradient(q, q, p, g, p);
seconds = toc(start);
energy = sum(sum(double(p) .* double(in_p))) / 2;
fprintf('  H                %.10g\n  |gradient in q|  %.6g\n  |gradient in p|  %.6g\n', energy, ...
    norm(double(in_q), 'fro'), norm(double(in_p), 'fro'));
fprintf('  two passes over %.3g pairs took %.3g s\n', size(q, 2) ^ 2, seconds);
[dense_p, dense_q] = dense(double(q), double(p), s, rows);
relative = @(found, wanted) max(abs(double(found(:)) - wanted(:))) / max(abs(wanted(:)));
worst = max(relative(in_p(:, rows), dense_p), relative(in_q(:, rows), dense_q));
fprintf('  relative error   %.2g against dense matrices (%d rows), at most %.0e is allowed\n', worst, numel(rows), ...
    tolerance);
if ~(worst <= tolerance), error('example:wrong', 'the error is too large'); end
end

% The same with the rows of the matrix that are told.
function [velocity, gradient] = dense(q, p, s, rows)
squares = 0;
for k = 1:3, squares = squares + bsxfun(@minus, q(k, rows)', q(k, :)) .^ 2; end
K = exp(-squares / (2 * s ^ 2));
weights = K .* (p(:, rows)' * p);
velocity = (K * p')';
gradient = (weights * q' - bsxfun(@times, sum(weights, 2), q(:, rows)'))' / s ^ 2;
end

% Pseudo-random momenta, those of the program in C. Its generator has a state of 64 bits, which is in four parts of 16
% bits here: numbers of class double are exact up to 2^53 only.
function p = momenta(points)
p = zeros(3, points);
[s0, s1, s2, s3] = deal(1, 0, 0, 0);
for k = 1:numel(p)
    t0 = s0 * 32557 + 33103;
    t1 = s0 * 19605 + s1 * 32557 + 63335 + floor(t0 / 65536);
    t2 = s0 * 62509 + s1 * 19605 + s2 * 32557 + 31614 + floor(t1 / 65536);
    t3 = s0 * 22609 + s1 * 62509 + s2 * 19605 + s3 * 32557 + 5125 + floor(t2 / 65536);
    [s0, s1, s2, s3] = deal(mod(t0, 65536), mod(t1, 65536), mod(t2, 65536), mod(t3, 65536));
    p(k) = s3 * 2 ^ 37 + s2 * 2 ^ 21 + s1 * 2 ^ 5 + floor(s0 / 2 ^ 11);
end
p = p / 2 ^ 52 - 1;
end
