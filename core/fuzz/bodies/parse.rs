//! Formula text of any kind: an error with a message, or a formula whose own text parses to itself. Nothing else.

use std::collections::HashMap;

use rkeops_core::formula::Field;
use rkeops_core::{ErrorKind, Formula, Reduction, Result, ops, reduction};

use super::bytes::Bytes;

const ALIASES: [&str; 5] = ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)", "p = Pm(3,2)", "z = Vi(4,1)"];

/// Bytes that start with a letter of ASCII are text: a formula and, after each `#`, an alias. Others choose the parts
/// of a formula.
pub fn parse(data: &[u8]) {
    if data.first().is_some_and(|&first| first >= 128) {
        let text = written(&mut Bytes::new(&data[1..]));
        return both(&text, &ALIASES);
    }
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split('#');
    let formula = parts.next().unwrap_or_default();
    let aliases: Vec<&str> = parts.take(8).collect();
    both(formula, if aliases.is_empty() { &ALIASES } else { &aliases });
}

fn both(text: &str, aliases: &[&str]) {
    if let Some(formula) = accepted(Formula::parse(text, aliases), text, aliases) {
        formula_is_sound(&formula);
    }
    if let Some(reduction) = accepted(Reduction::parse(text, aliases), text, aliases) {
        let Ok(printed) = reduction.text() else { return };
        let again = read_again(Reduction::parse(&printed, &[]), &printed);
        assert_eq!(again.text().ok().as_ref(), Some(&printed), "the text of {text:?}");
        assert_eq!((again.dim(), again.axis()), (reduction.dim(), reduction.axis()), "{text:?}");
    }
}

/// The result, if it is one; an error must be one that a person can read.
fn accepted<T>(result: Result<T>, text: &str, aliases: &[&str]) -> Option<T> {
    let error = match result {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    assert!(error.kind() != ErrorKind::Internal, "{text:?}: {error}");
    let message = error.message();
    let declared: usize = aliases.iter().map(|a| a.len()).sum();
    assert!(!message.is_empty() && message.len() < 4096 + 4 * declared, "{} bytes for {text:?}", message.len());
    // A message with a place ends with the line of the text and carets under the place.
    if message.contains(" (column ") {
        let lines: Vec<&str> = message.lines().collect();
        let carets = lines.last().map_or("", |line| line.trim_start());
        assert!(lines.len() >= 3 && !carets.is_empty() && carets.chars().all(|c| c == '^'), "{message}");
    }
    None
}

/// What a text of the library parses to. It must.
fn read_again<T>(result: Result<T>, printed: &str) -> T {
    result.unwrap_or_else(|error| panic!("the library's own text does not parse: {error}\n{printed}"))
}

fn formula_is_sound(formula: &Formula) {
    let printed = match formula.text() {
        Ok(printed) => printed,
        Err(error) => return assert_eq!(error.kind(), ErrorKind::Size, "{error}"),
    };
    let again = read_again(Formula::parse(&printed, &[]), &printed);
    assert_eq!(again.text().ok().as_ref(), Some(&printed));
    assert_eq!(again.dim(), formula.dim(), "{printed}");
    let graph = formula.graph();
    let variables: Vec<_> = graph.variables().collect();
    let numbers: usize = graph.reachable(&[formula.root()]).into_iter().map(|n| graph.dim_of(n)).sum();
    if numbers > 10_000 {
        return;
    }
    // Derivatives exist, or an error says why not, and values have the right dimension.
    let mut all = vec![formula.clone()];
    if let Some(&(variable, dim)) = variables.first()
        && graph.len() < 200
        && let Ok(variable) = Formula::variable(variable.index, dim, variable.category)
    {
        match formula.gradient(&variable, &Formula::constant(1.0)) {
            Ok(gradient) => {
                assert_eq!(gradient.dim(), dim);
                all.push(gradient);
            }
            Err(error) => assert!(error.kind() != ErrorKind::Internal, "{error}"),
        }
    }
    let ones: Vec<(usize, Vec<f64>)> = variables.iter().map(|(v, dim)| (v.index, vec![1.0; *dim])).collect();
    let assignment: HashMap<usize, &[f64]> = ones.iter().map(|(index, ones)| (*index, ones.as_slice())).collect();
    for formula in all {
        if let Ok(values) = formula.evaluate_at(&assignment, [2, 3]) {
            let parts = if formula.field() == Field::Complex { 2 } else { 1 };
            assert_eq!(values.len(), parts * formula.dim(), "{printed}");
        }
    }
}

const LEAVES: [&str; 22] = [
    "x",
    "y",
    "b",
    "p",
    "z",
    "2",
    "0",
    "1",
    ".5",
    "2.5e-3",
    "1e308",
    "1e-320",
    "4503599627370497",
    "Var(0,3,0)",
    "Vj(1,3)",
    "Zero(3)",
    "Zero(1)",
    "IntCst(-3)",
    "RatCst(1,3)",
    "IntInv(2)",
    "9223372036854775807",
    "Var(3,2,2)",
];

/// A text that bytes choose: mostly well formed, with operands that may not fit together.
fn written(bytes: &mut Bytes<'_>) -> String {
    let operations: Vec<_> = ops::all().collect();
    let mut stack: Vec<String> = Vec::new();
    for _ in 0..60 {
        if bytes.is_empty() {
            break;
        }
        let choice = bytes.below(operations.len() + 24);
        let leaf = LEAVES[choice % LEAVES.len()].to_owned();
        let mut pop = || stack.pop().unwrap_or_else(|| leaf.clone());
        let text = match choice.checked_sub(24) {
            Some(k) => {
                let operation = operations[k];
                let mut all: Vec<String> = (0..operation.operands).map(|_| pop()).collect();
                all.reverse();
                all.extend(operation.parameters.iter().map(|name| {
                    let number = (bytes.below(12) as i64 - 2).to_string();
                    if ops::is_list(name) { format!("[{number},1]") } else { number }
                }));
                format!("{}({})", operation.name, all.join(","))
            }
            None if choice < 12 => leaf.clone(),
            None => {
                let sign = ["+", "-", "*", "/", "|", "**", " + ", " * "][bytes.below(8)];
                let (right, left) = (pop(), pop());
                match choice {
                    12..16 => format!("{left}{sign}{right}"),
                    16..18 => format!("({left}){sign}({right})"),
                    18 => format!("{left}**{}", ["2", "-1", "0.5", "-2.5", "3", "0", "64", "65"][bytes.below(8)]),
                    19 => format!("-{right}"),
                    20 => format!("-({right})"),
                    21 => format!("+{right}"),
                    22 => format!("Grad({left},x,{right})"),
                    _ => format!("({left} {sign}\n{right})"),
                }
            }
        };
        // Operands that were taken need not be of use.
        stack.push(text);
    }
    let mut text = stack.pop().unwrap_or_default();
    if bytes.chance(3) {
        let reducers: Vec<_> = reduction::all().collect();
        let reducer = reducers[bytes.below(reducers.len())];
        let options: String = reducer.parameters().iter().map(|_| format!("{},", bytes.below(7) as i64 - 1)).collect();
        let weights = if reducer.is_weighted() { [",y", ",b", ",3"][bytes.below(3)] } else { "" };
        text = format!("{}_Reduction({text},{options}{}{weights})", reducer.name(), bytes.below(2));
        text = match bytes.below(12) {
            9 => format!("Grad({text},x,z)"),
            10 => format!("Diff({text},x,(x+1))"),
            11 => format!("Diff({text},(x,y),(x,2*y))"),
            _ => text,
        };
    }
    if bytes.chance(8) && !text.is_empty() {
        let places: Vec<usize> = text.char_indices().map(|(k, _)| k).collect();
        let place = places[bytes.word() as usize % places.len()];
        text.insert_str(place, ["(", ")", ",", "é", " ", "-", "1", "**", "\n", "."][bytes.below(10)]);
    }
    text
}
