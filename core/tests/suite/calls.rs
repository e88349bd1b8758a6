//! Formulas that are built by calls, as a binding with operators builds them: long chains, sharing, threads.

use rkeops_core::{Axis, Category, CompileOptions, ErrorKind, Formula, Kernel, Reduction};

fn variable(index: usize, category: Category) -> Formula {
    Formula::variable(index, 1, category).unwrap()
}

fn apply(name: &str, operands: &[&Formula]) -> Formula {
    Formula::apply(name, operands, &[]).unwrap()
}

/// Runs on a stack on which no recursion gets far.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(128 << 10).spawn(work).unwrap().join().unwrap();
}

/// A call costs the same however large its operands are: otherwise this would take hours.
#[test]
fn long_chains() {
    on_a_small_stack(|| {
        let (x, y) = (variable(0, Category::I), variable(1, Category::J));
        // A collector of garbage keeps what a program has long dropped.
        let mut all = vec![x.clone()];
        for k in 0..100_000 {
            let last = &all[all.len() - 1];
            all.push(match k % 4 {
                0 => apply("Sin", &[last]),
                1 => apply("Add", &[last, &y]),
                2 => apply("Mult", &[&y, last]),
                _ => apply("Subtract", &[&apply("Sin", &[last]), &apply("Cos", &[last])]),
            });
        }
        let last = all.pop().unwrap();
        assert_eq!(last.dim(), 1);
        assert!(last.graph().len() > 100_000);
        assert!(format!("{last:?}").len() < 100);
        let middle = all.swap_remove(5000);
        drop((all, last));
        assert!(middle.graph().len() > 5000);
        let reduction = Reduction::new("Sum", &apply("Mult", &[&middle, &x]), Axis::J).unwrap();
        Kernel::compile(&[reduction], &CompileOptions::default()).unwrap();
    });
}

/// What a formula shares is one node, also where equal operands were built apart.
#[test]
fn equal_operands_are_one_node() {
    let build = || {
        let square = apply("Square", &[&apply("Subtract", &[&variable(0, Category::I), &variable(1, Category::J)])]);
        apply("Exp", &[&apply("Minus", &[&square])])
    };
    let (first, second) = (build(), build());
    let both = apply("Add", &[&first, &second]);
    assert_eq!(both.text().unwrap(), "2*Exp(-Square(Var(0,1,0)-Var(1,1,1)))");
    let parsed = Formula::parse("Exp(-Square(Var(0,1,0)-Var(1,1,1)))", &[]).unwrap();
    assert_eq!(apply("Mult", &[&first, &parsed]).text().unwrap(), format!("Square({})", first.text().unwrap()));
    // Each doubling shares its operand: 2^200 parts if they were not shared.
    let mut shared = first;
    for _ in 0..200 {
        shared = apply("Add", &[&apply("Sin", &[&shared]), &apply("Mult", &[&shared, &shared])]);
    }
    assert!(shared.graph().len() < 1000);
}

#[test]
fn threads_share_a_formula() {
    let mut formula = variable(0, Category::I);
    for _ in 0..1000 {
        formula = apply("Sin", &[&formula]);
    }
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let larger = apply("Cos", &[&formula]);
                assert_eq!(formula.text().unwrap().len(), 1000 * 5 + 10);
                assert_eq!(larger.graph().len(), 1002);
                assert_eq!(larger.graph().dim_of(larger.root()), 1);
            });
        }
    });
}

/// More than a million parts are refused, at the latest where the formula is used.
#[test]
fn size() {
    let x = variable(0, Category::I);
    let long = |count: usize| (0..count).fold(x.clone(), |formula, _| apply("Sin", &[&formula]));
    let million = long((1 << 20) - 1);
    let error = Formula::apply("Sin", &[&million], &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Size);
    assert_eq!(error.message(), "the formula has more than 1048576 parts");
    let halves: Vec<Formula> =
        ["Exp", "Log"].map(|name| (0..600_000).fold(x.clone(), |formula, _| apply(name, &[&formula]))).into();
    let both = apply("Add", &[&halves[0], &halves[1]]);
    assert_eq!(Reduction::new("Sum", &both, Axis::J).unwrap_err().kind(), ErrorKind::Size);
    assert_eq!(both.gradient(&x, &Formula::constant(1.0)).unwrap_err().kind(), ErrorKind::Size);
    // What is shared counts once.
    let shared = (0..100).fold(x.clone(), |formula, _| apply("Mult", &[&apply("Sin", &[&formula]), &formula]));
    Reduction::new("Sum", &shared, Axis::J).unwrap();
}

/// Arguments that the formula does not use, or no longer, have their positions, whichever operand declared them.
#[test]
fn declared_arguments() {
    let first = Formula::parse("x", &["x = Vi(0,1)", "unused = Vj(2,3)"]).unwrap();
    let second = Formula::parse("y", &["y = Vj(1,1)", "unused = Pm(3,2)"]).unwrap();
    for operands in [[&first, &second], [&second, &first]] {
        let product = apply("Mult", &operands);
        let reduction = Reduction::new("Sum", &product, Axis::J).unwrap();
        let kernel = Kernel::compile(&[reduction], &CompileOptions::default()).unwrap();
        assert_eq!(kernel.inputs().len(), 4);
        let error = Formula::apply("Add", &[&product, &variable(2, Category::I)], &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        let message = "variable 2 is declared as `Var(2,3,1)` and as `Var(2,1,0)`; one position is one array";
        assert_eq!(error.message(), message);
        let gradient = product.gradient(&variable(0, Category::I), &Formula::constant(1.0)).unwrap();
        let reduction = Reduction::new("Sum", &gradient, Axis::J).unwrap();
        assert_eq!(Kernel::compile(&[reduction], &CompileOptions::default()).unwrap().inputs().len(), 4);
    }
}

/// Derivatives of derivatives double in size: too many of them are refused, not attempted.
#[test]
fn nested_gradients_end() {
    let nested = |order: usize| {
        let start = "Sin(Var(0,1,0)*Exp(Var(0,1,0)*Var(1,1,1)))".to_owned();
        (0..order).fold(start, |inner, _| format!("Grad({inner},Var(0,1,0),1)"))
    };
    let formula = Formula::parse(&nested(1000), &[]).unwrap();
    let reduction = Reduction::new("Sum", &formula, Axis::J).unwrap();
    let error = Kernel::compile(&[reduction], &CompileOptions::default()).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Size, "the formula has more than 1048576 parts"));
    let formula = Formula::parse(&nested(6), &[]).unwrap();
    let reduction = Reduction::new("Sum", &formula, Axis::J).unwrap();
    Kernel::compile(&[reduction], &CompileOptions::default()).unwrap();
}

/// What products share is computed once, however often it is a factor of a factor: multiplied out, these have 2^40
/// factors.
#[test]
fn shared_products() {
    let aliases = ["x = Vi(0,1)", "y = Vj(1,1)", "p = Pm(2,1)", "z = Vj(3,3)"];
    let parse = |text: &str| Formula::parse(text, &aliases).unwrap();
    let (x, y, p, z, two) = (parse("x"), parse("y"), parse("p"), parse("z"), parse("2"));
    type Level<'a> = &'a dyn Fn(&Formula) -> Formula;
    let levels: [Level<'_>; 7] = [
        &|f| apply("Mult", &[f, &apply("Mult", &[&two, f])]),
        &|f| apply("Mult", &[&apply("Mult", &[&x, f]), &apply("Mult", &[&y, f])]),
        &|f| apply("Mult", &[&apply("Minus", &[f]), &apply("Mult", &[&p, f])]),
        &|f| apply("Mult", &[&apply("Divide", &[f, &x]), &apply("Divide", &[f, &p])]),
        &|f| apply("Divide", &[&apply("Mult", &[f, &x]), &apply("Divide", &[&y, f])]),
        &|f| apply("Exp", &[&apply("Mult", &[&apply("Mult", &[&p, f]), &apply("Mult", &[&x, f])])]),
        &|f| apply("Sum", &[&apply("Mult", &[&apply("Mult", &[f, &z]), &apply("Mult", &[f, &y])])]),
    ];
    for (k, level) in levels.iter().enumerate() {
        for start in ["x", "y", "p", "x*y", "x+y"] {
            let product = (0..40).fold(parse(start), |f, _| level(&f));
            for name in ["Sum", "Max"] {
                let reduction = Reduction::new(name, &product, Axis::J).unwrap();
                let nodes = rkeops_core::plan::plan(&[reduction]).unwrap().graph.len();
                assert!(nodes < 5000, "level {k} from {start}, {name}: {nodes} nodes");
            }
        }
    }
    // (x+y)*(x-y), and 40 times more than the product before: a square and a factor that waits for the end.
    let product = (0..40).fold(parse("(x+y)*(x-y)"), |f, _| levels[0](&f));
    let reduction = Reduction::new("Sum", &product, Axis::J).unwrap();
    let kernel = Kernel::compile(&[reduction], &CompileOptions::default()).unwrap();
    assert!(kernel.operations_per_pair() < 100, "{}", kernel.operations_per_pair());
}
