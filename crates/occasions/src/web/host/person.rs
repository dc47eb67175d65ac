//! The form in which hosts add or change a guest on an invitation.

use askama::Template;
use axum::response::{IntoResponse, Response};
use platform::id::Id;
use web::form_state::{self, Control, Field, FormState};
use web::{Form, Input, Problem, Text, fields};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::guest::Guest;
use crate::hosting::HostOf;
use crate::hosting::Refusal;
use crate::hosting::guests::{self, Contact, GuestDetails};
use crate::hosting::portals;
use crate::id::{GuestId, InvitationId};
use crate::invitation_snapshot::InvitationSnapshot;

#[derive(Template)]
#[template(path = "host/person.html")]
struct PersonPage<'a> {
    text: &'a Text,
    submission: String,
    form_state: &'a FormState,
    title: String,
    household: &'a str,
    back: String,
    action: String,
    fields: Vec<Field>,
    remove: Option<String>,
    version: i64,
}

struct PersonData {
    snapshot: InvitationSnapshot,
    contacts: std::collections::BTreeMap<GuestId, Contact>,
}

impl PersonData {
    fn guest(&self, id: &str) -> Result<&Guest, Refusal> {
        let mut guests = self.snapshot.household.guests.iter();
        guests
            .find(|guest| guest.id.as_str() == id)
            .ok_or(Refusal::NotFound)
    }
}

async fn find(req: &HostRequest) -> Result<(PageContext, PersonData), Refusal> {
    let id: InvitationId = req.id();
    req.read(move |tx, context| {
        Ok(PersonData {
            snapshot: portals::load(tx, &context.host, &id)?,
            contacts: guests::contacts(tx, &id)?,
        })
    })
    .await
}

/// Handles `GET /admin/o/{slug}/invites/{id}/guests/new`.
pub(super) async fn new(req: HostRequest) -> Result<Response, Problem> {
    let (context, found) = find(&req).await?;
    let events = found.snapshot.invited_events();
    let blank = GuestDetails {
        events: events.map(|event| event.key.clone()).collect(),
        ..GuestDetails::default()
    };
    let form_state = FormState::of(filled(&found, &blank, true));
    Ok(page(&req, &context, &found, &form_state, None))
}

/// Handles `POST /admin/o/{slug}/invites/{id}/guests/new`.
pub(super) async fn add(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let id: InvitationId = req.id();
    let new = Input::Form(typed(form), guests::fields_for(true));
    let to = req.at(&format!("/invites/{id}?done=saved"));
    let added = posted
        .once(move |tx, host: &HostOf| {
            guests::add(tx, host, &id, None, std::slice::from_ref(&new))?;
            Ok(to.clone())
        })
        .await;
    answer(&posted, added, None).await
}

/// Handles `GET /admin/o/{slug}/invites/{id}/guests/{guest}`.
pub(super) async fn edit(req: HostRequest) -> Result<Response, Problem> {
    let (context, found) = find(&req).await?;
    let guest = found.guest(req.piece("guest"))?;
    let form_state = FormState::of(stored(&found, guest));
    Ok(page(&req, &context, &found, &form_state, Some(guest)))
}

/// Handles `POST /admin/o/{slug}/invites/{id}/guests/{guest}`.
pub(super) async fn change(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let (id, guest): (InvitationId, GuestId) = (req.id(), guest_of(req));
    let change = Input::Form(typed(form), guests::fields_for(false));
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let to = req.at(&format!("/invites/{id}?done=saved"));
    let changed = posted
        .once(move |tx, host: &HostOf| {
            guests::change(tx, host, &guest, version, &change)?;
            Ok(to.clone())
        })
        .await;
    answer(&posted, changed, Some(guest_of(req))).await
}

/// Handles `POST /admin/o/{slug}/invites/{id}/guests/{guest}/remove`.
pub(super) async fn remove(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let (id, guest): (InvitationId, GuestId) = (req.id(), guest_of(req));
    let version = posted.form.number("version").ok().flatten();
    let to = req.at(&format!("/invites/{id}?done=removed"));
    let removed = posted
        .once(move |tx, host: &HostOf| {
            guests::remove(tx, host, &guest, version)?;
            Ok(to.clone())
        })
        .await;
    match removed {
        Err(refusal @ Refusal::VersionConflict(_)) => {
            // The guest is loaded again, so that the page shows the guest's current state.
            let (context, found) = find(req).await?;
            let guest = found.guest(req.piece("guest"))?;
            let problem = Problem::from(refusal);
            let form_state = FormState::refused(stored(&found, guest), &problem, &req.text);
            let page = page(req, &context, &found, &form_state, Some(guest));
            Ok((problem.status, page).into_response())
        }
        other => Ok(other?),
    }
}

fn guest_of(req: &HostRequest) -> GuestId {
    GuestId::from_text(req.piece("guest").to_owned())
}

fn typed(form: &Form) -> Form {
    let has_age = form_state::some(form, "age").is_some();
    let child = has_age.then_some(("is_child", "1"));
    form_state::form(form.iter().chain(child))
}

async fn answer(
    posted: &HostForm,
    done: Result<Response, Refusal>,
    guest: Option<GuestId>,
) -> Result<Response, Problem> {
    form_state::answer(done, async |mut problem| {
        let (req, form) = (&posted.req, &posted.form);
        let (context, found) = find(req).await?;
        let guest = guest.map(|id| found.guest(id.as_str())).transpose()?;
        for error in &mut problem.errors {
            error.pointer = error.pointer.trim_start_matches("/guests/0").to_owned();
        }
        let form_state = match guest {
            Some(guest) => {
                let stored = || stored(&found, guest);
                FormState::not_saved(form, stored, "host-save", &problem, &req.text)
            }
            None => FormState::refused(form.clone(), &problem, &req.text),
        };
        Ok(page(req, &context, &found, &form_state, guest))
    })
    .await
}

fn stored(found: &PersonData, guest: &Guest) -> Form {
    let contact = found.contacts.get(&guest.id).cloned().unwrap_or_default();
    let details = GuestDetails::of(guest, contact, &found.snapshot.events);
    filled(found, &details, false)
}

fn filled(found: &PersonData, details: &GuestDetails, is_new: bool) -> Form {
    let (occasion, household) = (&found.snapshot.occasion, &found.snapshot.household);
    let (version, zone) = (household.invitation.version, occasion.zone());
    fields::form(&guests::fields_for(is_new), details, version, &zone)
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    found: &PersonData,
    form_state: &FormState,
    guest: Option<&Guest>,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let invitation = &found.snapshot.household.invitation;
    let back = wording.at(&format!("/invites/{}", invitation.id));
    let (title, action) = match guest {
        None => (
            text.say("host-add-person").into_owned(),
            format!("{back}/guests/new"),
        ),
        Some(guest) => {
            let name = found.snapshot.household.shown_name(guest, text);
            (name, format!("{back}/guests/{}", guest.id))
        }
    };
    let body = PersonPage {
        text,
        submission: req.submission(),
        fields: shown(&wording, found, form_state, guest),
        household: &invitation.details.household,
        remove: guest.map(|_| format!("{action}/remove")),
        version: invitation.version,
        title: title.clone(),
        back,
        action,
        form_state,
    };
    req.page(context, Place::Invitations, &title, body)
}

fn shown(
    wording: &Wording<'_>,
    found: &PersonData,
    form_state: &FormState,
    guest: Option<&Guest>,
) -> Vec<Field> {
    let say = |id: &str| wording.text.say(id).into_owned();
    let fields = guests::fields_for(guest.is_none());
    let groups = wording
        .table_form(form_state)
        .groups(&fields, "host-add-person");
    let mut shown = Vec::new();
    for mut field in groups.into_iter().flat_map(|group| group.fields) {
        match field.name.as_str() {
            "kind" => field.show_as_radios([String::new(), say("host-kind-plus-one-hint")]),
            "diet_note" => {
                shown.extend(lists(wording, found, form_state, guest));
                field.control = Control::Line("text", "off");
            }
            _ => {}
        }
        shown.push(field);
    }
    shown
}

fn lists(
    wording: &Wording<'_>,
    found: &PersonData,
    form_state: &FormState,
    guest: Option<&Guest>,
) -> [Field; 2] {
    let say = |id: &str| wording.text.say(id).into_owned();
    let events = found.snapshot.invited_events().map(|event| {
        let default = &wording.occasion.default_language;
        let name = event.name.pick(wording.text.language(), default);
        (event.key.clone(), name.to_string())
    });
    let diets = &found.snapshot.diets;
    let has = |key: &String| guest.is_some_and(|guest| guest.diets.contains(key));
    let options = diets
        .iter()
        .filter(|option| option.active || has(&option.key))
        .map(|option| (option.key.clone(), wording.diet(diets, &option.key)));
    [
        form_state.ticks("events", say("host-events"), events),
        form_state.ticks("diets", say("host-food"), options),
    ]
}
