//! Problems with batch axes, arrays in any order of their axes, and block-sparse ranges.

use std::ops::Range;
use std::sync::Arc;

use rkeops_core::{
    ArrayMut, ArrayRef, Data, DataMut, Dtype, Half, Kernel, Ranges, Result, RunOptions, Target, row_major,
};

use super::case::{Case, Numbers};
use super::generate::case;
use super::oracle::Expected;
use super::random::Random;

/// An array in memory, in some order of its axes, with gaps and backwards.
#[derive(Clone)]
pub struct Strided {
    pub shape: Vec<usize>,
    pub strides: Vec<isize>,
    pub origin: usize,
    pub data: Vec<f64>,
}

impl Strided {
    fn new(random: &mut Random, shape: &[usize], numbers: Numbers) -> Self {
        let mut order: Vec<usize> = (0..shape.len()).collect();
        if random.chance(0.5) {
            order.sort_by_cached_key(|_| random.draw());
        }
        let mut strides = vec![0isize; shape.len()];
        let (mut step, mut origin) = (if random.chance(0.2) { 2 } else { 1 }, 0);
        for &axis in order.iter().rev() {
            let reach = step * shape[axis].max(1).cast_signed();
            let gap = if random.chance(0.2) { step } else { 0 };
            strides[axis] = step;
            if random.chance(0.2) && shape[axis] > 0 {
                strides[axis] = -step;
                origin += step * (shape[axis] - 1).cast_signed();
            }
            step = reach + gap;
        }
        let data = vec![f64::NAN; step.unsigned_abs().max(1)];
        let mut array = Strided { shape: shape.to_vec(), strides, origin: origin.unsigned_abs(), data };
        for index in array.indices() {
            let place = array.place(&index);
            array.data[place] = match numbers {
                Numbers::Integers => random.below(7) as f64 - 3.0,
                _ => random.between(-1.5, 1.5),
            };
        }
        array
    }

    fn indices(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        for &extent in &self.shape {
            all = all.iter().flat_map(|index| (0..extent).map(|k| [index.clone(), vec![k]].concat())).collect();
        }
        all
    }

    fn place(&self, index: &[usize]) -> usize {
        let steps: isize = index.iter().zip(&self.strides).map(|(&k, &s)| k.cast_signed() * s).sum();
        self.origin.checked_add_signed(steps).unwrap()
    }

    /// The numbers of some rows, for indices of the batch to which this array may be broadcast.
    fn rows(&self, batch: &[usize], rows: Option<&[usize]>) -> Vec<f64> {
        let last = if rows.is_some() { 2 } else { 1 };
        let own = self.shape.len() - last;
        let index: Vec<usize> =
            (0..own).map(|k| if self.shape[k] == 1 { 0 } else { batch[batch.len() - own + k] }).collect();
        let columns = self.shape[self.shape.len() - 1];
        let rows: Vec<Vec<usize>> = rows.map_or(vec![vec![]], |rows| rows.iter().map(|&r| vec![r]).collect());
        let places = rows.iter().flat_map(|row| (0..columns).map(|k| [&index[..], row, &[k]].concat()));
        places.map(|index| self.data[self.place(&index)]).collect()
    }
}

/// Results of a run as numbers.
pub fn run(
    kernel: &Kernel,
    dtype: Dtype,
    inputs: &[Strided],
    shapes: &[Vec<usize>],
    ranges: Option<&Ranges>,
    threads: usize,
) -> Result<Vec<Vec<f64>>> {
    let single: Vec<Vec<f32>> = inputs.iter().map(|a| a.data.iter().map(|&v| v as f32).collect()).collect();
    let views: Vec<ArrayRef<'_>> = inputs
        .iter()
        .zip(&single)
        .map(|(array, single)| ArrayRef {
            data: if dtype == Dtype::F64 { Data::F64(&array.data) } else { Data::F32(single) },
            origin: array.origin,
            shape: array.shape.clone().into(),
            strides: array.strides.clone().into(),
        })
        .collect();
    run_views(kernel, &views, shapes, &RunOptions { threads, ranges, ..RunOptions::default() })
}

/// Results on any arrays as numbers.
pub fn run_views(
    kernel: &Kernel,
    views: &[ArrayRef<'_>],
    shapes: &[Vec<usize>],
    options: &RunOptions<'_>,
) -> Result<Vec<Vec<f64>>> {
    let count = |shape: &Vec<usize>| shape.iter().product::<usize>();
    let mut floats: Vec<Vec<f32>> = shapes.iter().map(|s| vec![77.0; count(s)]).collect();
    let mut doubles: Vec<Vec<f64>> = shapes.iter().map(|s| vec![77.0; count(s)]).collect();
    let mut integers: Vec<Vec<i64>> = shapes.iter().map(|s| vec![77; count(s)]).collect();
    let buffers = floats.iter_mut().zip(&mut doubles).zip(&mut integers).zip(shapes);
    let mut outputs: Vec<ArrayMut<'_>> = buffers
        .zip(kernel.outputs())
        .map(|((((f, d), i), shape), output)| {
            let data = match output.dtype {
                Dtype::F32 => DataMut::F32(f),
                Dtype::F64 => DataMut::F64(d),
                _ => DataMut::I64(i),
            };
            ArrayMut { data, origin: 0, shape: shape.clone().into(), strides: row_major(shape).into() }
        })
        .collect();
    kernel.run(views, &mut outputs, options)?;
    drop(outputs);
    let results = kernel.outputs().iter().enumerate().map(|(k, output)| match output.dtype {
        Dtype::F32 => floats[k].iter().map(|&v| f64::from(v)).collect(),
        Dtype::F64 => doubles[k].clone(),
        _ => integers[k].iter().map(|&v| v as f64).collect(),
    });
    Ok(results.collect())
}

/// Results as bits; NaN is NaN, and an integer is itself.
pub fn bits(kernel: &Kernel, results: &[Vec<f64>]) -> Vec<Vec<u64>> {
    let one = |is_integer: bool, v: f64| match is_integer {
        true => v as i64 as u64,
        false if v.is_nan() => u64::MAX,
        false => v.to_bits(),
    };
    let are_integers = kernel.outputs().iter().map(|output| output.dtype == Dtype::I64);
    results.iter().zip(are_integers).map(|(all, whole)| all.iter().map(|&v| one(whole, v)).collect()).collect()
}

pub fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
}

/// A compact array of these numbers.
pub fn compact(data: Vec<f64>, shape: &[usize]) -> Strided {
    let strides = row_major(shape);
    Strided { shape: shape.to_vec(), strides, origin: 0, data: if data.is_empty() { vec![0.0] } else { data } }
}

/// A case's formulas on random arrays with batch axes, and what its kernel is.
pub struct Problem {
    pub case: Case,
    pub rows: [usize; 2],
    pub batch: Vec<usize>,
    pub inputs: Vec<Strided>,
}

impl Problem {
    pub fn new(seed: u64, with_batch: bool) -> Self {
        let mut case = case(seed);
        let mut random = Random::new(seed ^ 0xb10c);
        let rows = [0, 1].map(|_| *random.pick(&[0, 1, 2, 5, 9, 40, 130, 300]));
        case.rows = rows;
        let axes = if with_batch { random.below(4) } else { 0 };
        let mut batch: Vec<usize> = (0..axes).map(|_| *random.pick(&[1, 2, 3, 3, 4])).collect();
        if with_batch && random.chance(0.03) {
            batch.push(0);
        }
        let mut inputs = Vec::new();
        let (mut seen, mut most) = (vec![1; batch.len()], 0);
        for variable in &case.variables {
            let own = random.below(batch.len() + 1);
            let first = batch.len() - own;
            most = most.max(own);
            let mut shape: Vec<usize> =
                batch[first..].iter().map(|&extent| if random.chance(0.4) { 1 } else { extent }).collect();
            seen[first..].iter_mut().zip(&shape).filter(|(_, n)| **n != 1).for_each(|(seen, &n)| *seen = n);
            shape.extend((variable.category < 2).then(|| rows[variable.category]));
            shape.push(variable.dim);
            inputs.push(Strided::new(&mut random, &shape, case.numbers));
        }
        // The axes that some input has.
        let batch = seen.split_off(seen.len() - most);
        Problem { case, rows, batch, inputs }
    }

    pub fn kernel(&self, dtype: Dtype, target: Target) -> Arc<Kernel> {
        self.case.compile(dtype, target).unwrap()
    }

    /// Whether a formula reads an operation of this name of its rows.
    pub fn reads(&self, name: &str) -> bool {
        self.case.reductions.iter().any(|(_, formula)| formula.uses(name))
    }

    /// The indices of each problem, in order.
    pub fn items(&self) -> Vec<Vec<usize>> {
        compact(Vec::new(), &self.batch).indices()
    }

    /// The results of some kept rows over some reduced rows of one problem, on arrays of their own.
    pub fn alone(
        &self,
        kernel: &Kernel,
        dtype: Dtype,
        item: &[usize],
        kept: &[usize],
        reduced: &[usize],
    ) -> Vec<Vec<f64>> {
        let of = |category: usize| if category == self.case.axis { reduced } else { kept };
        let inputs: Vec<Strided> = self
            .case
            .variables
            .iter()
            .zip(&self.inputs)
            .map(|(variable, array)| {
                let rows = (variable.category < 2).then(|| of(variable.category));
                let mut shape: Vec<usize> = rows.iter().map(|rows| rows.len()).collect();
                shape.push(variable.dim);
                compact(array.rows(item, rows), &shape)
            })
            .collect();
        let shapes: Vec<Vec<usize>> = kernel.outputs().iter().map(|o| vec![kept.len(), o.dim]).collect();
        run(kernel, dtype, &inputs, &shapes, None, 1).unwrap()
    }

    /// Whether both indices are followed by a variable, so that their rows can be chosen.
    pub fn has_both(&self) -> bool {
        [0, 1].iter().all(|c| self.case.variables.iter().any(|v| v.category == *c))
    }

    /// What the results of one kept row over these reduced rows of one problem have to be.
    pub fn expected(&self, dtype: Dtype, item: &[usize], row: usize, reduced: &[usize]) -> Vec<Vec<Expected>> {
        let pair = |other: usize| -> Vec<Vec<f64>> {
            let pair = if self.case.axis == 1 { [row, other] } else { [other, row] };
            let variables = self.case.variables.iter().zip(&self.inputs);
            let values = variables.map(|(variable, array)| {
                array.rows(item, (variable.category < 2).then(|| &pair[variable.category..][..1]))
            });
            let numbers = pair.map(|number| vec![number as f64]);
            let rounded = |value: f64| if dtype == Dtype::F32 { f64::from(value as f32) } else { value };
            values.map(|values| values.into_iter().map(rounded).collect()).chain(numbers).collect()
        };
        self.case.expected_of(reduced.iter().map(|&other| pair(other)).collect(), dtype)
    }

    pub fn shapes(&self, kernel: &Kernel) -> Vec<Vec<usize>> {
        let rows = self.case.kept();
        kernel.outputs().iter().map(|o| [&self.batch[..], &[rows, o.dim]].concat()).collect()
    }
}

/// Intervals of rows, in any order, perhaps overlapping.
fn some_intervals(random: &mut Random, rows: usize, most: usize) -> Vec<[i64; 2]> {
    (0..random.below(most + 1))
        .map(|_| {
            let (a, b) = (random.below(rows + 1), random.below(rows + 1));
            [a.min(b) as i64, a.max(b) as i64]
        })
        .collect()
}

/// Lists in KeOps' form: kept intervals, where the slices end, reduced intervals.
pub type Lists = (Vec<[i64; 2]>, Vec<i64>, Vec<[i64; 2]>);

/// The lists as the library takes them.
pub fn half((kept, slices, reduced): &Lists) -> Half<'_> {
    Half { kept, slices, reduced }
}

/// The reduced rows that interval `k` of the kept rows meets, one interval after the other in the order of their starts.
pub fn met(lists: &Lists, k: usize) -> Vec<usize> {
    let start = if k == 0 { 0 } else { lists.1[k - 1] as usize };
    let mut intervals = lists.2[start..lists.1[k] as usize].to_vec();
    intervals.sort_by_key(|interval| interval[0]);
    intervals.iter().flat_map(rows_of).collect()
}

pub fn some_half(random: &mut Random, kept: usize, reduced: usize) -> Lists {
    let kept = some_intervals(random, kept, 6);
    let (mut slices, mut all) = (Vec::new(), Vec::new());
    for _ in &kept {
        all.extend(some_intervals(random, reduced, 4));
        slices.push(all.len() as i64);
    }
    (kept, slices, all)
}

pub fn rows_of(interval: &[i64; 2]) -> Range<usize> {
    interval[0] as usize..interval[1] as usize
}

/// The place of each kept row's strip in the lists: the last that names it.
pub fn strips(lists: &Lists, kept: usize) -> Vec<Option<usize>> {
    let mut strips = vec![None; kept];
    for (k, interval) in lists.0.iter().enumerate() {
        strips[rows_of(interval)].fill(Some(k));
    }
    strips
}
