//! How long formulas of every size take from text to a kernel that can run: `cargo run --release -p rkeops-core --example
//! compile_time` prints the best of five, in milliseconds, with what was made.

use std::time::Instant;

use rkeops_core::{CompileOptions, Kernel, Reduction, Result};

/// Names, texts and variables. The one of 16,200 columns is the largest formula of KeOps' tests.
const FORMULAS: [(&str, &str, &[&str]); 8] = [
    ("Gaussian, D=3", "Sum_Reduction(Exp(-g*SqDist(x,y))*b,0)", &["g=Pm(0,1)", "x=Vi(1,3)", "y=Vj(2,3)", "b=Vj(3,1)"]),
    (
        "Gaussian, D=300",
        "Sum_Reduction(Exp(-g*SqDist(x,y))*b,0)",
        &["g=Pm(0,1)", "x=Vi(1,300)", "y=Vj(2,300)", "b=Vj(3,1)"],
    ),
    (
        "its gradient in x",
        "Sum_Reduction(Grad(Exp(-g*SqDist(x,y))*b,x,e),0)",
        &["g=Pm(0,1)", "x=Vi(1,300)", "y=Vj(2,300)", "b=Vj(3,1)", "e=Vi(4,1)"],
    ),
    (
        "Gaussian, D=3, 300 columns",
        "Sum_Reduction(Exp(-g*SqDist(x,y))*b,0)",
        &["g=Pm(0,1)", "x=Vi(1,3)", "y=Vj(2,3)", "b=Vj(3,300)"],
    ),
    ("SoftDTW of 10 and 10", "Sum_Reduction(SoftDTW_SqDist(x,y,g),0)", &["g=Pm(0,1)", "x=Vi(1,10)", "y=Vj(2,10)"]),
    ("SoftDTW of 64 and 64", "Sum_Reduction(SoftDTW_SqDist(x,y,g),0)", &["g=Pm(0,1)", "x=Vi(1,64)", "y=Vj(2,64)"]),
    ("Kron, 6400 columns", "Sum_Reduction(Kron(x,y,[8,10],[10,8]),0)", &["x=Vi(0,80)", "y=Vj(1,80)"]),
    ("Kron, 16,200 columns", "Sum_Reduction(Kron(x,y,[3,5,3,2],[3,3,5,4]),0)", &["x=Vi(0,90)", "y=Vj(1,180)"]),
];

fn main() -> Result<()> {
    for (name, text, variables) in FORMULAS {
        let mut best = f64::INFINITY;
        let mut made = String::new();
        for round in 1..=5 {
            // What is declared is part of what a kernel is remembered by.
            let unused = format!("unused=Pm({},{round})", variables.len());
            let variables: Vec<&str> = variables.iter().copied().chain([unused.as_str()]).collect();
            let start = Instant::now();
            let kernel = Kernel::compile(&[Reduction::parse(text, &variables)?], &CompileOptions::default())?;
            best = best.min(start.elapsed().as_secs_f64());
            made =
                format!("{} operations per pair, {} bytes", kernel.operations_per_pair(), kernel.machine_code().len());
        }
        println!("{name:30} {:9.3} ms  {made}", 1e3 * best);
    }
    Ok(())
}
