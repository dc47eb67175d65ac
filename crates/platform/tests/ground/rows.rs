//! Tests of access to columns and statement arguments by name.

use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
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
fn many_rows_are_inserted_in_few_statements() {
    World::each_engine(&MIGRATIONS, async |world| {
        for (count, statements) in [(0, 0), (1, 1), (3, 3), (4, 1), (87, 6)] {
            let things: Vec<Thing> = (0..count)
                .map(|number| thing(&format!("{number:03}"), number, &["x"]))
                .collect();
            let new = things.clone();
            let before = world.store().counts().statements;
            let write = world.store().write(move |tx| {
                sql!(
                    "INSERT INTO thing ({Thing}) VALUES {(:Thing), ...}",
                    Thing = new
                )
                .insert(tx)
            });
            write.await.unwrap();
            let after = world.store().counts().statements;
            assert_eq!(after - before, statements, "{count}");
            let read = world.store().write(|tx| {
                let all: Vec<Thing> = tx.all(sql!("SELECT {Thing} FROM thing ORDER BY id"), &[])?;
                tx.run(sql!("DELETE FROM thing"), &[], Rows::Any)?;
                Ok::<_, StoreError>(all)
            });
            assert_eq!(read.await.unwrap(), things);
        }
    });
}

#[test]
fn a_statement_that_is_sent_later_counts_as_one_that_is_sent_at_once() {
    World::each_engine(&MIGRATIONS, async |world| {
        let raise_nobody = |tx: &mut Tx<'_>| {
            super::add(tx, "kept?", 1)?;
            sql!("UPDATE thing SET amount = 2 WHERE id = :id", id = "nobody")
                .run_later(tx, Rows::Exactly(1))
        };
        let missed = world.store().write(raise_nobody).await;
        assert!(matches!(missed, Err(StoreError::Rows { .. })), "{missed:?}");
        let seen = world.store().write(|tx| {
            super::add(tx, "a", 1)?;
            sql!("UPDATE thing SET amount = 2 WHERE id = :id", id = "a")
                .run_later(tx, Rows::Exactly(1))?;
            let all: Vec<(String, i64)> =
                tx.all(sql!("SELECT id, amount FROM thing ORDER BY id"), &[])?;
            Ok::<_, StoreError>(all)
        });
        assert_eq!(seen.await.unwrap(), [("a".to_owned(), 2)]);
        let refused: Result<(), StoreError> = world
            .store()
            .write(|tx| {
                sql!("UPDATE thing SET amount = 3 WHERE id = :id", id = "a")
                    .run_later(tx, Rows::Exactly(1))?;
                Err(StoreError::rule("no"))
            })
            .await;
        refused.unwrap_err();
        let kept = world.store().write(|tx| {
            let all: Vec<(String, i64)> =
                tx.all(sql!("SELECT id, amount FROM thing ORDER BY id"), &[])?;
            Ok::<_, StoreError>(all)
        });
        assert_eq!(kept.await.unwrap(), [("a".to_owned(), 2)]);
    });
}

#[test]
fn of_many_rows_one_that_is_there_fails_or_is_left_out() {
    World::each_engine(&MIGRATIONS, async |world| {
        let things: Vec<Thing> = ["a", "b", "c", "d"].map(|id| thing(id, 1, &[])).to_vec();
        let new = things.clone();
        let insert = world.store().write(move |tx| {
            tx.run(
                sql!("INSERT INTO thing (id, amount) VALUES ('c', 2)"),
                &[],
                Rows::Exactly(1),
            )?;
            sql!(
                "INSERT INTO thing ({Thing}) VALUES {(:Thing), ...}",
                Thing = new
            )
            .insert(tx)
        });
        insert.await.unwrap_err();
        let write = world.store().write(move |tx| {
            let first = &things[..1];
            sql!(
                "INSERT INTO thing ({Thing}) VALUES {(:Thing), ...}",
                Thing = first
            )
            .insert(tx)?;
            sql!(
                "INSERT INTO thing ({Thing}) VALUES {(:Thing), ...} ON CONFLICT (id) DO NOTHING",
                Thing = things
            )
            .insert_new(tx)?;
            tx.one(sql!("SELECT COUNT(*) FROM thing"), &[])
        });
        let count: Result<(i64,), StoreError> = write.await;
        assert_eq!(count.unwrap(), (4,));
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
