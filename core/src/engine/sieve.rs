//! Which of many values are up to a bound.

use pulp::NullaryFnOnce;

use crate::backend::{Number, arch};
use crate::reduction::Side;

/// Values that are compared with a bound together.
const TOGETHER: usize = 32;

/// Room for places.
pub(super) type Room = Vec<u32>;

/// The places of those values that matter, in ascending order: all where there is no side, or the bound is NaN.
pub(super) fn sieve<'r, T: Number>(values: &[T], bound: T, side: Option<Side>, room: &'r mut Room) -> &'r [u32] {
    // All eight of a byte are written, of which some count.
    room.resize(values.len() + 8, 0);
    let count = arch().dispatch(Sieve { values, bound, side, places: room });
    &room[..count]
}

/// See [`sieve`].
struct Sieve<'a, T> {
    values: &'a [T],
    bound: T,
    side: Option<Side>,
    places: &'a mut [u32],
}

/// The numbers of the bits that are set in each byte, one after the other.
const SET_BITS: [[u32; 8]; 256] = {
    let mut all = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut count) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 != 0 {
                all[byte][count] = bit;
                count += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    all
};

impl<T: Number> Sieve<'_, T> {
    /// Mostly none of a few values matters, which vectors tell at once. Where one does there is no branch for each, because
    /// none could be foretold.
    #[inline(always)]
    fn run(self, matters: impl Fn(T) -> bool) -> usize {
        let Sieve { values, places, .. } = self;
        let mut count = 0;
        let (groups, rest) = values.as_chunks::<TOGETHER>();
        for (start, group) in (0..).step_by(TOGETHER).zip(groups) {
            let mut bytes = [0u8; TOGETHER];
            bytes.iter_mut().zip(group).for_each(|(byte, &value)| *byte = u8::from(matters(value)));
            if bytes == [0; TOGETHER] {
                continue;
            }
            for (start, bytes) in (start..).step_by(8).zip(bytes.as_chunks::<8>().0) {
                // Each byte is moved to a bit of its own of the highest byte.
                let bits = u64::from_le_bytes(*bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56;
                let set = SET_BITS[bits as usize].map(|bit| start + bit);
                places[count..count + 8].copy_from_slice(&set);
                count += bits.count_ones() as usize;
            }
        }
        for (place, &value) in (values.len() - rest.len()..).zip(rest) {
            places[count] = place as u32;
            count += usize::from(matters(value));
        }
        count
    }
}

impl<T: Number> NullaryFnOnce for Sieve<'_, T> {
    type Output = usize;

    #[inline(always)]
    fn call(self) -> usize {
        let bound = self.bound;
        match self.side {
            Some(Side::Below) => self.run(|value| !T::is_less(bound, value)),
            Some(Side::Above) => self.run(|value| !T::is_less(value, bound)),
            None => self.run(|_| true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_up_to_the_bound_is_found_and_no_other() {
        let mut room = Room::new();
        for length in [0, 1, 7, 8, 31, 32, 33, 64, 100, 256] {
            for step in 1..40 {
                let mut values: Vec<f32> = (0..length).map(|k| (k * step % 37) as f32 - 9.0).collect();
                values.iter_mut().skip(5).step_by(29).for_each(|value| *value = f32::NAN);
                for bound in [f32::NEG_INFINITY, -9.0, 0.0, 20.0, f32::INFINITY, f32::NAN] {
                    let mut check = |side, matters: &dyn Fn(f32) -> bool| {
                        let expected: Vec<u32> = (0..length as u32).filter(|&k| matters(values[k as usize])).collect();
                        assert_eq!(sieve(&values, bound, side, &mut room), expected);
                    };
                    check(Some(Side::Below), &|value| value.is_nan() || bound.is_nan() || value <= bound);
                    check(Some(Side::Above), &|value| value.is_nan() || bound.is_nan() || value >= bound);
                    check(None, &|_| true);
                }
            }
        }
    }
}
