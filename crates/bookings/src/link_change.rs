//! Replacing the link of one session, for example because its room does not work.

use platform::audit::Entity;
use platform::{Rows, Tx, sql};
use serde_json::json;
use web::{Findings, Site};

use crate::booking::{self, Booking, Party, PartyTo, State};
use crate::codes::NOT_CANCELLABLE;
use crate::notice::{self, Event};
use crate::slot::{Place, Slot};
use crate::{Refusal, meeting_link, room, settings};

/// Replaces the link of a confirmed session that has not ended, and notifies both sides. A room
/// that the session reserved is released. If the link is the same, nothing changes.
pub fn replace(
    tx: &mut Tx<'_>,
    site: &Site,
    party: &PartyTo,
    link: &str,
) -> Result<Booking, Refusal> {
    if party.party == Party::Member {
        return Err(Refusal::Forbidden);
    }
    let mut booking = party.booking.clone();
    // The link of a class is that of its offer.
    if booking.is_class || booking.state != State::Confirmed || booking.ends_at <= tx.now() {
        return Err(NOT_CANCELLABLE.into());
    }
    let slot: Slot = tx.lock(&booking.slot_id)?.ok_or(Refusal::NotFound)?;
    let mut findings = Findings::default();
    let link = findings.line("/link", link, 1, 500);
    if !matches!(slot.location_kind, Place::Online | Place::RoomPool) {
        findings.add("/link", "location_invalid", []);
    } else if !link.is_empty() {
        let hosts = settings::load(tx)?.meeting_hosts;
        meeting_link::check("/link", &link, &hosts, &mut findings);
    }
    findings.finish()?;
    if booking::location(tx, &booking)? == link {
        return Ok(booking);
    }
    room::release(tx, booking.id.as_str())?;
    sql!(
        "UPDATE slot SET location_kind = :online, location_secret = :link, version = version + 1
         WHERE id = :id",
        id = slot.id,
        online = Place::Online,
        link
    )
    .run(tx, Rows::Exactly(1))?;
    booking.ics_sequence += 1;
    booking::save(tx, &mut booking)?;
    booking::plan_session(tx, &booking)?;
    notice::tell(tx, site, &booking, Event::LinkReplaced, None)?;
    let entity = Entity::new("booking", booking.id.to_string());
    let requester = &party.requester;
    requester.record(tx, entity, "booking.link_replaced", json!([]))?;
    Ok(booking)
}
