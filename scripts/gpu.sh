#!/usr/bin/env bash
# What needs a GPU, on a machine that may have neither cargo nor a network:
#
#     scripts/gpu.sh bundle          here: the library, the tests and the packages that are compared, in target/gpu
#     scripts/gpu.sh test            there: the conformance suite and the C program for devices, on the GPU
#     scripts/gpu.sh sanitize        there: the C program for devices under compute-sanitizer
#     scripts/gpu.sh bench [--quick] there: rkeops beside pykeops and torch
#
# target/gpu travels with the tree; everything else that is needed is Python with torch, and NVRTC.
set -euo pipefail
cd "$(dirname "$0")/.."
bundle=${CARGO_TARGET_DIR:-target}/gpu

bundle() {
    rm -rf "$bundle"
    mkdir -p "$bundle/tests" "$bundle/wheels"
    cargo build --release -p rkeops
    cp "${CARGO_TARGET_DIR:-target}/release/librkeops.so" "$bundle"
    strip "$bundle/librkeops.so"
    local suite program
    for suite in suite pieces; do
        program=$(cargo test --release -p rkeops-core --test "$suite" --no-run --message-format=json 2>/dev/null |
            sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
        cp "$program" "$bundle/tests/$suite"
        strip "$bundle/tests/$suite"
    done
    gcc -std=c99 -O1 -g -Iinclude -D_POSIX_C_SOURCE=200809L tests/c/devices.c -o "$bundle/tests/devices" \
        -L"$bundle" -lrkeops -lm '-Wl,-rpath,$ORIGIN/..'
    cp -r bindings/python/src/rkeops "$bundle/rkeops"
    python3 -m pip wheel --quiet --no-deps --wheel-dir "$bundle/wheels" pykeops==2.3 keopscore==2.3
    du -sh "$bundle"
}

# NVRTC of a Python package or of torch, where the system has none.
find_compiler() {
    [ -n "${RKEOPS_NVRTC:-}" ] && return
    local found
    found=$(python3 -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
    found=$(find "$found/nvidia" -name 'libnvrtc.so.1*' ! -name '*alt*' 2>/dev/null | sort | tail -n 1)
    if [ -n "$found" ]; then export RKEOPS_NVRTC=$found; fi
}

run_tests() {
    local failed=0
    export RKEOPS_TEST_GPU=1
    "$bundle/tests/devices" || failed=1
    "$bundle/tests/suite" cuda:: products:: many_columns:: || failed=1
    "$bundle/tests/pieces" || failed=1
    return $failed
}

case ${1:-} in
bundle) bundle ;;
test) find_compiler && run_tests ;;
sanitize)
    find_compiler
    for tool in memcheck racecheck; do
        compute-sanitizer --tool "$tool" --error-exitcode 9 "$bundle/tests/devices"
    done
    ;;
bench)
    find_compiler
    if [ -d "$bundle/wheels" ] && ! python3 -c 'import pykeops' 2>/dev/null; then
        python3 -m pip install --quiet --no-deps --no-index --find-links "$bundle/wheels" pykeops keopscore || true
    fi
    RKEOPS_LIBRARY=$bundle/librkeops.so PYTHONPATH=$bundle python3 benches/gpu/compare.py "${@:2}" --out "$bundle/gpu.json"
    ;;
*)
    sed -n '2,10s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
