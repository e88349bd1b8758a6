// Runs the kernels of `kernels/` on a processor, for tests: a block of threads at a time, each thread a fibre that goes on from
// barrier to barrier, or a thread of the system where RKEOPS_THREADS is defined, so that ThreadSanitizer can watch them.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#define RKEOPS_SHIM
#define DEVICE static inline
#define DEVICE_MEMBER inline
#define RARELY static
#define DEVICE_TABLE
#define KERNEL(threads) extern "C" void
#define ARGUMENT const
#define SHARED alignas(16) static
#define UNROLLED
#define ROLLED
#define SYNCHRONISE() rkeops_barrier()
// What a warp does together a block does here.
#define ANY_OF_WARP(condition) rkeops_any(condition)
#define SYNCHRONISE_WARP() rkeops_barrier()
#define OF_OTHER_THREAD(number, bits) rkeops_of_other(number, bits)

struct Index {
    unsigned x, y, z;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(16) double2 {
    double x, y;
};

template <class To, class From>
static inline To same_bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "bits are the same in number");
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

static inline unsigned __float_as_uint(float a) { return same_bits<unsigned>(a); }
static inline float __uint_as_float(unsigned a) { return same_bits<float>(a); }
static inline long long __double_as_longlong(double a) { return same_bits<long long>(a); }
static inline double __longlong_as_double(long long a) { return same_bits<double>(a); }
static inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
static inline double __fma_rn(double a, double b, double c) { return std::fma(a, b, c); }
static inline float __fsqrt_rn(float a) { return std::sqrt(a); }
static inline double __dsqrt_rn(double a) { return std::sqrt(a); }
static inline double rsqrt(double a) { return 1.0 / std::sqrt(a); }
static inline float exp2_approximate(float a) {
    const float power = std::exp2(a);
    return power < 1.17549435e-38f ? 0.0f : power;
}
static inline float inverse_root_approximate(float a) { return 1.0f / std::sqrt(a); }
static inline float root_approximate(float a) { return std::sqrt(a); }
static inline float quotient_approximate(float a, float b) { return a / b; }

#ifdef RKEOPS_THREADS
#include <barrier>
#include <thread>
#include <vector>
static thread_local Index threadIdx;
static Index blockIdx;
static std::barrier<>* rkeops_all;
static void rkeops_barrier() { rkeops_all->arrive_and_wait(); }
#else
#include <csetjmp>
#include <ucontext.h>
static Index threadIdx, blockIdx;
// A fibre lives as long as the library. It begins with a context; then jumps lead from one to the other, which ask the system
// for nothing.
struct Fibre {
    ucontext_t context;
    jmp_buf at;
    bool has_begun, is_done;
};
static Fibre* rkeops_fibres;
static jmp_buf rkeops_main;
static unsigned rkeops_current;
static void rkeops_barrier() {
    if (!_setjmp(rkeops_fibres[rkeops_current].at)) _longjmp(rkeops_main, 1);
}
#endif

static inline int __ffs(int a) { return __builtin_ffs(a); }

// Whether a condition holds in any thread of the block.
static bool rkeops_any(bool condition) {
    static int count;
    if (threadIdx.x == 0) count = 0;
    rkeops_barrier();
    __atomic_fetch_add(&count, (int)condition, __ATOMIC_SEQ_CST);
    rkeops_barrier();
    const bool any = count > 0;
    rkeops_barrier();
    return any;
}

// The number of a thread whose index differs in some bits.
static float rkeops_of_other(float number, unsigned bits) {
    static float all[128];
    all[threadIdx.x] = number;
    rkeops_barrier();
    const float other = all[threadIdx.x ^ bits];
    rkeops_barrier();
    return other;
}

// A sum as tensor cores round it: towards zero.
static inline float cut(double a) {
    const float nearest = (float)a;
    return std::fabs((double)nearest) > std::fabs(a) ? std::nextafter(nearest, 0.0f) : nearest;
}

// A number with so many of its last bits rounded away, and without them.
static inline float rounded_to(float a, unsigned bits) {
    const unsigned half = 1u << (bits - 1);
    return a != a ? a : __uint_as_float((__float_as_uint(a) + half) & ~(2 * half - 1));
}
static inline float without(float a, unsigned bits) { return __uint_as_float(__float_as_uint(a) & ~((1u << bits) - 1)); }

static inline unsigned rounded(float a) { return __float_as_uint(rounded_to(a, 13)); }

static inline unsigned both_narrow(float first, float second) {
    const float numbers[2] = {first, second};
    unsigned both[2];
    for (int k = 0; k < 2; ++k) {
        const unsigned bits = __float_as_uint(numbers[k]);
        both[k] = numbers[k] != numbers[k] ? 0x7fffu : (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
    }
    return both[0] | both[1] << 16;
}

// What the 32 threads of a warp have of two matrices, and what one of them gets of their product: rows and columns as in PTX's
// description of mma.m16n8k8 with TF32 and of mma.m16n8k16 with bfloat16.
struct Fragments {
    unsigned a[4], b[2];
};

template <class Product>
static void multiply_in_warp(float (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[2], Product product) {
    static Fragments all[128];
    std::memcpy(all[threadIdx.x].a, a, sizeof a);
    std::memcpy(all[threadIdx.x].b, b, sizeof b);
    rkeops_barrier();
    const Fragments* warp = all + threadIdx.x / 32 * 32;
    const int lane = threadIdx.x % 32;
    for (int k = 0; k < 4; ++k) {
        const int row = lane / 4 + k / 2 * 8, column = lane % 4 * 2 + k % 2;
        sums[k] = cut(sums[k] + product(warp, row, column));
    }
    rkeops_barrier();
}

static void multiply_fragments(float (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    multiply_in_warp(sums, a, b, [](const Fragments* warp, int row, int column) {
        double sum = 0;
        for (int k = 0; k < 8; ++k) {
            const unsigned left = warp[row % 8 * 4 + k % 4].a[row / 8 + k / 4 * 2], right = warp[column * 4 + k % 4].b[k / 4];
            sum += (double)without(__uint_as_float(left), 13) * without(__uint_as_float(right), 13);
        }
        return sum;
    });
}

static void multiply_narrow_fragments(float (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    multiply_in_warp(sums, a, b, [](const Fragments* warp, int row, int column) {
        double sum = 0;
        for (int k = 0; k < 16; ++k) {
            const unsigned left = warp[row % 8 * 4 + k % 8 / 2].a[row / 8 + k / 8 * 2], right = warp[column * 4 + k % 8 / 2].b[k / 8];
            const unsigned shift = k % 2 * 16;
            sum += (double)__uint_as_float(left >> shift << 16) * __uint_as_float(right >> shift << 16);
        }
        return sum;
    });
}
