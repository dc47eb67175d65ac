//! When changes may be acknowledged, on a machine that another one follows with `follow.automatic`.
//!
//! Such a machine says so in its lease, and then acknowledges nothing 40 s after it began its last
//! renewal, by the clock of the machine's start. The other one takes over when the lease has not
//! changed for 60 s. Each change is checked before it is made, and again after its commit. What the
//! lease says holds until another one is written there, so a machine whose settings changed
//! meanwhile goes on keeping it.

use std::path::Path;

use platform::Clock;

use crate::lease::{self, Validity};
use crate::{BackupError, Target};

/// For a command that changes the store beside the process that serves.
pub fn may_acknowledge(data: &Path) -> impl Fn() -> bool + Send + Sync + 'static {
    let validity = Validity::new(&Clock::System, data);
    validity.set_binding(lease::promised(data, |_| true).is_some());
    move || validity.may_acknowledge()
}

/// Fails if this machine promised in the lease of another place than `target` to acknowledge nothing
/// without it, and has not given that lease back.
pub fn check_promise(data: &Path, target: Option<&Target>) -> Result<(), BackupError> {
    let now = target.map(Target::name);
    match lease::promised(data, |place| now.as_deref() != Some(place)) {
        Some(place) => Err(BackupError::Promised(place)),
        None => Ok(()),
    }
}
