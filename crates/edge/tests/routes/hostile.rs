//! Tests attacks on the whole edge. The tests correspond to the table in `docs/edge-reference.md`.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;

const SECRET: &str = "the secret beside the folder";

fn site() -> Site {
    let site = Site::open(
        "[[route]]\nto = \"files:files\"\n\
         [[route]]\npath = \"/closed/\"\nto = \"files:files\"\n\
         access = { deny = [\"127.0.0.0/8\"] }\n",
        Options::default(),
    );
    let beside = |name: &str| site.folder.path().join(name);
    fs::write(beside("secret.txt"), SECRET).unwrap();
    let root = beside("files");
    for folder in ["a", ".well-known", "closed"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    for name in ["a.txt", "a/b.txt", ".well-known/security.txt"] {
        fs::write(root.join(name), "public").unwrap();
    }
    for name in [".env", "closed/c.txt"] {
        fs::write(root.join(name), SECRET).unwrap();
    }
    symlink("../secret.txt", root.join("out.txt")).unwrap();
    symlink("a/b.txt", root.join("inside.txt")).unwrap();
    symlink(".", root.join("round")).unwrap();
    symlink("closed", root.join("open")).unwrap();
    site
}

/// What the edge decides before a file is looked up, and one row for each kind of path that
/// `static_files` decides.
#[tokio::test]
async fn nothing_hidden_is_served() {
    let site = site();
    for (target, status) in [
        // The edge resolves dot segments, and the result is never outside the folder.
        ("/../secret.txt", 404),
        ("/a/../../secret.txt", 404),
        ("/%2e%2e/secret.txt", 404),
        ("/.%2E/secret.txt", 404),
        ("/a/../a.txt", 200),
        // The edge refuses percent-encoded dot segments.
        ("/..%2fsecret.txt", 400),
        ("/%2e%2e%2fsecret.txt", 400),
        ("/..%5csecret.txt", 400),
        ("/..;/secret.txt", 400),
        ("/a\\b.txt", 400),
        ("/a.txt%00.html", 400),
        ("/a.txt%", 400),
        ("/%u002e%u002e/secret.txt", 400),
        ("/%252e%252e/secret.txt", 404),
        ("/out.txt", 404),
        ("/inside.txt", 200),
        ("/closed/c.txt", 403),
        ("/open/c.txt", 404),
        ("/round/closed/c.txt", 404),
        ("/.env", 404),
        ("/.well-known/security.txt", 200),
    ] {
        let heard = site.get(target).await;
        assert_eq!(heard.status, status, "{target}");
        assert!(!heard.body.contains(SECRET), "{target}");
        assert_eq!(heard.body == "public", status == 200, "{target}");
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn no_header_is_smuggled_in_or_believed() {
    let (server, _running) = server("one").await;
    let site = Site::open(
        &format!(
            "[[route]]\nhost = \"a.example\"\nto = \"http://{server}\"\n\
             [[route]]\npath = \"/old/\"\nto = \"redirect:https://b.example{{path}}\"\n"
        ),
        Options::default(),
    );
    for claim in [
        "X-Forwarded-For: 10.0.0.1",
        "x-forwarded-for: 10.0.0.1\r\nX-Forwarded-For: 10.0.0.2",
        "Forwarded: for=10.0.0.1;host=b.example;proto=https",
        "X-Real-IP: 10.0.0.1\r\nX-Forwarded-Host: b.example\r\nX-Forwarded-Proto: https",
        "Connection: X-Forwarded-For\r\nX-Forwarded-For: 10.0.0.1",
    ] {
        let heard = site.ask("GET", "/", &format!("{claim}\r\n"), "").await;
        assert!(
            heard
                .body
                .contains("host=a.example for=127.0.0.1 proto=http "),
            "{claim}: {}",
            heard.body
        );
    }
    // A line break in a path must stay percent-encoded in the redirect.
    let moved = site.get("/old/%0d%0aSet-Cookie:%20x=1").await;
    assert_ne!(moved.status, 308, "of another host's route: {moved:?}");
    let raw =
        "GET /old/%0d%0aSet-Cookie:%20x=1 HTTP/1.1\r\nHost: c.example\r\nConnection: close\r\n\r\n";
    let moved = exchange(site.address, raw).await;
    assert_eq!(moved.status, 308);
    assert_eq!(moved.header("set-cookie"), None);
    // Two `Host` headers, or a `Host` that differs from the target.
    for raw in [
        "GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n",
        "GET http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.example@b.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.example\r\nX: 1\n Y: 2\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ] {
        assert_eq!(exchange(site.address, raw).await.status, 400, "{raw}");
    }
    site.edge.stop().await;
}

async fn exchange(address: SocketAddr, raw: &str) -> Heard {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(raw.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    Heard::of(&String::from_utf8_lossy(&heard))
}
