//! Notifies hosts when answers to an invitation have closed at a deadline, or have reopened. Guests
//! need no notice, because each save checks whether answers are open. Each run finds all
//! invitations whose answers have closed or reopened since the last run.

use platform::audit::{Actor, Entity, Entry};
use platform::jobs::{Done, Handler};
use platform::news::NewNews;
use platform::{Rows, Store, StoreError, Tx, sql};
use serde_json::json;

use crate::id::{InvitationId, OccasionId};
use crate::invitation;
use crate::occasion;
use crate::rsvp::kept_seats;

const BATCH: i64 = 500;

pub fn sweeps(store: Store) -> Handler {
    Handler::each_minute("occasions.sweep", move |_| {
        let store = store.clone();
        async move {
            loop {
                let noted = store.write(note_batch).await?;
                if noted < BATCH {
                    break;
                }
            }
            kept_seats::release_due(&store).await?;
            Ok(Done::nothing())
        }
    })
}

/// Records up to [`BATCH`] invitations whose answers have closed or reopened, and returns how many
/// it recorded.
fn note_batch(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let now = tx.now();
    let due: Vec<(InvitationId,)> = sql!(
        "WITH closing AS (
             SELECT invitation.id, invitation.closed_noted_for,
                 CASE
                     WHEN lock_mode = 'locked' THEN NULL
                     WHEN lock_mode = 'auto' THEN COALESCE(deadline_override, rsvp_deadline)
                     WHEN open_until IS NULL THEN NULL
                     WHEN open_until > COALESCE(deadline_override, rsvp_deadline) THEN open_until
                     ELSE COALESCE(deadline_override, rsvp_deadline)
                 END AS closes_at
             FROM invitation JOIN occasion ON occasion.id = invitation.occasion
             WHERE invitation.archived_at IS NULL AND occasion.status = 'published'
         )
         SELECT id FROM closing
         WHERE (closes_at <= :now
                AND (closed_noted_for IS NULL OR closed_noted_for <> closes_at))
            OR (closed_noted_for IS NOT NULL AND (closes_at IS NULL OR closes_at > :now))
         ORDER BY id LIMIT :limit",
        now,
        limit = BATCH
    )
    .all(tx)?;
    let mut batches: Vec<(OccasionId, i64)> = Vec::new();
    for (id,) in &due {
        if let Some(occasion) = note(tx, id)? {
            match batches.iter_mut().find(|(known, _)| *known == occasion) {
                Some((_, count)) => *count += 1,
                None => batches.push((occasion, 1)),
            }
        }
    }
    for (occasion, count) in batches {
        tx.record(Entry {
            actor: Actor::System,
            action: "invitations.swept",
            entity: Entity::new("occasion", occasion.to_string()),
            scope: Some(occasion.to_string()),
            changes: json!([{ "field": "invitations", "old": null, "new": count }]),
            request: None,
        })?;
    }
    Ok(i64::try_from(due.len()).unwrap_or(BATCH))
}

/// Checks whether the answers are closed, by the rule that also applies to saves.
fn note(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Option<OccasionId>, StoreError> {
    let Some(invitation) = invitation::lock(tx, id)? else {
        return Ok(None);
    };
    let occasion = occasion::load(tx, &invitation.occasion)?;
    let now = tx.now();
    let closed = invitation
        .closes_at(&occasion)
        .filter(|closes| *closes <= now);
    let locked = invitation.details.lock_mode == crate::words::LockMode::Locked;
    let noted = closed.filter(|_| !locked);
    sql!(
        "UPDATE invitation SET closed_noted_for = :noted WHERE id = :id",
        id,
        noted
    )
    .run(tx, Rows::Exactly(1))?;
    // When a host locked the answers, the other hosts were notified. So nothing is published here.
    if !locked {
        let what = if noted.is_some() {
            "closed"
        } else {
            "reopened"
        };
        tx.publish(NewNews {
            scope: occasion.id.to_string(),
            name: "invitation",
            payload: json!({ "id": id, "what": what }),
        })?;
    }
    Ok(Some(occasion.id))
}
