//! References to handles: taken, dropped, and dropped once too often.

use super::*;

impl Session<'_> {
    pub(super) fn free(&mut self, kind: Kind, k: usize) {
        let handle = &mut self.handles[kind as usize][k];
        handle.references = handle.references.saturating_sub(1);
        let pointer = handle.pointer;
        // SAFETY: a handle that was made, live or freed during this run.
        unsafe {
            match kind {
                Kind::Formula => rkeops_formula_free(pointer.cast()),
                Kind::Reduction => rkeops_reduction_free(pointer.cast()),
                Kind::Kernel => rkeops_kernel_free(pointer.cast()),
                Kind::Ranges => rkeops_ranges_free(pointer.cast()),
                Kind::Solver => rkeops_solver_free(pointer.cast()),
            }
        }
    }

    pub(super) fn count_references(&mut self) {
        let kind = self.bytes.pick(&KINDS);
        let count = self.handles[kind as usize].len();
        if count == 0 {
            return;
        }
        let k = self.bytes.below(count);
        if self.bytes.chance(2) {
            let pointer = self.handles[kind as usize][k].pointer;
            // SAFETY: a handle that was made, live or freed during this run.
            let error = unsafe {
                match kind {
                    Kind::Formula => rkeops_formula_retain(pointer.cast()),
                    Kind::Reduction => rkeops_reduction_retain(pointer.cast()),
                    Kind::Kernel => rkeops_kernel_retain(pointer.cast()),
                    Kind::Ranges => rkeops_ranges_retain(pointer.cast()),
                    Kind::Solver => rkeops_solver_retain(pointer.cast()),
                }
            };
            let code = self.done(error);
            let handle = &mut self.handles[kind as usize][k];
            assert_eq!(code == RKEOPS_OK, handle.references > 0, "only live handles can be retained");
            handle.references += usize::from(code == RKEOPS_OK);
        } else {
            self.free(kind, k);
        }
    }
}
