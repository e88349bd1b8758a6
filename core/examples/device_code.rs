//! What NVRTC makes of kernels for GPUs, on any machine: `cargo run -p rkeops-core --example device_code` compiles the kernels of
//! the benchmarks for several architectures, prints the registers of a thread and the time, and fails where a kernel spills
//! registers. With `--all` there are more architectures, and float64. With the name of a formula it prints its source instead.

use std::sync::Arc;
use std::time::Instant;

use rkeops_core::{CompileOptions, Dtype, Kernel, Reduction, Result, cuda};

/// The architectures that are looked at, and with `--all` one of each generation since Turing.
const FEW: [i32; 2] = [80, 90];
const ALL: [i32; 4] = [75, 80, 90, 100];

/// Name, texts, variables.
type Formula = (&'static str, &'static [&'static str], &'static [&'static str]);

const POINTS: &[&str] = &["x=Vi(0,3)", "y=Vj(1,3)", "b=Vj(2,1)", "g=Pm(3,1)", "e=Vi(4,1)"];

const FORMULAS: [Formula; 19] = [
    ("gaussian", &["Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0)"], POINTS),
    (
        "gaussian_gradients",
        &["Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0)", "Grad(Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0),x,e)"],
        POINTS,
    ),
    (
        "gaussian_columns",
        &["Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0)"],
        &["x=Vi(0,3)", "y=Vj(1,3)", "b=Vj(2,3)", "g=Pm(3,1)"],
    ),
    ("laplacian", &["Sum_Reduction(Exp(-Norm2(x-y)*g)*b,0)"], POINTS),
    ("log_sum_exp", &["LogSumExp_Reduction(-SqDist(x,y)*g,0)"], POINTS),
    ("nearest", &["ArgMin_Reduction(SqDist(x,y),0)"], POINTS),
    ("nearest_10", &["ArgKMin_Reduction(SqDist(x,y),10,0)"], POINTS),
    ("nearest_100", &["ArgKMin_Reduction(SqDist(x,y),100,0)"], POINTS),
    ("nearest_10_wide", &["ArgKMin_Reduction(SqDist(x,y),10,0)"], &["x=Vi(0,128)", "y=Vj(1,128)"]),
    ("nearest_100_wide", &["ArgKMin_Reduction(SqDist(x,y),100,0)"], &["x=Vi(0,128)", "y=Vj(1,128)"]),
    ("gaussian_16", &["Sum_Reduction(Exp(-SqDist(x,y))*b,0)"], &["x=Vi(0,16)", "y=Vj(1,16)", "b=Vj(2,1)"]),
    ("gaussian_64", &["Sum_Reduction(Exp(-SqDist(x,y))*b,0)"], &["x=Vi(0,64)", "y=Vj(1,64)", "b=Vj(2,1)"]),
    ("gaussian_128", &["Sum_Reduction(Exp(-SqDist(x,y))*b,0)"], &["x=Vi(0,128)", "y=Vj(1,128)", "b=Vj(2,1)"]),
    ("gaussian_784", &["Sum_Reduction(Exp(-SqDist(x,y))*b,0)"], &["x=Vi(0,784)", "y=Vj(1,784)", "b=Vj(2,1)"]),
    (
        "gaussian_64_gradients",
        &["Sum_Reduction(Exp(-SqDist(x,y))*b,0)", "Grad(Sum_Reduction(Exp(-SqDist(x,y))*b,0),x,e)"],
        &["x=Vi(0,64)", "y=Vj(1,64)", "b=Vj(2,1)", "e=Vi(3,1)"],
    ),
    ("columns_64", &["Sum_Reduction(Exp(-SqDist(x,y))*b,0)"], &["x=Vi(0,3)", "y=Vj(1,3)", "b=Vj(2,64)"]),
    ("columns_256", &["Sum_Reduction(Exp(-SqDist(x,y))*b,0)"], &["x=Vi(0,3)", "y=Vj(1,3)", "b=Vj(2,256)"]),
    ("attention_64", &["SumSoftMaxWeight_Reduction((q|k)/8,0,v)"], &["q=Vi(0,64)", "k=Vj(1,64)", "v=Vj(2,64)"]),
    ("attention_128", &["SumSoftMaxWeight_Reduction((q|k)/11,0,v)"], &["q=Vi(0,128)", "k=Vj(1,128)", "v=Vj(2,128)"]),
];

fn kernel((_, texts, aliases): &Formula, dtype: Dtype) -> Result<Arc<Kernel>> {
    let reductions = texts.iter().map(|text| Reduction::parse(text, aliases)).collect::<Result<Vec<_>>>()?;
    Kernel::compile_for_devices(&reductions, &CompileOptions { dtype, ..CompileOptions::default() })
}

/// What the assembler says of a kernel: registers, and bytes that are spilled.
fn used(log: &str, kernel: &str) -> [usize; 2] {
    let from = log.split("Compiling entry function").find(|part| part.trim_start().starts_with(&format!("'{kernel}'")));
    let number = |before: &str, after: &str| {
        let text = from?.split(after).next()?.rsplit(before).next()?;
        text.trim().trim_end_matches(|c: char| !c.is_ascii_digit()).parse::<usize>().ok()
    };
    [number("Used ", " registers").unwrap_or(0), number("frame, ", " bytes spill stores").unwrap_or(0)]
}

fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_all = wanted.first().is_some_and(|name| name == "--all");
    if let Some(name) = wanted.first().filter(|_| !is_all) {
        let dtype = if wanted.get(1).is_some_and(|dtype| dtype == "float64") { Dtype::F64 } else { Dtype::F32 };
        let formula = FORMULAS.iter().find(|(known, ..)| known == name).expect("a formula of this name");
        let is_narrow = wanted.get(1).is_some_and(|dtype| dtype == "bfloat16");
        println!("{}", kernel(formula, dtype)?.device_source(FEW[1], |_| is_narrow)?);
        return Ok(());
    }
    let compiler = cuda::find_compiler()?;
    println!("NVRTC {}.{}: registers of a thread, milliseconds", compiler.version[0], compiler.version[1]);
    let architectures: &[i32] = if is_all { &ALL } else { &FEW };
    let formats: &[Dtype] = if is_all { &[Dtype::F32, Dtype::F64] } else { &[Dtype::F32] };
    println!("| formula | format |{}", architectures.iter().map(|a| format!(" sm_{a} |")).collect::<String>());
    println!("|---|---|{}", "---|".repeat(architectures.len()));
    let mut spills = 0;
    for formula in &FORMULAS {
        for &dtype in formats {
            let kernel = kernel(formula, dtype)?;
            let differs = kernel.device_source(FEW[1], |_| true)? != kernel.device_source(FEW[1], |_| false)?;
            for is_narrow in [false, true].into_iter().filter(|is_narrow| !is_narrow || differs) {
                let of = if is_narrow { " of bfloat16" } else { "" };
                let mut row = format!("| {}{of} | {dtype} |", formula.0);
                for &architecture in architectures {
                    let start = Instant::now();
                    let source = kernel.device_source(architecture, |_| is_narrow)?;
                    let codes = compiler.compile(source, architecture)?;
                    let time = start.elapsed().as_millis();
                    let [registers, spilled] = used(&codes[1].log, "reduce");
                    let spilled = if spilled > 0 { format!(", {spilled} bytes spilled") } else { String::new() };
                    spills += usize::from(!spilled.is_empty());
                    row += &format!(" {registers}, {time} ms{spilled} |");
                }
                println!("{row}");
            }
        }
    }
    assert_eq!(spills, 0, "kernels that spill registers");
    Ok(())
}
