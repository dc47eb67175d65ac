//! Opening a session's call from its page, and what the page says about who did.

use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::Tx;
use site::call::see_other;
use site::request::PageRequest;
use web::{Problem, Text};

use super::words;
use crate::booking::{self, Booking, Party, PartyTo};
use crate::call_opening::{self, CallOpenings};
use crate::{Refusal, notice};

/// A booking's place, if it is a link to a call.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    booking: &'a Booking,
}

impl<'a> Call<'a> {
    pub(super) fn find(booking: &'a Booking, location: &str) -> Option<Self> {
        let is_call = booking.state.is_held() && location.starts_with("https://");
        is_call.then_some(Self { booking })
    }

    /// The path that opens the call.
    pub(super) fn path(self) -> String {
        format!("{}/call", notice::page(self.booking))
    }

    /// Sentences about who opened the call. There are none before it can begin.
    pub(super) fn openings(
        self,
        text: &Text,
        zone: &TimeZone,
        reader: Party,
        opened: CallOpenings,
        now: Timestamp,
    ) -> Vec<String> {
        if now < call_opening::first(self.booking) {
            return Vec::new();
        }
        let sides = [
            (Party::Member, opened.member),
            (Party::Provider, opened.provider),
        ];
        let sentence = |(side, at): (Party, Option<Timestamp>)| {
            let side = if side == reader { "own" } else { side.word() };
            let when = at.map(|at| words::moment_short(text, zone, at));
            let message = if when.is_some() {
                "booking-call-opened"
            } else {
                "booking-call-not-opened"
            };
            let when = when.unwrap_or_default();
            text.with(message, [("side", side.into()), ("when", when.into())])
        };
        sides.into_iter().map(sentence).collect()
    }
}

/// `GET /me/bookings/{id}/call`: notes that a side opens the call, and redirects to it.
pub(super) async fn open(req: PageRequest) -> Result<Response, Problem> {
    let change = |tx: &mut Tx<'_>, party: &PartyTo| {
        let location = booking::location(tx, &party.booking)?;
        if Call::find(&party.booking, &location).is_none() {
            return Err(Refusal::NotFound);
        }
        call_opening::note(tx, party)?;
        Ok(location)
    };
    Ok(see_other(&req.write(change).await?))
}
