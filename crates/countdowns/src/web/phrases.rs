//! The pages of phrases: of everybody who is signed in, and of moderators.

use accounts::Confirmed;
use accounts::slug;
use accounts::web::asking::{Reader, Sender};
use accounts::web::call::{id as parse, submission};
use accounts::web::frame;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use platform::Tx;
use web::form_state::{self, Field, FormState};
use web::{Form, Piece, Problem, Site, Text, Wishes};

use super::words;
use crate::Refusal;
use crate::countdown;
use crate::phrase::{self, ModeratedPhrase, Moderator, OwnPhrase, PhraseId};
use crate::suggestion::{self, Suggestion, SuggestionId};

const MINE: &str = "/me/phrases";
const ALL: &str = "/admin/phrases";
/// How many of one's suggestions a page shows.
const OWN: i64 = 20;
/// How many pending suggestions a page shows.
const PENDING: i64 = 50;

#[derive(Template)]
#[template(path = "phrases/mine.html")]
struct MinePage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    done: Option<&'static str>,
    form_state: &'a FormState,
    field: Field,
    phrases: Vec<OwnPhrase>,
    next: String,
    suggestions: Vec<SuggestionRow>,
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

/// What was done on the page before.
fn done(uri: &Uri) -> Option<&'static str> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
    match query.unwrap_or_default().text("done") {
        "saved" => Some("countdown-saved"),
        "suggested" => Some("phrase-suggested"),
        _ => None,
    }
}

fn next(cursor: Option<String>, here: &str) -> String {
    cursor
        .map(|cursor| format!("{here}?cursor={cursor}"))
        .unwrap_or_default()
}

/// `GET /me/phrases`.
pub(super) async fn mine(
    State(site): State<Site>,
    uri: Uri,
    wishes: Wishes,
    reader: Reader,
    piece: Piece,
) -> Result<Response, Problem> {
    let who = (reader.who, reader.csrf);
    let text = site.speak(&wishes);
    mine_page(&site, &text, who, &piece, done(&uri), &FormState::default()).await
}

async fn mine_page(
    site: &Site,
    text: &Text,
    (who, csrf): (accounts::signed_in::SignedIn, String),
    piece: &Piece,
    done: Option<&'static str>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let (after, rows, asking) = (piece.after::<PhraseId>()?, piece.rows(), who.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        let phrases = phrase::list(tx, &asking, after.as_ref(), rows)?;
        let suggestions = suggestion::list_own(tx, &asking, OWN)?;
        Ok((phrases, suggestions, phrase::is_moderator(tx, &asking)?))
    };
    let (phrases, suggestions, is_moderator) = site.store.read(look).await?;
    let list = piece.list(phrases, |one| one.phrase.id.clone());
    let words = form_state.line("text", text.say("phrase-words"));
    let body = MinePage {
        text,
        csrf: &csrf,
        submission: submission(&site.random),
        done,
        form_state,
        field: words.hint(text.say("phrase-words-hint")).required(),
        phrases: list.items,
        next: next(list.next_cursor, MINE),
        suggestions: suggestions.into_iter().map(SuggestionRow::from).collect(),
        is_moderator,
    };
    let title = text.say("phrase-all");
    frame::show(site, text, (&who, &csrf), (MINE, &title), body).await
}

/// `POST /me/phrases/suggest`.
pub(super) async fn suggest(
    State(site): State<Site>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let (who, typed) = (sender.who.clone(), sender.form.text("text").to_owned());
    let enter = move |tx: &mut Tx<'_>| countdown::maker(tx, &who);
    let change = move |tx: &mut Tx<'_>, who: &Confirmed| {
        suggestion::create(tx, who, &typed)?;
        Ok::<_, Refusal>(format!("{MINE}?done=suggested"))
    };
    let done = sender.once(&site, "POST /me/phrases/suggest", enter, change);
    form_state::answer(done.await, async |problem| {
        let text = site.speak(&wishes);
        let form_state = FormState::refused(sender.form.clone(), &problem, &text).at("text");
        let (who, piece) = ((sender.who.clone(), sender.csrf.clone()), Piece::read("")?);
        mine_page(&site, &text, who, &piece, None, &form_state).await
    })
    .await
}

/// `POST /me/phrases/{id}/exclude`.
pub(super) async fn exclude(
    State(site): State<Site>,
    Path(id): Path<String>,
    sender: Sender,
) -> Result<Response, Problem> {
    let (id, who): (PhraseId, _) = (parse(&id)?, sender.who.clone());
    let countdown = sender.form.text("countdown").to_owned();
    let change = move |tx: &mut Tx<'_>, (): &()| {
        phrase::exclude(tx, &who, &id)?;
        // Back to the page of one's own where it stood, if it did.
        let account = slug::find(tx, &who.account().id)?;
        let page = account.filter(|_| slug::is_valid(&countdown));
        Ok::<_, Refusal>(match page {
            Some(account) => words::path(&account, &countdown),
            None => format!("{MINE}?done=saved"),
        })
    };
    let done = sender.once(&site, "POST /me/phrases/exclude", |_| Ok(()), change);
    Ok(done.await?)
}

/// `POST /me/phrases/{id}/include`.
pub(super) async fn include(
    State(site): State<Site>,
    Path(id): Path<String>,
    sender: Sender,
) -> Result<Response, Problem> {
    let (id, who): (PhraseId, _) = (parse(&id)?, sender.who.clone());
    let change = move |tx: &mut Tx<'_>, (): &()| {
        phrase::include(tx, &who, &id)?;
        Ok::<_, Refusal>(format!("{MINE}?done=saved"))
    };
    let done = sender.once(&site, "POST /me/phrases/include", |_| Ok(()), change);
    Ok(done.await?)
}

#[derive(Template)]
#[template(path = "phrases/all.html")]
struct AllPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    done: Option<&'static str>,
    form_state: &'a FormState,
    field: Field,
    pending: Vec<Suggestion>,
    phrases: Vec<ModeratedPhrase>,
    next: String,
}

/// `GET /admin/phrases`.
pub(super) async fn all(
    State(site): State<Site>,
    uri: Uri,
    wishes: Wishes,
    reader: Reader,
    piece: Piece,
) -> Result<Response, Problem> {
    let enter = phrase::entrance(&reader.who, &reader.request);
    let who = (&reader.who, reader.csrf.as_str());
    let text = site.speak(&wishes);
    let form_state = FormState::default();
    all_page(&site, &text, (who, enter), &piece, done(&uri), &form_state).await
}

type Who<'a> = (&'a accounts::signed_in::SignedIn, &'a str);

async fn all_page<E>(
    site: &Site,
    text: &Text,
    (who, enter): (Who<'_>, E),
    piece: &Piece,
    done: Option<&'static str>,
    form_state: &FormState,
) -> Result<Response, Problem>
where
    E: Fn(&mut Tx<'_>) -> Result<Moderator, Refusal> + Send + 'static,
{
    let (after, rows) = (piece.after::<PhraseId>()?, piece.rows());
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        let moderator = enter(tx)?;
        let phrases = phrase::list_all(tx, &moderator, after.as_ref(), rows)?;
        Ok((phrases, suggestion::list_pending(tx, &moderator, PENDING)?))
    };
    let (phrases, pending) = site.store.read(look).await?;
    let list = piece.list(phrases, |one| one.phrase.id.clone());
    let words = form_state.line("text", text.say("phrase-words"));
    let body = AllPage {
        text,
        csrf: who.1,
        submission: submission(&site.random),
        done,
        form_state,
        field: words.hint(text.say("phrase-words-hint")).required(),
        pending,
        phrases: list.items,
        next: next(list.next_cursor, ALL),
    };
    let title = text.say("phrase-moderate");
    frame::show(site, text, who, (ALL, &title), body).await
}

/// `POST /admin/phrases`.
pub(super) async fn create(
    State(site): State<Site>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let enter = phrase::entrance(&sender.who, &sender.request);
    let typed = sender.form.text("text").to_owned();
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        phrase::create(tx, moderator, &typed)?;
        Ok(format!("{ALL}?done=saved"))
    };
    let done = sender.once(&site, "POST /admin/phrases", enter, change);
    form_state::answer(done.await, async |problem| {
        let text = site.speak(&wishes);
        let form_state = FormState::refused(sender.form.clone(), &problem, &text).at("text");
        let enter = phrase::entrance(&sender.who, &sender.request);
        let who = (&sender.who, sender.csrf.as_str());
        all_page(
            &site,
            &text,
            (who, enter),
            &Piece::read("")?,
            None,
            &form_state,
        )
        .await
    })
    .await
}

/// `POST /admin/phrases/{id}`.
pub(super) async fn change(
    State(site): State<Site>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let (id, active): (PhraseId, _) = (parse(&id)?, sender.form.is_ticked("active"));
    let enter = phrase::entrance(&sender.who, &sender.request);
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        phrase::set_active(tx, moderator, &id, active)?;
        Ok(format!("{ALL}?done=saved"))
    };
    let done = sender.once(&site, "POST /admin/phrases/{id}", enter, change);
    form_state::answer(done.await, async |problem| {
        let text = site.speak(&wishes);
        let form_state = FormState::refused(Form::default(), &problem, &text);
        let enter = phrase::entrance(&sender.who, &sender.request);
        let who = (&sender.who, sender.csrf.as_str());
        all_page(
            &site,
            &text,
            (who, enter),
            &Piece::read("")?,
            None,
            &form_state,
        )
        .await
    })
    .await
}

#[derive(Template)]
#[template(path = "phrases/decide.html")]
struct DecidePage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    form_state: &'a FormState,
    suggestion: &'a Suggestion,
    words: Field,
    reason: Field,
}

/// `GET /admin/suggestions/{id}`.
pub(super) async fn decide(
    State(site): State<Site>,
    Path(id): Path<String>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let enter = phrase::entrance(&reader.who, &reader.request);
    let who = (&reader.who, reader.csrf.as_str());
    let text = site.speak(&wishes);
    decide_page(&site, &text, (who, enter), &parse(&id)?, None).await
}

async fn decide_page<E>(
    site: &Site,
    text: &Text,
    (who, enter): (Who<'_>, E),
    id: &SuggestionId,
    refused: Option<FormState>,
) -> Result<Response, Problem>
where
    E: Fn(&mut Tx<'_>) -> Result<Moderator, Refusal> + Send + 'static,
{
    let id = id.clone();
    let look = move |tx: &mut Tx<'_>| {
        let moderator = enter(tx)?;
        suggestion::find(tx, &moderator, &id)
    };
    let found = site.store.read(look).await?;
    let form_state =
        refused.unwrap_or_else(|| FormState::of(form_state::form([("text", found.text.clone())])));
    let body = DecidePage {
        text,
        csrf: who.1,
        submission: submission(&site.random),
        form_state: &form_state,
        words: form_state.line("text", text.say("phrase-words")).required(),
        reason: form_state
            .lines("reason", text.say("phrase-reason"))
            .hint(text.say("phrase-reason-hint")),
        suggestion: &found,
    };
    let title = text.say("phrase-decide");
    frame::show(site, text, who, (ALL, &title), body).await
}

/// `POST /admin/suggestions/{id}/approve`.
pub(super) async fn approve(
    State(site): State<Site>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let id: SuggestionId = parse(&id)?;
    let enter = phrase::entrance(&sender.who, &sender.request);
    let (at, one, typed) = (
        site.clone(),
        id.clone(),
        sender.form.text("text").to_owned(),
    );
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        suggestion::approve(tx, &at, moderator, &one, Some(&typed))?;
        Ok(format!("{ALL}?done=saved"))
    };
    let done = sender.once(&site, "POST /admin/suggestions/approve", enter, change);
    decided(&site, &wishes, &sender, &id, done.await).await
}

/// `POST /admin/suggestions/{id}/reject`.
pub(super) async fn reject(
    State(site): State<Site>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let id: SuggestionId = parse(&id)?;
    let enter = phrase::entrance(&sender.who, &sender.request);
    let (at, one, typed) = (
        site.clone(),
        id.clone(),
        sender.form.text("reason").to_owned(),
    );
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        suggestion::reject(tx, &at, moderator, &one, &typed)?;
        Ok(format!("{ALL}?done=saved"))
    };
    let done = sender.once(&site, "POST /admin/suggestions/reject", enter, change);
    decided(&site, &wishes, &sender, &id, done.await).await
}

/// What became of a decision; a refused one is shown with the form.
async fn decided(
    site: &Site,
    wishes: &Wishes,
    sender: &Sender,
    id: &SuggestionId,
    done: Result<Response, Refusal>,
) -> Result<Response, Problem> {
    form_state::answer(done, async |problem| {
        let text = site.speak(wishes);
        let form_state = FormState::refused(sender.form.clone(), &problem, &text);
        let enter = phrase::entrance(&sender.who, &sender.request);
        let who = (&sender.who, sender.csrf.as_str());
        decide_page(site, &text, (who, enter), id, Some(form_state)).await
    })
    .await
}
