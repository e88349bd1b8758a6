#!/usr/bin/env bash
# Makes target/python/wheel/rkeops-*.whl, which carries the shared library.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
cargo build --release --quiet -p rkeops
cd bindings/python
rm -rf "$target/python/wheel"
export RKEOPS_LIBRARY=$target/release/librkeops.so
python3 -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$target/python/wheel" .
