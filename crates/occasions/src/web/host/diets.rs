//! The food needs that hosts ask about: added, renamed, put away.

use askama::Template;
use axum::response::{IntoResponse, Response};
use web::{Form, Problem, Text};

use super::events::i18n;
use super::form_state::{self, Control, Field, FormState, Group};
use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::diet::{self, DietaryOption};
use crate::hosting::diets::{self, Change, Removed};
use crate::hosting::{Permission, Refusal};

#[derive(Template)]
#[template(path = "host/diets.html")]
struct Diets<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    rows: Vec<Row>,
    is_off: bool,
}

struct Row {
    href: String,
    words: String,
    is_allergy: bool,
    is_away: bool,
}

/// `GET /admin/o/{slug}/settings/diets`.
pub(super) async fn list(req: HostRequest) -> Result<Response, Problem> {
    let (context, all) = req
        .read(|tx, context| {
            context.needs(Permission::Own)?;
            diets::list(tx, &context.host)
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let options: Vec<DietaryOption> = all.into_iter().map(|(option, _)| option).collect();
    let body = Diets {
        text,
        done: req.done(),
        rows: options
            .iter()
            .map(|option| Row {
                href: wording.at(&format!("/settings/diets/{}", option.key)),
                words: wording.diet(&options, &option.key),
                is_allergy: option.allergy,
                is_away: !option.active,
            })
            .collect(),
        is_off: !context.occasion.details.switches.dietary,
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Diets, &text.say("host-food"), body))
}

#[derive(Template)]
#[template(path = "host/diet.html")]
struct DietPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    form_state: &'a FormState,
    title: String,
    back: String,
    action: String,
    group: Group,
    /// That empty words are ours, of a need that every occasion starts with.
    own_words: Option<String>,
    rest: Vec<Field>,
    /// Where a removal is sent.
    remove: Option<String>,
}

/// `GET …/settings/diets/new`.
pub(super) async fn new(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req
        .read(|_, context| context.needs(Permission::Own))
        .await?;
    let form_state = FormState::of(form_state::form([("active", "1")]));
    Ok(page(&req, &context, &form_state, None))
}

/// `POST …/settings/diets/new`.
pub(super) async fn create(posted: HostForm) -> Result<Response, Problem> {
    let to = posted.req.at("/settings/diets?done=created");
    let form = posted.form.clone();
    let done = posted
        .once("POST /admin/diets/new", move |tx, host| {
            let new = Change {
                key: form_state::some(&form, "key"),
                ..read(&form)
            };
            diets::create(tx, host, &new)?;
            Ok(to.clone())
        })
        .await;
    answer(&posted, done, true).await
}

/// `GET …/settings/diets/{id}`.
pub(super) async fn edit(req: HostRequest) -> Result<Response, Problem> {
    let (context, found) = find(&req).await?;
    let form_state = FormState::of(stored(&found));
    Ok(page(&req, &context, &form_state, Some(&found.0)))
}

async fn find(req: &HostRequest) -> Result<(PageContext, (DietaryOption, i64)), Refusal> {
    let key = req.piece("id").to_owned();
    req.read(move |tx, context| {
        context.needs(Permission::Own)?;
        diets::load(tx, &context.host, &key)
    })
    .await
}

/// `POST …/settings/diets/{id}`.
pub(super) async fn change(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let key = req.piece("id").to_owned();
    let form = posted.form.clone();
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let to = req.at("/settings/diets?done=saved");
    let done = posted
        .once("POST /admin/diets", move |tx, host| {
            diets::change(tx, host, &key, version, &read(&form))?;
            Ok(to.clone())
        })
        .await;
    answer(&posted, done, false).await
}

/// `POST …/settings/diets/{id}/remove`: away where somebody has it.
pub(super) async fn remove(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let key = req.piece("id").to_owned();
    let list = req.at("/settings/diets");
    let done = posted
        .once("POST /admin/diets/remove", move |tx, host| {
            Ok(match diets::remove(tx, host, &key)? {
                Removed::Deleted => format!("{list}?done=removed"),
                Removed::Deactivated => format!("{list}?done=away"),
            })
        })
        .await;
    Ok(done?)
}

async fn answer(
    posted: &HostForm,
    done: Result<Response, Refusal>,
    is_new: bool,
) -> Result<Response, Problem> {
    let refusal = match done {
        Ok(response) => return Ok(response),
        Err(refusal) if form_state::is_about_form(&refusal) => refusal,
        Err(refusal) => return Err(refusal.into()),
    };
    let (req, form) = (&posted.req, &posted.form);
    let (context, found) = if is_new {
        let (context, ()) = req
            .read(|_, context| context.needs(Permission::Own))
            .await?;
        (context, None)
    } else {
        let (context, found) = find(req).await?;
        (context, Some(found))
    };
    let is_clash = matches!(refusal, Refusal::VersionConflict(_));
    let problem = Problem::from(refusal);
    let form_state = match &found {
        Some(found) if is_clash => FormState::clashing(form, stored(found), "host-save", &req.text),
        _ => FormState::refused(form.clone(), &problem, &req.text),
    };
    let page = page(
        req,
        &context,
        &form_state,
        found.as_ref().map(|(option, _)| option),
    );
    Ok((problem.status, page).into_response())
}

/// What is stored, as the form holds it.
fn stored((option, version): &(DietaryOption, i64)) -> Form {
    let tick = |name: &str, is_on: bool| {
        let value = if is_on { "1" } else { "" };
        (name.to_owned(), value.to_owned())
    };
    let fields = [
        ("version".to_owned(), version.to_string()),
        ("position".to_owned(), option.position.to_string()),
        tick("allergy", option.allergy),
        tick("active", option.active),
    ];
    let labels = option.label.iter();
    let labels = labels.map(|(tag, words)| (format!("label.{tag}"), words.to_owned()));
    form_state::form(fields.into_iter().chain(labels))
}

fn read(form: &Form) -> Change {
    Change {
        label: Some(i18n(form, "label")),
        allergy: Some(form.is_ticked("allergy")),
        active: Some(form.is_ticked("active")),
        position: form_state::number(form, "position"),
        ..Change::default()
    }
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    option: Option<&DietaryOption>,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let say = |id: &str| text.say(id).into_owned();
    let back = wording.at("/settings/diets");
    let (title, action) = match option {
        None => (say("host-new-diet"), format!("{back}/new")),
        Some(option) => (
            wording.diet(std::slice::from_ref(option), &option.key),
            format!("{back}/{}", option.key),
        ),
    };
    let allergy = form_state.tick("allergy", say("host-allergy"));
    let active = form_state.tick("active", say("host-field-active"));
    let mut rest = vec![
        allergy.hint(say("host-allergy-hint")),
        active.hint(say("host-diet-active-hint")),
        form_state.number("position", say("host-field-position")),
    ];
    if option.is_none() {
        let key = form_state.line("key", say("host-field-key"));
        rest.push(key.hint(say("host-field-key-hint")));
    }
    let tags = &context.occasion.details.languages;
    let line = || Control::Line("text", "off");
    let is_built_in = option.is_some_and(|option| diet::is_built_in(&option.key));
    let body = DietPage {
        text,
        csrf: &req.csrf,
        submission: req.submission(),
        group: form_state.texts("label", say("host-field-label"), tags, line),
        own_words: is_built_in.then(|| say("host-diet-own-words")),
        remove: option.map(|_| format!("{action}/remove")),
        rest,
        title: title.clone(),
        back,
        action,
        form_state,
    };
    req.page(context, Place::Diets, &title, body)
}
