//! Writes messages about an event to webhooks, and describes these messages in the API's
//! description.

use platform::{StoreError, Tx, sql};
use serde::Serialize;
use serde_json::json;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::AllOfBuilder;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};
use utoipa::{PartialSchema as _, ToSchema};

use super::{Webhook, declared, delivery};

use crate::webhook_event::WebhookEvent;
use identity::account::AccountId;

/// Whether there is any webhook, so that most changes need not look for those that hear of them.
pub fn is_heard(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let (count,): (i64,) = tx.one(
        sql!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM declared_webhook
                 UNION ALL SELECT 1 FROM webhook WHERE state <> 'disabled' LIMIT 1) AS found"
        ),
        &[],
    )?;
    Ok(count > 0)
}

/// Stores messages about an event for the webhooks of `accounts` and for declared webhooks. Each
/// webhook is configured to get the message with or without notes. The caller must hold a lock on
/// the data in the message.
pub fn fire<M: Serialize>(
    tx: &mut Tx<'_>,
    event: &WebhookEvent,
    accounts: impl IntoIterator<Item = AccountId>,
    message: impl Fn(&mut Tx<'_>, bool) -> Result<M, StoreError>,
) -> Result<(), StoreError> {
    for account in accounts {
        // If another transaction is deleting a webhook, this query waits for that transaction and
        // then skips the webhook.
        let webhooks: Vec<Webhook> = sql!(
            "SELECT {Webhook} FROM webhook WHERE account_id = :account AND state <> 'disabled'
                 AND account_id IN (SELECT id FROM account WHERE state = 'active')
             ORDER BY id FOR NO KEY UPDATE",
            account
        )
        .all(tx)?;
        for webhook in webhooks.iter().filter(|webhook| webhook.hears(event)) {
            let message = message(tx, webhook.include_notes)?;
            delivery::enqueue(tx, &webhook.id, event.name, json!(message))?;
        }
    }
    declared::enqueue(tx, event, message)
}

/// Adds these events to a domain's OpenAPI description. `M` is the schema of their messages.
pub fn describe<M: ToSchema>(mut api: OpenApi, events: &[WebhookEvent]) -> OpenApi {
    let name = M::name().into_owned();
    let mut schemas = Vec::new();
    M::schemas(&mut schemas);
    MessageHead::schemas(&mut schemas);
    schemas.push((name.clone(), M::schema()));
    schemas.push((MessageHead::name().into_owned(), MessageHead::schema()));
    let known = &mut api.components.get_or_insert_default().schemas;
    known.extend(schemas);
    let mut webhooks = api.webhooks.take().unwrap_or_default();
    for event in events {
        let body = AllOfBuilder::new()
            .item(Ref::from_schema_name(MessageHead::name()))
            .item(Ref::from_schema_name(name.as_str()));
        let body = RequestBodyBuilder::new().content(
            "application/json",
            ContentBuilder::new().schema(Some(body)).build(),
        );
        let post = OperationBuilder::new()
            .operation_id(Some(event.name))
            .tag("webhooks")
            .request_body(Some(body.build()))
            .response("2XX", ResponseBuilder::new().description("It has arrived."));
        let item = PathItem::new(HttpMethod::Post, post.build());
        webhooks.paths.insert(event.name.to_owned(), item);
    }
    api.webhooks = Some(webhooks);
    api
}

/// The first members of every webhook message.
#[derive(ToSchema)]
#[schema(as = WebhookMessage)]
#[expect(dead_code, reason = "it describes what `delivery::enqueue` adds")]
struct MessageHead {
    /// The message's id, as in `webhook-id`. A repeated message keeps its id.
    id: String,
    /// The name of the event.
    r#type: String,
    /// The time of the event.
    occurred_at: jiff::Timestamp,
}
