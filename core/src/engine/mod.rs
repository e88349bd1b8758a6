//! Kernels: a pass compiled for a format and a target, and running it on arrays. It knows no operation and no
//! reduction.

mod arguments;
mod batch;
mod cache;
mod crew;
mod device;
mod doctor;
mod extremes;
mod host;
mod integers;
mod locks;
mod pack;
mod pass;
mod portion;
mod progress;
mod ranges;
mod rows;
mod run;
mod schedule;
mod sieve;
mod skip;
mod symmetric;
mod threads;
mod transfer;
mod turn;

use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use self::device::DeviceProgram;
use self::locks::{Remembered, Shelf};
use self::pass::Worker;
use crate::array::{ArrayMut, ArrayRef};
use crate::backend::{self, Code, Layout, Number, Target};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::formula::{Category, Field, Variable};
use crate::lower::{self, OutputArray, Stages};
use crate::plan::{self, Plan, Reads};
use crate::reduction::{Axis, Columns, Reduction, Summation};

pub use device::{DeviceArray, DeviceOptions};
pub use doctor::doctor;
pub use ranges::{Half, Ranges};
pub use threads::{num_threads, set_num_threads};

/// How a kernel is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CompileOptions {
    /// The number format of the computation: float32 (the default) or float64.
    pub dtype: Dtype,
    /// What runs it.
    pub target: Target,
    /// The number format that sums are added in: that of the computation (the default), or float64 for float32, which is a
    /// pair of float32 numbers.
    pub accumulator: Option<Dtype>,
    /// How sums are added.
    pub summation: Summation,
    /// Whether tensor cores of a CUDA device may round the factors of float32 products to TF32, 11 binary digits, which is faster
    /// and less exact.
    pub allow_tf32: bool,
}

impl CompileOptions {
    /// The same options with everything decided: one way of saying it for each kernel.
    fn resolve(&self, reductions: &[Reduction]) -> Result<CompileOptions> {
        if !matches!(self.dtype, Dtype::F32 | Dtype::F64) {
            let message = format!("the compute dtype is {}; expected float32 or float64", self.dtype);
            return Err(Error::new(ErrorKind::Dtype, message));
        }
        let is_wide = match (self.dtype, self.accumulator) {
            (_, None) => false,
            (dtype, Some(accumulator)) if dtype == accumulator => false,
            (Dtype::F32, Some(Dtype::F64)) => true,
            (dtype, Some(accumulator)) => {
                let message = format!("sums of {dtype} numbers cannot be added in {accumulator}");
                return Err(Error::new(ErrorKind::Dtype, message));
            }
        };
        let is_special = matches!(self.summation, Summation::Block | Summation::Compensated);
        if is_special && !reductions.is_empty() && !reductions.iter().any(|r| r.reducer.adds()) {
            let names: Vec<&str> = reductions.iter().map(|r| r.reducer.name()).collect();
            let (scheme, names) = (self.summation.name(), names.join(", "));
            let message =
                format!("the summation `{scheme}` has no meaning for {names}: nothing is added; expected auto");
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let summation = match (self.summation, is_wide) {
            // Every term goes into the pair, or every block does.
            (Summation::Auto | Summation::Direct, true) => Summation::Compensated,
            (Summation::Auto, false) => Summation::Block,
            (summation, _) => summation,
        };
        Ok(CompileOptions { target: self.target.resolve()?, accumulator: None, summation, ..*self })
    }
}

impl Default for CompileOptions {
    fn default() -> Self {
        let (dtype, target, summation) = (Dtype::F32, Target::Auto, Summation::Auto);
        CompileOptions { dtype, target, accumulator: None, summation, allow_tf32: false }
    }
}

/// The CUDA devices of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Devices {
    /// One of them, counted from 0.
    One(usize),
    /// All of them: each takes a share of the problems or of the kept rows.
    All,
}

impl Default for Devices {
    fn default() -> Self {
        Devices::One(0)
    }
}

/// How a kernel is run.
#[derive(Clone, Copy, Default)]
pub struct RunOptions<'a> {
    /// Threads to use at most, the calling one included; 0 means those of [`num_threads`] that no other run uses.
    pub threads: usize,
    /// Called now and then from the calling thread with the pairs done and the pairs in all; `false` stops the run,
    /// and then it is not called again. It may run kernels itself.
    pub progress: Option<&'a dyn Fn(u64, u64) -> bool>,
    /// Which blocks of the matrix of pairs are reduced; `None` means all of it. In a batch they are those of every
    /// problem.
    pub ranges: Option<&'a Ranges>,
    /// Which CUDA devices arrays are copied to, where the kernel is one for devices.
    pub devices: Devices,
    /// Takes, at the end, how many pairs were not computed because the conditions of masks rule out whole blocks of
    /// them.
    pub skipped: Option<&'a Cell<u64>>,
}

/// An argument that a kernel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its position.
    pub index: usize,
    /// Its columns.
    pub dim: usize,
    /// The index that its rows follow.
    pub category: Category,
}

/// A result that a kernel gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its columns.
    pub dim: usize,
    /// Its number format.
    pub dtype: Dtype,
    /// What its numbers are: a complex one takes two columns, its real part and then its imaginary part.
    pub field: Field,
}

/// A compiled pass over the pairs: one or several reductions over the same index. It never changes and may be used
/// from any thread.
#[derive(Debug)]
pub struct Kernel {
    axis: Axis,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    reads: Reads,
    plan: Plan,
    options: CompileOptions,
    compiled: Compiled,
    /// The same pass for devices, made when it is first asked for.
    device: OnceLock<Result<DeviceProgram>>,
}

/// What was compiled, in the format of the computation.
#[derive(Debug)]
enum Compiled {
    F32(Program<f32>),
    F64(Program<f64>),
    /// For devices alone: these are the stages.
    Device(Arc<Stages>),
}

/// The stages of a pass with the code that runs them.
pub(crate) struct Program<T: Number> {
    stages: Arc<Stages>,
    layout: Layout,
    code: Box<dyn Code<T>>,
    /// What the code was made for.
    backend: Target,
    /// The programs of runs in which some arguments are the same array, by which these are, where there is one.
    exchanged: Remembered<Vec<usize>, Option<Arc<Program<T>>>>,
    /// What no thread works with at the moment.
    workers: Shelf<Box<Worker<T>>>,
}

impl<T: Number> std::fmt::Debug for Program<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.code.explain())
    }
}

impl Kernel {
    /// Compiles one pass for reductions over the same index, or finds the kernel that was compiled before.
    pub fn compile(reductions: &[Reduction], options: &CompileOptions) -> Result<Arc<Kernel>> {
        let options = options.resolve(reductions)?;
        cache::kernel(reductions, options, || Kernel::build(reductions, options).inspect(Kernel::dump))
    }

    /// The lane programs of a target run by the portable backend, on any processor: what the target's machine code has
    /// to give bit for bit.
    #[doc(hidden)]
    pub fn compile_reference(reductions: &[Reduction], options: &CompileOptions) -> Result<Arc<Kernel>> {
        let plan = plan::plan(reductions)?;
        let compiled = Compiled::new(&plan, *options, Target::Portable)?;
        Ok(Arc::new(Kernel::of(plan, *options, compiled)))
    }

    /// A kernel for devices alone, whether or not this machine has one.
    #[doc(hidden)]
    pub fn compile_for_devices(reductions: &[Reduction], options: &CompileOptions) -> Result<Arc<Kernel>> {
        let options = CompileOptions { target: Target::Portable, ..*options }.resolve(reductions)?;
        let options = CompileOptions { target: Target::Cuda, ..options };
        let plan = plan::plan(reductions)?;
        let compiled = Compiled::new(&plan, options, Target::Cuda)?;
        Ok(Arc::new(Kernel::of(plan, options, compiled)))
    }

    /// The compiler: each line is a pass from one value to the next.
    fn build(reductions: &[Reduction], options: CompileOptions) -> Result<Kernel> {
        let plan = plan::plan(reductions)?;
        let compile = |target| {
            let options = CompileOptions { target, ..options };
            Compiled::new(&plan, options, target).map(|compiled| (options, compiled))
        };
        let (options, compiled) = match compile(options.target) {
            // Where the system refuses executable memory the portable backend runs the same formula.
            Err(error) if error.kind() == ErrorKind::Unsupported && options.target != Target::Portable => {
                compile(Target::Portable)?
            }
            result => result?,
        };
        Ok(Kernel::of(plan, options, compiled))
    }

    fn of(plan: Plan, options: CompileOptions, compiled: Compiled) -> Kernel {
        let input = |&(Variable { index, category }, dim): &(Variable, usize)| Input { index, dim, category };
        let output = |&OutputArray { columns: Columns { count, is_integer, field }, .. }: &OutputArray| Output {
            dim: count,
            field,
            dtype: if is_integer { Dtype::I64 } else { options.dtype },
        };
        Kernel {
            axis: plan.axis,
            inputs: plan.inputs.iter().map(input).collect(),
            outputs: compiled.stages().outputs.iter().map(output).collect(),
            reads: plan.reads(),
            plan,
            options,
            compiled,
            device: OnceLock::new(),
        }
    }

    /// The arguments of a run, by position.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The arrays of results of a run: those of each reduction, in order. Most have one.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// The number format of the computation.
    pub fn dtype(&self) -> Dtype {
        self.options.dtype
    }

    /// The index that is reduced.
    pub fn axis(&self) -> Axis {
        self.axis
    }

    /// Runs the kernel. Inputs are read in place with any strides; i- and j-variables have the shape (rows,
    /// dimension), parameters (dimension). Outputs have the shape (rows of the kept index, columns) and are
    /// overwritten, even where the run is stopped. Results do not depend on the number of threads.
    ///
    /// Inputs may be of any format of numbers that have no fractions, and of any other that is no wider than the kernel's;
    /// each number becomes the nearest one of the kernel's. Outputs are float16, bfloat16 or of the kernel's format, or
    /// float32 where that is float64, each the result rounded to the nearest; indices and counts are int64.
    ///
    /// An array may be complex where real and imaginary parts alternate in the columns: an input of an even dimension, and
    /// an output whose numbers are complex. It then has half as many columns.
    ///
    /// Any array may have axes before these, for a batch of problems of one size: they are broadcast as in NumPy, and
    /// outputs have those of all inputs together. Indices in results count the rows of their own problem.
    pub fn run(&self, inputs: &[ArrayRef<'_>], outputs: &mut [ArrayMut<'_>], options: &RunOptions<'_>) -> Result<()> {
        match &self.compiled {
            Compiled::F32(program) => run::run(self, program, inputs, outputs, options),
            Compiled::F64(program) => run::run(self, program, inputs, outputs, options),
            Compiled::Device(_) => host::run(self, inputs, outputs, options),
        }
    }

    /// Refuses the arrays that [`Kernel::run`] would refuse, whatever its options.
    pub fn check(&self, inputs: &[ArrayRef<'_>], outputs: &[ArrayMut<'_>]) -> Result<()> {
        integers::check(self, &arguments::check(self, inputs, outputs)?)
    }

    /// The pass for devices.
    fn device_program(&self) -> Result<&DeviceProgram> {
        let make = || {
            let stages = match &self.compiled {
                Compiled::Device(stages) => stages.clone(),
                _ => {
                    let CompileOptions { dtype, summation, .. } = self.options;
                    Arc::new(lower::lower(&self.plan, dtype, summation, Target::Cuda.machine())?)
                }
            };
            DeviceProgram::new(&self.plan, stages, self.options.allow_tf32)
        };
        self.device.get_or_init(make).as_ref().map_err(Error::clone)
    }

    fn dump(&self) {
        match &self.compiled {
            Compiled::F32(program) => program.dump(&self.plan),
            Compiled::F64(program) => program.dump(&self.plan),
            Compiled::Device(_) => {}
        }
    }

    /// The plan, the lane programs with their operations, and what was compiled, for a reader.
    pub fn explain(&self) -> String {
        let explained = match &self.compiled {
            Compiled::F32(program) => program.explain(),
            Compiled::F64(program) => program.explain(),
            Compiled::Device(_) => match self.device_program() {
                Ok(program) => program.explain(),
                Err(error) => error.to_string(),
            },
        };
        format!("plan:\n{}{explained}", self.plan.text())
    }

    /// The machine code of the kernel; empty where the portable backend runs it.
    pub fn machine_code(&self) -> &[u8] {
        match &self.compiled {
            Compiled::F32(program) => program.code.machine_code(),
            Compiled::F64(program) => program.code.machine_code(),
            Compiled::Device(_) => &[],
        }
    }

    /// Lane operations per pair.
    pub fn operations_per_pair(&self) -> usize {
        self.compiled.stages().operations_per_pair()
    }

    /// What runs the kernel: what it was compiled for, or portable where the system refused machine code.
    pub fn target(&self) -> Target {
        self.options.target
    }
}

impl Compiled {
    /// Lane programs for the target of the options, run by a backend.
    fn new(plan: &Plan, options: CompileOptions, backend: Target) -> Result<Self> {
        let stages = Arc::new(lower::lower(plan, options.dtype, options.summation, options.target.machine())?);
        Ok(match options.dtype {
            _ if backend == Target::Cuda => Compiled::Device(stages),
            Dtype::F32 => Compiled::F32(Program::new(stages, backend)?),
            _ => Compiled::F64(Program::new(stages, backend)?),
        })
    }

    fn stages(&self) -> &Stages {
        match self {
            Compiled::F32(program) => &program.stages,
            Compiled::F64(program) => &program.stages,
            Compiled::Device(stages) => stages,
        }
    }
}

impl<T: Number> Program<T> {
    fn new(stages: Arc<Stages>, backend: Target) -> Result<Self> {
        let mut layout = Layout::new(&stages);
        let code = backend::compile(&stages, &mut layout, backend)?;
        Ok(Program { stages, layout, code, backend, exchanged: Remembered::new(), workers: Shelf::new() })
    }

    /// Prints what `RKEOPS_DUMP` asks for, a list of `plan`, `program` and `code`, or `all`, to the standard error.
    fn dump(&self, plan: &Plan) {
        let Ok(wanted) = std::env::var("RKEOPS_DUMP") else { return };
        let is_wanted = |part: &str| wanted.split(',').any(|w| w.trim() == part || w.trim() == "all");
        let parts = [("plan", plan.text()), ("program", self.stages.text()), ("code", self.code.explain())];
        for (_, text) in parts.iter().filter(|(part, _)| is_wanted(part)) {
            eprintln!("{text}");
        }
    }

    /// The lane programs, and what was compiled, for a reader.
    fn explain(&self) -> String {
        format!("{}{}", self.stages.text(), self.code.explain())
    }
}
