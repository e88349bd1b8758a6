//! The kernel cache: what was asked for lately is remembered, however many kernels there are.

use std::sync::Arc;

use rkeops_core::{CompileOptions, Dtype, Kernel, Reduction, Target};

fn compile(k: usize) -> Arc<Kernel> {
    let reduction = Reduction::parse(&format!("Sum_Reduction(x*y*{k},0)"), &["x = Vi(0,1)", "y = Vj(1,1)"]).unwrap();
    Kernel::compile(
        &[reduction],
        &CompileOptions { dtype: Dtype::F32, target: Target::Portable, ..CompileOptions::default() },
    )
    .unwrap()
}

#[test]
fn kernels_in_use_are_not_forgotten() {
    let used = compile(2);
    for k in 3..3500 {
        let fresh = compile(k);
        assert!(Arc::ptr_eq(&fresh, &compile(k)), "kernel {k} was forgotten at once");
        if k % 500 == 0 {
            assert!(Arc::ptr_eq(&used, &compile(2)), "a kernel was forgotten that is used again and again");
        }
    }
    assert_eq!(Arc::strong_count(&used), 2, "the cache has it once");
    // A round of as many kernels as are remembered finds all of them.
    let round: Vec<_> = (4000..5024).map(compile).collect();
    for (k, kernel) in round.iter().enumerate() {
        assert!(Arc::ptr_eq(kernel, &compile(4000 + k)), "kernel {k} of a round was forgotten");
    }
    // What nobody asks for any more is forgotten in the end.
    (6000..8100).for_each(|k| drop(compile(k)));
    assert_eq!(Arc::strong_count(&used), 1);
}
