// What a launch is told. All fields have 64 bits, so that the library writes them as words; `job.rs` has the same order.

struct Job {
    // Rows of a problem, and problems. Of those whose rows are the same in all problems one is packed.
    long long kept_rows;
    long long reduced_rows;
    long long items;
    long long kept_items;
    long long reduced_items;
    long long call_items;
    long long batch_shape[AXES];
    // The problem of the blocks with the third index 0.
    long long first_item;
    // Where rows come in pieces: the first kept row and the first reduced row of this one among all; which piece of the reduced rows
    // it is, and how many there are.
    long long first_kept;
    long long first_reduced;
    long long piece;
    long long pieces;
    // Blocks that pack kept rows; the others pack reduced rows.
    long long kept_blocks;
    // Blocks of kept rows of a problem, and how many rows each has, as a power of two; how many threads share the reduced rows
    // of one kept row, as a power of two; parts of the reduced rows, each with so many rows; how many threads merge the parts
    // of a row, as a power of two.
    long long blocks;
    long long row_bits;
    long long lane_bits;
    long long parts;
    long long part_rows;
    long long merge_bits;
    // Blocks of the matrix of pairs: strips of kept rows and the intervals of reduced rows that they meet. None for all pairs.
    long long strips;
    // Rows of both sides as factors of products, with those that may be read beyond the last, and problems with a centre of
    // their own.
    long long kept_factor_rows;
    long long reduced_factor_rows;
    long long centre_items;
    // Reduced rows of a problem whose columns are packed for products, with zeros beyond the last.
    long long column_rows;
    const long long* strip_rows;
    const long long* intervals;
    // What is known per problem, per kept row (some planes after others) and per reduced row (a row after another); the totals of
    // parts; blocks and lists of nearest values that registers cannot hold.
    Number* call;
    Number* kept;
    Number* reduced;
    Number* totals;
    Number* states;
    Number* list_values;
    int* list_rows;
    // Rows as factors of products, the sums of their squares, and what they are taken from.
    Number* kept_factors;
    Number* reduced_factors;
    Number* kept_squares;
    Number* reduced_squares;
    Number* centres;
    Number* columns;
    Array inputs[INPUTS > 0 ? INPUTS : 1];
    Array outputs[OUTPUTS > 0 ? OUTPUTS : 1];
};

// Numbers of a row in registers: every position is known where this is compiled.
template <int count>
struct Registers {
    Number numbers[count > 0 ? count : 1];
    DEVICE_MEMBER Number& operator[](int k) { return numbers[k]; }
};

// Numbers of a row in memory, a step apart.
struct Memory {
    Number* numbers;
    long long step;
    DEVICE_MEMBER Number& operator[](long long k) { return numbers[k * step]; }
};

// Numbers of a kept row in memory: as many as a vector has lie side by side, those of the next row beside them, and the next ones
// of the row so many vectors further. That both are whole vectors is said so that they are read as such.
struct Planes {
    Number* numbers;
    long long step;
    DEVICE_MEMBER Number& operator[](unsigned k) {
        Number* aligned = (Number*)__builtin_assume_aligned(numbers, sizeof(Vector));
        return aligned[k / VECTOR * step * VECTOR + k % VECTOR];
    }
};

// The planes of a kept row, which is counted among those of all problems that are packed.
DEVICE Planes planes_of(const Job& job, long long row) {
    Planes planes = {job.kept + row * VECTOR, job.kept_items * job.kept_rows};
    return planes;
}

// Numbers of a row in memory, one after another, to be read.
struct Packed {
    const Number* numbers;
    DEVICE_MEMBER const Number& operator[](long long k) const { return numbers[k]; }
};

template <int count>
DEVICE void read(Registers<count>& row, const Number* from) {
    UNROLLED
    for (int k = 0; k < count; k += VECTOR) {
        Number several[VECTOR];
        unpack(*(const Vector*)(from + k), several);
        UNROLLED
        for (int c = 0; c < VECTOR; ++c) {
            if (k + c < count) row.numbers[k + c] = several[c];
        }
    }
}

DEVICE void read(Packed& row, const Number* from) { row.numbers = from; }

// The problem that the rows of an array belong to: its first element.
RARELY long long later_place(const long long* shape, const long long* steps, unsigned item) {
    long long place = 0;
    ROLLED
    for (int axis = AXES - 1; axis >= 0; --axis) {
        const unsigned extent = (unsigned)shape[axis];
        place += item % extent * steps[axis];
        item /= extent;
    }
    return place;
}

DEVICE long long problem_place(const Job& job, const Array& array, long long item) {
    return item == 0 ? 0 : later_place(job.batch_shape, array.batch_steps, (unsigned)item);
}

// Which kept rows a block of threads has.
struct Strip {
    long long first_block;
    long long start;
    long long end;
    long long first_interval;
    long long last_interval;
    // Reduced rows that they meet.
    long long reduced;
};

DEVICE Strip strip_of(const Job& job, long long block) {
    Strip strip;
    if (job.strips == 0) {
        strip.first_block = 0, strip.start = 0, strip.end = job.kept_rows;
        strip.first_interval = 0, strip.last_interval = 1, strip.reduced = job.reduced_rows;
        return strip;
    }
    long long low = 0, high = job.strips;
    while (low + 1 < high) {
        const long long middle = (low + high) / 2;
        if (job.strip_rows[6 * middle] <= block) low = middle;
        else high = middle;
    }
    const long long* words = job.strip_rows + 6 * low;
    strip.first_block = words[0], strip.start = words[1], strip.end = words[2];
    strip.first_interval = words[3], strip.last_interval = words[4], strip.reduced = words[5];
    return strip;
}

// How far the totals of one slot are from those of the next, and how many slices of a row there are.
DEVICE long long total_rows(const Job& job) { return (job.items * job.blocks) << job.row_bits; }
// Where the totals of the first row of a block are among those of all rows of all problems.
DEVICE long long total_place(const Job& job, long long item, long long block) {
    return (item * job.blocks + block) << job.row_bits;
}

// Where there are several pieces of reduced rows, the last slice has what those before this one have come to.
DEVICE long long slices(const Job& job) { return (job.parts << job.lane_bits) + (job.pieces > 1); }

// The rows of an interval that belong to this block's part, of which so many rows have passed before it. Intervals may be more rows than
// an integer counts, but each has fewer.
struct Rows {
    int from;
    int to;
};

DEVICE Rows next_rows(const Job& job, long long interval, long long& passed) {
    const long long first = job.strips ? job.intervals[2 * interval] : 0;
    const long long length = (job.strips ? job.intervals[2 * interval + 1] : job.reduced_rows) - first;
    const long long before = blockIdx.y * job.part_rows - passed, until = before + job.part_rows;
    passed += length;
    const Rows rows = {(int)(first + (before < 0 ? 0 : before < length ? before : length)),
                       (int)(first + (until < 0 ? 0 : until < length ? until : length))};
    return rows;
}

// Where the rows are that tensor cores multiply for four threads: the first kept row of this thread and how many come after it, the
// first reduced row of the four, and how many this thread takes of those that come to it.
struct Places {
    long long kept;
    int more;
    int count;
    long long reduced;
};

// Beyond the last row stands the last once more.
DEVICE Places places_of(long long kept_place, long long first, long long last, long long reduced) {
    Places places = {kept_place + (first < last ? first : last), first < last ? (int)(last - first) : 0, 0, reduced};
    return places;
}
