//! Determines from readelf's output which version of glibc a program requires.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::command::{output, program};

/// The minor version of a glibc release, such as 26 for 2.26.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u32);

/// For relative relocations. readelf lists this requirement by a name instead of a version number.
const RELR: u32 = 36;

/// The oldest glibc version that a released program must support: that of Amazon Linux 2.
pub(super) const OLDEST: Version = Version(26);

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "2.{}", self.0)
    }
}

pub(super) fn needed_by(binary: &Path) -> Result<Version> {
    let said = output(
        program("readelf")
            .args(["--wide", "--version-info"])
            .arg(binary),
    )
    .context("readelf is of Debian's package binutils")?;
    newest(&said).with_context(|| format!("{} is not for glibc", binary.display()))
}

/// In readelf's list of required versions.
fn newest(said: &str) -> Result<Version> {
    let needed = said
        .lines()
        .filter_map(|line| line.split_once("Name: ")?.1.split_whitespace().next())
        .filter_map(|name| name.strip_prefix("GLIBC_"));
    let mut newest = None;
    for name in needed {
        let minor = if name == "ABI_DT_RELR" {
            Some(RELR)
        } else {
            let rest = name.strip_prefix("2.");
            rest.and_then(|rest| rest.split('.').next()?.parse().ok())
        };
        let minor = minor.with_context(|| format!("what is GLIBC_{name}?"))?;
        newest = newest.max(Some(Version(minor)));
    }
    newest.context("it asks for no version of glibc")
}

/// Fails if a program requires a newer glibc than [`OLDEST`].
pub(super) fn check(needed: Version) -> Result<()> {
    ensure!(
        needed <= OLDEST,
        "the program needs glibc {needed}, and has to run on {OLDEST}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "
Version needs section '.gnu.version_r' contains 2 entries:
 Addr: 0x0000000000000b58  Offset: 0x00000b58  Link: 7 (.dynstr)
  000000: Version: 1  File: libm.so.6  Cnt: 1
  0x0010:   Name: GLIBC_2.2.5  Flags: none  Version: 5
  0x0020: Version: 1  File: libc.so.6  Cnt: 3
  0x0030:   Name: GLIBC_2.18  Flags: WEAK  Version: 4
  0x0040:   Name: GLIBC_2.3.4  Flags: none  Version: 3
";

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(newest(SAID).unwrap(), Version(18));
        let newer = SAID.replace("GLIBC_2.3.4", "GLIBC_2.34");
        assert_eq!(newest(&newer).unwrap(), Version(34));
        let named = SAID.replace("GLIBC_2.3.4", "GLIBC_ABI_DT_RELR");
        assert_eq!(newest(&named).unwrap(), Version(36));
    }

    #[test]
    fn a_program_that_needs_a_newer_one_is_refused() {
        assert!(check(Version(18)).is_ok() && check(OLDEST).is_ok());
        let why = check(Version(27)).unwrap_err().to_string();
        assert!(why.contains("2.27"), "{why}");
    }

    #[test]
    fn what_has_no_number_is_refused() {
        assert!(newest("").is_err());
        assert!(newest(&SAID.replace("GLIBC_2.18", "GLIBC_PRIVATE")).is_err());
    }
}
