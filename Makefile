# `make demo` and `make test` are the two to know. Rust comes from rustup; the rest is installed by scripts/setup.sh.
# `make exhaustive` compares every function with float64 at every float32 number, and lets NVRTC compile every kernel of the tests for
# every architecture.
.PHONY: all demo test test-rust test-device-code test-c test-cmake test-python test-r test-matlab test-julia environments nvrtc gpu-bundle gpu-test gpu-bench python r exhaustive bench docs header fmt setup clean

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

# Packages for Python and a Julia are fetched while Rust is tested; then two languages are tested at a time.
test: setup
	$(MAKE) nvrtc
	$(MAKE) -j2 test-rust environments
	$(MAKE) all
	$(MAKE) -j2 test-c test-r
	$(MAKE) -j2 test-python test-julia test-matlab test-cmake test-device-code

# What runs on a GPU's source in the tests has to be accepted by NVIDIA's compiler too, which needs no GPU.
NVRTC = $(abspath $(CARGO_TARGET_DIR)/nvrtc)/libnvrtc.so.12

test-rust: setup nvrtc
	CUDA_ON_CPU_NVRTC=$(NVRTC) CUDA_ON_CPU_SHARE=5 cargo test --workspace

# Registers and spills of the kernels of the benchmarks.
test-device-code: nvrtc
	RKEOPS_NVRTC=$(NVRTC) cargo run --quiet -p rkeops-core --example device_code

nvrtc: setup
	scripts/python-environment.sh $(CARGO_TARGET_DIR)/nvrtc/venv scripts/requirements-nvrtc.txt
	ln -sfn "$$(echo $(abspath $(CARGO_TARGET_DIR))/nvrtc/venv/lib/python3*/site-packages/nvidia/cuda_nvrtc/lib)"/* $(CARGO_TARGET_DIR)/nvrtc/

test-c: setup
	tests/c/run.sh

test-cmake: setup
	tests/cmake/run.sh

environments: setup
	scripts/python-environment.sh $(CARGO_TARGET_DIR)/python/venv bindings/python/requirements-*.txt
	scripts/julia.sh $(CARGO_TARGET_DIR)/julia

test-python: setup
	bindings/python/test.sh

# target/python/wheel/rkeops-*.whl, with the shared library in it.
python: setup
	bindings/python/wheel.sh

test-r: setup
	bindings/r/test.sh

# With Octave.
test-matlab: setup
	bindings/matlab/test.sh

test-julia: setup
	bindings/julia/test.sh

# target/r/rkeops_*.tar.gz, which installs without a network.
r: setup
	RKEOPS_HOME= bindings/r/build.sh

exhaustive: nvrtc
	RKEOPS_EXHAUSTIVE=1 cargo test --release -p rkeops-core --test suite accuracy -- --nocapture
	CUDA_ON_CPU_NVRTC=$(NVRTC) CUDA_ON_CPU_EVERY=1 cargo test -p rkeops-core --test suite cuda::

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

# What a machine with a GPU needs, in target/gpu; then, there, the tests and the comparison with peers (scripts/gpu.sh).
gpu-bundle: setup
	scripts/gpu.sh bundle

gpu-test:
	[ -d $(CARGO_TARGET_DIR)/gpu ] || scripts/gpu.sh bundle
	scripts/gpu.sh test

gpu-bench:
	[ -d $(CARGO_TARGET_DIR)/gpu ] || scripts/gpu.sh bundle
	scripts/gpu.sh bench
