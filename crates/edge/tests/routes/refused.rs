//! Tests ambiguous requests, which the edge refuses.

use edge::access_log::{Format, Log, Mask};
use http_body_util::Empty;

use super::http2::{HTTPS, client};
use super::told::Lines;
use super::*;

const PATHS: [(&str, &str); 3] = [
    ("/%zz", "refused_path_escape"),
    ("/..%2fx", "refused_path_hidden_dots"),
    ("/a%00", "refused_path_character"),
];

/// Sends two requests in one write. Returns all bytes until the edge closes the connection.
async fn answers(door: SocketAddr, method: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(door).await.unwrap();
    let next = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let asked = format!("{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n{next}");
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test]
async fn a_path_is_refused_as_all_that_is_ambiguous() {
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let options = Options {
        log: Some(log),
        ..Options::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let services = [service("node", &["127.0.0.1:0"])];
    let routes = format!("{HTTPS}[[route]]\nto = \"app\"\n");
    let plan = plan_with(&routes, folder.path(), &services);
    let edge = Edge::start(plan, options, Some(&app())).unwrap();
    let (door, front) = (edge.http_addresses()[0], edge.front_addresses()[0]);
    for (path, _) in PATHS {
        // The edge handles `GET` without hyper, and `POST` with hyper.
        for (door, method) in [(door, "GET"), (door, "POST"), (front, "GET")] {
            let answers = answers(door, method, path).await;
            assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
            let heard = Heard::of(&answers);
            assert_eq!(heard.status, 400, "{answers}");
            assert_eq!(heard.header("connection"), Some("close"), "{answers}");
        }
    }
    let mut send = client(&edge).await;
    for (path, status) in PATHS
        .map(|(path, _)| (path, 400))
        .into_iter()
        .chain([("/", 200)])
    {
        let request = http::Request::get(format!("https://a.example{path}"));
        let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
        let answer = send.send_request(request).await.unwrap();
        assert_eq!(answer.status(), status, "of one stream alone: {path}");
        assert!(!answer.headers().contains_key("connection"));
    }
    drop(send);
    edge.stop().await;
    drop(writing);
    let text = lines.text();
    for (path, why) in PATHS {
        let is_it = |line: &&str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["path"] == path && line["why"] == why && line["status"] == 400
        };
        assert_eq!(text.lines().filter(is_it).count(), 4, "{path}: {text}");
    }
}

#[tokio::test]
async fn what_is_refused_is_told_as_far_as_it_could_be_read() {
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.replace("SECRET", "***").into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let site = Site::open(
        "listen.header_size = \"4K\"\nlisten.header_time = \"1s\"\n[[route]]\nto = \"app\"\n",
        Options {
            log: Some(log),
            ..Options::default()
        },
    );
    let long = "x".repeat(5_000);
    let cases = [
        (
            "POST /transfer?to=me HTTP/1.1\r\nHost: A.example\r\nContent-Length: 3\r\n\
             Transfer-Encoding: chunked\r\n\r\nHost: b.example\r\n",
            (400, "POST a.example /transfer?to=me"),
            "refused_length_and_encoding",
        ),
        (
            "PUT /SECRET HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            (400, "PUT a /***"),
            "refused_length",
        ),
        (
            "GET /a HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
            (400, "GET a /a"),
            "refused_control",
        ),
        (
            "GET /a HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
            (400, "GET a /a"),
            "refused_folded",
        ),
        (
            "GET /a HTTP/1.1\nHost: a\n\n",
            (400, "GET a /a"),
            "refused_line_end",
        ),
        (
            "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            (400, "GET - /a"),
            "refused_host",
        ),
        (
            "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n",
            (400, "GET - /a"),
            "refused_host",
        ),
        (
            "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
            (505, "GET a -"),
            "refused_version",
        ),
        ("NONSENSE\r\n\r\n", (400, "- - -"), "refused_request_line"),
        (
            "GET /a HTTP/2.0\r\nHost: a\r\n\r\n",
            (505, "GET a /a"),
            "refused_version",
        ),
        (
            "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
            (501, "CONNECT a:443 -"),
            "refused_method",
        ),
        (
            &format!("GET /a?{long}"),
            (414, "GET - /a"),
            "refused_target_too_long",
        ),
        (
            &format!("GET /{long}"),
            (414, "GET - -"),
            "refused_target_too_long",
        ),
        (
            &format!("GET /a HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"),
            (431, "GET a /a"),
            "refused_head_too_large",
        ),
        (
            "GET /a HTTP/1.1\r\nHost: a.exam",
            (408, "GET - /a"),
            "refused_head_too_slow",
        ),
    ];
    let mut expected = Vec::new();
    for (asked, (status, seen), why) in &cases {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        let heard = Heard::of(&String::from_utf8_lossy(&heard));
        assert_eq!(heard.status, *status, "{asked}");
        let id = heard.header("x-request-id").unwrap().to_owned();
        expected.push(format!("{id} {status} {seen} {why}"));
    }
    site.edge.stop().await;
    drop(writing);
    let told = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap_or("-").to_owned();
        let query = line["query"].as_str().map(|query| format!("?{query}"));
        format!(
            "{} {} {} {} {}{} {}",
            text("request_id"),
            line["status"],
            text("method"),
            text("host"),
            text("path"),
            query.unwrap_or_default(),
            text("why")
        )
    };
    let mut told: Vec<_> = lines.text().lines().map(told).collect();
    told.sort_unstable();
    expected.sort_unstable();
    assert_eq!(told, expected);
}
