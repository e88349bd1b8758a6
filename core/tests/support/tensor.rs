//! Contractions of tensors whose components are in row-major order, pair of components after pair of components.

use super::scalar::Scalar;

/// Lists as parameters hold them: each after its length.
pub fn lists(mut parameters: &[i64]) -> Vec<Vec<usize>> {
    let mut lists = Vec::new();
    while let [length, rest @ ..] = parameters {
        let (list, after) = rest.split_at(*length as usize);
        lists.push(list.iter().map(|&n| n as usize).collect());
        parameters = after;
    }
    lists
}

/// The parameters that hold these lists.
pub fn from_lists(lists: &[&[usize]]) -> Vec<i64> {
    let with_length = |list: &&[usize]| [list.len()].into_iter().chain(list.to_vec()).map(|n| n as i64).collect();
    lists.iter().flat_map::<Vec<i64>, _>(with_length).collect()
}

/// The indices of a component.
fn indices(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut indices = vec![0; shape.len()];
    for (index, size) in indices.iter_mut().zip(shape).rev() {
        (*index, place) = (place % size, place / size);
    }
    indices
}

/// The place of a component.
fn place(indices: &[usize], shape: &[usize]) -> usize {
    indices.iter().zip(shape).fold(0, |place, (index, size)| place * size + index)
}

/// What no list of axes names.
fn kept(numbers: &[usize], contracted: &[usize]) -> Vec<usize> {
    numbers.iter().enumerate().filter(|(axis, _)| !contracted.contains(axis)).map(|(_, &n)| n).collect()
}

/// What remains of both tensors, each axis at its place.
fn placed(left: Vec<usize>, right: Vec<usize>, places: &[usize]) -> Vec<usize> {
    let all = [left, right].concat();
    let mut placed = all.clone();
    for (&place, &number) in places.iter().zip(&all) {
        placed[place] = number;
    }
    placed
}

/// The shape of a contraction.
pub fn shape_of_dot(parameters: &[i64]) -> Vec<usize> {
    let lists = lists(parameters);
    placed(kept(&lists[0], &lists[2]), kept(&lists[1], &lists[3]), &lists[4])
}

/// Axes `lists[2]` of the first tensor run together with axes `lists[3]` of the second.
pub fn dot<S: Scalar>(a: &[S], b: &[S], parameters: &[i64]) -> Vec<S> {
    let (lists, shape) = (lists(parameters), shape_of_dot(parameters));
    let mut sums: Vec<Option<S>> = vec![None; shape.iter().product()];
    for (i, a) in a.iter().enumerate() {
        for (k, b) in b.iter().enumerate() {
            let (i, k) = (indices(i, &lists[0]), indices(k, &lists[1]));
            if lists[2].iter().zip(&lists[3]).any(|(&f, &g)| i[f] != k[g]) {
                continue;
            }
            let at = placed(kept(&i, &lists[2]), kept(&k, &lists[3]), &lists[4]);
            let (sum, product) = (&mut sums[place(&at, &shape)], a.multiply(b));
            *sum = Some(sum.as_ref().map_or(product.clone(), |sum| sum.add(&product)));
        }
    }
    sums.into_iter().map(|sum| sum.expect("an axis has a size above 0")).collect()
}

/// Along each axis every index of the first tensor with all of the second.
pub fn kronecker<S: Scalar>(a: &[S], b: &[S], parameters: &[i64]) -> Vec<S> {
    let lists = lists(parameters);
    let shape: Vec<usize> = lists[0].iter().zip(&lists[1]).map(|(f, g)| f * g).collect();
    let at = |k: usize| -> S {
        let at = indices(k, &shape);
        let of = |within: fn(usize, usize) -> usize| -> Vec<usize> {
            at.iter().zip(&lists[1]).map(|(&index, &size)| within(index, size)).collect()
        };
        a[place(&of(|index, size| index / size), &lists[0])]
            .multiply(&b[place(&of(|index, size| index % size), &lists[1])])
    };
    (0..a.len() * b.len()).map(at).collect()
}
