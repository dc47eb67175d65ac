//! Tests the access log and maintenance mode.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use edge::access_log::{Format, Log, Mask, Writing};
use edge::maintenance::Maintenance;

use super::services::SOON;
use super::*;

#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&lines).into_owned()
    }

    /// Returns the whole log after the logging thread has stopped. Dropping `writing` waits for
    /// only a second, which may be too short on a busy machine.
    pub(crate) fn after(&self, writing: Writing) -> String {
        drop(writing);
        let begin = Instant::now();
        while Arc::strong_count(&self.0) > 1 {
            assert!(begin.elapsed() < SOON, "somebody writes for ever");
            std::thread::sleep(Duration::from_millis(1));
        }
        self.text()
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
async fn one_line_is_written_for_each_request() {
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
        Options {
            log: Some(log),
            ..Options::default()
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
    let text = lines.after(writing);
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
    assert_eq!(told.len(), 7, "{told:?}");
    assert_eq!(told[0], (200, "/api/***", ""));
    assert_eq!(told[1], (404, "/files/none", ""));
    assert_eq!(told[2], (200, "/facts", ""));
    assert_eq!(told[3], (429, "/facts", "limit"), "the app was not asked");
    assert_eq!((told[4].0, told[4].1), (502, "/dead/"));
    assert!(!told[4].2.is_empty());
    assert_eq!(told[5], (308, "/old", ""));
    assert_eq!(told[6], (400, "/", "refused_host"));
    assert_eq!(lines[0]["received"], 5);
    assert_eq!(lines[0]["route"], "*/api/");
    assert!(lines[0]["sent"].as_u64().unwrap() > 0);
    assert!(lines[0]["upstream_us"].is_u64());
}

/// The access log must have one line for each response of the app, however it ends and whatever log
/// headers the app sets.
#[tokio::test]
async fn what_the_app_answers_has_one_line_with_what_may_be_shown() {
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.replace("SECRET", "***").into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let site = Site::open(
        "[[route]]\npath = \"/wedding/\"\nstrip = \"/wedding\"\nto = \"app\"\n\
         [[route]]\nto = \"app\"\n",
        Options {
            log: Some(log),
            ..Options::default()
        },
    );
    let long = site.get("/long?SECRET").await.body.len();
    assert_eq!(site.get("/wedding/shown/SECRET?a=SECRET").await.status, 404);
    assert_eq!(site.ask("POST", "/echo", "", "12345").await.body, "12345");
    assert_eq!(site.ask("HEAD", "/long", "", "").await.status, 200);
    assert_eq!(site.get("/panic").await.status, 500);
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(head).await.unwrap();
    stream.read_exact(&mut [0; 1_024]).await.unwrap();
    drop(stream);
    site.edge.stop().await;
    drop(writing);
    let text = lines.text();
    let told = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&line["client"], &line["host"].is_string()),
            (&"127.0.0.1".into(), &true)
        );
        assert!(line["upstream_us"].is_u64(), "{line}");
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| line[key].as_u64().unwrap();
        let numbers = (number("status"), number("received"));
        (
            text("path"),
            text("query"),
            numbers,
            number("sent"),
            text("why"),
        )
    };
    let mut told: Vec<_> = text.lines().map(told).collect();
    told.sort_unstable();
    let mut take = |path: &str| {
        let place = told.iter().position(|line| line.0 == path);
        told.remove(place.unwrap())
    };
    let (endless, panicked) = (take("/endless"), take("/panic"));
    assert_eq!((endless.2, &*endless.4), ((200, 0), "the client went away"));
    assert!(endless.3 > 0);
    assert_eq!(panicked.2, (500, 0));
    let line = |path: &str, query: &str, numbers, sent: usize| {
        let sent = u64::try_from(sent).unwrap();
        (
            path.to_owned(),
            query.to_owned(),
            numbers,
            sent,
            String::new(),
        )
    };
    let expected = [
        line("/echo", "", (200, 5), 5),
        line("/long", "", (200, 0), 0),
        line("/long", "***", (200, 0), long),
        line("/shown/what may be", "a=***", (404, 0), 7),
    ];
    assert_eq!(told, expected);
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
        Options {
            log: Some(log),
            ..Options::default()
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
    let text = lines.after(writing);
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
async fn closed_doors_let_the_owner_through() {
    let data = tempfile::tempdir().unwrap();
    let maintenance = Maintenance::open(data.path(), vec!["/healthz".to_owned()]);
    let maintenance = Arc::new(maintenance);
    let (server, _running) = server("one").await;
    let site = Site::open(
        &format!("[[route]]\nto = \"app\"\n[[route]]\npath = \"/api\"\nto = \"http://{server}\"\n"),
        Options {
            maintenance: Some(Arc::clone(&maintenance)),
            ..Options::default()
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
    // The edge removes the maintenance pass from requests to other servers.
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
        Options {
            log: Some(log),
            ..Options::default()
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
    let text = lines.after(writing);
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(
        (&line["status"], &line["path"]),
        (&499.into(), &"/slow".into())
    );
    assert_eq!(line["why"], "the client went away");
}
