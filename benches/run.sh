#!/bin/sh
# Builds what is compared and runs benches/compare.py with the given options (--quick, --only FAMILY, --help).
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
bench=$target/bench
mkdir -p "$bench"
bench=$(cd "$bench" && pwd)

cargo build --release -p rkeops

# The peers live in an environment of their own.
lists="benches/requirements.txt benches/requirements-torch.txt"
if ! scripts/python-environment.sh "$bench/venv" $lists; then
    echo "torch cannot be installed here: its rows will not be measured" >&2
    scripts/python-environment.sh "$bench/venv" benches/requirements.txt
fi

CC=${CC:-cc}
library=$(cd "$target/release" && pwd)
$CC -std=c99 -D_POSIX_C_SOURCE=200809L -O2 -Wall -Wextra -Iinclude benches/warm.c -o "$bench/warm" \
    -L"$library" -lrkeops -Wl,-rpath,"$library"
shared_object() { # source, options
    $CC -O3 $2 -fopenmp -Wall -Wextra -fPIC -shared -DYARDSTICK_LIBRARY "benches/yardstick/$1.c" -o "$bench/$1.so" -lm
}
yardstick() { # source, instruction set: also a program of its own
    $CC -O3 $2 -fopenmp -Wall -Wextra "benches/yardstick/$1.c" -o "$bench/$1" -lm
    shared_object "$1" "$2"
}
if [ "$(uname -m)" = x86_64 ]; then
    yardstick gauss_d3_f32 "-mavx2 -mfma"
    yardstick gauss_d3_f32_avx512 "-mavx512f -mavx512dq"
fi
shared_object forces_f64 "-march=native -ffast-math"
shared_object one_pass "-march=native"

# Idle threads of one contestant must not spin while the next one runs; pykeops keeps what it compiles beside the rest. A
# kernel of OpenBLAS that somebody has chosen for old versions of it is not what a user gets.
export OMP_WAIT_POLICY=passive
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
export KEOPS_CACHE_FOLDER="$bench/keops"
export RKEOPS_BENCH="$bench" RKEOPS_LIBRARY="$library/librkeops.so"
export PYTHONPATH="$PWD/bindings/python/src"
mkdir -p "$KEOPS_CACHE_FOLDER"
exec "$bench/venv/bin/python" benches/compare.py "$@"
