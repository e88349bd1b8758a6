#!/usr/bin/env bash
# Makes a Python environment with what lists of requirements name, once and again when a list changes:
#
#     scripts/python-environment.sh FOLDER LIST ...
#
# What a list named *-torch.txt has is installed without what it asks for: torch's wheel asks for gigabytes of CUDA that a
# CPU has no use for (without_cuda.py).
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift
if cat "$@" | cmp -s - "$folder/installed.txt"; then
    exit
fi
whole=() bare=()
for list in "$@"; do
    case $list in
    *-torch.txt) bare+=(-r "$list") ;;
    *) whole+=(-r "$list") ;;
    esac
done
python3 -m venv --clear "$folder"
pip=("$folder/bin/python" -m pip install --quiet --disable-pip-version-check)
"${pip[@]}" "${whole[@]}"
if [ ${#bare[@]} -gt 0 ]; then
    "${pip[@]}" --no-deps "${bare[@]}"
    "$folder/bin/python" "$scripts/without_cuda.py" "$(echo "$folder"/lib/python3*/site-packages/torch)"
fi
cat "$@" > "$folder/installed.txt"
