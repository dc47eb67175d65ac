//! Tests of backups on a full disk. Each test runs again in a process with its own small file
//! system (`tmpfs`, in a mount namespace). This requires root or the kernel's user namespaces.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use backup::{BackupError, DrillResult, S3Access, Target};
use jiff::SignedDuration;
use platform::{Clock, Random};

use crate::bad_input::names;
use crate::place::{Place, answer, answers};

/// The path of the small file system. This environment variable is set only in the process that has
/// this file system.
const SMALL: &str = "KENDURI_TEST_SMALL_DISK";
const SIZE: &str = "2m";

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration to read it in"
)]
fn small() -> Option<PathBuf> {
    std::env::var_os(SMALL).map(PathBuf::from)
}

/// Runs a test again in a process with a small file system, and returns `None`. In that process,
/// returns the file system's folder.
fn elsewhere(test: &str) -> Option<PathBuf> {
    if let Some(small) = small() {
        return Some(small);
    }
    let folder = tempfile::tempdir().unwrap();
    let namespace = || {
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command
    };
    let can_mount = namespace()
        .args(["mount", "-t", "tmpfs", "tmpfs"])
        .arg(folder.path())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !can_mount {
        eprintln!("skipped: no file system can be mounted here, even in a namespace");
        return None;
    }
    let script = format!(
        "mount -t tmpfs -o size={SIZE} tmpfs \"$1\" && exec \"$2\" --exact small_disk::{test} --nocapture"
    );
    let output = namespace()
        .args(["sh", "-c", &script, "sh"])
        .args([folder.path(), &std::env::current_exe().unwrap()])
        .env(SMALL, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("1 passed"), "{said}");
    None
}

/// Fills the small file system. Deleting the returned file frees the space.
fn fill(small: &Path) -> PathBuf {
    let path = small.join("filler");
    fs::write(&path, "").unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    // The steps get smaller and smaller, until not even one byte fits.
    for size in [65_536, 4_096, 1] {
        while std::io::Write::write_all(&mut file, &vec![0; size]).is_ok() {}
    }
    path
}

#[tokio::test]
async fn a_full_target_is_said_and_harms_nothing_and_the_backup_goes_on_once_there_is_room() {
    let Some(small) = elsewhere(
        "a_full_target_is_said_and_harms_nothing_and_the_backup_goes_on_once_there_is_room",
    ) else {
        return;
    };
    let mut place = Place::new();
    let folder = format!("folder:{}/backup", small.display());
    place.bucket = Some(Target::parse(&folder, &S3Access::default()).unwrap());
    let store = place.open();
    let agent = place.agent(&store);
    answer(&store, 0).await.unwrap();
    agent.now().unwrap();
    let before = agent.status().snapshot;

    let filler = fill(&small);
    answer(&store, 1).await.unwrap();
    for refused in [agent.turn(), agent.now(), agent.turn()] {
        assert!(
            matches!(&refused, Err(BackupError::Target { reason, .. }) if reason.contains("No space left")),
            "{refused:?}"
        );
    }
    let status = agent.status();
    assert!(status.failure.is_some());
    assert_eq!(status.snapshot, before);
    // Kenduri still accepts writes, and the earlier backup can be restored.
    answer(&store, 2).await.unwrap();
    let (data, _) = place.restore("meanwhile", None).unwrap();
    assert_eq!(answers(&data), [0]);

    fs::remove_file(filler).unwrap();
    agent.turn().unwrap();
    assert!(agent.status().failure.is_none());
    agent.stop();
    let (data, _) = place.restore("after", None).unwrap();
    assert_eq!(answers(&data), [0, 1, 2]);
}

/// If a snapshot does not fit on the disk, the agent removes the objects that it has already
/// written.
#[tokio::test]
async fn a_snapshot_that_does_not_fit_is_removed_again() {
    let Some(small) = elsewhere("a_snapshot_that_does_not_fit_is_removed_again") else {
        return;
    };
    let mut place = Place::new();
    let folder = format!("folder:{}/backup", small.display());
    place.bucket = Some(Target::parse(&folder, &S3Access::default()).unwrap());
    let store = place.open();
    for number in 0..4_000 {
        answer(&store, number).await.unwrap();
    }
    let agent = place.agent(&store);
    let refused = agent.now();
    assert!(
        matches!(&refused, Err(BackupError::Target { reason, .. }) if reason.contains("No space left")),
        "{refused:?}"
    );
    let left = names(&small.join("backup"));
    assert_eq!(left, [".conditions.lock", "kenduri-backup.json", "lease"]);
    agent.stop();
}

#[tokio::test]
async fn a_drill_is_skipped_and_a_restore_refused_where_there_is_too_little_room() {
    let Some(small) =
        elsewhere("a_drill_is_skipped_and_a_restore_refused_where_there_is_too_little_room")
    else {
        return;
    };
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    agent.stop();
    let random = Random::system();
    let bytes = backup::list(&place.target(), &place.key, &random).unwrap()[0].bytes;
    let clock = Clock::Manual(place.clock.clone());
    let drill = || {
        let drill = backup::drill(&place.target(), &place.key, &small, &clock, &random);
        drill.unwrap().result
    };
    let free = || {
        let facts = rustix::fs::statvfs(&small).unwrap();
        facts.f_bavail * facts.f_frsize
    };
    let needed = bytes + bytes / 5;
    assert!(free() > needed + 65_536, "the file system is large enough");
    assert!(matches!(drill(), DrillResult::Good { .. }));
    // The free space is 1.2 times the store's size, minus a page.
    let filler = small.join("filler");
    fs::write(
        &filler,
        vec![0; usize::try_from(free() - needed).unwrap() / 4_096 * 4_096 + 4_096],
    )
    .unwrap();
    let skipped = drill();
    assert!(
        matches!(skipped, DrillResult::Skipped { free, needed: wanted } if free < wanted && wanted == needed),
        "{skipped:?}"
    );
    assert!(!small.join("drill").exists());

    fill(&small);
    let places = backup::Places {
        store: backup::StorePlace::File(small.join("again/kenduri.db")),
        data: small.join("again"),
    };
    fs::remove_file(&filler).unwrap();
    let left = free() - bytes;
    fs::write(&filler, vec![0; usize::try_from(left).unwrap()]).unwrap();
    let refused = backup::restore(&place.target(), &place.key, &places, None, &random);
    assert!(
        matches!(refused, Err(BackupError::NoSpace { .. })),
        "{refused:?}"
    );
    assert!(!small.join("again/kenduri.db").exists());
}

/// A drill also needs room for uploads, and must leave a tenth of the disk to the running site.
#[tokio::test]
async fn a_drill_leaves_room_where_uploads_are_large() {
    let Some(small) = elsewhere("a_drill_leaves_room_where_uploads_are_large") else {
        return;
    };
    let place = Place::new();
    fs::create_dir(place.data().join("files")).unwrap();
    let (clock, random) = (Clock::Manual(place.clock.clone()), Random::system());
    let drill = || {
        let drill = backup::drill(&place.target(), &place.key, &small, &clock, &random);
        assert!(!small.join("drill").exists());
        drill.unwrap().result
    };
    let facts = rustix::fs::statvfs(&small).unwrap();
    let (free, whole) = (
        facts.f_bavail * facts.f_frsize,
        facts.f_blocks * facts.f_frsize,
    );
    let upload = |name: &str| {
        let picture = vec![b'p'; usize::try_from(whole / 20).unwrap()];
        fs::write(place.data().join("files").join(name), picture).unwrap();
    };
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    answer(&store, 0).await.unwrap();
    agent.stop();
    assert!(matches!(drill(), DrillResult::Good { .. }));

    place.clock.advance(SignedDuration::from_secs(1));
    // These files were added after the snapshot, so the snapshot's manifest does not contain the
    // files' lengths.
    for number in 0..18 {
        upload(&format!("{number}.webp"));
    }
    let agent = place.agent(&store);
    agent.turn().unwrap();
    agent.stop();
    let skipped = drill();
    assert!(
        matches!(skipped, DrillResult::Skipped { free: left, needed } if left < needed && left < free && needed > whole / 10),
        "{skipped:?}"
    );
    // The next manifest contains the lengths of these files.
    let agent = place.agent(&store);
    agent.now().unwrap();
    agent.stop();
    let skipped = drill();
    assert!(
        matches!(skipped, DrillResult::Skipped { free: all, needed } if all > whole / 10 * 9 && needed > whole),
        "{skipped:?}"
    );
}
