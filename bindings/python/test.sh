#!/usr/bin/env bash
# Installs the package from its wheel into an environment of its own and runs the tests and doctests; options go to pytest.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
python=$target/python/venv/bin/python
cd bindings/python

# The environment is made once, and again when a list changes.
if ! cat requirements-*.txt | cmp -s - "$target/python/venv/installed.txt"; then
    python3 -m venv --clear "$target/python/venv"
    pip=("$python" -m pip install --quiet --disable-pip-version-check)
    "${pip[@]}" -r requirements-test.txt -r requirements-jax.txt -r requirements-tensorflow.txt
    "${pip[@]}" --no-deps -r requirements-torch.txt
    "$python" "$root/benches/without_cuda.py" "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/torch"
    cat requirements-*.txt > "$target/python/venv/installed.txt"
fi

CARGO_TARGET_DIR=$target ./wheel.sh
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall "$target"/python/wheel/*.whl
"$python" -m mypy
cd tests
# Without it scikit-learn's estimator checks leave those of arrays of other libraries out.
export SCIPY_ARRAY_API=1
"$python" -m pytest -c ../pyproject.toml --rootdir . -p no:cacheprovider -n 2 . --pyargs rkeops "$@"
