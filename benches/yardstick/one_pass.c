// Yardstick: one pass over an array on all cores, which is as fast as memory lets a reduction of many numbers be.
//
// Shared object:  gcc -O3 -march=native -fopenmp -fPIC -shared one_pass.c -o one_pass.so
#include <stddef.h>
#include <stdint.h>

// The sum of so many 64-bit words; unsigned, so that the compiler may add them in any order.
uint64_t yardstick_one_pass(const uint64_t *words, size_t count) {
    uint64_t total = 0;
#pragma omp parallel for reduction(+ : total) schedule(static)
    for (size_t k = 0; k < count; k++) total += words[k];
    return total;
}
