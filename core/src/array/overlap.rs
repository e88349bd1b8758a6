//! Do elements of strided arrays lie in one place? It knows addresses and strides only.

/// Where the elements of an array lie. The layout is one that [`super::extent`] accepts, and its bytes fit into memory.
#[derive(Clone, Copy, Debug)]
pub struct Region<'a> {
    /// The address of the element whose indices are all 0.
    pub origin: usize,
    /// Bytes of an element.
    pub element: usize,
    /// Extent of each axis.
    pub shape: &'a [usize],
    /// Step of each axis, in elements.
    pub strides: &'a [isize],
}

/// The numbers `k * step` for each `k` from 0 to `last`; both are at least 1.
#[derive(Clone, Copy, Debug)]
struct Axis {
    last: i128,
    step: i128,
}

/// Beyond this many combinations of indices arrays are taken to share memory without having been looked through: only
/// those are tried that no closed form covers, a few for each pair of columns.
const MOST_TRIALS: i128 = 1 << 20;

impl Region<'_> {
    fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The axes along which places differ, all upwards.
    fn axes(&self) -> Vec<Axis> {
        let axes = self.shape.iter().zip(self.strides).filter(|(extent, stride)| **extent > 1 && **stride != 0);
        let size = self.element as i128;
        axes.map(|(&n, &stride)| Axis { last: n as i128 - 1, step: (stride as i128).abs() * size }).collect()
    }

    /// The first byte of the lowest element, and the one behind the highest.
    fn span(&self) -> (i128, i128) {
        let (low, high) = super::extent(self.shape, self.strides).unwrap_or((isize::MIN, isize::MAX));
        let address = |position: i128| self.origin as i128 + position * self.element as i128;
        (address(low as i128), address(high as i128 + 1))
    }

    /// Whether two elements of the array lie in one place.
    pub fn overlaps_itself(&self) -> bool {
        if self.is_empty() {
            return false;
        }
        if self.shape.iter().zip(self.strides).any(|(extent, stride)| *extent > 1 && *stride == 0) {
            return true;
        }
        let axes = || self.shape.iter().copied().zip(self.strides.iter().map(|stride| stride.unsigned_abs()));
        if are_nested(axes()) || are_nested(axes().rev()) {
            return false;
        }
        let axes = self.axes();
        // Two elements differ along a first axis, say upwards: by a step and perhaps more of it. Along each later axis
        // they differ by -last to last steps, which is 0 to twice as many from the lowest.
        (0..axes.len()).any(|k| {
            let rest = &axes[k + 1..];
            let home: i128 = rest.iter().map(|axis| axis.last * axis.step).sum();
            let more = Axis { last: axes[k].last - 1, ..axes[k] };
            let both_ways = rest.iter().map(|axis| Axis { last: 2 * axis.last, ..*axis });
            let target = home - axes[k].step;
            reach(std::iter::once(more).chain(both_ways).collect(), target, target)
        })
    }

    /// Whether an array has elements between the lowest and the highest of another, be they shared or not.
    pub fn spans_meet(&self, other: &Region<'_>) -> bool {
        if self.is_empty() || other.is_empty() {
            return false;
        }
        let ((low, high), (other_low, other_high)) = (self.span(), other.span());
        low < other_high && other_low < high
    }

    /// Whether an element of one array shares a byte with one of another.
    pub fn shares_memory_with(&self, other: &Region<'_>) -> bool {
        if !self.spans_meet(other) {
            return false;
        }
        // The places of the other are counted downwards from its highest, so that all steps add up: an element of this
        // array starts less than an element before or behind one of the other.
        let highest = other.span().1 - other.element as i128;
        let apart = highest - self.span().0;
        let axes = [self.axes(), other.axes()].concat();
        reach(axes, apart - (self.element as i128 - 1), apart + (other.element as i128 - 1))
    }
}

/// Whether each axis, given by extent and step, steps over all that those before it reach: so the axes of most arrays are, and no
/// two elements lie in one place then.
fn are_nested(axes: impl Iterator<Item = (usize, usize)>) -> bool {
    let mut reach = 0;
    axes.filter(|&(extent, _)| extent > 1).all(|(extent, step)| {
        let is_over = step > reach;
        reach += (extent - 1) * step;
        is_over
    })
}

/// Whether a sum of one number of each axis is in `low..=high`.
fn reach(axes: Vec<Axis>, low: i128, high: i128) -> bool {
    let mut axes = merge(axes);
    // The two longest axes have a closed form; the indices of the others are tried.
    axes.sort_unstable_by_key(|axis| std::cmp::Reverse(axis.last));
    let trials = axes.iter().skip(2).try_fold(1i128, |trials, axis| trials.checked_mul(axis.last + 1));
    if trials.is_none_or(|trials| trials > MOST_TRIALS) {
        return true;
    }
    search(&axes, low, high)
}

/// The same sums from fewer axes: where the numbers of one fill the gaps of another, both are one.
fn merge(mut axes: Vec<Axis>) -> Vec<Axis> {
    axes.retain(|axis| axis.last > 0);
    axes.sort_unstable_by_key(|axis| axis.step);
    let mut merged: Vec<Axis> = Vec::with_capacity(axes.len());
    for axis in axes {
        match merged.last_mut() {
            Some(finer) if axis.step % finer.step == 0 && axis.step / finer.step <= finer.last + 1 => {
                finer.last += axis.last * (axis.step / finer.step);
            }
            _ => merged.push(axis),
        }
    }
    merged
}

fn search(axes: &[Axis], low: i128, high: i128) -> bool {
    match axes {
        [] => low <= 0 && 0 <= high,
        &[axis] => {
            let first = divide_up(low.max(0), axis.step);
            first <= axis.last && first * axis.step <= high
        }
        &[a, b] => {
            let farthest = a.last * a.step + b.last * b.step;
            (low.max(0)..=high.min(farthest)).any(|target| meets(a, b, target))
        }
        [rest @ .., axis] => {
            let farthest: i128 = rest.iter().map(|axis| axis.last * axis.step).sum();
            let first = divide_up(low - farthest, axis.step).max(0);
            let last = high.div_euclid(axis.step).min(axis.last);
            (first..=last).any(|k| search(rest, low - k * axis.step, high - k * axis.step))
        }
    }
}

/// Whether a number of one axis and a number of another add up to the target.
fn meets(a: Axis, b: Axis, target: i128) -> bool {
    let divisor = greatest_common_divisor(a.step, b.step);
    if target % divisor != 0 {
        return false;
    }
    let (p, q, target) = (a.step / divisor, b.step / divisor, target / divisor);
    // p * x + q * y = target: x is known modulo q, and y between 0 and its last leaves a range for x.
    let x = target % q * inverse(p, q) % q;
    let first = divide_up(target - q * b.last, p).max(0);
    let last = target.div_euclid(p).min(a.last);
    first + (x - first).rem_euclid(q) <= last
}

fn divide_up(a: i128, b: i128) -> i128 {
    -(-a).div_euclid(b)
}

fn greatest_common_divisor(mut a: i128, mut b: i128) -> i128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The number in `0..q` whose product with `p` is 1 modulo `q`; both have no divisor in common (Euclid's algorithm).
fn inverse(p: i128, q: i128) -> i128 {
    let (mut a, mut b) = (p, q);
    let (mut of_a, mut of_b) = (1, 0);
    while b > 0 {
        (of_a, of_b) = (of_b, of_a - a / b * of_b);
        (a, b) = (b, a % b);
    }
    of_a.rem_euclid(q)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region<'a>(origin: usize, element: usize, shape: &'a [usize], strides: &'a [isize]) -> Region<'a> {
        Region { origin, element, shape, strides }
    }

    /// The first byte of each element.
    fn places(region: &Region<'_>) -> Vec<isize> {
        let mut places = vec![region.origin as isize];
        for (&n, &s) in region.shape.iter().zip(region.strides) {
            let step = s * region.element as isize;
            places =
                (0..n as isize).flat_map(|k| places.iter().map(move |p| p + k * step).collect::<Vec<_>>()).collect();
        }
        places
    }

    fn overlaps_itself(region: &Region<'_>) -> bool {
        let mut places = places(region);
        places.sort_unstable();
        places.windows(2).any(|pair| pair[0] == pair[1])
    }

    fn shares(a: &Region<'_>, b: &Region<'_>) -> bool {
        let others = places(b);
        let meets = |&p: &isize| others.iter().any(|&q| p < q + b.element as isize && q < p + a.element as isize);
        places(a).iter().any(meets)
    }

    #[test]
    fn every_small_layout_is_judged_as_by_looking_at_all_elements() {
        let steps = [0isize, 1, -2, 3, 4, -7];
        let pairs: Vec<[isize; 2]> = steps.iter().flat_map(|&s| steps.iter().map(move |&t| [s, t])).collect();
        let (mut apart, mut shared) = (0, 0);
        for (first, second) in pairs.iter().flat_map(|a| pairs.iter().map(move |b| (a, b))) {
            for (origin, element) in [(1000, 4), (1004, 4), (1012, 4), (1024, 4), (1016, 8), (1000, 8)] {
                let (a, b) = (region(1000, 4, &[3, 2], first), region(origin, element, &[2, 4], second));
                assert_eq!(a.shares_memory_with(&b), shares(&a, &b), "{a:?} {b:?}");
                assert_eq!(b.shares_memory_with(&a), shares(&a, &b), "{a:?} {b:?}");
                if shares(&a, &b) { shared += 1 } else { apart += usize::from(a.spans_meet(&b)) }
            }
        }
        assert!(apart > 500 && shared > 500, "{apart} {shared}");
    }

    #[test]
    fn every_small_layout_is_asked_for_equal_places() {
        let steps = [0isize, 1, 2, -3, 4, 5, -6, 9];
        let mut counts = [0; 2];
        for shape in [[3, 2, 1], [2, 3, 4], [1, 5, 2], [4, 4, 2], [2, 0, 2]] {
            for s in steps {
                for strides in steps.iter().flat_map(|&t| steps.iter().map(move |&u| [s, t, u])) {
                    let all = region(5000, 8, &shape, &strides);
                    assert_eq!(all.overlaps_itself(), overlaps_itself(&all), "{all:?}");
                    counts[usize::from(all.overlaps_itself())] += 1;
                }
            }
        }
        assert!(counts[0] > 500 && counts[1] > 500, "{counts:?}");
    }

    #[test]
    fn large_arrays() {
        let million = 1_000_000;
        let columns = |first: usize, count: usize| (4096 + 4 * first, [million, count]);
        let (strides, transposed) = ([8, 1], [1, million as isize]);
        let ((a, shape), (b, others)) = (columns(0, 3), columns(3, 5));
        assert!(!region(a, 4, &shape, &strides).shares_memory_with(&region(b, 4, &others, &strides)));
        let (b, others) = columns(3, 6);
        assert!(region(a, 4, &shape, &strides).shares_memory_with(&region(b, 4, &others, &strides)));
        assert!(region(a, 4, &shape, &strides).shares_memory_with(&region(a, 4, &shape, &transposed)));
        // Rows of 9 and of 10 numbers: the columns of one meet those of the other somewhere.
        assert!(region(a, 4, &shape, &[9, 1]).shares_memory_with(&region(a + 16, 4, &shape, &[10, 1])));
        // Even and odd places only.
        assert!(!region(a, 4, &shape, &[10, 2]).shares_memory_with(&region(a + 4, 4, &shape, &[16, 4])));
        assert!(!region(a, 4, &shape, &[10, 2]).overlaps_itself());
        assert!(region(a, 4, &shape, &[1, 999_999]).overlaps_itself());
        assert!(!region(a, 4, &shape, &[1, 1_000_000]).overlaps_itself());
        assert!(region(a, 4, &shape, &[2, 999_999]).overlaps_itself(), "twice an odd step is the last even one");
        assert!(!region(a, 4, &shape, &[2, 1_000_001]).overlaps_itself());
    }

    /// What is too much to be looked through counts as shared, even where steps and distance show that it is not.
    #[test]
    fn absurd_arrays_are_taken_to_share() {
        let (shape, odd, even) = ([1000; 6], [18, 22, 26, 34, 38, 46], [20, 28, 44, 52, 68, 76]);
        assert!(region(4096, 8, &shape, &odd).shares_memory_with(&region(4104, 8, &shape, &even)));
    }
}
