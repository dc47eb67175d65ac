//! The API of phrases.

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use identity::session::signed_in::Confirmed;
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use site::Callers::{Anybody, People, Tokens};
use site::call::{Call, Maybe, answer};
use site::moved_slugs;
use site::proof::Requester;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::Received;
use web::{Form, Json, List, PageQuery, Problem, Site, routes};

use crate::countdown::{READ, WRITE};
use crate::phrase::{self, ModeratedPhrase, Moderator, OwnPhrase, Phrase, PhraseId};
use crate::public;
use crate::suggestion::{self, Suggestion, SuggestionId};

const SUGGESTIONS: i64 = 100;

pub(super) fn routes<R: Routes<Site>>(routes: R) -> R {
    routes
        .routes(routes!(list: Tokens(&[READ])))
        .routes(routes!(exclude: Tokens(&[WRITE]), include: Tokens(&[WRITE])))
        .routes(routes!(list_suggestions: Tokens(&[READ]), suggest: Tokens(&[WRITE])))
        .routes(routes!(list_all: People, create: People))
        .routes(routes!(change: People))
        .routes(routes!(list_pending: People))
        .routes(routes!(approve: People))
        .routes(routes!(reject: People))
        .routes(routes!(draw: Anybody))
}

/// All active phrases.
#[utoipa::path(
    get, path = "/api/v1/phrases", tag = "phrases", params(PageQuery),
    responses((status = 200, body = List<OwnPhrase>))
)]
async fn list(call: Call, paging: PageQuery) -> Result<Json<List<OwnPhrase>>, Problem> {
    let (after, rows) = (paging.after::<PhraseId>()?, paging.rows());
    let look =
        move |tx: &mut Tx<'_>, me: &Requester| phrase::list(tx, &me.who, after.as_ref(), rows);
    let found = call.read(look).await?;
    Ok(Json(paging.list(found, |one| one.phrase.id.clone())))
}

/// Excludes a phrase from the caller's pages.
#[utoipa::path(
    put, path = "/api/v1/phrases/{id}/exclusion", tag = "phrases", responses((status = 204))
)]
async fn exclude(call: Call) -> Result<StatusCode, Problem> {
    let id: PhraseId = call.id("id")?;
    call.write(move |tx, me: &Requester| phrase::exclude(tx, &me.who, &id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the exclusion of a phrase from the caller's pages.
#[utoipa::path(
    delete, path = "/api/v1/phrases/{id}/exclusion", tag = "phrases", responses((status = 204))
)]
async fn include(call: Call) -> Result<StatusCode, Problem> {
    let id: PhraseId = call.id("id")?;
    call.write(move |tx, me: &Requester| phrase::include(tx, &me.who, &id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's newest 100 suggestions.
#[utoipa::path(
    get, path = "/api/v1/suggestions", tag = "phrases",
    responses((status = 200, body = List<Suggestion>))
)]
async fn list_suggestions(call: Call) -> Result<Json<List<Suggestion>>, Problem> {
    let look = |tx: &mut Tx<'_>, me: &Requester| suggestion::list_own(tx, &me.who, SUGGESTIONS);
    Ok(Json(newest(call.read(look).await?)))
}

/// A list without a total, because older suggestions are not counted.
fn newest(found: Vec<Suggestion>) -> List<Suggestion> {
    List {
        total: None,
        ..List::whole(found)
    }
}

/// The text of a phrase.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PhraseText {
    /// 5–200 characters, at least two words.
    text: String,
}

/// Suggests a phrase.
#[utoipa::path(
    post, path = "/api/v1/suggestions", tag = "phrases", request_body = PhraseText,
    responses((status = 201, body = Suggestion), (status = 409))
)]
async fn suggest(call: Call, body: Received<PhraseText>) -> Result<Response, Problem> {
    let text = body.value.text;
    let change = move |tx: &mut Tx<'_>, who: &Confirmed| suggestion::create(tx, who, &text);
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// All phrases, for moderators.
#[utoipa::path(
    get, path = "/api/v1/admin/phrases", tag = "phrases", params(PageQuery),
    responses((status = 200, body = List<ModeratedPhrase>))
)]
async fn list_all(call: Call, paging: PageQuery) -> Result<Json<List<ModeratedPhrase>>, Problem> {
    let (after, rows) = (paging.after::<PhraseId>()?, paging.rows());
    let look = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        Ok(phrase::list_all(tx, moderator, after.as_ref(), rows)?)
    };
    let found = call.read(look).await?;
    Ok(Json(paging.list(found, |one| one.phrase.id.clone())))
}

/// Adds a phrase.
#[utoipa::path(
    post, path = "/api/v1/admin/phrases", tag = "phrases", request_body = PhraseText,
    responses((status = 201, body = Phrase), (status = 409))
)]
async fn create(call: Call, body: Received<PhraseText>) -> Result<Response, Problem> {
    let text = body.value.text;
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| phrase::create(tx, moderator, &text);
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// Whether a phrase is active.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PhraseChange {
    /// Whether the phrase may be shown.
    active: bool,
}

/// Deactivates a phrase, so that nobody sees it any more, or activates it again.
#[utoipa::path(
    patch, path = "/api/v1/admin/phrases/{id}", tag = "phrases", request_body = PhraseChange,
    responses((status = 200, body = ModeratedPhrase), (status = 409))
)]
async fn change(
    call: Call,
    Json(body): Json<PhraseChange>,
) -> Result<Json<ModeratedPhrase>, Problem> {
    let id: PhraseId = call.id("id")?;
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        phrase::set_active(tx, moderator, &id, body.active)
    };
    Ok(Json(call.write(change).await?))
}

/// The oldest 100 pending suggestions.
#[utoipa::path(
    get, path = "/api/v1/admin/suggestions", tag = "phrases",
    responses((status = 200, body = List<Suggestion>))
)]
async fn list_pending(call: Call) -> Result<Json<List<Suggestion>>, Problem> {
    let look = |tx: &mut Tx<'_>, moderator: &Moderator| {
        Ok(suggestion::list_pending(tx, moderator, SUGGESTIONS)?)
    };
    Ok(Json(newest(call.read(look).await?)))
}

/// The approval of a suggestion, with an optional change to its text.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = SuggestionApproval)]
struct Approval {
    /// The approved text; if omitted, the suggested text.
    text: Option<String>,
}

/// Approves a suggestion, which becomes a phrase.
#[utoipa::path(
    post, path = "/api/v1/admin/suggestions/{id}/approve", tag = "phrases",
    request_body = Option<Approval>, responses((status = 200, body = Suggestion), (status = 409))
)]
async fn approve(call: Call, body: Maybe<Approval>) -> Result<Response, Problem> {
    let id: SuggestionId = call.id("id")?;
    let (site, text) = (call.site.clone(), body.value.text);
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        suggestion::approve(tx, &site, moderator, &id, text.as_deref())
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// The rejection of a suggestion.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Rejection {
    /// The reason, up to 500 characters; the author sees it.
    reason: String,
}

/// Rejects a suggestion.
#[utoipa::path(
    post, path = "/api/v1/admin/suggestions/{id}/reject", tag = "phrases",
    request_body = Option<Rejection>, responses((status = 200, body = Suggestion), (status = 409))
)]
async fn reject(call: Call, body: Maybe<Rejection>) -> Result<Response, Problem> {
    let id: SuggestionId = call.id("id")?;
    let (site, reason) = (call.site.clone(), body.value.reason);
    let change = move |tx: &mut Tx<'_>, moderator: &Moderator| {
        suggestion::reject(tx, &site, moderator, &id, &reason)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// A drawn phrase.
#[derive(Serialize, ToSchema)]
struct Drawn {
    /// The phrase; null if there is none.
    phrase: Option<Phrase>,
}

/// A random phrase for a person's pages; `not` is the id of the previous phrase.
#[utoipa::path(
    get, path = "/api/v1/public/{account}/phrase", tag = "phrases",
    params(("not" = Option<String>, Query,)),
    responses((status = 200, body = Drawn),
        (status = 301, description = "The account is called something else now"))
)]
async fn draw(
    State(site): State<Site>,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let not = query.text("not").parse::<PhraseId>().ok();
    let asked = account.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let Some(owner) = public::find_account(tx, &account)? else {
            return Ok(None);
        };
        let drawn = phrase::draw(tx, &owner.id, not.as_ref())?;
        Ok(Some((owner.slug, drawn)))
    };
    let found = site.store.read(look).await?;
    let (present, phrase) = found.ok_or_else(Problem::not_found)?;
    if let Some(moved) = moved_slugs::lead(&uri, &asked, &present, true) {
        return Ok(moved);
    }
    Ok(answer(StatusCode::OK, &Drawn { phrase }))
}
