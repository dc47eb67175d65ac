//! SQL statements. They are literals, so that no input can become part of a statement, and so that
//! a test can find and prepare every statement on both engines.
//!
//! The test scans the sources. Statements are not registered at link time, because that would need
//! `unsafe` attributes in every crate.

use super::StoreError;
use super::error::Failure;

/// The suffix that makes a `SELECT` lock its rows. This lock is as weak as that of an `UPDATE`, so
/// other transactions can still insert rows that refer to the locked rows.
const ROW_LOCK: &str = " FOR NO KEY UPDATE";
/// Like [`ROW_LOCK`], for a `SELECT` that passes over rows that others have locked.
const ROW_LOCK_OF_FREE_ROWS: &str = " FOR NO KEY UPDATE SKIP LOCKED";

/// Returns a statement without its row lock suffix.
pub fn without_row_lock(text: &str) -> &str {
    let locked = [ROW_LOCK, ROW_LOCK_OF_FREE_ROWS];
    let read = locked.iter().find_map(|lock| text.strip_suffix(lock));
    read.unwrap_or(text)
}

/// One SQL statement, made by [`sql!`](crate::sql!).
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    text: &'static str,
    is_in_order: bool,
}

impl Sql {
    /// Only [`sql!`](crate::sql!) may call this function.
    #[doc(hidden)]
    pub const fn literal(text: &'static str) -> Self {
        Self {
            text,
            is_in_order: is_in_order(text.as_bytes()),
        }
    }

    pub const fn text(self) -> &'static str {
        self.text
    }

    /// Whether the parameters `$1`, `$2` and so on appear first in this order.
    pub(super) const fn is_in_order(self) -> bool {
        self.is_in_order
    }

    /// The statement for SQLite, without the row lock suffix. SQLite needs no row locks, because a
    /// writer locks the whole file.
    pub(super) fn without_row_lock(self) -> &'static str {
        without_row_lock(self.text)
    }

    /// Whether the statement takes a lock on PostgreSQL. Every statement except a plain `SELECT`
    /// does.
    pub(crate) fn locks(self) -> bool {
        let text = self.text.trim_start();
        if without_row_lock(text) != text {
            return true;
        }
        let reads = text
            .get(..6)
            .is_some_and(|word| word.eq_ignore_ascii_case("SELECT"))
            || text
                .get(..4)
                .is_some_and(|word| word.eq_ignore_ascii_case("WITH"));
        !reads
    }
}

const fn is_in_order(text: &[u8]) -> bool {
    let (mut at, mut known, mut is_quoted) = (0, 0, false);
    while at < text.len() {
        let sign = text[at];
        at += 1;
        if sign == b'\'' {
            is_quoted = !is_quoted;
        } else if sign == b'$' && !is_quoted {
            let mut number = 0;
            while at < text.len() && text[at].is_ascii_digit() {
                number = number * 10 + (text[at] - b'0') as usize;
                at += 1;
            }
            if number > known + 1 {
                return false;
            }
            if number > known {
                known = number;
            }
        }
    }
    true
}

/// The number of rows that a statement must affect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    Exactly(u64),
    /// No row or one row.
    AtMostOne,
    Any,
}

impl Rows {
    /// Fails unless the statement affected an allowed number of rows.
    pub(super) fn check(self, actual: u64, sql: Sql) -> Result<(), (StoreError, Failure)> {
        let is_allowed = match self {
            Self::Exactly(expected) => actual == expected,
            Self::AtMostOne => actual <= 1,
            Self::Any => true,
        };
        if is_allowed {
            return Ok(());
        }
        let error = StoreError::Rows {
            expected: self.name(),
            actual,
            sql: sql.text(),
        };
        Err((error, Failure::Final))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Exactly(0) => "no row",
            Self::Exactly(1) => "one row",
            Self::Exactly(_) => "a fixed number of rows",
            Self::AtMostOne => "at most one row",
            Self::Any => "any rows",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_in_order_if_each_appears_after_the_one_before() {
        for (text, is_in_order) in [
            ("SELECT 1", true),
            ("SELECT a FROM b WHERE c = $1 AND d = $2 AND e = $1", true),
            ("SELECT a FROM b WHERE c = $2 AND d = $1", false),
            ("SELECT '$7' FROM b WHERE c = $1", true),
            (
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                true,
            ),
            (
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $11, $10)",
                false,
            ),
        ] {
            assert_eq!(Sql::literal(text).is_in_order(), is_in_order, "{text}");
        }
    }
}
