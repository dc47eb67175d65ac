//! Tests of a copy that follows a backup and takes over.

use backup::{BackupError, Follower, Places, StorePlace, Target};
use jiff::SignedDuration;
use platform::{Clock, Random, Store, StoreError, Tx, erasure};

use crate::lease::{apart, restore_from};
use crate::place::{Place, answer, answers};
use crate::s3_double::Server;

fn places(place: &Place) -> Places {
    let data = place.folder.path().join("follower");
    Places {
        store: StorePlace::File(data.join("kenduri.db")),
        data,
    }
}

fn follower(place: &Place, target: &Target) -> Result<Follower, BackupError> {
    let clock = Clock::Manual(place.clock.clone());
    let random = Random::system();
    apart(|| Follower::new(target, &place.key, &places(place), &clock, &random))
}

async fn erase(store: &Store) {
    let erase = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        erasure::note(tx, "account", "somebody")?;
        Ok(())
    };
    store.write(erase).await.unwrap();
}

async fn follows_and_takes_over(server: Option<&Server>) {
    let place = Place::backed_up_to(server);
    std::fs::create_dir(place.data().join("files")).unwrap();
    std::fs::write(place.data().join("files/picture"), "a picture").unwrap();
    let (store, agent) = place.begin();
    let mut follower = follower(&place, &place.target()).unwrap();
    for number in 0..30 {
        answer(&store, number).await.unwrap();
        // A new snapshot begins a new generation.
        if number % 10 == 5 {
            place.clock.advance(SignedDuration::from_secs(11));
            agent.now().unwrap();
        } else if number % 3 == 0 {
            agent.turn().unwrap();
        }
        place.clock.advance(SignedDuration::from_secs(1));
        apart(|| follower.turn()).unwrap();
    }
    erase(&store).await;
    agent.turn().unwrap();
    // Nothing is served meanwhile.
    let StorePlace::File(file) = places(&place).store else {
        panic!("a file");
    };
    assert!(!file.exists());
    // This one comes too late.
    answer(&store, 30).await.unwrap();
    drop(store);
    let before = agent.status().copied_until.unwrap();
    let taken = apart(|| follower.take_over()).unwrap();
    assert!(!taken.from.unwrap().has_ended);
    let until = taken.whole_until;
    assert!((before..=place.clock.now()).contains(&until), "{until}");
    assert_eq!((taken.restored.files, taken.restored.erasures), (1, 1));
    let data = places(&place).data;
    let found = answers(&data);
    assert!(found == (0..30).collect::<Vec<_>>() || found == (0..31).collect::<Vec<_>>());
    assert_eq!(
        std::fs::read(data.join("files/picture")).unwrap(),
        b"a picture"
    );
    assert!(backup::has_taken_over(&data) && !backup::is_unfinished(&data));
    assert!(!data.join("following").exists());
    // The former machine is refused, and this one goes on.
    place.clock.advance(SignedDuration::from_secs(20));
    let refused = agent.turn().unwrap_err();
    assert!(
        matches!(refused, BackupError::Superseded { .. }),
        "{refused}"
    );
    agent.stop();
    let mut new = place.elsewhere(data);
    new.bucket = Some(place.target());
    let new_store = new.open();
    let new_agent = new.agent(&new_store);
    new_agent.turn().unwrap();
    answer(&new_store, 99).await.unwrap();
    new_agent.stop();
    let all = answers(&restore_from(&place, &place.target(), "again"));
    assert_eq!(all.last(), Some(&99));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_of_a_bucket_takes_over() {
    let server = Server::start();
    follows_and_takes_over(Some(&server)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_of_a_folder_takes_over() {
    follows_and_takes_over(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_end_in_order_nothing_is_missing() {
    let place = Place::new();
    let (store, agent) = place.begin();
    let mut follower = follower(&place, &place.target()).unwrap();
    apart(|| follower.turn()).unwrap();
    answer(&store, 1).await.unwrap();
    agent.stop();
    let taken = apart(|| follower.take_over()).unwrap();
    assert!(taken.from.unwrap().has_ended);
    assert_eq!(answers(&places(&place).data), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_could_not_copy_everything_is_no_end_in_order() {
    let server = Server::start();
    let place = Place::backed_up_to(Some(&server));
    let (store, agent) = place.begin();
    let mut follower = follower(&place, &place.target()).unwrap();
    server.refuse(Some("/log/"));
    answer(&store, 1).await.unwrap();
    agent.stop();
    server.refuse(None);
    let taken = apart(|| follower.take_over()).unwrap();
    assert!(!taken.from.unwrap().has_ended);
    assert_eq!(answers(&places(&place).data), <[i64; 0]>::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_is_no_end_in_order() {
    let place = Place::new();
    let (store, agent) = place.begin();
    let mut follower = follower(&place, &place.target()).unwrap();
    answer(&store, 1).await.unwrap();
    agent.hand_over();
    // The next process answers, and is lost before it copies anything.
    answer(&store, 2).await.unwrap();
    let taken = apart(|| follower.take_over()).unwrap();
    assert!(!taken.from.unwrap().has_ended);
    assert_eq!(answers(&places(&place).data), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_saved_in_the_first_second_is_copied_at_the_end() {
    let place = Place::new();
    let (store, agent) = place.begin();
    agent.stop();
    let mut follower = follower(&place, &place.target()).unwrap();
    let agent = place.agent(&store);
    answer(&store, 1).await.unwrap();
    agent.stop();
    let taken = apart(|| follower.take_over()).unwrap();
    assert!(taken.from.unwrap().has_ended);
    assert_eq!(answers(&places(&place).data), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_in_order_copies_the_last_files_too() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    std::fs::create_dir(place.data().join("files")).unwrap();
    agent.now().unwrap();
    let mut follower = follower(&place, &place.target()).unwrap();
    std::fs::write(place.data().join("files/picture"), "a picture").unwrap();
    agent.stop();
    let taken = apart(|| follower.take_over()).unwrap();
    assert!(taken.from.unwrap().has_ended);
    assert_eq!(taken.restored.files, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_over_that_is_tried_again_names_the_former_machine() {
    let server = Server::start();
    let place = Place::backed_up_to(Some(&server));
    std::fs::create_dir(place.data().join("files")).unwrap();
    std::fs::write(place.data().join("files/picture"), "a picture").unwrap();
    let (_store, agent) = place.begin();
    agent.stop();
    let mut follower = follower(&place, &place.target()).unwrap();
    // The lease is taken, and then a file cannot be read.
    server.refuse(Some("prefix/files/"));
    apart(|| follower.take_over()).unwrap_err();
    server.refuse(None);
    place.clock.advance(SignedDuration::from_mins(5));
    let taken = apart(|| follower.take_over()).unwrap();
    assert!(taken.from.unwrap().has_ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_half_filled_is_not_served() {
    let place = Place::new();
    let (store, agent) = place.begin();
    answer(&store, 1).await.unwrap();
    agent.stop();
    let clock = Clock::Manual(place.clock.clone());
    let random = Random::system();
    let data = places(&place).data;
    // The last step fails: the folder of the store is missing.
    let elsewhere = Places {
        store: StorePlace::File(data.join("missing/kenduri.db")),
        data: data.clone(),
    };
    let mut first = Follower::new(&place.target(), &place.key, &elsewhere, &clock, &random);
    first.as_mut().unwrap().take_over().unwrap_err();
    assert!(data.join("taken-over").exists() && data.join("restoring").exists());
    assert!(!backup::has_taken_over(&data) && backup::is_unfinished(&data));
    // Another process follows again, and is killed after the first step of its take-over.
    drop(follower(&place, &place.target()).unwrap());
    std::fs::remove_dir_all(data.join("restoring")).unwrap();
    assert!(!backup::has_taken_over(&data) && backup::is_unfinished(&data));
    let mut second = follower(&place, &place.target()).unwrap();
    second.take_over().unwrap();
    assert!(backup::has_taken_over(&data));
    assert_eq!(answers(&data), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_without_a_lease_is_not_followed() {
    let server = Server::without_conditions();
    let place = Place::backed_up_to(Some(&server));
    let (_store, agent) = place.begin();
    agent.stop();
    let refused = follower(&place, &place.target()).unwrap_err();
    assert!(matches!(refused, BackupError::NoLease(_)), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_over_without_the_place_changes_nothing_and_is_tried_again() {
    let server = Server::start();
    let place = Place::backed_up_to(Some(&server));
    let (store, agent) = place.begin();
    answer(&store, 1).await.unwrap();
    agent.stop();
    let mut follower = follower(&place, &place.target()).unwrap();
    apart(|| follower.turn()).unwrap();
    server.set_away(true);
    let refused = apart(|| follower.take_over()).unwrap_err();
    assert!(matches!(refused, BackupError::Target { .. }), "{refused}");
    server.set_away(false);
    apart(|| follower.take_over()).unwrap();
    assert_eq!(answers(&places(&place).data), [1]);
}
