//! The machine-code backend for x86-64: AVX2 with FMA, and AVX-512.

mod emit;
mod functions;
mod memory;
#[cfg(test)]
mod tests;
mod x86;

use std::sync::Arc;

use functions::Functions;
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
    /// Calls a function on a tile's buffer; offsets and ends are in numbers.
    fn call<T: Number>(&self, function: usize, tile: &mut Tile<T>, numbers: [usize; 4]) {
        let buffer = tile.buffer();
        let [a, b, c, d] = numbers.map(|n| n * size_of::<T>());
        let arguments = [buffer.as_mut_ptr().expose_provenance(), a, b, c, d];
        // SAFETY: the code was written for this layout, whose planes, constants and spills the buffer holds; every
        // caller below passes offsets of whole vectors inside the planes; the buffer is borrowed for the call.
        unsafe { self.executable.call(function, arguments) }
    }

    fn lanes<T>(&self) -> usize {
        self.width.bytes() / size_of::<T>()
    }
}

impl<T: Number> Code<T> for Machine {
    fn map(&self, stage: Stage, tile: &mut Tile<T>, lanes: usize) {
        let Some(function) = self.functions.maps[stage as usize] else { return };
        assert!(lanes <= tile.layout().lanes(stage), "a stage runs on the lanes of its planes");
        if lanes > 0 {
            self.call(function, tile, [lanes.next_multiple_of(self.lanes::<T>()), 0, 0, 0]);
        }
    }

    fn update(&self, tile: &mut Tile<T>, lanes: usize, count: usize) {
        assert!(lanes <= tile.layout().kept && count <= tile.layout().reduced, "an update stays inside its tile");
        let lanes = lanes.next_multiple_of(self.lanes::<T>());
        self.call(self.functions.update, tile, [lanes, count, 0, 0]);
    }

    fn spread(&self) -> usize {
        // A group of interleaved vectors, and one for the rows that fill no vector.
        (self.functions.copies + 1) * self.lanes::<T>()
    }

    fn update_row(&self, tile: &mut Tile<T>, row: usize, lane: usize, count: usize) {
        let lanes = self.lanes::<T>();
        let group = self.functions.copies * lanes;
        let layout = tile.layout();
        assert!(row < layout.kept && lane + group + lanes <= layout.kept && count <= layout.reduced, "inside the tile");
        let (many, whole) = (count / group * group, count / lanes * lanes);
        self.call(self.functions.row_many, tile, [row, lane, 0, many]);
        self.call(self.functions.row_one, tile, [row, lane, many, whole]);
        if whole < count {
            let last = lane + group;
            self.call(self.functions.row_one, tile, [row, last, whole, whole + lanes]);
            let nothing = self.stages.block.clone();
            tile.fill(Space::Block, last + count - whole..last + lanes, &nothing);
        }
    }

    fn values(&self, tile: &mut Tile<T>, row: usize, count: usize) {
        let Some(values) = &self.functions.values else { return };
        let lanes = self.lanes::<T>();
        let group = values.copies * lanes;
        let layout = tile.layout();
        assert!(row < layout.kept && count <= layout.reduced, "inside the tile");
        let many = count / group * group;
        self.call(values.many, tile, [row, 0, 0, many]);
        // A plane has a vector more than its lanes.
        self.call(values.one, tile, [row, 0, many, count.next_multiple_of(lanes)]);
    }

    fn machine_code(&self) -> &[u8] {
        &self.code
    }

    fn explain(&self) -> String {
        format!(
            "machine code, {} registers of {} bytes, {} vectors interleaved, {} bytes of code, {} spills\n",
            self.width.registers(),
            self.width.bytes(),
            self.functions.copies,
            self.code.len(),
            self.functions.spills,
        )
    }
}
