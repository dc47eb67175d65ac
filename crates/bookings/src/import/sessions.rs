//! Import of providers, slots, bookings, requests and feedback.

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::{Rows, StoreError, Tx, sql};

use crate::booking::{self, Booking, BookingId, State};
use crate::choice::{self, Choices};
use crate::feedback::Feedback;
use crate::provider::{ProviderId, ProviderProfile};
use crate::request::{Request, insert};
use crate::room::{self, RoomId};
use crate::slot::{Place, Slot, SlotId};
use crate::{meeting_link, settings};

pub use crate::slot::start;

/// Finds or creates the profile of a provider. `account` is `None` if the provider's account is no
/// longer known. The second value is true if the profile was created.
pub fn provider(
    tx: &mut Tx<'_>,
    account: Option<&AccountId>,
    new: &ProviderProfile,
) -> Result<(ProviderId, bool), StoreError> {
    let known: Option<(ProviderId,)> = sql!(
        "SELECT id FROM provider WHERE id = :id OR account_id = :account",
        id = new.id,
        account
    )
    .maybe(tx)?;
    if let Some((id,)) = known {
        return Ok((id, false));
    }
    sql!(
        "INSERT INTO provider (account_id, {ProviderProfile}) VALUES (:account, {:ProviderProfile})",
        account,
        ProviderProfile = new
    )
    .run(tx, Rows::Exactly(1))?;
    Ok((new.id.clone(), true))
}

/// Whether a link leads to a meeting on an allowed host.
pub fn is_meeting(tx: &mut Tx<'_>, link: &str) -> Result<bool, StoreError> {
    Ok(meeting_link::is_allowed(
        link,
        &settings::load(tx)?.meeting_hosts,
    ))
}

/// A slot from another system.
#[derive(Clone, Debug)]
pub struct ImportedSlot {
    pub slot: Slot,
    pub choices: Choices,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotOutcome {
    Added,
    Known,
    /// The slot is over and overlaps another one, so it was added as a deleted slot.
    Deleted,
    /// The slot is not over and overlaps this other slot of the same provider. It was not added.
    Overlaps(SlotId),
}

/// Adds a slot. The provider's buffers do not apply to it. If `is_extra` is true, the slot is known
/// to be a duplicate, and is added as a deleted slot.
pub fn add_slot(
    tx: &mut Tx<'_>,
    new: &ImportedSlot,
    is_extra: bool,
) -> Result<SlotOutcome, StoreError> {
    let slot = &new.slot;
    if tx.find::<Slot>(&slot.id)?.is_some() {
        return Ok(SlotOutcome::Known);
    }
    let other: Option<(SlotId,)> = sql!(
        "SELECT id FROM slot
         WHERE provider_id = :provider AND deleted_at IS NULL
           AND blocks_from < :until AND blocks_until > :from
         ORDER BY starts_at, id LIMIT 1",
        provider = slot.provider_id,
        from = slot.starts_at,
        until = slot.ends_at
    )
    .maybe(tx)?;
    let is_deleted = match other {
        Some((other,)) if slot.ends_at > tx.now() && !is_extra => {
            return Ok(SlotOutcome::Overlaps(other));
        }
        other => is_extra || other.is_some(),
    };
    let now = tx.now();
    sql!(
        "INSERT INTO slot ({Slot}, blocks_from, blocks_until, created_at, deleted_at)
         VALUES ({:Slot}, :from, :until, :created_at, :deleted_at)",
        Slot = slot,
        from = slot.starts_at,
        until = slot.ends_at,
        created_at = new.created_at,
        deleted_at = is_deleted.then_some(now)
    )
    .run(tx, Rows::Exactly(1))?;
    choice::insert(tx, slot.id.as_str(), &new.choices)?;
    Ok(if is_deleted {
        SlotOutcome::Deleted
    } else {
        SlotOutcome::Added
    })
}

/// Finds a slot, even if it was deleted.
pub fn find_slot(tx: &mut Tx<'_>, id: &SlotId) -> Result<Option<Slot>, StoreError> {
    tx.find(id)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookingOutcome {
    Added,
    Known,
    /// The slot has this other booking. Nothing was added.
    SlotTaken(BookingId),
    /// The member has this other session at the same time. Nothing was added.
    MemberBusy(BookingId),
}

/// Adds a booking, and sets the state of its slot accordingly. For a confirmed booking, schedules
/// the reminder and the completion.
pub fn add_booking(tx: &mut Tx<'_>, new: &Booking) -> Result<BookingOutcome, StoreError> {
    if booking::find(tx, &new.id)?.is_some() {
        return Ok(BookingOutcome::Known);
    }
    if new.state.is_held() {
        let other: Option<(BookingId,)> = sql!(
            "SELECT id FROM booking WHERE slot_id = :slot AND state IN
                 ('pending_payment', 'confirmed', 'completed', 'no_show_member', 'no_show_provider')",
            slot = new.slot_id
        )
        .maybe(tx)?;
        if let Some((other,)) = other {
            return Ok(BookingOutcome::SlotTaken(other));
        }
    }
    if let (State::Confirmed, Some(member)) = (new.state, &new.member_id) {
        let (from, until) = (new.starts_at, new.ends_at);
        if let Some(other) = booking::busy(tx, member, from, until, new.id.as_str())? {
            return Ok(BookingOutcome::MemberBusy(other));
        }
    }
    sql!(
        "INSERT INTO booking ({Booking}) VALUES ({:Booking})",
        Booking = new
    )
    .run(tx, Rows::Exactly(1))?;
    if new.state.is_held() {
        let state = if new.state == State::Confirmed {
            "booked"
        } else {
            "completed"
        };
        sql!(
            "UPDATE slot SET state = :state, version = version + 1,
                 credit_kind = (SELECT credit_kind FROM credit_lot WHERE id = :lot)
             WHERE id = :slot",
            slot = new.slot_id,
            state,
            lot = new.credit_lot_id
        )
        .run(tx, Rows::Exactly(1))?;
    }
    if new.state == State::Confirmed {
        booking::plan_session(tx, new)?;
    }
    Ok(BookingOutcome::Added)
}

/// Sets the location of a confirmed booking: the room with this link if there is one and it is
/// free, and otherwise the link itself. Returns `false` if neither is possible.
pub fn place(tx: &mut Tx<'_>, booking: &Booking, link: &str) -> Result<bool, StoreError> {
    let until =
        booking.ends_at + SignedDuration::from_mins(settings::load(tx)?.room_margin_minutes);
    let free: Option<(RoomId,)> = sql!(
        "SELECT r.id FROM room r WHERE r.url = :link AND NOT EXISTS
             (SELECT 1 FROM room_allocation a WHERE a.room_id = r.id AND a.state = 'reserved'
                  AND a.starts_at < :until AND a.blocks_until > :from)",
        link,
        from = booking.starts_at,
        until
    )
    .maybe(tx)?;
    let kind = if let Some((room,)) = &free {
        room::allocate(tx, room, booking.id.as_str(), booking.starts_at, until)?;
        Place::RoomPool
    } else {
        Place::Online
    };
    let is_usable = is_meeting(tx, link)?;
    let link = if free.is_none() && is_usable {
        link
    } else {
        ""
    };
    sql!(
        "UPDATE slot SET location_kind = :kind, location_secret = :link WHERE id = :slot",
        slot = booking.slot_id,
        kind,
        link
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(free.is_some() || is_usable)
}

/// Makes the slot of a confirmed booking use its own link instead of one of the site's rooms,
/// because no room was reserved.
pub fn keep_own_link(tx: &mut Tx<'_>, slot: &SlotId) -> Result<(), StoreError> {
    sql!(
        "UPDATE slot SET location_kind = :kind WHERE id = :slot AND location_kind = 'room_pool'",
        slot,
        kind = Place::Online
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Adds a request with its slots, the preferred one first.
pub fn add_request(tx: &mut Tx<'_>, new: &Request, slots: &[SlotId]) -> Result<bool, StoreError> {
    let is_new = tx.find::<Request>(&new.id)?.is_none();
    if is_new {
        let slots = slots.iter().map(|slot| (slot.clone(), Vec::new()));
        insert::insert(tx, new, slots)?;
    }
    Ok(is_new)
}

/// Adds the feedback of one side. Returns `false` if that side has already given feedback.
pub fn add_feedback(tx: &mut Tx<'_>, new: &Feedback) -> Result<bool, StoreError> {
    tx.insert_new(new)
}
