//! What hosts keep in a list of their own, such as events and food needs: added,
//! changed and removed in one way, under the occasion's lock.

use std::ops::RangeFrom;

use platform::{StoreError, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use web::{Field, Findings, Input, fields};

use super::permissions::{HostOf, Permission};
use super::{Current, Refusal, history, occasions};
use crate::occasion::{Occasion, OccasionId};

/// One kind of thing in a list.
pub trait Resource: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its fields, in the order of the form.
    const FIELDS: &'static [Field];
    /// What the request for a new one may hold besides, and is not kept.
    const OPTIONS: &'static [Field] = &[];
    /// The field that is its name in addresses.
    const ADDRESS: &'static str = "key";
    /// How the history tells of it.
    const HISTORY: History;
    /// What open pages fetch anew after a change.
    const NEWS: &'static str;
    /// How many an occasion has at most.
    const LIMIT: usize;
    /// What it takes to change its wording; the rest is for owners.
    const WRITERS: Permission = Permission::Own;
    /// Whether it is only removed by somebody who says which version, and types its key.
    const TYPED_REMOVAL: bool = false;

    /// Unique in the occasion.
    fn key(&self) -> &str;

    /// Its name in addresses.
    fn address(&self) -> &str {
        self.key()
    }

    /// What it is called in the history; always the same.
    fn entity(&self) -> String {
        self.address().to_owned()
    }

    /// Raised by every change.
    fn version(&self) -> i64;

    /// All of an occasion, in their order.
    fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Self>, StoreError>;

    /// A new one before anything is said of it, beside those that are `there`.
    fn blank(tx: &mut Tx<'_>, there: &[Self]) -> Self;

    /// Finds what the kinds of its fields do not say, and settles what follows from others.
    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), StoreError>;

    /// Before it is written: takes the locks that this change needs, and refuses what the
    /// present state does not allow.
    fn before_update(&self, _: &mut Tx<'_>, _: &HostOf, _old: &Self) -> Result<(), Refusal> {
        Ok(())
    }

    /// Writes a new one.
    fn insert(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError>;

    /// After it was added: what others have of it.
    fn after_insert(
        &self,
        _: &mut Tx<'_>,
        _: &OccasionId,
        _input: &Input,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    /// Writes its fields, and raises its version.
    fn update(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError>;

    /// Whether it is deleted or, because somebody has it, deactivated; takes the locks for it.
    fn removal(
        &self,
        tx: &mut Tx<'_>,
        occasion: &OccasionId,
        there: &[Self],
    ) -> Result<Removal, Refusal>;

    /// Deletes it.
    fn delete(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError>;
}

/// A change that is being made.
#[derive(Debug)]
pub struct Edit<'a, R> {
    /// Where.
    pub occasion: &'a Occasion,
    /// What it was; none where it is new.
    pub old: Option<&'a R>,
    /// What was sent.
    pub input: &'a Input,
}

/// How something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// For good.
    Delete,
    /// Those who have it keep it, and nobody is offered it any more.
    Deactivate,
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

/// The one at this address.
pub fn find<R: Resource>(tx: &mut Tx<'_>, host: &HostOf, address: &str) -> Result<R, Refusal> {
    at(&R::list(tx, host.occasion())?, address)
}

fn at<R: Resource>(all: &[R], address: &str) -> Result<R, Refusal> {
    let found = all.iter().find(|one| one.address() == address);
    found.cloned().ok_or(Refusal::NotFound)
}

/// Adds one.
pub fn create<R: Resource>(tx: &mut Tx<'_>, host: &HostOf, input: &Input) -> Result<R, Refusal> {
    host.needs(Permission::Own)?;
    let occasion = occasions::lock(tx, host)?;
    let there = R::list(tx, host.occasion())?;
    let blank = R::blank(tx, &there);
    let edit = Edit {
        occasion: &occasion,
        old: None,
        input,
    };
    let new = apply(tx, &edit, &blank, &there)?;
    if there.len() >= R::LIMIT {
        return Err(Refusal::LimitReached(
            i64::try_from(R::LIMIT).unwrap_or(i64::MAX),
        ));
    }
    new.insert(tx, host.occasion())?;
    new.after_insert(tx, host.occasion(), input)?;
    let changes = vec![named(&new, true)];
    finish(tx, host, &new, R::HISTORY.created, changes)?;
    Ok(new)
}

/// Changes one, if it still has the version that was seen.
pub fn change<R: Resource>(
    tx: &mut Tx<'_>,
    host: &HostOf,
    address: &str,
    version: i64,
    input: &Input,
) -> Result<R, Refusal> {
    host.needs(R::WRITERS)?;
    let occasion = occasions::lock(tx, host)?;
    let old: R = find(tx, host, address)?;
    check_version(&old, version)?;
    edit(tx, host, &occasion, old, input)
}

/// Removes one. Where somebody has it, it is deactivated instead, and returned. `confirmed` is
/// the version that was seen and the key as it was typed.
pub fn remove<R: Resource>(
    tx: &mut Tx<'_>,
    host: &HostOf,
    address: &str,
    confirmed: Option<(i64, &str)>,
) -> Result<Option<R>, Refusal> {
    host.needs(Permission::Own)?;
    let occasion = occasions::lock(tx, host)?;
    let there = R::list(tx, host.occasion())?;
    let old = at(&there, address)?;
    if let Some((version, _)) = confirmed {
        check_version(&old, version)?;
    }
    let removal = old.removal(tx, host.occasion(), &there)?;
    if R::TYPED_REMOVAL && confirmed.is_none_or(|(_, typed)| typed != old.key()) {
        let mut findings = Findings::default();
        findings.add("/confirm", "confirmation_wrong", []);
        findings.finish()?;
    }
    if removal == Removal::Deactivate {
        let off = Input::from(json!({ "active": false }));
        return edit(tx, host, &occasion, old, &off).map(Some);
    }
    old.delete(tx, host.occasion())?;
    let changes = vec![named(&old, false)];
    finish(tx, host, &old, R::HISTORY.removed, changes)?;
    Ok(None)
}

fn check_version<R: Resource>(one: &R, seen: i64) -> Result<(), Refusal> {
    if one.version() == seen {
        return Ok(());
    }
    Err(Refusal::VersionConflict(Current::of(one)))
}

fn edit<R: Resource>(
    tx: &mut Tx<'_>,
    host: &HostOf,
    occasion: &Occasion,
    old: R,
    input: &Input,
) -> Result<R, Refusal> {
    let edit = Edit {
        occasion,
        old: Some(&old),
        input,
    };
    let new = apply(tx, &edit, &old, &[])?;
    let changes = fields::difference(R::FIELDS, &old, &new);
    if changes.is_empty() {
        return Ok(old);
    }
    if !host.may(Permission::Own) && !fields::is_wording(R::FIELDS, &changes) {
        return Err(Refusal::Forbidden);
    }
    new.before_update(tx, host, &old)?;
    new.update(tx, host.occasion())?;
    finish(tx, host, &new, R::HISTORY.changed, changes)?;
    find(tx, host, new.address())
}

/// `from` with what was sent, or every finding in the order of the fields. The key must be none
/// of `others`.
fn apply<R: Resource>(
    tx: &mut Tx<'_>,
    edit: &Edit<'_, R>,
    from: &R,
    others: &[R],
) -> Result<R, Refusal> {
    // What is only asked of a new one says nothing of one that is there.
    let fields = [R::FIELDS, R::OPTIONS].concat();
    let (is_new, zone) = (edit.old.is_none(), edit.occasion.zone());
    let mut findings = Findings::default();
    let mut one = edit
        .input
        .apply(&fields, from, is_new, &zone, &mut findings);
    if others.iter().any(|other| other.key() == one.key()) {
        findings.add("/key", "not_unique", []);
    }
    one.validate(tx, edit, &mut findings)?;
    findings.sort(R::FIELDS);
    findings.finish()?;
    Ok(one)
}

/// The first key of `prefix-1`, `prefix-2` … that is free, from the first of `numbers` on.
pub fn free_key(prefix: &str, numbers: RangeFrom<u32>, is_taken: impl Fn(&str) -> bool) -> String {
    let mut keys = numbers.map(|number| format!("{prefix}-{number}"));
    keys.find(|key| !is_taken(key)).unwrap_or_default()
}

/// The position after all of these.
pub fn next_position(positions: impl Iterator<Item = i64>) -> i64 {
    positions.max().map_or(0, |last| last + 1)
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
    let entity = (R::HISTORY.entity, one.entity());
    history::record(tx, host, action, entity, changes.into())?;
    history::tell_of_occasion(tx, host, R::NEWS)
}
