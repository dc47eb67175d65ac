//! A supervisor that is root, and users of the same machine that mean it harm: first of all those
//! whose services it runs.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use tempfile::TempDir;

use crate::support::{House, folder_with};

/// The user `nobody`.
const NOBODY: u32 = 65_534;
/// So often is it tried.
const ROUNDS: usize = 10;

/// As soon as a socket is made for this service, it has a link to what is root's in its place.
const THIEF: &str = r#"
import ctypes, os, socket
notify, made = os.environ["NOTIFY_SOCKET"], os.environ["SOCKET"]
head, run, tail = notify.rsplit(".", 2)
wanted = [f"{head}.{int(run) + 1}.{tail}", made.replace("0.sock", "1.sock")]
libc, here, exchange = ctypes.CDLL(None), -100, 2
for path in wanted:
    if os.fork() == 0:
        link = f"own/{os.getpid()}"
        os.symlink(os.path.abspath("secret"), link)
        link, path = link.encode(), path.encode()
        while True:
            libc.renameat2(here, link, here, path, exchange)
try:
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", notify)
except OSError:
    pass  # It was stolen.
os.wait()
"#;

/// A folder that others may pass, with a file in it that is not theirs and a folder that is.
fn open_to_others(file: &str, text: &str) -> TempDir {
    let folder = folder_with(file, text);
    let (secret, own) = (folder.path().join("secret"), folder.path().join("own"));
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    fs::write(&secret, "").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    fs::create_dir(&own).unwrap();
    chown(own, Some(NOBODY), Some(NOBODY)).unwrap();
    folder
}

#[test]
fn nobody_is_given_what_a_link_leads_to() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let house = House::in_folder(
        open_to_others("thief.py", THIEF),
        r#"
        [thief]
        run = "python3 thief.py"
        listen = "unix"
        activate = true
        user = "nobody"
        drain_within = "0s"
        "#,
    );
    house.ready("thief", 1);
    let secret = house.folder.path().join("secret");
    for _ in 0..ROUNDS {
        house.wait(house.control.reload("thief")).unwrap();
        house.wait(house.control.scale("thief", 2)).unwrap();
        let facts = fs::metadata(&secret).unwrap();
        assert_eq!((facts.uid(), facts.mode() & 0o777), (0, 0o600));
        house.wait(house.control.scale("thief", 1)).unwrap();
    }
}
