//! Says before a run what cannot be tested in this place, because tests that need it pass unseen.

use std::path::Path;

use crate::command::{output, program};

/// Prints a line for each thing that this place lacks, with the tests that are skipped for it.
pub(crate) fn print_skipped() {
    let is_root = rustix::process::geteuid().is_root();
    for (lacks, why, skipped) in [
        (
            !is_root,
            "not root",
            "services of other users: kenduri/end_to_end apart, users; supervisor/services \
             other_users, starting::another_user_has_no_way_back",
        ),
        (
            !can_mount(is_root),
            "no file system can be mounted, even in a namespace",
            "full disks: backup/restoring small_disk",
        ),
        (
            !Path::new("/dev/shm").is_dir(),
            "no /dev/shm",
            "PostgreSQL under Patroni: kenduri/end_to_end cluster",
        ),
    ] {
        if lacks {
            println!("skipped here ({why}): {skipped}");
        }
    }
}

fn can_mount(is_root: bool) -> bool {
    let namespace: &[&str] = if is_root {
        &["--mount"]
    } else {
        &["--user", "--map-root-user", "--mount"]
    };
    let mount = ["mount", "-t", "tmpfs", "tmpfs", "/mnt"];
    output(program("unshare").args(namespace).args(mount)).is_ok()
}
