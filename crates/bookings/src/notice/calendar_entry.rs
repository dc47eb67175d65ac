//! A booking as an entry of a calendar.

use platform::Tx;
use web::Site;
use web::calendar_file::{self, CalendarEvent, Method};

use super::{Event, Reader, page};
use crate::booking::{Booking, Party};

/// Whether the side has one entry in its calendar for all bookings of the date.
pub(super) fn is_class_for(booking: &Booking, party: Party) -> bool {
    booking.is_class && party == Party::Provider
}

/// The booking in the calendar of one side.
pub(crate) fn event(site: &Site, booking: &Booking, party: Party, place: &str) -> CalendarEvent {
    let (id, page) = if is_class_for(booking, party) {
        let id = booking.slot_id.to_string();
        let page = format!("/me/slots/{id}");
        (id, page)
    } else {
        (booking.id.to_string(), page(booking))
    };
    CalendarEvent {
        uid: format!("{id}@{}", site.url().host()),
        sequence: booking.ics_sequence,
        starts_at: booking.starts_at,
        ends_at: Some(booking.ends_at),
        is_all_day: false,
        zone: booking.zone(),
        summary: booking.title.clone(),
        location: place.to_owned(),
        url: site.url().join(&page),
        is_cancelled: false,
    }
}

/// The file for the reader's calendar that a mail about a booking has.
pub(super) fn calendar(
    tx: &mut Tx<'_>,
    site: &Site,
    booking: &Booking,
    party: Party,
    what: Event,
    reader: &Reader,
    place: &str,
) -> String {
    let from = format!("bookings@{}", site.url().host());
    let to = reader.to.as_str();
    let method = match what {
        Event::Cancelled | Event::HoldCancelled => Method::Cancel(&from, to),
        _ => Method::Request(&from, to),
    };
    let events = [event(site, booking, party, place)];
    calendar_file::write_as(method, &events, tx.now())
}
