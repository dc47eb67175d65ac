//! What hosts keep in a list of their own, such as food needs: added, changed and
//! removed in one way, under the occasion's lock.

use platform::{StoreError, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use web::{Field, Findings, Input, fields};

use super::permissions::{HostOf, Permission};
use super::refusal::{Current, Refusal};
use super::{history, occasions};
use crate::occasion::OccasionId;

/// One kind of thing in a list.
pub trait Resource: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its fields, in the order of the form.
    const FIELDS: &'static [Field];
    /// How the history tells of it.
    const HISTORY: History;
    /// What open pages fetch anew after a change.
    const NEWS: &'static str;
    /// How many an occasion has at most.
    const LIMIT: usize;

    /// Its name in addresses.
    fn key(&self) -> &str;

    /// Raised by every change.
    fn version(&self) -> i64;

    /// All of an occasion, in their order.
    fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Self>, StoreError>;

    /// A new one before anything is said of it, beside those that are `there`.
    fn blank(there: &[Self]) -> Self;

    /// Finds what the kinds of its fields do not say.
    fn validate(&self, findings: &mut Findings);

    /// Writes a new one.
    fn insert(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError>;

    /// Writes its fields, and raises its version.
    fn update(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError>;

    /// Deletes it.
    fn delete(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError>;

    /// Whether somebody has it. It is deactivated then, and not deleted.
    fn is_used(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<bool, StoreError>;
}

/// What happens to a resource, in the words of the history.
#[derive(Debug)]
pub struct History {
    /// What it is.
    pub entity: &'static str,
    /// One was added.
    pub created: &'static str,
    /// One was changed.
    pub changed: &'static str,
    /// One was removed.
    pub removed: &'static str,
    /// The field that tells one from another.
    pub named_by: &'static str,
}

/// The words of the history for one kind of entity: `event.created` and so on.
macro_rules! history_of {
    ($entity:literal, named_by: $field:literal) => {
        History {
            entity: $entity,
            created: concat!($entity, ".created"),
            changed: concat!($entity, ".changed"),
            removed: concat!($entity, ".removed"),
            named_by: $field,
        }
    };
}
pub(crate) use history_of;

/// All of them.
pub fn list<R: Resource>(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<R>, Refusal> {
    Ok(R::list(tx, host.occasion())?)
}

/// The one with this key.
pub fn find<R: Resource>(tx: &mut Tx<'_>, host: &HostOf, key: &str) -> Result<R, Refusal> {
    let all = R::list(tx, host.occasion())?;
    let found = all.into_iter().find(|one| one.key() == key);
    found.ok_or(Refusal::NotFound)
}

/// Adds one.
pub fn create<R: Resource>(tx: &mut Tx<'_>, host: &HostOf, input: &Input) -> Result<R, Refusal> {
    host.needs(Permission::Own)?;
    occasions::lock(tx, host)?;
    let there = R::list(tx, host.occasion())?;
    let mut findings = Findings::default();
    let new = input.apply(R::FIELDS, &R::blank(&there), true, &mut findings);
    if there.iter().any(|one| one.key() == new.key()) {
        findings.add("/key", "not_unique", []);
    }
    validate(&new, findings)?;
    if there.len() >= R::LIMIT {
        return Err(Refusal::LimitReached(
            i64::try_from(R::LIMIT).unwrap_or(i64::MAX),
        ));
    }
    new.insert(tx, host.occasion())?;
    let changes = vec![named(&new, true)];
    finish(tx, host, &new, R::HISTORY.created, changes)?;
    Ok(new)
}

/// Changes one, if it still has the version that was seen.
pub fn change<R: Resource>(
    tx: &mut Tx<'_>,
    host: &HostOf,
    key: &str,
    version: i64,
    input: &Input,
) -> Result<R, Refusal> {
    host.needs(Permission::Own)?;
    occasions::lock(tx, host)?;
    let old: R = find(tx, host, key)?;
    if old.version() != version {
        return Err(Refusal::VersionConflict(Current::of(&old)));
    }
    edit(tx, host, old, input)
}

/// Removes one. Where somebody has it, it is deactivated instead, and returned.
pub fn remove<R: Resource>(
    tx: &mut Tx<'_>,
    host: &HostOf,
    key: &str,
) -> Result<Option<R>, Refusal> {
    host.needs(Permission::Own)?;
    occasions::lock(tx, host)?;
    let old: R = find(tx, host, key)?;
    if old.is_used(tx, host.occasion())? {
        let off = Input::from(json!({ "active": false }));
        return edit(tx, host, old, &off).map(Some);
    }
    old.delete(tx, host.occasion())?;
    let changes = vec![named(&old, false)];
    finish(tx, host, &old, R::HISTORY.removed, changes)?;
    Ok(None)
}

fn edit<R: Resource>(tx: &mut Tx<'_>, host: &HostOf, old: R, input: &Input) -> Result<R, Refusal> {
    let mut findings = Findings::default();
    let new = input.apply(R::FIELDS, &old, false, &mut findings);
    validate(&new, findings)?;
    let changes = fields::difference(R::FIELDS, &old, &new);
    if changes.is_empty() {
        return Ok(old);
    }
    new.update(tx, host.occasion())?;
    finish(tx, host, &new, R::HISTORY.changed, changes)?;
    find(tx, host, new.key())
}

/// Refuses with every finding, in the order of the fields.
fn validate<R: Resource>(one: &R, mut findings: Findings) -> Result<(), Refusal> {
    one.validate(&mut findings);
    findings.sort(R::FIELDS);
    Ok(findings.finish()?)
}

/// The first free key of `prefix-1`, `prefix-2` …
pub fn free_key<R: Resource>(prefix: &str, there: &[R]) -> String {
    let keys = (1..).map(|number| format!("{prefix}-{number}"));
    let is_free = |key: &String| there.iter().all(|one| one.key() != key);
    keys.take(there.len() + 1).find(is_free).unwrap_or_default()
}

/// That it is there now, or no more.
fn named<R: Resource>(one: &R, is_new: bool) -> Value {
    let name = serde_json::to_value(one)
        .ok()
        .and_then(|value| value.get(R::HISTORY.named_by).cloned());
    let (old, new) = if is_new { (None, name) } else { (name, None) };
    json!({"field": R::HISTORY.named_by, "old": old, "new": new})
}

fn finish<R: Resource>(
    tx: &mut Tx<'_>,
    host: &HostOf,
    one: &R,
    action: &'static str,
    changes: Vec<Value>,
) -> Result<(), StoreError> {
    let entity = (R::HISTORY.entity, one.key().to_owned());
    history::record(tx, host, action, entity, changes.into())?;
    history::tell_of_occasion(tx, host, R::NEWS)
}
