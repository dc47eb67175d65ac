//! The household's calendar file. It contains each event that at least one guest has not declined,
//! and those that the hosts have cancelled, as cancelled.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use web::Text;
use web::calendar_file::{self, CalendarEvent};

use super::app_links;
use super::frame;
use super::request::{EarlyResponse, GuestRequest};
use crate::invitation_snapshot::InvitationSnapshot;

/// Handles `GET /invite/{code}/calendar.ics`.
pub(super) async fn file(req: GuestRequest) -> Result<Response, EarlyResponse> {
    let snapshot = req.look().await?;
    let text = req.text(&snapshot);
    let body = calendar(&snapshot, &text, req.site.url().host());
    let headers = [
        (CONTENT_TYPE, calendar_file::MEDIA_TYPE),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"invitation.ics\"",
        ),
    ];
    let mut response = (headers, body).into_response();
    frame::keep_private(&mut response);
    Ok(response)
}

/// Writes the calendar file of a household.
pub(crate) fn calendar(snapshot: &InvitationSnapshot, text: &Text, host: &str) -> String {
    let default = &snapshot.occasion.default_language;
    let title = snapshot.occasion.title.pick(text.language(), default);
    let zone = snapshot.occasion.zone();
    let attended = snapshot.events_to_attend().map(|event| (event, false));
    let cancelled = snapshot.cancelled.iter().map(|event| (event, true));
    let events = attended.chain(cancelled).map(|(event, is_cancelled)| {
        let name = event.name.pick(text.language(), default);
        CalendarEvent {
            uid: format!("{}@{host}", event.id),
            sequence: event.calendar_sequence,
            starts_at: event.starts_at,
            ends_at: event.known_end(),
            is_all_day: !event.hour_known,
            zone: zone.clone(),
            summary: format!("{name} – {title}"),
            location: app_links::place(event),
            url: event.map_url.clone(),
            is_cancelled,
        }
    });
    let events: Vec<_> = events.collect();
    calendar_file::write(&events, snapshot.now)
}
