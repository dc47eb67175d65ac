//! The API of webhooks.

use accounts::Callers::Tokens;
use accounts::web::call::{Call, answer, id as parse};
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use platform::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::described::Routes;
use web::{Json, List, Problem, Site, routes};

use super::all;
use crate::Refusal;
use crate::countdown::{READ, WRITE};
use crate::webhook::delivery::{self, Delivery, DeliveryId};
use crate::webhook::event::Event;
use crate::webhook::test_limit::TestLimit;
use crate::webhook::{self, NewWebhook, State, Webhook, WebhookId};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list: Tokens(&[READ]), create: Tokens(&[WRITE])))
        .routes(routes!(remove: Tokens(&[WRITE])))
        .routes(routes!(test: Tokens(&[WRITE])))
        .routes(routes!(rotate: Tokens(&[WRITE])))
        .routes(routes!(deliveries: Tokens(&[READ])))
}

/// A webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
struct View {
    #[schema(value_type = String)]
    id: WebhookId,
    url: String,
    events: Vec<Event>,
    /// Whether notes of resets are sent.
    include_notes: bool,
    #[schema(value_type = String)]
    state: State,
    #[schema(value_type = String, format = "date-time")]
    created_at: Timestamp,
    /// What signs; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl From<Webhook> for View {
    fn from(webhook: Webhook) -> Self {
        Self {
            events: webhook.events(),
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

/// What a webhook is made of.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook)]
struct Body {
    /// https alone, of a host on public networks; up to 2,000 characters.
    url: String,
    /// Which events are sent.
    #[schema(value_type = Vec<Event>)]
    events: Vec<String>,
    /// Whether notes of resets are sent.
    #[serde(default)]
    include_notes: bool,
}

/// The caller's webhooks, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/webhooks", tag = "webhooks",
    responses((status = 200, body = List<View>))
)]
async fn list(call: Call) -> Result<Json<List<View>>, Problem> {
    let found = write(&call, |tx, call| webhook::list(tx, &call.who)).await?;
    Ok(Json(all(found.into_iter().map(View::from).collect())))
}

/// Makes a webhook. Its secret is in this answer alone; a repeat makes another webhook.
#[utoipa::path(
    post, path = "/api/v1/webhooks", tag = "webhooks", request_body = Body,
    responses((status = 201, body = View), (status = 409), (status = 422))
)]
async fn create(call: Call, Json(body): Json<Body>) -> Result<Response, Problem> {
    let new = NewWebhook {
        url: body.url,
        events: body.events,
        include_notes: body.include_notes,
    };
    let made = write(&call, move |tx, call| {
        webhook::create(tx, &call.who, &call.request, &new)
    })
    .await?;
    Ok(answer(StatusCode::CREATED, &with_secret(&call, made)))
}

/// Deletes a webhook, with the list of what was sent to it.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path,)),
    responses((status = 204), (status = 404))
)]
async fn remove(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id: WebhookId = parse(&id)?;
    write(&call, move |tx, call| {
        webhook::delete(tx, &call.who, &call.request, &id)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is being sent.
#[derive(Serialize, ToSchema)]
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
    Extension(limit): Extension<TestLimit>,
    call: Call,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: WebhookId = parse(&id)?;
    limit.take(&call.who.account().id, call.site.clock.now())?;
    let delivery = write(&call, move |tx, call| {
        let webhook = webhook::find(tx, &call.who, &id)?;
        delivery::test(tx, &webhook)
    })
    .await?;
    Ok(answer(StatusCode::ACCEPTED, &Sent { delivery }))
}

/// Makes another secret, which is in this answer alone. The one before signs too for a day.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/rotate", tag = "webhooks", params(("id" = String, Path,)),
    responses((status = 200, body = View), (status = 404))
)]
async fn rotate(call: Call, Path(id): Path<String>) -> Result<Response, Problem> {
    let id: WebhookId = parse(&id)?;
    let changed = write(&call, move |tx, call| {
        webhook::rotate(tx, &call.who, &call.request, &id)
    })
    .await?;
    Ok(answer(StatusCode::OK, &with_secret(&call, changed)))
}

/// What was sent to a webhook in the last 30 days, the newest 50.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = String, Path,)),
    responses((status = 200, body = List<Delivery>), (status = 404))
)]
async fn deliveries(call: Call, Path(id): Path<String>) -> Result<Json<List<Delivery>>, Problem> {
    let id: WebhookId = parse(&id)?;
    let found = write(&call, move |tx, call| {
        let webhook = webhook::find(tx, &call.who, &id)?;
        Ok(delivery::list(tx, &webhook)?)
    })
    .await?;
    Ok(Json(all(found)))
}

async fn write<T, F>(call: &Call, change: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Fn(&mut Tx<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
{
    let for_change = call.clone();
    let change = move |tx: &mut Tx<'_>| change(tx, &for_change);
    Ok(call.site.store.write(change).await?)
}
