//! Calls of the functions on ranges and on solvers.

use super::*;

impl Session<'_> {
    /// Intervals, ends of slices or labels: mostly small numbers in order.
    fn numbers(&mut self, count: usize) -> Vec<i64> {
        let mut numbers: Vec<i64> = (0..count).map(|_| self.bytes.below(10) as i64).collect();
        if !self.bytes.chance(4) {
            numbers.sort_unstable();
        }
        if self.bytes.chance(8) && count > 0 {
            let k = self.bytes.below(count);
            numbers[k] = self.integer();
        }
        numbers
    }

    /// The number of entries that C is told of: now and then none of those that are there, or more than fit in memory.
    fn told<T>(&mut self, all: &[T], count: usize) -> (*const T, usize) {
        let place = if all.is_empty() { null() } else { all.as_ptr() };
        match self.bytes.below(40) {
            38 => (null(), count),
            39 => (place, usize::MAX / 2),
            _ => (place, count),
        }
    }

    pub(super) fn create_ranges(&mut self) {
        let [many, others] = [(); 2].map(|()| self.bytes.below(5));
        let [a, b] = [2 * many, 2 * others].map(|count| self.numbers(count));
        let slices = self.numbers(many);
        let pairs = self.numbers(2 * others);
        let keep: Vec<u8> = (0..many * others).map(|_| self.bytes.below(3) as u8).collect();
        let mut out = null_mut();
        let kind = self.bytes.below(4);
        let problems = (2 * many.min(others)).saturating_sub(1);
        let ((a, many), (b, others)) = (self.told(&a, many), self.told(&b, others));
        let (slices, _) = self.told(&slices, many);
        let no_half = self.bytes.below(4);
        // SAFETY: the lists live here and are as long as C is told, or NULL, or too long for any memory.
        let error = unsafe {
            match kind {
                0 => {
                    let half = rkeops_ranges_half { kept: a, slices, count: many, reduced: b, reduced_count: others };
                    let [over_j, over_i] = [0, 1].map(|k| if no_half == k { null() } else { &raw const half });
                    rkeops_ranges_create(over_j, over_i, &mut out)
                }
                1 => rkeops_ranges_from_blocks(a, many, b, others, keep.as_ptr(), &mut out),
                2 => rkeops_ranges_from_labels(a, many, b, others, pairs.as_ptr(), pairs.len() / 2, &mut out),
                _ => rkeops_ranges_ragged(a, b, problems, &mut out),
            }
        };
        self.made(Kind::Ranges, error, out.cast(), 0);
    }

    /// Puts ranges into the options now and then. Says whether they are valid ones or none.
    pub(super) fn choose_ranges(&mut self, options: *mut rkeops_options) -> bool {
        if options.is_null() || !self.bytes.chance(3) {
            return true;
        }
        let (ranges, live, _) = self.handle(Kind::Ranges);
        // SAFETY: the options lie in the buffer of the caller, which is larger than any size that they claim.
        unsafe { (*options).ranges = ranges.cast_const().cast() };
        live || ranges_of(options).is_null()
    }

    /// Puts ranges of a ragged batch into the options now and then, which fit so many rows.
    pub(super) fn choose_ragged(&mut self, options: *mut rkeops_options, rows: [i64; 2]) -> Option<Ragged> {
        if options.is_null() || !self.bytes.chance(3) {
            return None;
        }
        let ends = 2 + self.bytes.below(4);
        let offsets = rows.map(|rows| {
            let mut offsets: Vec<i64> = (0..ends).map(|_| self.bytes.below(rows as usize + 1) as i64).collect();
            offsets.sort_unstable();
            offsets
        });
        let mut out = null_mut();
        let (ragged, error) = Ragged::new(offsets, &mut out);
        assert!(self.made(Kind::Ranges, error, out.cast(), 0), "offsets in order were refused");
        // SAFETY: as in `choose_ranges`.
        unsafe { (*options).ranges = out };
        Some(ragged)
    }

    pub(super) fn create_solver(&mut self) {
        let (reduction, live, weight) = self.handle(Kind::Reduction);
        if weight > HEAVIEST / 4 {
            return;
        }
        let unknown = if self.bytes.chance(8) { usize::MAX } else { self.bytes.below(4) };
        let mut buffer = [0; 640];
        let options = self.options(&mut buffer);
        let mut out = null_mut();
        // SAFETY: the handle is NULL, live, of another type or freed just now; the options live here.
        let error = unsafe { rkeops_solver_create(reduction.cast_const().cast(), unknown, options, &mut out) };
        let success = self.made(Kind::Solver, error, out.cast(), 0);
        assert!(live || !success, "a handle that is no live reduction was accepted");
    }

    /// Solves with arrays for some kernel; those that fit a solver are among them.
    pub(super) fn solve(&mut self) {
        let (solver, live, _) = self.handle(Kind::Solver);
        let (kernel, known, _) = self.handle(Kind::Kernel);
        let arrays = Arrays::choose(&mut self.bytes, &mut self.memory, kernel.cast(), known);
        let mut arrays = arrays.with_one_output();
        let ((inputs, input_count), (outputs, output_count)) = arrays.lists();
        let mut buffer = [0; 640];
        let options = self.options(&mut buffer);
        let blocks = self.choose_ranges(options);
        let numbers = [0.0, 1e-6, 1.0, -1.0, f64::NAN, f64::INFINITY, 1e-10, 0.5];
        let solve = rkeops_solve_options {
            alpha: self.bytes.pick(&numbers),
            tolerance: self.bytes.pick(&numbers),
            iterations: self.bytes.below(9) as u64,
            ..Default::default()
        };
        let mut solution = rkeops_solution::default();
        let output = if (1..8).contains(&output_count) { outputs } else { null() };
        let before = self.memory.copy();
        // SAFETY: handles are NULL, live, of another type or freed just now; arrays that are not refused as they are lie
        // inside the memory of this run; options and results live here.
        let error =
            unsafe { rkeops_solver_run(solver.cast(), inputs, input_count, output, &solve, options, &mut solution) };
        let code = self.done(error);
        assert!((live && blocks) || code != RKEOPS_OK, "a handle that is not live was accepted");
        let wrote = code == RKEOPS_ERROR_CONVERGENCE;
        arrays.check_writes(&before, &self.memory, if wrote { RKEOPS_OK } else { code });
    }
}

/// The ranges that a run reads of its options.
pub(super) fn ranges_of(options: *const rkeops_options) -> *const rkeops_ranges {
    // SAFETY: the options are NULL or lie in the buffer of the caller, which is larger than any size that they claim.
    unsafe {
        match options.as_ref() {
            Some(options) if options.size >= std::mem::offset_of!(rkeops_options, ranges) + size_of::<usize>() => {
                options.ranges
            }
            _ => null(),
        }
    }
}
