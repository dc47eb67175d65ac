//! Notifies others of a save: pages that hosts have open, the hosts themselves, and owners'
//! webhooks.

use identity::account::AccountId;
use platform::news::{NewNews, PAYLOAD_LIMIT};
use platform::{StoreError, Tx};
use serde_json::json;

use crate::answer_notification;
use crate::guest::Guest;
use crate::household_plan::FieldChange;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::webhook::{self, Answered};
use crate::words::Source;

/// Notifies others of a save: pages that hosts have open, the hosts themselves, and owners'
/// webhooks. `by` is the host who saved; `None` if the household saved.
pub(crate) fn tell_of_answers(
    tx: &mut Tx<'_>,
    snapshot: &InvitationSnapshot,
    changes: &[FieldChange],
    source: Source,
    by: Option<&AccountId>,
) -> Result<(), StoreError> {
    tx.publish(news_of_answers(snapshot, changes, source))?;
    let id = &snapshot.household.invitation.id;
    answer_notification::note(tx, &snapshot.occasion.id, id, by)?;
    webhook::reply_saved(tx, snapshot, source, || answered(snapshot, changes))
}

fn answered(snapshot: &InvitationSnapshot, changes: &[FieldChange]) -> Vec<Answered> {
    let changed = |guest: &&Guest| {
        let prefix = format!("guests/{}", guest.id);
        changes.iter().any(|change| {
            let rest = change.field.strip_prefix(&prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("/replies/"))
        })
    };
    let guests = snapshot.household.guests.iter().filter(changed);
    let answered = guests.map(|guest| {
        let replies = snapshot.events.iter().filter_map(|event| {
            let reply = guest.replies.get(&event.id)?;
            Some((event.key.clone(), reply.status))
        });
        Answered {
            id: guest.id.clone(),
            replies: replies.collect(),
        }
    });
    answered.collect()
}

/// The guests are left out if the news would be too long.
fn news_of_answers(
    snapshot: &InvitationSnapshot,
    changes: &[FieldChange],
    source: Source,
) -> NewNews {
    let mut payload = json!({
        "invitation": snapshot.household.invitation.id,
        "version": snapshot.household.invitation.version,
        "source": source,
        "guests": answered(snapshot, changes),
    });
    if payload.to_string().len() > PAYLOAD_LIMIT {
        payload["guests"] = json!([]);
    }
    NewNews {
        scope: snapshot.occasion.id.to_string(),
        name: "rsvp",
        payload,
    }
}
