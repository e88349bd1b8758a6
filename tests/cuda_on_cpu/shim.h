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

static inline int __ffsll(long long a) { return __builtin_ffsll(a); }

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

// A number of TF32: the nearest one, and the nearest towards zero.
static inline float high_digits(float a) {
    return a != a ? a : __uint_as_float((__float_as_uint(a) + 0x1000u) & 0xffffe000u);
}
static inline float low_digits(float a) { return __uint_as_float(__float_as_uint(a) & 0xffffe000u); }

// A sum as tensor cores round it: towards zero.
static inline float cut(double a) {
    const float nearest = (float)a;
    return std::fabs((double)nearest) > std::fabs(a) ? std::nextafter(nearest, 0.0f) : nearest;
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

// A product of 8 factors each, as tensor cores add it to a sum: of two parts of each factor, or of the first alone.
static float multiplied(const float (&a)[8], const float (&b)[8], float sum, int part) {
    double products = 0;
    for (int k = 0; k < 8; ++k) {
        const float a_high = high_digits(a[k]), b_high = high_digits(b[k]);
        const float a_low = low_digits(a[k] - a_high), b_low = low_digits(b[k] - b_high);
        products += (double)(part == 0 ? a_low : a_high) * (part == 1 ? b_low : b_high);
    }
    return cut(sum + products);
}

// What tensor cores make of the numbers of a warp; see kernels/products.cuh and kernels/tensor.cuh.
template <int is_split, int rows, int halves, class Pairs>
static void multiply_chunk(const float (&kept)[rows][4], const float (&reduced)[halves][4], Pairs& pair, int plane) {
    static struct {
        float kept[rows][4], reduced[halves][4];
    } all[128];
    std::memcpy(all[threadIdx.x].kept, kept, sizeof kept);
    std::memcpy(all[threadIdx.x].reduced, reduced, sizeof reduced);
    rkeops_barrier();
    const unsigned own = threadIdx.x / 4 * 4, warp = threadIdx.x / 32 * 32, lane = threadIdx.x % 4;
    for (int k = 0; k < rows * 2 * halves; ++k) {
        const int r = k / (2 * halves), c = k % (2 * halves);
        const unsigned other = warp + 4 * (2 * lane + c % 2);
        float sum = 0;
        for (int part = is_split ? 0 : 2; part < 3; ++part) {
            for (int step = 0; step < 2; ++step) {
                float a[8], b[8];
                for (int n = 0; n < 8; ++n) {
                    a[n] = all[own + n / 2].kept[r][2 * step + n % 2];
                    b[n] = all[other + n / 2].reduced[c / 2][2 * step + n % 2];
                }
                sum = multiplied(a, b, sum, part);
            }
        }
        pair[r][c][plane] += sum;
    }
    rkeops_barrier();
}

template <int is_split, int rows, int group>
static void multiply_columns(const float (&weights)[rows][group], const float (&columns)[group], float (&sums)[rows][2]) {
    static struct {
        float weights[rows][group], columns[group];
    } all[128];
    std::memcpy(all[threadIdx.x].weights, weights, sizeof weights);
    std::memcpy(all[threadIdx.x].columns, columns, sizeof columns);
    rkeops_barrier();
    const unsigned own = threadIdx.x / 4 * 4, warp = threadIdx.x / 32 * 32, lane = threadIdx.x % 4;
    for (int k = 0; k < 2 * rows; ++k) {
        const int r = k / 2, e = k % 2;
        const unsigned other = warp + 4 * (2 * lane + e);
        float sum = 0;
        for (int part = is_split ? 0 : 2; part < 3; ++part) {
            for (int step = 0; step < group / 2; ++step) {
                float a[8], b[8];
                for (int n = 0; n < 8; ++n) {
                    a[n] = all[own + n / 2].weights[r][2 * step + n % 2];
                    b[n] = all[other + n / 2].columns[2 * step + n % 2];
                }
                sum = multiplied(a, b, sum, part);
            }
        }
        sums[r][e] += sum;
    }
    rkeops_barrier();
}
