//! Tests that a file is visible either completely or not at all.

use std::io::{self, Read};

use bytes::Bytes;
use http::Method;
use platform::files::Key;
use platform::s3::{PART, S3, S3Access};
use platform::{Files, Outbound, Secret};

fn key(name: &str) -> Key {
    name.parse().unwrap()
}

async fn read(files: &Files, name: &str) -> Option<String> {
    let mut file = files.open(&key(name)).await.unwrap()?;
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    Some(text)
}

#[test]
fn a_name_cannot_leave_its_folder() {
    for (name, allowed) in [
        ("a", true),
        ("exports/0197-a_b.csv", true),
        ("", false),
        ("/a", false),
        ("a/", false),
        ("a//b", false),
        ("..", false),
        ("a/../b", false),
        (".hidden", false),
        ("a/.1.2", false),
        ("A", false),
        ("a b", false),
        ("a\\b", false),
        ("a\0", false),
        ("é", false),
        (&"a".repeat(201), false),
    ] {
        assert_eq!(name.parse::<Key>().is_ok(), allowed, "{name:?}");
    }
}

#[tokio::test]
async fn a_file_is_written_replaced_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::folder(folder.path().join("not/yet/there"), 1);
    assert_eq!(read(&files, "exports/a.csv").await, None);
    assert!(!files.remove(&key("exports/a.csv")).await.unwrap());
    for text in ["one", "two, longer", "3"] {
        files
            .put(&key("exports/a.csv"), move |file| {
                file.write_all(text.as_bytes())
            })
            .await
            .unwrap();
        assert_eq!(read(&files, "exports/a.csv").await.as_deref(), Some(text));
    }
    assert!(files.remove(&key("exports/a.csv")).await.unwrap());
    assert_eq!(read(&files, "exports/a.csv").await, None);
}

#[tokio::test]
async fn a_file_that_was_not_finished_leaves_the_old_one_and_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::folder(folder.path(), 1);
    files
        .put(&key("a"), |file| file.write_all(b"old"))
        .await
        .unwrap();
    let outcome = files
        .put(&key("a"), |file| {
            file.write_all(&vec![7; 100_000])?;
            Err(io::Error::other("the disk is full"))
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(read(&files, "a").await.as_deref(), Some("old"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn half_a_file_is_never_there_and_is_swept_later() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::folder(folder.path(), 1);
    let arriving = || std::fs::read_dir(folder.path().join(".arriving")).unwrap();
    let mut whole = files.begin().await.unwrap();
    whole.write(b"one, ").await.unwrap();
    assert_eq!(read(&files, "uploads/a").await, None);
    whole.write(b"two").await.unwrap();
    whole.finish().await.unwrap();
    assert_eq!(std::fs::read(whole.path()).unwrap(), b"one, two");
    files.keep(whole, &key("uploads/a")).await.unwrap();
    assert_eq!(read(&files, "uploads/a").await.as_deref(), Some("one, two"));
    assert_eq!(arriving().count(), 0);

    let mut half = files.begin().await.unwrap();
    half.write(b"one").await.unwrap();
    assert_eq!(arriving().count(), 1);
    drop(half);
    assert_eq!(arriving().count(), 0);

    // A file that is never dropped stays in the folder, as after a crash.
    let left = std::mem::ManuallyDrop::new(files.begin().await.unwrap());
    let written = std::fs::metadata(left.path()).unwrap().modified().unwrap();
    assert_eq!(files.sweep(written).await.unwrap(), 0);
    let later = written + std::time::Duration::from_secs(1);
    assert_eq!(files.sweep(later).await.unwrap(), 1);
    assert_eq!(arriving().count(), 0);
}

#[tokio::test]
async fn a_part_of_a_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::folder(folder.path(), 1);
    let content = |file: &mut dyn io::Write| file.write_all(&vec![7; 200_000]);
    files.put(&key("a"), content).await.unwrap();
    for (range, length) in [(0..200_000, 200_000), (1..3, 2), (150_000..200_000, 50_000)] {
        let mut part = files.read(&key("a"), range).await.unwrap().unwrap();
        let mut read = 0;
        while let Some(bytes) = part.next().await.unwrap() {
            read += bytes.len();
        }
        assert_eq!(read, length);
    }
    let mut short = files.read(&key("a"), 0..200_001).await.unwrap().unwrap();
    let mut last = short.next().await;
    while matches!(last, Ok(Some(_))) {
        last = short.next().await;
    }
    assert!(last.is_err());
    assert!(files.read(&key("b"), 0..1).await.unwrap().is_none());
}

#[tokio::test]
async fn files_are_copied_to_another_place_and_compared() {
    let [here, there] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let from = Files::folder(here.path(), 1);
    let to = match bucket(there.path()).await {
        Some(bucket) => bucket,
        None => Files::folder(there.path(), 1),
    };
    let whole: Vec<u8> = (0..2_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    for (name, bytes) in [
        ("a/b.png", whole),
        ("c", b"short".to_vec()),
        ("d", Vec::new()),
    ] {
        let fill = move |file: &mut dyn io::Write| file.write_all(&bytes);
        from.put(&key(name), fill).await.unwrap();
    }
    std::fs::write(here.path().join("Not a key"), "").unwrap();
    std::fs::write(here.path().join(".hidden"), "").unwrap();
    let incomplete = from.begin().await.unwrap();
    let content = from.list().await.unwrap().unwrap();
    assert_eq!(content.keys, ["a/b.png", "c", "d"].map(key));
    assert_eq!(content.others, [here.path().join("Not a key")]);

    // A former copy that is longer, shorter or different is replaced.
    for other in ["a", "shorter", "Short"] {
        let fill = move |file: &mut dyn io::Write| file.write_all(other.as_bytes());
        to.put(&key("c"), fill).await.unwrap();
        let mut bytes = 0;
        for key in &content.keys {
            bytes += from.copy(key, &to).await.unwrap();
        }
        assert_eq!(bytes, 2_000_005);
        assert_eq!(read(&to, "c").await.as_deref(), Some("short"));
        assert_eq!(read(&to, "d").await.as_deref(), Some(""));
    }
    drop(incomplete);
    assert!(from.copy(&key("e"), &to).await.is_err());
}

/// Creates a bucket on the server at the URL `KENDURI_TEST_S3`, and returns a file store in it.
/// Returns `None` if the variable is not set.
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration to read it in"
)]
async fn bucket(folder: &std::path::Path) -> Option<Files> {
    let Ok(endpoint) = std::env::var("KENDURI_TEST_S3") else {
        return None;
    };
    // The bucket is named after the temporary folder, whose name is unique.
    let name = folder.file_name().unwrap().to_string_lossy();
    let name = format!("files-{}", name.trim_start_matches('.').to_lowercase());
    let access = S3Access {
        endpoint: endpoint.clone(),
        region: "us-east-1".to_owned(),
        access_key: "key".to_owned(),
        secret_key: Some(Secret::new("secret")),
    };
    let (outbound, url) = (Outbound::public().unwrap(), format!("{endpoint}/{name}"));
    let made = outbound.transfer(Method::PUT, &url, &[], Bytes::new());
    assert!(made.await.unwrap().status.is_success());
    let s3 = S3::at(&format!("{name}/a/prefix"), &access).unwrap();
    Some(Files::bucket(s3, folder, 1))
}

#[tokio::test]
async fn a_bucket_keeps_files_as_a_folder_does() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = bucket(folder.path()).await else {
        return;
    };
    assert!(files.open(&key("uploads/a")).await.unwrap().is_none());
    assert!(files.read(&key("uploads/a"), 0..1).await.unwrap().is_none());
    for text in ["one", "two, longer", ""] {
        let content = move |file: &mut dyn io::Write| file.write_all(text.as_bytes());
        files.put(&key("exports/a.csv"), content).await.unwrap();
        assert_eq!(read(&files, "exports/a.csv").await.as_deref(), Some(text));
    }
    // The content has two whole parts and five more bytes, so that it is written in three parts.
    let whole: Vec<u8> = (0..2 * PART + 5)
        .map(|n| u8::try_from(n % 251).unwrap())
        .collect();
    let mut arriving = files.begin().await.unwrap();
    arriving.write(&whole).await.unwrap();
    files.keep(arriving, &key("uploads/a")).await.unwrap();
    let length = u64::try_from(whole.len()).unwrap();
    for (range, expected) in [
        (0..length, &whole[..]),
        (3..7, &whole[3..7]),
        (length - 2..length, &whole[whole.len() - 2..]),
    ] {
        let mut part = files.read(&key("uploads/a"), range).await.unwrap().unwrap();
        let mut found = Vec::new();
        while let Some(bytes) = part.next().await.unwrap() {
            found.extend_from_slice(&bytes);
        }
        assert!(found == expected);
    }
    let mut opened = files.open(&key("uploads/a")).await.unwrap().unwrap();
    let mut found = Vec::new();
    opened.read_to_end(&mut found).unwrap();
    assert!(found == whole);
    files.remove(&key("uploads/a")).await.unwrap();
    files.remove(&key("uploads/a")).await.unwrap();
    assert!(files.open(&key("uploads/a")).await.unwrap().is_none());
    let left = std::fs::read_dir(folder.path().join(".arriving")).unwrap();
    assert_eq!(left.count(), 0);
}
