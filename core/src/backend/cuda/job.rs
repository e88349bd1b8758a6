//! What a launch is told: the words of `Job` in `kernels/job.cuh`, and how many threads share what.

use super::schedule::{CHUNK, COLUMN_TILE, PRODUCT_LANE_BITS, Schedule};
use super::source::AXES;
use crate::error::{Error, ErrorKind, Result};
use crate::lower::{Space, Stages};

/// Blocks of threads for each one that computes at a time, about: so many that the last ones are few beside all.
const WAVES: usize = 8;
/// Tiles of a part at least, so that what is done once for each costs little.
const PART_TILES: usize = 4;
/// Parts of the lists of a row at most: a thread joins several of them, value by value.
const LIST_PARTS: usize = 32;
/// Parts of a row from which on several threads merge them, and how many do, as a power of two.
const MANY_PARTS: usize = 8;
const MERGE_BITS: usize = 5;
/// Problems that are told apart by the third index of a block, at most.
const MOST_ITEMS: usize = 1 << 15;
/// Threads that share one kept row at most, as a power of two.
const MOST_LANE_BITS: usize = 7;
/// The same where each has lists in memory.
const LISTED_LANE_BITS: usize = 5;
/// Bytes that the parts of the workspace are multiples of.
const ALIGNMENT: usize = 256;

/// The rows of a run.
#[derive(Clone, Debug)]
pub struct Sizes {
    /// Kept rows of a problem.
    pub kept: usize,
    /// Reduced rows of a problem.
    pub reduced: usize,
    /// Problems.
    pub items: usize,
    /// Problems whose parameters, kept rows and reduced rows are told apart.
    pub packed_items: [usize; 3],
    /// Extents of the axes of the batch.
    pub batch: Vec<usize>,
    /// Which of all rows of the problems these are.
    pub piece: Piece,
}

/// Some of the rows of problems, where these come in pieces that follow one another with the same workspace. Pieces of the reduced
/// rows that meet the same kept rows come one after the other.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The first of the kept rows and of the reduced rows among all.
    pub first: [usize; 2],
    /// Which piece of the reduced rows it is.
    pub number: usize,
    /// How many there are.
    pub count: usize,
    /// Reduced rows of the largest.
    pub largest: usize,
    /// Whether kept rows and reduced rows are packed; where not, those of the piece before are there.
    pub packs: [bool; 2],
}

impl Default for Piece {
    /// All rows.
    fn default() -> Self {
        Piece { first: [0; 2], number: 0, count: 1, largest: 0, packs: [true; 2] }
    }
}

/// Kept rows and the intervals of reduced rows that they meet, from one number to another.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    /// Start and end of the kept rows of each strip, where its intervals start and end, and how many rows it meets, in all pieces.
    pub strips: Vec<[usize; 5]>,
    /// Start and end of the intervals.
    pub intervals: Vec<[usize; 2]>,
}

impl Blocks {
    /// How many reduced rows a strip meets here.
    fn reduced(&self, strip: &[usize; 5]) -> usize {
        self.intervals[strip[2]..strip[3]].iter().map(|[start, end]| end - start).sum()
    }
}

/// An array of a run: its data, the position of its format among all, and its steps, in numbers.
#[derive(Clone, Debug, Default)]
pub struct JobArray {
    /// The address of the number whose indices are all 0.
    pub address: u64,
    /// The position of the format of its numbers.
    pub format: usize,
    /// Numbers of an element.
    pub parts: usize,
    /// From row to row and from column to column.
    pub steps: [isize; 2],
    /// Along each axis of the batch.
    pub batch_steps: Vec<isize>,
}

/// How a run is cut.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    stages: &'a Stages,
    schedule: &'a Schedule,
    sizes: Sizes,
    blocks: Option<&'a Blocks>,
    /// Blocks of kept rows of a problem.
    row_blocks: usize,
    /// Threads that share a kept row, and how many of them have totals of their own, as powers of two.
    sharing_bits: usize,
    lane_bits: usize,
    parts: usize,
    part_rows: usize,
    kept_blocks: usize,
    merge_bits: usize,
    /// Where each part of the workspace begins, in bytes, and where the last ends.
    starts: [usize; REGIONS + 1],
}

/// The kernels of a pass, in the order of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// `prepare_call`
    Call,
    /// `prepare`
    Rows,
    /// `centre`
    Centre,
    /// `factors`
    Factors,
    /// `reduce`
    Reduce,
    /// `merge_lanes`
    Lanes,
    /// `merge`
    Merge,
}

/// The parts of the workspace: first what stays when there are other kept rows, or fewer.
#[derive(Clone, Copy)]
enum Region {
    Call,
    Reduced,
    ReducedFactors,
    ReducedSquares,
    Centres,
    Columns,
    Kept,
    KeptFactors,
    KeptSquares,
    Totals,
    States,
    ListValues,
    ListRows,
    Strips,
    Intervals,
}

/// How many there are.
const REGIONS: usize = Region::Intervals as usize + 1;
/// Rows that may be read beyond the last as factors: those that a block of threads, and that four threads, take at a time.
const ROWS_BEYOND: usize = 128;

impl<'a> Job<'a> {
    /// Cuts a run for a device that computes so many blocks at a time.
    pub fn new(
        stages: &'a Stages,
        schedule: &'a Schedule,
        sizes: Sizes,
        blocks: Option<&'a Blocks>,
        at_once: usize,
    ) -> Result<Job<'a>> {
        let too_large = || Error::new(ErrorKind::Size, "the problems are more than a device can be told of at a time");
        let longest = match blocks {
            None => sizes.kept,
            Some(blocks) => blocks.strips.iter().map(|strip| strip[1] - strip[0]).max().unwrap_or(0),
        };
        // Few kept rows leave threads free, which then share the reduced rows of one.
        let most_reduced = sizes.reduced.max(sizes.piece.largest);
        let rows = |bits: usize| (schedule.threads >> bits) * schedule.rows;
        let fits = |bits: &usize| rows(*bits) >= longest.min(rows(0)) && most_reduced > 1;
        let most = if schedule.lists_in_memory { LISTED_LANE_BITS } else { MOST_LANE_BITS };
        let sharing_bits = match schedule.multiplies() {
            true => PRODUCT_LANE_BITS,
            false => (0..=most).rev().find(fits).unwrap_or(0),
        };
        // The threads of a row with many columns have one total.
        let lane_bits = if schedule.columns.is_some() { 0 } else { sharing_bits };
        let row_blocks = match blocks {
            None => sizes.kept.div_ceil(rows(sharing_bits)),
            Some(blocks) => blocks.strips.iter().map(|strip| (strip[1] - strip[0]).div_ceil(rows(sharing_bits))).sum(),
        };
        let all = row_blocks.checked_mul(sizes.items).ok_or_else(too_large)?;
        let kept_blocks = match stages.slots[Space::Kept as usize] {
            1.. if sizes.piece.packs[0] => sizes.kept.div_ceil(schedule.threads),
            _ => 0,
        };
        let reduced = match blocks {
            None => sizes.reduced,
            Some(blocks) => blocks.strips.iter().map(|strip| blocks.reduced(strip)).max().unwrap_or(0),
        };
        // All pieces have the same parts.
        let is_cut = sizes.piece.count > 1;
        let longest = if is_cut { most_reduced } else { reduced }.div_ceil(PART_TILES * schedule.tile).max(1);
        let most = if schedule.lists.is_empty() { 1 << 15 } else { LIST_PARTS };
        let wanted = (at_once * WAVES / all.max(1)).clamp(1, longest.min(most));
        let part_rows = reduced.div_ceil(wanted).next_multiple_of(schedule.tile).max(1);
        let parts = if is_cut { wanted } else { reduced.div_ceil(part_rows).max(1) };
        // Where rows are many each has a thread of its own.
        let is_few = all * rows(sharing_bits) < at_once * schedule.threads;
        let merge_bits = if is_few && parts >= MANY_PARTS { MERGE_BITS } else { 0 };
        let mut job = Job {
            stages,
            schedule,
            sizes,
            blocks,
            row_blocks,
            sharing_bits,
            lane_bits,
            parts,
            part_rows,
            kept_blocks,
            merge_bits,
            starts: [0; REGIONS + 1],
        };
        let (mut end, regions) = (0usize, job.regions());
        for (start, bytes) in job.starts.iter_mut().zip(regions) {
            *start = end;
            let bytes = bytes.and_then(|bytes| bytes.checked_next_multiple_of(ALIGNMENT));
            end = bytes.and_then(|bytes| end.checked_add(bytes)).ok_or_else(too_large)?;
        }
        job.starts[REGIONS] = end;
        Ok(job)
    }

    /// Parts of each row, each of which has totals of its own, and those of all pieces.
    fn slices(&self) -> usize {
        (self.parts << self.lane_bits) + usize::from(self.sizes.piece.count > 1)
    }

    /// Kept rows of a block.
    fn block_rows(&self) -> usize {
        (self.schedule.threads >> self.sharing_bits) * self.schedule.rows
    }

    /// Kept rows of all problems, in whole blocks.
    fn total_rows(&self) -> usize {
        self.sizes.items * self.row_blocks * self.block_rows()
    }

    /// Bytes of each part of the workspace, if they can be counted.
    fn regions(&self) -> [Option<usize>; REGIONS] {
        let size = self.stages.dtype.size();
        let slots = |space: Space| self.stages.slots[space as usize];
        let in_memory = |space: Space| self.schedule.in_memory[space as usize];
        let product = |factors: &[usize]| factors.iter().try_fold(1usize, |all, &factor| all.checked_mul(factor));
        let Sizes { kept, reduced, packed_items: [calls, kept_items, reduced_items], .. } = self.sizes;
        let reduced = reduced.max(self.sizes.piece.largest);
        let states = [self.slices(), self.total_rows(), size];
        let of_states = |count: usize| product(&[count, states[0], states[1], states[2]]);
        let lists = self.schedule.list_length();
        let blocks = self.blocks.map_or((0, 0), |blocks| (blocks.strips.len(), blocks.intervals.len()));
        let [kept_factors, reduced_factors] = self.factor_rows();
        let (chunks, squares, tiles) =
            (self.schedule.chunks(), self.schedule.products.len(), self.schedule.column_tiles);
        [
            product(&[calls, self.schedule.call_stride, size]),
            // The last group may be read beyond the last row.
            product(&[reduced_items, reduced])
                .and_then(|rows| product(&[rows.checked_add(self.group_rows())?, self.schedule.stride, size])),
            product(&[reduced_factors, chunks, CHUNK, size]),
            product(&[reduced_factors, squares, size]),
            product(&[self.centre_items(), chunks, CHUNK, size]),
            product(&[tiles[0], tiles[1], COLUMN_TILE, reduced_items, self.column_rows(), size]),
            product(&[kept_items, kept, slots(Space::Kept).next_multiple_of(16 / size), size]),
            product(&[kept_factors, chunks, CHUNK, size]),
            product(&[kept_factors, squares, size]),
            of_states(slots(Space::Total)),
            of_states(if in_memory(Space::Block) { slots(Space::Block) } else { 0 }),
            of_states(lists),
            product(&[lists, states[0], states[1], size_of::<i32>()]),
            product(&[blocks.0, 6, size_of::<u64>()]),
            product(&[blocks.1, 2, size_of::<u64>()]),
        ]
    }

    /// Rows of all problems that are packed as factors of products, with some beyond them that may be read.
    fn factor_rows(&self) -> [usize; 2] {
        let Sizes { kept, reduced, packed_items: [_, kept_items, reduced_items], .. } = self.sizes;
        let reduced = reduced.max(self.sizes.piece.largest);
        [kept_items.saturating_mul(kept), reduced_items.saturating_mul(reduced)].map(|rows| {
            match self.schedule.chunks() {
                0 => 0,
                _ => rows.saturating_add(ROWS_BEYOND),
            }
        })
    }

    /// Reduced rows that the threads of a kept row take at a time.
    fn group_rows(&self) -> usize {
        self.schedule.group << if self.schedule.multiplies() { PRODUCT_LANE_BITS } else { 0 }
    }

    /// Rows of a problem whose columns are packed, with zeros beyond the last that may be read.
    fn column_rows(&self) -> usize {
        let group = self.group_rows();
        self.sizes.reduced.max(self.sizes.piece.largest).next_multiple_of(group) + group
    }

    /// Problems with centres of their own: factors that several share are all taken from one centre.
    fn centre_items(&self) -> usize {
        let [_, kept_items, reduced_items] = self.sizes.packed_items;
        if self.is_squared() { kept_items.min(reduced_items) } else { 0 }
    }

    fn is_squared(&self) -> bool {
        self.schedule.products.iter().any(|product| product.is_squared)
    }

    /// Bytes of the workspace.
    pub fn workspace(&self) -> usize {
        self.starts[REGIONS]
    }

    /// What has to be in the workspace before the first launch: places in it, and words.
    pub fn uploads(&self) -> Vec<(usize, Vec<u64>)> {
        let Some(blocks) = self.blocks else { return Vec::new() };
        let rows = self.block_rows();
        let mut first_block = 0;
        let strip = |strip: &[usize; 5]| {
            let words = [&[first_block], strip.as_slice()].concat();
            first_block += (strip[1] - strip[0]).div_ceil(rows);
            words
        };
        let strips = blocks.strips.iter().flat_map(strip).map(|word| word as u64).collect();
        let intervals = blocks.intervals.as_flattened().iter().map(|&word| word as u64).collect();
        vec![(self.starts[Region::Strips as usize], strips), (self.starts[Region::Intervals as usize], intervals)]
    }

    /// The first of the problems of each series of launches.
    pub fn first_items(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.sizes.items).step_by(MOST_ITEMS)
    }

    /// The words that every launch of a series is given.
    pub fn words(&self, first_item: usize, workspace: u64, inputs: &[JobArray], outputs: &[JobArray]) -> Vec<u64> {
        let sizes = &self.sizes;
        let [call_items, kept_items, reduced_items] = sizes.packed_items;
        let mut words = [sizes.kept, sizes.reduced, sizes.items, kept_items, reduced_items, call_items].to_vec();
        words.extend(std::iter::repeat_n(1, AXES - sizes.batch.len()).chain(sizes.batch.iter().copied()));
        let Piece { first: [first_kept, first_reduced], number, count, .. } = sizes.piece;
        words.extend([first_item, first_kept, first_reduced, number, count]);
        words.extend([self.kept_blocks, self.row_blocks, self.block_rows().ilog2() as usize]);
        words.extend([self.lane_bits, self.parts, self.part_rows, self.merge_bits]);
        words.push(self.blocks.map_or(0, |blocks| blocks.strips.len()));
        let mut words: Vec<u64> = words.into_iter().map(|word| word as u64).collect();
        let regions = [
            Region::Strips,
            Region::Intervals,
            Region::Call,
            Region::Kept,
            Region::Reduced,
            Region::Totals,
            Region::States,
            Region::ListValues,
            Region::ListRows,
            Region::KeptFactors,
            Region::ReducedFactors,
            Region::KeptSquares,
            Region::ReducedSquares,
            Region::Centres,
            Region::Columns,
        ];
        words.extend(self.factor_rows().map(|rows| rows as u64));
        words.extend([self.centre_items(), self.column_rows()].map(|count| count as u64));
        words.extend(regions.map(|region| workspace + self.starts[region as usize] as u64));
        let nothing = JobArray::default();
        for arrays in [inputs, outputs] {
            for array in if arrays.is_empty() { std::slice::from_ref(&nothing) } else { arrays } {
                words.extend([array.address, array.format as u64, array.parts as u64]);
                words.extend(array.steps.map(|step| step as u64));
                words.extend(std::iter::repeat_n(0, AXES - array.batch_steps.len()));
                words.extend(array.batch_steps.iter().map(|&step| step as u64));
            }
        }
        words
    }

    /// The kernels to launch in a series, in order, with blocks and threads.
    pub fn launches(&self, first_item: usize) -> Result<Vec<(Step, [u32; 3], u32)>> {
        let slots = |space: Space| self.stages.slots[space as usize];
        let threads = self.schedule.threads;
        let mut launches = Vec::new();
        let mut launch = |step: Step, [x, y]: [usize; 2], items: usize, threads: usize| {
            let too_large = |_| Error::new(ErrorKind::Size, "the rows are more than a device can be told of at a time");
            let items = items.saturating_sub(first_item).min(MOST_ITEMS);
            if x > 0 && y > 0 && items > 0 {
                let x = i32::try_from(x).map_err(too_large)? as u32;
                launches.push((step, [x, y as u32, items as u32], threads as u32));
            }
            Ok(())
        };
        let Sizes { reduced, items, packed_items: [calls, kept_items, reduced_items], .. } = self.sizes;
        let [packs_kept, packs_reduced] = self.sizes.piece.packs;
        if slots(Space::Call) > 0 && packs_kept {
            launch(Step::Call, [1, 1], calls, 32)?;
        }
        let reduced_blocks = if slots(Space::Reduced) > 0 && packs_reduced { reduced.div_ceil(threads) } else { 0 };
        launch(Step::Rows, [self.kept_blocks + reduced_blocks, 1], kept_items.max(reduced_items), threads)?;
        if self.schedule.multiplies() {
            // What is there of a piece before was taken from the centre of then.
            if packs_kept && packs_reduced && reduced > 0 {
                launch(Step::Centre, [1, 1], self.centre_items(), threads)?;
            }
            // Columns are followed by zeros.
            let reduced_blocks = if reduced_blocks > 0 { self.column_rows().div_ceil(threads) } else { 0 };
            launch(Step::Factors, [self.kept_blocks + reduced_blocks, 1], kept_items.max(reduced_items), threads)?;
        }
        launch(Step::Reduce, [self.row_blocks, self.parts], items, threads)?;
        if self.lane_bits > 0 {
            launch(Step::Lanes, [self.row_blocks, self.parts], items, threads)?;
        }
        let merging = (self.row_blocks * self.block_rows()) << self.merge_bits;
        launch(Step::Merge, [merging.div_ceil(threads), 1], items, threads)?;
        Ok(launches)
    }
}
