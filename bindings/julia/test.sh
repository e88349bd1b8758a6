#!/usr/bin/env bash
# Builds the library if it is not there, gets a Julia, and runs the package's tests as Pkg does, in a depot of their own
# and without the network; then examples/julia.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
if [ -z "${RKEOPS_LIBRARY:-}" ]; then
    cargo build --release --quiet -p rkeops
    export RKEOPS_LIBRARY=$target/release/librkeops.so
fi
scripts/julia.sh "$target/julia"
julia=$target/julia/bin/julia

depot=$target/julia/depot
rm -rf "$depot"
# With a registry, even one of nothing, Pkg does not fetch the general one: the package depends on nothing.
mkdir -p "$depot/registries/Nothing"
cat >"$depot/registries/Nothing/Registry.toml" <<'REGISTRY'
name = "Nothing"
uuid = "00000000-0000-0000-0000-000000000001"
repo = ""
[packages]
REGISTRY
export JULIA_DEPOT_PATH=$depot JULIA_PKG_SERVER="" JULIA_PKG_OFFLINE=true
# The package is tested as one that a user adds: in an environment that holds a copy of its files.
package=$target/julia/RKeOps
rm -rf "$package"
cp -r bindings/julia "$package"
export RKEOPS_CASES=$root/tests/cases/cases.txt
"$julia" --startup-file=no -e '
    using Pkg
    Pkg.offline(true)
    Pkg.activate(; temp=true)
    Pkg.develop(PackageSpec(path=ARGS[1]))
    Pkg.test("RKeOps")
' "$package"

# The examples run with what the guide's command installs.
"$julia" --startup-file=no -e 'using Pkg; Pkg.develop(PackageSpec(path="bindings/julia")); Pkg.build("RKeOps")'
for example in examples/julia/*.jl; do
    echo "$example"
    "$julia" --startup-file=no "$example" "$root/examples/data" >"$target/julia/example.log" 2>&1 ||
        { cat "$target/julia/example.log"; exit 1; }
done
