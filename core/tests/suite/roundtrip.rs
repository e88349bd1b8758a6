//! Text to formula to text: the same node again; and text that is no formula: an error, never a panic and never a
//! long wait.

use crate::support::expression::{Expression, aliases};
use crate::support::generate::{Generator, variables};
use crate::support::random::{Random, seeds};
use rkeops_core::formula::Graph;
use rkeops_core::ops::{self, Algebra, Node};
use rkeops_core::{Axis, Category, ErrorKind, Formula, Reduction};

/// Whether two formulas are one node of one graph.
fn is_same(a: &Formula, b: &Formula) -> bool {
    let mut graph = (*a.graph()).clone();
    graph.import(&b.graph(), b.root()).is_ok_and(|node| node == a.root())
}

fn assert_round_trip(formula: &Formula) {
    let text = formula.text().unwrap();
    let again = Formula::parse(&text, &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.dim(), formula.dim(), "{text}");
    assert_eq!(again.text().unwrap(), text);
    assert!(is_same(formula, &again), "{text} is another formula when it is read again");
}

fn random_formula(seed: u64) -> (Expression, Vec<String>) {
    let mut random = Random::new(seed);
    let variables = variables(&mut random);
    let mut generator = Generator { random, variables: &variables, smooth: false, integers: true };
    let (depth, dim) = (1 + generator.random.below(5), 1 + generator.random.below(4));
    (generator.formula(depth, dim), aliases(&variables))
}

#[test]
fn random_formulas() {
    for seed in seeds(1, 3000) {
        let (expression, aliases) = random_formula(seed);
        let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
        let text = expression.text();
        let formula = Formula::parse(&text, &aliases).unwrap_or_else(|e| panic!("RKEOPS_TEST_SEED={seed}: {e}"));
        formula.graph().verify(&[formula.root()], false);
        assert_round_trip(&formula);
    }
}

#[test]
fn gradients() {
    for seed in seeds(1, 300) {
        let (expression, aliases) = random_formula(seed);
        let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
        let text = format!("Grad({},v0,IntCst(1))", expression.text());
        assert_round_trip(&Formula::parse(&text, &aliases).unwrap());
        let formula = Formula::parse(&expression.text(), &aliases).unwrap();
        let variable = Formula::parse("v0", &aliases).unwrap();
        let gradient = formula.gradient(&variable, &Formula::constant(1.0)).unwrap();
        gradient.graph().verify(&[gradient.root()], true);
        if gradient.text().is_ok_and(|text| text.len() < 100_000) {
            assert_round_trip(&gradient);
        }
    }
}

#[test]
fn reductions() {
    for seed in seeds(1, 300) {
        let (expression, aliases) = random_formula(seed);
        let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
        for name in ["Sum", "Min", "ArgMax"] {
            for remaining in [0, 1] {
                let text = format!("{name}_Reduction({},{remaining})", expression.text());
                let reduction = Reduction::parse(&text, &aliases).unwrap();
                let again = Reduction::parse(&reduction.text().unwrap(), &[]).unwrap();
                assert_eq!(again.axis(), reduction.axis());
                assert_eq!(again.dim(), reduction.dim());
                assert_eq!(again.text().unwrap(), reduction.text().unwrap());
                assert!(is_same(again.formula(), reduction.formula()));
                let called = Reduction::new(name, reduction.formula(), [Axis::J, Axis::I][remaining]).unwrap();
                assert_eq!(called.text().unwrap(), reduction.text().unwrap());
            }
        }
    }
}

#[test]
fn numbers() {
    let numbers =
        [0.0, 1.0, -1.0, 0.1, -0.1, 1e-300, 5e-324, 1.5e300, f64::MAX, 1e15, 1e16, 123456789012345678.0, -2.5e-7];
    let x = Formula::variable(0, 2, Category::I).unwrap();
    for number in numbers.into_iter().chain([std::f64::consts::PI, 1.0 / 3.0, 16_777_217.0, 2f64.powi(60)]) {
        let constant = Formula::constant(number);
        assert_round_trip(&constant);
        for name in ["Add", "Subtract", "Mult", "Divide", "Powf"] {
            assert_round_trip(&Formula::apply(name, &[&x, &constant], &[]).unwrap());
            assert_round_trip(&Formula::apply(name, &[&constant, &x], &[]).unwrap());
        }
        assert_eq!(constant.evaluate(&[].into()).unwrap(), [number]);
    }
    // Digits as a user writes them.
    let cases = [
        ("1", 1.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("2e-3", 2e-3),
        ("2E+3", 2e3),
        ("1.25e2", 125.0),
        ("16777217", 16_777_217.0),
        ("IntCst(-3)", -3.0),
        ("RatCst(1,3)", 1.0 / 3.0),
        ("RatCst(-1,-4)", 0.25),
        ("IntInv(8)", 0.125),
        ("9007199254740993", 9_007_199_254_740_992.0),
    ];
    for (text, value) in cases {
        assert_eq!(Formula::parse(text, &[]).unwrap().evaluate(&[].into()).unwrap(), [value], "{text}");
    }
}

/// Python's precedence, which KeOps' users expect.
#[test]
fn precedence() {
    let aliases = ["x = Vi(0,2)", "y = Vj(1,2)", "s = Pm(2,1)", "t = Pm(3,1)"];
    let parse = |text: &str| Formula::parse(text, &aliases).unwrap_or_else(|e| panic!("{e}"));
    for (text, explicit) in [
        ("x+y*s", "Add(x,Mult(y,s))"),
        ("x<y", "LessThan(x,y)"),
        ("x>y", "LessThan(y,x)"),
        ("x<=y", "LessOrEqual(x,y)"),
        ("x>=y", "LessOrEqual(y,x)"),
        ("x==y", "Equal(x,y)"),
        ("x!=y", "NotEqual(x,y)"),
        ("x-y>-s*x", "LessThan(Mult(Minus(s),x),Subtract(x,y))"),
        ("x|y<s", "LessThan(Scalprod(x,y),s)"),
        ("s<x|y", "LessThan(s,Scalprod(x,y))"),
        ("(x<y)<(y<x)", "LessThan(LessThan(x,y),LessThan(y,x))"),
        ("Exp(x<y)*(s!=t)", "Mult(Exp(LessThan(x,y)),NotEqual(s,t))"),
        ("x-y-s", "Subtract(Subtract(x,y),s)"),
        ("x/y/s", "Divide(Divide(x,y),s)"),
        ("x-y+s", "Add(Subtract(x,y),s)"),
        ("x*y/s*t", "Mult(Divide(Mult(x,y),s),t)"),
        ("-x|y", "Scalprod(Minus(x),y)"),
        ("x-y|y+x", "Scalprod(Subtract(x,y),Add(y,x))"),
        ("s*x|y", "Scalprod(Mult(s,x),y)"),
        ("x|y|s", "Scalprod(Scalprod(x,y),s)"),
        ("-x**2", "Minus(Square(x))"),
        ("(-x)**3", "Pow(Minus(x),3)"),
        ("s**t**s", "Powf(s,Powf(t,s))"),
        ("s**-t", "Powf(s,Minus(t))"),
        ("s**-2", "Pow(s,-2)"),
        ("s**-2*t", "Mult(Pow(s,-2),t)"),
        ("2**3*s", "8*s"),
        ("s**2", "Square(s)"),
        ("s**0.5", "Powf(s,0.5)"),
        ("s**(1/2)", "Powf(s,0.5)"),
        ("s**1", "s"),
        ("--x", "x"),
        ("+x", "x"),
        ("- -x", "x"),
        ("x--y", "Add(x,y)"),
        ("x*-y", "Mult(x,Minus(y))"),
        ("x/-s", "Divide(x,Minus(s))"),
        ("1/s", "Inv(s)"),
        ("  x\t+\n y ", "Add(x,y)"),
        ("SqDist(x,y)", "Sum(Square(Subtract(x,y)))"),
        ("Norm2(x)", "Sqrt(SqNorm2(x))"),
        ("Elem(x,1)", "Extract(x,1,1)"),
        ("ElemT(s,3,1)", "ExtractT(s,1,3)"),
        ("Pow(x,2)", "Square(x)"),
        ("x*x", "Square(x)"),
        ("x+x", "2*x"),
        ("x-x", "Zero(2)"),
        ("IntCst(0)", "Zero(1)"),
        ("0*x", "Zero(2)"),
        ("Vi(0,2)", "x"),
        ("Var(1,2,1)", "y"),
        ("Pm(2,1)", "s"),
        ("Sum(s)", "s"),
    ] {
        assert!(is_same(&parse(text), &parse(explicit)), "{text} is {}", parse(text).text().unwrap());
    }
}

#[test]
fn forms_of_aliases() {
    let forms: [&[&str]; 5] = [
        &["x = Vi(2)", "y = Vj(3)", "p = Pm(1)"],
        &["x=Vi(0,2)", "y=Vj(1,3)", "p=Pm(2,1)"],
        &["p = Pm(2,1)", "y = Vj(1,3)", "x = Vi(0,2)"],
        &[" x = Var( 0, 2, 0 ) ", "y = Var(1,3,1)", "p = Var(2,1,2)"],
        &["x=Vi(2)", "y=Vj(3)", "p=Pm(1)", "Vj(4)"],
    ];
    for aliases in forms {
        let formula = Formula::parse("Sum(x)*Sum(y)*p", aliases).unwrap();
        assert_eq!(formula.text().unwrap(), "Sum(Var(0,2,0))*Sum(Var(1,3,1))*Var(2,1,2)", "{aliases:?}");
    }
    // A name may shadow an operation.
    let shadow = Formula::parse("Exp(Exp)", &["Exp = Vi(1)"]).unwrap();
    assert_eq!(shadow.text().unwrap(), "Exp(Var(0,1,0))");
}

/// Parses as a formula and as a reduction; what is accepted has a text that means the same.
fn feed(text: &str, aliases: &[&str]) {
    if let Ok(formula) = Formula::parse(text, aliases) {
        formula.graph().verify(&[formula.root()], false);
        if formula.graph().len() < 1000 && formula.text().is_ok_and(|t| t.len() < 10_000) {
            assert_round_trip(&formula);
        }
    } else if let Err(error) = Formula::parse(text, aliases) {
        let length = error.message().len();
        assert!((1..4000).contains(&length), "a message of {length} bytes");
    }
    if let Ok(reduction) = Reduction::parse(text, aliases)
        && reduction.formula().graph().len() < 1000
    {
        let _ = reduction.text();
    }
}

#[test]
fn random_tokens() {
    let mut tokens: Vec<&str> = ops::all().map(|operation| operation.name).collect();
    tokens.extend(["x", "y", "s", "x", "y", "s", "z", "Var", "Vi", "Pm", "Zero", "IntCst", "RatCst", "Sum_Reduction"]);
    tokens.extend([
        "(", "(", "(", ")", ")", ")", ",", ",", ",", "+", "-", "*", "/", "**", "|", "[", "<=", "=", " ", "\n",
    ]);
    tokens.extend([
        "0",
        "1",
        "2",
        "3",
        "-1",
        "0.5",
        "1e9",
        "1e308",
        "99999999999999999999",
        "9223372036854775807",
        "é",
    ]);
    let aliases = ["x = Vi(0,3)", "y = Vj(1,3)", "s = Pm(2,1)"];
    for seed in seeds(1, 10_000) {
        let mut random = Random::new(seed);
        let mut text = String::new();
        for _ in 0..1 + random.below(24) {
            text += tokens[random.below(tokens.len())];
        }
        feed(&text, &aliases);
        feed(&format!("Sum_Reduction({text},0)"), &aliases);
    }
}

/// Right formulas with a few characters changed, doubled or lost.
#[test]
fn damaged_formulas() {
    for seed in seeds(1, 5000) {
        let (expression, aliases) = random_formula(seed);
        let mut aliases = aliases;
        let mut random = Random::new(seed);
        let mut text: Vec<char> = expression.text().chars().take(400).collect();
        for _ in 0..1 + random.below(3) {
            let at = random.below(text.len());
            match random.below(4) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, *random.pick(&['(', ')', ',', '-', '*', '0', '9', '.', 'e', 'x', ' ', 'µ', '\0'])),
                2 => text[at] = char::from(random.below(128) as u8),
                _ => text.truncate(at.max(1)),
            }
            if text.is_empty() {
                text.push('x');
            }
        }
        if random.chance(0.2) {
            let k = random.below(aliases.len());
            let at = random.below(aliases[k].len());
            let with: &str = ["", "=", "(", "-", "9", "é"][random.below(6)];
            aliases[k].replace_range(at..=at, with);
        }
        let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
        feed(&text.into_iter().collect::<String>(), &aliases);
    }
}

#[test]
fn random_bytes() {
    for seed in seeds(1, 10_000) {
        let mut random = Random::new(seed);
        let bytes: Vec<u8> = (0..random.below(60)).map(|_| random.draw() as u8).collect();
        let text = String::from_utf8_lossy(&bytes);
        feed(&text, &["x = Vi(0,3)"]);
        feed("x", &[&text]);
        feed("x", &[&format!("x = {text}")]);
    }
}

/// Runs this where a call for each level of a formula would end the process.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(run).unwrap();
    if let Err(payload) = thread.join() {
        std::panic::resume_unwind(payload);
    }
}

/// One level around a formula, of a vector and a scalar.
type Level = fn(&mut dyn Algebra, inner: Node, vector: Node, scalar: Node) -> Node;

const LEVELS: [Level; 17] = [
    |f, inner, _, _| f.apply(ops::find("Sin").unwrap(), &[inner], &[]),
    |f, inner, _, _| f.apply(&ops::POWER, &[inner], &[3]),
    |f, inner, _, _| {
        let exponential = f.apply(&ops::EXP, &[inner], &[]);
        f.minus(exponential)
    },
    |f, inner, x, _| f.add(x, inner),
    |f, inner, x, _| f.subtract(x, inner),
    |f, inner, x, _| f.subtract(inner, x),
    |f, inner, x, _| f.multiply(x, inner),
    |f, inner, _, s| f.multiply(s, inner),
    |f, inner, _, _| f.scale(1e300, inner),
    |f, inner, x, _| f.divide(x, inner),
    |f, inner, x, _| f.divide(inner, x),
    |f, inner, x, _| f.apply(&ops::POWER_OF, &[x, inner], &[]),
    |f, inner, _, s| f.apply(&ops::POWER_OF, &[inner, s], &[]),
    |f, inner, x, s| f.apply(&ops::GRADIENT, &[inner, x, s], &[]),
    |f, inner, x, _| {
        let sum = f.sum(inner);
        f.subtract(x, sum)
    },
    |f, inner, x, _| {
        let both = f.apply(ops::find("Concat").unwrap(), &[inner, x], &[]);
        f.apply(&ops::EXTRACT, &[both], &[1, 3])
    },
    |f, inner, x, _| {
        let part = f.apply(&ops::EXTRACT, &[inner], &[0, 2]);
        let padded = f.apply(&ops::EXTRACT_TRANSPOSE, &[part], &[1, 3]);
        f.multiply(padded, x)
    },
];

/// Whatever calls can build has a text, and the parser reads it, however deep it is.
#[test]
fn deep_formulas() {
    on_a_small_stack(|| {
        for (k, level) in LEVELS.iter().enumerate() {
            let mut graph = Graph::default();
            let vector = graph.checked_variable(0, 3, Category::I).unwrap();
            let scalar = graph.checked_variable(1, 1, Category::Parameter).unwrap();
            let mut chain = graph.apply(&ops::EXP, &[vector], &[]);
            for _ in 0..10_000 {
                chain = level(&mut graph, chain, vector, scalar);
            }
            // What rewrites its operand rewrites it to the bottom.
            let f: &mut dyn Algebra = &mut graph;
            let tops = [chain, f.sum(chain), f.divide(chain, vector), f.minus(chain)];
            let graph = std::sync::Arc::new(graph);
            for top in tops {
                assert!(graph.reachable(&[top]).len() > 10_000, "level {k} is simpler than it looks");
                assert_round_trip(&Formula::from_graph(graph.clone(), top));
            }
        }
    });
}

/// Factors that leave a sum leave it in a loop, as many as a text can hold.
#[test]
fn a_sum_of_many_factors() {
    on_a_small_stack(|| {
        let aliases = ["x = Vi(0,2)", "s = Pm(1,1)"];
        let room = (1 << 20) - "Sum(x)".len();
        for (before, after) in [("", "*s"), ("s*(", ")"), ("-(", ")"), ("-(s*", ")"), ("", "*s/s")] {
            let count = room / (before.len() + after.len());
            for count in [20_000, count] {
                let text = format!("Sum({}x{})", before.repeat(count), after.repeat(count));
                let formula = Formula::parse(&text, &aliases).unwrap();
                assert_eq!(formula.dim(), 1);
                if count == 20_000 {
                    assert_round_trip(&formula);
                }
            }
        }
    });
}

/// A text that is printed is never too long to be read, of a formula or of a reduction.
#[test]
fn the_longest_texts() {
    on_a_small_stack(|| {
        // `Exp(` and `)` around `Var(0,1,0)`: 10 + 5 n characters, of 2^20 at most.
        let most = ((1 << 20) - 10) / 5;
        let mut graph = Graph::default();
        let x = graph.checked_variable(0, 1, Category::I).unwrap();
        let longest = (0..most).fold(x, |inner, _| graph.apply(&ops::EXP, &[inner], &[]));
        let too_long = graph.apply(&ops::EXP, &[longest], &[]);
        let graph = std::sync::Arc::new(graph);
        let [longest, too_long] = [longest, too_long].map(|node| Formula::from_graph(graph.clone(), node));
        assert_round_trip(&longest);
        assert_eq!(too_long.text().unwrap_err().kind(), ErrorKind::Size);
        let reduction = Reduction::new("Sum", &longest, Axis::J).unwrap();
        assert_eq!(reduction.text().unwrap_err().kind(), ErrorKind::Size);
    });
}

/// Long, deep and wide text ends soon.
#[test]
fn hostile_lengths() {
    on_a_small_stack(feed_hostile_lengths);
}

fn feed_hostile_lengths() {
    let aliases = ["x = Vi(0,3)"];
    let shapes =
        ["x+", "x*", "-", "(", "Exp(", "x**", "Concat(x,", "x|", "Grad(", "9", "x", " ", "\n", "0.", "1e", "Vi(0,"];
    for piece in shapes {
        let count = (1 << 18) / piece.len();
        feed(&piece.repeat(count), &aliases);
        feed(&(piece.repeat(count) + "x"), &aliases);
        for count in [150, count] {
            feed(&(piece.repeat(count) + "x" + &")".repeat(count)), &aliases);
        }
    }
    let long = "x".repeat(100_000);
    feed(&long, &[&format!("{long} = Vi(0,3)")]);
    feed("x", &[&"x = Vi(".repeat(10_000)]);
    let many: Vec<String> = (0..2000).map(|k| format!("v{k} = Vi({k},1)")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let sum = (0..2000).map(|k| format!("v{k}")).collect::<Vec<_>>().join("+");
    feed(&sum, &many);
    // Sharing doubles the text at each step, not the formula.
    let mut shared = Formula::parse("x", &aliases).unwrap();
    for _ in 0..200 {
        let sin = Formula::apply("Sin", &[&shared], &[]).unwrap();
        shared = Formula::apply("Mult", &[&sin, &shared], &[]).unwrap();
    }
    assert!(shared.text().is_err());
    let gradient = shared.gradient(&Formula::parse("x", &aliases).unwrap(), &Formula::constant(1.0)).unwrap();
    assert!(gradient.graph().len() < 10_000);
}
