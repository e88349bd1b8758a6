//! Runs on a GPU: arrays in its memory are read and written in place, those in ordinary memory are copied there and back.

use std::sync::Arc;

use super::arguments::{self, Described, Places};
use super::locks::Remembered;
use super::pack::Place;
use super::ranges::Pattern;
use super::{Kernel, Ranges};
use crate::array::extent;
use crate::backend::cuda::{self, Blocks, Device, Job, JobArray, Memory, Module, Schedule, Sizes, Stream};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::formula::Category;
use crate::lower::{Space, Stage, Stages};
use crate::plan::Plan;

/// Reduced rows at most: kernels count them in 32 bits, a tile at a time.
const MOST_REDUCED: usize = (1 << 31) - (1 << 12);

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

    fn job_array(&self, place: Place) -> JobArray {
        let position = |dtype: Dtype| Dtype::ALL.iter().position(|one| *one == dtype).unwrap_or(0);
        JobArray {
            address: self.address,
            format: position(self.dtype.part()),
            parts: place.parts,
            steps: [place.row_step, place.column_step],
            batch_steps: place.batch_steps,
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
    /// For devices of today, and for those whose tensor cores know no float32 where that makes a difference.
    variants: Vec<Variant>,
    modules: Remembered<usize, Arc<Module>>,
}

/// How a pass runs on devices of an architecture and later ones.
#[derive(Debug)]
struct Variant {
    architecture: i32,
    schedule: Schedule,
    source: String,
}

impl DeviceProgram {
    pub(super) fn new(plan: &Plan, stages: Arc<Stages>, rounds: bool) -> Result<Self> {
        let mut variants: Vec<Variant> = Vec::new();
        for architecture in cuda::ARCHITECTURES {
            let schedule = Schedule::new(&stages, architecture, rounds)?;
            match variants.last_mut().filter(|newer| newer.schedule == schedule) {
                Some(newer) => newer.architecture = architecture,
                None => {
                    let source = cuda::source(&stages, &schedule, plan.inputs.len());
                    variants.push(Variant { architecture, schedule, source });
                }
            }
        }
        Ok(DeviceProgram { stages, variants, modules: Remembered::new() })
    }

    /// The variant for an architecture.
    fn variant(&self, architecture: i32) -> &Variant {
        let fits = |variant: &&Variant| variant.architecture <= architecture;
        self.variants.iter().find(fits).unwrap_or(&self.variants[self.variants.len() - 1])
    }

    /// The lane programs and the source, for a reader.
    pub(super) fn explain(&self) -> String {
        format!("{}{}", self.stages.text(), self.variants[0].source)
    }
}

/// A run that is ready to be queued.
struct Run<'a> {
    job: Job<'a>,
    inputs: Vec<JobArray>,
    outputs: Vec<JobArray>,
}

impl Kernel {
    /// The source of the kernel for devices of an architecture: 90 for compute capability 9.0.
    pub fn device_source(&self, architecture: i32) -> Result<&str> {
        Ok(&self.device_program()?.variant(architecture).source)
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
        self.with_run(program, device, inputs, outputs, ranges, |run| Ok(run.map_or(0, |run| run.job.workspace())))
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
        let module = program.modules.get(device.number, |_| device.load(&program.variant(device.architecture).source))?;
        self.with_run(program, device, inputs, outputs, options.ranges, |run| match run {
            Some(run) => queue(device, &module, &run, options),
            None => Ok(()),
        })
    }

    fn with_run<T>(
        &self,
        program: &DeviceProgram,
        device: &Device,
        inputs: &[DeviceArray],
        outputs: &[DeviceArray],
        ranges: Option<&Ranges>,
        work: impl FnOnce(Option<Run<'_>>) -> Result<T>,
    ) -> Result<T> {
        let described = |arrays| <[DeviceArray]>::iter(arrays).map(DeviceArray::described).collect::<Vec<_>>();
        let places = arguments::places(self, &described(inputs), &described(outputs))?;
        let items = places.batch.counted()?;
        let (kept, reduced) = (places.kept, places.reduced);
        if reduced > MOST_REDUCED {
            let message = format!("{reduced} rows are reduced; a device takes up to {MOST_REDUCED}");
            return Err(Error::new(ErrorKind::Size, message));
        }
        let blocks = match ranges {
            Some(ranges) => Some(blocks(&ranges.pattern(self.axis(), kept, reduced)?)),
            None => None,
        };
        if kept == 0 || items == 0 {
            return work(None);
        }
        let packed_items = self.packed_items(&program.stages, &places, items);
        let batch = places.batch.shape().to_vec();
        if batch.len() > cuda::AXES {
            let message = format!("{} batch axes are more than {}", batch.len(), cuda::AXES);
            return Err(Error::new(ErrorKind::Shape, message));
        }
        let sizes = Sizes { kept, reduced, items, packed_items, batch };
        let job = Job::new(&program.stages, &program.variant(device.architecture).schedule, sizes, blocks.as_ref(), device.blocks_at_once())?;
        let arrays = |arrays: &[DeviceArray], places: Vec<Place>| {
            arrays.iter().zip(places).map(|(array, place)| array.job_array(place)).collect()
        };
        let (inputs, outputs) = (arrays(inputs, places.inputs), arrays(outputs, places.outputs));
        work(Some(Run { job, inputs, outputs }))
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

/// Queues the launches of a run.
fn queue(device: &Device, module: &Module, run: &Run<'_>, options: &DeviceOptions<'_>) -> Result<()> {
    let (stream, bytes) = (options.stream, run.job.workspace());
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
    let uploads = run.job.uploads();
    if !uploads.is_empty() && device.is_captured(stream)? {
        let message =
            "a run with ranges cannot become part of a CUDA graph: they are copied to the device for each run";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    for (place, words) in uploads {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        device.upload(workspace + place as u64, &bytes, stream)?;
    }
    for first in run.job.first_items() {
        let words = run.job.words(first, workspace, &run.inputs, &run.outputs);
        for (step, blocks, threads) in run.job.launches(first)? {
            device.launch(module, step, blocks, threads, &words, stream)?;
        }
    }
    Ok(())
}

/// Ranges in numbers.
fn blocks(pattern: &Pattern) -> Blocks {
    let strip = |strip: &super::ranges::Strip| {
        let (kept, intervals) = (&strip.kept, &strip.intervals);
        [kept.start, kept.end, intervals.start, intervals.end, pattern.reduced(strip)]
    };
    Blocks {
        strips: pattern.strips.iter().map(strip).collect(),
        intervals: pattern.intervals.iter().map(|interval| [interval.start, interval.end]).collect(),
    }
}
