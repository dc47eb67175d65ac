//! The view of a booking for its member, its provider and administrators.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::store::{IdSet, Row};
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;

use super::no_show::{self, Claim};
use super::seat::{self, Seat};
use super::{Booking, BookingId, Party, State};
use crate::brief::Brief;
use crate::choice;
use crate::offer_question::Answer;
use crate::order::{self, Order};
use crate::settings::{self, Reveal};
use crate::slot::{Place, SlotId};

/// A booking as its parties read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Booking)]
pub struct BookingView {
    pub id: BookingId,
    pub slot_id: SlotId,
    /// The provider's name; empty while the site hides it from members.
    pub provider: String,
    /// The member's name; null after the member's account was erased.
    pub member: Option<String>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub time_zone: String,
    pub title: String,
    #[serde(flatten)]
    pub brief: Brief,
    /// The provider's email address, if the provider shows it, once the booking is confirmed.
    pub provider_email: String,
    /// The member's email address, if the member shows it, once the booking is confirmed.
    pub member_email: String,
    #[serde(flatten)]
    pub choice: choice::Choice,
    /// The answers to the questions that the offer asked when it was booked.
    pub answers: Vec<Answer>,
    /// How many seats of a class the booking takes; otherwise 1.
    pub seats: i64,
    /// Whether it takes further seats of a class, beside the member's first booking of the date.
    pub is_further: bool,
    /// The seats of a class, also those that were given back; otherwise empty.
    pub party: Vec<Seat>,
    pub state: State,
    /// The link, address or telephone number, once the booking is confirmed.
    pub location: String,
    /// The provider's preparation note, once the booking is confirmed.
    pub prep_note: String,
    /// The order that pays for the booking.
    pub order: Option<Order>,
    /// The code of the kind of credit that the booking cost; null if it cost none.
    pub credit_kind: Option<String>,
    /// The time until which the member may move the booking, or cancel it and lose nothing.
    pub cancel_deadline: Timestamp,
    pub reschedules: i64,
    pub cancelled_by: Option<Party>,
    /// Whether the member cancelled after `cancel_deadline`.
    pub is_late: bool,
    pub cancel_reason: String,
    /// The latest claim that one side did not come.
    pub claim: Option<Claim>,
    pub version: i64,
    /// The zone of the place of a session in person; `None` for other sessions.
    #[serde(skip)]
    pub(crate) place_zone: Option<TimeZone>,
}

#[derive(Row)]
struct Details {
    id: BookingId,
    prep_note: String,
    location_kind: Place,
    credit_kind: Option<String>,
    /// The link of the reserved room, or else what the slot says.
    place: String,
    provider: String,
    /// The provider's address; null if the provider does not show it.
    provider_email: Option<String>,
    /// The member's name; null if there is no active account.
    member: Option<String>,
    member_email: Option<String>,
}

impl BookingView {
    pub fn of(tx: &mut Tx<'_>, booking: Booking) -> Result<Self, StoreError> {
        let mut views = Self::list(tx, vec![booking])?;
        views.pop().ok_or_else(lost)
    }

    /// The views of these bookings, in the same order.
    pub fn list(tx: &mut Tx<'_>, bookings: Vec<Booking>) -> Result<Vec<Self>, StoreError> {
        let hides_providers = settings::load(tx)?.reveal == Reveal::AfterBooking;
        let orders = bookings.iter().filter_map(|one| one.order_id.as_ref());
        let mut orders = order::find_all(tx, orders)?;
        let ids = || bookings.iter().map(|one| one.id.as_str());
        let mut claims = no_show::of_bookings(tx, ids())?;
        let classes = bookings.iter().filter(|one| one.is_class);
        let mut parties = seat::of_bookings(tx, classes.map(|one| one.id.as_str()))?;
        let mut details = details(tx, ids())?;
        let views = bookings.into_iter().map(|booking| {
            let party = parties.remove(&booking.id).unwrap_or_default();
            let details = details.remove(&booking.id).ok_or_else(lost)?;
            let order = booking.order_id.as_ref();
            let order = order.and_then(|order| orders.remove(order));
            let claim = claims.remove(&booking.id);
            Ok(Self {
                party,
                ..Self::with(booking, details, order, claim, hides_providers)
            })
        });
        views.collect()
    }

    fn with(
        booking: Booking,
        details: Details,
        order: Option<Order>,
        claim: Option<Claim>,
        hides_providers: bool,
    ) -> Self {
        let is_held = booking.state.is_held();
        let once_held = |text: String| if is_held { text } else { String::new() };
        let provider_email = details.provider_email.unwrap_or_default();
        let member_email = details.member_email.filter(|_| booking.brief.shows_email);
        Self {
            provider: if hides_providers {
                once_held(details.provider)
            } else {
                details.provider
            },
            member: details.member,
            place_zone: (details.location_kind == Place::InPerson).then(|| booking.zone()),
            location: once_held(details.place),
            prep_note: once_held(details.prep_note),
            order,
            credit_kind: details.credit_kind,
            cancel_deadline: booking.cancel_deadline(),
            id: booking.id,
            slot_id: booking.slot_id,
            starts_at: booking.starts_at,
            ends_at: booking.ends_at,
            time_zone: booking.time_zone,
            title: booking.title,
            brief: booking.brief,
            provider_email: once_held(provider_email),
            member_email: once_held(member_email.unwrap_or_default()),
            choice: booking.choice,
            answers: booking.answers,
            seats: booking.seats,
            is_further: booking.is_further,
            party: Vec::new(),
            state: booking.state,
            reschedules: booking.reschedules,
            cancelled_by: booking.cancelled_by,
            is_late: booking.is_late,
            claim,
            cancel_reason: booking.cancel_reason,
            version: booking.version,
        }
    }
}

fn lost() -> StoreError {
    StoreError::rule("a booking is not stored")
}

fn details<'a>(
    tx: &mut Tx<'_>,
    bookings: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<BookingId, Details>, StoreError> {
    let mut all = BTreeMap::new();
    for set in IdSet::of(bookings) {
        let found: Vec<Details> = sql!(
            "SELECT b.id, s.prep_note, s.location_kind, l.credit_kind,
                 COALESCE(
                     (SELECT r.url FROM room_allocation a JOIN room r ON r.id = a.room_id
                      WHERE a.booking_id = b.id AND a.state = 'reserved'),
                     (SELECT r.url FROM booking c JOIN room_allocation a ON a.booking_id = c.id
                      JOIN room r ON r.id = a.room_id
                      WHERE c.slot_id = b.slot_id AND c.is_class = 1 AND a.state = 'reserved'),
                     s.location_secret) AS place,
                 p.display_name AS provider,
                 CASE WHEN p.shows_email = 1 THEN pe.address END AS provider_email,
                 CASE WHEN me.address IS NOT NULL THEN m.display_name END AS member,
                 me.address AS member_email
             FROM booking b JOIN slot s ON s.id = b.slot_id
             JOIN provider p ON p.id = b.provider_id
             LEFT JOIN credit_lot l ON l.id = b.credit_lot_id
             LEFT JOIN account pa ON pa.id = p.account_id AND pa.state = 'active'
             LEFT JOIN email pe ON pe.account_id = pa.id AND pe.is_primary = 1
             LEFT JOIN account m ON m.id = b.member_id AND m.state = 'active'
             LEFT JOIN email me ON me.account_id = m.id AND me.is_primary = 1
             WHERE b.id IN ({:IdSet})",
            IdSet = set
        )
        .all(tx)?;
        all.extend(found.into_iter().map(|one| (one.id.clone(), one)));
    }
    Ok(all)
}
