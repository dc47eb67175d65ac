//! Sends requests while processes are killed and replaced. Failed requests are counted and do not
//! stop the benchmark.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::LocalSet;

use crate::bench::client::{Client, get};
use crate::interrupt;

/// The number of concurrent clients.
pub(super) const CLIENTS: usize = 16;
const PAUSE_BETWEEN_ATTEMPTS: Duration = Duration::from_millis(2);
/// Another attempt begins then. A server may hold requests until an instance is ready, and each
/// held request takes processor time from the starting instances, so it is not shorter.
const HANGING_AFTER: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(20);

/// The combined results of all clients.
#[derive(Default)]
pub(super) struct Heard {
    /// The number of completed requests, failed or not.
    pub(super) asked: usize,
    pub(super) failed: Vec<Failed>,
}

pub(super) struct Failed {
    begun: Instant,
    ended: Instant,
    pub(super) cause: String,
}

impl Failed {
    /// Whether no process was killed while the request was in progress.
    pub(super) fn is_begun_after_a_death(&self, deaths: &[Instant]) -> bool {
        !deaths
            .iter()
            .any(|death| (self.begun..=self.ended).contains(death))
    }
}

/// Requests `paths` alternately with [`CLIENTS`] clients, each over a persistent connection, until
/// `meanwhile` has completed and at least `least` requests were sent.
pub(super) async fn ask_while<T>(
    door: SocketAddr,
    paths: &'static [&'static str],
    least: usize,
    meanwhile: impl Future<Output = Result<T>>,
) -> Result<(Heard, T)> {
    let heard = Rc::new(RefCell::new(Heard::default()));
    let is_over = Rc::new(Cell::new(false));
    let clients = LocalSet::new();
    let asking: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (heard, is_over) = (Rc::clone(&heard), Rc::clone(&is_over));
            clients.spawn_local(async move {
                let mut paths = paths.iter().cycle().skip(number % paths.len());
                let mut client = None;
                while let (false, Some(path)) = (is_over.get(), paths.next()) {
                    let begun = Instant::now();
                    let outcome = once(&mut client, door, path).await;
                    let mut heard = heard.borrow_mut();
                    heard.asked += 1;
                    if let Err(cause) = outcome {
                        client = None;
                        heard.failed.push(Failed {
                            begun,
                            ended: Instant::now(),
                            cause: format!("{path}: {cause:#}"),
                        });
                    }
                }
            })
        })
        .collect();
    let ended = clients
        .run_until(async {
            let ended = meanwhile.await;
            while ended.is_ok() && heard.borrow().asked < least && !interrupt::is_wanted() {
                tokio::time::sleep(PAUSE_BETWEEN_ATTEMPTS).await;
            }
            is_over.set(true);
            for client in asking {
                client.await?;
            }
            ended
        })
        .await?;
    Ok((heard.take(), ended))
}

async fn once(client: &mut Option<Client>, door: SocketAddr, path: &str) -> Result<()> {
    let client = match client {
        Some(client) => client,
        None => client.insert(Client::open(door).await?),
    };
    client.exchange(&get(path, "")).await?.expect(200)
}

/// Waits until every path returns 200, with a new connection for each attempt.
pub(super) async fn until_well(door: SocketAddr, paths: &[&str]) -> Result<()> {
    for path in paths {
        until(&format!("{door} answers {path}"), async || {
            once(&mut None, door, path).await.is_ok()
        })
        .await?;
    }
    Ok(())
}

/// Waits until a program returns 200 on its own socket.
pub(super) async fn until_well_at(socket: &Path, path: &str) -> Result<()> {
    until(
        &format!("{} answers {path}", socket.display()),
        async || {
            let stream = UnixStream::connect(socket).await;
            let Ok(stream) = stream else { return false };
            is_well(stream, path).await.unwrap_or(false)
        },
    )
    .await
}

/// Over a new connection.
async fn is_well(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> Result<bool> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200 "))
}

/// Waits until connections to a port are refused.
pub(super) async fn until_closed(door: SocketAddr) -> Result<()> {
    until(&format!("{door} is closed"), async || {
        TcpStream::connect(door).await.is_err()
    })
    .await
}

/// A hanging check continues alongside the next one: the server may still be holding its request,
/// or a killed process may have lost it.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) -> Result<()> {
    let begin = Instant::now();
    let mut tries = FuturesUnordered::new();
    loop {
        ensure!(!interrupt::is_wanted(), "interrupted");
        ensure!(begin.elapsed() < PATIENCE, "not in time: {what}");
        tries.push(is_so());
        tokio::select! {
            Some(is_so) = tries.next() => {
                if is_so {
                    return Ok(());
                }
                tokio::time::sleep(PAUSE_BETWEEN_ATTEMPTS).await;
            }
            () = tokio::time::sleep(HANGING_AFTER) => {}
        }
    }
}
