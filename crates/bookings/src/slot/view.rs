//! Slots as their providers read them.

use platform::{StoreError, Tx};
use serde::Serialize;
use utoipa::ToSchema;

use super::Slot;
use crate::choice::{self, Choices};

/// A slot as its provider reads it, with the sets among which members choose.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OwnSlot)]
pub struct SlotView {
    #[serde(flatten)]
    slot: Slot,
    #[serde(flatten)]
    choices: Choices,
    /// Whether the local time at which the slot begins occurs twice, because the clock is set back.
    /// The slot then begins at the earlier instant, unless it was imported with the later one.
    occurs_twice: bool,
}

impl SlotView {
    pub fn of(tx: &mut Tx<'_>, slot: Slot) -> Result<Self, StoreError> {
        let choices = choice::of_slot(tx, slot.sets())?;
        Ok(Self::with(slot, choices))
    }

    pub fn list(tx: &mut Tx<'_>, slots: Vec<Slot>) -> Result<Vec<Self>, StoreError> {
        let mut all = choice::of_slots(tx, slots.iter().map(Slot::sets))?;
        let views = slots.into_iter().map(|slot| {
            let choices = all.remove(slot.id.as_str()).unwrap_or_default();
            Self::with(slot, choices)
        });
        Ok(views.collect())
    }

    fn with(slot: Slot, choices: Choices) -> Self {
        Self {
            occurs_twice: slot.is_twice(),
            slot,
            choices,
        }
    }
}
