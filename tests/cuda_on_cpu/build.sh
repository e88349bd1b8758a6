#!/usr/bin/env bash
# Makes a CUDA driver and a run-time compiler whose device is the processor, in a folder: libcuda.so and libnvrtc.so.12, which the
# library finds where that folder is in LD_LIBRARY_PATH. Does nothing where they are up to date.
set -euo pipefail
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9
stamp=$(cat "$here"/* | cksum)
if [ "$(cat "$folder/stamp" 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi
# Kernels are as written: no product is fused into a sum that the source does not fuse. What libraries have of one name is not shared.
flags="-std=c++20 -O1 -ffp-contract=off -fPIC -w -fno-gnu-unique"
grep -q '\bfma\b' /proc/cpuinfo 2>/dev/null && flags+=" -mfma"
rm -f "$folder"/*.so "$folder"/*.gch
cp "$here"/shim.h "$here"/launch.h "$folder"
printf %s "$flags" > "$folder/flags"
c++ $flags -x c++-header "$folder/shim.h" -o "$folder/shim.h.gch"
c++ -std=c++17 -O1 -Wall -Wextra -Werror -shared -fPIC "$here/driver.cpp" -o "$folder/libcuda.so" -Wl,-soname,libcuda.so -ldl
c++ -std=c++17 -O1 -Wall -Wextra -Werror -shared -fPIC "$here/nvrtc.cpp" -o "$folder/libnvrtc.so.12" -Wl,-soname,libnvrtc.so.12 -ldl
echo "$stamp" > "$folder/stamp"
