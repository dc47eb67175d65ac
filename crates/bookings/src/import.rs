//! Import of bookings from another system: lists, sessions, money and documents, with their times.
//!
//! Each function adds one row. A row whose id exists is left unchanged, so an import can be
//! repeated. Nobody is told of what is imported.

pub mod documents;
pub mod money;
pub mod sessions;

use std::str::FromStr;

use platform::id::Id;
use platform::money::Money;
use platform::{Rows, StoreError, Tx, sql};
use sha2::{Digest as _, Sha256};

use crate::catalogue::{CatalogueEntry, EntryId};
use crate::criterion::{Author, Criterion};
use crate::level::Level;
use crate::plan::Plan;
use crate::room::Room;
use crate::session_type::SessionType;
use crate::{meeting_link, settings};

/// The id of a row that had the id `key` in the other system: the same if it is one of ours, else
/// one that is derived from it. `kind` keeps rows of different kinds apart.
pub fn id<I: Id + FromStr>(kind: &str, key: &str) -> I {
    if let Ok(id) = key.parse() {
        return id;
    }
    let digest = Sha256::digest(format!("imported {kind} {key}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    I::from_text(platform::id::of_bytes(bytes))
}

/// Adds an entry of the catalogue. Its slug gets a number if another entry has it. Returns the slug,
/// and whether the entry is new.
pub fn add_entry(tx: &mut Tx<'_>, entry: &CatalogueEntry) -> Result<(String, bool), StoreError> {
    let known: Option<(String,)> = sql!(
        "SELECT slug FROM catalogue_entry WHERE id = :id",
        id = entry.id
    )
    .maybe(tx)?;
    if let Some((slug,)) = known {
        return Ok((slug, false));
    }
    let mut new = entry.clone();
    for number in 2.. {
        let taken: Option<(EntryId,)> = sql!(
            "SELECT id FROM catalogue_entry WHERE slug = :slug",
            slug = new.slug
        )
        .maybe(tx)?;
        if taken.is_none() {
            break;
        }
        new.slug = format!("{}-{number}", entry.slug);
    }
    sql!(
        "INSERT INTO catalogue_entry ({CatalogueEntry}) VALUES ({:CatalogueEntry})",
        CatalogueEntry = new
    )
    .run(tx, Rows::Exactly(1))?;
    Ok((new.slug, true))
}

/// Adds a session type, unless there is one with this code.
pub fn add_session_type(tx: &mut Tx<'_>, code: &str, label: &str) -> Result<bool, StoreError> {
    let last = sql!("SELECT COALESCE(MAX(position), 0) FROM session_type");
    let (last,): (i64,) = tx.one(last, &[])?;
    let new = SessionType {
        id: tx.id(),
        code: code.to_owned(),
        label: label.to_owned(),
        active: true,
        position: (last + 1).min(1_000),
        version: 1,
    };
    let added = sql!(
        "INSERT INTO session_type ({SessionType}) VALUES ({:SessionType})
         ON CONFLICT (code) DO NOTHING",
        SessionType = new
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(added == 1)
}

/// Adds a level, unless there is one with this code.
pub fn add_level(tx: &mut Tx<'_>, code: &str, label: &str) -> Result<bool, StoreError> {
    let last = sql!("SELECT COALESCE(MAX(position), 0) FROM level");
    let (last,): (i64,) = tx.one(last, &[])?;
    let new = Level {
        id: tx.id(),
        code: code.to_owned(),
        label: label.to_owned(),
        active: true,
        position: (last + 1).min(1_000),
        version: 1,
    };
    let added = sql!(
        "INSERT INTO level ({Level}) VALUES ({:Level}) ON CONFLICT (code) DO NOTHING",
        Level = new
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(added == 1)
}

/// Adds a criterion by which providers score members.
pub fn add_criterion(tx: &mut Tx<'_>, key: &str, label: &str) -> Result<String, StoreError> {
    let last = sql!("SELECT COALESCE(MAX(position), 0) FROM criterion");
    let (last,): (i64,) = tx.one(last, &[])?;
    let new = Criterion {
        id: id("criterion", key),
        author: Author::Provider,
        label: label.to_owned(),
        active: true,
        position: (last + 1).min(1_000),
        version: 1,
    };
    sql!(
        "INSERT INTO criterion ({Criterion}) VALUES ({:Criterion}) ON CONFLICT (id) DO NOTHING",
        Criterion = new
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(new.id.to_string())
}

pub fn add_plan(tx: &mut Tx<'_>, plan: &Plan) -> Result<bool, StoreError> {
    let added = sql!(
        "INSERT INTO plan ({Plan}) VALUES ({:Plan}) ON CONFLICT (id) DO NOTHING",
        Plan = plan
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(added == 1)
}

pub fn plan_prices(tx: &mut Tx<'_>) -> Result<Vec<Money>, StoreError> {
    let all: Vec<Plan> = tx.all(sql!("SELECT {Plan} FROM plan"), &[])?;
    Ok(all.iter().map(Plan::price).collect())
}

/// Adds a room. Returns `None` if its link does not lead to a meeting on an allowed host, and `false`
/// if there is a room with this id or link.
pub fn add_room(tx: &mut Tx<'_>, room: &Room) -> Result<Option<bool>, StoreError> {
    if !meeting_link::is_allowed(&room.url, &settings::load(tx)?.meeting_hosts) {
        return Ok(None);
    }
    let added = sql!(
        "INSERT INTO room ({Room}) VALUES ({:Room}) ON CONFLICT DO NOTHING",
        Room = room
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(Some(added == 1))
}

/// Whether there are rooms that new bookings may reserve.
pub fn has_rooms(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let count = sql!("SELECT COUNT(*) FROM room WHERE active = 1");
    let (count,): (i64,) = tx.one(count, &[])?;
    Ok(count > 0)
}
