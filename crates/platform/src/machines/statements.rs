//! The statements on the tables `machine_process` and `leader`. They compare with PostgreSQL's clock.

/// The database's time, in milliseconds since 1970.
macro_rules! now {
    () => {
        "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    };
}

pub(super) const TIME: &str = concat!("SELECT ", now!());
/// Makes starts take turns: each compares itself with those that have joined.
pub(super) const TAKE_TURN: &str = "SELECT 1 FROM leader WHERE id = 1 FOR NO KEY UPDATE";
pub(super) const OTHERS: &str = concat!(
    "SELECT machine, name, files, files_mark, shared FROM machine_process
     WHERE until_at >= ",
    now!(),
    " AND (machine <> $1 OR boot <> $2) ORDER BY started_at, id"
);
pub(super) const FORGET: &str = concat!(
    "DELETE FROM machine_process WHERE until_at < ",
    now!(),
    " - $1::bigint"
);
pub(super) const STORE_KEY: &str = "SELECT key_fingerprint FROM installation WHERE id = 1";
/// The first renewal, in the same transaction, tells the rest. Who dropped out comes back by it.
pub(super) const JOIN: &str = concat!(
    "INSERT INTO machine_process (id, machine, boot, name, version, addresses, files, files_mark,
         shared, is_ready, clock_ahead, started_at, seen_at, until_at)
     VALUES ($1, $2, $3, $4, $5, '[]', $6, '', $7, 0, 0, ",
    now!(),
    ", ",
    now!(),
    ", ",
    now!(),
    " + $8::bigint)
     ON CONFLICT (id) DO UPDATE SET until_at = excluded.until_at"
);
/// A process other than `$1` is alive.
macro_rules! others {
    () => {
        concat!(
            "EXISTS (SELECT 1 FROM machine_process other WHERE other.id <> $1
                 AND other.until_at >= ",
            now!(),
            ")"
        )
    };
}
/// Returns the database's time, this process's term if it leads, whether its own lease still
/// lasted, whether a process of this machine led before, and whether the leader served.
pub(super) const RENEW: &str = concat!(
    "WITH seen AS (
         UPDATE machine_process SET addresses = $3, files_mark = $4, is_ready = $5,
             clock_ahead = $6, seen_at = ",
    now!(),
    ", until_at = ",
    now!(),
    " + $7::bigint
         WHERE id = $1 AND until_at >= ",
    now!(),
    "
         RETURNING id
     ), led AS (
         UPDATE leader SET term = CASE WHEN process = $1 THEN term ELSE term + 1 END,
             process = $1, machine = $2, until_at = ",
    now!(),
    " + $8::bigint
         WHERE id = 1 AND $9::boolean AND (process = $1 OR until_at < ",
    now!(),
    ")
             AND EXISTS (SELECT 1 FROM seen) AND NOT ($10::boolean AND ",
    others!(),
    ")
         RETURNING term
     )
     SELECT ",
    now!(),
    ", (SELECT term FROM led), EXISTS (SELECT 1 FROM seen),
         EXISTS (SELECT 1 FROM leader WHERE machine = $2 AND until_at >= ",
    now!(),
    "),
         EXISTS (SELECT 1 FROM leader JOIN machine_process other ON other.id = leader.process
                 WHERE other.is_ready = 1 AND leader.until_at >= ",
    now!(),
    ")"
);
pub(super) const HAS_OTHERS: &str = concat!("SELECT ", others!());
pub(super) const GIVE_BACK: &str =
    "UPDATE leader SET process = NULL, machine = NULL, until_at = 0 WHERE process = $1";
pub(super) const LEAVE: &str = "WITH gone AS (DELETE FROM machine_process WHERE id = $1)
     UPDATE leader SET process = NULL, machine = NULL, until_at = 0 WHERE process = $1";
