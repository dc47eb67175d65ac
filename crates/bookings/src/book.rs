//! Booking a slot, and moving a booking to another slot.

mod unproven;

use std::collections::BTreeMap;

use axum::http::StatusCode;
use identity::account::AccountId;
use identity::session::signed_in::Confirmed;
use jiff::{SignedDuration, Timestamp};
use platform::money::Money;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::dates;
use utoipa::ToSchema;
use web::{Findings, Form, Problem, Site};

use crate::booking::seat::{self, Seat};
use crate::booking::{self, Booking, Party, PartyTo, State, class_seats, waiting_list};
use crate::brief::Brief;
use crate::choice::{self, Choice};
use crate::codes::{
    MEMBER_BUSY, NOT_CANCELLABLE, OWN_SLOT, RESCHEDULE_LIMIT, RESCHEDULE_NOT_ALLOWED,
    ROOM_POOL_EMPTY, SEATS_LEFT, SLOT_CHANGED, SLOT_TAKEN, TOKEN_NOT_PERMITTED,
};
use crate::credit::Wanted;
use crate::notice::{self, Event};
use crate::offer_question::{self, Answer, SentAnswer};
use crate::order::{self, Order, OrderMode};
use crate::settings::{self, BookingSettings};
use crate::slot::{self, Slot, SlotId};
use crate::{
    Refusal, booking_limits, browse, cancel, credit, gateway, member, membership, payout, provider,
    review, room, webhook,
};

use unproven::lock_unproven;
pub(crate) use unproven::{hold_unproven, prove};

/// A request to book a slot.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBooking {
    /// The slot to book.
    pub slot_id: SlotId,
    /// The slot's version that the member saw, so that nobody books a time or a price that has
    /// changed. API clients may send it as `If-Match` instead.
    #[serde(default)]
    pub slot_version: Option<i64>,
    /// The topics of the session: up to 10, each up to 60 characters.
    #[serde(default)]
    pub topics: Vec<String>,
    /// A note for the provider, up to 2,000 characters.
    #[serde(default)]
    pub note: String,
    /// Whether the provider sees the member's email address once the booking is confirmed.
    #[serde(default)]
    pub shows_email: bool,
    /// The code of a session type. It may be omitted if the slot offers exactly one or allows any.
    #[serde(default)]
    pub session_type: Option<String>,
    /// The code of a level. It may be omitted if the slot offers exactly one or allows any.
    #[serde(default)]
    pub level: Option<String>,
    /// The slug of an entry of the catalogue. It may be omitted if the slot offers exactly one or
    /// allows any.
    #[serde(default)]
    pub entry: Option<String>,
    /// One of the entry's tracks, if the entry has any. A single track is implied.
    #[serde(default)]
    pub track: Option<String>,
    /// How many seats of a class to book, each for the price or a credit. If omitted, 1, or those that
    /// are kept for a member who waited. The offer says how many at most.
    #[serde(default)]
    pub seats: Option<i64>,
    /// Who comes to a class: up to one name for each seat, each up to 80 characters.
    #[serde(default)]
    pub names: Vec<String>,
    /// The answers to the questions of the offer, by the ids of the questions. An answer is a text or
    /// an option, the chosen options, a whole number, or true for a tick; 1,000 characters at most.
    #[serde(default)]
    pub answers: BTreeMap<String, SentAnswer>,
}

impl NewBooking {
    /// Reads the form on the slot's page.
    pub(crate) fn read(slot_id: SlotId, form: &Form) -> Self {
        let (choice, brief) = (Choice::read(form), Brief::read(form));
        Self {
            slot_id,
            slot_version: form.number("version").ok().flatten(),
            topics: brief.topics,
            note: brief.note,
            shows_email: brief.shows_email,
            session_type: choice.session_type,
            level: choice.level,
            entry: choice.entry,
            track: choice.track,
            seats: web::form_state::number(form, "seats"),
            names: seat::read_names(form),
            answers: offer_question::read(form),
        }
    }

    /// Checks and returns how many seats to book.
    pub(crate) fn seats(&self, tx: &mut Tx<'_>, slot: &Slot) -> Result<i64, Refusal> {
        let (mut findings, most) = (Findings::default(), class_seats::most(tx, slot)?);
        let seats = findings.number("/seats", self.seats.unwrap_or(1), 1, most);
        findings.finish()?;
        Ok(seats)
    }

    /// Checks and returns the names of those who come to a class.
    pub(crate) fn names(&self, slot: &Slot, seats: i64) -> Result<Vec<String>, Refusal> {
        let mut findings = Findings::default();
        let most = if slot.is_class() { seats } else { 0 };
        let names = seat::check_names(&mut findings, &self.names, most);
        findings.finish()?;
        Ok(names)
    }

    /// Checks and returns the answers to what is asked of those who book the slot.
    pub(crate) fn answers(&self, tx: &mut Tx<'_>, slot: &Slot) -> Result<Vec<Answer>, Refusal> {
        offer_question::check(&offer_question::of_slot(tx, slot)?, &self.answers)
    }

    pub(crate) fn choice(&self) -> Choice {
        Choice {
            session_type: self.session_type.clone(),
            level: self.level.clone(),
            entry: self.entry.clone(),
            track: self.track.clone(),
        }
    }

    /// Checks and returns what the member tells the provider.
    pub(crate) fn brief(&self) -> Result<Brief, Refusal> {
        let mut findings = Findings::default();
        let brief = Brief {
            topics: self.topics.clone(),
            note: self.note.clone(),
            shows_email: self.shows_email,
        };
        let brief = brief.check(&mut findings);
        findings.finish()?;
        Ok(brief)
    }
}

#[derive(Clone, Debug)]
pub struct Booked {
    pub booking: Booking,
    /// The order with which the member pays; `None` if the booking is free.
    pub order: Option<Order>,
    /// Whether an earlier request has already made this booking.
    pub is_repeat: bool,
}

/// Books a slot for a member. If the slot has a price, it is held until the member has paid.
pub fn book(
    tx: &mut Tx<'_>,
    site: &Site,
    member: &Confirmed,
    new: &NewBooking,
) -> Result<Booked, Refusal> {
    let account = &member.who().account().id;
    let unproven = lock_unproven(tx, account, &new.slot_id)?;
    member::lock(tx, account)?;
    let slot = browse::find_slot(tx, &new.slot_id)?.ok_or(Refusal::NotFound)?;
    if provider::account_of(tx, &slot.provider_id)?.as_ref() == Some(account) {
        return Err(OWN_SLOT.into());
    }
    let needs_browser = slot.price_minor > 0 && !member.who().is_in_browser();
    if let Some(held) = unproven {
        check_version(&slot, new.slot_version)?;
        // Whoever held the slot may be a stranger, so only the member's own words count.
        let choice = choice::choose(tx, slot.sets(), &new.choice(), &Choice::default())?;
        let (brief, answers) = (new.brief()?, new.answers(tx, &slot)?);
        let is_asked = waiting_list::asked_by(tx, &held.id)?.is_some();
        let seats = match new.seats {
            None if is_asked => held.seats,
            _ => new.seats(tx, &slot)?,
        };
        let names = new.names(&slot, seats)?;
        if needs_browser {
            return Err(TOKEN_NOT_PERMITTED.into());
        }
        if seats != held.seats && !booking::take(tx, &slot, seats - held.seats, None)? {
            return Err(taken(tx, &slot)?);
        }
        let held = Booking {
            brief,
            choice,
            answers,
            seats,
            payout_minor: held.payout_minor / held.seats * seats,
            ..held
        };
        seat::replace(tx, &held, &names)?;
        return match prove(tx, site, account, held)? {
            Some(booked) => Ok(booked),
            None => Err(taken(tx, &slot)?),
        };
    }
    if let Some(booking) = booking::find_active(tx, account, &slot.id)? {
        let order = match &booking.order_id {
            Some(order) => order::find(tx, order)?,
            None => None,
        };
        return Ok(Booked {
            booking,
            order,
            is_repeat: true,
        });
    }
    if !browse::may_be_free(tx, &slot)? {
        return Err(taken(tx, &slot)?);
    }
    check_version(&slot, new.slot_version)?;
    let choice = choice::choose(tx, slot.sets(), &new.choice(), &Choice::default())?;
    let (brief, seats) = (new.brief()?, new.seats(tx, &slot)?);
    let answers = new.answers(tx, &slot)?;
    let rules = settings::load(tx)?;
    booking_limits::check_bookings(tx, account, &rules)?;
    if needs_browser {
        return Err(TOKEN_NOT_PERMITTED.into());
    }
    if slot.price_minor > 0 {
        booking_limits::check_holds(tx, account, &rules)?;
    }
    let hold = SignedDuration::from_mins(rules.hold_minutes);
    let wishes = BookingWishes {
        brief: &brief,
        choice,
        answers,
        seats,
        names: &new.names(&slot, seats)?,
        is_further: false,
    };
    place(tx, site, account, &slot, wishes, hold, &rules)
}

/// What a member wants of a session.
pub(crate) struct BookingWishes<'a> {
    pub(crate) brief: &'a Brief,
    pub(crate) choice: Choice,
    /// None of single times, and where nothing was asked.
    pub(crate) answers: Vec<Answer>,
    /// The seats of a class; otherwise 1.
    pub(crate) seats: i64,
    /// Who comes to a class.
    pub(crate) names: &'a [String],
    /// Whether these are further seats, beside the member's first booking of the date.
    pub(crate) is_further: bool,
}

impl<'a> BookingWishes<'a> {
    /// One seat of a session about which nothing is asked.
    pub(crate) fn of(brief: &'a Brief, choice: Choice) -> Self {
        Self {
            brief,
            choice,
            answers: Vec::new(),
            seats: 1,
            names: &[],
            is_further: false,
        }
    }
}

/// Books an offered slot for a member, with the member's brief and choice. A slot with a price is
/// held for `hold`, but not beyond its start. The caller holds the account's lock.
pub(crate) fn place(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &AccountId,
    slot: &Slot,
    wishes: BookingWishes<'_>,
    hold: SignedDuration,
    rules: &BookingSettings,
) -> Result<Booked, Refusal> {
    let (from, until) = (slot.starts_at, slot.ends_at);
    let beside = wishes.is_further.then_some(&slot.id);
    if let Some(other) = booking::busy_beside(tx, account, from, until, "", beside)? {
        return Err(busy(&other));
    }
    let names = wishes.names;
    let mut booking = draft(tx, Some(account), slot, wishes, rules)?;
    let mut party = seat::draft(&booking, names);
    if let Some(wanted) = slot.credit(rules) {
        let mode = gateway::mode(site);
        spend_credits(tx, account, mode, wanted, &mut booking, &mut party)?;
    }
    if slot.price_minor == 0 {
        booking.state = State::Confirmed;
        if !booking::take(tx, slot, booking.seats, None)? {
            return Err(taken(tx, slot)?);
        }
        insert(tx, slot, &booking, &party)?;
        waiting_list::end(tx, &booking)?;
        booking::plan_session(tx, &booking)?;
        notice::tell(tx, site, &booking, Event::Confirmed, None)?;
        webhook::tell(tx, &webhook::CONFIRMED, &booking)?;
        return Ok(Booked {
            booking,
            order: None,
            is_repeat: false,
        });
    }
    let until = (tx.now() + hold).min(slot.starts_at);
    let order = create_order(
        tx,
        site,
        account,
        slot.price_of(booking.seats),
        until,
        rules,
    )?;
    booking.order_id = Some(order.id.clone());
    Ok(Booked {
        booking: store_held(tx, slot, booking, &party, until)?,
        order: Some(order),
        is_repeat: false,
    })
}

/// Spends a credit for each seat of a class, or one for another session, or says why the member cannot.
pub(crate) fn spend_credits(
    tx: &mut Tx<'_>,
    account: &AccountId,
    mode: OrderMode,
    wanted: Wanted<'_>,
    booking: &mut Booking,
    party: &mut [Seat],
) -> Result<(), Refusal> {
    membership::check(tx, account, wanted.kind, mode)?;
    let mut spend = |subject: &str| match credit::take(tx, account, mode, subject, wanted)? {
        Some(lot) => Ok(lot),
        None => Err(Refusal::from(credit::none_left(tx, account, wanted, mode)?)),
    };
    for seat in &mut *party {
        seat.credit_lot_id = Some(spend(&seat.subject())?);
    }
    booking.credit_lot_id = match party.first() {
        Some(seat) => seat.credit_lot_id.clone(),
        None => Some(spend(booking.id.as_str())?),
    };
    Ok(())
}

/// A booking that is not stored yet, and is not confirmed.
pub(crate) fn draft(
    tx: &mut Tx<'_>,
    account: Option<&AccountId>,
    slot: &Slot,
    wishes: BookingWishes<'_>,
    rules: &BookingSettings,
) -> Result<Booking, StoreError> {
    let rate = payout::rate(tx, &slot.provider_id)?;
    Ok(Booking {
        id: tx.id(),
        slot_id: slot.id.clone(),
        member_id: account.cloned(),
        provider_id: slot.provider_id.clone(),
        starts_at: slot.starts_at,
        ends_at: slot.ends_at,
        time_zone: slot.time_zone.clone(),
        title: slot.title.clone(),
        brief: wishes.brief.clone(),
        choice: wishes.choice,
        answers: wishes.answers,
        seats: wishes.seats,
        is_class: slot.is_class(),
        is_further: wishes.is_further,
        state: State::PendingPayment,
        order_id: None,
        credit_lot_id: None,
        hold_token: None,
        hold_until: None,
        cancel_minutes: rules.cancel_minutes,
        reschedule_limit: rules.reschedule_limit,
        reschedules: 0,
        ics_sequence: 0,
        cancelled_at: None,
        cancelled_by: None,
        cancel_reason: String::new(),
        payout_minor: if slot.is_class() {
            rate.class_payout_minor * wishes.seats
        } else {
            rate.payout_minor
        },
        payout_currency: rate.payout_currency,
        no_show_bps: rate.no_show_bps,
        late_refund_bps: rules.late_refund_bps,
        is_late: false,
        outcome_by: None,
        created_at: tx.now(),
        version: 1,
    })
}

fn store_held(
    tx: &mut Tx<'_>,
    slot: &Slot,
    mut booking: Booking,
    party: &[Seat],
    until: Timestamp,
) -> Result<Booking, Refusal> {
    let token = platform::id::generate_random(tx.random());
    booking.hold_token = Some(token.clone());
    booking.hold_until = slot.is_class().then_some(until);
    if !booking::take(tx, slot, booking.seats, Some((&token, until)))? {
        return Err(taken(tx, slot)?);
    }
    insert(tx, slot, &booking, party)?;
    booking::plan_hold(tx, &booking, until)?;
    Ok(booking)
}

fn create_order(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &AccountId,
    amount: Money,
    until: Timestamp,
    rules: &BookingSettings,
) -> Result<Order, StoreError> {
    let new = order::New {
        gateway: gateway::first(site),
        mode: gateway::mode(site),
        amount,
        tax: rules.tax_in(amount),
        expires_at: until,
        grant: order::Grant::default(),
    };
    order::create(tx, account, new)
}

fn insert(tx: &mut Tx<'_>, slot: &Slot, booking: &Booking, party: &[Seat]) -> Result<(), Refusal> {
    sql!(
        "INSERT INTO booking ({Booking}) VALUES ({:Booking})",
        Booking = booking
    )
    .run(tx, Rows::Exactly(1))?;
    seat::insert(tx, party)?;
    if !room::reserve(tx, slot, booking.id.as_str())? {
        return Err(ROOM_POOL_EMPTY.into());
    }
    Ok(())
}

/// Returns the refusal for a slot that is no longer free, with up to three free slots of the same
/// title; of a date of a class, with the number of seats that are left.
pub(crate) fn taken(tx: &mut Tx<'_>, slot: &Slot) -> Result<Refusal, Refusal> {
    if slot.is_class()
        && let Some(offered) = browse::find(tx, &slot.id)?
    {
        let problem = Problem::from(SEATS_LEFT);
        let left = offered.slot.seats_left();
        return Ok(Refusal::Problem(problem.with("seats_left", left)));
    }
    let others = browse::alternatives(tx, slot)?.into_iter();
    let others: Vec<String> = others.map(|one| one.slot.id.to_string()).collect();
    let problem = Problem::from(SLOT_TAKEN);
    Ok(Refusal::Problem(problem.with("alternatives", others)))
}

/// Checks the version of the slot that the member saw. Refuses an outdated version with 409
/// `slot_changed`, which contains the slot's current time and price, and a missing version with
/// 428.
pub(crate) fn check_version(slot: &Slot, seen: Option<i64>) -> Result<(), Refusal> {
    let problem = match seen {
        Some(seen) if seen == slot.version => return Ok(()),
        Some(_) => Problem::from(SLOT_CHANGED).current(json!({
            "starts_at": slot.starts_at,
            "ends_at": slot.ends_at,
            "price_minor": slot.price_minor,
            "currency": slot.currency,
            "credit_kind": slot.credit_kind,
            "version": slot.version,
        })),
        None => Problem::new(StatusCode::PRECONDITION_REQUIRED, "version_required"),
    };
    Err(Refusal::Problem(problem))
}

fn busy(other: &booking::BookingId) -> Refusal {
    let problem = Problem::from(MEMBER_BUSY);
    Refusal::Problem(problem.with("booking_id", other.to_string()))
}

/// Whether both slots are dates of one class, or neither is a date of any.
pub(crate) fn is_same_kind(one: &Slot, other: &Slot) -> bool {
    one.is_class() == other.is_class() && (!one.is_class() || one.offer_id == other.offer_id)
}

/// The slot to which a booking is moved.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTime {
    /// The new slot.
    pub slot_id: SlotId,
    /// The new slot's version that the member saw. API clients may send it as `If-Match` instead.
    #[serde(default)]
    pub slot_version: Option<i64>,
}

/// Moves a booking to another slot of the same provider at the same price.
pub fn reschedule(
    tx: &mut Tx<'_>,
    site: &Site,
    party: &PartyTo,
    new: &NewTime,
) -> Result<Booking, Refusal> {
    let mut booking = party.booking.clone();
    if party.party != Party::Member {
        return Err(Refusal::Forbidden);
    }
    if booking.slot_id == new.slot_id {
        return Ok(booking);
    }
    if booking.state != State::Confirmed {
        return Err(NOT_CANCELLABLE.into());
    }
    cancel::check_window(tx, &booking)?;
    if booking.reschedules >= booking.reschedule_limit {
        return Err(RESCHEDULE_LIMIT.into());
    }
    let old: Slot = sql!(
        "SELECT {Slot} FROM slot WHERE id = :id",
        id = booking.slot_id
    )
    .one(tx)?;
    let slot = browse::find_slot(tx, &new.slot_id)?.ok_or(Refusal::NotFound)?;
    let is_alike = slot.price() == old.price() && slot.credit_kind == old.credit_kind;
    if slot.provider_id != old.provider_id || !is_alike || !is_same_kind(&old, &slot) {
        return Err(RESCHEDULE_NOT_ALLOWED.into());
    }
    let length = booking.ends_at.duration_since(booking.starts_at);
    let is_as_long = slot.ends_at.duration_since(slot.starts_at) == length;
    if !is_as_long && review::call::is_open(tx, &booking.id)? {
        return Err(RESCHEDULE_NOT_ALLOWED.into());
    }
    if !browse::may_be_free(tx, &slot)? {
        return Err(taken(tx, &slot)?);
    }
    check_version(&slot, new.slot_version)?;
    let chosen = &booking.choice;
    let choice = choice::choose(tx, slot.sets(), chosen, chosen)?;
    let account = &party.requester.who.account().id;
    member::lock(tx, account)?;
    let (from, until) = (slot.starts_at, slot.ends_at);
    let (own, beside) = (booking.id.as_str(), booking.is_further.then_some(&slot.id));
    if let Some(other) = booking::busy_beside(tx, account, from, until, own, beside)? {
        return Err(busy(&other));
    }
    if !booking.is_further && class_seats::has_party(tx, account, &slot)? {
        return Err(MEMBER_BUSY.into());
    }
    for lot in seat::lots(tx, &booking)? {
        if !credit::may_begin(tx, &lot, slot.starts_at)? {
            return Err(RESCHEDULE_NOT_ALLOWED.into());
        }
    }
    if slot.is_computed() {
        provider::lock(tx, &slot.provider_id)?;
    }
    if slot.is_class() {
        slot::lock_both(tx, &old.id, &slot.id)?;
    }
    // A refusal undoes both. Given back first, the old time may overlap the new one.
    booking::give_back(tx, &booking, true)?;
    if !booking::take(tx, &slot, booking.seats, None)? {
        return Err(taken(tx, &slot)?);
    }
    if !room::reserve(tx, &slot, booking.id.as_str())? {
        return Err(ROOM_POOL_EMPTY.into());
    }
    let before = booking.starts_at;
    booking.slot_id = slot.id.clone();
    (booking.starts_at, booking.ends_at) = (from, until);
    booking.time_zone.clone_from(&slot.time_zone);
    booking.title = slot.title;
    booking.choice = choice;
    booking.reschedules += 1;
    booking.ics_sequence += 1;
    booking::save(tx, &mut booking)?;
    waiting_list::end(tx, &booking)?;
    booking::plan_session(tx, &booking)?;
    notice::tell(tx, site, &booking, Event::Moved(before), None)?;
    dates::moved(tx, booking.id.as_str())?;
    webhook::tell(tx, &webhook::MOVED, &booking)?;
    Ok(booking)
}
