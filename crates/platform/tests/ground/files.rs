//! Tests that a file is visible either completely or not at all.

use std::io::{self, Read};

use platform::Files;
use platform::files::Key;

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
