// The kernels of a pass that pack what is known of rows, and merge the totals of their parts. Between these `reduce` makes the totals
// (`reduce.cu` or `columns.cu`).
//
// Before it come the constants and types of the pass and its stages as functions (`source.rs`). The third index of a block is
// the problem.

// What is known of a problem.
DEVICE void find_call(const Job& job, long long item, CallRow& call) {
    read(call, job.call + (job.call_items > 1 ? item : 0) * CALL_STRIDE);
}

#if PREPARES
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
#endif

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

// With those of another slice.
DEVICE void join(const Job& job, CallRow& call, KeptRow& kept, TotalRow& total, MergedLists& lists, long long slice,
                 long long place) {
    TotalRow other;
    take_state(other, in_memory(job, job.totals, slice, place));
    stage_merge(call, kept, total, other);
    join_lists(job, lists, slice, place);
}

#if MERGES
// What several threads of a part have come to for one row, half of them at a time. Blocks are those of `reduce`.
KERNEL(THREADS) merge_lanes(ARGUMENT Job job) {
    const int lanes = 1 << job.lane_bits, lane = threadIdx.x & (lanes - 1);
    const int group = threadIdx.x >> job.lane_bits, groups = THREADS >> job.lane_bits;
    const long long slice = ((long long)blockIdx.y << job.lane_bits) + lane, item = job.first_item + blockIdx.z;
    const Strip strip = strip_of(job, blockIdx.x);
    const long long first_row = strip.start + ((blockIdx.x - strip.first_block) << job.row_bits) + group;
    const long long first_place = total_place(job, item, blockIdx.x) + group;
    CallRow call;
    find_call(job, item, call);
    ROLLED
    for (int half = lanes / 2; half > 0; half /= 2) {
        ROLLED
        for (int r = 0; lane < half && r < ROWS && first_row + r * groups < strip.end; ++r) {
            const long long place = first_place + r * groups;
            KeptRow kept;
            TotalRow total;
            MergedLists lists;
            find_kept(job, item, first_row + r * groups, kept);
            take_state(total, in_memory(job, job.totals, slice, place));
            take_lists(job, lists, slice, place);
            join(job, call, kept, total, lists, slice + half, place);
            leave_state(total, in_memory(job, job.totals, slice, place));
        }
        SYNCHRONISE();
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
    MergedLists lists;
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
        if (threads > 1) leave_state(total, in_memory(job, job.totals, slice, place));
    }
    ROLLED
    for (int half = threads / 2; half > 0; half /= 2) {
        SYNCHRONISE();
        if (!has_part || lane >= half || lane + half >= job.parts) continue;
        join(job, call, kept, total, lists, (long long)(lane + half) << job.lane_bits, place);
        leave_state(total, in_memory(job, job.totals, slice, place));
    }
    if (!has_part || lane > 0) return;
    if (job.piece + 1 < job.pieces) {
        leave_state(total, in_memory(job, job.totals, slice, place));
        return;
    }
    Results results = {job, item, row};
    if (strip.reduced > 0) stage_finish(call, kept, total, results);
    else stage_nothing(call, kept, total, results);
    finish_lists(job, item, row, lists);
}
#endif
