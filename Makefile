# `make demo` and `make test` are the two to know. Rust comes from rustup; the rest is installed by scripts/setup.sh.
# `make exhaustive` compares every function with float64 at every float32 number.
.PHONY: all demo test test-rust test-c test-cmake test-python python-environment python exhaustive bench docs header fmt setup clean

CARGO_TARGET_DIR ?= target
export CARGO_TARGET_DIR
CFLAGS = -std=c99 -D_POSIX_C_SOURCE=200809L -O2 -Wall -Wextra -Werror -Iinclude
LIBRARY = $(CARGO_TARGET_DIR)/release

all:
	cargo build --release -p rkeops

# The founding program, on the bunny and on a photograph (examples/c/kernel_norm.c).
demo: all
	$(CC) $(CFLAGS) examples/c/kernel_norm.c -o $(CARGO_TARGET_DIR)/kernel_norm \
		-L$(LIBRARY) -lrkeops -lm -Wl,-rpath,$(abspath $(LIBRARY))
	$(CARGO_TARGET_DIR)/kernel_norm examples/data

# Packages for Python are fetched while Rust is tested.
test: setup
	$(MAKE) -j2 test-rust python-environment
	$(MAKE) test-c test-cmake test-python

test-rust: setup
	cargo test --workspace

test-c: setup
	tests/c/run.sh

test-cmake: setup
	tests/cmake/run.sh

python-environment: setup
	scripts/python-environment.sh $(CARGO_TARGET_DIR)/python/venv bindings/python/requirements-*.txt

test-python: setup
	bindings/python/test.sh

# target/python/wheel/rkeops-*.whl, with the shared library in it.
python: setup
	bindings/python/wheel.sh

exhaustive:
	RKEOPS_EXHAUSTIVE=1 cargo test --release -p rkeops-core --test accuracy -- --nocapture

bench:
	benches/run.sh

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Writes include/rkeops.h from ffi/src.
header:
	UPDATE=1 cargo test -p rkeops --test header

fmt:
	cargo fmt --all

setup:
	scripts/setup.sh

clean:
	cargo clean
