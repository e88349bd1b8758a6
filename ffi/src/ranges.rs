//! C functions on block-sparse ranges. It only converts; what ranges mean is the core's.

use std::sync::Arc;

use rkeops_core::{Half, Ranges};

use crate::error::{argument, rkeops_error};
use crate::guard::{guard, produce};
use crate::handle::{self, Object};
use crate::input;

/// Which pairs of rows a run reduces: blocks of the matrix. A counted reference to
/// something that never changes; it belongs to no kernel and may be used for all.
///
/// Rows of the result outside of all blocks have the result of nothing (0 for a sum).
/// Indices in results are those of the whole arrays. In a batch the blocks are those
/// of every problem.
pub struct rkeops_ranges {
    _private: [u8; 0],
}

impl Object for rkeops_ranges {
    type Value = Arc<Ranges>;
    const NAME: &'static str = "rkeops_ranges";
    const MAGIC: u64 = handle::magic(b"ranges  ");
}

/// Half of KeOps' description of ranges: those of reductions over one index.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rkeops_ranges_half {
    /// `count` intervals of kept rows: start and end of each (the end is not in it).
    pub kept: *const i64,
    /// `count` places in `reduced`: where the intervals that the rows meet end; they
    /// start where those before end.
    pub slices: *const i64,
    /// How many intervals of kept rows there are.
    pub count: usize,
    /// `reduced_count` intervals of reduced rows: start and end of each.
    pub reduced: *const i64,
    /// How many intervals of reduced rows there are.
    pub reduced_count: usize,
}

/// Intervals as pairs of numbers.
///
/// # Safety
/// `items` is NULL or points to `2 * count` numbers that live during `'a`.
unsafe fn intervals<'a>(name: &str, items: *const i64, count: usize) -> Result<&'a [[i64; 2]], rkeops_core::Error> {
    // SAFETY: the caller vouches for twice as many numbers.
    unsafe { input::list(name, items.cast::<[i64; 2]>(), count) }
}

/// Makes ranges from KeOps' six lists: `over_j` is (ranges_i, slices_i, redranges_j),
/// which reductions over j use, `over_i` is (ranges_j, slices_j, redranges_i). Either
/// may be NULL: reductions over that index then reduce nothing.
///
/// An interval of reduced rows that is named twice counts twice; of two intervals that
/// hold the same kept row the last one decides. The lists are not kept.
/// `*out` becomes ranges that the caller owns.
/// Errors: RKEOPS_ERROR_SHAPE, _ARGUMENT. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_ranges_create(
    over_j: *const rkeops_ranges_half,
    over_i: *const rkeops_ranges_half,
    out: *mut *mut rkeops_ranges,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its structs, their lists and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let half = |half: *const rkeops_ranges_half, names: [&str; 3]| {
                if half.is_null() {
                    return Ok(Half { kept: &[], slices: &[], reduced: &[] });
                }
                let half = half.read_unaligned();
                Ok(Half {
                    kept: intervals(names[0], half.kept, half.count)?,
                    slices: input::list(names[1], half.slices, half.count)?,
                    reduced: intervals(names[2], half.reduced, half.reduced_count)?,
                })
            };
            let over_j = half(over_j, ["over_j->kept", "over_j->slices", "over_j->reduced"])?;
            Ranges::new(over_j, half(over_i, ["over_i->kept", "over_i->slices", "over_i->reduced"])?).map(Arc::new)
        })
    }
}

/// Makes ranges from a grid of blocks: the rows of block c of `blocks_i` (`count_i`
/// pairs of start and end) meet those of block d of `blocks_j` where
/// `keep[c * count_j + d]` is not 0. The lists are not kept.
/// `*out` becomes ranges that the caller owns.
/// Errors: RKEOPS_ERROR_ARGUMENT. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_ranges_from_blocks(
    blocks_i: *const i64,
    count_i: usize,
    blocks_j: *const i64,
    count_j: usize,
    keep: *const u8,
    out: *mut *mut rkeops_ranges,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its lists and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let blocks_i = intervals("blocks_i", blocks_i, count_i)?;
            let blocks_j = intervals("blocks_j", blocks_j, count_j)?;
            let count = count_i.checked_mul(count_j).ok_or_else(|| {
                argument(format!("{count_i} times {count_j} blocks are not those of a list in memory"))
            })?;
            let keep: Vec<bool> = input::list("keep", keep, count)?.iter().map(|&kept| kept != 0).collect();
            Ranges::from_blocks(blocks_i, blocks_j, &keep).map(Arc::new)
        })
    }
}

/// Makes ranges from labels: row i (of `rows_i`) meets row j (of `rows_j`) where the
/// pair of their labels is one of the `pair_count` pairs in `pairs` (the label of i,
/// then that of j). Rows need not be sorted by their labels, but work is done by runs
/// of equal labels, so that it is fast where they are. The lists are not kept.
/// `*out` becomes ranges that the caller owns.
/// Errors: RKEOPS_ERROR_ARGUMENT. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_ranges_from_labels(
    labels_i: *const i64,
    rows_i: usize,
    labels_j: *const i64,
    rows_j: usize,
    pairs: *const i64,
    pair_count: usize,
    out: *mut *mut rkeops_ranges,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its lists and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let labels_i = input::list("labels_i", labels_i, rows_i)?;
            let labels_j = input::list("labels_j", labels_j, rows_j)?;
            let pairs = intervals("pairs", pairs, pair_count)?;
            Ok(Arc::new(Ranges::from_labels(labels_i, labels_j, pairs)))
        })
    }
}

/// Makes the ranges of a ragged batch of `problems` problems, whose rows follow one
/// another: problem b has rows `offsets_i[b]` to `offsets_i[b + 1]` (not included) and
/// `offsets_j[b]` to `offsets_j[b + 1]`. Both lists have `problems + 1` entries and are
/// not kept.
/// `*out` becomes ranges that the caller owns.
/// Errors: RKEOPS_ERROR_ARGUMENT. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_ranges_ragged(
    offsets_i: *const i64,
    offsets_j: *const i64,
    problems: usize,
    out: *mut *mut rkeops_ranges,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its lists and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let count = problems.saturating_add(1);
            let offsets_i = input::list("offsets_i", offsets_i, count)?;
            Ranges::ragged(offsets_i, input::list("offsets_j", offsets_j, count)?).map(Arc::new)
        })
    }
}

/// Adds a reference, which asks for one more rkeops_ranges_free.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_ranges_retain(ranges: *const rkeops_ranges) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle (the manual in lib.rs).
    guard(|| unsafe { handle::retain("ranges", ranges) })
}

/// Drops a reference; the last one frees the ranges. NULL is allowed. Any thread,
/// never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_ranges_free(ranges: *mut rkeops_ranges) {
    // SAFETY: the caller passes NULL or ranges that it owns (the manual in lib.rs).
    unsafe { handle::release(ranges) }
}
