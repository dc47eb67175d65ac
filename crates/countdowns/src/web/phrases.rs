//! The pages of phrases, for signed-in people and for moderators.

use askama::Template;
use axum::response::Response;
use identity::person::slug;
use identity::session::signed_in::Confirmed;
use platform::Tx;
use site::proof::Requester;
use site::request::{FormPost, PageRequest};
use web::form_state::{self, Field, FormState};
use web::{FirstItems, Form, Problem, Text};

use super::words;
use crate::Refusal;
use crate::phrase::{self, ModeratedPhrase, Moderator, OwnPhrase, PhraseId};
use crate::suggestion::{self, Suggestion, SuggestionId};

const MINE: &str = "/me/phrases";
const ALL: &str = "/admin/phrases";
const OWN: i64 = 20;
const PENDING: i64 = 50;

#[derive(Template)]
#[template(path = "phrases/mine.html")]
struct MinePage<'a> {
    text: &'a Text,
    submission: String,
    done: Option<&'static str>,
    form_state: &'a FormState,
    field: Field,
    phrases: Vec<OwnPhrase>,
    next: String,
    suggestions: FirstItems<SuggestionRow>,
    is_moderator: bool,
}

struct SuggestionRow {
    words: String,
    state: &'static str,
    reason: String,
}

impl From<Suggestion> for SuggestionRow {
    fn from(suggestion: Suggestion) -> Self {
        Self {
            words: suggestion.text,
            state: suggestion.state.label(),
            reason: suggestion.reason,
        }
    }
}

/// The messages that confirm the previous action, by the keyword in `?done=`.
const DONE: &[(&str, &str)] = &[
    ("saved", "countdown-saved"),
    ("suggested", "phrase-suggested"),
];

fn next(cursor: Option<String>, here: &str) -> String {
    cursor
        .map(|cursor| format!("{here}?cursor={cursor}"))
        .unwrap_or_default()
}

pub(super) async fn mine(req: PageRequest) -> Result<Response, Problem> {
    mine_page(&req, &FormState::default()).await
}

async fn mine_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let (text, piece) = (&req.text, req.page_query()?);
    let (after, rows) = (piece.after::<PhraseId>()?, piece.rows());
    let look = move |tx: &mut Tx<'_>, me: &Requester| {
        let phrases = phrase::list(tx, &me.who, after.as_ref(), rows)?;
        let suggestions = FirstItems::read(OWN, |rows| suggestion::list_own(tx, &me.who, rows))?;
        Ok((phrases, suggestions, phrase::is_moderator(tx, &me.who)?))
    };
    let (phrases, suggestions, is_moderator) = req.read(look).await?;
    let list = piece.list(phrases, |one| one.phrase.id.clone());
    let words = form_state.line("text", text.say("phrase-words"));
    let body = MinePage {
        text,
        submission: req.submission(),
        done: req.done(DONE),
        form_state,
        field: words.hint(text.say("phrase-words-hint")).required(),
        phrases: list.items,
        next: next(list.next_cursor, MINE),
        suggestions: suggestions.map(SuggestionRow::from),
        is_moderator,
    };
    req.page(MINE, &text.say("phrase-all"), body).await
}

/// `POST /me/phrases/suggest`.
pub(super) async fn suggest(posted: FormPost) -> Result<Response, Problem> {
    let typed = posted.form.text("text").to_owned();
    let change = move |tx: &mut Tx<'_>, who: &Confirmed| {
        suggestion::create(tx, who, &typed)?;
        Ok(format!("{MINE}?done=suggested"))
    };
    form_state::answer(posted.once(change).await, async |problem| {
        let (req, form) = (&posted.req, posted.form.clone());
        let form_state = FormState::refused(form, &problem, &req.text).at("text");
        mine_page(req, &form_state).await
    })
    .await
}

pub(super) async fn exclude(posted: FormPost) -> Result<Response, Problem> {
    let id: PhraseId = posted.req.id("id")?;
    let countdown = posted.form.text("countdown").to_owned();
    let change = move |tx: &mut Tx<'_>, me: &Requester| {
        phrase::exclude(tx, &me.who, &id)?;
        // If the form was on a countdown's page, the browser returns there.
        let account = slug::find(tx, &me.who.account().id)?;
        let page = account.filter(|_| slug::is_valid(&countdown));
        Ok(match page {
            Some(account) => words::path(&account, &countdown),
            None => format!("{MINE}?done=saved"),
        })
    };
    Ok(posted.once(change).await?)
}

pub(super) async fn include(posted: FormPost) -> Result<Response, Problem> {
    let id: PhraseId = posted.req.id("id")?;
    let change = move |tx: &mut Tx<'_>, me: &Requester| {
        phrase::include(tx, &me.who, &id)?;
        Ok(format!("{MINE}?done=saved"))
    };
    Ok(posted.once(change).await?)
}

#[derive(Template)]
#[template(path = "phrases/all.html")]
struct AllPage<'a> {
    text: &'a Text,
    submission: String,
    done: Option<&'static str>,
    form_state: &'a FormState,
    field: Field,
    pending: FirstItems<Suggestion>,
    phrases: Vec<ModeratedPhrase>,
    next: String,
}

pub(super) async fn all(req: PageRequest) -> Result<Response, Problem> {
    all_page(&req, &FormState::default()).await
}

async fn all_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let (text, piece) = (&req.text, req.page_query()?);
    let (after, rows) = (piece.after::<PhraseId>()?, piece.rows());
    let look = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        let phrases = phrase::list_all(tx, moderator, after.as_ref(), rows)?;
        let pending = |rows| suggestion::list_pending(tx, moderator, rows);
        Ok((phrases, FirstItems::read(PENDING, pending)?))
    };
    let (phrases, pending) = req.read(look).await?;
    let list = piece.list(phrases, |one| one.phrase.id.clone());
    let words = form_state.line("text", text.say("phrase-words"));
    let body = AllPage {
        text,
        submission: req.submission(),
        done: req.done(DONE),
        form_state,
        field: words.hint(text.say("phrase-words-hint")).required(),
        pending,
        phrases: list.items,
        next: next(list.next_cursor, ALL),
    };
    req.page(ALL, &text.say("phrase-moderate"), body).await
}

pub(super) async fn create(posted: FormPost) -> Result<Response, Problem> {
    let typed = posted.form.text("text").to_owned();
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        phrase::create(tx, moderator, &typed)?;
        Ok(format!("{ALL}?done=saved"))
    };
    form_state::answer(posted.once(change).await, async |problem| {
        let (req, form) = (&posted.req, posted.form.clone());
        let form_state = FormState::refused(form, &problem, &req.text).at("text");
        all_page(req, &form_state).await
    })
    .await
}

pub(super) async fn change(posted: FormPost) -> Result<Response, Problem> {
    let (req, active) = (&posted.req, posted.form.is_ticked("active"));
    let id: PhraseId = req.id("id")?;
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        phrase::set_active(tx, moderator, &id, active)?;
        Ok(format!("{ALL}?done=saved"))
    };
    form_state::answer(posted.once(change).await, async |problem| {
        let form_state = FormState::refused(Form::default(), &problem, &req.text);
        all_page(req, &form_state).await
    })
    .await
}

#[derive(Template)]
#[template(path = "phrases/decide.html")]
struct DecidePage<'a> {
    text: &'a Text,
    submission: String,
    form_state: &'a FormState,
    suggestion: &'a Suggestion,
    words: Field,
    reason: Field,
}

pub(super) async fn decide(req: PageRequest) -> Result<Response, Problem> {
    decide_page(&req, None).await
}

async fn decide_page(req: &PageRequest, refused: Option<FormState>) -> Result<Response, Problem> {
    let (text, id): (_, SuggestionId) = (&req.text, req.id("id")?);
    let look = move |tx: &mut Tx<'_>, moderator: &Moderator| suggestion::find(tx, moderator, &id);
    let found = req.read(look).await?;
    let form_state =
        refused.unwrap_or_else(|| FormState::of(form_state::form([("text", found.text.clone())])));
    let body = DecidePage {
        text,
        submission: req.submission(),
        form_state: &form_state,
        words: form_state.line("text", text.say("phrase-words")).required(),
        reason: form_state
            .lines("reason", text.say("phrase-reason"))
            .hint(text.say("phrase-reason-hint")),
        suggestion: &found,
    };
    req.page(ALL, &text.say("phrase-decide"), body).await
}

pub(super) async fn approve(posted: FormPost) -> Result<Response, Problem> {
    let (site, typed) = (posted.req.site.clone(), posted.form.text("text").to_owned());
    let id: SuggestionId = posted.req.id("id")?;
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        suggestion::approve(tx, &site, moderator, &id, Some(&typed))?;
        Ok(format!("{ALL}?done=saved"))
    };
    decided(&posted, posted.once(change).await).await
}

pub(super) async fn reject(posted: FormPost) -> Result<Response, Problem> {
    let (site, typed) = (
        posted.req.site.clone(),
        posted.form.text("reason").to_owned(),
    );
    let id: SuggestionId = posted.req.id("id")?;
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        suggestion::reject(tx, &site, moderator, &id, &typed)?;
        Ok(format!("{ALL}?done=saved"))
    };
    decided(&posted, posted.once(change).await).await
}

async fn decided(posted: &FormPost, done: Result<Response, Refusal>) -> Result<Response, Problem> {
    form_state::answer(done, async |problem| {
        let form_state = FormState::refused(posted.form.clone(), &problem, &posted.req.text);
        decide_page(&posted.req, Some(form_state)).await
    })
    .await
}
