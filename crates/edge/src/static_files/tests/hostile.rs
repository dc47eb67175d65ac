//! Tests path traversal, encoded slashes, symbolic links out of the root, and dot-files.

use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::*;

const SECRET: &str = "the secret beside the root";

fn world() -> World {
    let world = World::single_page(FolderSettings::default());
    let beside = |name: &str| world.place.path().join(name);
    fs::write(beside("secret.txt"), SECRET).unwrap();
    fs::create_dir(beside("private")).unwrap();
    fs::write(beside("private/secret.txt"), SECRET).unwrap();
    world.write("a.txt", "public");
    world.write("a/b.txt", "public");
    world.write(".env", SECRET);
    world.write(".git/config", SECRET);
    world.write("a/.hidden/b.txt", SECRET);
    world.write(".well-known/security.txt", "public");
    let root = world.root();
    symlink("../secret.txt", root.join("out.txt")).unwrap();
    symlink("../private", root.join("out")).unwrap();
    symlink(beside("secret.txt"), root.join("absolute.txt")).unwrap();
    symlink(root.join("a.txt"), root.join("absolute-inside.txt")).unwrap();
    symlink("/proc/self/root", root.join("proc")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    symlink("a/b.txt", root.join("inside.txt")).unwrap();
    symlink("a", root.join("inside")).unwrap();
    symlink(".env", root.join("env.txt")).unwrap();
    symlink(".git", root.join("git")).unwrap();
    symlink(".well-known", root.join("known")).unwrap();
    symlink("../.env", root.join("a/c.txt.gz")).unwrap();
    world.write("a/c.txt", "public");
    symlink(".", root.join("round")).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    rustix::fs::mkfifoat(rustix::fs::CWD, root.join("pipe"), mode).unwrap();
    drop(std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap());
    world
}

/// Tests each row of the table in the documentation of `static_files`.
#[tokio::test]
async fn nothing_outside_the_root_and_nothing_hidden_is_served() {
    let world = world();
    for (path, status) in [
        // Paths that try to leave the folder.
        ("/../secret.txt", 404),
        ("/a/../../secret.txt", 404),
        ("/a/../a.txt", 404),
        ("/%2e%2e/secret.txt", 404),
        ("/.%2E/secret.txt", 404),
        ("/a/%2e%2e/%2e%2e/secret.txt", 404),
        ("/...//secret.txt", 404),
        // Paths that are encoded once, twice, or incorrectly.
        ("/..%2fsecret.txt", 404),
        ("/%2e%2e%2fsecret.txt", 404),
        ("/a%2fb.txt", 404),
        ("/..%5csecret.txt", 404),
        ("/%252e%252e/secret.txt", 404),
        ("/%252e%252e%252fsecret.txt", 404),
        ("/%c0%ae%c0%ae/secret.txt", 404),
        ("/%c0%afsecret.txt", 404),
        ("/a.txt%00.html", 404),
        ("/%00", 404),
        ("/a.txt%0a", 404),
        ("/a.txt%", 400),
        ("/%u002e%u002e/secret.txt", 400),
        ("/out.txt", 404),
        ("/out/secret.txt", 404),
        ("/absolute.txt", 404),
        ("/absolute-inside.txt", 404),
        ("/proc/etc/hostname.txt", 404),
        ("/loop/x.txt", 404),
        ("/inside.txt", 200),
        ("/inside/b.txt", 200),
        ("/round/round/a.txt", 200),
        ("/known/security.txt", 200),
        ("/env.txt", 404),
        ("/git/config", 404),
        ("/inside/c.txt.gz", 404),
        ("/round/.env", 404),
        ("/.env", 404),
        ("/%2eenv", 404),
        ("/.git/config", 404),
        ("/a/.hidden/b.txt", 404),
        ("/inside/.hidden/b.txt", 404),
        ("/.well-known/../.env", 404),
        ("/.well-known/security.txt", 200),
        // Paths that name no regular file.
        ("/pipe", 404),
        ("/socket", 404),
        ("/a.txt/b.txt", 404),
        ("/a.txt/", 404),
    ] {
        let got = world.get(path).await;
        assert_eq!(got.status, status, "{path}");
        let expected = if status == 200 { "public" } else { "" };
        assert_eq!(got.bytes, expected, "{path}");
    }
    let long = format!("/{}", "a".repeat(5_000));
    assert_eq!(world.get(&long).await.status, 404);
    let deep = "/a".repeat(4_000);
    assert_eq!(world.get(&deep).await.status, 404);
}

/// A link must not make a route serve a file that belongs to another route.
#[tokio::test]
async fn a_link_leads_to_nothing_that_another_route_is_for() {
    let mut world = world();
    let folder = Arc::get_mut(&mut world.folder).unwrap();
    folder.leave(["/a/".to_owned(), "/%C3%A9".to_owned(), "/.git".to_owned()]);
    world.write("\u{e9}/b.txt", "public");
    symlink("\u{e9}/b.txt", world.root().join("e.txt")).unwrap();
    for (path, status) in [
        ("/a.txt", 200),
        ("/round/a.txt", 200),
        ("/round/a/b.txt", 404),
        ("/inside.txt", 404),
        ("/inside/b.txt", 404),
        ("/e.txt", 404),
        // The edge sends a request for this path to the other route, so the folder need not refuse
        // it.
        ("/a/b.txt", 200),
    ] {
        assert_eq!(world.get(path).await.status, status, "{path}");
    }
}

/// A folder is repeatedly exchanged with a link that leads outside, while requests run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_swapped_with_a_link_stays_inside() {
    let world = world();
    let root = world.root();
    fs::create_dir(root.join("swap")).unwrap();
    fs::write(root.join("swap/secret.txt"), "public").unwrap();
    symlink("../private", root.join("swap2")).unwrap();
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let swapping = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let (one, two) = (root.join("swap"), root.join("swap2"));
            let (cwd, exchange) = (rustix::fs::CWD, rustix::fs::RenameFlags::EXCHANGE);
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                rustix::fs::renameat_with(cwd, &one, cwd, &two, exchange).unwrap();
            }
        }
    });
    let mut now = world.now;
    for _ in 0..2_000 {
        now += Duration::from_secs(2);
        let request = http::Request::get("/swap/secret.txt").body(()).unwrap();
        let answer = world.answer(&request, "/swap/secret.txt", now).await;
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(bytes.is_empty() || bytes == "public", "{status} {bytes:?}");
        assert!([200, 404, 500].contains(&status), "{status}");
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    swapping.join().unwrap();
}

fn hostile_path() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "/",
        "/",
        "..",
        ".",
        "%2e",
        "%2E%2e",
        "%2f",
        "%5c",
        "%252e",
        "%00",
        "%",
        "%ff",
        "//",
        "~",
        "secret.txt",
        "private",
        "out",
        "out.txt",
        "a",
        "b.txt",
        ".env",
        ".git",
        "config",
        "proc",
        "absolute.txt",
        "inside",
        ".hidden",
        "index.html",
        ";",
        "%c0%ae",
        "root",
        "loop",
    ]);
    prop::collection::vec(piece, 0..10).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1))]

    #[test]
    fn no_path_leads_out(paths in prop::collection::vec(hostile_path(), 1_500)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let world = world();
        runtime.block_on(async {
            for path in paths {
                let request = http::Request::new(());
                let answer = world.answer(&request, &path, world.now).await;
                assert!(answer.status().as_u16() < 500, "{path} {}", answer.status());
                let bytes = answer.into_body().collect().await.unwrap().to_bytes();
                assert!(!bytes.windows(6).any(|bytes| bytes == b"secret"), "{path}");
            }
        });
    }
}
