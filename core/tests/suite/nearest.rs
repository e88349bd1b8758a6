//! The K smallest and largest values, exactly: ties, NaN, infinities, fewer values than K, long rows that are cut into
//! parts, masks, other reductions in the pass. And a reducer in plain code that is no part of the library.

use crate::support::random::{Random, some};
use rkeops_core::reduction::{Columns, Form, Method, Reducer, RowReducer, RowResult};
use rkeops_core::{
    ArrayMut, ArrayRef, Axis, CompileOptions, Dtype, Extra, Formula, Kernel, Reduction, RunOptions, Target,
};

suite!(
    exactly_the_first_on_ties,
    long_rows_in_parts,
    the_first_are_those_of_any_larger_k,
    masked_values_never_win,
    a_reducer_of_ones_own
);
suite!(devices: exactly_the_first_on_ties, masked_values_never_win);

const ALIASES: [&str; 2] = ["x = Vi(0,1)", "y = Vj(1,1)"];

fn run(
    reductions: &[Reduction],
    target: Target,
    x: &[f32],
    y: &[f32],
    threads: usize,
) -> (Vec<Vec<f32>>, Vec<Vec<i64>>) {
    let options = CompileOptions { target, ..CompileOptions::default() };
    let kernel = Kernel::compile(reductions, &options).unwrap();
    let length = |columns: usize| x.len() * columns;
    let mut numbers: Vec<Vec<f32>> = kernel.outputs().iter().map(|o| vec![9.0; length(o.dim)]).collect();
    let mut integers: Vec<Vec<i64>> = kernel.outputs().iter().map(|o| vec![9; length(o.dim)]).collect();
    let buffers = numbers.iter_mut().zip(&mut integers).zip(kernel.outputs());
    let mut outputs: Vec<ArrayMut<'_>> = buffers
        .map(|((numbers, integers), output)| {
            let shape = [x.len(), output.dim];
            if output.dtype == Dtype::I64 { ArrayMut::i64(integers, &shape) } else { ArrayMut::f32(numbers, &shape) }
        })
        .collect();
    let inputs = [ArrayRef::f32(x, &[x.len()]), ArrayRef::f32(y, &[y.len()])];
    kernel.run(&inputs, &mut outputs, &RunOptions { threads, ..RunOptions::default() }).unwrap();
    drop(outputs);
    (numbers, integers)
}

/// The values of one row that win, with their indices, best first.
fn ranked(values: impl Iterator<Item = f32>, sign: f32, k: usize) -> (Vec<f32>, Vec<i64>) {
    let numbered = values.zip(0i64..).filter(|(value, _)| sign * value < f32::INFINITY);
    let mut all: Vec<(f32, i64)> = numbered.collect();
    // A stable sort keeps the order of equal values.
    all.sort_by(|a, b| (sign * a.0).partial_cmp(&(sign * b.0)).unwrap());
    all.resize(k, (sign * f32::INFINITY, 0));
    all.into_iter().unzip()
}

fn both(k: usize) -> Vec<Reduction> {
    let texts = [
        format!("KMin_ArgKMin_Reduction(x*y,{k},0)"),
        "Sum_Reduction(y,0)".to_owned(),
        format!("KMax_ArgKMax_Reduction(x*y,{k},0)"),
    ];
    texts.iter().map(|text| Reduction::parse(text, &ALIASES).unwrap()).collect()
}

fn compare(target: Target, x: &[f32], y: &[f32], k: usize, threads: usize) {
    let (numbers, integers) = run(&both(k), target, x, y, threads);
    for (row, &x) in x.iter().enumerate() {
        let place = row * k..(row + 1) * k;
        for (array, sign) in [(0, 1.0), (3, -1.0)] {
            let (values, indices) = ranked(y.iter().map(|y| x * y), sign, k);
            let at = format!("{} K {k}, {} values, row {row}", target.name(), y.len());
            assert_eq!(numbers[array][place.clone()], values, "{at}");
            assert_eq!(integers[array + 1][place.clone()], indices, "{at}");
        }
    }
}

fn exactly_the_first_on_ties(target: Target) {
    let mut random = Random::new(3);
    for n in some(&[0, 1, 5, 31, 33, 129, 256, 257, 1500]) {
        for k in some(&[1, 2, 10, 64, 65, 200, 1000]) {
            for kind in 0..3 {
                let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0];
                let y: Vec<f32> = (0..n)
                    .map(|place| match kind {
                        0 => random.below(5) as f32,
                        1 if random.chance(0.3) => *random.pick(&special),
                        // Every value is better than all before.
                        2 => -(place as f32),
                        _ => random.below(1000) as f32,
                    })
                    .collect();
                compare(target, &[1.0], &y, k, 1);
                compare(target, &[1.0, -1.0, 2.0, -2.0, 1.0, 1.0, 4.0, -4.0, 8.0], &y, k, 1);
            }
        }
    }
}

fn long_rows_in_parts(target: Target) {
    let mut random = Random::new(4);
    let y: Vec<f32> = (0..1_500_000).map(|_| random.below(1 << 20) as f32).collect();
    for (x, k) in [(&[1.0, -1.0][..], 1000), (&[1.0; 3], 7)] {
        [1, 3].iter().for_each(|&threads| compare(target, x, &y, k, threads));
    }
}

/// Few of a row are looked for in the lanes of many rows, many along the row: to the last bit the same, so that points that
/// are there twice come in order.
fn the_first_are_those_of_any_larger_k(target: Target) {
    const POINTS: usize = 5000;
    let mut random = Random::new(12);
    let mut points = |count: usize| -> Vec<f32> { (0..3 * count).map(|_| random.between(-1.0, 1.0) as f32).collect() };
    let (x, mut y) = (points(16), points(POINTS / 2));
    y.extend_from_within(..);
    for formula in ["SqDist(x,y)", "Exp(-SqDist(x,y))", "Sqrt(SqDist(x,y))+(x|y)", "x-y*y"] {
        for (values, k) in [("KMin", 300), ("KMax", 1000)] {
            let run = |k: usize| {
                let text = format!("{values}_Arg{values}_Reduction({formula},{k},0)");
                let reduction = Reduction::parse(&text, &["x = Vi(0,3)", "y = Vj(1,3)"]).unwrap();
                let options = CompileOptions { target, ..CompileOptions::default() };
                let kernel = Kernel::compile(&[reduction], &options).unwrap();
                let columns = kernel.outputs()[0].dim;
                let (mut numbers, mut integers) = (vec![9f32; 16 * columns], vec![9i64; 16 * columns]);
                kernel
                    .run(
                        &[ArrayRef::f32(&x, &[16, 3]), ArrayRef::f32(&y, &[POINTS, 3])],
                        &mut [
                            ArrayMut::f32(&mut numbers, &[16, columns]),
                            ArrayMut::i64(&mut integers, &[16, columns]),
                        ],
                        &RunOptions::default(),
                    )
                    .unwrap();
                let numbers = numbers.chunks(columns).map(<[f32]>::to_vec).collect::<Vec<_>>();
                let integers = integers.chunks(columns).map(<[i64]>::to_vec).collect::<Vec<_>>();
                (numbers, integers)
            };
            let (few, many) = (run(4), run(k));
            for row in 0..16 {
                let columns = few.0[row].len();
                let place = format!("{} {values} of {formula}, row {row}", target.name());
                assert_eq!(few.0[row], many.0[row][..columns], "{place}");
                assert_eq!(few.1[row], many.1[row][..columns], "{place}");
                let dim = columns / 4;
                for (column, &index) in many.1[row].iter().enumerate().skip(dim) {
                    let before = many.1[row][column - dim];
                    let is_tie = many.0[row][column] == many.0[row][column - dim];
                    assert!(!is_tie || before < index, "{place}: {before} before {index}");
                }
            }
        }
    }
}

fn masked_values_never_win(target: Target) {
    let y: Vec<f32> = (0..700).map(|k| ((k * 7919) % 701) as f32).collect();
    let reduction = Reduction::parse("KMin_ArgKMin_Reduction(Mask(x*y,300-y),5,0)", &ALIASES).unwrap();
    let other = Reduction::parse("KMin_ArgKMin_Reduction(Mask(x*y,y<2),5,0)", &ALIASES).unwrap();
    let (numbers, integers) = run(&[reduction, other], target, &[1.0, -1.0], &y, 1);
    for (row, sign) in [1.0f32, -1.0].into_iter().enumerate() {
        for (array, is_taken) in [(0, (|y| y != 300.0) as fn(f32) -> bool), (2, |y| y < 2.0)] {
            let values = y.iter().map(|&y| if is_taken(y) { sign * y } else { f32::NAN });
            let (values, indices) = ranked(values, 1.0, 5);
            assert_eq!(numbers[array][5 * row..5 * (row + 1)], values);
            assert_eq!(integers[array + 1][5 * row..5 * (row + 1)], indices);
        }
    }
}

/// The value in the middle of each component, and how many values there are.
#[derive(Debug)]
struct Median;

impl Reducer for Median {
    fn name(&self) -> &'static str {
        "Median"
    }
    fn summary(&self) -> &'static str {
        "the value in the middle, and the number of values"
    }
    fn results(&self, form: Form<'_>) -> Vec<Columns> {
        vec![Columns::integers(1), Columns::numbers(form.dim)]
    }
    fn method(&self) -> Method<'_> {
        Method::Rows(self)
    }
}

impl RowReducer for Median {
    type State = Vec<Vec<f64>>;

    fn start(&self, form: Form<'_>) -> Self::State {
        vec![Vec::new(); form.dim]
    }
    fn absorb(&self, _: Form<'_>, state: &mut Self::State, first: usize, values: &[&[f64]]) {
        assert_eq!(state[0].len(), first, "in order, from the start");
        state.iter_mut().zip(values).for_each(|(seen, values)| seen.extend_from_slice(values));
    }
    fn merge(&self, _: Form<'_>, state: &mut Self::State, later: Self::State) {
        state.iter_mut().zip(later).for_each(|(seen, later)| seen.extend(later));
    }
    fn finish(&self, _: Form<'_>, mut state: Self::State) -> RowResult {
        let count = state[0].len() as i64;
        let median = |values: &mut Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
        };
        RowResult { numbers: state.iter_mut().map(median).collect(), integers: vec![count] }
    }
}

fn a_reducer_of_ones_own(target: Target) {
    let formula = Formula::parse("Concat(x*y,y)", &ALIASES).unwrap();
    let reduction = Reduction::with_reducer(&Median, &formula, Extra::default(), Axis::J).unwrap();
    assert_eq!(reduction.results(), [Columns::integers(1), Columns::numbers(2)]);
    for n in [1, 99, 601] {
        let y: Vec<f32> = (0..n).map(|k| ((k * 37) % n) as f32).collect();
        let x: Vec<f32> = (0..70).map(|k| k as f32 - 35.0).collect();
        let (numbers, integers) = run(std::slice::from_ref(&reduction), target, &x, &y, 2);
        let middle = (n / 2) as f32;
        assert_eq!(integers[0], vec![i64::from(n); 70]);
        for (row, x) in x.iter().enumerate() {
            assert_eq!(numbers[1][2 * row..2 * row + 2], [x * middle, middle], "{n} values, row {row}");
        }
    }
}
