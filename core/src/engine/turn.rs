//! Rows that are turned into planes, a block of them at a time.

#[cfg(target_arch = "x86_64")]
use pulp::{Arch, NullaryFnOnce, cast, x86::V3};

use super::pack::{Format, convert};
use crate::array::Element;
use crate::backend::Planes;
#[cfg(target_arch = "x86_64")]
use crate::backend::arch;

/// Rows of a block.
const ROWS: usize = 8;
/// Columns of a block: half a vector of float32, so that no operation crosses the halves of a vector.
const COLUMNS: usize = 4;

/// Columns of a few rows.
type Block<T> = [[T; COLUMNS]; ROWS];
/// The same as lanes.
type Turned<T> = [[T; ROWS]; COLUMNS];

/// A number format whose blocks can be turned.
pub(crate) trait Turn: Copy + Default {
    /// Turns a block with the vectors of this processor.
    #[cfg(target_arch = "x86_64")]
    fn turn_with(machine: V3, block: Block<Self>) -> Turned<Self>;

    /// Turns a block.
    #[inline(always)]
    fn turn(block: Block<Self>) -> Turned<Self> {
        std::array::from_fn(|column| std::array::from_fn(|row| block[row][column]))
    }
}

impl Turn for f32 {
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn turn_with(V3 { avx, .. }: V3, block: Block<Self>) -> Turned<Self> {
        // Two rows in each vector, four rows apart.
        let pair = |row: usize| {
            let low = avx._mm256_castps128_ps256(cast(block[row]));
            avx._mm256_insertf128_ps::<1>(low, cast(block[row + 4]))
        };
        let (a, b, c, d) = (pair(0), pair(1), pair(2), pair(3));
        let (ab, cd) = (avx._mm256_unpacklo_ps(a, b), avx._mm256_unpacklo_ps(c, d));
        let (high_ab, high_cd) = (avx._mm256_unpackhi_ps(a, b), avx._mm256_unpackhi_ps(c, d));
        [
            cast(avx._mm256_shuffle_ps::<0x44>(ab, cd)),
            cast(avx._mm256_shuffle_ps::<0xee>(ab, cd)),
            cast(avx._mm256_shuffle_ps::<0x44>(high_ab, high_cd)),
            cast(avx._mm256_shuffle_ps::<0xee>(high_ab, high_cd)),
        ]
    }
}

impl Turn for f64 {
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn turn_with(V3 { avx, .. }: V3, block: Block<Self>) -> Turned<Self> {
        // Two columns of two rows in each vector, the rows two apart.
        let pair = |row: usize, column: usize| {
            let half = |row: usize| [block[row][column], block[row][column + 1]];
            avx._mm256_insertf128_pd::<1>(avx._mm256_castpd128_pd256(cast(half(row))), cast(half(row + 2)))
        };
        let mut turned = Turned::default();
        for column in [0, 2] {
            for row in [0, 4] {
                let (a, b) = (pair(row, column), pair(row + 1, column));
                let (low, high): ([f64; 4], [f64; 4]) =
                    (cast(avx._mm256_unpacklo_pd(a, b)), cast(avx._mm256_unpackhi_pd(a, b)));
                turned[column][row..row + 4].copy_from_slice(&low);
                turned[column + 1][row..row + 4].copy_from_slice(&high);
            }
        }
        turned
    }
}

/// Brings rows of elements, each a step from the last, into lanes, several columns at a time so that what is side by side is read
/// together: the first element of each row into the first plane.
pub(super) fn turn<E: Element, T: Format>(
    elements: &[E],
    (start, step): (isize, isize),
    rows: usize,
    planes: &mut Planes<'_, T>,
) {
    let whole = if planes.count < COLUMNS { 0 } else { rows / ROWS * ROWS };
    let blocks = Blocks { elements, start, step, rows: whole, planes };
    #[cfg(target_arch = "x86_64")]
    match arch() {
        Arch::V3(machine) => machine.vectorize(OnVectors { blocks, machine }),
        _ => blocks.run(T::turn),
    }
    #[cfg(not(target_arch = "x86_64"))]
    blocks.run(T::turn);
    for column in (0..planes.count).filter(|_| whole < rows) {
        let first = (start + whole as isize * step + column as isize, step);
        convert(elements, first, &mut planes.lanes(column)[whole..rows], T::of);
    }
}

/// Rows that are whole blocks, of at least as many columns as a block has.
struct Blocks<'a, 'p, E, T> {
    elements: &'a [E],
    start: isize,
    step: isize,
    rows: usize,
    planes: &'a mut Planes<'p, T>,
}

impl<E: Element, T: Format> Blocks<'_, '_, E, T> {
    #[inline(always)]
    fn run(self, turn: impl Fn(Block<T>) -> Turned<T>) {
        let Blocks { elements, start, step, rows, planes } = self;
        let columns = planes.count;
        // Loops rather than functions of arrays, which would not become part of a function for other vectors.
        for first in (0..rows).step_by(ROWS) {
            let mut from: [&[E]; ROWS] = [&[]; ROWS];
            for (k, row) in from.iter_mut().enumerate() {
                *row = &elements[(start + (first + k) as isize * step) as usize..][..columns];
            }
            for column in (0..columns).step_by(COLUMNS) {
                // The last block of columns ends with the last column, whatever of it was in the one before.
                let column = column.min(columns - COLUMNS);
                let mut block = Block::default();
                for (numbers, row) in block.iter_mut().zip(from) {
                    let elements = &row[column..column + COLUMNS];
                    numbers.iter_mut().zip(elements).for_each(|(number, &element)| *number = T::of(element));
                }
                for (k, lanes) in turn(block).into_iter().enumerate() {
                    planes.lanes(column + k)[first..first + ROWS].copy_from_slice(&lanes);
                }
            }
        }
    }
}

/// Blocks that are turned with the vectors of this processor.
#[cfg(target_arch = "x86_64")]
struct OnVectors<'a, 'p, E, T> {
    blocks: Blocks<'a, 'p, E, T>,
    machine: V3,
}

#[cfg(target_arch = "x86_64")]
impl<E: Element, T: Format> NullaryFnOnce for OnVectors<'_, '_, E, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.blocks.run(|block| T::turn_with(self.machine, block));
    }
}
