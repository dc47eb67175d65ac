//! What a program says before its answer.

use axum::http::Method;
use edge::Ground;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::client::{Stream, answer};
use super::hostile::{frame, section};
use super::*;

/// A program that says these words to each request, and `done` once it is let go on.
async fn program(words: String, go: Arc<Semaphore>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (words, go) = (words.clone(), Arc::clone(&go));
            tokio::spawn(async move {
                let mut heard = Vec::new();
                while !heard.ends_with(b"\r\n\r\n") && !heard.ends_with(b"abc") {
                    assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0);
                }
                stream.write_all(words.as_bytes()).await.unwrap();
                go.acquire().await.unwrap().forget();
                let last = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone";
                stream.write_all(last.as_bytes()).await.unwrap();
            });
        }
    });
    address
}

/// Everything is for this program, by a route that says this too.
pub(crate) fn lead(site: &Site, program: SocketAddr, route: &str) {
    let https = &site.listen.https[0];
    let text = format!(
        "listen.http = []\nlisten.https = [\"{https}\"]\n\
         [[tls.certificate]]\nchain = \"first.pem\"\nkey = \"first.key\"\n\
         [[route]]\nto = \"http://{program}\"\n{route}"
    );
    let ground = Ground {
        folder: site.folder.path(),
        data: site.folder.path(),
        services: &[],
    };
    let plan = Plan::check(&toml::from_str(&text).unwrap(), &ground).unwrap();
    site.edge.reload(plan).unwrap();
}

/// The links of the next hint, and all names of its headers.
async fn hint(stream: &mut Stream) -> (Vec<String>, Vec<String>) {
    let heard = tokio::time::timeout(SOON, stream.recv_response()).await;
    let heard = heard.expect("a hint").unwrap();
    assert_eq!(heard.status(), 103);
    let links = heard.headers().get_all("link").iter();
    let names = heard.headers().keys();
    (
        links
            .map(|link| link.to_str().unwrap().to_owned())
            .collect(),
        names.map(|name| name.as_str().to_owned()).collect(),
    )
}

#[tokio::test]
async fn hints_come_before_the_answer() {
    let site = Site::open(|listen| listen.http = Vec::new());
    let words = "HTTP/1.1 100 Continue\r\n\r\n\
        HTTP/1.1 102 Processing\r\nLink: </no>\r\n\r\n\
        HTTP/1.1 103 Early Hints\r\nX-A: a\r\n\r\n\
        HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n\
        Connection: close, x-b\r\nX-B: b\r\nServer: c/1.2\r\nSet-Cookie: d=e\r\n\r\n";
    let go = Arc::new(Semaphore::new(0));
    lead(&site, program(words.to_owned(), Arc::clone(&go)).await, "");
    let mut talk = site.talk().await;
    for (method, body) in [(Method::GET, ""), (Method::POST, "abc"), (Method::PUT, "")] {
        let mut stream = talk.ask(method, "/", &[]).await.unwrap();
        if !body.is_empty() {
            stream.send_data(Bytes::from(body)).await.unwrap();
        }
        stream.finish().await.unwrap();
        let (links, names) = hint(&mut stream).await;
        assert_eq!(links, ["</a.css>; rel=preload", "</b.js>"]);
        assert_eq!(names, ["link"]);
        go.add_permits(1);
        let answered = answer(&mut stream).await.unwrap();
        assert_eq!((answered.status.as_u16(), &*answered.text()), (200, "done"));
        assert!(!answered.headers.contains_key("link"));
    }
    site.stop().await;
}

#[tokio::test]
async fn a_route_that_changes_the_links_of_answers_gives_no_hints() {
    let site = Site::open(|listen| listen.http = Vec::new());
    // Who has heard the second word would have heard the first.
    let words = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n\
        HTTP/1.1 100 Continue\r\n\r\n";
    let go = Arc::new(Semaphore::new(0));
    let program = program(words.to_owned(), Arc::clone(&go)).await;
    let mut talk = site.talk().await;
    for (changes, expected) in [
        ("remove = [\"link\"]", &[100, 200][..]),
        ("set = { Link = \"</b.css>\" }", &[100, 200]),
        (
            "set = { Server = \"b\" }, remove = [\"X-B\"]",
            &[100, 103, 200],
        ),
    ] {
        let route = format!("headers = {{ {changes} }}\nbuffer_request = \"0\"\n");
        lead(&site, program, &route);
        let headers = [("expect", "100-continue"), ("content-length", "3")];
        let mut stream = talk.ask(Method::POST, "/", &headers).await.unwrap();
        let mut said = Vec::new();
        while said.last() != Some(&200) {
            let heard = tokio::time::timeout(SOON, stream.recv_response()).await;
            said.push(heard.expect("a word").unwrap().status().as_u16());
            if said.last() == Some(&100) {
                stream.send_data(Bytes::from("abc")).await.unwrap();
                stream.finish().await.unwrap();
                go.add_permits(1);
            }
        }
        said.sort_unstable();
        assert_eq!(said, expected, "{changes}");
    }
    site.stop().await;
}

#[tokio::test]
async fn hints_are_few_and_small() {
    let site = Site::open(|listen| listen.http = Vec::new());
    let large = format!("Link: </{}>\r\n", "x".repeat(9_000));
    let small = (0..20).map(|number| format!("Link: </{number}>\r\n"));
    let said = [large].into_iter().chain(small);
    let words = said.map(|links| format!("HTTP/1.1 103 Early Hints\r\n{links}\r\n"));
    let words = words.collect();
    let go = Arc::new(Semaphore::new(0));
    lead(&site, program(words, Arc::clone(&go)).await, "");
    let mut talk = site.talk().await;
    let mut stream = talk.ask(Method::GET, "/", &[]).await.unwrap();
    stream.finish().await.unwrap();
    for number in 0..8 {
        assert_eq!(hint(&mut stream).await.0, [format!("</{number}>")]);
    }
    go.add_permits(1);
    let answered = answer(&mut stream).await.unwrap();
    assert_eq!((answered.status.as_u16(), &*answered.text()), (200, "done"));
    site.stop().await;
}

#[tokio::test]
async fn who_takes_back_what_it_asked_for_in_the_middle_of_a_hint_is_sent_away() {
    let site = Site::open(|listen| listen.http = Vec::new());
    let words = format!(
        "HTTP/1.1 103 Early Hints\r\nLink: </{}>\r\n\r\n",
        "x".repeat(4_000)
    );
    let go = Arc::new(Semaphore::new(0));
    lead(&site, program(words, go).await, "");
    let mut transport = quinn::TransportConfig::default();
    // No hint fits.
    transport.stream_receive_window(256_u32.into());
    let client = Client::speaking(&site.chain, b"h3", transport);
    let connection = client.connect(site.address, "a.example").await.unwrap();
    let asked = frame(
        1,
        &section(&[
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", "a.example"),
            (":path", "/"),
        ]),
    );
    let attack = async {
        while let Ok((mut send, mut receive)) = connection.open_bi().await {
            let _ = send.write_all(&asked).await;
            let _ = send.finish();
            let _ = receive.read(&mut [0]).await;
            let _ = receive.stop(0x10c_u32.into());
        }
    };
    tokio::time::timeout(SOON, attack).await.unwrap();
    // H3_EXCESSIVE_LOAD.
    let ended = connection.closed().await;
    let quinn::ConnectionError::ApplicationClosed(closed) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(closed.error_code, quinn::VarInt::from_u32(0x107));
    site.stop().await;
}
