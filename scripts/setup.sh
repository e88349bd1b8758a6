#!/usr/bin/env bash
# Installs what the tests need beside Rust: C and C++ compilers, CMake, pkg-config, valgrind, Graphviz, Python, R and packages of
# its, Octave. Julia comes by scripts/julia.sh.
# Does nothing, and asks for no rights, where all of it is there. Knows Debian and its relatives.
set -euo pipefail

declare -A package=(
    [gcc]=gcc [g++]=g++ [clang]=clang [cmake]=cmake [make]=make [pkg-config]=pkg-config [valgrind]=valgrind
    [dot]=graphviz [Rscript]=r-base-core [pandoc]=pandoc [xz]=xz-utils [qpdf]=qpdf
    [checkbashisms]=devscripts [octave-cli]=octave [mkoctfile]=octave-dev
)
missing=()
for tool in "${!package[@]}"; do
    command -v "$tool" >/dev/null 2>&1 || missing+=("${package[$tool]}")
done
python3 -c 'import ensurepip' >/dev/null 2>&1 || missing+=(python3 python3-venv)
for name in testthat knitr rmarkdown; do
    [ -d "/usr/lib/R/site-library/$name" ] || Rscript -e "library($name)" >/dev/null 2>&1 || missing+=("r-cran-$name")
done
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: please install: ${missing[*]}" >&2
    exit 1
fi
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
