#!/usr/bin/env bash
# Builds and tests the library through CMake, installs it into a folder, moves that folder, and builds a project of
# somebody else with it: by find_package and by pkg-config, shared and static, in C and C++.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
work=$target/tests-cmake
rm -rf "$work"
mkdir -p "$work"
export RKEOPS_TEST_SHORT=1

# quietly COMMAND...: its output only matters when it fails
quietly() {
    "$@" >"$work/log" 2>&1 || { cat "$work/log"; echo "FAILED: $*"; exit 1; }
}

quietly cmake -S . -B "$work/build" -DCMAKE_BUILD_TYPE=Release
quietly cmake --build "$work/build"
quietly ctest --test-dir "$work/build" --output-on-failure
grep "tests passed" "$work/log"
quietly cmake --install "$work/build" --prefix "$work/first"
mv "$work/first" "$work/installed"
prefix=$work/installed

quietly cmake -S tests/cmake -B "$work/consumer" -DCMAKE_PREFIX_PATH="$prefix"
quietly cmake --build "$work/consumer"
"$work/consumer/consumer"
"$work/consumer/consumer_static"

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name rkeops.pc)")
export PKG_CONFIG_PATH
libdir=$(pkg-config --variable=libdir rkeops)
read -ra flags <<<"$(pkg-config --cflags --libs rkeops)"
read -ra include <<<"$(pkg-config --cflags rkeops)"
read -ra private <<<"$(pkg-config --static --libs-only-l rkeops | sed 's/-lrkeops//')"
cc -std=c99 tests/cmake/consumer.c -o "$work/by_pkg_config" "${flags[@]}" -lm -Wl,-rpath,"$libdir"
"$work/by_pkg_config"
c++ -std=c++17 -x c++ tests/cmake/consumer.c -x none -o "$work/by_pkg_config_cc" "${flags[@]}" -Wl,-rpath,"$libdir"
"$work/by_pkg_config_cc"
cc -std=c99 tests/cmake/consumer.c -o "$work/static" "${include[@]}" "$libdir/librkeops.a" "${private[@]}"
"$work/static"
# A program that was linked with the path of the library asks for it by name, not by that path.
cc -std=c99 tests/cmake/consumer.c -o "$work/by_path" "${include[@]}" "$libdir/librkeops.so" -lm
LD_LIBRARY_PATH=$libdir "$work/by_path"
test "$(pkg-config --modversion rkeops)" = "$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)"
echo "CMake and pkg-config: installed, moved, found, linked"
