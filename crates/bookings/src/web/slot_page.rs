//! The page of a slot, where a member books it, and somebody who is not signed in leaves an address
//! or signs in.

use std::fmt::Display;

use askama::Template;
use axum::response::Response;
use identity::account::AccountId;
use identity::person::{registration, slug, unregistered};
use identity::session::signed_in::SignedIn;
use jiff::tz::TimeZone;
use platform::money::Money;
use platform::{StoreError, Tx};
use serde_json::json;
use site::Context;
use site::call::{see_other, submission};
use site::without_sign_in::Entrance;
use web::dates;
use web::form_state::{Control, Field, FormState};
use web::page::{Kind, Page, page_with_csrf};
use web::{Form, Problem, Site, Text, Theme, zone};

use super::frame::framed;
use super::visitor_zone::VisitorZone;
use super::waiting::{self as waiting_lists, DateReader};
use super::{answers, brief, choices, party_card, visitor, words};
use crate::booking::seat::{self, Seat};
use crate::booking::{self, Booking, class_seats};
use crate::browse::{self, Offered};
use crate::catalogue::{self, CatalogueEntry};
use crate::choice::{self, Choices, Listed};
use crate::codes::CREDIT_FROZEN;
use crate::offer::Offer;
use crate::offer_question::{self, OfferQuestion};
use crate::order::OrderMode;
use crate::settings::{self, BookingSettings};
use crate::slot::{self, Slot, SlotId};
use crate::waiting::{WaitingState, Waits};
use crate::{Refusal, credit, gateway, membership, notice, waiting};

#[derive(Template)]
#[template(path = "slot.html")]
struct SlotPage<'a> {
    text: &'a Text,
    form_state: &'a FormState,
    offered: &'a Offered,
    price: String,
    length: String,
    date: String,
    time: String,
    /// The time in the zone of the member's account, in which their mails are; empty if the page's
    /// is the same.
    own_time: String,
    /// The time in the provider's zone; empty if the page says it already, or hides the provider.
    their_time: String,
    visitor: &'a VisitorZone,
    /// The calendar with the other times of the session; `None` for a single time.
    other: Option<String>,
    /// Where the visitor chooses another zone.
    zone_change: String,
    /// The field with which the member's account takes over the zone of their device or of the
    /// page's address.
    take_over: Option<Field>,
    place: String,
    /// The seats of a class; empty for other slots.
    seats: String,
    is_full: bool,
    /// What the page says about the waiting list of a class.
    waiting: Option<String>,
    /// Whether seats are kept for the member who waited.
    is_kept: bool,
    cancel: String,
    facts: Vec<(&'static str, String)>,
    about: Vec<CatalogueEntry>,
    fields: Vec<Field>,
    hold: String,
    button: String,
    /// What several places cost, which a script says; `None` if there is nothing to multiply.
    totals: Option<Totals>,
    /// The message id of the reason why the member cannot book with a credit; `None` if the member
    /// can, or if the slot takes no credit.
    lacks: Option<&'static str>,
    submission: String,
    signed_out: Option<SignedOut>,
}

/// JSON arrays of what is said for 1, 2 and so on places: beside the button, and by it.
struct Totals {
    said: String,
    button: String,
}

impl Totals {
    fn of(text: &Text, each: Money, most: i64) -> Self {
        let sum = |count: i64| {
            let minor = each.minor.saturating_mul(count);
            text.money(Money::new(minor, each.currency))
        };
        let said = (1..=most).map(|count| {
            if count == 1 {
                return String::new();
            }
            let values = [
                ("count", count.into()),
                ("each", text.money(each).into()),
                ("sum", sum(count).into()),
            ];
            text.with("booking-seats-total", values)
        });
        let button = |count| text.with("booking-to-payment", [("sum", sum(count).into())]);
        Self {
            said: json!(said.collect::<Vec<_>>()).to_string(),
            button: json!((1..=most).map(button).collect::<Vec<_>>()).to_string(),
        }
    }
}

#[derive(Template)]
#[template(path = "taken.html")]
struct TakenPage<'a> {
    text: &'a Text,
    others: Vec<(String, String)>,
}

/// What the form asks: a slot's sets, the items of all lists, the entries of the catalogue in the
/// slot's set, and the questions of its offer.
type Sets = (
    Choices,
    Vec<Listed>,
    Vec<CatalogueEntry>,
    Vec<OfferQuestion>,
);

enum Found {
    Mine(Box<Booking>),
    /// A slot that the reader can book, perhaps because it is held for the reader by a booking that
    /// they have not proved yet.
    Offered(Box<(Offered, Option<Held>, BookingSettings, Means, Sets)>),
    Taken(Vec<Offered>),
}

/// The booking that holds a slot for its reader, and its seats of a class.
type Held = (Booking, Vec<Seat>);

#[derive(Default)]
struct Means {
    /// The most seats that one booking takes.
    party: i64,
    waits: Option<Waits>,
    credits: i64,
    lacks: Option<&'static str>,
    /// The title under which the session has a calendar; `None` for a single time.
    session: Option<String>,
}

impl Means {
    fn load(
        tx: &mut Tx<'_>,
        account: Option<&AccountId>,
        slot: &Slot,
        rules: &BookingSettings,
        mode: OrderMode,
    ) -> Result<Self, StoreError> {
        let (party, session) = (class_seats::most(tx, slot)?, session_title(tx, slot)?);
        let waits = waiting::of_date(tx, account, slot, rules)?;
        let (Some(account), Some(wanted)) = (account, slot.credit(rules)) else {
            return Ok(Self {
                party,
                waits,
                session,
                ..Self::default()
            });
        };
        let credits = credit::balance(tx, account, wanted, mode)?;
        let is_member = membership::covers(tx, account, wanted.kind, mode)?;
        let lacks = if !is_member {
            Some("booking-no-membership")
        } else if credits > 0 {
            None
        } else if credit::none_left(tx, account, wanted, mode)? == CREDIT_FROZEN {
            Some("booking-credit-frozen")
        } else {
            Some("booking-no-credit")
        };
        Ok(Self {
            party,
            waits,
            credits,
            lacks,
            session,
        })
    }
}

/// Shows a slot to somebody who is not signed in. `stamp` is the time stamp of a refused form.
pub(super) async fn signed_out_page(
    accounts: &Context,
    entrance: Entrance,
    id: &SlotId,
    shown: Shown<'_>,
    stamp: &str,
) -> Result<Response, Problem> {
    let text = entrance.public_text.clone();
    let reader = SlotReader::SignedOut(accounts, &entrance, stamp);
    let mut response = slot_page(&accounts.site, &text, reader, id, shown).await?;
    entrance.remember(response.headers_mut());
    Ok(response)
}

/// How the page of a slot is shown.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) form_state: &'a FormState,
    pub(super) zone: &'a VisitorZone,
}

/// Who reads the page of a slot.
#[derive(Clone, Copy)]
pub(super) enum SlotReader<'a> {
    /// A signed-in person, with the CSRF token.
    Member(&'a SignedIn, &'a str),
    SignedOut(&'a Context, &'a Entrance, &'a str),
}

pub(super) async fn slot_page(
    site: &Site,
    text: &Text,
    reader: SlotReader<'_>,
    id: &SlotId,
    shown: Shown<'_>,
) -> Result<Response, Problem> {
    let Shown {
        form_state,
        zone: visitor,
    } = shown;
    let (who, csrf) = match reader {
        SlotReader::Member(who, csrf) => (Some(who), csrf),
        SlotReader::SignedOut(_, entrance, _) => (None, entrance.csrf.as_str()),
    };
    let mode = gateway::mode(site);
    let (id, account) = (id.clone(), who.map(|who| who.account().id.clone()));
    let look = move |tx: &mut Tx<'_>| -> Result<Option<Found>, Refusal> {
        let rules = settings::load(tx)?;
        visitor::check(&rules, account.is_some())?;
        let Some(slot) = browse::find_slot(tx, &id)? else {
            return Ok(None);
        };
        let mine = match &account {
            Some(account) => booking::find_active(tx, account, &slot.id)?,
            None => None,
        };
        let (mine, held) = match mine {
            Some(booking) if booking.is_unproven() => (None, Some(booking)),
            mine => (mine, None),
        };
        if let Some(booking) = mine {
            return Ok(Some(Found::Mine(Box::new(booking))));
        }
        let offered = match &held {
            Some(held) => Some(Offered {
                provider: booking::provider_name(tx, held)?,
                slot: slot.clone(),
                address: None,
                credit_label: None,
            }),
            None => browse::find(tx, &id)?,
        };
        if let Some(offered) = offered {
            let means = Means::load(tx, account.as_ref(), &offered.slot, &rules, mode)?;
            let sets = choice::of_slot(tx, offered.slot.sets())?;
            let mut about = Vec::new();
            for slug in &sets.entries {
                about.extend(catalogue::find(tx, slug)?);
            }
            let questions = offer_question::of_slot(tx, &offered.slot)?;
            let sets = (sets, choice::listed(tx)?, about, questions);
            let held = match held {
                Some(held) => {
                    let party = seat::of_booking(tx, &held.id)?;
                    Some((held, party))
                }
                None => None,
            };
            let found = (offered, held, rules, means, sets);
            return Ok(Some(Found::Offered(Box::new(found))));
        }
        // For visitors, a hidden slot does not exist.
        if slot.state == slot::State::Unavailable {
            return Ok(None);
        }
        Ok(Some(Found::Taken(browse::alternatives(tx, &slot)?)))
    };
    let found = site
        .store
        .read(look)
        .await?
        .ok_or_else(Problem::not_found)?;
    let zone = &visitor.zone;
    let (offered, held, rules, means, (sets, listed, about, questions)) = match found {
        Found::Mine(booking) => return Ok(see_other(&notice::page(&booking))),
        Found::Taken(others) => {
            let title = text.say("booking-taken");
            let others = others.iter().map(|one| {
                let place = one.slot.place_zone();
                let when = words::moment_at(text, zone, place.as_ref(), one.slot.starts_at);
                (visitor.keep(&format!("/book/{}", one.slot.id)), when)
            });
            let others = others.collect();
            return Ok(plain(site, text, &title, TakenPage { text, others }));
        }
        Found::Offered(found) => *found,
    };
    let is_held = held.is_some();
    let prefilled = held.filter(|_| form_state.is_fine());
    let prefilled = prefilled.map(|(held, party)| held_form(&held, &party));
    let form_state = prefilled.as_ref().unwrap_or(form_state);
    let slot = &offered.slot;
    let place = slot.place_zone();
    let (date, time) = words::when(text, zone, place.as_ref(), slot.starts_at, slot.ends_at);
    let deadline = slot.starts_at - jiff::SignedDuration::from_mins(rules.cancel_minutes);
    let price = match slot.price_minor {
        0 => words::price(text, slot.price(), offered.credit_label.as_deref()),
        _ => text.money(slot.price()),
    };
    let label = match offered.provider.as_str() {
        "" => text.say("booking-note-open").into_owned(),
        name => text.with("booking-note", [("name", name.into())]),
    };
    let mut fields = choices::asked(text, form_state, &listed, &sets);
    let is_party = means.party > 1;
    if is_party {
        let each = words::price(text, slot.price(), offered.credit_label.as_deref());
        fields.insert(0, seats_field(text, form_state, each, means.party));
    }
    let signed_out = match reader {
        SlotReader::Member(..) => None,
        SlotReader::SignedOut(accounts, entrance, stamp) => {
            let newcomers = rules.newcomers && slot.credit_kind.is_none();
            let offer = SignedOut::of(accounts, entrance, form_state, newcomers, stamp);
            Some(offer)
        }
    };
    // If people must sign in to book, there are no fields for answers and a note, because these would
    // have to be kept in a URL until they are signed in.
    if signed_out.as_ref().is_none_or(|out| !out.stamp.is_empty()) {
        if is_party {
            fields.push(party_card::names_field(text, form_state));
        }
        fields.extend(answers::fields(text, form_state, &questions));
        fields.extend(brief::fields(text, form_state, label));
    }
    let date_reader = DateReader {
        is_signed_in: who.is_some(),
        may_register: signed_out.as_ref().is_some_and(|out| out.may_register),
        stamp: signed_out
            .as_ref()
            .filter(|_| !is_held && slot.seats_left() < 1)
            .map_or("", |out| out.stamp.as_str()),
        zone: (visitor.name(), zone),
    };
    let waits = means.waits.as_ref();
    let own = waits.and_then(|waits| waits.own.as_ref());
    let is_kept = own.is_some_and(|own| own.state == WaitingState::Asked);
    let mut body = SlotPage {
        is_kept,
        waiting: waits.and_then(|waits| {
            waiting_lists::of_date(site, text, form_state, slot, waits, date_reader)
        }),
        text,
        form_state,
        length: words::length(text, slot.starts_at, slot.ends_at),
        date,
        time,
        own_time: who.map_or_else(String::new, |who| own_time(site, text, who, zone, slot)),
        their_time: their_time(text, &offered, zone),
        other: means
            .session
            .as_ref()
            .map(|title| calendar(slot, title, visitor)),
        visitor,
        zone_change: visitor.change(&format!("/book/{}", slot.id)),
        take_over: take_over(text, form_state, visitor),
        place: words::place(text, slot),
        seats: words::seats(text, slot),
        is_full: !is_held && slot.seats_left() < 1,
        cancel: notice::cancel_rule(
            text,
            zone,
            deadline,
            site.clock.now(),
            (slot.price_minor > 0).then_some(rules.late_refund_bps),
        ),
        facts: choices::facts(&listed, &sets),
        about,
        fields,
        hold: text.with("booking-hold", [("minutes", rules.hold_minutes.into())]),
        lacks: means.lacks,
        button: match slot.price_minor {
            0 if slot.credit_kind.is_some() => {
                text.with("booking-do-credit", [("count", means.credits.into())])
            }
            0 => text.say("booking-do").into_owned(),
            // The sum depends on the number of seats.
            _ if is_party => text.say("booking-do").into_owned(),
            _ => text.with("booking-to-payment", [("sum", price.as_str().into())]),
        },
        totals: (is_party && slot.price_minor > 0)
            .then(|| Totals::of(text, slot.price(), means.party)),
        price,
        submission: submission(&site.random),
        signed_out,
        offered: &offered,
    };
    if slot.price_minor == 0 || is_held {
        body.hold.clear();
    }
    let title = slot.title.clone();
    Ok(plain_form(site, text, &title, body, csrf))
}

/// The field for the number of seats of a class.
fn seats_field(text: &Text, form_state: &FormState, each: String, most: i64) -> Field {
    let values = [("most", most.into()), ("price", each.into())];
    let mut field = form_state.number("seats", text.say("booking-seats-own"));
    if field.value.is_empty() {
        "1".clone_into(&mut field.value);
    }
    field.hint(text.with("booking-seats-hint", values))
}

/// The time of a slot in the zone of the member's account, unless the page says it in that one.
fn own_time(site: &Site, text: &Text, who: &SignedIn, shown: &TimeZone, slot: &Slot) -> String {
    let (own, at) = (words::zone(site, Some(who)), slot.starts_at);
    let place = slot.place_zone();
    let mut named = [Some(shown), place.as_ref()].into_iter().flatten();
    if named.any(|zone| zone.to_offset(at) == own.to_offset(at)) {
        return String::new();
    }
    text.with(
        "booking-time-own",
        [("when", words::moment(text, &own, at).into())],
    )
}

/// A date of a class that somebody has booked keeps its own title when the class gets another one.
fn session_title(tx: &mut Tx<'_>, slot: &Slot) -> Result<Option<String>, StoreError> {
    match &slot.offer_id {
        Some(offer) if slot.is_class() => {
            let offer = tx.find::<Offer>(offer)?;
            Ok(offer.map(|offer| offer.title))
        }
        _ => Ok(slot.is_computed().then(|| slot.title.clone())),
    }
}

/// The day of the slot in the calendar of its session. The address is made from the title alone, so
/// that it does not say which times have the same provider.
fn calendar(slot: &Slot, title: &str, visitor: &VisitorZone) -> String {
    let zone = slot.place_zone().unwrap_or_else(|| visitor.zone.clone());
    let day = slot.starts_at.to_zoned(zone).date();
    let minutes = slot.ends_at.duration_since(slot.starts_at).as_mins();
    visitor.keep(&match slug::from_name(title).as_str() {
        "" => "/book".to_owned(),
        slug => format!("/book/s/{slug}?minutes={minutes}&date={day}"),
    })
}

/// The time of a slot in the zone of its provider, unless the page says it in that one.
fn their_time(text: &Text, offered: &Offered, shown: &TimeZone) -> String {
    let (slot, theirs) = (&offered.slot, offered.slot.zone());
    let at = slot.starts_at;
    let is_same = theirs.to_offset(at) == shown.to_offset(at);
    if is_same || offered.provider.is_empty() || slot.place_zone().is_some() {
        return String::new();
    }
    text.with(
        "booking-their-time",
        [("when", words::moment(text, &theirs, at).into())],
    )
}

/// The tick with which an account takes over the zone of its owner's device, or of the address. For
/// that of the device, it is ticked at first.
fn take_over(text: &Text, form_state: &FormState, visitor: &VisitorZone) -> Option<Field> {
    let offered = visitor.offered.as_ref()?;
    let name = zone::name(offered).to_owned();
    let mut form = form_state.form.clone();
    if form_state.is_fine() && visitor.is_offered_by_device() {
        form.set("use_zone", name.clone());
    }
    let label = text.with(
        "booking-zone-take-over",
        [("zone", dates::place(offered).into())],
    );
    let choices = [(name, label)];
    Some(FormState::of(form).ticks("use_zone", text.say("booking-zone-mails"), choices))
}

/// The form for a slot that is held for its reader, with what was entered when it was held. Perhaps
/// somebody else entered it, so the reader's address is not shown unless they say so themselves.
fn held_form(held: &Booking, party: &[Seat]) -> FormState {
    let mut form = Form::default();
    for kind in choice::Kind::ALL {
        if let Some(code) = held.choice.of(*kind) {
            form.set(kind.word(), code.clone());
        }
    }
    if let Some(track) = &held.choice.track {
        form.set("track", track.clone());
    }
    form.set("seats", held.seats.to_string());
    form.set("names", seat::lines_of_names(party));
    form.set("topics", held.brief.topics.join("\n"));
    form.set("note", held.brief.note.clone());
    let answers = held.answers.iter().flat_map(|one| {
        let name = offer_question::field_name(&one.question_id);
        one.answer
            .iter()
            .map(move |said| (name.clone(), said.clone()))
    });
    let rest = form.iter();
    let rest = rest.map(|(name, value)| (name.to_owned(), value.to_owned()));
    FormState::of(rest.chain(answers).collect())
}

struct SignedOut {
    /// The signed time stamp of the form; empty where people cannot book without an account.
    stamp: String,
    fields: Vec<Field>,
    may_register: bool,
}

impl SignedOut {
    fn of(
        accounts: &Context,
        entrance: &Entrance,
        form_state: &FormState,
        newcomers: bool,
        stamp: &str,
    ) -> Self {
        let text = &entrance.public_text;
        let field = |name, control, label| form_state.field(name, text.say(label), control);
        let may_register = unregistered::is_open(accounts);
        Self {
            may_register,
            stamp: if newcomers && may_register {
                registration::renewed_stamp(&accounts.site, stamp)
            } else {
                String::new()
            },
            fields: vec![
                field(
                    "display_name",
                    Control::Line("text", "name"),
                    "booking-newcomer-name",
                )
                .required(),
                field(
                    "email",
                    Control::Line("email", "email"),
                    "booking-newcomer-email",
                )
                .required()
                .hint(text.say("booking-newcomer-hint")),
            ],
        }
    }
}

/// Renders a page without forms in the frame of public pages.
pub(super) fn plain<B: Display>(site: &Site, text: &Text, title: &str, body: B) -> Response {
    plain_form(site, text, title, body, "")
}

/// Renders a page in the frame of public pages. Its forms get the CSRF token.
pub(super) fn plain_form<B: Display>(
    site: &Site,
    text: &Text,
    title: &str,
    body: B,
    csrf: &str,
) -> Response {
    let page = Page {
        title: &format!("{title} – {}", site.settings.name),
        body: framed(site, text, body),
        text,
        theme: Theme::PLAIN,
        kind: Kind::Plain {
            site,
            languages: &site.public_languages(),
        },
    };
    page_with_csrf(page, csrf)
}
