//! The API of webhooks.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use web::cursor::List;
use web::described::Routes;
use web::{Json, Problem, routes};

use super::all;

use crate::Accounts;
use crate::Callers::Tokens;
use crate::web::webhooks::{self, write};
use crate::webhook::delivery::{self, Delivery, DeliveryId};
use crate::webhook::test_limit::TestLimit;
use crate::webhook::{self, NewWebhook, State as WebhookState, Webhook, WebhookId};
use site::asking::Caller;
use site::call::{answer, id as parse};

/// Which scopes a token needs depends on the events that a webhook hears of.
pub(super) fn routes<R: Routes<Accounts>>() -> R {
    R::default()
        .routes(routes!(list: Tokens(&[]), create: Tokens(&[])))
        .routes(routes!(remove: Tokens(&[])))
        .routes(routes!(test: Tokens(&[])))
        .routes(routes!(rotate: Tokens(&[])))
        .routes(routes!(deliveries: Tokens(&[])))
}

/// The name of an event, of those that domains declare.
struct WebhookEventName;

impl PartialSchema for WebhookEventName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What happened."))
            .into()
    }
}

impl ToSchema for WebhookEventName {}

/// A webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
struct View {
    #[schema(value_type = String)]
    id: WebhookId,
    url: String,
    #[schema(value_type = Vec<WebhookEventName>)]
    events: Vec<String>,
    /// Whether notes are sent.
    include_notes: bool,
    #[schema(value_type = String)]
    state: WebhookState,
    #[schema(value_type = String, format = "date-time")]
    created_at: Timestamp,
    /// What signs; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl From<Webhook> for View {
    fn from(webhook: Webhook) -> Self {
        Self {
            events: webhook.events().map(str::to_owned).collect(),
            id: webhook.id,
            url: webhook.url,
            include_notes: webhook.include_notes,
            state: webhook.state,
            created_at: webhook.created_at,
            secret: None,
        }
    }
}

fn with_secret(accounts: &Accounts, webhook: Webhook) -> View {
    let secret = webhook.secret(&accounts.site.keys).reveal().to_owned();
    View {
        secret: Some(secret),
        ..webhook.into()
    }
}

/// What a webhook is made of.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook)]
struct Body {
    /// https alone, of a host on public networks; up to 2,000 characters.
    url: String,
    /// Which events are sent.
    #[schema(value_type = Vec<WebhookEventName>)]
    events: Vec<String>,
    /// Whether notes are sent.
    #[serde(default)]
    include_notes: bool,
}

/// The caller's webhooks, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/webhooks", tag = "webhooks",
    responses((status = 200, body = List<View>))
)]
async fn list(
    State(accounts): State<Accounts>,
    caller: Caller,
) -> Result<Json<List<View>>, Problem> {
    let found = write(&accounts, &caller.who, webhook::list).await?;
    let found: Vec<View> = found.into_iter().map(View::from).collect();
    Ok(Json(counted(found)))
}

/// The whole list, with how many there are.
fn counted<T>(items: Vec<T>) -> List<T> {
    let total = i64::try_from(items.len()).ok();
    List {
        total,
        ..all(items)
    }
}

/// Makes a webhook. Its secret is in this answer alone; a repeat makes another webhook.
#[utoipa::path(
    post, path = "/api/v1/webhooks", tag = "webhooks", request_body = Body,
    responses((status = 201, body = View), (status = 409), (status = 422))
)]
async fn create(
    State(accounts): State<Accounts>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let new = NewWebhook {
        url: body.url,
        events: body.events,
        include_notes: body.include_notes,
    };
    let made = webhooks::make(&accounts, &caller.who, &caller.request, new).await?;
    Ok(answer(StatusCode::CREATED, &with_secret(&accounts, made)))
}

/// Deletes a webhook, with the list of what was sent to it.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path,)),
    responses((status = 204), (status = 404))
)]
async fn remove(
    State(accounts): State<Accounts>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    webhooks::remove(&accounts, &caller.who, &caller.request, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is being sent.
#[derive(Serialize, ToSchema)]
#[schema(as = SentTest)]
struct Sent {
    /// The id of the delivery.
    #[schema(value_type = String)]
    delivery: DeliveryId,
}

/// Sends a test. One that arrives makes a disabled webhook active again.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/test", tag = "webhooks", params(("id" = String, Path,)),
    responses((status = 202, body = Sent), (status = 404))
)]
async fn test(
    State(accounts): State<Accounts>,
    Extension(limit): Extension<TestLimit>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, Problem> {
    let delivery = webhooks::send_test(&accounts, &limit, &caller.who, &id).await?;
    Ok(answer(StatusCode::ACCEPTED, &Sent { delivery }))
}

/// Makes another secret, which is in this answer alone. The one before signs too for a day.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/rotate", tag = "webhooks", params(("id" = String, Path,)),
    responses((status = 200, body = View), (status = 404))
)]
async fn rotate(
    State(accounts): State<Accounts>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, Problem> {
    let changed = webhooks::renew(&accounts, &caller.who, &caller.request, &id).await?;
    Ok(answer(StatusCode::OK, &with_secret(&accounts, changed)))
}

/// What was sent to a webhook in the last 30 days, the newest 50.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = String, Path,)),
    responses((status = 200, body = List<Delivery>), (status = 404))
)]
async fn deliveries(
    State(accounts): State<Accounts>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<List<Delivery>>, Problem> {
    let id: WebhookId = parse(&id)?;
    let found = write(&accounts, &caller.who, move |tx, asking| {
        let webhook = webhook::find(tx, asking, &id)?;
        Ok(delivery::list(tx, &webhook)?)
    })
    .await?;
    Ok(Json(counted(found)))
}
