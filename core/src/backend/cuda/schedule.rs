//! How a pass is spread over threads, registers and shared memory. It depends on the lane programs alone, so that a kernel
//! serves every number of rows. It knows nothing of how it is written down.

use super::columns::{Columns, columns};
use super::products::{Product, products};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::lower::{Source, Space, Stage, Stages};

/// Threads of a block.
const THREADS: usize = 128;
/// Words of 32 bits that a thread's rows may take in registers: a third of what a thread has, since the statements of a pair
/// need some too and several blocks share a multiprocessor.
const ROW_WORDS: usize = 88;
/// Kept rows of a thread at most.
const MOST_ROWS: usize = 8;
/// The same where lists of values stay in memory, which are changed row by row.
const LISTED_ROWS: usize = 2;
/// Words that one row may take in registers before its planes stay in memory.
const NEAR_WORDS: usize = 64;
/// Words of a reduced row that are read at once.
const READ_WORDS: usize = 16;
/// Statements that a repeated program may come to when it is written out.
const WRITTEN_OUT: usize = 64;
/// Reduced rows of a tile at most, and the length of a block of a sum.
const TILE: usize = 256;
/// Bytes of a tile of reduced rows at most. What every GPU has is 48 KiB for each block.
const TILE_BYTES: usize = 32 << 10;
/// Reduced rows of a tile at least; where they are longer they are read where they are.
const FEWEST_TILE_ROWS: usize = 8;
/// Pairs of a thread that are computed together where they share what they read, in words of what is kept of them.
const PAIR_WORDS: usize = 16;
/// Statements of the inner loop, about, which is written out so many times.
const LOOP: usize = 288;
/// Statements of all pairs that are computed together, at most: compiling takes time.
const STATEMENTS: usize = 512;
/// Statements, about, by which a value is compared with a list.
const LIST_STATEMENTS: usize = 24;
/// And for each value of one in registers.
const ENTRY_STATEMENTS: usize = 2;
/// Words of lists of the nearest values that stay in registers.
const LIST_WORDS: usize = 32;
/// The first architecture whose tensor cores multiply float32 numbers (as TF32).
const MULTIPLIES: i32 = 80;
/// The first one in whose code a thread has registers enough for all of [`COLUMN_TILES`] beside products.
const HOLDS_COLUMNS: i32 = 90;
/// The architectures from which on schedules differ, the newest first.
pub const ARCHITECTURES: [i32; 3] = [HOLDS_COLUMNS, MULTIPLIES, 0];
/// Words of a row's components that are multiplied at a time, by two instructions of tensor cores.
pub const CHUNK: usize = 16;
/// Threads that share a kept row where tensor cores multiply, as a power of two: so the results of an instruction lie.
pub const PRODUCT_LANE_BITS: usize = 2;
/// Kept rows of a thread there: with those of 7 others they are 2 or 1 times the 16 of an instruction.
const PRODUCT_ROWS: [usize; 2] = [4, 2];
/// Sums of pairs that a thread holds there at most, and words that the rows may take beside them.
const PRODUCT_WORDS: usize = 32;
const WORDS_BESIDE: usize = 56;
/// Columns that an instruction of tensor cores computes.
pub const COLUMN_TILE: usize = 8;
/// Kept rows of a thread where results have many columns, and reduced rows whose weights it has at a time beside half the columns and
/// beside all.
const COLUMN_ROWS: usize = 2;
const COLUMN_GROUPS: [usize; 2] = [8, 4];
/// How many times [`COLUMN_TILE`] columns a thread holds sums of, all of them or some after others.
const COLUMN_TILES: usize = 16;
const SOME_COLUMN_TILES: usize = 12;
const DIFFERENCE_TILES: usize = 8;
/// Words of pairs and of kept rows that a thread holds there at most.
const COLUMN_WORDS: usize = 64;
const KEPT_WORDS: usize = 24;
/// Terms of all sums of a pair for which tensor cores are used.
const PRODUCT_TERMS: std::ops::RangeInclusive<usize> = 16..=1 << 12;

/// The lists of one component of a [`RowPart`](crate::lower::RowPart).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    /// Which part.
    pub part: usize,
    /// Which component of the part.
    pub component: usize,
    /// How many values it holds.
    pub length: usize,
    /// Where it begins, in values, among all lists of a row.
    pub start: usize,
    /// Whether the largest are wanted.
    pub largest: bool,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Threads of a block.
    pub threads: usize,
    /// Kept rows of a thread.
    pub rows: usize,
    /// Reduced rows that meet them at a time.
    pub group: usize,
    /// Reduced rows of a tile.
    pub tile: usize,
    /// Reduced rows of a block of a sum.
    pub block: usize,
    /// How often the inner loop is written out.
    pub unroll: usize,
    /// Numbers from one reduced row to the next.
    pub stride: usize,
    /// Numbers from what is known of one problem to the next.
    pub call_stride: usize,
    /// Whether tiles stay in memory.
    pub tile_in_memory: bool,
    /// Whether the planes of a space stay in memory.
    pub in_memory: [bool; Space::ALL.len()],
    /// The lists of nearest values.
    pub lists: Vec<List>,
    /// Whether they stay in memory.
    pub lists_in_memory: bool,
    /// Sums that tensor cores compute: all that are left for each pair, or none.
    pub products: Vec<Product>,
    /// Columns that tensor cores compute.
    pub columns: Option<Columns>,
    /// How many times 8 of them are computed together, and how many times so many.
    pub column_tiles: [usize; 2],
    /// Whether the factors that are read are bfloat16 numbers.
    pub is_narrow: bool,
    /// Whether factors are rounded to TF32 there, which is faster, instead of being taken as two parts.
    pub is_rounded: bool,
}

/// The lists of a pass.
fn lists(stages: &Stages) -> Result<Vec<List>> {
    let (mut lists, mut start) = (Vec::new(), 0);
    for (part, row_part) in stages.rows.iter().enumerate() {
        let Some(ranks) = row_part.reducer().and_then(|reducer| reducer.ranks(row_part.form())) else {
            let message =
                "a reduction of this pass is written in plain code that GPUs do not have; compile it for the CPU";
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        for component in 0..row_part.planes.len() {
            lists.push(List { part, component, length: ranks.count, start, largest: ranks.largest });
            start += ranks.count;
        }
    }
    Ok(lists)
}

impl Schedule {
    /// The schedule of a pass for an architecture, which may round the factors of products; an error where a reduction is none
    /// that GPUs know.
    pub fn new(stages: &Stages, architecture: i32, rounds: bool) -> Result<Schedule> {
        let plain = Schedule::without_products(stages)?;
        if stages.dtype != Dtype::F32 || architecture < MULTIPLIES {
            return Ok(plain);
        }
        let products = products(stages);
        let found = match columns(stages) {
            Some(columns) if plain.in_memory[Space::Block as usize] => {
                let most = match products.is_empty() || architecture >= HOLDS_COLUMNS {
                    true => COLUMN_TILES,
                    false => SOME_COLUMN_TILES,
                };
                plain.with_columns(stages, products, columns, most)
            }
            _ => plain.with_products(stages, products),
        };
        Ok(found.map_or(plain, |schedule| Schedule { is_rounded: rounds, ..schedule }))
    }

    /// The same with results of many columns by tensor cores, and with the products that they can compute.
    fn with_columns(&self, stages: &Stages, products: Vec<Product>, columns: Columns, most: usize) -> Option<Schedule> {
        let terms: usize = products.iter().map(|product| product.terms.len()).sum();
        let products = if terms > *PRODUCT_TERMS.end() { Vec::new() } else { products };
        let tiles = columns.terms.len().div_ceil(COLUMN_TILE);
        let slots = |space: Space| stages.slots[space as usize];
        let is_full = 2 * tiles > COLUMN_TILES || !columns.kept.is_empty();
        let (rows, group) = (COLUMN_ROWS, COLUMN_GROUPS[usize::from(is_full)]);
        let written = stages.program(Stage::Update).operations();
        if rows * group * slots(Space::Pair) > COLUMN_WORDS || rows * group * written > STATEMENTS {
            return None;
        }
        // Differences take what is known of the kept row, too.
        let most = if columns.kept.is_empty() { most } else { DIFFERENCE_TILES };
        let groups = if tiles <= most { 1 } else { tiles.div_ceil(most.min(SOME_COLUMN_TILES)) };
        let mut in_memory = self.in_memory;
        in_memory[Space::Kept as usize] |= slots(Space::Kept) * rows > KEPT_WORDS || !products.is_empty();
        in_memory[Space::Reduced as usize] = true;
        Some(Schedule {
            rows,
            group,
            tile: TILE,
            unroll: 1,
            tile_in_memory: true,
            in_memory,
            products,
            column_tiles: [tiles.div_ceil(groups), groups],
            columns: Some(columns),
            ..self.clone()
        })
    }

    /// The same with tensor cores, where they pay.
    fn with_products(&self, stages: &Stages, products: Vec<Product>) -> Option<Schedule> {
        let terms = products.iter().map(|product| product.terms.len()).sum();
        if !PRODUCT_TERMS.contains(&terms) || self.in_memory[Space::Block as usize] {
            return None;
        }
        let mut in_memory = self.in_memory;
        for space in [Space::Kept, Space::Reduced] {
            in_memory[space as usize] = true;
        }
        let slots = |space: Space| stages.slots[space as usize];
        let list_words = if self.lists_in_memory { 5 * self.lists.len() } else { 2 * self.list_length() };
        let row = slots(Space::Block) + slots(Space::Total) + slots(Space::Anchor) + list_words;
        let rows = PRODUCT_ROWS.into_iter().find(|rows| rows * row <= WORDS_BESIDE)?;
        let written = [Stage::Update, Stage::Values].map(|stage| stages.program(stage).operations());
        let written = written.into_iter().sum::<usize>() + LIST_STATEMENTS * self.lists.len();
        let most = (PRODUCT_WORDS / slots(Space::Pair)).min(STATEMENTS / written.max(1));
        let group = [8, 4].into_iter().find(|group| rows * group <= most)?;
        Some(Schedule { rows, group, tile: TILE, unroll: 1, tile_in_memory: true, in_memory, products, ..self.clone() })
    }

    /// Whether two differ in nothing but the format of factors.
    pub fn is_like(&self, other: &Schedule) -> bool {
        Schedule { is_narrow: other.is_narrow, ..self.clone() } == *other
    }

    /// Whether tensor cores do anything.
    pub fn multiplies(&self) -> bool {
        !self.products.is_empty() || self.columns.is_some()
    }

    /// Components of a chunk.
    pub fn chunk_terms(&self) -> usize {
        if self.is_narrow { 2 * CHUNK } else { CHUNK }
    }

    /// How many chunks a row takes as a factor of products.
    pub fn chunks(&self) -> usize {
        self.products.iter().map(|product| product.terms.len().div_ceil(self.chunk_terms())).sum()
    }

    /// The same for arguments that are bfloat16, and which ones these have to be; nothing where others are factors too.
    pub fn narrowed(&self, stages: &Stages) -> Option<(Vec<usize>, Schedule)> {
        let differs = self.columns.as_ref().is_some_and(|columns| !columns.kept.is_empty());
        if !self.multiplies() || differs || self.products.iter().any(|product| product.is_squared) {
            return None;
        }
        let of = |space: Space, plane: u32| match stages.sources[space as usize][plane as usize] {
            Source::Component { index, .. } => Some(index),
            _ => None,
        };
        let terms = self.products.iter().flat_map(|product| &product.terms);
        let factors = terms.flat_map(|&[kept, reduced]| [of(Space::Kept, kept), of(Space::Reduced, reduced)]);
        let columns = self.columns.iter().flat_map(|columns| &columns.terms);
        let factors = factors.chain(columns.map(|&[_, reduced]| of(Space::Reduced, reduced)));
        let mut inputs = factors.collect::<Option<Vec<usize>>>()?;
        inputs.sort_unstable();
        inputs.dedup();
        Some((inputs, Schedule { is_narrow: true, ..self.clone() }))
    }

    fn without_products(stages: &Stages) -> Result<Schedule> {
        let lists = lists(stages)?;
        let size = stages.dtype.size();
        let words = size / 4;
        let slots = |space: Space| stages.slots[space as usize];
        let mut in_memory = [false; Space::ALL.len()];
        let mut leave = |space: Space| in_memory[space as usize] = true;
        let state = slots(Space::Block) + slots(Space::Total) + slots(Space::Anchor);
        for (space, planes) in
            [(Space::Call, slots(Space::Call)), (Space::Kept, slots(Space::Kept)), (Space::Block, state)]
        {
            if planes * words > NEAR_WORDS {
                leave(space);
            }
        }
        if slots(Space::Reduced) * words > READ_WORDS {
            leave(Space::Reduced);
        }
        for part in Stage::ALL.into_iter().flat_map(|stage| stages.parts(stage)) {
            if let Some(repeat) = part.repeat.filter(|r| r.count() * r.program.operations().max(1) > WRITTEN_OUT) {
                repeat.spaces.iter().for_each(|&space| leave(space));
            }
        }
        let is_far = |space: Space| in_memory[space as usize];
        let states_far = [Space::Block, Space::Total, Space::Other].into_iter().any(is_far);
        for space in [Space::Block, Space::Total, Space::Other] {
            in_memory[space as usize] = states_far;
        }
        let near = |space: Space| if in_memory[space as usize] { 0 } else { stages.slots[space as usize] };
        let list_length: usize = lists.iter().map(|list| list.length).sum();
        let lists_in_memory = list_length * (words + 1) > LIST_WORDS;
        let list_words = if lists_in_memory { 4 } else { list_length * (words + 1) };
        let state = [Space::Kept, Space::Block, Space::Total, Space::Anchor].into_iter().map(near).sum::<usize>();
        let pair_words = slots(Space::Pair) * words;
        let row = (state * words + list_words).max(1);
        let written = [Stage::Update, Stage::Values].map(|stage| stages.program(stage).operations());
        let written = written.into_iter().sum::<usize>().max(1);
        let fitting =
            |rows: &usize| rows * row <= ROW_WORDS && rows * pair_words <= PAIR_WORDS && rows * written <= STATEMENTS;
        let most = if stages.has(Stage::Contract) { MOST_ROWS / 2 } else { MOST_ROWS };
        let most = if lists_in_memory { LISTED_ROWS } else { most };
        let rows = [8, 4, 2].into_iter().filter(|rows| *rows <= most).find(fitting).unwrap_or(1);
        // Pairs share what is read of memory, where anything is.
        let shares = stages.has(Stage::Contract) || states_far || in_memory[Space::Kept as usize];
        let group = match shares {
            true => (PAIR_WORDS / (rows * pair_words.max(words))).min(STATEMENTS / (rows * written)).clamp(1, 8),
            false => 1,
        };
        let group = 1 << group.ilog2();
        let vector = 16 / size;
        let stride = slots(Space::Reduced).next_multiple_of(vector).max(vector);
        let fitting = TILE_BYTES / (stride * size) / FEWEST_TILE_ROWS * FEWEST_TILE_ROWS;
        let tile_in_memory = fitting < FEWEST_TILE_ROWS;
        let tile = if tile_in_memory { TILE } else { fitting.min(TILE) };
        let listed = if lists_in_memory { LIST_STATEMENTS * lists.len() } else { ENTRY_STATEMENTS * list_length };
        let operations = (stages.operations_per_pair() + listed) * rows * group;
        let unroll = (LOOP / operations.max(1)).clamp(1, 4);
        Ok(Schedule {
            threads: THREADS,
            rows,
            group,
            tile,
            block: TILE,
            unroll,
            stride,
            call_stride: slots(Space::Call).next_multiple_of(vector),
            tile_in_memory,
            in_memory,
            lists,
            lists_in_memory,
            products: Vec::new(),
            columns: None,
            column_tiles: [0; 2],
            is_narrow: false,
            is_rounded: false,
        })
    }

    /// How many values the lists of a row hold.
    pub fn list_length(&self) -> usize {
        self.lists.iter().map(|list| list.length).sum()
    }
}
