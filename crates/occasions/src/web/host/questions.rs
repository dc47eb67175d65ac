//! What hosts ask besides who comes: the questions, one of them, a new one.

use askama::Template;
use axum::response::{IntoResponse, Response};
use web::{Form, Problem, Spoken, Text};

use super::events::i18n;
use super::form_state::{self, Control, Field, FormState, Group};
use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::rows;
use super::wording::Wording;
use crate::hosting::questions::{self, QuestionChange, Removed};
use crate::hosting::{Permission, Refusal};
use crate::question::{Choice, Question};
use crate::words::{AskedOf, QuestionKind};

#[derive(Template)]
#[template(path = "host/questions.html")]
struct Questions<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    rows: Vec<QuestionItem<'a>>,
    may_own: bool,
}

struct QuestionItem<'a> {
    href: String,
    title: Spoken<'a>,
    kind: String,
    of: String,
    about: Vec<String>,
}

/// `GET /admin/o/{slug}/settings/questions`.
pub(super) async fn list(req: HostRequest) -> Result<Response, Problem> {
    let (context, all) = req
        .read(|tx, context| {
            context.needs(Permission::Write)?;
            questions::list(tx, &context.host)
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let body = Questions {
        text,
        done: req.done(),
        rows: all.iter().map(|question| row(&wording, question)).collect(),
        may_own: context.may(Permission::Own),
        wording: wording.clone(),
    };
    let title = text.say("host-questions");
    Ok(req.page(&context, Place::Questions, &title, body))
}

fn row<'a>(wording: &Wording<'a>, question: &'a Question) -> QuestionItem<'a> {
    let say = |id: &str| wording.text.say(id).into_owned();
    let about = [
        (!question.active, "host-question-away"),
        (question.required, "host-field-required"),
        (question.coming_only, "host-field-coming-only"),
        (question.hosts_only, "host-field-hosts-only"),
    ];
    QuestionItem {
        href: wording.at(&format!("/settings/questions/{}", question.key)),
        title: wording.pick(&question.title),
        kind: say(kind_words(question.kind)),
        of: say(audience_words(question.asked_of)),
        about: about
            .into_iter()
            .filter(|(is_it, _)| *is_it)
            .map(|(_, id)| say(id))
            .collect(),
    }
}

pub(super) fn kind_words(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::ShortText => "host-answer-short-text",
        QuestionKind::LongText => "host-answer-long-text",
        QuestionKind::OneChoice => "host-answer-one-choice",
        QuestionKind::SeveralChoices => "host-answer-several-choices",
        QuestionKind::YesNo => "host-answer-yes-no",
        QuestionKind::Number => "host-answer-number",
        QuestionKind::Date => "host-answer-date",
    }
}

pub(super) fn audience_words(of: AskedOf) -> &'static str {
    match of {
        AskedOf::Household => "host-asked-of-household",
        AskedOf::Guest => "host-asked-of-guest",
    }
}

#[derive(Template)]
#[template(path = "host/question.html")]
struct QuestionPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    form_state: &'a FormState,
    title: String,
    back: String,
    action: String,
    groups: Vec<Group>,
    choices: Vec<ChoiceRow>,
    choices_open: bool,
    rest: Vec<Field>,
    /// Where a removal is sent.
    remove: Option<String>,
}

/// One of the answers that can be chosen.
struct ChoiceRow {
    /// The hidden field of its key: name and value.
    key: (String, String),
    group: Group,
}

/// `GET …/settings/questions/new`.
pub(super) async fn new(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req
        .read(|_, context| context.needs(Permission::Own))
        .await?;
    let form_state = FormState::of(form_state::form([
        ("asked_of", AskedOf::Guest.word()),
        ("active", "1"),
    ]));
    Ok(page(&req, &context, &form_state, None))
}

/// `POST …/settings/questions/new`.
pub(super) async fn create(posted: HostForm) -> Result<Response, Problem> {
    let to = posted.req.at("/settings/questions?done=created");
    let form = compacted(&posted.form);
    let done = posted
        .once("POST /admin/questions/new", move |tx, host| {
            let new = QuestionChange {
                key: form_state::some(&form, "key"),
                ..read(&form, true)
            };
            questions::create(tx, host, &new)?;
            Ok(to.clone())
        })
        .await;
    answer(&posted, done, true).await
}

/// `GET …/settings/questions/{id}`.
pub(super) async fn edit(req: HostRequest) -> Result<Response, Problem> {
    let (context, question) = find(&req).await?;
    let form_state = FormState::of(stored(&question));
    Ok(page(&req, &context, &form_state, Some(&question)))
}

async fn find(req: &HostRequest) -> Result<(PageContext, Question), Refusal> {
    let key = req.piece("id").to_owned();
    req.read(move |tx, context| {
        context.needs(Permission::Write)?;
        questions::load(tx, &context.host, &key)
    })
    .await
}

/// `POST …/settings/questions/{id}`.
pub(super) async fn change(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let key = req.piece("id").to_owned();
    let form = compacted(&posted.form);
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let to = req.at("/settings/questions?done=saved");
    let done = posted
        .once("POST /admin/questions", move |tx, host| {
            let change = read(&form, host.may(Permission::Own));
            questions::change(tx, host, &key, version, &change)?;
            Ok(to.clone())
        })
        .await;
    answer(&posted, done, false).await
}

/// `POST …/settings/questions/{id}/remove`: away where somebody answered it.
pub(super) async fn remove(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let key = req.piece("id").to_owned();
    let list = req.at("/settings/questions");
    let done = posted
        .once("POST /admin/questions/remove", move |tx, host| {
            Ok(match questions::remove(tx, host, &key)? {
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
    let req = &posted.req;
    let form = compacted(&posted.form);
    let (context, question) = if is_new {
        let (context, ()) = req
            .read(|_, context| context.needs(Permission::Write))
            .await?;
        (context, None)
    } else {
        let (context, question) = find(req).await?;
        (context, Some(question))
    };
    let is_clash = matches!(refusal, Refusal::VersionConflict(_));
    let problem = Problem::from(refusal);
    let form_state = match &question {
        Some(question) if is_clash => {
            FormState::clashing(&form, stored(question), "host-save", &req.text)
        }
        _ => FormState::refused(form, &problem, &req.text),
    };
    let page = page(req, &context, &form_state, question.as_ref());
    Ok((problem.status, page).into_response())
}

fn compacted(form: &Form) -> Form {
    rows::compact(form, "choices").0
}

/// What is stored, as the form holds it.
fn stored(question: &Question) -> Form {
    let tick = |name: &str, is_on: bool| {
        let value = if is_on { "1" } else { "" };
        (name.to_owned(), value.to_owned())
    };
    let fields = [
        ("version".to_owned(), question.version.to_string()),
        ("kind".to_owned(), question.kind.word().to_owned()),
        ("asked_of".to_owned(), question.asked_of.word().to_owned()),
        ("position".to_owned(), question.position.to_string()),
        tick("required", question.required),
        tick("coming_only", question.coming_only),
        tick("hosts_only", question.hosts_only),
        tick("active", question.active),
    ];
    let texts = [("title", &question.title), ("help", &question.help)];
    let texts = texts.into_iter().flat_map(|(name, texts)| {
        let all = texts.iter();
        all.map(move |(tag, words)| (format!("{name}.{tag}"), words.to_owned()))
    });
    let events = question.events.iter();
    let events = events.map(|key| ("events".to_owned(), key.clone()));
    let choices = question.choices.iter().enumerate();
    let choices = choices.flat_map(|(index, choice)| {
        let at = format!("choices.{index}");
        let labels = choice.label.iter();
        let labels: Vec<(String, String)> = labels
            .map(|(tag, words)| (format!("{at}.label.{tag}"), words.to_owned()))
            .collect();
        std::iter::once((format!("{at}.key"), choice.key.clone())).chain(labels)
    });
    form_state::form(fields.into_iter().chain(texts).chain(events).chain(choices))
}

/// What was typed, as far as this role may change it.
fn read(form: &Form, may_own: bool) -> QuestionChange {
    let count = rows::compact(form, "choices").1;
    let choices = (0..count).map(|index| Choice {
        key: form.text(&format!("choices.{index}.key")).to_owned(),
        label: i18n(form, &format!("choices.{index}.label")),
    });
    let texts = QuestionChange {
        title: Some(i18n(form, "title")),
        help: Some(i18n(form, "help")),
        choices: Some(choices.collect()),
        ..QuestionChange::default()
    };
    if !may_own {
        return texts;
    }
    let tick = |name: &str| Some(form.is_ticked(name));
    QuestionChange {
        kind: QuestionKind::find(form.text("kind")),
        asked_of: AskedOf::find(form.text("asked_of")),
        events: Some(form.all("events").map(str::to_owned).collect()),
        required: tick("required"),
        coming_only: tick("coming_only"),
        hosts_only: tick("hosts_only"),
        active: tick("active"),
        position: form_state::number(form, "position"),
        ..texts
    }
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    question: Option<&Question>,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let back = wording.at("/settings/questions");
    let (title, action) = match question {
        None => (
            text.say("host-new-question").into_owned(),
            format!("{back}/new"),
        ),
        Some(question) => (
            wording.pick(&question.title).to_string(),
            format!("{back}/{}", question.key),
        ),
    };
    let may_own = context.may(Permission::Own);
    let kind = QuestionKind::find(form_state.form.text("kind"));
    let body = QuestionPage {
        text,
        csrf: &req.csrf,
        submission: req.submission(),
        groups: groups(&wording, context, form_state),
        choices: choices(&wording, form_state, may_own),
        choices_open: kind.is_some_and(QuestionKind::takes_choices)
            || form_state.error("choices").is_some(),
        rest: if may_own {
            rest(&wording, context, form_state, question)
        } else {
            Vec::new()
        },
        remove: question
            .filter(|_| may_own)
            .map(|_| format!("{action}/remove")),
        title: title.clone(),
        back,
        action,
        form_state,
    };
    req.page(context, Place::Questions, &title, body)
}

fn groups(wording: &Wording<'_>, context: &PageContext, form_state: &FormState) -> Vec<Group> {
    let say = |id: &str| wording.text.say(id).into_owned();
    let tags = &context.occasion.details.languages;
    let line = || Control::Line("text", "off");
    let mut groups = vec![form_state.texts("title", say("host-field-question"), tags, line)];
    if context.may(Permission::Own) {
        let kinds = QuestionKind::ALL.iter();
        let kinds = kinds.map(|kind| (kind.word().to_owned(), say(kind_words(*kind))));
        let of = AskedOf::ALL.iter().rev();
        let of = of.map(|of| {
            let words = say(audience_words(*of));
            (of.word().to_owned(), words, String::new())
        });
        groups.push(Group {
            legend: say("host-question-answers"),
            fields: vec![
                form_state.select("kind", say("host-field-answer-kind"), kinds),
                form_state.field(
                    "asked_of",
                    say("host-field-asked-of"),
                    Control::Radios(of.collect()),
                ),
            ],
        });
    }
    groups.push(form_state.texts("help", say("host-field-help"), tags, || Control::Lines));
    groups
}

/// The choices there are, and empty rows for more where there may be any.
fn choices(wording: &Wording<'_>, form_state: &FormState, may_add: bool) -> Vec<ChoiceRow> {
    let tags = &wording.occasion.details.languages;
    let count = rows::compact(&form_state.form, "choices").1;
    let blank = if may_add { rows::BLANK } else { 0 };
    (0..(count + blank).min(50))
        .map(|index| {
            let key = format!("choices.{index}.key");
            let value = form_state.form.text(&key).to_owned();
            let legend = wording
                .text
                .with("host-choice-n", [("n", (index + 1).into())]);
            let name = format!("choices.{index}.label");
            let line = || Control::Line("text", "off");
            ChoiceRow {
                key: (key, value),
                group: form_state.texts(&name, legend, tags, line),
            }
        })
        .collect()
}

fn rest(
    wording: &Wording<'_>,
    context: &PageContext,
    form_state: &FormState,
    question: Option<&Question>,
) -> Vec<Field> {
    let say = |id: &str| wording.text.say(id).into_owned();
    let tick = |name: &str, id: &str, hint: &str| form_state.tick(name, say(id)).hint(say(hint));
    let events = context.events.iter();
    let events = events.map(|event| (event.key.clone(), wording.event(event).to_string()));
    // What was about an event that is gone must not become about all of them.
    let gone = question.into_iter().flat_map(|question| &question.events);
    let gone = gone.filter(|key| context.events.iter().all(|event| event.key != **key));
    let events = events.chain(gone.map(|key| (key.clone(), key.clone())));
    let mut fields = vec![
        tick(
            "required",
            "host-field-required",
            "host-field-required-hint",
        ),
        tick(
            "coming_only",
            "host-field-coming-only",
            "host-field-coming-only-hint",
        ),
        tick(
            "hosts_only",
            "host-field-hosts-only",
            "host-field-hosts-only-hint",
        ),
    ];
    let is_of_some = question.is_some_and(|question| !question.events.is_empty());
    if context.events.len() > 1 || is_of_some {
        let events = form_state.ticks("events", say("host-events"), events);
        fields.push(events.hint(say("host-question-events-hint")));
    }
    fields.push(tick(
        "active",
        "host-field-active",
        "host-field-active-hint",
    ));
    fields.push(form_state.number("position", say("host-field-position")));
    if question.is_none() {
        let key = form_state.line("key", say("host-field-key"));
        fields.push(key.hint(say("host-field-key-hint")));
    }
    fields
}
