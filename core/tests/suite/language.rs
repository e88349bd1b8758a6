//! The tables of docs/language.md are made from the definitions of operations and reductions, and are current.
//! `UPDATE=1 cargo test -p rkeops-core --test suite language` rewrites them.

use std::path::PathBuf;

use rkeops_core::formula::Field;
use rkeops_core::ops::{Operation, Rule, families, is_list};
use rkeops_core::{Axis, Formula, Reduction, reduction};

/// The arguments of the examples.
const NAMES: [(&str, &str); 9] = [
    ("x", "Vi(0,3)"),
    ("y", "Vj(1,3)"),
    ("u", "Vi(2,1)"),
    ("v", "Vj(3,1)"),
    ("A", "Pm(4,6)"),
    ("t", "Pm(5,7)"),
    ("z", "Vi(6,4)"),
    ("w", "Vj(7,4)"),
    ("c", "Vj(8,2)"),
];
/// What examples are tried with, in this order, as operands and as parameters.
const OPERANDS: [&str; 10] = ["x", "y", "u", "v", "A", "t", "z", "w", "c", "1.5"];
const NUMBERS: [&str; 5] = ["2", "1", "3", "0", "4"];
const LISTS: [&str; 5] = ["[3]", "[0]", "[]", "[2,3]", "[2]"];
/// What derivatives are taken of.
const DERIVED: [&str; 3] = ["SqDist(x,y)", "v*x", "x"];
/// Parameters, points and vector of kernels.
const KERNEL: [&[&str]; 5] = [&["t", "1.5"], &["t", "1.5"], &["x"], &["y"], &["y"]];
/// Longer formulas are left out.
const LONGEST: usize = 150;

fn aliases() -> Vec<String> {
    NAMES.map(|(name, variable)| format!("{name} = {variable}")).into()
}

fn parse(text: &str) -> Option<Formula> {
    let aliases = aliases();
    let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
    Formula::parse(text, &aliases).ok()
}

fn is_symbolic(operation: &Operation) -> bool {
    matches!(operation.rule, Rule::Symbolic { .. })
}

/// A call of an operation that is right: operands and parameters are tried one after the other.
fn example(operation: &Operation) -> String {
    let is_complex = operation.name.contains("Complex") || operation.name == "Conj";
    let mut arguments: Vec<Vec<&str>> = vec![Vec::new()];
    for k in 0..operation.operands {
        let mut operands = OPERANDS.to_vec();
        // What is made for complex numbers comes first where the operation is, and the second operand is another one.
        operands.rotate_left(if is_complex { 6 } else { 0 } + k);
        if is_symbolic(operation) {
            operands = [&DERIVED[..], &["x"], &["u", "y"]][k].to_vec();
        }
        if operation.operands > 3 {
            operands = KERNEL[k + KERNEL.len() - operation.operands].to_vec();
        }
        arguments = arguments.iter().flat_map(|a| operands.iter().map(move |o| [&a[..], &[*o]].concat())).collect();
    }
    for name in operation.parameters {
        let values = if is_list(name) { LISTS } else { NUMBERS };
        arguments = arguments.iter().flat_map(|a| values.iter().map(move |v| [&a[..], &[*v]].concat())).collect();
    }
    let texts = arguments.iter().map(|a| format!("{}({})", operation.name, a.join(",")));
    let distinct =
        |text: &String| is_symbolic(operation) || !["x,x", "u,u", "2,2"].iter().any(|twice| text.contains(twice));
    let right = |text: &String| parse(text).is_some_and(|formula| formula.expanded().is_ok());
    let mut found = texts.filter(distinct).filter(right);
    found.next().unwrap_or_else(|| panic!("no example of {}", operation.name))
}

/// A text of the library with the names of the examples.
fn named(formula: &Formula) -> Option<String> {
    let mut text = formula.text().ok()?;
    for (name, variable) in NAMES.iter().chain(&[("e", "Vi(9,")]) {
        let category = ["Vi", "Vj", "Pm"].iter().position(|c| variable.starts_with(c))?;
        let inside = variable[3..].trim_end_matches(')');
        // The cotangent has whatever dimension it needs.
        for dim in 1..50 {
            let numbers = if *name == "e" { format!("{inside}{dim}") } else { inside.to_owned() };
            text = text.replace(&format!("Var({numbers},{category})"), name);
        }
    }
    (text.len() <= LONGEST).then_some(text)
}

fn is_complex(formula: &Formula) -> bool {
    formula.field() == Field::Complex
}

/// The gradient of an example with respect to its first argument.
fn gradient(example: &str, formula: &Formula) -> Option<String> {
    let first = NAMES.iter().find(|(name, _)| example.split(['(', ',', ')']).any(|word| word == *name))?;
    let dim = if is_complex(formula) { 2 * formula.dim() } else { formula.dim() };
    let cotangent = format!("Var(9,{dim},0)");
    let text = format!("Grad({example},{},{cotangent})", first.0);
    let gradient = parse(&text)?.expanded().ok()?;
    named(&gradient)
}

/// Text of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn operations() -> String {
    let mut table = String::new();
    for (title, family) in families() {
        let last = if is_symbolic(family[0]) { "formula that it stands for" } else { "gradient" };
        table += &format!(
            "\n### {title}\n\n| operation | meaning | example | dimension | {last} |\n|---|---|---|---|---|\n"
        );
        for operation in family {
            let operands = ["f", "g", "h", "k", "m"].iter().take(operation.operands).copied();
            let all: Vec<&str> = operands.chain(operation.parameters.iter().copied()).collect();
            let example = example(operation);
            let formula = parse(&example).expect("an example that is right").expanded().unwrap();
            let complex = if is_complex(&formula) { " complex" } else { "" };
            let gradient = if is_symbolic(operation) { named(&formula) } else { gradient(&example, &formula) };
            let gradient = gradient.map_or("-".into(), |text| format!("`{}`", cell(&text)));
            table += &format!(
                "| `{}({})` | {} | `{example}` | {}{complex} | {gradient} |\n",
                operation.name,
                all.join(","),
                cell(operation.summary),
                formula.dim()
            );
        }
    }
    table
}

fn reductions() -> String {
    let mut table = "\n| reduction | result | meaning | gradient |\n|---|---|---|---|\n".to_owned();
    for reducer in reduction::all() {
        let formula = parse("SqDist(x,y)").unwrap();
        let weights = parse("y").unwrap();
        let parameters = vec![2; reducer.parameters().len()];
        let extra = reduction::Extra { parameters: &parameters, weights: reducer.is_weighted().then_some(&weights) };
        let reduction = Reduction::with(reducer.name(), &formula, extra, Axis::J)
            .unwrap_or_else(|error| panic!("{}: {error}", reducer.name()));
        let arguments = ["f"].into_iter().chain(reducer.parameters().iter().copied()).chain(["0"]);
        let arguments: Vec<&str> = arguments.chain(reducer.is_weighted().then_some("g")).collect();
        let result = |columns: &reduction::Columns| {
            format!("{} {}", columns.count, if columns.is_integer { "integers" } else { "numbers" })
        };
        let results: Vec<String> = reduction.results().iter().map(result).collect();
        let (x, cotangent) =
            (parse("x").unwrap(), Formula::variable(20, reduction.dim(), rkeops_core::Category::I).unwrap());
        let gradient = match reduction.saved() {
            Ok(saved) => {
                let variables: Vec<Formula> = saved
                    .iter()
                    .enumerate()
                    .map(|(k, s)| Formula::variable(21 + k, s.dim(), rkeops_core::Category::I).unwrap())
                    .collect();
                let saved_names: Vec<String> =
                    saved.iter().map(|s| format!("`{}`", s.text().unwrap().split('_').next().unwrap())).collect();
                match reduction.gradient(&x, &cotangent, &variables.iter().collect::<Vec<_>>()) {
                    Ok(_) if saved.is_empty() => "yes".into(),
                    Ok(_) => format!("yes, from the results of {}", saved_names.join(", ")),
                    Err(_) => "no".into(),
                }
            }
            Err(_) => "no".into(),
        };
        table += &format!(
            "| `{}_Reduction({})` | {} | {} | {gradient} |\n",
            reducer.name(),
            arguments.join(","),
            results.join("; "),
            cell(reducer.summary())
        );
    }
    table
}

/// The text with what is between a mark and its end replaced.
fn replaced(text: &str, mark: &str, table: &str) -> String {
    let start = text.find(mark).unwrap_or_else(|| panic!("{mark} is missing"));
    let start = start + text[start..].find("-->\n").unwrap() + 4;
    let end = start + text[start..].find("<!-- end -->").expect("the end of a table");
    format!("{}{table}\n{}", &text[..start], &text[end..])
}

#[test]
fn the_reference_is_current() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/language.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let current = replaced(&text, "<!-- operations:", &operations());
    let current = replaced(&current, "<!-- reductions:", &reductions());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    assert!(current == text, "docs/language.md is stale: UPDATE=1 cargo test -p rkeops-core --test suite language");
}
