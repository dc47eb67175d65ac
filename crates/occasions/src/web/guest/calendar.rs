//! The household's calendar file (RFC 5545): one entry for each event that it has not
//! entirely declined.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use web::Text;

use super::gate;
use super::request::{EarlyResponse, GuestRequest};
use crate::event::Event;
use crate::portal::Portal;
use crate::words::ReplyStatus;

/// `GET /invite/{code}/calendar.ics`.
pub(super) async fn file(req: GuestRequest) -> Result<Response, EarlyResponse> {
    let portal = req.look().await?;
    let text = req.text(&portal);
    let body = calendar(&portal, &text, req.site.url().host());
    let headers = [
        (CONTENT_TYPE, "text/calendar; charset=utf-8; method=PUBLISH"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"invitation.ics\"",
        ),
    ];
    let mut response = (headers, body).into_response();
    gate::keep_private(&mut response);
    Ok(response)
}

/// The events this household may still attend: at least one guest comes, is not sure,
/// or has not answered.
pub(super) fn events(portal: &Portal) -> impl Iterator<Item = &Event> {
    portal.invited_events().filter(|event| {
        portal
            .household
            .guests
            .iter()
            .filter_map(|guest| guest.replies.get(&event.id))
            .any(|reply| reply.status != ReplyStatus::No)
    })
}

fn calendar(portal: &Portal, text: &Text, host: &str) -> String {
    let zone = portal.occasion.zone();
    let name = &portal.occasion.time_zone;
    let default = &portal.occasion.default_language;
    let mut lines = Lines::default();
    lines.add("BEGIN:VCALENDAR");
    lines.add("VERSION:2.0");
    lines.add("PRODID:-//Kenduri//Kenduri//EN");
    lines.add("METHOD:PUBLISH");
    time_zone(&mut lines, portal, &zone, name);
    for event in events(portal) {
        let details = event;
        lines.add("BEGIN:VEVENT");
        lines.add(&format!("UID:{}@{host}", event.id));
        lines.add(&format!("SEQUENCE:{}", event.calendar_sequence));
        lines.add(&format!("DTSTAMP:{}", utc(portal.now)));
        for (property, at) in [("DTSTART", details.starts_at), ("DTEND", details.ends_at)] {
            let local = local(&at.to_zoned(zone.clone()));
            lines.add(&format!("{property};TZID={name}:{local}"));
        }
        let title = portal.occasion.title.pick(text.language(), default);
        let event_name = details.name.pick(text.language(), default);
        let summary = format!("{event_name} – {title}");
        lines.add(&format!("SUMMARY:{}", escape(&summary)));
        let place: Vec<&str> = [details.venue.as_str(), &details.address]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        if !place.is_empty() {
            lines.add(&format!("LOCATION:{}", escape(&place.join(", "))));
        }
        if !details.map_url.is_empty() {
            lines.add(&format!(
                "URL:{}",
                details.map_url.replace(['\r', '\n'], "")
            ));
        }
        lines.add("END:VEVENT");
    }
    lines.add("END:VCALENDAR");
    lines.0
}

/// Writes the offsets of the time zone around the events: from the last change before
/// the first event to the end of the last one.
fn time_zone(lines: &mut Lines, portal: &Portal, zone: &TimeZone, name: &str) {
    let first = events(portal).map(|event| event.starts_at).min();
    let last = events(portal).map(|event| event.ends_at).max();
    let (Some(first), Some(last)) = (first, last) else {
        return;
    };
    lines.add("BEGIN:VTIMEZONE");
    lines.add(&format!("TZID:{name}"));
    let before = zone.preceding(first).next();
    let mut from = zone.to_offset(before.as_ref().map_or(first, |change| {
        change.timestamp() - jiff::SignedDuration::from_secs(1)
    }));
    let after = zone
        .following(first)
        .take_while(|change| change.timestamp() <= last);
    let changes: Vec<Timestamp> = before
        .into_iter()
        .chain(after)
        .map(|change| change.timestamp())
        .collect();
    if changes.is_empty() {
        observance(lines, "STANDARD", "19700101T000000", from, from);
    }
    for at in changes {
        let info = zone.to_offset_info(at);
        let kind = if info.dst().is_dst() {
            "DAYLIGHT"
        } else {
            "STANDARD"
        };
        // The onset is the wall-clock time by the offset before the change.
        let onset = local(&at.to_zoned(from.to_time_zone()));
        observance(lines, kind, &onset, from, info.offset());
        from = info.offset();
    }
    lines.add("END:VTIMEZONE");
}

fn observance(
    lines: &mut Lines,
    kind: &str,
    onset: &str,
    from: jiff::tz::Offset,
    to: jiff::tz::Offset,
) {
    lines.add(&format!("BEGIN:{kind}"));
    lines.add(&format!("DTSTART:{onset}"));
    lines.add(&format!("TZOFFSETFROM:{}", offset(from)));
    lines.add(&format!("TZOFFSETTO:{}", offset(to)));
    lines.add(&format!("END:{kind}"));
}

fn offset(offset: jiff::tz::Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes, rest) = (
        seconds.abs() / 3_600,
        seconds.abs() / 60 % 60,
        seconds.abs() % 60,
    );
    if rest == 0 {
        format!("{sign}{hours:02}{minutes:02}")
    } else {
        format!("{sign}{hours:02}{minutes:02}{rest:02}")
    }
}

fn local(at: &Zoned) -> String {
    at.strftime("%Y%m%dT%H%M%S").to_string()
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Escapes TEXT by RFC 5545 §3.3.11.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace(';', "\\;")
        .replace(',', "\\,")
        .replace("\r\n", "\\n")
        .replace(['\r', '\n'], "\\n")
}

/// Content lines, folded at 75 octets and never inside a character.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, line: &str) {
        let mut room = 75;
        for c in line.chars() {
            if c.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = 74;
            }
            self.0.push(c);
            room -= c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fold_at_75_octets_and_never_inside_a_character() {
        let mut lines = Lines::default();
        lines.add(&format!("SUMMARY:{}", "陈".repeat(60)));
        for line in lines.0.split("\r\n") {
            assert!(line.len() <= 75, "{}", line.len());
        }
        let unfolded = lines.0.replace("\r\n ", "");
        assert_eq!(unfolded, format!("SUMMARY:{}\r\n", "陈".repeat(60)));
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escape("a;b,c\\d\r\ne"), "a\\;b\\,c\\\\d\\ne");
    }

    #[test]
    fn offsets_have_minutes_and_seconds_where_they_need_them() {
        let seconds = |s| offset(jiff::tz::Offset::from_seconds(s).unwrap());
        assert_eq!(seconds(28_800), "+0800");
        assert_eq!(seconds(-12_600), "-0330");
        assert_eq!(seconds(24_921), "+065521");
    }
}
