//! To the latest state, and to a second.

use std::fs;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::place::{Place, answer, answers};

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
    // Nothing that left is readable.
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

/// Answers come in while snapshots are made and the log is written back; each second is restored as
/// it was.
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
    // How many answers there were at the end of each second.
    let mut model = Vec::new();
    let mut number = 0;
    for second in 0..40_i64 {
        for _ in 0..25 {
            answer(&store, number).await.unwrap();
            number += 1;
            place.clock.advance(SignedDuration::from_millis(40));
        }
        model.push(number);
        match second {
            13 | 27 => agent.now().unwrap(),
            // Deleted data leaves the log, which begins anew.
            5 | 20 | 33 => store.checkpoint().await.unwrap(),
            _ => {}
        }
        if second % 5 == 0 {
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
    }
    agent.stop();
    assert!(agent.status().failure.is_none(), "{:?}", agent.status());
    drop(store);
    for second in [0, 3, 7, 13, 14, 21, 28, 39] {
        let to = began + SignedDuration::from_secs(second + 1);
        let (data, _) = place.restore(&format!("to-{second}"), Some(to)).unwrap();
        let wanted: Vec<i64> = (0..model[second as usize]).collect();
        assert_eq!(answers(&data), wanted, "second {second}");
    }
}
