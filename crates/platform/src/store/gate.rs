//! A gate before the acknowledgement of changes, for a machine whose place another one may have
//! taken by itself.

use std::fmt;
use std::sync::OnceLock;

type MayAcknowledge = Box<dyn Fn() -> bool + Send + Sync>;

/// Open unless a condition is set and does not hold.
#[derive(Default)]
pub(super) struct Gate(OnceLock<MayAcknowledge>);

impl Gate {
    /// The first condition stays.
    pub(super) fn set(&self, may: MayAcknowledge) {
        drop(self.0.set(may));
    }

    pub(super) fn is_open(&self) -> bool {
        self.0.get().is_none_or(|may| may())
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gate").field(&self.is_open()).finish()
    }
}
