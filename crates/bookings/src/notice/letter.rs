//! The mail about a session: as text, and as a page with the same content.

use std::borrow::Cow;

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use web::{Site, Text, fields};

use super::{Event, Returned, at_place, moment, moment_at, page, price};
use crate::booking::{Booking, Party};
use crate::order;
use crate::slot::Place;

/// What the mail says of the slot.
#[derive(Debug, Row)]
pub(super) struct SlotFacts {
    location_kind: Place,
    pub(super) area: String,
    public_note: String,
    prep_note: String,
    price_minor: i64,
    currency: Currency,
    credit_label: Option<String>,
}

impl SlotFacts {
    pub(super) fn of(tx: &mut Tx<'_>, booking: &Booking) -> Result<Self, StoreError> {
        sql!(
            "SELECT location_kind, area, public_note, prep_note, price_minor, currency,
                 (SELECT k.label FROM credit_kind k WHERE k.code = slot.credit_kind) AS credit_label
             FROM slot WHERE id = :id",
            id = booking.slot_id
        )
        .one(tx)
    }

    /// The zone of the place of a session in person; `None` for other sessions.
    pub(super) fn place_zone(&self, booking: &Booking) -> Option<TimeZone> {
        (self.location_kind == Place::InPerson).then(|| booking.zone())
    }

    /// What the member gave for the booking.
    fn price(&self, tx: &mut Tx<'_>, text: &Text, booking: &Booking) -> Result<String, StoreError> {
        if let Some(kind) = &self.credit_label {
            let values = [
                ("count", booking.seats.into()),
                ("kind", kind.as_str().into()),
            ];
            return Ok(text.with("credit-count", values));
        }
        let order = match &booking.order_id {
            Some(id) => order::find(tx, id)?,
            None => None,
        };
        let of_slot = Money::new(self.price_minor, self.currency);
        Ok(price(text, order.map_or(of_slot, |order| order.amount())))
    }
}

/// What a mail is about, and who reads it.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) text: &'a Text,
    pub(super) zone: &'a TimeZone,
    pub(super) booking: &'a Booking,
    pub(super) slot: &'a SlotFacts,
    pub(super) party: Party,
    pub(super) event: Event,
    pub(super) returned: Option<&'a Returned>,
}

impl<'a> Told<'a> {
    fn fact(&self, label: &'static str, value: String) -> Fact<'a> {
        Fact {
            label: self.text.say(label),
            value,
            is_long: false,
        }
    }

    /// Whether the reader is the member, who still has the booking.
    fn is_of_member(&self) -> bool {
        self.party == Party::Member && !self.event.is_cancelled()
    }

    /// `with` is the other side's name, `place` where both meet.
    pub(super) fn facts(
        &self,
        tx: &mut Tx<'_>,
        with: &str,
        place: &str,
    ) -> Result<Vec<Fact<'a>>, StoreError> {
        let seats = match self.booking.seats {
            1 => String::new(),
            seats => self.text.with("class-seats", [("count", seats.into())]),
        };
        let mut facts = self.times();
        facts.push(self.fact("booking-places", seats));
        facts.push(self.fact("booking-with", with.to_owned()));
        facts.push(self.fact("booking-where", place.to_owned()));
        if self.event == Event::Reminder {
            facts.extend(self.preparation());
        }
        if self.is_of_member() {
            facts.extend(self.terms(tx)?);
        }
        facts.retain(|fact| !fact.value.is_empty());
        Ok(facts)
    }

    /// When the session is, in one line; of one that was moved also when it was.
    fn times(&self) -> Vec<Fact<'a>> {
        let (text, zone, booking) = (self.text, self.zone, self.booking);
        let place = self.slot.place_zone(booking);
        let (from, until) = (booking.starts_at, booking.ends_at);
        let (day, range) = when(text, zone, place.as_ref(), from, until);
        let values = [("date", day.into()), ("time", range.into())];
        let mut facts = vec![self.fact("booking-when", text.with("date-moment", values))];
        if let Event::Moved(before) = self.event {
            let before = moment_at(text, zone, place.as_ref(), before);
            facts.push(self.fact("booking-before", before));
        }
        facts
    }

    /// What a side should read before the session: the provider's notes for the member, and the
    /// member's answers, topics and note for the provider.
    fn preparation(&self) -> Vec<Fact<'a>> {
        let long = |label: &'static str, value| Fact {
            is_long: true,
            ..self.fact(label, value)
        };
        if self.party == Party::Member {
            return vec![
                long("booking-said-tips", self.slot.public_note.clone()),
                long("slot-prep-note", self.slot.prep_note.clone()),
            ];
        }
        let answers = self.booking.answers.iter().map(|one| Fact {
            label: one.label.as_str().into(),
            value: one.said(self.text),
            is_long: true,
        });
        let brief = &self.booking.brief;
        let brief = [
            long("booking-topics", brief.topics.join("\n")),
            long("booking-own-note", brief.note.clone()),
        ];
        answers.chain(brief).collect()
    }

    /// What the member gave, and how they cancel.
    fn terms(&self, tx: &mut Tx<'_>) -> Result<Vec<Fact<'a>>, StoreError> {
        let (text, booking) = (self.text, self.booking);
        let mut facts = Vec::new();
        if self.event == Event::Confirmed {
            facts.push(self.fact("slot-prep-note", self.slot.prep_note.clone()));
        }
        if self.event != Event::Reminder {
            let price = self.slot.price(tx, text, booking)?;
            facts.push(self.fact("booking-price", price));
        }
        let is_paid = booking.order_id.is_some();
        let rule = own_cancel_rule(text, self.zone, booking, is_paid, tx.now());
        facts.push(self.fact("booking-to-cancel", rule));
        Ok(facts)
    }

    /// The links: to the booking, and for the member who still has it also to its change and to the file
    /// for a calendar.
    pub(super) fn links(&self, site: &Site) -> Vec<Link> {
        let page = page(self.booking);
        let link = |label, path: String| Link {
            label,
            href: site.url().join(&path),
        };
        let mut links = vec![link("booking-mail-see", page.clone())];
        if self.is_of_member() {
            links.push(link("booking-mail-change", format!("{page}#cancel")));
            links.push(link("booking-calendar", format!("{page}/calendar.ics")));
        }
        if let (Party::Member, Some(Returned::Late(late))) = (self.party, self.returned) {
            links.extend(late.page().map(|page| link("late-ask", page)));
        }
        links
    }
}

/// A line of the mail.
pub(super) struct Fact<'a> {
    label: Cow<'a, str>,
    value: String,
    /// Whether it is a paragraph of its own.
    is_long: bool,
}

/// A link of the mail: the message id of its label, and the address.
pub(super) struct Link {
    label: &'static str,
    href: String,
}

#[derive(Template)]
#[template(path = "mail/session.html")]
pub(super) struct Letter<'a> {
    pub(super) text: &'a Text,
    /// The first sentences, a line each.
    pub(super) said: String,
    pub(super) title: &'a str,
    pub(super) facts: Vec<Fact<'a>>,
    pub(super) links: Vec<Link>,
    pub(super) site: &'a str,
}

impl Letter<'_> {
    pub(super) fn plain(&self) -> String {
        let mut plain = format!("{}\n\n{}\n", self.said, self.title);
        for one in &self.facts {
            let parts = if one.is_long {
                ["\n", &one.label, "\n", &one.value, "\n"]
            } else {
                ["", &one.label, ": ", &one.value, "\n"]
            };
            plain.extend(parts);
        }
        plain.push('\n');
        for link in &self.links {
            plain.extend([&*self.text.say(link.label), ": ", &link.href, "\n"]);
        }
        plain.extend(["\n", self.site, "\n"]);
        plain
    }
}

/// The day of a session, and its begin and end with their zone, such as “9:30–10:15 am, Kuala Lumpur
/// (UTC+8)”. `place` is as in [`at_place`].
pub(crate) fn when(
    text: &Text,
    zone: &TimeZone,
    place: Option<&TimeZone>,
    from: Timestamp,
    until: Timestamp,
) -> (String, String) {
    let day = text.date(from.to_zoned(place.unwrap_or(zone).clone()));
    let say = |zone: &TimeZone| text.time_range_in(zone, from, until);
    (day, at_place(text, zone, place, from, say))
}

/// Until when a member cancels and loses nothing, and what comes back later. `share` is what comes back of
/// the price, in hundredths of a percent; `None` if nothing is paid.
pub(crate) fn cancel_rule(
    text: &Text,
    zone: &TimeZone,
    deadline: Timestamp,
    now: Timestamp,
    share: Option<i64>,
) -> String {
    let when = moment(text, zone, deadline);
    let back = fields::percentage(share.unwrap_or(0));
    let values = [("when", when.into()), ("share", back.into())];
    let message = match (deadline > now, share) {
        (false, Some(1..)) => "booking-cancel-closed-share",
        (false, _) => "booking-cancel-never",
        (true, Some(0)) => "booking-cancel-until-paid",
        (true, Some(_)) => "booking-cancel-until-share",
        (true, None) => "booking-cancel-until",
    };
    text.with(message, values)
}

/// Like [`cancel_rule`], of a booking that its member has.
pub(crate) fn own_cancel_rule(
    text: &Text,
    zone: &TimeZone,
    booking: &Booking,
    is_paid: bool,
    now: Timestamp,
) -> String {
    let (deadline, share) = (booking.cancel_deadline(), booking.late_refund_bps);
    if now > deadline && !(is_paid && share > 0) {
        return text.say("booking-cancel-closed").into_owned();
    }
    cancel_rule(text, zone, deadline, now, is_paid.then_some(share))
}
