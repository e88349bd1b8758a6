#!/usr/bin/env bash
# Builds the C tests with every compiler at hand, as C99 and as C++17, and runs them against the release library:
# as they are, with each backend forced, under AddressSanitizer, and under valgrind. See --help.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "${1:-}" = --help ]; then
    echo "usage: tests/c/run.sh [--fast]     --fast: one compiler, no AddressSanitizer, no valgrind"
    exit 0
fi
fast=${1:-}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
library=$target/release
out=$target/tests-c
programs=(tests/c/*.c)
programs=("${programs[@]##*/}")
programs=("${programs[@]%.c}")
tests=("${programs[@]}")
mkdir -p "$out"
cargo build --release --quiet -p rkeops
export LD_LIBRARY_PATH=$library
unset RKEOPS_TARGET RKEOPS_TEST_SHORT RKEOPS_NUM_THREADS

warnings=(-Wall -Wextra -Werror -pedantic -O1 -g -Iinclude -D_POSIX_C_SOURCE=200809L)
libraries=(-L"$library" -lrkeops -lpthread -lm)
passed=0
failed=0

# build NAME COMPILER OPTIONS...: every test, as $out/NAME-TEST
build() {
    local name=$1
    shift
    for test in "${tests[@]}"; do
        "$@" "${warnings[@]}" "tests/c/$test.c" -x none -o "$out/$name-$test" "${libraries[@]}"
    done
}

# No program needs a tenth of this: one that hangs fails, and the others still run.
limited=(timeout 300)

# run NAME WORDS COMMAND...: every test of a build, in front of which COMMAND is put
run() {
    local name=$1 words=$2 start=$SECONDS test
    shift 2
    for test in "${tests[@]}"; do
        if "${limited[@]}" "$@" "$out/$name-$test" >"$out/log" 2>&1; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "FAILED: $test, $name, $words"
            tail -n 40 "$out/log"
        fi
    done
    echo "$name, $words: ${#tests[@]} programs, $((SECONDS - start)) s"
}

# check WORDS COMMAND...: one thing that must hold
check() {
    local words=$1
    shift
    if "$@" >"$out/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $words"
        tail -n 40 "$out/log"
    fi
}

# prints WORDS COMMAND...: whether the command succeeds and prints these words and nothing else
prints() {
    local words=$1 printed
    shift
    printed=$("$@" 2>&1) || return
    if [ "$printed" != "$words" ]; then
        echo "expected: $words"
        echo "printed: $printed"
        return 1
    fi
}

build gcc-c99 gcc -std=c99
run gcc-c99 "as it is" env
targets=(portable)
for feature in avx2 avx512f; do
    if grep -qw "$feature" /proc/cpuinfo; then targets+=("${feature%f}"); fi
done
for backend in "${targets[@]}"; do
    run gcc-c99 "backend $backend" env RKEOPS_TARGET="$backend"
done

# A GPU's kernels on the processor: its device for some programs, and for arrays in ordinary memory of others.
device=$out/cuda_on_cpu
tests/cuda_on_cpu/build.sh "$device"
on_device=(env RKEOPS_CACHE="$out/kernels" LD_LIBRARY_PATH="$device:$library")
check "arrays on a device" "${limited[@]}" "${on_device[@]}" "$out/gcc-c99-devices"
check "arrays on a device, found on disk" "${limited[@]}" "${on_device[@]}" "$out/gcc-c99-devices"
check "a driver without a device" "${limited[@]}" "${on_device[@]}" CUDA_ON_CPU_DEVICES=0 "$out/gcc-c99-devices"
for test in complex dtypes strides blocks reductions solve; do
    check "$test on a device" "${limited[@]}" "${on_device[@]}" RKEOPS_TARGET=cuda "$out/gcc-c99-$test"
done

# The header in two files of one C++ program.
g++ -std=c++17 "${warnings[@]}" tests/c/include_a.cc tests/c/include_b.cc -o "$out/include" "${libraries[@]}"
check "the header twice in one C++ program" "${limited[@]}" "$out/include"

# The static library, with what the Rust standard library needs of the system.
gcc -std=c99 "${warnings[@]}" tests/c/basic.c -o "$out/static" "$library/librkeops.a" -lpthread -ldl -lm -lgcc_s
check "a program with the static library" "${limited[@]}" env -u LD_LIBRARY_PATH "$out/static"

# The program in README.md.
sed -n '/^```c$/,/^```$/p' README.md | sed '1d;$d' >"$out/readme.c"
gcc -std=c99 "${warnings[@]}" "$out/readme.c" -o "$out/readme" "${libraries[@]}"
check "the program of README.md" prints "1.88512 1.04456" "${limited[@]}" "$out/readme"

# The library exports its own names and no others.
other_names() { nm -D --defined-only "$library/librkeops.so" | awk '$3 !~ /^rkeops_/'; }
check "exported names" prints "" other_names

# Nothing happens before the first call, and nothing is printed.
printf '#include <rkeops.h>\nint main(void) { return rkeops_version() == NULL; }\n' >"$out/load.c"
gcc -std=c99 "${warnings[@]}" "$out/load.c" -o "$out/load" "${libraries[@]}"
check "nothing is printed at load" prints "" "${limited[@]}" "$out/load"

if [ "$fast" != --fast ]; then
    build gcc-c++17 g++ -x c++ -std=c++17
    run gcc-c++17 "as it is" env
    build clang-c99 clang -std=c99
    run clang-c99 "as it is" env
    build clang-c++17 clang++ -x c++ -std=c++17
    run clang-c++17 "as it is" env

    # The founding program checks its own results.
    for compiler in clang gcc; do
        $compiler -std=c99 "${warnings[@]}" examples/c/kernel_norm.c -o "$out/kernel_norm" "${libraries[@]}"
    done
    check "the founding program" "${limited[@]}" "$out/kernel_norm"

    # The sanitizers' allocator serves the library too, so its leaks and wild frees are seen.
    build sanitized gcc -std=c99 -fsanitize=address,undefined -fno-sanitize-recover=all
    run sanitized "AddressSanitizer" env RKEOPS_TEST_SHORT=1
    run sanitized "AddressSanitizer, portable" env RKEOPS_TEST_SHORT=1 RKEOPS_TARGET=portable

    # The threads of a GPU's block as threads of the system: no two touch one place without a barrier between.
    gcc -std=c99 "${warnings[@]}" -fsanitize=thread tests/c/devices.c -o "$out/devices-threads" "${libraries[@]}"
    check "races between a GPU's threads" "${limited[@]}" "${on_device[@]}" RKEOPS_CACHE=none RKEOPS_TEST_SHORT=1 \
        CUDA_ON_CPU_OPTIONS="-DRKEOPS_THREADS -fsanitize=thread" "$out/devices-threads"

    # valgrind 3.19 has no AVX-512, so the backend is named. It sees what made machine code reads and writes.
    if grep -qw avx2 /proc/cpuinfo; then valgrind_target=avx2; else valgrind_target=portable; fi
    checked=(env RKEOPS_TEST_SHORT=1 RKEOPS_TARGET=$valgrind_target)
    # valgrind runs one thread at a time; without its fair scheduler the others may never get their turn.
    checked+=(valgrind --quiet --error-exitcode=9 --fair-sched=yes)
    # What only the stacks of the parent's threads knew is lost in a forked child: there leaks mean nothing.
    tests=(fork)
    run gcc-c99 "valgrind, $valgrind_target" "${checked[@]}" --leak-check=no --child-silent-after-fork=yes
    tests=()
    for test in "${programs[@]}"; do
        if [ "$test" != fork ]; then tests+=("$test"); fi
    done
    run gcc-c99 "valgrind, $valgrind_target" "${checked[@]}" --leak-check=full \
        --show-leak-kinds=definite --errors-for-leak-kinds=definite
fi

echo "C tests: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
