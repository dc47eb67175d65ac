//! Food needs that hosts ask about: added, renamed, put away.

use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::I18n;

use super::access::{HostOf, Permission};
use super::fields::{Fields, Limits};
use super::history::{self, Changes};
use super::{Current, Refusal, occasions};
use crate::diet::{self, DietaryOption};
use crate::occasion::OccasionId;

/// How many options an occasion has at most.
pub const LIMIT: usize = 40;

/// What hosts may set about a dietary option; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = DietaryOptionChange)]
pub struct Change {
    /// The version that was seen; `If-Match` says the same.
    pub version: Option<i64>,
    /// 1–40 of `a-z0-9-`; only when it is created.
    pub key: Option<String>,
    /// 1–80.
    pub label: Option<I18n>,
    /// To be taken seriously.
    pub allergy: Option<bool>,
    /// Offered to guests.
    pub active: Option<bool>,
    /// Order of showing.
    pub position: Option<i64>,
}

/// What became of an option that was to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// Nobody used it: it is gone.
    Deleted,
    /// Somebody uses it: it is offered to nobody any more.
    Deactivated,
}

/// All options, with their versions.
pub fn list(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<(DietaryOption, i64)>, Refusal> {
    let versions: Vec<(String, i64)> = tx.all(
        sql!("SELECT key, version FROM dietary_option WHERE occasion = $1"),
        &[host.occasion()],
    )?;
    let options = diet::list(tx, host.occasion())?;
    Ok(options
        .into_iter()
        .map(|option| {
            let found = versions.iter().find(|(key, _)| *key == option.key);
            let version = found.map_or(1, |(_, version)| *version);
            (option, version)
        })
        .collect())
}

/// The option with this key, and its version.
pub fn load(tx: &mut Tx<'_>, host: &HostOf, key: &str) -> Result<(DietaryOption, i64), Refusal> {
    let found = list(tx, host)?
        .into_iter()
        .find(|(option, _)| option.key == key);
    found.ok_or(Refusal::NotFound)
}

/// Adds an option.
pub fn create(tx: &mut Tx<'_>, host: &HostOf, new: &Change) -> Result<DietaryOption, Refusal> {
    host.needs(Permission::Own)?;
    occasions::lock(tx, host)?;
    let there = list(tx, host)?;
    let mut fields = Fields::default();
    let key = choose_key(new.key.as_deref(), &there, &mut fields);
    if new.label.is_none() {
        fields.add("/label", "required", []);
    }
    let last = there.iter().map(|(option, _)| option.position + 1).max();
    let mut option = DietaryOption {
        key,
        label: I18n::default(),
        allergy: false,
        active: true,
        position: last.unwrap_or(0),
    };
    apply(new, &mut option, &mut fields);
    fields.finish()?;
    if there.len() >= LIMIT {
        return Err(Refusal::LimitReached(i64::try_from(LIMIT).unwrap_or(0)));
    }
    tx.run(
        sql!(
            "INSERT INTO dietary_option (occasion, key, label, allergy, active, position)
             VALUES ($1, $2, $3, $4, $5, $6)"
        ),
        &[
            host.occasion(),
            &option.key,
            &option.label.to_json(),
            &option.allergy,
            &option.active,
            &option.position,
        ],
        Rows::Exactly(1),
    )?;
    let changes = json!([{"field": "label", "old": null, "new": option.label}]);
    finish(tx, host, "dietary_option.created", &option.key, changes)?;
    Ok(option)
}

/// Changes an option; returns it with its new version.
pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    key: &str,
    version: i64,
    change: &Change,
) -> Result<(DietaryOption, i64), Refusal> {
    host.needs(Permission::Own)?;
    occasions::lock(tx, host)?;
    let (old, stored) = load(tx, host, key)?;
    if stored != version {
        let current = Box::new(old);
        return Err(Refusal::VersionConflict(Current::DietaryOption(
            current, stored,
        )));
    }
    let mut new = old.clone();
    let mut fields = Fields::default();
    if change.key.as_ref().is_some_and(|wanted| wanted != key) {
        fields.add("/key", "not_allowed", []);
    }
    apply(change, &mut new, &mut fields);
    fields.finish()?;
    let mut changes = Changes::default();
    changes
        .compare("label", &old.label, &new.label)
        .compare("allergy", &old.allergy, &new.allergy)
        .compare("active", &old.active, &new.active)
        .compare("position", &old.position, &new.position);
    if changes.is_empty() {
        return Ok((old, stored));
    }
    tx.run(
        sql!(
            "UPDATE dietary_option SET label = $3, allergy = $4, active = $5, position = $6,
                 version = version + 1
             WHERE occasion = $1 AND key = $2 AND version = $7"
        ),
        &[
            host.occasion(),
            &key,
            &new.label.to_json(),
            &new.allergy,
            &new.active,
            &new.position,
            &version,
        ],
        Rows::Exactly(1),
    )?;
    finish(tx, host, "dietary_option.changed", key, changes.into_json())?;
    Ok((new, version + 1))
}

/// Removes an option, or puts it away where somebody uses it.
pub fn remove(tx: &mut Tx<'_>, host: &HostOf, key: &str) -> Result<Removed, Refusal> {
    host.needs(Permission::Own)?;
    occasions::lock(tx, host)?;
    let (option, version) = load(tx, host, key)?;
    if is_used(tx, host.occasion(), key)? {
        let away = Change {
            active: Some(false),
            ..Change::default()
        };
        change(tx, host, key, version, &away)?;
        return Ok(Removed::Deactivated);
    }
    tx.run(
        sql!("DELETE FROM dietary_option WHERE occasion = $1 AND key = $2"),
        &[host.occasion(), &key],
        Rows::Exactly(1),
    )?;
    let changes = json!([{"field": "label", "old": option.label, "new": null}]);
    finish(tx, host, "dietary_option.removed", key, changes)?;
    Ok(Removed::Deleted)
}

/// The key as wanted; else options are numbered.
fn choose_key(wanted: Option<&str>, there: &[(DietaryOption, i64)], fields: &mut Fields) -> String {
    let is_taken = |key: &str| there.iter().any(|(option, _)| option.key == key);
    if let Some(wanted) = wanted {
        let key = fields.slug("/key", wanted, 1, 40);
        if is_taken(&key) {
            fields.add("/key", "not_unique", []);
        }
        return key;
    }
    (1..=there.len() + 1)
        .map(|number| format!("food-{number}"))
        .find(|key| !is_taken(key))
        .unwrap_or_default()
}

fn apply(change: &Change, option: &mut DietaryOption, fields: &mut Fields) {
    if let Some(label) = &change.label {
        // Without words of the hosts, a need that comes with ours is called so.
        let limits = if diet::is_built_in(&option.key) {
            Limits::line(80)
        } else {
            Limits::required(80)
        };
        option.label = fields.i18n("/label", label, limits);
    }
    option.allergy = change.allergy.unwrap_or(option.allergy);
    option.active = change.active.unwrap_or(option.active);
    if let Some(position) = change.position {
        option.position = fields.number("/position", position, 0, 1_000);
    }
}

fn is_used(tx: &mut Tx<'_>, occasion: &OccasionId, key: &str) -> Result<bool, StoreError> {
    // A list of keys is kept as JSON, so a key stands between quotes.
    let (used,): (i64,) = tx.one(
        sql!(
            "SELECT COUNT(*) FROM guest JOIN invitation ON invitation.id = guest.invitation
             WHERE invitation.occasion = $1 AND replace(guest.diets, $2, '') <> guest.diets"
        ),
        &[occasion, &format!("\"{key}\"")],
    )?;
    Ok(used > 0)
}

fn finish(
    tx: &mut Tx<'_>,
    host: &HostOf,
    action: &'static str,
    key: &str,
    changes: serde_json::Value,
) -> Result<(), StoreError> {
    history::record(
        tx,
        host,
        action,
        ("dietary_option", key.to_owned()),
        changes,
    )?;
    history::tell_of_occasion(tx, host, "diets")
}
