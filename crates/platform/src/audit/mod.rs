//! The audit log: who did what, written by the change that did it.
//!
//! Append-only. Rows of account and administrator events are chained, each
//! covering the one before, by a job that calls [`chain::seal`]; rows of an
//! domain's business are not, so that no writer waits for another. What is
//! written here never holds passwords, tokens, codes, notes or diets, and
//! addresses only as their network.

pub mod chain;
pub mod forgetting;

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::Value;

use crate::sql;
use crate::store::{Row, Rows, StoreError, Tx};

/// Things whose rows are chained even within a scope.
const CHAINED: [&str; 5] = ["account", "session", "token", "grant", "setting"];

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in account, by id.
    Account(String),
    /// A job or a command: nobody in particular.
    System,
    /// A program with an API token, by the token's id.
    Token(String),
    /// Somebody whom a domain knows by another proof.
    Other {
        /// The domain's word for them, never to change.
        kind: &'static str,
        /// Which one.
        id: String,
    },
}

impl Actor {
    /// The word for an account.
    pub const ACCOUNT: &str = "account";
    /// The word for nobody in particular.
    pub const SYSTEM: &str = "system";
    /// The word for a token.
    pub const TOKEN: &str = "token";

    /// The word that is stored and sent.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => Self::ACCOUNT,
            Self::System => Self::SYSTEM,
            Self::Token(_) => Self::TOKEN,
            Self::Other { kind, .. } => kind,
        }
    }

    /// Which one, where there is more than one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Account(id) | Self::Token(id) | Self::Other { id, .. } => Some(id),
            Self::System => None,
        }
    }
}

/// What is known of the request that asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFacts {
    /// The id that the answer and the access log carry.
    pub request_id: String,
    /// The client's address; only its network is kept.
    pub network: Option<IpAddr>,
}

/// One line of the log, on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Who did it.
    pub actor: Actor,
    /// What was done: `note.saved`.
    pub action: &'static str,
    /// To what: its kind and its id.
    pub entity: (&'static str, String),
    /// The scope it belongs to, by id; `None` for what concerns the installation.
    pub scope: Option<String>,
    /// `[{field, old, new}]`, secrets and diets masked by the caller.
    pub changes: Value,
    /// The request behind it, if there was one.
    pub request: Option<RequestFacts>,
}

/// One line of the log, as it is read.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Record {
    /// Its place in the order of writing; the cursor of [`list`].
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// What kind of actor it was: [`Actor::kind`].
    pub actor_kind: String,
    /// Which one.
    pub actor_id: Option<String>,
    /// What was done.
    pub action: String,
    /// The kind of thing it was done to.
    pub entity_kind: String,
    /// Which one.
    pub entity_id: String,
    /// The scope it belongs to, by id.
    pub scope: Option<String>,
    /// `[{field, old, new}]` as JSON text.
    pub changes: String,
    /// The request behind it.
    pub request_id: Option<String>,
    /// The network it came from.
    pub network: Option<String>,
}

/// Which lines to list; an empty text and `None` leave a filter out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of this scope; empty: every scope and the installation.
    pub scope: String,
    /// Those done by this account, token or other actor.
    pub actor_id: String,
    /// Those of this action, `note.saved`, or of this family, `note`.
    pub action: String,
    /// Those about this thing.
    pub entity_id: String,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

impl Tx<'_> {
    /// Writes a line of the audit log, which is kept if this change is.
    pub fn record(&mut self, entry: Entry) -> Result<(), StoreError> {
        let (entity_kind, entity_id) = entry.entity;
        let chained = entry.scope.is_none() || CHAINED.contains(&entity_kind);
        let (request_id, network) = match entry.request {
            Some(facts) => (Some(facts.request_id), facts.network.map(shorten)),
            None => (None, None),
        };
        let now = self.now();
        sql!(
            "INSERT INTO audit (at, actor_kind, actor_id, action, entity_kind, entity_id,
                                scope, changes, request_id, network, chained)
             VALUES (:now, :kind, :id, :action, :entity_kind, :entity_id, :scope, :changes,
                 :request_id, :network, :chained)",
            now,
            kind = entry.actor.kind(),
            id = entry.actor.id(),
            action = entry.action,
            entity_kind,
            entity_id,
            scope = entry.scope,
            changes = entry.changes.to_string(),
            request_id,
            network,
            chained
        )
        .run(self, Rows::Exactly(1))?;
        Ok(())
    }
}

/// Lines of the log of one place, oldest first, newer than `after`, at most
/// `limit`: the way back.
pub fn list_newer(
    tx: &mut Tx<'_>,
    filter: &Filter,
    after: i64,
    limit: u32,
) -> Result<Vec<Record>, StoreError> {
    let from = filter.from.map_or(i64::MIN, Timestamp::as_millisecond);
    let until = filter.until.map_or(i64::MAX, Timestamp::as_millisecond);
    sql!(
        "SELECT {Record} FROM audit
         WHERE scope = :scope AND (:actor_id = '' OR actor_id = :actor_id)
           AND (:action = '' OR action = :action
               OR substr(action, 1, length(:action) + 1) = :action || '.')
           AND (:entity_id = '' OR entity_id = :entity_id)
           AND at >= :from AND at < :until AND sequence > :after
         ORDER BY sequence LIMIT :limit",
        scope = filter.scope,
        actor_id = filter.actor_id,
        action = filter.action,
        entity_id = filter.entity_id,
        from,
        until,
        after,
        limit
    )
    .all(tx)
}

/// Lines of the log, newest first, older than `before` (the sequence of the
/// last line already seen), at most `limit`.
pub fn list(
    tx: &mut Tx<'_>,
    filter: &Filter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Record>, StoreError> {
    let from = filter.from.map_or(i64::MIN, Timestamp::as_millisecond);
    let until = filter.until.map_or(i64::MAX, Timestamp::as_millisecond);
    // One scope is a walk along its index; all of them along the table.
    let statement = if filter.scope.is_empty() {
        sql!(
            "SELECT {Record} FROM audit
             WHERE $1 = '' AND ($2 = '' OR actor_id = $2)
               AND ($3 = '' OR action = $3 OR substr(action, 1, length($3) + 1) = $3 || '.')
               AND ($4 = '' OR entity_id = $4)
               AND at >= $5 AND at < $6 AND sequence < $7
             ORDER BY sequence DESC LIMIT $8"
        )
    } else {
        sql!(
            "SELECT {Record} FROM audit
             WHERE scope = $1 AND ($2 = '' OR actor_id = $2)
               AND ($3 = '' OR action = $3 OR substr(action, 1, length($3) + 1) = $3 || '.')
               AND ($4 = '' OR entity_id = $4)
               AND at >= $5 AND at < $6 AND sequence < $7
             ORDER BY sequence DESC LIMIT $8"
        )
    };
    tx.all(
        statement,
        &[
            &filter.scope,
            &filter.actor_id,
            &filter.action,
            &filter.entity_id,
            &from,
            &until,
            &before.unwrap_or(i64::MAX),
            &limit,
        ],
    )
}

/// The network of an address: the first 24 bits of IPv4, 48 of IPv6.
pub fn shorten(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            format!("{first}.{second}.{third}.0/24")
        }
        IpAddr::V6(address) => {
            let [first, second, third, ..] = address.segments();
            format!(
                "{}/48",
                std::net::Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_its_network() {
        for (address, network) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ] {
            assert_eq!(shorten(address.parse().unwrap()), network);
        }
    }
}
