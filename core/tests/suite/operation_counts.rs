//! How many operations a pair takes for kernels that people use and for their derivatives, alone and in one pass with the
//! value. The bounds are what was counted; what makes a count smaller lowers its bound.
//!
//! `cargo test --test suite operation_counts -- --nocapture` prints the table.

use rkeops_core::{CompileOptions, Dtype, Kernel, Reduction, Target};

const POINTS: &[&str] = &["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)", "e = Vi(3,1)", "g = Pm(4,1)"];
const ATTENTION: &[&str] =
    &["q = Vi(0,64)", "k = Vj(1,64)", "v = Vj(2,64)", "e = Vi(3,64)", "L = Vi(4,1)", "S = Vi(5,64)", "c = Vi(6,1)"];

fn count(texts: &[&str], aliases: &[&str]) -> usize {
    let reductions: Vec<Reduction> = texts.iter().map(|text| Reduction::parse(text, aliases).unwrap()).collect();
    let options = CompileOptions { dtype: Dtype::F32, target: Target::Portable, ..CompileOptions::default() };
    Kernel::compile(&reductions, &options).unwrap().operations_per_pair()
}

/// A sum over j of a kernel times a number for each j, with the operations of the value, of the gradients with respect to
/// x and y, of value and gradient with respect to x in one pass, and of the Laplacian.
const KERNELS: [(&str, &str, [usize; 5]); 5] = [
    ("Gaussian", "Exp(-SqDist(x,y)*g)", [22, 25, 25, 26, 37]),
    ("Laplacian", "Exp(-Norm2(x-y)*g)", [23, 30, 30, 31, 62]),
    ("Matern 5/2", "(1+Norm2(x-y)*g+Square(Norm2(x-y)*g)/3)*Exp(-Norm2(x-y)*g)", [28, 40, 40, 41, 100]),
    ("inverse multiquadric", "Rsqrt(1+SqDist(x,y)*g)", [12, 17, 17, 18, 32]),
    ("cosine", "(x|y)*Rsqrt(SqNorm2(x)*SqNorm2(y))", [10, 24, 24, 26, 41]),
];

#[test]
fn kernels_of_points() {
    println!("float32, D = 3: value, gradient in x, gradient in y, value and gradient in x, Laplacian");
    for (name, kernel, bounds) in KERNELS {
        let value = format!("Sum_Reduction({kernel}*b,0)");
        let [of_x, of_y] = ["x", "y"].map(|variable| format!("Grad({value},{variable},e)"));
        let laplacian = format!("Sum_Reduction(Laplacian({kernel},x)*b,0)");
        let passes: [&[&str]; 5] = [&[&value], &[&of_x], &[&of_y], &[&value, &of_x], &[&laplacian]];
        let counts = passes.map(|texts| count(texts, POINTS));
        println!("{name:>22}: {counts:?}");
        assert!(
            counts.iter().zip(bounds).all(|(&count, bound)| count <= bound),
            "{name}: {counts:?}, at most {bounds:?}"
        );
        // What both need is computed once: the value adds no more than its own product and its sum to the gradient.
        assert!(counts[3] <= counts[1] + 2, "{name}: {counts:?}");
    }
}

/// Each with the operations that it takes.
const OF_ATTENTION: [(&str, &[&str], usize); 7] = [
    ("score", &["LogSumExp_Reduction((q|k)/8,0)"], 82),
    ("score, gradient in q", &["Grad(LogSumExp_Reduction((q|k)/8,0),q,c,L)"], 144),
    ("score, gradient in k", &["Grad(LogSumExp_Reduction((q|k)/8,0),k,c,L)"], 145),
    ("mean", &["SumSoftMaxWeight_Reduction((q|k)/8,0,v)"], 146),
    ("mean and score", &["SumSoftMaxWeight_Reduction((q|k)/8,0,v)", "LogSumExp_Reduction((q|k)/8,0)"], 163),
    ("mean, gradient in q", &["Grad(SumSoftMaxWeight_Reduction((q|k)/8,0,v),q,e,L,S)"], 273),
    (
        "mean, gradients in k and v",
        &[
            "Grad(SumSoftMaxWeight_Reduction((q|k)/8,0,v),k,e,L,S)",
            "Grad(SumSoftMaxWeight_Reduction((q|k)/8,0,v),v,e,L,S)",
        ],
        401,
    ),
];

#[test]
fn attention() {
    println!("float32, D = 64:");
    for (name, texts, bound) in OF_ATTENTION {
        let counted = count(texts, ATTENTION);
        println!("{name:>28}: {counted}");
        assert!(counted <= bound, "{name}: {counted}, at most {bound}");
    }
}
