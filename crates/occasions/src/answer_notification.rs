//! Notifies hosts about saved answers. Each host chooses how soon to get a mail, and how soon to
//! get a notice on the site. A save adds a row for each host to notify. A
//! [job](crate::web::answer_notifications) later sends the rows of several saves as one mail or
//! notice.

use identity::account::{self, AccountId};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use platform::mail::Address;
use platform::mail::suppression::{Cause, Suppression};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::fields::{choice, hour};
use web::{Field, words};

use crate::id::{InvitationId, OccasionId};
use crate::occasion;
use crate::role;

const DEBOUNCE: SignedDuration = SignedDuration::from_mins(2);
const MAX_DELAY: SignedDuration = SignedDuration::from_mins(10);
/// The minimum time between two mails to one host about the same household.
const BETWEEN_MAILS: SignedDuration = SignedDuration::from_mins(30);

words! {
    /// How soon a host is notified about answers.
    #[schema(as = AnswerFrequency)]
    Frequency {
        /// A few minutes after a household's save.
        AtOnce = "at_once" => "host-hear-at-once",
        /// Once a day, at the chosen hour.
        Daily = "daily" => "host-hear-daily",
        /// Never.
        Never = "never" => "host-hear-never",
    }
}

words! {
    /// How a host is notified.
    Channel {
        /// A mail to the account's address.
        Mail = "mail",
        /// A notice on the site.
        Site = "site",
    }
}

/// A host's choice of notifications about answers in one occasion.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[schema(as = AnswerNotifications)]
pub struct Choice {
    /// How soon the host gets a mail.
    pub by_mail: Frequency,
    /// How soon the host gets a notice on the site.
    pub on_site: Frequency,
    /// When daily mails and notices are sent, such as `08:00`, in the occasion's time zone.
    #[row(rename = "at_hour")]
    pub hour: String,
}

pub const FIELDS: &[Field] = web::fields! { Choice:
    by_mail: choice::<Frequency>().label("host-hear-by-mail"),
    on_site: choice::<Frequency>().label("host-hear-on-site"),
    hour: hour().label("host-hear-hour"),
};

impl Default for Choice {
    fn default() -> Self {
        Self {
            by_mail: Frequency::Never,
            on_site: Frequency::AtOnce,
            hour: "08:00".to_owned(),
        }
    }
}

impl Choice {
    pub(crate) fn of(&self, channel: Channel) -> Frequency {
        match channel {
            Channel::Mail => self.by_mail,
            Channel::Site => self.on_site,
        }
    }
}

/// Returns the host's stored choice, or the default if the host has stored none.
pub(crate) fn choice_of(
    tx: &mut Tx<'_>,
    account: &AccountId,
    occasion: &OccasionId,
) -> Result<Choice, StoreError> {
    let found: Option<Choice> = sql!(
        "SELECT {Choice} FROM answer_notification
         WHERE account = :account AND occasion = :occasion",
        account,
        occasion
    )
    .maybe(tx)?;
    Ok(found.unwrap_or_default())
}

/// Stores a host's choice. If the host switches a channel off, saves that are still waiting for a
/// report through this channel are never reported.
pub(crate) fn choose(
    tx: &mut Tx<'_>,
    account: &AccountId,
    occasion: &OccasionId,
    choice: &Choice,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO answer_notification (account, occasion, {Choice})
         VALUES (:account, :occasion, {:Choice})
         ON CONFLICT (account, occasion) DO UPDATE SET
             by_mail = excluded.by_mail, on_site = excluded.on_site, at_hour = excluded.at_hour",
        account,
        occasion,
        Choice = choice
    )
    .run(tx, Rows::Exactly(1))?;
    for channel in Channel::ALL {
        if choice.of(*channel) == Frequency::Never {
            forget(tx, account, occasion, *channel)?;
        }
    }
    Ok(())
}

/// Returns the unsubscription scope for an occasion's mails about answers. Unsubscribing stops only
/// these mails.
pub(crate) fn mail_scope(occasion: &OccasionId) -> String {
    format!("answers-{occasion}")
}

/// Whether the suppression exists because a host unsubscribed from this occasion's mails about
/// answers.
pub(crate) fn is_stopped_by(one: &Suppression, occasion: &OccasionId) -> bool {
    one.cause == Cause::Unsubscribe && one.place.scope() == mail_scope(occasion)
}

/// Records a household's save for each host who wants reports, except for the host who made the
/// save. The caller must hold the invitation's lock.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    invitation: &InvitationId,
    by: Option<&AccountId>,
) -> Result<(), StoreError> {
    let usual = Choice::default();
    sql!(
        "INSERT INTO unreported_answer (account, occasion, channel, invitation, first_at, last_at)
         SELECT host.account_id, host.scope_id, way.channel, CAST(:invitation AS TEXT),
             CAST(:now AS BIGINT), CAST(:now AS BIGINT)
         FROM role_grant AS host
         CROSS JOIN (SELECT 'mail' AS channel UNION ALL SELECT 'site' AS channel) AS way
         LEFT JOIN answer_notification AS chosen
             ON chosen.account = host.account_id AND chosen.occasion = host.scope_id
         WHERE host.scope_kind = :kind AND host.scope_id = :occasion AND host.is_rank = 1
           AND (host.expires_at IS NULL OR host.expires_at > :now)
           AND host.account_id <> :by
           AND CASE way.channel WHEN 'mail' THEN COALESCE(chosen.by_mail, :by_mail)
                                ELSE COALESCE(chosen.on_site, :on_site) END <> 'never'
         ORDER BY host.account_id, way.channel
         ON CONFLICT (account, occasion, channel, invitation)
             DO UPDATE SET last_at = excluded.last_at, is_new = 1,
                 first_at = CASE WHEN unreported_answer.is_new = 1
                                 THEN unreported_answer.first_at ELSE excluded.first_at END",
        invitation,
        now = tx.now(),
        kind = role::OCCASION.name,
        occasion,
        by = by.map_or("", AccountId::as_str),
        by_mail = usual.by_mail,
        on_site = usual.on_site
    )
    .run_later(tx, Rows::Any)
}

/// Saves in one occasion that a host has not been notified about through one channel.
#[derive(Clone, Debug, Row)]
pub(crate) struct Unreported {
    pub(crate) account: AccountId,
    pub(crate) occasion: OccasionId,
    pub(crate) channel: Channel,
    first_at: Timestamp,
    last_at: Timestamp,
}

/// Lists the unreported saves, grouped by host, occasion and channel.
pub(crate) fn list(tx: &mut Tx<'_>) -> Result<Vec<Unreported>, StoreError> {
    sql!(
        "SELECT account, occasion, channel, MIN(first_at) AS first_at, MAX(last_at) AS last_at
         FROM unreported_answer
         WHERE is_new = 1 AND (mailed_at IS NULL OR mailed_at <= :recently)
         GROUP BY account, occasion, channel ORDER BY account, occasion, channel",
        recently = tx.now() - BETWEEN_MAILS
    )
    .all(tx)
}

/// Records that a mail to a host mentioned a household. The next mail that mentions the household
/// must wait for [`BETWEEN_MAILS`].
pub(crate) fn mailed(
    tx: &mut Tx<'_>,
    account: &AccountId,
    occasion: &OccasionId,
    invitation: &InvitationId,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO unreported_answer (account, occasion, channel, invitation, first_at, last_at,
                                        mailed_at, is_new)
         VALUES (:account, :occasion, :channel, :invitation, :now, :now, :now, 0)
         ON CONFLICT (account, occasion, channel, invitation)
             DO UPDATE SET mailed_at = excluded.mailed_at",
        account,
        occasion,
        channel = Channel::Mail,
        invitation,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Deletes the records of mails that were sent longer ago than [`BETWEEN_MAILS`]. They no longer delay a
/// report.
pub(crate) fn tidy(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM unreported_answer WHERE is_new = 0 AND mailed_at <= :recently",
        recently = tx.now() - BETWEEN_MAILS
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

fn forget(
    tx: &mut Tx<'_>,
    account: &AccountId,
    occasion: &OccasionId,
    channel: Channel,
) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM unreported_answer
         WHERE account = :account AND occasion = :occasion AND channel = :channel",
        account,
        occasion,
        channel
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Deletes everything that is waiting for a person who no longer has a role in the occasion:
/// unreported saves, queued mails about answers, and queued warnings of a deletion.
pub(crate) fn stop(
    tx: &mut Tx<'_>,
    account: &AccountId,
    occasion: &OccasionId,
) -> Result<(), StoreError> {
    for channel in Channel::ALL {
        forget(tx, account, occasion, *channel)?;
    }
    let found = account::find(tx, account)?;
    let Some(Ok(to)) = found.map(|found| found.email.parse::<Address>()) else {
        return Ok(());
    };
    sql!(
        "DELETE FROM mail WHERE state IN ('queued', 'deferred') AND recipient = :to
             AND (scope = :answers
                  OR id IN (SELECT mail FROM deletion_warning WHERE occasion = :occasion))",
        to,
        answers = mail_scope(occasion),
        occasion
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Returns the households whose saves have not been reported to a host, the latest save first. From
/// now on, these saves count as reported.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    account: &AccountId,
    occasion: &OccasionId,
    channel: Channel,
) -> Result<Vec<InvitationId>, StoreError> {
    let mut taken: Vec<(Timestamp, InvitationId)> = sql!(
        "DELETE FROM unreported_answer
         WHERE account = :account AND occasion = :occasion AND channel = :channel
             AND is_new = 1 AND (mailed_at IS NULL OR mailed_at <= :recently)
         RETURNING last_at, invitation",
        account,
        occasion,
        channel,
        recently = tx.now() - BETWEEN_MAILS
    )
    .all(tx)?;
    taken.sort_unstable_by(|one, other| other.cmp(one));
    Ok(taken.into_iter().map(|(_, id)| id).collect())
}

impl Unreported {
    pub(crate) fn is_due(&self, choice: &Choice, zone: &TimeZone, now: Timestamp) -> bool {
        match choice.of(self.channel) {
            Frequency::AtOnce => self.last_at + DEBOUNCE <= now || self.first_at + MAX_DELAY <= now,
            Frequency::Daily => {
                last_report(&choice.hour, zone, now).is_none_or(|last| self.first_at < last)
            }
            Frequency::Never => true,
        }
    }
}

/// `hour` means local time, even on days on which the clocks change.
fn last_report(hour: &str, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    let of_today = occasion::at_hour(today, hour, zone)?;
    if of_today <= now {
        return Some(of_today);
    }
    occasion::at_hour(today.checked_sub(1.day()).ok()?, hour, zone)
}

/// Deletes an account's choices and its unreported saves.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM answer_notification WHERE account = :account",
        account
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM unreported_answer WHERE account = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreported(first: &str, last: &str) -> Unreported {
        Unreported {
            account: "01970000-0000-7000-8000-000000000001".parse().unwrap(),
            occasion: "01970000-0000-7000-8000-000000000002".parse().unwrap(),
            channel: Channel::Mail,
            first_at: first.parse().unwrap(),
            last_at: last.parse().unwrap(),
        }
    }

    #[test]
    fn at_once_waits_for_two_quiet_minutes_and_for_ten_at_most() {
        let choice = Choice {
            by_mail: Frequency::AtOnce,
            ..Choice::default()
        };
        for (first, last, now, is_due) in [
            ("10:00:00", "10:00:00", "10:01:59", false),
            ("10:00:00", "10:00:00", "10:02:00", true),
            ("10:00:00", "10:01:30", "10:02:00", false),
            ("10:00:00", "10:09:30", "10:09:59", false),
            ("10:00:00", "10:09:30", "10:10:00", true),
        ] {
            let at = |time: &str| format!("2026-06-01T{time}Z");
            let found = unreported(&at(first), &at(last));
            let now = at(now).parse().unwrap();
            assert_eq!(
                found.is_due(&choice, &TimeZone::UTC, now),
                is_due,
                "{first} {last} {now}"
            );
        }
    }

    #[test]
    fn a_day_ends_at_its_hour_also_when_clocks_change() {
        let zone = TimeZone::get("Europe/Rome").unwrap();
        for (hour, now, last) in [
            ("08:00", "2026-03-28T06:59:00Z", "2026-03-27T07:00:00Z"),
            ("08:00", "2026-03-28T07:00:00Z", "2026-03-28T07:00:00Z"),
            // Clocks go forward at 2:00 on 29 March, so this day has 23 hours.
            ("08:00", "2026-03-29T05:59:00Z", "2026-03-28T07:00:00Z"),
            ("08:00", "2026-03-29T06:00:00Z", "2026-03-29T06:00:00Z"),
            // 2:30 does not exist on this day, so the report is due at 3:30.
            ("02:30", "2026-03-29T01:29:00Z", "2026-03-28T01:30:00Z"),
            ("02:30", "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z"),
            // Clocks go back at 3:00 on 25 October, so 2:30 occurs twice. The first occurrence
            // counts.
            ("02:30", "2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z"),
            ("02:30", "2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z"),
            ("08:00", "2026-10-25T06:59:00Z", "2026-10-24T06:00:00Z"),
            ("08:00", "2026-10-25T07:00:00Z", "2026-10-25T07:00:00Z"),
        ] {
            let found = last_report(hour, &zone, now.parse().unwrap());
            assert_eq!(found, Some(last.parse().unwrap()), "{hour} {now}");
        }
    }
}
