//! An invitation as a form: written anew, or changed.

use askama::Template;
use axum::response::{IntoResponse, Response};
use web::{Form, Problem, Text};

use super::form_state::{self, Control, Field, FormState, Group};
use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::{self, Wording};
use crate::hosting::codes::{self, Chosen};
use crate::hosting::guests::New;
use crate::hosting::invitations::{self, InvitationChange};
use crate::hosting::{Permission, Refusal};
use crate::invitation::{Details, InvitationId};
use crate::portal::Portal;

#[derive(Template)]
#[template(path = "host/invite_form.html")]
struct InviteForm<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    form_state: &'a FormState,
    title: String,
    action: String,
    back: String,
    groups: Vec<Group>,
    save: &'static str,
}

/// `GET …/invites/new`.
pub(super) async fn new(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req
        .read(|_, context| context.needs(Permission::Invite))
        .await?;
    Ok(new_page(&req, &context, &FormState::of(blank(&context))))
}

/// What a new invitation starts with.
fn blank(context: &PageContext) -> Form {
    let details = &context.occasion.details;
    let mut fields = vec![
        (
            "plus_ones".to_owned(),
            details.default_plus_ones.to_string(),
        ),
        ("children".to_owned(), details.default_children.to_string()),
    ];
    let events = context.events.iter();
    fields.extend(events.map(|event| ("events".to_owned(), event.key.clone())));
    form_state::form(fields)
}

fn new_page(req: &HostRequest, context: &PageContext, form_state: &FormState) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let say = |id: &str| text.say(id).into_owned();
    let mut groups = groups(&wording, context, form_state);
    if let Some(first) = groups.first_mut() {
        let people = form_state
            .lines("guests", say("host-field-guests"))
            .hint(say("host-field-guests-hint"));
        first.fields.insert(1, people);
    }
    groups.push(Group {
        legend: say("host-code"),
        fields: vec![
            form_state
                .line("code", say("host-field-code"))
                .hint(say("host-field-code-hint")),
            form_state.tick("insist_on_code", say("host-insist")),
        ],
    });
    let title = say("host-new-invitation");
    let body = InviteForm {
        text,
        csrf: &req.csrf,
        submission: req.submission(),
        form_state,
        title: title.clone(),
        action: wording.at("/invites/new"),
        back: wording.at("/invites"),
        groups,
        save: "host-create",
    };
    req.page(context, Place::Invitations, &title, body)
}

/// `POST …/invites/new`.
pub(super) async fn create(posted: HostForm) -> Result<Response, Problem> {
    match try_create(&posted).await {
        Ok(response) => Ok(response),
        Err(refusal) if form_state::is_about_form(&refusal) => {
            let req = &posted.req;
            let problem = Problem::from(refusal);
            let mut form_state = FormState::refused(posted.form.clone(), &problem, &req.text);
            if matches!(
                problem.code,
                "code_taken" | "code_guessable" | "too_many_attempts"
            ) {
                form_state.trouble = None;
                form_state.complain("code", problem.detail(&req.text));
            }
            let (context, ()) = req
                .read(|_, context| context.needs(Permission::Invite))
                .await?;
            Ok((problem.status, new_page(req, &context, &form_state)).into_response())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

async fn try_create(posted: &HostForm) -> Result<Response, Refusal> {
    let (req, form) = (&posted.req, &posted.form);
    let mut change = read(form);
    change.guests = Some(read_people(form));
    let slug = req.piece("slug").to_owned();
    let created = async {
        let chosen = choose(posted).await?;
        posted
            .once("POST /admin/invites/new", move |tx, host| {
                let portal = invitations::create(tx, host, &change, chosen.as_ref())?;
                let id = &portal.household.invitation.id;
                Ok(wording::at(&slug, &format!("/invites/{id}?done=created")))
            })
            .await
    };
    req.by_hand(form_state::some(form, "code").as_deref(), created)
        .await
}

/// Counts the try of a code chosen by hand, in a change of its own: it counts
/// whatever becomes of the rest.
pub(super) async fn choose(posted: &HostForm) -> Result<Option<Chosen>, Refusal> {
    let (req, form) = (&posted.req, &posted.form);
    let Some(typed) = form_state::some(form, "code") else {
        return Ok(None);
    };
    let insists = form.is_ticked("insist_on_code");
    let chosen = req
        .write(move |tx, host| codes::try_by_hand(tx, host, &typed, insists))
        .await?;
    Ok(Some(chosen))
}

/// One person for each line.
fn read_people(form: &Form) -> Vec<New> {
    form.text("guests")
        .lines()
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| New {
            name: name.to_owned(),
            ..New::default()
        })
        .collect()
}

/// `GET …/invites/{id}/edit`.
pub(super) async fn edit(req: HostRequest) -> Result<Response, Problem> {
    let (context, portal) = find(&req).await?;
    let wording = req.wording(&context);
    let form_state = FormState::of(stored(&wording, &portal));
    Ok(edit_page(&req, &context, &portal, &form_state))
}

async fn find(req: &HostRequest) -> Result<(PageContext, Portal), Refusal> {
    let id: InvitationId = req.id();
    req.read(move |tx, context| {
        context.needs(Permission::Invite)?;
        invitations::load(tx, &context.host, &id)
    })
    .await
}

fn edit_page(
    req: &HostRequest,
    context: &PageContext,
    portal: &Portal,
    form_state: &FormState,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let invitation = &portal.household.invitation;
    let household = invitation.details.household.clone();
    let at = wording.at(&format!("/invites/{}", invitation.id));
    let body = InviteForm {
        text,
        csrf: &req.csrf,
        submission: req.submission(),
        form_state,
        title: household.clone(),
        action: format!("{at}/edit"),
        back: at,
        groups: groups(&wording, context, form_state),
        save: "host-save",
    };
    req.page(context, Place::Invitations, &household, body)
}

/// `POST …/invites/{id}/edit`.
pub(super) async fn change(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let id: InvitationId = req.id();
    let change = read(form);
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let to = req.at(&format!("/invites/{id}?done=saved"));
    let done = posted
        .once("POST /admin/invites/edit", move |tx, host| {
            invitations::change(tx, host, &id, version, &change)?;
            Ok(to.clone())
        })
        .await;
    match done {
        Ok(response) => Ok(response),
        Err(refusal) if form_state::is_about_form(&refusal) => {
            let (context, portal) = find(req).await?;
            let wording = req.wording(&context);
            let is_clash = matches!(refusal, Refusal::VersionConflict(_));
            let problem = Problem::from(refusal);
            let form_state = if is_clash {
                FormState::clashing(form, stored(&wording, &portal), "host-save", &req.text)
            } else {
                FormState::refused(form.clone(), &problem, &req.text)
            };
            Ok((
                problem.status,
                edit_page(req, &context, &portal, &form_state),
            )
                .into_response())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// What is stored, as the form holds it.
fn stored(wording: &Wording<'_>, portal: &Portal) -> Form {
    let invitation = &portal.household.invitation;
    let Details {
        household,
        salutation,
        email,
        phone,
        address,
        language,
        plus_ones,
        children,
        host_message,
        host_note,
        tags,
        ..
    } = &invitation.details;
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields = [
        ("version", invitation.version.to_string()),
        ("household", household.clone()),
        ("salutation", some(salutation)),
        ("email", some(email)),
        ("phone", some(phone)),
        ("address", some(address)),
        ("language", some(language)),
        ("plus_ones", plus_ones.to_string()),
        ("children", children.to_string()),
        ("host_message", host_message.clone()),
        ("host_note", host_note.clone()),
        ("tags", tags.join(&wording.text.say("list-comma"))),
    ];
    let events = portal
        .invited_events()
        .map(|event| ("events", event.key.clone()));
    form_state::form(fields.into_iter().chain(events))
}

/// What was typed, as a change.
fn read(form: &Form) -> InvitationChange {
    let text = |name: &str| Some(form.text(name).to_owned());
    InvitationChange {
        household: text("household"),
        salutation: Some(text("salutation")),
        email: Some(text("email")),
        phone: Some(text("phone")),
        address: Some(text("address")),
        language: Some(form_state::some(form, "language")),
        plus_ones: Some(form_state::number(form, "plus_ones").unwrap_or(0)),
        children: Some(form_state::number(form, "children").unwrap_or(0)),
        host_message: text("host_message"),
        host_note: text("host_note"),
        tags: Some(
            form.text("tags")
                .split([',', '،', '，'])
                .map(str::trim)
                .filter(|tag| !tag.is_empty())
                .map(str::to_owned)
                .collect(),
        ),
        events: Some(form.all("events").map(str::to_owned).collect()),
        ..InvitationChange::default()
    }
}

fn groups(wording: &Wording<'_>, context: &PageContext, form_state: &FormState) -> Vec<Group> {
    let say = |id: &str| wording.text.say(id).into_owned();
    let group = |id: &str, fields: Vec<Field>| Group {
        legend: say(id),
        fields,
    };
    let mut languages = vec![(String::new(), say("host-language-unknown"))];
    languages.extend(wording.languages());
    let events = context.events.iter().map(|event| {
        let default = &wording.occasion.details.default_language;
        let name = event.details.name.pick(wording.text.language(), default);
        (event.key.clone(), name.to_string())
    });
    vec![
        group(
            "host-household",
            vec![
                form_state
                    .line("household", say("host-field-household"))
                    .hint(say("host-field-household-hint"))
                    .required(),
                form_state.select("language", say("host-language"), languages),
                form_state
                    .line("salutation", say("host-field-salutation"))
                    .hint(say("host-field-salutation-hint")),
                form_state
                    .line("tags", say("host-field-tags"))
                    .hint(say("host-field-tags-hint")),
            ],
        ),
        group(
            "host-may-bring",
            vec![
                form_state
                    .number("plus_ones", say("host-field-plus-ones"))
                    .hint(say("host-field-plus-ones-hint")),
                form_state
                    .number("children", say("host-field-children"))
                    .hint(say("host-field-children-hint")),
                form_state.ticks("events", say("host-events"), events),
            ],
        ),
        group(
            "host-contact",
            vec![
                form_state.field(
                    "email",
                    say("host-field-email"),
                    Control::Line("email", "off"),
                ),
                form_state.field(
                    "phone",
                    say("host-field-phone"),
                    Control::Line("tel", "off"),
                ),
                form_state.lines("address", say("host-field-address")),
            ],
        ),
        group(
            "host-words",
            vec![
                form_state
                    .lines("host_message", say("host-field-message"))
                    .hint(say("host-field-message-hint")),
                form_state
                    .lines("host_note", say("host-field-note"))
                    .hint(say("host-field-note-hint")),
            ],
        ),
    ]
}
