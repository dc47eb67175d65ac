//! Webhooks: signed messages to other programs about an account's countdowns.

pub mod delivery;
pub mod event;
pub(crate) mod test_limit;

use accounts::account::{self, AccountId};
use accounts::domain::Share;
use accounts::signed_in::{ScopeMissing, SignedIn};
use accounts::sudo;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use platform::audit::{Entry as Record, RequestFacts};
use platform::store::Row;
use platform::{Keyring, Rows, Secret, StoreError, Tx, outbound, sql, text_cleaning};
use serde_json::{Value, json};
use web::Findings;

use crate::Refusal;
use crate::countdown::READ;
use event::Event;

platform::id!(WebhookId, "One webhook.");

/// The most webhooks of one account.
pub const LIMIT: i64 = 10;
const PURPOSE: &str = "secret of a webhook";
/// How long the previous secret still signs after a rotation.
const ROTATION: SignedDuration = SignedDuration::from_hours(24);

web::words! {
    /// How it stands with a webhook.
    State {
        /// What was sent last has arrived, or nothing was sent yet.
        Active = "active" => "countdown-webhook-active",
        /// It has not.
        Failing = "failing" => "countdown-webhook-failing",
        /// Nothing is sent any more, until a test arrives.
        Disabled = "disabled" => "countdown-webhook-disabled",
    }
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where to; https alone.
    pub url: String,
    events: String,
    /// Whether notes of resets are sent.
    pub include_notes: bool,
    /// How it stands.
    pub state: State,
    generation: i64,
    rotated_at: Timestamp,
    failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Webhook {
    /// The events that are sent to it.
    pub fn events(&self) -> Vec<Event> {
        self.events.split(' ').filter_map(Event::find).collect()
    }

    fn parts(&self, generation: i64) -> [String; 2] {
        [self.id.to_string(), generation.to_string()]
    }

    /// The current signing secret, shown to the owner once. It is derived from the key file, so the
    /// store does not hold it.
    pub fn secret(&self, keys: &Keyring) -> Secret {
        let [id, generation] = self.parts(self.generation);
        let mac = keys.key(PURPOSE).mac(&[&id, &generation]);
        Secret::new(format!("whsec_{}", STANDARD.encode(mac)))
    }

    /// All secrets that sign at `now`: the present one, the previous one for a day after a
    /// rotation, each under every key of the key file.
    fn secrets(&self, keys: &Keyring, now: Timestamp) -> Vec<[u8; 32]> {
        let is_rotating = self.generation > 1 && now < self.rotated_at + ROTATION;
        let before = is_rotating.then_some(self.generation - 1);
        let all = std::iter::once(self.generation).chain(before);
        let of_one = |generation| {
            let [id, generation] = self.parts(generation);
            let key = keys.key(PURPOSE);
            key.macs(&[&id, &generation]).collect::<Vec<_>>()
        };
        all.flat_map(of_one).collect()
    }
}

/// A webhook to be created.
#[derive(Clone, Debug, Default)]
pub struct NewWebhook {
    /// The URL; https only.
    pub url: String,
    /// The names of the events to send.
    pub events: Vec<String>,
    /// Whether messages contain the notes of resets.
    pub include_notes: bool,
}

/// The caller's webhooks, oldest first; none for a token limited to one countdown.
pub fn list(tx: &mut Tx<'_>, who: &SignedIn) -> Result<Vec<Webhook>, Refusal> {
    check_whole(who)?;
    Ok(list_of(tx, &who.account().id)?)
}

/// One of the caller's webhooks, with its lock.
pub fn find(tx: &mut Tx<'_>, who: &SignedIn, id: &WebhookId) -> Result<Webhook, Refusal> {
    check_whole(who)?;
    // Changes of a webhook and the end of a delivery hold this lock.
    let found: Option<Webhook> = sql!(
        "SELECT {Webhook} FROM webhook WHERE id = :id AND account_id = :account
         FOR NO KEY UPDATE",
        id,
        account = who.account().id
    )
    .maybe(tx)?;
    found.ok_or(Refusal::NotFound)
}

/// Creates a webhook of the caller.
pub fn create(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    request: &RequestFacts,
    new: &NewWebhook,
) -> Result<Webhook, Refusal> {
    check_whole(who)?;
    // Somebody who registered another person's address must not receive that person's
    // countdowns once the account is theirs.
    accounts::confirmed(tx, who)?.ok_or(Refusal::EmailUnverified)?;
    sudo::require::<Refusal>(tx, who)?;
    // A receiver can read the notes, so a token needs the right to read them.
    if new.include_notes && !who.has(READ) {
        return Err(ScopeMissing(READ).into());
    }
    let account = &who.account().id;
    account::lock(tx, account)?;
    let mut findings = Findings::default();
    let url = text_cleaning::clean_line(&new.url);
    if url.is_empty() {
        findings.add("/url", "required", []);
    } else if !outbound::is_permitted(&url, outbound::Reach::Public) {
        findings.add("/url", "webhook_url_refused", []);
    }
    let mut events: Vec<&str> = Vec::new();
    for (number, name) in new.events.iter().enumerate() {
        match Event::find(name) {
            Some(event) if !events.contains(&event.word()) => events.push(event.word()),
            Some(_) => {}
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
    record(tx, who, request, &webhook.id, "webhook.created")?;
    Ok(webhook)
}

/// Replaces the secret. The previous one still signs for a day.
pub fn rotate(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    request: &RequestFacts,
    id: &WebhookId,
) -> Result<Webhook, Refusal> {
    let old = find(tx, who, id)?;
    sudo::require::<Refusal>(tx, who)?;
    let now = tx.now();
    sql!(
        "UPDATE webhook SET generation = generation + 1, rotated_at = :now WHERE id = :id",
        now,
        id
    )
    .run(tx, Rows::Exactly(1))?;
    record(tx, who, request, id, "webhook.rotated")?;
    Ok(Webhook {
        generation: old.generation + 1,
        rotated_at: now,
        ..old
    })
}

/// Deletes a webhook with its deliveries.
pub fn delete(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    request: &RequestFacts,
    id: &WebhookId,
) -> Result<(), Refusal> {
    find(tx, who, id)?;
    sql!("DELETE FROM webhook_delivery WHERE webhook_id = :id", id).run(tx, Rows::Any)?;
    sql!("DELETE FROM webhook WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    record(tx, who, request, id, "webhook.deleted")?;
    Ok(())
}

fn list_of(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Webhook>, StoreError> {
    sql!(
        "SELECT {Webhook} FROM webhook WHERE account_id = :account ORDER BY created_at, id",
        account
    )
    .all(tx)
}

/// The account's webhooks in the list of what it shares.
pub(crate) fn shared(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Share>, StoreError> {
    let all = list_of(tx, account)?.into_iter();
    let shared = all.map(|webhook| Share {
        kind: "countdown-shared-webhook",
        label: webhook.url,
        end: format!("/me/webhooks/{}/delete", webhook.id),
        fields: Vec::new(),
    });
    Ok(shared.collect())
}

/// The account's webhooks, for the export.
pub(crate) fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Value, StoreError> {
    let all = list_of(tx, account)?;
    let exported = all.iter().map(|webhook| {
        json!({
            "url": webhook.url,
            "events": webhook.events(),
            "include_notes": webhook.include_notes,
            "state": webhook.state,
            "created_at": webhook.created_at,
        })
    });
    Ok(exported.collect())
}

/// Erases the account's webhooks with their deliveries.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM webhook_delivery
         WHERE webhook_id IN (SELECT id FROM webhook WHERE account_id = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    sql!("DELETE FROM webhook WHERE account_id = :account", account).run(tx, Rows::Any)?;
    Ok(())
}

fn check_whole(who: &SignedIn) -> Result<(), Refusal> {
    if who.is_limited() {
        return Err(Refusal::TokenNotPermitted);
    }
    Ok(())
}

fn record(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    request: &RequestFacts,
    id: &WebhookId,
    action: &'static str,
) -> Result<(), StoreError> {
    tx.record(Record {
        actor: who.actor(),
        action,
        entity: ("webhook", id.to_string()),
        scope: None,
        changes: json!([]),
        request: Some(request.clone()),
    })
}
