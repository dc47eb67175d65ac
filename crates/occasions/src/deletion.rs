//! Deletes an occasion and everything that belongs to it. Only three things remain: the occasion's
//! id, its slug, and how many people it had.
//!
//! The list of erasures ([`platform::erasure`]) remembers the deletion for a restored backup.

use std::collections::BTreeSet;

use identity::grant;
use platform::audit::{self, Actor, Entity, Entry};
use platform::{Rows, Sql, StoreError, Tx, erasure, sql};
use serde_json::json;
use site::dates;

use crate::id::OccasionId;
use crate::occasion;
use crate::{cover, diet_deletion, event, gift, invitation, role, upload};

/// The kind under which deleted occasions are recorded in the list of erasures
/// (`platform::erasure`). Restoring a backup does not remove entries from this list.
pub(crate) const ERASED: &str = "occasion";

/// Finds occasions that were deleted after the restored backup had been made.
pub(crate) fn lost(tx: &mut Tx<'_>) -> Result<Vec<OccasionId>, StoreError> {
    let subjects: BTreeSet<String> = erasure::to_repeat(tx, ERASED)?.into_iter().collect();
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let all: Vec<(OccasionId,)> = tx.all(sql!("SELECT id FROM occasion ORDER BY id"), &[])?;
    let ids = all.into_iter().map(|(id,)| id);
    Ok(ids
        .filter(|id| subjects.contains(&erasure::subject(ERASED, id.as_str())))
        .collect())
}

/// In the order that foreign keys require. `$1` is the occasion.
const ROWS: &[Sql] = &[
    sql!("DELETE FROM answer WHERE invitation IN (SELECT id FROM invitation WHERE occasion = $1)"),
    sql!("DELETE FROM reply WHERE event IN (SELECT id FROM event WHERE occasion = $1)"),
    sql!("DELETE FROM cancelled_reply WHERE event IN (SELECT id FROM event WHERE occasion = $1)"),
    sql!(
        "DELETE FROM cancelled_invitation
         WHERE event IN (SELECT id FROM event WHERE occasion = $1)"
    ),
    sql!("DELETE FROM guest WHERE invitation IN (SELECT id FROM invitation WHERE occasion = $1)"),
    sql!(
        "DELETE FROM submission
         WHERE invitation IN (SELECT id FROM invitation WHERE occasion = $1)"
    ),
    sql!(
        "DELETE FROM invitation_event
         WHERE invitation IN (SELECT id FROM invitation WHERE occasion = $1)"
    ),
    sql!(
        "DELETE FROM reminder_sent
         WHERE invitation IN (SELECT id FROM invitation WHERE occasion = $1)"
    ),
    sql!(
        "DELETE FROM form_event
         WHERE invitation IN (SELECT id FROM invitation WHERE occasion = $1)"
    ),
    sql!(
        "DELETE FROM households_apart
         WHERE one IN (SELECT id FROM invitation WHERE occasion = $1)"
    ),
    sql!("DELETE FROM handed WHERE invitation IN (SELECT id FROM invitation WHERE occasion = $1)"),
    sql!("DELETE FROM gift_reservation WHERE gift IN (SELECT id FROM gift WHERE occasion = $1)"),
    sql!("DELETE FROM gift WHERE occasion = $1"),
    sql!("DELETE FROM upload WHERE occasion = $1"),
    sql!("DELETE FROM host_picture WHERE occasion = $1"),
    sql!("DELETE FROM received_gift WHERE occasion = $1"),
    sql!("DELETE FROM cash_link WHERE occasion = $1"),
    sql!("DELETE FROM occasion_page WHERE occasion = $1"),
    sql!("DELETE FROM own_domain WHERE occasion = $1"),
    sql!("DELETE FROM answer_notification WHERE occasion = $1"),
    sql!("DELETE FROM unreported_answer WHERE occasion = $1"),
    sql!("DELETE FROM open_answer WHERE occasion = $1"),
    sql!("DELETE FROM invitation_reference WHERE occasion = $1"),
    sql!("DELETE FROM bulk_row WHERE bulk IN (SELECT id FROM bulk WHERE occasion = $1)"),
    sql!("DELETE FROM bulk WHERE occasion = $1"),
    sql!("DELETE FROM import_row WHERE import IN (SELECT id FROM import WHERE occasion = $1)"),
    sql!("DELETE FROM import_chunk WHERE import IN (SELECT id FROM import WHERE occasion = $1)"),
    sql!("DELETE FROM import_choice WHERE import IN (SELECT id FROM import WHERE occasion = $1)"),
    sql!("DELETE FROM import WHERE occasion = $1"),
    sql!("DELETE FROM export WHERE occasion = $1"),
    sql!(
        "DELETE FROM campaign_recipient
         WHERE campaign IN (SELECT id FROM campaign WHERE occasion = $1)"
    ),
    sql!("DELETE FROM campaign WHERE occasion = $1"),
    sql!("DELETE FROM reminder_rule WHERE occasion = $1"),
    sql!("DELETE FROM mail_text WHERE occasion = $1"),
    sql!("DELETE FROM question WHERE occasion = $1"),
    sql!("DELETE FROM announcement WHERE occasion = $1"),
    sql!("DELETE FROM dietary_option WHERE occasion = $1"),
    sql!("DELETE FROM occasion_alias WHERE occasion = $1"),
    sql!("DELETE FROM deletion_warning WHERE occasion = $1"),
    sql!("DELETE FROM occasion_deletion WHERE occasion = $1"),
    sql!("DELETE FROM invitation WHERE occasion = $1"),
    sql!("DELETE FROM event_told WHERE event IN (SELECT id FROM event WHERE occasion = $1)"),
    sql!("DELETE FROM event WHERE occasion = $1"),
    sql!("DELETE FROM mail WHERE scope IN ($1, 'answers-' || $1)"),
    sql!("DELETE FROM suppression WHERE scope IN ($1, 'answers-' || $1)"),
    sql!("DELETE FROM news WHERE scope = $1"),
    sql!("DELETE FROM occasion WHERE id = $1"),
];

/// Deletes an occasion. The caller must hold the occasion's lock, and must have removed its
/// exported files.
pub(crate) fn delete(tx: &mut Tx<'_>, id: &OccasionId, actor: Actor) -> Result<(), StoreError> {
    // Waits for saves in progress, by locking the events with limited seats and all invitations.
    event::lock_limited(tx, id)?;
    invitation::wait_for_answers(tx, id)?;
    let occasion = occasion::load(tx, id)?;
    let (invitations,): (i64,) =
        sql!("SELECT COUNT(*) FROM invitation WHERE occasion = :id", id).one(tx)?;
    let (guests,): (i64,) = sql!(
        "SELECT COUNT(*) FROM guest JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.occasion = :id",
        id
    )
    .one(tx)?;
    diet_deletion::delete_of_repeats(tx, id, "%")?;
    for event in event::planned(tx, id)? {
        dates::moved(tx, event.id.as_str())?;
    }
    cover::remove(tx, &occasion.cover)?;
    let pictures: Vec<(String,)> =
        sql!("SELECT DISTINCT picture FROM gift WHERE occasion = :id", id).all(tx)?;
    for (picture,) in pictures {
        gift::remove_picture(tx, &picture)?;
    }
    upload::remove_files_of(tx, id)?;
    let now = tx.now();
    // The codes are still on printed cards. No other invitation may get one of them for 24 months.
    sql!(
        "INSERT INTO retired_code (code_key, retired_at)
         SELECT code_key, :now FROM invitation WHERE occasion = :id
         ON CONFLICT (code_key) DO UPDATE SET retired_at = excluded.retired_at",
        now,
        id
    )
    .run(tx, Rows::Any)?;
    let mut slugs: Vec<(String,)> =
        sql!("SELECT slug FROM occasion_alias WHERE occasion = :id", id).all(tx)?;
    slugs.push((occasion.slug.clone(),));
    for rows in ROWS {
        tx.run(*rows, &[id], Rows::Any)?;
    }
    grant::remove_scope(tx, &role::scope(id))?;
    sql!(
        "DELETE FROM one_time_token WHERE data LIKE '%' || :id || '%'",
        id
    )
    .run(tx, Rows::Any)?;
    for (slug,) in slugs {
        let pages = format!("/admin/o/{slug}");
        sql!(
            "DELETE FROM notification WHERE href = :pages OR href LIKE :pages || '/%'",
            pages
        )
        .run(tx, Rows::Any)?;
    }
    sql!(
        "INSERT INTO deleted_occasion (id, slug, invitations, guests, deleted_at)
         VALUES (:id, :slug, :invitations, :guests, :now)",
        id,
        slug = occasion.slug,
        invitations,
        guests,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    erasure::note(tx, ERASED, id.as_str())?;
    audit::forgetting::scope(tx, id.as_str())?;
    let changes = json!([
        { "field": "invitations", "old": invitations, "new": null },
        { "field": "guests", "old": guests, "new": null },
    ]);
    tx.record(Entry {
        actor,
        action: "occasion.deleted",
        entity: Entity::new("occasion", id.to_string()),
        scope: None,
        changes,
        request: None,
    })
}
