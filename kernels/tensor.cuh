// Products of small matrices by tensor cores, with the digits of float32.
//
// A factor is rounded to the 11 digits of TF32, and what this leaves is a second factor: of the four products three count
// (Ootomo and Yokota, Recovering single precision accuracy from Tensor Cores, 2022). Tensor cores do not round sums as a
// processor does (Fasi et al., Numerical behavior of NVIDIA tensor cores, 2021), so they add few terms at a time.
//
// Numbers that are bfloat16 in the caller's arrays are factors as they are.

#ifndef RKEOPS_SHIM
// The instructions of tensor cores, and their roundings.
DEVICE unsigned rounded(float a) {
    unsigned result;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(a));
    return result;
}

DEVICE void multiply_fragments(float (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

#if NARROW
// Two bfloat16 numbers of each factor where the others have one of TF32.
DEVICE void multiply_narrow_fragments(float (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

DEVICE unsigned both_narrow(float first, float second) {
    unsigned result;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(second), "f"(first));
    return result;
}
#endif
#endif

// A number as its nearest in TF32 and what that leaves, of which tensor cores drop the last digits: to add to its bits would make a
// zero of NaN. Of NaN the first may be anything, and the second is NaN.
DEVICE void split(float a, unsigned& high, unsigned& low) {
    high = (bits_of(a) + 0x1000u) & 0xffffe000u;
    low = bits_of(a - number_of(high));
}

// The first digits of a number, or those that they leave.
template <int is_split>
DEVICE unsigned digits(float a, bool are_last) {
    if (!is_split) return rounded(a);
    unsigned high, low;
    split(a, high, low);
    return are_last ? low : high;
}

#if NARROW
// Adds weights of pairs times columns of reduced rows to sums of kept rows, as below. Weights are two bfloat16 numbers each; columns
// are bfloat16 numbers, those of two reduced rows together.
template <int is_split>
DEVICE void multiply_narrow_columns(const Number (&weights)[ROWS][GROUP], const unsigned (&columns)[GROUP / 2], Number (&sums)[ROWS][2]) {
    UNROLLED
    for (int m = 0; m < ROWS / 2; ++m) {
        float together[4] = {0, 0, 0, 0};
        UNROLLED
        for (int n = 0; n < GROUP / 4; ++n) {
            unsigned high[4], low[4];
            UNROLLED
            for (int k = 0; k < 4; ++k) {
                const Number* two = &weights[2 * m + k % 2][4 * n + k / 2 * 2];
                high[k] = both_narrow(two[0], two[1]);
                low[k] = both_narrow(two[0] - number_of(high[k] << 16), two[1] - number_of(high[k] & 0xffff0000u));
            }
            const unsigned b[2] = {columns[2 * n], columns[2 * n + 1]};
            if (is_split) multiply_narrow_fragments(together, low, b);
            multiply_narrow_fragments(together, high, b);
        }
        UNROLLED
        for (int k = 0; k < 4; ++k) sums[2 * m + k / 2][k % 2] += together[k];
    }
}
#endif

// Adds weights of pairs times columns of reduced rows to sums of kept rows. Thread g of 8 with thread t of 4 has the weights of its
// kept rows with its GROUP reduced rows, which are those of its column g, and the sums of its kept rows for columns 2 t and 2 t + 1.
template <int is_split>
DEVICE void multiply_columns(const Number (&weights)[ROWS][GROUP], const Number (&columns)[GROUP], Number (&sums)[ROWS][2]) {
    UNROLLED
    for (int m = 0; m < ROWS / 2; ++m) {
        float together[4] = {0, 0, 0, 0};
        UNROLLED
        for (int part = is_split ? 0 : 2; part < 3; ++part) {
            UNROLLED
            for (int n = 0; n < GROUP / 2; ++n) {
                unsigned a[4], b[2];
                UNROLLED
                for (int k = 0; k < 4; ++k) a[k] = digits<is_split>(weights[2 * m + k % 2][2 * n + k / 2], part == 0);
                UNROLLED
                for (int k = 0; k < 2; ++k) b[k] = digits<is_split>(columns[2 * n + k], part == 1);
                multiply_fragments(together, a, b);
            }
        }
        UNROLLED
        for (int k = 0; k < 4; ++k) sums[2 * m + k / 2][k % 2] += together[k];
    }
}

// What four neighbouring threads have, the same in each.
DEVICE Number sum_of_four(Number a) {
    a += OF_OTHER_THREAD(a, 1);
    return a + OF_OTHER_THREAD(a, 2);
}
DEVICE Number largest_of_four(Number a) {
    a = maximum(a, OF_OTHER_THREAD(a, 1));
    return maximum(a, OF_OTHER_THREAD(a, 2));
}
DEVICE Number smallest_of_four(Number a) {
    a = minimum(a, OF_OTHER_THREAD(a, 1));
    return minimum(a, OF_OTHER_THREAD(a, 2));
}
