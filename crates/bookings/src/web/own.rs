//! The pages of a member's own bookings.

use askama::Template;
use axum::response::Response;
use identity::account;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::money::Money;
use site::confirmation::{self, Question, SentForm};
use site::proof::Requester;
use site::request::{FormContext, FormPost, PageRequest};
use web::form_state::{Control, Field, FormState};
use web::{PageQuery, Problem, Text};

use super::booking_rows::{self, BookingRows};
use super::call::Call;
use super::claims::{About, ClaimCard};
use super::feedback::SessionFeedback;
use super::frame::BookingPage as _;
use super::party_card::{BookedSeats, PartyCard};
use super::side::{self, menu_of};
use super::{choices, ics, waiting as waiting_lists, words};
use crate::booking::late::Late;
use crate::booking::no_show::Claim;
use crate::booking::{self, Booking, BookingId, BookingView, Party, PartyTo, State, seat};
use crate::call_opening::{self, CallOpenings};
use crate::catalogue::{self, CatalogueEntry};
use crate::choice;
use crate::decider::{self, Decider};
use crate::order::{self, Order, OrderState};
use crate::outcome::Outcome;
use crate::outcome_mark;
use crate::refund::{self, RefundedSums};
use crate::review::{self, Review};
use crate::room_release::{self, RoomRelease};
use crate::settings::Administrator;
use crate::slot::{Place, Slot};
use crate::to_do;
use crate::{Refusal, cancel as cancelling, credit, link_change, member, notice, payout};

pub(super) const HERE: &str = side::OWN;
const DONE: &[(&str, &str)] = &[
    ("booked", "booking-was-booked"),
    ("paid", "booking-was-paid"),
    ("moved", "booking-was-moved"),
    ("cancelled", "booking-was-cancelled"),
    ("waiting", "waiting-joined"),
    ("left", "waiting-was-left"),
    ("marked", "slot-saved"),
    ("named", "slot-saved"),
    ("seats", "seats-were-cancelled"),
    ("added", "seats-were-added"),
    ("link", "booking-link-was-replaced"),
    ("released", "room-was-released"),
];

#[derive(Template)]
#[template(path = "own/list.html")]
struct ListPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    needs: Vec<(&'static str, String)>,
    coming: Option<Part>,
    past: Option<Part>,
    /// The dates of classes for which the member waits.
    waiting: Option<String>,
}

struct Part {
    rows: BookingRows,
    next: Option<String>,
}

/// `GET /me/bookings`: the first upcoming and past bookings. With `when` and a cursor, it shows the
/// next page of only the upcoming or only the past ones.
pub(super) async fn list(req: PageRequest) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, who: &Requester| {
        Ok::<_, Refusal>(to_do::of_member(tx, who.who.account().id.as_str())?)
    };
    let waiting = req.read(look).await?;
    let body = ListPage {
        text: &req.text,
        done: req.done(DONE),
        needs: to_do::lines(&waiting, &req.text),
        coming: list_part(&req, false).await?,
        past: list_part(&req, true).await?,
        waiting: match req.query.text("when") {
            "" => waiting_lists::own_list(&req).await?,
            _ => None,
        },
    };
    req.show(HERE, &req.text.say("booking-mine"), body).await
}

async fn list_part(req: &PageRequest, is_past: bool) -> Result<Option<Part>, Problem> {
    let when = if is_past { "past" } else { "coming" };
    let asked = req.query.text("when");
    if !asked.is_empty() && asked != when {
        return Ok(None);
    }
    let paging = if asked.is_empty() {
        PageQuery::default()
    } else {
        req.page_query()?
    };
    let paging = paging.under(&is_past);
    let wanted = booking::Part {
        after: paging.after()?,
        rows: paging.rows(),
    };
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let all = booking::list(tx, &who.who.account().id, is_past, &wanted)?;
        let views = BookingView::list(tx, all.clone())?;
        let rows = all.into_iter().zip(views);
        let rows = rows.map(|(one, view)| (one, view.provider, view.order, view.place_zone));
        Ok::<Vec<booking_rows::Named>, Refusal>(rows.collect())
    };
    let found = req.read(look).await?;
    let found = paging.list(found, |(one, ..)| (one.starts_at, one.id.clone()));
    let zone = words::zone(&req.site, Some(&req.who));
    Ok(Some(Part {
        rows: BookingRows::of(&req.text, &zone, req.site.clock.now(), &found.items),
        next: found
            .next_cursor
            .map(|cursor| format!("{HERE}?when={when}&cursor={cursor}")),
    }))
}

pub(super) struct Loaded {
    pub(super) booking: Booking,
    pub(super) slot: Slot,
    /// The link, address or telephone number.
    location: String,
    pub(super) party: Party,
    pub(super) seats: BookedSeats,
    opened: CallOpenings,
    /// The zone of the provider's slot; for the provider, that of the member.
    their_zone: TimeZone,
    with: String,
    /// The other side's email address, if it is shown; otherwise empty.
    email: String,
    pub(super) order: Option<Order>,
    /// The message id of the order's state; empty without an order.
    order_label: &'static str,
    refunded: RefundedSums,
    credit: Option<String>,
    entry: Option<CatalogueEntry>,
    /// The message id of each label, and what the member chose.
    choices: Vec<(&'static str, String)>,
    outcomes: Vec<Outcome>,
    claim: Option<Claim>,
    /// What the reader is to an unsettled claim as an administrator.
    pub(super) decider: Option<Decider>,
    feedback: SessionFeedback,
    pub(super) review: Option<Review>,
    may_release: bool,
}

impl Loaded {
    /// The name of the side that did not come, if the reader is told it; otherwise empty.
    fn missing(&self, outcome: Outcome) -> &str {
        match (outcome, self.party) {
            // `with` names the member.
            (Outcome::NoShowProvider, Party::Administrator) => "",
            _ => &self.with,
        }
    }

    /// The state of the payment: how much of it comes back or is back.
    fn payment(&self, text: &Text, order: &Order) -> String {
        let RefundedSums {
            under_way, done, ..
        } = self.refunded;
        let (message, minor) = match () {
            () if under_way > 0 && under_way + done >= order.amount_minor => {
                ("order-comes-back", under_way)
            }
            () if under_way > 0 => ("order-part-comes-back", under_way),
            () if self.order_label == OrderState::PartiallyRefunded.label() => {
                ("order-part-back", done)
            }
            () => (self.order_label, 0),
        };
        let sum = text.money(Money::new(minor, order.currency));
        text.with(message, [("sum", sum.into())])
    }

    /// What was paid for the seats that the booking has now: a sum, or the keyword for credits.
    pub(super) fn paid(&self, text: &Text) -> Option<String> {
        match &self.order {
            Some(order) if order.is_paid() => Some(text.money(self.price(order))),
            None if self.is_by_credit() => Some("credit".to_owned()),
            _ => None,
        }
    }

    /// The part of the order for the seats that were not given back.
    fn price(&self, order: &Order) -> Money {
        let seats = self.booking.seats;
        let minor = seat::part_of_order(order.amount_minor, &self.seats.all, seats);
        Money::new(minor, order.currency)
    }

    /// What is left of the payment; `None` if nothing was paid.
    pub(super) fn left(&self) -> Option<Money> {
        let order = self.order.as_ref().filter(|order| order.is_paid())?;
        let back = self.refunded.under_way + self.refunded.done;
        Some(Money::new(order.amount_minor - back, order.currency))
    }

    pub(super) fn is_by_credit(&self) -> bool {
        self.booking.credit_lot_id.is_some()
    }

    /// What was given back late and is kept.
    fn late(&self) -> Option<Late> {
        let left = self.left().map_or(0, |left| left.minor);
        Late::of(&self.booking, &self.seats.all, self.order.as_ref(), left)
    }

    fn may_cancel(&self, now: Timestamp) -> bool {
        self.booking.is_active() && self.booking.starts_at > now
    }
}

pub(super) async fn load(req: &PageRequest) -> Result<Loaded, Refusal> {
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
        let refunds = match &booking.order_id {
            Some(id) => refund::of_order(tx, id)?,
            None => Vec::new(),
        };
        let order_label = match &order {
            Some(order) => refund::order_label(tx, order)?,
            None => "",
        };
        let their_zone = match (&booking.member_id, party.party) {
            (Some(member), Party::Provider) => match account::find(tx, member)? {
                Some(member) => TimeZone::get(&member.time_zone).ok(),
                None => None,
            },
            _ => None,
        };
        let (of_provider, of_member) = booking::emails(tx, &booking)?;
        let credit = match &booking.credit_lot_id {
            Some(lot) => Some(credit::label(tx, lot)?),
            None => None,
        };
        let entry = match &booking.choice.entry {
            Some(slug) => catalogue::find(tx, slug)?,
            None => None,
        };
        let claim = booking::no_show::of_booking(tx, &booking.id)?;
        let decider = match &claim {
            Some(claim) if claim.state.is_unsettled() => {
                decider::of(tx, &party.requester.who, &booking)?
            }
            _ => None,
        };
        Ok(Loaded {
            credit,
            decider,
            entry,
            email: match party.party {
                Party::Member => of_provider,
                Party::Provider | Party::Administrator => of_member,
            },
            choices: choices::chosen(&choice::listed(tx)?, &booking.choice),
            outcomes: outcome_mark::offered(tx, &booking, party.party)?,
            claim,
            feedback: SessionFeedback::load(tx, party)?,
            review: review::call::review_of(tx, &booking.id)?,
            location: booking::location(tx, &booking)?,
            may_release: party.party == Party::Administrator
                && room_release::is_possible(tx, &booking)?,
            party: party.party,
            seats: BookedSeats::load(tx, &booking, party.party)?,
            opened: call_opening::find(tx, &booking.id)?,
            their_zone: their_zone.unwrap_or_else(|| booking.zone()),
            booking,
            slot,
            with,
            order,
            order_label,
            refunded: RefundedSums::of(&refunds),
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
    /// The time in the other side's zone, if the reader is in another one; otherwise empty. A
    /// session in person is told in the zone of its place.
    their_time: String,
    place: String,
    /// The path that opens the call, if the place is a link.
    call: Option<String>,
    opened: Vec<String>,
    tag: &'static str,
    /// What was paid, the state of the payment, and the path of the order's page; empty for readers
    /// who did not pay.
    money: Option<(String, String, String)>,
    /// What is kept of the price after the deadline, and the path where the reader asks for the rest.
    late: Option<(String, Option<String>)>,
    pay: Option<String>,
    /// Whether the booking waits only for its member to confirm it.
    may_confirm: bool,
    cancel: String,
    may_cancel: bool,
    /// Who comes to a class.
    people: Option<PartyCard<'a>>,
    claim: Option<ClaimCard<'a>>,
    /// The outcomes that the reader may report, each with its button.
    outcomes: Vec<(Outcome, String)>,
    /// The field for what a claim says; `None` for readers who cannot claim anything.
    claim_note: Option<Field>,
    reason: Option<Field>,
    may_move: bool,
    /// The field for a new link; `None` for readers who may not replace the link.
    link: Option<Field>,
    /// The field for the reason for releasing the room; `None` for readers who may not release it.
    room: Option<Field>,
    back: &'static str,
}

/// `GET /me/bookings/{id}`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    page(&req, &FormState::default()).await
}

pub(super) async fn page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    page_with_claim(req, form_state, &FormState::default()).await
}

/// Shows the page. `form_state` is that of the booking's forms, `of_claim` that of the claim's.
pub(super) async fn page_with_claim(
    req: &PageRequest,
    form_state: &FormState,
    of_claim: &FormState,
) -> Result<Response, Problem> {
    let loaded = load(req).await?;
    let (text, now) = (&req.text, req.site.clock.now());
    let (booking, slot) = (&loaded.booking, &loaded.slot);
    let zone = words::zone(&req.site, Some(&req.who));
    let place = slot.place_zone();
    let (from, until) = (booking.starts_at, booking.ends_at);
    let (date, time) = words::when(text, &zone, place.as_ref(), from, until);
    let in_time = now <= booking.cancel_deadline();
    let is_ahead = booking.is_active() && booking.starts_at > now;
    let is_member = loaded.party == Party::Member;
    let is_pending = booking.state == State::PendingPayment;
    let is_paid = loaded.order.is_some();
    let pay = loaded.order.as_ref().filter(|_| is_member && is_pending);
    let call = Call::find(booking, &loaded.location);
    let body = BookingPage {
        text,
        form: req.form(
            DONE,
            if of_claim.is_fine() {
                form_state
            } else {
                of_claim
            },
        ),
        date,
        time,
        their_time: match place {
            Some(_) => String::new(),
            None => words::their_time(text, &zone, &loaded.their_zone, booking, loaded.party),
        },
        call: call.map(Call::path),
        opened: call.map_or_else(Vec::new, |call| {
            call.openings(text, &zone, loaded.party, loaded.opened, now)
        }),
        place: match loaded.location.as_str() {
            "" => words::place(text, slot),
            location => location.to_owned(),
        },
        tag: words::tag(booking.state),
        money: loaded.order.as_ref().map(|order| {
            let page = if is_member {
                format!("/pay/{}", order.id)
            } else {
                String::new()
            };
            (
                text.money(order.amount()),
                loaded.payment(text, order),
                page,
            )
        }),
        late: loaded.late().map(|late| {
            let page = late.page().filter(|_| is_member);
            (late.say(text), page)
        }),
        pay: pay.map(|order| format!("/pay/{}", order.id)),
        may_confirm: is_member && booking.is_unproven(),
        cancel: if is_ahead && is_member && !is_pending {
            notice::own_cancel_rule(text, &zone, booking, is_paid, now)
        } else {
            String::new()
        },
        may_cancel: loaded.may_cancel(now),
        people: PartyCard::of(text, form_state, booking, &loaded.seats, loaded.party, now),
        claim: loaded.claim.as_ref().map(|claim| {
            let order = loaded.order.as_ref().filter(|order| order.is_paid());
            let currency = order.map(|order| order.currency);
            let about = About {
                claim,
                booking,
                party: loaded.party,
                decider: loaded.decider,
                zone: &zone,
                currency,
            };
            ClaimCard::of(text, of_claim, about)
        }),
        outcomes: loaded
            .outcomes
            .iter()
            .map(|one| (*one, words::outcome(text, *one, loaded.missing(*one))))
            .collect(),
        claim_note: loaded
            .outcomes
            .iter()
            .any(|one| *one != Outcome::Completed)
            .then(|| form_state.lines("note", text.say("claim-happened")))
            .filter(|_| loaded.party != Party::Administrator)
            .map(|note| note.hint(text.say("claim-happened-hint"))),
        reason: (!is_member).then(|| {
            let reason = form_state.line("reason", text.say("booking-reason"));
            reason.required()
        }),
        may_move: is_ahead
            && is_member
            && booking.state == State::Confirmed
            && in_time
            && booking.reschedules < booking.reschedule_limit,
        link: (!is_member
            && booking.state == State::Confirmed
            && booking.ends_at > now
            && !booking.is_class
            && matches!(slot.location_kind, Place::Online | Place::RoomPool))
        .then(|| {
            let label = text.say("booking-link-new");
            form_state
                .field("link", label, Control::Line("url", "off"))
                .required()
        }),
        room: loaded.may_release.then(|| {
            let label = text.say("booking-reason");
            form_state
                .field("reason", label, Control::Line("text", "off"))
                .required()
        }),
        back: menu_of(loaded.party),
        loaded: &loaded,
    };
    let title = booking.title.clone();
    req.show(menu_of(loaded.party), &title, body).await
}

/// `GET /me/bookings/{id}/calendar.ics`.
pub(super) async fn calendar(req: PageRequest) -> Result<Response, Problem> {
    let loaded = load(&req).await?;
    ics::file(&req.site, &loaded.booking, loaded.party, &loaded.location)
}

const CANCEL: Question = Question {
    title: "booking-cancel-question",
    facts: "booking-cancel-facts",
    undo: "booking-cancel-undo",
    button: "booking-cancel-do",
    confirm: "booking-cancel-do",
};

/// `POST /me/bookings/{id}/cancel`.
pub(super) async fn cancel(mut posted: FormPost) -> Result<Response, Problem> {
    let loaded = load(&posted.req).await?;
    let is_member = loaded.party == Party::Member;
    let now = posted.req.site.clock.now();
    let is_late = is_member && cancelling::is_late(&loaded.booking, now);
    // The question says what is paid back. If that has changed since, it is asked again.
    let said_late = posted.form.is_ticked("late");
    let has_changed = confirmation::is_sure(&posted.form) && said_late != is_late;
    let is_sure = confirmation::is_sure(&posted.form) && !has_changed;
    if !is_sure {
        posted.form.set("late", if is_late { "1" } else { "" });
    }
    let req = &posted.req;
    let here = notice::page(&loaded.booking);
    let lacks_reason =
        loaded.party != Party::Member && posted.form.text("reason").trim().is_empty();
    // A person who may not cancel, or must give a reason and does not, is refused at once, without
    // the confirmation question.
    let is_refused = lacks_reason || !loaded.may_cancel(req.site.clock.now());
    if !is_sure && !is_refused {
        let address = format!("{here}/cancel");
        let zone = words::zone(&req.site, Some(&req.who));
        let (place, at) = (loaded.slot.place_zone(), loaded.booking.starts_at);
        let when = words::moment_at(&req.text, &zone, place.as_ref(), at);
        let deadline = loaded.booking.cancel_deadline();
        let until = has_changed.then(|| words::moment(&req.text, &zone, deadline));
        let values = vec![
            ("until", until.unwrap_or_else(|| "none".to_owned()).into()),
            ("title", loaded.booking.title.as_str().into()),
            ("when", when.into()),
            ("by", loaded.party.word().into()),
            (
                "money",
                money_back(&req.text, &loaded, req.site.clock.now()).into(),
            ),
        ];
        let sent = SentForm {
            address: &address,
            here: &here,
            menu: menu_of(loaded.party),
            form: &posted.form,
        };
        return confirmation::ask_again(req, sent, CANCEL, &values).await;
    }
    let (site, reason) = (req.site.clone(), posted.form.text("reason").to_owned());
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        if is_member && !is_late && party.booking.state == State::Confirmed {
            cancelling::check_window(tx, &party.booking)?;
        }
        let done = cancelling::cancel(tx, &site, party, &reason)?;
        Ok::<_, Refusal>(format!("{}?done=cancelled", notice::page(&done)))
    };
    posted.save(change, page).await
}

/// `POST /me/bookings/{id}/room`: releases the room, for administrators.
pub(super) async fn release_room(posted: FormPost) -> Result<Response, Problem> {
    let id: BookingId = posted.req.id("id")?;
    let new = RoomRelease {
        reason: posted.form.text("reason").to_owned(),
    };
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        room_release::release(tx, by, &id, &new)?;
        Ok::<_, Refusal>(format!("{HERE}/{id}?done=released"))
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

/// An amount, or a keyword that selects a variant of the message.
fn money_back(text: &Text, loaded: &Loaded, now: Timestamp) -> String {
    let booking = &loaded.booking;
    let is_late = loaded.party == Party::Member && cancelling::is_late(booking, now);
    match &loaded.order {
        Some(order) if order.is_paid() && is_late => {
            match payout::part_of(loaded.price(order).minor, booking.late_refund_bps) {
                0 => "late".to_owned(),
                part => text.money(Money::new(part, order.currency)),
            }
        }
        None if booking.credit_lot_id.is_some() && is_late => "late-credit".to_owned(),
        Some(order) if order.is_paid() => text.money(loaded.price(order)),
        Some(_) => "unpaid".to_owned(),
        None if loaded.booking.credit_lot_id.is_some() => "credit".to_owned(),
        None => "none".to_owned(),
    }
}
