#!/usr/bin/env bash
# Installs the package from its wheel into an environment of its own and runs the tests and doctests; options go to pytest.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
python=$target/python/venv/bin/python
cd bindings/python

"$root/scripts/python-environment.sh" "$target/python/venv" requirements-*.txt
CARGO_TARGET_DIR=$target ./wheel.sh
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall "$target"/python/wheel/*.whl
"$python" -m mypy
cd tests
# Without it scikit-learn's estimator checks leave those of arrays of other libraries out.
export SCIPY_ARRAY_API=1
"$python" -m pytest -c ../pyproject.toml --rootdir . -p no:cacheprovider -n 2 . --pyargs rkeops "$@"
