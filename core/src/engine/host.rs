//! Runs on GPUs of arrays in ordinary memory: they are shared out to devices and copied there, in pieces where they are large,
//! and the results back.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::device::{self, DeviceArray, DeviceOptions, DeviceProgram};
use super::locks::lock;
use super::portion::{Cut, Portion, halved};
use super::progress::{INTERVAL, Progress, Reporter};
use super::ranges::Pattern;
use super::threads::with_helpers;
use super::transfer::{Input, Layout, Rows, Uploads, described, download};
use super::{Devices, Kernel, RunOptions, arguments, integers};
use crate::array::{ArrayMut, ArrayRef};
use crate::backend::cuda::{self, Blocks, Device, Event, Memory, OwnStream, Piece, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::formula::Category;

/// Of free memory one part in so many is left: it is counted in larger units than ours, and others take some meanwhile.
const MARGIN: usize = 16;
/// Bytes of inputs from which on copies overlap with computing, and of those of a piece, about.
const OVERLAPPED: usize = 32 << 20;
const PIECE: usize = 16 << 20;
/// How often inputs are halved for that: more pieces would hide little more.
const HALVINGS: usize = 3;
/// Bytes that memory is counted in.
const ALIGNMENT: usize = 256;

const ALL: [Rows; 3] = [Rows::None, Rows::Kept, Rows::Reduced];

/// What all devices of a run have in common.
struct Run<'a, 'o, 'r> {
    kernel: &'a Kernel,
    program: &'a DeviceProgram,
    inputs: Vec<Input<'a>>,
    outputs: Vec<Layout>,
    pattern: Option<Pattern>,
    results: Mutex<&'r mut [ArrayMut<'o>]>,
}

/// Runs a kernel for devices on arrays in ordinary memory.
pub(super) fn run(
    kernel: &Kernel,
    inputs: &[ArrayRef<'_>],
    outputs: &mut [ArrayMut<'_>],
    options: &RunOptions<'_>,
) -> Result<()> {
    let checked = arguments::check(kernel, inputs, outputs)?;
    integers::check(kernel, &checked)?;
    checked.batch.counted()?;
    let (kept, reduced) = (checked.kept, checked.reduced);
    device::check_reduced(reduced)?;
    let pattern = options.ranges.map(|ranges| ranges.pattern(kernel.axis(), kept, reduced)).transpose()?;
    let batch = checked.batch.shape().iter().map(|&extent| 0..extent).collect();
    let all = Portion { batch, kept: 0..kept, reduced: 0..reduced };
    let progress = Progress::new(all.pairs());
    let reporter = Reporter::new(&progress, options);
    reporter.now();
    let devices: Vec<&Device> = match options.devices {
        Devices::One(number) => vec![cuda::device(number)?],
        Devices::All => cuda::devices()?.iter().map(AsRef::as_ref).collect(),
    };
    if devices.is_empty() {
        return Err(Error::new(ErrorKind::Device, "the CUDA driver finds no device"));
    }
    let input = |((array, rows), input): ((&ArrayRef<'_>, &super::pack::Rows<'_>), &super::Input)| {
        let of = match input.category {
            Category::Parameter => Rows::None,
            category if category == kernel.axis().kept() => Rows::Kept,
            _ => Rows::Reduced,
        };
        Layout::new(array.dtype(), of, &rows.place, input.dim)
    };
    let layouts = inputs.iter().zip(&checked.inputs).zip(kernel.inputs()).map(input);
    let places = outputs.iter().zip(&checked.outputs).zip(kernel.outputs());
    let run = Run {
        kernel,
        program: kernel.device_program()?,
        inputs: inputs.iter().zip(layouts).map(|(array, layout)| Input::new(array, layout)).collect(),
        outputs: places.map(|((array, place), o)| Layout::new(array.dtype(), Rows::Kept, place, o.dim)).collect(),
        pattern,
        results: Mutex::new(outputs),
    };
    let shares = all.shares(devices.len());
    let next = AtomicUsize::new(0);
    let take = || {
        let k = next.fetch_add(1, Ordering::Relaxed);
        shares.get(k).zip(devices.get(k))
    };
    let failure: Mutex<Option<Error>> = Mutex::new(None);
    // What the calling thread and those of other devices do alike.
    let work = |advance: &dyn Fn(u64) -> bool| {
        while let Some((share, device)) = take().filter(|_| !progress.is_stopped()) {
            if let Err(error) = run.compute(device, share, advance) {
                lock(&failure).get_or_insert(error);
                progress.stop();
            }
        }
    };
    let help = || progress.stop_if_it_panics(|| work(&|pairs| progress.advance(pairs, 0)));
    let advance_and_report = |pairs| {
        progress.advance(pairs, 0);
        reporter.now();
        !progress.is_stopped()
    };
    let work_here = || progress.stop_if_it_panics(|| work(&advance_and_report));
    with_helpers(shares.len() - 1, &help, work_here, INTERVAL, || reporter.now_and_then());
    let failure = lock(&failure).take();
    if let Some(error) = failure.filter(|error| error.kind() != ErrorKind::Cancelled) {
        return Err(error);
    }
    if let Some(skipped) = options.skipped {
        skipped.set(0);
    }
    reporter.finish()
}

/// The streams of a run: one for all, or one for copies and one for the rest where they overlap.
struct Streams<'d> {
    work: OwnStream<'d>,
    second: Option<Second<'d>>,
}

/// The stream of copies, and what the streams have done with the last piece: its inputs are there; they have been packed, so that others
/// may take their place; and all is done.
struct Second<'d> {
    copies: OwnStream<'d>,
    copied: Event<'d>,
    packed: Event<'d>,
    done: Event<'d>,
}

impl<'d> Streams<'d> {
    fn new(device: &'d Device, overlap: bool) -> Result<Self> {
        let second = || {
            let [copied, packed, done] = [device.event()?, device.event()?, device.event()?];
            Ok::<_, Error>(Second { copies: device.stream()?, copied, packed, done })
        };
        Ok(Streams { work: device.stream()?, second: if overlap { Some(second()?) } else { None } })
    }

    fn copies(&self) -> &OwnStream<'d> {
        self.second.as_ref().map_or(&self.work, |second| &second.copies)
    }

    /// Does something with the second stream, if there is one: one stream alone is in order anyway.
    fn if_two(&self, work: impl FnOnce(&Second<'d>) -> Result<()>) -> Result<()> {
        self.second.as_ref().map_or(Ok(()), work)
    }

    /// Waits until the last piece is done, but not for what has been queued since.
    fn wait(&self) -> Result<()> {
        self.second.as_ref().map_or_else(|| self.work.synchronize(), |second| second.done.synchronize())
    }
}

/// Lets no stream go on when memory is given back, however a run ends.
struct Settled<'s, 'd>(&'s Streams<'d>);

impl Drop for Settled<'_, '_> {
    fn drop(&mut self) {
        // What went wrong has been said.
        let _ = (self.0.work.synchronize(), self.0.copies().synchronize());
    }
}

impl Run<'_, '_, '_> {
    /// Computes a portion on a device. Small ones are tried without asking what is free, which is a call of the driver more.
    fn compute(&self, device: &Device, portion: &Portion, advance: &dyn Fn(u64) -> bool) -> Result<()> {
        let whole = portion.whole();
        if self.bytes(device, portion, &whole)? <= OVERLAPPED {
            match self.by_pieces(device, portion, &whole, advance) {
                Err(error) if error.kind() == ErrorKind::Size => {}
                ended => return ended,
            }
        }
        self.by_pieces(device, portion, &self.cut(device, portion)?, advance)
    }

    /// Computes a portion piece by piece. While one is computed the inputs of the next are copied, and the results of the last one.
    fn by_pieces(&self, device: &Device, portion: &Portion, cut: &Cut, advance: &dyn Fn(u64) -> bool) -> Result<()> {
        let first = portion.first(cut);
        let streams = Streams::new(device, *cut != portion.whole())?;
        let (work, stream) = (&streams.work, streams.work.name());
        let results: Vec<Memory<'_>> =
            self.outputs.iter().map(|o| device.allocate(o.compact(&first, 0).1, stream)).collect::<Result<_>>()?;
        let mut uploads = Uploads::new();
        let mut workspace: Option<(Memory<'_>, usize)> = None;
        let _settled = Settled(&streams);
        let finish = |piece: Portion| {
            streams.wait()?;
            if piece.reduced.end == portion.reduced.end {
                let mut arrays = lock(&self.results);
                for ((memory, layout), array) in results.iter().zip(&self.outputs).zip(arrays.iter_mut()) {
                    download(device, streams.copies(), memory.address, layout, &piece, array)?;
                }
            }
            let stopped = || Error::new(ErrorKind::Cancelled, "the progress callback asked to stop");
            if advance(piece.pairs()) { Ok(()) } else { Err(stopped()) }
        };
        let mut last: Option<Portion> = None;
        for piece in portion.pieces(cut) {
            // The inputs of the last piece make room for these.
            streams.if_two(|second| second.copies.wait(&second.packed))?;
            let inputs = uploads.bring(device, streams.copies(), &self.inputs, &piece)?;
            streams.if_two(|second| second.copied.record(&second.copies).and_then(|()| work.wait(&second.copied)))?;
            let result = |(o, memory): (&Layout, &Memory<'_>)| o.compact(&piece, memory.address).0;
            let outputs: Vec<DeviceArray> = self.outputs.iter().zip(&results).map(result).collect();
            let blocks = self.blocks(&piece);
            let prepare = |packs| {
                let of = Piece { packs, ..placed(portion, cut, &piece) };
                self.prepare(device, of, [&inputs, &outputs], blocks.as_ref())
            };
            let beside = last.as_ref().filter(|last| last.batch == piece.batch);
            let packs_kept = beside.is_none_or(|last| last.kept != piece.kept);
            let packs_reduced = beside.is_none_or(|last| last.reduced != piece.reduced);
            let Some(mut run) = prepare([packs_kept, packs_reduced])? else { continue };
            if workspace.as_ref().is_none_or(|(_, bytes)| *bytes < run.workspace()) {
                // With the memory goes what was packed.
                drop(workspace.take());
                workspace = Some((device.allocate(run.workspace(), stream)?, run.workspace()));
                run = prepare([true; 2])?.unwrap_or(run);
            }
            let memory = workspace.as_ref().map(|(memory, bytes)| (memory.address, *bytes));
            let options = DeviceOptions { stream, workspace: memory, ranges: None };
            run.queue(device, &options, |step| match step {
                Step::Reduce => streams.if_two(|second| second.packed.record(work)),
                // There is one place for the results of a piece: those of the last are taken before.
                Step::Merge => last.take().map_or(Ok(()), finish),
                _ => Ok(()),
            })?;
            streams.if_two(|second| second.done.record(work))?;
            last = Some(piece);
        }
        last.map_or(Ok(()), finish)
    }

    /// A run of a piece on arrays of a device.
    fn prepare<'b>(
        &'b self,
        device: &Device,
        piece: Piece,
        [inputs, outputs]: [&[DeviceArray]; 2],
        blocks: Option<&'b Blocks>,
    ) -> Result<Option<device::Run<'b>>> {
        let places = self.kernel.places_of(inputs, outputs)?;
        self.kernel.prepare(self.program, device, &places, [inputs, outputs], piece, blocks)
    }

    /// The ranges of a piece.
    fn blocks(&self, piece: &Portion) -> Option<Blocks> {
        self.pattern.as_ref().map(|pattern| device::blocks(pattern, [&piece.kept, &piece.reduced]))
    }

    /// Bytes that a device has to have free for pieces of a portion.
    fn bytes(&self, device: &Device, portion: &Portion, cut: &Cut) -> Result<usize> {
        let first = portion.first(cut);
        let (mut bytes, mut workspace) = (self.copied(&first, &ALL), 0);
        // Workspaces differ by the number of problems, and by the kept rows and their ranges.
        let mut batches = vec![first.batch.clone(), portion.last_batch(cut)];
        batches.dedup_by_key(|batch| batch.iter().map(Range::len).collect::<Vec<_>>());
        let of_batch = |batch| Portion { batch, reduced: first.reduced.clone(), kept: portion.kept.clone() };
        let pieces = batches.into_iter().flat_map(|batch| {
            let pieces: Vec<Portion> = of_batch(batch).pieces(cut).collect();
            let count = pieces.len();
            let differs = move |k: usize| self.pattern.is_some() || k == 0 || k + 1 == count;
            (0..).zip(pieces).filter(move |(k, _)| differs(*k)).map(|(_, piece)| piece)
        });
        for piece in &pieces.collect::<Vec<_>>() {
            let inputs = described(&self.inputs, piece, &[]).0;
            let (outputs, sizes): (Vec<_>, Vec<_>) = self.outputs.iter().map(|o| o.compact(piece, 0)).unzip();
            let blocks = self.blocks(piece);
            let run = self.prepare(device, placed(portion, cut, piece), [&inputs, &outputs], blocks.as_ref())?;
            workspace = workspace.max(run.map_or(0, |run| run.workspace()));
            if *piece == first {
                bytes += counted(sizes);
            }
        }
        Ok(bytes + workspace)
    }

    /// Bytes of the inputs of a piece that have these rows.
    fn copied(&self, piece: &Portion, of: &[Rows]) -> usize {
        counted(described(&self.inputs, piece, of).1)
    }

    /// How a portion is cut: so that pieces fit, and if all does, so that copies of large inputs overlap with computing.
    fn cut(&self, device: &Device, portion: &Portion) -> Result<Cut> {
        let free = device.free_bytes()?;
        let free = free - free / MARGIN;
        let bytes = |cut: &Cut| self.bytes(device, portion, cut);
        let fits = |cut: &Cut, [times, parts]: [usize; 2]| Ok::<_, Error>(bytes(cut)? <= free / parts * times);
        let Some(cut) = Cut::fitting(portion, fits)? else {
            let smallest = bytes(&Cut::smallest(portion))?;
            let message = format!(
                "device {} has {free} bytes of memory to work in, and the smallest pieces of this run take {smallest}",
                device.number
            );
            return Err(Error::new(ErrorKind::Size, message));
        };
        if cut != portion.whole() || self.copied(portion, &ALL) <= OVERLAPPED {
            return Ok(cut);
        }
        let [kept, reduced] = [Rows::Kept, Rows::Reduced].map(|rows| self.copied(portion, &[rows]));
        let axis = cut.batch.iter().position(|&extent| extent > 1);
        let mut smaller = cut.clone();
        for _ in 0..HALVINGS {
            if self.copied(&portion.first(&smaller), &ALL) <= PIECE {
                break;
            }
            match axis {
                Some(axis) => smaller.batch[axis] = smaller.batch[axis].div_ceil(2),
                None if kept > reduced => smaller.kept = halved(smaller.kept),
                None => smaller.reduced = halved(smaller.reduced),
            }
        }
        Ok(if bytes(&smaller)? <= free { smaller } else { cut })
    }
}

/// Where a piece of a portion is among the others.
fn placed(portion: &Portion, cut: &Cut, piece: &Portion) -> Piece {
    let (rows, most) = (&portion.reduced, cut.reduced.max(1));
    Piece {
        first: [piece.kept.start, piece.reduced.start],
        number: (piece.reduced.start - rows.start) / most,
        count: rows.len().div_ceil(most).max(1),
        largest: most.min(rows.len()),
        packs: [true; 2],
    }
}

/// Bytes as memory is counted.
fn counted(sizes: Vec<usize>) -> usize {
    sizes.into_iter().map(|bytes| bytes.max(1).next_multiple_of(ALIGNMENT)).sum()
}
