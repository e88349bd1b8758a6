//! Passes and arrays that bytes choose: any formula of the library's operations, any of its reductions, any sizes.

use std::sync::Arc;

use rkeops_core::derive;
use rkeops_core::formula::Graph;
use rkeops_core::ops::{self, Algebra, INTEGER, MASK, Node, Rule};
use rkeops_core::reduction::{self, Axis};
use rkeops_core::{ArrayRef, Category, Data, Extra, Formula, Reduction};

use super::bytes::Bytes;

/// A pass and everything that decides a run but the target and the format.
pub struct Case {
    pub reductions: Vec<Reduction>,
    /// Dimension and category of each argument.
    pub variables: Vec<(usize, Category)>,
    pub axis: Axis,
    /// Rows of i-variables and of j-variables.
    pub rows: [usize; 2],
    pub kind: Kind,
    pub seed: u64,
    layouts: Vec<usize>,
}

/// What numbers arrays hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Ordinary,
    Integers,
    Wild,
    Awkward,
}

const DIMS: [usize; 9] = [1, 1, 2, 3, 3, 4, 5, 8, 17];
const ROWS: [usize; 20] = [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 257, 300, 1030];
/// A vector of more components would only repeat what fewer do.
const WIDEST: usize = 40;
/// Components of all values of a formula and its derivatives at most: what is compared has to be fast.
const MOST_COMPONENTS: usize = 3000;

/// The case of some bytes, if they make one.
pub fn case(bytes: &mut Bytes<'_>) -> Option<Case> {
    let mut graph = Graph::default();
    let (mut pool, mut variables) = (Vec::new(), Vec::new());
    for index in 0..2 + bytes.below(4) {
        let dim = bytes.pick(&DIMS);
        let category = match index {
            0 => Category::I,
            1 => Category::J,
            _ => bytes.pick(&[Category::I, Category::J, Category::Parameter]),
        };
        pool.push(graph.checked_variable(index, dim, category).ok()?);
        variables.push((dim, category));
    }
    let count = 1 + bytes.below(3);
    let axis = bytes.pick(&[Axis::J, Axis::J, Axis::I]);
    let rows = [bytes.pick(&ROWS), bytes.pick(&ROWS)];
    let kind = bytes.pick(&[Kind::Ordinary, Kind::Integers, Kind::Ordinary, Kind::Wild, Kind::Awkward]);
    let layouts = variables.iter().map(|_| bytes.below(6)).collect();
    let (seed, names) = (bytes.word(), [0; 3].map(|_| bytes.byte()));
    let mut gradients = 0;
    for _ in 0..40 {
        if bytes.is_empty() {
            break;
        }
        if let Some(node) = one_more(&mut graph, &pool, variables.len(), kind, bytes, &mut gradients)
            && graph.dim_of(node) <= WIDEST
        {
            pool.push(node);
        }
    }
    let roots: Vec<Node> = (0..count).map(|k| pool[pool.len().saturating_sub(1 + k)]).collect();
    let (expanded, nodes) = derive::expand(&graph, &roots).ok()?;
    let components: usize = expanded.reachable(&nodes).into_iter().map(|n| expanded.dim_of(n)).sum();
    if components > MOST_COMPONENTS {
        return None;
    }
    // The scalar that was made last tells which pairs take part, where a byte says so.
    let scalar = pool.iter().rev().copied().find(|&node| graph.dim_of(node) == 1);
    let graph = Arc::new(graph);
    let condition = scalar.map(|node| Formula::from_graph(graph.clone(), node));
    let reducers: Vec<_> = reduction::all().collect();
    let reductions = roots.iter().zip(names).map(|(&root, name)| {
        let formula = Formula::from_graph(graph.clone(), root);
        let reducer = reducers[usize::from(name) % reducers.len()];
        let parameters = vec![1 + i64::from(name) / reducers.len() as i64; reducer.parameters().len()];
        let weights = Formula::from_graph(graph.clone(), roots[0]);
        let extra = Extra { parameters: &parameters, weights: reducer.is_weighted().then_some(&weights) };
        // Some reductions want scalars.
        let reduction = Reduction::with(reducer.name(), &formula, extra, axis);
        let reduction = reduction.or_else(|_| Reduction::new("Sum", &formula, axis)).ok()?;
        match &condition {
            Some(condition) if name > 0x9f => reduction.masked(condition).ok(),
            _ => Some(reduction),
        }
    });
    Some(Case { reductions: reductions.collect::<Option<_>>()?, variables, axis, rows, kind, seed, layouts })
}

/// One more node above those of the pool, or nothing if the operation refuses them.
fn one_more(
    graph: &mut Graph,
    pool: &[Node],
    variables: usize,
    kind: Kind,
    bytes: &mut Bytes<'_>,
    gradients: &mut usize,
) -> Option<Node> {
    let operations: Vec<_> = ops::all().collect();
    let choice = bytes.below(operations.len() + 2);
    let Some(&operation) = operations.get(choice) else {
        let number = [0.5, 2.0, 1.0, -1.0, 3.0, 0.1, -2.5, 0.0, 1e-3, 1e9, 1e-30, 1e300];
        return Some(Algebra::constant(graph, bytes.pick(&number)));
    };
    // Masks are put around the reductions.
    if operation == &MASK || (operation == &INTEGER && kind != Kind::Integers) {
        return None;
    }
    // What came last is most likely to be used.
    let last = |bytes: &mut Bytes<'_>| pool.len() - 1 - bytes.below(pool.len()).min(bytes.below(pool.len()));
    let first = last(bytes);
    let mut operands = vec![pool[first]];
    let dim = graph.dim_of(pool[first]);
    while operands.len() < operation.operands {
        let start = last(bytes);
        // The next one that fits, from a random one on.
        let fitting = (0..pool.len()).map(|k| pool[(start + k) % pool.len()]).find(|&node| {
            let other = graph.dim_of(node);
            other == dim || other == 1 || dim == 1
        });
        operands.push(fitting?);
    }
    operands.truncate(operation.operands);
    if operation == &INTEGER {
        operands[0] = pool[bytes.below(variables)];
    }
    if let Rule::Symbolic { .. } = operation.rule {
        *gradients += 1;
        if *gradients > 2 {
            return None;
        }
        operands[1] = pool[bytes.below(variables)];
    }
    let small = |bytes: &mut Bytes<'_>| bytes.pick(&[0, 1, 2, 3, 4, 5, 8, 17, -1, -2, -3, 9, 30, 64, 65, 100]);
    let mut parameters = Vec::new();
    for name in operation.parameters {
        let length = if ops::is_list(name) { 1 + bytes.below(3) } else { 1 };
        parameters.extend(ops::is_list(name).then_some(length as i64));
        parameters.extend((0..length).map(|_| small(bytes)));
    }
    graph.try_apply(operation, &operands, &parameters).ok()
}

/// SplitMix64 (Steele, Lea and Flood 2014), a number for each place.
fn random(place: u64) -> u64 {
    let z = place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number format of arrays.
pub trait Element: Copy + PartialEq + std::fmt::Debug {
    const DTYPE: rkeops_core::Dtype;
    /// Half the distance from 1 to the next number.
    const UNIT: f64;
    const SMALLEST_NORMAL: f64;
    const LARGEST: f64;
    fn of(value: f64) -> Self;
    fn value(self) -> f64;
    fn data(slice: &[Self]) -> Data<'_>;
    fn output<'a>(slice: &'a mut [Self], shape: &[usize]) -> rkeops_core::ArrayMut<'a>;
}

macro_rules! element {
    ($type:ident, $name:ident, $constructor:ident, $unit:expr) => {
        impl Element for $type {
            const DTYPE: rkeops_core::Dtype = rkeops_core::Dtype::$name;
            const UNIT: f64 = $unit;
            const SMALLEST_NORMAL: f64 = $type::MIN_POSITIVE as f64;
            const LARGEST: f64 = $type::MAX as f64;
            fn of(value: f64) -> Self {
                value as $type
            }
            fn value(self) -> f64 {
                f64::from(self)
            }
            fn data(slice: &[Self]) -> Data<'_> {
                Data::$name(slice)
            }
            fn output<'a>(slice: &'a mut [Self], shape: &[usize]) -> rkeops_core::ArrayMut<'a> {
                rkeops_core::ArrayMut::$constructor(slice, shape)
            }
        }
    };
}

element!(f32, F32, f32, 1.0 / 16_777_216.0);
element!(f64, F64, f64, 1.0 / 9_007_199_254_740_992.0);

/// An argument in memory.
pub struct Stored<T> {
    memory: Vec<T>,
    origin: usize,
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl<T: Element> Stored<T> {
    pub fn view(&self) -> ArrayRef<'_> {
        let (shape, strides) = (self.shape.clone(), self.strides.clone());
        ArrayRef { data: T::data(&self.memory), origin: self.origin, shape: shape.into(), strides: strides.into() }
    }
}

impl Case {
    /// Rows of an index: 1 where no variable follows it.
    pub fn rows_of(&self, category: Category) -> usize {
        let followed = self.variables.iter().any(|&(_, other)| other == category);
        if followed && category != Category::Parameter { self.rows[category as usize] } else { 1 }
    }

    /// An element of an argument.
    pub fn element<T: Element>(&self, variable: usize, row: usize, column: usize) -> T {
        let row = if self.layouts[variable] == 5 { 0 } else { row };
        let place = self.seed ^ (variable as u64) << 56 ^ (row as u64) << 16 ^ column as u64;
        let bits = random(place);
        let ordinary = (bits >> 11) as f64 / (1u64 << 52) as f64 * 1.5 - 1.5;
        let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, T::SMALLEST_NORMAL / 64.0, 1.0, -1.0];
        T::of(match self.kind {
            Kind::Ordinary => ordinary,
            Kind::Integers => (bits % 7) as f64 - 3.0,
            Kind::Wild => ordinary.signum() * (ordinary * 20.0).exp2() * ordinary.abs(),
            Kind::Awkward if bits & 3 == 0 => special[(bits >> 8) as usize % special.len()],
            Kind::Awkward => ordinary,
        })
    }

    /// An argument in memory; what no element covers is NaN.
    pub fn store<T: Element>(&self, variable: usize) -> Stored<T> {
        let (dim, category) = self.variables[variable];
        let rows = if category == Category::Parameter { 1 } else { self.rows[category as usize] };
        let (m, d) = (rows as isize, dim as isize);
        let strides = [[d, 1], [1, m], [d + 3, 1], [-d, 1], [-1, -m - 2], [0, 1]][self.layouts[variable]];
        let reach = [strides[0] * (m - 1).max(0), strides[1] * (d - 1)];
        let low: isize = reach.iter().map(|r| r.min(&0)).sum();
        let high: isize = reach.iter().map(|r| r.max(&0)).sum();
        let mut memory = vec![T::of(f64::NAN); (high - low + 1) as usize];
        for row in 0..rows {
            for column in 0..dim {
                let place = row as isize * strides[0] + column as isize * strides[1] - low;
                memory[place as usize] = self.element(variable, row, column);
            }
        }
        let is_parameter = category == Category::Parameter;
        let (shape, strides) =
            if is_parameter { (vec![dim], vec![strides[1]]) } else { (vec![rows, dim], strides.to_vec()) };
        Stored { memory, origin: (-low) as usize, shape, strides }
    }
}
