// Numbers, and what the statements of lane programs are made of. Before it come the macros of a machine: those below for a
// GPU, or those of a shim that runs the same text on a processor.

// Kernels are compiled all together, or in groups at the same time.
#ifndef KERNELS
#define KERNELS 7
#endif
#define PREPARES (KERNELS & 1)
#define REDUCES (KERNELS & 2)
#define MERGES (KERNELS & 4)

#ifndef RKEOPS_SHIM
#define DEVICE static __device__ __forceinline__
#define DEVICE_MEMBER __device__ __forceinline__
#define RARELY static __device__ __noinline__
// Two blocks on a multiprocessor are enough: without a number ptxas rather spills registers than that fewer blocks fit.
#define KERNEL(threads) extern "C" __global__ void __launch_bounds__(threads, 2)
#define ARGUMENT const __grid_constant__
#define DEVICE_TABLE __device__
#define SYNCHRONISE() __syncthreads()
#define ANY_OF_WARP(condition) (__any_sync(~0u, condition) != 0)
#define SYNCHRONISE_WARP() __syncwarp()
// The number of another thread of the warp, the bits of whose index differ in these.
#define OF_OTHER_THREAD(number, bits) __shfl_xor_sync(~0u, number, bits)
#define SHARED __shared__ __align__(16)
#define UNROLLED _Pragma("unroll")
#define ROLLED _Pragma("unroll 1")

DEVICE float exp2_approximate(float a) {
    float result;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(a));
    return result;
}

DEVICE float inverse_root_approximate(float a) {
    float result;
    asm("rsqrt.approx.f32 %0, %1;" : "=f"(result) : "f"(a));
    return result;
}

DEVICE float root_approximate(float a) {
    float result;
    asm("sqrt.approx.f32 %0, %1;" : "=f"(result) : "f"(a));
    return result;
}

DEVICE float quotient_approximate(float a, float b) {
    float result;
    asm("div.full.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
    return result;
}
#endif

#ifdef RKEOPS_DOUBLE
typedef double Number;
typedef unsigned long long Bits;
typedef long long Integer;
typedef double2 Vector;
#define MINUS_BIT 0x8000000000000000ull
DEVICE Bits bits_of(Number a) { return (Bits)__double_as_longlong(a); }
DEVICE Number number_of(Bits a) { return __longlong_as_double((long long)a); }
DEVICE Number multiply_add(Number a, Number b, Number c) { return __fma_rn(a, b, c); }
DEVICE Number square_root(Number a) { return __dsqrt_rn(a); }
DEVICE Number absolute(Number a) { return fabs(a); }
DEVICE Number lower_integer(Number a) { return floor(a); }
DEVICE Number nearest_integer(Number a) { return rint(a); }
// Approximations are for float32.
DEVICE Number power_of_two(Number a) { return exp2(a); }
DEVICE Number inverse_root(Number a) { return rsqrt(a); }
DEVICE Number fast_square_root(Number a) { return __dsqrt_rn(a); }
DEVICE Number fast_quotient(Number a, Number b) { return a / b; }
DEVICE void unpack(Vector from, Number* to) { to[0] = from.x, to[1] = from.y; }
#else
typedef float Number;
typedef unsigned int Bits;
typedef int Integer;
typedef float4 Vector;
#define MINUS_BIT 0x80000000u
#define LARGEST 3.40282347e38f
#define SMALLEST 1e-30f
DEVICE Bits bits_of(Number a) { return __float_as_uint(a); }
DEVICE Number number_of(Bits a) { return __uint_as_float(a); }
DEVICE Number multiply_add(Number a, Number b, Number c) { return __fmaf_rn(a, b, c); }
DEVICE Number square_root(Number a) { return __fsqrt_rn(a); }
DEVICE Number absolute(Number a) { return fabsf(a); }
DEVICE Number lower_integer(Number a) { return floorf(a); }
DEVICE Number nearest_integer(Number a) { return rintf(a); }
DEVICE Number power_of_two(Number a) { return exp2_approximate(a); }
DEVICE Number inverse_root(Number a) { return inverse_root_approximate(a); }
DEVICE Number fast_square_root(Number a) { return root_approximate(a); }
DEVICE Number fast_quotient(Number a, Number b) { return quotient_approximate(a, b); }
DEVICE void unpack(Vector from, Number* to) { to[0] = from.x, to[1] = from.y, to[2] = from.z, to[3] = from.w; }
#endif

DEVICE Number minimum(Number a, Number b) { return a < b ? a : b; }
DEVICE Number maximum(Number a, Number b) { return a > b ? a : b; }
DEVICE Bits mask_bits(bool a) { return a ? ~(Bits)0 : (Bits)0; }

enum {
    VECTOR = sizeof(Vector) / sizeof(Number)
};
