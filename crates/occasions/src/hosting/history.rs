//! Records each change by a host. Writes a line in the audit log, and publishes news for the pages
//! that other hosts have open.

use platform::audit::{Entity, Entry};
use platform::news::NewNews;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::{Value, json};

use super::HostOf;
use crate::guest::Guest;
use crate::household::Household;
use crate::household_plan;
use crate::invitation;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::rsvp;
use crate::words::Source;

/// The changes of an audit log entry: the old and new values of fields.
#[derive(Debug, Default)]
pub struct Changes(Vec<Value>);

impl Changes {
    pub fn compare<T: Serialize + PartialEq>(
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

    /// Adds changes that already have the audit log's format.
    pub fn extend(&mut self, more: Value) {
        match more {
            Value::Array(more) => self.0.extend(more),
            Value::Null => {}
            other => self.0.push(other),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn into_json(self) -> Value {
        Value::Array(self.0)
    }
}

impl From<Vec<Value>> for Changes {
    fn from(changes: Vec<Value>) -> Self {
        Self(changes)
    }
}

pub fn record(
    tx: &mut Tx<'_>,
    host: &HostOf,
    action: &'static str,
    entity: Entity,
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

/// Publishes the news that the occasion changed. Pages that hosts have open then reload it.
pub fn tell_of_occasion(tx: &mut Tx<'_>, host: &HostOf, what: &str) -> Result<(), StoreError> {
    tx.publish(NewNews {
        scope: host.occasion().to_string(),
        name: "occasion",
        payload: json!({"id": host.occasion(), "what": what}),
    })
}

/// Publishes the news that an invitation changed, for the pages that hosts have open.
pub fn tell_of_invitation(
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

/// Completes a change to an invitation. The caller has locked the invitation and written the
/// change. Raises the version, updates the search text, writes the audit line and publishes the
/// news.
pub fn finish_invitation(
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
        rsvp::recount_seats(tx, &household.invitation.occasion)?;
    }
    let entity = Entity::new("invitation", household.invitation.id.to_string());
    record(tx, host, ending.action, entity, ending.changes)?;
    tell_of_invitation(tx, host, household, ending.what)
}

/// Completes a change to the guests of an invitation, which were `before` and are stored as
/// `snapshot` has them. Also writes the submission and recounts the taken seats.
pub(super) fn finish_guests(
    tx: &mut Tx<'_>,
    host: &HostOf,
    snapshot: &mut InvitationSnapshot,
    before: &[Guest],
) -> Result<(), StoreError> {
    let after = &snapshot.household.guests;
    let changes = household_plan::differences(before, after, &snapshot.events, &snapshot.questions);
    let invitation = &snapshot.household.invitation;
    rsvp::insert_submission(
        tx,
        &invitation.id,
        invitation.version,
        &changes,
        "host",
        Source::Web,
    )?;
    let ending = Ending {
        action: "invitation.changed",
        what: "edited",
        changes: rsvp::masked(&changes),
        moves_seats: true,
    };
    finish_invitation(tx, host, &mut snapshot.household, ending)
}

/// What the audit log and the news say about a change to an invitation.
pub struct Ending {
    /// The action in the audit log, such as `invitation.changed`.
    pub action: &'static str,
    /// The keyword in the news, such as `edited`.
    pub what: &'static str,
    /// The old and new values of fields, in the audit log's format.
    pub changes: Value,
    /// Whether the number of guests who said yes may have changed. If so, the taken seats are
    /// recounted.
    pub moves_seats: bool,
}
