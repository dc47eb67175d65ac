//! Tests [`answer`] on real folders, with requests like those that the edge makes.

mod changing;
mod forms;
mod hostile;
mod wire;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use tempfile::TempDir;

use super::*;

/// The modification time of the test files, in 2009.
const WRITTEN: u64 = 1_234_567_890;
const WRITTEN_TEXT: &str = "Fri, 13 Feb 2009 23:31:30 GMT";
/// The time of the requests, in 2040.
const NOW: u64 = 2_208_988_800;

/// A served folder, and files next to it that must not be served.
struct World {
    place: TempDir,
    folder: Arc<Folder>,
    memory: Memory,
    now: SystemTime,
}

struct Got {
    status: u16,
    headers: HeaderMap,
    bytes: Bytes,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl World {
    fn new() -> Self {
        Self::with(FolderSettings::default())
    }

    fn with(settings: FolderSettings) -> Self {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        fs::create_dir(&root).unwrap();
        let folder = Folder::new(FolderSettings { root, ..settings }).unwrap();
        Self {
            place,
            folder: Arc::new(folder),
            memory: Memory::default(),
            now: UNIX_EPOCH + Duration::from_secs(NOW),
        }
    }

    fn single_page(settings: FolderSettings) -> Self {
        let r#try = ["{path}", "{path}/", "/index.html"]
            .map(str::to_owned)
            .into();
        Self::with(FolderSettings { r#try, ..settings })
    }

    fn root(&self) -> PathBuf {
        self.place.path().join("root")
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        self.write_at(name, content, WRITTEN);
    }

    fn write_at(&self, name: &str, content: impl AsRef<[u8]>, seconds: u64) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        set_modified(&path, seconds);
    }

    async fn answer(&self, request: &Request<()>, path: &str, now: SystemTime) -> Answer {
        let id = RequestId::parse("id-1").unwrap();
        let request = RequestParts::of(request);
        match answer(&self.folder, &self.memory, request, path, now, &id, None) {
            Ok(answer) => answer,
            Err(waiting) => waiting.await,
        }
    }

    async fn start(&self, method: &str, uri: &str, lines: &[(&str, &str)]) -> Answer {
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        let path = request.uri().path().to_owned();
        self.answer(&request, &path, self.now).await
    }

    async fn ask(&self, method: &str, uri: &str, lines: &[(&str, &str)]) -> Got {
        let (parts, body) = self.start(method, uri, lines).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Got {
            status: parts.status.as_u16(),
            headers: parts.headers,
            bytes,
        }
    }

    async fn get(&self, uri: &str) -> Got {
        self.ask("GET", uri, &[]).await
    }
}

fn set_modified(path: &Path, seconds: u64) {
    let at = UNIX_EPOCH + Duration::from_secs(seconds);
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(at)
        .unwrap();
}

#[tokio::test]
async fn answers_a_file_with_all_that_is_known_of_it() {
    let world = World::new();
    world.write("a.txt", "text");
    for _ in 0..2 {
        let got = world.get("/a.txt?x=1").await;
        assert_eq!((got.status, &got.bytes[..]), (200, &b"text"[..]));
        assert_eq!(
            got.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(got.header("content-length"), Some("4"));
        assert_eq!(got.header("last-modified"), Some(WRITTEN_TEXT));
        assert_eq!(got.header("accept-ranges"), Some("bytes"));
        assert_eq!(got.header("cache-control"), Some("no-cache"));
        assert!(got.header("etag").unwrap().starts_with('"'));
        // The file is too small for compressed variants.
        assert_eq!(got.header("vary"), None);
        let head = world.ask("HEAD", "/a.txt", &[]).await;
        assert_eq!(head.headers, got.headers);
        assert!(head.bytes.is_empty());
    }
}

#[tokio::test]
async fn names_the_methods_there_are() {
    let world = World::new();
    for (method, status) in [
        ("POST", 405),
        ("PUT", 405),
        ("DELETE", 405),
        ("TRACE", 405),
        ("OPTIONS", 204),
    ] {
        let got = world.ask(method, "/a.txt", &[]).await;
        assert_eq!(got.status, status, "{method}");
        assert_eq!(got.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
}

#[tokio::test]
async fn conditions_meet_the_tag_and_time_of_the_file() {
    let world = World::new();
    world.write("a.txt", "text");
    let tag = world.get("/a.txt").await.header("etag").unwrap().to_owned();
    let weak = format!("W/{tag}");
    let table: &[(&[(&str, &str)], u16)] = &[
        (&[("if-none-match", &tag)], 304),
        (&[("if-none-match", &weak)], 304),
        (&[("if-none-match", "\"x\"")], 200),
        (&[("if-modified-since", WRITTEN_TEXT)], 304),
        (
            &[("if-modified-since", "Fri, 13 Feb 2009 23:31:29 GMT")],
            200,
        ),
        (&[("if-match", "\"x\"")], 412),
        (&[("if-match", &tag)], 200),
        (
            &[("if-unmodified-since", "Fri, 13 Feb 2009 23:31:29 GMT")],
            412,
        ),
        (&[("if-none-match", &tag), ("range", "bytes=0-0")], 304),
        (&[("if-range", &tag), ("range", "bytes=0-0")], 206),
        (&[("if-range", "\"x\""), ("range", "bytes=0-0")], 200),
        (&[("if-range", WRITTEN_TEXT), ("range", "bytes=0-0")], 206),
        (&[("range", "bytes=9-")], 416),
    ];
    for (lines, status) in table {
        let got = world.ask("GET", "/a.txt", lines).await;
        assert_eq!(got.status, *status, "{lines:?}");
        assert_eq!(got.header("etag"), Some(&*tag), "{lines:?}");
        if *status == 416 {
            assert_eq!(got.header("content-range"), Some("bytes */4"));
        }
        if *status == 304 {
            assert_eq!(got.header("content-length"), None);
            assert_eq!(got.header("cache-control"), Some("no-cache"));
        }
    }
    let head = world.ask("HEAD", "/a.txt", &[("range", "bytes=0-0")]).await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("4"))
    );
    let missing = world.ask("GET", "/b.txt", &[("if-match", "*")]).await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn a_folder_is_its_page_at_one_address() {
    let world = World::new();
    world.write("index.html", "top");
    world.write("a/index.html", "a");
    world.write("bare/x.txt", "x");
    assert_eq!(world.get("/").await.bytes, "top");
    assert_eq!(world.get("/a/").await.bytes, "a");
    assert_eq!(world.get("/a/index.html").await.bytes, "a");
    for (uri, location) in [
        ("/a", "/a/"),
        ("/a?x=1&y=//z", "/a/?x=1&y=//z"),
        ("//a", "/a/"),
        ("/%61", "/%61/"),
    ] {
        let got = world.get(uri).await;
        assert_eq!(
            (got.status, got.header("location")),
            (308, Some(location)),
            "{uri}"
        );
    }
    for missing in ["/bare", "/bare/", "/a/index.html/", "/b", "/a/b/"] {
        assert_eq!(world.get(missing).await.status, 404, "{missing}");
    }
}

#[tokio::test]
async fn redirects_keep_what_the_route_has_stripped() {
    let world = World::new();
    world.write("a/index.html", "a");
    let request = http::Request::get("/docs/a?q").body(()).unwrap();
    let answer = world.answer(&request, "/a", world.now).await;
    assert_eq!(answer.headers()["location"], "/docs/a/?q");
    // The whole path is stripped.
    world.write("index.html", "all");
    for (uri, path, expected) in [("/docs?q", "", Some("/docs/?q")), ("/docs/", "/", None)] {
        let request = http::Request::get(uri).body(()).unwrap();
        let answer = world.answer(&request, path, world.now).await;
        let location = answer.headers().get("location");
        let location = location.map(|location| location.to_str().unwrap());
        assert_eq!(location, expected, "{uri}");
    }
}

#[tokio::test]
async fn a_single_page_app_answers_pages_but_no_missing_assets() {
    let world = World::single_page(FolderSettings::default());
    world.write("index.html", "app");
    world.write("real.js", "script");
    world.write("docs/index.html", "docs");
    for (uri, status, content) in [
        ("/", 200, "app"),
        ("/guests/42", 200, "app"),
        ("/guests/", 200, "app"),
        ("/guests/lee.s-h", 200, "app"),
        ("/real.js", 200, "script"),
        ("/docs/", 200, "docs"),
        ("/docs", 308, ""),
        ("/missing.js", 404, ""),
        ("/guests/photo.jpg", 404, ""),
        ("/api", 404, ""),
        ("/api/guests", 404, ""),
        ("/%61pi/guests", 404, ""),
        ("/apiary", 200, "app"),
        ("/.env", 404, ""),
    ] {
        // The first response comes from the disk, the second from memory.
        for _ in 0..2 {
            let got = world.get(uri).await;
            assert_eq!(
                (got.status, &got.bytes[..]),
                (status, content.as_bytes()),
                "{uri}"
            );
        }
    }
}

#[tokio::test]
async fn an_api_is_one_also_after_its_prefix_was_stripped() {
    let world = World::single_page(FolderSettings::default());
    world.write("index.html", "app");
    for (uri, status) in [("/api/guests", 404), ("/site/guests", 200)] {
        let request = http::Request::get(uri).body(()).unwrap();
        let answer = world.answer(&request, "/guests", world.now).await;
        assert_eq!(answer.status(), status, "{uri}");
    }
}

#[tokio::test]
async fn looks_where_it_is_told_and_refuses_places_that_are_none() {
    let r#try = ["{path}.html", "{path}"].map(str::to_owned).into();
    let world = World::with(FolderSettings {
        r#try,
        ..FolderSettings::default()
    });
    world.write("about.html", "about");
    world.write("about", "plain");
    world.write("b.txt", "b");
    assert_eq!(world.get("/about").await.bytes, "about");
    assert_eq!(world.get("/b.txt").await.bytes, "b");
    assert_eq!(world.get("/about/").await.status, 404);
    for text in [
        "index.html",
        "{uri}",
        "/../x",
        "/.env",
        "{path}{path}",
        "",
        "=404",
        "{path}/a/",
    ] {
        let settings = FolderSettings {
            r#try: vec![text.to_owned()],
            ..FolderSettings::default()
        };
        let error = Folder::new(settings).map(drop).unwrap_err();
        assert_eq!(
            error,
            FolderError::Try {
                text: text.to_owned()
            }
        );
    }
}

#[tokio::test]
async fn lists_a_folder_only_when_told_and_names_only_what_is_served() {
    let settings = FolderSettings {
        listing: true,
        ..FolderSettings::default()
    };
    for (world, status) in [(World::with(settings), 200), (World::new(), 404)] {
        world.write("d/<b>&.txt", "12345");
        world.write("d/Alpha.txt", "");
        world.write("d/zoo/x", "");
        world.write("d/.hidden", "");
        world.write("d/a:b", "");
        std::os::unix::fs::symlink("/etc/passwd", world.root().join("d/out")).unwrap();
        let pipe = world.root().join("d/pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, pipe, rustix::fs::Mode::RUSR).unwrap();
        let got = world.get("/d/").await;
        assert_eq!(got.status, status);
        if status == 404 {
            continue;
        }
        let html = std::str::from_utf8(&got.bytes).unwrap();
        assert_eq!(got.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(
            html.contains("<a href=\"./%3Cb%3E%26.txt\">&lt;b&gt;&amp;.txt</a></td><td>5</td>")
        );
        assert!(html.contains("<a href=\"./a%3Ab\">"));
        assert!(
            !["hidden", "out", "pipe"]
                .iter()
                .any(|name| html.contains(name))
        );
        let places = ["zoo/", "&lt;b", "a:b", "Alpha"].map(|name| html.find(name).unwrap());
        assert!(places.is_sorted(), "{places:?}");
        assert_eq!(world.get("/d").await.status, 308);
        let head = world.ask("HEAD", "/d/", &[]).await;
        assert_eq!((head.status, head.bytes.len()), (200, 0));
    }
}
