//! Newsletters, which are kinds of mail that people can subscribe to. A domain declares its
//! newsletters ([`newsletters`](crate::domain::Domain::newsletters)), and people choose among them
//! on the page about their email address.

use jiff::Timestamp;
use platform::audit::{Actor, RequestFacts};
use platform::key::Keyring;
use platform::mail::suppression::{self, Cause, Suppression};
use platform::{Rows, StoreError, Tx, sql};

use identity::account::{Account, AccountId};
use identity::person::suppressed;

/// A kind of mail to which everybody who has an account can subscribe.
#[derive(Clone, Copy, Debug)]
pub struct Newsletter {
    /// The stored name. It is also the scope of the newsletter's mails, so that the unsubscribe
    /// link in a mail stops only this newsletter.
    pub name: &'static str,
    /// The message id of the newsletter's description.
    pub label: &'static str,
}

impl Newsletter {
    /// Whether the person has subscribed to the newsletter.
    pub fn is_chosen(self, tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
        let found: Option<(AccountId,)> = sql!(
            "SELECT account_id FROM newsletter_subscription
             WHERE newsletter = :name AND account_id = :id",
            name = self.name,
            id
        )
        .maybe(tx)?;
        Ok(found.is_some())
    }

    /// Whether the person has subscribed and not used a mail's unsubscribe link since. `held` are
    /// the suppressions of the person's email address.
    pub fn is_sent(
        self,
        tx: &mut Tx<'_>,
        id: &AccountId,
        held: &[Suppression],
    ) -> Result<bool, StoreError> {
        Ok(self.is_chosen(tx, id)? && !held.iter().any(|one| self.is_stopped_by(one)))
    }

    /// Whether the suppression comes from the unsubscribe link of this newsletter. Such a
    /// suppression stops no other mail.
    pub fn is_stopped_by(self, one: &Suppression) -> bool {
        one.cause == Cause::Unsubscribe && one.place.scope() == self.name
    }

    /// Subscribes or unsubscribes the person.
    pub fn choose(
        self,
        tx: &mut Tx<'_>,
        keys: &Keyring,
        account: &Account,
        is_wanted: bool,
        request: &RequestFacts,
    ) -> Result<(), StoreError> {
        let (name, id) = (self.name, &account.id);
        if !is_wanted {
            sql!(
                "DELETE FROM newsletter_subscription WHERE newsletter = :name AND account_id = :id",
                name,
                id
            )
            .run(tx, Rows::AtMostOne)?;
            return Ok(());
        }
        for one in suppressed::list_own(tx, keys, account)? {
            if self.is_stopped_by(&one) {
                let by = Actor::Account(id.to_string());
                suppression::remove(tx, &one.place, by, Some(request))?;
            }
        }
        sql!(
            "INSERT INTO newsletter_subscription (newsletter, account_id, since)
             VALUES (:name, :id, :now) ON CONFLICT DO NOTHING",
            name,
            id,
            now = tx.now()
        )
        .run(tx, Rows::AtMostOne)?;
        Ok(())
    }

    /// Lists up to `rows` accounts that subscribe to the newsletter and have a confirmed email
    /// address, in the order of their ids, starting after the id `after`.
    pub fn subscribers(
        self,
        tx: &mut Tx<'_>,
        after: &str,
        rows: i64,
    ) -> Result<Vec<Account>, StoreError> {
        sql!(
            "SELECT a.id, a.display_name, e.address AS email, a.locale, a.time_zone
             FROM newsletter_subscription s
             JOIN account a ON a.id = s.account_id AND a.state = 'active'
             JOIN email e ON e.account_id = a.id AND e.is_primary = 1 AND e.verified_by <> 'none'
             WHERE s.newsletter = :name AND s.account_id > :after
             ORDER BY s.account_id LIMIT :rows",
            name = self.name,
            after,
            rows
        )
        .all(tx)
    }

    /// Stores that a person subscribed to the newsletter in another system, with the time of the
    /// subscription.
    pub fn import(
        self,
        tx: &mut Tx<'_>,
        id: &AccountId,
        since: Timestamp,
    ) -> Result<(), StoreError> {
        sql!(
            "INSERT INTO newsletter_subscription (newsletter, account_id, since)
             VALUES (:name, :id, :since) ON CONFLICT DO NOTHING",
            name = self.name,
            id,
            since
        )
        .run(tx, Rows::AtMostOne)?;
        Ok(())
    }
}
