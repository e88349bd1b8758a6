// The kernel that reduces to many columns: weights of pairs, which threads make as any values of pairs, times what is known of reduced
// rows. Four threads share a kept row. Each has the weights of some reduced rows and the sums of some columns, and what other
// numbers a block has; these become one for all four before the block is added to the total, which the four have in common.

enum {
    // Reduced rows of a block, whose sums are as exact as those of fewer where one number is added to another: here 32 are at a time.
    SPAN = 1024,
    TOGETHER = 4 * GROUP,
};

// Of each column that a thread sums, for each of its kept rows.
typedef Number ColumnSums[COLUMN_TILES][ROWS][2];

#if DIFFERENCES
DEVICE Number term_of(Number kept, Number reduced) { return REVERSED ? reduced - kept : kept - reduced; }
DEVICE Number number_of_kept(KeptRow& kept, int column) { return kept[column_of_kept(column)]; }

// Adds weights times differences for reduced rows of which columns lie together.
DEVICE void add_differences(const Job& job, long long item, int first, int k, Number (*all)[TOGETHER + 1], const ColumnSums& kept,
                            ColumnSums& sums, int tile) {
    const Number* numbers = column_number(job, item, first + k, tile * 8 + 2 * (threadIdx.x & 3));
    Number weights[ROWS][4];
    UNROLLED
    for (int c = 0; c < ROWS * 4; ++c) weights[c / 4][c % 4] = all[c / 4][k + c % 4];
    UNROLLED
    for (int n = 0; n < COLUMN_TILES * 2; ++n) {
        Number four[4];
        unpack(*(const Vector*)(numbers + n / 2 * COLUMN_STEP + n % 2 * 4), four);
        UNROLLED
        for (int c = 0; c < ROWS * 4; ++c) {
            Number& sum = sums[n / 2][c % ROWS][n % 2];
            sum = multiply_add(weights[c % ROWS][c / ROWS], term_of(kept[n / 2][c % ROWS][n % 2], four[c / ROWS]), sum);
        }
    }
}
#else
DEVICE Number term_of(Number, Number reduced) { return reduced; }
DEVICE Number number_of_kept(KeptRow&, int) { return 0; }
#endif

// Adds weights times columns one by one: differences, or where infinity or NaN among them would make NaN of all.
DEVICE void add_columns(const Job& job, long long item, int first, int from, int to, Number (*all)[TOGETHER + 1], const ColumnSums& kept,
                        ColumnSums& sums, int tile) {
    ROLLED
    for (int k = from; k < to; ++k) {
#if DIFFERENCES
        if (k % 4 == 0 && k + 4 <= to) {
            add_differences(job, item, first, k, all, kept, sums, tile);
            k += 3;
            continue;
        }
#endif
        const ColumnNumber* numbers = column_number(job, item, first + k, tile * 8 + 2 * (threadIdx.x & 3));
        UNROLLED
        for (int q = 0; q < COLUMN_TILES; ++q) {
            UNROLLED
            for (int e = 0; e < 2; ++e) {
                UNROLLED
                for (int r = 0; r < ROWS; ++r) {
                    const Number term = term_of(DIFFERENCES ? kept[q][r][e] : 0, number_of_column(numbers[q * COLUMN_STEP + 4 * e]));
                    sums[q][r][e] = multiply_add(all[r][k], term, sums[q][r][e]);
                }
            }
        }
    }
}

// The sums of some columns, and the other numbers of a block, of the reduced rows from one to another.
DEVICE void sum_columns(const Job& job, CallRow& call, KeptRow (&kept)[ROWS], Registers<ANCHOR> (&anchor)[ROWS],
                        BlockRow (&block)[ROWS], const ColumnSums& kept_columns, ColumnSums& sums, long long item, const Places& places, int from, int to,
                        int tile, bool is_exact) {
    SHARED Number shared[THREADS / 4 * ROWS][TOGETHER + 1];
    Number(*own_weights)[TOGETHER + 1] = shared + (threadIdx.x >> 2) * ROWS;
    const int lane = threadIdx.x & 3, column = threadIdx.x >> 2 & 7;
    const long long reduced_item = job.reduced_items > 1 ? item : 0;
    ListsRow lists[ROWS];
    // Columns of four rows lie together.
    ROLLED
    for (int first = from & ~3; first < to; first += TOGETHER) {
        const int own = first + lane * GROUP;
        const Number* rows = job.reduced + (places.reduced + own) * STRIDE;
        ReducedRow reduced[GROUP];
        UNROLLED
        for (int c = 0; c < GROUP; ++c) read(reduced[c], rows + c * STRIDE);
        PairNumbers pair[ROWS][GROUP];
#if PRODUCTS > 0
        const Places here = {places.kept, places.more, to - own, places.reduced + first};
        multiply(job, call, here, pair);
#else
        contract_pairs(call, kept, reduced, pair);
#endif
        pairs<true>(call, kept, reduced, anchor, pair, block, lists, own, to - own, from - own);
        Number weights[ROWS][GROUP];
        UNROLLED
        for (int c = 0; c < GROUP; ++c) {
            const bool counts = own + c >= from && own + c < to;
            UNROLLED
            for (int r = 0; r < ROWS; ++r) weights[r][c] = counts ? pair[r][c][WEIGHT] : 0;
        }
        if (DIFFERENCES || is_exact) {
            UNROLLED
            for (int k = 0; k < ROWS * GROUP; ++k) own_weights[k / GROUP][lane * GROUP + k % GROUP] = weights[k / GROUP][k % GROUP];
            SYNCHRONISE_WARP();
            const int end = to - first < TOGETHER ? to - first : TOGETHER;
            add_columns(job, reduced_item, first, from > first ? from - first : 0, end, own_weights, kept_columns, sums, tile);
            SYNCHRONISE_WARP();
            continue;
        }
#if !DIFFERENCES
        SYNCHRONISE_WARP();
        const ColumnNumber* numbers = column_number(job, reduced_item, first + lane * GROUP, tile * 8 + column);
        UNROLLED
        for (int q = 0; q < COLUMN_TILES; ++q) {
#if NARROW
            unsigned columns[GROUP / 2];
            UNROLLED
            for (int k = 0; k < GROUP / 4; ++k) {
                const unsigned long long four = *(const unsigned long long*)(numbers + k * COLUMN_ROW_STEP + q * COLUMN_STEP);
                columns[2 * k] = (unsigned)four, columns[2 * k + 1] = (unsigned)(four >> 32);
            }
            multiply_narrow_columns<SPLIT>(weights, columns, sums[q]);
#else
            Number columns[GROUP];
            UNROLLED
            for (int k = 0; k < GROUP / 4; ++k) {
                Number four[4];
                unpack(*(const Vector*)(numbers + k * COLUMN_ROW_STEP + q * COLUMN_STEP), four);
                UNROLLED
                for (int c = 0; c < 4; ++c) columns[4 * k + c] = four[c];
            }
            multiply_columns<SPLIT>(weights, columns, sums[q]);
#endif
        }
#endif
    }
}

// A block of the reduced rows from one to another is added to the totals.
DEVICE void add_block(const Job& job, CallRow& call, KeptRow (&kept)[ROWS], Registers<ANCHOR> (&anchor)[ROWS], long long item,
                      const Places& places, long long total_row, int from, int to) {
    const int lane = threadIdx.x & 3;
    BlockRow block[ROWS];
    bool is_exact = false;
    ROLLED
    for (int group = 0; group < COLUMN_GROUPS;) {
        ColumnSums sums, kept_columns;
        UNROLLED
        for (int k = 0; DIFFERENCES && k < COLUMN_TILES * ROWS * 2; ++k) {
            const int column = (group * COLUMN_TILES + k / (2 * ROWS)) * 8 + 2 * lane + k % 2;
            kept_columns[k / (2 * ROWS)][k / 2 % ROWS][k % 2] = column < COLUMNS ? number_of_kept(kept[k / 2 % ROWS], column) : 0;
        }
        UNROLLED
        for (int k = 0; k < COLUMN_TILES * ROWS * 2; ++k) sums[k / (2 * ROWS)][k / 2 % ROWS][k % 2] = 0;
        UNROLLED
        for (int r = 0; r < ROWS; ++r) start_others(block[r]);
        sum_columns(job, call, kept, anchor, block, kept_columns, sums, item, places, from, to, group * COLUMN_TILES, is_exact);
        UNROLLED
        for (int r = 0; r < ROWS; ++r) join_others(block[r]);
        if (ANCHOR > 0) {
            bool again = false;
            UNROLLED
            for (int r = 0; r < ROWS; ++r) {
                TotalRow total = in_memory(job, job.totals, blockIdx.y, total_row + r * (THREADS / 4));
                again |= reanchor(call, kept[r], anchor[r], block[r], total);
            }
            if (ANY_OF_WARP(again)) {
                is_exact = false;
                continue;
            }
        }
        bool are_numbers = true;
        UNROLLED
        for (int k = 0; k < COLUMN_TILES * ROWS * 2; ++k) {
            are_numbers = absolute(sums[k / (2 * ROWS)][k / 2 % ROWS][k % 2]) <= LARGEST && are_numbers;
        }
        if (!DIFFERENCES && !is_exact && ANY_OF_WARP(!are_numbers)) {
            is_exact = true;
            continue;
        }
        UNROLLED
        for (int r = 0; r < ROWS; ++r) {
            Memory state = in_memory(job, job.states, blockIdx.y, total_row + r * (THREADS / 4));
            UNROLLED
            for (int k = 0; k < COLUMN_TILES * 2; ++k) {
                const int column = (group * COLUMN_TILES + k / 2) * 8 + 2 * lane + k % 2;
                if (column < COLUMNS) state[column_of_block(column)] = sums[k / 2][r][k % 2];
            }
            if (lane == 0) leave_others(block[r], state);
        }
        is_exact = false, ++group;
    }
    SYNCHRONISE_WARP();
    UNROLLED
    for (int r = 0; r < ROWS; ++r) {
        const long long place = total_row + r * (THREADS / 4);
        Memory state = in_memory(job, job.states, blockIdx.y, place), total = in_memory(job, job.totals, blockIdx.y, place);
        absorb_columns(call, kept[r], anchor[r], state, total, lane);
    }
    SYNCHRONISE_WARP();
    UNROLLED
    for (int r = 0; r < ROWS; ++r) {
        const long long place = total_row + r * (THREADS / 4);
        Memory state = in_memory(job, job.states, blockIdx.y, place), total = in_memory(job, job.totals, blockIdx.y, place);
        if (lane == 0) absorb_others(call, kept[r], anchor[r], state, total);
    }
    SYNCHRONISE_WARP();
}

#if REDUCES
KERNEL(THREADS) reduce(ARGUMENT Job job) {
    const int groups = THREADS / 4, group = threadIdx.x >> 2, lane = threadIdx.x & 3;
    const long long item = job.first_item + blockIdx.z, total_row = total_place(job, item, blockIdx.x) + group;
    const Strip strip = strip_of(job, blockIdx.x);
    const long long first_row = strip.start + ((blockIdx.x - strip.first_block) << job.row_bits) + group;
    CallRow call;
    find_call(job, item, call);
    KeptRow kept[ROWS];
    Registers<ANCHOR> anchor[ROWS];
    UNROLLED
    for (int r = 0; r < ROWS; ++r) {
        // Beyond the last row stands the last once more.
        const long long row = first_row + r * groups;
        find_kept(job, item, row < strip.end ? row : strip.end - 1, kept[r]);
        start_anchor(anchor[r]);
        TotalRow total = in_memory(job, job.totals, blockIdx.y, total_row + r * groups);
        if (lane == 0) start_total(total);
    }
    SYNCHRONISE_WARP();
    const long long kept_place = (job.kept_items > 1 ? item : 0) * job.kept_rows;
    const long long reduced_place = (job.reduced_items > 1 ? item : 0) * job.reduced_rows;
    const Places places = places_of(kept_place, first_row, strip.end - 1, reduced_place);
    long long passed = 0;
    ROLLED
    for (int k = (int)strip.first_interval; k < (int)strip.last_interval; ++k) {
        const Rows rows = next_rows(job, k, passed);
        ROLLED
        for (int start = rows.from; start < rows.to; start += SPAN) {
            const int end = rows.to - start < SPAN ? rows.to : start + SPAN;
            add_block(job, call, kept, anchor, item, places, total_row, start, end);
        }
    }
}
#endif
