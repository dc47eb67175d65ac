//! Tests of a service's websockets during upgrades of Kenduri. Open websockets are closed after
//! their drain time, and new websockets reach the new version.

use std::fs;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::program::text;
use crate::upgrade::{Copy, ask};

const ROUNDS: usize = 3;
/// The minimum number of requests over persistent connections during the upgrades. `cargo xtask show
/// edge --only changes` sends ten times as many.
const REQUESTS: usize = 2_000;
/// The number of clients of Kenduri itself, and of the service.
const CLIENTS: (usize, usize) = (6, 2);
/// The number of websockets that stay open.
const STAYING: usize = 4;
/// The drain time of websockets when Kenduri or the service is replaced.
const TIME: Duration = Duration::from_secs(2);
/// The pause between a websocket's messages. It may be long, because the test does not measure
/// speed.
const PAUSE: Duration = Duration::from_millis(5);
/// The time limit, long enough for a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A websocket server that echoes short messages (RFC 6455).
const SERVER: &str = r#"
import base64, hashlib, http.server, os, socketserver

class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def address_string(self):
        return "local"
    def log_message(self, *words):
        pass
    def do_GET(self):
        if self.headers.get("Upgrade") != "websocket":
            self.send_response(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"here")
            return
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "websocket")
        accept = hashlib.sha1(key.encode()).digest()
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(accept).decode())
        self.end_headers()
        self.close_connection = True
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            mask = self.rfile.read(4)
            body = self.rfile.read(head[1] & 127)
            body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(body))
            self.wfile.write(bytes([head[0], len(body)]) + body)
            if head[0] & 15 == 8:
                return

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 100

Server(os.environ["SOCKET"], Answer).serve_forever()
"#;

/// Settings with the websocket service behind the edge, and with this drain time.
fn settings(tunnel_time: Duration) -> String {
    format!(
        "[listen]\ntunnel_time = \"{}s\"\n\
         [service.web]\nrun = \"python3 server.py\"\nlisten = \"unix\"\ndrain_within = \"{}s\"\n\
         keep_former = \"0s\"\n\
         [[route]]\npath = \"/web/\"\nto = \"service:web\"\n[[route]]\nto = \"app\"\n",
        tunnel_time.as_secs(),
        TIME.as_secs()
    )
}

fn house(tunnel_time: Duration) -> Copy {
    let copy = Copy::new(&settings(tunnel_time));
    fs::write(copy.path().join("server.py"), SERVER).expect("written");
    copy
}

/// The client's side of a websocket.
struct Socket(BufReader<TcpStream>);

/// A frame from a websocket, or the end of the connection.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Text(String),
    /// A close frame with this code.
    Close(u16),
    End,
}

impl Socket {
    fn open(address: &str) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let head = format!(
            "GET /web/ HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        let mut reading = BufReader::new(stream);
        let mut line = String::new();
        reading.read_line(&mut line)?;
        if !line.starts_with("HTTP/1.1 101") {
            return Err(io::Error::other(format!("answered {line:?}")));
        }
        while line != "\r\n" {
            line.clear();
            reading.read_line(&mut line)?;
        }
        Ok(Self(reading))
    }

    fn say(&mut self, kind: u8, body: &[u8]) -> io::Result<()> {
        let length = u8::try_from(body.len()).map_err(io::Error::other)?;
        // Clients must mask every frame, even an empty one.
        let mut frame = vec![0x80 | kind, 0x80 | length, 0, 0, 0, 0];
        frame.extend_from_slice(body);
        self.0.get_mut().write_all(&frame)
    }

    fn hear(&mut self) -> io::Result<Heard> {
        self.frame().or_else(|error| match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => Ok(Heard::End),
            _ => Err(error),
        })
    }

    fn frame(&mut self) -> io::Result<Heard> {
        let mut head = [0; 2];
        self.0.read_exact(&mut head)?;
        let mut body = vec![0; usize::from(head[1])];
        self.0.read_exact(&mut body)?;
        match (head[0] & 15, body.as_slice()) {
            (1, text) => Ok(Heard::Text(String::from_utf8_lossy(text).into_owned())),
            (8, [high, low, ..]) => Ok(Heard::Close(u16::from_be_bytes([*high, *low]))),
            other => Err(io::Error::other(format!("heard {other:?}"))),
        }
    }

    /// Sends a message. Returns its echo, or how the websocket ended.
    fn exchange(&mut self, text: &str) -> io::Result<Heard> {
        let said = self.say(1, text.as_bytes());
        let heard = self.hear()?;
        if heard == Heard::Text(text.to_owned()) {
            said?;
            return Ok(heard);
        }
        match heard {
            // A message may be lost if it is sent while the websocket is being closed.
            Heard::Close(_) | Heard::End => Ok(heard),
            Heard::Text(other) => Err(io::Error::other(format!("heard {other:?} for {text:?}"))),
        }
    }

    /// Closes the websocket. The server must send a close frame or close the connection.
    fn close(mut self) -> io::Result<()> {
        self.say(8, &1000_u16.to_be_bytes())?;
        match self.hear()? {
            Heard::Close(1000) | Heard::End => Ok(()),
            other => Err(io::Error::other(format!("heard {other:?} at the end"))),
        }
    }
}

/// What all clients have seen.
#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    requests: AtomicUsize,
    /// The number of long-lived websockets that have echoed a message.
    opened: AtomicUsize,
    /// When each long-lived websocket was closed.
    ended: Mutex<Vec<Instant>>,
    /// The number of messages that long-lived websockets have echoed.
    messages: AtomicUsize,
    /// The number of short-lived websockets that were opened, used and closed.
    short: AtomicUsize,
}

impl Seen {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn ends(&self) -> Vec<Instant> {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.clone()
    }

    /// Keeps a websocket open until the server closes it, and then opens another one.
    fn stay(&self, address: &str) -> io::Result<()> {
        while !self.is_over() {
            let mut socket = Socket::open(address)?;
            for number in 0_u64.. {
                if socket.exchange(&number.to_string())? == Heard::End {
                    let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
                    ended.push(Instant::now());
                    break;
                }
                self.messages.fetch_add(1, Ordering::Relaxed);
                self.opened
                    .fetch_add(usize::from(number == 0), Ordering::Relaxed);
                if self.is_over() {
                    return socket.close();
                }
                std::thread::sleep(PAUSE);
            }
        }
        Ok(())
    }

    /// Opens, uses and closes websockets, one after the other.
    fn come_and_go(&self, address: &str) -> io::Result<()> {
        while !self.is_over() {
            let opened = Instant::now();
            let mut socket = Socket::open(address)?;
            let mut said = 0;
            while said < 3 {
                match socket.exchange(&said.to_string())? {
                    Heard::Text(_) => said += 1,
                    // On a busy machine, even a close frame may need the whole drain time.
                    Heard::End if opened.elapsed() >= TIME => break,
                    other => return Err(io::Error::other(format!("closed: {other:?}"))),
                }
            }
            if said == 3 {
                socket.close()?;
                self.short.fetch_add(1, Ordering::Relaxed);
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }
}

type Client<'scope> = ScopedJoinHandle<'scope, io::Result<()>>;

/// Runs a function while clients send requests. No request may fail.
fn meanwhile<'env>(
    seen: &'env Seen,
    begin: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> Vec<Client<'scope>>,
    act: impl FnOnce(&dyn Fn(&str, &dyn Fn() -> bool)),
) {
    std::thread::scope(|scope| {
        let clients = begin(scope);
        let wait = |what: &str, is_so: &dyn Fn() -> bool| {
            let end = Instant::now() + PATIENCE;
            while !is_so() && !clients.iter().any(ScopedJoinHandle::is_finished) {
                assert!(Instant::now() < end, "never: {what}");
                std::thread::sleep(Duration::from_millis(2));
            }
        };
        let done = catch_unwind(AssertUnwindSafe(|| act(&wait)));
        seen.stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().expect("a client").expect("nothing failed");
        }
        if let Err(panic) = done {
            resume_unwind(panic);
        }
    });
}

#[test]
fn websockets_have_their_time_while_another_program_takes_over() {
    let copy = house(TIME);
    let mut program = copy.serve();
    let seen = Seen::default();
    let address = program.address.clone();
    meanwhile(
        &seen,
        |scope| {
            let (seen, address) = (&seen, &address);
            let paths = [("/readyz", CLIENTS.0), ("/web/", CLIENTS.1)];
            let paths = paths.map(|(path, count)| std::iter::repeat_n(path, count));
            let asking = paths
                .into_iter()
                .flatten()
                .map(|path| scope.spawn(move || ask(address, path, &seen.stop, &seen.requests)));
            let staying = (0..STAYING).map(|_| scope.spawn(move || seen.stay(address)));
            let coming = scope.spawn(move || seen.come_and_go(address));
            asking.chain(staying).chain([coming]).collect()
        },
        |wait| {
            for round in 1..=ROUNDS {
                let opened = STAYING * round;
                wait("they are open", &|| {
                    seen.opened.load(Ordering::Relaxed) == opened
                });
                let (change, short) = (Instant::now(), seen.short.load(Ordering::Relaxed));
                copy.change(&program);
                wait("all are closed", &|| seen.ends().len() == opened);
                for end in &seen.ends()[opened - STAYING..] {
                    let lived = end.duration_since(change);
                    assert!(lived >= TIME, "closed after {lived:?}");
                }
                wait("new ones", &|| seen.short.load(Ordering::Relaxed) > short);
                // The next upgrade waits until all clients have sent requests to this version.
                let wanted = round * REQUESTS / ROUNDS;
                wait("requests", &|| {
                    seen.requests.load(Ordering::Relaxed) >= wanted
                });
            }
        },
    );
    assert_eq!(seen.ends().len(), ROUNDS * STAYING);
    println!(
        "{} requests and {} websockets over {ROUNDS} upgrades, none failed; {} messages on {} that \
         stayed, of which {} were closed after their time",
        seen.requests.into_inner(),
        seen.short.into_inner(),
        seen.messages.into_inner(),
        seen.opened.into_inner(),
        ROUNDS * STAYING,
    );
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

#[test]
fn a_service_is_replaced_while_one_worker_follows_another() {
    // The old worker would keep websockets open for a long time here, but the service closes them.
    let copy = house(PATIENCE);
    let mut program = copy.serve();
    let seen = Seen::default();
    let address = program.address.clone();
    meanwhile(
        &seen,
        |scope| {
            let (seen, address) = (&seen, &address);
            let staying = (0..STAYING).map(|_| scope.spawn(move || seen.stay(address)));
            staying.collect()
        },
        |wait| {
            wait("they are open", &|| {
                seen.opened.load(Ordering::Relaxed) == STAYING
            });
            copy.change(&program);
            assert!(seen.ends().is_empty());
            let change = Instant::now();
            let output = copy.order(&["reload", "web"]);
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
            wait("all are closed", &|| seen.ends().len() == STAYING);
            for end in seen.ends() {
                let lived = end.duration_since(change);
                assert!(lived >= TIME && lived < PATIENCE, "closed after {lived:?}");
            }
            wait("they are open again", &|| {
                seen.opened.load(Ordering::Relaxed) == 2 * STAYING
            });
        },
    );
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}
