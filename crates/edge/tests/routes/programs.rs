//! Tests what of a program's response reaches the client, and how requests reach it that other
//! servers accept too.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};

use super::http2::{HTTPS, client};
use super::*;

/// Starts a server that answers with the bytes that belong to the path, and closes the connection.
/// The path `/told` answers with the request line.
async fn answering(answers: Vec<(&'static str, String)>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                if stream.read_buf(&mut asked).await.unwrap() == 0 {
                    break;
                }
            }
            let asked = String::from_utf8(asked).unwrap();
            let line = asked.lines().next().unwrap_or_default();
            let path = line.split(' ').nth(1).unwrap_or_default();
            let answer = answers.iter().find(|(known, _)| *known == path);
            let told = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{line}",
                line.len()
            );
            let answer = answer.map_or(told, |(_, answer)| answer.clone());
            // The edge may have refused the beginning, and closed the connection.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

async fn site(answers: Vec<(&'static str, String)>) -> Site {
    let address = answering(answers).await;
    let routes = format!("{HTTPS}[[route]]\nto = \"http://{address}\"\n");
    Site::open(&routes, Options::default())
}

#[tokio::test]
async fn what_programs_say_to_another_server_stays_inside() {
    let accel = "HTTP/1.1 200 OK\r\nX-Accel-Redirect: /internal/secret.pdf\r\nX-Accel-Expires: 60\r\n\
                 X-Accel-Buffering: no\r\nContent-Length: 0\r\n\r\n";
    let site = site(vec![("/accel", accel.to_owned())]).await;
    let heard = site.get("/accel").await;
    assert_eq!(heard.status, 200);
    assert_eq!(heard.header("x-accel-buffering"), Some("no"));
    assert_eq!(heard.head.matches("x-accel-").count(), 1, "{}", heard.head);
}

#[tokio::test]
async fn a_426_says_which_protocol_is_required() {
    let required = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\
                    Content-Length: 0\r\n\r\n";
    let other =
        "HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n";
    let site = site(vec![
        ("/426", required.to_owned()),
        ("/200", other.to_owned()),
    ])
    .await;
    let heard = site.get("/426").await;
    assert_eq!(
        (heard.status, heard.header("upgrade")),
        (426, Some("websocket"))
    );
    assert!(heard.head.contains("connection: upgrade"), "{}", heard.head);
    assert_eq!(site.get("/200").await.header("upgrade"), None);
}

#[tokio::test]
async fn trailers_of_an_answer_that_came_whole_reach_clients_that_read_them() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
                  5\r\nhello\r\n0\r\nX-Sum: 9\r\n\r\n";
    let site = site(vec![("/sum", answer.to_owned())]).await;
    for (headers, end) in [
        ("TE: trailers\r\n", "5\r\nhello\r\n0\r\nx-sum: 9\r\n\r\n"),
        ("", "5\r\nhello\r\n0\r\n\r\n"),
    ] {
        let heard = site.ask("GET", "/sum", headers, "").await;
        assert_eq!(heard.header("transfer-encoding"), Some("chunked"));
        assert_eq!(heard.body, end);
    }
}

#[tokio::test]
async fn an_answer_may_have_many_header_lines() {
    let of = |count: usize| {
        let lines = "X-Many: 12345678\r\n".repeat(count);
        format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 0\r\n\r\n")
    };
    let site = site(vec![
        ("/hundred", of(101)),
        ("/most", of(1_500)),
        ("/more", of(2_000)),
    ])
    .await;
    for (path, status, count) in [
        ("/hundred", 200, 101),
        ("/most", 200, 1_500),
        ("/more", 502, 0),
    ] {
        let heard = site.get(path).await;
        assert_eq!(heard.status, status, "{path}");
        assert_eq!(heard.head.matches("x-many: ").count(), count, "{path}");
    }
}

#[tokio::test]
async fn letters_that_a_client_did_not_encode_are_encoded() {
    let site = site(Vec::new()).await;
    for (target, told) in [
        ("/ü/ñ?q=é", "GET /%C3%BC/%C3%B1?q=%C3%A9 HTTP/1.1"),
        ("/%C3%BC", "GET /%C3%BC HTTP/1.1"),
        ("http://a.example/✓", "GET /%E2%9C%93 HTTP/1.1"),
    ] {
        let heard = site.get(target).await;
        assert_eq!((heard.status, &*heard.body), (200, told), "{target}");
    }
    let heard = site.ask("POST", "/ü", "Content-Length: 0\r\n", "").await;
    assert_eq!(heard.body, "POST /%C3%BC HTTP/1.1");
    let mut send = client(&site.edge).await;
    let asked = http::Request::get("https://a.example/ü?é");
    let asked = asked.body(Empty::<Bytes>::new()).unwrap();
    let answer = send.send_request(asked).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "GET /%C3%BC?%C3%A9 HTTP/1.1");
    // Bytes that are no UTF-8 have no encoding that all would agree on.
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let asked = b"GET /\xfc HTTP/1.1\r\nHost: a.example\r\n\r\n";
    stream.write_all(asked).await.unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    assert!(heard.starts_with(b"HTTP/1.1 400 "));
}

#[tokio::test]
async fn a_host_may_have_an_empty_port() {
    let site = Site::open(
        "[[route]]\nhost = \"b.example\"\nto = \"status:204\"\n[[route]]\nto = \"status:404\"\n",
        Options::default(),
    );
    for (host, status) in [
        ("b.example:", 204),
        ("b.example", 204),
        ("[::1]:", 404),
        ("b.example:x", 400),
        (":", 400),
    ] {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let asked = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        let heard = Heard::of(&String::from_utf8_lossy(&heard));
        assert_eq!(heard.status, status, "{host}");
    }
}
