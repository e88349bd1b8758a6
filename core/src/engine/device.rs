//! Runs on a GPU: arrays in its memory are read and written in place, those in ordinary memory are copied there and back.

use std::ops::Range;
use std::sync::Arc;

use super::arguments::{self, Described, Places};
use super::locks::Remembered;
use super::pack::Place;
use super::ranges::Pattern;
use super::{Kernel, Ranges};
use crate::array::extent;
use crate::backend::cuda::{self, Blocks, Device, Job, JobArray, Memory, Module, Piece, Schedule, Sizes, Step, Stream};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::formula::Category;
use crate::lower::{Space, Stage, Stages};
use crate::plan::Plan;

/// Reduced rows at most: kernels count them in 32 bits, a tile at a time.
const MOST_REDUCED: usize = (1 << 31) - (1 << 12);

/// Bytes that the address of a workspace is a multiple of.
const WORKSPACE_ALIGNMENT: u64 = 256;

/// An array in the memory of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceArray {
    /// The address of the element whose indices are all 0.
    pub address: u64,
    /// The number format.
    pub dtype: Dtype,
    /// Extent of each axis.
    pub shape: Vec<usize>,
    /// Step of each axis, in elements; may be negative, and 0 for inputs.
    pub strides: Vec<isize>,
}

impl DeviceArray {
    fn described(&self) -> Described<'_> {
        let (low, high) = extent(&self.shape, &self.strides).unwrap_or((0, isize::MAX - 1));
        let (shape, strides) = (&self.shape, &self.strides);
        let length = low.unsigned_abs().saturating_add(high.unsigned_abs()).saturating_add(1);
        Described { dtype: self.dtype, shape, strides, origin: low.unsigned_abs(), length }
    }

    fn job_array(&self, place: &Place) -> JobArray {
        let position = |dtype: Dtype| Dtype::ALL.iter().position(|one| *one == dtype).unwrap_or(0);
        JobArray {
            address: self.address,
            format: position(self.dtype.part()),
            parts: place.parts,
            steps: [place.row_step, place.column_step],
            batch_steps: place.batch_steps.clone(),
        }
    }
}

/// How a run on a device is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeviceOptions<'a> {
    /// The stream on which everything is queued.
    pub stream: Stream,
    /// Memory of the device to work in, its address and its bytes; some is allocated where there is none.
    pub workspace: Option<(u64, usize)>,
    /// Which blocks of the matrix of pairs are reduced; `None` means all of it.
    pub ranges: Option<&'a Ranges>,
}

/// A pass as source for devices, and what it became on each.
#[derive(Debug)]
pub(super) struct DeviceProgram {
    pub(super) stages: Arc<Stages>,
    /// For devices of today, and where that makes a difference for arguments that are bfloat16, before, and for devices whose
    /// tensor cores know no float32.
    variants: Vec<Variant>,
}

/// How a pass runs on devices of an architecture and later ones, if some of its arguments are bfloat16.
#[derive(Debug)]
struct Variant {
    architecture: i32,
    narrow: Vec<usize>,
    schedule: Schedule,
    source: String,
    modules: Remembered<usize, Arc<Module>>,
}

impl DeviceProgram {
    pub(super) fn new(plan: &Plan, stages: Arc<Stages>, rounds: bool) -> Result<Self> {
        let mut variants: Vec<Variant> = Vec::new();
        let variant = |architecture: i32, narrow: Vec<usize>, schedule: Schedule| {
            let source = cuda::source(&stages, &schedule, plan.inputs.len());
            Variant { architecture, narrow, schedule, source, modules: Remembered::new() }
        };
        for architecture in cuda::ARCHITECTURES {
            let schedule = Schedule::new(&stages, architecture, rounds)?;
            let mut same = variants.iter_mut().rev().take_while(|newer| newer.schedule.is_like(&schedule)).peekable();
            if same.peek().is_some() {
                same.for_each(|newer| newer.architecture = architecture);
                continue;
            }
            let narrowed = schedule.narrowed(&stages);
            variants.extend(narrowed.map(|(narrow, schedule)| variant(architecture, narrow, schedule)));
            variants.push(variant(architecture, Vec::new(), schedule));
        }
        Ok(DeviceProgram { stages, variants })
    }

    /// The variant for an architecture and for arguments of which it is known whether each is bfloat16.
    fn variant(&self, architecture: i32, is_narrow: impl Fn(usize) -> bool) -> &Variant {
        let fits = |variant: &&Variant| {
            variant.architecture <= architecture && variant.narrow.iter().all(|&input| is_narrow(input))
        };
        self.variants.iter().find(fits).unwrap_or(&self.variants[self.variants.len() - 1])
    }

    /// The lane programs and the source, for a reader.
    pub(super) fn explain(&self) -> String {
        format!("{}{}", self.stages.text(), self.variant(i32::MAX, |_| false).source)
    }
}

/// An error if so many reduced rows are too many.
pub(super) fn check_reduced(rows: usize) -> Result<()> {
    if rows <= MOST_REDUCED {
        return Ok(());
    }
    let message = format!("{rows} rows are reduced; a device takes up to {MOST_REDUCED}");
    Err(Error::new(ErrorKind::Size, message))
}

/// A run that is ready to be queued.
pub(super) struct Run<'a> {
    variant: &'a Variant,
    job: Job<'a>,
    inputs: Vec<JobArray>,
    outputs: Vec<JobArray>,
}

impl Kernel {
    /// The source of the kernel for devices of an architecture (90 for compute capability 9.0) and arguments of which some,
    /// counted by their positions, may be bfloat16.
    pub fn device_source(&self, architecture: i32, is_narrow: impl Fn(usize) -> bool) -> Result<&str> {
        Ok(&self.device_program()?.variant(architecture, is_narrow).source)
    }

    /// Bytes of a device's memory that [`Kernel::run_on_device`] works in, for arrays like these, of which only formats, shapes
    /// and strides matter. Devices are counted from 0.
    pub fn device_workspace(
        &self,
        device: usize,
        inputs: &[DeviceArray],
        outputs: &[DeviceArray],
        ranges: Option<&Ranges>,
    ) -> Result<usize> {
        let (program, device) = (self.device_program()?, cuda::device(device)?);
        let (places, blocks) = self.described(inputs, outputs, ranges)?;
        let run = self.prepare(program, device, &places, [inputs, outputs], Piece::default(), blocks.as_ref())?;
        Ok(run.map_or(0, |run| run.workspace()))
    }

    /// Queues a run on a stream of a device and returns; arrays are as for [`Kernel::run`], in the memory of the device, whose
    /// addresses the caller vouches for. Integers that a formula reads are not checked: one that is none, or too large, is as
    /// any other.
    pub fn run_on_device(
        &self,
        device: usize,
        inputs: &[DeviceArray],
        outputs: &[DeviceArray],
        options: &DeviceOptions<'_>,
    ) -> Result<()> {
        let (program, device) = (self.device_program()?, cuda::device(device)?);
        let (places, blocks) = self.described(inputs, outputs, options.ranges)?;
        let run = self.prepare(program, device, &places, [inputs, outputs], Piece::default(), blocks.as_ref())?;
        run.map_or(Ok(()), |run| run.queue(device, options, |_| Ok(())))
    }

    /// What is known of arrays of a device, and the ranges of their rows.
    fn described(
        &self,
        inputs: &[DeviceArray],
        outputs: &[DeviceArray],
        ranges: Option<&Ranges>,
    ) -> Result<(Places, Option<Blocks>)> {
        let places = self.places_of(inputs, outputs)?;
        let (kept, reduced) = (places.kept, places.reduced);
        let blocks = match ranges {
            Some(ranges) => Some(blocks(&ranges.pattern(self.axis(), kept, reduced)?, [&(0..kept), &(0..reduced)])),
            None => None,
        };
        Ok((places, blocks))
    }

    /// What is known of arrays of a device.
    pub(super) fn places_of(&self, inputs: &[DeviceArray], outputs: &[DeviceArray]) -> Result<Places> {
        let described = |arrays| <[DeviceArray]>::iter(arrays).map(DeviceArray::described).collect::<Vec<_>>();
        let places = arguments::places(self, &described(inputs), &described(outputs))?;
        places.batch.counted()?;
        Ok(places)
    }

    /// A run on arrays of a device, which have a piece of the rows; none where there is nothing to do.
    pub(super) fn prepare<'a>(
        &self,
        program: &'a DeviceProgram,
        device: &Device,
        places: &Places,
        [inputs, outputs]: [&[DeviceArray]; 2],
        piece: Piece,
        blocks: Option<&'a Blocks>,
    ) -> Result<Option<Run<'a>>> {
        let (kept, reduced, items) = (places.kept, places.reduced, places.batch.counted()?);
        check_reduced(reduced)?;
        if kept == 0 || items == 0 {
            return Ok(None);
        }
        let packed_items = self.packed_items(&program.stages, places, items);
        let batch = places.batch.shape().to_vec();
        if batch.len() > cuda::AXES {
            let message = format!("{} batch axes are more than {}", batch.len(), cuda::AXES);
            return Err(Error::new(ErrorKind::Shape, message));
        }
        let sizes = Sizes { kept, reduced, items, packed_items, batch, piece };
        let variant = program.variant(device.architecture, |input| inputs[input].dtype == Dtype::BF16);
        let job = Job::new(&program.stages, &variant.schedule, sizes, blocks, device.blocks_at_once())?;
        let arrays = |arrays: &[DeviceArray], places: &[Place]| {
            arrays.iter().zip(places).map(|(array, place)| array.job_array(place)).collect()
        };
        let (inputs, outputs) = (arrays(inputs, &places.inputs), arrays(outputs, &places.outputs));
        Ok(Some(Run { variant, job, inputs, outputs }))
    }

    /// How many problems differ in what is known of parameters, kept rows and reduced rows.
    fn packed_items(&self, stages: &Stages, places: &Places, items: usize) -> [usize; 3] {
        let differs = |category: Category| {
            let mut own = places.inputs.iter().zip(self.inputs()).filter(|(_, input)| input.category == category);
            own.any(|(place, _)| place.batch_steps.iter().any(|&step| step != 0))
        };
        let calls = differs(Category::Parameter);
        let computed = |space: Space, stage: Stage| stages.slots[space as usize] > 0 && stages.has(stage) && calls;
        let kept = differs(self.axis().kept()) || computed(Space::Kept, Stage::Kept);
        let reduced = differs(self.axis().reduced()) || computed(Space::Reduced, Stage::Reduced);
        [calls, kept, reduced].map(|differs| if differs { items } else { 1 })
    }
}

impl Run<'_> {
    /// Bytes of memory that it works in.
    pub(super) fn workspace(&self) -> usize {
        self.job.workspace()
    }

    /// Queues its launches; `before` is called before each.
    pub(super) fn queue(
        &self,
        device: &Device,
        options: &DeviceOptions<'_>,
        mut before: impl FnMut(Step) -> Result<()>,
    ) -> Result<()> {
        let module = self.variant.modules.get(device.number, |_| device.load(&self.variant.source))?;
        let (stream, bytes) = (options.stream, self.workspace());
        if let Some((address, _)) = options.workspace.filter(|(address, _)| address % WORKSPACE_ALIGNMENT != 0) {
            let message =
                format!("the workspace is at {address:#x}; expected a multiple of {WORKSPACE_ALIGNMENT} bytes");
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let mut own: Option<Memory<'_>> = None;
        let workspace = match options.workspace {
            Some((address, size)) if size >= bytes => address,
            Some((_, size)) => {
                let message = format!("the workspace has {size} bytes; expected {bytes} or more");
                return Err(Error::new(ErrorKind::Size, message));
            }
            None if bytes == 0 => 0,
            None => own.insert(device.allocate(bytes, stream)?).address,
        };
        let uploads = self.job.uploads();
        if !uploads.is_empty() && device.is_captured(stream)? {
            let message =
                "a run with ranges cannot become part of a CUDA graph: they are copied to the device for each run";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        for (place, words) in uploads {
            device.upload_words(workspace + place as u64, words, stream)?;
        }
        for first in self.job.first_items() {
            let words = self.job.words(first, workspace, &self.inputs, &self.outputs);
            for (step, blocks, threads) in self.job.launches(first)? {
                before(step)?;
                device.launch(&module, step, blocks, threads, &words, stream)?;
            }
        }
        Ok(())
    }
}

/// Ranges of some kept rows and some reduced rows, in numbers that count from the first of these.
pub(super) fn blocks(pattern: &Pattern, [kept, reduced]: [&Range<usize>; 2]) -> Blocks {
    let inside = |rows: &Range<usize>, all: &Range<usize>| {
        [rows.start, rows.end].map(|row| row.clamp(all.start, all.end) - all.start)
    };
    let strip = |strip: &super::ranges::Strip| {
        let ([start, end], intervals) = (inside(&strip.kept, kept), &strip.intervals);
        [start, end, intervals.start, intervals.end, pattern.reduced(strip)]
    };
    Blocks {
        strips: pattern.strips.iter().map(strip).filter(|[start, end, ..]| start < end).collect(),
        intervals: pattern.intervals.iter().map(|interval| inside(interval, reduced)).collect(),
    }
}
