//! Statistics, phrases and suggestions, for administrators and moderators.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post, put};
use identity::people::{self, PeopleError};
use jiff::Timestamp;
use platform::Tx;
use serde::{Deserialize, Serialize};
use site::Context;
use site::call::{Call, Maybe, id as parse};
use web::json::Received;
use web::{FieldProblem, Json, Problem};

use super::access_request;
use super::empty_response::{DONE, Message};
use super::fields::renamed;
use super::phrase_list::{self, Search};
use super::phrases::{PhraseView, Phrases};
use countdowns::Refusal;
use countdowns::phrase::{self, Moderator, PhraseId};
use countdowns::suggestion::{self, SuggestionId};

pub(super) fn routes() -> Router<Context> {
    let at = |path| format!("/backend/protected/admin/{path}");
    Router::new()
        .route(&at("stats"), get(statistics))
        .route(&at("phrases"), get(list).post(create))
        .route(&at("phrases/{id}"), put(change).delete(deactivate))
        .route(&at("suggestions"), get(list_pending))
        .route(&at("suggestions/{id}/approve"), post(approve))
        .route(&at("suggestions/{id}/reject"), post(reject))
}

#[derive(Serialize)]
struct Statistics {
    total_users: i64,
    active_users: i64,
    pending_suggestions: i64,
    total_phrases: i64,
    pending_access_requests: i64,
    total_access_requests: i64,
}

async fn statistics(call: Call) -> Result<Json<Statistics>, Problem> {
    let (who, request) = (call.who.clone(), call.request.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<Statistics, PeopleError> {
        let by = people::administrator(tx, &who, &request)?;
        let (total_users, active_users) = people::count(tx, &by)?;
        let (total_phrases, pending_suggestions, _) = phrase_list::count(tx, &who.account().id)?;
        let (pending_access_requests, total_access_requests) = access_request::count(tx)?;
        Ok(Statistics {
            total_users,
            active_users,
            pending_suggestions,
            total_phrases,
            pending_access_requests,
            total_access_requests,
        })
    };
    Ok(Json(call.site.store.read(look).await?))
}

async fn list(call: Call) -> Result<Json<Phrases>, Problem> {
    let enter = phrase::entrance(&call.who, &call.request);
    let query = call.query();
    let mut search = Search::read(&query);
    search.with_inactive = query.text("include_inactive") == "true";
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        let moderator = enter(tx)?;
        Ok(phrase_list::for_moderator(tx, &moderator, &search)?)
    };
    let (found, total) = call.site.store.read(look).await?;
    Ok(Json(Phrases::of(found, total)))
}

#[derive(Deserialize)]
struct PhraseBody {
    phrase_text: Option<String>,
    active: Option<bool>,
}

async fn create(call: Call, body: Received<PhraseBody>) -> Result<Response, Problem> {
    let enter = phrase::entrance(&call.who, &call.request);
    let key = call.key(&body.bytes)?;
    let (text, active) = (body.value.phrase_text, body.value.active.unwrap_or(true));
    let text = text.unwrap_or_default();
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| -> Result<_, Refusal> {
        let made = phrase::create(tx, moderator, &text)?;
        if !active {
            phrase::set_active(tx, moderator, &made.id, false)?;
        }
        view(tx, moderator, &made.id)
    };
    let done = call.once(key, StatusCode::CREATED, enter, change).await;
    done.map_err(renamed)
}

fn view(tx: &mut Tx<'_>, moderator: &Moderator, id: &PhraseId) -> Result<PhraseView, Refusal> {
    let found = phrase_list::find(tx, moderator, id)?;
    Ok(found.ok_or(Refusal::NotFound)?.into())
}

/// Changes a phrase's properties, but not its text, because people may have excluded the phrase
/// because of its text.
async fn change(
    call: Call,
    Path(id): Path<String>,
    Json(body): Json<PhraseBody>,
) -> Result<Json<PhraseView>, Problem> {
    let id: PhraseId = parse(&id)?;
    let changed = write(&call, move |tx, moderator| {
        let found = phrase_list::find(tx, moderator, &id)?;
        let old = found.ok_or(Refusal::NotFound)?.phrase;
        if body
            .phrase_text
            .as_ref()
            .is_some_and(|text| *text != old.phrase.text)
        {
            return Err(vec![FieldProblem::new("/text", "not_allowed", [])].into());
        }
        phrase::set_active(tx, moderator, &id, body.active.unwrap_or(old.active))?;
        view(tx, moderator, &id)
    });
    Ok(Json(changed.await?))
}

async fn deactivate(call: Call, Path(id): Path<String>) -> Result<Json<Message>, Problem> {
    let id: PhraseId = parse(&id)?;
    write(&call, move |tx, moderator| {
        phrase::set_active(tx, moderator, &id, false).map(drop)
    })
    .await?;
    Ok(DONE)
}

#[derive(Serialize)]
struct PendingSuggestion {
    id: SuggestionId,
    phrase_text: String,
    created_at: Timestamp,
    user_display_name: String,
    /// The author's email address; only administrators get it.
    user_email: Option<String>,
}

#[derive(Serialize)]
struct PendingSuggestions {
    suggestions: Vec<PendingSuggestion>,
    total: i64,
}

async fn list_pending(call: Call) -> Result<Json<PendingSuggestions>, Problem> {
    let (who, request) = (call.who.clone(), call.request.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        let moderator = phrase::moderate(tx, &who, &request)?;
        let is_admin = people::administrator(tx, &who, &request).is_ok();
        let (_, total, _) = phrase_list::count(tx, &who.account().id)?;
        Ok((phrase_list::pending(tx, &moderator)?, is_admin, total))
    };
    let (found, is_admin, total) = call.site.store.read(look).await?;
    let view = |one: phrase_list::SignedSuggestion| PendingSuggestion {
        id: one.suggestion.id,
        phrase_text: one.suggestion.text,
        created_at: one.suggestion.created_at,
        user_display_name: one.name,
        user_email: Some(one.email).filter(|_| is_admin),
    };
    Ok(Json(PendingSuggestions {
        suggestions: found.into_iter().map(view).collect(),
        total,
    }))
}

/// The reason for a moderator's decision. It is stored only if the suggestion is rejected.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Decision {
    pub(super) admin_reason: Option<String>,
}

async fn approve(
    call: Call,
    Path(id): Path<String>,
    _: Maybe<Decision>,
) -> Result<Json<Message>, Problem> {
    let id: SuggestionId = parse(&id)?;
    let site = call.site.clone();
    write(&call, move |tx, moderator| {
        suggestion::approve(tx, &site, moderator, &id, None).map(drop)
    })
    .await?;
    Ok(DONE)
}

async fn reject(
    call: Call,
    Path(id): Path<String>,
    body: Maybe<Decision>,
) -> Result<Json<Message>, Problem> {
    let id: SuggestionId = parse(&id)?;
    let reason = body.value.admin_reason.unwrap_or_default();
    let site = call.site.clone();
    write(&call, move |tx, moderator| {
        suggestion::reject(tx, &site, moderator, &id, &reason).map(drop)
    })
    .await?;
    Ok(DONE)
}

async fn write<T, F>(call: &Call, change: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Fn(&mut Tx<'_>, &Moderator) -> Result<T, Refusal> + Send + 'static,
{
    let enter = phrase::entrance(&call.who, &call.request);
    let change = move |tx: &mut Tx<'_>| {
        let moderator = enter(tx)?;
        change(tx, &moderator)
    };
    call.site.store.write(change).await.map_err(renamed)
}
