//! What can go wrong between a function and its store.

/// Why the store did not do as asked. Nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too many changes wait, or another program holds the file; the same
    /// call may succeed in a moment.
    #[error("the store is busy")]
    Busy,
    /// The disk or the server could not keep the change: full, read-only,
    /// gone. It may come back.
    #[error("the store cannot keep changes now: {0}")]
    Unavailable(String),
    /// The program is stopping, or the function that was to run has panicked.
    #[error("the store stopped before the change was made")]
    Stopped,
    /// A statement touched another number of rows than it said it would.
    #[error("expected {expected}, found {actual} rows: {sql}")]
    Rows {
        /// What the caller expected.
        expected: &'static str,
        /// What was there.
        actual: u64,
        /// The statement.
        sql: &'static str,
    },
    /// A constraint of the schema says no, or a rule of ours that no constraint can hold.
    #[error("the store refuses: {reason}")]
    Constraint {
        /// The constraint's name, the same on both engines; `None`: of a foreign key or a
        /// `NOT NULL`, which SQLite cannot name, and of a rule of ours.
        name: Option<String>,
        /// The engine's message.
        reason: String,
    },
    /// A column does not hold what the program reads from it.
    #[error("{column} is not {wanted}")]
    Column {
        /// Its name, and where it was read: the statement, or the table.
        column: String,
        /// The type that was asked for.
        wanted: &'static str,
    },
    /// The statement itself failed: a mistake in the program.
    #[error("statement failed: {reason}: {sql}")]
    Statement {
        /// The engine's message.
        reason: String,
        /// The statement.
        sql: &'static str,
    },
    /// The tables are from a newer Kenduri, or not from Kenduri at all.
    #[error("{0}")]
    Schema(String),
}

impl StoreError {
    /// The name of the constraint that says no.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { name, .. } => name.as_deref(),
            _ => None,
        }
    }

    /// A rule that no constraint of the schema can hold says no.
    pub fn rule(reason: impl Into<String>) -> Self {
        Self::Constraint {
            name: None,
            reason: reason.into(),
        }
    }

    /// Whether the same call, made again in a moment, may succeed.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable(_) | Self::Stopped)
    }
}
