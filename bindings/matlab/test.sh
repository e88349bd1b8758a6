#!/usr/bin/env bash
# Builds the MEX file in a clean copy of the binding with Octave, and runs its tests, an interrupt, the examples and the
# text of the first program there. RKEOPS_LIBRARY may name a library that is built already.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
if [ -z "${RKEOPS_LIBRARY:-}" ]; then
    cargo build --release --quiet -p rkeops
    export RKEOPS_LIBRARY=$target/release/librkeops.so
fi
work=$target/matlab
rm -rf "$work"
mkdir -p "$work/bindings" "$work/tests" "$work/examples"
cp -r bindings/matlab "$work/bindings/"
cp -r tests/cases "$work/tests/"
cp -r examples/matlab examples/data "$work/examples/"
cp -r include "$work/"
find "$work" -name '*.mex*' -delete
cd "$work"
octave=(octave-cli --no-gui --quiet --norc --no-history)

# For Octave and, as far as Octave's headers tell, for MATLAB.
for variant in -DRKEOPS_OCTAVE -URKEOPS_OCTAVE; do
    # shellcheck disable=SC2046
    "${CC:-cc}" "$variant" -Wall -Wextra -Werror -fsyntax-only $(mkoctfile -p INCFLAGS) -Iinclude \
        bindings/matlab/src/*.c
done
"${octave[@]}" --eval "cd bindings/matlab; build"
"${octave[@]}" --eval "addpath bindings/matlab/tests; run_tests"

# Ctrl-C ends a run of hours, and what the script does next is done.
cat >interrupted.m <<'EOF'
addpath bindings/matlab
F = keops_kernel('Exp(-SqNorm2(x-y))', 'x=Vi(3)', 'y=Vj(3)');
x = rand(3, 5e6);
F(x(:, 1:2), x(:, 1:2));
fprintf('running\n');
fflush(stdout);
try
    F(x, x);
catch problem
    fprintf('%s\n', problem.identifier);
end
fprintf('a sum: %g\n', F([1; 2; 3], [1; 2; 3]));
EOF
: >interrupted.log
"${octave[@]}" interrupted.m >>interrupted.log 2>&1 &
pid=$!
until grep -q running interrupted.log; do
    kill -0 "$pid" || { cat interrupted.log; exit 1; }
    sleep 0.2
done
sleep 2
kill -INT "$pid"
wait "$pid" || { cat interrupted.log; exit 1; }
grep -qx 'rkeops:cancelled' interrupted.log && grep -qx 'a sum: 1' interrupted.log || { cat interrupted.log; exit 1; }
echo "an interrupt ends a run"

# The programs that the guide shows.
awk '/^```matlab$/ { shown = 1; next } /^```$/ { shown = 0 } shown' bindings/matlab/README.md >shown.m
"${octave[@]}" --eval "addpath bindings/matlab; run shown.m" >shown.log 2>&1 || { cat shown.log; exit 1; }
echo "the programs of the guide run"

for example in examples/matlab/*.m; do
    name=$(basename "$example" .m)
    echo "examples/matlab/$name.m"
    "${octave[@]}" --eval "addpath bindings/matlab examples/matlab; $name" >example.log 2>&1 \
        || { cat example.log; exit 1; }
done
