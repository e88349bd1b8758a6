// The kernels of a pass: what is known earlier is packed, kept rows in registers meet tiles of reduced rows in shared memory,
// and the totals of parts are merged.
//
// Before it come the constants and types of the pass and its stages as functions (`source.rs`).

// What is known per problem.
KERNEL(32) prepare_call(ARGUMENT Job job) {
    const long long item = blockIdx.x * 32ll + threadIdx.x;
    if (item >= job.call_items) return;
    Memory call = {job.call + item * CALL_STRIDE, 1};
    load_call(job, item, 0, call);
    stage_call(call);
}

// What is known per row of either index.
KERNEL(THREADS) prepare(ARGUMENT Job job) {
    long long k = blockIdx.x * (long long)THREADS + threadIdx.x;
    const long long kept_all = job.kept_items * job.kept_rows, reduced_all = job.reduced_items * job.reduced_rows;
    if (KEPT > 0 && k < kept_all) {
        const long long item = k / job.kept_rows, row = k % job.kept_rows;
        CallRow call;
        read(call, job.call + (job.call_items > 1 ? item : 0) * CALL_STRIDE);
        Memory kept = {job.kept + k, kept_all};
        load_kept(job, item, row, kept);
        stage_kept(call, kept);
        return;
    }
    k -= KEPT > 0 ? kept_all : 0;
    if (REDUCED > 0 && k < reduced_all) {
        const long long item = k / job.reduced_rows, row = k % job.reduced_rows;
        CallRow call;
        read(call, job.call + (job.call_items > 1 ? item : 0) * CALL_STRIDE);
        Memory reduced = {job.reduced + k * STRIDE, 1};
        load_reduced(job, item, row, reduced);
        stage_reduced(call, reduced);
    }
}

// Where a thread's rows are.
struct Place {
    Strip strip;
    long long item;
    // The row, or the last of the strip where there is none.
    long long row;
    // Where its totals are among those of all rows of all problems.
    long long total;
    bool is_row;
};

DEVICE Place place_of(const Job& job, long long block, int in_block) {
    Place place;
    const long long rows = (long long)(THREADS >> job.lane_bits) * ROWS;
    place.item = block / job.blocks;
    block %= job.blocks;
    place.strip = strip_of(job, block);
    place.row = place.strip.start + (block - place.strip.first_block) * rows + in_block;
    place.total = (place.item * job.blocks + block) * rows + in_block;
    place.is_row = place.row < place.strip.end;
    if (!place.is_row) place.row = place.strip.end - 1;
    return place;
}

DEVICE void find_kept(const Job& job, const Place& place, Memory& packed) {
    packed.step = job.kept_items * job.kept_rows;
    packed.numbers = job.kept + (job.kept_items > 1 ? place.item : 0) * job.kept_rows + place.row;
}

DEVICE void take_kept(Memory& kept, Memory& packed) { kept = packed; }

template <int count>
DEVICE void take_kept(Registers<count>& kept, Memory& packed) {
    UNROLLED
    for (int k = 0; k < count; ++k) kept[k] = packed[k];
}

// The totals of a slice, or its lists, in memory.
DEVICE Memory in_memory(const Job& job, Number* numbers, long long slice, long long total) {
    const long long rows = total_rows(job);
    Memory memory = {numbers + slice * rows + total, rows * slices(job)};
    return memory;
}

DEVICE void place_state(Memory& state, Memory where) { state = where; }
template <int count>
DEVICE void place_state(Registers<count>&, Memory) {}

DEVICE void leave_total(Memory&, Memory) {}
template <int count>
DEVICE void leave_total(Registers<count>& total, Memory where) {
    UNROLLED
    for (int k = 0; k < count; ++k) where[k] = total[k];
}

DEVICE void take_total(Memory& total, Memory where) { total = where; }
template <int count>
DEVICE void take_total(Registers<count>& total, Memory where) {
    UNROLLED
    for (int k = 0; k < count; ++k) total[k] = where[k];
}

// The results of a row.
DEVICE void finish(const Job& job, const Place& place, CallRow& call, KeptRow& kept, TotalRow& total, ListsRow& lists) {
    Results results = {job, place.item, place.row};
    if (place.strip.reduced > 0) stage_finish(call, kept, total, results);
    else stage_nothing(call, kept, total, results);
    finish_lists(job, place.item, place.row, lists);
}

// A kept row meets the reduced rows of a tile.
template <bool offers>
DEVICE void walk(CallRow& call, KeptRow (&kept)[ROWS], Registers<ANCHOR> (&anchor)[ROWS], BlockRow (&block)[ROWS],
                 ListsRow (&lists)[ROWS], const Number* tile, long long first, int count, int lane, int lanes) {
    int j = lane * GROUP;
    UNROLLED_BY(UNROLL)
    for (; j + GROUP <= count; j += lanes * GROUP) {
        ReducedRow reduced[GROUP];
        UNROLLED
        for (int c = 0; c < GROUP; ++c) read(reduced[c], tile + (long long)(j + c) * STRIDE);
        pairs<GROUP, offers>(call, kept, reduced, anchor, block, lists, first + j);
    }
    if (GROUP > 1) {
        // The last group may have fewer rows.
        ROLLED
        for (; j < count; ++j) {
            ReducedRow reduced[1];
            read(reduced[0], tile + (long long)j * STRIDE);
            pairs<1, offers>(call, kept, reduced, anchor, block, lists, first + j);
        }
    }
}

KERNEL(THREADS) reduce(ARGUMENT Job job) {
    SHARED Number shared[REDUCED_IN_MEMORY ? VECTOR : TILE * STRIDE];
    const int lanes = 1 << job.lane_bits, lane = threadIdx.x & (lanes - 1);
    const int group = threadIdx.x >> job.lane_bits, groups = THREADS >> job.lane_bits;
    const long long slice = ((long long)blockIdx.y << job.lane_bits) + lane;
    KeptRow kept[ROWS];
    Registers<ANCHOR> anchor[ROWS];
    BlockRow block[ROWS];
    TotalRow total[ROWS];
    ListsRow lists[ROWS];
    UNROLLED
    for (int r = 0; r < ROWS; ++r) {
        const Place place = place_of(job, blockIdx.x, group + r * groups);
        Memory packed;
        find_kept(job, place, packed);
        take_kept(kept[r], packed);
        place_state(block[r], in_memory(job, job.states, slice, place.total));
        place_state(total[r], in_memory(job, job.totals, slice, place.total));
        place_lists(job, lists[r], slice, place.total);
        start_total(total[r]);
        start_anchor(anchor[r]);
        start_block(block[r]);
    }
    const Strip strip = strip_of(job, blockIdx.x % job.blocks);
    const long long item = blockIdx.x / job.blocks;
    CallRow call;
    read(call, job.call + (job.call_items > 1 ? item : 0) * CALL_STRIDE);
    const Number* reduced = job.reduced + (job.reduced_items > 1 ? item : 0) * job.reduced_rows * STRIDE;
    const long long begin = blockIdx.y * job.part_rows, end = begin + job.part_rows;
    long long passed = 0;
    int in_block = 0;
    for (long long k = strip.first_interval; k < strip.last_interval; ++k) {
        const long long first = job.strips ? job.intervals[2 * k] : 0;
        const long long length = (job.strips ? job.intervals[2 * k + 1] : job.reduced_rows) - first;
        const long long from = first + (begin > passed ? begin - passed : 0);
        const long long to = first + (end - passed < length ? end - passed : length);
        passed += length;
        for (long long start = from; start < to; start += TILE) {
            const int count = to - start < TILE ? (int)(to - start) : TILE;
            const Number* tile = reduced + start * STRIDE;
            if (!REDUCED_IN_MEMORY) {
                SYNCHRONISE();
                for (int v = threadIdx.x; v < count * (STRIDE / VECTOR); v += THREADS) {
                    ((Vector*)shared)[v] = ((const Vector*)tile)[v];
                }
                SYNCHRONISE();
                tile = shared;
            }
            walk<true>(call, kept, anchor, block, lists, tile, start, count, lane, lanes);
            if (ANCHOR > 0) {
                bool again = false;
                UNROLLED
                for (int r = 0; r < ROWS; ++r) again |= reanchor(call, kept[r], anchor[r], block[r], total[r]);
                if (again) {
                    UNROLLED
                    for (int r = 0; r < ROWS; ++r) start_block(block[r]);
                    walk<false>(call, kept, anchor, block, lists, tile, start, count, lane, lanes);
                }
            }
            // A lane takes few rows of a tile, so its block lasts for several, unless more is asked of a block.
            in_block += count;
            if (ANCHOR > 0 || in_block >= BLOCK_ROWS << job.lane_bits) {
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
        if (in_block > 0) stage_absorb(call, kept[r], anchor[r], block[r], total[r]);
        // Found again rather than kept in registers all the while.
        const Place place = place_of(job, blockIdx.x, group + r * groups);
        if (slices(job) > 1) {
            leave_total(total[r], in_memory(job, job.totals, slice, place.total));
            leave_lists(job, lists[r], slice, place.total);
        } else if (place.is_row) {
            finish(job, place, call, kept[r], total[r], lists[r]);
        }
    }
}

// The totals of the parts of each row as one, in order.
KERNEL(THREADS) merge(ARGUMENT Job job) {
    const long long rows = (long long)(THREADS >> job.lane_bits) * ROWS;
    const long long k = blockIdx.x * (long long)THREADS + threadIdx.x;
    if (k >= job.items * job.blocks * rows) return;
    const Place place = place_of(job, k / rows, (int)(k % rows));
    if (!place.is_row) return;
    CallRow call;
    read(call, job.call + (job.call_items > 1 ? place.item : 0) * CALL_STRIDE);
    Memory packed;
    find_kept(job, place, packed);
    KeptRow kept;
    take_kept(kept, packed);
    TotalRow total, other;
    ListsRow lists;
    take_total(total, in_memory(job, job.totals, 0, place.total));
    place_lists(job, lists, 0, place.total);
    take_lists(job, lists, place.total);
    for (long long slice = 1; slice < slices(job); ++slice) {
        take_total(other, in_memory(job, job.totals, slice, place.total));
        stage_merge(call, kept, total, other);
        join_lists(job, lists, slice, place.total);
    }
    finish(job, place, call, kept, total, lists);
}
