//! Kills backups and restores at random bytes. An incomplete store must never be served. `cargo
//! xtask show backup` does this 200 times.
//!
//! The killed process is this test program, which runs one test again.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use backup::{BackupError, Follower, Places, StorePlace};
use jiff::SignedDuration;
use platform::{Clock, Random, Rows, Store, StoreError, Tx, sql};

use crate::bad_input::names;
use crate::place::{Place, answer, answers, tell, times};

/// In the process that is killed, this environment variable contains the installation's folder.
const KILLED: &str = "KENDURI_TEST_KILLED";
/// How often an installation is used. After that, a new installation with a shorter backup is used.
const USES: usize = 20;
const FILES: usize = 20;

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration to read it in"
)]
fn folder_of_parent() -> Option<PathBuf> {
    std::env::var_os(KILLED).map(PathBuf::from)
}

/// Runs a test of this file in another process, for the installation in `folder`.
fn begin(test: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("cuts::{test}"), "--nocapture"])
        .env(KILLED, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn print(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

/// Returns the total length of the files in a folder. The files may change meanwhile.
fn length(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let lengths = entries.map(|entry| match entry.metadata() {
        Ok(facts) if facts.is_dir() => length(&entry.path()),
        facts => facts.map_or(0, |facts| facts.len()),
    });
    lengths.sum()
}

/// Kills the process when the folder reaches this length. Returns the process's output, and whether
/// it was killed before it ended.
fn kill_at(mut process: Child, folder: &Path, bytes: u64) -> (String, bool) {
    let output = process.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        lines.collect::<Vec<_>>().join("\n")
    });
    let mut ended = None;
    while ended.is_none() && length(folder) < bytes {
        ended = process.try_wait().unwrap();
    }
    let was_killed = ended.is_none();
    if was_killed {
        process.kill().unwrap();
        process.wait().unwrap();
    }
    (reader.join().unwrap(), was_killed)
}

/// Writes rows and backs them up until this process is killed. After each turn of the agent, prints
/// the number of the last row in the backup.
async fn write_and_back_up(folder: &Path) {
    let place = Place::shared(folder);
    let store = place.open();
    let first = answers(&place.data()).len();
    let agent = place.agent(&store);
    for number in first.. {
        let number = i64::try_from(number).unwrap();
        answer(&store, number).await.unwrap();
        if number % 5 == 0 {
            agent.turn().unwrap();
            print(&format!("copied {number}"));
        }
        if number % 40 == 39 {
            agent.now().unwrap();
        }
        place.clock.advance(SignedDuration::from_millis(40));
    }
}

#[tokio::test]
async fn a_backup_that_is_killed_at_any_byte_is_restored_whole() {
    if let Some(folder) = folder_of_parent() {
        return write_and_back_up(&folder).await;
    }
    let (random, kills) = (Random::system(), times(20));
    let (mut place, mut copied, mut restored) = (Place::new(), None, 0);
    for kill in 0..kills {
        if kill % USES == 0 {
            (place, copied) = (Place::new(), None);
        }
        drop(place.open());
        let target = place.target_folder();
        let more = u64::from(random.below(600_000));
        let test = "a_backup_that_is_killed_at_any_byte_is_restored_whole";
        let killed = begin(test, place.folder.path());
        let (said, was_killed) = kill_at(killed, &target, length(&target) + more);
        assert!(was_killed, "{said}");
        let mut numbers = said.lines().filter_map(|line| line.strip_prefix("copied "));
        copied = numbers.next_back().map_or(copied, |last| last.parse().ok());
        match place.restore("again", None) {
            Ok((data, _)) => {
                let found = answers(&data);
                let count = i64::try_from(found.len()).unwrap();
                assert_eq!(found, (0..count).collect::<Vec<_>>());
                assert!(copied < Some(count), "{copied:?} was copied, of {count}");
                fs::remove_dir_all(data).unwrap();
                restored += 1;
            }
            Err(BackupError::Nothing(_)) if copied.is_none() => {
                let data = place.folder.path().join("again");
                assert!(!data.join("kenduri.db").exists());
            }
            Err(error) => panic!("{error}, after {copied:?} was copied"),
        }
    }
    tell(&format!(
        "{kills} kills of a backup at random bytes: {restored} restored whole, with all that was copied; \
         {} before the first snapshot, nothing restored",
        kills - restored
    ));
}

/// Returns an installation with a snapshot, many segments and files.
async fn backed_up() -> Place {
    let place = Place::new();
    let store = place.open();
    fs::create_dir(place.data().join("files")).unwrap();
    for number in 0..FILES {
        let file = place.data().join(format!("files/{number}.webp"));
        fs::write(file, vec![b'p'; 20_000]).unwrap();
    }
    let agent = place.agent(&store);
    for number in 0..60 {
        write_long(&store, number).await;
        if number == 20 {
            agent.now().unwrap();
        } else {
            agent.turn().unwrap();
        }
        place.clock.advance(SignedDuration::from_secs(1));
    }
    agent.stop();
    assert!(agent.status().failure.is_none(), "{:?}", agent.status());
    place
}

async fn write_long(store: &Store, number: i64) {
    let write = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        let note = "x".repeat(40_000);
        sql!(
            "INSERT INTO answer (number, note) VALUES (:number, :note)",
            number,
            note
        )
        .run(tx, Rows::Exactly(1))
        .map(drop)
    };
    store.write(write).await.unwrap();
}

fn check_whole(data: &Path) {
    assert!(!backup::is_unfinished(data));
    assert_eq!(answers(data), (0..60).collect::<Vec<_>>());
    for number in 0..FILES {
        let file = fs::read(data.join(format!("files/{number}.webp"))).unwrap();
        assert_eq!(file.len(), 20_000);
    }
}

#[tokio::test]
async fn a_restore_that_is_killed_at_any_byte_is_not_served_and_is_done_again() {
    if let Some(folder) = folder_of_parent() {
        Place::shared(&folder).restore("again", None).unwrap();
        return;
    }
    let (place, random) = (backed_up().await, Random::system());
    let data = place.folder.path().join("again");
    place.restore("again", None).unwrap();
    let all = u32::try_from(length(&data)).unwrap();
    fs::remove_dir_all(&data).unwrap();
    let test = "a_restore_that_is_killed_at_any_byte_is_not_served_and_is_done_again";
    let (wanted, mut kills, mut unfinished) = (times(20), 0, 0);
    while kills < wanted {
        let killed = begin(test, place.folder.path());
        let (_, was_killed) = kill_at(killed, &data, u64::from(random.below(all)));
        kills += usize::from(was_killed);
        // A folder with a store is served, unless a restore into it is unfinished.
        let is_served = data.join("kenduri.db").exists() && !backup::is_unfinished(&data);
        if !is_served {
            unfinished += 1;
            place.restore("again", None).unwrap();
        }
        check_whole(&data);
        fs::remove_dir_all(&data).unwrap();
    }
    tell(&format!(
        "{kills} kills of a restore at random bytes: {unfinished} unfinished, not served, and whole after another restore; \
         never half a store"
    ));
}

fn take_over(place: &Place, data: &Path) {
    let places = Places {
        store: StorePlace::File(data.join("kenduri.db")),
        data: data.to_owned(),
    };
    // As the command does.
    backup::finish(&places, None).unwrap();
    if backup::has_taken_over(data) {
        return;
    }
    let (target, random) = (place.target(), Random::system());
    let follower = Follower::new(&target, &place.key, &places, &Clock::System, &random);
    follower.unwrap().take_over().unwrap();
}

#[tokio::test]
async fn a_take_over_that_is_killed_at_any_byte_is_not_served_and_is_done_again() {
    if let Some(folder) = folder_of_parent() {
        take_over(&Place::shared(&folder), &folder.join("again"));
        return;
    }
    let (place, random) = (backed_up().await, Random::system());
    let data = place.folder.path().join("again");
    take_over(&place, &data);
    let all = u32::try_from(length(&data)).unwrap();
    fs::remove_dir_all(&data).unwrap();
    let test = "a_take_over_that_is_killed_at_any_byte_is_not_served_and_is_done_again";
    let (tries, mut kills, mut unfinished) = (times(10), 0, 0);
    for number in 0..tries {
        let killed = begin(test, place.folder.path());
        // Half of the kills are in the last steps, which write little.
        let bytes = match number % 2 {
            0 => random.below(all),
            _ => all - 100 + random.below(140),
        };
        let (_, was_killed) = kill_at(killed, &data, u64::from(bytes));
        kills += usize::from(was_killed);
        let is_served = data.join("kenduri.db").exists() && !backup::is_unfinished(&data);
        if !is_served {
            unfinished += 1;
            // Neither is an empty store served in its place.
            let is_empty = fs::read_dir(&data).is_ok_and(|mut left| {
                left.all(|entry| entry.unwrap().file_name() == "backup-lease.json")
            });
            assert!(is_empty || !data.exists() || backup::is_unfinished(&data));
            take_over(&place, &data);
        }
        assert!(backup::has_taken_over(&data));
        check_whole(&data);
        fs::remove_dir_all(&data).unwrap();
    }
    tell(&format!(
        "{kills} of {tries} take-overs killed: {unfinished} unfinished, not served, and whole after another take-over"
    ));
}

#[tokio::test]
async fn a_backup_with_a_truncated_object_never_yields_half_a_store() {
    let (place, random) = (backed_up().await, Random::system());
    let mut all = names(&place.target_folder());
    // A restore needs only the newest snapshot. The objects in `begun` are needed only for removing
    // objects, and the lease only for writing.
    let manifest = all.iter().rfind(|name| name.starts_with("manifests/"));
    let newest = manifest.unwrap()["manifests/".len()..].to_owned();
    all.retain(|name| {
        let (kind, rest) = name.split_once('/').unwrap_or((name, ""));
        match kind {
            "begun" | "lease" | ".conditions.lock" => false,
            "generations" | "manifests" => rest.starts_with(&newest),
            _ => true,
        }
    });
    let cuts = times(20);
    for turn in 0..cuts {
        let name = &all[random.below(u32::try_from(all.len()).unwrap()) as usize];
        let path = place.target_folder().join(name);
        let whole = fs::read(&path).unwrap();
        let cut = random.below(u32::try_from(whole.len()).unwrap()) as usize;
        fs::write(&path, &whole[..cut]).unwrap();
        let again = format!("cut-{turn}");
        let opened = backup::open(&place.target(), &place.passphrase);
        match opened.and_then(|_| place.restore(&again, None)) {
            Ok(_) => panic!("{name} was cut at {cut}, and it was restored"),
            Err(BackupError::Damaged { .. }) => {
                let data = place.folder.path().join(&again);
                let left = fs::read_dir(&data).map_or(0, Iterator::count);
                assert_eq!(left, 0, "{name} was cut at {cut}");
            }
            Err(error) => panic!("{name} was cut at {cut}: {error}"),
        }
        fs::write(&path, &whole).unwrap();
    }
    let (data, _) = place.restore("whole", None).unwrap();
    check_whole(&data);
    tell(&format!(
        "{cuts} objects truncated at random bytes: {cuts} restores refused by the object's name, nothing left behind"
    ));
}
