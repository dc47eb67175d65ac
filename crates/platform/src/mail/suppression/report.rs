//! What becomes of mails, as mail servers and providers say it.

use jiff::SignedDuration;
use serde::Deserialize;

use super::super::address::Address;
use super::super::{MailId, State};
use super::{Cause, Place, SOFT_LIMIT, SOFT_PERIOD};
use crate::audit::Actor;
use crate::key::Key;
use crate::sql;
use crate::store::{Rows, StoreError, Tx};

/// For how long a repeat of a report is known as one.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// It did not, and the address may be good.
    SoftBounce,
    /// There is no such address.
    HardBounce,
    /// Its recipient called it unwanted.
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

/// Notes what a provider says of a mail, by the mail's `Message-ID` or by its own name for it.
/// What it says twice counts once; a stronger cause that follows counts too.
pub fn report(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
    message: &str,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let own = own_mail(message);
    let name = own.as_ref().map_or(message, MailId::as_str);
    // The mail is locked before the address, as its sending does.
    if let Some(id) = &own
        && matches!(outcome, Outcome::SoftBounce | Outcome::HardBounce)
    {
        sql!(
            "UPDATE mail SET state = :state, changed_at = :now
             WHERE id = :id AND recipient_hash = :hash AND state IN ('sent', 'uncertain')",
            state = State::Bounced,
            now = tx.now(),
            id,
            hash = Place::whole(key, address).address
        )
        .run(tx, Rows::AtMostOne)?;
    }
    outcome_of_mail(tx, key, address, name, outcome)
}

/// The mail of ours that a `Message-ID` names.
fn own_mail(message: &str) -> Option<MailId> {
    let name = message.strip_prefix('<').unwrap_or(message);
    let (id, _) = name.split_once('@')?;
    id.parse().ok()
}

/// Notes what became of a mail, by our name for it or by its provider's.
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

/// Writes a report down; whether it says more than was known of this mail.
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

/// Counts the soft bounces of late. The row's lock is held.
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
        let by = (Actor::System, None);
        super::audit(tx, place, "suppression.added", Cause::SoftBounce, by)?;
    }
    Ok(())
}

/// A mail to the address arrived, so what bounced softly before it counts no more.
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

/// Counts no soft bounce of before.
pub(super) fn forget_soft(tx: &mut Tx<'_>, address: &[u8]) -> Result<(), StoreError> {
    sql!(
        "UPDATE mail_report SET counts = 0 WHERE address = :address AND counts = 1",
        address
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Removes reports that nobody repeats any more, and what is left of soft bounces.
pub fn sweep(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "DELETE FROM mail_report WHERE at < :oldest",
        oldest = now - KEPT
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM suppression WHERE cause = 'soft_bounce' AND last_at < :oldest",
        oldest = now - SOFT_PERIOD
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
