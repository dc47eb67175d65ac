//! Tests of drills. In a drill, the agent tests whether the backup can be restored.

use std::fs;

use backup::{Drill, DrillResult};
use jiff::SignedDuration;
use platform::{Clock, Random};

use crate::place::{Place, answer};

fn drill(place: &Place) -> DrillResult {
    let clock = Clock::Manual(place.clock.clone());
    let random = Random::system();
    let drill = backup::drill(&place.target(), &place.key, &place.data(), &clock, &random);
    let drill = drill.unwrap();
    assert_eq!(Drill::last(&place.data()), Some(drill.clone()));
    assert!(!place.data().join("drill").exists());
    drill.result
}

#[tokio::test]
async fn a_drill_restores_counts_and_hashes_and_tells_when_it_cannot() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    // The store records the snapshot after it was made.
    agent.turn().unwrap();
    let DrillResult::Good { rows: before, .. } = drill(&place) else {
        panic!("it is good");
    };
    for number in 0..10 {
        answer(&store, number).await.unwrap();
    }
    agent.stop();
    let DrillResult::Good { rows, hash, .. } = drill(&place) else {
        panic!("it is good");
    };
    assert_eq!(rows, before + 10);
    assert_eq!(hash.len(), 64);
    for generation in fs::read_dir(place.target_folder().join("generations")).unwrap() {
        let piece = generation.unwrap().path().join("snapshot/000000");
        fs::write(piece, "cut").unwrap();
    }
    let failed = drill(&place);
    assert!(
        matches!(&failed, DrillResult::Failed(why) if why.contains("snapshot/000000")),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_drill_comes_each_week_by_itself() {
    let mut place = Place::new();
    place.has_drills = true;
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    let (mut last, mut status) = (None, agent.watch());
    for _ in 0..2 {
        let drill = status.wait_for(|status| status.drill != last).await;
        let drill = drill.unwrap().drill.clone();
        let good = drill.as_ref().map(|drill| &drill.result);
        assert!(matches!(good, Some(DrillResult::Good { .. })), "{drill:?}");
        last = drill;
        place.clock.advance(SignedDuration::from_hours(7 * 24));
    }
    agent.stop();
}

#[tokio::test]
async fn a_drill_waits_while_drills_are_held() {
    let mut place = Place::new();
    place.has_drills = true;
    let store = place.open();
    let agent = place.agent(&store);
    agent.hold_drills(|_| Ok(true));
    agent.now().unwrap();
    agent.turn().unwrap();
    place.clock.advance(SignedDuration::from_hours(13));
    let released = Clock::Manual(place.clock.clone()).now();
    agent.hold_drills(|_| Ok(false));
    let mut status = agent.watch();
    let drill = status.wait_for(|status| status.drill.is_some()).await;
    let drill = drill.unwrap().drill.clone().unwrap();
    assert_eq!(drill.at, released.as_millisecond());
    agent.stop();
}

#[tokio::test]
async fn the_size_of_the_backup_is_told() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    agent.turn().unwrap();
    let before = agent.status().bytes.unwrap();
    assert!(before > 0);
    answer(&store, 1).await.unwrap();
    agent.now().unwrap();
    agent.turn().unwrap();
    assert!(agent.status().bytes.unwrap() > before);
    agent.stop();
}

/// Panics when the agent lets go of it.
struct PanicOnDrop;

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "in the thread of the backup");
    }
}

#[tokio::test]
async fn operators_see_that_the_backup_ended_in_a_panic() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    assert_eq!(agent.status().failure, None);
    let held = PanicOnDrop;
    agent.hold_drills(move |_| {
        let _ = &held;
        Ok(false)
    });
    agent.hold_drills(|_| Ok(false));
    let mut status = agent.watch();
    let failed = status.wait_for(|status| status.failure.is_some()).await;
    let (_, why) = failed.unwrap().failure.clone().unwrap();
    assert!(why.starts_with("the backup ended in a panic"), "{why}");
    agent.stop();
}
