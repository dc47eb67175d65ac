//! When an event is, with or without its hours.

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use web::{Text, dates};

use crate::event::Event;
use crate::event::time_and_place::{Knows, TimeAndPlace, say_change};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::occasion::Occasion;

/// A day, with its hours if they are known.
pub(super) fn with_hours(text: &Text, day: String, hours: Option<&str>) -> String {
    match hours {
        Some(hours) => format!("{day}{}{hours}", text.say("list-comma")),
        None => day,
    }
}

/// The value of the HTML attribute `datetime`: the day alone if the hour is not known.
pub(super) fn machine(event: &Event, start: &Zoned) -> String {
    if event.hour_known {
        dates::machine(start)
    } else {
        start.date().to_string()
    }
}

/// The day of the events, or the first and the last one; and the value of the attribute `datetime`,
/// which is empty for several days.
pub(super) fn days<'a>(
    text: &Text,
    zone: &TimeZone,
    events: impl Iterator<Item = &'a Event>,
) -> (String, String) {
    let days = events.map(|event| event.starts_at.to_zoned(zone.clone()).date());
    let mut days: Vec<Date> = days.collect();
    days.sort_unstable();
    days.dedup();
    match days.as_slice() {
        [first, .., last] => {
            let (mut from, mut to) = (text.date(*first), text.date(*last));
            // The year of both stands once, before or after, as the language has it.
            if first.year() == last.year() {
                if to.ends_with(&last.year().to_string()) {
                    from = text.weekday_and_day(*first);
                } else {
                    to = text.weekday_and_day(*last);
                }
            }
            let values = [("first", from.into()), ("last", to.into())];
            (text.with("cover-days", values), String::new())
        }
        [day] => (text.date(*day), day.to_string()),
        [] => (String::new(), String::new()),
    }
}

/// The sentence that says that an event is cancelled.
pub(super) fn cancelled(text: &Text, occasion: &Occasion, event: &Event) -> String {
    let day = text.date(event.starts_at.to_zoned(occasion.zone()));
    let name = event
        .name
        .pick(text.language(), &occasion.default_language)
        .text
        .to_owned();
    text.with(
        "event-cancelled-on",
        [("event", name.into()), ("day", day.into())],
    )
}

/// When and where an event was when the household answered, if it has changed since.
pub(super) fn was(text: &Text, snapshot: &InvitationSnapshot, event: &Event) -> Option<String> {
    let (before, is_known) = snapshot.event_before(event)?;
    if !is_known {
        return Some(text.say("portal-event-changed").into_owned());
    }
    let told_in = before.zone.as_deref();
    let told_in = told_in.and_then(|name| TimeZone::get(name).ok());
    let (zone, now) = (snapshot.occasion.zone(), TimeAndPlace::of_event(event));
    let both = [&before.was, &now];
    let [was, _] = say_change(both, Knows::TheSame, text, &zone, told_in.as_ref());
    Some(text.with("portal-event-was", [("was", was.into())]))
}
