//! quick
use rkeops_core::*;
fn run(text: &str, target: Target, m: usize, n: usize, ax: &[(usize, char)], threads: usize) -> Vec<Vec<f32>> {
    let r = Reduction::parse(text, &[]).unwrap();
    let k = Kernel::compile(&[r], &CompileOptions { dtype: Dtype::F32, target }).unwrap();
    let mut seed = 12345u32;
    let mut rnd = || { seed = seed.wrapping_mul(1664525).wrapping_add(1013904223); (seed >> 8) as f32 / (1u32 << 24) as f32 };
    let data: Vec<(Vec<f32>, Vec<usize>)> = ax.iter().map(|&(d, c)| { let rows = match c { 'i' => m, 'j' => n, _ => 1 };
        ((0..rows * d).map(|_| rnd()).collect(), if c == 'p' { vec![d] } else { vec![rows, d] }) }).collect();
    let ins: Vec<ArrayRef> = data.iter().map(|(v, s)| ArrayRef::f32(v, s)).collect();
    let o = k.outputs()[0];
    let rows = if k.axis() == Axis::J { m } else { n };
    if o.dtype == Dtype::I64 {
        let mut out = vec![-7i64; rows * o.dim];
        k.run(&ins, &mut [ArrayMut::i64(&mut out, &[rows, o.dim])], &RunOptions { threads, progress: None }).unwrap();
        return vec![out.iter().map(|&x| x as f32).collect()];
    }
    let mut out = vec![-7f32; rows * o.dim];
    k.run(&ins, &mut [ArrayMut::f32(&mut out, &[rows, o.dim])], &RunOptions { threads, progress: None }).unwrap();
    vec![out]
}
#[test]
fn same() {
    let f = ["Sum_Reduction(Exp(-SqDist(Var(0,3,0),Var(1,3,1)))*Var(2,1,1),0)",
        "Sum_Reduction(Exp(-SqDist(Var(0,3,0),Var(1,3,1)))*Var(2,3,1),0)",
        "Sum_Reduction(Exp(-SqDist(Var(0,3,0),Var(1,3,1)))*Var(2,3,1),1)",
        "Grad(Sum_Reduction(Exp(-SqDist(Var(0,3,0),Var(1,3,1)))*Var(2,1,1),0),Var(0,3,0),Var(3,1,0))",
        "LogSumExp_Reduction(-SqDist(Var(0,3,0),Var(1,3,1)),0)",
        "LogSumExp_Reduction(-300*SqDist(Var(0,3,0),Var(1,3,1)),0)",
        "ArgMin_Reduction(SqDist(Var(0,3,0),Var(1,3,1)),0)",
        "Max_Reduction(Sin(Var(0,3,0)*Var(1,3,1)*10)+Log(Var(0,3,0))*Tanh(Var(1,3,1)),0)",
        "Sum_Reduction(Powf(Var(0,3,0),Var(1,3,1))+Sqrt(Var(0,3,0)+Var(1,3,1))/Rsqrt(Var(1,3,1)),0)",
        "Sum_Reduction(Cos(Var(0,20,0)*Var(1,20,1))*Sin(Var(0,20,0)),0)"];
    for t in f {
        let ax: Vec<(usize, char)> = { let mut v = vec![]; for i in 0..4 { for d in [1usize, 3, 20] { for c in 0..3 {
            if t.contains(&format!("Var({i},{d},{c})")) { v.push((d, ['i', 'j', 'p'][c])); } } } } v };
        for (m, n) in [(1, 1), (1, 1000), (3, 1001), (7, 33), (8, 100), (100, 100), (1, 100000), (1025, 513), (0, 5), (5, 0)] {
            let p = run(t, Target::Portable, m, n, &ax, 1);
            for tg in [Target::Avx2, Target::Avx512] {
                let a = run(t, tg, m, n, &ax, 2);
                let e = p[0].iter().zip(&a[0]).map(|(x, y)| if x == y || (x.is_nan() && y.is_nan()) { 0.0 } else { ((x - y) / x.abs().max(1e-3)).abs() }).fold(0f32, f32::max);
                if e > 0.0 { println!("{t} {m}x{n} {tg:?} {e:e} {:?} {:?}", &p[0][..p[0].len().min(4)], &a[0][..a[0].len().min(4)]); }
            }
        }
    }
}
#[test]
fn speed() {
    let n = 40000;
    let f = [("Sum_Reduction(Exp(-SqDist(Var(0,3,0),Var(1,3,1)))*Var(2,1,1),0)", vec![(3, 'i'), (3, 'j'), (1, 'j')]),
     ("Sum_Reduction(Exp(-SqDist(Var(0,3,0),Var(1,3,1)))*Var(2,3,1),0)", vec![(3, 'i'), (3, 'j'), (3, 'j')]),
     ("Grad(Sum_Reduction(Exp(-SqDist(Var(0,3,0),Var(1,3,1)))*Var(2,1,1),0),Var(0,3,0),Var(3,1,0))", vec![(3, 'i'), (3, 'j'), (1, 'j'), (1, 'i')]),
     ("LogSumExp_Reduction(-SqDist(Var(0,3,0),Var(1,3,1)),0)", vec![(3, 'i'), (3, 'j')])];
    for (t, ax) in &f { for tg in [Target::Avx512, Target::Avx2, Target::Portable] {
        let k = Kernel::compile(&[Reduction::parse(t, &[]).unwrap()], &CompileOptions { dtype: Dtype::F32, target: tg }).unwrap();
        let mut best = 1e9f64;
        for _ in 0..3 { let t0 = std::time::Instant::now(); run(t, tg, n, n, ax, 2); best = best.min(t0.elapsed().as_secs_f64()); }
        println!("{tg:?} {t} {:.2} Gpair/s {} ops, {}", (n * n) as f64 / best / 1e9, k.operations_per_pair(), k.explain().lines().last().unwrap());
    } }
}
