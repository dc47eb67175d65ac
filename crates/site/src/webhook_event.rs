//! Events to which webhooks can subscribe, as declared by domains.

use platform::{StoreError, Tx};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use identity::account::AccountId;
use identity::session::token::TokenScope;

/// An event to which webhooks can subscribe.
#[derive(Clone, Copy, Debug)]
pub struct WebhookEvent {
    /// The event's name in forms and messages, such as `post.published`.
    pub name: &'static str,
    /// The message id of the event's description.
    pub label: &'static str,
    /// The scope that a token needs to read the event's data.
    pub read: TokenScope,
    /// The scopes that a token needs to create a webhook for the event. If there are none, only
    /// people in a browser can create one.
    pub write: &'static [TokenScope],
    /// Whether the event can concern data of this account.
    pub concerns: fn(&mut Tx<'_>, &AccountId) -> Result<bool, StoreError>,
}

/// The OpenAPI schema for the name of an event. The domains declare the possible values.
#[derive(Debug)]
pub struct WebhookEventName;

impl PartialSchema for WebhookEventName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What happened."))
            .into()
    }
}

impl ToSchema for WebhookEventName {}
