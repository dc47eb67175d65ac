//! The audit log of an occasion, for its owners and coordinators.

use std::collections::BTreeMap;

use identity::account::AccountId;
use jiff::Timestamp;
use platform::audit::{self, Actor, Record};
use platform::id::Id;
use platform::{StoreError, Tx, sql};
use serde_json::Value;
use web::{Direction, List, PageQuery};

use super::permissions::{HostOf, Permission};
use super::{Refusal, members};
use crate::rsvp::HOUSEHOLD;

/// A filter for the log; empty fields match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// Entries by this account, household or token.
    #[param(required = false)]
    pub actor: String,
    /// Entries with this action, such as `rsvp.saved`, or of this group of actions, such as `rsvp`.
    #[param(required = false)]
    pub action: String,
    /// Entries about the object with this id.
    #[param(required = false)]
    pub entity: String,
    /// Entries from this instant on.
    pub from: Option<Timestamp>,
    /// Entries before this instant.
    pub until: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AuditRow {
    pub record: Record,
    /// The name of the account or household that acted, if known.
    pub actor: Option<String>,
    pub entity: Option<String>,
    /// A JSON array with one object `{field, old, new}` per change.
    pub changes: Value,
}

/// Returns a page of the occasion's audit log, the newest lines first.
pub fn list(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: &AuditFilter,
    paging: &PageQuery,
) -> Result<List<AuditRow>, Refusal> {
    host.needs(Permission::ReadLog)?;
    let from: Option<i64> = paging.key().map_err(|_| Refusal::CursorInvalid)?;
    let limit = u32::try_from(paging.rows()).unwrap_or(u32::MAX);
    let wanted = audit::Filter {
        scope: host.occasion().to_string(),
        actor_id: filter.actor.clone(),
        action: filter.action.clone(),
        entity_id: filter.entity.clone(),
        from: filter.from,
        until: filter.until,
    };
    let records = match (from, paging.direction()) {
        (Some(after), Direction::Backward) => audit::list_newer(tx, &wanted, after, limit)?,
        (before, _) => audit::list(tx, &wanted, before, limit)?,
    };
    let list = paging.list(records, |record| record.sequence);
    let mut names = Names::default();
    let mut items = Vec::new();
    for record in list.items {
        let actor = match (record.actor_kind.as_str(), &record.actor_id) {
            (Actor::ACCOUNT, Some(id)) => names.account(tx, id)?,
            (HOUSEHOLD, Some(id)) => names.household(tx, id)?,
            _ => None,
        };
        let entity = match record.entity_kind.as_str() {
            "invitation" => names.household(tx, &record.entity_id)?,
            "grant" => names.account(tx, &record.entity_id)?,
            _ => None,
        };
        let changes = serde_json::from_str(&record.changes).unwrap_or_default();
        items.push(AuditRow {
            record,
            actor,
            entity,
            changes,
        });
    }
    Ok(List {
        items,
        next_cursor: list.next_cursor,
        previous_cursor: list.previous_cursor,
        total: None,
    })
}

/// Each id is looked up only once.
#[derive(Default)]
struct Names {
    accounts: BTreeMap<String, Option<String>>,
    households: BTreeMap<String, Option<String>>,
}

impl Names {
    fn account(&mut self, tx: &mut Tx<'_>, id: &str) -> Result<Option<String>, StoreError> {
        if let Some(known) = self.accounts.get(id) {
            return Ok(known.clone());
        }
        let account: AccountId = Id::from_text(id.to_owned());
        let name = members::name_of(tx, &account)?;
        self.accounts.insert(id.to_owned(), name.clone());
        Ok(name)
    }

    fn household(&mut self, tx: &mut Tx<'_>, id: &str) -> Result<Option<String>, StoreError> {
        if let Some(known) = self.households.get(id) {
            return Ok(known.clone());
        }
        let found: Option<(String,)> =
            sql!("SELECT household FROM invitation WHERE id = :id", id).maybe(tx)?;
        let name = found.map(|(name,)| name);
        self.households.insert(id.to_owned(), name.clone());
        Ok(name)
    }
}
