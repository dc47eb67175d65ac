//! One person on an invitation: added, changed, removed by a host.

use askama::Template;
use axum::response::{IntoResponse, Response};
use platform::id::Id;
use web::{Form, Problem, Text};

use super::form_state::{self, Control, Field, FormState};
use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::guest::{self, Guest, GuestId};
use crate::hosting::guests::{self, Contact, GuestChange, New};
use crate::hosting::invitations;
use crate::hosting::{Permission, Refusal};
use crate::invitation::InvitationId;
use crate::portal::Portal;
use crate::words::GuestKind;

#[derive(Template)]
#[template(path = "host/person.html")]
struct PersonPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    form_state: &'a FormState,
    title: String,
    household: &'a str,
    back: String,
    action: String,
    fields: Vec<Field>,
    /// Where a removal is sent; nothing for somebody new.
    remove: Option<String>,
    version: i64,
}

/// The invitation, and how its people are reached.
struct PersonData {
    portal: Portal,
    contacts: std::collections::BTreeMap<GuestId, Contact>,
}

impl PersonData {
    fn guest(&self, id: &str) -> Result<&Guest, Refusal> {
        let mut guests = self.portal.household.guests.iter();
        guests
            .find(|guest| guest.id.as_str() == id)
            .ok_or(Refusal::NotFound)
    }
}

async fn find(req: &HostRequest) -> Result<(PageContext, PersonData), Refusal> {
    let id: InvitationId = req.id();
    req.read(move |tx, context| {
        context.needs(Permission::Invite)?;
        Ok(PersonData {
            portal: invitations::load(tx, &context.host, &id)?,
            contacts: guests::contacts(tx, &id)?,
        })
    })
    .await
}

/// `GET …/invites/{id}/guests/new`.
pub(super) async fn new(req: HostRequest) -> Result<Response, Problem> {
    let (context, found) = find(&req).await?;
    let version = found.portal.household.invitation.version.to_string();
    let events = found
        .portal
        .invited_events()
        .map(|event| ("events", event.key.clone()));
    let blank = [("version", version), ("kind", "named".to_owned())];
    let form_state = FormState::of(form_state::form(blank.into_iter().chain(events)));
    Ok(page(&req, &context, &found, &form_state, None))
}

/// `POST …/invites/{id}/guests/new`.
pub(super) async fn add(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let id: InvitationId = req.id();
    let text = |name: &str| form.text(name).to_owned();
    let new = New {
        name: text("name"),
        kind: GuestKind::find(form.text("kind")),
        is_child: is_child(form),
        age: form_state::number(form, "age"),
        diets: form.all("diets").map(str::to_owned).collect(),
        diet_note: text("diet_note"),
        email: form_state::some(form, "email"),
        phone: form_state::some(form, "phone"),
        events: Some(form.all("events").map(str::to_owned).collect()),
        r#override: form.is_ticked("override"),
    };
    let to = req.at(&format!("/invites/{id}?done=saved"));
    let added = posted
        .once("POST /admin/guests/new", move |tx, host| {
            guests::add(tx, host, &id, None, std::slice::from_ref(&new))?;
            Ok(to.clone())
        })
        .await;
    answer(&posted, added, None).await
}

/// `GET …/invites/{id}/guests/{guest}`.
pub(super) async fn edit(req: HostRequest) -> Result<Response, Problem> {
    let (context, found) = find(&req).await?;
    let guest = found.guest(req.piece("guest"))?;
    let form_state = FormState::of(stored(&found, guest));
    Ok(page(&req, &context, &found, &form_state, Some(guest)))
}

/// `POST …/invites/{id}/guests/{guest}`.
pub(super) async fn change(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let (id, guest): (InvitationId, GuestId) = (req.id(), guest_of(req));
    let change = GuestChange {
        version: None,
        name: Some(form.text("name").to_owned()),
        is_child: Some(is_child(form)),
        age: Some(form_state::number(form, "age")),
        diets: Some(form.all("diets").map(str::to_owned).collect()),
        diet_note: Some(form.text("diet_note").to_owned()),
        email: Some(form_state::some(form, "email")),
        phone: Some(form_state::some(form, "phone")),
        events: Some(form.all("events").map(str::to_owned).collect()),
    };
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let to = req.at(&format!("/invites/{id}?done=saved"));
    let changed = posted
        .once("POST /admin/guests", move |tx, host| {
            guests::change(tx, host, &guest, version, &change)?;
            Ok(to.clone())
        })
        .await;
    answer(&posted, changed, Some(guest_of(req))).await
}

/// `POST …/invites/{id}/guests/{guest}/remove`.
pub(super) async fn remove(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let (id, guest): (InvitationId, GuestId) = (req.id(), guest_of(req));
    let version = posted.form.number("version").ok().flatten();
    let to = req.at(&format!("/invites/{id}?done=removed"));
    let removed = posted
        .once("POST /admin/guests/remove", move |tx, host| {
            guests::remove(tx, host, &guest, version)?;
            Ok(to.clone())
        })
        .await;
    match removed {
        Err(refusal @ Refusal::VersionConflict(_)) => {
            // What is removed should be what was seen: look again.
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

/// Who has an age is a child, ticked or not.
fn is_child(form: &Form) -> bool {
    form.is_ticked("is_child") || form_state::some(form, "age").is_some()
}

async fn answer(
    posted: &HostForm,
    done: Result<Response, Refusal>,
    guest: Option<GuestId>,
) -> Result<Response, Problem> {
    let refusal = match done {
        Ok(response) => return Ok(response),
        Err(refusal) if form_state::is_about_form(&refusal) => refusal,
        Err(refusal) => return Err(refusal.into()),
    };
    let (req, form) = (&posted.req, &posted.form);
    let (context, found) = find(req).await?;
    let guest = guest.map(|id| found.guest(id.as_str())).transpose()?;
    let is_clash = matches!(refusal, Refusal::VersionConflict(_));
    let mut problem = Problem::from(refusal);
    for error in &mut problem.errors {
        error.pointer = error.pointer.trim_start_matches("/guests/0").to_owned();
    }
    let form_state = match guest {
        Some(guest) if is_clash => {
            FormState::clashing(form, stored(&found, guest), "host-save", &req.text)
        }
        _ => FormState::refused(form.clone(), &problem, &req.text),
    };
    Ok((
        problem.status,
        page(req, &context, &found, &form_state, guest),
    )
        .into_response())
}

/// What is stored, as the form holds it.
fn stored(found: &PersonData, guest: &Guest) -> Form {
    let contact = found.contacts.get(&guest.id).cloned().unwrap_or_default();
    let fields = [
        (
            "version",
            found.portal.household.invitation.version.to_string(),
        ),
        ("name", guest.name.clone()),
        ("is_child", if guest.is_child { "1" } else { "" }.to_owned()),
        (
            "age",
            guest
                .child_age
                .map(|age| age.to_string())
                .unwrap_or_default(),
        ),
        ("diet_note", guest.diet_note.clone()),
        ("email", contact.email.unwrap_or_default()),
        ("phone", contact.phone.unwrap_or_default()),
    ];
    let diets = guest.diets.iter().map(|key| ("diets", key.clone()));
    let events = found
        .portal
        .invited_events()
        .filter(|event| guest.replies.contains_key(&event.id))
        .map(|event| ("events", event.key.clone()));
    form_state::form(fields.into_iter().chain(diets).chain(events))
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    found: &PersonData,
    form_state: &FormState,
    guest: Option<&Guest>,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let invitation = &found.portal.household.invitation;
    let back = wording.at(&format!("/invites/{}", invitation.id));
    let (title, action) = match guest {
        None => (
            text.say("host-add-person").into_owned(),
            format!("{back}/guests/new"),
        ),
        Some(guest) => {
            let name = guest::shown_name(&guest.name, found.portal.household.guest_of(), text);
            (name, format!("{back}/guests/{}", guest.id))
        }
    };
    let body = PersonPage {
        text,
        csrf: &req.csrf,
        submission: req.submission(),
        fields: fields(&wording, found, form_state, guest),
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

fn fields(
    wording: &Wording<'_>,
    found: &PersonData,
    form_state: &FormState,
    guest: Option<&Guest>,
) -> Vec<Field> {
    let say = |id: &str| wording.text.say(id).into_owned();
    let mut fields = vec![form_state.line("name", say("host-field-name"))];
    if guest.is_none() {
        let kinds = vec![
            ("named".to_owned(), say("host-kind-named"), String::new()),
            (
                "plus_one".to_owned(),
                say("host-kind-plus-one"),
                say("host-kind-plus-one-hint"),
            ),
        ];
        fields.push(form_state.field("kind", say("host-field-invited-as"), Control::Radios(kinds)));
        fields.push(
            form_state
                .tick("override", say("host-exceed"))
                .hint(say("host-exceed-hint")),
        );
    }
    fields.push(form_state.tick("is_child", say("host-field-child")));
    fields.push(
        form_state
            .number("age", say("host-field-age"))
            .hint(say("host-field-age-hint")),
    );
    let events = found.portal.invited_events().map(|event| {
        let default = &wording.occasion.details.default_language;
        let name = event.details.name.pick(wording.text.language(), default);
        (event.key.clone(), name.to_string())
    });
    fields.push(form_state.ticks("events", say("host-events"), events));
    let options = found
        .portal
        .diets
        .iter()
        .filter(|option| {
            option.active || guest.is_some_and(|guest| guest.diets.contains(&option.key))
        })
        .map(|option| {
            (
                option.key.clone(),
                wording.diet(&found.portal.diets, &option.key),
            )
        });
    fields.push(form_state.ticks("diets", say("host-food"), options));
    fields.push(form_state.line("diet_note", say("host-field-diet-note")));
    fields.push(form_state.field(
        "email",
        say("host-field-own-email"),
        Control::Line("email", "off"),
    ));
    fields.push(form_state.field(
        "phone",
        say("host-field-own-phone"),
        Control::Line("tel", "off"),
    ));
    fields
}
