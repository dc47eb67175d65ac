//! Why a change is refused.

use serde::Serialize;

pub use site::Refusal;

pub(crate) fn conflict(stored: &impl Serialize) -> Refusal {
    let whole = serde_json::to_value(stored).unwrap_or_default();
    Refusal::VersionConflict(Box::new(site::refusal::Stored {
        receipt: whole.clone(),
        whole,
    }))
}
