//! Tiles that masks rule out are skipped: by count for causal, banded, segmented and distance masks, and with results
//! that are bit for bit those of a run that computes every pair.

use std::cell::Cell;

use crate::support::case::{Case, Element, Numbers};
use crate::support::expression::{call2, index};
use crate::support::generate::{Generator, variables};
use crate::support::problem::{bits, run_views};
use crate::support::random::{Random, seeds};
use rkeops_core::{ArrayMut, ArrayRef, CompileOptions, Dtype, Kernel, Ranges, Reduction, RunOptions};
use rkeops_core::{Summation, Target, reduction, reduction::Reducer};

suite!(
    causal_masks_cost_half,
    bands_cost_what_their_width_does,
    segments_cost_the_squares_of_their_lengths,
    what_is_far_away_costs_nothing,
    numbers_of_rows_beyond_float32,
    skipping_changes_no_bit,
    random_conditions_change_no_bit,
    what_is_skipped_is_reported_as_done,
);

/// Arrays of a run: batch, rows and columns with the numbers.
struct Array<T> {
    shape: Vec<usize>,
    data: Vec<T>,
}

impl<T: Element> Array<T> {
    fn new(shape: &[usize], number: impl FnMut(usize) -> f64) -> Self {
        let data = (0..shape.iter().product()).map(number).map(T::of).collect();
        Array { shape: shape.to_vec(), data }
    }

    fn view(&self) -> ArrayRef<'_> {
        let strides = |k: usize| self.shape[k + 1..].iter().product::<usize>() as isize;
        let strides = (0..self.shape.len()).map(strides).collect();
        ArrayRef { data: T::data(&self.data), origin: 0, shape: self.shape.clone().into(), strides }
    }
}

/// How reductions are run.
#[derive(Clone, Copy)]
struct How<'a> {
    target: Target,
    summation: Summation,
    threads: usize,
    ranges: Option<&'a Ranges>,
}

impl How<'_> {
    fn on(target: Target) -> Self {
        How { target, summation: Summation::Auto, threads: 1, ranges: None }
    }
}

const ALIASES: [&str; 5] = ["x = Vi(0,2)", "y = Vj(1,2)", "s = Vi(2,1)", "t = Vj(3,1)", "p = Pm(4,1)"];

/// The bits of all results, row by row and array by array, and how many pairs were skipped. `shape` has the batch and
/// the rows of results.
fn run<T: Element>(texts: &[String], arrays: &[Array<T>], shape: &[usize], how: How<'_>) -> (Vec<Vec<u64>>, u64) {
    let reductions: Vec<Reduction> = texts.iter().map(|text| Reduction::parse(text, &ALIASES).unwrap()).collect();
    let How { target, summation, threads, ranges } = how;
    let options = CompileOptions { dtype: T::DTYPE, target, summation, ..CompileOptions::default() };
    let kernel = Kernel::compile(&reductions, &options).unwrap();
    let shapes: Vec<Vec<usize>> = kernel.outputs().iter().map(|output| [shape, &[output.dim]].concat()).collect();
    let skipped = Cell::new(u64::MAX);
    let inputs: Vec<ArrayRef<'_>> = arrays[..kernel.inputs().len()].iter().map(Array::view).collect();
    let options = RunOptions { threads, ranges, skipped: Some(&skipped), ..RunOptions::default() };
    let results = run_views(&kernel, &inputs, &shapes, &options).unwrap();
    (bits(&kernel, &results), skipped.get())
}

/// Pairs that a causal, banded or other sum of 1 takes in, and how many of all pairs were computed.
fn count<T: Element>(condition: &str, rows: [usize; 2], labels: impl Fn(usize) -> f64, target: Target) -> [u64; 2] {
    let [m, n] = rows;
    let text = format!("Count_Reduction(Mask(1+0*(s*t),{condition}),0)");
    let arrays = [
        Array::<T>::new(&[m, 2], |k| k as f64 / 2.0),
        Array::new(&[n, 2], |k| k as f64 / 2.0),
        Array::new(&[m, 1], &labels),
        Array::new(&[n, 1], &labels),
        Array::new(&[1], |_| 2.0),
    ];
    let aliases = "+0*Sum(x)*Sum(y)*p";
    let text = text.replace("1+0*(s*t)", &format!("1+0*(s*t){aliases}"));
    let (results, skipped) = run(&[text], &arrays, &[m], How::on(target));
    [results[0].iter().sum(), (m * n) as u64 - skipped]
}

fn causal_masks_cost_half(target: Target) {
    for n in [3000, 6000] {
        for condition in ["j <= i", "i >= j", "0 <= i-j", "(j < i)+(i == j)"] {
            let [taken, computed] = count::<f32>(condition, [n, n], |_| 1.0, target);
            assert_eq!(taken, (n * (n + 1) / 2) as u64, "{condition}");
            assert!(computed >= taken && computed <= taken + (n * 384) as u64, "{condition}: {computed} of {n}^2");
        }
        let [taken, computed] = count::<f64>("j <= i", [n, n], |_| 1.0, target);
        assert!(computed <= taken + (n * 384) as u64, "{computed} of {n}^2");
    }
}

fn bands_cost_what_their_width_does(target: Target) {
    for n in [5000, 20_000] {
        for width in [3, 400] {
            let [taken, computed] = count::<f32>(&format!("Abs(i-j) <= {width}"), [n, n], |_| 1.0, target);
            assert_eq!(taken, (n * (2 * width + 1) - width * (width + 1)) as u64);
            // A block of 128 rows meets its own rows, the width on both sides, and parts of two tiles.
            assert!(computed <= (n * (2 * width + 128 + 512)) as u64, "{computed} of {n}^2");
        }
    }
    // Of some tiles one pair alone takes part, in a corner.
    for condition in ["j == i+1", "i == j+1"] {
        let [taken, computed] = count::<f32>(condition, [5000, 5000], |_| 1.0, target);
        assert!(taken == 4999 && computed < 5000 * 640, "{condition}: {taken} of {computed}");
    }
    let [taken, computed] = count::<f64>("Square(i-j) <= 25", [5000, 5000], |_| 1.0, target);
    assert!(taken == 5000 * 11 - 30 && computed < 5000 * 700, "{computed}");
}

fn segments_cost_the_squares_of_their_lengths(target: Target) {
    // Ten segments, of 400 to 2200 rows.
    let length = |segment: usize| 400 + 200 * segment;
    let ends: Vec<usize> = (0..10)
        .scan(0, |end, segment| {
            Some({
                *end += length(segment);
                *end
            })
        })
        .collect();
    let (n, label) = (ends[9], |row: usize| ends.iter().filter(|&&end| end <= row).count() as f64);
    let squares: usize = (0..10).map(|segment| length(segment) * length(segment)).sum();
    for condition in ["s == t", "Integer(s) == Integer(t)", "Abs(s-t) < 0.5", "(s <= t)*(t <= s)"] {
        let [taken, computed] = count::<f32>(condition, [n, n], label, target);
        assert_eq!(taken, squares as u64);
        assert!(computed <= taken + (n * 1300) as u64 && computed * 4 < (n * n) as u64, "{condition}: {computed}");
    }
    let [_, computed] = count::<f64>("s == t", [n, n], label, target);
    assert!(computed * 4 < (n * n) as u64, "{computed}");
}

/// Sorted points, of which those within a distance take part.
fn what_is_far_away_costs_nothing(target: Target) {
    let n = 4000;
    for condition in
        ["SqDist(x,y) <= 100*p", "Sum(Square(x-y)) < 200", "Sqrt(SqDist(x,y)) < 14", "Exp(-SqDist(x,y)/p) > 1e-20"]
    {
        let [taken, computed] = count::<f32>(condition, [n, n], |_| 1.0, target);
        assert!(taken > 1000 && taken < (n * 40) as u64, "{condition} {taken}");
        assert!(computed < (n * 1000) as u64, "{condition} {computed}");
    }
    // A parameter may rule out everything, and a mask of other rows than those that there are.
    for condition in ["p < 1", "Equal(s,3*t)", "i > 99999", "0"] {
        let [taken, computed] = count::<f32>(condition, [n, n], |_| 1.0, target);
        assert_eq!([taken, computed], [0, 0], "{condition}");
    }
}

/// More rows than float32 has integers, of which a few take part.
fn numbers_of_rows_beyond_float32(target: Target) {
    let many = (1 << 24) + 3000;
    let x = Array::<f32>::new(&[3, 1], |k| [16_777_300.0, 16_777_216.0, 5.0][k]);
    let ones = ArrayRef { strides: vec![0, 0].into(), shape: vec![many, 1].into(), ..ArrayRef::f32(&[1.0], &[1, 1]) };
    for (text, expected) in [
        ("Sum_Reduction(Mask(y,j == 16777217+i),0)", [1.0, 1.0, 1.0]),
        ("Sum_Reduction(Mask(y,Abs(j-Integer(x)) <= 1),0)", [3.0, 3.0, 3.0]),
        ("Sum_Reduction(Mask(y,(16777217 <= j)*(j < 16777220)),0)", [3.0, 3.0, 3.0]),
    ] {
        let reduction = Reduction::parse(text, &["x = Vi(0,1)", "y = Vj(1,1)"]).unwrap();
        let options = CompileOptions { dtype: Dtype::F32, target, ..CompileOptions::default() };
        let kernel = Kernel::compile(&[reduction], &options).unwrap();
        let (mut out, skipped) = ([0.0f32; 3], Cell::new(0));
        let options = RunOptions { skipped: Some(&skipped), ..RunOptions::default() };
        kernel.run(&[x.view(), ones.clone()], &mut [ArrayMut::f32(&mut out, &[3, 1])], &options).unwrap();
        assert_eq!(out, expected, "{text}");
        let is_whole = text.contains("Integer");
        assert!(is_whole || 3 * many as u64 - skipped.get() < 1 << 20, "{text}: skipped {}", skipped.get());
    }
}

/// Every reduction of the library, the sum first, each with the condition.
fn masked(condition: &str, axis: usize) -> Vec<String> {
    let sum = format!("Sum_Reduction(Mask((x-y)*t*Exp(s),{condition}),{axis})");
    let text = |reducer: &dyn Reducer| {
        let (name, parameters) = (reducer.name(), "3,".repeat(reducer.parameters().len()));
        let formula = if reducer.adds() { "60*Sum(x*y)" } else { "Round(9*Sum(x-y),0)/8" };
        let weights = if reducer.is_weighted() { ",1+Square(y)" } else { "" };
        format!("{name}_Reduction(Mask({formula},{condition}),{parameters}{axis}{weights})")
    };
    std::iter::once(sum).chain(reduction::all().map(text)).collect()
}

const CONDITIONS: [&str; 14] = [
    "j <= i",
    "i < 3*j-100",
    "Abs(i-j) <= 20",
    "s == t",
    "s < t",
    "(s == t)*(j <= i)",
    "Abs(s-t) <= 1",
    "SqDist(x,y) <= 0.05",
    "Exp(-8*SqDist(x,y)) > 0.5",
    "IfElse(s-t,i < 200,700 < j)",
    "(200 < j)*(j < 230)+(900 < j)*(i < 40)",
    "t-s",
    "1-(s != t)",
    "Sum(x)*p-Sum(y) < -1",
];

/// Few kept rows with many others. How many lanes share a row, and so the order of a sum, depends on the registers that
/// machine code needs, for which the results without masks count too: this is for the portable target.
const FEW: [usize; 2] = [3, 9000];

fn compare<T: Element>(seed: u64, target: Target) -> bool {
    let mut random = Random::new(seed);
    let condition = *random.pick(&CONDITIONS);
    let axis = random.below(2);
    let sizes = [[300, 1500], [70, 3000], [1000, 300], [64, 257], [130, 2100], [9, 5000], FEW];
    let [kept, reduced] = *random.pick(if target == Target::Portable { &sizes } else { &sizes[..6] });
    let [m, n] = if axis == 0 { [kept, reduced] } else { [reduced, kept] };
    let batch: &[usize] = if random.chance(0.3) { &[2] } else { &[] };
    let shape = |rows: &[usize]| batch.iter().chain(rows).copied().collect::<Vec<_>>();
    // Labels are sorted, with NaN and infinities here and there; points lie along a curve.
    let awkward = random.chance(0.5);
    let mut draw = random.clone();
    let mut label = |row: usize| match draw.below(if awkward { 60 } else { 2000 }) {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => f64::NEG_INFINITY,
        3 => -0.0,
        _ => (row / 100) as f64,
    };
    let labels = [shape(&[m, 1]), shape(&[n, 1])].map(|shape| Array::<T>::new(&shape, &mut label));
    let mut noise = random.clone();
    let mut point = |k: usize| (k / 2) as f64 / 500.0 + noise.between(-0.02, 0.02);
    let x = Array::new(&[m, 2], &mut point);
    let y = Array::new(&shape(&[n, 2]), &mut point);
    let [s, t] = labels;
    let parameter = Array::new(&[1], |_| if awkward { f64::NAN } else { 1.25 });
    let arrays = [x, y, s, t, parameter];
    let blocks = |rows: usize| [[0, rows as i64 / 3], [rows as i64 / 3, rows as i64]];
    let keep: Vec<bool> = (0..4).map(|_| random.chance(0.6)).collect();
    let ranges = Ranges::from_blocks(&blocks(m), &blocks(n), &keep).unwrap();
    let how = How {
        target,
        summation: *random.pick(&[Summation::Auto, Summation::Direct, Summation::Compensated]),
        threads: 1 + random.below(3),
        ranges: random.chance(0.3).then_some(&ranges),
    };
    let mut texts = masked(condition, axis);
    let sum = texts.remove(0);
    let texts: Vec<String> = std::iter::once(sum).chain(texts.into_iter().filter(|_| random.chance(0.25))).collect();
    // A result without a mask needs all pairs.
    let all = texts.iter().cloned().chain([format!("Max_Reduction(Index({}),{axis})", 1 - axis)]);
    let (found, skipped) = run(&texts, &arrays, &shape(&[kept]), how);
    let (mut expected, nothing) = run(&all.collect::<Vec<_>>(), &arrays, &shape(&[kept]), how);
    expected.pop();
    assert_eq!(nothing, 0, "a result without a mask needs all pairs");
    for ((text, found), expected) in texts.iter().zip(&found).zip(&expected) {
        let place = found.iter().zip(expected).position(|(a, b)| a != b);
        assert_eq!(place, None, "seed {seed}, {}, {}: {text} of {m} by {n}", target.name(), T::DTYPE);
    }
    assert_eq!(found.len(), expected.len());
    skipped > 0
}

fn skipping_changes_no_bit(target: Target) {
    let (mut cases, mut skipping) = (0, 0);
    for seed in seeds(1, 60) {
        let skipped = if seed % 2 == 0 { compare::<f32>(seed, target) } else { compare::<f64>(seed, target) };
        (cases, skipping) = (cases + 1, skipping + usize::from(skipped));
    }
    assert!(cases < 20 || skipping * 4 > cases, "{skipping} of {cases} runs skipped something");
}

fn random_conditions_change_no_bit(target: Target) {
    for seed in seeds(1, 60) {
        let mut random = Random::new(seed);
        let variables = variables(&mut random);
        let numbers = *random.pick(&[Numbers::Integers, Numbers::Awkward, Numbers::Ordinary]);
        let integers = numbers == Numbers::Integers;
        let mut generator = Generator { random, variables: &variables, smooth: false, integers };
        let condition = generator.condition(3);
        let (name, formula) = (*generator.random.pick(&["Sum", "ArgMin", "Max"]), generator.formula(1, 2));
        let reductions = vec![(name, call2("Mask", formula, condition))];
        let rows = *generator.random.pick(&[[100, 1100], [260, 600], [600, 90]]);
        let mut case = Case::new(&variables, reductions, rows);
        (case.numbers, case.seed, case.axis) = (numbers, seed, generator.random.below(2));
        let mut all = case.clone();
        all.reductions.push(("Max", index(case.axis)));
        let dtype = if seed % 2 == 0 { Dtype::F32 } else { Dtype::F64 };
        let (found, expected) = (case.run(dtype, target, 1).unwrap(), all.run(dtype, target, 1).unwrap());
        assert!(found[0].same(&expected[0], true), "seed {seed}, {}, {dtype}: {:?}", target.name(), case.texts());
    }
}

fn what_is_skipped_is_reported_as_done(target: Target) {
    let n = 3000;
    let reduction = Reduction::parse("Sum_Reduction(Mask(x*y,j <= i),0)", &["x = Vi(0,1)", "y = Vj(1,1)"]).unwrap();
    let options = CompileOptions { target, ..CompileOptions::default() };
    let kernel = Kernel::compile(&[reduction], &options).unwrap();
    let (ones, mut out, last) = (vec![1.0f32; n], vec![0.0f32; n], Cell::new((0, 0)));
    let progress = |done: u64, total: u64| {
        last.set((done, total));
        true
    };
    let inputs = [ArrayRef::f32(&ones, &[n, 1]), ArrayRef::f32(&ones, &[n, 1])];
    let options = RunOptions { progress: Some(&progress), ..RunOptions::default() };
    kernel.run(&inputs, &mut [ArrayMut::f32(&mut out, &[n, 1])], &options).unwrap();
    assert_eq!(last.get(), ((n * n) as u64, (n * n) as u64));
    assert!(out.iter().enumerate().all(|(row, &sum)| sum == (row + 1) as f32));
}
