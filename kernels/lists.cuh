// The K smallest values of a row and the rows that they come from: in order, the smallest row first where values are equal. NaN
// and infinity are never taken.

template <int K>
struct ListInRegisters {
    Number values[K];
    int rows[K];
};

template <int K>
struct ListInMemory {
    Number* values;
    int* rows;
    long long step;
    Number last;
    DEVICE_MEMBER Number& value(int k) { return values[k * step]; }
    DEVICE_MEMBER int& row(int k) { return rows[k * step]; }
};

// Where a list is in memory.
struct ListPlace {
    Number* values;
    int* rows;
    long long step;
};

// The list of a slice that starts so many values after the first of a row.
DEVICE ListPlace list_place(const Job& job, long long slice, long long total, int start) {
    const long long rows = total_rows(job), step = rows * slices(job), first = start * step + slice * rows + total;
    ListPlace place = {job.list_values + first, job.list_rows + first, step};
    return place;
}

#define NO_VALUE number_of(sizeof(Number) == 4 ? (Bits)0x7f800000u : (Bits)0x7ff0000000000000ull)

template <int K>
DEVICE void place_list(ListInRegisters<K>& list, ListPlace) {
    UNROLLED
    for (int k = 0; k < K; ++k) list.values[k] = NO_VALUE, list.rows[k] = 0;
}

template <int K>
DEVICE void place_list(ListInMemory<K>& list, ListPlace place) {
    list.values = place.values, list.rows = place.rows, list.step = place.step, list.last = NO_VALUE;
    ROLLED
    for (int k = 0; k < K; ++k) list.value(k) = NO_VALUE, list.row(k) = 0;
}

// Takes a value of a row: the rows of a thread ascend, so that of equal values the one that is there stays.
template <int K>
DEVICE void offer(ListInRegisters<K>& list, Number value, int row) {
    if (!(value < list.values[K - 1])) return;
    // A zero is positive.
    value += 0;
    UNROLLED
    for (int k = K - 1; k >= 0; --k) {
        // What is behind moves up; the value takes the first place where nothing before is larger.
        const bool moves = k > 0 && value < list.values[k > 0 ? k - 1 : 0];
        const bool is_here = !moves && value < list.values[k];
        if (moves) list.values[k] = list.values[k > 0 ? k - 1 : 0], list.rows[k] = list.rows[k > 0 ? k - 1 : 0];
        else if (is_here) list.values[k] = value, list.rows[k] = row;
    }
}

// Puts a value into a list of K in memory, before those that are larger, and of equal ones before those of later rows.
RARELY void insert(Number* values, int* rows, long long step, int K, Number value, int row) {
    values += (K - 1) * step, rows += (K - 1) * step;
    ROLLED
    for (int k = K - 1; k > 0; --k, values -= step, rows -= step) {
        const Number before = values[-step];
        if (!(value < before || (value == before && row < rows[-step]))) break;
        *values = before, *rows = rows[-step];
    }
    // A zero is positive.
    *values = value + 0, *rows = row;
}

template <int K>
DEVICE void offer(ListInMemory<K>& list, Number value, int row) {
    if (value < list.last) {
        insert(list.values, list.rows, list.step, K, value, row);
        list.last = list.value(K - 1);
    }
}

template <int K>
DEVICE void leave_list(ListInRegisters<K>& list, ListPlace place) {
    UNROLLED
    for (int k = 0; k < K; ++k) place.values[k * place.step] = list.values[k], place.rows[k * place.step] = list.rows[k];
}

template <int K>
DEVICE void leave_list(ListInMemory<K>&, ListPlace) {}

// Begins with the list of the first slice.
template <int K>
DEVICE void take_list(ListInMemory<K>& list, ListPlace place) {
    list.values = place.values, list.rows = place.rows, list.step = place.step;
    list.last = list.value(K - 1);
}

// Takes the values of another slice, whose rows may lie before or between those that are there.
template <int K>
DEVICE void join_list(ListInMemory<K>& list, ListPlace place) {
    ROLLED
    for (int n = 0; n < K; ++n) {
        const Number value = place.values[n * place.step];
        const int row = place.rows[n * place.step];
        if (!(value < NO_VALUE) || value > list.last) return;
        if (value == list.last && row > list.row(K - 1)) continue;
        insert(list.values, list.rows, list.step, K, value, row);
        list.last = list.value(K - 1);
    }
}
