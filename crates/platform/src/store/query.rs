//! Statements with named arguments, as [`sql!`](crate::sql!) expands them.

use super::{Bind, FromRow, Rows, Sql, StoreError, ToRow, Tx, Value};

/// An SQL statement with its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    pub(super) sql: Sql,
    pub(super) values: &'a [Value<'a>],
}

impl<'a> Query<'a> {
    /// Only [`sql!`](crate::sql!) may call this function.
    #[doc(hidden)]
    pub const fn new(sql: Sql, values: &'a [Value<'a>]) -> Self {
        Self { sql, values }
    }

    /// Returns the only row of the result; any other number of rows is an error.
    pub fn one<T: FromRow>(self, tx: &mut Tx<'_>) -> Result<T, StoreError> {
        tx.query_one(self)
    }

    /// Returns the row of the result, if any; more than one row is an error.
    pub fn maybe<T: FromRow>(self, tx: &mut Tx<'_>) -> Result<Option<T>, StoreError> {
        tx.query_maybe(self)
    }

    pub fn all<T: FromRow>(self, tx: &mut Tx<'_>) -> Result<Vec<T>, StoreError> {
        tx.query_all(self)
    }

    /// Runs a statement that must affect the given number of rows, and returns how many rows it
    /// affected.
    pub fn run(self, tx: &mut Tx<'_>, rows: Rows) -> Result<u64, StoreError> {
        tx.execute(self, rows)
    }

    /// Runs a statement on whose outcome nothing depends but whether the change is kept. On
    /// PostgreSQL it is sent with the next statement, or with the commit, which saves a round trip;
    /// an error is that of the next statement. `Rows::Any` saves one more before the commit.
    pub fn run_later(self, tx: &mut Tx<'_>, rows: Rows) -> Result<(), StoreError> {
        tx.execute_later(self, rows)
    }
}

/// A statement that inserts many rows, as `sql!("… VALUES {(:Row), ...}", Row = rows)` makes it.
#[derive(Debug)]
pub struct ManyRows<'a, T> {
    /// Each with the number of rows that it inserts; the largest first, one row last.
    statements: [(usize, Sql); 4],
    rows: &'a [T],
}

impl<'a, T: ToRow> ManyRows<'a, T> {
    /// Only [`sql!`](crate::sql!) may call this function.
    #[doc(hidden)]
    pub const fn new(statements: [(usize, Sql); 4], rows: &'a [T]) -> Self {
        Self { statements, rows }
    }

    /// Inserts all rows, in their order. Fails if a row is already there.
    pub fn insert(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.each(|query, width| tx.execute(query, Rows::Exactly(width as u64)).map(drop))
    }

    /// Inserts all rows, or replaces those that are there if the statement says so, like
    /// [`Query::run_later`].
    pub fn insert_later(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.each(|query, _| tx.execute_later(query, Rows::Any))
    }

    /// Inserts the rows that are not there yet, for a statement with `ON CONFLICT … DO NOTHING`.
    pub fn insert_new(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.each(|query, _| tx.execute(query, Rows::Any).map(drop))
    }

    fn each(
        self,
        mut run: impl FnMut(Query<'_>, usize) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut rest = self.rows;
        for (width, sql) in self.statements {
            let mut sets = rest.chunks_exact(width);
            for set in &mut sets {
                let mut values = Vec::new();
                for row in set {
                    row.bind_all(&mut values);
                }
                run(Query::new(sql, &values), width)?;
            }
            rest = sets.remainder();
        }
        Ok(())
    }
}

#[doc(hidden)]
#[expect(missing_debug_implementations, reason = "only `sql!` makes one")]
#[derive(Clone, Copy)]
pub enum Argument<'a> {
    One(&'a dyn Bind),
    Row(&'a dyn ToRow),
}

impl<'a> Argument<'a> {
    pub fn row<T: ToRow>(row: &'a T) -> Self {
        Self::Row(row)
    }

    pub fn bind(arguments: &[Self]) -> Vec<Value<'a>> {
        let mut values = Vec::new();
        for argument in arguments {
            match *argument {
                Self::One(one) => values.push(one.bind()),
                Self::Row(row) => row.bind_all(&mut values),
            }
        }
        values
    }
}

/// One part of a statement, as parsed by [`sql!`](crate::sql!).
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    Sql(&'a str),
    /// The parameters `$first`, `$first + 1` and so on.
    Arguments {
        first: usize,
        count: usize,
    },
    /// The parameters of `times` rows from `$1`, each row in parentheses: `($1, $2), ($3, $4)`.
    Rows {
        times: usize,
        columns: usize,
    },
    /// Columns such as `id, name`, each prefixed with `alias`.
    Columns {
        names: &'a [&'a str],
        alias: &'a str,
    },
    /// Assignments such as `id = $1, name = $2`, numbered from `first`.
    Assignments {
        first: usize,
        names: &'a [&'a str],
    },
}

/// A string composed at compile time in two passes: the first measures its length with an empty
/// buffer, the second writes it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Text<const ROOM: usize> {
    bytes: [u8; ROOM],
    length: usize,
}

impl<const ROOM: usize> Text<ROOM> {
    pub const fn of(parts: &[Part<'_>]) -> Self {
        let mut text = Self {
            bytes: [0; ROOM],
            length: 0,
        };
        let mut at = 0;
        while at < parts.len() {
            match parts[at] {
                Part::Sql(sql) => text.push(sql),
                Part::Arguments { first, count } => text.push_list(first, count, None, ""),
                Part::Rows { times, columns } => {
                    let mut row = 0;
                    while row < times {
                        text.push(if row > 0 { ", (" } else { "(" });
                        text.push_list(row * columns + 1, columns, None, "");
                        text.push(")");
                        row += 1;
                    }
                }
                Part::Columns { names, alias } => {
                    text.push_list(0, names.len(), Some(names), alias);
                }
                Part::Assignments { first, names } => {
                    text.push_list(first, names.len(), Some(names), "");
                }
            }
            at += 1;
        }
        text
    }

    pub const fn length(&self) -> usize {
        self.length
    }

    pub const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            // Concatenated UTF-8 is always valid UTF-8, so this arm is never reached.
            Err(_) => "",
        }
    }

    /// Writes `count` column names, or parameters from `$first`, or both as assignments.
    const fn push_list(&mut self, first: usize, count: usize, names: Option<&[&str]>, alias: &str) {
        let mut at = 0;
        while at < count {
            if at > 0 {
                self.push(", ");
            }
            if let Some(names) = names {
                self.push(alias);
                self.push(names[at]);
            }
            if names.is_some() && first > 0 {
                self.push(" = ");
            }
            if first > 0 {
                self.push("$");
                self.push_number(first + at);
            }
            at += 1;
        }
    }

    const fn push(&mut self, more: &str) {
        let more = more.as_bytes();
        let mut at = 0;
        while at < more.len() {
            self.push_byte(more[at]);
            at += 1;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a digit")]
    const fn push_number(&mut self, number: usize) {
        if number >= 10 {
            self.push_number(number / 10);
        }
        self.push_byte(b'0' + (number % 10) as u8);
    }

    const fn push_byte(&mut self, byte: u8) {
        if self.length < ROOM {
            self.bytes[self.length] = byte;
        }
        self.length += 1;
    }
}

/// Joins the columns of a row type with those of its flattened fields.
#[doc(hidden)]
pub const fn join_columns<const COUNT: usize>(lists: &[&[&'static str]]) -> [&'static str; COUNT] {
    let mut all = [""; COUNT];
    let (mut list, mut count) = (0, 0);
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            all[count] = lists[list][at];
            count += 1;
            at += 1;
        }
        list += 1;
    }
    all
}
