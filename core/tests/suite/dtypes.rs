//! What arrays store: every format of inputs against arrays that were converted before, and results in narrow formats
//! against an independent rounding.

use crate::support::expression::Variable;
use crate::support::generate::case;
use crate::support::layout::{Layout, position};
use crate::support::problem::{bits, run_views};
use crate::support::random::{Random, seeds};
use rkeops_core::{
    ArrayMut, ArrayRef, Bool, CompileOptions, Data, Dtype, Element, ErrorKind, Kernel, Ranges, Reduction, RunOptions,
    SolveOptions, Solver, Target, bf16, f16,
};

suite!(random_formulas_in_random_formats, batches_and_ranges, indices_come_back, patterns, narrow_results);
suite!(devices: random_formulas_in_random_formats, batches_and_ranges, indices_come_back, patterns, narrow_results);

fn compile(texts: &[&str], aliases: &[&str], dtype: Dtype, target: Target) -> std::sync::Arc<Kernel> {
    let reductions: Vec<Reduction> = texts.iter().map(|text| Reduction::parse(text, aliases).unwrap()).collect();
    Kernel::compile(&reductions, &CompileOptions { dtype, target, ..CompileOptions::default() }).unwrap()
}

/// The number of a pattern with so many bits of exponent and of fraction.
fn decoded(bits: u16, exponent_bits: i32, fraction_bits: i32) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> fraction_bits) & ((1 << exponent_bits) - 1);
    let fraction = f64::from(bits & ((1 << fraction_bits) - 1)) / 2f64.powi(fraction_bits);
    let bias = (1 << (exponent_bits - 1)) - 1;
    sign * match exponent {
        0 => fraction * 2f64.powi(1 - bias),
        e if e == 2 * bias + 1 => {
            if fraction == 0.0 {
                f64::INFINITY
            } else {
                f64::NAN
            }
        }
        e => (1.0 + fraction) * 2f64.powi(e - bias),
    }
}

/// The nearest pattern, found among all: a number between two goes to the nearer one, or to the even pattern. The one
/// behind the largest is infinity.
fn encoded(value: f64, exponent_bits: i32, fraction_bits: i32) -> Option<u16> {
    if value.is_nan() {
        return None;
    }
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let infinity = ((1u16 << exponent_bits) - 1) << fraction_bits;
    let limit = 2f64.powi(1 << (exponent_bits - 1));
    let number = |bits: u16| if bits == infinity { limit } else { decoded(bits, exponent_bits, fraction_bits) };
    let (mut low, mut high) = (0, infinity);
    if value.abs() >= limit {
        return Some(sign | infinity);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if number(middle) <= value.abs() { low = middle } else { high = middle }
    }
    let half = (number(low) + number(high)) / 2.0;
    let is_up = value.abs() > half || (value.abs() == half && low % 2 == 1);
    Some(sign | if is_up { high } else { low })
}

const HALF: (i32, i32) = (5, 10);
const BRAIN: (i32, i32) = (8, 7);

/// An argument in memory in a format, and the numbers that it stands for.
enum Stored {
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    Bool(Vec<Bool>),
    F16(Vec<f16>),
    BF16(Vec<bf16>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Stored {
    /// Random numbers; every format has extremes now and then, but only small integers where integers are wanted.
    fn random(random: &mut Random, length: usize, compute: Dtype, only_integers: bool) -> Stored {
        let mut bits = |small: u64| -> Vec<u64> {
            let wide = !only_integers && random.chance(0.2);
            (0..length).map(|_| if wide { random.draw() } else { random.draw() % small }).collect()
        };
        let numbers = bits(7);
        let real = |k: &u64| if *k < 7 { *k as f64 - 3.0 } else { (*k >> 11) as f64 / 2f64.powi(52) - 1.0 };
        let fill = |v: &dyn Fn(&u64) -> f64| numbers.iter().map(v).collect::<Vec<f64>>();
        match bits(if compute == Dtype::F32 { 12 } else { 13 }).first().copied().unwrap_or(0) % 13 {
            0 => Stored::I8(numbers.iter().map(|&k| (k as i8).wrapping_sub(3)).collect()),
            1 => Stored::I16(numbers.iter().map(|&k| (k as i16).wrapping_sub(3)).collect()),
            2 => Stored::I32(numbers.iter().map(|&k| (k as i32).wrapping_sub(3)).collect()),
            3 => Stored::I64(numbers.iter().map(|&k| (k as i64).wrapping_sub(3)).collect()),
            4 => Stored::U8(numbers.iter().map(|&k| k as u8).collect()),
            5 => Stored::U16(numbers.iter().map(|&k| k as u16).collect()),
            6 => Stored::U32(numbers.iter().map(|&k| k as u32).collect()),
            7 => Stored::U64(numbers.clone()),
            8 => Stored::Bool(numbers.iter().map(|&k| Bool(k as u8)).collect()),
            9 => Stored::F16(fill(&real).into_iter().map(|v| f16::from_bits(encoded(v, 5, 10).unwrap())).collect()),
            10 => Stored::BF16(fill(&real).into_iter().map(|v| bf16::from_bits(encoded(v, 8, 7).unwrap())).collect()),
            12 if compute == Dtype::F64 => Stored::F64(fill(&real)),
            _ => Stored::F32(fill(&real).into_iter().map(|v| v as f32).collect()),
        }
    }

    fn data(&self) -> Data<'_> {
        match self {
            Stored::I8(v) => Data::I8(v),
            Stored::I16(v) => Data::I16(v),
            Stored::I32(v) => Data::I32(v),
            Stored::I64(v) => Data::I64(v),
            Stored::U8(v) => Data::U8(v),
            Stored::U16(v) => Data::U16(v),
            Stored::U32(v) => Data::U32(v),
            Stored::U64(v) => Data::U64(v),
            Stored::Bool(v) => Data::Bool(v),
            Stored::F16(v) => Data::F16(v),
            Stored::BF16(v) => Data::BF16(v),
            Stored::F32(v) => Data::F32(v),
            Stored::F64(v) => Data::F64(v),
        }
    }

    /// The numbers converted beforehand: to float32 and to float64.
    fn converted(&self) -> (Vec<f32>, Vec<f64>) {
        macro_rules! cast {
            ($v:expr) => {
                ($v.iter().map(|&k| k as f32).collect(), $v.iter().map(|&k| k as f64).collect())
            };
        }
        let both = |v: Vec<f64>| (v.iter().map(|&k| k as f32).collect(), v);
        match self {
            Stored::I8(v) => cast!(v),
            Stored::I16(v) => cast!(v),
            Stored::I32(v) => cast!(v),
            Stored::I64(v) => cast!(v),
            Stored::U8(v) => cast!(v),
            Stored::U16(v) => cast!(v),
            Stored::U32(v) => cast!(v),
            Stored::U64(v) => cast!(v),
            Stored::Bool(v) => both(v.iter().map(|k| if k.0 == 0 { 0.0 } else { 1.0 }).collect()),
            Stored::F16(v) => both(v.iter().map(|k| decoded(k.to_bits(), 5, 10)).collect()),
            Stored::BF16(v) => both(v.iter().map(|k| decoded(k.to_bits(), 8, 7)).collect()),
            Stored::F32(v) => cast!(v),
            Stored::F64(v) => cast!(v),
        }
    }
}

/// Results as bits; NaN is NaN.
fn run(
    kernel: &Kernel,
    inputs: &[ArrayRef<'_>],
    batch: &[usize],
    rows: usize,
    options: &RunOptions<'_>,
) -> Vec<Vec<u64>> {
    let shapes: Vec<Vec<usize>> = kernel.outputs().iter().map(|o| [batch, &[rows, o.dim]].concat()).collect();
    bits(kernel, &run_views(kernel, inputs, &shapes, options).unwrap())
}

/// Bit for bit what arrays give that were converted before.
fn random_formulas_in_random_formats(target: Target) {
    for seed in seeds(0, 150) {
        let case = case(seed);
        let random = &mut Random::new(seed ^ 0xd7);
        let dtype = *random.pick(&[Dtype::F32, Dtype::F32, Dtype::F64]);
        let kernel = case.compile(dtype, target).unwrap();
        let mut arguments = Vec::new();
        for &Variable { dim, category } in &case.variables {
            let rows = if category < 2 { case.rows[category] } else { 1 };
            let layout = Layout::random(random, true);
            let (origin, strides, length) = layout.place(rows, dim);
            let stored = Stored::random(random, length, dtype, case.takes_integers());
            let converted = stored.converted();
            let (shape, strides) =
                if category == 2 { (vec![dim], vec![strides[1]]) } else { (vec![rows, dim], strides.to_vec()) };
            arguments.push((stored, converted, origin, shape, strides));
        }
        let view = |data, origin: &usize, shape: &Vec<usize>, strides: &Vec<isize>| ArrayRef {
            data,
            origin: *origin,
            shape: shape.clone().into(),
            strides: strides.clone().into(),
        };
        let stored: Vec<_> = arguments.iter().map(|(s, _, o, n, t)| view(s.data(), o, n, t)).collect();
        let converted: Vec<_> = arguments
            .iter()
            .map(|(_, (f, d), o, n, t)| view(if dtype == Dtype::F32 { Data::F32(f) } else { Data::F64(d) }, o, n, t))
            .collect();
        let options = RunOptions { threads: 1, ..RunOptions::default() };
        let found = run(&kernel, &stored, &[], case.kept(), &options);
        let formats: Vec<_> = stored.iter().map(|array| array.dtype().name()).collect();
        let meant = run(&kernel, &converted, &[], case.kept(), &options);
        assert_eq!(found, meant, "seed {seed}, {dtype}, {formats:?}, {:?}", case.texts());
    }
}

fn batches_and_ranges(target: Target) {
    let aliases = ["x = Vi(0,2)", "y = Vj(1,2)", "b = Vj(2,1)", "p = Pm(3,1)"];
    let kernel = compile(
        &["Sum_Reduction(Exp(-SqDist(x,y)*p)*b,0)", "ArgMin_Reduction(SqDist(x,y),0)"],
        &aliases,
        Dtype::F32,
        target,
    );
    let (m, n) = (30, 40);
    let x: Vec<u8> = (0..2 * m * 2).map(|k| (k * 37 % 256) as u8).collect();
    let y: Vec<f16> = (0..n * 2).map(|k| f16::from_f32((k * 29 % 251) as f32 / 4.0)).collect();
    let b: Vec<Bool> = (0..3 * n).map(|k| Bool([0, 1, 255][k % 3])).collect();
    let p = [bf16::from_f32(0.001), bf16::from_f32(0.01)];
    let floats = |v: Vec<f64>| v.into_iter().map(|v| v as f32).collect::<Vec<f32>>();
    let converted = [
        floats(x.iter().map(|&v| f64::from(v)).collect()),
        floats(y.iter().map(|v| decoded(v.to_bits(), 5, 10)).collect()),
        floats(b.iter().map(|v| f64::from(u8::from(v.0 != 0))).collect()),
        floats(p.iter().map(|v| decoded(v.to_bits(), 8, 7)).collect()),
    ];
    let shapes: [&[usize]; 4] = [&[1, 2, m, 2], &[n, 2], &[3, 1, n, 1], &[2, 1]];
    let stored = [
        ArrayRef::new(&x, shapes[0]),
        ArrayRef::new(&y, shapes[1]),
        ArrayRef::new(&b, shapes[2]),
        ArrayRef::new(&p, shapes[3]),
    ];
    let meant: Vec<_> = converted.iter().zip(shapes).map(|(v, shape)| ArrayRef::f32(v, shape)).collect();
    let ranges = Ranges::from_blocks(&[[0, 10], [10, 30]], &[[0, 15], [15, 40]], &[true, false, true, true]).unwrap();
    for ranges in [None, Some(&ranges)] {
        for threads in [1, 3] {
            let options = RunOptions { threads, ranges, ..RunOptions::default() };
            assert_eq!(run(&kernel, &stored, &[3, 2], m, &options), run(&kernel, &meant, &[3, 2], m, &options));
        }
    }
}

/// Indices that a kernel gave choose rows exactly, where float32 does not hold them too.
fn indices_come_back(target: Target) {
    let aliases = ["x = Vi(0,1)", "y = Vj(1,1)"];
    for dtype in [Dtype::F32, Dtype::F64] {
        let nearest = compile(&["ArgMin_Reduction(SqDist(x,y),0)"], &aliases, dtype, target);
        let x: Vec<i16> = (0..20).map(|k| 7 * k - 30).collect();
        let y: Vec<u16> = (0..50).map(|k| k * 17 % 50).collect();
        let mut indices = vec![-1i64; 20];
        let (rows, columns) = (ArrayRef::new(&x, &[20, 1]), ArrayRef::new(&y, &[50, 1]));
        nearest
            .run(&[rows, columns.clone()], &mut [ArrayMut::i64(&mut indices, &[20, 1])], &RunOptions::default())
            .unwrap();
        let chosen = compile(&["Sum_Reduction(Mask(y,j == Integer(x)),0)"], &aliases, dtype, target);
        let found = run(&chosen, &[ArrayRef::new(&indices, &[2, 10, 1]), columns], &[2], 10, &RunOptions::default());
        let expected: Vec<u64> = x.iter().map(|&x| f64::from(x.clamp(0, 49)).to_bits()).collect();
        assert_eq!(found, [expected], "{dtype}");
    }
    let many = (1 << 24) + 300;
    let one = [Bool::from(true)];
    let ones = ArrayRef { strides: vec![0, 0].into(), shape: vec![many, 1].into(), ..ArrayRef::new(&one, &[1, 1]) };
    let kernel = compile(
        &["Sum_Reduction(Mask(y,j == Integer(x)),0)", "Max_Reduction(Mask(j-16777216+0*y,j==Integer(x)),0)"],
        &aliases,
        Dtype::F32,
        target,
    );
    let choose = |x: &[i64]| {
        let inputs = [ArrayRef::new(x, &[x.len(), 1]), ones.clone()];
        run(&kernel, &inputs, &[], x.len(), &RunOptions::default())
    };
    let found = choose(&[16_777_217, 16_777_219, 1_073_741_823, -1]);
    assert_eq!(found[0], [1.0f64, 1.0, 0.0, 0.0].map(f64::to_bits));
    assert_eq!(found[1][..2], [1.0f64, 3.0].map(f64::to_bits));
    // Rounded, it would be a row of the next block, and the bounds of the mask would rule its own block out.
    assert_eq!(choose(&[16_777_471; 200]), [1.0f64, 255.0].map(|v| vec![v.to_bits(); 200]));
}

/// The largest of numbers is one of them: every pattern is read and written as it is.
fn patterns(target: Target) {
    let all: Vec<u16> = (0..=u16::MAX).collect();
    let half: Vec<f16> = all.iter().map(|&k| f16::from_bits(k)).collect();
    let brain: Vec<bf16> = all.iter().map(|&k| bf16::from_bits(k)).collect();
    let shape = [all.len(), 1];
    for dtype in [Dtype::F32, Dtype::F64] {
        let kernel = compile(&["Sum_Reduction(x,0)"], &["x = Vi(0,1)"], dtype, target);
        let options = RunOptions::default();
        let (mut from_half, mut from_brain) = (vec![f16::ONE; all.len()], vec![bf16::ONE; all.len()]);
        kernel.run(&[ArrayRef::new(&half, &shape)], &mut [ArrayMut::new(&mut from_half, &shape)], &options).unwrap();
        kernel.run(&[ArrayRef::new(&brain, &shape)], &mut [ArrayMut::new(&mut from_brain, &shape)], &options).unwrap();
        let wide = [
            run(&kernel, &[ArrayRef::new(&half, &shape)], &[], all.len(), &options).remove(0),
            run(&kernel, &[ArrayRef::new(&brain, &shape)], &[], all.len(), &options).remove(0),
        ];
        for (k, written) in [
            from_half.iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
            from_brain.iter().map(|v| v.to_bits()).collect(),
        ]
        .iter()
        .enumerate()
        {
            let (exponents, fractions) = [HALF, BRAIN][k];
            for &pattern in &all {
                let meant = decoded(pattern, exponents, fractions);
                let read = f64::from_bits(wide[k][pattern as usize]);
                let back = decoded(written[pattern as usize], exponents, fractions);
                assert!(read == meant || (read.is_nan() && meant.is_nan()), "{pattern:#x} was read as {read}, {dtype}");
                assert!(
                    back == meant || (back.is_nan() && meant.is_nan()),
                    "{pattern:#x} was written as {back}, {dtype}"
                );
            }
        }
    }
}

/// Results in narrow formats are the wide ones, rounded once.
fn narrow_results(target: Target) {
    let random = &mut Random::new(5);
    let mut values = vec![
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        -f64::MAX,
        65519.9999,
        65520.0,
        3.39e38,
        3.4e38,
        1e-46,
        1e-320,
    ];
    for (exponents, fractions) in [HALF, BRAIN] {
        for _ in 0..4000 {
            let bits = random.draw() as u16 & 0x7fff;
            let (low, high) = (decoded(bits, exponents, fractions), decoded(bits + 1, exponents, fractions));
            let half = (low + high) / 2.0;
            let near = f64::from_bits(half.to_bits().wrapping_add(random.below(3) as u64).wrapping_sub(1));
            values.extend([half, -near, near, low + (high - low) * random.between(0.0, 1.0)]);
        }
    }
    let shape = [values.len(), 1];
    for dtype in [Dtype::F32, Dtype::F64] {
        let kernel = compile(&["Sum_Reduction(x,0)", "KMin_Reduction(x,1,0)"], &["x = Vi(0,1)"], dtype, target);
        let single: Vec<f32> = values.iter().map(|&v| v as f32).collect();
        let input = if dtype == Dtype::F32 { ArrayRef::f32(&single, &shape) } else { ArrayRef::f64(&values, &shape) };
        let wide = run(&kernel, std::slice::from_ref(&input), &[], values.len(), &RunOptions::default());
        let (mut half, mut brain) = (vec![f16::ONE; values.len()], vec![bf16::ONE; values.len()]);
        for swapped in [false, true] {
            let (a, b) = (ArrayMut::new(&mut half, &shape), ArrayMut::new(&mut brain, &shape));
            let outputs = &mut if swapped { [b, a] } else { [a, b] };
            kernel.run(std::slice::from_ref(&input), outputs, &RunOptions::default()).unwrap();
            for k in 0..values.len() {
                let [of_half, of_brain] =
                    [swapped, !swapped].map(|second| f64::from_bits(wide[usize::from(second)][k]));
                let meant = [encoded(of_half, 5, 10), encoded(of_brain, 8, 7)];
                let found = [half[k].to_bits(), brain[k].to_bits()];
                assert!(meant[0].map_or(half[k].is_nan(), |bits| bits == found[0]), "{of_half:e} {found:x?} {dtype}");
                assert!(meant[1].map_or(brain[k].is_nan(), |bits| bits == found[1]), "{of_brain:e} {found:x?} {dtype}");
            }
        }
        if dtype == Dtype::F64 {
            let (mut a, mut b) = (vec![0f32; values.len()], vec![0f32; values.len()]);
            let outputs = &mut [ArrayMut::f32(&mut a, &shape), ArrayMut::f32(&mut b, &shape)];
            kernel.run(&[input], outputs, &RunOptions::default()).unwrap();
            assert!(a.iter().zip(&single).all(|(a, b)| a == b || a.is_nan() && b.is_nan()));
        }
    }
}

#[test]
fn extremes_of_integers() {
    fn sums<E: Element>(element: E) -> (f32, f64) {
        let (mut single, mut double) = ([0.0], [0.0]);
        let elements = [element];
        let input = ArrayRef::new(&elements, &[1, 1]);
        for dtype in [Dtype::F32, Dtype::F64] {
            let kernel = compile(&["Sum_Reduction(x,0)"], &["x = Vi(0,1)"], dtype, Target::Portable);
            let output = if dtype == Dtype::F32 {
                ArrayMut::f32(&mut single, &[1, 1])
            } else {
                ArrayMut::f64(&mut double, &[1, 1])
            };
            kernel.run(std::slice::from_ref(&input), &mut [output], &RunOptions::default()).unwrap();
        }
        (single[0], double[0])
    }
    assert_eq!(sums(i8::MIN), (-128.0, -128.0));
    assert_eq!(sums(u8::MAX), (255.0, 255.0));
    assert_eq!(sums(i16::MIN), (-32_768.0, -32_768.0));
    assert_eq!(sums(u16::MAX), (65_535.0, 65_535.0));
    assert_eq!(sums(i32::MAX), (2_147_483_648.0, 2_147_483_647.0));
    assert_eq!(sums(u32::MAX), (4_294_967_296.0, 4_294_967_295.0));
    assert_eq!(sums(i64::MIN), (-(2f32.powi(63)), -(2f64.powi(63))));
    assert_eq!(sums(u64::MAX), (2f32.powi(64), 2f64.powi(64)));
    // Ties go to the even number, without a stop at float64 on the way.
    assert_eq!(sums(16_777_217i32), (16_777_216.0, 16_777_217.0));
    assert_eq!(
        sums((1i64 << 60) + (1 << 36) + 1),
        ((1u64 << 60) as f32 + 2f32.powi(37), 2f64.powi(60) + 2f64.powi(36))
    );
    assert_eq!(sums(Bool(200)), (1.0, 1.0));
}

#[test]
fn integers_out_of_range() {
    let message = |dtype: Dtype, value: ArrayRef<'_>| {
        let kernel = compile(&["Sum_Reduction(j == Integer(x),0)"], &["x = Vi(0,1)"], dtype, Target::Portable);
        let (mut single, mut double) = ([0.0], [0.0]);
        let output =
            if dtype == Dtype::F32 { ArrayMut::f32(&mut single, &[1, 1]) } else { ArrayMut::f64(&mut double, &[1, 1]) };
        let error = kernel.run(&[value], &mut [output], &RunOptions::default()).err()?;
        assert_eq!(error.kind(), ErrorKind::Argument);
        Some(error.message().to_owned())
    };
    let expected = |value: &str, limit: &str| {
        Some(format!(
            "input 0 (i-variable of dimension 1) holds {value}, and the formula takes its integers; expected integers below {limit} in size"
        ))
    };
    assert_eq!(message(Dtype::F32, ArrayRef::new(&[1i64 << 30], &[1, 1])), expected("1073741824", "2^30"));
    assert_eq!(message(Dtype::F32, ArrayRef::new(&[i64::MIN], &[1, 1])), expected("-9223372036854775808", "2^30"));
    assert_eq!(message(Dtype::F32, ArrayRef::new(&[(1i64 << 30) - 1], &[1, 1])), None);
    assert_eq!(message(Dtype::F64, ArrayRef::new(&[u64::MAX], &[1, 1])), expected("18446744073709551615", "2^53"));
    assert_eq!(message(Dtype::F64, ArrayRef::new(&[(1u64 << 53) - 1], &[1, 1])), None);
    assert_eq!(message(Dtype::F32, ArrayRef::new(&[f16::from_f32(0.5)], &[1, 1])), expected("0.5", "2^30"));
}

/// Products and iterates of a solver are in float64; only its arrays are narrow.
#[test]
fn solvers_take_narrow_arrays() {
    let aliases = ["x = Vi(0,1)", "y = Vj(1,1)", "b = Vj(2,1)"];
    let reduction = Reduction::parse("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", &aliases).unwrap();
    let solver = Solver::compile(&reduction, 2, &CompileOptions::default()).unwrap();
    let x: Vec<i8> = (0..30).collect();
    let b: Vec<f16> = (0..30).map(|k| f16::from_f32((k % 7) as f32 - 3.0)).collect();
    let wide = |v: f32| v;
    let (points, right) =
        (x.iter().map(|&v| wide(v.into())).collect::<Vec<_>>(), b.iter().map(|v| v.to_f32()).collect::<Vec<_>>());
    let options = SolveOptions { alpha: 0.1, ..SolveOptions::default() };
    let (mut narrow, mut meant) = (vec![f16::ONE; 30], vec![0f32; 30]);
    let points_in = ArrayRef::new(&x, &[30, 1]);
    solver
        .solve(
            &[points_in.clone(), points_in, ArrayRef::new(&b, &[30, 1])],
            &mut ArrayMut::new(&mut narrow, &[30, 1]),
            &options,
        )
        .unwrap();
    let points_in = ArrayRef::f32(&points, &[30, 1]);
    solver
        .solve(
            &[points_in.clone(), points_in, ArrayRef::f32(&right, &[30, 1])],
            &mut ArrayMut::f32(&mut meant, &[30, 1]),
            &options,
        )
        .unwrap();
    for (found, meant) in narrow.iter().zip(meant) {
        assert!((found.to_f32() - meant).abs() <= meant.abs() / 2048.0 + 1e-6, "{found} {meant}");
    }
}

#[test]
fn layouts_of_the_tests_agree() {
    assert_eq!(position(4, [-2, 1], 1, 1), 3);
    assert_eq!(encoded(decoded(0x3c01, 5, 10), 5, 10), Some(0x3c01));
}
