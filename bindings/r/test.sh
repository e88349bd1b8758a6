#!/usr/bin/env bash
# Makes the source package, runs R's checks of it as CRAN does, with its tests, examples and vignettes, and then examples/r.
# The checks take the library that cargo has built here, so that it is not built again.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
cargo build --release --quiet -p rkeops
prefix=$target/r/prefix
mkdir -p "$prefix/include" "$prefix/lib"
cp include/rkeops.h "$prefix/include/"
cp "$target/release/librkeops.so" "$prefix/lib/"
export RKEOPS_HOME=$prefix

bindings/r/build.sh >"$target/r/build.log" 2>&1 || { cat "$target/r/build.log"; exit 1; }
cd "$target/r"
# What asks others on the network is left out, and the manual as PDF, which needs TeX.
export _R_CHECK_CRAN_INCOMING_=false _R_CHECK_SYSTEM_CLOCK_=false
R CMD check --as-cran --no-manual rkeops_*.tar.gz || { tail -n 60 rkeops.Rcheck/00install.out rkeops.Rcheck/tests/*.fail; exit 1; }
if grep -E '(WARNING|ERROR)$' rkeops.Rcheck/00check.log; then
    echo "R CMD check warns"
    exit 1
fi

export R_LIBS=$target/r/rkeops.Rcheck
for example in "$root"/examples/r/*.R; do
    echo "examples/r/${example##*/}"
    Rscript "$example" "$root/examples/data" >"$target/r/example.log" 2>&1 || { cat "$target/r/example.log"; exit 1; }
done
