// Sums over the components of a pair as products of matrices, by tensor cores: of inner products the matrices are what is known of
// kept and of reduced rows, of squared distances these less a centre, and |x - y|^2 = |x|^2 + |y|^2 - 2 <x, y>. Where that cancels,
// or is no number, the pair is computed again term by term.
//
// Before it come the products of a pass (`source.rs`), each a structure: how many TERMS, whether they are SQUARED differences,
// the FIRST chunk of its factors, the PLANE of a pair that holds the sum, its NUMBER, and the planes of rows that make a term.

// Adds the products of a chunk of components to a plane of pairs. Thread g of 8 with thread t of 4 has the components 4 t to 4 t + 3
// of its kept rows and of one reduced row of each two that a thread of g / 2 takes sums of.
template <int is_split, class Pairs>
DEVICE void multiply_chunk(const Number (&kept)[ROWS][4], const Number (&reduced)[GROUP / 2][4], Pairs& pair, int plane) {
    unsigned high[ROWS / 2][2][4], low[ROWS / 2][2][4];
    UNROLLED
    for (int m = 0; m < ROWS / 2; ++m) {
        UNROLLED
        for (int k = 0; k < 8; ++k) {
            const int step = k / 4, which = k % 4;
            const float number = kept[2 * m + which % 2][2 * step + which / 2];
            high[m][step][which] = digits<is_split>(number, false), low[m][step][which] = digits<is_split>(number, true);
        }
    }
    UNROLLED
    for (int n = 0; n < GROUP / 2; ++n) {
        unsigned other_high[2][2], other_low[2][2];
        UNROLLED
        for (int k = 0; k < 4; ++k) {
            other_high[k / 2][k % 2] = digits<is_split>(reduced[n][k], false);
            other_low[k / 2][k % 2] = digits<is_split>(reduced[n][k], true);
        }
        UNROLLED
        for (int m = 0; m < ROWS / 2; ++m) {
            float sums[4] = {0, 0, 0, 0};
            UNROLLED
            for (int step = 0; is_split && step < 2; ++step) {
                multiply_fragments(sums, low[m][step], other_high[step]);
                multiply_fragments(sums, high[m][step], other_low[step]);
            }
            UNROLLED
            for (int step = 0; step < 2; ++step) multiply_fragments(sums, high[m][step], other_high[step]);
            UNROLLED
            for (int k = 0; k < 4; ++k) pair[2 * m + k / 2][2 * n + k % 2][plane] += sums[k];
        }
    }
}

#if NARROW
// The same of words of two bfloat16 components each.
template <class Pairs>
DEVICE void multiply_narrow_chunk(const Number (&kept)[ROWS][4], const Number (&reduced)[GROUP / 2][4], Pairs& pair, int plane) {
    UNROLLED
    for (int n = 0; n < GROUP / 2; ++n) {
        UNROLLED
        for (int m = 0; m < ROWS / 2; ++m) {
            float sums[4] = {0, 0, 0, 0};
            UNROLLED
            for (int step = 0; step < 2; ++step) {
                unsigned a[4], b[2];
                UNROLLED
                for (int k = 0; k < 4; ++k) a[k] = bits_of(kept[2 * m + k % 2][2 * step + k / 2]);
                UNROLLED
                for (int k = 0; k < 2; ++k) b[k] = bits_of(reduced[n][2 * step + k]);
                multiply_narrow_fragments(sums, a, b);
            }
            UNROLLED
            for (int k = 0; k < 4; ++k) pair[2 * m + k / 2][2 * n + k % 2][plane] += sums[k];
        }
    }
}
#endif

// The median of some reduced rows: any row would do, and the nearer it is to most the fewer sums cancel.
template <class Product>
DEVICE void find_centre(const Job& job, long long item) {
    const int most = 15, count = job.reduced_rows < most ? (int)job.reduced_rows : most;
    const long long step = job.reduced_rows / count * STRIDE;
    const Number* rows = job.reduced + item * job.reduced_rows * STRIDE;
    ROLLED
    for (int term = threadIdx.x; Product::SQUARED && term < Product::TERMS; term += THREADS) {
        Number middle = 0;
        ROLLED
        for (int k = 0; k < count; ++k) {
            const Number value = rows[k * step + Product::reduced(term)];
            int before = 0;
            ROLLED
            for (int other = 0; other < count; ++other) {
                const Number number = rows[other * step + Product::reduced(term)];
                before += number < value || (number == value && other < k);
            }
            if (before == count / 2 && absolute(value) <= LARGEST) middle = value;
        }
        job.centres[(item * CHUNKS + Product::FIRST) * CHUNK + term] = middle;
    }
}

// A row as a factor: its chunks of components, each after the same of all rows before, and the sum of their squares.
template <class Product, bool is_kept, class Row>
DEVICE void pack_factor(const Job& job, Row& row, const Number* centre, long long place) {
    const long long rows = is_kept ? job.kept_factor_rows : job.reduced_factor_rows;
    Number* const factors = is_kept ? job.kept_factors : job.reduced_factors;
    double sum = 0;
    ROLLED
    for (int chunk = 0; chunk * CHUNK < Product::TERMS; ++chunk) {
        Number* to = factors + ((Product::FIRST + chunk) * rows + place) * CHUNK_WORDS;
        ROLLED
        for (int k = 0; k < CHUNK; ++k) {
            const int term = chunk * CHUNK + k;
            Number value = 0;
            if (term < Product::TERMS) {
                value = row[is_kept ? Product::kept(term) : Product::reduced(term)];
                if (Product::SQUARED) value -= centre[Product::FIRST * CHUNK + term];
            }
            if (NARROW) ((unsigned short*)to)[k] = (unsigned short)(bits_of(value) >> 16);
            else to[k] = value;
            sum += (double)value * value;
        }
    }
    if (Product::SQUARED) (is_kept ? job.kept_squares : job.reduced_squares)[Product::NUMBER * rows + place] = (Number)sum;
}

// A kept row of this thread, counted from its first one.
DEVICE int kept_row(const Places& places, int r) {
    const int row = r * (THREADS / 4);
    return row < places.more ? row : places.more;
}

// Whether a sum is a number, and the sum of both squares, where it is made of them, not much more: of what that loses, some units
// of the last place, it shall lose few, too. Of infinity none is larger.
template <int is_squared>
DEVICE bool is_right(Number sum, Number squares) {
    return is_squared ? sum > multiply_add(squares, 0.125f, SMALLEST) : absolute(sum) <= LARGEST;
}

// The sums of pairs, and a bit for each reduced row with one that has to be computed again.
template <class Product>
DEVICE unsigned multiply_rows(const Job& job, const Places& places, PairNumbers (&pair)[ROWS][GROUP]) {
    SYNCHRONISE_WARP();
    const int lane = threadIdx.x & 3, column = threadIdx.x >> 2 & 7;
    const long long kept_step = job.kept_factor_rows * CHUNK_WORDS, reduced_step = job.reduced_factor_rows * CHUNK_WORDS;
    const Number* kept_from = job.kept_factors + Product::FIRST * kept_step + places.kept * CHUNK_WORDS + 4 * lane;
    int rows[ROWS];
    UNROLLED
    for (int r = 0; r < ROWS; ++r) rows[r] = kept_row(places, r);
    const long long first = places.reduced + column / 2 * GROUP + column % 2;
    const Number* reduced_from = job.reduced_factors + Product::FIRST * reduced_step + first * CHUNK_WORDS + 4 * lane;
    Vector kept_next[ROWS], reduced_next[GROUP / 2];
    UNROLLED
    for (int r = 0; r < ROWS; ++r) kept_next[r] = *(const Vector*)(kept_from + rows[r] * CHUNK_WORDS);
    UNROLLED
    for (int n = 0; n < GROUP / 2; ++n) reduced_next[n] = *(const Vector*)(reduced_from + 2 * n * CHUNK_WORDS);
    UNROLLED
    for (int k = 0; k < ROWS * GROUP; ++k) pair[k / GROUP][k % GROUP][Product::PLANE] = 0;
    ROLLED
    for (int chunk = 0; chunk * CHUNK < Product::TERMS; ++chunk) {
        Number kept[ROWS][4], reduced[GROUP / 2][4];
        UNROLLED
        for (int r = 0; r < ROWS; ++r) unpack(kept_next[r], kept[r]);
        UNROLLED
        for (int n = 0; n < GROUP / 2; ++n) unpack(reduced_next[n], reduced[n]);
        // The next ones are on their way meanwhile.
        if ((chunk + 1) * CHUNK < Product::TERMS) kept_from += kept_step, reduced_from += reduced_step;
        UNROLLED
        for (int r = 0; r < ROWS; ++r) kept_next[r] = *(const Vector*)(kept_from + rows[r] * CHUNK_WORDS);
        UNROLLED
        for (int n = 0; n < GROUP / 2; ++n) reduced_next[n] = *(const Vector*)(reduced_from + 2 * n * CHUNK_WORDS);
#if NARROW
        multiply_narrow_chunk(kept, reduced, pair, Product::PLANE);
#else
        multiply_chunk<SPLIT>(kept, reduced, pair, Product::PLANE);
#endif
    }
    const Number* kept_squares = job.kept_squares + Product::NUMBER * job.kept_factor_rows + places.kept;
    const Number* reduced_squares = job.reduced_squares + Product::NUMBER * job.reduced_factor_rows + places.reduced + lane * GROUP;
    bool are_right = true;
    UNROLLED
    for (int c = 0; c < GROUP; ++c) {
        UNROLLED
        for (int r = 0; r < ROWS; ++r) {
            Number& sum = pair[r][c][Product::PLANE];
            const Number squares = Product::SQUARED ? kept_squares[rows[r]] + reduced_squares[c] : 0;
            if (Product::SQUARED) sum = multiply_add(-2, sum, squares);
            are_right = is_right<Product::SQUARED>(sum, squares) && are_right;
        }
    }
    if (are_right) return 0;
    unsigned wrong = 0;
    UNROLLED
    for (int k = 0; k < ROWS * GROUP; ++k) {
        const int r = k / GROUP, c = k % GROUP;
        const Number squares = Product::SQUARED ? kept_squares[rows[r]] + reduced_squares[c] : 0;
        if (c < places.count && !is_right<Product::SQUARED>(pair[r][c][Product::PLANE], squares)) wrong |= 1u << c;
    }
    return wrong;
}

// The sums of all pairs; where one is wrong, those of its reduced row are made term by term.
#define MULTIPLY(Product) wrong |= multiply_rows<Product>(job, places, pair);
DEVICE void multiply(const Job& job, CallRow& call, const Places& places, PairNumbers (&pair)[ROWS][GROUP]) {
    unsigned wrong = 0;
    EACH_PRODUCT(MULTIPLY)
    ROLLED
    while (wrong != 0) {
        const int which = __ffs((int)wrong) - 1;
        wrong &= wrong - 1;
        // Rows are found again, so that nothing has to be kept for this.
        KeptRow kept[ROWS];
        UNROLLED
        for (int r = 0; r < ROWS; ++r) kept[r] = planes_of(job, places.kept + kept_row(places, r));
        ReducedRow reduced[1];
        read(reduced[0], job.reduced + (places.reduced + (threadIdx.x & 3) * GROUP + which) * STRIDE);
        PairNumbers right[ROWS][1];
        contract_pairs(call, kept, reduced, right);
        UNROLLED
        for (int k = 0; k < ROWS * GROUP; ++k) {
            if (k % GROUP == which) pair[k / GROUP][k % GROUP] = right[k / GROUP][0];
        }
    }
}
