//! The kernel cache: the only state that the process shares. A kernel is compiled once, whichever thread comes first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use super::{CompileOptions, Kernel};
use crate::error::Result;
use crate::formula::Variable;
use crate::reduction::{Axis, Identity, Reduction};

/// All that a kernel depends on. Numbers of rows are no part of it.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    reductions: Vec<Part>,
    options: CompileOptions,
}

/// What a kernel depends on of one reduction.
#[derive(PartialEq, Eq, Hash)]
struct Part {
    reducer: Identity,
    formula: String,
    axis: Axis,
    declared: Vec<(Variable, usize)>,
}

/// A place for a kernel that may still be under construction.
type Place = Arc<OnceLock<Result<Arc<Kernel>>>>;

static KERNELS: Mutex<Option<HashMap<Key, Place>>> = Mutex::new(None);

/// Beyond this many kernels the cache starts again.
const LARGEST_CACHE: usize = 1024;

/// The kernel of these reductions, built where it is not known.
pub(super) fn kernel(
    reductions: &[Reduction],
    options: CompileOptions,
    build: impl FnOnce() -> Result<Kernel>,
) -> Result<Arc<Kernel>> {
    let key = Key { reductions: reductions.iter().map(part).collect(), options };
    // In a forked child the lock may be held by a thread that does not exist there: then nothing is remembered.
    let Some(mut kernels) = super::threads::lock_unless_orphaned(&KERNELS) else {
        return build().map(Arc::new);
    };
    let kernels_map = kernels.get_or_insert_with(HashMap::new);
    if kernels_map.len() >= LARGEST_CACHE {
        kernels_map.clear();
    }
    let place = kernels_map.entry(key).or_default().clone();
    drop(kernels);
    place.get_or_init(|| build().map(Arc::new)).clone()
}

fn part(reduction: &Reduction) -> Part {
    let formula = &reduction.formula;
    let mut declared = reduction.declared.clone();
    declared.sort_unstable_by_key(|(variable, dim)| (variable.index, variable.category, *dim));
    declared.dedup();
    Part {
        reducer: reduction.reducer.identity(),
        formula: formula.graph().fingerprint(&[formula.root()]),
        axis: reduction.axis,
        declared,
    }
}
