// The kernels that pack rows for tensor cores.

#if COLUMNS > 0
// The number of a reduced row in a column: those of 8 columns for 4 rows lie together.
DEVICE Number* column_number(const Job& job, long long item, long long row, int column) {
    const long long rows = job.reduced_items * job.column_rows, place = item * job.column_rows + row;
    return job.columns + ((column / 8 * (rows / 4) + place / 4) * 8 + column % 8) * 4 + place % 4;
}
#endif

#define FIND_CENTRE(Product) find_centre<Product>(job, job.first_item + blockIdx.z);
KERNEL(THREADS) centre(ARGUMENT Job job) { EACH_PRODUCT(FIND_CENTRE) }

#define PACK_KEPT(Product) pack_factor<Product, true>(job, kept, centre, place);
#define PACK_REDUCED(Product) pack_factor<Product, false>(job, reduced, centre, place);
KERNEL(THREADS) factors(ARGUMENT Job job) {
    const long long item = job.first_item + blockIdx.z;
    const bool is_kept = blockIdx.x < job.kept_blocks;
    const long long row = (blockIdx.x - (is_kept ? 0 : job.kept_blocks)) * THREADS + threadIdx.x;
    const Number* centre = job.centres + (job.centre_items > 1 ? item : 0) * CHUNKS * CHUNK;
    if (is_kept && item < job.kept_items && row < job.kept_rows) {
        const long long place = item * job.kept_rows + row;
        Planes kept = planes_of(job, place);
        EACH_PRODUCT(PACK_KEPT)
    }
    if (!is_kept && item < job.reduced_items && row < job.reduced_rows) {
        const long long place = item * job.reduced_rows + row;
        Packed reduced = {job.reduced + place * STRIDE};
        EACH_PRODUCT(PACK_REDUCED)
    }
#if COLUMNS > 0
    if (!is_kept && item < job.reduced_items && row < job.column_rows) {
        const Number* reduced = job.reduced + (item * job.reduced_rows + row) * STRIDE;
        ROLLED
        for (int column = 0; column < COLUMN_TILES * COLUMN_GROUPS * 8; ++column) {
            const bool is_number = row < job.reduced_rows && column < COLUMNS;
            *column_number(job, item, row, column) = is_number ? reduced[column_of_row(column)] : 0;
        }
    }
#endif
}
