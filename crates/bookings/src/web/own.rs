//! The pages of a member's own bookings.

use askama::Template;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::money::Money;
use site::proof::Requester;
use site::question::{self, Question};
use site::request::{FormContext, FormPost, PageRequest};
use web::calendar_file;
use web::form_state::{Control, Field, FormState};
use web::{Problem, Text};

use super::feedback::SessionFeedback;
use super::rows::BookingRows;
use super::slots::bookings::BOOKINGS;
use super::{choices, sessions, slot_page, words};
use crate::book::{self, NewTime};
use crate::booking::{self, Booking, Part, Party, PartyTo, State};
use crate::browse::{self, Filter};
use crate::choice;
use crate::order::{self, Order};
use crate::outcome::{self, Outcome};
use crate::review::{self, Review};
use crate::slot::{Place, Slot};
use crate::{Refusal, cancel as cancelling, link_change, member, notice};

pub(super) const HERE: &str = "/me/bookings";
const DONE: &[(&str, &str)] = &[
    ("booked", "booking-was-booked"),
    ("paid", "booking-was-paid"),
    ("moved", "booking-was-moved"),
    ("cancelled", "booking-was-cancelled"),
    ("marked", "slot-saved"),
    ("link", "booking-link-was-replaced"),
];

#[derive(Template)]
#[template(path = "own/list.html")]
struct ListPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    coming: BookingRows,
    past: BookingRows,
}

/// `GET /me/bookings`.
pub(super) async fn list(req: PageRequest) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, who: &Requester| {
        let mut read = |is_past| {
            let mut rows = Vec::new();
            for one in booking::list(tx, &who.who.account().id, is_past, &Part::first(100))? {
                let name = booking::provider_name(tx, &one)?;
                let order = match &one.order_id {
                    Some(id) => order::find(tx, id)?,
                    None => None,
                };
                rows.push((one, name, order));
            }
            Ok::<_, Refusal>(rows)
        };
        Ok::<_, Refusal>((read(false)?, read(true)?))
    };
    let (coming, past) = req.read(look).await?;
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let body = ListPage {
        text,
        done: req.done(DONE),
        coming: BookingRows::of(text, &zone, &coming),
        past: BookingRows::of(text, &zone, &past),
    };
    req.page(HERE, &req.text.say("booking-mine"), body).await
}

struct Loaded {
    booking: Booking,
    slot: Slot,
    /// The link, address or telephone number.
    location: String,
    party: Party,
    /// The name of the other side, that is, of the provider or the member.
    with: String,
    order: Option<Order>,
    /// The message id of a label, and what the member chose.
    choices: Vec<(&'static str, String)>,
    /// The outcomes that the reader can mark.
    outcomes: Vec<Outcome>,
    feedback: SessionFeedback,
    /// The review of which the session is the call.
    review: Option<Review>,
}

impl Loaded {
    fn may_cancel(&self, now: Timestamp) -> bool {
        let booking = &self.booking;
        let is_free_to = self.party != Party::Member || booking.state == State::PendingPayment;
        let is_ahead = booking.is_active() && booking.starts_at > now;
        is_ahead && (is_free_to || now <= booking.cancel_deadline())
    }
}

async fn load(req: &PageRequest) -> Result<Loaded, Refusal> {
    let look = |tx: &mut Tx<'_>, party: &PartyTo| {
        let booking = party.booking.clone();
        let slot = tx.load(&booking.slot_id)?;
        let with = match party.party {
            Party::Member => booking::provider_name(tx, &booking)?,
            Party::Provider | Party::Administrator => member::name(tx, booking.member_id.as_ref())?,
        };
        let order = match &booking.order_id {
            Some(id) => order::find(tx, id)?,
            None => None,
        };
        Ok(Loaded {
            choices: choices::chosen(&choice::listed(tx)?, &booking.choice),
            outcomes: outcome::offered(tx, &booking, party.party)?,
            feedback: SessionFeedback::load(tx, party)?,
            review: review::call::review_of(tx, &booking.id)?,
            location: booking::location(tx, &booking)?,
            party: party.party,
            booking,
            slot,
            with,
            order,
        })
    };
    req.read(look).await
}

#[derive(Template)]
#[template(path = "own/booking.html")]
struct BookingPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    loaded: &'a Loaded,
    date: String,
    time: String,
    zone: String,
    /// The time in the provider's zone, for a member in another one; otherwise empty.
    their_time: String,
    place: String,
    tag: &'static str,
    /// The price, and the message id for the state of the payment.
    money: Option<(String, &'static str)>,
    pay: Option<String>,
    /// Whether the booking waits only for its member to confirm it.
    may_confirm: bool,
    cancel: String,
    may_cancel: bool,
    may_move: bool,
    /// The field for another link; only for those who may replace it.
    link: Option<Field>,
    back: &'static str,
}

/// `GET /me/bookings/{id}`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    page(&req, &FormState::default()).await
}

async fn page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let loaded = load(req).await?;
    let (text, now) = (&req.text, req.site.clock.now());
    let (booking, slot) = (&loaded.booking, &loaded.slot);
    let zone = words::zone(&req.site, Some(&req.who));
    let (date, time) = words::when(text, &zone, booking.starts_at, booking.ends_at);
    let in_time = now <= booking.cancel_deadline();
    let is_ahead = booking.is_active() && booking.starts_at > now;
    let is_member = loaded.party == Party::Member;
    let is_pending = booking.state == State::PendingPayment;
    let is_paid = loaded.order.is_some();
    let pay = loaded.order.as_ref().filter(|_| is_member && is_pending);
    let body = BookingPage {
        text,
        form: req.form(DONE, form_state),
        date,
        time,
        zone: words::zone_name(&zone, booking.starts_at),
        their_time: if is_member {
            their_time(text, &zone, booking)
        } else {
            String::new()
        },
        place: match loaded.location.as_str() {
            "" => words::place(text, slot),
            location => location.to_owned(),
        },
        tag: words::tag(booking.state),
        money: loaded
            .order
            .as_ref()
            .map(|order| (text.money(order.amount()), order.state.label())),
        pay: pay.map(|order| format!("/pay/{}", order.id)),
        may_confirm: is_member && booking.is_unproven(),
        cancel: match (is_ahead && is_member && !is_pending, in_time) {
            (false, _) => String::new(),
            (true, true) => {
                slot_page::cancel_rule(text, &zone, booking.cancel_deadline(), now, is_paid)
            }
            (true, false) => text.say("booking-cancel-closed").into_owned(),
        },
        may_cancel: loaded.may_cancel(now),
        may_move: is_ahead
            && is_member
            && booking.state == State::Confirmed
            && in_time
            && booking.reschedules < booking.reschedule_limit,
        link: (!is_member
            && booking.state == State::Confirmed
            && booking.ends_at > now
            && matches!(slot.location_kind, Place::Online | Place::RoomPool))
        .then(|| {
            let label = text.say("booking-link-new");
            form_state
                .field("link", label, Control::Line("url", "off"))
                .required()
        }),
        back: match loaded.party {
            Party::Member => HERE,
            Party::Provider => BOOKINGS,
            Party::Administrator => sessions::ALL,
        },
        loaded: &loaded,
    };
    let here = if is_member { HERE } else { super::slots::HERE };
    let title = booking.title.clone();
    req.page(here, &title, body).await
}

/// `GET /me/bookings/{id}/calendar.ics`.
pub(super) async fn calendar(req: PageRequest) -> Result<Response, Problem> {
    let loaded = load(&req).await?;
    let booking = &loaded.booking;
    if !booking.state.is_held() {
        return Err(Problem::not_found());
    }
    let event = notice::event(&req.site, booking, &loaded.location);
    let zone = booking.zone();
    let file = calendar_file::write(&[event], &booking.time_zone, &zone, req.site.clock.now());
    Ok(([(CONTENT_TYPE, calendar_file::MEDIA_TYPE)], file).into_response())
}

const CANCEL: Question = Question {
    title: "booking-cancel-question",
    facts: "booking-cancel-facts",
    undo: "booking-cancel-undo",
    button: "booking-cancel-do",
    confirm: "booking-cancel-do",
};

/// `POST /me/bookings/{id}/cancel`.
pub(super) async fn cancel(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let loaded = load(req).await?;
    let here = notice::page(&loaded.booking);
    // Who may not cancel any more is refused at once, and not asked before.
    if !question::is_sure(&posted.form) && loaded.may_cancel(req.site.clock.now()) {
        let address = format!("{here}/cancel");
        let zone = words::zone(&req.site, Some(&req.who));
        let when = req.text.moment(&loaded.booking.starts_at.to_zoned(zone));
        let values = vec![
            ("title", loaded.booking.title.as_str().into()),
            ("when", when.into()),
            ("money", money_back(&req.text, &loaded).into()),
        ];
        return question::ask_with(&posted, (&address, &here), CANCEL, &values).await;
    }
    let (site, reason) = (req.site.clone(), posted.form.text("reason").to_owned());
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        let done = cancelling::cancel(tx, &site, party, &reason)?;
        Ok::<_, Refusal>(format!("{}?done=cancelled", notice::page(&done)))
    };
    posted.save(change, page).await
}

/// Formats the start of a booking in its provider's zone, if that differs from the reader's.
fn their_time(text: &Text, zone: &TimeZone, booking: &Booking) -> String {
    let (theirs, at) = (booking.zone(), booking.starts_at);
    if theirs.to_offset(at) == zone.to_offset(at) {
        return String::new();
    }
    let values = [
        ("when", text.moment(&at.to_zoned(theirs.clone())).into()),
        ("zone", words::zone_name(&theirs, at).into()),
    ];
    text.with("booking-their-time", values)
}

const MARK: Question = Question {
    title: "outcome-question",
    facts: "outcome-facts",
    undo: "outcome-undo",
    button: "outcome-do",
    confirm: "outcome-do",
};

/// Handles `POST /me/bookings/{id}/outcome`. Unless the session took place, the page first asks for
/// a confirmation.
pub(super) async fn mark_outcome(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let said = Outcome::find(posted.form.text("outcome")).ok_or_else(Problem::not_found)?;
    let is_of_list = posted.form.text("back") == "list";
    if said != Outcome::Completed && !question::is_sure(&posted.form) {
        let loaded = load(req).await?;
        let here = notice::page(&loaded.booking);
        let address = format!("{here}/outcome");
        let back = if is_of_list { BOOKINGS } else { &here };
        let values = [
            ("title", loaded.booking.title.as_str().into()),
            ("outcome", said.word().into()),
        ];
        return question::ask_with(&posted, (&address, back), MARK, &values).await;
    }
    let site = req.site.clone();
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        let done = outcome::mark(tx, &site, party, said)?;
        let page = notice::page(&done);
        let page = if is_of_list { BOOKINGS } else { &page };
        Ok::<_, Refusal>(format!("{page}?done=marked"))
    };
    posted.save(change, page).await
}

/// `POST /me/bookings/{id}/link`.
pub(super) async fn replace_link(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let (site, link) = (req.site.clone(), posted.form.text("link").to_owned());
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        let done = link_change::replace(tx, &site, party, &link)?;
        Ok::<_, Refusal>(format!("{}?done=link", notice::page(&done)))
    };
    posted.save(change, page).await
}

/// The refund for the confirmation question: an amount, or a keyword that selects a variant of the
/// message.
fn money_back(text: &Text, loaded: &Loaded) -> String {
    match &loaded.order {
        Some(order) if order.is_paid() => text.money(order.amount()),
        Some(_) => "unpaid".to_owned(),
        None if loaded.booking.credit_lot_id.is_some() => "credit".to_owned(),
        None => "none".to_owned(),
    }
}

#[derive(Template)]
#[template(path = "own/move.html")]
struct MovePage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    here: String,
    title: &'a str,
    when: String,
    left: String,
    rows: Vec<(Slot, String)>,
}

/// `GET /me/bookings/{id}/move`.
pub(super) async fn times(req: PageRequest) -> Result<Response, Problem> {
    move_page(&req, &FormState::default()).await
}

async fn move_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let loaded = load(req).await?;
    let (booking, slot) = (&loaded.booking, loaded.slot.clone());
    let price: Money = slot.price();
    let length = |slot: &Slot| slot.ends_at.duration_since(slot.starts_at);
    let keeps_length = loaded.review.as_ref().is_some_and(Review::is_open);
    let look = move |tx: &mut Tx<'_>, _: &Requester| {
        let all = browse::list(tx, &Filter::default(), 500)?.into_iter();
        let same = all.filter(|one| one.slot.provider_id == slot.provider_id);
        let same = same
            .filter(|one| one.slot.price() == price)
            .filter(|one| one.slot.takes_credit == slot.takes_credit)
            .filter(|one| !keeps_length || length(&one.slot) == length(&slot));
        Ok::<Vec<Slot>, Refusal>(same.map(|one| one.slot).take(60).collect())
    };
    let found = req.read(look).await?;
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let left = booking.reschedule_limit - booking.reschedules;
    let body = MovePage {
        text,
        form: req.form(&[], form_state),
        here: notice::page(booking),
        title: &booking.title,
        when: text.moment(&booking.starts_at.to_zoned(zone.clone())),
        left: text.with("booking-moves-left", [("count", left.into())]),
        rows: found
            .into_iter()
            .map(|slot| {
                let when = text.moment(&slot.starts_at.to_zoned(zone.clone()));
                (slot, when)
            })
            .collect(),
    };
    req.page(HERE, &text.say("booking-move"), body).await
}

/// `POST /me/bookings/{id}/move`.
pub(super) async fn reschedule(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    // The button's value consists of the slot's id and the slot's version on the page.
    let (slot, version) = posted.form.text("slot").split_once(' ').unwrap_or_default();
    let new = NewTime {
        slot_id: slot.parse().map_err(|_| Problem::not_found())?,
        slot_version: version.parse().unwrap_or(-1),
    };
    let site = req.site.clone();
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        let moved = book::reschedule(tx, &site, party, &new)?;
        Ok::<_, Refusal>(format!("{}?done=moved", notice::page(&moved)))
    };
    posted.save(change, move_page).await
}
