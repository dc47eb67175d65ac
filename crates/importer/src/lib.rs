//! Imports the configuration of other servers and process managers as `kenduri.toml`.
//!
//! [`nginx`] and [`pm2`] make a file that `kenduri check` accepts, apart from missing folders and
//! files. A comment marks everything that could not be imported. If something is ambiguous, the
//! file contains the safer choice and a comment about the ambiguity. A protected path never becomes
//! an open route; if no path can express the protection, the routes that it may be about are
//! closed, and a remark that begins with CAREFUL says so.

pub mod nginx;
pub mod pm2;
mod toml_text;

const MAX_FILE_BYTES: u64 = 4 << 20;

#[derive(Debug)]
pub struct Imported {
    /// The contents of a `kenduri.toml`.
    pub text: String,
    /// The number of comments in the text that need the user's attention.
    pub remarks: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
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
    /// The file contains nothing that could be carried over.
    #[error("{file}: {what}\n  {mend}")]
    Nothing {
        file: String,
        /// The reason, as a sentence.
        what: &'static str,
        mend: &'static str,
    },
    /// The file is a JavaScript program, and the user did not permit running it.
    #[error(
        "{file} is a program, so reading it means running it\n  \
         --run does that: node runs it in {folder}, with nothing in its environment but PATH, for \
         at most {seconds} s;\n  \
         or save what it exports as JSON, and import that"
    )]
    NeedsRun {
        file: String,
        /// The folder in which the program would run.
        folder: String,
        /// How long the program may run, in seconds.
        seconds: u64,
    },
    /// The file was run, and its output cannot be used.
    #[error("{file}: {what}\n  {mend}")]
    Ran {
        file: String,
        what: String,
        mend: &'static str,
    },
}

/// In the largest unit that yields a whole number.
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

fn read(file: &std::path::Path) -> Result<String, ImportError> {
    use std::io::Read as _;

    let unreadable = |why: String| ImportError::Unreadable {
        file: file.display().to_string(),
        why,
    };
    let opened = std::fs::File::open(file).map_err(|error| unreadable(error.to_string()))?;
    let mut bytes = Vec::new();
    opened
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(unreadable("it is larger than 4 MB".to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8 text".to_owned()))
}

/// With the reviewed file beside the imported one. `KENDURI_TEST_REVIEW` writes that file instead,
/// so that it can be reviewed.
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
