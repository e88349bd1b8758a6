#!/bin/sh
# Builds what is compared and runs benches/compare.py with the given options (--quick, --only NAME, --help).
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
bench=$target/bench
mkdir -p "$bench"
bench=$(cd "$bench" && pwd)

cargo build --release -p rkeops

# The peers live in an environment of their own; it is made once, and again when the list changes.
if ! cmp -s benches/requirements.txt "$bench/venv/requirements.txt"; then
    python3 -m venv --clear "$bench/venv"
    "$bench/venv/bin/pip" install --quiet --disable-pip-version-check -r benches/requirements.txt
    cp benches/requirements.txt "$bench/venv/requirements.txt"
fi

CC=${CC:-cc}
library=$(cd "$target/release" && pwd)
$CC -std=c99 -D_POSIX_C_SOURCE=200809L -O2 -Wall -Wextra -Iinclude benches/warm.c -o "$bench/warm" \
    -L"$library" -lrkeops -Wl,-rpath,"$library"
yardstick() { # source, instruction set
    $CC -O3 $2 -fopenmp -Wall -Wextra "benches/yardstick/$1.c" -o "$bench/$1" -lm
    $CC -O3 $2 -fopenmp -fPIC -shared -DYARDSTICK_LIBRARY "benches/yardstick/$1.c" -o "$bench/$1.so" -lm
}
if [ "$(uname -m)" = x86_64 ]; then
    yardstick gauss_d3_f32 "-mavx2 -mfma"
    yardstick gauss_d3_f32_avx512 "-mavx512f -mavx512dq"
fi

# Idle threads of one contestant must not spin while the next one runs; pykeops keeps what it compiles beside the rest.
export OMP_WAIT_POLICY=passive
export KEOPS_CACHE_FOLDER="$bench/keops"
export RKEOPS_BENCH="$bench" RKEOPS_LIBRARY="$library/librkeops.so"
mkdir -p "$KEOPS_CACHE_FOLDER"
exec "$bench/venv/bin/python" benches/compare.py "$@"
