//! Times, places and states in the reader's language.

use identity::session::signed_in::SignedIn;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::money::Money;
use web::{Site, Text, ZonedPage};

use crate::booking::{self, Booking, Party};
use crate::browse::computed_time::Seats;
use crate::credit::history::CreditUse;
use crate::credit::{CreditEntry, CreditReason};
use crate::credit_kind::Labels;
use crate::notice;
pub(super) use crate::notice::{moment, moment_at, when};
use crate::offer::Offer;
use crate::order::{Grant, OrderState};
use crate::outcome::Outcome;
use crate::slot::{self, Place, Slot};

/// The time zone in which a reader sees times: the account's zone, or else the site's zone.
pub(super) fn zone(site: &Site, who: Option<&SignedIn>) -> TimeZone {
    let own = who.and_then(|who| TimeZone::get(&who.account().time_zone).ok());
    own.unwrap_or_else(|| site.settings.time_zone.clone())
}

/// Like [`moment`], with a short date.
pub(super) fn moment_short(text: &Text, zone: &TimeZone, at: Timestamp) -> String {
    text.moment_short_in(zone, at)
}

/// Like [`moment_at`], with a short date.
pub(super) fn moment_short_at(
    text: &Text,
    zone: &TimeZone,
    place: Option<&TimeZone>,
    at: Timestamp,
) -> String {
    notice::at_place(text, zone, place, at, |zone| moment_short(text, zone, at))
}

/// A day and a time such as “Saturday, 16 January, 9:30 am”, for a page that names its zone.
pub(super) fn at_day(text: &Text, zoned: &ZonedPage<'_>, zone: &TimeZone, at: Timestamp) -> String {
    let day = text.weekday_and_day(at.to_zoned(zone.clone()));
    let values = [("date", day.into()), ("time", zoned.time(at).into())];
    text.with("date-moment", values)
}

/// Formats the start of a booking in the other side's zone, if that differs from the reader's.
pub(super) fn their_time(
    text: &Text,
    zone: &TimeZone,
    theirs: &TimeZone,
    booking: &Booking,
    reader: Party,
) -> String {
    let at = booking.starts_at;
    if theirs.to_offset(at) == zone.to_offset(at) {
        return String::new();
    }
    let values = [("when", moment(text, theirs, at).into())];
    let message = match reader {
        Party::Provider => "booking-their-time-member",
        Party::Member | Party::Administrator => "booking-their-time",
    };
    text.with(message, values)
}

/// A length such as “45 minutes” or “1 hour 30 minutes”.
pub(super) fn length(text: &Text, from: Timestamp, until: Timestamp) -> String {
    length_of(text, until.duration_since(from).as_mins())
}

/// Like [`length`], from a number of minutes.
pub(super) fn length_of(text: &Text, all: i64) -> String {
    let (hours, minutes) = (all / 60, all % 60);
    let parts = [("duration-hours", hours), ("duration-minutes", minutes)];
    let parts = parts.into_iter().filter(|(_, count)| *count > 0);
    let words: Vec<String> = parts
        .map(|(message, count)| text.with(message, [("count", count.into())]))
        .collect();
    words.join(" ")
}

/// Until when members cancel a session and lose nothing, from the number of minutes before it.
pub(super) fn free_to_cancel(text: &Text, minutes: i64) -> String {
    if minutes == 0 {
        return text.say("offered-cancel-any").into_owned();
    }
    let length = length_of(text, minutes);
    text.with("offered-cancel", [("length", length.into())])
}

/// A session's title and the other side's name; the title alone if the reader may not know the name.
pub(super) fn line(text: &Text, title: &str, name: &str) -> String {
    match name {
        "" => title.to_owned(),
        name => text.with(
            "booking-line",
            [("title", title.into()), ("name", name.into())],
        ),
    }
}

/// What a plan grants, such as “3 credits (Session) · for 1 month”. If the plan's `months` is 0,
/// its credits last for `days` days.
pub(super) fn grants(text: &Text, grant: &Grant, labels: &Labels, days: i64) -> String {
    let parts = grant.grants.iter();
    let parts = parts.map(|one| credits(text, one.quantity, labels.label(&one.credit_kind)));
    let lasts = match grant.months {
        0 => text.with("plan-lasts-days", [("days", days.into())]),
        months => text.with("plan-lasts", [("months", months.into())]),
    };
    let parts: Vec<String> = parts.chain([lasts]).collect();
    parts.join(" · ")
}

/// A number that is added or taken away, such as “+5” or “−1”.
pub(super) fn change(delta: i64) -> String {
    format!("{delta:+}").replace('-', "\u{2212}")
}

/// The button for an outcome of a session. `name` is that of the side that did not come; empty if nobody
/// has it any more.
pub(super) fn outcome(text: &Text, outcome: Outcome, name: &str) -> String {
    let name = if name.is_empty() { "none" } else { name };
    text.with(outcome.label(), [("name", name.into())])
}

/// What a change to credits was for, such as “1 credit (Session) bought with Starter” or “Used for Mock
/// interview, 1 December”.
pub(super) fn credit_use(
    text: &Text,
    zone: &TimeZone,
    labels: &Labels,
    entry: &CreditEntry,
    what: Option<&CreditUse>,
) -> String {
    let said = what.and_then(|what| {
        let session = || {
            let (title, at) = (what.session.as_deref()?, what.starts_at?);
            let day = text.day_and_month(at.to_zoned(zone.clone()));
            Some([("title", title.into()), ("day", day.into())])
        };
        let document = || Some([("title", what.document.as_deref()?.into())]);
        match entry.reason {
            CreditReason::Granted => {
                let credits = credits(text, entry.delta, labels.label(&what.credit_kind));
                let plan = what.plan.as_deref()?;
                let values = [("credits", credits.into()), ("plan", plan.into())];
                Some(text.with("credit-bought-with", values))
            }
            CreditReason::Booked => Some(text.with("credit-used-for", session()?)),
            CreditReason::Reviewed => Some(text.with("credit-used-for-review", document()?)),
            CreditReason::Returned | CreditReason::Replaced if what.document.is_some() => {
                Some(text.with("credit-back-from-review", document()?))
            }
            CreditReason::Returned => Some(text.with("credit-back-from", session()?)),
            CreditReason::Replaced => Some(text.with("credit-replaced-from", session()?)),
            CreditReason::Imported | CreditReason::Adjusted | CreditReason::Refunded => None,
        }
    });
    said.unwrap_or_else(|| text.say(entry.reason.label()).into_owned())
}

/// A number of credits of one kind, such as “1 credit (Session)”.
pub(super) fn credits(text: &Text, count: i64, kind: &str) -> String {
    text.with(
        "credit-count",
        [("count", count.into()), ("kind", kind.into())],
    )
}

/// A price, such as “RM 180”, or “Free”. `credit` is the label of the kind of credit, if the
/// session is booked with one.
pub(super) fn price(text: &Text, price: Money, credit: Option<&str>) -> String {
    match (price.minor, credit) {
        (_, Some(kind)) => credits(text, 1, kind),
        (0, None) => text.say("booking-free").into_owned(),
        _ => text.money_short(price),
    }
}

/// The seats of a date of a class, such as “12 places, 3 left”; empty for other slots.
pub(super) fn seats(text: &Text, slot: &Slot) -> String {
    if !slot.is_class() {
        return String::new();
    }
    let values = [
        ("seats", slot.seats.into()),
        ("left", slot.seats_left().into()),
    ];
    text.with("booking-seats", values)
}

/// The seats that are left at a date of a class, such as “3 of 12 left” or “full”.
pub(super) fn seats_left(text: &Text, seats: Seats) -> String {
    let values = [("seats", seats.all.into()), ("left", seats.left.into())];
    text.with("offered-seats-left", values)
}

/// How many seats a class has; `None` for other sessions.
pub(super) fn places(text: &Text, offer: &Offer) -> Option<String> {
    let seats = offer.is_class().then_some(offer.seats)?;
    Some(text.with("offered-places", [("count", seats.into())]))
}

/// Describes how the two sides meet, without details that only the two sides may see.
pub(super) fn place(text: &Text, slot: &Slot) -> String {
    place_of(text, slot.location_kind, &slot.area)
}

/// Like [`place`], from the kind and the public, approximate location.
pub(super) fn place_of(text: &Text, kind: Place, area: &str) -> String {
    let kind = text.say(kind.label());
    match area {
        "" => kind.into_owned(),
        area => format!("{kind}, {area}"),
    }
}

/// The CSS class for the state of a booking.
pub(super) fn tag(state: booking::State) -> &'static str {
    match state {
        booking::State::Confirmed => "yes",
        booking::State::PendingPayment => "wait",
        _ => "",
    }
}

/// The CSS class for the state of an order.
pub(super) fn order_tag(state: OrderState) -> &'static str {
    match state {
        OrderState::Paid => "yes",
        OrderState::Created => "wait",
        OrderState::PartiallyRefunded | OrderState::Refunded | OrderState::Expired => "",
    }
}

/// The CSS class of a slot on the provider's page.
pub(super) fn slot_class(state: slot::State) -> &'static str {
    match state {
        slot::State::Booked => "yes",
        slot::State::Held => "wait",
        slot::State::Unavailable => "hidden-by-you",
        slot::State::Available | slot::State::Completed => "",
    }
}

/// Percent-encodes a value for a query.
pub(super) fn percent(value: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escape = |byte: u8| {
        if keep(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    value.bytes().map(escape).collect()
}
