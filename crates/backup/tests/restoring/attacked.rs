//! Tests with attackers who can write to the backup's target, make it unreachable or fill it, and
//! with files that are left over on the machine.

use std::fs;
use std::path::Path;
use std::time::Duration;

use backup::{BackupError, DrillResult};
use jiff::SignedDuration;
use platform::{Clock, Random, Rows, StoreError, Tx, sql};

use crate::place::{Place, answer, answers};

fn generations(place: &Place) -> usize {
    let all = fs::read_dir(place.target_folder().join("generations")).unwrap();
    all.count()
}

async fn wait_until(is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_mins(1), wait).await;
    assert!(waited.is_ok(), "it never came");
}

/// Writes rows of 100 kB each, in one transaction.
async fn write_long(store: &platform::Store, numbers: std::ops::Range<i64>) {
    let write = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        let note = "x".repeat(100_000);
        for number in numbers.clone() {
            sql!(
                "INSERT INTO answer (number, note) VALUES (:number, :note)",
                number,
                note = note.as_str()
            )
            .run(tx, Rows::Exactly(1))?;
        }
        Ok(())
    };
    store.write(write).await.unwrap();
}

fn drill(place: &Place) -> DrillResult {
    let (clock, random) = (Clock::Manual(place.clock.clone()), Random::system());
    let drill = backup::drill(&place.target(), &place.key, &place.data(), &clock, &random);
    drill.unwrap().result
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |facts| facts.len())
}

/// SQLite would apply the changes in an old write-ahead log to the restored store.
#[tokio::test]
async fn nothing_is_restored_beside_an_old_log() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    answer(&store, 1).await.unwrap();
    agent.now().unwrap();
    agent.stop();
    for ending in ["-wal", "-shm", "-journal"] {
        let data = place.folder.path().join(format!("again{ending}"));
        fs::create_dir(&data).unwrap();
        let log = data.join(format!("kenduri.db{ending}"));
        fs::write(&log, "of another store").unwrap();
        let refused = place.restore(&format!("again{ending}"), None);
        assert!(
            matches!(&refused, Err(BackupError::NotEmpty(path)) if *path == log),
            "{refused:?}"
        );
        assert_eq!(fs::read_to_string(&log).unwrap(), "of another store");
        assert!(!data.join("kenduri.db").exists());
    }
}

#[tokio::test]
async fn the_log_is_emptied_though_the_target_cannot_be_reached() {
    let place = Place::new();
    let store = place.open();
    fs::write(place.target_folder(), "no folder").unwrap();
    let agent = place.agent(&store);
    for number in 0..10 {
        answer(&store, number).await.unwrap();
    }
    wait_until(|| agent.status().failure.is_some()).await;
    let log = place.data().join("kenduri.db-wal");
    assert!(length(&log) > 0);
    store.checkpoint().await.unwrap();
    wait_until(|| length(&log) == 0).await;
    agent.stop();
}

/// If the target cannot be reached at startup, the log grows until the target can be reached, up to
/// a limit.
#[tokio::test]
async fn a_target_that_is_missing_at_a_start_goes_on_without_a_snapshot() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    answer(&store, 0).await.unwrap();
    agent.stop();
    let elsewhere = place.folder.path().join("unmounted");
    fs::rename(place.target_folder(), &elsewhere).unwrap();
    fs::write(place.target_folder(), "no folder").unwrap();
    let agent = place.agent(&store);
    let log = place.data().join("kenduri.db-wal");
    let mut count = 1;
    // The log grows beyond the length at which the agent would checkpoint it.
    while length(&log) < 4_100 * 4_120 {
        answer(&store, count).await.unwrap();
        count += 1;
    }
    for _ in 0..2 {
        let before = agent.status().failure;
        place.clock.advance(SignedDuration::from_secs(1));
        wait_until(|| agent.status().failure != before).await;
    }
    fs::remove_file(place.target_folder()).unwrap();
    fs::rename(&elsewhere, place.target_folder()).unwrap();
    wait_until(|| agent.status().copied_until.is_some()).await;
    agent.stop();
    assert_eq!(generations(&place), 1);
    let (data, _) = place.restore("again", None).unwrap();
    assert_eq!(answers(&data), (0..count).collect::<Vec<_>>());
}

/// Returns the sizes of all segments in the target.
fn segments(place: &Place) -> Vec<u64> {
    let all = fs::read_dir(place.target_folder().join("generations")).unwrap();
    let logs = all.map(|one| one.unwrap().path().join("log"));
    let segments = logs.filter_map(|log| fs::read_dir(log).ok()).flatten();
    segments.map(|one| length(&one.unwrap().path())).collect()
}

/// While a segment is sent, it is in memory several times. An object in a bucket has a maximum
/// size, too.
#[tokio::test]
async fn a_long_backlog_is_sent_in_short_segments() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    answer(&store, 0).await.unwrap();
    agent.stop();
    for number in 1..300 {
        write_long(&store, number..number + 1).await;
    }
    let agent = place.agent(&store);
    wait_until(|| agent.status().copied_until.is_some()).await;
    agent.stop();
    assert_eq!(generations(&place), 1);
    let segments = segments(&place);
    assert!(segments.len() >= 4, "{segments:?}");
    assert!(segments.iter().all(|one| *one < 9 << 20), "{segments:?}");
    let (data, _) = place.restore("again", None).unwrap();
    assert_eq!(answers(&data), (0..300).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_transaction_that_is_too_long_for_a_segment_is_in_a_snapshot() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    answer(&store, 0).await.unwrap();
    write_long(&store, 1..400).await;
    wait_until(|| generations(&place) == 2).await;
    answer(&store, 400).await.unwrap();
    wait_until(|| agent.status().failure.is_none()).await;
    agent.stop();
    let segments = segments(&place);
    assert!(segments.iter().all(|one| *one < 32 << 20), "{segments:?}");
    let (data, _) = place.restore("again", None).unwrap();
    assert_eq!(answers(&data), (0..=400).collect::<Vec<_>>());
}

/// Without the envelope, which contains the encrypted key, the passphrase does not open the backup.
#[tokio::test]
async fn a_lost_or_changed_copy_of_the_key_is_told_and_written_again() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    let object = place.target_folder().join("kenduri-backup.json");
    let whole = fs::read_to_string(&object).unwrap();
    let changed = whole.replace("\"salt\": \"", "\"salt\": \"AAAA");
    assert_ne!(changed, whole);
    for state in [None, Some(&changed)] {
        match state {
            None => fs::remove_file(&object).unwrap(),
            Some(text) => fs::write(&object, text).unwrap(),
        }
        let told = drill(&place);
        assert!(
            matches!(&told, DrillResult::Failed(why) if why.contains("kenduri-backup.json")),
            "{told:?}"
        );
        // A machine that restores its backup automatically must not treat this as a missing backup
        // and start with an empty store.
        let refused = backup::open(&place.target(), &place.passphrase);
        assert!(
            matches!(
                refused,
                Err(BackupError::Damaged { .. } | BackupError::Passphrase)
            ),
            "{refused:?}"
        );
        agent.now().unwrap();
        assert_eq!(fs::read_to_string(&object).unwrap(), whole);
        assert!(matches!(drill(&place), DrillResult::Good { .. }));
    }
    agent.stop();
}

/// People's exports are deleted after a day. A restore would bring deleted exports back.
#[tokio::test]
async fn exports_are_left_out() {
    let place = Place::new();
    let store = place.open();
    let files = place.data().join("files");
    for name in ["exports/0198", "exports2/0198", "posts/exports"] {
        let path = files.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "names").unwrap();
    }
    let agent = place.agent(&store);
    agent.now().unwrap();
    agent.stop();
    let (data, restored) = place.restore("again", None).unwrap();
    assert_eq!(restored.files, 2);
    assert!(data.join("files/posts/exports").exists());
    assert!(!data.join("files/exports").exists());
}

/// If a generation's name is from the future, snapshots, removals and drills must still happen on
/// time.
#[tokio::test]
async fn a_clock_that_ran_ahead_stops_no_snapshots_and_no_drills() {
    let mut place = Place::new();
    place.has_drills = true;
    let store = place.open();
    place.clock.advance(SignedDuration::from_hours(24 * 365));
    let agent = place.agent(&store);
    agent.now().unwrap();
    wait_until(|| agent.status().drill.is_some()).await;
    let ahead = agent.status().drill;
    agent.stop();
    answer(&store, 0).await.unwrap();
    place.clock.advance(SignedDuration::from_hours(-24 * 365));
    let agent = place.agent(&store);
    wait_until(|| generations(&place) == 2).await;
    wait_until(|| {
        agent
            .status()
            .drill
            .is_some_and(|drill| Some(drill) != ahead)
    })
    .await;
    // The agent must make one snapshot per day, not one per second.
    let before = agent.status().copied_until;
    place.clock.advance(SignedDuration::from_secs(1));
    wait_until(|| agent.status().copied_until > before).await;
    assert_eq!(generations(&place), 2);
    place.clock.advance(SignedDuration::from_hours(24));
    wait_until(|| generations(&place) == 3).await;
    agent.stop();
}

/// A killed drill leaves a folder with all data in clear text.
#[tokio::test]
async fn what_a_killed_drill_left_is_removed() {
    let place = Place::new();
    let store = place.open();
    let left = place.data().join("drill");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("store"), "everything").unwrap();
    let agent = place.agent(&store);
    wait_until(|| !left.exists()).await;
    agent.stop();
}

/// Removes all objects in a folder of the backup except the first `kept` ones.
fn cut(folder: &Path, kept: usize) {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|one| one.unwrap().path())
        .collect();
    all.sort();
    assert!(all.len() > kept);
    for path in all.get(kept..).unwrap() {
        fs::remove_file(path).unwrap();
    }
}

/// Returns an installation with several snapshots, later writes and an erasure.
async fn long_used() -> Place {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    for number in 0..3 {
        answer(&store, number).await.unwrap();
        agent.now().unwrap();
        place.clock.advance(SignedDuration::from_hours(1));
    }
    answer(&store, 3).await.unwrap();
    let before = agent.status().copied_until;
    wait_until(|| agent.status().copied_until > before).await;
    place.clock.advance(SignedDuration::from_hours(1));
    answer(&store, 4).await.unwrap();
    let erase = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        platform::erasure::note(tx, "account", "0198")
    };
    store.write(erase).await.unwrap();
    agent.stop();
    assert!(agent.status().failure.is_none(), "{:?}", agent.status());
    let (data, restored) = place.restore("whole", None).unwrap();
    assert_eq!(answers(&data), [0, 1, 2, 3, 4]);
    assert_eq!(restored.erasures, 1);
    place
}

/// Asserts that restoring the latest state fails with the missing object's name, and that an
/// earlier time can be restored.
fn expect_missing(place: &Place, object: &str) {
    let refused = place.restore("refused", None);
    let Err(BackupError::Damaged {
        object: named,
        whole_until: Some(until),
    }) = &refused
    else {
        panic!("{refused:?}");
    };
    assert!(named.contains(object), "{named}");
    let failed = drill(place);
    assert!(
        matches!(&failed, DrillResult::Failed(why) if why.contains(object)),
        "{failed:?}"
    );
    place.restore("earlier", Some(*until)).unwrap();
}

#[tokio::test]
async fn the_end_of_a_backup_cannot_be_taken_away_unnoticed() {
    // The last segment is missing.
    let place = long_used().await;
    let generations = place.target_folder().join("generations");
    let mut all: Vec<_> = fs::read_dir(&generations)
        .unwrap()
        .map(|one| one.unwrap().path())
        .collect();
    all.sort();
    cut(&all.last().unwrap().join("log"), 1);
    expect_missing(&place, "/log/");
    // The last snapshot is missing.
    let place = long_used().await;
    cut(&place.target_folder().join("manifests"), 3);
    expect_missing(&place, "manifests/");
    // The list of erasures is missing.
    let place = long_used().await;
    cut(&place.target_folder().join("erasures"), 0);
    expect_missing(&place, "erasures/");
    // The head itself is missing.
    let place = long_used().await;
    fs::remove_file(place.target_folder().join("head")).unwrap();
    expect_missing(&place, "head");
}

/// An automatic restore is killed when it only has to remove its temporary folder. Then the store
/// is used. No later restore may overwrite it.
#[tokio::test]
async fn what_a_restore_left_behind_lets_no_other_overwrite_the_store() {
    let place = long_used().await;
    let data = place.folder.path().join("whole");
    let left = data.join("restoring");
    let used = || {
        let store = rusqlite::Connection::open(data.join("kenduri.db")).unwrap();
        let insert = "INSERT OR IGNORE INTO answer (number, note) VALUES (99, '')";
        store.execute(insert, []).unwrap();
    };
    used();
    let now = Clock::Manual(place.clock.clone()).now();
    for (description, to, is_finished) in [
        (None, None, false),
        (Some("[0,1,2,3,null]"), Some(now), false),
        (Some("[0,1,2,3,null]"), None, true),
    ] {
        fs::create_dir_all(&left).unwrap();
        if let Some(description) = description {
            fs::write(left.join("last-step.json"), description).unwrap();
        }
        let outcome = place.restore("whole", to);
        if is_finished {
            outcome.unwrap();
            assert!(!left.exists());
        } else {
            assert!(
                matches!(&outcome, Err(BackupError::NotEmpty(path)) if path.ends_with("kenduri.db")),
                "{outcome:?}"
            );
        }
        assert_eq!(answers(&data), [0, 1, 2, 3, 4, 99]);
    }
}

/// The clock ran ahead, so snapshots have names from the future. The changes after them have
/// correct times.
#[tokio::test]
async fn a_second_after_a_snapshot_from_the_future_is_restored_with_what_was_before_it() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    let year = SignedDuration::from_hours(24 * 365);
    let clock = Clock::Manual(place.clock.clone());
    let began = clock.now();
    answer(&store, 0).await.unwrap();
    agent.now().unwrap();
    place.clock.advance(year);
    agent.now().unwrap();
    place.clock.advance(SignedDuration::from_secs(10) - year);
    for number in 1..4 {
        answer(&store, number).await.unwrap();
        agent.turn().unwrap();
        place.clock.advance(SignedDuration::from_secs(10));
    }
    agent.stop();
    assert!(generations(&place) >= 3);
    for (seconds, wanted) in [(5, 1), (15, 2), (25, 3), (35, 4)] {
        let to = began + SignedDuration::from_secs(seconds);
        let (data, _) = place.restore(&format!("to-{seconds}"), Some(to)).unwrap();
        assert_eq!(answers(&data), (0..wanted).collect::<Vec<_>>(), "{seconds}");
    }
    let (data, _) = place.restore("latest", None).unwrap();
    assert_eq!(answers(&data), (0..4).collect::<Vec<_>>());
}
