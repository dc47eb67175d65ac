//! Tests the cache through real sockets, by the response to each request.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail as tests do"
)]

mod kept;
mod logged;
mod of_app;
mod purged;
mod shared;
mod stale;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use edge::access_log::Log;
use edge::{Edge, Options, Plan, PlanContext};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

const LONG: Duration = Duration::from_mins(2);

/// Sends all requests to the app and stores the responses.
const ROUTE: &str = "[[route]]\nto = \"app\"\nshared_cache = {}\n";

#[derive(Default)]
struct Script {
    answers: Mutex<HashMap<String, Said>>,
    /// The number of requests for each path, and the headers of all requests.
    asked: Mutex<HashMap<String, usize>>,
    heard: Mutex<Vec<http::HeaderMap>>,
    /// For each path, the app takes a permit before it sends a response's head, and before each
    /// piece of the body.
    gates: Mutex<HashMap<String, Arc<Semaphore>>>,
    waiting: AtomicUsize,
    changes: AtomicU64,
}

/// A scripted response. `{n}` in the body is replaced by the number of requests for the path.
#[derive(Clone)]
struct Said {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<String>,
    /// Whether the response has a `Content-Length`.
    has_length: bool,
    /// Whether the connection breaks after the pieces.
    breaks: bool,
}

impl Said {
    fn of(headers: &[(&str, &str)], body: &str) -> Self {
        let own = |text: &&str| (*text).to_owned();
        Self {
            status: 200,
            headers: headers
                .iter()
                .map(|(name, value)| (own(name), own(value)))
                .collect(),
            pieces: vec![body.to_owned()],
            has_length: true,
            breaks: false,
        }
    }

    fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    fn streamed(mut self, pieces: &[&str]) -> Self {
        self.pieces = pieces.iter().map(|piece| (*piece).to_owned()).collect();
        self
    }

    fn without_length(mut self) -> Self {
        self.has_length = false;
        self
    }
}

fn minute(body: &str) -> Said {
    Said::of(&[("cache-control", "max-age=60")], body)
}

impl Script {
    fn says(&self, path: &str, said: Said) {
        self.answers.lock().unwrap().insert(path.to_owned(), said);
    }

    fn asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().get(path).copied().unwrap_or(0)
    }

    fn last(&self) -> http::HeaderMap {
        self.heard.lock().unwrap().last().cloned().unwrap()
    }

    /// Makes responses at this path wait for permits of the returned semaphore.
    fn close(&self, path: &str) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        let mut gates = self.gates.lock().unwrap();
        gates.insert(path.to_owned(), Arc::clone(&gate));
        gate
    }

    async fn passed(&self, path: &str) {
        let gate = self.gates.lock().unwrap().get(path).cloned();
        if let Some(gate) = gate {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            gate.acquire().await.unwrap().forget();
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

#[derive(Clone)]
struct ScriptedApp(Arc<Script>);

impl edge::App for ScriptedApp {
    async fn answer(self, request: http::Request<edge::Body>) -> edge::Answer {
        let router = Router::new().fallback(answered).with_state(self.0);
        edge::App::answer(router, request).await
    }

    fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::SeqCst)
    }

    fn is_personal(&self, headers: &http::HeaderMap) -> bool {
        headers
            .get("cookie")
            .is_some_and(|cookie| cookie.as_bytes().starts_with(b"own="))
    }
}

async fn answered(State(script): State<Arc<Script>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let number = {
        let mut asked = script.asked.lock().unwrap();
        let number = asked.entry(path.clone()).or_default();
        *number += 1;
        *number
    };
    let headers = request.headers().clone();
    script.heard.lock().unwrap().push(headers.clone());
    let said = script.answers.lock().unwrap().get(&path).cloned();
    script.passed(&path).await;
    let said = said.unwrap_or_else(|| Said::of(&[], "nothing").status(404));
    let mut answer = Response::builder().status(said.status);
    let mut is_unchanged = false;
    for (name, value) in &said.headers {
        if name == "etag" && headers.get("if-none-match").is_some_and(|tag| tag == value) {
            is_unchanged = true;
        }
        // `echo:NAME` stands for the value of the request header `NAME`.
        let told = value.strip_prefix("echo:").map(|name| {
            headers
                .get(name)
                .map_or("", |value| value.to_str().unwrap())
        });
        answer = answer.header(name, told.unwrap_or(value));
    }
    if is_unchanged {
        return answer.status(304).body(Body::empty()).unwrap();
    }
    let pieces: Vec<String> = said
        .pieces
        .iter()
        .map(|piece| piece.replace("{n}", &number.to_string()))
        .collect();
    if let ([whole], false) = (pieces.as_slice(), said.breaks)
        && said.has_length
    {
        return answer.body(Body::from(whole.clone())).unwrap();
    }
    let length: usize = pieces.iter().map(String::len).sum();
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        for piece in pieces {
            script.passed(&path).await;
            if sender.send(Ok(piece)).await.is_err() {
                return;
            }
        }
        if said.breaks {
            let _ = sender.send(Err("broken")).await;
        }
    });
    let body = FileBody {
        receiver,
        left: said
            .has_length
            .then_some(length as u64 + u64::from(said.breaks)),
    };
    answer.body(Body::new(body)).unwrap()
}

/// A response body in pieces. Each piece is sent when the test provides it.
struct FileBody {
    receiver: tokio::sync::mpsc::Receiver<Result<String, &'static str>>,
    left: Option<u64>,
}

impl http_body::Body for FileBody {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        let piece = std::task::ready!(self.receiver.poll_recv(context));
        std::task::Poll::Ready(piece.map(|piece| {
            let piece = piece.map_err(std::io::Error::other)?;
            if let Some(left) = &mut self.left {
                *left -= piece.len() as u64;
            }
            Ok(http_body::Frame::data(piece.into()))
        }))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.left.map_or_else(
            http_body::SizeHint::default,
            http_body::SizeHint::with_exact,
        )
    }
}

struct Site {
    script: Arc<Script>,
    edge: Edge,
    address: SocketAddr,
    seconds: Arc<AtomicU64>,
    folder: tempfile::TempDir,
}

impl Site {
    fn open(configuration: &str) -> Self {
        Self::with_log(configuration, tempfile::tempdir().unwrap(), None)
    }

    fn with_log(configuration: &str, folder: tempfile::TempDir, log: Option<Log>) -> Self {
        let script = Arc::new(Script::default());
        let app = ScriptedApp(Arc::clone(&script));
        let seconds = Arc::new(AtomicU64::new(1_000_000_000));
        let clock = Arc::clone(&seconds);
        let options = Options {
            workers: 2,
            log,
            clock: Arc::new(move || UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::SeqCst))),
            ..Options::default()
        };
        let edge = Edge::start(plan(configuration, folder.path()), options, Some(&app)).unwrap();
        let address = edge.http_addresses()[0];
        Self {
            script,
            edge,
            address,
            seconds,
            folder,
        }
    }

    fn later(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    fn date(&self) -> String {
        let now = UNIX_EPOCH + Duration::from_secs(self.seconds.load(Ordering::SeqCst));
        httpdate::fmt_http_date(now as SystemTime)
    }

    async fn get(&self, path: &str) -> Heard {
        self.ask("GET", path, &[]).await
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Heard {
        tokio::time::timeout(LONG, ask(self.address, method, path, headers))
            .await
            .expect("an answer in time")
    }
}

fn plan(configuration: &str, folder: &Path) -> Plan {
    let text = format!("listen.http = [\"127.0.0.1:0\"]\n{configuration}");
    let ground = PlanContext {
        folder,
        data: folder,
        services: &[],
    };
    Plan::check(&toml::from_str(&text).unwrap(), &ground).unwrap()
}

async fn ask(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Heard {
    let mut stream = begin(address, method, path, headers).await;
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    Heard::of(&heard)
}

/// Sends a request without waiting for the response.
async fn begin(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let host = headers.iter().any(|(name, _)| *name == "Host");
    let host = if host { "" } else { "Host: a.example\r\n" };
    let mut head = format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[derive(Debug)]
struct Heard {
    status: u16,
    head: String,
    body: String,
    is_whole: bool,
}

impl Heard {
    fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, rest) = text.split_once("\r\n\r\n").expect("an answer");
        let mut heard = Self {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: rest.to_owned(),
            is_whole: true,
        };
        if heard.header("transfer-encoding").is_some() {
            let mut chunks = rest;
            heard.body.clear();
            heard.is_whole = false;
            while let Some((size, after)) = chunks.split_once("\r\n") {
                let size = usize::from_str_radix(size, 16).unwrap_or(usize::MAX);
                if size == 0 {
                    heard.is_whole = true;
                }
                if size == 0 || after.len() < size {
                    break;
                }
                heard.body.push_str(&after[..size]);
                chunks = after[size..].trim_start_matches("\r\n");
            }
        } else if let Some(length) = heard.header("content-length") {
            heard.is_whole = length.parse() == Ok(heard.body.len());
        }
        heard
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.split("\r\n").skip(1);
        let mut values = lines.filter_map(|line| line.split_once(": "));
        values.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    fn cache(&self) -> &str {
        self.header("cache-status").unwrap_or_default()
    }

    fn is_hit(&self) -> bool {
        self.cache().starts_with("kenduri; hit")
    }
}

async fn until(is_so: impl Fn() -> bool) {
    let waits = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, waits)
        .await
        .expect("it never came to be so");
}
