//! Sets permissions in the folder for sockets. Services that run as other users can reach only
//! their own sockets and the sockets through which services reach each other.

mod access_list;

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use configuration::Configuration;
use configuration::folders::{INNER, RUN};
use supervisor::{Folder, Plan};

/// Mode bits (stat(2)).
const OTHERS: u32 = 0o007;
const THROUGH: u32 = 0o011;
/// To connect to a unix socket requires write permission (unix(7)).
const CONNECT: u32 = 0o666;

/// Removes the sockets through which services reach each other, if an earlier run has left them
/// behind. The permissions of these sockets are removed with them.
pub(super) fn forget(run: &Folder) -> Result<()> {
    match fs::remove_dir_all(run.at(INNER)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let inner = run.path().join(INNER);
            Err(error)
                .with_context(|| format!("cannot remove {}\n  delete it by hand", inner.display()))
        }
        _ => Ok(()),
    }
}

/// Gives services that run as other users access to their own sockets and to the sockets through
/// which services reach each other. Permissions that were given earlier are kept, because older
/// processes may still need them.
pub(super) fn let_through(configuration: &Configuration, run: &Folder, plan: &Plan) -> Result<()> {
    let services = plan.services().values().filter(|service| !service.own);
    let users = services.filter_map(|service| Some(service.user.as_ref()?.user));
    let users: BTreeSet<u32> = users.collect();
    if users.is_empty() {
        return Ok(());
    }
    let opened = if configuration.folders.are_apart() {
        Ok(())
    } else {
        open(&configuration.settings.data)
    };
    let opened = opened.and_then(|()| open_inner(&run.at(INNER), &users));
    opened.with_context(|| {
        let run = run.path().display();
        format!("cannot give services of other users access to {run}\n  it must belong to the user that runs Kenduri")
    })
}

/// The folder comes first, because it decides who can reach the sockets.
fn open_inner(folder: &Path, users: &BTreeSet<u32>) -> io::Result<()> {
    if !folder.is_dir() {
        // No services reach each other through sockets.
        return Ok(());
    }
    access_list::admit(folder, users)?;
    for entry in fs::read_dir(folder)? {
        fs::set_permissions(entry?.path(), Permissions::from_mode(CONNECT))?;
    }
    Ok(())
}

fn open(data: &Path) -> io::Result<()> {
    let mode = fs::metadata(data)?.permissions().mode();
    if mode & THROUGH == THROUGH {
        return Ok(());
    }
    // Until now, nobody else could enter the data folder, so its entries needed no protection.
    // Their permissions are removed before other users can traverse the folder.
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        // The folder for sockets is skipped, because it has its own permissions. Links are skipped,
        // because their targets are elsewhere.
        if entry.file_name() != RUN && !entry.file_type()?.is_symlink() {
            match close(&entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    fs::set_permissions(data, Permissions::from_mode(mode | THROUGH))
}

fn close(path: &Path) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_pass_and_see_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mode = |name: &str| {
            let found = fs::metadata(data.join(name)).unwrap();
            found.permissions().mode() & 0o777
        };
        let outside = folder.path().join("outside");
        fs::write(&outside, "").unwrap();
        fs::create_dir_all(data.join("run")).unwrap();
        fs::create_dir(data.join("files")).unwrap();
        fs::write(data.join("kenduri.db"), "").unwrap();
        std::os::unix::fs::symlink(&outside, data.join("link")).unwrap();
        for (name, mode) in [
            ("", 0o700),
            ("run", 0o711),
            ("files", 0o755),
            ("kenduri.db", 0o644),
        ] {
            fs::set_permissions(data.join(name), Permissions::from_mode(mode)).unwrap();
        }
        let before = mode("link");
        for _ in 0..2 {
            open(&data).unwrap();
            let now = ["", "run", "files", "kenduri.db", "link"].map(mode);
            assert_eq!(now, [0o711, 0o711, 0o750, 0o640, before]);
        }
    }
}
