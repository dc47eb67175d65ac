//! What is kept in a list, such as the posts of a site: added, changed and removed in one way. The
//! noun says its fields, its rules and its SQL; [`pages`] and [`api`] are its two faces, and a noun
//! may have either, or handlers of its own instead.

pub mod api;
pub mod pages;

use std::ops::RangeFrom;

use jiff::tz::TimeZone;
use platform::{StoreError, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use web::{Field, Findings, Input, List, Piece, fields};

use crate::proof::Proof;
use crate::refusal::{Refusal, Stored};

/// The proof under which a list is read and changed, and what it says of where the list belongs.
pub trait Parent: Proof {
    /// What a role may do.
    type Permission: Copy + Send;
    /// The permission of those who add and remove.
    const OWN: Self::Permission;

    /// Refuses where [`Parent::may`] says no.
    fn needs(&self, _: Self::Permission) -> Result<(), Self::Refusal> {
        Ok(())
    }

    /// Whether the role has the permission.
    fn may(&self, _: Self::Permission) -> bool {
        true
    }

    /// Takes the lock under which all its lists are changed, if there is one.
    fn lock(&self, _: &mut Tx<'_>) -> Result<(), Self::Refusal> {
        Ok(())
    }

    /// In which zone hours are meant.
    fn zone(&self, tx: &mut Tx<'_>) -> Result<TimeZone, Self::Refusal>;

    /// Adds a line to the log.
    fn record(
        &self,
        tx: &mut Tx<'_>,
        entity: (&'static str, String),
        action: &'static str,
        changes: Value,
    ) -> Result<(), StoreError>;

    /// Tells open pages what to fetch anew.
    fn publish(&self, _: &mut Tx<'_>, _news: &'static str) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Why a change of a list is refused.
pub type RefusalOf<R> = <<R as Resource>::Parent as Proof>::Refusal;
/// What it takes to change one of a list.
pub type PermissionOf<R> = <<R as Resource>::Parent as Parent>::Permission;

/// One kind of thing in a list.
pub trait Resource: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Under what the list is kept.
    type Parent: Parent;
    /// Its fields, in the order of the form.
    const FIELDS: &'static [Field];
    /// What the request for a new one may hold besides, and is not kept.
    const OPTIONS: &'static [Field] = &[];
    /// The field that is its name in addresses.
    const ADDRESS: &'static str = "id";
    /// How the history tells of it.
    const HISTORY: History;
    /// What open pages fetch anew after a change.
    const NEWS: &'static str = "";
    /// How many there are at most. A list with a limit is short, and read whole for each change.
    const LIMIT: Option<usize> = None;
    /// Whether the list is read in pieces.
    const IS_LONG: bool = false;
    /// What it takes to change its wording; the rest is for owners.
    const WRITERS: PermissionOf<Self> = <Self::Parent as Parent>::OWN;
    /// Whether the history is not told what a removed one was called.
    const IS_FORGOTTEN: bool = false;
    /// Who has to type its key to remove it.
    const TYPED_REMOVAL: TypedRemoval = TypedRemoval::Nobody;

    /// What tells it from others of a short list, and is typed to remove it.
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

    /// A piece of the list, in its order; a short one is returned whole.
    fn list(
        tx: &mut Tx<'_>,
        parent: &Self::Parent,
        piece: &Piece,
    ) -> Result<List<Self>, RefusalOf<Self>>;

    /// The one at this address.
    fn find(
        tx: &mut Tx<'_>,
        parent: &Self::Parent,
        address: &str,
    ) -> Result<Self, RefusalOf<Self>> {
        at(list::<Self>(tx, parent)?, address)
    }

    /// As [`Resource::find`], with its lock, where it has one of its own.
    fn find_locked(
        tx: &mut Tx<'_>,
        parent: &Self::Parent,
        address: &str,
    ) -> Result<Self, RefusalOf<Self>> {
        Self::find(tx, parent, address)
    }

    /// A new one before anything is said of it, beside those of a short list that are `there`.
    fn blank(
        tx: &mut Tx<'_>,
        parent: &Self::Parent,
        input: &Input,
        there: &[Self],
    ) -> Result<Self, RefusalOf<Self>>;

    /// Finds what the kinds of its fields do not say, and settles what follows from others.
    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), RefusalOf<Self>>;

    /// What differs, as the history keeps it.
    fn changes(old: &Self, new: &Self) -> Vec<Value> {
        fields::difference(Self::FIELDS, old, new)
    }

    /// Writes a new one, with what follows from it.
    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), RefusalOf<Self>>;

    /// Takes the locks that this change needs, refuses what the present state does not allow, and
    /// writes it with a higher version.
    fn update(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), RefusalOf<Self>>;

    /// Whether it is deleted or, because somebody has it, deactivated; takes the locks for it.
    fn removal(
        &self,
        _: &mut Tx<'_>,
        _: &Self::Parent,
        _there: &[Self],
    ) -> Result<Removal, RefusalOf<Self>> {
        Ok(Removal::Delete)
    }

    /// Deletes it.
    fn delete(&self, tx: &mut Tx<'_>, parent: &Self::Parent) -> Result<(), RefusalOf<Self>>;
}

/// A change that is being made.
#[derive(Debug)]
pub struct Edit<'a, R: Resource> {
    /// Where, and by whom.
    pub parent: &'a R::Parent,
    /// What it was; none where it is new.
    pub old: Option<&'a R>,
    /// What was sent.
    pub input: &'a Input,
}

/// Who has to type the key of what they remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypedRemoval {
    /// Nobody.
    Nobody,
    /// People, on its page.
    People,
    /// Programs too, and they say which version.
    Everybody,
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
#[macro_export]
macro_rules! history_of {
    ($entity:literal, named_by: $field:literal) => {
        $crate::history_of!($entity, named_by: $field, removed: "removed")
    };
    ($entity:literal, named_by: $field:literal, removed: $removed:literal) => {
        $crate::resource::History {
            entity: $entity,
            created: concat!($entity, ".created"),
            changed: concat!($entity, ".changed"),
            removed: concat!($entity, ".", $removed),
            named_by: $field,
        }
    };
}
pub use history_of;

/// All of a short list.
pub fn list<R: Resource>(tx: &mut Tx<'_>, parent: &R::Parent) -> Result<Vec<R>, RefusalOf<R>> {
    Ok(R::list(tx, parent, &Piece::default())?.items)
}

/// The one at this address.
pub fn find<R: Resource>(
    tx: &mut Tx<'_>,
    parent: &R::Parent,
    address: &str,
) -> Result<R, RefusalOf<R>> {
    R::find(tx, parent, address)
}

fn at<R: Resource>(all: Vec<R>, address: &str) -> Result<R, RefusalOf<R>> {
    let found = all.into_iter().find(|one| one.address() == address);
    found.ok_or_else(|| Refusal::NotFound.into())
}

/// The others of a short list.
fn others<R: Resource>(tx: &mut Tx<'_>, parent: &R::Parent) -> Result<Vec<R>, RefusalOf<R>> {
    match R::LIMIT {
        Some(_) => list(tx, parent),
        None => Ok(Vec::new()),
    }
}

/// Adds one.
pub fn create<R: Resource>(
    tx: &mut Tx<'_>,
    parent: &R::Parent,
    input: &Input,
) -> Result<R, RefusalOf<R>> {
    parent.needs(R::Parent::OWN)?;
    parent.lock(tx)?;
    let there = others::<R>(tx, parent)?;
    let blank = R::blank(tx, parent, input, &there)?;
    let edit = Edit {
        parent,
        old: None,
        input,
    };
    let mut new = apply(tx, &edit, &blank, &there)?;
    if let Some(limit) = R::LIMIT.filter(|limit| there.len() >= *limit) {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        return Err(Refusal::LimitReached(limit).into());
    }
    new.insert(tx, &edit)?;
    let changes = vec![named(&new, true)];
    finish(tx, parent, &new, R::HISTORY.created, changes)?;
    Ok(new)
}

/// Changes one, if it still has the version that was seen.
pub fn change<R: Resource>(
    tx: &mut Tx<'_>,
    parent: &R::Parent,
    address: &str,
    version: i64,
    input: &Input,
) -> Result<R, RefusalOf<R>> {
    parent.needs(R::WRITERS)?;
    parent.lock(tx)?;
    let old = R::find_locked(tx, parent, address)?;
    check_version(&old, version)?;
    edit(tx, parent, old, input)
}

/// Removes one. Where somebody has it, it is deactivated instead, and returned. `confirmed` is
/// the version that was seen and the key as it was typed.
pub fn remove<R: Resource>(
    tx: &mut Tx<'_>,
    parent: &R::Parent,
    address: &str,
    confirmed: Option<(i64, &str)>,
) -> Result<Option<R>, RefusalOf<R>> {
    parent.needs(R::Parent::OWN)?;
    parent.lock(tx)?;
    let there = others::<R>(tx, parent)?;
    let old = R::find_locked(tx, parent, address)?;
    if let Some((version, _)) = confirmed
        && R::TYPED_REMOVAL == TypedRemoval::Everybody
    {
        check_version(&old, version)?;
    }
    let removal = old.removal(tx, parent, &there)?;
    let is_typed = match R::TYPED_REMOVAL {
        TypedRemoval::Nobody => true,
        TypedRemoval::People => confirmed.is_none_or(|(_, typed)| typed == old.key()),
        TypedRemoval::Everybody => confirmed.is_some_and(|(_, typed)| typed == old.key()),
    };
    if !is_typed {
        let mut findings = Findings::default();
        findings.add("/confirm", "confirmation_wrong", []);
        findings.finish().map_err(Refusal::Fields)?;
    }
    if removal == Removal::Deactivate {
        let off = Input::from(json!({ "active": false }));
        return edit(tx, parent, old, &off).map(Some);
    }
    old.delete(tx, parent)?;
    let changes = if R::IS_FORGOTTEN {
        Vec::new()
    } else {
        vec![named(&old, false)]
    };
    finish(tx, parent, &old, R::HISTORY.removed, changes)?;
    Ok(None)
}

fn check_version<R: Resource>(one: &R, seen: i64) -> Result<(), Refusal> {
    if one.version() == seen {
        return Ok(());
    }
    Err(Refusal::VersionConflict(Box::new(Stored {
        whole: json!(one),
        receipt: json!({R::ADDRESS: one.address(), "version": one.version()}),
    })))
}

fn edit<R: Resource>(
    tx: &mut Tx<'_>,
    parent: &R::Parent,
    old: R,
    input: &Input,
) -> Result<R, RefusalOf<R>> {
    let edit = Edit {
        parent,
        old: Some(&old),
        input,
    };
    let mut new = apply(tx, &edit, &old, &[])?;
    let changes = R::changes(&old, &new);
    if changes.is_empty() {
        return Ok(old);
    }
    if !parent.may(R::Parent::OWN) && !fields::is_wording(R::FIELDS, &changes) {
        return Err(Refusal::Forbidden.into());
    }
    new.update(tx, &edit)?;
    finish(tx, parent, &new, R::HISTORY.changed, changes)?;
    R::find(tx, parent, new.address())
}

/// `from` with what was sent, or every finding in the order of the fields. The key must be none
/// of `others`.
fn apply<R: Resource>(
    tx: &mut Tx<'_>,
    edit: &Edit<'_, R>,
    from: &R,
    others: &[R],
) -> Result<R, RefusalOf<R>> {
    // What is only asked of a new one says nothing of one that is there.
    let fields = [R::FIELDS, R::OPTIONS].concat();
    let (is_new, zone) = (edit.old.is_none(), edit.parent.zone(tx)?);
    let mut findings = Findings::default();
    let mut one = edit
        .input
        .apply(&fields, from, is_new, &zone, &mut findings);
    if others.iter().any(|other| other.key() == one.key()) {
        findings.add("/key", "not_unique", []);
    }
    one.validate(tx, edit, &mut findings)?;
    findings.sort(R::FIELDS);
    findings.finish().map_err(Refusal::Fields)?;
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
    parent: &R::Parent,
    one: &R,
    action: &'static str,
    changes: Vec<Value>,
) -> Result<(), StoreError> {
    let entity = (R::HISTORY.entity, one.entity());
    parent.record(tx, entity, action, changes.into())?;
    parent.publish(tx, R::NEWS)
}
