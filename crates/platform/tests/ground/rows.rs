//! Tests of access to columns and statement arguments by name.

use platform::store::Row;
use platform::{Rows, StoreError, sql};
use testkit::World;

use super::MIGRATIONS;

#[derive(Clone, Debug, PartialEq, Eq, Row)]
struct Thing {
    id: String,
    #[row(flatten)]
    details: Details,
    #[row(skip)]
    others: Vec<Thing>,
}

#[derive(Clone, Debug, PartialEq, Eq, Row)]
struct Details {
    amount: i64,
    #[row(rename = "note", json)]
    notes: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Row)]
struct Texts {
    id: String,
    note: Option<String>,
}

fn thing(id: &str, amount: i64, notes: &[&str]) -> Thing {
    Thing {
        id: id.to_owned(),
        details: Details {
            amount,
            notes: notes.iter().copied().map(str::to_owned).collect(),
        },
        others: Vec::new(),
    }
}

#[test]
fn a_row_comes_back_as_it_was_written() {
    World::each_engine(&MIGRATIONS, async |world| {
        let write = world.store().write(|tx| {
            for new in [thing("a", 1, &[]), thing("b", 2, &["x", "y"])] {
                sql!("INSERT INTO thing ({Thing}) VALUES ({:Thing})", Thing = new)
                    .run(tx, Rows::Exactly(1))?;
            }
            let Thing { id, details, .. } = thing("b", 3, &["z"]);
            sql!(
                "UPDATE thing SET {Details = :Details} WHERE amount = :before AND id = :id",
                before = details.amount - 1,
                Details = details,
                id
            )
            .run(tx, Rows::Exactly(1))
        });
        let written: Result<u64, StoreError> = write.await;
        written.unwrap();
        let read = world.store().read(|tx| {
            let one: Thing = sql!("SELECT {Thing} FROM thing WHERE id = :id", id = "b").one(tx)?;
            let none: Option<Thing> = sql!(
                "SELECT {t: Thing} FROM thing AS t WHERE t.id = :id",
                id = "c"
            )
            .maybe(tx)?;
            let all = tx.all(sql!("SELECT {t: Thing} FROM thing AS t ORDER BY t.id"), &[])?;
            Ok::<_, StoreError>((one, none, all))
        });
        let changed = thing("b", 3, &["z"]);
        assert_eq!(
            read.await.unwrap(),
            (changed.clone(), None, vec![thing("a", 1, &[]), changed])
        );
    });
}

#[test]
fn columns_that_changed_places_are_not_read() {
    World::each_engine(&MIGRATIONS, async |world| {
        let read = world.store().read(|tx| {
            let _: Vec<Texts> = tx.all(sql!("SELECT id, note FROM thing"), &[])?;
            tx.all::<Texts>(sql!("SELECT note, id FROM thing"), &[])
        });
        let swapped = read.await;
        assert!(
            matches!(swapped, Err(StoreError::Column { .. })),
            "{swapped:?}"
        );
    });
}
