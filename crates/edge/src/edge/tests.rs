//! Tests that cached files stay cached when the plan changes.

use std::fs;
use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::config::testing::check_in;

const SIZE: usize = 64 << 10;

fn plan(folder: &Path, routes: &str) -> Plan {
    let text = format!("listen.http = [\"127.0.0.1:0\"]\n{routes}");
    check_in(&text, folder).unwrap_or_else(|flaws| panic!("{flaws:?}"))
}

fn files(path: &str, more: &str) -> String {
    format!("[[route]]\npath = {path:?}\nto = \"files:site\"\n{more}\n")
}

async fn get(edge: &Edge, path: &str) {
    let mut stream = TcpStream::connect(edge.http_addresses()[0]).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    assert!(heard.starts_with(b"HTTP/1.1 200 "), "{path}");
    assert!(heard.len() > SIZE, "{path}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_leave_no_files_behind_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("site")).unwrap();
    let names = ["a.bin", "b.bin", "c.bin"];
    for name in names {
        fs::write(folder.path().join("site").join(name), vec![7; SIZE]).unwrap();
    }
    let start = files("/", "");
    let start = plan(folder.path(), &start);
    // The clock stands still, so the edge does not check cached files for changes.
    let now = system_time();
    let options = Options {
        clock: Arc::new(move || now),
        ..Options::default()
    };
    let edge = Edge::start::<axum::Router>(start, options, None).unwrap();
    let ask_all = async |prefix: &str| {
        for name in names {
            get(&edge, &format!("{prefix}/{name}")).await;
        }
        edge.memories[0].weight()
    };
    let weight = ask_all("").await;
    assert!((3 * SIZE..4 * SIZE).contains(&weight), "{weight}");

    let same = || plan(folder.path(), &files("/", ""));
    for _ in 0..3 {
        edge.apply(same()).unwrap();
        // The reload keeps the files cached, so the first request leaves the memory use unchanged.
        assert_eq!(edge.memories[0].weight(), weight);
        assert_eq!(ask_all("").await, weight);
    }
    let changes = [
        // Each of these plans serves the files differently: with other headers, below another path,
        // next to a route for `/own`, and finally as before.
        (files("/", "cache = { \"*\" = \"no-store\" }"), ""),
        (files("/x/", "strip = \"/x\""), "/x"),
        (
            format!(
                "{}[[route]]\npath = \"/own\"\nto = \"app\"\n",
                files("/", "")
            ),
            "",
        ),
        (files("/", ""), ""),
    ];
    for (routes, prefix) in changes {
        edge.apply(plan(folder.path(), &routes)).unwrap();
        assert_eq!(ask_all(prefix).await, weight, "{routes}");
    }
    edge.apply(plan(folder.path(), "[[route]]\nto = \"status:404\"\n"))
        .unwrap();
    assert_eq!(edge.memories[0].weight(), 0);
    edge.stop().await;
}
