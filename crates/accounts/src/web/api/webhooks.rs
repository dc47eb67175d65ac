//! The JSON API of webhooks.

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use platform::Tx;
use serde::Serialize;
use utoipa::ToSchema;
use web::cursor::List;
use web::described::Routes;
use web::{Json, Problem, routes};

use super::all;

use site::Callers::Tokens;
use site::Context;
use site::call::{Call, answer};
use site::webhook::delivery::{self, Delivery, DeliveryId};
use site::webhook::test_limit::TestLimit;
use site::webhook::{
    self, NewWebhook, State as WebhookState, Webhook, WebhookEventName, WebhookId, WebhookOwner,
};

/// The routes for webhooks. They declare no token scopes, because the required scopes depend on a
/// webhook's events.
pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(list: Tokens(&[]), create: Tokens(&[])))
        .routes(routes!(remove: Tokens(&[])))
        .routes(routes!(test: Tokens(&[])))
        .routes(routes!(rotate: Tokens(&[])))
        .routes(routes!(deliveries: Tokens(&[])))
}

/// A webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
struct View {
    /// The webhook's id.
    id: WebhookId,
    /// The URL that messages are sent to.
    url: String,
    /// The events that are sent.
    #[schema(value_type = Vec<WebhookEventName>)]
    events: Vec<String>,
    /// Whether the messages include the notes that people write.
    include_notes: bool,
    /// The state: `active`, `failing` (the last message has not arrived) or `disabled` (nothing is
    /// sent until a test message arrives).
    #[schema(value_type = String)]
    state: WebhookState,
    /// The time at which the webhook was created.
    created_at: Timestamp,
    /// The secret that signs messages; only in the response to the request that made the secret.
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

fn with_secret(call: &Call, webhook: Webhook) -> View {
    let secret = webhook.secret(&call.site.keys).reveal().to_owned();
    View {
        secret: Some(secret),
        ..webhook.into()
    }
}

/// The caller's webhooks, oldest first.
#[utoipa::path(
    get, path = "/api/v1/webhooks", tag = "webhooks",
    responses((status = 200, body = List<View>))
)]
async fn list(call: Call) -> Result<Json<List<View>>, Problem> {
    let found = call.read(webhook::list).await?;
    Ok(Json(counted(found.into_iter().map(View::from).collect())))
}

fn counted<T>(items: Vec<T>) -> List<T> {
    let total = i64::try_from(items.len()).ok();
    List {
        total,
        ..all(items)
    }
}

/// Create a webhook. Only this response contains its secret. A repeated request creates another
/// webhook.
#[utoipa::path(
    post, path = "/api/v1/webhooks", tag = "webhooks", request_body = NewWebhook,
    responses((status = 201, body = View), (status = 409))
)]
async fn create(call: Call, Json(new): Json<NewWebhook>) -> Result<Response, Problem> {
    let change = move |tx: &mut Tx<'_>, owner: &WebhookOwner| webhook::create(tx, owner, &new);
    let made = call.write(change).await?;
    Ok(answer(StatusCode::CREATED, &with_secret(&call, made)))
}

/// Delete a webhook and the list of its deliveries.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "webhooks", responses((status = 204)))]
async fn remove(call: Call) -> Result<StatusCode, Problem> {
    let id: WebhookId = call.id("id")?;
    let change = move |tx: &mut Tx<'_>, owner: &WebhookOwner| webhook::delete(tx, owner, &id);
    call.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A test message that is being sent.
#[derive(Serialize, ToSchema)]
#[schema(as = SentTest)]
struct Sent {
    /// The id of the delivery.
    delivery: DeliveryId,
}

/// Send a test message. If it arrives, a disabled webhook becomes active again.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/test", tag = "webhooks",
    responses((status = 202, body = Sent))
)]
async fn test(Extension(limit): Extension<TestLimit>, call: Call) -> Result<Response, Problem> {
    let id: WebhookId = call.id("id")?;
    limit.take(&call.who, call.site.clock.now())?;
    let change = move |tx: &mut Tx<'_>, owner: &WebhookOwner| webhook::send_test(tx, owner, &id);
    let delivery = call.write(change).await?;
    Ok(answer(StatusCode::ACCEPTED, &Sent { delivery }))
}

/// Replace the secret. Only this response contains the new secret. For a day, the previous secret
/// signs messages too.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/rotate", tag = "webhooks",
    responses((status = 200, body = View))
)]
async fn rotate(call: Call) -> Result<Response, Problem> {
    let id: WebhookId = call.id("id")?;
    let change = move |tx: &mut Tx<'_>, owner: &WebhookOwner| webhook::rotate(tx, owner, &id);
    let changed = call.write(change).await?;
    Ok(answer(StatusCode::OK, &with_secret(&call, changed)))
}

/// List a webhook's newest 50 deliveries of the last 30 days.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks",
    responses((status = 200, body = List<Delivery>))
)]
async fn deliveries(call: Call) -> Result<Json<List<Delivery>>, Problem> {
    let id: WebhookId = call.id("id")?;
    let look = move |tx: &mut Tx<'_>, owner: &WebhookOwner| {
        let webhook = webhook::find(tx, owner, &id)?;
        Ok(delivery::list(tx, &webhook)?)
    };
    Ok(Json(counted(call.write(look).await?)))
}
