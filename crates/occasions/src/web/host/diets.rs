//! The food needs that hosts ask about: added, renamed, put away.

use askama::Template;
use axum::response::{IntoResponse, Response};
use web::{Form, Problem, Text};

use super::desk::{Desk, Errand, Scene};
use super::events::i18n;
use super::frame::Place;
use super::say::Says;
use super::sheet::{self, Control, Field, Group, Sheet};
use crate::diet::{self, DietaryOption};
use crate::hosting::diets::{self, Change, Removed};
use crate::hosting::{Leave, Refusal};

#[derive(Template)]
#[template(path = "host/diets.html")]
struct Diets<'a> {
    text: &'a Text,
    says: Says<'a>,
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
pub(super) async fn list(desk: Desk) -> Result<Response, Problem> {
    let (scene, all) = desk
        .read(|tx, scene| {
            scene.needs(Leave::Own)?;
            diets::list(tx, &scene.host)
        })
        .await?;
    let (text, says) = (&desk.text, desk.says(&scene));
    let options: Vec<DietaryOption> = all.into_iter().map(|(option, _)| option).collect();
    let body = Diets {
        text,
        done: desk.done(),
        rows: options
            .iter()
            .map(|option| Row {
                href: says.at(&format!("/settings/diets/{}", option.key)),
                words: says.diet(&options, &option.key),
                is_allergy: option.allergy,
                is_away: !option.active,
            })
            .collect(),
        is_off: !scene.occasion.details.switches.dietary,
        says: says.clone(),
    };
    Ok(desk.page(&scene, Place::Diets, &text.say("host-food"), body))
}

#[derive(Template)]
#[template(path = "host/diet.html")]
struct DietPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    sheet: &'a Sheet,
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
pub(super) async fn new(desk: Desk) -> Result<Response, Problem> {
    let (scene, ()) = desk.read(|_, scene| scene.needs(Leave::Own)).await?;
    let sheet = Sheet::of(sheet::form([("active", "1")]));
    Ok(page(&desk, &scene, &sheet, None))
}

/// `POST …/settings/diets/new`.
pub(super) async fn create(errand: Errand) -> Result<Response, Problem> {
    let to = errand.desk.at("/settings/diets?done=created");
    let form = errand.form.clone();
    let done = errand
        .once("POST /admin/diets/new", move |tx, host| {
            let new = Change {
                key: sheet::some(&form, "key"),
                ..read(&form)
            };
            diets::create(tx, host, &new)?;
            Ok(to.clone())
        })
        .await;
    answer(&errand, done, true).await
}

/// `GET …/settings/diets/{id}`.
pub(super) async fn edit(desk: Desk) -> Result<Response, Problem> {
    let (scene, found) = find(&desk).await?;
    let sheet = Sheet::of(stored(&found));
    Ok(page(&desk, &scene, &sheet, Some(&found.0)))
}

async fn find(desk: &Desk) -> Result<(Scene, (DietaryOption, i64)), Refusal> {
    let key = desk.piece("id").to_owned();
    desk.read(move |tx, scene| {
        scene.needs(Leave::Own)?;
        diets::load(tx, &scene.host, &key)
    })
    .await
}

/// `POST …/settings/diets/{id}`.
pub(super) async fn change(errand: Errand) -> Result<Response, Problem> {
    let desk = &errand.desk;
    let key = desk.piece("id").to_owned();
    let form = errand.form.clone();
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let to = desk.at("/settings/diets?done=saved");
    let done = errand
        .once("POST /admin/diets", move |tx, host| {
            diets::change(tx, host, &key, version, &read(&form))?;
            Ok(to.clone())
        })
        .await;
    answer(&errand, done, false).await
}

/// `POST …/settings/diets/{id}/remove`: away where somebody has it.
pub(super) async fn remove(errand: Errand) -> Result<Response, Problem> {
    let desk = &errand.desk;
    let key = desk.piece("id").to_owned();
    let list = desk.at("/settings/diets");
    let done = errand
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
    errand: &Errand,
    done: Result<Response, Refusal>,
    is_new: bool,
) -> Result<Response, Problem> {
    let refusal = match done {
        Ok(response) => return Ok(response),
        Err(refusal) if sheet::is_about_form(&refusal) => refusal,
        Err(refusal) => return Err(refusal.into()),
    };
    let (desk, form) = (&errand.desk, &errand.form);
    let (scene, found) = if is_new {
        let (scene, ()) = desk.read(|_, scene| scene.needs(Leave::Own)).await?;
        (scene, None)
    } else {
        let (scene, found) = find(desk).await?;
        (scene, Some(found))
    };
    let is_clash = matches!(refusal, Refusal::VersionConflict(_));
    let problem = Problem::from(refusal);
    let sheet = match &found {
        Some(found) if is_clash => Sheet::clashing(form, stored(found), "host-save", &desk.text),
        _ => Sheet::refused(form.clone(), &problem, &desk.text),
    };
    let page = page(
        desk,
        &scene,
        &sheet,
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
    sheet::form(fields.into_iter().chain(labels))
}

fn read(form: &Form) -> Change {
    Change {
        label: Some(i18n(form, "label")),
        allergy: Some(form.is_ticked("allergy")),
        active: Some(form.is_ticked("active")),
        position: sheet::number(form, "position"),
        ..Change::default()
    }
}

fn page(desk: &Desk, scene: &Scene, sheet: &Sheet, option: Option<&DietaryOption>) -> Response {
    let (text, says) = (&desk.text, desk.says(scene));
    let say = |id: &str| text.say(id).into_owned();
    let back = says.at("/settings/diets");
    let (title, action) = match option {
        None => (say("host-new-diet"), format!("{back}/new")),
        Some(option) => (
            says.diet(std::slice::from_ref(option), &option.key),
            format!("{back}/{}", option.key),
        ),
    };
    let allergy = sheet.tick("allergy", say("host-allergy"));
    let active = sheet.tick("active", say("host-field-active"));
    let mut rest = vec![
        allergy.hint(say("host-allergy-hint")),
        active.hint(say("host-diet-active-hint")),
        sheet.number("position", say("host-field-position")),
    ];
    if option.is_none() {
        let key = sheet.line("key", say("host-field-key"));
        rest.push(key.hint(say("host-field-key-hint")));
    }
    let tags = &scene.occasion.details.languages;
    let line = || Control::Line("text", "off");
    let is_built_in = option.is_some_and(|option| diet::is_built_in(&option.key));
    let body = DietPage {
        text,
        csrf: &desk.csrf,
        submission: desk.submission(),
        group: sheet.texts("label", say("host-field-label"), tags, line),
        own_words: is_built_in.then(|| say("host-diet-own-words")),
        remove: option.map(|_| format!("{action}/remove")),
        rest,
        title: title.clone(),
        back,
        action,
        sheet,
    };
    desk.page(scene, Place::Diets, &title, body)
}
