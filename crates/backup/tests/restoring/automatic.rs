//! Tests of a machine that takes over by itself, and of one that therefore stops. The bucket, the
//! machine that leads and the one that follows each have a clock of their own.

use std::path::PathBuf;

use backup::{Agent, BackupError, Follower, Obstacle, Places, StorePlace, Verdict};
use jiff::SignedDuration;
use platform::{Clock, ManualClock, Random, Store, StoreError, Tx};

use crate::lease::apart;
use crate::place::{Place, answer, answers, insert};
use crate::s3_double::{Server, Way};

/// Between two looks of the machine that follows.
const STEP: SignedDuration = SignedDuration::from_secs(5);

struct Pair {
    server: Server,
    /// Of the machine that leads.
    way: Way,
    /// The machine that leads.
    place: Place,
    /// The clock of the bucket.
    there: ManualClock,
    /// The clock of the machine that follows.
    here: ManualClock,
    store: Store,
    agent: Agent,
    follower: Follower,
}

fn at(text: &str) -> ManualClock {
    ManualClock::at(text.parse().unwrap())
}

fn follow(place: &Place, clock: &ManualClock, target: &backup::Target) -> (Follower, PathBuf) {
    let data = place.folder.path().join("follower");
    let places = Places {
        store: StorePlace::File(data.join("kenduri.db")),
        data: data.clone(),
    };
    let (clock, random) = (Clock::Manual(clock.clone()), Random::system());
    let follower = apart(|| Follower::new(target, &place.key, &places, &clock, &random));
    (follower.unwrap(), data)
}

impl Pair {
    fn new() -> Self {
        Self::with(true)
    }

    /// The clocks of both machines are wrong by years.
    fn with(is_automatic: bool) -> Self {
        let (there, here) = (at("2027-01-16T10:00:00Z"), at("2055-02-03T04:05:06Z"));
        let server = Server::start();
        server.tell_time(&there);
        let way = server.way();
        let mut place = Place::new();
        place.bucket = Some(way.target());
        place.is_automatic = is_automatic;
        place.clock = at("2041-06-07T08:09:10Z");
        let (store, agent) = place.begin();
        store.acknowledge_while(agent.may_acknowledge());
        let (follower, _) = follow(&place, &here, &server.target());
        Self {
            server,
            way,
            place,
            there,
            here,
            store,
            agent,
            follower,
        }
    }

    fn pass(&self, time: SignedDuration) {
        for clock in [&self.there, &self.here, &self.place.clock] {
            clock.advance(time);
        }
    }

    /// One round of the machine that follows.
    fn look(&mut self) -> Result<Option<Verdict>, BackupError> {
        let follower = &mut self.follower;
        apart(|| {
            follower.turn()?;
            follower.watch()
        })
    }

    /// Until the machine that follows is to take over. Returns the tag, and the time by the bucket.
    fn wait_for_verdict(&mut self) -> (String, SignedDuration) {
        let begin = self.there.now();
        loop {
            let waited = self.there.now().duration_since(begin);
            assert!(waited < SignedDuration::from_mins(5), "nothing happens");
            match self.look().unwrap() {
                Some(Verdict::TakeOver { tag }) => return (tag, waited),
                Some(Verdict::Wait) | None => self.pass(STEP),
                other => panic!("{other:?}"),
            }
        }
    }

    async fn answer(&self, number: i64) -> Result<(), StoreError> {
        answer(&self.store, number).await
    }

    /// One that is acknowledged and copied.
    async fn answer_and_copy(&mut self, number: i64) {
        self.answer(number).await.unwrap();
        self.pass(SignedDuration::from_secs(1));
        self.agent.turn().unwrap();
        self.look().unwrap();
    }
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_place_of_a_lost_machine_is_taken_after_a_minute_and_told() {
    let mut pair = Pair::new();
    for number in 0..20 {
        pair.answer_and_copy(number).await;
    }
    pair.way.set_cut(true);
    // The last second: acknowledged, and in no backup.
    pair.answer(20).await.unwrap();
    let (tag, waited) = pair.wait_for_verdict();
    // Its last renewal was at most 10 s before, and seen within 5 s.
    assert!((seconds(45)..=seconds(70)).contains(&waited), "{waited}");
    let refused = pair.answer(21).await.unwrap_err();
    assert!(matches!(refused, StoreError::LeaseOver), "{refused}");
    let taken = apart(|| pair.follower.take_over_by_itself(tag)).unwrap();
    let data = pair.place.folder.path().join("follower");
    assert_eq!(answers(&data), (0..20).collect::<Vec<_>>());
    // It serves, says how that came, and acknowledges from the first moment.
    let mut new = pair.place.elsewhere(data);
    new.bucket = Some(pair.server.target());
    new.clock = pair.here.clone();
    let store = new.open();
    let agent = new.agent(&store);
    store.acknowledge_while(agent.may_acknowledge());
    answer(&store, 99).await.unwrap();
    agent.turn().unwrap();
    let note = agent.status().took_over.unwrap();
    assert_eq!(
        (note.at(), note.whole_until()),
        (pair.here.now(), taken.whole_until)
    );
    assert_eq!(note.from, taken.from.unwrap().host);
    // The machine that was lost comes back.
    pair.way.set_cut(false);
    pair.pass(seconds(100));
    let refused = pair.agent.turn().unwrap_err();
    assert!(
        matches!(refused, BackupError::Superseded { .. }),
        "{refused}"
    );
    assert!(pair.agent.status().pause.unwrap().until.is_none());
    let refused = pair.answer(22).await.unwrap_err();
    assert!(matches!(refused, StoreError::LeaseOver), "{refused}");
    pair.agent.stop();
    let next = pair.place.agent(&pair.store);
    next.turn().unwrap_err();
    assert!(!next.may_acknowledge()(), "nor after a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_away_from_both_stops_answers_and_nothing_acknowledged_is_lost() {
    let mut pair = Pair::new();
    pair.answer_and_copy(0).await;
    pair.server.set_away(true);
    let mut acknowledged = vec![0];
    for number in 1..30 {
        pair.pass(STEP);
        match pair.answer(number).await {
            Ok(()) => acknowledged.push(number),
            Err(error) => assert!(matches!(error, StoreError::LeaseOver), "{error}"),
        }
        drop(pair.agent.turn());
        pair.look().unwrap_err();
    }
    assert!((6..=9).contains(&acknowledged.len()), "{acknowledged:?}");
    let pause = pair.agent.status().pause.unwrap();
    assert!(
        pause.until.is_none() && pause.reason.contains("503"),
        "{pause:?}"
    );
    assert!(!pair.store.is_writable().await);
    // It is back. Whoever sees that first, the machine that led goes on.
    pair.server.set_away(false);
    assert_eq!(pair.look().unwrap(), Some(Verdict::Wait));
    pair.agent.turn().unwrap();
    assert!(pair.agent.status().pause.unwrap().until.is_some());
    pair.answer(100).await.unwrap();
    acknowledged.push(100);
    for _ in 0..30 {
        pair.pass(STEP);
        pair.agent.turn().unwrap();
        assert_eq!(pair.look().unwrap(), Some(Verdict::Wait));
    }
    pair.agent.stop();
    apart(|| pair.follower.take_over()).unwrap();
    assert_eq!(
        answers(&pair.place.folder.path().join("follower")),
        acknowledged
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_goes_on_is_never_replaced_unasked() {
    let mut pair = Pair::with(false);
    pair.way.set_cut(true);
    for number in 0..60 {
        pair.pass(STEP);
        pair.answer(number).await.unwrap();
        let verdict = pair.look().unwrap();
        let Some(Verdict::ByOrder(Obstacle::GoesOn(_))) = verdict else {
            panic!("{verdict:?}");
        };
    }
    assert!(pair.agent.status().pause.is_none());
    apart(|| pair.follower.take_over()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_was_stopped_in_order_is_replaced_only_when_told() {
    let mut pair = Pair::new();
    pair.answer_and_copy(1).await;
    pair.agent.stop();
    assert!(!pair.store.may_acknowledge());
    for _ in 0..40 {
        pair.pass(STEP);
        let verdict = pair.look().unwrap();
        let Some(Verdict::ByOrder(Obstacle::Ended(_))) = verdict else {
            panic!("{verdict:?}");
        };
    }
    // So it may be started again with other settings.
    backup::check_promise(&pair.place.data(), None).unwrap();
    let taken = apart(|| pair.follower.take_over()).unwrap();
    assert!(taken.from.unwrap().has_ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_comes_back_just_before_goes_on() {
    let mut pair = Pair::new();
    pair.answer_and_copy(1).await;
    pair.way.set_cut(true);
    pair.answer(2).await.unwrap();
    let (tag, _) = pair.wait_for_verdict();
    pair.way.set_cut(false);
    pair.agent.turn().unwrap();
    pair.answer(3).await.unwrap();
    let refused = apart(|| pair.follower.take_over_by_itself(tag)).unwrap_err();
    assert!(
        matches!(refused, BackupError::HeldElsewhere { .. }),
        "{refused}"
    );
    pair.pass(STEP);
    pair.agent.turn().unwrap();
    assert_eq!(pair.look().unwrap(), Some(Verdict::Wait));
    // It follows as before.
    pair.answer(4).await.unwrap();
    pair.agent.stop();
    apart(|| pair.follower.take_over()).unwrap();
    assert_eq!(
        answers(&pair.place.folder.path().join("follower")),
        [1, 2, 3, 4]
    );
}

/// The whole machine stands still for longer than the other one waits, within a change.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_wakes_up_within_a_change_does_not_acknowledge_it() {
    let mut pair = Pair::new();
    pair.answer_and_copy(1).await;
    pair.way.set_cut(true);
    let clock = pair.place.clock.clone();
    let change = move |tx: &mut Tx<'_>| {
        clock.advance(SignedDuration::from_secs(100));
        insert(tx, 2)
    };
    let unknown = pair.store.write(change).await.unwrap_err();
    assert!(matches!(unknown, StoreError::Unknown), "{unknown}");
    assert_eq!(
        answers(&pair.place.data()),
        [1, 2],
        "it may have been saved"
    );
    let refused = pair.answer(3).await.unwrap_err();
    assert!(matches!(refused, StoreError::LeaseOver), "{refused}");
    // Nobody has taken over, so both are there in the end.
    pair.way.set_cut(false);
    pair.agent.turn().unwrap();
    pair.agent.stop();
    apart(|| pair.follower.take_over()).unwrap();
    assert_eq!(answers(&pair.place.folder.path().join("follower")), [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_followed_by_the_clock_of_the_machine_that_follows() {
    let mut place = Place::new();
    place.is_automatic = true;
    let (store, agent) = place.begin();
    store.acknowledge_while(agent.may_acknowledge());
    answer(&store, 1).await.unwrap();
    agent.turn().unwrap();
    let here = at("2055-02-03T04:05:06Z");
    let (mut follower, data) = follow(&place, &here, &place.target());
    // The machine that leads stands still.
    let mut waited = seconds(0);
    let tag = loop {
        apart(|| follower.turn()).unwrap();
        if let Some(Verdict::TakeOver { tag }) = apart(|| follower.watch()).unwrap() {
            break tag;
        }
        here.advance(STEP);
        waited += STEP;
    };
    assert_eq!(waited, seconds(60));
    apart(|| follower.take_over_by_itself(tag)).unwrap();
    assert_eq!(answers(&data), [1]);
    place.clock.advance(waited);
    let refused = answer(&store, 2).await.unwrap_err();
    assert!(matches!(refused, StoreError::LeaseOver), "{refused}");
    agent.turn().unwrap_err();
    agent.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_not_mounted_stops_answers_after_the_same_time() {
    let mut place = Place::new();
    place.is_automatic = true;
    let (store, agent) = place.begin();
    store.acknowledge_while(agent.may_acknowledge());
    let unmounted = place.folder.path().join("unmounted");
    std::fs::rename(place.target_folder(), &unmounted).unwrap();
    let mut acknowledged = Vec::new();
    for number in 1..20 {
        place.clock.advance(STEP);
        drop(agent.turn());
        match answer(&store, number).await {
            Ok(()) => acknowledged.push(number),
            Err(error) => assert!(matches!(error, StoreError::LeaseOver), "{error}"),
        }
    }
    assert_eq!(acknowledged, (1..8).collect::<Vec<_>>());
    std::fs::rename(unmounted, place.target_folder()).unwrap();
    agent.turn().unwrap();
    answer(&store, 100).await.unwrap();
    agent.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_keeps_its_promise_until_the_lease_is_without_it() {
    let mut pair = Pair::new();
    pair.answer_and_copy(1).await;
    pair.way.set_cut(true);
    // It cannot give the lease back.
    pair.agent.stop();
    let elsewhere = format!("folder:{}", pair.place.target_folder().display());
    let elsewhere = backup::Target::parse(&elsewhere, &backup::S3Access::default()).unwrap();
    for target in [None, Some(&elsewhere)] {
        let refused = backup::check_promise(&pair.place.data(), target).unwrap_err();
        assert!(matches!(refused, BackupError::Promised(_)), "{refused}");
    }
    backup::check_promise(&pair.place.data(), Some(&pair.place.target())).unwrap();
    pair.place.is_automatic = false;
    let agent = pair.place.agent(&pair.store);
    let may_acknowledge = agent.may_acknowledge();
    assert!(!may_acknowledge());
    agent.turn().unwrap_err();
    assert!(!may_acknowledge());
    // A command beside it does not either.
    assert!(!backup::may_acknowledge(&pair.place.data())());
    pair.way.set_cut(false);
    pair.pass(seconds(10));
    agent.turn().unwrap();
    pair.way.set_cut(true);
    pair.pass(seconds(1_000));
    assert!(may_acknowledge() && backup::may_acknowledge(&pair.place.data())());
    let verdict = pair.look().unwrap();
    assert!(
        matches!(verdict, Some(Verdict::ByOrder(Obstacle::GoesOn(_)))),
        "{verdict:?}"
    );
    backup::check_promise(&pair.place.data(), Some(&elsewhere)).unwrap();
    agent.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_process_follows_another_both_acknowledge() {
    let mut place = Place::new();
    place.is_automatic = true;
    let (_store, one) = place.begin();
    let store = place.open();
    let next = place.agent(&store);
    let (old, new) = (one.may_acknowledge(), next.may_acknowledge());
    for _ in 0..10 {
        place.clock.advance(STEP);
        one.turn().unwrap();
        next.turn().unwrap();
        assert!(old() && new());
    }
    one.hand_over();
    assert!(new());
    next.turn().unwrap();
    for _ in 0..20 {
        place.clock.advance(STEP);
        next.turn().unwrap();
        assert!(new());
    }
    next.stop();
    assert!(!new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_or_a_lease_nobody_follows_and_nothing_stops() {
    let server = Server::without_conditions();
    let mut place = Place::backed_up_to(Some(&server));
    place.is_automatic = true;
    std::fs::rename(place.data().join("backup.key"), place.data().join("key")).unwrap();
    let store = place.open();
    let agent = place.agent(&store);
    let may_acknowledge = agent.may_acknowledge();
    agent.turn().unwrap();
    place.clock.advance(seconds(100));
    assert!(may_acknowledge());
    std::fs::rename(place.data().join("key"), place.data().join("backup.key")).unwrap();
    agent.turn().unwrap();
    server.set_away(true);
    place.clock.advance(seconds(100));
    assert!(may_acknowledge());
    assert_eq!(agent.status().has_lease, Some(false));
    assert!(agent.status().pause.is_none());
    agent.stop();
}
