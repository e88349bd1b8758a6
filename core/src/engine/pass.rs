//! One task of a run: some kept rows with some reduced rows, tile by tile.

use std::ops::Range;
use std::sync::Mutex;

use super::Program;
use super::arguments::Arguments;
use super::locks::lock;
use super::pack::{Rows, View, unpack};
use crate::array::ArrayMut;
use crate::backend::Tile;
use crate::lower::{Source, Space, Stage};

/// Below this many kept rows the lanes run along the reduced index.
const FEW_ROWS: usize = 8;

/// The totals of some kept rows: for each plane of the space `Total` a number per row.
pub(super) type Totals<T> = Vec<Vec<T>>;

/// Told of pairs that are done; says whether to go on.
pub(super) type Advance<'a> = dyn FnMut(u64) -> bool + 'a;

/// What all tasks of a run share.
pub(super) struct Pass<'a, T: View> {
    program: &'a Program<T>,
    inputs: &'a [Rows<'a, T>],
    /// The planes of the space `Call`, a number each.
    call: Vec<T>,
    /// Whether the lanes run along the reduced index.
    spread: bool,
    /// What makes results of totals.
    last: Stage,
}

/// The outputs of a run, written by whichever task is done.
type Writer<'a, 'b> = Mutex<&'a mut [ArrayMut<'b>]>;

impl<'a, T: View> Pass<'a, T> {
    pub(super) fn new(program: &'a Program<T>, arguments: &'a Arguments<'a, T>) -> Self {
        let lanes = program.layout.kept;
        let spread = arguments.kept < FEW_ROWS
            && arguments.reduced > FEW_ROWS
            && program.code.spread() * arguments.kept <= lanes;
        let last = if arguments.reduced > 0 { Stage::Finish } else { Stage::Nothing };
        let mut pass = Pass { program, inputs: &arguments.inputs, call: Vec::new(), spread, last };
        let mut tile = pass.take_tile();
        let vector = program.layout.vector();
        for (slot, &source) in program.stages.sources[Space::Call as usize].iter().enumerate() {
            if let Source::Component { index, component } = source {
                pass.inputs[index].pack(component, 0, 1, tile.plane(Space::Call, slot), vector);
            }
        }
        program.code.map(Stage::Call, &mut tile, vector);
        let slots = program.layout.slots(Space::Call);
        pass.call = (0..slots).map(|slot| tile.plane(Space::Call, slot)[0]).collect();
        pass.give_back(tile);
        pass
    }

    /// A tile with what is known per call in place.
    pub(super) fn take_tile(&self) -> Box<Tile<T>> {
        let mut tile = self.program.tiles.take().unwrap_or_else(|| Box::new(Tile::new(&self.program.layout)));
        let vector = self.program.layout.vector();
        for (slot, &number) in self.call.iter().enumerate() {
            tile.plane(Space::Call, slot)[..vector].fill(number);
        }
        tile
    }

    pub(super) fn give_back(&self, tile: Box<Tile<T>>) {
        self.program.tiles.put(tile);
    }

    /// Packs rows of one index and computes what is known of them.
    fn load_rows(&self, tile: &mut Tile<T>, space: Space, rows: Range<usize>) {
        let stage = if space == Space::Kept { Stage::Kept } else { Stage::Reduced };
        let lanes = self.padded(rows.len());
        for (slot, &source) in self.program.stages.sources[space as usize].iter().enumerate() {
            let plane = tile.plane(space, slot);
            match source {
                Source::Component { index, component } => {
                    self.inputs[index].pack(component, rows.start, rows.len(), plane, lanes);
                }
                Source::Position => {
                    let positions = rows.start as i64..;
                    plane[..lanes].iter_mut().zip(positions).for_each(|(lane, k)| *lane = T::from_index(k));
                }
                Source::Computed => {}
            }
        }
        self.program.code.map(stage, tile, lanes);
    }

    /// Lanes that hold this many rows in whole vectors.
    fn padded(&self, rows: usize) -> usize {
        rows.next_multiple_of(self.program.layout.vector())
    }

    /// The totals of kept rows over reduced rows, in the tile; says whether they are complete.
    fn accumulate(
        &self,
        tile: &mut Tile<T>,
        rows: &Range<usize>,
        range: &Range<usize>,
        advance: &mut Advance<'_>,
    ) -> bool {
        let stages = &self.program.stages;
        self.load_rows(tile, Space::Kept, rows.clone());
        let lanes = if self.spread { rows.len() * self.program.code.spread() } else { self.padded(rows.len()) };
        tile.fill(Space::Total, 0..lanes, &stages.total);
        tile.fill(Space::Anchor, 0..lanes, &stages.anchors);
        let mut start = range.start;
        while start < range.end {
            let count = (range.end - start).min(self.program.layout.reduced);
            self.load_rows(tile, Space::Reduced, start..start + count);
            self.block(tile, rows.len(), lanes, count);
            if !stages.anchors.is_empty() && self.reanchor(tile, lanes) {
                self.block(tile, rows.len(), lanes, count);
            }
            self.program.code.map(Stage::Absorb, tile, lanes);
            if !advance(rows.len() as u64 * count as u64) {
                return false;
            }
            start += count;
        }
        true
    }

    /// Reduces one tile into the block.
    fn block(&self, tile: &mut Tile<T>, rows: usize, lanes: usize, count: usize) {
        tile.fill(Space::Block, 0..lanes, &self.program.stages.block);
        if self.spread {
            let spread = self.program.code.spread();
            (0..rows).for_each(|row| self.program.code.update_row(tile, row, row * spread, count));
        } else {
            self.program.code.update(tile, lanes, count);
        }
    }

    /// Chooses anchors in view of the block; says whether the block must be computed again.
    fn reanchor(&self, tile: &mut Tile<T>, lanes: usize) -> bool {
        self.program.code.map(Stage::Reanchor, tile, lanes);
        tile.plane(Space::Output, 0)[..lanes].iter().any(|mask| mask.to_bits64() != 0)
    }

    /// Brings the totals of each kept row from its spread lanes to the row's own lane.
    fn gather(&self, tile: &mut Tile<T>, rows: usize) {
        if !self.spread {
            return;
        }
        let (spread, slots) = (self.program.code.spread(), self.program.layout.slots(Space::Total));
        let all: Totals<T> = (0..slots).map(|slot| tile.plane(Space::Total, slot)[..rows * spread].to_vec()).collect();
        let mut gathered: Totals<T> = vec![Vec::new(); slots];
        for row in 0..rows {
            for (slot, plane) in all.iter().enumerate() {
                tile.plane(Space::Total, slot)[..spread].copy_from_slice(&plane[row * spread..][..spread]);
            }
            let mut width = spread;
            while width > 1 {
                let half = width.div_ceil(2);
                for (slot, &nothing) in self.program.stages.total.iter().enumerate() {
                    let upper = tile.plane(Space::Total, slot)[half..width].to_vec();
                    let other = tile.plane(Space::Other, slot);
                    other[..upper.len()].copy_from_slice(&upper);
                    other[upper.len()..half].fill(T::from_bits64(nothing));
                }
                self.program.code.map(Stage::Merge, tile, half);
                width = half;
            }
            for (slot, gathered) in gathered.iter_mut().enumerate() {
                gathered.push(tile.plane(Space::Total, slot)[0]);
            }
        }
        self.put(tile, Space::Total, &gathered);
    }

    fn put(&self, tile: &mut Tile<T>, space: Space, totals: &Totals<T>) {
        for (slot, numbers) in totals.iter().enumerate() {
            let lanes = self.padded(numbers.len());
            let plane = tile.plane(space, slot);
            plane[..numbers.len()].copy_from_slice(numbers);
            plane[numbers.len()..lanes].fill(T::from_bits64(self.program.stages.total[slot]));
        }
    }

    /// The totals of kept rows over some of the reduced rows; nothing if the run was stopped.
    pub(super) fn reduce(
        &self,
        tile: &mut Tile<T>,
        rows: Range<usize>,
        range: Range<usize>,
        advance: &mut Advance<'_>,
    ) -> Option<Totals<T>> {
        if !self.accumulate(tile, &rows, &range, advance) {
            return None;
        }
        self.gather(tile, rows.len());
        let slots = self.program.layout.slots(Space::Total);
        Some((0..slots).map(|slot| tile.plane(Space::Total, slot)[..rows.len()].to_vec()).collect())
    }

    /// The results of kept rows over all reduced rows.
    pub(super) fn reduce_and_finish(
        &self,
        tile: &mut Tile<T>,
        rows: Range<usize>,
        range: Range<usize>,
        writer: &Writer<'_, '_>,
        advance: &mut Advance<'_>,
    ) {
        if self.accumulate(tile, &rows, &range, advance) {
            self.gather(tile, rows.len());
            self.finish(tile, rows, writer);
        }
    }

    /// The results of kept rows from the totals of the parts of the reduced rows, in order.
    pub(super) fn merge_and_finish(
        &self,
        tile: &mut Tile<T>,
        rows: Range<usize>,
        parts: impl Iterator<Item = Totals<T>>,
        writer: &Writer<'_, '_>,
    ) {
        let lanes = self.padded(rows.len());
        tile.fill(Space::Total, 0..lanes, &self.program.stages.total);
        for part in parts {
            self.put(tile, Space::Other, &part);
            self.program.code.map(Stage::Merge, tile, lanes);
        }
        self.load_rows(tile, Space::Kept, rows.clone());
        self.finish(tile, rows, writer);
    }

    fn finish(&self, tile: &mut Tile<T>, rows: Range<usize>, writer: &Writer<'_, '_>) {
        self.program.code.map(self.last, tile, self.padded(rows.len()));
        let mut outputs = lock(writer);
        let mut slot = 0;
        for (array, columns) in outputs.iter_mut().zip(&self.program.stages.outputs) {
            for column in 0..columns.count {
                unpack::<T>(array, column, rows.start, &tile.plane(Space::Output, slot)[..rows.len()]);
                slot += 1;
            }
        }
    }
}
