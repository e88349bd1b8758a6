//! The machine-code backend for x86-64: AVX2 with FMA, and AVX-512.

mod emit;
mod functions;
mod interleave;
mod loops;
mod memory;
mod operations;
mod places;
#[cfg(test)]
mod tests;
mod x86;

use std::ops::Range;
use std::sync::Arc;

use functions::{Along, Filter, Functions};
use memory::Executable;
use x86::Width;

use super::{Code, Layout, Number, Take, Target, Tile};
use crate::error::{Error, ErrorKind, Result};
use crate::lower::{Candidate, Plane, Space, Stage, Stages};

/// Whether this processor and system run the target.
pub(super) fn is_available(target: Target) -> bool {
    match target {
        Target::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
        Target::Avx512 => is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq"),
        _ => false,
    }
}

/// The processor in words.
pub(super) fn describe() -> String {
    let yes = |found: bool| if found { "yes" } else { "no" };
    let memory = match Executable::new(&[0xc3]) {
        Ok(_) => "yes".to_owned(),
        Err(error) => format!("no ({error}); the portable backend runs"),
    };
    format!(
        "processor: x86-64, AVX2 and FMA: {}, AVX-512 F and DQ: {}\nexecutable memory: {memory}",
        yes(is_available(Target::Avx2)),
        yes(is_available(Target::Avx512)),
    )
}

/// Compiles the stages; reserves the memory that the code needs beyond the tile's planes.
pub(super) fn compile<T: Number>(
    stages: &Arc<Stages>,
    layout: &mut Layout,
    target: Target,
) -> Result<Box<dyn Code<T>>> {
    let width = if target == Target::Avx512 { Width::Zmm } else { Width::Ymm };
    let (code, functions) = functions::write(stages, layout, width);
    layout.reserve(functions.spills);
    if layout.length() * layout.size() > i32::MAX as usize {
        return Err(Error::new(ErrorKind::Size, "a tile of the formula is larger than 2 GiB"));
    }
    let executable = Executable::new(&code)?;
    Ok(Box::new(Machine { executable, functions, width, stages: stages.clone(), code }))
}

/// Repetitions that a call adds to sums at most, so that what it reads stays in a cache.
const REPETITIONS: usize = 8;

/// Compiled stages.
struct Machine {
    executable: Executable,
    functions: Functions,
    width: Width,
    stages: Arc<Stages>,
    code: Vec<u8>,
}

impl Machine {
    /// Calls a function on a tile's buffer, with the places that its families name; offsets and ends are in numbers.
    fn call<T: Number>(&self, function: usize, tile: &mut Tile<T>, numbers: [usize; 4], places: &[usize]) -> usize {
        let buffer = tile.buffer();
        let [a, b, c, d] = numbers.map(|n| n * size_of::<T>());
        let places = places.as_ptr().expose_provenance();
        let arguments = [buffer.as_mut_ptr().expose_provenance(), a, b, c, d, places];
        // SAFETY: the code was written for this layout, whose planes, constants and spills the buffer holds; every
        // caller below passes offsets of whole vectors inside the planes, and the places that were made for the
        // function's families; the buffer is borrowed for the call.
        unsafe { self.executable.call(function, arguments) }
    }

    /// Leaves the sums of a group of vectors of kept rows, and of the first reduced rows.
    fn contract<T: Number>(&self, tile: &mut Tile<T>, first: usize, vectors: usize, count: usize) {
        let (vector, group) = (self.lanes::<T>(), self.functions.group.unwrap_or(1));
        for contraction in &self.functions.contractions {
            for places in contraction.calls.several(REPETITIONS) {
                let bytes = size_of_val(places) / size_of::<T>();
                each(contraction.starts, vectors, group, |start, k| {
                    self.call(start, tile, [first + k * vector, count, bytes, k * vector], places);
                });
            }
        }
    }

    /// Reads what a function has left of `copies` vectors of kept rows from one on: so many numbers of records, each with
    /// the place of a reduced row and the bits of a mask for each plane and vector.
    fn read_candidates<T: Number>(
        &self,
        tile: &mut Tile<T>,
        first: usize,
        copies: usize,
        length: usize,
        found: &mut Vec<Candidate>,
    ) {
        let (planes, vector) = (tile.layout().slots(Space::Chosen), self.lanes::<T>());
        let places = |space| tile.layout().start(Plane::new(space, 0))..;
        let (records, values) = (places(Space::Chosen), places(Space::Candidate));
        let stride = tile.layout().start(Plane::new(Space::Candidate, 1)) - values.start;
        let buffer = tile.buffer();
        let (records, values) = (&buffer[records][..length], &buffer[values]);
        for (hit, record) in records.chunks_exact(1 + planes * copies).enumerate() {
            let position = record[0].to_bits64() as usize / size_of::<T>();
            for (k, mask) in record[1..].iter().enumerate() {
                let (component, copy) = (k / copies, k % copies);
                let values = &values[component * stride + (hit * copies + copy) * vector..][..vector];
                let mut bits = mask.to_bits64();
                while bits != 0 {
                    let lane = bits.trailing_zeros() as usize;
                    let (row, value) = (first + copy * vector + lane, values[lane].to_f64());
                    found.push(Candidate { row, component, position, value });
                    bits &= bits - 1;
                }
            }
        }
    }

    fn lanes<T>(&self) -> usize {
        self.width.bytes() / size_of::<T>()
    }
}

/// Calls functions for so many vectors: the first for `copies` of them at a time, the second for each of the rest.
fn each(starts: [usize; 2], vectors: usize, copies: usize, mut call: impl FnMut(usize, usize)) {
    let several = vectors / copies * copies;
    (0..several).step_by(copies).for_each(|first| call(starts[0], first));
    (several..vectors).for_each(|first| call(starts[1], first));
}

impl<T: Number> Code<T> for Machine {
    fn map(&self, stage: Stage, tile: &mut Tile<T>, lanes: usize) {
        assert!(lanes <= tile.layout().lanes(stage), "a stage runs on the lanes of its planes");
        let lanes = lanes.next_multiple_of(self.lanes::<T>());
        for function in self.functions.maps[stage as usize].iter().filter(|_| lanes > 0) {
            for places in function.calls.each() {
                self.call(function.start, tile, [lanes, 0, 0, 0], places);
            }
        }
    }

    fn update(&self, tile: &mut Tile<T>, lanes: usize, count: usize) {
        assert!(lanes <= tile.layout().kept && count <= tile.layout().reduced, "an update stays inside its tile");
        let (vector, lanes) = (self.lanes::<T>(), lanes.next_multiple_of(self.lanes::<T>()));
        let Some(group) = self.functions.group else {
            for update in &self.functions.updates {
                for places in update.calls.each() {
                    self.call(update.starts[0], tile, [lanes, count, 0, 0], places);
                }
            }
            return;
        };
        for first in (0..lanes).step_by(group * vector) {
            let vectors = group.min((lanes - first) / vector);
            self.contract(tile, first, vectors, count);
            for update in &self.functions.updates {
                for places in update.calls.each() {
                    each(update.starts, vectors, update.copies, |start, k| {
                        self.call(start, tile, [first + k * vector, count, 0, k * vector], places);
                    });
                }
            }
        }
    }

    fn exchanged(&self) -> usize {
        self.lanes::<T>()
    }

    fn spread(&self) -> usize {
        // A group of interleaved vectors, and one for the rows that fill no vector.
        (self.functions.copies() + 1) * self.lanes::<T>()
    }

    fn update_row(&self, tile: &mut Tile<T>, row: usize, lane: usize, count: usize) {
        let lanes = self.lanes::<T>();
        let last = lane + self.functions.copies() * lanes;
        let layout = tile.layout();
        assert!(row < layout.kept && last + lanes <= layout.kept && count <= layout.reduced, "inside the tile");
        let whole = count / lanes * lanes;
        for (Along { many, one, copies }, calls) in self.functions.all_rows() {
            let grouped = count / (copies * lanes) * (copies * lanes);
            for places in calls.each() {
                self.call(many, tile, [row, lane, 0, grouped], places);
                self.call(one, tile, [row, lane, grouped, whole], places);
                if whole < count {
                    self.call(one, tile, [row, last, whole, whole + lanes], places);
                }
            }
        }
        if whole < count {
            let nothing = self.stages.block.clone();
            tile.fill(Space::Block, last + count - whole..last + lanes, &nothing);
        }
    }

    fn values(&self, tile: &mut Tile<T>, row: usize, count: usize) {
        let Some(values) = self.functions.values else { return };
        let lanes = self.lanes::<T>();
        let layout = tile.layout();
        assert!(row < layout.kept && count <= layout.reduced, "inside the tile");
        let mut call = |Along { many, one, copies }: Along, places: &[usize]| {
            let grouped = count / (copies * lanes) * (copies * lanes);
            self.call(many, tile, [row, 0, 0, grouped], places);
            // A plane has a vector more than its lanes.
            self.call(one, tile, [row, 0, grouped, count.next_multiple_of(lanes)], places);
        };
        for contraction in &self.functions.contractions {
            contraction.calls.each().for_each(|places| call(contraction.row, places));
        }
        call(values, &[]);
    }

    fn candidates(&self, tile: &mut Tile<T>, lanes: usize, parts: &[Range<usize>], take: &mut Take<'_, T>) {
        let Some(Filter { starts, copies }) = self.functions.candidates else { return };
        let count = parts.last().map_or(0, |part| part.end);
        assert!(lanes <= tile.layout().kept && count <= tile.layout().reduced, "inside the tile");
        let (vector, lanes) = (self.lanes::<T>(), lanes.next_multiple_of(self.lanes::<T>()));
        let group = self.functions.group.unwrap_or(copies);
        let mut found = Vec::new();
        for first in (0..lanes).step_by(group * vector) {
            let vectors = group.min((lanes - first) / vector);
            self.contract(tile, first, vectors, count);
            for rows in parts {
                found.clear();
                each(starts, vectors, copies, |start, k| {
                    let copies = if start == starts[0] { copies } else { 1 };
                    let (lane, pair) = (first + k * vector, (rows.start * group + k) * vector);
                    let end = self.call(start, tile, [lane, rows.end, rows.start, pair], &[]);
                    self.read_candidates(tile, lane, copies, end / size_of::<T>(), &mut found);
                });
                take(tile, first..first + vectors * vector, &mut found);
            }
        }
    }

    fn machine_code(&self) -> &[u8] {
        &self.code
    }

    fn explain(&self) -> String {
        format!(
            "machine code, {} registers of {} bytes, {} vectors interleaved, {} bytes of code, {} spills\n",
            self.width.registers(),
            self.width.bytes(),
            self.functions.copies(),
            self.code.len(),
            self.functions.spills,
        )
    }
}
