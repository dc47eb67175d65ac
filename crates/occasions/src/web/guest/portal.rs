//! Handlers for a household's invitation page, and for the page that is shown after a save.

use axum::response::{IntoResponse as _, Response};
use platform::{StoreError, Tx};
use web::Problem;

use super::frame::{guest_page, keep_private};
use super::page_cache::CacheLookup;
use super::request::{EarlyResponse, GuestRequest};
use super::show::{Reading, masked_email};
use super::view::{self, Standing};
use super::{after, open_rsvp, portal_page};
use crate::confirmation;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::phase::Phase;

/// Handles `GET /invite/{code}`.
pub(super) async fn show(req: GuestRequest) -> Result<Response, EarlyResponse> {
    let look = req.look_at_page().await?;
    let gate = &req.gate;
    gate.note_opened(&req.headers, &look.glance.id, look.now);
    let page = match &look.found {
        CacheLookup::Page(page) => page.clone().into_response(),
        CacheLookup::InvitationSnapshot(snapshot) if snapshot.phase() == Phase::After => {
            // Links to pictures expire soon, so this page is not kept.
            after::page(&req.site, &req.text(snapshot), snapshot, Vec::new()).await?
        }
        CacheLookup::InvitationSnapshot(snapshot) => {
            let page = portal_page::write(&req.site, &req.text(snapshot), snapshot)
                .map_err(Problem::internal)?;
            gate.pages.keep(&look, snapshot.reads_alike_until(), &page);
            page.into_response()
        }
    };
    let mut response = page;
    keep_private(&mut response);
    Ok(req.remember(look.glance.id, look.glance.access_epoch, response))
}

async fn is_refused(
    req: &GuestRequest,
    snapshot: &InvitationSnapshot,
) -> Result<bool, EarlyResponse> {
    let snapshot = snapshot.clone();
    let look = move |tx: &mut Tx<'_>| confirmation::is_refused(tx, &snapshot);
    let found: Result<bool, StoreError> = req.site.store.read(look).await;
    Ok(found.map_err(Problem::from)?)
}

/// Handles `GET /invite/{code}/confirmation`.
pub(super) async fn confirmation(req: GuestRequest) -> Result<Response, EarlyResponse> {
    let snapshot = req.look().await?;
    let text = req.text(&snapshot);
    let reading = Reading::new(&text, &snapshot);
    let is_open_answer = open_rsvp::is_open_answer(&req.site, &snapshot).await;
    let tells_code = is_open_answer.map_err(Problem::from)?;
    let wants_mail = snapshot.occasion.switches.confirmation_mail;
    let email = snapshot.household.invitation.details.email.as_deref();
    let email = email.filter(|_| wants_mail);
    let unmailed = match email {
        Some(_) if !req.site.settings.has_mail => Some("saved-no-server"),
        Some(_) if is_refused(&req, &snapshot).await? => Some("saved-no-mail"),
        _ => None,
    };
    let body = view::Confirmation {
        text: &text,
        frame: reading.frame(),
        tone: snapshot.occasion.tone,
        progress: reading.progress(),
        closing: reading.closing(),
        open: reading.standing() == Standing::Open,
        unconfirmed: snapshot.waits_for_seats(),
        code: tells_code.then_some(snapshot.household.invitation.code.as_str()),
        events: reading.events_attended(),
        guests: reading.stored(),
        counts: reading.counts(),
        waiting: reading.waiting(),
        household: reading.household_answers(),
        calendar: reading.calendar(),
        mail: email.map(masked_email),
        unmailed,
        tiles: reading.tiles(),
    };
    let title = body.title();
    let response = guest_page(&text, &snapshot, &title, body);
    Ok(req.remember_household(&snapshot, response))
}
