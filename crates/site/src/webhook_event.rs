//! What webhooks can hear of, as domains declare it.

use platform::{StoreError, Tx};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use identity::account::AccountId;
use identity::session::token::TokenScope;

/// Something that webhooks can hear of.
#[derive(Clone, Copy, Debug)]
pub struct WebhookEvent {
    /// What it is called where it is chosen and sent: `post.published`.
    pub name: &'static str,
    /// The message that describes it.
    pub label: &'static str,
    /// What a token needs to see what is told.
    pub read: TokenScope,
    /// What a token needs to have it told.
    pub write: &'static [TokenScope],
    /// Whether an account has anything that it tells of.
    pub concerns: fn(&mut Tx<'_>, &AccountId) -> Result<bool, StoreError>,
}

/// The name of an event, in the API's description: domains declare which there are.
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
