//! News items are events for live event streams. They are stored as rows in the transaction of the
//! change that they report.
//!
//! News is numbered in commit order. On SQLite, which has one writer, the number is assigned inside
//! the transaction. On PostgreSQL, a relay in the leading process assigns the number after the
//! commit ([`crate::store`]). So a subscriber never sees a lower number after a higher one, and can
//! resume from the last number it saw. Gaps have no meaning.
//!
//! To write an event stream, subscribe to [`Store::news_waiting`](crate::Store::news_waiting), then
//! read [`cursor`] and the initial state in one transaction. After each wake-up, call [`after`]
//! with the last number sent. If [`after`] returns `None`, send the event `reset`.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::sql;
use crate::store::{Row, Rows, StoreError, Tx};

/// How long news is kept for subscribers that reconnect.
pub const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// The largest payload in bytes. Ids and states are much smaller.
pub const PAYLOAD_LIMIT: usize = 8 * 1024;

#[derive(Clone, Debug, PartialEq)]
pub struct NewNews {
    /// The id of the scope to which the news belongs.
    pub scope: String,
    /// The event's name, such as `saved`.
    pub name: &'static str,
    /// Ids and states only. Names, notes and diets must not be in a payload.
    pub payload: Value,
}

/// Stored news, as a subscriber receives it.
#[derive(Clone, Debug, PartialEq, Row)]
pub struct News {
    /// The number of the news in commit order.
    pub number: i64,
    pub name: String,
    /// Ids and states, as JSON text.
    pub payload: String,
    /// When the change was made.
    pub created_at: Timestamp,
}

impl Tx<'_> {
    /// Publishes news about a change when the change is committed. Call it while holding the
    /// changed record's lock, so that subscribers get the record's events in order.
    pub fn publish(&mut self, news: NewNews) -> Result<(), StoreError> {
        let NewNews {
            scope,
            name,
            payload,
        } = news;
        self.publish_json(&scope, name, &payload.to_string())
    }

    /// Like [`Tx::publish`], for a payload that is JSON text already.
    pub fn publish_json(
        &mut self,
        scope: &str,
        name: &'static str,
        payload: &str,
    ) -> Result<(), StoreError> {
        if payload.len() > PAYLOAD_LIMIT {
            return Err(self.refuse(format!("the notification {name} is too long")));
        }
        let now = self.now();
        if self.numbers_news() {
            // With `RETURNING`, this would take SQLite several times as long.
            self.run(
                sql!("UPDATE news_counter SET last = last + 1 WHERE id = 1"),
                &[],
                Rows::Exactly(1),
            )?;
            sql!(
                "INSERT INTO news (number, scope, name, payload, created_at)
                 VALUES ((SELECT last FROM news_counter WHERE id = 1),
                     :scope, :name, :payload, :now)",
                scope,
                name,
                payload,
                now
            )
            .run(self, Rows::Exactly(1))?;
        } else {
            sql!(
                "INSERT INTO news (scope, name, payload, created_at)
                 VALUES (:scope, :name, :payload, :now)",
                scope,
                name,
                payload,
                now
            )
            .run_later(self, Rows::Any)?;
        }
        self.wake_news();
        Ok(())
    }
}

/// The number of the latest news. A subscriber that loads the state in the same transaction resumes
/// from this number.
pub fn cursor(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let (last,) = tx.one(sql!("SELECT last FROM news_counter WHERE id = 1"), &[])?;
    Ok(last)
}

/// Returns at most `limit` news for `scope` after `number`, in order. Returns `None` if the
/// subscriber cannot resume, because news after `number` was deleted or `number` was never
/// assigned.
pub fn after(
    tx: &mut Tx<'_>,
    scope: &str,
    number: i64,
    limit: u32,
) -> Result<Option<Vec<News>>, StoreError> {
    let (last, swept): (i64, i64) = tx.one(
        sql!("SELECT last, swept FROM news_counter WHERE id = 1"),
        &[],
    )?;
    if number < swept || number > last {
        return Ok(None);
    }
    let news = sql!(
        "SELECT {News} FROM news
         WHERE scope = :scope AND number > :number ORDER BY number LIMIT :limit",
        scope,
        number,
        limit
    )
    .all(tx)?;
    Ok(Some(news))
}

/// Returns the scopes that have news after `number`, each once. Returns `None` in the same cases as
/// [`after`].
pub fn scopes_after(tx: &mut Tx<'_>, number: i64) -> Result<Option<Vec<String>>, StoreError> {
    let (last, swept): (i64, i64) = tx.one(
        sql!("SELECT last, swept FROM news_counter WHERE id = 1"),
        &[],
    )?;
    if number < swept || number > last {
        return Ok(None);
    }
    let scopes: Vec<(String,)> = sql!(
        "SELECT DISTINCT scope FROM news WHERE number > :number",
        number
    )
    .all(tx)?;
    Ok(Some(scopes.into_iter().map(|(scope,)| scope).collect()))
}

/// Deletes news older than [`KEPT`], and returns the number of deleted rows.
pub fn sweep(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let (last, swept): (i64, i64) = tx.one(
        sql!("SELECT last, swept FROM news_counter WHERE id = 1 FOR NO KEY UPDATE"),
        &[],
    )?;
    let oldest_kept = tx.now() - KEPT;
    // Rows are numbered by age, so everything before the first row that is young enough can be
    // deleted.
    let young: Option<(i64,)> = sql!(
        "SELECT number FROM news WHERE number IS NOT NULL AND created_at >= :oldest_kept
         ORDER BY number LIMIT 1",
        oldest_kept
    )
    .maybe(tx)?;
    let end = young.map_or(last, |(number,)| number - 1);
    if end <= swept {
        return Ok(0);
    }
    sql!("UPDATE news_counter SET swept = :end WHERE id = 1", end).run(tx, Rows::Exactly(1))?;
    sql!("DELETE FROM news WHERE number <= :end", end).run(tx, Rows::Any)
}
