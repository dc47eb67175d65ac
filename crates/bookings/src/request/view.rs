//! The view of a request for its member, the providers and administrators.

use identity::account::AccountId;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::money::Currency;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use serde_json::json;
use site::proof::Requester;
use utoipa::ToSchema;

use super::{PartyToRequest, Request, RequestId, RequestState, slots};
use crate::booking::{self, BookingId, Party};
use crate::brief::Brief;
use crate::browse::computed_time;
use crate::choice::Choice;
use crate::offer_question::Answer;
use crate::settings::{self, Reveal, is_administrator};
use crate::slot::{SlotId, State};
use crate::{Refusal, external_calendar, member, provider};

/// A request as its parties read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BookingRequest)]
pub struct RequestView {
    pub id: RequestId,
    pub state: RequestState,
    /// The member's name.
    pub member: String,
    #[serde(flatten)]
    pub brief: Brief,
    #[serde(flatten)]
    pub choice: Choice,
    /// The slots, the preferred one first. Providers see only their own.
    pub slots: Vec<PreferredSlot>,
    /// The time at which the request lapses.
    pub expires_at: Timestamp,
    /// The booking, once a slot is confirmed.
    pub booking_id: Option<BookingId>,
    pub created_at: Timestamp,
}

/// One of a request's slots.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreferredSlot {
    pub slot_id: SlotId,
    /// The provider's name; empty while the site hides it from members.
    pub provider: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub time_zone: String,
    /// The zone of the place of a session in person; `None` for other sessions.
    #[serde(skip)]
    pub place_zone: Option<TimeZone>,
    pub title: String,
    pub price_minor: i64,
    pub currency: Currency,
    /// The code of the kind of credit with which the slot is booked; null if the slot is booked
    /// with money or is free.
    pub credit_kind: Option<String>,
    /// The member's answers to the questions of the slot's offer.
    pub answers: Vec<Answer>,
    /// Whether the slot can be confirmed at present.
    pub is_open: bool,
    /// Whether this slot was booked for the member.
    pub is_confirmed: bool,
}

impl RequestView {
    /// A request as `requester` sees it.
    pub fn of(tx: &mut Tx<'_>, requester: &Requester, request: Request) -> Result<Self, Refusal> {
        let PartyToRequest {
            party,
            request,
            slots,
            ..
        } = PartyToRequest::of(tx, requester, request)?;
        let is_revealed = party != Party::Member || settings::load(tx)?.reveal == Reveal::Always;
        let booking = match &request.booking_id {
            Some(booking) => booking::find(tx, booking)?,
            None => None,
        };
        let (now, is_pending) = (tx.roughly_now(), request.state == RequestState::Pending);
        let mut views = Vec::new();
        for one in slots {
            let (from, until) = (one.slot.starts_at, one.slot.ends_at);
            let busy = external_calendar::list_busy(tx, &one.slot.provider_id, from, until)?;
            let is_free = if one.slot.is_computed() {
                let offered = computed_time::find_free(tx, &one.slot.id)?;
                offered.is_some_and(|now| computed_time::has_same_terms(&now.slot, &one.slot))
            } else {
                one.slot.state == State::Available && from > now && busy.is_empty()
            };
            views.push(PreferredSlot {
                is_open: is_pending && is_free && one.is_open(),
                is_confirmed: booking
                    .as_ref()
                    .is_some_and(|booking| booking.slot_id == one.slot.id),
                provider: match &booking {
                    _ if is_revealed => provider::find(tx, &one.slot.provider_id)?.display_name,
                    Some(booking) if booking.slot_id == one.slot.id => {
                        booking::provider_name(tx, booking)?
                    }
                    _ => String::new(),
                },
                place_zone: one.slot.place_zone(),
                slot_id: one.slot.id,
                starts_at: one.slot.starts_at,
                ends_at: one.slot.ends_at,
                time_zone: one.slot.time_zone,
                title: one.slot.title,
                answers: one.answers,
                price_minor: one.slot.price_minor,
                currency: one.slot.currency,
                credit_kind: one.slot.credit_kind,
            });
        }
        Ok(Self {
            member: member::name(tx, request.member_id.as_ref())?,
            slots: views,
            id: request.id,
            state: request.state,
            brief: request.brief,
            choice: request.choice,
            expires_at: request.expires_at,
            booking_id: request.booking_id,
            created_at: request.created_at,
        })
    }
}

/// The sort key of lists of requests: when a request was made, and its id.
pub type Before = (Timestamp, RequestId);

/// Lists at most `rows` requests before `before`, newest first. A member gets their own requests, a
/// provider gets the undecided ones for their slots, and an administrator gets all undecided ones.
pub fn list(
    tx: &mut Tx<'_>,
    requester: &Requester,
    party: Party,
    before: Option<&Before>,
    rows: i64,
) -> Result<Vec<RequestView>, Refusal> {
    let who = &requester.who;
    if party == Party::Administrator && !(who.is_in_browser() && is_administrator(tx, who)?) {
        return Err(Refusal::Forbidden);
    }
    let found: Vec<Request> = sql!(
        "SELECT {r: Request} FROM booking_request r
         WHERE ((:party = 'member' AND r.member_id = :account)
             OR (:party = 'administrator' AND r.state = 'pending')
             OR (:party = 'provider' AND r.state = 'pending' AND EXISTS
                 (SELECT 1 FROM booking_request_slot l JOIN slot s ON s.id = l.slot_id
                  JOIN provider p ON p.id = s.provider_id
                  WHERE l.request_id = r.id AND l.is_declined = 0
                    AND (s.deleted_at IS NULL OR s.is_resting = 1)
                    AND p.account_id = :account)))
           AND (r.created_at < :at OR (r.created_at = :at AND r.id < :id))
         ORDER BY r.created_at DESC, r.id DESC LIMIT :rows",
        party,
        account = who.account().id,
        at = before.map_or(Timestamp::MAX, |(at, _)| *at),
        id = before.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)?;
    let views = found.into_iter();
    views
        .map(|one| RequestView::of(tx, requester, one))
        .collect()
}

/// Counts the undecided requests for the slots that an account offers.
pub(crate) fn count_asked(tx: &mut Tx<'_>, account: &AccountId) -> Result<i64, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(DISTINCT r.id) FROM booking_request r
         JOIN booking_request_slot l ON l.request_id = r.id AND l.is_declined = 0
         JOIN slot s ON s.id = l.slot_id AND (s.deleted_at IS NULL OR s.is_resting = 1)
         JOIN provider p ON p.id = s.provider_id
         WHERE r.state = 'pending' AND p.account_id = :account",
        account
    )
    .one(tx)?;
    Ok(count)
}

/// Exports the requests that an account's owner made.
pub(crate) fn export(
    tx: &mut Tx<'_>,
    account: &AccountId,
) -> Result<serde_json::Value, StoreError> {
    let all: Vec<Request> = sql!(
        "SELECT {Request} FROM booking_request WHERE member_id = :account ORDER BY created_at, id",
        account
    )
    .all(tx)?;
    let mut copies = Vec::new();
    for one in all {
        let slots = slots(tx, &one.id)?;
        let slots: Vec<_> = slots
            .iter()
            .map(|one| (&one.slot.title, one.slot.starts_at, &one.answers))
            .collect();
        copies.push(json!({
            "state": one.state, "topics": one.brief.topics, "note": one.brief.note,
            "slots": slots, "created_at": one.created_at,
        }));
    }
    Ok(json!(copies))
}
