//! Tensors of one row contracted over chosen axes. Components are in row-major order, the last axis fastest.

use super::{Algebra, Contraction, Node, Operation, Rule, Span, Use, expanded_before};

pub(super) const FAMILY: &[&Operation] = &[&TENSOR_DOT, &KRONECKER];

/// The contraction of two tensors.
pub static TENSOR_DOT: Operation = Operation {
    name: "TensorDot",
    operands: 2,
    parameters: &["[shape f]", "[shape g]", "[axes of f]", "[axes of g]", "[places]"],
    summary: "tensors f and g summed over pairs of axes; what remains of f, then of g, goes to the given places",
    commutative: false,
    rule: Rule::Contraction {
        dim: |d, p| {
            let tensors = Tensors::new(p)?;
            for (k, name) in ["f", "g"].into_iter().enumerate() {
                let size = size(&tensors.shapes[k]);
                if size != Some(d[k]) {
                    return Err(format!("{name} has dimension {}; its shape {:?} does not", d[k], tensors.shapes[k]));
                }
            }
            size(&tensors.result_shape()).ok_or_else(|| "the dimension overflows".into())
        },
        spans: |_, p| Tensors::accepted(p).spans(),
    },
    derivative,
};

/// The Kronecker product.
pub static KRONECKER: Operation = Operation {
    name: "Kron",
    operands: 2,
    parameters: &["[shape f]", "[shape g]"],
    summary: "Kronecker product of tensors f and g with equally many axes",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, p| {
            let lists = lists(p);
            let axes = lists[0].len();
            if lists[1].len() != axes {
                return Err(format!("the shapes have {axes} and {} axes; expected equally many", lists[1].len()));
            }
            let places = (0..axes).map(|k| 2 * k as i64).chain((0..axes).map(|k| 2 * k as i64 + 1)).collect();
            let parameters = flat(&[lists[0].to_vec(), lists[1].to_vec(), Vec::new(), Vec::new(), places]);
            TENSOR_DOT.dim(&[f.dim(a[0]), f.dim(a[1])], &parameters)?;
            Ok(f.apply(&TENSOR_DOT, a, &parameters))
        },
    },
    derivative: expanded_before,
};

/// Lists as parameters hold them: each after its length.
fn lists(mut parameters: &[i64]) -> Vec<&[i64]> {
    let mut lists = Vec::new();
    while let Some((&length, rest)) = parameters.split_first() {
        let (list, after) = rest.split_at(length as usize);
        lists.push(list);
        parameters = after;
    }
    lists
}

fn flat(lists: &[Vec<i64>]) -> Vec<i64> {
    lists.iter().flat_map(|list| std::iter::once(list.len() as i64).chain(list.iter().copied())).collect()
}

/// How many components a shape has, if they can be counted.
fn size(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |size, &n| size.checked_mul(n)).filter(|&size| size as i64 <= super::LARGEST_DIM)
}

/// Which axes of two tensors are contracted with each other, and where those that remain go.
struct Tensors {
    shapes: [Vec<usize>; 2],
    contracted: [Vec<usize>; 2],
    /// Those that remain, in order.
    kept: [Vec<usize>; 2],
    /// The place in the result of each axis that remains, of the first tensor and then of the second.
    places: Vec<usize>,
}

impl Tensors {
    fn new(parameters: &[i64]) -> Result<Self, String> {
        let lists = lists(parameters);
        let numbers = |list: &[i64], limit: usize, what: &str| -> Result<Vec<usize>, String> {
            let fits = |&n: &i64| usize::try_from(n).ok().filter(|&n| n < limit);
            let found: Option<Vec<usize>> = list.iter().map(fits).collect();
            found.ok_or_else(|| format!("{what} are {list:?}; expected 0 to {}", limit as i64 - 1))
        };
        let shape = |list: &[i64]| -> Result<Vec<usize>, String> {
            let shape = numbers(list, super::LARGEST_DIM as usize + 1, "sizes of axes")?;
            if shape.contains(&0) { Err(format!("sizes of axes are {list:?}; expected 1 or more")) } else { Ok(shape) }
        };
        let shapes = [shape(lists[0])?, shape(lists[1])?];
        let contracted =
            [numbers(lists[2], shapes[0].len(), "axes of f")?, numbers(lists[3], shapes[1].len(), "axes of g")?];
        if contracted[0].len() != contracted[1].len() {
            return Err(format!("{:?} axes of f cannot be paired with {:?} of g", contracted[0], contracted[1]));
        }
        for (&i, &k) in contracted[0].iter().zip(&contracted[1]) {
            if shapes[0][i] != shapes[1][k] {
                return Err(format!("axis {i} of f has size {}, axis {k} of g {}", shapes[0][i], shapes[1][k]));
            }
        }
        if contracted.iter().any(|axes| (1..axes.len()).any(|k| axes[..k].contains(&axes[k]))) {
            return Err("an axis is contracted twice".into());
        }
        let kept =
            [0, 1].map(|t| (0..shapes[t].len()).filter(|axis| !contracted[t].contains(axis)).collect::<Vec<_>>());
        let count = kept[0].len() + kept[1].len();
        let places = match lists[4].is_empty() {
            true => (0..count).collect(),
            false => numbers(lists[4], count, "places")?,
        };
        let mut sorted = places.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..count) {
            return Err(format!("places are {places:?}; expected each of 0 to {} once", count as i64 - 1));
        }
        Ok(Tensors { shapes, contracted, kept, places })
    }

    /// From parameters that the shape rule has accepted.
    fn accepted(parameters: &[i64]) -> Self {
        Tensors::new(parameters).expect("the shape rule has accepted the parameters")
    }

    /// The tensor and the axis of each axis that remains.
    fn remaining(&self) -> impl Iterator<Item = (usize, usize)> {
        [0, 1].into_iter().flat_map(|t| self.kept[t].iter().map(move |&axis| (t, axis)))
    }

    fn result_shape(&self) -> Vec<usize> {
        let mut shape = vec![1; self.places.len()];
        for ((t, axis), &place) in self.remaining().zip(&self.places) {
            shape[place] = self.shapes[t][axis];
        }
        shape
    }

    /// The axes of the result, which are in their places, and those that are contracted.
    fn spans(&self) -> Contraction {
        let steps = [strides(&self.shapes[0]), strides(&self.shapes[1])];
        let mut kept = vec![Span { size: 1, strides: [0, 0] }; self.places.len()];
        for ((t, axis), &place) in self.remaining().zip(&self.places) {
            kept[place].size = self.shapes[t][axis];
            kept[place].strides[t] = steps[t][axis];
        }
        let pairs = self.contracted[0].iter().zip(&self.contracted[1]);
        let summed = pairs.map(|(&i, &k)| Span { size: self.shapes[0][i], strides: [steps[0][i], steps[1][k]] });
        Contraction { kept, summed: summed.collect() }
    }
}

/// How far apart neighbours along each axis are.
fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for k in (1..shape.len()).rev() {
        strides[k - 1] = strides[k] * shape[k];
    }
    strides
}

/// The cotangent contracted with the other tensor over the axes that came from it; what remains goes to the places
/// where the tensor has it.
fn derivative(f: &mut dyn Algebra, u: Use<'_>, which: usize, e: Node) -> Option<Node> {
    let tensors = Tensors::accepted(u.parameters);
    let other = 1 - which;
    let of = |t: usize| tensors.remaining().zip(&tensors.places).filter(move |((from, _), _)| *from == t);
    // Where the cotangent's own axes are, ascending, with the axis of the tensor that each came from.
    let mut own: Vec<(usize, usize)> = of(which).map(|((_, axis), &place)| (place, axis)).collect();
    own.sort_unstable();
    // The other tensor's contracted axes, ascending, with the axis that each was paired with.
    let pairs = tensors.contracted[other].iter().zip(&tensors.contracted[which]);
    let mut paired: Vec<(usize, usize)> = pairs.map(|(&theirs, &ours)| (theirs, ours)).collect();
    paired.sort_unstable();
    let integers = |numbers: Vec<usize>| numbers.into_iter().map(|n| n as i64).collect::<Vec<i64>>();
    let parameters = flat(&[
        integers(tensors.result_shape()),
        integers(tensors.shapes[other].clone()),
        integers(of(other).map(|(_, &place)| place).collect()),
        integers(tensors.kept[other].clone()),
        integers(own.iter().chain(&paired).map(|&(_, axis)| axis).collect()),
    ]);
    Some(f.apply(&TENSOR_DOT, &[e, u.operands[other]], &parameters))
}
