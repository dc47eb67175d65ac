//! When an event is, with or without its hours.

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use web::{Text, dates};

use crate::event::Event;
use crate::event::time_and_place::{Knows, TimeAndPlace, say_change};
use crate::event::whole_days::days_of;
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

/// The day of the events, both days, or the first one and how many more there are. Only days that
/// follow each other are a range. Also the value of the attribute `datetime`, which is empty for
/// several days.
pub(super) fn days<'a>(
    text: &Text,
    zone: &TimeZone,
    events: impl Iterator<Item = &'a Event>,
) -> (String, String) {
    say_days(text, events.map(|event| days_of(event, zone)).collect())
}

/// Like [`days`], for the first and the last day of each event.
fn say_days(text: &Text, mut spans: Vec<[Date; 2]>) -> (String, String) {
    spans.sort_unstable();
    let mut days: Vec<Date> = spans.iter().map(|[first, _]| *first).collect();
    days.dedup();
    let is_range = follow_each_other(&spans);
    match days.as_slice() {
        [first, _, _, ..] if !is_range => {
            let more = days.len() - 1;
            let values = [("first", text.date(*first).into()), ("n", more.into())];
            (text.with("cover-days-more", values), String::new())
        }
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
            let id = if is_range {
                "cover-days"
            } else {
                "cover-days-both"
            };
            (text.with(id, values), String::new())
        }
        [day] => (text.date(*day), day.to_string()),
        [] => (String::new(), String::new()),
    }
}

/// Whether no day is free between these spans, which are in the order of time.
fn follow_each_other(spans: &[[Date; 2]]) -> bool {
    let Some(&[_, mut until]) = spans.first() else {
        return true;
    };
    spans.iter().all(|[first, last]| {
        let is_next = dates::days_between(until, *first) <= 1;
        until = until.max(*last);
        is_next
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use web::{Catalogue, Language};

    #[test]
    fn only_days_that_follow_each_other_are_a_range() {
        let catalogue = Catalogue::build(&[web::LOCALES, crate::LOCALES]);
        let june = |day| Date::constant(2027, 6, day);
        let one = |day| [june(day), june(day)];
        let cases = [
            (
                vec![one(12), one(13), one(13)],
                [
                    "Saturday, 12 June – Sunday, 13 June 2027",
                    "Sabtu, 12 Jun – Ahad, 13 Jun 2027",
                    "sabato 12 giugno – domenica 13 giugno 2027",
                    "2027年6月12日（星期六）至6月13日（星期日）",
                    "السبت، 12 يونيو – الأحد، 13 يونيو 2027",
                ],
            ),
            (
                vec![one(19), one(12)],
                [
                    "Saturday, 12 June and Saturday, 19 June 2027",
                    "Sabtu, 12 Jun dan Sabtu, 19 Jun 2027",
                    "sabato 12 giugno e sabato 19 giugno 2027",
                    "2027年6月12日（星期六）和6月19日（星期六）",
                    "السبت، 12 يونيو والسبت، 19 يونيو 2027",
                ],
            ),
            (
                vec![one(12), one(13), one(19)],
                [
                    "Saturday, 12 June 2027 and 2 more days",
                    "Sabtu, 12 Jun 2027 dan 2 hari lagi",
                    "sabato 12 giugno 2027 e altri 2 giorni",
                    "2027年6月12日（星期六）及另外2天",
                    "السبت، 12 يونيو 2027 ويومان آخران",
                ],
            ),
            // The first event lasts until the day before the second.
            (
                vec![[june(11), june(13)], one(14)],
                [
                    "Friday, 11 June – Monday, 14 June 2027",
                    "Jumaat, 11 Jun – Isnin, 14 Jun 2027",
                    "venerdì 11 giugno – lunedì 14 giugno 2027",
                    "2027年6月11日（星期五）至6月14日（星期一）",
                    "الجمعة، 11 يونيو – الاثنين، 14 يونيو 2027",
                ],
            ),
        ];
        for (spans, all) in cases {
            for (tag, expected) in ["en", "ms", "it", "zh-Hans", "ar"].into_iter().zip(all) {
                let text = catalogue.speak(&Language::of(tag));
                let (said, machine) = say_days(&text, spans.clone());
                assert_eq!((&*said, &*machine), (expected, ""), "{tag}");
            }
        }
    }
}
