//! The pages of a provider's own slots.

pub(super) mod added_date;
pub(super) mod bookings;
pub(super) mod form;
pub(super) mod one;
pub(super) mod people;
pub(super) mod series;
pub(super) mod week;

use crate::slot::Slot;

pub(super) use form::{FormPage, table_form};

pub(super) const HERE: &str = "/me/slots";

/// `done` says whether the slot was added, changed or removed.
fn week_of(slot: &Slot, done: &str) -> String {
    let day = slot.starts_at.to_zoned(slot.zone()).date();
    let twice = if slot.is_twice() && done != "removed" {
        "-twice"
    } else {
        ""
    };
    format!("{HERE}?from={day}&done={done}{twice}")
}
