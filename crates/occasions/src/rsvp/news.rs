//! Notifies others of a save: pages that hosts have open, the hosts themselves, and owners'
//! webhooks.

use identity::account::AccountId;
use platform::news::PAYLOAD_LIMIT;
use platform::{StoreError, Tx};
use serde::Serialize;

use crate::answer_notification;
use crate::guest::Guest;
use crate::household_plan::FieldChange;
use crate::id::InvitationId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::occasion;
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
    let payload = news_of_answers(snapshot, changes, source);
    tx.publish_json(snapshot.occasion.id.as_str(), "rsvp", &payload)?;
    let id = &snapshot.household.invitation.id;
    answer_notification::note(tx, &snapshot.occasion.id, id, by)?;
    webhook::reply_saved(tx, snapshot, source, || answered(snapshot, changes))
}

fn answered<'a>(snapshot: &'a InvitationSnapshot, changes: &[FieldChange]) -> Vec<Answered<'a>> {
    let changed = |guest: &&Guest| {
        changes.iter().any(|change| {
            let rest = change.field.strip_prefix("guests/");
            let rest = rest.and_then(|rest| rest.strip_prefix(guest.id.as_str()));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("/replies/"))
        })
    };
    let guests = snapshot.household.guests.iter().filter(changed);
    let answered = guests.map(|guest| {
        let replies = snapshot.events.iter().filter_map(|event| {
            let reply = guest.replies.get(&event.id)?;
            Some((event.key.as_str(), reply.status))
        });
        Answered {
            id: &guest.id,
            replies: replies.collect(),
        }
    });
    answered.collect()
}

/// The payload of the news `rsvp`.
#[derive(Serialize)]
struct AnswersNews<'a> {
    guests: Vec<Answered<'a>>,
    invitation: &'a InvitationId,
    source: Source,
    version: i64,
}

/// The guests are left out if the news would be too long.
fn news_of_answers(
    snapshot: &InvitationSnapshot,
    changes: &[FieldChange],
    source: Source,
) -> String {
    let invitation = &snapshot.household.invitation;
    let news = |guests| {
        occasion::to_json(&AnswersNews {
            guests,
            invitation: &invitation.id,
            source,
            version: invitation.version,
        })
    };
    let payload = news(answered(snapshot, changes));
    if payload.len() > PAYLOAD_LIMIT {
        return news(Vec::new());
    }
    payload
}
