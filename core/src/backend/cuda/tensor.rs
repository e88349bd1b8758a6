//! The text of what tensor cores do in a pass: its products and its columns.

use std::fmt::Write;

use super::columns::{Columns, Joining};
use super::products::Product;
use super::schedule::Schedule;
use super::source::rule;
use super::statements::literal;
use crate::lower::{Stage, Stages};

/// A table of planes, where they follow no rule, and the plane at a position.
fn plane(name: &str, variable: &str, planes: impl Iterator<Item = u32> + Clone) -> [String; 2] {
    let planes = planes.map(i64::from);
    match rule(planes.clone()) {
        Some([start, step]) => [String::new(), format!("{start} + {step} * {variable}")],
        None => {
            let list = planes.map(|plane| plane.to_string()).collect::<Vec<String>>().join(", ");
            let table = format!("static DEVICE_TABLE const int {name}[] = {{{list}}};\n");
            [table, format!("{name}[{variable}]")]
        }
    }
}

/// The products, each a structure.
pub(super) fn products(schedule: &Schedule) -> String {
    let (mut text, mut all, mut first) = (String::new(), String::from("#define EACH_PRODUCT(DO)"), 0);
    for (k, Product { plane: sum, terms, is_squared }) in schedule.products.iter().enumerate() {
        let (count, squared) = (terms.len(), u8::from(*is_squared));
        let sides = [("kept", 0), ("reduced", 1)].map(|(name, side)| {
            let [table, number] = plane(&format!("{name}_{k}"), "term", terms.iter().map(|term| term[side]));
            (table, format!("    DEVICE_MEMBER static int {name}(int term) {{ return {number}; }}\n"))
        });
        let [(kept_table, kept), (reduced_table, reduced)] = sides;
        let _ = write!(
            text,
            "{kept_table}{reduced_table}struct Product{k} {{\n    enum {{ TERMS = {count}, SQUARED = {squared}, FIRST = {first}, \
             PLANE = {sum}, NUMBER = {k} }};\n{kept}{reduced}}};\n"
        );
        let _ = write!(all, " DO(Product{k})");
        first += count.div_ceil(schedule.chunk_terms());
    }
    format!("{text}{all}\n")
}

/// The columns, and what is done with the other numbers of a block.
pub(super) fn columns(columns: &Columns, stages: &Stages) -> String {
    let mut text = format!("#define WEIGHT {}\n", columns.weight);
    for (name, side) in [("column_of_block", 0), ("column_of_row", 1)] {
        let [table, number] = plane(&format!("{name}_planes"), "column", columns.terms.iter().map(|term| term[side]));
        let _ = writeln!(text, "{table}DEVICE int {name}(int column) {{ return {number}; }}");
    }
    if !columns.kept.is_empty() {
        let [table, number] = plane("column_of_kept_planes", "column", columns.kept.iter().copied());
        let _ = writeln!(text, "{table}DEVICE int column_of_kept(int column) {{ return {number}; }}");
    }
    let each = |call: &dyn Fn(usize, Joining) -> String| {
        columns.others.iter().map(|&(k, joining)| call(k, joining)).collect::<String>()
    };
    let begin = each(&|k, _| format!("    block[{k}] = {};\n", literal(stages.block[k], stages.dtype)));
    let join = each(&|k, joining| format!("    block[{k}] = {}_of_four(block[{k}]);\n", name(joining)));
    let leave = each(&|k, _| format!("    state[{k}] = block[{k}];\n"));
    let _ = write!(
        text,
        "DEVICE void start_others(BlockRow& block) {{\n{begin}}}\nDEVICE void join_others(BlockRow& block) {{\n{join}}}\nDEVICE \
         void leave_others(BlockRow& block, Memory& state) {{\n{leave}}}\n"
    );
    let (mut shared, mut others) = (String::new(), String::new());
    for (k, part) in stages.parts(Stage::Absorb).enumerate() {
        let _ = match part.repeat {
            Some(repeat) => writeln!(
                shared,
                "    ROLLED\n    for (int k = lane; k < {}; k += 4) stage_absorb_{k}(k, call, kept, anchor, block, total);",
                repeat.count()
            ),
            None => writeln!(others, "    stage_absorb_{k}(call, kept, anchor, block, total);"),
        };
    }
    let arguments = "CallRow& call, KeptRow& kept, Registers<ANCHOR>& anchor, Memory& block, TotalRow& total";
    let _ = write!(
        text,
        "DEVICE void absorb_columns({arguments}, int lane) {{\n{shared}}}\nDEVICE void absorb_others({arguments}) \
         {{\n{others}}}\n"
    );
    text
}

fn name(joining: Joining) -> &'static str {
    match joining {
        Joining::Sum => "sum",
        Joining::Largest => "largest",
        Joining::Smallest => "smallest",
    }
}
