//! Bookings as rows of a list, for members and for providers.

use askama::Template;
use jiff::tz::TimeZone;
use web::Text;

use super::words;
use crate::booking::{Booking, State};
use crate::notice;
use crate::order::Order;

pub(super) struct BookingRows {
    pub(super) rows: Vec<Row>,
    /// Whether the list is displayed as a separate card.
    pub(super) is_card: bool,
}

pub(super) struct Row {
    href: String,
    when: String,
    note: String,
    tag: &'static str,
    state: &'static str,
    /// The path of the payment page, and the link's label.
    pay: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "booking_rows.html")]
struct Html<'a> {
    text: &'a Text,
    rows: &'a [Row],
    is_card: bool,
}

impl BookingRows {
    pub(super) fn html(&self, text: &Text) -> String {
        let html = Html {
            text,
            rows: &self.rows,
            is_card: self.is_card,
        };
        html.to_string()
    }
}

impl Row {
    /// Builds the row of a booking, with the name of the other side. `order` is set only for the
    /// member, who must pay it, and `topics` only for the provider.
    pub(super) fn of(
        text: &Text,
        zone: &TimeZone,
        (one, name, order): (&Booking, &str, Option<&Order>),
        topics: &[String],
    ) -> Self {
        let values = [("title", one.title.as_str().into()), ("name", name.into())];
        let line = text.with("booking-line", values);
        let open = order.filter(|_| one.state == State::PendingPayment);
        Self {
            href: notice::page(one),
            when: text.moment_short(&one.starts_at.to_zoned(zone.clone())),
            note: [&[line], topics].concat().join(" · "),
            tag: words::tag(one.state),
            state: one.state_label(),
            pay: open.map(|order| {
                let until = text.time(&order.expires_at.to_zoned(zone.clone()));
                let label = text.with("booking-pay-until", [("time", until.into())]);
                (format!("/pay/{}", order.id), label)
            }),
        }
    }
}
