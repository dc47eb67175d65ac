//! Reading and writing whole rows by their id. All other statements are written with
//! [`sql!`](crate::sql!) where they are used.

use super::{Argument, Bind, FromRow, Query, Rows, Sql, StoreError, ToRow, Tx};

/// A row type that names its table. It is a struct that derives [`Row`](derive@super::Row) with
/// `#[row(table = "…")]`. The table's primary key is `id`.
pub trait Table: FromRow + ToRow {
    const FIND: Sql;
    const LOCK: Sql;
    const INSERT: Sql;
    const INSERT_NEW: Sql;
    const UPDATE: Sql;
    const DELETE: Sql;
}

impl Tx<'_> {
    /// Finds the row with this id.
    pub fn find<T: Table>(&mut self, id: &dyn Bind) -> Result<Option<T>, StoreError> {
        self.maybe(T::FIND, &[id])
    }

    /// Like [`Tx::find`], for a row that must exist.
    pub fn load<T: Table>(&mut self, id: &dyn Bind) -> Result<T, StoreError> {
        self.one(T::FIND, &[id])
    }

    /// Like [`Tx::find`], but also locks the row.
    pub fn lock<T: Table>(&mut self, id: &dyn Bind) -> Result<Option<T>, StoreError> {
        self.maybe(T::LOCK, &[id])
    }

    /// Inserts a row. Fails if another row has the same unique key.
    pub fn insert<T: Table>(&mut self, row: &T) -> Result<(), StoreError> {
        self.write_row(T::INSERT, row, Rows::Exactly(1))?;
        Ok(())
    }

    /// Inserts a row, unless another row has the same unique key. Returns whether the row was
    /// inserted.
    pub fn insert_new<T: Table>(&mut self, row: &T) -> Result<bool, StoreError> {
        Ok(self.write_row(T::INSERT_NEW, row, Rows::AtMostOne)? == 1)
    }

    /// Replaces the row that has the same id, which must exist.
    pub fn update<T: Table>(&mut self, row: &T) -> Result<(), StoreError> {
        self.write_row(T::UPDATE, row, Rows::Exactly(1))?;
        Ok(())
    }

    /// Deletes the row with this id, which must exist.
    pub fn delete<T: Table>(&mut self, id: &dyn Bind) -> Result<(), StoreError> {
        self.run(T::DELETE, &[id], Rows::Exactly(1))?;
        Ok(())
    }

    fn write_row<T: Table>(&mut self, sql: Sql, row: &T, rows: Rows) -> Result<u64, StoreError> {
        let values = Argument::bind(&[Argument::row(row)]);
        self.execute(Query::new(sql, &values), rows)
    }
}
