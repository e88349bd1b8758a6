//! Portions of a run: some of its problems with some of their rows, shared out and cut into smaller ones. It knows no array.

use std::ops::Range;

/// Rows of a piece at least, if there are as many.
pub(super) const FEWEST_ROWS: usize = 64;

/// Some problems, some of their kept rows and some of their reduced rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Portion {
    /// Along each axis of the batch.
    pub batch: Vec<Range<usize>>,
    pub kept: Range<usize>,
    pub reduced: Range<usize>,
}

/// How large the pieces of a portion are at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub batch: Vec<usize>,
    pub kept: usize,
    pub reduced: usize,
}

impl Portion {
    /// How many problems it has along each axis of the batch.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.batch.iter().map(Range::len).collect()
    }

    /// Its pairs of rows.
    pub(super) fn pairs(&self) -> u64 {
        let counts = self.shape().into_iter().chain([self.kept.len(), self.reduced.len()]);
        counts.fold(1, |all, count| all.saturating_mul(count as u64))
    }

    /// The portion as its only piece.
    pub(super) fn whole(&self) -> Cut {
        Cut { batch: self.shape(), kept: self.kept.len(), reduced: self.reduced.len() }
    }

    /// Its first piece.
    pub(super) fn first(&self, cut: &Cut) -> Portion {
        let begin = |rows: &Range<usize>, most: usize| rows.start..rows.end.min(rows.start + most);
        let batch = self.batch.iter().zip(&cut.batch).map(|(range, &most)| begin(range, most)).collect();
        Portion { batch, kept: begin(&self.kept, cut.kept), reduced: begin(&self.reduced, cut.reduced) }
    }

    /// The problems of its last pieces, which may be fewer.
    pub(super) fn last_batch(&self, cut: &Cut) -> Vec<Range<usize>> {
        let last =
            |(range, &most): (&Range<usize>, &usize)| slices(range, most).last().unwrap_or_else(|| range.clone());
        self.batch.iter().zip(&cut.batch).map(last).collect()
    }

    /// So many portions at most that have all of it: problems where there are as many along one axis, and else kept rows.
    pub(super) fn shares(&self, count: usize) -> Vec<Portion> {
        let axis = (0..self.batch.len()).rev().max_by_key(|&axis| self.batch[axis].len());
        let share = |all: &Range<usize>| slices(all, all.len().div_ceil(count));
        match axis.filter(|&axis| count > 1 && self.batch[axis].len() >= count) {
            Some(axis) => {
                let one = |range| {
                    let mut batch = self.batch.clone();
                    batch[axis] = range;
                    Portion { batch, ..self.clone() }
                };
                share(&self.batch[axis]).map(one).collect()
            }
            None => share(&self.kept).map(|kept| Portion { kept, ..self.clone() }).collect(),
        }
    }

    /// Its pieces: those of the reduced rows of some kept rows follow one another, and those of some problems.
    pub(super) fn pieces<'a>(&'a self, cut: &'a Cut) -> impl Iterator<Item = Portion> + 'a {
        let boxes = self.batch.iter().zip(&cut.batch).fold(vec![Vec::new()], |boxes: Vec<Vec<_>>, (range, &most)| {
            let longer =
                |batch: &Vec<_>| slices(range, most).map(|next| [batch.as_slice(), &[next]].concat()).collect();
            boxes.iter().flat_map(|batch| -> Vec<_> { longer(batch) }).collect()
        });
        let kept = move |batch: Vec<Range<usize>>| slices(&self.kept, cut.kept).map(move |kept| (batch.clone(), kept));
        boxes.into_iter().flat_map(kept).flat_map(move |(batch, kept)| {
            slices(&self.reduced, cut.reduced).map(move |reduced| Portion {
                batch: batch.clone(),
                kept: kept.clone(),
                reduced,
            })
        })
    }
}

/// Slices of a range with so many at most; one where it is empty.
fn slices(range: &Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> + use<> {
    let Range { start, end } = *range;
    let most = most.max(1);
    let count = (end - start).div_ceil(most).max(1);
    (0..count).map(move |k| start + k * most..end.min(start + (k + 1) * most))
}

/// About half of so many rows, if that is fewer.
pub(super) fn halved(rows: usize) -> usize {
    rows.div_ceil(2).next_multiple_of(FEWEST_ROWS).min(rows)
}

impl Cut {
    /// The smallest pieces of a portion.
    pub(super) fn smallest(portion: &Portion) -> Cut {
        let Cut { batch, kept, reduced } = portion.whole();
        Cut { batch: vec![1; batch.len()], kept: kept.min(FEWEST_ROWS), reduced: reduced.min(FEWEST_ROWS) }
    }

    /// The largest pieces of a portion, about, that something allows; none where it allows not even the smallest.
    ///
    /// Fewer problems at a time cost nothing. Then kept rows are as many as possible, since reduced rows are copied again for other
    /// kept rows, but they leave room for some reduced rows.
    pub(super) fn fitting<E>(
        portion: &Portion,
        fits: impl Fn(&Cut, [usize; 2]) -> Result<bool, E>,
    ) -> Result<Option<Cut>, E> {
        let (whole, half) = ([1, 1], [1, 2]);
        let mut cut = portion.whole();
        if fits(&cut, whole)? {
            return Ok(Some(cut));
        }
        for axis in 0..cut.batch.len() {
            while cut.batch[axis] > 1 {
                cut.batch[axis] = cut.batch[axis].div_ceil(2);
                if fits(&cut, whole)? {
                    return Ok(Some(cut));
                }
            }
        }
        let Cut { kept, reduced, .. } = cut;
        cut.kept = kept.min(FEWEST_ROWS);
        while cut.reduced > FEWEST_ROWS && !fits(&cut, half)? {
            cut.reduced = halved(cut.reduced);
        }
        cut.kept = kept;
        while !fits(&cut, whole)? {
            match [cut.kept, cut.reduced].map(|rows| rows > FEWEST_ROWS) {
                [true, _] => cut.kept = halved(cut.kept),
                [false, true] => cut.reduced = halved(cut.reduced),
                [false, false] => return Ok(None),
            }
        }
        while cut.reduced < reduced {
            let larger = Cut { reduced: reduced.min(2 * cut.reduced), ..cut.clone() };
            if !fits(&larger, whole)? {
                break;
            }
            cut = larger;
        }
        Ok(Some(cut))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portion(batch: &[usize], kept: usize, reduced: usize) -> Portion {
        Portion { batch: batch.iter().map(|&n| 0..n).collect(), kept: 0..kept, reduced: 0..reduced }
    }

    /// Every pair of every problem is in one piece, and pieces come in order.
    #[test]
    fn pieces_cover_a_portion() {
        let all = portion(&[3, 2], 5, 7);
        let cut = Cut { batch: vec![2, 1], kept: 2, reduced: 3 };
        let pieces: Vec<Portion> = all.pieces(&cut).collect();
        assert_eq!(pieces.len(), 4 * 3 * 3);
        assert_eq!(pieces.iter().map(Portion::pairs).sum::<u64>(), all.pairs());
        assert_eq!(pieces[0], all.first(&cut));
        assert_eq!(pieces[35].batch, all.last_batch(&cut));
        assert_eq!(pieces[1], Portion { reduced: 3..6, ..pieces[0].clone() });
        assert_eq!(pieces[3], Portion { kept: 2..4, ..pieces[0].clone() });
        assert_eq!(pieces[9].batch, [0..2, 1..2]);
        let none: Vec<Portion> = portion(&[], 5, 0).pieces(&portion(&[], 5, 0).whole()).collect();
        assert_eq!(none, [portion(&[], 5, 0)]);
    }

    #[test]
    fn shares_are_problems_or_rows() {
        let shares = portion(&[2, 9], 50, 7).shares(4);
        assert_eq!(shares.iter().map(|share| share.batch[1].clone()).collect::<Vec<_>>(), [0..3, 3..6, 6..9]);
        let shares = portion(&[2, 3], 50, 7).shares(4);
        assert_eq!(shares.iter().map(|share| share.kept.clone()).collect::<Vec<_>>(), [0..13, 13..26, 26..39, 39..50]);
        assert_eq!(portion(&[2], 3, 7).shares(1), [portion(&[2], 3, 7)]);
        assert_eq!(portion(&[], 2, 7).shares(8).len(), 2);
    }

    /// Bytes are those of kept rows and of reduced rows.
    #[test]
    fn cuts_keep_to_what_is_allowed() {
        let cut = |all: &Portion, most: usize| {
            let bytes = |cut: &Cut| cut.batch.iter().product::<usize>() * (cut.kept + cut.reduced);
            let found: Result<_, ()> = Cut::fitting(all, |cut, [over, under]| Ok(bytes(cut) * under <= most * over));
            found.unwrap().inspect(|cut| assert!(bytes(cut) <= most, "{cut:?}"))
        };
        let all = portion(&[4], 1000, 3000);
        assert_eq!(cut(&all, 16_000), Some(all.whole()));
        assert_eq!(cut(&all, 9000).unwrap().batch, [2]);
        assert_eq!(cut(&all, 4000), Some(Cut { batch: vec![1], ..all.whole() }));
        let streamed = cut(&all, 2000).unwrap();
        assert!(streamed.kept == 1000 && streamed.reduced >= 500, "{streamed:?}");
        let both = cut(&all, 300).unwrap();
        assert!(both.kept >= 64 && both.reduced >= 64 && both.kept + both.reduced > 150, "{both:?}");
        assert_eq!(cut(&all, 127), None);
        assert_eq!(cut(&portion(&[], 10, 100_000), 2000).unwrap().kept, 10);
    }
}
