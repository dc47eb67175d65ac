//! Delivery reports from mail servers and mail providers.

use jiff::SignedDuration;
use serde::Deserialize;

use super::super::address::Address;
use super::super::dsn::Bounce;
use super::super::{MailId, State, message_id};
use super::{Cause, Place, SOFT_LIMIT, SOFT_PERIOD};
use crate::audit::Actor;
use crate::key::Key;
use crate::sql;
use crate::store::{Rows, StoreError, Tx};

/// Long enough to recognize repeated reports.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a report says about a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Delivered,
    /// The mail was not delivered, although the email address may be valid.
    SoftBounce,
    /// The email address does not exist.
    HardBounce,
    /// The recipient marked the mail as spam.
    Complaint,
}

impl Outcome {
    fn cause(self) -> Option<Cause> {
        match self {
            Self::Delivered => None,
            Self::SoftBounce => Some(Cause::SoftBounce),
            Self::HardBounce => Some(Cause::HardBounce),
            Self::Complaint => Some(Cause::Complaint),
        }
    }
}

/// Records a mail provider's report about a mail, identified by its `Message-ID` or the provider's
/// own id. A repeated report counts once; a later report of a stronger outcome counts too.
pub fn report(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
    message: &str,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let own = message_id::find(message);
    let name = own.as_ref().map_or(message, MailId::as_str);
    // The mail is locked before the email address. Sending locks in the same order, so the two
    // cannot deadlock.
    if let Some(id) = &own
        && matches!(outcome, Outcome::SoftBounce | Outcome::HardBounce)
    {
        bounced(tx, key, address, id)?;
    }
    outcome_of_mail(tx, key, address, name, outcome)
}

/// Records a delivery report that arrived by mail. Ignores a report without the signed Message-ID
/// of one of this site's mails. Also ignores reports about old mails, because repeated reports
/// about them are no longer recognized.
pub(in super::super) fn returned(
    tx: &mut Tx<'_>,
    key: &Key,
    bounce: &Bounce,
) -> Result<(), StoreError> {
    let mut messages = bounce.messages.iter();
    let Some(id) = messages.find_map(|message| message_id::find_signed(key, message)) else {
        return Ok(());
    };
    let sent: Option<(Address,)> = sql!(
        "SELECT recipient FROM mail WHERE id = :id AND created_at > :oldest",
        id,
        oldest = tx.now() - KEPT_FOR
    )
    .maybe(tx)?;
    // The email address is taken from the stored mail, because a report may name an address to
    // which the mail was forwarded.
    let Some((address,)) = sent else {
        return Ok(());
    };
    bounced(tx, key, &address, &id)?;
    sql!(
        "UPDATE mail SET answer = :reason WHERE id = :id AND state = 'bounced'",
        reason = bounce.reason,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    let outcome = if bounce.is_unknown {
        Outcome::HardBounce
    } else {
        Outcome::SoftBounce
    };
    outcome_of_mail(tx, key, &address, id.as_str(), outcome)
}

/// Marks a mail as bounced, although the mail server had accepted it.
fn bounced(tx: &mut Tx<'_>, key: &Key, address: &Address, id: &MailId) -> Result<(), StoreError> {
    sql!(
        "UPDATE mail SET state = :state, changed_at = :now
         WHERE id = :id AND recipient_hash = :hash AND state IN ('sent', 'uncertain')",
        state = State::Bounced,
        now = tx.now(),
        id,
        hash = Place::whole(key, address).address
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Records a report about a mail. `message` is the mail's id in this store, or the mail provider's
/// id.
pub(in super::super) fn outcome_of_mail(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
    message: &str,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let Some(cause) = outcome.cause() else {
        return delivered(tx, key, address);
    };
    let place = Place::whole(key, address);
    let known = super::lock(tx, &place)?;
    if !is_news(tx, &place, message, cause)? {
        return Ok(());
    }
    if cause > Cause::SoftBounce {
        return super::raise(tx, &place, cause, None);
    }
    if known == Cause::SoftBounce {
        count_soft(tx, &place)?;
    }
    Ok(())
}

fn is_news(
    tx: &mut Tx<'_>,
    place: &Place,
    message: &str,
    cause: Cause,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let added = sql!(
        "INSERT INTO mail_report (message, address, cause, counts, at)
         VALUES (:message, :address, :cause, 1, :now)
         ON CONFLICT (message, address) DO NOTHING",
        message,
        address = place.address,
        cause,
        now
    )
    .run(tx, Rows::AtMostOne)?;
    if added == 1 {
        return Ok(true);
    }
    let (known,): (Cause,) = sql!(
        "SELECT cause FROM mail_report WHERE message = :message AND address = :address",
        message,
        address = place.address
    )
    .one(tx)?;
    if known >= cause {
        return Ok(false);
    }
    sql!(
        "UPDATE mail_report SET cause = :cause WHERE message = :message AND address = :address",
        cause,
        message,
        address = place.address
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(true)
}

/// Updates the number of recent soft bounces. The caller holds the lock of the suppression entry.
fn count_soft(tx: &mut Tx<'_>, place: &Place) -> Result<(), StoreError> {
    let now = tx.now();
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM mail_report
         WHERE address = :address AND cause = 'soft_bounce' AND counts = 1 AND at > :since",
        address = place.address,
        since = now - SOFT_PERIOD
    )
    .one(tx)?;
    sql!(
        "UPDATE suppression SET soft_count = :count, last_at = :now
         WHERE address = :address AND scope = '' AND stream = ''",
        count,
        now,
        address = place.address
    )
    .run(tx, Rows::Exactly(1))?;
    if count == SOFT_LIMIT {
        let (cause, actor) = (Cause::SoftBounce, Actor::System);
        super::audit(tx, place, "suppression.added", cause, actor, None)?;
    }
    Ok(())
}

/// Resets the soft bounces of an email address, because a mail to the address was delivered.
pub(in super::super) fn delivered(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
) -> Result<(), StoreError> {
    for place in Place::wholes(key, address) {
        sql!(
            "DELETE FROM suppression
             WHERE address = :address AND scope = '' AND stream = '' AND cause = 'soft_bounce'",
            address = place.address
        )
        .run(tx, Rows::AtMostOne)?;
        forget_soft(tx, &place.address)?;
    }
    Ok(())
}

pub(super) fn forget_soft(tx: &mut Tx<'_>, address: &[u8]) -> Result<(), StoreError> {
    sql!(
        "UPDATE mail_report SET counts = 0 WHERE address = :address AND counts = 1",
        address
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Deletes expired soft bounces, and reports that are no longer needed for recognizing repeated
/// reports.
pub fn sweep(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "DELETE FROM mail_report WHERE at < :oldest",
        oldest = now - KEPT_FOR
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM suppression WHERE cause = 'soft_bounce' AND last_at < :oldest",
        oldest = now - SOFT_PERIOD
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
