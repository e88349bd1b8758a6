//! The kernel cache: the only state that the process shares. A kernel is compiled once, whichever thread comes first.
//! A forked child starts with an empty one: a kernel that a thread of the parent was building would never be finished.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, OnceLock};

use super::locks::PerProcess;
use super::{CompileOptions, Kernel};
use crate::error::Result;
use crate::formula::{Formula, Variable};
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
    parameters: Vec<i64>,
    formula: String,
    condition: Option<String>,
    axis: Axis,
    declared: Vec<(Variable, usize)>,
}

/// A place for a kernel that may still be under construction.
type Place = Arc<OnceLock<Result<Arc<Kernel>>>>;

static KERNELS: PerProcess<Kernels> = PerProcess::new();

/// So many kernels are always remembered, those asked for last, and at most twice as many.
const REMEMBERED: usize = 1024;

/// The kernels asked for lately, and those asked for before them and not since.
#[derive(Default)]
struct Kernels {
    recent: HashMap<Key, Place>,
    older: HashMap<Key, Place>,
}

impl Kernels {
    /// The place of a kernel, and the kernels that are forgotten for it.
    fn find(&mut self, key: Key) -> (Place, HashMap<Key, Place>) {
        if let Some(place) = self.recent.get(&key) {
            return (place.clone(), HashMap::new());
        }
        let place = self.older.remove(&key).unwrap_or_default();
        let is_full = self.recent.len() >= REMEMBERED;
        let forgotten =
            if is_full { mem::replace(&mut self.older, mem::take(&mut self.recent)) } else { HashMap::new() };
        self.recent.insert(key, place.clone());
        (place, forgotten)
    }
}

/// The kernel of these reductions, built where it is not known.
pub(super) fn kernel(
    reductions: &[Reduction],
    options: CompileOptions,
    build: impl FnOnce() -> Result<Kernel>,
) -> Result<Arc<Kernel>> {
    let key = Key { reductions: reductions.iter().map(part).collect(), options };
    let Some(mut kernels) = KERNELS.lock() else {
        return build().map(Arc::new);
    };
    let (place, forgotten) = kernels.get_or_insert_default().find(key);
    drop(kernels);
    // Freeing the memory of many kernels takes a while, in which others may look up theirs.
    drop(forgotten);
    place.get_or_init(|| build().map(Arc::new)).clone()
}

fn part(reduction: &Reduction) -> Part {
    let formula = reduction.stated();
    let fingerprint = |f: &Formula| f.graph().fingerprint(&[f.root()]);
    let mut declared = reduction.declared.clone();
    declared.sort_unstable_by_key(|(variable, dim)| (variable.index, variable.category, *dim));
    declared.dedup();
    Part {
        reducer: reduction.reducer.identity(),
        parameters: reduction.parameters.clone(),
        formula: fingerprint(formula),
        condition: reduction.condition.as_ref().map(fingerprint),
        axis: reduction.axis,
        declared,
    }
}
