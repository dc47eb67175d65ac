//! Tests of restoring the latest state, and the state at a given second.

use std::fs;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use platform::Random;

use crate::place::{Place, answer, answers, tell, times};

#[tokio::test]
async fn a_snapshot_and_what_followed_are_restored_with_the_files() {
    let place = Place::new();
    let store = place.open();
    fs::create_dir(place.data().join("files")).unwrap();
    fs::write(place.data().join("files/picture.webp"), "a picture").unwrap();
    for number in 0..10 {
        answer(&store, number).await.unwrap();
    }
    let agent = place.agent(&store);
    agent.now().unwrap();
    for number in 10..20 {
        answer(&store, number).await.unwrap();
    }
    agent.stop();
    assert!(agent.status().failure.is_none(), "{:?}", agent.status());
    drop(store);
    let (data, restored) = place.restore("again", None).unwrap();
    assert_eq!(answers(&data), (0..20).collect::<Vec<_>>());
    assert_eq!(restored.files, 1);
    let picture = fs::read_to_string(data.join("files/picture.webp")).unwrap();
    assert_eq!(picture, "a picture");
    // No object in the target contains clear text.
    let names = walk(&place.target_folder());
    assert!(names.len() > 3);
    for name in names {
        let bytes = fs::read(&name).unwrap();
        assert!(
            !bytes.windows(9).any(|part| part == b"a picture"),
            "{name:?}"
        );
        assert!(!bytes.windows(6).any(|part| part == b"xxxxxx"), "{name:?}");
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .flat_map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// Writes rows while the agent makes snapshots and checkpoints the log. Then restores the state at
/// each second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_second_is_restored_as_it_was() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    let began = Timestamp::from_millisecond(
        platform::Clock::Manual(place.clock.clone())
            .now()
            .as_millisecond(),
    )
    .unwrap();
    let restores = times(10);
    let seconds = u32::try_from(4 * restores).unwrap();
    // The number of rows at the end of each second.
    let mut model = Vec::new();
    let mut number = 0;
    for second in 0..seconds {
        for _ in 0..25 {
            answer(&store, number).await.unwrap();
            number += 1;
            place.clock.advance(SignedDuration::from_millis(40));
        }
        model.push(number);
        match second % 40 {
            13 | 27 => agent.now().unwrap(),
            // The checkpoint removes deleted data from the log and restarts the log.
            5 | 20 | 33 => store.checkpoint().await.unwrap(),
            _ => {}
        }
        if second % 5 == 0 {
            agent.turn().unwrap();
        }
    }
    agent.stop();
    assert!(agent.status().failure.is_none(), "{:?}", agent.status());
    drop(store);
    let random = Random::system();
    for _ in 0..restores {
        let second = random.below(seconds);
        let to = began + SignedDuration::from_secs(i64::from(second) + 1);
        let (data, _) = place.restore("to", Some(to)).unwrap();
        let wanted: Vec<i64> = (0..model[usize::try_from(second).unwrap()]).collect();
        assert_eq!(answers(&data), wanted, "second {second}");
        fs::remove_dir_all(data).unwrap();
    }
    tell(&format!(
        "{number} answers in {seconds} s of the clock; {restores} random seconds restored, each as the model has it"
    ));
}

fn generations(place: &Place) -> usize {
    let all = fs::read_dir(place.target_folder().join("generations")).unwrap();
    all.count()
}

#[tokio::test]
async fn a_restart_goes_on_and_a_program_that_wrote_meanwhile_makes_a_snapshot_needed() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    answer(&store, 0).await.unwrap();
    agent.now().unwrap();
    answer(&store, 1).await.unwrap();
    agent.stop();
    // Kenduri writes after the backup agent has stopped.
    answer(&store, 2).await.unwrap();
    drop(store);

    let store = place.open();
    let agent = place.agent(&store);
    answer(&store, 3).await.unwrap();
    wait_for_a_copy(&agent).await;
    assert_eq!(generations(&place), 1);
    agent.stop();
    drop(store);
    let (data, _) = place.restore("went-on", None).unwrap();
    assert_eq!(answers(&data), [0, 1, 2, 3]);

    // Another process writes to the store. When it closes the store, SQLite truncates the log.
    let other = rusqlite::Connection::open(place.data().join("kenduri.db")).unwrap();
    other
        .execute("INSERT INTO answer (number, note) VALUES (4, '')", [])
        .unwrap();
    drop(other);
    let store = place.open();
    let agent = place.agent(&store);
    answer(&store, 5).await.unwrap();
    wait_for_a_copy(&agent).await;
    assert_eq!(generations(&place), 2);
    assert!(agent.status().snapshot.is_some());
    agent.stop();
    let (data, _) = place.restore("anew", None).unwrap();
    assert_eq!(answers(&data), [0, 1, 2, 3, 4, 5]);
}

async fn wait_for_a_copy(agent: &backup::Agent) {
    let mut status = agent.watch();
    let copied =
        status.wait_for(|status| status.copied_until.is_some() || status.failure.is_some());
    let status = copied.await.unwrap();
    assert!(status.failure.is_none(), "{status:?}");
}

/// Another process makes checkpoints during the backup. No change may be lost.
#[tokio::test]
async fn a_program_that_checkpoints_meanwhile_takes_nothing_from_the_backup() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    let other = rusqlite::Connection::open(place.data().join("kenduri.db")).unwrap();
    other.busy_timeout(Duration::ZERO).unwrap();
    for number in 0..60 {
        answer(&store, number).await.unwrap();
        if number % 7 == 0 {
            // The other process does not know about the backup.
            let _ = other.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()));
        }
    }
    drop(other);
    agent.stop();
    assert!(agent.status().failure.is_none(), "{:?}", agent.status());
    let (data, _) = place.restore("again", None).unwrap();
    assert_eq!(answers(&data), (0..60).collect::<Vec<_>>());
}
