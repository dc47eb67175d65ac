//! Requests. A member asks for one of several slots, and the provider of a slot or an administrator
//! confirms it. A request reserves nothing.

mod answers;
pub(crate) mod insert;
mod leaving;
mod slot_change_notices;
pub mod view;

use std::collections::BTreeSet;

use identity::account::{self, AccountId};
use identity::session::signed_in::Confirmed;
use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::jobs::{self, Done, Handler, Job, JobError};
use platform::mail::Stream;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::proof::{Proof, Requester};
use utoipa::ToSchema;
use web::{Findings, MailMessages, Site};

use self::answers::check;
use crate::booking::{BookingId, Party};
use crate::brief::Brief;
use crate::browse::computed_time;
use crate::choice::{self, Choice};
use crate::codes::{
    CREDIT_FROZEN, MEMBER_BUSY, OWN_SLOT, PREFERRED_INVALID, QUOTA_EXHAUSTED, REQUEST_SETTLED,
    TOO_MANY_REQUESTS_OPEN,
};
use crate::offer_question::{Answer, SentAnswers};
use crate::provider;
use crate::settings::{self, is_administrator};
use crate::slot::{self, Slot, SlotId};
use crate::{Refusal, book, browse, credit, gateway, member, membership, notice};

pub(crate) use answers::questions;
pub(crate) use leaving::{erase, leave};
pub use slot_change_notices::{change_slot_and_notify, remove_slot_and_notify};

platform::id!(RequestId, random, "One request for a session.");

const LAPSE: &str = "booking.request";
/// Limited because each request sends mail.
const PER_DAY: i64 = 20;
/// The paths of two pages: a member's own requests, and the requests for a provider's slots.
pub(crate) const OWN: &str = "/me/requests";
pub(crate) const ASKED: &str = "/me/slots/requests";

web::words! {
    /// The state of a request.
    #[schema(as = BookingRequestState)]
    RequestState {
        /// Nobody has decided yet.
        Pending = "pending" => "request-pending",
        /// One of the slots was booked for the member.
        Confirmed = "confirmed" => "request-confirmed",
        /// The providers declined all slots.
        Declined = "declined" => "request-declined",
        /// The member has withdrawn the request.
        Withdrawn = "withdrawn" => "request-withdrawn",
        /// Nobody decided in time, or no slot was left.
        Lapsed = "lapsed" => "request-lapsed",
    }
}

/// A member's request for one of several slots.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
#[row(table = "booking_request")]
pub struct Request {
    pub id: RequestId,
    /// The member who asks; `None` after the member's account was erased.
    pub member_id: Option<AccountId>,
    pub state: RequestState,
    /// What the member tells the providers.
    #[row(flatten)]
    pub brief: Brief,
    /// What the member chose. A value that the slots imply may be missing.
    #[row(flatten)]
    pub choice: choice::Choice,
    /// The time at which the request lapses.
    pub expires_at: Timestamp,
    /// The booking that a confirmation made.
    pub booking_id: Option<BookingId>,
    pub created_at: Timestamp,
}

/// One of a request's slots.
#[derive(Clone, Debug, Row)]
pub struct Preferred {
    #[row(flatten)]
    slot: Slot,
    /// The member's, to the questions of the slot's offer.
    #[row(json)]
    answers: Vec<Answer>,
    is_declined: bool,
    deleted_at: Option<Timestamp>,
}

impl Preferred {
    fn is_open(&self) -> bool {
        !self.is_declined && self.deleted_at.is_none()
    }
}

/// A request for one of several slots.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBookingRequest)]
pub struct NewRequest {
    /// The slots, the preferred one first. Their maximum number is a setting, 2 by default.
    pub slot_ids: Vec<SlotId>,
    /// The answers to the questions of the slots' offers, as for a booking.
    #[serde(default)]
    pub answers: SentAnswers,
    /// The topics of the session: up to 10, each up to 60 characters.
    #[serde(default)]
    pub topics: Vec<String>,
    /// A note for the providers, up to 2,000 characters.
    #[serde(default)]
    pub note: String,
    /// Whether the provider sees the member's email address once the booking is confirmed.
    #[serde(default)]
    pub shows_email: bool,
    /// The code of a session type that each slot offers.
    #[serde(default)]
    pub session_type: Option<String>,
    /// The code of a level that each slot offers.
    #[serde(default)]
    pub level: Option<String>,
    /// The slug of an entry of the catalogue that each slot offers.
    #[serde(default)]
    pub entry: Option<String>,
    /// One of the entry's tracks, if the entry has any.
    #[serde(default)]
    pub track: Option<String>,
}

/// The proof that a person is a party to the request whose id is the path parameter `id`. For a
/// change, the member's account and the request are locked.
#[derive(Clone, Debug)]
pub struct PartyToRequest {
    requester: Requester,
    pub party: Party,
    request: Request,
    /// For a provider, only the provider's own slots.
    slots: Vec<Preferred>,
}

impl PartyToRequest {
    /// Like [`Proof::enter_to_change`], for a request whose id is in the body of the HTTP request.
    pub fn lock(tx: &mut Tx<'_>, requester: &Requester, id: &RequestId) -> Result<Self, Refusal> {
        let seen = find(tx, id)?.ok_or(Refusal::NotFound)?;
        // A confirmation creates a booking for the member, and all code locks a member's account
        // first.
        if let Some(member) = &seen.member_id {
            account::lock(tx, member)?;
        }
        let request = lock(tx, id)?.ok_or(Refusal::NotFound)?;
        Self::of(tx, requester, request)
    }

    fn of(tx: &mut Tx<'_>, requester: &Requester, request: Request) -> Result<Self, Refusal> {
        let account = &requester.who.account().id;
        let mut slots = slots(tx, &request.id)?;
        let mut own = Vec::new();
        for one in &slots {
            if provider::account_of(tx, &one.slot.provider_id)?.as_ref() == Some(account) {
                own.push(one.clone());
            }
        }
        let party = if request.member_id.as_ref() == Some(account) {
            Party::Member
        } else if !own.is_empty() {
            slots = own;
            Party::Provider
        } else if requester.who.is_in_browser() && is_administrator(tx, &requester.who)? {
            Party::Administrator
        } else {
            return Err(Refusal::NotFound);
        };
        Ok(Self {
            requester: requester.clone(),
            party,
            request,
            slots,
        })
    }

    /// The slot that the member prefers among those that the caller can confirm.
    pub fn preferred(&self) -> Option<SlotId> {
        let open = self.slots.iter().find(|one| one.is_open());
        open.map(|one| one.slot.id.clone())
    }

    fn check_undecided(&self, tx: &mut Tx<'_>) -> Result<(), Refusal> {
        if self.party == Party::Member {
            return Err(Refusal::Forbidden);
        }
        let is_open = self.request.state == RequestState::Pending;
        if !is_open || self.request.expires_at <= tx.now() {
            return Err(REQUEST_SETTLED.into());
        }
        Ok(())
    }

    fn record(&self, tx: &mut Tx<'_>, state: RequestState) -> Result<(), StoreError> {
        let entity = Entity::new("booking_request", self.request.id.to_string());
        let changes = json!([{"field": "state", "old": self.request.state, "new": state}]);
        self.requester
            .record(tx, entity, "booking.request", changes)
    }

    /// The caller holds its lock.
    fn end(
        &self,
        tx: &mut Tx<'_>,
        state: RequestState,
        booking: Option<BookingId>,
    ) -> Result<Request, StoreError> {
        jobs::withdraw(tx, &key(&self.request.id))?;
        self.record(tx, state)?;
        end(tx, &self.request, state, booking)
    }
}

impl Proof for PartyToRequest {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let request = find(tx, &requester.id("id")?)?.ok_or(Refusal::NotFound)?;
        Self::of(tx, requester, request)
    }

    fn enter_to_change(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        Self::lock(tx, requester, &requester.id("id")?)
    }
}

fn find(tx: &mut Tx<'_>, id: &RequestId) -> Result<Option<Request>, StoreError> {
    tx.find(id)
}

fn lock(tx: &mut Tx<'_>, id: &RequestId) -> Result<Option<Request>, StoreError> {
    tx.lock(id)
}

fn slots(tx: &mut Tx<'_>, request: &RequestId) -> Result<Vec<Preferred>, StoreError> {
    sql!(
        "SELECT {s: Slot}, r.answers, r.is_declined,
             CASE WHEN s.is_resting = 0 THEN s.deleted_at END AS deleted_at
         FROM booking_request_slot r JOIN slot s ON s.id = r.slot_id
         WHERE r.request_id = :request ORDER BY r.position",
        request
    )
    .all(tx)
}

fn end(
    tx: &mut Tx<'_>,
    request: &Request,
    state: RequestState,
    booking_id: Option<BookingId>,
) -> Result<Request, StoreError> {
    sql!(
        "UPDATE booking_request SET state = :state, booking_id = :booking_id
         WHERE id = :id AND state = 'pending'",
        id = request.id,
        state,
        booking_id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(Request {
        state,
        booking_id,
        ..request.clone()
    })
}

fn key(id: &RequestId) -> String {
    format!("{LAPSE} {id}")
}

/// Creates a request for one of several slots, and notifies their providers. Nothing is reserved or
/// spent, but the member must be able to book each of the slots.
pub fn create(
    tx: &mut Tx<'_>,
    site: &Site,
    member: &Confirmed,
    new: &NewRequest,
) -> Result<Request, Refusal> {
    let account = &member.who().account().id;
    member::lock(tx, account)?;
    let rules = settings::load(tx)?;
    let mut findings = Findings::default();
    let brief = Brief {
        topics: new.topics.clone(),
        note: new.note.clone(),
        shows_email: new.shows_email,
    };
    let brief = brief.check(&mut findings);
    let most = usize::try_from(rules.request_slots).unwrap_or_default();
    let distinct: BTreeSet<&str> = new.slot_ids.iter().map(SlotId::as_str).collect();
    if !(1..=most).contains(&new.slot_ids.len()) || distinct.len() < new.slot_ids.len() {
        findings.add("/slot_ids", PREFERRED_INVALID.code, []);
    }
    findings.finish()?;
    let choice = Choice {
        session_type: new.session_type.clone(),
        level: new.level.clone(),
        entry: new.entry.clone(),
        track: new.track.clone(),
    };
    for id in distinct {
        slot::lock(tx, id)?;
    }
    let mut slots = Vec::new();
    for id in &new.slot_ids {
        let slot = browse::find_slot(tx, id)?.ok_or(Refusal::NotFound)?;
        let owner = provider::account_of(tx, &slot.provider_id)?;
        if owner.as_ref() == Some(account) {
            return Err(OWN_SLOT.into());
        }
        if slot.is_class() {
            return Err(PREFERRED_INVALID.into());
        }
        if browse::find(tx, id)?.is_none() {
            return Err(book::taken(tx, &slot)?);
        }
        choice::choose(tx, slot.sets(), &choice, &Choice::default())?;
        if let Some(wanted) = slot.credit(&rules) {
            let mode = gateway::mode(site);
            membership::check(tx, account, wanted.kind, mode)?;
            if credit::balance(tx, account, wanted, mode)? == 0 {
                return Err(credit::none_left(tx, account, wanted, mode)?.into());
            }
        }
        slots.push((slot, owner));
    }
    let now = tx.now();
    let (pending, made): (i64, i64) = sql!(
        "SELECT CAST(COALESCE(SUM(CASE WHEN state = 'pending' THEN 1 ELSE 0 END), 0) AS BIGINT),
             CAST(COALESCE(SUM(CASE WHEN created_at > :since THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM booking_request WHERE member_id = :account",
        account,
        since = now - SignedDuration::from_hours(24)
    )
    .one(tx)?;
    if pending >= rules.request_limit || made >= PER_DAY {
        return Err(TOO_MANY_REQUESTS_OPEN.into());
    }
    let last = slots.iter().map(|(slot, _)| slot.starts_at).max();
    let due = now + SignedDuration::from_hours(rules.request_hours);
    let request = Request {
        id: tx.id(),
        member_id: Some(account.clone()),
        state: RequestState::Pending,
        brief,
        choice,
        expires_at: last.map_or(due, |last| last.min(due)),
        booking_id: None,
        created_at: now,
    };
    let answers = check(tx, &slots, &new.answers)?;
    for (slot, _) in &slots {
        if slot.is_computed() && !computed_time::keep(tx, slot)? {
            return Err(book::taken(tx, slot)?);
        }
    }
    let ids = slots.iter().map(|(slot, _)| slot.id.clone());
    insert::insert(tx, &request, ids.zip(answers))?;
    let mut told: Vec<AccountId> = Vec::new();
    for (slot, owner) in slots {
        let Some(owner) = owner.filter(|owner| !told.contains(owner)) else {
            continue;
        };
        let messages = MailMessages {
            subject: "request-notice-made",
            text: "request-said-made",
        };
        tell(tx, site, Some(&owner), messages, &slot, ASKED)?;
        told.push(owner);
    }
    Ok(request)
}

fn tell(
    tx: &mut Tx<'_>,
    site: &Site,
    account: Option<&AccountId>,
    messages: MailMessages,
    slot: &Slot,
    href: &str,
) -> Result<(), StoreError> {
    let place = slot.place_zone();
    let notice = notice::TimedNotice {
        messages,
        at: slot.starts_at,
        place: place.as_ref(),
        href,
    };
    let stream = Stream::Transactional;
    notice::tell_of_time(tx, site, account, stream, &slot.title, notice)
}

/// Books one of the request's slots for its member. A slot with a price is held until the member
/// has paid.
pub fn confirm(
    tx: &mut Tx<'_>,
    site: &Site,
    party: &PartyToRequest,
    slot: &SlotId,
) -> Result<Request, Refusal> {
    party.check_undecided(tx)?;
    let mut open = party.slots.iter().filter(|one| one.is_open());
    let Some(chosen) = open.find(|one| one.slot.id == *slot) else {
        return Err(PREFERRED_INVALID.into());
    };
    let (request, slot) = (&party.request, &chosen.slot);
    let member = request.member_id.as_ref().ok_or(REQUEST_SETTLED)?;
    if !account::lock(tx, member)? {
        return Err(REQUEST_SETTLED.into());
    }
    // The member may have booked one of the slots directly.
    let (booked,): (i64,) = sql!(
        "SELECT COUNT(*) FROM booking b JOIN booking_request_slot s ON s.slot_id = b.slot_id
         WHERE s.request_id = :id AND b.member_id = :member
           AND (b.state = 'confirmed' OR b.state = 'pending_payment' AND b.order_id IS NOT NULL)",
        id = request.id,
        member
    )
    .one(tx)?;
    if booked > 0 {
        return Err(REQUEST_SETTLED.into());
    }
    if browse::find(tx, &slot.id)?.is_none() {
        return Err(book::taken(tx, slot)?);
    }
    if slot.price_minor > 0 && !party.requester.who.is_in_browser() {
        return Err(Refusal::TokenNotPermitted);
    }
    let rules = settings::load(tx)?;
    let hold = SignedDuration::from_hours(rules.request_hold_hours);
    let choice = choice::choose(tx, slot.sets(), &request.choice, &request.choice)?;
    let wishes = book::BookingWishes {
        answers: chosen.answers.clone(),
        ..book::BookingWishes::of(&request.brief, choice)
    };
    let placed = book::place(tx, site, member, slot, wishes, hold, &rules);
    let booked = placed.map_err(|refusal| match refusal {
        // The provider must not learn of the member's other bookings.
        Refusal::Problem(problem) if problem.code == MEMBER_BUSY.code => MEMBER_BUSY.into(),
        // The provider must not learn of the member's disputes either.
        Refusal::Rule(CREDIT_FROZEN) => QUOTA_EXHAUSTED.into(),
        other => other,
    })?;
    if let Some(order) = booked.order {
        let messages = MailMessages {
            subject: "request-notice-held",
            text: "request-said-held",
        };
        let page = format!("/pay/{}", order.id);
        tell(tx, site, Some(member), messages, slot, &page)?;
    }
    let booking = Some(booked.booking.id);
    Ok(party.end(tx, RequestState::Confirmed, booking)?)
}

/// Tells the member that a provider could not confirm the request because the member has no credit.
/// The member is told once for each request.
pub fn tell_no_credit(
    tx: &mut Tx<'_>,
    site: &Site,
    party: &PartyToRequest,
    slot: &SlotId,
) -> Result<(), Refusal> {
    let chosen = party.slots.iter().find(|one| one.slot.id == *slot);
    let (Some(chosen), Ok(())) = (chosen, party.check_undecided(tx)) else {
        return Ok(());
    };
    let told = sql!(
        "UPDATE booking_request SET told_no_credit = 1 WHERE id = :id AND told_no_credit = 0",
        id = party.request.id
    )
    .run(tx, Rows::AtMostOne)?;
    if told == 1 {
        let messages = MailMessages {
            subject: "request-notice-no-credit",
            text: "request-said-no-credit",
        };
        let member = party.request.member_id.as_ref();
        tell(tx, site, member, messages, &chosen.slot, OWN)?;
    }
    Ok(())
}

/// Declines a provider's slots. If the caller is an administrator, declines all slots. The request
/// ends if no slot is left.
pub fn decline(tx: &mut Tx<'_>, site: &Site, party: &PartyToRequest) -> Result<Request, Refusal> {
    party.check_undecided(tx)?;
    let request = &party.request;
    for one in &party.slots {
        sql!(
            "UPDATE booking_request_slot SET is_declined = 1
             WHERE request_id = :request AND slot_id = :slot",
            request = request.id,
            slot = one.slot.id
        )
        .run(tx, Rows::Exactly(1))?;
    }
    let all = slots(tx, &request.id)?;
    if all.iter().any(Preferred::is_open) {
        party.record(tx, request.state)?;
        return Ok(request.clone());
    }
    if let Some(first) = all.first() {
        let messages = MailMessages {
            subject: "request-notice-declined",
            text: "request-said-declined",
        };
        tell(
            tx,
            site,
            request.member_id.as_ref(),
            messages,
            &first.slot,
            OWN,
        )?;
    }
    Ok(party.end(tx, RequestState::Declined, None)?)
}

/// Withdraws a member's own request. If it was already withdrawn, nothing changes.
pub fn withdraw(tx: &mut Tx<'_>, party: &PartyToRequest) -> Result<Request, Refusal> {
    if party.party != Party::Member {
        return Err(Refusal::Forbidden);
    }
    match party.request.state {
        RequestState::Withdrawn => Ok(party.request.clone()),
        RequestState::Pending => Ok(party.end(tx, RequestState::Withdrawn, None)?),
        _ => Err(REQUEST_SETTLED.into()),
    }
}

pub(crate) fn job(site: &Site) -> Handler {
    Handler::with(LAPSE, site, |site: Site, job: Job| async move {
        let id: RequestId = job.read()?;
        let write = move |tx: &mut Tx<'_>| lapse(tx, &site, &id);
        Ok::<_, JobError>(Done::with(write))
    })
}

/// If a slot is left in time, only notifies the member that one was deleted or changed.
fn lapse(tx: &mut Tx<'_>, site: &Site, id: &RequestId) -> Result<(), StoreError> {
    let found = lock(tx, id)?.filter(|one| one.state == RequestState::Pending);
    let Some(request) = found else { return Ok(()) };
    let slots = slots(tx, id)?;
    let is_over = request.expires_at <= tx.now() || !slots.iter().any(Preferred::is_open);
    let (subject, text, about) = if is_over {
        end(tx, &request, RequestState::Lapsed, None)?;
        let about = slots.first();
        ("request-notice-lapsed", "request-said-lapsed", about)
    } else {
        let deleted = slots.iter().rfind(|one| one.deleted_at.is_some());
        let gone = deleted.or_else(|| slots.iter().rfind(|one| !one.is_open()));
        ("request-notice-dropped", "request-said-dropped", gone)
    };
    let Some(about) = about else { return Ok(()) };
    let messages = MailMessages { subject, text };
    let member = request.member_id.as_ref();
    tell(tx, site, member, messages, &about.slot, OWN)
}
