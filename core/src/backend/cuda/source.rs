//! The CUDA C++ of a pass: its constants and types, its stages as functions, and the kernels of `kernels/` around them.
//! It knows neither compilers nor devices.

use std::fmt::Write;

use super::schedule::{CHUNK, Schedule};
use super::statements::{literal, name, statements};
use super::tensor;
use crate::dtype::Dtype;
use crate::lower::{Origin, Part, Repeat, Source, Space, Stage, Stages};

/// Axes of a batch at most: an array of the caller has 8, of which one at least is no batch.
pub const AXES: usize = 7;

const MATH: &str = include_str!("../../../../kernels/math.cuh");
const ARRAYS: &str = include_str!("../../../../kernels/arrays.cuh");
const JOB: &str = include_str!("../../../../kernels/job.cuh");
const LISTS: &str = include_str!("../../../../kernels/lists.cuh");
const TENSOR: &str = include_str!("../../../../kernels/tensor.cuh");
const PRODUCTS: &str = include_str!("../../../../kernels/products.cuh");
const ROWS: &str = include_str!("../../../../kernels/rows.cu");
const FACTORS: &str = include_str!("../../../../kernels/factors.cu");
const REDUCE: &str = include_str!("../../../../kernels/reduce.cu");
const COLUMNS: &str = include_str!("../../../../kernels/columns.cu");

/// What is compiled, for a pass with so many arguments.
pub fn source(stages: &Stages, schedule: &Schedule, inputs: usize) -> String {
    let pass = Pass { stages, schedule };
    let mut text = String::from("// Made by rkeops.\n");
    if stages.dtype != Dtype::F32 {
        text += "#define RKEOPS_DOUBLE\n";
    }
    let own = if stages.dtype == Dtype::F32 { "F32" } else { "F64" };
    let _ = writeln!(text, "#define OWN_FORMAT {own}");
    text += &pass.constants(inputs);
    for part in [MATH, ARRAYS, JOB, LISTS] {
        text += part;
    }
    text += &pass.types();
    for (load, space) in [("load_call", Space::Call), ("load_kept", Space::Kept), ("load_reduced", Space::Reduced)] {
        text += &pass.load(load, space);
    }
    for (start, state, bits) in [
        ("start_block", "block", &stages.block),
        ("start_total", "total", &stages.total),
        ("start_anchor", "anchor", &stages.anchors),
    ] {
        text += &pass.start(start, state, bits);
    }
    text += &pass.results();
    for (stage, function, spaces) in SINGLE {
        text += &pass.functions(stage, function, spaces);
        text += &pass.single(stage, function, spaces);
    }
    for (stage, function, spaces) in OF_PAIRS {
        text += &pass.functions(stage, function, spaces);
    }
    text += &pass.reanchor();
    text += &pass.lists();
    text += &pass.contractions();
    text += &pass.pairs();
    if schedule.multiplies() {
        text += TENSOR;
        text += &tensor::products(schedule);
    }
    if !schedule.products.is_empty() {
        text += PRODUCTS;
    }
    text += ROWS;
    if schedule.multiplies() {
        if let Some(columns) = &schedule.columns {
            text += &tensor::columns(columns, stages);
        }
        text += FACTORS;
    }
    text + if schedule.columns.is_some() { COLUMNS } else { REDUCE }
}

type Function = (Stage, &'static str, &'static [Space]);

/// The stages of one row, and the spaces whose planes they read and write.
const SINGLE: [Function; 8] = [
    (Stage::Call, "stage_call", &[Space::Call]),
    (Stage::Kept, "stage_kept", &[Space::Call, Space::Kept]),
    (Stage::Reduced, "stage_reduced", &[Space::Call, Space::Reduced]),
    (
        Stage::Reanchor,
        "stage_reanchor",
        &[Space::Call, Space::Kept, Space::Anchor, Space::Block, Space::Total, Space::Output],
    ),
    (Stage::Absorb, "stage_absorb", &[Space::Call, Space::Kept, Space::Anchor, Space::Block, Space::Total]),
    (Stage::Merge, "stage_merge", &[Space::Call, Space::Kept, Space::Total, Space::Other]),
    (Stage::Finish, "stage_finish", &[Space::Call, Space::Kept, Space::Total, Space::Output]),
    (Stage::Nothing, "stage_nothing", &[Space::Call, Space::Kept, Space::Total, Space::Output]),
];

/// Those of a pair.
const OF_PAIRS: [Function; 3] = [
    (Stage::Contract, "pair_contract", &[Space::Call, Space::Kept, Space::Reduced, Space::Pair]),
    (
        Stage::Update,
        "pair_update",
        &[Space::Call, Space::Kept, Space::Reduced, Space::Anchor, Space::Pair, Space::Block],
    ),
    (Stage::Values, "pair_values", &[Space::Call, Space::Kept, Space::Reduced, Space::Pair, Space::Values]),
];

/// A statement for every pair of some kept rows with some reduced rows, and for those whose reduced rows count.
const EVERY_PAIR: &str = "    UNROLLED\n    for (int c = 0; c < columns; ++c) {\n        UNROLLED\n        for (int r = 0; r < \
                          ROWS; ++r) ";
const SOME_PAIRS: &str = "    UNROLLED\n    for (int c = 0; c < GROUP; ++c) {\n        if (GROUP > 1 && c >= count) \
                          break;\n        if (c < before) continue;\n        UNROLLED\n        for (int r = 0; r < ROWS; ++r) ";

struct Pass<'a> {
    stages: &'a Stages,
    schedule: &'a Schedule,
}

impl Pass<'_> {
    fn slots(&self, space: Space) -> usize {
        self.stages.slots[space as usize]
    }

    fn is_in_memory(&self, space: Space) -> bool {
        self.schedule.in_memory[space as usize]
    }

    fn constants(&self, inputs: usize) -> String {
        let schedule = self.schedule;
        let constants = [
            ("AXES", AXES),
            ("INPUTS", inputs),
            ("OUTPUTS", self.stages.outputs.len()),
            ("CALL", self.slots(Space::Call)),
            ("CALL_STRIDE", schedule.call_stride),
            ("KEPT", self.slots(Space::Kept)),
            ("REDUCED", self.slots(Space::Reduced)),
            ("STRIDE", schedule.stride),
            ("BLOCK", self.slots(Space::Block)),
            ("TOTAL", self.slots(Space::Total)),
            ("ANCHOR", self.slots(Space::Anchor)),
            ("PAIR", self.slots(Space::Pair)),
            ("VALUES", self.slots(Space::Values)),
            ("LIST_LENGTH", schedule.list_length()),
            ("THREADS", schedule.threads),
            ("ROWS", schedule.rows),
            ("GROUP", schedule.group),
            ("TILE", schedule.tile),
            ("BLOCK_ROWS", schedule.block),
            ("UNROLL", schedule.unroll),
            ("REDUCED_IN_MEMORY", usize::from(schedule.tile_in_memory)),
            ("PRODUCTS", schedule.products.len()),
            ("CHUNK", schedule.chunk_terms()),
            ("CHUNK_WORDS", CHUNK),
            ("NARROW", usize::from(schedule.is_narrow)),
            ("CHUNKS", schedule.chunks()),
            ("SPLIT", usize::from(!schedule.is_rounded)),
            ("COLUMNS", schedule.columns.as_ref().map_or(0, |columns| columns.terms.len())),
            ("DIFFERENCES", schedule.columns.as_ref().map_or(0, |columns| usize::from(!columns.kept.is_empty()))),
            ("REVERSED", schedule.columns.as_ref().map_or(0, |columns| usize::from(columns.is_reversed))),
            ("COLUMN_TILES", schedule.column_tiles[0]),
            ("COLUMN_GROUPS", schedule.column_tiles[1]),
        ];
        constants.map(|(name, value)| format!("#define {name} {value}\n")).concat()
    }

    fn types(&self) -> String {
        let of = |space: Space, count: &str| match self.is_in_memory(space) {
            true => "Memory".to_owned(),
            false => format!("Registers<{count}>"),
        };
        let packed =
            |space: Space, count: &str| if self.is_in_memory(space) { "Packed".into() } else { of(space, count) };
        let types = [
            ("CallRow", packed(Space::Call, "CALL")),
            ("KeptRow", if self.is_in_memory(Space::Kept) { "Planes".into() } else { of(Space::Kept, "KEPT") }),
            ("ReducedRow", packed(Space::Reduced, "REDUCED")),
            (
                "BlockRow",
                if self.schedule.columns.is_some() { "Registers<BLOCK>".into() } else { of(Space::Block, "BLOCK") },
            ),
            ("TotalRow", of(Space::Total, "TOTAL")),
            ("PairNumbers", "Registers<PAIR>".to_owned()),
        ];
        types.map(|(name, kind)| format!("typedef {kind} {name};\n")).concat()
    }

    /// Brings the arguments of a row to the planes of its space.
    fn load(&self, function: &str, space: Space) -> String {
        let place = name(space);
        let (row, first) = match space {
            Space::Kept => ("Planes", "job.first_kept + "),
            _ => ("Memory", "job.first_reduced + "),
        };
        let mut text =
            format!("DEVICE void {function}(const Job& job, long long item, long long row, {row}& {place}) {{\n");
        let sources = &self.stages.sources[space as usize];
        let mut slot = 0;
        while let Some(&source) = sources.get(slot) {
            let count = source.neighbours(&sources[slot..]);
            text += &match source {
                Source::Component { index, component } => format!(
                    "    {{\n        const Array& array = job.inputs[{index}];\n        const long long first = \
                     problem_place(job, array, item) + row * array.row_step;\n        ROLLED\n        for (int k = 0; k < \
                     {count}; ++k) {place}[{slot} + k] = number_at(array, first + column_place(array, {component} + \
                     k));\n    }}\n"
                ),
                Source::Integer { index, component } => format!(
                    "    {{\n        const Array& array = job.inputs[{index}];\n        {place}[{slot}] = \
                     integer_at(array, problem_place(job, array, item) + row * array.row_step + column_place(array, \
                     {component}));\n    }}\n"
                ),
                Source::Position => format!("    {place}[{slot}] = number_of((Bits)({first}row));\n"),
                Source::Computed => String::new(),
            };
            slot += count;
        }
        text + "}\n"
    }

    /// Fills the planes of a state, runs of equal numbers by loops.
    fn start(&self, function: &str, state: &str, bits: &[u64]) -> String {
        let mut text = format!("template <class State> DEVICE void {function}(State& {state}) {{\n");
        let mut first = 0;
        for run in bits.chunk_by(|a, b| a == b) {
            let last = first + run.len();
            let number = literal(run[0], self.stages.dtype);
            let _ = match run.len() {
                1 => writeln!(text, "    {state}[{first}] = {number};"),
                _ => writeln!(
                    text,
                    "    {}\n    for (int k = {first}; k < {last}; ++k) {state}[k] = {number};",
                    self.loops(self.is_in_memory(Space::Block) && state != "anchor")
                ),
            };
            first = last;
        }
        text + "}\n"
    }

    /// How a loop over planes is compiled: those in registers have no numbers at run time.
    fn loops(&self, is_in_memory: bool) -> &'static str {
        if is_in_memory { "ROLLED" } else { "UNROLLED" }
    }

    /// Where the planes of results go.
    fn results(&self) -> String {
        let mut text = String::from(
            "DEVICE void store_result(const Job& job, long long item, long long row, int slot, Number value) {\n",
        );
        for (k, output) in self.stages.outputs.iter().enumerate() {
            let Origin::Planes(first) = output.origin else { continue };
            let (last, is_integer) = (first + output.columns.count, output.columns.is_integer);
            let write = match is_integer {
                true => "write_integer(array, place, (long long)(Integer)bits_of(value))",
                false => "write_number(array, place, value)",
            };
            let _ = writeln!(
                text,
                "    if (slot >= {first} && slot < {last}) {{\n        const Array& array = job.outputs[{k}];\n        \
                 const long long place = problem_place(job, array, item) + row * array.row_step + column_place(array, \
                 slot - {first});\n        {write};\n    }}"
            );
        }
        text += "}\nstruct Results {\n    const Job& job;\n    long long item, row;\n    struct Column {\n        const \
                 Results& results;\n        int slot;\n        DEVICE_MEMBER void operator=(Number value) const {\n            \
                 store_result(results.job, results.item, results.row, slot, value);\n        }\n    };\n    DEVICE_MEMBER \
                 Column operator[](int slot) const {\n        Column column = {*this, slot};\n        return column;\n    \
                 }\n};\n";
        text
    }

    fn header(function: &str, first: &str, spaces: &[Space]) -> String {
        let types: Vec<String> = (0..spaces.len()).map(|k| format!("class T{k}")).collect();
        let arguments: Vec<String> =
            spaces.iter().enumerate().map(|(k, &space)| format!("T{k}& {}", name(space))).collect();
        let all: Vec<String> = [first.to_owned()].into_iter().filter(|f| !f.is_empty()).chain(arguments).collect();
        format!("template <{}> DEVICE void {function}({}) {{\n", types.join(", "), all.join(", "))
    }

    /// A function for each part of a stage; that of a repeated one takes the number of the repetition.
    fn functions(&self, stage: Stage, function: &str, spaces: &[Space]) -> String {
        let is_of_pair = OF_PAIRS.iter().any(|(of_pair, ..)| *of_pair == stage);
        let mut text = String::new();
        for (k, part) in self.stages.parts(stage).enumerate() {
            let first = if part.repeat.is_some() { "const int repetition" } else { "" };
            text += &Self::tables(function, k, part);
            text += &Self::header(&format!("{function}_{k}"), first, spaces);
            text += &Self::firsts(function, k, part);
            text += &statements(part.program, self.stages.dtype, is_of_pair);
            text += "}\n";
        }
        text
    }

    /// The planes that families name, where they do not follow a rule.
    fn tables(function: &str, k: usize, part: Part<'_>) -> String {
        let Some(repeat) = part.repeat else { return String::new() };
        let table = |family: usize| {
            let firsts: Vec<String> = repeat.rows().map(|row| row[family].to_string()).collect();
            let list = firsts.join(", ");
            format!("static DEVICE_TABLE const int {function}_{k}_f{family}[] = {{{list}}};\n")
        };
        (0..repeat.spaces.len()).filter(|&family| rule(named(repeat, family)).is_none()).map(table).collect()
    }

    fn firsts(function: &str, k: usize, part: Part<'_>) -> String {
        let Some(repeat) = part.repeat else { return String::new() };
        let first = |family: usize| match rule(named(repeat, family)) {
            Some([start, step]) => format!("    const int f{family} = {start} + {step} * repetition;\n"),
            None => format!("    const int f{family} = {function}_{k}_f{family}[repetition];\n"),
        };
        (0..repeat.spaces.len()).map(first).collect()
    }

    /// Whether a repetition's planes all stay in memory, so that its number may be one of run time.
    fn is_loop(&self, repeat: &Repeat) -> bool {
        let far = |space: &Space| matches!(space, Space::Output) || self.is_in_memory(*space);
        repeat.spaces.iter().all(far)
    }

    /// All parts of a stage of one row.
    fn single(&self, stage: Stage, function: &str, spaces: &[Space]) -> String {
        let mut text = Self::header(function, "", spaces);
        let names: Vec<&str> = spaces.iter().map(|&space| name(space)).collect();
        let names = names.join(", ");
        for (k, part) in self.stages.parts(stage).enumerate() {
            let _ = match part.repeat {
                None => writeln!(text, "    {function}_{k}({names});"),
                // What is packed is written to memory in any case.
                Some(repeat) => writeln!(
                    text,
                    "    {}\n    for (int k = 0; k < {}; ++k) {function}_{k}(k, {names});",
                    self.loops(self.is_loop(repeat)),
                    repeat.count()
                ),
            };
        }
        text + "}\n"
    }

    fn reanchor(&self) -> String {
        let mut text = String::from(
            "DEVICE bool reanchor(CallRow& call, KeptRow& kept, Registers<ANCHOR>& anchor, BlockRow& block, TotalRow& \
             total) {\n",
        );
        text += match self.stages.has(Stage::Reanchor) {
            true => {
                "    Registers<1> output;\n    stage_reanchor(call, kept, anchor, block, total, output);\n    return \
                 bits_of(output[0]) != 0;\n}\n"
            }
            false => "    return false;\n}\n",
        };
        text
    }

    /// The sums over components of some kept rows with some reduced rows.
    fn contractions(&self) -> String {
        let (stage, function, _) = OF_PAIRS[0];
        let mut text = String::from(
            "template <int columns>\nDEVICE void contract_pairs(CallRow& call, KeptRow (&kept)[ROWS], ReducedRow \
             (&reduced)[columns], PairNumbers (&pair)[ROWS][columns]) {\n",
        );
        for (k, part) in self.stages.parts(stage).enumerate() {
            text += &self.repeated(part, |n| {
                format!("{EVERY_PAIR}{function}_{k}({n}call, kept[r], reduced[c], pair[r][c]);\n    }}\n")
            });
        }
        text + "}\n"
    }

    /// A call of a part, as often as it is repeated; what makes it is told the arguments that come first.
    fn repeated(&self, part: Part<'_>, call: impl Fn(&str) -> String) -> String {
        let Some(repeat) = part.repeat else { return call("") };
        let (loops, count) = (self.loops(self.is_loop(repeat)), repeat.count());
        format!("    {loops}\n    for (int k = 0; k < {count}; ++k) {{\n{}    }}\n", call("k, "))
    }

    /// What is done with the sums of some kept rows with some reduced rows.
    fn pairs(&self) -> String {
        let mut text = String::from(
            "template <bool offers>\nDEVICE void pairs(CallRow& call, KeptRow (&kept)[ROWS], ReducedRow \
             (&reduced)[GROUP], Registers<ANCHOR> (&anchor)[ROWS], PairNumbers (&pair)[ROWS][GROUP], BlockRow \
             (&block)[ROWS], ListsRow (&lists)[ROWS], int first, int count, int before = 0) {\n",
        );
        let (stage, function, _) = OF_PAIRS[1];
        for (k, part) in self.stages.parts(stage).enumerate() {
            if part.repeat.is_some() && self.schedule.columns.is_some() {
                continue;
            }
            text += &self.repeated(part, |n| {
                let rows = "call, kept[r], reduced[c], anchor[r], pair[r][c], block[r]";
                format!("{SOME_PAIRS}{function}_{k}({n}{rows});\n    }}\n")
            });
        }
        if self.stages.has(Stage::Values) {
            let _ = write!(text, "    if (!offers) return;\n{SOME_PAIRS}{{\n            Registers<VALUES> values;\n");
            for (k, _) in self.stages.parts(Stage::Values).enumerate() {
                let _ = writeln!(text, "            pair_values_{k}(call, kept[r], reduced[c], pair[r][c], values);");
            }
            text += "            offer_all(lists[r], values, first + c);\n        }\n    }\n";
        }
        text + "}\n"
    }

    /// The lists of nearest values of a row, and what is done with all of them.
    fn lists(&self) -> String {
        let lists = &self.schedule.lists;
        let kind = if self.schedule.lists_in_memory { "ListInMemory" } else { "ListInRegisters" };
        let mut text = String::new();
        for (name, kind) in [("ListsRow", kind), ("MergedLists", "ListInMemory")] {
            let _ = writeln!(text, "struct {name} {{");
            for (k, list) in lists.iter().enumerate() {
                let _ = writeln!(text, "    {kind}<{}> list{k};", list.length);
            }
            text += "};\n";
        }
        let each = |call: &dyn Fn(usize) -> String| (0..lists.len()).map(call).collect::<String>();
        let function = |head: &str, body: String| format!("DEVICE void {head} {{\n{body}}}\n");
        let arguments = "const Job& job, Lists& lists, long long slice, long long total";
        for (name, call) in
            [("place_lists", "place"), ("leave_lists", "leave"), ("take_lists", "take"), ("join_lists", "join")]
        {
            let body = each(&|k| {
                format!("    {call}_list(lists.list{k}, list_place(job, slice, total, {}));\n", lists[k].start)
            });
            text += "template <class Lists> ";
            text += &function(&format!("{name}({arguments})"), body);
        }
        let offers = each(&|k| {
            let (list, part) = (lists[k], &self.stages.rows[lists[k].part]);
            let (plane, sign) = (part.planes.start + list.component, if list.largest { "-" } else { "" });
            let condition = part.mask.map_or(String::new(), |mask| format!("if (bits_of(values[{mask}]) != 0) "));
            format!("    {condition}offer(lists.list{k}, {sign}values[{plane}], row);\n")
        });
        text += &function("offer_all(ListsRow& lists, Registers<VALUES>& values, int row)", offers);
        text += &function(
            "finish_lists(const Job& job, long long item, long long row, MergedLists& lists)",
            self.finished_lists(),
        );
        text
    }

    fn finished_lists(&self) -> String {
        let mut text = String::new();
        for (o, output) in self.stages.outputs.iter().enumerate() {
            let Origin::Rows { part, .. } = output.origin else { continue };
            let own = self.schedule.lists.iter().enumerate().filter(|(_, list)| list.part == part);
            for (k, list) in own {
                let dim = self.stages.rows[part].planes.len();
                let write = match (output.columns.is_integer, list.largest) {
                    (true, _) => format!("write_integer(array, place, lists.list{k}.row(n))"),
                    (false, true) => format!("write_number(array, place, -lists.list{k}.value(n))"),
                    (false, false) => format!("write_number(array, place, lists.list{k}.value(n))"),
                };
                let _ = writeln!(
                    text,
                    "    {{\n        const Array& array = job.outputs[{o}];\n        const long long first = \
                     problem_place(job, array, item) + row * array.row_step;\n        {}\n        for (int n = 0; n < {}; \
                     ++n) {{\n            const long long place = first + column_place(array, n * {dim} + {});\n            \
                     {write};\n        }}\n    }}",
                    self.loops(true),
                    list.length,
                    list.component
                );
            }
        }
        text
    }
}

/// The planes that a family names.
fn named(repeat: &Repeat, family: usize) -> impl Iterator<Item = i64> + Clone {
    (0..repeat.count()).map(move |k| i64::from(repeat.firsts[k * repeat.spaces.len() + family]))
}

/// Start and step of planes, where they follow this rule.
pub(super) fn rule(mut planes: impl Iterator<Item = i64> + Clone) -> Option<[i64; 2]> {
    let all = planes.clone();
    let start = planes.next()?;
    let step = planes.next().map_or(0, |second| second - start);
    (0..).zip(all).all(|(k, plane)| plane == start + step * k).then_some([start, step])
}
