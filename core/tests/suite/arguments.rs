//! One case per error message of the arrays of a run: number, format, rank, shape, strides, sizes. A refused run
//! writes nothing.

use std::sync::Arc;

use rkeops_core::{ArrayMut, ArrayRef, CompileOptions, Data, DataMut, Error, ErrorKind, Kernel, Reduction, RunOptions};

/// The arrays of a run that is right but for one change.
struct Arrays<'a> {
    inputs: Vec<ArrayRef<'a>>,
    outputs: Vec<ArrayMut<'a>>,
}

fn kernel() -> Arc<Kernel> {
    let aliases = ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)", "p = Pm(3,2)"];
    let texts = ["Sum_Reduction(Exp(-SqDist(x,y))*b*p,0)", "ArgMin_Reduction(SqDist(x,y),0)"];
    let reductions: Vec<Reduction> = texts.iter().map(|t| Reduction::parse(t, &aliases).unwrap()).collect();
    Kernel::compile(&reductions, &CompileOptions::default()).unwrap()
}

fn run(change: impl FnOnce(&mut Arrays<'_>)) -> Result<(), Error> {
    let data = vec![0.5f32; 1000];
    let (mut sums, mut indices) = ([77.0f32; 10], [77i64; 5]);
    let mut arrays = Arrays {
        inputs: vec![
            ArrayRef::f32(&data, &[5, 3]),
            ArrayRef::f32(&data, &[4, 3]),
            ArrayRef::f32(&data, &[4, 1]),
            ArrayRef::f32(&data, &[2]),
        ],
        outputs: vec![ArrayMut::f32(&mut sums, &[5, 2]), ArrayMut::i64(&mut indices, &[5, 1])],
    };
    change(&mut arrays);
    let result = kernel().run(&arrays.inputs, &mut arrays.outputs, &RunOptions::default());
    drop(arrays);
    let untouched = (sums, indices) == ([77.0; 10], [77; 5]);
    assert_eq!(untouched, result.is_err(), "a run that is refused writes nothing");
    result
}

fn refuse(kind: ErrorKind, message: &str, change: impl FnOnce(&mut Arrays<'_>)) {
    let error = run(change).expect_err(message);
    assert_eq!(error.message(), message);
    assert_eq!(error.kind(), kind, "{message}");
}

#[test]
fn right_arrays_run() {
    run(|_| {}).unwrap();
}

#[test]
fn numbers_of_arrays() {
    let inputs = "got 3 input arrays; expected 4: i-variable of dimension 3, j-variable of dimension 3, j-variable of \
                  dimension 1, parameter of dimension 2";
    refuse(ErrorKind::Count, inputs, |a| drop(a.inputs.pop()));
    let outputs = "got 0 output arrays; expected 2, in the order of the reductions";
    refuse(ErrorKind::Count, outputs, |a| a.outputs.clear());
}

#[test]
fn formats() {
    let double = [0.5f64; 15];
    let message = "input 0 (i-variable of dimension 3) has dtype float64; expected float32, as the kernel computes, \
                   or a narrower one";
    let arrays = |a: &mut Arrays<'_>| a.inputs[0].data = Data::F64(Box::leak(Box::new(double)));
    refuse(ErrorKind::Dtype, message, arrays);
    let output = |k: usize, data: DataMut<'static>| move |a: &mut Arrays<'_>| a.outputs[k].data = data;
    let leaked = Box::leak(Box::new([0.0f64; 10]));
    refuse(
        ErrorKind::Dtype,
        "output 0 has dtype float64; expected float32, bfloat16 or float16",
        output(0, DataMut::F64(leaked)),
    );
    let leaked = Box::leak(Box::new([0.0f32; 10]));
    refuse(ErrorKind::Dtype, "output 1 has dtype float32; expected int64", output(1, DataMut::F32(leaked)));
    let leaked = Box::leak(Box::new([0i64; 10]));
    refuse(
        ErrorKind::Dtype,
        "output 0 has dtype int64; expected float32, bfloat16 or float16",
        output(0, DataMut::I64(leaked)),
    );
}

/// Gives an input another compact shape.
fn reshape(k: usize, shape: &[usize]) -> impl FnOnce(&mut Arrays<'_>) {
    let (shape, strides) = (shape.to_vec(), rkeops_core::row_major(shape));
    move |a| (a.inputs[k].shape, a.inputs[k].strides) = (shape.into(), strides.into())
}

#[test]
fn shapes_of_inputs() {
    let rows: [(usize, &[usize], &str); 8] = [
        (0, &[5], "input 0 (i-variable of dimension 3) has shape [5]; expected (M, 3)"),
        (0, &[], "input 0 (i-variable of dimension 3) has shape []; expected (M, 3)"),
        (1, &[4, 3, 1], "input 1 (j-variable of dimension 3) has shape [4, 3, 1]; expected 3 columns"),
        (3, &[2, 1], "input 3 (parameter of dimension 2) has shape [2, 1]; expected 2 columns"),
        (0, &[5, 4], "input 0 (i-variable of dimension 3) has shape [5, 4]; expected 3 columns"),
        (2, &[4, 2], "input 2 (j-variable of dimension 1) has shape [4, 2]; expected 1 columns"),
        (3, &[3], "input 3 (parameter of dimension 2) has shape [3]; expected 2 columns"),
        (2, &[5, 1], "input 2 (j-variable of dimension 1) has 5 rows; expected 4, as input 1 has"),
    ];
    for (k, shape, message) in rows {
        refuse(ErrorKind::Shape, message, reshape(k, shape));
    }
}

#[test]
fn shapes_of_outputs() {
    let rows: [(&[usize], &str); 4] = [
        (&[4, 2], "output 0 has shape [4, 2]; expected (5, 2)"),
        (&[5, 1], "output 0 has shape [5, 1]; expected (5, 2)"),
        (&[10], "output 0 has shape [10]; expected (5, 2)"),
        (&[5, 2, 1], "output 0 has shape [5, 2, 1]; expected (5, 2)"),
    ];
    for (shape, message) in rows {
        refuse(ErrorKind::Shape, message, |a| {
            (a.outputs[0].shape, a.outputs[0].strides) = (shape.to_vec().into(), rkeops_core::row_major(shape).into());
        });
    }
}

#[test]
fn places_outside_the_memory() {
    let outside = |shape: &str, strides: &str| {
        format!(
            "input 0 (i-variable of dimension 3) reaches outside its 1000 numbers with shape {shape} and strides {strides}"
        )
    };
    let layouts: [(usize, [usize; 2], [isize; 2]); 7] = [
        (3, [5, 3], [-3, 1]),
        (0, [5, 3], [250, 1]),
        (998, [5, 3], [0, 1]),
        (0, [usize::MAX, 3], [3, 1]),
        (0, [1 << 62, 3], [1 << 62, 1]),
        (0, [5, 3], [isize::MAX, isize::MIN]),
        (usize::MAX, [5, 3], [3, 1]),
    ];
    for (origin, shape, strides) in layouts {
        let message = outside(&format!("{shape:?}"), &format!("{strides:?}"));
        refuse(ErrorKind::Size, &message, |a| {
            let data = a.inputs[0].data;
            a.inputs[0] = ArrayRef { data, origin, shape: shape.to_vec().into(), strides: strides.to_vec().into() };
        });
    }
    let message = "output 0 reaches outside its 10 numbers with shape [5, 2] and strides [3, 1]";
    refuse(ErrorKind::Size, message, |a| a.outputs[0].strides = vec![3, 1].into());
    // The last place that is inside is allowed.
    run(|a| (a.inputs[0].origin, a.inputs[0].strides) = (999, vec![-247, -5].into())).unwrap();
}

#[test]
fn strides() {
    let message =
        "input 1 (j-variable of dimension 3) has shape [4, 3] and strides [3]; expected a stride for each extent";
    refuse(ErrorKind::Stride, message, |a| a.inputs[1].strides = vec![3].into());
    for (origin, strides) in [(0, [0, 1]), (0, [1, 1]), (0, [1, 0]), (4, [1, -1]), (4, [-1, 1]), (0, [1, 4])] {
        let message = format!(
            "output 0 has strides {strides:?} for shape [5, 2], so that elements share memory; each needs its own"
        );
        refuse(ErrorKind::Stride, &message, |a| {
            (a.outputs[0].origin, a.outputs[0].strides) = (origin, strides.to_vec().into())
        });
    }
    // A stride along an extent of 1 is never taken.
    run(|a| a.outputs[1].strides = vec![1, 0].into()).unwrap();
    run(|a| a.outputs[1].strides = vec![1, isize::MAX].into()).unwrap();
}

#[test]
fn absurd_sizes() {
    let many = 1usize << 45;
    let repeat = |a: &mut Arrays<'_>| {
        for k in [1, 2] {
            (a.inputs[k].shape.to_mut()[0], a.inputs[k].strides) = (many, vec![0, 1].into());
        }
    };
    let message = format!("an index among {many} rows needs float64 arrays; float32 carries up to 2147483647");
    refuse(ErrorKind::Size, &message, repeat);
    // The number of pairs is checked before anything is computed.
    let reduction = Reduction::parse("Sum_Reduction(Var(0,1,0)*Var(1,1,1),0)", &[]).unwrap();
    let kernel = Kernel::compile(&[reduction], &CompileOptions::default()).unwrap();
    let mut out = vec![0.0f32; 1 << 20];
    let one =
        ArrayRef { data: Data::F32(&[1.0]), origin: 0, shape: vec![1 << 20, 1].into(), strides: vec![0, 0].into() };
    let far = ArrayRef { shape: vec![many, 1].into(), ..one.clone() };
    let outputs = &mut [ArrayMut::f32(&mut out, &[1 << 20, 1])];
    let error = kernel.run(&[one, far], outputs, &RunOptions::default()).unwrap_err();
    assert_eq!(error.message(), format!("1048576 times {many} rows: the pairs overflow 64 bits"));
    assert_eq!(error.kind(), ErrorKind::Size);
}
