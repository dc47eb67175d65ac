use std::fs;

use http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, VARY};
use http::{HeaderValue, StatusCode};

use super::*;
use crate::cache::rules::{Kept, Unsaid};

fn settings(folder: &Path) -> StoreSettings {
    StoreSettings {
        memory: 1 << 20,
        disk: 1 << 20,
        entries: 1_000,
        largest: 1 << 19,
        wait: Duration::from_secs(1),
        folder: folder.join("cache"),
    }
}

/// A store that has looked through its folder.
async fn open(settings: StoreSettings) -> Arc<Store> {
    let has_disk = settings.disk > 0;
    let store = Store::new(settings, another_run());
    if has_disk {
        until(|| store.is_scanned.load(Ordering::Acquire)).await;
    }
    store
}

/// Each store of a test is another run.
fn another_run() -> SystemTime {
    static RUNS: AtomicU64 = AtomicU64::new(1);
    UNIX_EPOCH + Duration::from_secs(RUNS.fetch_add(1, Ordering::Relaxed))
}

async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to be so");
}

fn head(key: &str, tags: &[&str], began: u64) -> Arc<Head> {
    varied(key, tags, began, &HeaderMap::new())
}

fn varied(key: &str, tags: &[&str], began: u64, request: &HeaderMap) -> Arc<Head> {
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Language"));
    let kept = Kept {
        status: StatusCode::OK,
        headers: &headers,
        asked: UNIX_EPOCH,
        received: UNIX_EPOCH,
    };
    let freshness = kept.freshness(&Unsaid::default()).unwrap();
    let tags = tags.iter().map(|tag| (*tag).into()).collect();
    let status = StatusCode::OK;
    Arc::new(Head::new(
        key.into(),
        request,
        status,
        headers,
        tags,
        freshness,
        began,
    ))
}

async fn body(store: &Arc<Store>, key: &str) -> Option<Bytes> {
    let found = store.find(&key.into(), &HeaderMap::new()).await;
    found.map(|whole| whole.body)
}

fn files(store: &Store) -> Vec<PathBuf> {
    let entries = fs::read_dir(&store.settings().folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn large(filler: u8) -> Bytes {
    vec![filler; 100_000].into()
}

#[tokio::test]
async fn who_stops_writes_no_more_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(settings(folder.path())).await;
    store.keep(head("before", &[], 0), large(1));
    until(|| files(&store).len() == 1 && store.writing.load(Ordering::Relaxed) == 0).await;
    // One is being written, and is about to get its name.
    let late = head("late", &[], 0);
    let held = Held {
        body: Some(large(2)),
        file: None,
    };
    let stored = Arc::new(Stored::new(late, 100_000, held));
    store.close();
    let written = store.put_into_file(&store.settings().folder, "late", &stored, &large(2));
    written.unwrap();
    // Whoever asks is still answered from memory.
    store.keep(head("after", &[], 0), large(3));
    assert_eq!(store.writing.load(Ordering::Relaxed), 0);
    assert_eq!(body(&store, "after").await, Some(large(3)));
    assert_eq!(body(&store, "before").await, Some(large(1)));
    assert_eq!(files(&store).len(), 1);
}

#[tokio::test]
async fn memory_is_bounded_and_what_is_asked_for_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(StoreSettings {
        disk: 0,
        ..settings(folder.path())
    })
    .await;
    store.keep(head("favourite", &[], 0), large(0));
    for number in 1..50 {
        assert_eq!(body(&store, "favourite").await, Some(large(0)), "{number}");
        store.keep(head(&number.to_string(), &[], 0), large(number));
        assert!(store.read().memory <= 1 << 20);
    }
    assert_eq!(body(&store, "1").await, None);
    assert_eq!(body(&store, "49").await, Some(large(49)));
    assert!(files(&store).is_empty());
    // Tighter bounds hold at once.
    store.change(StoreSettings {
        memory: 250_000,
        disk: 0,
        ..settings(folder.path())
    });
    assert!(store.read().memory <= 250_000);
    store.change(StoreSettings {
        entries: 1,
        disk: 0,
        ..settings(folder.path())
    });
    assert_eq!(store.read().entries, 1);
    for number in 0..200 {
        store.keep(head(&number.to_string(), &[], 0), "small".into());
        assert_eq!(store.read().entries, 1);
    }
}

#[tokio::test]
async fn nothing_is_counted_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(settings(folder.path())).await;
    for round in 0..20 {
        for number in 0..20 {
            store.keep(
                head(&number.to_string(), &["t"], store.mark()),
                large(round),
            );
        }
    }
    until(|| store.writing.load(Ordering::Relaxed) == 0).await;
    assert!(store.read().memory <= 1 << 20 && store.read().disk <= 1 << 20);
    let purge = Purge::Tag {
        scope: None,
        tag: "t".into(),
    };
    assert!(store.purge(purge).await > 0);
    {
        let index = store.read();
        assert_eq!((index.entries, index.memory, index.disk), (0, 0, 0));
    }
    until(|| files(&store).is_empty()).await;
}

#[tokio::test]
async fn the_disk_is_bounded_and_holds_what_memory_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(StoreSettings {
        memory: 150_000,
        disk: 550_000,
        ..settings(folder.path())
    })
    .await;
    for number in 0..20 {
        store.keep(head(&number.to_string(), &[], 0), large(number));
        until(|| store.writing.load(Ordering::Relaxed) == 0).await;
        assert!(store.read().memory <= 150_000 && store.read().disk <= 550_000);
    }
    until(|| files(&store).len() == 5).await;
    // Long out of memory, but not off the disk.
    assert_eq!(body(&store, "16").await, Some(large(16)));
    assert_eq!(body(&store, "3").await, None);
}

#[tokio::test]
async fn what_is_on_disk_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(settings(folder.path())).await;
    first.keep(head("a", &["t"], 0), large(1));
    first.keep(head("a", &["t"], 0), large(2));
    first.keep(head("b", &[], 0), Bytes::new());
    until(|| files(&first).len() == 2 && first.writing.load(Ordering::Relaxed) == 0).await;
    drop(first);
    let folder_of = settings(folder.path()).folder;
    fs::write(folder_of.join("x.part"), "half").unwrap();
    fs::write(
        folder_of.join("x.answer"),
        "kenduri-cache 1 and then nothing",
    )
    .unwrap();
    fs::write(folder_of.join("theirs.txt"), "not ours").unwrap();
    let second = open(settings(folder.path())).await;
    assert_eq!(body(&second, "a").await, Some(large(2)));
    assert_eq!(body(&second, "b").await, Some(Bytes::new()));
    assert_eq!(files(&second).len(), 3, "{:?}", files(&second));
    let purge = Purge::Tag {
        scope: None,
        tag: "t".into(),
    };
    assert_eq!(second.purge(purge).await, 1);
    drop(second);
    let third = open(settings(folder.path())).await;
    assert_eq!(body(&third, "a").await, None);
    drop(third);
    // What nobody looks after is not kept: it could not be purged.
    let without = open(StoreSettings {
        disk: 0,
        ..settings(folder.path())
    })
    .await;
    until(|| files(&without).len() == 1).await;
}

#[tokio::test]
async fn a_file_that_is_not_whole_is_never_sent() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(settings(folder.path())).await;
    first.keep(head("a", &[], 0), large(1));
    until(|| files(&first).len() == 1 && first.writing.load(Ordering::Relaxed) == 0).await;
    let path = files(&first).remove(0);
    let whole = fs::read(&path).unwrap();
    drop(first);
    let line = whole.iter().rposition(|byte| *byte == b'\n').unwrap();
    let cuts = [
        0,
        1,
        20,
        90,
        line - 1,
        line,
        line + 1,
        whole.len() / 2,
        whole.len() - 1,
    ];
    let mut wrong: Vec<Vec<u8>> = cuts.iter().map(|end| whole[..*end].to_vec()).collect();
    for place in [3, 30, 100, line + 1, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        wrong.push(flipped);
    }
    wrong.push([&whole[..], b"more"].concat());
    for wrong in wrong {
        fs::write(&path, &wrong).unwrap();
        let store = open(settings(folder.path())).await;
        assert_eq!(body(&store, "a").await, None);
        assert_eq!(store.read().entries, 0);
        until(|| files(&store).is_empty()).await;
    }
    fs::write(&path, &whole).unwrap();
    let store = open(settings(folder.path())).await;
    assert_eq!(body(&store, "a").await, Some(large(1)));
}

#[tokio::test]
async fn what_was_purged_on_its_way_does_not_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(settings(folder.path())).await;
    let began = store.mark();
    let tag = |scope: Option<&str>, tag: &str| Purge::Tag {
        scope: scope.map(Into::into),
        tag: tag.into(),
    };
    assert_eq!(store.purge(tag(Some("app"), "t")).await, 0);
    store.keep(head("app\nhttp://a/", &["t"], began), "old".into());
    assert_eq!(body(&store, "app\nhttp://a/").await, None);
    // Another's, or another tag, or asked for since.
    store.keep(head("apple\nhttp://a/", &["t"], began), "theirs".into());
    store.keep(head("app\nhttp://b/", &["u"], began), "other".into());
    store.keep(head("app\nhttp://c/", &["t"], store.mark()), "new".into());
    assert!(body(&store, "apple\nhttp://a/").await.is_some());
    assert!(body(&store, "app\nhttp://b/").await.is_some());
    assert!(body(&store, "app\nhttp://c/").await.is_some());
    assert_eq!(store.purge(tag(Some("app"), "*")).await, 2);
    assert!(body(&store, "apple\nhttp://a/").await.is_some());
    // So many purges that the first are forgotten: then nothing old is kept.
    for purges in [
        (0..2_000)
            .map(|_| tag(None, "elsewhere"))
            .collect::<Vec<_>>(),
        (0..9_000)
            .map(|number| Purge::Address(number.to_string().into()))
            .collect(),
    ] {
        let began = store.mark();
        store.keep(head("d", &[], began), "new".into());
        assert_eq!(body(&store, "d").await, Some("new".into()));
        for purge in purges {
            store.purge(purge).await;
        }
        store.keep(head("e", &[], began), "old".into());
        assert_eq!(body(&store, "e").await, None);
    }
}

#[tokio::test]
async fn an_address_has_an_answer_for_each_variation_up_to_a_bound() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(settings(folder.path())).await;
    let request = |language: &str| -> HeaderMap {
        [(ACCEPT_LANGUAGE, language.parse().unwrap())]
            .into_iter()
            .collect()
    };
    for number in 0..20 {
        let language = format!("l{number}");
        let head = varied("a", &[], 0, &request(&language));
        store.keep(head, language.into());
    }
    assert_eq!(store.read().entries, 16);
    let said = async |language: &str| {
        let found = store.find(&"a".into(), &request(language)).await;
        found.map(|whole| whole.body)
    };
    assert_eq!(said("l19").await, Some("l19".into()));
    assert_eq!(said("l0").await, None);
    assert_eq!(said("en").await, None);
    assert_eq!(body(&store, "a").await, None);
}

#[test]
fn many_threads_at_once_leave_the_sums_right() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(
        StoreSettings {
            disk: 0,
            entries: 50,
            ..settings(folder.path())
        },
        UNIX_EPOCH,
    );
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = &store;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    for round in 0..500_usize {
                        let key = ((round * 7 + thread) % 80).to_string();
                        match round % 5 {
                            0 => {
                                store.purge(Purge::Address(key.as_str().into())).await;
                            }
                            1 | 2 => {
                                let head = head(&key, &["t"], store.mark());
                                store.keep(head, vec![1; round].into());
                            }
                            _ => {
                                body(store, &key).await;
                            }
                        }
                    }
                });
            });
        }
    });
    let mut index = store.write();
    let purge = Purge::Tag {
        scope: None,
        tag: "*".into(),
    };
    index.purge(purge);
    assert_eq!((index.entries, index.memory, index.disk), (0, 0, 0));
}
