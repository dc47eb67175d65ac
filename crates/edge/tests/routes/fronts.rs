//! Tests fronts: addresses at which all requests go to one service.

use std::time::Duration;

use edge::access_log::{Format, Log, Mask};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;

use super::services::{at, ready};
use super::told::Lines;
use super::*;

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) -> Heard {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    Heard::of(&String::from_utf8_lossy(&heard))
}

#[tokio::test]
async fn a_front_is_a_plain_way_to_its_service() {
    let (address, _running) = server("one").await;
    let folder = tempfile::tempdir().unwrap();
    // At all other addresses, the routes refuse every request, and requests for the certificate's
    // host are redirected to HTTPS.
    let routes = "listen.https = [\"127.0.0.1:0\"]\n\
                  [[route]]\nto = \"status:410\"\naccess = { allow = [\"192.0.2.1\"] }\n";
    let fronts = ["127.0.0.1:0", "unix:run/inner/node.sock"];
    let services = [service("node", &fronts), service("idle", &[])];
    let plan = || plan_with(routes, folder.path(), &services);
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let options = Options {
        log: Some(log),
        ..Options::default()
    };
    let edge = Edge::start(plan(), options, Some(&app())).unwrap();
    edge.set_servers("node", &ready(&[&at(address)]));
    let front = edge.front_addresses()[0];
    let socket = folder.path().join("run/inner/node.sock");
    let text = "POST /.well-known/acme-challenge/a%20b?q=1 HTTP/1.1\r\nHost: localhost\r\n\
                Connection: close\r\nContent-Length: 3\r\nX-Forwarded-For: 9.9.9.9\r\n\
                X-Forwarded-Proto: https\r\nX-Request-Id: theirs\r\nAccept-Encoding: gzip\r\n\r\nabc";
    for _ in 0..2 {
        let tcp = ask(TcpStream::connect(front).await.unwrap(), text).await;
        let unix = ask(UnixStream::connect(&socket).await.unwrap(), text).await;
        for heard in [tcp, unix] {
            let id = heard.header("x-request-id").unwrap();
            assert_ne!(id, "theirs");
            let told = format!(
                "one POST /.well-known/acme-challenge/a%20b?q=1 host=localhost for=127.0.0.1 \
                 proto=http id={id} length=3 cookie=-"
            );
            assert_eq!((heard.status, &*heard.body), (200, &*told));
            assert_eq!(heard.header("server"), Some("echo/1.2"), "as it was said");
            assert_eq!(heard.header("x-content-type-options"), None);
        }
        // The same connection is used before and after a reload.
        edge.apply(plan()).unwrap();
    }
    // The edge's other addresses work as before.
    let door = edge.http_addresses()[0];
    let get = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let moved = ask(TcpStream::connect(door).await.unwrap(), get).await;
    assert_eq!(moved.status, 308, "https serves it");
    // A front refuses ambiguous requests too.
    let both =
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    let refused = ask(TcpStream::connect(front).await.unwrap(), both).await;
    assert_eq!(refused.status, 400);
    // A removed front accepts no connections.
    let without = plan_with(routes, folder.path(), &[service("node", &[])]);
    edge.apply(without).unwrap();
    let gone = async {
        while TcpStream::connect(front).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone)
        .await
        .unwrap();
    edge.stop().await;
    let told = lines.after(writing);
    let told = told.lines().filter(|line| line.contains("\"front:node\""));
    assert_eq!(told.count(), 4);
}

#[tokio::test]
async fn a_front_tells_whom_it_trusts() {
    let (address, _running) = server("one").await;
    let folder = tempfile::tempdir().unwrap();
    let services = [service("node", &["127.0.0.1:0"])];
    let routes = "listen.trusted_proxies = [\"127.0.0.1\"]\n";
    let plan = plan_with(routes, folder.path(), &services);
    let edge = Edge::start(plan, Options::default(), Some(&app())).unwrap();
    edge.set_servers("node", &ready(&[&at(address)]));
    let stream = TcpStream::connect(edge.front_addresses()[0]).await.unwrap();
    let text = "GET /x HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 192.0.2.7\r\n\
                Connection: close\r\n\r\n";
    let told = ask(stream, text).await.body;
    assert!(
        told.starts_with("one GET /x host=a.example for=192.0.2.7"),
        "{told}"
    );
    edge.stop().await;
}

#[tokio::test]
async fn those_who_serve_a_request_do_not_wait_for_its_place() {
    let (address, _running) = server("one").await;
    let folder = tempfile::tempdir().unwrap();
    let services = [service("node", &["127.0.0.1:0"])];
    let routes = "listen.connections = 1\n[[route]]\nto = \"status:200\"\n";
    let plan = plan_with(routes, folder.path(), &services);
    let edge = Edge::start(plan, Options::default(), Some(&app())).unwrap();
    edge.set_servers("node", &ready(&[&at(address)]));
    let get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    // This connection holds the only connection permit.
    let mut kept = TcpStream::connect(edge.http_addresses()[0]).await.unwrap();
    kept.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    kept.read_u8().await.unwrap();
    let inside = ask(
        TcpStream::connect(edge.front_addresses()[0]).await.unwrap(),
        get,
    );
    let heard = tokio::time::timeout(Duration::from_secs(20), inside).await;
    assert_eq!(heard.unwrap().status, 200);
    drop(kept);
    edge.stop().await;
}

#[tokio::test]
async fn an_address_becomes_a_front_and_a_door_again_on_the_socket_that_was_handed_in() {
    let (server, _running) = server("one").await;
    let folder = tempfile::tempdir().unwrap();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let keeper = socket.try_clone().unwrap();
    let written = address.to_string();
    let door = || {
        let description = format!("listen.http = [\"{written}\"]\n");
        let ground = PlanContext {
            folder: folder.path(),
            data: folder.path(),
            services: &[service("node", &[])],
        };
        Plan::check(&toml::from_str(&description).unwrap(), &ground).unwrap()
    };
    let front = || plan_with("", folder.path(), &[service("node", &[&written])]);
    let options = Options {
        inherited: edge::Inherited::new(vec![socket.into()]).unwrap(),
        ..Options::default()
    };
    let edge = Edge::start(door(), options, Some(&app())).unwrap();
    edge.set_servers("node", &ready(&[&at(server)]));
    let get = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answered = async |expected: &str| {
        let turned = async {
            // Connections from before the change keep their old service, so the request is repeated
            // on new ones.
            while !ask(TcpStream::connect(address).await.unwrap(), get)
                .await
                .body
                .starts_with(expected)
            {}
        };
        let in_time = tokio::time::timeout(Duration::from_secs(20), turned).await;
        in_time.unwrap();
    };
    for _ in 0..3 {
        answered("the app").await;
        edge.apply(front()).unwrap();
        assert_eq!(edge.front_addresses(), [address]);
        answered("one GET /").await;
        edge.apply(door()).unwrap();
    }
    answered("the app").await;
    edge.stop().await;
    drop(keeper);
}
