//! The list kit: shared code that adds, changes and removes the items of any list. A resource
//! defines its fields, rules and SQL. [`pages`] serves the list as pages and [`api`] as JSON; a
//! resource may use either, or have its own handlers.
//!
//! A list belongs to a [`Parent`], which is the proof under which it is read and changed. `READERS`
//! may see its page, `WRITERS` may change its texts, and `OWNERS` may do the rest. Records that are
//! changed together under one version, such as an invitation and its guests, are no resources.

pub mod api;
pub mod pages;

use std::ops::RangeFrom;

use jiff::tz::TimeZone;
use platform::audit::Entity;
use platform::{StoreError, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use web::fields::{self, FieldOf, Kind};
use web::{Field, Findings, Input, List, PageQuery};

use crate::proof::Proof;
use crate::refusal::{Refusal, Stored};

pub trait Parent: Proof {
    /// The permissions that roles can have in the parent.
    type Permission: Copy + Send;
    /// The permission of owners, who may change everything.
    const OWN: Self::Permission;

    /// Fails if [`Parent::may`] returns `false` for this permission.
    fn needs(&self, _: Self::Permission) -> Result<(), Self::Refusal> {
        Ok(())
    }

    /// Whether the caller's role has this permission.
    fn may(&self, _: Self::Permission) -> bool {
        true
    }

    /// Locks the parent, if changes to its lists require a lock.
    fn lock(&self, _: &mut Tx<'_>) -> Result<(), Self::Refusal> {
        Ok(())
    }

    /// The time zone for input times without a zone.
    fn zone(&self, tx: &mut Tx<'_>) -> Result<TimeZone, Self::Refusal>;

    /// Adds an entry to the parent's history.
    fn record(
        &self,
        tx: &mut Tx<'_>,
        entity: Entity,
        action: &'static str,
        changes: Value,
    ) -> Result<(), StoreError>;

    /// Tells browsers with an open page which part of the page they must fetch again.
    fn publish(&self, _: &mut Tx<'_>, _news: &'static str) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The error type of a refused change to a list.
pub type RefusalOf<R> = <<R as Resource>::Parent as Proof>::Refusal;
/// The type of the permissions that a list's parent defines.
pub type PermissionOf<R> = <<R as Resource>::Parent as Parent>::Permission;

/// A kind of item that is kept in a list.
pub trait Resource: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    type Parent: Parent;
    const FIELDS: &'static [Field];
    const OPTIONS: &'static [Field] = &[];
    /// The name of the field that identifies an item in URL paths.
    const ADDRESS: &'static str = "id";
    /// The keywords with which the history records changes to items.
    const HISTORY: History;
    /// The name of the part of open pages that browsers must fetch again after a change.
    const NEWS: &'static str = "";
    /// The maximum number of items. A list with a limit is short, so every change reads it
    /// completely.
    const LIMIT: Option<usize> = None;
    /// Whether the list is shown in several pages.
    const IS_LONG: bool = false;
    /// The permission to add and to remove items, and to change all of their fields.
    const OWNERS: PermissionOf<Self> = <Self::Parent as Parent>::OWN;
    /// The permission to change an item's wording. Changing other fields requires
    /// [`Resource::OWNERS`].
    const WRITERS: PermissionOf<Self> = Self::OWNERS;
    /// The permission to see the page with the list.
    const READERS: PermissionOf<Self> = Self::WRITERS;
    /// Whether the history entry about a removed item omits the item's name.
    const IS_FORGOTTEN: bool = false;
    /// The callers who must type an item's key, or one of its names, to confirm its removal.
    const TYPED_REMOVAL: TypedRemoval = TypedRemoval::Nobody;

    /// The string that identifies the item in a short list. Callers may type it to confirm the item's
    /// removal.
    fn key(&self) -> &str;

    /// The names under which people know the item, in all languages. Each may be typed instead of the
    /// key to confirm the item's removal.
    fn names(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The item's identifier in URL paths.
    fn address(&self) -> &str {
        self.key()
    }

    /// The item's permanent id in the history.
    fn entity(&self) -> String {
        self.address().to_owned()
    }

    /// The version number, which increases with every change.
    fn version(&self) -> i64;

    /// Returns one page of the list, or the whole list if it is short.
    fn list(
        tx: &mut Tx<'_>,
        parent: &Self::Parent,
        paging: &PageQuery,
    ) -> Result<List<Self>, RefusalOf<Self>>;

    /// Finds the item by its identifier in the path.
    fn find(
        tx: &mut Tx<'_>,
        parent: &Self::Parent,
        address: &str,
    ) -> Result<Self, RefusalOf<Self>> {
        at(list::<Self>(tx, parent)?, address)
    }

    /// Like [`Resource::find`], but also locks the item, if items have a lock.
    fn find_locked(
        tx: &mut Tx<'_>,
        parent: &Self::Parent,
        address: &str,
    ) -> Result<Self, RefusalOf<Self>> {
        Self::find(tx, parent, address)
    }

    /// A new item with default values. `there` contains the list's existing items if the list is
    /// short.
    fn blank(
        tx: &mut Tx<'_>,
        parent: &Self::Parent,
        input: &Input,
        there: &[Self],
    ) -> Result<Self, RefusalOf<Self>>;

    /// Checks what the declared field types cannot check, and sets fields whose values are derived
    /// from other fields.
    fn validate(
        &mut self,
        _: &mut Tx<'_>,
        _: &Edit<'_, Self>,
        _: &mut Findings,
    ) -> Result<(), RefusalOf<Self>> {
        Ok(())
    }

    /// Returns the fields that differ between two versions, in the format of the history.
    fn changes(old: &Self, new: &Self) -> Vec<Value> {
        fields::difference(Self::FIELDS, old, new)
    }

    /// Stores a new item and everything derived from it.
    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), RefusalOf<Self>>;

    /// Takes the necessary locks, and stores the changed item with a higher version. Fails if the
    /// stored data does not allow the change.
    fn update(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), RefusalOf<Self>>;

    /// Decides whether the item is deleted, or deactivated because it is in use. Takes the locks
    /// for the removal.
    fn removal(
        &self,
        _: &mut Tx<'_>,
        _: &Self::Parent,
        _there: &[Self],
    ) -> Result<Removal, RefusalOf<Self>> {
        Ok(Removal::Delete)
    }

    /// The change that deactivates an item.
    fn deactivation() -> Input {
        Input::from(json!({ "active": false }))
    }

    fn delete(&self, tx: &mut Tx<'_>, parent: &Self::Parent) -> Result<(), RefusalOf<Self>>;
}

/// A change to an item, before it is stored.
#[derive(Debug)]
pub struct Edit<'a, R: Resource> {
    /// The proof that the caller may change the parent's lists.
    pub parent: &'a R::Parent,
    /// The item before the change; `None` if it is new.
    pub old: Option<&'a R>,
    pub input: &'a Input,
}

/// Defines `key`, `version`, `update` and `delete` of a [`Resource`] whose items are the rows of a
/// [`Table`](platform::store::Table), with the fields `id` and `version`. A list whose rows also
/// name their parent uses this macro and inserts them itself.
#[macro_export]
macro_rules! row_of_table {
    () => {
        fn key(&self) -> &str {
            self.id.as_str()
        }

        fn version(&self) -> i64 {
            self.version
        }

        fn update(
            &mut self,
            tx: &mut ::platform::Tx<'_>,
            _: &$crate::resource::Edit<'_, Self>,
        ) -> Result<(), $crate::resource::RefusalOf<Self>> {
            self.version += 1;
            tx.update(&*self)?;
            Ok(())
        }

        fn delete(
            &self,
            tx: &mut ::platform::Tx<'_>,
            _: &Self::Parent,
        ) -> Result<(), $crate::resource::RefusalOf<Self>> {
            tx.delete::<Self>(&self.id)?;
            Ok(())
        }
    };
}
pub use row_of_table;

/// Like [`row_of_table!`], and also defines `find_locked` and `insert`: for a list that contains
/// all rows of its table.
#[macro_export]
macro_rules! stored_in_table {
    () => {
        $crate::row_of_table!();

        fn find_locked(
            tx: &mut ::platform::Tx<'_>,
            _: &Self::Parent,
            id: &str,
        ) -> Result<Self, $crate::resource::RefusalOf<Self>> {
            let found: Option<Self> = tx.lock(&id)?;
            found.ok_or_else(|| $crate::Refusal::NotFound.into())
        }

        fn insert(
            &mut self,
            tx: &mut ::platform::Tx<'_>,
            _: &$crate::resource::Edit<'_, Self>,
        ) -> Result<(), $crate::resource::RefusalOf<Self>> {
            tx.insert(&*self)?;
            Ok(())
        }
    };
}
pub use stored_in_table;

/// The callers who must type an item's key, or one of its names, to confirm its removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypedRemoval {
    Nobody,
    People,
    /// People and API clients. API clients must also send the version.
    Everybody,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    Delete,
    /// The item stays wherever it is in use, but cannot be chosen any more.
    Deactivate,
}

impl Removal {
    /// Returns [`Removal::Delete`] if `count`, the number of places that use the item, is zero.
    /// Otherwise returns [`Removal::Deactivate`].
    pub fn of_uses(count: i64) -> Self {
        if count > 0 {
            Self::Deactivate
        } else {
            Self::Delete
        }
    }
}

/// The keywords with which the history records changes to items.
#[derive(Debug)]
pub struct History {
    /// The kind of the item, such as `event`.
    pub entity: &'static str,
    /// The action of adding an item, such as `event.created`.
    pub created: &'static str,
    /// The action of changing an item, such as `event.changed`.
    pub changed: &'static str,
    /// The action of removing an item, such as `event.removed`.
    pub removed: &'static str,
    /// The field whose value serves as the item's name.
    pub named_by: &'static str,
}

/// Makes the keywords with which the history records changes to one kind of item, such as
/// `event.created`.
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

pub fn list<R: Resource>(tx: &mut Tx<'_>, parent: &R::Parent) -> Result<Vec<R>, RefusalOf<R>> {
    Ok(R::list(tx, parent, &PageQuery::default())?.items)
}

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

/// All items of a short list. A long list is not read, so the result is empty.
fn others<R: Resource>(tx: &mut Tx<'_>, parent: &R::Parent) -> Result<Vec<R>, RefusalOf<R>> {
    match R::LIMIT {
        Some(_) => list(tx, parent),
        None => Ok(Vec::new()),
    }
}

pub fn create<R: Resource>(
    tx: &mut Tx<'_>,
    parent: &R::Parent,
    input: &Input,
) -> Result<R, RefusalOf<R>> {
    parent.needs(R::OWNERS)?;
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

/// Changes an item, if it still has the version that the caller saw.
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

/// Removes an item. If the item is in use, deactivates and returns it instead. `confirmed` contains
/// the version that the caller saw, and the key or name that the caller typed.
pub fn remove<R: Resource>(
    tx: &mut Tx<'_>,
    parent: &R::Parent,
    address: &str,
    confirmed: Option<(i64, &str)>,
) -> Result<Option<R>, RefusalOf<R>> {
    parent.needs(R::OWNERS)?;
    parent.lock(tx)?;
    let there = others::<R>(tx, parent)?;
    let old = R::find_locked(tx, parent, address)?;
    if let Some((version, _)) = confirmed
        && R::TYPED_REMOVAL == TypedRemoval::Everybody
    {
        check_version(&old, version)?;
    }
    let removal = old.removal(tx, parent, &there)?;
    let is_named = |typed: &str| is_one_of(typed, old.names().into_iter().chain([old.key()]));
    let is_typed = match R::TYPED_REMOVAL {
        TypedRemoval::Nobody => true,
        TypedRemoval::People => confirmed.is_none_or(|(_, typed)| is_named(typed)),
        TypedRemoval::Everybody => confirmed.is_some_and(|(_, typed)| is_named(typed)),
    };
    if !is_typed {
        let mut findings = Findings::default();
        findings.add("/confirm", "confirmation_wrong", []);
        findings.finish().map_err(Refusal::Fields)?;
    }
    if removal == Removal::Deactivate {
        return edit(tx, parent, old, &R::deactivation()).map(Some);
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

/// Whether somebody typed one of these names. Case, accents, spaces and the kind of dashes do not
/// matter, because a phone's keyboard changes them.
pub fn is_one_of<'a>(typed: &str, mut names: impl Iterator<Item = &'a str>) -> bool {
    let plain = |name: &str| {
        let dashes = ['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}'];
        let folded = platform::text_cleaning::fold(name).replace(dashes, "-");
        folded.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let typed = plain(typed);
    !typed.is_empty() && names.any(|name| plain(name) == typed)
}

/// Refuses a change that is not based on the stored version.
pub fn check_version<R: Resource>(one: &R, seen: i64) -> Result<(), Refusal> {
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
    if !parent.may(R::OWNERS) && !fields::is_wording(R::FIELDS, &changes) {
        return Err(Refusal::Forbidden.into());
    }
    new.update(tx, &edit)?;
    finish(tx, parent, &new, R::HISTORY.changed, changes)?;
    R::find(tx, parent, new.address())
}

/// All errors, in the order of the fields. A field of the kind [`Kind::Key`] must differ from the
/// same field of all `others`.
fn apply<R: Resource>(
    tx: &mut Tx<'_>,
    edit: &Edit<'_, R>,
    from: &R,
    others: &[R],
) -> Result<R, RefusalOf<R>> {
    let fields = [R::FIELDS, R::OPTIONS].concat();
    let (is_new, zone) = (edit.old.is_none(), edit.parent.zone(tx)?);
    let mut findings = Findings::default();
    let mut one = edit
        .input
        .apply(&fields, from, is_new, &zone, &mut findings);
    let is_key = |field: &&Field| matches!(field.kind, Kind::Key(..));
    for Field { name, .. } in R::FIELDS.iter().filter(is_key) {
        let key = &json!(one)[name];
        if others.iter().any(|other| json!(other)[name] == *key) {
            findings.add(&format!("/{name}"), "not_unique", []);
        }
    }
    one.validate(tx, edit, &mut findings)?;
    findings.sort(R::FIELDS);
    findings.finish().map_err(Refusal::Fields)?;
    Ok(one)
}

/// The first free key among `prefix-1`, `prefix-2` and so on, starting at the first of `numbers`.
pub fn free_key(prefix: &str, numbers: RangeFrom<u32>, is_taken: impl Fn(&str) -> bool) -> String {
    let mut keys = numbers.map(|number| format!("{prefix}-{number}"));
    keys.find(|key| !is_taken(key)).unwrap_or_default()
}

const LAST_POSITION: i64 = 1_000;

/// The field for an item's place in its list. Items at the same position are in another fixed order.
pub const fn position() -> FieldOf<i64> {
    fields::number(0, LAST_POSITION)
}

/// The position after these, which the field [`position`] allows.
pub fn next_position(positions: impl Iterator<Item = i64>) -> i64 {
    let last = positions.max();
    last.map_or(0, |last| (last + 1).min(LAST_POSITION))
}

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
    let entity = Entity::new(R::HISTORY.entity, one.entity());
    parent.record(tx, entity, action, changes.into())?;
    parent.publish(tx, R::NEWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_typed_in_any_of_its_languages_and_by_any_keyboard() {
        let is_typed = |typed: &str| is_one_of(typed, ["Ella’s Tea – Party", "茶会"].into_iter());
        for typed in ["Ella’s Tea – Party", " ella's  tea - party", "茶会"] {
            assert!(is_typed(typed), "{typed}");
        }
        for typed in ["", "Tea", "Ella’s Tea Party"] {
            assert!(!is_typed(typed), "{typed}");
        }
        assert!(!is_one_of(" ", [""].into_iter()), "nothing is no name");
    }

    #[test]
    fn the_next_position_is_one_that_the_field_allows() {
        for (there, expected) in [
            (&[][..], 0),
            (&[0, 4, 2], 5),
            (&[LAST_POSITION], LAST_POSITION),
        ] {
            assert_eq!(next_position(there.iter().copied()), expected, "{there:?}");
        }
    }
}
