//! Lists that belong to an occasion, such as its events and dietary options. Hosts change them
//! under the occasion's lock.

use jiff::tz::TimeZone;
use platform::audit::Entity;
use platform::{StoreError, Tx};
use serde_json::Value;

pub use site::resource::{
    Edit, History, Parent, Removal, Resource, TypedRemoval, change, check_version, create, find,
    free_key, history_of, list, next_position, position, remove,
};

use super::permissions::{HostOf, Permission};
use super::{Refusal, history, occasions};

impl Parent for HostOf {
    type Permission = Permission;
    const OWN: Permission = Permission::Own;

    fn needs(&self, permission: Permission) -> Result<(), Refusal> {
        Self::needs(self, permission)
    }

    fn may(&self, permission: Permission) -> bool {
        Self::may(self, permission)
    }

    fn lock(&self, tx: &mut Tx<'_>) -> Result<(), Refusal> {
        occasions::lock(tx, self).map(drop)
    }

    fn zone(&self, tx: &mut Tx<'_>) -> Result<TimeZone, Refusal> {
        Ok(occasions::load(tx, self)?.zone())
    }

    fn record(
        &self,
        tx: &mut Tx<'_>,
        entity: Entity,
        action: &'static str,
        changes: Value,
    ) -> Result<(), StoreError> {
        history::record(tx, self, action, entity, changes)
    }

    fn publish(&self, tx: &mut Tx<'_>, news: &'static str) -> Result<(), StoreError> {
        history::tell_of_occasion(tx, self, news)
    }
}
