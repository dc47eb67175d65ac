//! The program file on the disk, which may have been replaced since this process started.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// stat(2)
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The path of the program file from which this process was started.
#[derive(Debug, Clone)]
pub(super) struct ProgramFile {
    path: PathBuf,
    owner: u32,
}

impl ProgramFile {
    pub(super) fn this() -> Result<Self> {
        let lost = "cannot find this program's file\n  /proc must be mounted";
        let path = std::env::current_exe().context(lost)?;
        let owner = std::fs::metadata("/proc/self/exe").context(lost)?.uid();
        Ok(Self { path, owner })
    }

    /// Returns the path as UTF-8, for a command line.
    pub(super) fn word(&self) -> Result<&str> {
        let word = self.path.to_str();
        word.context("the path of this program is not UTF-8\n  move it to one that is")
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Fails if the program file's owner has changed, or if users other than the owner can write to
    /// the file.
    pub(super) fn check(&self) -> Result<()> {
        let path = self.path.display();
        let found = match std::fs::metadata(&self.path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => bail!(
                "{path} is gone\n  put the new program there, by renaming it over the old one"
            ),
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("cannot read {path}\n  the user that runs Kenduri must be able to")
                });
            }
        };
        if found.uid() != self.owner {
            bail!(
                "{path} does not belong to the user that owns the running program\n  \
                 change that: chown --reference=/proc/{}/exe {path}",
                std::process::id()
            );
        }
        if !found.is_file() || found.mode() & WRITABLE_BY_OTHERS != 0 {
            bail!("users other than its owner can write to {path}\n  forbid it: chmod go-w {path}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_what_its_owner_alone_can_write_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kenduri");
        let owner = std::fs::metadata(folder.path()).unwrap().uid();
        let program = ProgramFile {
            path: path.clone(),
            owner,
        };
        let refused = |program: &ProgramFile| program.check().unwrap_err().to_string();
        assert!(refused(&program).contains("is gone"));
        std::fs::write(&path, "a program").unwrap();
        let mode = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(0o755);
        program.check().unwrap();
        for bad in [0o775, 0o757] {
            mode(bad);
            assert!(refused(&program).contains("chmod go-w"));
        }
        mode(0o755);
        let other = ProgramFile {
            owner: owner + 1,
            ..program
        };
        assert!(refused(&other).contains("does not belong to the user"));
    }
}
