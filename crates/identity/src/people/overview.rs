//! The overview of the installation for administrators. It consists of figures and the audit log.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use platform::audit::{Actor, Record, chain};
use platform::store::Row;
use platform::{StoreError, Tx, sql};

use crate::account::State;
use crate::grant::administrator::Administrator;

/// People who signed in within this time count as [`Figures::signed_in`].
const LATELY: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Figures {
    pub people: i64,
    /// The number of accounts whose owners have signed in within the last 30 days.
    pub signed_in: i64,
    /// The number of accounts that wait for their email address to be confirmed.
    pub unverified: i64,
    pub deactivated: i64,
    /// The number of accounts that are about to be erased.
    pub leaving: i64,
    /// The number of people with a rank in the installation.
    pub administrators: i64,
    pub sessions: i64,
    pub tokens: i64,
    /// The number of email addresses that get no mail.
    pub suppressed: i64,
}

pub fn figures(tx: &mut Tx<'_>, _: &Administrator) -> Result<Figures, StoreError> {
    let now = tx.roughly_now();
    sql!(
        "SELECT (SELECT COUNT(*) FROM account) AS people,
             (SELECT COUNT(*) FROM account WHERE last_login_at > :lately) AS signed_in,
             (SELECT COUNT(*) FROM registration WHERE is_pending = 1) AS unverified,
             (SELECT COUNT(*) FROM account WHERE state = :deactivated) AS deactivated,
             (SELECT COUNT(*) FROM account WHERE state = :leaving) AS leaving,
             (SELECT COUNT(*) FROM role_grant WHERE scope_kind = 'site' AND is_rank = 1
                 AND (expires_at IS NULL OR expires_at > :now)) AS administrators,
             (SELECT COUNT(*) FROM session
                 WHERE idle_expires_at > :now AND absolute_expires_at > :now) AS sessions,
             (SELECT COUNT(*) FROM personal_token WHERE expires_at > :now) AS tokens,
             (SELECT COUNT(DISTINCT address) FROM suppression) AS suppressed",
        now,
        lately = now - LATELY,
        deactivated = State::Deactivated.word(),
        leaving = State::Leaving.word()
    )
    .one(tx)
}

/// A line of the audit log, with the names of the accounts that it mentions.
#[derive(Clone, Debug)]
pub struct Line {
    pub record: Record,
    /// The name of the account that acted; `None` if no account acted, or if the account was
    /// erased.
    pub actor: Option<String>,
    /// The name of the account that was acted on.
    pub subject: Option<String>,
}

impl Line {
    /// The name of the account that was acted on; `None` if the person acted on their own account.
    pub fn other_account(&self) -> Option<&str> {
        let is_own = self.record.actor_id.as_deref() == Some(&self.record.entity_id);
        self.subject.as_deref().filter(|_| !is_own)
    }
}

/// Returns at most `rows` lines before the line with the sequence number `before`, newest first.
pub fn log(
    tx: &mut Tx<'_>,
    _: &Administrator,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<Line>, StoreError> {
    let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut name = |tx: &mut Tx<'_>, id: &str| -> Result<Option<String>, StoreError> {
        if let Some(known) = names.get(id) {
            return Ok(known.clone());
        }
        let found: Option<(String,)> =
            sql!("SELECT display_name FROM account WHERE id = :id", id).maybe(tx)?;
        let found = found.map(|(name,)| name);
        names.insert(id.to_owned(), found.clone());
        Ok(found)
    };
    let mut lines = Vec::new();
    for record in chain::list(tx, before, rows)? {
        let by = record.actor_id.as_deref();
        let actor = match by.filter(|_| record.actor_kind == Actor::ACCOUNT) {
            Some(id) => name(tx, id)?,
            None => None,
        };
        let subject = name(tx, &record.entity_id)?;
        lines.push(Line {
            record,
            actor,
            subject,
        });
    }
    Ok(lines)
}
