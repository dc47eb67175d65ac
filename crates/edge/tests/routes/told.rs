//! The access log, and doors that are closed for work.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use edge::log::{Format, Log, Mask};
use edge::maintenance::Maintenance;

use super::*;

/// What was written so far.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&lines).into_owned()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn one_line_is_written_for_each_request_that_the_app_does_not_answer() {
    let (server, _running) = server("one").await;
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.replace("SECRET", "***").into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let site = Site::open(
        &format!(
            "[[route]]\npath = \"/api/\"\nto = \"http://{server}\"\n\
             [[route]]\npath = \"/files/\"\nto = \"files:files\"\n\
             [[route]]\npath = \"/facts\"\nto = \"app\"\nlimit = {{ rate = \"1/h\" }}\n\
             [[route]]\npath = \"/old\"\nto = \"redirect:/files/\"\n\
             [[route]]\npath = \"/dead/\"\nto = \"http://127.0.0.1:1\"\n"
        ),
        Means {
            log: Some(log),
            ..Means::default()
        },
    );
    site.ask("POST", "/api/SECRET?a=1", "", "12345").await;
    site.get("/files/none").await;
    assert_eq!(site.get("/facts").await.status, 200);
    assert_eq!(site.get("/facts").await.status, 429);
    site.get("/dead/").await;
    site.get("/old").await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        .await
        .unwrap();
    let mut refused = Vec::new();
    stream.read_to_end(&mut refused).await.unwrap();
    site.edge.stop().await;
    drop(writing);
    let text = lines.0.lock().unwrap();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<(u64, &str, &str)> = lines
        .iter()
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap_or_default();
            (line["status"].as_u64().unwrap(), text("path"), text("why"))
        })
        .collect();
    assert_eq!(told.len(), 6, "{told:?}");
    assert_eq!(told[0], (200, "/api/***", ""));
    assert_eq!(told[1], (404, "/files/none", ""));
    assert_eq!(told[2], (429, "/facts", "limit"), "the app was not asked");
    assert_eq!((told[3].0, told[3].1), (502, "/dead/"));
    assert!(!told[3].2.is_empty());
    assert_eq!(told[4], (308, "/old", ""));
    assert_eq!(told[5], (400, "/", "refused_host"));
    assert_eq!(lines[0]["received"], 5);
    assert_eq!(lines[0]["route"], "*/api/");
    assert!(lines[0]["sent"].as_u64().unwrap() > 0);
    assert!(lines[0]["upstream_us"].is_u64());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_told_as_it_was_answered() {
    let (server, _running) = server("one").await;
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let site = Site::open(
        &format!(
            "[[route]]\npath = \"/api/\"\nto = \"http://{server}\"\n[[route]]\nto = \"app\"\n"
        ),
        Means {
            log: Some(log),
            ..Means::default()
        },
    );
    for path in ["/api/", "/echo"] {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(b"3\r\nabc\r\nno chunk\r\n").await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        let heard = Heard::of(&String::from_utf8_lossy(&heard));
        assert_eq!(heard.status, 400);
        assert!(heard.header("x-request-id").is_some(), "{heard:?}");
        assert_eq!(heard.header("connection"), Some("close"));
    }
    site.edge.stop().await;
    drop(writing);
    let text = lines.0.lock().unwrap();
    let text = String::from_utf8_lossy(&text);
    let told: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(told.len(), 2, "{text}");
    for line in told {
        assert_eq!(
            (&line["status"], &line["why"]),
            (&400.into(), &"refused_chunk".into())
        );
    }
}

#[tokio::test]
async fn what_is_refused_is_told_as_far_as_it_could_be_read() {
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.replace("SECRET", "***").into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let site = Site::open(
        "listen.header_size = \"4K\"\nlisten.header_time = \"1s\"\n[[route]]\nto = \"app\"\n",
        Means {
            log: Some(log),
            ..Means::default()
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

#[tokio::test]
async fn closed_doors_let_the_owner_through() {
    let data = tempfile::tempdir().unwrap();
    let maintenance = Maintenance::open(data.path(), vec!["/healthz".to_owned()]);
    let maintenance = Arc::new(maintenance);
    let (server, _running) = server("one").await;
    let site = Site::open(
        &format!("[[route]]\nto = \"app\"\n[[route]]\npath = \"/api\"\nto = \"http://{server}\"\n"),
        Means {
            maintenance: Some(Arc::clone(&maintenance)),
            ..Means::default()
        },
    );
    let pass = "07".repeat(16);
    maintenance.on(None, &pass).unwrap();
    let closed = site.get("/").await;
    assert_eq!(closed.status, 503);
    assert_eq!(closed.header("retry-after"), Some("300"));
    let link = site.get(&format!("/?kenduri-pass={pass}")).await;
    assert_eq!(link.status, 303);
    let cookie = link
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let own = site
        .ask("GET", "/", &format!("Cookie: {cookie}\r\n"), "")
        .await;
    assert_eq!(own.body, "the app");
    // Nobody behind the door sees the pass.
    let both = format!("Cookie: a=1; {cookie}; b=2\r\n");
    let handed_on = site.ask("GET", "/api", &both, "").await;
    assert!(handed_on.body.ends_with("cookie=a=1; b=2"), "{handed_on:?}");
    let own = format!("Cookie: {cookie}\r\n");
    let handed_on = site.ask("GET", "/api", &own, "").await;
    assert!(handed_on.body.ends_with("cookie=-"), "{handed_on:?}");
    let again = site
        .ask("GET", &format!("/api?kenduri-pass={pass}"), &own, "")
        .await;
    assert_eq!(again.status, 303);
    maintenance.off().unwrap();
    assert_eq!(site.get("/").await.body, "the app");
    site.edge.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_before_its_answer_has_a_line_too() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let site = Site::open(
        &format!(
            "[[route]]\nto = \"http://{}\"\n",
            silent.local_addr().unwrap()
        ),
        Means {
            log: Some(log),
            ..Means::default()
        },
    );
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream
        .write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let _asked = silent.accept().await.unwrap();
    drop(stream);
    site.edge.stop().await;
    drop(writing);
    let text = lines.0.lock().unwrap();
    let text = String::from_utf8_lossy(&text);
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(
        (&line["status"], &line["path"]),
        (&499.into(), &"/slow".into())
    );
    assert_eq!(line["why"], "the client went away");
}
