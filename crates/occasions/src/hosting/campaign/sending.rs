//! The steps of the job that sends a campaign. The job fixes the recipients, chooses the next ones,
//! and queues the mails that were rendered for them.

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::key::Key;
use platform::mail::{self, NewMail, sender_domain};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};

use super::audience::{self, Audience, Household, Recipient};
use super::{
    Campaign, CampaignId, CampaignState, RecipientState, Skip, WINDOW, enqueue, lock,
    publish_progress,
};
use crate::hosting::listing::InvitationRow;
use crate::hosting::mail_text::MailKind;
use crate::hosting::permissions::{self, Permission};
use crate::hosting::thanks::{self, DayAfter};
use crate::hosting::{Refusal, member_occasions};
use crate::id::{GuestId, InvitationId, OccasionId};
use crate::invitation::{self, Invitation};
use crate::invitation_snapshot::{self, InvitationSnapshot};
use crate::occasion;
use crate::snapshot;
use crate::words::{Access, OccasionStatus, Response};

/// The time until the job's next run.
const WHILE_SENDING: SignedDuration = SignedDuration::from_secs(1);
const WHILE_DEFERRED: SignedDuration = SignedDuration::from_mins(1);

/// A campaign and the recipients whose mails are rendered next.
#[derive(Debug)]
pub struct Batch {
    pub campaign: Campaign,
    pub next: Vec<Next>,
}

/// A recipient whose mail is rendered next.
#[derive(Clone, Debug, Row)]
pub struct Next {
    /// The recipient's position in the order in which the mails are sent.
    pub place: i64,
    pub invitation: InvitationId,
    /// The guest whose own address gets the mail; `None` for the household's address.
    pub guest: Option<GuestId>,
}

/// Starts the campaign if it is due, updates its progress, and chooses the next recipients. Returns
/// `None` if there is nothing to render now. If work remains for later, queues the job again.
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
        CampaignState::Scheduled | CampaignState::Sending if sender_domain::is_unverified(tx)? => {
            campaign.state = CampaignState::Paused;
            sql!("UPDATE campaign SET state = 'paused' WHERE id = :id", id)
                .run(tx, Rows::Exactly(1))?;
            super::withdraw_unsent(tx, id)?;
            publish_progress(tx, &occasion, &campaign)?;
            return Ok(None);
        }
        CampaignState::Scheduled => fix_recipients(tx, key, &mut campaign, &occasion)?,
        CampaignState::Sending => {}
        CampaignState::Paused | CampaignState::Sent | CampaignState::Cancelled => return Ok(None),
    }
    if campaign.state != CampaignState::Sending {
        return Ok(None);
    }
    match campaign.kind {
        MailKind::Invitation => note_sent(tx, &campaign)?,
        MailKind::Thanks => {
            let started_at = campaign.started_at.unwrap_or(campaign.due_at);
            thanks::note_sent(tx, &occasion, id.as_str(), started_at)?;
        }
        MailKind::SaveTheDate | MailKind::Reminder | MailKind::News | MailKind::Moved => {}
    }
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
        publish_progress(tx, &occasion, &campaign)?;
        return Ok(None);
    }
    publish_progress(tx, &occasion, &campaign)?;
    let (most, mut pause) = pace(campaign.per_minute);
    let allowed = member_occasions::mails_left(tx, &occasion)?;
    if queued == 0 && active == 0 {
        pause = WHILE_DEFERRED;
    } else if queued > 0 && allowed == Some(0) {
        pause = member_occasions::AGAIN;
    }
    enqueue(tx, id, now + pause)?;
    let room = most.min(WINDOW - active).min(allowed.unwrap_or(WINDOW));
    let next = sql!(
        "SELECT {Next} FROM campaign_recipient
         WHERE campaign = :id AND state = 'queued' ORDER BY place LIMIT :room",
        id,
        room = room.max(0)
    )
    .all(tx)?;
    Ok(Some(Batch { campaign, next }))
}

/// Returns how many mails a batch contains, and the pause until the next batch.
fn pace(per_minute: i64) -> (i64, SignedDuration) {
    if per_minute == 0 {
        return (WINDOW, WHILE_SENDING);
    }
    // The job runs at most once per second. So a batch contains the mails for one second, rounded
    // up.
    let batch = (per_minute + 59) / 60;
    (
        batch,
        SignedDuration::from_millis(60_000 * batch / per_minute),
    )
}

/// If the account that ordered the campaign is no longer a host, the campaign is cancelled.
fn fix_recipients(
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
                let to_guests = campaign.to_guests;
                let households: Vec<_> = households.into_iter().map(Household::from).collect();
                let found = audience::recipients(tx, key, occasion, &households, to_guests)?;
                add(tx, id, &found)?;
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
        publish_progress(tx, occasion, campaign)?;
    }
    Ok(())
}

fn find_households(
    tx: &mut Tx<'_>,
    id: &CampaignId,
    occasion: &OccasionId,
    filter: &crate::hosting::listing::InvitationFilter,
) -> Result<Option<Vec<InvitationRow>>, StoreError> {
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
        Ok(found) => Ok(Some(found)),
        Err(Refusal::Store(error)) => Err(error),
        // The filter names an event that has been deleted, so the campaign is cancelled.
        Err(_) => Ok(None),
    }
}

/// The columns of a new recipient.
#[derive(Row)]
struct NewRecipient {
    campaign: CampaignId,
    place: i64,
    invitation: InvitationId,
    guest: Option<GuestId>,
    state: RecipientState,
    reason: Option<Skip>,
}

/// Adds the recipients to a new campaign, also those that are skipped.
pub(in crate::hosting) fn add(
    tx: &mut Tx<'_>,
    id: &CampaignId,
    recipients: &[Recipient],
) -> Result<(), StoreError> {
    let new: Vec<_> = (1..)
        .zip(recipients)
        .map(|(place, recipient)| NewRecipient {
            campaign: id.clone(),
            place,
            invitation: recipient.invitation.clone(),
            guest: recipient.guest.clone(),
            state: match recipient.reason {
                Some(_) => RecipientState::Skipped,
                None => RecipientState::Queued,
            },
            reason: recipient.reason,
        })
        .collect();
    sql!(
        "INSERT INTO campaign_recipient ({NewRecipient}) VALUES {(:NewRecipient), ...}",
        NewRecipient = new
    )
    .insert(tx)
}

fn note_sent(tx: &mut Tx<'_>, campaign: &Campaign) -> Result<(), StoreError> {
    sql!(
        "UPDATE invitation SET sent_at = :now WHERE sent_at IS NULL AND id IN
             (SELECT invitation FROM campaign_recipient
              JOIN mail ON mail.id = campaign_recipient.mail
              WHERE campaign_recipient.campaign = :id AND mail.state = 'sent'
                AND mail.mailbox_at IS NULL)",
        id = campaign.id,
        now = tx.now()
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// A recipient with all data that the mail needs.
#[derive(Debug)]
pub struct Addressee {
    /// The household's invitation, with its occasion.
    pub snapshot: InvitationSnapshot,
    /// The occasion's revision when the data was read.
    pub revision: i64,
    /// The recipient's email address, or `None` if it was removed after the campaign had started.
    pub email: Option<String>,
    /// The name of the guest or household that has the address.
    pub name: String,
    pub day_after: DayAfter,
}

/// Reads the data for a recipient's mail. Returns `None` if the invitation was deleted. With
/// `names_day_after`, the mail may name what there is after the day.
pub fn read(
    tx: &mut Tx<'_>,
    next: &Next,
    names_day_after: bool,
) -> Result<Option<Addressee>, StoreError> {
    let Some(invitation) = invitation::find(tx, &next.invitation)? else {
        return Ok(None);
    };
    let details = &invitation.details;
    let (name, email) = match &next.guest {
        None => (details.household.clone(), details.email.clone()),
        Some(guest) => sql!(
            "SELECT name, email FROM guest WHERE id = :guest AND invitation = :id",
            guest,
            id = next.invitation
        )
        .maybe(tx)?
        .unwrap_or_default(),
    };
    let revision = snapshot::revision(tx, &invitation.occasion)?;
    let occasion_snapshot = snapshot::load_at(tx, &invitation.occasion, revision)?;
    let snapshot = invitation_snapshot::load(tx, occasion_snapshot, invitation)?;
    let day_after = if names_day_after {
        DayAfter::load(tx, &snapshot)?
    } else {
        DayAfter::default()
    };
    Ok(Some(Addressee {
        snapshot,
        revision,
        email,
        name,
        day_after,
    }))
}

/// Returns why this household should get no mail of this kind now; `None` if it should get one.
pub fn needs_none(kind: MailKind, snapshot: &InvitationSnapshot) -> Option<Skip> {
    let invitation = &snapshot.household.invitation;
    if invitation.archived_at.is_some() || snapshot.occasion.status == OccasionStatus::Archived {
        return Some(Skip::Archived);
    }
    if kind != MailKind::Reminder {
        return None;
    }
    if snapshot.access != Access::Open || snapshot.is_cancelled() {
        return Some(Skip::Closed);
    }
    (snapshot.response() == Response::Complete).then_some(Skip::Answered)
}

/// A rendered mail, or the reason why the recipient is skipped.
#[derive(Debug)]
pub enum Rendered {
    Skipped(Skip),
    /// The rendered mail, the versions of the invitation and the occasion that were rendered, and
    /// the origin of the mail's links.
    Mail(Box<NewMail>, (i64, i64), String),
}

/// Queues the rendered mail, and takes its recipient out of the campaign's queue in the same
/// transaction. If the data has changed since rendering, the recipient stays in the queue.
pub fn write(
    tx: &mut Tx<'_>,
    key: &Key,
    id: &CampaignId,
    next: &Next,
    rendered: &Rendered,
) -> Result<(), StoreError> {
    // The daily limit of mails applies to all campaigns of the occasion together. So the occasion
    // is locked.
    let of: Option<(OccasionId,)> =
        sql!("SELECT occasion FROM campaign WHERE id = :id", id).maybe(tx)?;
    let Some((of,)) = of else {
        return Ok(());
    };
    occasion::hold(tx, &of)?;
    let found: Option<(CampaignState,)> = sql!(
        "SELECT state FROM campaign WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    if found != Some((CampaignState::Sending,)) {
        return Ok(());
    }
    let place = next.place;
    let (reason, mail) = match rendered {
        Rendered::Skipped(reason) => (Some(*reason), None),
        Rendered::Mail(mail, version, origin) => {
            let locked: Option<Invitation> = invitation::lock(tx, &next.invitation)?;
            match locked {
                None => (Some(Skip::Archived), None),
                Some(locked) => {
                    let revision = snapshot::revision(tx, &locked.occasion)?;
                    if (locked.version, revision) != *version {
                        return Ok(());
                    }
                    let to = Some(mail.to.as_str());
                    match audience::skip(tx, key, &locked.occasion, to)? {
                        Some(reason) => (Some(reason), None),
                        None => (None, Some((mail, origin))),
                    }
                }
            }
        }
    };
    if mail.is_some() && member_occasions::mails_left(tx, &of)? == Some(0) {
        return Ok(());
    }
    // If another run of the job has already written this mail, this statement updates no row.
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
    if let (1, Some((mail, origin))) = (taken, mail) {
        let mail = tx.send_mail_at_most_once(NewMail::clone(mail))?;
        mail::set_link_origin(tx, &mail, origin)?;
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

/// Queues the job of each due campaign again, in case the job was lost.
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
