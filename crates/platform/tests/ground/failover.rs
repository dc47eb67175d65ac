//! Tests of PostgreSQL connections that break: between changes, within them, and during a commit.
//! A proxy stands between the store and the server, and breaks them.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use platform::machine_news::{self, Heard, Listener};
use platform::store::{PostgresSettings, Settings};
use platform::{Clock, Random, Secret, Store, StoreError};
use postgres::config::Host;
use serde_json::json;
use testkit::Database;

use super::{MIGRATIONS, PATIENCE, add, count, raise};

#[derive(Clone)]
enum Server {
    Tcp(String, u16),
    Unix(PathBuf),
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Server {
    fn connect(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(host, port) => TcpStream::connect((host.as_str(), *port)).map(Stream::Tcp),
            Self::Unix(path) => UnixStream::connect(path).map(Stream::Unix),
        }
    }
}

impl Stream {
    fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
        }
    }

    fn cut(&self) {
        // It may be cut already.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(bytes),
            Self::Unix(stream) => stream.read(bytes),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            Self::Unix(stream) => stream.write_all(bytes),
        }
    }
}

#[derive(Default)]
struct Faults {
    /// Whether new connections are refused.
    is_shut: AtomicBool,
    refused: AtomicU32,
    /// Of how many commits the answer is cut off.
    cut_commits: AtomicU32,
    /// How many commits do not reach the server. They are the first.
    dropped_commits: AtomicU32,
    /// Whether the proxy shuts together with a commit.
    shuts_with_commit: AtomicBool,
    open: Mutex<Vec<Stream>>,
}

struct Proxy {
    address: SocketAddr,
    faults: Arc<Faults>,
}

impl Proxy {
    fn start(server: Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let faults = Arc::new(Faults::default());
        let state = Arc::clone(&faults);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = Stream::Tcp(client.unwrap());
                if state.is_shut.load(Ordering::SeqCst) {
                    state.refused.fetch_add(1, Ordering::SeqCst);
                    client.cut();
                    continue;
                }
                let server = server.connect().unwrap();
                let mut open = state.open.lock().unwrap();
                open.push(client.try_clone().unwrap());
                open.push(server.try_clone().unwrap());
                drop(open);
                pass(client, server, &state);
            }
        });
        Self { address, faults }
    }

    fn cut_all(&self) {
        for stream in self.faults.open.lock().unwrap().drain(..) {
            stream.cut();
        }
    }

    fn shut(&self) {
        self.faults.is_shut.store(true, Ordering::SeqCst);
        self.cut_all();
    }

    fn open(&self) {
        self.faults.is_shut.store(false, Ordering::SeqCst);
    }

    async fn until_refused(&self, times: u32) {
        let (begin, before) = (Instant::now(), self.faults.refused.load(Ordering::SeqCst));
        while self.faults.refused.load(Ordering::SeqCst) < before + times {
            assert!(begin.elapsed() < PATIENCE, "nobody connects");
            tokio::task::yield_now().await;
        }
    }
}

/// Copies in both directions. The answer to a commit that is to be cut off does not arrive.
fn pass(client: Stream, server: Stream, faults: &Arc<Faults>) {
    let is_mute = Arc::new(AtomicBool::new(false));
    let (mut from_client, mut to_server) =
        (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (mute, faults) = (Arc::clone(&is_mute), Arc::clone(faults));
    std::thread::spawn(move || {
        let mut bytes = vec![0; 65_536];
        while let Ok(read @ 1..) = from_client.read(&mut bytes) {
            let commit = b"; COMMIT\0";
            let is_commit = bytes[..read]
                .windows(commit.len())
                .any(|word| word == commit);
            if is_commit && take(&faults.dropped_commits) {
                break;
            }
            if is_commit && take(&faults.cut_commits) {
                mute.store(true, Ordering::SeqCst);
                if faults.shuts_with_commit.load(Ordering::SeqCst) {
                    faults.is_shut.store(true, Ordering::SeqCst);
                }
            }
            if to_server.write(&bytes[..read]).is_err() {
                break;
            }
        }
        to_server.cut();
    });
    let (mut from_server, mut to_client) = (server, client);
    std::thread::spawn(move || {
        let mut bytes = vec![0; 65_536];
        while let Ok(read @ 1..) = from_server.read(&mut bytes) {
            if is_mute.load(Ordering::SeqCst) || to_client.write(&bytes[..read]).is_err() {
                break;
            }
        }
        to_client.cut();
        from_server.cut();
    });
}

/// Lowers a number of faults that are left.
fn take(left: &AtomicU32) -> bool {
    let taken = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
        left.checked_sub(1)
    });
    taken.is_ok()
}

/// Runs `test` with a store behind a proxy. Returns without a test if no server is configured.
fn behind_a_proxy(wait: Duration, test: impl AsyncFnOnce(&Store, &Proxy)) {
    let Some(database) = Database::empty() else {
        return;
    };
    let Settings::Postgres(settings) = database.settings(4) else {
        unreachable!("a database of PostgreSQL");
    };
    let (config, _) = settings.parse().unwrap();
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let server = match &config.get_hosts()[0] {
        Host::Tcp(host) => Server::Tcp(host.clone(), port),
        Host::Unix(folder) => Server::Unix(folder.join(format!(".s.PGSQL.{port}"))),
    };
    let proxy = Proxy::start(server);
    let mut url = format!(
        "postgres://{}@{}/{}",
        config.get_user().unwrap(),
        proxy.address,
        config.get_dbname().unwrap()
    );
    if let Some(password) = config.get_password() {
        url.push_str("?password=");
        url.push_str(std::str::from_utf8(password).unwrap());
    }
    let settings = Settings::Postgres(PostgresSettings {
        failover_wait: wait,
        ..PostgresSettings::new(Secret::new(url), 4)
    });
    let store = Store::open(&settings, &MIGRATIONS, Clock::System, Random::system()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(test(&store, &proxy));
    proxy.open();
}

async fn add_number(store: Store, number: u32) -> Result<u32, StoreError> {
    let change = move |tx: &mut platform::Tx<'_>| {
        add(tx, &number.to_string(), 0)?;
        Ok::<_, StoreError>(number)
    };
    store.write(change).await
}

#[test]
fn a_connection_that_breaks_loses_and_doubles_nothing() {
    behind_a_proxy(PATIENCE, async |store, proxy| {
        for round in 0..5 {
            let changes: Vec<_> = (round * 40..(round + 1) * 40)
                .map(|number| tokio::spawn(add_number(store.clone(), number)))
                .collect();
            proxy.cut_all();
            for change in changes {
                change.await.unwrap().unwrap();
            }
        }
        assert_eq!(store.read(count).await.unwrap(), 200);
    });
}

#[test]
fn changes_wait_while_no_primary_server_answers() {
    behind_a_proxy(PATIENCE, async |store, proxy| {
        add_number(store.clone(), 1_000).await.unwrap();
        proxy.shut();
        let changes: Vec<_> = (0..40)
            .map(|number| tokio::spawn(add_number(store.clone(), number)))
            .collect();
        proxy.until_refused(8).await;
        assert!(changes.iter().all(|change| !change.is_finished()));
        assert!(store.is_writable().await);
        proxy.open();
        for change in changes {
            change.await.unwrap().unwrap();
        }
        assert_eq!(store.read(count).await.unwrap(), 41);
    });
}

#[test]
fn changes_wait_only_while_their_requests_hold_less_than_64_mib() {
    behind_a_proxy(PATIENCE, async |store, proxy| {
        proxy.shut();
        proxy.until_refused(8).await;
        let hold = async |store: Store, number| {
            let change = async {
                platform::request::hold(16 << 20);
                add_number(store, number).await
            };
            platform::request::caused_by(None, change).await
        };
        let mut changes: Vec<_> = (0..4)
            .map(|number| Box::pin(hold(store.clone(), number)))
            .collect();
        for change in &mut changes {
            let waited = tokio::time::timeout(Duration::ZERO, change.as_mut()).await;
            assert!(waited.is_err(), "it waits");
        }
        let refused = hold(store.clone(), 4).await;
        assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
        proxy.open();
        for change in changes {
            change.await.unwrap();
        }
        assert_eq!(store.read(count).await.unwrap(), 4);
    });
}

#[test]
fn a_commit_whose_answer_is_lost_is_done_once() {
    behind_a_proxy(PATIENCE, async |store, proxy| {
        store.write(|tx| add(tx, "a", 0)).await.unwrap();
        let rounds = u32::try_from(testkit::rounds()).unwrap();
        for number in 0..rounds {
            proxy.faults.cut_commits.store(1, Ordering::SeqCst);
            assert_eq!(add_number(store.clone(), number).await.unwrap(), number);
            proxy.faults.dropped_commits.store(2, Ordering::SeqCst);
            proxy.faults.cut_commits.store(1, Ordering::SeqCst);
            let raised = store.write(|tx| raise(tx, "a")).await;
            assert_eq!(raised.unwrap(), i64::from(number) + 1);
            let left = [&proxy.faults.dropped_commits, &proxy.faults.cut_commits];
            assert_eq!(left.map(|left| left.load(Ordering::SeqCst)), [0, 0]);
        }
        assert_eq!(store.read(count).await.unwrap(), i64::from(rounds) + 1);
        assert_eq!(store.write(platform::store::sweep).await.unwrap(), 0);
    });
}

#[test]
fn after_the_wait_a_change_is_refused_and_a_commit_in_doubt_is_called_so() {
    behind_a_proxy(Duration::from_millis(300), async |store, proxy| {
        proxy.shut();
        let refused = add_number(store.clone(), 1).await;
        assert!(
            matches!(refused, Err(StoreError::Unavailable(_))),
            "{refused:?}"
        );
        assert!(!store.is_writable().await);
        proxy.open();
        let begin = Instant::now();
        while !store.is_writable().await {
            assert!(begin.elapsed() < PATIENCE, "the server is not found again");
            tokio::task::yield_now().await;
        }
        proxy.faults.shuts_with_commit.store(true, Ordering::SeqCst);
        proxy.faults.cut_commits.store(1, Ordering::SeqCst);
        let unknown = add_number(store.clone(), 2).await;
        assert!(matches!(unknown, Err(StoreError::Unknown)), "{unknown:?}");
        proxy.open();
        while store.read(count).await.is_err() {
            assert!(begin.elapsed() < PATIENCE, "the server is not found again");
        }
        assert_eq!(store.read(count).await.unwrap(), 1);
    });
}

#[test]
fn a_machine_hears_of_others_again_when_the_database_is_back() {
    behind_a_proxy(Duration::from_millis(300), async |store, proxy| {
        let mut listener = Listener::new(store.clone());
        assert_eq!(listener.next().await, Heard::Anything);
        proxy.shut();
        let listening = tokio::spawn(async move {
            loop {
                if let Heard::News(news) = listener.next().await {
                    return news;
                }
            }
        });
        assert!(add_number(store.clone(), 1).await.is_err());
        proxy.open();
        let begin = Instant::now();
        let tell = |tx: &mut platform::Tx<'_>| machine_news::publish(tx, "told", json!(1));
        while store.write(tell).await.is_err() {
            assert!(begin.elapsed() < PATIENCE, "the server is not found again");
        }
        let heard = tokio::time::timeout(PATIENCE, listening).await;
        assert_eq!(heard.expect("it hears").unwrap()[0].name, "told");
    });
}
