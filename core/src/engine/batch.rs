//! Batches: the axes before rows and columns, broadcast as in NumPy. Axes are matched from the last one on, an extent of
//! 1 or an axis that is missing stands for any extent.

use crate::error::{Error, ErrorKind, Result};

/// The problems of a run: one for each combination of batch indices, the last index fastest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    shape: Vec<usize>,
}

impl Batch {
    /// Takes in the batch axes of another array.
    pub(super) fn join(&mut self, name: impl std::fmt::Display, shape: &[usize]) -> Result<()> {
        let missing = shape.len().saturating_sub(self.shape.len());
        self.shape.splice(0..0, std::iter::repeat_n(1, missing));
        let seen = self.shape.clone();
        for (known, &extent) in self.shape.iter_mut().rev().zip(shape.iter().rev()) {
            match (*known, extent) {
                (1, _) => *known = extent,
                (known, extent) if extent != 1 && extent != known => {
                    return Err(Error::new(
                        ErrorKind::Shape,
                        format!("{name} has batch axes {shape:?}; expected what can be broadcast with {seen:?}"),
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The extents of the batch axes.
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How many problems there are, if they can be counted.
    pub(super) fn items(&self) -> Option<usize> {
        self.shape.iter().try_fold(1usize, |items, &extent| items.checked_mul(extent))
    }

    /// The same, or why not.
    pub(super) fn counted(&self) -> Result<usize> {
        self.items().ok_or_else(|| {
            let message = format!("the batch axes {:?} are more than can be counted", self.shape);
            Error::new(ErrorKind::Size, message)
        })
    }

    /// Whether these are the batch axes; leading ones of extent 1 may be missing.
    pub(super) fn is(&self, shape: &[usize]) -> bool {
        let missing = self.shape.len().checked_sub(shape.len());
        missing.is_some_and(|missing| self.shape[missing..] == *shape && self.shape[..missing].iter().all(|&n| n == 1))
    }

    /// The step of an array along each batch axis: 0 where it is broadcast.
    pub(super) fn steps(&self, shape: &[usize], strides: &[isize]) -> Vec<isize> {
        let missing = self.shape.len() - shape.len();
        let own = shape.iter().zip(strides).map(|(&extent, &stride)| if extent == 1 { 0 } else { stride });
        std::iter::repeat_n(0, missing).chain(own).collect()
    }

    /// How far the elements of a problem lie from those of the first.
    pub(super) fn offset(&self, item: usize, steps: &[isize]) -> isize {
        let (mut rest, mut offset) = (item, 0);
        for (&extent, &step) in self.shape.iter().zip(steps).rev() {
            offset += (rest % extent) as isize * step;
            rest /= extent;
        }
        offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_matched_from_the_last() {
        let mut batch = Batch::default();
        for shape in [&[3][..], &[], &[2, 1], &[1, 1, 3]] {
            batch.join("it", shape).unwrap();
        }
        assert_eq!(batch.shape(), [1, 2, 3]);
        assert_eq!(batch.items(), Some(6));
        assert!(batch.is(&[2, 3]) && batch.is(&[1, 2, 3]) && !batch.is(&[3]) && !batch.is(&[1, 1, 2, 3]));
        assert!(batch.join("it", &[4]).unwrap_err().message().contains("[1, 2, 3]"));
        batch.join("it", &[0, 1, 1]).unwrap();
        assert_eq!(batch.items(), Some(0));
    }

    #[test]
    fn problems_are_counted_with_the_last_axis_fastest() {
        let batch = Batch { shape: vec![2, 3, 4] };
        let steps = batch.steps(&[3, 1], &[7, 100]);
        assert_eq!(steps, [0, 7, 0]);
        let offsets: Vec<isize> = (0..24).map(|item| batch.offset(item, &steps)).collect();
        let expected: Vec<isize> = (0..24).map(|item| item / 4 % 3 * 7).collect();
        assert_eq!(offsets, expected);
    }
}
