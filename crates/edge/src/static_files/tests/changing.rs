//! Tests files that change, are deleted, are truncated or exceed the memory cache.

use super::super::entry::{Entry, LoadError, Opened};
use super::super::open::Root;
use super::*;
use crate::filters::compression::EncoderMemory;

#[tokio::test]
async fn a_change_is_seen_after_a_second_and_not_before() {
    let mut world = World::new();
    world.write("a.txt", "old");
    let old = world.get("/a.txt").await;
    world.write("a.txt", "new");
    assert_eq!(world.get("/a.txt").await.bytes, "old");
    world.now += Duration::from_secs(1);
    let new = world.get("/a.txt").await;
    assert_eq!(new.bytes, "new");
    // Only the inode's change time reveals the new content, because size and modification time are
    // the same.
    assert_ne!(new.header("etag"), old.header("etag"));
    fs::remove_file(world.root().join("a.txt")).unwrap();
    world.now += Duration::from_secs(1);
    assert_eq!(world.get("/a.txt").await.status, 404);
    assert_eq!(world.memory.weight(), 0);
    world.write("a.txt", "again");
    assert_eq!(world.get("/a.txt").await.bytes, "again");
    // The old content must not be served, even if the clock is set back by a day.
    world.now -= Duration::from_hours(24);
    world.write("a.txt", "later");
    assert_eq!(world.get("/a.txt").await.bytes, "later");
}

#[tokio::test]
async fn an_unchanged_file_is_not_read_again() {
    let mut world = World::new();
    world.write("a.txt", "text");
    world.get("/a.txt").await;
    let known = |world: &World| match world.memory.find(world.folder.id(), "a.txt", world.now) {
        MemoryLookup::Fresh(entry) => entry,
        _ => panic!("not fresh"),
    };
    let before = known(&world);
    world.now += Duration::from_secs(5);
    world.get("/a.txt").await;
    assert!(Arc::ptr_eq(&before, &known(&world)));
}

/// File system clocks are coarse, so two changes may have the same timestamp.
#[tokio::test]
async fn a_file_that_was_just_written_is_read_again() {
    use std::os::unix::fs::MetadataExt as _;
    let mut world = World::new();
    world.write("a.txt", "text");
    let path = world.root().join("a.txt");
    let changed = u64::try_from(fs::metadata(&path).unwrap().ctime()).unwrap();
    world.now = UNIX_EPOCH + Duration::from_secs(changed + 1);
    world.get("/a.txt").await;
    let mut entries = Vec::new();
    for _ in 0..3 {
        let MemoryLookup::Fresh(entry) = world.memory.find(world.folder.id(), "a.txt", world.now)
        else {
            panic!("not fresh");
        };
        entries.push(entry);
        world.now += Duration::from_secs(3);
        world.get("/a.txt").await;
    }
    assert!(!Arc::ptr_eq(&entries[0], &entries[1]));
    assert!(
        Arc::ptr_eq(&entries[1], &entries[2]),
        "until it is old enough"
    );
}

#[tokio::test]
async fn a_new_sibling_is_seen() {
    let mut world = World::new();
    world.write("a.css", "x".repeat(2_000));
    let asked = [("accept-encoding", "br")];
    assert_ne!(world.ask("GET", "/a.css", &asked).await.bytes, "sibling");
    world.write("a.css.br", "sibling");
    world.now += Duration::from_secs(1);
    assert_eq!(world.ask("GET", "/a.css", &asked).await.bytes, "sibling");
}

#[tokio::test]
async fn a_site_is_put_live_by_replacing_its_folder() {
    let mut world = World::new();
    world.write("index.html", "one");
    assert_eq!(world.get("/").await.bytes, "one");
    fs::rename(world.root(), world.place.path().join("before")).unwrap();
    world.now += Duration::from_secs(1);
    assert_eq!(world.get("/").await.status, 404);
    assert!(world.folder.open().is_err());
    let next = world.place.path().join("next");
    fs::create_dir(&next).unwrap();
    fs::write(next.join("index.html"), "two").unwrap();
    std::os::unix::fs::symlink("next", world.root()).unwrap();
    assert_eq!(world.get("/").await.bytes, "two");
}

#[tokio::test]
async fn a_large_file_that_becomes_shorter_breaks_the_body() {
    let world = World::new();
    for asked in [&[][..], &[("accept-encoding", "gzip")]] {
        world.write("a.css", vec![b'a'; 3 << 20]);
        let answer = world.start("GET", "/a.css", asked).await;
        let path = world.root().join("a.css");
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(100_000)
            .unwrap();
        assert!(answer.into_body().collect().await.is_err(), "{asked:?}");
    }
    assert_eq!(world.memory.weight(), 0);
}

#[tokio::test]
async fn a_file_that_grows_is_sent_as_long_as_it_was() {
    let world = World::new();
    world.write("a.bin", vec![b'a'; 2 << 20]);
    let answer = world.start("GET", "/a.bin", &[]).await;
    world.write("a.bin", vec![b'b'; 3 << 20]);
    assert_eq!(
        answer.into_body().collect().await.unwrap().to_bytes().len(),
        2 << 20
    );
}

#[tokio::test]
async fn the_memory_stays_within_its_bounds() {
    let mut world = World::new();
    world.memory = Memory::new(1 << 20, EncoderMemory::default());
    for number in 0..100 {
        world.write(&format!("{number}.bin"), vec![b'a'; 50_000]);
    }
    world.write("often.txt", "often");
    for number in 0..100 {
        assert_eq!(
            world.get(&format!("/{number}.bin")).await.bytes.len(),
            50_000
        );
        world.get("/often.txt").await;
        assert!(world.memory.weight() <= 1 << 20);
    }
    assert!(world.memory.weight() > 1 << 19);
    let kept = world.memory.find(world.folder.id(), "often.txt", world.now);
    assert!(
        matches!(kept, MemoryLookup::Fresh(_)),
        "what is used often stays"
    );
    // Compressed variants count towards the memory limit.
    world.memory = Memory::new(1 << 20, EncoderMemory::default());
    for number in 0..40 {
        let text: String = (0..8_000_u32)
            .map(|line| (line * number % 8_191).to_string() + " ")
            .collect();
        world.write(&format!("{number}.txt"), text);
        for coding in ["br", "gzip"] {
            world
                .ask(
                    "GET",
                    &format!("/{number}.txt"),
                    &[("accept-encoding", coding)],
                )
                .await;
            assert!(world.memory.weight() <= 1 << 20);
        }
    }
}

#[tokio::test]
async fn a_time_in_the_future_is_not_told() {
    let world = World::new();
    world.write_at("a.txt", "text", NOW + 60);
    let got = world.get("/a.txt").await;
    assert_eq!(got.header("last-modified"), None);
    assert!(got.header("etag").is_some());
    let lines = [("if-modified-since", "Sun, 01 Jan 2040 00:00:30 GMT")];
    assert_eq!(world.ask("GET", "/a.txt", &lines).await.status, 200);
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let world = World::new();
    world.write("a.txt", "");
    for lines in [&[][..], &[("range", "bytes=0-")]] {
        let got = world.ask("GET", "/a.txt", lines).await;
        assert_eq!((got.status, got.header("content-length")), (200, Some("0")));
    }
}

#[tokio::test]
async fn folders_with_other_rules_share_a_memory_but_no_entries() {
    let world = World::new();
    world.write("a.txt", "text");
    let cache = [("*.txt".to_owned(), "max-age=60".to_owned())].into();
    let settings = FolderSettings {
        root: world.root(),
        cache,
        ..FolderSettings::default()
    };
    let other = World {
        folder: Arc::new(Folder::new(settings).unwrap()),
        ..world
    };
    assert_eq!(
        other.get("/a.txt").await.header("cache-control"),
        Some("max-age=60")
    );
}

#[test]
fn a_mixture_of_two_contents_is_never_taken_in() {
    let world = World::new();
    for (name, content) in [("a.txt", "else"), ("b.txt", "x"), ("c.txt", "longer")] {
        world.write(name, "text");
        let plain = Root::open(&world.root(), &[])
            .unwrap()
            .file(name)
            .unwrap()
            .unwrap();
        let opened = Opened {
            plain,
            siblings: [None, None],
        };
        world.write_at(name, content, WRITTEN + 1);
        let loaded = Entry::load(&world.folder, name, opened, world.now);
        assert!(matches!(loaded, Err(LoadError::Changing)), "{name}");
    }
}

#[tokio::test]
async fn a_file_changed_in_place_is_not_sent_under_its_old_tag() {
    let world = World::new();
    world.write("a.bin", vec![b'a'; 100 << 10]);
    let before = world.get("/a.bin").await;
    assert!(world.start("GET", "/a.bin", &[]).await.body().is_in_file());
    world.write("a.bin", vec![b'b'; 100 << 10]);
    // The open file has changed, so for one second, the edge serves the old content from memory.
    assert!(!world.start("GET", "/a.bin", &[]).await.body().is_in_file());
    let after = world.get("/a.bin").await;
    assert_eq!(after.header("etag"), before.header("etag"));
    assert_eq!(after.bytes, before.bytes);
}
