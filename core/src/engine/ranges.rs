//! Which pairs of rows a run reduces: all of them, or those of some blocks of the matrix (block-sparse ranges). It knows
//! rows and intervals, and nothing of arrays.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use crate::error::{Error, ErrorKind, Result};
use crate::reduction::Axis;

/// Blocks of the matrix of pairs, outside of which nothing is reduced: intervals of kept rows, each with the intervals of
/// reduced rows that it meets. Like a formula it is symmetric in `i` and `j`: it says what a reduction over `j` reduces
/// and what one over `i` does, which gradients with respect to j-variables need.
///
/// Kept rows outside of all intervals have the result of nothing. A reduced interval that is named twice counts twice; of
/// two intervals that hold the same kept row the last one decides. In whatever order intervals are named, rows are met in
/// ascending order, and indices in results are those of the whole array.
#[derive(Clone, Debug)]
pub struct Ranges {
    over_j: Pattern,
    over_i: Pattern,
}

/// Kept rows that meet the same reduced rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Strip {
    /// Rows of the result.
    pub kept: Range<usize>,
    /// Which of the pattern's intervals they meet.
    pub intervals: Range<usize>,
}

/// Strips and the intervals of reduced rows that they name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pattern {
    pub strips: Vec<Strip>,
    pub intervals: Vec<Range<usize>>,
}

/// Half of a description of ranges in KeOps' form, for reductions over one index.
#[derive(Clone, Copy, Debug)]
pub struct Half<'a> {
    /// Start and end of each interval of kept rows.
    pub kept: &'a [[i64; 2]],
    /// For each of them, where its intervals end in the list of reduced ones; they start where those before end.
    pub slices: &'a [i64],
    /// Start and end of intervals of reduced rows.
    pub reduced: &'a [[i64; 2]],
}

impl Ranges {
    /// The ranges that KeOps' six lists describe: `(ranges_i, slices_i, redranges_j)` for reductions over `j` and
    /// `(ranges_j, slices_j, redranges_i)` for those over `i`.
    pub fn new(over_j: Half<'_>, over_i: Half<'_>) -> Result<Self> {
        let over_j = Pattern::from_half(over_j, ["ranges_i", "slices_i", "redranges_j"])?;
        let over_i = Pattern::from_half(over_i, ["ranges_j", "slices_j", "redranges_i"])?;
        Ok(Ranges { over_j, over_i })
    }

    /// The blocks of a grid that `keep` marks: entry `c * blocks_j.len() + d` says whether the rows of `blocks_i[c]`
    /// meet those of `blocks_j[d]`.
    pub fn from_blocks(blocks_i: &[[i64; 2]], blocks_j: &[[i64; 2]], keep: &[bool]) -> Result<Self> {
        let expected = blocks_i.len().checked_mul(blocks_j.len());
        if expected != Some(keep.len()) {
            return Err(Error::new(
                ErrorKind::Shape,
                format!(
                    "keep has {} entries; expected {} times {}, one for each pair of blocks",
                    keep.len(),
                    blocks_i.len(),
                    blocks_j.len()
                ),
            ));
        }
        let (i, j) = (intervals("blocks_i", blocks_i)?, intervals("blocks_j", blocks_j)?);
        let at = |c: usize, d: usize| keep[c * j.len() + d];
        Ok(Ranges {
            over_j: Pattern::of(
                i.iter().cloned().enumerate().map(|(c, kept)| {
                    (kept, (0..j.len()).filter(|&d| at(c, d)).map(|d| j[d].clone()).collect::<Vec<_>>())
                }),
            ),
            over_i: Pattern::of(
                j.iter().cloned().enumerate().map(|(d, kept)| {
                    (kept, (0..i.len()).filter(|&c| at(c, d)).map(|c| i[c].clone()).collect::<Vec<_>>())
                }),
            ),
        })
    }

    /// The pairs of rows whose clusters interact: row `i` of cluster `labels_i[i]` meets row `j` of cluster
    /// `labels_j[j]` where `pairs` holds the two labels. Rows need not be sorted by their labels, but the work is done
    /// by runs of equal labels, so they had better be.
    pub fn from_labels(labels_i: &[i64], labels_j: &[i64], pairs: &[[i64; 2]]) -> Self {
        let swapped: Vec<[i64; 2]> = pairs.iter().map(|&[i, j]| [j, i]).collect();
        Ranges {
            over_j: Pattern::from_labels(labels_i, labels_j, pairs),
            over_i: Pattern::from_labels(labels_j, labels_i, &swapped),
        }
    }

    /// A ragged batch: problem `b` has the rows `offsets_i[b]` to `offsets_i[b + 1]` and `offsets_j[b]` to
    /// `offsets_j[b + 1]`.
    pub fn ragged(offsets_i: &[i64], offsets_j: &[i64]) -> Result<Self> {
        if offsets_i.is_empty() || offsets_i.len() != offsets_j.len() {
            return Err(Error::new(
                ErrorKind::Shape,
                format!(
                    "offsets_i has {} entries and offsets_j {}; expected equally many, one more than problems",
                    offsets_i.len(),
                    offsets_j.len()
                ),
            ));
        }
        let blocks = |offsets: &[i64]| offsets.windows(2).map(|w| [w[0], w[1]]).collect::<Vec<_>>();
        let (i, j) = (blocks(offsets_i), blocks(offsets_j));
        let (i, j) = (intervals("offsets_i", &i)?, intervals("offsets_j", &j)?);
        let pattern = |kept: &[Range<usize>], reduced: &[Range<usize>]| {
            Pattern::of(kept.iter().cloned().zip(reduced.iter().map(|interval| vec![interval.clone()])))
        };
        Ok(Ranges { over_j: pattern(&i, &j), over_i: pattern(&j, &i) })
    }

    /// The same blocks with `i` and `j` exchanged.
    pub fn transposed(self) -> Self {
        Ranges { over_j: self.over_i, over_i: self.over_j }
    }

    /// What a run with these numbers of rows reduces, for every row of the result.
    pub(super) fn pattern(&self, axis: Axis, kept: usize, reduced: usize) -> Result<Pattern> {
        let pattern = match axis {
            Axis::J => &self.over_j,
            Axis::I => &self.over_i,
        };
        let [kept_name, reduced_name] = if axis == Axis::J { ["i", "j"] } else { ["j", "i"] };
        inside(pattern.strips.iter().map(|s| &s.kept), kept_name, kept)?;
        inside(pattern.intervals.iter(), reduced_name, reduced)?;
        Ok(pattern.covering(kept))
    }
}

impl Pattern {
    /// Every pair.
    pub(super) fn dense(kept: usize, reduced: usize) -> Self {
        let strips = if kept > 0 { vec![Strip { kept: 0..kept, intervals: 0..1 }] } else { Vec::new() };
        Pattern { strips, intervals: std::iter::once(0..reduced).collect() }
    }

    /// The intervals that a strip meets.
    pub(super) fn intervals(&self, strip: &Strip) -> &[Range<usize>] {
        &self.intervals[strip.intervals.clone()]
    }

    /// How many reduced rows a strip meets.
    pub(super) fn reduced(&self, strip: &Strip) -> usize {
        self.intervals(strip).iter().map(Range::len).sum()
    }

    fn of<I: IntoIterator<Item = Range<usize>>>(strips: impl Iterator<Item = (Range<usize>, I)>) -> Self {
        let mut pattern = Pattern::default();
        for (kept, reduced) in strips {
            let intervals = pattern.append(reduced);
            pattern.strips.push(Strip { kept, intervals });
        }
        pattern
    }

    /// Adds intervals; those that follow one another are one. They are met in ascending order, so that of equal values
    /// the first that is met has the smallest index.
    fn append(&mut self, reduced: impl IntoIterator<Item = Range<usize>>) -> Range<usize> {
        let first = self.intervals.len();
        let mut reduced: Vec<Range<usize>> = reduced.into_iter().filter(|interval| !interval.is_empty()).collect();
        reduced.sort_by_key(|interval| interval.start);
        for interval in reduced {
            match self.intervals[first..].last_mut() {
                Some(last) if last.end == interval.start => last.end = interval.end,
                _ => self.intervals.push(interval),
            }
        }
        first..self.intervals.len()
    }

    fn from_half(half: Half<'_>, names: [&str; 3]) -> Result<Self> {
        let [kept_name, slices_name, reduced_name] = names;
        if half.slices.len() != half.kept.len() {
            return Err(Error::new(
                ErrorKind::Shape,
                format!(
                    "{slices_name} has {} entries; expected {}, one for each row of {kept_name}",
                    half.slices.len(),
                    half.kept.len()
                ),
            ));
        }
        let (kept, reduced) = (intervals(kept_name, half.kept)?, intervals(reduced_name, half.reduced)?);
        let mut start = 0;
        let mut strips = Vec::with_capacity(kept.len());
        for (k, (kept, &slice)) in kept.into_iter().zip(half.slices).enumerate() {
            let end = usize::try_from(slice).ok().filter(|&end| start <= end && end <= reduced.len());
            let Some(end) = end else {
                return Err(Error::new(
                    ErrorKind::Argument,
                    format!("entry {k} of {slices_name} is {slice}; expected {start} to {}", reduced.len()),
                ));
            };
            strips.push((kept, reduced[start..end].to_vec()));
            start = end;
        }
        Ok(Pattern::of(strips.into_iter()))
    }

    fn from_labels(kept: &[i64], reduced: &[i64], pairs: &[[i64; 2]]) -> Self {
        let mut places: HashMap<i64, Vec<Range<usize>>> = HashMap::new();
        for (label, interval) in runs(reduced) {
            places.entry(label).or_default().push(interval);
        }
        let mut partners: HashMap<i64, Vec<i64>> = HashMap::new();
        let mut seen = HashSet::new();
        for &[label, partner] in pairs.iter().filter(|pair| seen.insert(**pair)) {
            partners.entry(label).or_default().push(partner);
        }
        let mut pattern = Pattern::default();
        // The runs of one label share their intervals.
        let mut known: HashMap<i64, Range<usize>> = HashMap::new();
        for (label, kept) in runs(kept) {
            let intervals = known.entry(label).or_insert_with(|| {
                let met = partners.get(&label).into_iter().flatten();
                let mut all: Vec<Range<usize>> = met.filter_map(|l| places.get(l)).flatten().cloned().collect();
                all.sort_unstable_by_key(|interval| interval.start);
                pattern.append(all)
            });
            let intervals = intervals.clone();
            pattern.strips.push(Strip { kept, intervals });
        }
        pattern
    }

    /// The same pattern with each kept row in one strip: the last that names it, or one that meets nothing.
    fn covering(&self, kept: usize) -> Pattern {
        // Free rows by the start of their interval.
        let mut free: BTreeMap<usize, usize> = BTreeMap::from([(0, kept)]);
        let mut strips = Vec::with_capacity(self.strips.len());
        for strip in self.strips.iter().rev() {
            let Range { start, end } = strip.kept;
            let before = free.range(..=start).next_back().map_or(start, |(&first, _)| first);
            let met: Vec<(usize, usize)> = free.range(before..end).map(|(&a, &b)| (a, b)).collect();
            for (first, last) in met.into_iter().filter(|&(first, last)| start.max(first) < end.min(last)) {
                free.remove(&first);
                let taken = start.max(first)..end.min(last);
                if first < taken.start {
                    free.insert(first, taken.start);
                }
                if taken.end < last {
                    free.insert(taken.end, last);
                }
                strips.push(Strip { kept: taken, intervals: strip.intervals.clone() });
            }
        }
        strips.extend(free.into_iter().filter(|(a, b)| a < b).map(|(a, b)| Strip { kept: a..b, intervals: 0..0 }));
        strips.sort_unstable_by_key(|strip| strip.kept.start);
        Pattern { strips, intervals: self.intervals.clone() }
    }
}

/// Runs of equal labels.
fn runs(labels: &[i64]) -> impl Iterator<Item = (i64, Range<usize>)> + '_ {
    let mut start = 0;
    labels.chunk_by(|a, b| a == b).map(move |run| {
        let interval = start..start + run.len();
        start = interval.end;
        (run[0], interval)
    })
}

/// Rows of a list of intervals, which must not be backwards or start below 0.
fn intervals(name: &str, rows: &[[i64; 2]]) -> Result<Vec<Range<usize>>> {
    let interval = |(k, &[start, end]): (usize, &[i64; 2])| match (usize::try_from(start), usize::try_from(end)) {
        (Ok(start), Ok(end)) if start <= end => Ok(start..end),
        _ => Err(Error::new(
            ErrorKind::Argument,
            format!("interval {k} of {name} is from {start} to {end}; expected 0 <= start <= end"),
        )),
    };
    rows.iter().enumerate().map(interval).collect()
}

fn inside<'a>(mut intervals: impl Iterator<Item = &'a Range<usize>>, index: &str, rows: usize) -> Result<()> {
    match intervals.find(|interval| interval.end > rows) {
        None => Ok(()),
        Some(Range { start, end }) => Err(Error::new(
            ErrorKind::Size,
            format!("the ranges name rows {start} to {end} of index {index}, which has {rows} rows"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(strips: &[([usize; 2], &[[usize; 2]])]) -> Pattern {
        let rows = |&[start, end]: &[usize; 2]| start..end;
        Pattern::of(strips.iter().map(|(kept, reduced)| (rows(kept), reduced.iter().map(rows).collect::<Vec<_>>())))
    }

    /// What each kept row meets, as lists of rows.
    fn rows(pattern: &Pattern, kept: usize) -> Vec<Vec<usize>> {
        let mut rows = vec![Vec::new(); kept];
        let mut times = vec![0; kept];
        for strip in &pattern.strips {
            for row in strip.kept.clone() {
                times[row] += 1;
                rows[row] = pattern.intervals(strip).iter().flat_map(Clone::clone).collect();
            }
        }
        assert!(times.iter().all(|&t| t == 1), "each row is in one strip: {pattern:?}");
        rows
    }

    #[test]
    fn every_row_is_covered_once_and_the_last_strip_decides() {
        let all = pattern(&[
            ([2, 6], &[[0, 3]]),
            ([4, 9], &[[5, 6], [1, 2]]),
            ([0, 0], &[[0, 1]]),
            ([5, 5], &[]),
            ([3, 4], &[]),
        ]);
        let found = rows(&all.covering(10), 10);
        let (first, second) = (vec![0, 1, 2], vec![1, 5]);
        let none = Vec::new;
        let expected = [
            none(),
            none(),
            first,
            none(),
            second.clone(),
            second.clone(),
            second.clone(),
            second.clone(),
            second,
            none(),
        ];
        assert_eq!(found, expected);
        assert!(Pattern::default().covering(0).strips.is_empty());
    }

    #[test]
    fn labels_give_what_a_look_at_every_pair_gives() {
        let labels_i = [3, 3, 1, 2, 2, 2, 3, 9];
        let labels_j = [1, 2, 2, 3, 3, 1, 4];
        let pairs = [[3, 1], [3, 2], [2, 2], [1, 4], [3, 1], [7, 7]];
        let ranges = Ranges::from_labels(&labels_i, &labels_j, &pairs);
        let over_j = rows(&ranges.pattern(Axis::J, 8, 7).unwrap(), 8);
        let over_i = rows(&ranges.pattern(Axis::I, 7, 8).unwrap(), 7);
        for (i, &a) in labels_i.iter().enumerate() {
            for (j, &b) in labels_j.iter().enumerate() {
                let meets = pairs.contains(&[a, b]);
                assert_eq!(over_j[i].contains(&j), meets, "{i} {j}");
                assert_eq!(over_i[j].contains(&i), meets, "{i} {j}");
            }
        }
    }

    #[test]
    fn neighbours_are_one_interval() {
        let blocks = [[0, 4], [4, 6], [6, 9]];
        let found = |keep: [bool; 3]| {
            let ranges = Ranges::from_blocks(&[[0, 2]], &blocks, &keep).unwrap();
            ranges.over_j.intervals.iter().map(|interval| (interval.start, interval.end)).collect::<Vec<_>>()
        };
        assert_eq!(found([true, true, false]), [(0, 6)]);
        assert_eq!(found([true, false, true]), [(0, 4), (6, 9)]);
    }
}
