//! Records the consequences of every change by a host, namely a log entry and news for open pages.

use platform::audit::Entry;
use platform::news::NewNews;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::{Value, json};

use super::HostOf;
use crate::event;
use crate::household::Household;
use crate::invitation;

/// Old and new values, field by field, as the log stores them.
#[derive(Debug, Default)]
pub(super) struct Changes(Vec<Value>);

impl Changes {
    pub(super) fn compare<T: Serialize + PartialEq>(
        &mut self,
        field: &str,
        old: &T,
        new: &T,
    ) -> &mut Self {
        if old != new {
            self.0.push(json!({"field": field, "old": old, "new": new}));
        }
        self
    }

    /// Adds changes in the log's format.
    pub(super) fn extend(&mut self, more: Value) {
        match more {
            Value::Array(more) => self.0.extend(more),
            Value::Null => {}
            other => self.0.push(other),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_json(self) -> Value {
        Value::Array(self.0)
    }
}

impl From<Vec<Value>> for Changes {
    fn from(changes: Vec<Value>) -> Self {
        Self(changes)
    }
}

/// Writes an entry of the log.
pub(super) fn record(
    tx: &mut Tx<'_>,
    host: &HostOf,
    action: &'static str,
    entity: (&'static str, String),
    changes: Value,
) -> Result<(), StoreError> {
    tx.record(Entry {
        actor: host.actor(),
        action,
        entity,
        scope: Some(host.occasion().to_string()),
        changes,
        request: host.request(),
    })
}

/// Notifies open pages that the occasion changed, so that they reload it.
pub(super) fn tell_of_occasion(
    tx: &mut Tx<'_>,
    host: &HostOf,
    what: &str,
) -> Result<(), StoreError> {
    tx.publish(NewNews {
        scope: host.occasion().to_string(),
        name: "occasion",
        payload: json!({"id": host.occasion(), "what": what}),
    })
}

/// Notifies open pages of a change to an invitation.
pub(super) fn tell_of_invitation(
    tx: &mut Tx<'_>,
    host: &HostOf,
    household: &Household,
    what: &str,
) -> Result<(), StoreError> {
    tx.publish(NewNews {
        scope: host.occasion().to_string(),
        name: "invitation",
        payload: json!({
            "id": household.invitation.id,
            "what": what,
            "version": household.invitation.version,
        }),
    })
}

/// Finishes a change to an invitation that the caller has locked and written. Raises the version,
/// updates the search text, and writes the log and the news.
pub(super) fn finish_invitation(
    tx: &mut Tx<'_>,
    host: &HostOf,
    household: &mut Household,
    ending: Ending,
) -> Result<(), StoreError> {
    let now = tx.now();
    let invitation = &mut household.invitation;
    sql!(
        "UPDATE invitation SET version = version + 1, updated_at = :now
         WHERE id = :id AND version = :version",
        id = invitation.id,
        now,
        version = invitation.version
    )
    .run(tx, Rows::Exactly(1))?;
    invitation.version += 1;
    invitation::update_search(tx, invitation, &household.guests)?;
    if ending.moves_seats {
        event::recount_seats(tx, &household.invitation.occasion)?;
    }
    let entity = ("invitation", household.invitation.id.to_string());
    record(tx, host, ending.action, entity, ending.changes)?;
    tell_of_invitation(tx, host, household, ending.what)
}

/// How a change to an invitation is logged and announced.
pub(super) struct Ending {
    /// The action in the log, such as `invitation.changed`.
    pub(super) action: &'static str,
    /// The word in the news for open pages, such as `edited`.
    pub(super) what: &'static str,
    /// Old and new values.
    pub(super) changes: Value,
    /// Whether guests who said yes may have been added or removed. If so, seats are recounted.
    pub(super) moves_seats: bool,
}
