//! Shows that an import of another program's files loses nothing silently: thousands of files as
//! people have them, changed at random. Each proof is a test, which runs here with the full number
//! of files.

use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Args;

use crate::command::{output, program};
use crate::interrupt;

/// The options of the demonstration.
#[derive(Args)]
pub(crate) struct Wanted {
    /// The number of files of each kind.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    files: u64,
}

/// `binary` is one of `tests/`, or that of a crate's own tests.
struct Proof {
    about: &'static str,
    binary: &'static [&'static str],
    test: &'static str,
}

const PROOFS: &[Proof] = &[
    Proof {
        about: "nginx",
        binary: &["--test", "generated"],
        test: "nginx::whatever_nginx_says_is_kept_or_told",
    },
    Proof {
        about: "PM2",
        binary: &["--test", "generated"],
        test: "pm2::whatever_pm2_says_is_kept_or_told",
    },
    Proof {
        about: "guest lists",
        binary: &["--test", "hosting"],
        test: "import_generated::whatever_a_list_says_is_imported_or_told",
    },
    Proof {
        about: "any list",
        binary: &["--lib"],
        test: "import::reading::tests::generated::whatever_a_list_of_people_says_is_kept_or_told",
    },
    Proof {
        about: "calendars",
        binary: &["--lib"],
        test: "external_calendar::ics::generated::whatever_a_calendar_says_is_busy_is_busy",
    },
    Proof {
        about: "Markdown",
        binary: &["--test", "publishing"],
        test: "generated::whatever_front_matter_says_is_imported_or_told",
    },
];

/// Runs the proofs. Fails if one of them does.
pub(super) fn show(wanted: &Wanted) -> Result<()> {
    for proof in PROOFS {
        ensure!(!interrupt::is_wanted(), "interrupted");
        let begin = Instant::now();
        let said = output(
            program("cargo")
                .args(["test", "--workspace", "--locked"])
                .args(proof.binary)
                .args(["--", "--exact", proof.test])
                .env("KENDURI_TEST_ROUNDS", wanted.files.to_string()),
        )?;
        // A name that no test has would succeed too.
        ensure!(
            said.contains("test result: ok. 1 passed"),
            "{} did not run:\n{said}",
            proof.test
        );
        println!(
            "{:<12}{:>8} files{:>7.0} s  0 lost  {}",
            proof.about,
            wanted.files,
            begin.elapsed().as_secs_f64(),
            proof.test
        );
    }
    Ok(())
}
