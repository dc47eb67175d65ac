//! Import of bookings from another system: lists, sessions, money and documents, with their times.
//!
//! Each function adds one row. A row whose id exists is left unchanged, so an import can be
//! repeated. An import notifies nobody.

pub mod documents;
pub mod money;
pub mod sessions;

use std::str::FromStr;

use platform::id::Id;
use platform::money::Money;
use platform::{Sql, StoreError, Tx, sql};
use sha2::{Digest as _, Sha256};

use crate::catalogue::CatalogueEntry;
use crate::choice_list::{Level, SessionType};
use crate::feedback_criterion::{Author, Criterion, Kind};
use crate::plan::{self, Plan};
use crate::room::Room;
pub use crate::room::has_any as has_rooms;
use crate::{meeting_link, settings};

/// The id of a row that had the id `key` in the other system. It is `key` itself if that is a valid
/// id here, and otherwise an id derived from it. `kind` prevents rows of different kinds from
/// getting the same derived id.
pub fn id<I: Id + FromStr>(kind: &str, key: &str) -> I {
    if let Ok(id) = key.parse() {
        return id;
    }
    let digest = Sha256::digest(format!("imported {kind} {key}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    I::from_text(platform::id::of_bytes(bytes))
}

/// Adds an entry of the catalogue. If another entry has the same slug, a number is added to the
/// slug. Returns the slug, and whether the entry is new.
pub fn add_entry(tx: &mut Tx<'_>, entry: &CatalogueEntry) -> Result<(String, bool), StoreError> {
    if let Some(known) = tx.find::<CatalogueEntry>(&entry.id)? {
        return Ok((known.slug, false));
    }
    let mut new = entry.clone();
    for number in 2.. {
        if tx.insert_new(&new)? {
            break;
        }
        new.slug = format!("{}-{number}", entry.slug);
    }
    Ok((new.slug, true))
}

/// Adds a session type, unless there is one with this code.
pub fn add_session_type(tx: &mut Tx<'_>, code: &str, label: &str) -> Result<bool, StoreError> {
    let position = next_position(tx, sql!("SELECT position FROM session_type"))?;
    let new = SessionType::new(tx, code, label, position);
    tx.insert_new(&new)
}

/// Adds a level, unless there is one with this code.
pub fn add_level(tx: &mut Tx<'_>, code: &str, label: &str) -> Result<bool, StoreError> {
    let position = next_position(tx, sql!("SELECT position FROM level"))?;
    let new = Level::new(tx, code, label, position);
    tx.insert_new(&new)
}

/// Adds a criterion by which providers give feedback about members. Returns its id.
pub fn add_criterion(
    tx: &mut Tx<'_>,
    kind: Kind,
    key: &str,
    label: &str,
) -> Result<String, StoreError> {
    let positions = sql!("SELECT position FROM criterion");
    let new = Criterion {
        id: id("criterion", key),
        author: Author::Provider,
        kind,
        label: label.to_owned(),
        active: true,
        position: next_position(tx, positions)?,
        version: 1,
    };
    tx.insert_new(&new)?;
    Ok(new.id.to_string())
}

fn next_position(tx: &mut Tx<'_>, positions: Sql) -> Result<i64, StoreError> {
    let positions: Vec<(i64,)> = tx.all(positions, &[])?;
    let positions = positions.into_iter().map(|(position,)| position);
    Ok(site::resource::next_position(positions))
}

/// Adds a plan, whose code is derived from its name.
pub fn add_plan(tx: &mut Tx<'_>, plan: &Plan) -> Result<bool, StoreError> {
    let code = plan::free_code(tx, &plan.name)?;
    tx.insert_new(&Plan {
        code,
        ..plan.clone()
    })
}

pub fn plan_prices(tx: &mut Tx<'_>) -> Result<Vec<Money>, StoreError> {
    let all: Vec<Plan> = tx.all(sql!("SELECT {Plan} FROM plan"), &[])?;
    Ok(all.iter().map(Plan::price).collect())
}

/// Adds a room. Returns `None` if its link does not lead to a meeting on an allowed host, and
/// `false` if there is a room with this id or link.
pub fn add_room(tx: &mut Tx<'_>, room: &Room) -> Result<Option<bool>, StoreError> {
    if !meeting_link::is_allowed(&room.url, &settings::load(tx)?.meeting_hosts) {
        return Ok(None);
    }
    tx.insert_new(room).map(Some)
}
