//! The audit log records who did what. Each line is written in the transaction of the change that
//! it records.
//!
//! Lines are only appended. A job that calls [`chain::seal`] chains the lines about accounts and
//! administrators. All other lines are not chained, because chaining would make writers wait for
//! each other. The log never contains passwords, tokens, codes, notes or diets. It stores only the
//! network of an IP address.

pub mod chain;
pub mod forgetting;

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::sql;
use crate::store::{Row, Rows, StoreError, Tx};

/// Lines about entities of these kinds are chained even if they belong to a scope.
const CHAINED: [&str; 5] = ["account", "session", "token", "grant", "setting"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in account; contains the account's id.
    Account(String),
    /// A background job or a command-line command.
    System,
    /// An API client; contains the id of its token.
    Token(String),
    /// A person without an account who is identified in another way, such as a guest.
    Other {
        /// The actor's kind. It is stored, so it must never change.
        kind: &'static str,
        /// The actor's id, unique among actors of this kind.
        id: String,
    },
}

impl Actor {
    pub const ACCOUNT: &str = "account";
    pub const SYSTEM: &str = "system";
    pub const TOKEN: &str = "token";

    /// The actor's kind, in its stored form.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => Self::ACCOUNT,
            Self::System => Self::SYSTEM,
            Self::Token(_) => Self::TOKEN,
            Self::Other { kind, .. } => kind,
        }
    }

    /// The actor's id; `None` for the system.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Account(id) | Self::Token(id) | Self::Other { id, .. } => Some(id),
            Self::System => None,
        }
    }
}

/// The facts about a request that the audit log stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFacts {
    /// The request id, which the response and the access log also contain.
    pub request_id: String,
    /// The client's IP address; only its network is stored.
    pub network: Option<IpAddr>,
}

/// The kind and the id of something that an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    pub kind: &'static str,
    pub id: String,
}

impl Entity {
    pub const fn new(kind: &'static str, id: String) -> Self {
        Self { kind, id }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub actor: Actor,
    /// The action's name, such as `note.saved`.
    pub action: &'static str,
    /// The changed entity.
    pub entity: Entity,
    /// The scope's id; `None` for the whole installation.
    pub scope: Option<String>,
    /// A JSON array of `{field, old, new}`. The caller must mask secrets and diets.
    pub changes: Value,
    /// The request that caused the action, if any.
    pub request: Option<RequestFacts>,
}

#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize)]
pub struct Record {
    /// The line's sequence number, from which [`list`] reads the next page.
    pub sequence: i64,
    pub at: Timestamp,
    /// The actor's kind: [`Actor::kind`].
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub action: String,
    pub entity_kind: String,
    pub entity_id: String,
    pub scope: Option<String>,
    /// `[{field, old, new}]` as JSON text.
    pub changes: String,
    pub request_id: Option<String>,
    pub network: Option<String>,
}

/// Filters for listing audit lines. An empty string or `None` does not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Lists only lines of this scope. If the scope is empty, lists the lines of all scopes and of
    /// the installation.
    pub scope: String,
    /// Only actions by this account, token or other actor.
    pub actor_id: String,
    /// Only actions with this name, such as `note.saved`, or in this family, such as `note`.
    pub action: String,
    /// Only actions on the entity with this id.
    pub entity_id: String,
    /// Only actions from this instant on.
    pub from: Option<Timestamp>,
    /// Only actions before this instant.
    pub until: Option<Timestamp>,
}

impl Tx<'_> {
    /// Writes a line to the audit log in this transaction.
    pub fn record(&mut self, entry: Entry) -> Result<(), StoreError> {
        let entity = entry.entity;
        let chained = entry.scope.is_none() || CHAINED.contains(&entity.kind);
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
            entity_kind = entity.kind,
            entity_id = entity.id,
            scope = entry.scope,
            changes = entry.changes.to_string(),
            request_id,
            network,
            chained
        )
        .run_later(self, Rows::Any)
    }
}

/// Returns at most `limit` lines newer than `after`, oldest first. Used for paging backwards.
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

/// Returns at most `limit` lines older than `before`, newest first. `before` is the sequence number
/// of the last line on the previous page.
pub fn list(
    tx: &mut Tx<'_>,
    filter: &Filter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Record>, StoreError> {
    let from = filter.from.map_or(i64::MIN, Timestamp::as_millisecond);
    let until = filter.until.map_or(i64::MAX, Timestamp::as_millisecond);
    // The query for one scope uses an index; the query for all scopes follows the primary key.
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

/// The network of an IP address: the first 24 bits of an IPv4 address, or 48 bits of an IPv6
/// address.
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
