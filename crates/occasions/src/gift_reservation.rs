//! Reservations of gifts by households. A reservation is written under the gift's lock, so
//! households cannot reserve more pieces than there are.

use jiff::Timestamp;
use platform::audit::{Actor, Entity, Entry, RequestFacts};
use platform::news::NewNews;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde_json::{Value, json};
use web::{FieldProblem, words};

use crate::code::CodeKey;
use crate::gift::{self, Gift};
use crate::guest::Guest;
use crate::id::{GiftId, InvitationId, OccasionId, ReservationId};
use crate::invitation_snapshot::{self, InvitationSnapshot};
use crate::refusal::Refusal;
use crate::rsvp::HOUSEHOLD;
use crate::words::{Access, OccasionStatus};

/// The maximum length of a note, in characters.
pub const NOTE_LIMIT: usize = 500;

words! {
    /// The state of a reservation.
    ReservationState {
        /// The household will bring the gift.
        Reserved = "reserved" => "host-gift-reserved",
        /// The hosts have received the gift.
        Given = "given" => "host-gift-given",
        /// The reservation was cancelled, so its pieces are available again.
        Released = "released" => "host-gift-released",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Reservation {
    pub id: ReservationId,
    pub gift: GiftId,
    pub invitation: InvitationId,
    pub quantity: i64,
    pub state: ReservationState,
    pub note: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Reservation {
    /// Whether the reservation still holds pieces of the gift.
    pub fn is_active(&self) -> bool {
        self.state != ReservationState::Released
    }
}

/// A gift as one household sees it.
#[derive(Clone, Debug)]
pub struct OfferedGift {
    pub gift: Gift,
    /// The number of pieces that no household has reserved.
    pub available: i64,
    /// The household's own active reservation.
    pub own: Option<Reservation>,
}

/// A household's request for a gift.
#[derive(Clone, Debug)]
pub struct Reserve {
    /// The code that was sent with the request.
    pub key: CodeKey,
    pub gift: GiftId,
    /// The number of pieces; 0 releases the reservation.
    pub quantity: i64,
    /// The note to the hosts. With `None`, the stored note stays.
    pub note: Option<String>,
    pub request: Option<RequestFacts>,
}

/// The result of a reservation request.
#[derive(Clone, Debug)]
pub struct Reserved {
    /// The gift after the change.
    pub offer: OfferedGift,
    /// Whether the household had no active reservation of this gift before the request.
    pub is_new: bool,
    /// The code as printed on the card.
    pub code: String,
}

/// Lists the gifts that a household may see: all offered gifts, and the gifts that it has reserved.
pub fn offers(
    tx: &mut Tx<'_>,
    snapshot: &InvitationSnapshot,
) -> Result<Vec<OfferedGift>, StoreError> {
    let occasion = &snapshot.occasion.id;
    let all = of_occasion(tx, occasion)?;
    let mine = &snapshot.household.invitation.id;
    let mut offers = Vec::new();
    for gift in gift::of(tx, occasion)? {
        let id = gift.id.clone();
        let of_gift = all.iter().filter(|one| one.gift == id);
        let offer = offer(gift, of_gift, mine);
        if offer.gift.active || offer.own.is_some() {
            offers.push(offer);
        }
    }
    Ok(offers)
}

fn offer<'a>(
    gift: Gift,
    reservations: impl Iterator<Item = &'a Reservation>,
    invitation: &InvitationId,
) -> OfferedGift {
    let (mut taken, mut own) = (0, None);
    for one in reservations.filter(|one| one.is_active()) {
        taken += one.quantity;
        if one.invitation == *invitation {
            own = Some(one.clone());
        }
    }
    OfferedGift {
        available: (gift.quantity - taken).max(0),
        gift,
        own,
    }
}

/// Reserves pieces of a gift, changes their number, or releases them.
pub fn reserve(tx: &mut Tx<'_>, wanted: &Reserve) -> Result<Reserved, Refusal> {
    let snapshot = invitation_snapshot::open_locked(tx, &wanted.key, |_, _| Ok(()))?;
    let id = snapshot.household.invitation.id.clone();
    if !snapshot.gift_lists()[0] {
        return Err(Refusal::FeatureDisabled);
    }
    check_access(&snapshot)?;
    let occasion = &snapshot.occasion.id;
    let gift = gift::lock(tx, occasion, &wanted.gift)?.ok_or(Refusal::NotFound)?;
    let all = of_gift(tx, &gift.id)?;
    let stored = all.iter().find(|one| one.invitation == id);
    let before = offer(gift, all.iter(), &id);
    let note = wanted.note.as_deref().map(text_cleaning::clean);
    check(&snapshot, &before, wanted.quantity, note.as_deref())?;

    let after = plan(tx, stored, &before, &id, wanted.quantity, note);
    let Some(after) = after else {
        return Ok(Reserved {
            offer: before,
            is_new: false,
            code: snapshot.household.invitation.code,
        });
    };
    write(tx, &after)?;
    let is_new = before.own.is_none();
    let action = match after.state {
        ReservationState::Released => "gift.released",
        _ => "gift.reserved",
    };
    let pieces = |own: Option<&Reservation>| own.map_or(0, |own| own.quantity);
    let quantity = if after.is_active() { after.quantity } else { 0 };
    let changes = json!([
        {"field": "gift", "old": null, "new": before.gift.name},
        {"field": "quantity", "old": pieces(before.own.as_ref()), "new": quantity},
    ]);
    record(tx, &snapshot, action, changes, wanted.request.clone())?;
    let others = all.iter().filter(|one| one.invitation != id);
    let offer = offer(before.gift, others.chain([&after]), &id);
    tell(tx, occasion, &offer.gift.id, offer.available)?;
    Ok(Reserved {
        offer,
        is_new,
        code: snapshot.household.invitation.code,
    })
}

/// `None` if the request changes nothing.
fn plan(
    tx: &mut Tx<'_>,
    stored: Option<&Reservation>,
    before: &OfferedGift,
    invitation: &InvitationId,
    quantity: i64,
    note: Option<String>,
) -> Option<Reservation> {
    let now = tx.now();
    if quantity == 0 {
        // A released reservation keeps no note.
        return before.own.clone().map(|own| Reservation {
            state: ReservationState::Released,
            note: String::new(),
            updated_at: now,
            ..own
        });
    }
    let note = note.or_else(|| before.own.as_ref().map(|own| own.note.clone()));
    let new = Reservation {
        id: stored.map_or_else(|| tx.id(), |stored| stored.id.clone()),
        gift: before.gift.id.clone(),
        invitation: invitation.clone(),
        quantity,
        state: before
            .own
            .as_ref()
            .map_or(ReservationState::Reserved, |own| own.state),
        note: note.unwrap_or_default(),
        created_at: stored.map_or(now, |stored| stored.created_at),
        updated_at: now,
    };
    let is_same = before
        .own
        .as_ref()
        .is_some_and(|own| own.quantity == new.quantity && own.note == new.note);
    (!is_same).then_some(new)
}

/// Checks whether households may reserve gifts and upload files now. Some occasions allow this even
/// after answers have closed, until the occasion itself closes.
pub(crate) fn check_access(snapshot: &InvitationSnapshot) -> Result<(), Refusal> {
    let stored = || Box::new(snapshot.clone());
    match snapshot.access {
        _ if snapshot.takes_notes() => Ok(()),
        Access::Closed if snapshot.occasion.status == OccasionStatus::Closed => {
            Err(Refusal::OccasionClosed(stored()))
        }
        Access::Closed => Err(Refusal::DeadlinePassed(stored())),
        Access::Locked => Err(Refusal::Locked(stored())),
        Access::Open => Ok(()),
        Access::Expired => Err(Refusal::Expired),
        Access::Revoked => Err(Refusal::InvitationNotFound),
    }
}

fn check(
    snapshot: &InvitationSnapshot,
    before: &OfferedGift,
    quantity: i64,
    note: Option<&str>,
) -> Result<(), Refusal> {
    let invalid = |pointer: &str, code, values: &[(&'static str, i64)]| {
        let values: Vec<_> = values
            .iter()
            .map(|(name, n)| (*name, (*n).into()))
            .collect();
        Refusal::Fields(vec![FieldProblem::new(pointer, code, values)])
    };
    let held = before.own.as_ref().map_or(0, |own| own.quantity);
    if before.own.is_none() && !before.gift.active {
        return Err(if quantity == 0 {
            Refusal::NotFound
        } else {
            Refusal::GiftTaken
        });
    }
    if !(0..=gift::MOST_PIECES).contains(&quantity) {
        let bounds = [("min", 1), ("max", gift::MOST_PIECES)];
        return Err(invalid("/quantity", "out_of_range", &bounds));
    }
    if note.is_some_and(|note| text_cleaning::length(note) > NOTE_LIMIT) {
        let most = i64::try_from(NOTE_LIMIT).unwrap_or(i64::MAX);
        return Err(invalid("/note", "too_long", &[("max", most)]));
    }
    let is_given = before
        .own
        .as_ref()
        .is_some_and(|own| own.state == ReservationState::Given);
    if is_given && quantity != held {
        return Err(Refusal::GiftAlreadyGiven);
    }
    if quantity > held
        && snapshot.occasion.switches.gifts_only_if_attending
        && !is_attending(snapshot)
    {
        return Err(Refusal::GiftNeedsAttendance);
    }
    let most = before.available + held;
    if quantity > most {
        return Err(if most == 0 {
            Refusal::GiftTaken
        } else {
            Refusal::GiftQuantity(most)
        });
    }
    // Nobody can reserve more pieces of an inactive gift. Releasing pieces is still allowed.
    if quantity > held && !before.gift.active {
        return Err(Refusal::GiftTaken);
    }
    Ok(())
}

/// Returns whether at least one guest of the household comes.
pub(crate) fn is_attending(snapshot: &InvitationSnapshot) -> bool {
    snapshot.household.guests.iter().any(Guest::comes)
}

/// Releases the reservations of an invitation that is being archived. Reservations in the state
/// `Given` stay unchanged.
pub(crate) fn release_all(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    invitation: &InvitationId,
) -> Result<(), StoreError> {
    for one in of_invitation(tx, invitation)? {
        gift::lock(tx, occasion, &one.gift)?;
        // Before the lock was taken, the hosts may have marked the reservation as given.
        let own = of_gift(tx, &one.gift)?.into_iter();
        let mut own = own.filter(|own| own.id == one.id);
        if let Some(own) = own.find(|own| own.state == ReservationState::Reserved) {
            release(tx, occasion, &own)?;
        }
    }
    Ok(())
}

/// Releases a reservation. The caller must hold the gift's lock.
pub(crate) fn release(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    own: &Reservation,
) -> Result<(), StoreError> {
    let released = Reservation {
        state: ReservationState::Released,
        note: String::new(),
        updated_at: tx.now(),
        ..own.clone()
    };
    write(tx, &released)?;
    tell_of_gift(tx, occasion, &own.gift)
}

/// Moves the reservations of invitation `from` to invitation `into`. Called when the two
/// invitations are merged.
pub(crate) fn hand_over(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    from: &InvitationId,
    into: &InvitationId,
) -> Result<(), StoreError> {
    for one in of_invitation(tx, from)? {
        gift::lock(tx, occasion, &one.gift)?;
        let all = of_gift(tx, &one.gift)?;
        let Some(leaving) = all.iter().find(|own| own.id == one.id && own.is_active()) else {
            continue;
        };
        let now = tx.now();
        let staying = all.iter().find(|own| own.invitation == *into);
        let mut kept = match staying {
            Some(staying) if staying.is_active() => Reservation {
                quantity: staying.quantity + leaving.quantity,
                ..staying.clone()
            },
            Some(staying) => Reservation {
                id: staying.id.clone(),
                invitation: into.clone(),
                ..leaving.clone()
            },
            None => Reservation {
                id: tx.id(),
                invitation: into.clone(),
                ..leaving.clone()
            },
        };
        // The hosts have received a part of the gift, so the whole reservation counts as given.
        if leaving.state == ReservationState::Given {
            kept.state = ReservationState::Given;
        }
        if kept.note.is_empty() {
            kept.note.clone_from(&leaving.note);
        }
        kept.updated_at = now;
        let released = Reservation {
            state: ReservationState::Released,
            note: String::new(),
            updated_at: now,
            ..leaving.clone()
        };
        write(tx, &released)?;
        write(tx, &kept)?;
        let was_given = staying.is_some_and(|one| one.state == ReservationState::Given);
        if leaving.state == ReservationState::Given && !was_given {
            sql!(
                "UPDATE received_gift SET reservation = :kept WHERE reservation = :leaving",
                kept = kept.id,
                leaving = leaving.id
            )
            .run(tx, Rows::AtMostOne)?;
        }
    }
    sql!(
        "UPDATE received_gift SET household = :into, version = version + 1 WHERE household = :from",
        from,
        into
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// In the order in which the gifts must be locked.
fn of_invitation(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Vec<Reservation>, StoreError> {
    sql!(
        "SELECT {Reservation} FROM gift_reservation
         WHERE invitation = :id AND state <> :released ORDER BY gift",
        id,
        released = ReservationState::Released
    )
    .all(tx)
}

/// Lists all reservations of a gift, including released ones.
pub(crate) fn of_gift(tx: &mut Tx<'_>, id: &GiftId) -> Result<Vec<Reservation>, StoreError> {
    sql!(
        "SELECT {Reservation} FROM gift_reservation WHERE gift = :id ORDER BY id",
        id
    )
    .all(tx)
}

/// Lists the active reservations in an occasion, the oldest first.
pub(crate) fn of_occasion(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<Vec<Reservation>, StoreError> {
    sql!(
        "SELECT {r: Reservation} FROM gift_reservation r JOIN gift ON gift.id = r.gift
         WHERE gift.occasion = :occasion AND r.state <> :released ORDER BY r.id",
        occasion,
        released = ReservationState::Released
    )
    .all(tx)
}

/// Stores a reservation. The caller must hold the gift's lock.
pub(crate) fn write(tx: &mut Tx<'_>, one: &Reservation) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO gift_reservation ({Reservation}) VALUES ({:Reservation})
         ON CONFLICT (gift, invitation) DO UPDATE SET quantity = excluded.quantity,
             state = excluded.state, note = excluded.note, updated_at = excluded.updated_at",
        Reservation = one
    )
    .run(tx, Rows::Exactly(1))
    .map(drop)
}

/// Adds an entry to the audit log, with the household as the actor.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    snapshot: &InvitationSnapshot,
    action: &'static str,
    changes: Value,
    request: Option<RequestFacts>,
) -> Result<(), StoreError> {
    let invitation = snapshot.household.invitation.id.to_string();
    tx.record(Entry {
        actor: Actor::Other {
            kind: HOUSEHOLD,
            id: invitation.clone(),
        },
        action,
        entity: Entity::new("invitation", invitation),
        scope: Some(snapshot.occasion.id.to_string()),
        changes,
        request,
    })
}

/// Publishes how many pieces of a gift are left. Pages that are open in browsers then show it.
pub(crate) fn tell_of_gift(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    id: &GiftId,
) -> Result<(), StoreError> {
    let (quantity,): (i64,) = sql!("SELECT quantity FROM gift WHERE id = :id", id).one(tx)?;
    let all = of_gift(tx, id)?;
    let taken: i64 = all
        .iter()
        .filter(|one| one.is_active())
        .map(|one| one.quantity)
        .sum();
    tell(tx, occasion, id, (quantity - taken).max(0))
}

fn tell(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    gift: &GiftId,
    available: i64,
) -> Result<(), StoreError> {
    tx.publish(NewNews {
        scope: occasion.to_string(),
        name: "gift",
        payload: json!({"id": gift, "available": available}),
    })
}
