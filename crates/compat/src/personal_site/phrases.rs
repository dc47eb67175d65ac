//! The routes of phrases.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use identity::session::signed_in::Confirmed;
use jiff::Timestamp;
use platform::Tx;
use serde::{Deserialize, Serialize};
use site::Context;
use site::call::{Call, id as parse};
use web::json::Received;
use web::{Json, Problem};

use super::empty_response::{DONE, Message};
use super::fields::renamed;
use super::phrase_list::{self, ListedPhrase, Search};
use countdowns::Refusal;
use countdowns::countdown;
use countdowns::phrase::{self, PhraseId};
use countdowns::public;
use countdowns::suggestion::{self, State as SuggestionState, Suggestion, SuggestionId};

const SUGGESTIONS: i64 = 100;

pub(super) fn public() -> Router<Context> {
    Router::new().route("/backend/public/{slug}/phrase", get(draw))
}

pub(super) fn routes() -> Router<Context> {
    let own = |path| format!("/backend/protected/phrases{path}");
    Router::new()
        .route(&own(""), get(list))
        .route(&own("/user"), get(list))
        .route(&own("/random"), get(draw_own))
        .route(&own("/exclude/{id}"), post(exclude).delete(include))
        .route(&own("/excluded"), get(list_excluded))
        .route(&own("/suggestions"), get(list_suggestions).post(suggest))
}

#[derive(Serialize)]
pub(super) struct PhraseView {
    id: PhraseId,
    phrase_text: String,
    active: bool,
    /// The author's account; only moderators get it.
    created_by: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    is_excluded: bool,
}

impl From<ListedPhrase> for PhraseView {
    fn from(listed: ListedPhrase) -> Self {
        Self {
            id: listed.phrase.phrase.id,
            phrase_text: listed.phrase.phrase.text,
            active: listed.phrase.active,
            created_by: listed.author_id.map(|id| id.to_string()),
            created_at: listed.created_at,
            updated_at: listed.created_at,
            is_excluded: listed.excluded,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Phrases {
    phrases: Vec<PhraseView>,
    total: i64,
}

impl Phrases {
    pub(super) fn of(found: Vec<ListedPhrase>, total: i64) -> Self {
        Self {
            phrases: found.into_iter().map(PhraseView::from).collect(),
            total,
        }
    }
}

async fn list(call: Call) -> Result<Json<Phrases>, Problem> {
    let (who, search) = (call.who.clone(), Search::read(&call.query()));
    let look = move |tx: &mut Tx<'_>| phrase_list::for_member(tx, &who, &search);
    let (found, total) = call.site.store.read(look).await?;
    Ok(Json(Phrases::of(found, total)))
}

#[derive(Serialize)]
struct ExcludedPhrase {
    id: PhraseId,
    phrase_id: PhraseId,
    phrase_text: String,
    /// Always null, because the time is not stored.
    excluded_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct ExcludedPhrases {
    excluded_phrases: Vec<ExcludedPhrase>,
    total: i64,
}

async fn list_excluded(call: Call) -> Result<Json<ExcludedPhrases>, Problem> {
    let mut search = Search::read(&call.query());
    search.only_excluded = true;
    let who = call.who.clone();
    let look = move |tx: &mut Tx<'_>| phrase_list::for_member(tx, &who, &search);
    let (found, total) = call.site.store.read(look).await?;
    let view = |listed: ListedPhrase| ExcludedPhrase {
        id: listed.phrase.phrase.id.clone(),
        phrase_id: listed.phrase.phrase.id,
        phrase_text: listed.phrase.phrase.text,
        excluded_at: None,
    };
    Ok(Json(ExcludedPhrases {
        excluded_phrases: found.into_iter().map(view).collect(),
        total,
    }))
}

/// Returns the text of a random phrase for a person's page; null if there is no phrase.
async fn draw(
    State(accounts): State<Context>,
    Path(slug): Path<String>,
) -> Result<Json<Option<String>>, Problem> {
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        let owner = public::find_account(tx, &slug)?;
        let owner = owner.ok_or(Refusal::NotFound)?;
        Ok(phrase::draw(tx, &owner.id, None)?)
    };
    let drawn = accounts.site.store.read(look).await?;
    Ok(Json(drawn.map(|phrase| phrase.text)))
}

async fn draw_own(call: Call) -> Result<Json<Option<String>>, Problem> {
    let id = call.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| phrase::draw(tx, &id, None);
    let drawn = call.site.store.read(look).await?;
    Ok(Json(drawn.map(|phrase| phrase.text)))
}

async fn exclude(call: Call, Path(id): Path<String>) -> Result<Json<Message>, Problem> {
    let (who, id): (_, PhraseId) = (call.who.clone(), parse(&id)?);
    let change = move |tx: &mut Tx<'_>| phrase::exclude(tx, &who, &id);
    call.site.store.write(change).await?;
    Ok(DONE)
}

async fn include(call: Call, Path(id): Path<String>) -> Result<Json<Message>, Problem> {
    let (who, id): (_, PhraseId) = (call.who.clone(), parse(&id)?);
    let change = move |tx: &mut Tx<'_>| phrase::include(tx, &who, &id);
    call.site.store.write(change).await?;
    Ok(DONE)
}

#[derive(Serialize)]
struct SuggestionView {
    id: SuggestionId,
    user_id: String,
    phrase_text: String,
    status: SuggestionState,
    /// Always null, because the author is not told which moderator decided.
    admin_id: Option<()>,
    admin_reason: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl SuggestionView {
    fn of(suggestion: Suggestion, user_id: &str) -> Self {
        Self {
            id: suggestion.id,
            user_id: user_id.to_owned(),
            phrase_text: suggestion.text,
            status: suggestion.state,
            admin_id: None,
            admin_reason: Some(suggestion.reason).filter(|reason| !reason.is_empty()),
            created_at: suggestion.created_at,
            updated_at: suggestion.created_at,
        }
    }
}

#[derive(Serialize)]
struct Suggestions {
    suggestions: Vec<SuggestionView>,
    total: i64,
}

async fn list_suggestions(call: Call) -> Result<Json<Suggestions>, Problem> {
    let who = call.who.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        let (.., total) = phrase_list::count(tx, &who.account().id)?;
        Ok((suggestion::list_own(tx, &who, SUGGESTIONS)?, total))
    };
    let (found, total) = call.site.store.read(look).await?;
    let own = call.who.account().id.to_string();
    let view = |one| SuggestionView::of(one, &own);
    Ok(Json(Suggestions {
        suggestions: found.into_iter().map(view).collect(),
        total,
    }))
}

#[derive(Deserialize)]
struct PhraseText {
    phrase_text: String,
}

async fn suggest(call: Call, body: Received<PhraseText>) -> Result<Response, Problem> {
    let (who, key) = (call.who.clone(), call.key(&body.bytes)?);
    let (text, own) = (body.value.phrase_text, who.account().id.to_string());
    let enter = move |tx: &mut Tx<'_>| countdown::maker(tx, &who);
    let change = move |tx: &mut Tx<'_>, who: &Confirmed| -> Result<_, Refusal> {
        let made = suggestion::create(tx, who, &text)?;
        Ok(SuggestionView::of(made, &own))
    };
    let done = call.once(key, StatusCode::CREATED, enter, change).await;
    done.map_err(renamed)
}
