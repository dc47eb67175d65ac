//! The routes for requesting roles and for deciding on the requests.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use identity::people;
use jiff::Timestamp;
use platform::Tx;
use serde::{Deserialize, Serialize};
use site::Context;
use site::asking::Caller;
use site::call::{Call, Maybe, id as parse};
use web::{Json, Problem};

use super::access_request::{
    self, AccessError, AccessRequest, AccessRequestId, Decider, State as RequestState,
};
use super::empty_response::{DONE, Message};
use super::moderation::Decision;
use super::people::act;
use super::role::Role;

pub(super) fn routes() -> Router<Context> {
    let admin = |path| format!("/backend/protected/admin/access-requests{path}");
    Router::new()
        .route(
            "/backend/protected/access-requests",
            get(list_own).post(create),
        )
        .route(&admin(""), get(list_pending))
        .route(&admin("/{id}/approve"), post(approve))
        .route(&admin("/{id}/reject"), post(reject))
}

#[derive(Serialize)]
struct RequestView {
    id: AccessRequestId,
    user_id: String,
    requested_role: Role,
    message: String,
    status: RequestState,
    /// Always null, because the author is not told which administrator decided.
    admin_id: Option<()>,
    admin_reason: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<AccessRequest> for RequestView {
    fn from(request: AccessRequest) -> Self {
        Self {
            id: request.id,
            user_id: request.account_id.to_string(),
            requested_role: request.role,
            message: request.message,
            status: request.state,
            admin_id: None,
            admin_reason: Some(request.reason).filter(|reason| !reason.is_empty()),
            created_at: request.created_at,
            updated_at: request.updated_at,
        }
    }
}

#[derive(Serialize)]
struct Requests<T> {
    requests: Vec<T>,
    total: i64,
}

async fn list_own(call: Call) -> Result<Json<Requests<RequestView>>, Problem> {
    let id = call.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| access_request::list_own(tx, &id);
    let found = call.site.store.read(look).await?;
    Ok(Json(Requests {
        total: i64::try_from(found.len()).unwrap_or(i64::MAX),
        requests: found.into_iter().map(RequestView::from).collect(),
    }))
}

#[derive(Deserialize)]
struct NewRequest {
    /// The requested role; if omitted, `trusted-contact`.
    #[serde(alias = "role")]
    requested_role: Option<String>,
    message: String,
}

async fn create(
    call: Call,
    Json(sent): Json<NewRequest>,
) -> Result<(StatusCode, Json<RequestView>), Problem> {
    let role = match &sent.requested_role {
        Some(word) => Role::read(word)?,
        None => Role::TrustedContact,
    };
    let who = call.who.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<_, AccessError> {
        let asker = access_request::asker(tx, &who)?;
        access_request::create(tx, &asker, role, &sent.message)
    };
    let made = call.site.store.write(change).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

#[derive(Serialize)]
struct PendingRequest {
    #[serde(flatten)]
    request: RequestView,
    user_display_name: String,
    user_email: String,
}

async fn list_pending(call: Call) -> Result<Json<Requests<PendingRequest>>, Problem> {
    let (who, request) = (call.who.clone(), call.request.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<_, AccessError> {
        let by = people::administrator(tx, &who, &request)?;
        let (total, _) = access_request::count(tx)?;
        Ok((access_request::pending(tx, &by)?, total))
    };
    let (found, total) = call.site.store.read(look).await?;
    let found = found.into_iter().map(|signed| PendingRequest {
        request: signed.request.into(),
        user_display_name: signed.name,
        user_email: signed.email,
    });
    Ok(Json(Requests {
        requests: found.collect(),
        total,
    }))
}

/// Approves a request. As for every change to other accounts, the administrator must have confirmed
/// their identity recently.
async fn approve(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
    body: Maybe<Decision>,
) -> Result<Json<Message>, Problem> {
    let id: AccessRequestId = parse(&id)?;
    let reason = body.value.admin_reason.unwrap_or_default();
    let decider = Decider {
        who: caller.who.clone(),
        request: caller.request.clone(),
    };
    act(&accounts, caller, move |tx, by| {
        access_request::approve(tx, by, &decider, &id, &reason)
    })
    .await
}

async fn reject(
    call: Call,
    Path(id): Path<String>,
    body: Maybe<Decision>,
) -> Result<Json<Message>, Problem> {
    let id: AccessRequestId = parse(&id)?;
    let reason = body.value.admin_reason.unwrap_or_default();
    let decider = Decider {
        who: call.who.clone(),
        request: call.request.clone(),
    };
    let change = move |tx: &mut Tx<'_>| access_request::reject(tx, &decider, &id, &reason);
    call.site.store.write(change).await?;
    Ok(DONE)
}
