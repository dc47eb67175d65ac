//! Bookings as rows of a list, for members and for providers.

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use web::Text;

use super::words;
use crate::booking::{Booking, State};
use crate::notice;
use crate::order::Order;

pub(super) struct BookingRows {
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    href: String,
    when: String,
    note: String,
    tag: &'static str,
    state: &'static str,
    pay: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "booking_rows.html")]
struct Html<'a> {
    text: &'a Text,
    rows: &'a [Row],
}

/// A booking, the name of the other side, for the member who must pay it the order, and the zone of
/// the place of a session in person.
pub(super) type Named = (Booking, String, Option<Order>, Option<TimeZone>);

impl BookingRows {
    pub(super) fn of(text: &Text, zone: &TimeZone, now: Timestamp, list: &[Named]) -> Self {
        let rows = list.iter().map(|one| Row::of(text, zone, now, one));
        Self {
            rows: rows.collect(),
        }
    }

    pub(super) fn html(&self, text: &Text) -> String {
        let html = Html {
            text,
            rows: &self.rows,
        };
        html.to_string()
    }
}

impl Row {
    fn of(text: &Text, zone: &TimeZone, now: Timestamp, (one, name, order, place): &Named) -> Self {
        let open = order
            .as_ref()
            .filter(|_| one.state == State::PendingPayment);
        Self {
            href: notice::page(one),
            when: words::moment_short_at(text, zone, place.as_ref(), one.starts_at),
            note: words::line(text, &one.title, name),
            tag: words::tag(one.state),
            state: one.state_label(),
            pay: open.map(|order| {
                let until = text.until_in(zone, order.expires_at, now);
                let label = text.with("booking-pay-until", [("time", until.into())]);
                (format!("/pay/{}", order.id), label)
            }),
        }
    }
}
