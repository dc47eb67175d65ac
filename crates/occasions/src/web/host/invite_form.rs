//! The form for creating or changing an invitation.

use askama::Template;
use axum::response::Response;
use serde_json::json;
use web::form_state::{self, Control, FormState, Group};
use web::{Form, Input, Problem, Text, fields, tags};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::{self, Wording};
use crate::event::Event;
use crate::hosting::HostOf;
use crate::hosting::Refusal;
use crate::hosting::codes::{self, Chosen};
use crate::hosting::invitations::{self, FIELDS, InvitationChange};
use crate::hosting::portals;
use crate::id::InvitationId;
use crate::invitation::Details;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::table;

#[derive(Template)]
#[template(path = "host/invite_form.html")]
struct InviteForm<'a> {
    text: &'a Text,
    submission: String,
    form_state: &'a FormState,
    title: String,
    action: String,
    back: String,
    /// What every household has.
    first: Group,
    /// The rest, in a fold.
    more: Vec<Group>,
    is_open: bool,
    save: &'static str,
}

/// Handles `GET /admin/o/{slug}/invites/new`.
pub(super) async fn new(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let form = blank(&req.wording(&context), &context);
    Ok(new_page(&req, &context, &FormState::of(form)))
}

fn blank(wording: &Wording<'_>, context: &PageContext) -> Form {
    let mut form = filled(
        wording,
        &invitations::blank(&context.occasion),
        0,
        context.events.iter(),
    );
    form.remove(&["version"]);
    form
}

fn new_page(req: &HostRequest, context: &PageContext, form_state: &FormState) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let say = |id: &str| text.say(id).into_owned();
    let (mut first, mut more) = groups(&wording, context, form_state);
    let people = form_state
        .lines("guests", say("host-field-guests"))
        .hint(say("host-field-guests-hint"));
    first.fields.insert(1, people);
    more.push(Group {
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
        submission: req.submission(),
        form_state,
        title: title.clone(),
        action: wording.at("/invites/new"),
        back: wording.at("/invites"),
        is_open: has_error(&more),
        first,
        more,
        save: "host-create",
    };
    req.page(context, Place::Invitations, &title, body)
}

/// Handles `POST /admin/o/{slug}/invites/new`.
pub(super) async fn create(posted: HostForm) -> Result<Response, Problem> {
    let done = try_create(&posted).await;
    form_state::answer(done, async |problem| {
        let req = &posted.req;
        let mut form_state = FormState::refused(posted.form.clone(), &problem, &req.text);
        if matches!(
            problem.code,
            "code_taken" | "code_guessable" | "too_many_attempts"
        ) {
            form_state.trouble = None;
            form_state.complain("code", problem.detail(&req.text));
        }
        let (context, ()) = req.read(|_, _| Ok(())).await?;
        Ok(new_page(req, &context, &form_state))
    })
    .await
}

async fn try_create(posted: &HostForm) -> Result<Response, Refusal> {
    let (req, form) = (&posted.req, &posted.form);
    let mut change = read(&req.text, form);
    change.guests = Some(read_people(form));
    let slug = req.piece("slug").to_owned();
    let created = async {
        let chosen = choose(posted).await?;
        posted
            .once(move |tx, host: &HostOf| {
                let snapshot = invitations::create(tx, host, &change, chosen.as_ref())?;
                let id = &snapshot.household.invitation.id;
                Ok(wording::at(&slug, &format!("/invites/{id}?done=created")))
            })
            .await
    };
    req.by_hand(form_state::some(form, "code").as_deref(), created)
        .await
}

/// Counts a host's attempt to set a code. This happens in its own transaction, so that a later
/// failure cannot undo the count.
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

fn read_people(form: &Form) -> Vec<Input> {
    form.text("guests")
        .lines()
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| json!({ "name": name }).into())
        .collect()
}

/// Handles `GET /admin/o/{slug}/invites/{id}/edit`.
pub(super) async fn edit(req: HostRequest) -> Result<Response, Problem> {
    let (context, snapshot) = find(&req).await?;
    let wording = req.wording(&context);
    let form_state = FormState::of(stored(&wording, &snapshot));
    Ok(edit_page(&req, &context, &snapshot, &form_state))
}

async fn find(req: &HostRequest) -> Result<(PageContext, InvitationSnapshot), Refusal> {
    let id: InvitationId = req.id();
    req.read(move |tx, context| portals::load(tx, &context.host, &id))
        .await
}

fn edit_page(
    req: &HostRequest,
    context: &PageContext,
    snapshot: &InvitationSnapshot,
    form_state: &FormState,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let invitation = &snapshot.household.invitation;
    let household = invitation.details.household.clone();
    let at = wording.at(&format!("/invites/{}", invitation.id));
    let (first, more) = groups(&wording, context, form_state);
    let body = InviteForm {
        text,
        submission: req.submission(),
        form_state,
        title: household.clone(),
        action: format!("{at}/edit"),
        back: at,
        first,
        is_open: has_error(&more) || is_filled(&form_state.form),
        more,
        save: "host-save",
    };
    req.page(context, Place::Invitations, &household, body)
}

/// Handles `POST /admin/o/{slug}/invites/{id}/edit`.
pub(super) async fn change(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let id: InvitationId = req.id();
    let change = read(&req.text, form);
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let to = req.at(&format!("/invites/{id}?done=saved"));
    let done = posted
        .once(move |tx, host: &HostOf| {
            invitations::change(tx, host, &id, version, &change)?;
            Ok(to.clone())
        })
        .await;
    form_state::answer(done, async |problem| {
        let (context, snapshot) = find(req).await?;
        let wording = req.wording(&context);
        let stored = || stored(&wording, &snapshot);
        let form_state = FormState::not_saved(form, stored, "host-save", &problem, &req.text);
        Ok(edit_page(req, &context, &snapshot, &form_state))
    })
    .await
}

fn stored(wording: &Wording<'_>, snapshot: &InvitationSnapshot) -> Form {
    let invitation = &snapshot.household.invitation;
    let (details, version) = (&invitation.details, invitation.version);
    filled(wording, details, version, snapshot.invited_events())
}

fn filled<'a>(
    wording: &Wording<'_>,
    details: &Details,
    version: i64,
    invited: impl Iterator<Item = &'a Event>,
) -> Form {
    let mut form = fields::form(FIELDS, details, version, &wording.occasion.zone());
    form.remove(&["tags"]);
    let comma = wording.text.say("list-comma");
    let tables = table::named(&details.tags, &comma);
    let others = details.tags.iter().filter(|tag| !table::is_table(tag));
    let others: Vec<&str> = others.map(String::as_str).collect();
    let tags = [("tags", others.join(&comma)), ("table", tables)];
    let tags = tags.iter().map(|(name, value)| (*name, value.as_str()));
    let events = invited.map(|event| ("events", event.key.as_str()));
    form_state::form(form.iter().chain(tags).chain(events))
}

fn shown() -> Vec<web::Field> {
    let fields = FIELDS.iter().copied();
    fields.filter(|field| !field.section.is_empty()).collect()
}

fn read(text: &Text, form: &Form) -> InvitationChange {
    let label = text.say("host-print-table");
    // A table is stored as a tag that names it.
    let named = |typed: &str| {
        if table::is_table(typed) {
            typed.to_owned()
        } else {
            format!("{label} {typed}")
        }
    };
    let tables: Vec<String> = tags::split(form.text("table")).map(named).collect();
    let tables = tables.iter().map(|table| ("tags", table.as_str()));
    let typed = form.iter().flat_map(|(name, value)| {
        let values: Vec<&str> = match name {
            "table" => Vec::new(),
            "tags" => tags::split(value).collect(),
            // If the number of additional guests is left empty, it is 0.
            "plus_ones" | "children" if value.trim().is_empty() => vec!["0"],
            _ => vec![value],
        };
        values.into_iter().map(move |value| (name, value))
    });
    InvitationChange {
        events: Some(form.all("events").map(str::to_owned).collect()),
        ..Input::Form(form_state::form(typed.chain(tables)), shown()).into()
    }
}

/// What a household always has, in the order in which people say it. The rest is in a fold.
const FIRST: [&str; 4] = ["household", "phone", "email", "events"];

fn has_error(groups: &[Group]) -> bool {
    let mut fields = groups.iter().flat_map(|group| &group.fields);
    fields.any(|field| field.error.is_some())
}

/// Whether something stands in the fold. A number of 0 is nothing.
fn is_filled(form: &Form) -> bool {
    let fields = shown();
    let mut folded = fields.iter().map(|field| field.name).chain(["table"]);
    folded.any(|name| !FIRST.contains(&name) && !["", "0"].contains(&form.text(name)))
}

fn groups(
    wording: &Wording<'_>,
    context: &PageContext,
    form_state: &FormState,
) -> (Group, Vec<Group>) {
    let say = |id: &str| wording.text.say(id).into_owned();
    let mut groups = wording.table_form(form_state).groups(&shown(), "");
    if let [household, may_bring, ..] = groups.as_mut_slice() {
        for field in &mut household.fields {
            if field.name == "language" {
                let mut languages = vec![(String::new(), say("host-language-unknown"))];
                languages.extend(wording.languages());
                field.control = Control::Select(languages);
            }
        }
        let table = form_state.line("table", say("host-print-table"));
        let tags = form_state.line("tags", say("host-field-tags"));
        household.fields.extend([
            table.hint(say("host-field-table-hint")),
            tags.hint(say("host-field-tags-hint")),
        ]);
        let events = context.events.iter().map(|event| {
            let default = &wording.occasion.default_language;
            let name = event.name.pick(wording.text.language(), default);
            (event.key.clone(), name.to_string())
        });
        let events = form_state.ticks("events", say("host-events"), events);
        may_bring.fields.push(events);
    }
    let mut first = Group {
        legend: say("host-household"),
        fields: Vec::new(),
    };
    for name in FIRST {
        let mut fields = groups.iter_mut().map(|group| &mut group.fields);
        let found = fields.find_map(|fields| {
            let at = fields.iter().position(|field| field.name == name)?;
            Some(fields.remove(at))
        });
        first.fields.extend(found);
    }
    groups.retain(|group| !group.fields.is_empty());
    (first, groups)
}
