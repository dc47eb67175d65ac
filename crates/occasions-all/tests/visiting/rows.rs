//! A snapshot of all rows that a guest's request could change. Tests compare the snapshots from
//! before and after a request.

use platform::store::Sql;
use platform::{StoreError, Tx, sql};

use crate::stage::Stage;

/// A snapshot of the store. It contains the rows of invitations, guests and replies. For every
/// other table it contains the number of rows or the sum of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    invitations: Vec<Invitation>,
    guests: Vec<Guest>,
    replies: Vec<(String, String, String, Option<i64>)>,
    counts: Vec<i64>,
}

type Invitation = (String, String, i64, i64, String, Option<i64>, i64);
type Guest = (String, String, String, i64, Option<i64>, String, String);

pub(crate) async fn rows(stage: &Stage<'_>) -> Rows {
    let read = stage.world.store().read(|tx| {
        Ok::<_, StoreError>(Rows {
            invitations: tx.all(
                sql!(
                    "SELECT id, code, version, note_version, note, replied_at, access_epoch
                     FROM invitation ORDER BY id"
                ),
                &[],
            )?,
            guests: tx.all(
                sql!(
                    "SELECT id, invitation, name, is_child, child_age, diets, diet_note
                     FROM guest ORDER BY id"
                ),
                &[],
            )?,
            replies: tx.all(
                sql!("SELECT guest, event, status, answered_at FROM reply ORDER BY guest, event"),
                &[],
            )?,
            counts: counts(tx)?,
        })
    });
    read.await.unwrap()
}

fn counts(tx: &mut Tx<'_>) -> Result<Vec<i64>, StoreError> {
    let statements: [Sql; 13] = [
        sql!("SELECT COUNT(*) FROM submission"),
        sql!("SELECT COUNT(*) FROM audit"),
        sql!("SELECT COUNT(*) FROM news"),
        sql!("SELECT COUNT(*) FROM job"),
        sql!("SELECT COUNT(*) FROM mail"),
        sql!("SELECT COUNT(*) FROM idempotency"),
        sql!("SELECT COUNT(*) FROM occasion_alias"),
        sql!("SELECT COUNT(*) FROM retired_code"),
        sql!("SELECT COUNT(*) FROM invitation_event"),
        sql!("SELECT COUNT(*) FROM dietary_option"),
        sql!("SELECT CAST(SUM(version) AS BIGINT) FROM occasion"),
        sql!("SELECT CAST(SUM(version) AS BIGINT) FROM event"),
        sql!("SELECT CAST(SUM(open_count) AS BIGINT) FROM invitation"),
    ];
    let mut counts = Vec::new();
    for statement in statements {
        let (count,): (i64,) = tx.one(statement, &[])?;
        counts.push(count);
    }
    Ok(counts)
}
