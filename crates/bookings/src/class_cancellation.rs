//! Cancelling a date of a class: nobody can book it any more, everybody who did gets all of their money
//! or their credit back, and its waiting list is closed.

use identity::session::sudo;
use platform::money::{Currency, Money};
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Findings, Site};

use crate::Refusal;
use crate::booking::{self, Booking, BookingId, Party};
use crate::cancel::{self, REASON};
use crate::codes::NOT_CANCELLABLE;
use crate::provider::Provider;
use crate::slot::{self, Slot, SlotId, State};
use crate::waiting;

/// The reason for cancelling a date of a class.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClassCancellation)]
pub struct ClassCancellation {
    /// The reason, 1–300 characters, which everybody who booked reads.
    pub reason: String,
}

/// What cancelling a date gives back.
#[derive(Clone, Debug, Default)]
pub(crate) struct GivenBack {
    /// How many seats are booked or held.
    pub(crate) seats: i64,
    /// What was paid and has not gone back yet, by currency.
    pub(crate) sums: Vec<Money>,
}

/// The provider's own date of a class that is ahead.
fn own(tx: &mut Tx<'_>, provider: &Provider, id: &SlotId) -> Result<Slot, Refusal> {
    let slot = slot::own(tx, provider, id)?;
    let may_end = slot.is_class() && slot.state != State::Completed && slot.starts_at > tx.now();
    if may_end {
        Ok(slot)
    } else {
        Err(NOT_CANCELLABLE.into())
    }
}

pub(crate) fn given_back(
    tx: &mut Tx<'_>,
    provider: &Provider,
    id: &SlotId,
) -> Result<GivenBack, Refusal> {
    let slot = own(tx, provider, id)?;
    Ok(GivenBack {
        seats: slot.seats_taken,
        sums: sums(tx, id)?,
    })
}

fn sums(tx: &mut Tx<'_>, slot: &SlotId) -> Result<Vec<Money>, StoreError> {
    let sums: Vec<(i64, Currency)> = sql!(
        "SELECT CAST(SUM(p.amount_minor - p.refund_reserved_minor) AS BIGINT), p.currency
         FROM booking b JOIN payment p ON p.order_id = b.order_id AND p.settles = 1
         WHERE b.slot_id = :slot AND b.state = 'confirmed'
         GROUP BY p.currency ORDER BY p.currency",
        slot
    )
    .all(tx)?;
    let sums = sums.into_iter();
    Ok(sums
        .map(|(minor, currency)| Money::new(minor, currency))
        .collect())
}

fn active(tx: &mut Tx<'_>, slot: &SlotId) -> Result<Vec<(BookingId,)>, StoreError> {
    sql!(
        "SELECT id FROM booking
         WHERE slot_id = :slot AND state IN ('pending_payment', 'confirmed') ORDER BY id",
        slot
    )
    .all(tx)
}

/// Cancels a date with all of its bookings. If money goes back, the provider must just have proved a
/// credential.
pub fn cancel(
    tx: &mut Tx<'_>,
    site: &Site,
    provider: &Provider,
    id: &SlotId,
    new: &ClassCancellation,
) -> Result<Slot, Refusal> {
    let slot = own(tx, provider, id)?;
    let mut findings = Findings::default();
    let reason = findings.line("/reason", &new.reason, 1, REASON);
    findings.finish()?;
    // Orders and bookings are locked before their slot.
    let ids = active(tx, id)?;
    let mut bookings: Vec<Booking> = Vec::new();
    for (booking,) in &ids {
        let found = booking::lock(tx, booking)?;
        bookings.extend(found.map(|(_, booking)| booking));
    }
    slot::lock(tx, id.as_str())?;
    if active(tx, id)? != ids {
        return Err(tx.run_again().into());
    }
    if !sums(tx, id)?.is_empty() {
        sudo::require::<Refusal>(tx, &provider.requester().who)?;
    }
    sql!(
        "UPDATE slot SET state = 'unavailable', version = version + 1
         WHERE id = :id AND state IN ('available', 'unavailable') AND deleted_at IS NULL",
        id
    )
    .run(tx, Rows::Exactly(1))?;
    waiting::close(tx, site, &slot)?;
    for booking in &bookings {
        cancel::end(tx, site, booking, Party::Provider, reason.clone())?;
    }
    slot::record(tx, provider, &slot, "slot.class_cancelled")?;
    slot::own(tx, provider, id)
}
