//! Errors of the store.

/// An error of the store. The transaction was not committed, except perhaps for
/// [`StoreError::Unknown`].
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too many changes are waiting, or another process has locked the database file. A repeated
    /// call may succeed in a moment.
    #[error(
        "the store is busy; try again soon; if this goes on, end what locks it for long (a dump, sqlite3, psql)"
    )]
    Busy,
    /// The disk or the database server failed (full, read-only, unreachable). It may recover.
    #[error("the store cannot save changes now: {0}; check its disk, or its database server")]
    Unavailable(String),
    /// A thread of the store, or its runtime, could not be created.
    #[error(
        "cannot start a thread of the store: {0}\n  \
         the system allows no more threads or open files: raise TasksMax= and LimitNOFILE= in the \
         systemd unit, or `ulimit -u` and `ulimit -n`"
    )]
    Thread(std::io::Error),
    /// The settings lead to no store that can be used.
    #[error("{0}")]
    Settings(String),
    /// The connection to PostgreSQL broke during the commit, and no server could say in time
    /// whether the change was committed. Or the change was committed when another machine might
    /// already have taken over without it.
    #[error(
        "the connection to PostgreSQL broke, or the lease of the backup ended, during a commit, so nobody knows whether the change was saved; look before you make it again"
    )]
    Unknown,
    /// The change was not made, because another machine may have taken over by itself.
    #[error(
        "nothing is saved here, because the lease of the backup is over and another machine may have taken over (follow.automatic); check the network to the backup's place and the keys of [backup]; if another machine has taken over, stop Kenduri here"
    )]
    LeaseOver,
    /// The process is stopping, or the transaction's function panicked.
    #[error(
        "the store stopped before the change was made; make it again when Kenduri runs, or see the log"
    )]
    Stopped,
    /// A statement affected a number of rows that its [`Rows`](super::Rows) does not allow.
    #[error(
        "the change was not saved; please report this: expected {expected}, found {actual} rows: {sql}"
    )]
    Rows {
        /// The number of rows that the caller expected.
        expected: &'static str,
        actual: u64,
        sql: &'static str,
    },
    /// The change violates a constraint of the schema, or a rule that Rust code checks because no
    /// constraint can express it.
    #[error(
        "the store refused the change, and nothing of it was saved; if the data was right, please report this: {reason}"
    )]
    Constraint {
        /// The constraint's name, identical on both engines. `None` for foreign keys and `NOT
        /// NULL`, which SQLite cannot name, and for rules in Rust code.
        name: Option<String>,
        reason: String,
    },
    /// A column's value is not of the expected kind.
    #[error(
        "{column} has a value that this Kenduri cannot read; run the version that wrote it, or report this: it is not {wanted}"
    )]
    Column {
        /// The column's name, and the statement or table that contains the column.
        column: String,
        wanted: &'static str,
    },
    /// The statement failed because of a programming error.
    #[error("a statement failed; please report this: {reason}: {sql}")]
    Statement {
        /// The database engine's message.
        reason: String,
        sql: &'static str,
    },
    /// The tables are from a newer Kenduri or from other software, or this program cannot migrate
    /// them now.
    #[error("{0}")]
    Schema(String),
    /// The store lacks these steps of migrations, and this process does not apply them.
    #[error(
        "the tables of the store are not up to date ({0} is missing), and store.migrate is false\n  \
         run `kenduri migrate`"
    )]
    NotMigrated(String),
}

impl StoreError {
    /// The name of the violated constraint.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { name, .. } => name.as_deref(),
            _ => None,
        }
    }

    /// The error for a violated rule that no constraint can express.
    pub fn rule(reason: impl Into<String>) -> Self {
        Self::Constraint {
            name: None,
            reason: reason.into(),
        }
    }

    /// Whether a repeated call may succeed in a moment.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Busy | Self::Unavailable(_) | Self::LeaseOver | Self::Thread(_) | Self::Stopped
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Another transaction was in the way on PostgreSQL (a deadlock, a serialization failure, a
    /// lock), so the whole function runs again.
    Again,
    /// The connection to PostgreSQL was lost, so the whole function runs again on another one.
    Lost,
    /// The caller gets the error.
    Final,
}

#[cfg(test)]
mod tests {
    use super::StoreError;

    #[test]
    fn a_thread_that_cannot_start_is_told_with_the_limits_to_raise() {
        let refused = std::io::ErrorKind::WouldBlock.into();
        let told = StoreError::Thread(refused).to_string();
        assert!(
            told.contains("\n  the system allows no more threads") && told.contains("TasksMax=")
        );
    }
}
