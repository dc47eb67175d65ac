//! Tests of targets that lose what was copied to them: a disk that is not mounted or was replaced,
//! objects that others remove, and files that others leave there.

use std::fs;
use std::path::PathBuf;

use backup::{Agent, BackupError, DrillResult};
use jiff::SignedDuration;
use platform::{Clock, Random, Store, StoreError, Tx, erasure};

use crate::bad_input::names;
use crate::place::{Place, answer, answers};

fn unmounted(place: &Place) -> PathBuf {
    place.folder.path().join("unmounted")
}

/// Leaves an empty folder, as the mount point of a missing disk.
fn unmount(place: &Place) {
    fs::rename(place.target_folder(), unmounted(place)).unwrap();
    fs::create_dir(place.target_folder()).unwrap();
}

fn mount(place: &Place) {
    fs::remove_dir(place.target_folder()).unwrap();
    fs::rename(unmounted(place), place.target_folder()).unwrap();
}

fn assert_lost(refused: Result<(), BackupError>, agent: &Agent) {
    let refused = refused.unwrap_err();
    assert!(matches!(refused, BackupError::Lost { .. }), "{refused}");
    assert!(refused.to_string().contains("--anew"), "{refused}");
    let status = agent.status();
    assert_eq!(status.missing.unwrap().1, refused.to_string());
    assert!(status.failure.is_some());
}

/// The names of the objects whose names begin with `prefix`.
fn objects(place: &Place, prefix: &str) -> Vec<String> {
    let mut names = names(&place.target_folder());
    names.retain(|name| name.starts_with(prefix));
    names
}

fn segments(place: &Place) -> Vec<String> {
    let mut names = objects(place, "generations/");
    names.retain(|name| name.contains("/log/"));
    names
}

fn remove(place: &Place, name: &str) {
    fs::remove_file(place.target_folder().join(name)).unwrap();
}

fn restored(place: &Place) -> Vec<i64> {
    let (data, _) = place.restore("again", None).unwrap();
    answers(&data)
}

#[tokio::test]
async fn nothing_is_written_where_the_disk_is_not_mounted_and_the_copy_goes_on_afterwards() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    answer(&store, 0).await.unwrap();
    agent.turn().unwrap();
    unmount(&place);
    answer(&store, 1).await.unwrap();
    assert_lost(agent.turn(), &agent);
    assert_lost(agent.now(), &agent);
    agent.stop();
    // A restart does not begin a new backup in the mount point either.
    let agent = place.agent(&store);
    assert_lost(agent.turn(), &agent);
    assert_lost(agent.now(), &agent);
    assert_eq!(names(&place.target_folder()), <[String; 0]>::default());
    // Nor does it create a folder that is missing below the mount point.
    fs::remove_dir(place.target_folder()).unwrap();
    assert_lost(agent.turn(), &agent);
    assert!(!place.target_folder().exists());
    fs::create_dir(place.target_folder()).unwrap();
    mount(&place);
    agent.turn().unwrap();
    assert!(agent.status().failure.is_none());
    agent.stop();
    assert_eq!(objects(&place, "manifests/").len(), 1);
    assert_eq!(restored(&place), [0, 1]);
}

#[tokio::test]
async fn an_empty_disk_gets_a_whole_new_backup_once_the_operator_says_so() {
    let place = Place::new();
    let files = place.data().join("files");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("picture"), "a picture").unwrap();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    unmount(&place);
    answer(&store, 1).await.unwrap();
    assert_lost(agent.turn(), &agent);
    place.clock.advance(SignedDuration::from_secs(1));
    agent.begin_anew().unwrap();
    let status = agent.status();
    assert!(status.missing.is_none() && status.failure.is_none());
    answer(&store, 2).await.unwrap();
    agent.stop();
    let (data, restored) = place.restore("again", None).unwrap();
    assert_eq!((answers(&data), restored.files), (vec![1, 2], 1));
    // The former disk is now the one without this backup.
    fs::remove_dir_all(place.target_folder()).unwrap();
    fs::rename(unmounted(&place), place.target_folder()).unwrap();
    let agent = place.agent(&store);
    assert_lost(agent.turn(), &agent);
    agent.stop();
}

#[tokio::test]
async fn a_segment_that_is_removed_is_told_and_a_snapshot_replaces_it() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    for number in 0..3 {
        answer(&store, number).await.unwrap();
        agent.turn().unwrap();
    }
    remove(&place, segments(&place).last().unwrap());
    let told = agent.turn();
    assert!(matches!(told, Err(BackupError::Gone(_))), "{told:?}");
    assert!(agent.status().missing.is_some());
    agent.turn().unwrap();
    assert_eq!(objects(&place, "manifests/").len(), 2);
    for number in 3..6 {
        answer(&store, number).await.unwrap();
        agent.turn().unwrap();
    }
    agent.stop();
    let first = segments(&place);
    let newest = objects(&place, "manifests/").pop().unwrap();
    let newest = newest.trim_start_matches("manifests/");
    remove(
        &place,
        first.iter().find(|name| name.contains(newest)).unwrap(),
    );
    // After a restart, everything in the backup is looked for.
    let agent = place.agent(&store);
    agent.turn().unwrap();
    assert!(agent.status().missing.is_some());
    agent.stop();
    assert_eq!(objects(&place, "manifests/").len(), 3);
    assert_eq!(restored(&place), [0, 1, 2, 3, 4, 5]);
}

async fn backed_up_with_file_and_erasure() -> (Place, Store, Agent) {
    let place = Place::new();
    let files = place.data().join("files");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("picture"), "a picture").unwrap();
    let store = place.open();
    let agent = place.agent(&store);
    let erase = |tx: &mut Tx<'_>| -> Result<(), StoreError> { erasure::note(tx, "account", "1") };
    store.write(erase).await.unwrap();
    agent.now().unwrap();
    (place, store, agent)
}

#[tokio::test]
async fn a_snapshot_relies_on_nothing_that_is_gone() {
    let (place, _store, agent) = backed_up_with_file_and_erasure().await;
    let erasures = objects(&place, "erasures/");
    assert_eq!(erasures.len(), 1);
    remove(&place, &erasures[0]);
    remove(&place, &objects(&place, "files/")[0]);
    agent.now().unwrap();
    agent.stop();
    assert_eq!(objects(&place, "erasures/"), erasures);
    let (_, restored) = place.restore("again", None).unwrap();
    assert_eq!((restored.files, restored.erasures), (1, 1));
}

#[tokio::test]
async fn the_envelope_is_told_as_missing_while_the_copy_goes_on() {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    remove(&place, "kenduri-backup.json");
    answer(&store, 1).await.unwrap();
    agent.turn().unwrap();
    let told = agent.status().missing.unwrap().1;
    assert!(told.contains("kenduri-backup.json"), "{told}");
    agent.now().unwrap();
    assert!(agent.status().missing.is_none());
    agent.stop();
    assert_eq!(restored(&place), [1]);
}

/// A NAS, a Mac, NFS and programs that synchronize folders leave such files.
#[tokio::test]
async fn files_of_other_programs_stop_nothing() {
    let (place, store, agent) = backed_up_with_file_and_erasure().await;
    for number in 0..3 {
        answer(&store, number).await.unwrap();
        agent.turn().unwrap();
    }
    let leave = |folder: &str, name: &str| {
        let folder = place.target_folder().join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), "of another program").unwrap();
    };
    for object in names(&place.target_folder()) {
        let (folder, name) = object.rsplit_once('/').unwrap_or(("", &object));
        for other in [
            ".DS_Store",
            ".nfs0000000000000001",
            "Thumbs.db",
            "desktop.ini",
            "0000000000",
            &format!("{name} (1)"),
            &format!("{name}.sync-conflict-20270116-100000-ABCDEFG"),
            &format!("{name}~"),
        ] {
            leave(folder, other);
        }
        for inner in ["@eaDir", "lost+found"] {
            let inner = [folder, inner].join("/");
            leave(inner.trim_start_matches('/'), name);
        }
    }
    answer(&store, 3).await.unwrap();
    agent.turn().unwrap();
    place.clock.advance(SignedDuration::from_secs(1));
    agent.now().unwrap();
    agent.stop();
    let agent = place.agent(&store);
    agent.turn().unwrap();
    agent.stop();
    let status = agent.status();
    assert!(
        status.failure.is_none() && status.missing.is_none(),
        "{status:?}"
    );
    let random = Random::system();
    let listed = backup::list(&place.target(), &place.key, &random).unwrap();
    assert_eq!(listed.len(), 2);
    let clock = Clock::Manual(place.clock.clone());
    let drill = backup::drill(&place.target(), &place.key, &place.data(), &clock, &random);
    let result = drill.unwrap().result;
    assert!(matches!(result, DrillResult::Good { .. }), "{result:?}");
    let (data, restored) = place.restore("again", None).unwrap();
    assert_eq!(answers(&data), [0, 1, 2, 3]);
    assert_eq!((restored.files, restored.erasures), (1, 1));
}

#[tokio::test]
async fn a_backup_on_the_disk_of_the_data_is_told() {
    let place = Place::new();
    assert!(place.target().is_on_disk_of(&place.data()));
    let store = place.open();
    let agent = place.agent(&store);
    agent.now().unwrap();
    assert!(agent.status().is_on_same_disk);
    agent.stop();
}
