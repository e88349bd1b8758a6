//! One task of a run: some kept rows with some reduced rows, tile by tile.

use std::ops::Range;
use std::sync::Mutex;

use super::Program;
use super::arguments::Arguments;
use super::locks::lock;
use super::pack::{Format, RowColumns, pad, unpack, unpack_row};
use super::rows::{AllStates, FEW_ROWS, Reading};
use super::schedule::{Task, tiles};
use super::skip::{Next, Search, Skips};
use crate::array::ArrayMut;
use crate::backend::{Planes, Tile};
use crate::formula::Category;
use crate::lower::{Origin, Source, Space, Stage};

/// For each plane of the space `Total` a number per kept row.
pub(super) type Numbers<T> = Vec<Vec<T>>;

/// What some of the reduced rows have come to, for some kept rows.
pub(super) struct Totals<T> {
    planes: Numbers<T>,
    states: AllStates,
}

/// Told of pairs that are done, and of how many of them were skipped; says whether to go on.
pub(super) type Advance<'a> = dyn FnMut(u64, u64) -> bool + 'a;

/// What all tasks of a run share.
pub(super) struct Pass<'a, T: Format> {
    program: &'a Program<T>,
    arguments: &'a Arguments<'a>,
    /// Whether parameters differ from problem to problem.
    has_own_parameters: bool,
    /// Which tiles need not be computed.
    skips: Option<Skips<'a, T>>,
}

/// What a thread works with: a tile, which holds what is known per call of one problem.
pub(super) struct Worker<T> {
    pub(super) tile: Tile<T>,
    item: Option<usize>,
    /// Where the problem's first element is in each input.
    origins: Vec<isize>,
    /// The reduced rows in the tile.
    segments: Vec<Range<usize>>,
    /// What is reduced in plain code has come to this.
    states: AllStates,
    /// How far that has come.
    reading: Reading,
}

/// The outputs of a run, written by whichever task is done.
pub(super) type Writer<'a, 'b> = Mutex<&'a mut [ArrayMut<'b>]>;

impl<'a, T: Format> Pass<'a, T> {
    pub(super) fn new(program: &'a Program<T>, arguments: &'a Arguments<'a>, categories: &[Category]) -> Self {
        let mut parameters = arguments.inputs.iter().zip(categories).filter(|(_, c)| **c == Category::Parameter);
        let has_own_parameters = parameters.any(|(rows, _)| rows.place.batch_steps.iter().any(|&step| step != 0));
        Pass { program, arguments, has_own_parameters, skips: Skips::new(program, arguments) }
    }

    /// What a thread works with.
    pub(super) fn worker(&self) -> Box<Worker<T>> {
        if let Some(mut worker) = self.program.workers.take() {
            worker.item = None;
            return worker;
        }
        Box::new(Worker {
            tile: Tile::new(&self.program.layout),
            item: None,
            origins: Vec::new(),
            segments: Vec::new(),
            states: Vec::new(),
            reading: Reading::new(),
        })
    }

    pub(super) fn give_back(&self, mut worker: Box<Worker<T>>) {
        // A run that was stopped has left some.
        worker.states.clear();
        self.program.workers.put(worker);
    }

    /// Turns to a problem: where its arrays are, and what is known of it per call.
    pub(super) fn enter(&self, worker: &mut Worker<T>, item: usize) {
        if worker.item == Some(item) {
            return;
        }
        let is_first = worker.item.replace(item).is_none();
        let batch = &self.arguments.batch;
        worker.origins.clear();
        let inputs = self.arguments.inputs.iter();
        worker.origins.extend(inputs.map(|rows| rows.place.origin + batch.offset(item, &rows.place.batch_steps)));
        if is_first || self.has_own_parameters {
            self.load(worker, Space::Call, std::slice::from_ref(&(0..1)), self.program.layout.vector());
            self.program.code.map(Stage::Call, &mut worker.tile, self.program.layout.vector());
        }
    }

    /// Packs rows into the planes of a space, one after the other, and repeats the last up to `lanes`.
    fn load(&self, worker: &mut Worker<T>, space: Space, rows: &[Range<usize>], lanes: usize) {
        let sources = &self.program.stages.sources[space as usize];
        let mut slot = 0;
        while let Some(&source) = sources.get(slot) {
            let count = source.neighbours(&sources[slot..]);
            let mut planes = worker.tile.planes(space, slot..slot + count);
            slot += count;
            if source == Source::Computed {
                continue;
            }
            let mut filled = 0;
            for rows in rows {
                self.pack(&worker.origins, source, rows.clone(), &mut planes.from(filled));
                filled += rows.len();
            }
            (0..count).for_each(|k| pad(&mut planes.lanes(k)[..lanes], filled));
        }
    }

    /// Packs consecutive rows of what neighbouring planes come from. Inlined, checks of what is only there for some sources
    /// would be made before that is known, which is harmless and yet what valgrind looks for.
    #[inline(never)]
    fn pack(&self, origins: &[isize], source: Source, rows: Range<usize>, planes: &mut Planes<'_, T>) {
        let input = |index: usize| (&self.arguments.inputs[index], origins[index]);
        match source {
            Source::Component { index, component } => {
                let (input, origin) = input(index);
                input.pack(origin, component, rows, planes);
            }
            Source::Integer { index, component } => {
                let (input, origin) = input(index);
                input.pack_integers(origin, component, rows.start, &mut planes.lanes(0)[..rows.len()]);
            }
            Source::Position => {
                let positions = rows.start as i64..;
                planes.lanes(0)[..rows.len()].iter_mut().zip(positions).for_each(|(lane, k)| *lane = T::from_index(k));
            }
            Source::Computed => {}
        }
    }

    /// Packs rows of one index and computes what is known of them.
    pub(super) fn load_rows(&self, worker: &mut Worker<T>, space: Space, rows: &[Range<usize>]) {
        let stage = if space == Space::Kept { Stage::Kept } else { Stage::Reduced };
        let lanes = self.padded(rows.iter().map(Range::len).sum());
        self.load(worker, space, rows, lanes);
        self.program.code.map(stage, &mut worker.tile, lanes);
    }

    /// Lanes that hold this many rows in whole vectors.
    pub(super) fn padded(&self, rows: usize) -> usize {
        rows.next_multiple_of(self.program.layout.vector())
    }

    /// Whether the lanes run along the reduced index.
    fn is_spread(&self, task: &Task<'_>) -> bool {
        task.strip_rows < FEW_ROWS
            && task.reduced > FEW_ROWS
            && self.program.code.spread() * task.strip_rows <= self.program.layout.kept
    }

    /// The totals of the task's kept rows over its reduced rows, in the tile and the states; says whether they are
    /// complete.
    fn accumulate(&self, worker: &mut Worker<T>, task: &Task<'_>, advance: &mut Advance<'_>) -> bool {
        let stages = &self.program.stages;
        let (rows, is_spread) = (task.rows.len(), self.is_spread(task));
        self.enter(worker, task.item);
        self.load_rows(worker, Space::Kept, std::slice::from_ref(&task.rows));
        let lanes = if is_spread { rows * self.program.code.spread() } else { self.padded(rows) };
        worker.tile.fill(Space::Total, 0..lanes, &stages.total);
        worker.tile.fill(Space::Anchor, 0..lanes, &stages.anchors);
        let mut tiles = tiles(task.intervals, task.part.clone(), self.program.layout.reduced);
        let mut segments = std::mem::take(&mut worker.segments);
        let mut goes_on = true;
        worker.states = self.program.start_rows(rows);
        worker.reading.restart();
        let has_totals = stages.has(Stage::Update);
        // A lane of a spread row takes few rows of a tile, so its block lasts for several, until a lane has at most as many rows
        // as a tile, unless more is asked of a block. One vector of lanes is for the rows that fill none.
        let is_long = is_spread && stages.anchors.is_empty() && self.skips.is_none();
        let tiles_of_a_block = if is_long { self.program.code.spread() / 2 } else { 1 };
        let mut in_block = 0;
        let masks = self.skips.as_ref().map(|skips| skips.masks(task, &worker.origins));
        let mut search = Search::new(masks, rows, self.program.layout.reduced);
        while goes_on {
            // A run of tiles without any pair is as one tile without rows: absorbing nothing twice is as doing so once.
            let skipped = match search.next(&mut tiles, &mut segments) {
                Next::Tile => 0,
                Next::Skipped(skipped) => skipped,
                Next::End => break,
            };
            let count: usize = segments.iter().map(Range::len).sum();
            if count > 0 {
                self.load_rows(worker, Space::Reduced, &segments);
            }
            let tile = &mut worker.tile;
            if has_totals {
                if in_block == 0 {
                    tile.fill(Space::Block, 0..lanes, &stages.block);
                }
                self.update(tile, rows, lanes, count, is_spread);
                if !stages.anchors.is_empty() && self.reanchor(tile, lanes) {
                    tile.fill(Space::Block, 0..lanes, &stages.block);
                    self.update(tile, rows, lanes, count, is_spread);
                }
                in_block = (in_block + 1) % tiles_of_a_block;
                if in_block == 0 {
                    self.program.code.map(Stage::Absorb, tile, lanes);
                }
            }
            self.program.absorb_rows(tile, rows, &segments, &mut worker.states, &mut worker.reading);
            goes_on = advance(rows as u64 * (count + skipped) as u64, rows as u64 * skipped as u64);
        }
        worker.segments = segments;
        if in_block > 0 {
            self.program.code.map(Stage::Absorb, &mut worker.tile, lanes);
        }
        if goes_on && is_spread {
            self.gather(&mut worker.tile, rows);
        }
        goes_on
    }

    /// Adds one tile to the block.
    fn update(&self, tile: &mut Tile<T>, rows: usize, lanes: usize, count: usize, is_spread: bool) {
        if count == 0 {
            return;
        }
        if is_spread {
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
        let (spread, slots) = (self.program.code.spread(), self.program.layout.slots(Space::Total));
        let all: Numbers<T> = (0..slots).map(|slot| tile.plane(Space::Total, slot)[..rows * spread].to_vec()).collect();
        let mut gathered: Numbers<T> = vec![Vec::new(); slots];
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

    pub(super) fn put(&self, tile: &mut Tile<T>, space: Space, totals: &Numbers<T>) {
        for (slot, numbers) in totals.iter().enumerate() {
            let lanes = self.padded(numbers.len());
            let plane = tile.plane(space, slot);
            plane[..numbers.len()].copy_from_slice(numbers);
            plane[numbers.len()..lanes].fill(T::from_bits64(self.program.stages.total[slot]));
        }
    }

    /// The totals of the task's kept rows over its part of the reduced rows; nothing if the run was stopped.
    pub(super) fn reduce(
        &self,
        worker: &mut Worker<T>,
        task: &Task<'_>,
        advance: &mut Advance<'_>,
    ) -> Option<Totals<T>> {
        if !self.accumulate(worker, task, advance) {
            return None;
        }
        let slots = self.program.layout.slots(Space::Total);
        let plane = |slot| worker.tile.plane(Space::Total, slot)[..task.rows.len()].to_vec();
        Some(Totals { planes: (0..slots).map(plane).collect(), states: std::mem::take(&mut worker.states) })
    }

    /// The results of the task's kept rows over all reduced rows.
    pub(super) fn reduce_and_finish(
        &self,
        worker: &mut Worker<T>,
        task: &Task<'_>,
        writer: &Writer<'_, '_>,
        advance: &mut Advance<'_>,
    ) {
        if self.accumulate(worker, task, advance) {
            self.finish(worker, task, writer);
        }
    }

    /// The results of the task's kept rows from the totals of all parts of the reduced rows, in order.
    pub(super) fn merge_and_finish(
        &self,
        worker: &mut Worker<T>,
        task: &Task<'_>,
        parts: impl Iterator<Item = Totals<T>>,
        writer: &Writer<'_, '_>,
    ) {
        let lanes = self.padded(task.rows.len());
        self.enter(worker, task.item);
        worker.tile.fill(Space::Total, 0..lanes, &self.program.stages.total);
        worker.states = self.program.start_rows(task.rows.len());
        for part in parts {
            self.program.merge_rows(&mut worker.states, part.states);
            self.put(&mut worker.tile, Space::Other, &part.planes);
            self.program.code.map(Stage::Merge, &mut worker.tile, lanes);
        }
        self.load_rows(worker, Space::Kept, std::slice::from_ref(&task.rows));
        self.finish(worker, task, writer);
    }

    pub(super) fn finish(&self, worker: &mut Worker<T>, task: &Task<'_>, writer: &Writer<'_, '_>) {
        let last = if task.reduced > 0 { Stage::Finish } else { Stage::Nothing };
        self.program.code.map(last, &mut worker.tile, self.padded(task.rows.len()));
        let results = self.program.finish_rows(std::mem::take(&mut worker.states));
        let mut outputs = lock(writer);
        let places = outputs.iter_mut().zip(&self.arguments.outputs);
        for ((array, place), output) in places.zip(&self.program.stages.outputs) {
            let origin = place.origin + self.arguments.batch.offset(task.item, &place.batch_steps);
            let columns = output.columns;
            match output.origin {
                Origin::Planes(first) => {
                    for column in 0..columns.count {
                        let lanes = &worker.tile.plane(Space::Output, first + column)[..task.rows.len()];
                        unpack::<T>(array, place, origin, column, task.rows.start, lanes);
                    }
                }
                Origin::Rows { part, start } => {
                    let range = start..start + columns.count;
                    for (row, result) in task.rows.clone().zip(&results[part]) {
                        let columns = match columns.is_integer {
                            true => RowColumns::Integers(&result.integers[range.clone()]),
                            false => RowColumns::Numbers(&result.numbers[range.clone()]),
                        };
                        unpack_row::<T>(array, place, origin, row, columns);
                    }
                }
            }
        }
    }
}
