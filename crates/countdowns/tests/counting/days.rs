//! A test domain whose dates countdowns can follow.

use identity::account::AccountId;
use platform::store::Row;
use platform::store::migrate::{Kind, Migrations, Step};
use platform::{Rows, StoreError, Tx, sql};
use site::dates::{self, Date};
use site::domain::Domain;

pub(crate) const DOMAIN: Domain = Domain {
    dates: list,
    ..Domain::new(Migrations::new(
        "days",
        &[Step {
            name: "0001_begin",
            kind: Kind::Contracting,
            text: "CREATE TABLE day (id TEXT PRIMARY KEY, keeper TEXT NOT NULL,
                label TEXT NOT NULL, at TEXT NOT NULL, time_zone TEXT NOT NULL);",
        }],
    ))
};

#[derive(Row)]
struct Day {
    id: String,
    label: String,
    at: String,
    time_zone: String,
}

fn list(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Date>, StoreError> {
    let days: Vec<Day> = sql!(
        "SELECT {Day} FROM day WHERE keeper = :account ORDER BY id",
        account
    )
    .all(tx)?;
    let date = |day: Day| Date {
        id: day.id,
        label: day.label,
        at: day.at,
        time_zone: day.time_zone,
    };
    Ok(days.into_iter().map(date).collect())
}

/// Stores a date, or moves it if it exists.
pub(crate) fn set(
    tx: &mut Tx<'_>,
    keeper: &AccountId,
    id: &str,
    at: &str,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO day (id, keeper, label, at, time_zone)
         VALUES (:id, :keeper, 'Our wedding: Reception', :at, 'Asia/Kuala_Lumpur')
         ON CONFLICT (id) DO UPDATE SET keeper = excluded.keeper, at = excluded.at",
        id,
        keeper,
        at
    )
    .run(tx, Rows::Exactly(1))?;
    dates::moved(tx, id)
}

pub(crate) fn remove(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    sql!("DELETE FROM day WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    dates::moved(tx, id)
}
