//! The events of webhooks. A message is written in the transaction of the change that it reports.

use accounts::grant;
use platform::{StoreError, Tx, sql};
use serde_json::{Value, json};

use super::{Webhook, delivery};
use crate::countdown::{self, Countdown};
use crate::entry::{self, Entry};

web::words! {
    /// An event of a countdown.
    Event {
        /// It was reset.
        Reset = "countdown.reset" => "countdown-event-reset",
        /// A reset was changed.
        EntryChanged = "countdown.entry_changed" => "countdown-event-entry-changed",
        /// A reset was deleted.
        EntryDeleted = "countdown.entry_deleted" => "countdown-event-entry-deleted",
        /// Its settings were changed.
        Changed = "countdown.changed" => "countdown-event-changed",
        /// Its day has come.
        Reached = "countdown.reached" => "countdown-event-reached",
    }
}

/// The details of an event besides its countdown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About<'a> {
    /// No details.
    Nothing,
    /// This reset.
    Entry(&'a Entry),
    /// Whether the day is announced late.
    Late(bool),
}

/// Enqueues the event for the webhooks of all owners. The caller holds the countdown's lock.
pub(crate) fn fire(
    tx: &mut Tx<'_>,
    countdown: &Countdown,
    event: Event,
    about: About<'_>,
) -> Result<(), StoreError> {
    for owner in grant::list(tx, &countdown::scope(&countdown.id))? {
        let webhooks: Vec<Webhook> = sql!(
            "SELECT {Webhook} FROM webhook WHERE account_id = :account AND state <> 'disabled'
             ORDER BY id",
            account = owner.account
        )
        .all(tx)?;
        for webhook in webhooks {
            if webhook.events().contains(&event) {
                let body = body(tx, countdown, about, webhook.include_notes)?;
                delivery::enqueue(tx, &webhook.id, event.word(), body)?;
            }
        }
    }
    Ok(())
}

fn body(
    tx: &mut Tx<'_>,
    countdown: &Countdown,
    about: About<'_>,
    include_notes: bool,
) -> Result<Value, StoreError> {
    let stats = entry::summary(tx, &countdown.id)?.at(tx.now());
    let mut body = json!({
        "countdown": {
            "id": countdown.id.as_str(),
            "title": countdown.title,
            "slug": countdown.slug,
            "kind": countdown.kind,
            "target": countdown.target,
        },
        "stats": stats,
    });
    match about {
        About::Nothing => {}
        About::Late(is_late) => body["late"] = json!(is_late),
        About::Entry(entry) => {
            body["entry"] = json!({"id": entry.id.as_str(), "reset_at": entry.reset_at});
            if include_notes {
                body["entry"]["note"] = json!(entry.note);
            }
        }
    }
    Ok(body)
}
