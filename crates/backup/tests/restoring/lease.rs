//! Tests that one machine writes to a place, in a bucket and in a folder.

use backup::{BackupError, Target};
use jiff::SignedDuration;

use crate::bad_input::names;
use crate::place::{Place, answer, answers};
use crate::s3_double::{Fault, Server};

const EXPIRY: SignedDuration = SignedDuration::from_secs(60);

/// Calls to a bucket block, and may not do so inside a runtime.
pub(crate) fn apart<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

/// Another machine, restored from the backup of the first.
fn restored(place: &Place, name: &str) -> Place {
    let (data, _) = apart(|| place.restore(name, None)).unwrap();
    let mut other = place.elsewhere(data);
    other.bucket = Some(place.target());
    other
}

fn contents(server: Option<&Server>, place: &Place) -> Vec<String> {
    match server {
        Some(server) => server.names(),
        None => names(&place.target_folder()),
    }
}

async fn an_old_machine_is_refused(server: Option<&Server>) {
    let place = Place::backed_up_to(server);
    let (store, old) = place.begin();
    assert_eq!(old.status().has_lease, Some(true));
    answer(&store, 1).await.unwrap();
    old.turn().unwrap();

    // While the first one holds the lease, nothing is written.
    let new_place = restored(&place, "new");
    let new_store = new_place.open();
    let new = new_place.agent(&new_store);
    let refused = new.turn().unwrap_err();
    assert!(
        matches!(
            refused,
            BackupError::HeldElsewhere {
                is_alive: false,
                ..
            }
        ),
        "{refused}"
    );
    assert!(refused.to_string().contains("within a minute"), "{refused}");
    assert!(new.status().elsewhere.is_none(), "it may have ended");
    // The old one is paused: its clock stands still.
    new_place.clock.advance(EXPIRY);
    new.turn().unwrap();
    answer(&new_store, 2).await.unwrap();
    new.turn().unwrap();

    answer(&store, 3).await.unwrap();
    place.clock.advance(EXPIRY);
    let before = contents(server, &place);
    for _ in 0..3 {
        let refused = old.turn().unwrap_err();
        assert!(
            matches!(refused, BackupError::Superseded { .. }),
            "{refused}"
        );
        let status = old.status();
        assert_eq!(status.elsewhere.unwrap().1, refused.to_string());
        assert!(
            refused.to_string().contains("backup now --anew"),
            "{refused}"
        );
        place.clock.advance(SignedDuration::from_secs(10));
    }
    assert!(matches!(old.now(), Err(BackupError::Superseded { .. })));
    old.stop();
    // Nor after a restart.
    let old = place.agent(&store);
    assert!(matches!(old.turn(), Err(BackupError::Superseded { .. })));
    assert_eq!(contents(server, &place), before);
    assert_eq!(
        answers(&apart(|| place.restore("check", None)).unwrap().0),
        [1, 2]
    );
    new.turn().unwrap();

    // The operator decides.
    new.stop();
    old.turn().unwrap_err();
    old.begin_anew().unwrap();
    assert!(old.status().elsewhere.is_none() && old.status().failure.is_none());
    old.stop();
    assert_eq!(
        answers(&apart(|| place.restore("anew", None)).unwrap().0),
        [1, 3]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_machine_that_comes_back_is_refused_in_a_bucket() {
    let server = Server::start();
    an_old_machine_is_refused(Some(&server)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_machine_that_comes_back_is_refused_in_a_folder() {
    an_old_machine_is_refused(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_machines_that_live_are_told() {
    let place = Place::new();
    let (_store, one) = place.begin();
    let other_place = restored(&place, "other");
    let other_store = other_place.open();
    let other = other_place.agent(&other_store);
    for _ in 0..10 {
        one.turn().unwrap();
        other.turn().unwrap_err();
        for clock in [&place.clock, &other_place.clock] {
            clock.advance(SignedDuration::from_secs(10));
        }
    }
    let (_, told) = other.status().elsewhere.unwrap();
    assert!(told.contains("on one of the two machines"), "{told}");
    // A clean end hands the lease over at once.
    one.stop();
    other_place.clock.advance(SignedDuration::from_secs(10));
    other.turn().unwrap();
    assert!(other.status().elsewhere.is_none());
    other.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_lets_both_through_has_no_lease_and_the_backup_goes_on() {
    let server = Server::without_conditions();
    let place = Place::backed_up_to(Some(&server));
    let (store, agent) = place.begin();
    answer(&store, 1).await.unwrap();
    place.clock.advance(SignedDuration::from_mins(5));
    agent.turn().unwrap();
    assert_eq!(agent.status().has_lease, Some(false));
    agent.stop();
    assert_eq!(
        answers(&apart(|| place.restore("again", None)).unwrap().0),
        [1]
    );
    let left = server.names().into_iter();
    let left: Vec<_> = left.filter(|name| name.contains("lease")).collect();
    assert_eq!(left, <[String; 0]>::default());
}

/// Each of these worked before there were leases.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_knows_no_conditions_is_backed_up_to_as_before() {
    for (status, code) in [
        ("501 Not Implemented", "NotImplemented"),
        ("400 Bad Request", "InvalidArgument"),
        ("404 Not Found", "NoSuchKey"),
    ] {
        let server = Server::start();
        server.fail("", Fault::Condition(status, code), usize::MAX);
        let place = Place::backed_up_to(Some(&server));
        let (store, agent) = place.begin();
        answer(&store, 1).await.unwrap();
        agent.turn().unwrap();
        assert_eq!(agent.status().has_lease, Some(false), "{code}");
        agent.stop();
        assert!(agent.status().failure.is_none(), "{code}");
        let (data, _) = apart(|| place.restore("again", None)).unwrap();
        assert_eq!(answers(&data), [1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_where_nothing_may_be_removed_has_a_lease() {
    let server = Server::start();
    server.fail("", Fault::NoRemoval, usize::MAX);
    let place = Place::backed_up_to(Some(&server));
    let (store, agent) = place.begin();
    assert_eq!(agent.status().has_lease, Some(true));
    agent.stop();
    // It is tried once, and not at each start.
    let before = server.names();
    let agent = place.agent(&store);
    agent.turn().unwrap();
    agent.stop();
    let trials = |names: &[String]| {
        let names = names.iter().filter(|name| name.contains("lease-trial"));
        names.count()
    };
    assert_eq!(trials(&server.names()), trials(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_error_of_the_trial_says_nothing_about_the_place() {
    for (status, code) in [
        ("400 Bad Request", "RequestTimeout"),
        ("400 Bad Request", "ExpiredToken"),
        ("500 Internal Server Error", "InternalError"),
        ("503 Service Unavailable", "SlowDown"),
    ] {
        let server = Server::start();
        server.fail("lease-trial", Fault::Condition(status, code), 1);
        let place = Place::backed_up_to(Some(&server));
        let store = place.open();
        let agent = place.agent(&store);
        // One round fails, mine or the thread's own.
        let failed = agent.now();
        agent.now().unwrap();
        if let Err(error) = failed {
            assert!(matches!(error, BackupError::Target { .. }), "{error}");
        }
        assert_eq!(agent.status().has_lease, Some(true), "{code}");
        agent.stop();
        let left = server.names().into_iter();
        let left: Vec<_> = left.filter(|name| name.contains("trial")).collect();
        assert_eq!(left, <[String; 0]>::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_of_the_lease_whose_answer_is_lost_or_wrong_changes_nothing() {
    for fault in [Fault::LostAnswer, Fault::Repeated] {
        let server = Server::start();
        let place = Place::backed_up_to(Some(&server));
        let (store, agent) = place.begin();
        agent.stop();
        // The first write of the lease, and later renewals.
        server.fail("prefix/lease", fault, 1);
        let agent = place.agent(&store);
        while agent.turn().is_err() {}
        for number in 0..3 {
            server.fail("prefix/lease", fault, 1);
            place.clock.advance(SignedDuration::from_secs(11));
            answer(&store, number).await.unwrap();
            agent.turn().unwrap();
            assert!(agent.status().elsewhere.is_none(), "{fault:?}");
        }
        agent.stop();
        assert!(agent.status().failure.is_none(), "{:?}", agent.status());
        let (data, _) = apart(|| place.restore("again", None)).unwrap();
        assert_eq!(answers(&data), [0, 1, 2]);
    }
}

/// A machine is paused for a minute and does not know it yet.
async fn a_late_head_is_refused(server: Option<&Server>) {
    let place = Place::backed_up_to(server);
    let (store, old) = place.begin();
    let new_place = restored(&place, "new");
    let new_store = new_place.open();
    let new = new_place.agent(&new_store);
    new.turn().unwrap_err();
    new_place.clock.advance(EXPIRY);
    new.now().unwrap();
    new.stop();
    let head = || match server {
        Some(server) => server.content("/head"),
        None => std::fs::read(place.target_folder().join("head")).unwrap(),
    };
    let before = head();
    answer(&store, 1).await.unwrap();
    let refused = old.now().unwrap_err();
    assert!(
        matches!(refused, BackupError::Superseded { .. }),
        "{refused}"
    );
    assert!(head() == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_head_is_refused_in_a_bucket() {
    let server = Server::start();
    a_late_head_is_refused(Some(&server)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_head_is_refused_in_a_folder() {
    a_late_head_is_refused(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_keeps_the_lease_for_the_next_process() {
    let place = Place::new();
    let (store, one) = place.begin();
    let other_place = restored(&place, "other");
    let other_store = other_place.open();
    let other = other_place.agent(&other_store);
    one.hand_over();
    let refused = other.turn().unwrap_err();
    assert!(
        matches!(refused, BackupError::HeldElsewhere { .. }),
        "{refused}"
    );
    let next = place.agent(&store);
    next.turn().unwrap();
    next.stop();
    other.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_goes_on_when_its_place_comes_back() {
    let server = Server::start();
    let place = Place::backed_up_to(Some(&server));
    let (store, agent) = place.begin();
    server.set_away(true);
    answer(&store, 1).await.unwrap();
    place.clock.advance(SignedDuration::from_mins(10));
    let refused = agent.turn().unwrap_err();
    assert!(matches!(refused, BackupError::Target { .. }), "{refused}");
    server.set_away(false);
    agent.turn().unwrap();
    agent.stop();
    assert_eq!(
        answers(&apart(|| place.restore("again", None)).unwrap().0),
        [1]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_somebody_removes_is_made_again() {
    let place = Place::new();
    let (_store, agent) = place.begin();
    let lease = place.target_folder().join("lease");
    std::fs::remove_file(&lease).unwrap();
    place.clock.advance(SignedDuration::from_secs(30));
    // One round finds it missing, mine or the thread's own.
    drop(agent.turn());
    agent.turn().unwrap();
    assert!(lease.exists());
    agent.stop();
}

/// What a second place has, when it has everything.
async fn wait_until_copied(agent: &backup::Agent, since: jiff::Timestamp) {
    let mut status = agent.watch();
    let copied = status.wait_for(|status| {
        let second = status.second.as_ref();
        second
            .and_then(|second| second.copied_until)
            .is_some_and(|until| until >= since)
    });
    let waited = tokio::time::timeout(std::time::Duration::from_mins(1), copied);
    waited.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_place_gets_the_same_backup_and_never_stops_the_first() {
    let server = Server::start();
    let mut place = Place::new();
    place.also = Some(server.target());
    std::fs::create_dir(place.data().join("files")).unwrap();
    std::fs::write(place.data().join("files/picture"), "a picture").unwrap();
    let store = place.open();
    let agent = place.agent(&store);
    server.set_away(true);
    agent.now().unwrap();
    answer(&store, 1).await.unwrap();
    agent.turn().unwrap();
    let mut status = agent.watch();
    let failing = status.wait_for(|status| {
        let second = status.second.as_ref();
        second.is_some_and(|second| second.failure.is_some())
    });
    tokio::time::timeout(std::time::Duration::from_mins(1), failing)
        .await
        .unwrap()
        .unwrap();
    assert!(agent.status().failure.is_none());
    assert_eq!(
        answers(&apart(|| place.restore("first", None)).unwrap().0),
        [1]
    );

    // What was missed is copied, and then each change.
    server.set_away(false);
    place.clock.advance(SignedDuration::from_secs(30));
    wait_until_copied(&agent, place.clock.now()).await;
    assert!(agent.status().second.unwrap().failure.is_none());
    place.clock.advance(SignedDuration::from_secs(1));
    answer(&store, 2).await.unwrap();
    agent.turn().unwrap();
    wait_until_copied(&agent, place.clock.now()).await;
    agent.stop();
    let second = restore_from(&place, &server.target(), "second");
    assert_eq!(answers(&second), [1, 2]);
    assert_eq!(
        std::fs::read(second.join("files/picture")).unwrap(),
        b"a picture"
    );
    // Each place has its own lease; the second one needs none.
    assert!(!server.names().iter().any(|name| name.ends_with("lease")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_place_that_lost_the_backup_is_not_filled_again_unasked() {
    let mut place = Place::new();
    let folder = place.folder.path().join("second");
    let to = format!("folder:{}", folder.display());
    place.also = Some(Target::parse(&to, &backup::S3Access::default()).unwrap());
    let (store, agent) = place.begin();
    place.clock.advance(SignedDuration::from_secs(1));
    wait_until_copied(&agent, place.clock.now()).await;
    agent.stop();
    std::fs::rename(&folder, place.folder.path().join("unmounted")).unwrap();
    std::fs::create_dir(&folder).unwrap();
    let agent = place.agent(&store);
    agent.turn().unwrap();
    let mut status = agent.watch();
    let failing = status.wait_for(|status| {
        let second = status.second.as_ref();
        second.is_some_and(|second| second.failure.is_some())
    });
    tokio::time::timeout(std::time::Duration::from_mins(1), failing)
        .await
        .unwrap()
        .unwrap();
    let (_, why) = agent.status().second.unwrap().failure.unwrap();
    assert!(why.contains("no longer holds this backup"), "{why}");
    assert_eq!(names(&folder), <[String; 0]>::default());
    agent.stop();
}

pub(crate) fn restore_from(place: &Place, target: &Target, name: &str) -> std::path::PathBuf {
    let data = place.folder.path().join(name);
    let places = backup::Places {
        store: backup::StorePlace::File(data.join("kenduri.db")),
        data: data.clone(),
    };
    let random = platform::Random::system();
    apart(|| backup::restore(target, &place.key, &places, None, &random)).unwrap();
    data
}
