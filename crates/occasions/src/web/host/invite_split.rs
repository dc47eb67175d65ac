//! The form that moves guests to another invitation or to a new one.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use web::form_state::{self, Field, FormState};
use web::{FieldProblem, Problem, Text};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::hosting::moving::{self, Destination};
use crate::hosting::{HostOf, Refusal, open_rsvp, portals};
use crate::id::{GuestId, InvitationId};
use crate::invitation_snapshot::InvitationSnapshot;
use platform::id::Id as _;

#[derive(Template)]
#[template(path = "host/invite_split.html")]
struct Split<'a> {
    text: &'a Text,
    submission: String,
    form_state: &'a FormState,
    household: &'a str,
    back: String,
    action: String,
    version: String,
    people: Field,
    fields: Vec<Field>,
}

async fn find(req: &HostRequest) -> Result<(PageContext, InvitationSnapshot), Refusal> {
    let id: InvitationId = req.id();
    req.read(move |tx, context| portals::load(tx, &context.host, &id))
        .await
}

/// Handles `GET …/invites/{id}/split`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (context, snapshot) = find(&req).await?;
    let version = snapshot.household.invitation.version.to_string();
    let form = form_state::form([("version".to_owned(), version)]);
    Ok(page(&req, &context, &snapshot, &FormState::of(form)))
}

/// Handles `POST …/invites/{id}/split`.
pub(super) async fn save(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let id: InvitationId = req.id();
    let version = form.number("version").ok().flatten();
    let guests: Vec<GuestId> = form
        .all("guests")
        .map(|guest| GuestId::from_text(guest.to_owned()))
        .collect();
    let code = form.text("into").trim().to_owned();
    let household = form.text("household").to_owned();
    let home = req.at("/invites/");
    let moved = posted
        .once(move |tx, host: &HostOf| {
            let destination = if code.is_empty() {
                Destination::New(household.clone())
            } else {
                let Some(into) = open_rsvp::find_by_code(tx, host, &code)? else {
                    let field = FieldProblem::new("/into", "unknown_option", []);
                    return Err(Refusal::Fields(vec![field]));
                };
                Destination::Existing(into)
            };
            let into = moving::move_guests(tx, host, &id, version, &guests, &destination)?;
            let into = &into.household.invitation.id;
            Ok(format!("{home}{into}?done=saved"))
        })
        .await;
    form_state::answer(moved, async |problem| {
        let (context, snapshot) = find(req).await?;
        let stored = || {
            let version = snapshot.household.invitation.version.to_string();
            form_state::form([("version".to_owned(), version)])
        };
        let form_state = FormState::not_saved(form, stored, "host-split-do", &problem, &req.text);
        Ok(page(req, &context, &snapshot, &form_state).into_response())
    })
    .await
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    snapshot: &InvitationSnapshot,
    form_state: &FormState,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let say = |id: &str| text.say(id).into_owned();
    let invitation = &snapshot.household.invitation;
    let people = snapshot.household.guests.iter().map(|guest| {
        let name = snapshot.household.shown_name(guest, text);
        (guest.id.to_string(), name)
    });
    let back = address(&wording, &invitation.id, "");
    let body = Split {
        text,
        submission: req.submission(),
        form_state,
        household: &invitation.details.household,
        action: address(&wording, &invitation.id, "/split"),
        back,
        version: form_state.form.text("version").to_owned(),
        people: form_state.ticks("guests", say("host-split-people"), people),
        fields: vec![
            form_state
                .line("household", say("host-split-household"))
                .hint(say("host-split-household-hint")),
            form_state
                .line("into", say("host-split-code"))
                .hint(say("host-split-code-hint")),
        ],
    };
    req.page(context, Place::Invitations, &say("host-split"), body)
}

fn address(wording: &Wording<'_>, id: &InvitationId, rest: &str) -> String {
    wording.at(&format!("/invites/{id}{rest}"))
}
