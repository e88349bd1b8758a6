// The kernel that reduces: kept rows in registers meet tiles of reduced rows in shared memory, or in memory where these are long.

#if PRODUCTS > 0
// Kept rows meet the reduced rows of a tile. All threads of a warp go the same way, because tensor cores serve them together.
template <bool offers>
DEVICE void walk(const Job& job, CallRow& call, KeptRow (&kept)[ROWS], Registers<ANCHOR> (&anchor)[ROWS], BlockRow (&block)[ROWS],
                 ListsRow (&lists)[ROWS], const Number* tile, int first, int count, int lane, int, Places places) {
    ROLLED
    for (int j = 0; j < count; j += 4 * GROUP) {
        const int own = j + lane * GROUP;
        ReducedRow reduced[GROUP];
        UNROLLED
        for (int c = 0; c < GROUP; ++c) read(reduced[c], tile + (own + c) * STRIDE);
        PairNumbers pair[ROWS][GROUP];
        places.count = count - own;
        multiply(job, call, places, pair);
        pairs<offers>(call, kept, reduced, anchor, pair, block, lists, first + own, count - own);
        places.reduced += 4 * GROUP;
    }
}
#else
// Kept rows meet the reduced rows of a tile.
template <bool offers>
DEVICE void walk(const Job&, CallRow& call, KeptRow (&kept)[ROWS], Registers<ANCHOR> (&anchor)[ROWS], BlockRow (&block)[ROWS],
                 ListsRow (&lists)[ROWS], const Number* tile, int first, int count, int lane, int lanes, const Places&) {
    const int step = lanes * GROUP;
    const Number* rows = tile + lane * GROUP * STRIDE;
    int j = lane * GROUP;
    // Several groups without a look at how many there are.
    ROLLED
    for (const int last = count - GROUP - (UNROLL - 1) * step; UNROLL > 1 && j <= last;) {
        UNROLLED
        for (int u = 0; u < UNROLL; ++u, j += step, rows += lanes * GROUP * STRIDE) {
            ReducedRow reduced[GROUP];
            UNROLLED
            for (int c = 0; c < GROUP; ++c) read(reduced[c], rows + c * STRIDE);
            PairNumbers pair[ROWS][GROUP];
            contract_pairs(call, kept, reduced, pair);
            pairs<offers>(call, kept, reduced, anchor, pair, block, lists, first + j, GROUP);
        }
    }
    // Of the last group some may be beyond the rows: nothing comes of them.
    ROLLED
    for (; j < count; j += step, rows += lanes * GROUP * STRIDE) {
        ReducedRow reduced[GROUP];
        UNROLLED
        for (int c = 0; c < GROUP; ++c) read(reduced[c], rows + c * STRIDE);
        PairNumbers pair[ROWS][GROUP];
        contract_pairs(call, kept, reduced, pair);
        pairs<offers>(call, kept, reduced, anchor, pair, block, lists, first + j, count - j);
    }
}
#endif

#if REDUCES
KERNEL(THREADS) reduce(ARGUMENT Job job) {
    SHARED Number shared[REDUCED_IN_MEMORY ? VECTOR : TILE * STRIDE];
    const int lane_bits = (int)job.lane_bits, lanes = 1 << lane_bits, lane = threadIdx.x & (lanes - 1);
    const int group = threadIdx.x >> lane_bits, groups = THREADS >> lane_bits;
    const long long slice = ((long long)blockIdx.y << lane_bits) + lane, item = job.first_item + blockIdx.z;
    const long long total_row = total_place(job, item, blockIdx.x) + group;
    const Strip strip = strip_of(job, blockIdx.x);
    const long long first_row = strip.start + ((blockIdx.x - strip.first_block) << job.row_bits) + group;
    CallRow call;
    find_call(job, item, call);
    KeptRow kept[ROWS];
    Registers<ANCHOR> anchor[ROWS];
    BlockRow block[ROWS];
    TotalRow total[ROWS];
    ListsRow lists[ROWS];
    UNROLLED
    for (int r = 0; r < ROWS; ++r) {
        // Beyond the last row stands the last once more.
        const long long row = first_row + r * groups, place = total_row + r * groups;
        find_kept(job, item, row < strip.end ? row : strip.end - 1, kept[r]);
        place_state(block[r], in_memory(job, job.states, slice, place));
        place_state(total[r], in_memory(job, job.totals, slice, place));
        place_lists(job, lists[r], slice, place);
        start_total(total[r]);
        start_anchor(anchor[r]);
        start_block(block[r]);
    }
    // Where the rows of the problem are among those that are packed.
    const long long kept_place = (job.kept_items > 1 ? item : 0) * job.kept_rows;
    const long long reduced_place = (job.reduced_items > 1 ? item : 0) * job.reduced_rows;
    const Number* reduced = job.reduced + reduced_place * STRIDE;
    const int first_reduced = (int)job.first_reduced;
    long long passed = 0;
    int in_block = 0;
    for (long long k = strip.first_interval; k < strip.last_interval; ++k) {
        const Rows rows = next_rows(job, k, passed);
        for (int start = rows.from; start < rows.to; start += TILE) {
            const int count = rows.to - start < TILE ? rows.to - start : TILE;
            const Number* tile = reduced + (long long)start * STRIDE;
            if (!REDUCED_IN_MEMORY) {
                SYNCHRONISE();
                ROLLED
                for (int v = threadIdx.x; v < count * (STRIDE / VECTOR); v += THREADS) {
                    ((Vector*)shared)[v] = ((const Vector*)tile)[v];
                }
                SYNCHRONISE();
                tile = shared;
            }
            const Places places = places_of(kept_place, first_row, strip.end - 1, reduced_place + start);
            walk<true>(job, call, kept, anchor, block, lists, tile, first_reduced + start, count, lane, lanes, places);
            if (ANCHOR > 0) {
                bool again = false;
                UNROLLED
                for (int r = 0; r < ROWS; ++r) again |= reanchor(call, kept[r], anchor[r], block[r], total[r]);
                if (PRODUCTS > 0) again = ANY_OF_WARP(again);
                if (again) {
                    UNROLLED
                    for (int r = 0; r < ROWS; ++r) start_block(block[r]);
                    walk<false>(job, call, kept, anchor, block, lists, tile, first_reduced + start, count, lane, lanes, places);
                }
            }
            // A lane takes few rows of a tile, so its block lasts for several, unless more is asked of a block.
            in_block += count;
            if (ANCHOR > 0 || in_block >= BLOCK_ROWS << lane_bits || start + TILE >= rows.to) {
                in_block = 0;
                UNROLLED
                for (int r = 0; r < ROWS; ++r) {
                    stage_absorb(call, kept[r], anchor[r], block[r], total[r]);
                    start_block(block[r]);
                }
            }
        }
    }
    UNROLLED
    for (int r = 0; r < ROWS; ++r) {
        leave_state(total[r], in_memory(job, job.totals, slice, total_row + r * groups));
        leave_lists(job, lists[r], slice, total_row + r * groups);
    }
}
#endif
