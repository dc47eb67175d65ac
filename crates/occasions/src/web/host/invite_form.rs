//! An invitation as a form: written anew, or changed.

use askama::Template;
use axum::response::{IntoResponse, Response};
use web::{Form, Problem, Text};

use super::desk::{Desk, Errand, Scene};
use super::frame::Place;
use super::say::{self, Says};
use super::sheet::{self, Control, Field, Group, Sheet};
use crate::hosting::codes::{self, Chosen};
use crate::hosting::guests::New;
use crate::hosting::invitations::{self, Change};
use crate::hosting::{Leave, Refusal};
use crate::invitation::{Details, InvitationId};
use crate::portal::Portal;

#[derive(Template)]
#[template(path = "host/invite_form.html")]
struct InviteForm<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    sheet: &'a Sheet,
    title: String,
    action: String,
    back: String,
    groups: Vec<Group>,
    save: &'static str,
}

/// `GET …/invites/new`.
pub(super) async fn new(desk: Desk) -> Result<Response, Problem> {
    let (scene, ()) = desk.read(|_, scene| scene.needs(Leave::Invite)).await?;
    Ok(new_page(&desk, &scene, &Sheet::of(blank(&scene))))
}

/// What a new invitation starts with.
fn blank(scene: &Scene) -> Form {
    let details = &scene.occasion.details;
    let mut fields = vec![
        (
            "plus_ones".to_owned(),
            details.default_plus_ones.to_string(),
        ),
        ("children".to_owned(), details.default_children.to_string()),
    ];
    let events = scene.events.iter();
    fields.extend(events.map(|event| ("events".to_owned(), event.key.clone())));
    sheet::form(fields)
}

fn new_page(desk: &Desk, scene: &Scene, sheet: &Sheet) -> Response {
    let (text, says) = (&desk.text, desk.says(scene));
    let say = |id: &str| text.say(id).into_owned();
    let mut groups = groups(&says, scene, sheet);
    if let Some(first) = groups.first_mut() {
        let people = sheet
            .lines("guests", say("host-field-guests"))
            .hint(say("host-field-guests-hint"));
        first.fields.insert(1, people);
    }
    groups.push(Group {
        legend: say("host-code"),
        fields: vec![
            sheet
                .line("code", say("host-field-code"))
                .hint(say("host-field-code-hint")),
            sheet.tick("insist_on_code", say("host-insist")),
        ],
    });
    let title = say("host-new-invitation");
    let body = InviteForm {
        text,
        csrf: &desk.csrf,
        submission: desk.submission(),
        sheet,
        title: title.clone(),
        action: says.at("/invites/new"),
        back: says.at("/invites"),
        groups,
        save: "host-create",
    };
    desk.page(scene, Place::Invitations, &title, body)
}

/// `POST …/invites/new`.
pub(super) async fn create(errand: Errand) -> Result<Response, Problem> {
    match try_create(&errand).await {
        Ok(response) => Ok(response),
        Err(refusal) if sheet::is_about_form(&refusal) => {
            let desk = &errand.desk;
            let problem = Problem::from(refusal);
            let mut sheet = Sheet::refused(errand.form.clone(), &problem, &desk.text);
            if matches!(
                problem.code,
                "code_taken" | "code_guessable" | "too_many_attempts"
            ) {
                sheet.trouble = None;
                sheet.complain("code", problem.detail(&desk.text));
            }
            let (scene, ()) = desk.read(|_, scene| scene.needs(Leave::Invite)).await?;
            Ok((problem.status, new_page(desk, &scene, &sheet)).into_response())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

async fn try_create(errand: &Errand) -> Result<Response, Refusal> {
    let (desk, form) = (&errand.desk, &errand.form);
    let mut change = read(form);
    change.guests = Some(read_people(form));
    let slug = desk.piece("slug").to_owned();
    let created = async {
        let chosen = choose(errand).await?;
        errand
            .once("POST /admin/invites/new", move |tx, host| {
                let portal = invitations::create(tx, host, &change, chosen.as_ref())?;
                let id = &portal.household.invitation.id;
                Ok(say::at(&slug, &format!("/invites/{id}?done=created")))
            })
            .await
    };
    desk.by_hand(sheet::some(form, "code").as_deref(), created)
        .await
}

/// Counts the try of a code chosen by hand, in a change of its own: it counts
/// whatever becomes of the rest.
pub(super) async fn choose(errand: &Errand) -> Result<Option<Chosen>, Refusal> {
    let (desk, form) = (&errand.desk, &errand.form);
    let Some(typed) = sheet::some(form, "code") else {
        return Ok(None);
    };
    let insists = form.is_ticked("insist_on_code");
    let chosen = desk
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
pub(super) async fn edit(desk: Desk) -> Result<Response, Problem> {
    let (scene, portal) = find(&desk).await?;
    let says = desk.says(&scene);
    let sheet = Sheet::of(stored(&says, &portal));
    Ok(edit_page(&desk, &scene, &portal, &sheet))
}

async fn find(desk: &Desk) -> Result<(Scene, Portal), Refusal> {
    let id: InvitationId = desk.id();
    desk.read(move |tx, scene| {
        scene.needs(Leave::Invite)?;
        invitations::load(tx, &scene.host, &id)
    })
    .await
}

fn edit_page(desk: &Desk, scene: &Scene, portal: &Portal, sheet: &Sheet) -> Response {
    let (text, says) = (&desk.text, desk.says(scene));
    let invitation = &portal.household.invitation;
    let household = invitation.details.household.clone();
    let at = says.at(&format!("/invites/{}", invitation.id));
    let body = InviteForm {
        text,
        csrf: &desk.csrf,
        submission: desk.submission(),
        sheet,
        title: household.clone(),
        action: format!("{at}/edit"),
        back: at,
        groups: groups(&says, scene, sheet),
        save: "host-save",
    };
    desk.page(scene, Place::Invitations, &household, body)
}

/// `POST …/invites/{id}/edit`.
pub(super) async fn change(errand: Errand) -> Result<Response, Problem> {
    let (desk, form) = (&errand.desk, &errand.form);
    let id: InvitationId = desk.id();
    let change = read(form);
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let to = desk.at(&format!("/invites/{id}?done=saved"));
    let done = errand
        .once("POST /admin/invites/edit", move |tx, host| {
            invitations::change(tx, host, &id, version, &change)?;
            Ok(to.clone())
        })
        .await;
    match done {
        Ok(response) => Ok(response),
        Err(refusal) if sheet::is_about_form(&refusal) => {
            let (scene, portal) = find(desk).await?;
            let says = desk.says(&scene);
            let is_clash = matches!(refusal, Refusal::VersionConflict(_));
            let problem = Problem::from(refusal);
            let sheet = if is_clash {
                Sheet::clashing(form, stored(&says, &portal), "host-save", &desk.text)
            } else {
                Sheet::refused(form.clone(), &problem, &desk.text)
            };
            Ok((problem.status, edit_page(desk, &scene, &portal, &sheet)).into_response())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// What is stored, as the form holds it.
fn stored(says: &Says<'_>, portal: &Portal) -> Form {
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
        ("tags", tags.join(&says.text.say("list-comma"))),
    ];
    let events = portal
        .invited_events()
        .map(|event| ("events", event.key.clone()));
    sheet::form(fields.into_iter().chain(events))
}

/// What was typed, as a change.
fn read(form: &Form) -> Change {
    let text = |name: &str| Some(form.text(name).to_owned());
    Change {
        household: text("household"),
        salutation: Some(text("salutation")),
        email: Some(text("email")),
        phone: Some(text("phone")),
        address: Some(text("address")),
        language: Some(sheet::some(form, "language")),
        plus_ones: Some(sheet::number(form, "plus_ones").unwrap_or(0)),
        children: Some(sheet::number(form, "children").unwrap_or(0)),
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
        ..Change::default()
    }
}

fn groups(says: &Says<'_>, scene: &Scene, sheet: &Sheet) -> Vec<Group> {
    let say = |id: &str| says.text.say(id).into_owned();
    let group = |id: &str, fields: Vec<Field>| Group {
        legend: say(id),
        fields,
    };
    let mut languages = vec![(String::new(), say("host-language-unknown"))];
    languages.extend(says.languages());
    let events = scene.events.iter().map(|event| {
        let default = &says.occasion.details.default_language;
        let name = event.details.name.pick(says.text.language(), default);
        (event.key.clone(), name.to_string())
    });
    vec![
        group(
            "host-household",
            vec![
                sheet
                    .line("household", say("host-field-household"))
                    .hint(say("host-field-household-hint"))
                    .required(),
                sheet.select("language", say("host-language"), languages),
                sheet
                    .line("salutation", say("host-field-salutation"))
                    .hint(say("host-field-salutation-hint")),
                sheet
                    .line("tags", say("host-field-tags"))
                    .hint(say("host-field-tags-hint")),
            ],
        ),
        group(
            "host-may-bring",
            vec![
                sheet
                    .number("plus_ones", say("host-field-plus-ones"))
                    .hint(say("host-field-plus-ones-hint")),
                sheet
                    .number("children", say("host-field-children"))
                    .hint(say("host-field-children-hint")),
                sheet.ticks("events", say("host-events"), events),
            ],
        ),
        group(
            "host-contact",
            vec![
                sheet.field(
                    "email",
                    say("host-field-email"),
                    Control::Line("email", "off"),
                ),
                sheet.field(
                    "phone",
                    say("host-field-phone"),
                    Control::Line("tel", "off"),
                ),
                sheet.lines("address", say("host-field-address")),
            ],
        ),
        group(
            "host-words",
            vec![
                sheet
                    .lines("host_message", say("host-field-message"))
                    .hint(say("host-field-message-hint")),
                sheet
                    .lines("host_note", say("host-field-note"))
                    .hint(say("host-field-note-hint")),
            ],
        ),
    ]
}
