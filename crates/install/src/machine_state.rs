//! The state of the machine before an installation or removal.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use super::step::{InstallOptions, SERVICE, SOCKET, unit};
use super::unit_checksum::{UnitOrigin, seen};

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Found {
    pub is_root: bool,
    pub has_systemd: bool,
    pub has_user: bool,
    pub has_services_user: bool,
    pub has_data: bool,
    /// Whether the data folder belongs to the user who will serve requests.
    pub is_data_of_user: bool,
    pub service: UnitFound,
    pub socket: UnitFound,
}

#[derive(Debug, Clone, Default)]
pub struct UnitFound {
    /// The unit's text; `None` if the administrator's folder for units does not contain the unit.
    pub text: Option<String>,
    /// Whether systemd starts the unit at boot.
    pub is_enabled: bool,
    /// Whether systemd runs the unit or is about to restart it.
    pub is_active: bool,
}

impl UnitFound {
    pub(super) fn seen(&self) -> UnitOrigin {
        seen(self.text.as_deref())
    }
}

/// Reads the state of this machine. For a removal, `wish` is `None`, and this function does not
/// find out which units are running.
pub fn found(wish: Option<&InstallOptions>) -> Result<Found> {
    // This folder exists only if systemd is running (sd_booted(3)).
    let has_systemd = Path::new("/run/systemd/system").is_dir();
    let unit_of = |name: &str| -> Result<UnitFound> {
        let state = if has_systemd && wish.is_some() {
            state(name)
        } else {
            String::new()
        };
        Ok(unit_found(text(&unit(name))?, &state))
    };
    let user = wish.and_then(|wish| identity(&wish.user));
    let facts = wish.and_then(|wish| fs::metadata(&wish.data).ok());
    let owner = facts.map(|facts| facts.uid());
    Ok(Found {
        is_root: rustix::process::geteuid().is_root(),
        has_systemd,
        has_user: user.is_some(),
        has_services_user: wish
            .and_then(|wish| wish.services_user.as_ref())
            .is_some_and(|user| identity(user).is_some()),
        has_data: wish.is_some_and(|wish| wish.data.is_dir()),
        is_data_of_user: owner.is_some() && owner == user.map(|(user, _)| user),
        service: unit_of(SERVICE)?,
        socket: unit_of(SOCKET)?,
    })
}

/// Returns the text of the installed service unit, if it can be read.
pub fn installed() -> Option<String> {
    text(&unit(SERVICE)).ok().flatten()
}

/// An unreadable unit is an error, because Kenduri could not restore it later.
fn text(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| {
            format!(
                "cannot read {}\n  run the command as root; its file system must be readable",
                path.display()
            )
        }),
    }
}

/// As `KEY=VALUE` lines. systemd prints them even for an unknown unit.
fn state(unit: &str) -> String {
    let output = Command::new("systemctl")
        .args(["show", "--property=ActiveState,UnitFileState", "--", unit])
        .stderr(Stdio::null())
        .output();
    output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

fn unit_found(text: Option<String>, state: &str) -> UnitFound {
    let says = |line: &str| state.lines().any(|said| said == line);
    UnitFound {
        text,
        is_enabled: says("UnitFileState=enabled"),
        // A failed unit that systemd will restart soon is in the state `activating`.
        is_active: ["active", "activating", "reloading"]
            .iter()
            .any(|word| says(&format!("ActiveState={word}"))),
    }
}

/// Returns a user's numeric user id and group id.
pub(super) fn identity(user: &str) -> Option<(u32, u32)> {
    let number = |flag: &str| -> Option<u32> {
        let output = Command::new("id")
            .args([flag, "--", user])
            .stderr(Stdio::null())
            .output()
            .ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    Some((number("-u")?, number("-g")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_cannot_be_read_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unit");
        assert_eq!(text(&path).unwrap(), None);
        fs::write(&path, "text").unwrap();
        assert_eq!(text(&path).unwrap().as_deref(), Some("text"));
        fs::write(&path, b"\xff").unwrap();
        assert!(text(&path).is_err());
    }

    #[test]
    fn a_unit_that_is_about_to_start_again_counts_as_active() {
        for (state, is_active, is_enabled) in [
            ("ActiveState=active\nUnitFileState=enabled\n", true, true),
            (
                "ActiveState=activating\nUnitFileState=disabled\n",
                true,
                false,
            ),
            ("ActiveState=reloading\nUnitFileState=enabled\n", true, true),
            ("ActiveState=inactive\nUnitFileState=enabled\n", false, true),
            ("ActiveState=failed\nUnitFileState=\n", false, false),
            ("", false, false),
        ] {
            let found = unit_found(None, state);
            assert_eq!(found.is_active, is_active, "{state}");
            assert_eq!(found.is_enabled, is_enabled, "{state}");
        }
    }
}
