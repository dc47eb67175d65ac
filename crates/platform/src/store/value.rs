//! Values of arguments and columns. They are integers, strings and bytes, the three column types
//! that both engines share.

use std::borrow::Cow;

use jiff::Timestamp;
use postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut};
use rusqlite::types::ValueRef;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::clock::from_millisecond;
use crate::id::IdText;

/// A value of an SQL argument or column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Null,
    /// `BIGINT`.
    Integer(i64),
    /// `TEXT`.
    Text(&'a str),
    /// `BYTEA`.
    Bytes(&'a [u8]),
    /// A `TEXT` argument that owns its string. A value read from a row is never of this variant.
    Written(String),
}

impl Value<'_> {
    /// Serialises a plain struct, which cannot fail.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::Written(serde_json::to_string(value).unwrap_or_default())
    }
}

/// An argument that is stored as JSON: `tags = Json(&details.tags)`.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize> Bind for Json<T> {
    fn bind(&self) -> Value<'_> {
        Value::json(&self.0)
    }
}

/// A type that can be an argument of a statement.
pub trait Bind {
    fn bind(&self) -> Value<'_>;
}

/// A type that can be read from one column.
pub trait Column: Sized {
    fn read(value: Value<'_>) -> Option<Self>;
}

/// A type that can be read from a row: a tuple of columns, or a struct that derives
/// [`Row`](derive@Row).
pub trait FromRow: Sized {
    /// The names of the row type's columns, in reading order. Empty for tuples, which have no
    /// names.
    const COLUMNS: &'static [&'static str] = &[];

    /// Reads the row, starting at its first column.
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError>;
}

/// A type that can be written as a row: a struct that derives [`Row`](derive@Row).
pub trait ToRow {
    /// Appends the row's values, in the order of [`FromRow::COLUMNS`].
    fn bind_all<'a>(&'a self, values: &mut Vec<Value<'a>>);
}

/// Fails if the statement's columns differ from those of `T`, because two swapped text columns
/// would otherwise go unnoticed. Only debug builds check this.
pub(super) fn check_columns<'a, T: FromRow>(
    found: impl FnOnce() -> Vec<&'a str>,
    sql: &'static str,
) -> Result<(), StoreError> {
    if !cfg!(debug_assertions) || T::COLUMNS.is_empty() {
        return Ok(());
    }
    let found = found();
    if found == T::COLUMNS {
        return Ok(());
    }
    Err(StoreError::Column {
        column: format!("{} of {sql:?}", found.join(", ")),
        wanted: std::any::type_name::<T>(),
    })
}

/// The rows of five queries.
pub(super) type Five<A, B, C, D, E> = (Vec<A>, Vec<B>, Vec<C>, Vec<D>, Vec<E>);

#[derive(Debug)]
pub struct Row<'a> {
    pub(crate) cells: Cells<'a>,
    pub(crate) sql: &'static str,
    /// The number of columns to skip at the start of the row.
    pub(crate) first: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Cells<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a postgres::Row),
}

impl Row<'_> {
    /// Reads the column at `index`, from 0.
    pub fn column<T: Column>(&self, index: usize) -> Result<T, StoreError> {
        let value = match self.cells {
            Cells::Sqlite(row) => sqlite_cell(row, self.first + index),
            Cells::Postgres(row) => postgres_cell(row, self.first + index),
        };
        value
            .and_then(T::read)
            .ok_or_else(|| self.unreadable::<T>(index))
    }

    /// Parses the JSON in the column at `index`.
    pub fn json<T: DeserializeOwned>(&self, index: usize) -> Result<T, StoreError> {
        serde_json::from_str(&self.column::<String>(index)?)
            .map_err(|_| self.unreadable::<T>(index))
    }

    /// The row without its first `count` columns.
    #[must_use]
    pub fn after(&self, count: usize) -> Self {
        Self {
            first: self.first + count,
            ..*self
        }
    }

    /// The error for a column at `index` that contains no valid `T`, such as an unknown status
    /// keyword.
    pub fn unreadable<T>(&self, index: usize) -> StoreError {
        let index = self.first + index;
        let name = match self.cells {
            Cells::Sqlite(row) => row.as_ref().column_name(index).ok(),
            Cells::Postgres(row) => row.columns().get(index).map(postgres::Column::name),
        };
        StoreError::Column {
            column: format!("{} of {:?}", name.unwrap_or("no column"), self.sql),
            wanted: std::any::type_name::<T>(),
        }
    }
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Bind for $type {
            fn bind(&self) -> Value<'_> {
                // Counts and ids never exceed 63 bits.
                Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
        impl Column for $type {
            fn read(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Integer(number) => Self::try_from(number).ok(),
                    _ => None,
                }
            }
        }
    )*};
}
integers!(i64, i32, u8, u16, u32, u64, usize);

impl Bind for bool {
    fn bind(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl Column for bool {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(number != 0),
            _ => None,
        }
    }
}

impl Bind for str {
    fn bind(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Bind for String {
    fn bind(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Bind for Cow<'_, str> {
    fn bind(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Column for String {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl Column for IdText {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.into()),
            _ => None,
        }
    }
}

impl Bind for [u8] {
    fn bind(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl<const N: usize> Bind for [u8; N] {
    fn bind(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl Bind for Vec<u8> {
    fn bind(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl Column for Vec<u8> {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes.to_vec()),
            _ => None,
        }
    }
}

impl Bind for Timestamp {
    fn bind(&self) -> Value<'_> {
        Value::Integer(self.as_millisecond())
    }
}

impl Column for Timestamp {
    fn read(value: Value<'_>) -> Option<Self> {
        i64::read(value).map(from_millisecond)
    }
}

impl<T: Bind> Bind for Option<T> {
    fn bind(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Bind::bind)
    }
}

impl<T: Column> Column for Option<T> {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::read(other).map(Some),
        }
    }
}

impl<T: Bind + ?Sized> Bind for &T {
    fn bind(&self) -> Value<'_> {
        (**self).bind()
    }
}

macro_rules! rows {
    ($($name:ident $index:tt),+) => {
        impl<$($name: Column),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
                Ok(($(row.column::<$name>($index)?,)+))
            }
        }
    };
}
rows!(A 0);
rows!(A 0, B 1);
rows!(A 0, B 1, C 2);
rows!(A 0, B 1, C 2, D 3);
rows!(A 0, B 1, C 2, D 3, E 4);
rows!(A 0, B 1, C 2, D 3, E 4, F 5);
rows!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
rows!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
rows!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
rows!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
rows!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
rows!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);

pub(super) fn sqlite_cell<'a>(row: &'a rusqlite::Row<'a>, index: usize) -> Option<Value<'a>> {
    match row.get_ref(index).ok()? {
        ValueRef::Null => Some(Value::Null),
        ValueRef::Integer(number) => Some(Value::Integer(number)),
        ValueRef::Text(text) => std::str::from_utf8(text).ok().map(Value::Text),
        ValueRef::Blob(bytes) => Some(Value::Bytes(bytes)),
        ValueRef::Real(_) => None,
    }
}

pub(super) fn postgres_cell(row: &postgres::Row, index: usize) -> Option<Value<'_>> {
    row.try_get::<_, Value<'_>>(index).ok()
}

impl<'a> FromSql<'a> for Value<'a> {
    fn from_sql(
        kind: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        match *kind {
            Type::INT8 => i64::from_sql(kind, raw).map(Value::Integer),
            Type::INT4 => i32::from_sql(kind, raw).map(|number| Value::Integer(number.into())),
            // PostgreSQL's `EXISTS` and comparisons return booleans, which become 0 or 1 as on
            // SQLite.
            Type::BOOL => bool::from_sql(kind, raw).map(|yes| Value::Integer(yes.into())),
            Type::BYTEA => Ok(Value::Bytes(raw)),
            _ => <&str>::from_sql(kind, raw).map(Value::Text),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(
            *kind,
            Type::INT8
                | Type::INT4
                | Type::BOOL
                | Type::BYTEA
                | Type::TEXT
                | Type::VARCHAR
                | Type::UNKNOWN
        )
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) if *kind == Type::INT4 => {
                i32::try_from(*number)?.to_sql(kind, out)
            }
            Value::Integer(number) => number.to_sql(kind, out),
            // PostgreSQL strings cannot contain NUL. The replacement makes such an argument match
            // nothing, as on SQLite, because no stored string contains NUL.
            Value::Text(text) if text.contains('\0') => {
                text.replace('\0', "\u{fffd}").to_sql(kind, out)
            }
            Value::Text(text) => text.to_sql(kind, out),
            Value::Written(text) => text.to_sql(kind, out),
            Value::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        <Value<'_> as FromSql>::accepts(kind)
    }

    postgres::types::to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_holds_what_it_says_or_nothing_is_read() {
        assert_eq!(u8::read(Value::Integer(256)), None);
        assert_eq!(i64::read(Value::Text("1")), None);
        assert_eq!(Option::<i64>::read(Value::Null), Some(None));
        assert_eq!(Option::<i64>::read(Value::Text("1")), None);
        assert_eq!(bool::read(Value::Integer(1)), Some(true));
    }
}
