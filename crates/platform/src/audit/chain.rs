//! The hash chain over audit lines about accounts and administrators. Each sealed line covers the
//! previous one, so later changes to lines and deletions of lines are detected.
//!
//! A seal covers a line's personal columns (actor, entity, network, values) only through a salted
//! digest, which is stored in the same row. Erasing a person changes those columns and deletes the
//! salt, but not the digest, so the chain still verifies.

use sha2::{Digest, Sha256};

use super::Record;
use crate::sql;
use crate::store::{Row, Rows, StoreError, Tx};
use crate::text_cleaning::hexadecimal;

const PART: u32 = 500;

/// Seals at most 500 unsealed lines, and returns their number. A job calls this function every
/// minute.
pub fn seal(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    // This lock keeps two processes from forking the chain.
    let (mut place, mut previous): (i64, String) = tx.one(
        sql!("SELECT place, seal FROM audit_chain WHERE id = 1 FOR NO KEY UPDATE"),
        &[],
    )?;
    let waiting: Vec<Record> = sql!(
        "SELECT {Record} FROM audit WHERE chained = 1 AND place IS NULL ORDER BY sequence LIMIT :part",
        part = PART
    )
    .all(tx)?;
    for record in &waiting {
        place += 1;
        let salt = hexadecimal(&tx.random().token());
        let personal = personal(record, &salt);
        let seal = link(&previous, place, record, &personal);
        sql!(
            "UPDATE audit SET place = :place, salt = :salt, personal = :personal, seal = :seal
             WHERE sequence = :sequence AND place IS NULL",
            sequence = record.sequence,
            place,
            salt,
            personal,
            seal
        )
        .run(tx, Rows::Exactly(1))?;
        previous = seal;
    }
    if !waiting.is_empty() {
        sql!(
            "UPDATE audit_chain SET place = :place, seal = :previous WHERE id = 1",
            place,
            previous
        )
        .run(tx, Rows::Exactly(1))?;
    }
    Ok(waiting.len() as u64)
}

/// Returns at most `limit` lines about accounts and administrators, newest first. `before` is the
/// sequence number of the previous page's last line, and `None` means the first page.
pub fn list(tx: &mut Tx<'_>, before: Option<i64>, limit: i64) -> Result<Vec<Record>, StoreError> {
    let before = before.unwrap_or(i64::MAX);
    let mut lines: Vec<Record> = sql!(
        "SELECT {Record} FROM audit
         WHERE chained = 1 AND place IS NULL AND sequence < :before
         ORDER BY sequence DESC LIMIT :limit",
        before,
        limit
    )
    .all(tx)?;
    let found = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    let rest = limit.saturating_sub(found);
    // This query uses `place`, because that column has an index. Sealed lines have the same order
    // by `place` as by `sequence`.
    let sealed: Vec<Record> = sql!(
        "SELECT {Record} FROM audit
         WHERE place <= COALESCE(
             (SELECT last.place - 1 FROM audit last WHERE last.sequence = :before),
             (SELECT place FROM audit_chain WHERE id = 1))
         ORDER BY place DESC LIMIT :rest",
        before,
        rest
    )
    .all(tx)?;
    lines.extend(sealed);
    Ok(lines)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The place of the first row that is missing or was changed after sealing.
    pub place: i64,
}

/// Verifies the whole chain. Returns `None` if every sealed row is unchanged.
pub fn verify(tx: &mut Tx<'_>) -> Result<Option<Broken>, StoreError> {
    let (end, last): (i64, String) = tx.one(
        sql!("SELECT place, seal FROM audit_chain WHERE id = 1"),
        &[],
    )?;
    let mut previous = String::new();
    let mut place = 0;
    while place < end {
        let part: Vec<Sealed> = sql!(
            "SELECT {Sealed} FROM audit WHERE place > :place ORDER BY place LIMIT :part",
            place,
            part = PART
        )
        .all(tx)?;
        if part.is_empty() {
            return Ok(Some(Broken { place: place + 1 }));
        }
        for row in part {
            place += 1;
            if !row.holds(&previous, place) {
                return Ok(Some(Broken { place }));
            }
            previous = row.seal;
        }
    }
    Ok((place != end || previous != last).then_some(Broken { place }))
}

#[derive(Row)]
struct Sealed {
    #[row(flatten)]
    record: Record,
    place: i64,
    salt: Option<String>,
    personal: String,
    seal: String,
}

impl Sealed {
    fn holds(&self, previous: &str, place: i64) -> bool {
        let personal_holds = self
            .salt
            .as_ref()
            .is_none_or(|salt| personal(&self.record, salt) == self.personal);
        personal_holds
            && self.place == place
            && link(previous, place, &self.record, &self.personal) == self.seal
    }
}

fn personal(record: &Record, salt: &str) -> String {
    digest(&[
        salt,
        record.actor_id.as_deref().unwrap_or_default(),
        &record.entity_id,
        record.scope.as_deref().unwrap_or_default(),
        record.network.as_deref().unwrap_or_default(),
        &record.changes,
    ])
}

fn link(previous: &str, place: i64, record: &Record, personal: &str) -> String {
    digest(&[
        previous,
        &place.to_string(),
        &record.at.as_millisecond().to_string(),
        &record.actor_kind,
        &record.action,
        &record.entity_kind,
        record.request_id.as_deref().unwrap_or_default(),
        personal,
    ])
}

/// Hashes `parts`. Each part is prefixed with its length, so that two different lists of parts
/// never produce the same input.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hexadecimal(&hash.finalize())
}
