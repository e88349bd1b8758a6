// The kernels of a pass: what is known earlier is packed, kept rows in registers meet tiles of reduced rows in shared memory,
// and the totals of their parts are merged.
//
// Before it come the constants and types of the pass and its stages as functions (`source.rs`). The third index of a block is
// the problem.

// What is known of a problem.
DEVICE void find_call(const Job& job, long long item, CallRow& call) {
    read(call, job.call + (job.call_items > 1 ? item : 0) * CALL_STRIDE);
}

KERNEL(32) prepare_call(ARGUMENT Job job) {
    const long long item = job.first_item + blockIdx.z;
    if (threadIdx.x > 0) return;
    Memory call = {job.call + item * CALL_STRIDE, 1};
    load_call(job, item, 0, call);
    stage_call(call);
}

// What is known of a row of either index.
KERNEL(THREADS) prepare(ARGUMENT Job job) {
    const long long item = job.first_item + blockIdx.z;
    const bool is_kept = blockIdx.x < job.kept_blocks;
    const long long row = (blockIdx.x - (is_kept ? 0 : job.kept_blocks)) * THREADS + threadIdx.x;
    CallRow call;
    find_call(job, item, call);
    if (is_kept && item < job.kept_items && row < job.kept_rows) {
        Planes kept = planes_of(job, item * job.kept_rows + row);
        load_kept(job, item, row, kept);
        stage_kept(call, kept);
    }
    if (!is_kept && item < job.reduced_items && row < job.reduced_rows) {
        Memory reduced = {job.reduced + (item * job.reduced_rows + row) * STRIDE, 1};
        load_reduced(job, item, row, reduced);
        stage_reduced(call, reduced);
    }
}

DEVICE void find_kept(const Job& job, long long item, long long row, Planes& kept) {
    kept = planes_of(job, (job.kept_items > 1 ? item : 0) * job.kept_rows + row);
}

template <int count>
DEVICE void find_kept(const Job& job, long long item, long long row, Registers<count>& kept) {
    const Planes packed = planes_of(job, (job.kept_items > 1 ? item : 0) * job.kept_rows + row);
    UNROLLED
    for (int k = 0; k < count; k += VECTOR) {
        Number several[VECTOR];
        unpack(((const Vector*)packed.numbers)[k / VECTOR * packed.step], several);
        UNROLLED
        for (int c = 0; c < VECTOR; ++c) {
            if (k + c < count) kept[k + c] = several[c];
        }
    }
}

// The numbers of a slice in memory.
DEVICE Memory in_memory(const Job& job, Number* numbers, long long slice, long long total) {
    const long long rows = total_rows(job);
    Memory memory = {numbers + slice * rows + total, rows * slices(job)};
    return memory;
}

DEVICE void place_state(Memory& state, Memory where) { state = where; }
template <int count>
DEVICE void place_state(Registers<count>&, Memory) {}

DEVICE void leave_state(Memory&, Memory) {}
template <int count>
DEVICE void leave_state(Registers<count>& state, Memory where) {
    UNROLLED
    for (int k = 0; k < count; ++k) where[k] = state[k];
}

DEVICE void take_state(Memory& state, Memory where) { state = where; }
template <int count>
DEVICE void take_state(Registers<count>& state, Memory where) {
    UNROLLED
    for (int k = 0; k < count; ++k) state[k] = where[k];
}

#if PRODUCTS > 0
// Kept rows meet the reduced rows of a tile. All threads of a block go the same way, because tensor cores serve them together.
template <bool offers>
DEVICE void walk(const Job& job, CallRow& call, KeptRow (&kept)[ROWS], Registers<ANCHOR> (&anchor)[ROWS], BlockRow (&block)[ROWS],
                 ListsRow (&lists)[ROWS], const Number* tile, int first, int count, int lane, Places places) {
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
DEVICE void walk(CallRow& call, KeptRow (&kept)[ROWS], Registers<ANCHOR> (&anchor)[ROWS], BlockRow (&block)[ROWS],
                 ListsRow (&lists)[ROWS], const Number* tile, int first, int count, int lane, int lanes) {
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

// Totals and lists of a row to their place in memory.
DEVICE void leave(const Job& job, TotalRow& total, ListsRow& lists, long long slice, long long place) {
    leave_state(total, in_memory(job, job.totals, slice, place));
    leave_lists(job, lists, slice, place);
}

// With those of another slice.
DEVICE void join(const Job& job, CallRow& call, KeptRow& kept, TotalRow& total, ListsRow& lists, long long slice,
                 long long place) {
    TotalRow other;
    take_state(other, in_memory(job, job.totals, slice, place));
    stage_merge(call, kept, total, other);
    join_lists(job, lists, slice, place);
}

// The slice of a row with another one.
DEVICE void merge_slices(const Job& job, CallRow& call, long long item, long long row, long long slice, long long other,
                         long long place) {
    KeptRow kept;
    TotalRow total;
    ListsRow lists;
    find_kept(job, item, row, kept);
    take_state(total, in_memory(job, job.totals, slice, place));
    take_lists(job, lists, slice, place);
    join(job, call, kept, total, lists, other, place);
    leave(job, total, lists, slice, place);
}

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
    const Number* reduced = job.reduced + (job.reduced_items > 1 ? item : 0) * job.reduced_rows * STRIDE;
    const long long begin = blockIdx.y * job.part_rows, end = begin + job.part_rows;
    const int first_reduced = (int)job.first_reduced;
    long long passed = 0;
    int in_block = 0;
    for (long long k = strip.first_interval; k < strip.last_interval; ++k) {
        const long long first = job.strips ? job.intervals[2 * k] : 0;
        const long long length = (job.strips ? job.intervals[2 * k + 1] : job.reduced_rows) - first;
        const int from = (int)(first + (begin > passed ? begin - passed : 0));
        const int to = (int)(first + (end - passed < length ? end - passed : length));
        passed += length;
        for (int start = from; start < to; start += TILE) {
            const int count = to - start < TILE ? to - start : TILE;
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
#if PRODUCTS > 0
            const long long kept_item = job.kept_items > 1 ? item : 0, reduced_item = job.reduced_items > 1 ? item : 0;
            const Places places = {kept_item * job.kept_rows + first_row, kept_item * job.kept_rows + strip.end - 1,
                                   reduced_item * job.reduced_rows + start, 0};
            walk<true>(job, call, kept, anchor, block, lists, tile, first_reduced + start, count, lane, places);
#else
            walk<true>(call, kept, anchor, block, lists, tile, first_reduced + start, count, lane, lanes);
#endif
            if (ANCHOR > 0) {
                bool again = false;
                UNROLLED
                for (int r = 0; r < ROWS; ++r) again |= reanchor(call, kept[r], anchor[r], block[r], total[r]);
#if PRODUCTS > 0
                again = SYNCHRONISED_ANY(again);
#endif
                if (again) {
                    UNROLLED
                    for (int r = 0; r < ROWS; ++r) start_block(block[r]);
#if PRODUCTS > 0
                    walk<false>(job, call, kept, anchor, block, lists, tile, first_reduced + start, count, lane, places);
#else
                    walk<false>(call, kept, anchor, block, lists, tile, first_reduced + start, count, lane, lanes);
#endif
                }
            }
            // A lane takes few rows of a tile, so its block lasts for several, unless more is asked of a block.
            in_block += count;
            if (ANCHOR > 0 || in_block >= BLOCK_ROWS << lane_bits || start + TILE >= to) {
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
    for (int r = 0; r < ROWS; ++r) leave(job, total[r], lists[r], slice, total_row + r * groups);
    // What several threads have come to for one row, half of them at a time, by way of memory.
    ROLLED
    for (int half = lanes / 2; half > 0; half /= 2) {
        SYNCHRONISE();
        ROLLED
        for (int r = 0; lane < half && r < ROWS; ++r) {
            const long long row = first_row + r * groups, place = total_row + r * groups;
            merge_slices(job, call, item, row < strip.end ? row : strip.end - 1, slice, slice + half, place);
        }
    }
}

// The results of each row, from the totals of its parts, which one thread merges or several. Of several pieces of the reduced rows
// the first begins totals that each adds its own to, and the last makes results of.
KERNEL(THREADS) merge(ARGUMENT Job job) {
    const int threads = 1 << job.merge_bits, lane = threadIdx.x & (threads - 1);
    const long long k = (blockIdx.x * (long long)THREADS + threadIdx.x) >> job.merge_bits;
    const long long item = job.first_item + blockIdx.z;
    const long long block = k >> job.row_bits, in_block = k & ((1ll << job.row_bits) - 1);
    const Strip strip = strip_of(job, block < job.blocks ? block : 0);
    const long long row = strip.start + ((block - strip.first_block) << job.row_bits) + in_block;
    const long long place = total_place(job, item, block) + in_block;
    const bool is_row = block < job.blocks && row < strip.end, has_part = is_row && lane < job.parts;
    CallRow call;
    KeptRow kept;
    TotalRow total;
    ListsRow lists;
    find_call(job, item, call);
    const bool adds = job.pieces > 1 && lane == 0;
    const long long slice = adds ? slices(job) - 1 : (long long)lane << job.lane_bits;
    if (has_part) {
        find_kept(job, item, row, kept);
        if (adds && job.piece == 0) {
            place_state(total, in_memory(job, job.totals, slice, place));
            start_total(total);
            place_lists(job, lists, slice, place);
        } else {
            take_state(total, in_memory(job, job.totals, slice, place));
            take_lists(job, lists, slice, place);
        }
        ROLLED
        for (long long part = adds ? 0 : lane + threads; part < job.parts; part += threads) {
            join(job, call, kept, total, lists, part << job.lane_bits, place);
        }
        if (threads > 1) leave(job, total, lists, slice, place);
    }
    ROLLED
    for (int half = threads / 2; half > 0; half /= 2) {
        SYNCHRONISE();
        if (!has_part || lane >= half || lane + half >= job.parts) continue;
        join(job, call, kept, total, lists, (long long)(lane + half) << job.lane_bits, place);
        leave(job, total, lists, slice, place);
    }
    if (!has_part || lane > 0) return;
    if (job.piece + 1 < job.pieces) {
        leave(job, total, lists, slice, place);
        return;
    }
    Results results = {job, item, row};
    if (strip.reduced > 0) stage_finish(call, kept, total, results);
    else stage_nothing(call, kept, total, results);
    finish_lists(job, item, row, lists);
}
