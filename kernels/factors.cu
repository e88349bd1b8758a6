// The kernels that pack rows for tensor cores.

#if COLUMNS > 0
// The number of a reduced row in a column: four rows have those of 8 columns together, and all of these before the next rows.
enum { COLUMN_STEP = 32, COLUMN_ROW_STEP = COLUMN_TILES * COLUMN_GROUPS * COLUMN_STEP };

#if NARROW
typedef unsigned short ColumnNumber;
DEVICE Number number_of_column(ColumnNumber a) { return number_of((unsigned)a << 16); }
DEVICE ColumnNumber column_of_number(Number a) { return (ColumnNumber)(bits_of(a) >> 16); }
#else
typedef Number ColumnNumber;
DEVICE Number number_of_column(ColumnNumber a) { return a; }
DEVICE ColumnNumber column_of_number(Number a) { return a; }
#endif

DEVICE ColumnNumber* column_number(const Job& job, long long item, long long row, int column) {
    const long long place = item * job.column_rows + row;
    return (ColumnNumber*)job.columns + place / 4 * COLUMN_ROW_STEP + column / 8 * COLUMN_STEP + column % 8 * 4 + place % 4;
}
#endif

#if PREPARES
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
            *column_number(job, item, row, column) = column_of_number(is_number ? reduced[column_of_row(column)] : 0);
        }
    }
#endif
}
#endif
