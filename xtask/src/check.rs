//! `cargo xtask check`: rules of the repository that no compiler checks.
//!
//! Each check returns all its findings at once; a check without findings prints nothing.

mod arrows;
mod circles;
mod codes;
mod counts;
mod dependencies;
mod documents;
mod domains;
mod files;
mod layers;
mod licence;
mod locales;
mod migrations;
mod named_tests;

use std::fmt;

use anyhow::{Result, bail};

use crate::workspace;

struct Finding {
    place: String,
    what: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Finding {
            place: place.into(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.what)
    }
}

/// Prints the number of upward dependencies and the dependency cycles in each crate of the app.
pub(crate) fn print_circles() -> Result<()> {
    circles::print(&workspace::files_below(workspace::root())?)
}

/// Prints the numbers that may only fall, and writes down those that fell.
pub(crate) fn print_counts() -> Result<()> {
    counts::print(&workspace::files_below(workspace::root())?)
}

/// Runs every check; fails if there is a finding.
pub(crate) fn check() -> Result<()> {
    let metadata = workspace::load_metadata()?;
    let files = workspace::files_below(workspace::root())?;
    let fences = [
        ("arrows between crates", arrows::check(&metadata)),
        ("layers of modules", layers::check(&files)?),
        ("circles between modules", circles::check(&files)?),
        ("lints of every crate", files::check_lints(&metadata)?),
        ("sizes of files", files::check_sizes(&files)?),
        ("lines of templates", files::check_templates(&files)?),
        ("words and paths", files::check_words(&files)?),
        ("numbers that may only fall", counts::check(&files)?),
        ("dependencies", dependencies::check(&metadata)?),
        ("migrations", migrations::check(&metadata)?),
        ("locales", locales::check(&metadata)?),
        ("codes of errors", codes::check(&files)?),
        ("paths in documents", documents::check()?),
        ("tests named in documents", named_tests::check()?),
        ("no domain named below", domains::check(&files)),
    ];
    let mut holes = 0;
    for (name, findings) in fences {
        let word = if findings.is_empty() { "ok" } else { "FAILED" };
        println!("{word:<6}  {name}");
        holes += findings.len();
        for finding in findings {
            println!("        {finding}");
        }
    }
    if let Some(long) = files::describe_long(&files)? {
        println!("note    {long}");
    }
    if holes > 0 {
        bail!("the fences have {holes} holes");
    }
    Ok(())
}
