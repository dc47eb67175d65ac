//! Why the rows of an export cannot be read.

#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    /// The file cannot be read.
    #[error("cannot read {file}: {why}\n  name an existing file that you may read")]
    Unreadable {
        file: String,
        /// The operating system's error.
        why: String,
    },
    /// The file is invalid.
    #[error("{place}: {what}\n  {mend}")]
    Malformed {
        /// The file and the line of the problem.
        place: String,
        what: String,
        mend: &'static str,
    },
    /// The file contains nothing that could be imported.
    #[error("{file}: {what}\n  {mend}")]
    Nothing {
        file: String,
        /// The reason, as a sentence.
        what: &'static str,
        mend: &'static str,
    },
}
