//! The calendar file of one booking, for its page and for the API.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use web::calendar_file;
use web::{Problem, Site};

use crate::booking::{Booking, Party};
use crate::notice;

/// The booking as a calendar file, with the link, address or telephone number of the session. An
/// unconfirmed booking has no calendar file.
pub(super) fn file(
    site: &Site,
    booking: &Booking,
    party: Party,
    location: &str,
) -> Result<Response, Problem> {
    if !booking.state.is_held() {
        return Err(Problem::not_found());
    }
    let event = notice::event(site, booking, party, location);
    let file = calendar_file::write(&[event], site.clock.now());
    Ok(([(CONTENT_TYPE, calendar_file::MEDIA_TYPE)], file).into_response())
}
