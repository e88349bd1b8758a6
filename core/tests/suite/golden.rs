//! What the compiler makes of some formulas, as text that a reader can judge: plan, lane programs with their operations
//! and, for a few, the machine code. A change there has to be meant: `UPDATE=1 cargo test --test suite golden` rewrites the
//! files in `golden/`, and the difference shows what the change does.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Formatter, IntelFormatter, Mnemonic};
use rkeops_core::{CompileOptions, Dtype, Kernel, Reduction, Target};

/// A pass over the pairs.
struct Case {
    name: &'static str,
    aliases: &'static [&'static str],
    reductions: &'static [&'static str],
}

const POINTS: &[&str] = &["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)", "g = Pm(3,1)", "e = Vi(4,1)"];
const COLUMNS: &[&str] = &["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,3)", "g = Pm(3,1)", "e = Vi(4,3)"];
const SCALARS: &[&str] = &["x = Vi(0,1)", "y = Vj(1,1)", "b = Vj(2,1)"];

const CASES: &[Case] = &[
    case("gaussian", POINTS, &["Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0)"]),
    case("gaussian_columns", COLUMNS, &["Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0)"]),
    case("gaussian_scalar", SCALARS, &["Sum_Reduction(Exp(-SqDist(x,y))*b,0)"]),
    case("gaussian_over_i", POINTS, &["Sum_Reduction(Exp(-SqDist(x,y)*g)*e,1)"]),
    case("gaussian_gradient_x", POINTS, &["Grad(Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0),x,e)"]),
    case("gaussian_gradient_y", POINTS, &["Grad(Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0),y,e)"]),
    case("gaussian_gradient_g", POINTS, &["Grad(Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0),g,e)"]),
    case("gaussian_columns_gradient_x", COLUMNS, &["Grad(Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0),x,e)"]),
    case(
        "gaussian_value_and_gradient",
        POINTS,
        &["Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0)", "Grad(Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0),x,e)"],
    ),
    case("gaussian_second_derivative", SCALARS, &["Sum_Reduction(Grad(Grad(Exp(-SqDist(x,y))*b,x,1),x,1),0)"]),
    case("laplacian", POINTS, &["Sum_Reduction(Exp(-Norm2(x-y)*g)*b,0)"]),
    case("laplacian_gradient_x", POINTS, &["Grad(Sum_Reduction(Exp(-Norm2(x-y)*g)*b,0),x,e)"]),
    case(
        "matern_5_2",
        POINTS,
        &["Sum_Reduction((1+Norm2(x-y)*g+RatCst(1,3)*Square(Norm2(x-y)*g))*Exp(-Norm2(x-y)*g)*b,0)"],
    ),
    case("inverse_multiquadric", POINTS, &["Sum_Reduction(Rsqrt(1+SqDist(x,y)*g)*b,0)"]),
    case("cosine", POINTS, &["Sum_Reduction((x|y)*Rsqrt(SqNorm2(x)*SqNorm2(y))*b,0)"]),
    case("attention", &["q = Vi(0,16)", "k = Vj(1,16)", "v = Vj(2,8)"], &["Sum_Reduction(Exp((q|k)/4)*v,0)"]),
    case("log_sum_exp", POINTS, &["LogSumExp_Reduction(-SqDist(x,y)*g,0)"]),
    case("nearest", POINTS, &["ArgMin_Reduction(SqDist(x,y),0)"]),
    case("smallest_distance", POINTS, &["Min_Reduction(Norm2(x-y),0)"]),
    case(
        "several_outputs",
        POINTS,
        &[
            "Sum_Reduction(Exp(-SqDist(x,y)),0)",
            "Max_Reduction(b*Exp(-SqDist(x,y)),0)",
            "ArgMax_Reduction(b*Exp(-SqDist(x,y)),0)",
            "Sum_Reduction((x-y)*Exp(-SqDist(x,y)),0)",
        ],
    ),
    case("wide", &["x = Vi(0,40)", "y = Vj(1,40)", "b = Vj(2,1)"], &["Sum_Reduction(Exp(-SqDist(x,y))*b,0)"]),
    case("forces", POINTS, &["Sum_Reduction(b*(y-x)*Pow(Rsqrt(SqDist(x,y)+g),3),0)"]),
    case("periodic", SCALARS, &["Sum_Reduction(Exp(-2*Square(Sin(x-y)))*Cos(x)*b,0)"]),
    case("powers", SCALARS, &["Sum_Reduction(Powf(1+Square(x-y),b)+Log(1+Abs(x*y))+Pow(x-y,5),0)"]),
    case("neural", POINTS, &["Sum_Reduction(Tanh((x|y)+b)+ReLU(Elem(x,0)*Elem(y,2))+Step(b)*Sign(x-y),0)"]),
    case("vectors", POINTS, &["Sum_Reduction(Concat(Extract(x,1,2)*b,ElemT(Sum(y),2,1)/g),0)"]),
];

/// The cases whose machine code is shown too.
const DISASSEMBLED: [&str; 3] = ["gaussian_scalar", "log_sum_exp", "nearest"];

/// The cases whose source for GPUs is shown too.
const ON_DEVICES: [&str; 5] = ["gaussian", "log_sum_exp", "nearest", "gaussian_columns_gradient_x", "wide"];

/// The cases shown for x and y that are one array too, and b and e.
const ON_ONE_ARRAY: [&str; 3] = ["gaussian", "gaussian_value_and_gradient", "forces"];

const fn case(name: &'static str, aliases: &'static [&'static str], reductions: &'static [&'static str]) -> Case {
    Case { name, aliases, reductions }
}

impl Case {
    fn compile(&self, target: Target) -> Arc<Kernel> {
        let reductions: Vec<Reduction> =
            self.reductions.iter().map(|text| Reduction::parse(text, self.aliases).unwrap()).collect();
        Kernel::compile(&reductions, &CompileOptions { dtype: Dtype::F32, target, ..CompileOptions::default() })
            .unwrap()
    }

    fn question(&self) -> String {
        format!("{}\n{}\n\n", self.reductions.join("\n"), self.aliases.join(", "))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Whether the files are written instead of compared.
fn updates() -> bool {
    std::env::var_os("UPDATE").is_some_and(|v| v == "1")
}

/// Compares a text with its file, or writes the file. Gives what differs.
fn compare(file: &str, text: &str) -> Option<String> {
    let path = folder().join(file);
    if updates() {
        std::fs::write(&path, text).unwrap();
        return None;
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    if known == text {
        return None;
    }
    let lines = known.lines().zip(text.lines()).take_while(|(a, b)| a == b).count();
    let line = |text: &str| text.lines().nth(lines).unwrap_or("(the end)").to_owned();
    Some(format!("{file}, line {}:\n  known: {}\n  now:   {}", lines + 1, line(&known), line(text)))
}

fn report(differences: Vec<String>) {
    assert!(
        differences.is_empty(),
        "{} differ; UPDATE=1 writes them anew if that is meant\n{}",
        differences.len(),
        differences.join("\n"),
    );
}

#[test]
fn plans_and_programs() {
    let all = CASES.iter().map(|case| {
        let explained = case.compile(Target::Portable).explain();
        // The last line is about this machine.
        let lines: Vec<&str> = explained.lines().filter(|line| !line.starts_with("portable backend")).collect();
        compare(&format!("{}.txt", case.name), &format!("{}{}\n", case.question(), lines.join("\n")))
    });
    report(all.flatten().collect());
}

#[test]
fn programs_of_exchanged_pairs() {
    let all = CASES.iter().filter(|case| ON_ONE_ARRAY.contains(&case.name)).map(|case| {
        let explained = case.compile(Target::Portable).explain_one_array(&[0, 0, 2, 3, 2]).unwrap().unwrap();
        let lines: Vec<&str> = explained.lines().filter(|line| !line.starts_with("portable backend")).collect();
        compare(&format!("{}.one_array.txt", case.name), &format!("{}{}\n", case.question(), lines.join("\n")))
    });
    report(all.flatten().collect());
}

/// What is generated for GPUs, without the files that stand around it.
#[test]
fn device_source() {
    let kernels = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernels");
    let around = ["math.cuh", "arrays.cuh", "job.cuh", "lists.cuh", "rows.cu", "reduce.cu"];
    let around = around.map(|name| (name, std::fs::read_to_string(kernels.join(name)).unwrap()));
    let all = CASES.iter().filter(|case| ON_DEVICES.contains(&case.name)).map(|case| {
        let reductions: Vec<Reduction> =
            case.reductions.iter().map(|text| Reduction::parse(text, case.aliases).unwrap()).collect();
        let kernel = Kernel::compile_for_devices(&reductions, &CompileOptions::default()).unwrap();
        let mut source = kernel.device_source(90, |_| false).unwrap().to_owned();
        for (name, text) in &around {
            assert!(source.contains(text), "{name} is not in the source");
            source = source.replace(text, &format!("// (kernels/{name})\n"));
        }
        compare(&format!("{}.cuda.txt", case.name), &format!("{}{source}", case.question()))
    });
    report(all.flatten().collect());
}

#[test]
fn machine_code() {
    if !Target::Avx2.is_available() {
        eprintln!("this processor has no AVX2");
        return;
    }
    let all = CASES.iter().filter(|case| DISASSEMBLED.contains(&case.name)).map(|case| {
        let kernel = case.compile(Target::Avx2);
        assert!(!kernel.machine_code().is_empty(), "the system refuses executable memory");
        let explained = kernel.explain();
        let summary = explained.lines().last().unwrap_or_default();
        let code = disassembly(kernel.machine_code());
        compare(&format!("{}.avx2.txt", case.name), &format!("{}{summary}\n\n{code}", case.question()))
    });
    report(all.flatten().collect());
}

/// Machine code as text: places that are jumped to have names in their order, and what fills up gaps is left out.
fn disassembly(code: &[u8]) -> String {
    let all: Vec<_> = Decoder::with_ip(64, code, 0, DecoderOptions::NONE).into_iter().collect();
    let places: BTreeSet<u64> = all
        .iter()
        .filter(|i| matches!(i.flow_control(), FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch))
        .map(|i| i.near_branch_target())
        .collect();
    let name = |place: u64| places.iter().position(|&p| p == place).map(|k| format!("place{k}"));
    let mut formatter = IntelFormatter::new();
    let options = formatter.options_mut();
    options.set_space_after_operand_separator(true);
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    let mut text = String::new();
    for instruction in &all {
        assert!(!instruction.is_invalid(), "byte {:#x} begins no instruction", instruction.ip());
        if let Some(place) = name(instruction.ip()) {
            let _ = writeln!(text, "{place}:");
        }
        let mut line = String::new();
        match name(instruction.near_branch_target()).filter(|_| instruction.near_branch_target() > 0) {
            Some(place) => {
                formatter.format_mnemonic(instruction, &mut line);
                line = format!("{line} {place}");
            }
            None => formatter.format(instruction, &mut line),
        }
        match instruction.mnemonic() {
            Mnemonic::Nop => {}
            Mnemonic::Ret => text += "  ret\n\n",
            _ => {
                let _ = writeln!(text, "  {line}");
            }
        }
    }
    text.trim_end().to_owned() + "\n"
}

#[test]
fn every_file_belongs_to_a_case() {
    if updates() {
        return;
    }
    let plans = CASES.iter().map(|case| format!("{}.txt", case.name));
    let codes = DISASSEMBLED.iter().map(|name| format!("{name}.avx2.txt"));
    let exchanged = ON_ONE_ARRAY.iter().map(|name| format!("{name}.one_array.txt"));
    let sources = ON_DEVICES.iter().map(|name| format!("{name}.cuda.txt"));
    let expected: BTreeSet<String> = plans.chain(codes).chain(exchanged).chain(sources).collect();
    let entries = std::fs::read_dir(folder()).unwrap();
    let found: BTreeSet<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, expected);
}
