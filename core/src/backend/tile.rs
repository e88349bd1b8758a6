//! The memory of a tile: one buffer that holds a plane of lanes for each number of each space, and the constants.
//! Every plane has a fixed place, so that machine code needs one pointer.

use rustc_hash::FxHashMap;

use super::number::Number;
use crate::lower::{Instruction, Plane, Space, Stage, Stages, Table};

/// Bytes of the widest vector, to which planes are aligned.
const VECTOR_BYTES: usize = 64;
/// Lanes of a tile at most: enough that packing the reduced rows costs little beside the pairs, few enough that the
/// planes stay in the first-level cache.
const KEPT_LANES: usize = 1024;
/// Reduced rows of a tile at most, which is also the length of a block: short enough that adding a block up in
/// float32 keeps its digits.
const REDUCED_LANES: usize = 256;
/// The same where values that may matter are looked for and nothing is added up: many, so that what is held of a row comes
/// from a farther cache for many values.
const SEARCHED_LANES: usize = 1024;
/// Kept rows that are updated at a time at most, where programs of a pair leave something for others.
pub const PAIR_LANES: usize = 128;
/// Reduced rows for which sums of pairs are added together at most; those beyond the last are for nobody.
pub const MOST_CONTRACTED: usize = 8;
/// Bytes that sums of exchanged pairs may take in vectors before tiles become smaller: the kept rows go through all of them
/// again and again.
const EXCHANGED_BYTES: usize = 1 << 14;
/// Kept rows whose candidates are found at a time, at most.
pub const CANDIDATE_LANES: usize = 64;
/// Lanes of a tile at least.
const FEWEST_LANES: usize = 64;
/// Bytes that the planes of one space may take before tiles become smaller.
const SPACE_BYTES: usize = 256 << 10;
/// The same where programs are repeated for each pair: each goes through few planes, row by row, so that they may come from
/// a farther cache, and the work for each tile is shared by more pairs.
const REPEATED_BYTES: usize = 1 << 19;
/// The same where sums are added for each pair: a group of kept rows has them in the cache beside its own.
const CONTRACTED_BYTES: usize = 1 << 18;
/// The same for kept rows then, of which a group is in use at a time.
const KEPT_BYTES: usize = 2 << 20;
/// Kept rows of a tile at most then: a group goes from plane to plane, which caches foresee where two planes are on one page.
const KEPT_CONTRACTED: usize = 512;

/// Where everything is in the buffer, in elements.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Kept rows of a tile.
    pub kept: usize,
    /// Reduced rows of a tile.
    pub reduced: usize,
    size: usize,
    starts: [usize; Space::ALL.len()],
    strides: [usize; Space::ALL.len()],
    slots: [usize; Space::ALL.len()],
    constants: FxHashMap<u64, usize>,
    tables: FxHashMap<&'static Table, usize>,
    length: usize,
}

impl Layout {
    /// The layout of the tiles of a pass.
    pub fn new(stages: &Stages) -> Self {
        let size = stages.dtype.size();
        let vector = VECTOR_BYTES / size;
        let repeats = stages.slots[Space::Pair as usize] > 0;
        let lanes = |most: usize, planes: usize, repeated: usize| {
            let fitting = if repeats { repeated } else { SPACE_BYTES } / (size * planes.max(1));
            (fitting / FEWEST_LANES * FEWEST_LANES).clamp(FEWEST_LANES, most)
        };
        let kept_planes = stages.slots[Space::Kept as usize].max(stages.slots[Space::Total as usize]);
        let most = if stages.has(Stage::Contract) { KEPT_CONTRACTED } else { KEPT_LANES };
        let kept = lanes(most, kept_planes, KEPT_BYTES);
        let reduced_planes = stages.slots[Space::Reduced as usize].max(stages.slots[Space::Values as usize]);
        let exchanged = EXCHANGED_BYTES / (VECTOR_BYTES * stages.slots[Space::Exchanged as usize]).max(1);
        let searches = stages.has(Stage::Candidates) && !stages.has(Stage::Update) && !stages.has(Stage::Contract);
        let longest = if searches { SEARCHED_LANES } else { REDUCED_LANES };
        let most = (exchanged / FEWEST_LANES * FEWEST_LANES).clamp(FEWEST_LANES, longest);
        let repeated = if stages.has(Stage::Contract) { CONTRACTED_BYTES } else { REPEATED_BYTES };
        let reduced = lanes(most, reduced_planes, repeated);
        let mut layout = Layout {
            kept,
            reduced,
            size,
            starts: [0; Space::ALL.len()],
            strides: [0; Space::ALL.len()],
            slots: stages.slots,
            constants: FxHashMap::default(),
            tables: FxHashMap::default(),
            length: 0,
        };
        for space in Space::ALL {
            let lanes = match space {
                Space::Call => 0,
                Space::Reduced | Space::Values => reduced,
                Space::Pair => (reduced + MOST_CONTRACTED) * PAIR_LANES,
                Space::Candidate | Space::Chosen => reduced * CANDIDATE_LANES,
                Space::Exchanged => reduced * PAIR_LANES,
                _ => kept,
            };
            // One vector more than the lanes, so that planes do not compete for the same cache sets.
            layout.strides[space as usize] = lanes + vector;
            layout.starts[space as usize] = layout.length;
            layout.length += stages.slots[space as usize] * layout.strides[space as usize];
        }
        let parts = Stage::ALL.into_iter().flat_map(|stage| stages.parts(stage));
        for instruction in parts.flat_map(|part| &part.program.instructions) {
            let place = match instruction {
                Instruction::Constant(bits) => layout.constants.entry(*bits).or_insert(layout.length),
                Instruction::Table(table) => layout.tables.entry(table).or_insert(layout.length),
                _ => continue,
            };
            if *place == layout.length {
                layout.length += vector;
            }
        }
        layout
    }

    /// The place of the first lane of a plane; of one of a family, counted from that of the plane that the family names.
    pub fn start(&self, plane: Plane) -> usize {
        let start = if plane.family.is_some() { 0 } else { self.starts[plane.space as usize] };
        start + plane.slot as usize * self.strides[plane.space as usize]
    }

    /// The place of a constant, repeated over a vector.
    pub fn constant(&self, bits: u64) -> usize {
        self.constants[&bits]
    }

    /// The place of a table, repeated over a vector.
    pub fn table(&self, table: &'static Table) -> usize {
        self.tables[table]
    }

    /// How many numbers the buffer holds.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Adds vectors behind the planes and constants.
    pub fn reserve(&mut self, vectors: usize) {
        self.length += vectors * self.vector();
    }

    /// The lanes that a stage may run on, whole vectors included.
    pub fn lanes(&self, stage: Stage) -> usize {
        match stage {
            Stage::Call => self.vector(),
            Stage::Reduced | Stage::Values => self.reduced,
            _ => self.kept,
        }
    }

    /// Bytes of a number.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Elements of a vector of the widest kind.
    pub fn vector(&self) -> usize {
        VECTOR_BYTES / self.size
    }

    /// How many planes a space has.
    pub fn slots(&self, space: Space) -> usize {
        self.slots[space as usize]
    }
}

/// The buffer of a tile.
#[derive(Debug)]
pub struct Tile<T> {
    memory: Vec<T>,
    aligned: usize,
    layout: Layout,
}

impl<T: Number> Tile<T> {
    /// A buffer with its constants in place.
    pub fn new(layout: &Layout) -> Self {
        let vector = layout.vector();
        let memory = vec![T::default(); layout.length + vector];
        let aligned = memory.as_ptr().align_offset(VECTOR_BYTES).min(vector);
        let mut tile = Tile { memory, aligned, layout: layout.clone() };
        for (&bits, &start) in &layout.constants {
            tile.buffer()[start..start + vector].fill(T::from_bits64(bits));
        }
        for (&table, &start) in &layout.tables {
            let lanes = tile.buffer()[start..start + vector].iter_mut();
            lanes.zip(table.iter().cycle()).for_each(|(lane, &entry)| *lane = T::from_bits64(u64::from(entry)));
        }
        tile
    }

    /// The layout.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The whole buffer, aligned to a vector.
    pub fn buffer(&mut self) -> &mut [T] {
        let (start, length) = (self.aligned, self.layout.length);
        &mut self.memory[start..start + length]
    }

    /// The lanes of a plane.
    pub fn plane(&mut self, space: Space, slot: usize) -> &mut [T] {
        let start = self.layout.start(Plane::new(space, slot));
        let lanes = self.layout.strides[space as usize];
        &mut self.buffer()[start..start + lanes]
    }

    /// Planes of a space that follow one another.
    pub fn planes(&mut self, space: Space, slots: std::ops::Range<usize>) -> Planes<'_, T> {
        let start = self.layout.start(Plane::new(space, slots.start));
        let (count, stride) = (slots.len(), self.layout.strides[space as usize]);
        Planes { numbers: &mut self.buffer()[start..start + count * stride], count, stride, first: 0 }
    }

    /// Fills lanes of the planes of a space, each with its own number.
    pub fn fill(&mut self, space: Space, lanes: std::ops::Range<usize>, bits: &[u64]) {
        for (slot, &bits) in bits.iter().enumerate() {
            self.plane(space, slot)[lanes.clone()].fill(T::from_bits64(bits));
        }
    }
}

/// Planes that follow one another, from a lane on.
#[derive(Debug)]
pub struct Planes<'a, T> {
    /// How many.
    pub count: usize,
    numbers: &'a mut [T],
    stride: usize,
    first: usize,
}

impl<T> Planes<'_, T> {
    /// The lanes of one of them.
    pub fn lanes(&mut self, plane: usize) -> &mut [T] {
        &mut self.numbers[plane * self.stride..][self.first..self.stride]
    }

    /// The lanes of the first `C` of them.
    pub fn first<const C: usize>(&mut self) -> [&mut [T]; C] {
        let mut planes = self.numbers.chunks_mut(self.stride);
        std::array::from_fn(|_| planes.next().map_or(&mut [][..], |plane| &mut plane[self.first..]))
    }

    /// The same from a lane on.
    pub fn from(&mut self, first: usize) -> Planes<'_, T> {
        Planes { numbers: self.numbers, first, ..*self }
    }
}
