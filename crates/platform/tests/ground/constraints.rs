//! Tests that errors for violated constraints contain the constraint's name, which is the same on
//! both engines.

use platform::store::migrate::{Kind, Migrations, Step};
use platform::{Rows, Sql, StoreError, sql};
use testkit::World;

const SLOTS: Migrations = Migrations::new(
    "test",
    &[Step {
        name: "0001_slot",
        kind: Kind::Contracting,
        text: "CREATE TABLE slot (
    id BIGINT PRIMARY KEY,
    place TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    note TEXT,
    CONSTRAINT slot_ends_early CHECK (starts_at < ends_at),
    UNIQUE (place, starts_at)
);
CREATE UNIQUE INDEX slot_note_taken ON slot (note) WHERE place = 'hall';
CREATE UNIQUE INDEX slot_place_once ON slot (COALESCE(note, ''), ends_at);
-- only postgresql
ALTER TABLE slot ADD CONSTRAINT slot_overlaps
    EXCLUDE USING gist (int8range(starts_at, ends_at) WITH &&) WHERE (place = 'hall');
-- end
-- only sqlite
CREATE TRIGGER slot_overlaps BEFORE INSERT ON slot WHEN NEW.place = 'hall' AND EXISTS (
    SELECT 1 FROM slot
    WHERE place = 'hall' AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at
) BEGIN SELECT RAISE(ABORT, 'slot_overlaps'); END;
-- end
CREATE TABLE guest (
    slot BIGINT NOT NULL REFERENCES slot (id),
    seat BIGINT NOT NULL,
    PRIMARY KEY (slot, seat)
) CLUSTERED;
CREATE TABLE twin (
    id TEXT PRIMARY KEY
);
INSERT INTO slot VALUES (1, 'hall', 10, 20, 'a'), (2, 'yard', 10, 20, 'b');
INSERT INTO guest VALUES (1, 1);
INSERT INTO twin VALUES ('a');",
    }],
);

#[test]
fn a_broken_constraint_is_told_by_its_name() {
    World::each_engine(&[platform::MIGRATIONS, SLOTS], async |world| {
        let statements: [(Sql, Option<&str>); 10] = [
            (
                sql!("INSERT INTO slot VALUES (3, 'hall', 30, 30, 'c')"),
                Some("slot_ends_early"),
            ),
            (
                sql!("INSERT INTO slot VALUES (3, 'hall', 19, 30, 'c')"),
                Some("slot_overlaps"),
            ),
            (
                sql!("INSERT INTO slot VALUES (3, 'hall', 20, 30, 'a')"),
                Some("slot_note_taken"),
            ),
            (
                sql!("INSERT INTO slot VALUES (3, 'yard', 15, 20, 'b')"),
                Some("slot_place_once"),
            ),
            (
                sql!("INSERT INTO slot VALUES (3, 'yard', 10, 30, 'c')"),
                Some("slot_place_starts_at_key"),
            ),
            (
                sql!("INSERT INTO slot VALUES (1, 'yard', 30, 40, 'c')"),
                Some("slot_pkey"),
            ),
            (sql!("INSERT INTO guest VALUES (1, 1)"), Some("guest_pkey")),
            (sql!("INSERT INTO twin VALUES ('a')"), Some("twin_pkey")),
            // SQLite does not name these constraints.
            (sql!("INSERT INTO guest VALUES (9, 1)"), None),
            (sql!("INSERT INTO guest VALUES (1, NULL)"), None),
        ];
        for (statement, name) in statements {
            let refused = world
                .store()
                .write(move |tx| tx.run(statement, &[], Rows::Exactly(1)))
                .await
                .unwrap_err();
            assert!(
                matches!(refused, StoreError::Constraint { .. }),
                "{refused:?}"
            );
            assert_eq!(refused.constraint(), name, "{refused:?}");
        }
        // Both engines accept this row, because the migration has a separate section for each
        // engine.
        world
            .store()
            .write(|tx| {
                tx.run(
                    sql!("INSERT INTO slot VALUES (3, 'hall', 20, 30, 'c')"),
                    &[],
                    Rows::Exactly(1),
                )
            })
            .await
            .unwrap();
    });
}
