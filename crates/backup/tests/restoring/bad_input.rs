//! Tests of inputs that are refused with a specific error and change nothing.

use std::fs;
use std::path::Path;

use backup::{BackupError, BackupKey, S3Access, Target};
use platform::{Random, Secret};

use crate::place::{Place, answer};

async fn backed_up() -> Place {
    let place = Place::new();
    let store = place.open();
    let agent = place.agent(&store);
    for number in 0..50 {
        answer(&store, number).await.unwrap();
    }
    agent.now().unwrap();
    for number in 50..60 {
        answer(&store, number).await.unwrap();
    }
    agent.stop();
    assert!(agent.status().failure.is_none(), "{:?}", agent.status());
    place
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

#[tokio::test]
async fn a_wrong_passphrase_and_a_place_without_a_backup_are_refused() {
    let place = backed_up().await;
    let wrong = Secret::new("lusab-babad-gutih-tugad-mudof-sakat");
    let refused = backup::open(&place.target(), &wrong);
    assert!(
        matches!(refused, Err(BackupError::Passphrase)),
        "{refused:?}"
    );
    backup::open(&place.target(), &place.passphrase).unwrap();
    let nothing = Target::parse("folder:/nonexistent", &S3Access::default()).unwrap();
    let refused = backup::open(&nothing, &place.passphrase);
    assert!(
        matches!(refused, Err(BackupError::Nothing(_))),
        "{refused:?}"
    );
}

/// `kenduri restore` opens the backup's key first, so nothing is written if the key is refused.
#[tokio::test]
async fn a_backup_of_a_newer_version_is_refused_by_its_number() {
    let place = backed_up().await;
    let before = names(&place.target_folder());
    let envelope = place.target_folder().join("kenduri-backup.json");
    let text = fs::read_to_string(&envelope).unwrap();
    let newer = text.replace("\"format\": 1", "\"format\": 2");
    let ours = format!("\"made_by\": \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(newer != text && newer.contains(&ours));
    fs::write(&envelope, newer.replace(&ours, "\"made_by\": \"9.1.0\"")).unwrap();
    let refused = backup::open(&place.target(), &place.passphrase);
    assert!(
        matches!(&refused, Err(BackupError::Newer { made_by, .. }) if made_by == "9.1.0"),
        "{refused:?}"
    );
    // This version of Kenduri does not write into the newer version's backup either.
    let store = place.open();
    let agent = place.agent(&store);
    let refused = agent.now();
    agent.stop();
    assert!(
        matches!(refused, Err(BackupError::Newer { .. })),
        "{refused:?}"
    );
    assert_eq!(names(&place.target_folder()), before);
}

/// The target contains this installation's key but another installation's objects.
#[tokio::test]
async fn objects_that_another_key_sealed_are_not_restored() {
    let (place, other) = (backed_up().await, backed_up().await);
    for folder in ["begun", "manifests", "generations"] {
        let (from, to) = (other.target_folder(), place.target_folder());
        fs::remove_dir_all(to.join(folder)).unwrap();
        fs::rename(from.join(folder), to.join(folder)).unwrap();
    }
    let refused = place.restore("again", None);
    assert!(
        matches!(refused, Err(BackupError::Damaged { .. })),
        "{refused:?}"
    );
    assert!(is_empty(&place.folder.path().join("again")));
}

#[tokio::test]
async fn another_installation_does_not_write_into_this_backup() {
    let place = backed_up().await;
    let other = Place::new();
    let store = other.open();
    // The other installation has the same target in its settings.
    fs::rename(place.target_folder(), other.target_folder()).unwrap();
    let before = names(&other.target_folder());
    let agent = other.agent(&store);
    let refused = agent.now();
    agent.stop();
    assert!(
        matches!(refused, Err(BackupError::OtherInstallation(_))),
        "{refused:?}"
    );
    assert_eq!(names(&other.target_folder()), before);
}

#[tokio::test]
async fn a_folder_that_is_not_empty_is_left_as_it_is() {
    let place = backed_up().await;
    let (data, _) = place.restore("again", None).unwrap();
    fs::write(data.join("kenduri.db"), "mine").unwrap();
    let refused = place.restore("again", None);
    assert!(
        matches!(refused, Err(BackupError::NotEmpty(_))),
        "{refused:?}"
    );
    assert_eq!(fs::read_to_string(data.join("kenduri.db")).unwrap(), "mine");
}

#[tokio::test]
async fn without_a_key_nothing_leaves_and_the_log_stays_short() {
    let place = Place::new();
    fs::remove_file(place.data().join(backup::KEY_FILE)).unwrap();
    let store = place.open();
    let agent = place.agent(&store);
    answer(&store, 1).await.unwrap();
    let refused = agent.now();
    assert!(matches!(refused, Err(BackupError::NoKey)), "{refused:?}");
    store.checkpoint().await.unwrap();
    agent.turn().unwrap();
    let log = place.data().join("kenduri.db-wal");
    assert_eq!(fs::metadata(&log).unwrap().len(), 0);
    agent.stop();
    assert!(!place.target_folder().exists());
    let (key, _) = BackupKey::make(&Random::system()).unwrap();
    key.keep(&place.data()).unwrap();
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                names.push(
                    path.strip_prefix(folder)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
    }
    names.sort();
    names
}
