//! The configuration of other programs, as `kenduri.toml`; and the rows of their databases.
//!
//! But for [`dump`], each way in prints a file that `kenduri check` accepts, but for folders and
//! files that are not there, and a comment about everything that could not be
//! carried over. Nothing is guessed silently: where two things could be meant,
//! the file holds the safer one and says so. What kept strangers out of a path
//! never becomes a route that is open; where no path can say it, a remark that
//! begins with CAREFUL does.

pub mod dump;
pub mod nginx;
mod page;
pub mod pm2;

/// No file of an operator is larger, in bytes.
const LARGEST: u64 = 4 << 20;

/// What was made of a file.
#[derive(Debug)]
pub struct Imported {
    /// A `kenduri.toml`.
    pub text: String,
    /// How many comments in it want to be read.
    pub remarks: usize,
}

/// Why nothing could be made of it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot read {file}: {why}\n  name a file that is there and that you may read")]
    Unreadable {
        /// As named.
        file: String,
        /// What the system says.
        why: String,
    },
    /// The file is not what it should be.
    #[error("{place}: {what}\n  {mend}")]
    Malformed {
        /// File and line.
        place: String,
        /// What is wrong.
        what: String,
        /// What to do about it.
        mend: &'static str,
    },
    /// It holds nothing that could be carried over.
    #[error("{file}: {what}\n  {mend}")]
    Nothing {
        /// As named.
        file: String,
        /// What was looked for.
        what: &'static str,
        /// What to do about it.
        mend: &'static str,
    },
    /// It is a program, and nobody said that it may run.
    #[error(
        "{file} is a program: to read it is to run it\n  \
         --run does so: node runs it in {folder}, with nothing in its environment but PATH, for at most {seconds} s;\n  \
         or save what it says as JSON, and import that"
    )]
    NeedsRun {
        /// As named.
        file: String,
        /// Where it would run.
        folder: String,
        /// For how long.
        seconds: u64,
    },
    /// It was run, and said nothing that can be used.
    #[error("{file}: {what}\n  {mend}")]
    Ran {
        /// As named.
        file: String,
        /// What happened.
        what: String,
        /// What to do about it.
        mend: &'static str,
    },
}

/// A time as it is written in `kenduri.toml`, in the largest unit that fits.
fn time(milliseconds: u64) -> String {
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
    ];
    let unit = units
        .into_iter()
        .find(|(length, _)| milliseconds > 0 && milliseconds.is_multiple_of(*length));
    let (length, unit) = unit.unwrap_or((1, "ms"));
    format!("{}{unit}", milliseconds / length)
}

/// The text of a file, if it is one of a size that people write.
fn read(file: &std::path::Path) -> Result<String, ImportError> {
    use std::io::Read as _;

    let unreadable = |why: String| ImportError::Unreadable {
        file: file.display().to_string(),
        why,
    };
    let opened = std::fs::File::open(file).map_err(|error| unreadable(error.to_string()))?;
    let mut bytes = Vec::new();
    opened
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(unreadable("it is larger than 4 MB".to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| unreadable("it is no text in UTF-8".to_owned()))
}

/// Compares what was made with the reviewed text beside the file. Where
/// `KENDURI_TEST_REVIEW` is set, the text is written instead, for review.
#[cfg(test)]
fn compare(file: &std::path::Path, made: &Imported) {
    let reviewed = std::path::PathBuf::from(format!("{}.toml", file.display()));
    #[expect(
        clippy::disallowed_methods,
        reason = "asked by whoever runs the tests, not by the program"
    )]
    if std::env::var_os("KENDURI_TEST_REVIEW").is_some() {
        std::fs::write(&reviewed, &made.text).unwrap();
    }
    let expected = std::fs::read_to_string(&reviewed).unwrap_or_default();
    assert!(
        made.text == expected,
        "{} is not what is made now; with KENDURI_TEST_REVIEW=1 it is written anew, to be read:\n{}",
        reviewed.display(),
        made.text
    );
}
