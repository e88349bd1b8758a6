//! The machine-code backend for x86-64: AVX2 with FMA, and AVX-512.

mod emit;
mod functions;
mod memory;
#[cfg(test)]
mod tests;
mod x86;

use std::sync::Arc;

use functions::{Along, Functions};
use memory::Executable;
use x86::Width;

use super::{Code, Layout, Number, Target, Tile};
use crate::error::{Error, ErrorKind, Result};
use crate::lower::{Space, Stage, Stages};

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
    fn call<T: Number>(&self, function: usize, tile: &mut Tile<T>, numbers: [usize; 4], places: &[usize]) {
        let buffer = tile.buffer();
        let [a, b, c, d] = numbers.map(|n| n * size_of::<T>());
        let places = places.as_ptr().expose_provenance();
        let arguments = [buffer.as_mut_ptr().expose_provenance(), a, b, c, d, places];
        // SAFETY: the code was written for this layout, whose planes, constants and spills the buffer holds; every
        // caller below passes offsets of whole vectors inside the planes, and the places that were made for the
        // function's families; the buffer is borrowed for the call.
        unsafe { self.executable.call(function, arguments) }
    }

    fn lanes<T>(&self) -> usize {
        self.width.bytes() / size_of::<T>()
    }
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
        let mut call = |which: usize, first: usize| {
            for update in self.functions.all_updates() {
                for places in update.calls.each() {
                    self.call(update.starts[which], tile, [first, count, 0, 0], places);
                }
            }
        };
        let Some(group) = self.functions.group else { return call(0, lanes) };
        let grouped = lanes / (group * vector) * (group * vector);
        (0..grouped).step_by(group * vector).for_each(|first| call(0, first));
        (grouped..lanes).step_by(vector).for_each(|first| call(1, first));
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
        for update in self.functions.all_updates() {
            let Along { many, one, copies } = update.row;
            let grouped = count / (copies * lanes) * (copies * lanes);
            for places in update.calls.each() {
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
