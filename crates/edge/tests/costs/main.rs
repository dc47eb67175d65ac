//! What a file and a proxied GET cost the edge, in numbers that do not depend on the machine:
//! allocations, and bytes of the response. None may rise unsaid.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

use std::alloc::System;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use edge::{Edge, Options, Plan, PlanContext};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Requests on one connection, over which the allocations are averaged.
const REQUESTS: usize = 200;
/// The lowest of several turns counts, rounded, because the edge also has other things to do: on a busy
/// machine a few in each turn.
const TURNS: usize = 10;

/// The cost of one request: allocations, and bytes of the response with its head.
const COSTS: [(&str, usize, usize); 4] = [
    ("/file.png", 7, 1491),
    ("/file.png, with a browser's head", 7, 1491),
    ("/proxied", 12, 1344),
    ("/proxied, with a browser's head", 12, 1344),
];

const BROWSER: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
    Cookie: theme=dark; visited=1; language=ms\r\nSec-Fetch-Dest: document\r\n\
    Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\nSec-Fetch-User: ?1\r\nDNT: 1\r\n\
    Upgrade-Insecure-Requests: 1\r\nPriority: u=0, i\r\n";

#[test]
fn one_request_of_each_kind() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("files")).unwrap();
    std::fs::write(folder.path().join("files/file.png"), [b'k'; 1024]).unwrap();
    let upstream = serve_upstream();
    let settings = format!(
        "listen.http = [\"127.0.0.1:0\"]\n\
         [[route]]\npath = \"/proxied\"\nto = \"http://{upstream}\"\n\
         [[route]]\npath = \"/\"\nto = \"files:files\"\n"
    );
    let context = PlanContext {
        folder: folder.path(),
        data: folder.path(),
        services: &[],
    };
    let plan = Plan::check(&toml::from_str(&settings).unwrap(), &context).unwrap();
    let edge = Edge::start(plan, Options::default(), None::<&axum::Router>).unwrap();
    let address = edge.http_addresses()[0];
    let found = COSTS.map(|(name, ..)| {
        let (path, _) = name.split_once(',').unwrap_or((name, ""));
        let head = if path == name { "" } else { BROWSER };
        let request = format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n{head}\r\n");
        let mut connection = TcpStream::connect(address).unwrap();
        let bytes = ask(&mut connection, request.as_bytes());
        let turns = (0..TURNS).map(|_| {
            let region = Region::new(ALLOCATOR);
            for _ in 0..REQUESTS {
                assert_eq!(ask(&mut connection, request.as_bytes()), bytes);
            }
            let memory = region.change();
            (memory.allocations + memory.reallocations + REQUESTS / 2) / REQUESTS
        });
        (name, turns.min().unwrap(), bytes)
    });
    let fits = found
        .iter()
        .zip(COSTS)
        .all(|(found, most)| found.1 <= most.1 && found.2 <= most.2 && found.1 * 10 >= most.1 * 9);
    assert!(
        fits,
        "the costs are {found:#?} now; if the change is worth it, write them down and say why in the commit"
    );
}

/// Sends a request, and returns the length of its response, which is read whole.
fn ask(connection: &mut TcpStream, request: &[u8]) -> usize {
    connection.write_all(request).unwrap();
    let mut answer = [0; 4096];
    let mut length = 0;
    loop {
        let read = connection.read(&mut answer[length..]).unwrap();
        assert_ne!(read, 0, "{}", String::from_utf8_lossy(&answer[..length]));
        length += read;
        let head = answer[..length]
            .windows(4)
            .position(|four| four == b"\r\n\r\n");
        if head.is_some_and(|head| length >= head + 4 + 1024) {
            return length;
        }
    }
}

/// An upstream that allocates nothing for a request, so that only the edge's allocations count.
fn serve_upstream() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut answer =
        b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1024\r\n\r\n".to_vec();
    answer.extend([b'u'; 1024]);
    std::thread::spawn(move || {
        while let Ok((mut connection, _)) = listener.accept() {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                let mut length = 0;
                while let Ok(read @ 1..) = connection.read(&mut request[length..]) {
                    length += read;
                    if request[..length].ends_with(b"\r\n\r\n") {
                        length = 0;
                        if connection.write_all(&answer).is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    address
}
