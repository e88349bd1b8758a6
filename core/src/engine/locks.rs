//! What threads share beyond one run, so that a fork in the middle of it neither hangs nor slows the child. A lock
//! that another thread of the parent held at the fork stays locked in the child for ever: here nobody waits for one.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// Processes in a line of forks that may each have a state.
const GENERATIONS: usize = 64;
/// Things that a shelf keeps at most.
const SHELF: usize = 64;

/// The lock of what lives no longer than a run; a thread that panicked leaves it usable.
pub(super) fn lock<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lock if nobody has it; a thread that panicked leaves it usable.
fn try_lock<T>(lock: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match lock.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// A state that each process has for itself: a forked child starts with none and never touches its parent's, whose
/// lock may be held by a thread that does not exist in the child. What the parent knew is not even freed there.
pub(super) struct PerProcess<T> {
    generations: [Generation<T>; GENERATIONS],
}

struct Generation<T> {
    /// The process that the state belongs to; 0 as long as it is nobody's. Only that process takes the lock.
    owner: AtomicU32,
    state: Mutex<Option<T>>,
}

impl<T> PerProcess<T> {
    pub(super) const fn new() -> Self {
        let generations = [const { Generation { owner: AtomicU32::new(0), state: Mutex::new(None) } }; GENERATIONS];
        PerProcess { generations }
    }

    /// The state of this process, locked; nothing where the line of forks is too long.
    pub(super) fn lock(&self) -> Option<MutexGuard<'_, Option<T>>> {
        self.lock_of(std::process::id())
    }

    fn lock_of(&self, process: u32) -> Option<MutexGuard<'_, Option<T>>> {
        let is_own = |generation: &&Generation<T>| {
            // It is claimed before it is locked, so a child can tell what its parent's threads may have locked.
            match generation.owner.compare_exchange(0, process, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => true,
                Err(owner) => owner == process,
            }
        };
        self.generations.iter().find(is_own).map(|generation| lock(&generation.state))
    }
}

/// Things that nobody uses at the moment. Taking and putting never wait: a place that is locked, for a moment or by a
/// fork, is passed over.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    places: [Mutex<Option<T>>; SHELF],
}

impl<T> Shelf<T> {
    pub(super) const fn new() -> Self {
        Shelf { places: [const { Mutex::new(None) }; SHELF] }
    }

    fn free_places(&self) -> impl Iterator<Item = MutexGuard<'_, Option<T>>> {
        self.places.iter().filter_map(try_lock)
    }

    /// One of the things, if there are any.
    pub(super) fn take(&self) -> Option<T> {
        self.free_places().find_map(|mut place| place.take())
    }

    /// Puts a thing where there is room and drops it where there is none.
    pub(super) fn put(&self, thing: T) {
        if let Some(mut place) = self.free_places().find(|place| place.is_none()) {
            *place = Some(thing);
        }
    }
}

/// Things that are made when they are first asked for. Nobody waits here either: what is locked is made again.
#[derive(Debug)]
pub(super) struct Remembered<K, V> {
    known: Mutex<Vec<(K, V)>>,
}

impl<K: PartialEq, V: Clone> Remembered<K, V> {
    pub(super) const fn new() -> Self {
        Remembered { known: Mutex::new(Vec::new()) }
    }

    /// The thing of a key.
    pub(super) fn get<E>(&self, key: K, make: impl FnOnce(&K) -> Result<V, E>) -> Result<V, E> {
        if let Some((_, thing)) =
            try_lock(&self.known).iter().flat_map(|known| known.iter()).find(|(known, _)| *known == key)
        {
            return Ok(thing.clone());
        }
        let thing = make(&key)?;
        if let Some(mut known) = try_lock(&self.known).filter(|known| known.len() < SHELF) {
            known.push((key, thing.clone()));
        }
        Ok(thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_never_waits_for_a_lock_of_its_parent() {
        let shared = PerProcess::new();
        let mut parent = shared.lock_of(7).unwrap();
        *parent = Some("the parent's");
        // As in a child that is forked now.
        let mut child = shared.lock_of(8).unwrap();
        assert_eq!(*child, None);
        *child = Some("the child's");
        assert_eq!(*shared.lock_of(9).unwrap(), None);
        drop((parent, child));
        assert_eq!(*shared.lock_of(7).unwrap(), Some("the parent's"));
        assert_eq!(*shared.lock_of(8).unwrap(), Some("the child's"));
    }

    #[test]
    fn a_long_line_of_forks_remembers_nothing() {
        let shared = PerProcess::<()>::new();
        let held: Vec<_> = (1..=GENERATIONS as u32).map(|process| shared.lock_of(process).unwrap()).collect();
        assert!(shared.lock_of(1 + GENERATIONS as u32).is_none());
        drop(held);
        assert!(shared.lock_of(1 + GENERATIONS as u32).is_none());
        assert!(shared.lock_of(1).is_some());
    }

    #[test]
    fn what_is_remembered_is_made_once_and_again_where_it_is_locked() {
        let remembered = Remembered::new();
        let get = |key: i32, value: i32| remembered.get(key, |_| Ok::<_, ()>(value)).unwrap();
        assert_eq!((get(1, 10), get(1, 11), get(2, 20)), (10, 10, 20));
        assert_eq!(remembered.get(3, |_| Err(())), Err(()));
        let orphaned = remembered.known.lock().unwrap();
        assert_eq!(get(1, 12), 12);
        drop(orphaned);
        assert_eq!((get(1, 13), get(3, 30)), (10, 30));
    }

    #[test]
    fn a_locked_place_costs_a_shelf_nothing_else() {
        let shelf = Shelf::new();
        shelf.put(1);
        let orphaned = shelf.places[0].lock().unwrap();
        assert_eq!(shelf.take(), None);
        shelf.put(2);
        shelf.put(3);
        assert_eq!((shelf.take(), shelf.take(), shelf.take()), (Some(2), Some(3), None));
        drop(orphaned);
        assert_eq!(shelf.take(), Some(1));
        (0..2 * SHELF).for_each(|k| shelf.put(k));
        assert_eq!(std::iter::from_fn(|| shelf.take()).count(), SHELF);
    }
}
