//! The steps of the job that sends a campaign: fixing its recipients, choosing the next few
//! households, and queueing their rendered mails.

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::key::Key;
use platform::mail::NewMail;
use platform::{Rows, StoreError, Tx, sql};

use super::audience::{self, Audience};
use super::{Campaign, CampaignId, CampaignState, Skip, WINDOW, enqueue, lock, tell};
use crate::hosting::mail_text::MailKind;
use crate::hosting::permissions::{self, Permission};
use crate::hosting::{Refusal, membership};
use crate::id::{InvitationId, OccasionId};
use crate::invitation::{self, Invitation};
use crate::portal::{self, Portal};
use crate::snapshot;
use crate::words::{Access, OccasionStatus, Response};

/// How soon the job runs again while mails are in progress.
const SOON: SignedDuration = SignedDuration::from_secs(1);
/// How soon the job runs again while only deferred mails are left.
const WHILE_DEFERRED: SignedDuration = SignedDuration::from_mins(1);

/// The next mails to write.
#[derive(Debug)]
pub struct Batch {
    pub campaign: Campaign,
    /// The next households: position and invitation.
    pub next: Vec<(i64, InvitationId)>,
}

/// Begins the campaign if it is time, stores its progress, and chooses the next households. Returns
/// `None` if there is nothing to do now; if there will be later, the job is queued again.
pub fn advance(tx: &mut Tx<'_>, key: &Key, id: &CampaignId) -> Result<Option<Batch>, StoreError> {
    let Some((mut campaign, occasion)) = lock(tx, id)? else {
        return Ok(None);
    };
    let now = tx.now();
    match campaign.state {
        CampaignState::Scheduled if campaign.due_at > now => {
            enqueue(tx, id, campaign.due_at)?;
            return Ok(None);
        }
        CampaignState::Scheduled => begin(tx, key, &mut campaign, &occasion)?,
        CampaignState::Sending => {}
        CampaignState::Paused | CampaignState::Sent | CampaignState::Cancelled => return Ok(None),
    }
    if campaign.state != CampaignState::Sending {
        return Ok(None);
    }
    note_sent(tx, &campaign)?;
    let (active, deferred, queued): (i64, i64, i64) = sql!(
        "SELECT COUNT(CASE WHEN mail.state IN ('queued', 'sending') THEN 1 END),
                COUNT(CASE WHEN mail.state = 'deferred' THEN 1 END),
                COUNT(CASE WHEN recipient.state = 'queued' THEN 1 END)
         FROM campaign_recipient AS recipient LEFT JOIN mail ON mail.id = recipient.mail
         WHERE recipient.campaign = :id",
        id
    )
    .one(tx)?;
    if active + deferred + queued == 0 {
        campaign.state = CampaignState::Sent;
        sql!(
            "UPDATE campaign SET state = 'sent', finished_at = :now WHERE id = :id",
            id,
            now
        )
        .run(tx, Rows::Exactly(1))?;
        tell(tx, &occasion, &campaign)?;
        return Ok(None);
    }
    tell(tx, &occasion, &campaign)?;
    let (most, mut pause) = pace(campaign.per_minute);
    let allowed = membership::mails_left(tx, &occasion)?;
    if queued == 0 && active == 0 {
        pause = WHILE_DEFERRED;
    } else if queued > 0 && allowed == Some(0) {
        pause = membership::AGAIN;
    }
    enqueue(tx, id, now + pause)?;
    let room = most.min(WINDOW - active).min(allowed.unwrap_or(WINDOW));
    let next = sql!(
        "SELECT place, invitation FROM campaign_recipient
         WHERE campaign = :id AND state = 'queued' ORDER BY place LIMIT :room",
        id,
        room = room.max(0)
    )
    .all(tx)?;
    Ok(Some(Batch { campaign, next }))
}

/// Returns how many mails to write at once, and the pause until the next batch.
fn pace(per_minute: i64) -> (i64, SignedDuration) {
    if per_minute == 0 {
        return (WINDOW, SOON);
    }
    // Batches are at least a second apart.
    let batch = (per_minute + 59) / 60;
    (
        batch,
        SignedDuration::from_millis(60_000 * batch / per_minute),
    )
}

/// Fixes the recipients of a campaign; if the host who ordered it has lost the role, there are
/// none.
fn begin(
    tx: &mut Tx<'_>,
    key: &Key,
    campaign: &mut Campaign,
    occasion: &OccasionId,
) -> Result<(), StoreError> {
    let now = tx.now();
    let id = &campaign.id;
    campaign.state = CampaignState::Sending;
    if let Some(filter) = &campaign.audience {
        let households = find_households(tx, id, occasion, filter)?;
        campaign.started_at = Some(now);
        match households {
            Some(households) => {
                let mut place = 0_i64;
                for (invitation, email) in households {
                    place += 1;
                    let reason = audience::skip(tx, key, occasion, email.as_deref())?;
                    add(tx, id, place, &invitation, reason)?;
                }
            }
            None => campaign.state = CampaignState::Cancelled,
        }
    }
    let finished_at = (campaign.state == CampaignState::Cancelled).then_some(now);
    sql!(
        "UPDATE campaign SET state = :state, started_at = :now, finished_at = :finished_at
         WHERE id = :id",
        id,
        state = campaign.state,
        now,
        finished_at
    )
    .run(tx, Rows::Exactly(1))?;
    if finished_at.is_some() {
        tell(tx, occasion, campaign)?;
    }
    Ok(())
}

type Households = Vec<(InvitationId, Option<String>)>;

fn find_households(
    tx: &mut Tx<'_>,
    id: &CampaignId,
    occasion: &OccasionId,
    filter: &crate::hosting::listing::InvitationFilter,
) -> Result<Option<Households>, StoreError> {
    let (account,): (Option<AccountId>,) =
        sql!("SELECT account FROM campaign WHERE id = :id", id).one(tx)?;
    let host = match account {
        Some(account) => permissions::resume(tx, &account, occasion)?,
        None => None,
    };
    let Some(host) = host.filter(|host| host.may(Permission::Invite)) else {
        return Ok(None);
    };
    match Audience::households(tx, &host, filter) {
        Ok(found) => {
            let found = found.into_iter().map(|one| (one.id, one.email));
            Ok(Some(found.collect()))
        }
        Err(Refusal::Store(error)) => Err(error),
        // The filter names an event that was deleted, so there are no recipients.
        Err(_) => Ok(None),
    }
}

/// Adds a household to the recipients, or to the skipped households with the reason.
pub(in crate::hosting) fn add(
    tx: &mut Tx<'_>,
    id: &CampaignId,
    place: i64,
    invitation: &InvitationId,
    reason: Option<Skip>,
) -> Result<(), StoreError> {
    let state = if reason.is_some() {
        "skipped"
    } else {
        "queued"
    };
    sql!(
        "INSERT INTO campaign_recipient (campaign, place, invitation, state, reason)
         VALUES (:id, :place, :invitation, :state, :reason)",
        id,
        place,
        invitation,
        state,
        reason
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Marks the invitations as sent whose mail a server has accepted.
fn note_sent(tx: &mut Tx<'_>, campaign: &Campaign) -> Result<(), StoreError> {
    if campaign.kind != MailKind::Invitation {
        return Ok(());
    }
    sql!(
        "UPDATE invitation SET sent_at = :now WHERE sent_at IS NULL AND id IN
             (SELECT invitation FROM campaign_recipient
              JOIN mail ON mail.id = campaign_recipient.mail
              WHERE campaign_recipient.campaign = :id AND mail.state = 'sent')",
        id = campaign.id,
        now = tx.now()
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// A household for which a mail is to be rendered.
#[derive(Debug)]
pub struct Addressee {
    /// The household with its occasion.
    pub portal: Portal,
    /// The occasion's revision when the household was read.
    pub revision: i64,
}

/// Reads a household; `None` if its invitation was deleted.
pub fn read(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Option<Addressee>, StoreError> {
    let Some(invitation) = invitation::find(tx, id)? else {
        return Ok(None);
    };
    let revision = snapshot::revision(tx, &invitation.occasion)?;
    let snapshot = snapshot::load_at(tx, &invitation.occasion, revision)?;
    let portal = portal::load(tx, snapshot, invitation)?;
    Ok(Some(Addressee { portal, revision }))
}

/// Returns the reason why this household needs no mail of this kind now, if any.
pub fn needs_none(kind: MailKind, portal: &Portal) -> Option<Skip> {
    let invitation = &portal.household.invitation;
    if invitation.archived_at.is_some() || portal.occasion.status == OccasionStatus::Archived {
        return Some(Skip::Archived);
    }
    if kind != MailKind::Reminder {
        return None;
    }
    if portal.access != Access::Open {
        return Some(Skip::Closed);
    }
    (portal.response() == Response::Complete).then_some(Skip::Answered)
}

/// A rendered mail for a household, or the reason why it gets none.
#[derive(Debug)]
pub enum Rendered {
    Skipped(Skip),
    /// The mail, and the invitation's version and the occasion's revision from which it was
    /// rendered.
    Mail(Box<NewMail>, (i64, i64)),
}

/// Queues the mail to the household at this position, and takes the household out of the campaign's
/// queue in the same transaction. If anything has changed since the mail was rendered, the
/// household stays in the queue.
pub fn write(
    tx: &mut Tx<'_>,
    key: &Key,
    id: &CampaignId,
    (place, invitation): (i64, &InvitationId),
    rendered: &Rendered,
) -> Result<(), StoreError> {
    let found: Option<(CampaignState,)> = sql!(
        "SELECT state FROM campaign WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    if found != Some((CampaignState::Sending,)) {
        return Ok(());
    }
    let (reason, mail) = match rendered {
        Rendered::Skipped(reason) => (Some(*reason), None),
        Rendered::Mail(mail, version) => {
            let locked: Option<Invitation> = invitation::lock(tx, invitation)?;
            match locked {
                None => (Some(Skip::Archived), None),
                Some(locked) => {
                    let revision = snapshot::revision(tx, &locked.occasion)?;
                    if (locked.version, revision) != *version {
                        return Ok(());
                    }
                    let email = locked.details.email.as_deref();
                    match audience::skip(tx, key, &locked.occasion, email)? {
                        Some(reason) => (Some(reason), None),
                        None => (None, Some(mail)),
                    }
                }
            }
        }
    };
    // Another run of the job may have handled this household already.
    let state = if reason.is_some() {
        "skipped"
    } else {
        "written"
    };
    let taken = sql!(
        "UPDATE campaign_recipient SET state = :state, reason = :reason
         WHERE campaign = :id AND place = :place AND state = 'queued'",
        id,
        place,
        state,
        reason
    )
    .run(tx, Rows::AtMostOne)?;
    if let (1, Some(mail)) = (taken, mail) {
        let mail = tx.send_mail_at_most_once(NewMail::clone(mail))?;
        sql!(
            "UPDATE campaign_recipient SET mail = :mail WHERE campaign = :id AND place = :place",
            mail,
            id,
            place
        )
        .run(tx, Rows::Exactly(1))?;
    }
    Ok(())
}

/// Queues the job of every due campaign, in case its job was lost.
pub fn queue_due(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = tx.now();
    let due: Vec<(CampaignId,)> = sql!(
        "SELECT id FROM campaign
         WHERE finished_at IS NULL AND state IN ('scheduled', 'sending') AND due_at <= :now",
        now
    )
    .all(tx)?;
    for (id,) in due {
        enqueue_unless_waiting(tx, &id, now)?;
    }
    Ok(())
}

fn enqueue_unless_waiting(
    tx: &mut Tx<'_>,
    id: &CampaignId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (there,): (i64,) = sql!(
        "SELECT COUNT(*) FROM job WHERE unique_key = :key AND state <> 'failed'",
        key = super::key(id)
    )
    .one(tx)?;
    if there == 0 {
        enqueue(tx, id, now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_kept_in_batches_a_second_or_more_apart() {
        for (per_minute, batch, millis) in [
            (1, 1, 60_000),
            (30, 1, 2_000),
            (60, 1, 1_000),
            (90, 2, 1_333),
            (600, 10, 1_000),
        ] {
            let pause = SignedDuration::from_millis(millis);
            assert_eq!(pace(per_minute), (batch, pause), "{per_minute}");
        }
    }
}
