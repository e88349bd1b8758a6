#!/usr/bin/env bash
# Makes target/r/rkeops_*.tar.gz, a source package that carries the sources of the library and of what these depend on, so that it
# installs without a network, with cargo alone. Options go to R CMD build.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
stage=$target/r/rkeops
rust=$stage/src/rust
rm -rf "$stage"
mkdir -p "$rust"
(cd bindings/r && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$stage")
cp tests/cases/cases.txt "$stage/tests/testthat/"
cp --parents -r Cargo.toml Cargo.lock LICENSE include kernels core/Cargo.toml core/src ffi/Cargo.toml ffi/build.rs ffi/src -t "$rust"
# What tests need is left out.
for manifest in "$rust/core/Cargo.toml" "$rust/ffi/Cargo.toml"; do
    sed -i '/^\[dev-dependencies\]/,/^\[lints\]/{/^\[lints\]/!d}' "$manifest"
done
sed -i 's/^debug = .*/debug = false/' "$rust/Cargo.toml"
cd "$rust"
cargo vendor --quiet vendor
tar -cJf vendor.tar.xz vendor
rm -rf vendor
# As `.cargo`, where configure puts it; R leaves hidden files out of packages.
mkdir cargo
cat >cargo/config.toml <<'CONFIGURATION'
[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = "vendor"
CONFIGURATION
cd "$target/r"
R CMD build "$@" rkeops
