//! The page *Words*: what guests read, in one language at a time, beside the invitation.

use std::slice;

use askama::Template;
use axum::response::Response;
use platform::Tx;
use web::form_state::{self, Field, FormState, TableForm};
use web::{Form, I18n, Input, Language, Problem, Text, fields};

use super::frame::Place;
use super::photo;
use super::preview;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::{self, Wording};
use crate::hosting::occasions::{self, FIELDS};
use crate::hosting::{HostOf, Permission};
use crate::occasion::Occasion;
use crate::web::guest::ready_made;

const PAGE: &str = "/settings/texts";

#[derive(Template)]
#[template(path = "host/texts.html")]
struct Page<'a> {
    text: &'a Text,
    wording: &'a Wording<'a>,
    form_state: &'a FormState,
    done: Option<String>,
    version: &'a str,
    language: Language,
    tabs: Vec<Tab>,
    may_own: bool,
    rows: Vec<Row>,
    /// The texts in the other languages, which the form sends as they are.
    others: Vec<(&'a str, &'a str)>,
}

struct Tab {
    language: Language,
    href: String,
    state: String,
    is_present: bool,
}

struct Row {
    field: Field,
    /// What guests read while the hosts have not written this text.
    until: Option<Until>,
    /// What stands above what guests read until then. For an open field, it is the field's hint.
    note: Option<String>,
}

struct Until {
    words: String,
    /// The language of the words, if it is not the page's.
    other: Option<Language>,
}

impl Row {
    /// Whether the field waits behind what guests read until then.
    fn is_folded(&self) -> bool {
        self.until.is_some() && self.field.value.is_empty() && self.field.error.is_none()
    }
}

fn fields_of_page() -> Vec<web::Field> {
    let mut fields = FIELDS.to_vec();
    fields.retain(|field| field.section == "host-texts" && field.name != photo::ALT);
    fields
}

fn stored(occasion: &Occasion) -> Form {
    fields::form(
        &fields_of_page(),
        occasion,
        occasion.version,
        &occasion.zone(),
    )
}

fn texts<'a>(occasion: &'a Occasion, field: &str) -> Option<&'a I18n> {
    Some(match field {
        "hosts" => &occasion.hosts,
        "title" => &occasion.title,
        "kicker" => &occasion.kicker,
        "subtitle" => &occasion.subtitle,
        "welcome" => &occasion.welcome,
        "farewell" => &occasion.farewell,
        _ => return None,
    })
}

fn note(field: &str) -> Option<&'static str> {
    match field {
        "welcome" => Some("host-words-welcome-note"),
        "farewell" => Some("host-words-farewell-note"),
        _ => None,
    }
}

/// The language that was asked for, or the occasion's main one.
fn chosen<'a>(occasion: &'a Occasion, asked: &str) -> &'a str {
    let mut offered = occasion.languages.iter();
    let found = offered.find(|tag| *tag == asked);
    found.unwrap_or(&occasion.default_language)
}

/// Handles `GET /admin/o/{slug}/settings/texts` and `GET /admin/o/{slug}/settings`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let form_state = FormState::of(stored(&context.occasion));
    let language = chosen(&context.occasion, req.query.text("language"));
    Ok(page(&req, &context, &form_state, language))
}

fn page(req: &HostRequest, context: &PageContext, form_state: &FormState, tag: &str) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let body = Page {
        text,
        done: req.done(),
        version: form_state.form.text("version"),
        language: Language::of(tag),
        tabs: tabs(&wording, tag),
        may_own: context.may(Permission::Own),
        rows: rows(req, &wording, form_state, tag),
        others: others(form_state, tag),
        form_state,
        wording: &wording,
    };
    req.page(
        context,
        Place::Words,
        &wording.text.say("host-menu-words"),
        body,
    )
}

fn tabs(wording: &Wording<'_>, present: &str) -> Vec<Tab> {
    let (text, occasion) = (wording.text, wording.occasion);
    let fields = fields_of_page();
    let all = occasion.languages.iter().map(|tag| {
        let own = fields
            .iter()
            .filter_map(|field| texts(occasion, field.name));
        let written = own.filter(|own| own.find(tag).is_some()).count();
        let values = [("n", written.into()), ("total", fields.len().into())];
        Tab {
            language: Language::of(tag),
            href: wording::address(&wording.at(PAGE), [("language", &**tag)]),
            state: text.with("host-words-written", values),
            is_present: tag == present,
        }
    });
    all.collect()
}

fn rows(req: &HostRequest, wording: &Wording<'_>, form_state: &FormState, tag: &str) -> Vec<Row> {
    let tag = tag.to_owned();
    let table = TableForm {
        languages: slice::from_ref(&tag),
        ..wording.table_form(form_state)
    };
    let language = Language::of(&tag);
    let own_text = req.site.catalogue.speak(&language);
    let row = |field: &web::Field| {
        let group = table.groups(slice::from_ref(field), "").pop()?;
        let mut shown = group.fields.into_iter().next()?;
        shown.label = group.legend;
        let note = note(field.name).map(|note| wording.text.say(note).into_owned());
        let mut row = Row {
            field: shown,
            until: until(wording, &own_text, field.name),
            note,
        };
        if !row.is_folded() {
            row.field.hint = row.note.take();
        }
        Some(row)
    };
    fields_of_page().iter().filter_map(row).collect()
}

/// What guests read in the language of `own_text` while the hosts have not written the text in it.
fn until(wording: &Wording<'_>, own_text: &Text, field: &str) -> Option<Until> {
    let occasion = wording.occasion;
    let own = texts(occasion, field)?;
    if own.find(&own_text.language().tag).is_some() {
        return None;
    }
    let picked = own.pick(own_text.language(), &occasion.default_language);
    let (words, language) = if picked.is_empty() {
        (ready_made(own_text, occasion.kind, field)?, None)
    } else {
        (picked.text.to_owned(), picked.other)
    };
    let language = language.unwrap_or_else(|| own_text.language().clone());
    let is_other = language.tag != wording.text.language().tag;
    Some(Until {
        words,
        other: is_other.then_some(language),
    })
}

fn others<'a>(form_state: &'a FormState, present: &str) -> Vec<(&'a str, &'a str)> {
    let fields = fields_of_page();
    let is_other = |name: &str| {
        let mut names = fields.iter().map(|field| field.name);
        names.any(|field| {
            let rest = name
                .strip_prefix(field)
                .and_then(|rest| rest.strip_prefix('.'));
            rest.is_some_and(|tag| tag != present)
        })
    };
    let all = form_state.form.iter();
    all.filter(|(name, _)| is_other(name)).collect()
}

/// Handles `POST /admin/o/{slug}/settings/texts`.
pub(super) async fn save(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let input = Input::Form(form.clone(), fields_of_page());
    let language = form.text("language").to_owned();
    let done = posted
        .once(move |tx: &mut Tx<'_>, host: &HostOf| {
            let old = stored(&occasions::load(tx, host)?);
            let saved = occasions::change(tx, host, version, &input)?;
            let here = wording::at(&saved.slug, PAGE);
            let pairs = [("language", &*language), ("done", "saved")];
            let place = first_changed(&old, &stored(&saved), &language);
            Ok(wording::address(&here, pairs) + &place)
        })
        .await;
    form_state::answer(done, async |problem| {
        let (context, ()) = req.read(|_, _| Ok(())).await?;
        let stored = || stored(&context.occasion);
        let form_state = FormState::not_saved(form, stored, "host-save", &problem, &req.text);
        let language = chosen(&context.occasion, form.text("language"));
        Ok(page(req, &context, &form_state, language))
    })
    .await
}

/// As a URL fragment: the page then opens at this field.
fn first_changed(old: &Form, new: &Form, tag: &str) -> String {
    let fields = fields_of_page();
    let mut names = fields.iter().map(|field| format!("{}.{tag}", field.name));
    let changed = names.find(|name| old.text(name) != new.text(name));
    changed.map_or_else(String::new, |name| format!("#{name}"))
}

/// Handles `GET /admin/o/{slug}/settings/texts/preview/page`: the invitation as it is stored.
pub(super) async fn preview(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let language = chosen(&context.occasion, req.query.text("language")).to_owned();
    preview::made_up(&req, context.occasion, &language, None).await
}

/// Handles `POST /admin/o/{slug}/settings/texts/preview/page`: the invitation as it would be if the
/// form were saved. Nothing is saved.
pub(super) async fn preview_typed(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let input = Input::Form(form.clone(), fields_of_page());
    let typed = occasions::apply(&input, &context.occasion, false)?;
    let language = chosen(&typed, form.text("language")).to_owned();
    preview::made_up(req, typed, &language, None).await
}
