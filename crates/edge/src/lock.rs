//! Locks of values that are whole at every moment, whatever became of a thread that held one.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for the value.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
