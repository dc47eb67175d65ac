//! Webhooks, through which other systems learn of changes to an account's data. Each domain
//! declares its events ([`WebhookEvent`]). A transaction that changes data also stores the messages
//! about the change ([`fire`]), and [`delivery`] sends them.

pub mod declared;
pub mod delivery;
mod event;
pub mod test_limit;

pub use crate::webhook_event::{WebhookEvent, WebhookEventName};
pub use event::{describe, fire, is_heard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use platform::audit::{Entity, Entry, RequestFacts};
use platform::store::Row;
use platform::webhook_key::WebhookKey;
use platform::{Keyring, Rows, Secret, StoreError, Tx, outbound, sql, text_cleaning};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use web::Findings;

use crate::domain::{Domains, Share};
use crate::proof::{Proof, Requester};
use crate::refusal::Refusal;
use delivery::DeliveryId;
use identity::account::{self, AccountId};
use identity::session::signed_in::{ScopeMissing, SignedIn, confirmed};
use identity::session::sudo;
use identity::session::token::TokenScope;

platform::id!(WebhookId, "One webhook.");

/// The maximum number of webhooks of an account.
pub const LIMIT: i64 = 10;
const PURPOSE: &str = "secret of a webhook";
/// How long messages are also signed with the previous secret after a secret was replaced.
const ROTATION: SignedDuration = SignedDuration::from_hours(24);

web::words! {
    State {
        /// The last message was delivered, or no message was sent yet.
        Active = "active" => "webhook-active",
        /// The last message could not be delivered.
        Failing = "failing" => "webhook-failing",
        /// The webhook gets no messages until a test message is delivered.
        Disabled = "disabled" => "webhook-disabled",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Webhook {
    pub id: WebhookId,
    /// The target URL, always https.
    pub url: String,
    events: String,
    pub include_notes: bool,
    /// Whether the webhook is active, failing or disabled.
    pub state: State,
    generation: i64,
    rotated_at: Timestamp,
    failing_since: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl Webhook {
    /// The names of the events to which the webhook subscribes.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.events.split(' ')
    }

    fn hears(&self, event: &WebhookEvent) -> bool {
        self.events().any(|name| name == event.name)
    }

    fn parts(&self, generation: i64) -> [String; 2] {
        [self.id.to_string(), generation.to_string()]
    }

    /// The secret that signs the webhook's messages. It is shown to the owner once. The secret is
    /// derived from the keyring, so the store does not contain it.
    pub fn secret(&self, keys: &Keyring) -> Secret {
        let [id, generation] = self.parts(self.generation);
        let mac = keys.key(PURPOSE).mac(&[&id, &generation]);
        Secret::new(format!("whsec_{}", STANDARD.encode(mac)))
    }

    /// The webhook keys that sign a message at `now`. Each key of the key file yields one webhook
    /// key for the current secret. For a day after a replacement, each of these keys also yields
    /// one for the previous secret.
    fn keys(&self, keys: &Keyring, now: Timestamp) -> Vec<WebhookKey> {
        let is_rotating = self.generation > 1 && now < self.rotated_at + ROTATION;
        let before = is_rotating.then_some(self.generation - 1);
        let all = std::iter::once(self.generation).chain(before);
        let of_one = |generation| {
            let [id, generation] = self.parts(generation);
            let key = keys.key(PURPOSE);
            let macs: Vec<_> = key.macs(&[&id, &generation]).collect();
            macs.into_iter().map(WebhookKey::from)
        };
        all.flat_map(of_one).collect()
    }
}

/// The properties of a new webhook.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// The target URL: https only, on a host in public networks; up to 2,000 characters.
    pub url: String,
    /// The names of the events to send.
    #[schema(value_type = Vec<WebhookEventName>)]
    pub events: Vec<String>,
    /// Whether messages contain the notes that people write.
    #[serde(default)]
    pub include_notes: bool,
}

/// The signed-in caller as the owner of webhooks, with the domains that declare events.
#[derive(Clone, Debug)]
pub struct WebhookOwner {
    who: SignedIn,
    request: RequestFacts,
    domains: Domains,
}

impl Proof for WebhookOwner {
    type Refusal = Refusal;

    fn enter(_: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let Requester { who, request, .. } = requester;
        // A token that is limited to one object cannot manage webhooks.
        if who.is_limited() {
            return Err(Refusal::TokenNotPermitted);
        }
        Ok(Self {
            who: who.clone(),
            request: request.clone(),
            domains: requester.declared().unwrap_or(&[]),
        })
    }
}

impl WebhookOwner {
    fn declared(&self) -> impl Iterator<Item = &'static WebhookEvent> {
        self.domains.iter().flat_map(|domain| domain.webhook_events)
    }

    /// Refuses an API token that may not read the data in the webhook's messages.
    fn check_read(&self, webhook: &Webhook) -> Result<(), ScopeMissing> {
        let mut heard = self.declared().filter(|event| webhook.hears(event));
        heard.try_for_each(|event| self.needs(event.read))
    }

    /// Refuses an API token that may not create a webhook for this event.
    fn check_write(&self, event: &WebhookEvent) -> Result<(), Refusal> {
        if event.write.is_empty() && !self.who.is_in_browser() {
            return Err(Refusal::TokenNotPermitted);
        }
        let mut scopes = event.write.iter();
        Ok(scopes.try_for_each(|scope| self.needs(*scope))?)
    }

    fn needs(&self, scope: TokenScope) -> Result<(), ScopeMissing> {
        self.who.has(scope).then_some(()).ok_or(ScopeMissing(scope))
    }

    /// The events that can concern the account. The account can subscribe only to these.
    pub fn offered(&self, tx: &mut Tx<'_>) -> Result<Vec<&'static WebhookEvent>, StoreError> {
        let mut offered = Vec::new();
        for domain in self.domains {
            // A disabled domain has no token scopes.
            let is_on = |event: &&WebhookEvent| domain.accounts.token_scopes.contains(&event.read);
            for event in domain.webhook_events.iter().filter(is_on) {
                if (event.concerns)(tx, &self.who.account().id)? {
                    offered.push(event);
                }
            }
        }
        Ok(offered)
    }
}

/// Lists the caller's webhooks, oldest first. With an API token, the list omits every webhook that
/// has an event which the token may not read.
pub fn list(tx: &mut Tx<'_>, owner: &WebhookOwner) -> Result<Vec<Webhook>, Refusal> {
    let reads = |event: &WebhookEvent| owner.needs(event.read);
    let mut refused = owner.declared().filter_map(|event| reads(event).err());
    if let Some(missing) = refused.next()
        && !owner.declared().any(|event| reads(event).is_ok())
    {
        return Err(missing.into());
    }
    let mut all = list_of(tx, &owner.who.account().id)?;
    all.retain(|webhook| owner.check_read(webhook).is_ok());
    Ok(all)
}

/// Finds one of the caller's webhooks, if the caller may read its data.
pub fn find(tx: &mut Tx<'_>, owner: &WebhookOwner, id: &WebhookId) -> Result<Webhook, Refusal> {
    let webhook = find_own(tx, owner, id)?;
    owner.check_read(&webhook)?;
    Ok(webhook)
}

fn find_to_change(
    tx: &mut Tx<'_>,
    owner: &WebhookOwner,
    id: &WebhookId,
) -> Result<Webhook, Refusal> {
    let webhook = find_own(tx, owner, id)?;
    for event in owner.declared().filter(|event| webhook.hears(event)) {
        owner.check_write(event)?;
    }
    Ok(webhook)
}

fn find_own(tx: &mut Tx<'_>, owner: &WebhookOwner, id: &WebhookId) -> Result<Webhook, Refusal> {
    // Every change to a webhook locks its row, and so does every delivery when it stores its
    // result.
    let found: Option<Webhook> = sql!(
        "SELECT {Webhook} FROM webhook WHERE id = :id AND account_id = :account
         FOR NO KEY UPDATE",
        id,
        account = owner.who.account().id
    )
    .maybe(tx)?;
    found.ok_or(Refusal::NotFound)
}

pub fn create(tx: &mut Tx<'_>, owner: &WebhookOwner, new: &NewWebhook) -> Result<Webhook, Refusal> {
    let who = &owner.who;
    // A person could register with somebody else's email address. Before the address is confirmed,
    // that person must not receive events that concern the owner of the address.
    confirmed(tx, who)?.ok_or(Refusal::EmailUnverified)?;
    sudo::require::<Refusal>(tx, who)?;
    let account = &who.account().id;
    account::lock(tx, account)?;
    let mut findings = Findings::default();
    let url = text_cleaning::clean_line(&new.url);
    if url.is_empty() {
        findings.add("/url", "required", []);
    } else if !outbound::is_permitted(&url, outbound::Reach::Public) {
        findings.add("/url", "webhook_url_refused", []);
    }
    let offered = owner.offered(tx)?;
    let mut events: Vec<&str> = Vec::new();
    for (number, name) in new.events.iter().enumerate() {
        match offered.iter().find(|event| event.name == name) {
            Some(event) => {
                owner.check_write(event)?;
                // The webhook's receiver gets the notes, so the API token must be allowed to read
                // them.
                if new.include_notes {
                    owner.needs(event.read)?;
                }
                if !events.contains(&event.name) {
                    events.push(event.name);
                }
            }
            None => findings.add(&format!("/events/{number}"), "unknown_option", []),
        }
    }
    if new.events.is_empty() {
        findings.add("/events", "required", []);
    }
    findings.finish()?;
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM webhook WHERE account_id = :account",
        account
    )
    .one(tx)?;
    if count >= LIMIT {
        return Err(Refusal::LimitReached(LIMIT));
    }
    let now = tx.now();
    let webhook = Webhook {
        id: tx.id(),
        url,
        events: events.join(" "),
        include_notes: new.include_notes,
        state: State::Active,
        generation: 1,
        rotated_at: now,
        failing_since: None,
        created_at: now,
    };
    sql!(
        "INSERT INTO webhook (account_id, {Webhook}) VALUES (:account, {:Webhook})",
        account,
        Webhook = webhook
    )
    .run(tx, Rows::Exactly(1))?;
    record(tx, owner, &webhook.id, "webhook.created")?;
    Ok(webhook)
}

/// Replaces the webhook's secret. For a day, messages are also signed with the previous secret.
pub fn rotate(tx: &mut Tx<'_>, owner: &WebhookOwner, id: &WebhookId) -> Result<Webhook, Refusal> {
    let old = find_to_change(tx, owner, id)?;
    sudo::require::<Refusal>(tx, &owner.who)?;
    let now = tx.now();
    sql!(
        "UPDATE webhook SET generation = generation + 1, rotated_at = :now WHERE id = :id",
        now,
        id
    )
    .run(tx, Rows::Exactly(1))?;
    record(tx, owner, id, "webhook.rotated")?;
    Ok(Webhook {
        generation: old.generation + 1,
        rotated_at: now,
        ..old
    })
}

/// Sends a test message, even to a disabled webhook.
pub fn send_test(
    tx: &mut Tx<'_>,
    owner: &WebhookOwner,
    id: &WebhookId,
) -> Result<DeliveryId, Refusal> {
    let webhook = find_to_change(tx, owner, id)?;
    Ok(delivery::test(tx, &webhook)?)
}

pub fn delete(tx: &mut Tx<'_>, owner: &WebhookOwner, id: &WebhookId) -> Result<(), Refusal> {
    find_to_change(tx, owner, id)?;
    sql!("DELETE FROM webhook_delivery WHERE webhook_id = :id", id).run(tx, Rows::Any)?;
    sql!("DELETE FROM webhook WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    record(tx, owner, id, "webhook.deleted")?;
    Ok(())
}

fn list_of(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Webhook>, StoreError> {
    sql!(
        "SELECT {Webhook} FROM webhook WHERE account_id = :account ORDER BY created_at, id",
        account
    )
    .all(tx)
}

/// Lists an account's webhooks for the page that shows everything the account's owner shares.
pub fn shared(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Share>, StoreError> {
    let all = list_of(tx, account)?.into_iter();
    let shared = all.map(|webhook| Share {
        kind: "shared-webhook",
        label: webhook.url,
        end: format!("/me/webhooks/{}/delete", webhook.id),
        fields: Vec::new(),
    });
    Ok(shared.collect())
}

/// Returns an account's webhooks for an export of the account's data.
pub fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Value, StoreError> {
    let all = list_of(tx, account)?;
    let exported = all.iter().map(|webhook| {
        json!({
            "url": webhook.url,
            "events": webhook.events().collect::<Vec<_>>(),
            "include_notes": webhook.include_notes,
            "state": webhook.state,
            "created_at": webhook.created_at,
        })
    });
    Ok(exported.collect())
}

/// Deletes an account's webhooks and their deliveries.
pub fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM webhook_delivery
         WHERE webhook_id IN (SELECT id FROM webhook WHERE account_id = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    sql!("DELETE FROM webhook WHERE account_id = :account", account).run(tx, Rows::Any)?;
    Ok(())
}

fn record(
    tx: &mut Tx<'_>,
    owner: &WebhookOwner,
    id: &WebhookId,
    action: &'static str,
) -> Result<(), StoreError> {
    tx.record(Entry {
        actor: owner.who.actor(),
        action,
        entity: Entity::new("webhook", id.to_string()),
        scope: None,
        changes: json!([]),
        request: Some(owner.request.clone()),
    })
}
