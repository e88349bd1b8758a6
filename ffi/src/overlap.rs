//! Do two strided arrays share an element? It knows addresses and strides only.

use rkeops_core::{Error, ErrorKind};

use crate::array::Place;

/// The memory of an array.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region<'a> {
    pub(crate) place: Place,
    /// Address of the lowest element.
    pub(crate) start: usize,
    /// Bytes from there to the end of the highest element; 0 if there is no element.
    pub(crate) bytes: usize,
    /// Bytes of an element.
    pub(crate) element: usize,
    pub(crate) shape: &'a [usize],
    /// In elements.
    pub(crate) strides: &'a [isize],
}

impl Region<'_> {
    /// Axes with more than one index, as (bytes from one index to the next, extent), the longest step first.
    fn axes(&self) -> Vec<(usize, usize)> {
        let axes = self.shape.iter().zip(self.strides).filter(|(extent, _)| **extent > 1);
        let mut axes: Vec<_> = axes.map(|(&extent, &stride)| (stride.unsigned_abs() * self.element, extent)).collect();
        axes.sort_unstable_by_key(|axis| std::cmp::Reverse(*axis));
        axes
    }
}

/// An output must have each of its elements at a place of its own.
pub(crate) fn check_output(output: Region) -> Result<(), Error> {
    let mut within = output.element;
    if output.bytes == 0 {
        return Ok(());
    }
    for (step, extent) in output.axes().into_iter().rev() {
        if step < within {
            let message = format!(
                "its strides {:?} put several elements of its shape {:?} at one place, which an output must not do",
                output.strides, output.shape
            );
            return Err(Error::new(ErrorKind::Stride, message).within(output.place.to_string()));
        }
        within += step * (extent - 1);
    }
    Ok(())
}

/// An output must share no element with another array. Whether the two are woven into each other: apart, but with
/// elements of one between elements of the other.
pub(crate) fn check_pair(output: Region, other: Region) -> Result<bool, Error> {
    if separate(output, other) {
        return Ok(false);
    }
    if woven(output, other) {
        return Ok(true);
    }
    let message = format!("it shares memory with {}; an output needs memory of its own", other.place);
    Err(Error::new(ErrorKind::Overlap, message).within(output.place.to_string()))
}

/// Whether all of one array lies before all of the other.
fn separate(a: Region, b: Region) -> bool {
    a.bytes == 0 || b.bytes == 0 || a.start + a.bytes <= b.start || b.start + b.bytes <= a.start
}

/// Whether two arrays surely share no byte although they are not separate, because both are blocks of columns of one
/// larger array: they have the same longest step and different places within it. `false` may also mean that it is too
/// hard to tell.
fn woven(a: Region, b: Region) -> bool {
    let (axes_a, axes_b) = (a.axes(), b.axes());
    let (Some(&(step, rows_a)), Some(&(step_b, rows_b))) = (axes_a.first(), axes_b.first()) else { return false };
    // A row is what lies between two indices of the axis with the longest step.
    let (row_a, row_b) = (a.bytes - step * (rows_a - 1), b.bytes - step_b * (rows_b - 1));
    if step != step_b || row_a > step || row_b > step {
        return false;
    }
    // Where the row of b starts after that of a, within one step.
    let apart = (b.start % step + step - a.start % step) % step;
    apart >= row_a && apart + row_b <= step
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region<'a>(start: usize, shape: &'a [usize], strides: &'a [isize]) -> Region<'a> {
        let reach: usize = shape.iter().zip(strides).map(|(&n, &s)| (n - 1) * s.unsigned_abs()).sum();
        Region { place: Place::Output(0), start, bytes: (reach + 1) * 4, element: 4, shape, strides }
    }

    fn disjoint(a: Region, b: Region) -> bool {
        check_pair(a, b).is_ok()
    }

    fn elements(r: Region) -> std::collections::HashSet<usize> {
        let mut places = std::collections::HashSet::from([r.start]);
        for (&n, &s) in r.shape.iter().zip(r.strides) {
            let step = s.unsigned_abs() * r.element;
            places = (0..n).flat_map(|k| places.iter().map(move |p| p + k * step).collect::<Vec<_>>()).collect();
        }
        places
    }

    #[test]
    fn columns_of_one_array_are_apart() {
        let a = region(1000, &[5, 3], &[8, 1]);
        assert!(disjoint(a, region(1012, &[5, 3], &[8, 1])));
        assert!(disjoint(a, region(1012, &[4, 5], &[8, 1])));
        assert!(!disjoint(a, region(1012, &[4, 6], &[8, 1])), "wraps into the next row");
        assert!(!disjoint(a, region(1008, &[5, 3], &[8, 1])));
        assert!(disjoint(region(1000, &[3, 5], &[1, 8]), region(1012, &[5], &[8])), "a column, a transposed block");
        assert!(!disjoint(a, a));
        assert!(disjoint(a, region(1000 + 4 * 35, &[9], &[1])), "spans apart");
    }

    #[test]
    fn never_says_apart_when_an_element_is_shared() {
        // All small layouts over a few steps, compared with the sets of their elements.
        let steps = [0isize, 1, -2, 3, 4, -6];
        let mut apart = 0;
        for start in [1000, 1004, 1008, 1012, 1020, 1060] {
            for (s0, s1) in steps.iter().flat_map(|&s| steps.iter().map(move |&t| (s, t))) {
                for (t0, t1) in steps.iter().flat_map(|&s| steps.iter().map(move |&t| (s, t))) {
                    let (sa, sb) = ([s0, s1], [t0, t1]);
                    let (a, b) = (region(1000, &[3, 2], &sa), region(start, &[2, 3], &sb));
                    let shared = !elements(a).is_disjoint(&elements(b));
                    let said = disjoint(a, b);
                    assert!(!(said && shared), "{a:?} {b:?}");
                    assert_eq!(said, disjoint(b, a));
                    apart += usize::from(said);
                    assert!(check_output(a).is_err() || elements(a).len() == 6, "{a:?}");
                }
            }
        }
        assert!(apart > 100);
    }

    #[test]
    fn outputs_with_elements_at_one_place() {
        assert!(check_output(region(0, &[5, 3], &[3, 1])).is_ok());
        assert!(check_output(region(0, &[5, 3], &[-1, 5])).is_ok());
        assert!(check_output(region(0, &[5, 3], &[0, 1])).is_err());
        assert!(check_output(region(0, &[1, 3], &[0, 1])).is_ok(), "one index never meets itself");
        assert!(check_output(region(0, &[5, 3], &[2, 1])).is_err());
        assert!(check_output(region(0, &[], &[])).is_ok());
    }
}
