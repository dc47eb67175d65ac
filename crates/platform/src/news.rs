//! News: what others should hear live, as rows of the change that they tell of.
//!
//! A row gets its number in the order of commits: on SQLite inside the change
//! (one writer, so that is the order), on PostgreSQL by the relay of the leading
//! process after the commit ([`crate::store`]). So a lower number never appears
//! after a higher one was read, and a reader that remembers one number can go on
//! from there. Gaps mean nothing.
//!
//! A stream is written like this: subscribe to
//! [`Store::news_waiting`](crate::Store::news_waiting); read [`cursor`] and what
//! the stream begins with in one transaction; then, after each wake-up, read
//! [`after`] from the last number sent. `None` is the moment to say `reset`.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::sql;
use crate::store::{Row, Rows, StoreError, Tx};

/// How long news is kept for readers who come back.
pub const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// The largest payload: ids and states need no more.
pub const PAYLOAD_LIMIT: usize = 8 * 1024;

/// News on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct NewNews {
    /// Whom it concerns: the id of a scope.
    pub scope: String,
    /// What happened: `saved`.
    pub name: &'static str,
    /// Ids and states; never names, notes or diets.
    pub payload: Value,
}

/// News as readers get it.
#[derive(Clone, Debug, PartialEq, Row)]
pub struct News {
    /// Its place in the order of all news.
    pub number: i64,
    /// What happened.
    pub name: String,
    /// Ids and states, as JSON text.
    pub payload: String,
    /// When the change was decided.
    pub created_at: Timestamp,
}

impl Tx<'_> {
    /// Tells others of this change, once it is committed. Call it under the
    /// lock of what changed: then readers hear of one thing in order.
    pub fn publish(&mut self, news: NewNews) -> Result<(), StoreError> {
        let NewNews {
            scope,
            name,
            payload,
        } = news;
        let payload = payload.to_string();
        if payload.len() > PAYLOAD_LIMIT {
            return Err(self.refuse(format!("the news {name} is too long")));
        }
        let number: Option<i64> = if self.numbers_news() {
            Some(
                self.one::<(i64,)>(
                    sql!("UPDATE news_counter SET last = last + 1 WHERE id = 1 RETURNING last"),
                    &[],
                )?
                .0,
            )
        } else {
            None
        };
        let now = self.now();
        sql!(
            "INSERT INTO news (number, scope, name, payload, created_at)
             VALUES (:number, :scope, :name, :payload, :now)",
            number,
            scope,
            name,
            payload,
            now
        )
        .run(self, Rows::Exactly(1))?;
        self.wake_news();
        Ok(())
    }
}

/// The number of the latest news: a reader that reads the facts in the same
/// transaction goes on from here.
pub fn cursor(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let (last,) = tx.one(sql!("SELECT last FROM news_counter WHERE id = 1"), &[])?;
    Ok(last)
}

/// The news of `scope` after `number`, in order, at most `limit`. `None` when
/// there is no going on from there: news after it was swept, or it was never
/// given.
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

/// The scopes of all news after `number`, each once. `None` as for [`after`].
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

/// Removes news older than [`KEPT`]; returns how many rows went.
pub fn sweep(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let (last, swept): (i64, i64) = tx.one(
        sql!("SELECT last, swept FROM news_counter WHERE id = 1 FOR NO KEY UPDATE"),
        &[],
    )?;
    let oldest_kept = tx.now() - KEPT;
    // All before the first row that is young enough, in the readers' order.
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
