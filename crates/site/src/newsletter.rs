//! Mail that people choose to get. A domain declares what it offers
//! ([`newsletters`](crate::domain::Domain::newsletters)); people choose it beside their address.

use jiff::Timestamp;
use platform::audit::{Actor, RequestFacts};
use platform::key::Keyring;
use platform::mail::suppression::{self, Cause, Suppression};
use platform::{Rows, StoreError, Tx, sql};

use identity::account::{Account, AccountId};
use identity::person::suppressed;

/// A kind of mail that a domain offers to everybody with an account.
#[derive(Clone, Copy, Debug)]
pub struct Newsletter {
    /// What it is stored as; also the scope of its mails, so that a link in one of them stops this
    /// newsletter alone.
    pub name: &'static str,
    /// The message that says what it brings.
    pub label: &'static str,
}

impl Newsletter {
    /// Whether the person chose it.
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

    /// Whether the person chose it and has not unsubscribed since. `held`: the suppressions of
    /// their address.
    pub fn is_sent(
        self,
        tx: &mut Tx<'_>,
        id: &AccountId,
        held: &[Suppression],
    ) -> Result<bool, StoreError> {
        Ok(self.is_chosen(tx, id)? && !held.iter().any(|one| self.is_stopped_by(one)))
    }

    /// Whether its owner unsubscribed from this newsletter alone.
    pub fn is_stopped_by(self, one: &Suppression) -> bool {
        one.cause == Cause::Unsubscribe && one.place.scope() == self.name
    }

    /// Writes down what the person chose.
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
                let by = (Actor::Account(id.to_string()), Some(request));
                suppression::remove(tx, &one.place, by)?;
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

    /// The next of those who chose it and have a confirmed address, in the order of their ids: at
    /// most `rows` behind `after`.
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

    /// Notes that somebody chose it in another program, and since when.
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
