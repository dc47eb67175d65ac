//! Starts an instance: its address, its environment, its process, whoever watches it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;

use super::Supervisor;
use super::served::{Live, Use};
use crate::channel::Channel;
use crate::control::Message;
use crate::fleet::Address;
use crate::output::Stream;
use crate::plan::{Listening, Placeholders, Settings, User};
use crate::probe::{Finding, Notify, Watch};
use crate::process::{Handed, Order, Record, spawn};
use crate::state::{Event, RunId};

/// Sockets that are open before the service is, by the number of the instance: they stay when
/// its process is replaced, so connections wait instead of being refused.
#[derive(Default)]
pub(super) struct Sockets(BTreeMap<u32, (Address, Held)>);

enum Held {
    Unix(UnixListener),
    Tcp(TcpListener),
}

impl Held {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(listener) => listener.as_fd(),
            Self::Tcp(listener) => listener.as_fd(),
        }
    }
}

impl Sockets {
    /// Closes those of places that are gone.
    pub(super) fn keep(&mut self, is_there: impl Fn(u32) -> bool) {
        self.0.retain(|number, _| is_there(*number));
    }

    pub(super) fn holds(&self, number: u32) -> bool {
        self.0.contains_key(&number)
    }

    fn open(
        &mut self,
        number: u32,
        listening: Listening,
        folder: &Path,
        user: Option<&User>,
    ) -> io::Result<()> {
        let fits = |address: &Address| match address {
            Address::Unix(_) => listening == Listening::Unix,
            Address::Tcp(_) => listening == Listening::Tcp,
        };
        if self
            .0
            .get(&number)
            .is_some_and(|(address, _)| fits(address))
        {
            return Ok(());
        }
        let held = match listening {
            Listening::Unix => {
                let path = folder.join(format!("{number}.sock"));
                let listener = UnixListener::bind(&path)?;
                give(&path, user, 0o660)?;
                (Address::Unix(path), Held::Unix(listener))
            }
            Listening::Tcp => {
                let listener = TcpListener::bind("127.0.0.1:0")?;
                let port = listener.local_addr()?.port();
                (Address::Tcp(port), Held::Tcp(listener))
            }
            Listening::Nowhere => return Ok(()),
        };
        self.0.insert(number, held);
        Ok(())
    }
}

/// Lets a user have a file or a folder.
fn give(path: &Path, user: Option<&User>, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    if let Some(user) = user {
        std::os::unix::fs::chown(path, Some(user.user), Some(user.group))?;
    }
    Ok(())
}

impl Supervisor {
    pub(super) fn launch(
        &mut self,
        name: &Arc<str>,
        run: RunId,
        number: u32,
        generation: u32,
    ) -> io::Result<()> {
        let folder = self.folder(name);
        let Some(served) = self.services.get_mut(name) else {
            return Ok(());
        };
        let settings = served
            .settings
            .get(&generation)
            .cloned()
            .unwrap_or_else(|| served.now());
        let user = settings.user.as_ref();
        if !folder.is_dir() {
            fs::create_dir(&folder)?;
        }
        give(&folder, user, if user.is_some() { 0o711 } else { 0o700 })?;
        if settings.activate {
            served
                .sockets
                .open(number, settings.listening, &folder, user)?;
        }
        let held = settings
            .activate
            .then(|| served.sockets.0.get(&number))
            .flatten();
        let address = match held {
            Some((address, _)) => Some(address.clone()),
            None => free_address(settings.listening, &folder, number, run)?,
        };
        let notify_path = folder.join(format!("{number}.{run}.notify"));
        let notify = Notify::open(&notify_path, user)?;

        let (command, mut environment) = if settings.own {
            (settings.command.clone(), settings.environment.0.clone())
        } else {
            let places = placeholders(number, address.as_ref());
            let command = settings.command.iter().map(|word| places.fill(word));
            (command.collect(), environment(&settings, &places))
        };
        let ends = match (settings.own, &self.means.channels) {
            (false, _) => None,
            (true, Some(channels)) => Some((channels.clone(), UnixStream::pair()?)),
            (true, None) => return Err(io::Error::other("nobody would take its channel")),
        };
        environment.insert(
            "NOTIFY_SOCKET".to_owned(),
            notify_path.display().to_string(),
        );
        if held.is_some() {
            environment.insert("LISTEN_FDS".to_owned(), "1".to_owned());
        }
        let started = spawn(&Order {
            launcher: &self.launcher,
            command: &command,
            environment: &environment,
            directory: &settings.directory,
            user,
            own: settings.own,
            token: format!("{}.{name}.{run}", self.name),
        })?;
        // Written down first, so that nothing runs that a next supervisor could not find.
        let written = self.ledger.add(Record {
            service: name.to_string(),
            pid: started.process.pid().as_raw_nonzero().get(),
            start: started.process.start(),
            token: started.process.token().to_owned(),
        });
        let pid = started.process.pid().as_raw_nonzero().get();
        let gone = written.and_then(|()| match ends {
            None => {
                started.go(&held.map_or(Handed::Nothing, |(_, held)| Handed::Socket(held.as_fd())))
            }
            Some((channels, (stream, theirs))) => {
                // The program has its end before the process can say anything. One that has
                // dropped the other end is on its way out.
                let _ = channels.send(Channel {
                    instance: number,
                    generation,
                    run,
                    pid,
                    stream,
                });
                started.go(&Handed::Input(theirs.as_fd()))
            }
        });

        let over = watch::Sender::new(false);
        let mut readers = Vec::new();
        if let (Some(output), Some((out, err))) = (&served.output, started.outputs) {
            for (pipe, stream) in [(out, Stream::Out), (err, Stream::Err)] {
                let read = Arc::clone(output).read(pipe, number, stream, over.subscribe());
                readers.push(tokio::spawn(read));
            }
        }
        let watch = Watch {
            address: address.clone(),
            health: settings.health.clone(),
            rise: settings.policy.rise,
            activated: held.is_some(),
            says_so_itself: settings.own,
            notify,
        };
        let voice = self.voice.clone();
        let service = Arc::clone(name);
        let found = async move |finding| {
            let event = match finding {
                Finding::Ready => Event::Ready(run),
                Finding::Passed => Event::Passed(run),
                Finding::Failed(why) => Event::Failed(run, why),
            };
            // A supervisor that is gone needs no events.
            let _ = voice
                .send(Message::Event(Arc::clone(&service), event))
                .await;
        };
        let mut process = started.process;
        if let Err(error) = gone {
            // It waits for the word, and ends like any other that failed.
            tracing::error!(%error, service = %name, "cannot write down or begin a process");
            process.kill();
        }
        let live = Live {
            process,
            number,
            settings,
            address,
            watch: tokio::spawn(watch.run(found)),
            readers,
            over,
            since: (self.means.clock)(),
            exit: None,
            use_of: Use::default(),
        };
        served.live.insert(run, live);
        Ok(())
    }

    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.means.run.join("services").join(name)
    }
}

/// An address that the service will open itself.
fn free_address(
    listening: Listening,
    folder: &Path,
    number: u32,
    run: RunId,
) -> io::Result<Option<Address>> {
    Ok(match listening {
        Listening::Unix => Some(Address::Unix(folder.join(format!("{number}.{run}.sock")))),
        // Free now; should somebody take it before the service does, its start fails and the
        // next one gets another.
        Listening::Tcp => Some(Address::Tcp(
            TcpListener::bind("127.0.0.1:0")?.local_addr()?.port(),
        )),
        Listening::Nowhere => None,
    })
}

fn placeholders(instance: u32, address: Option<&Address>) -> Placeholders {
    let (socket, port) = match address {
        Some(Address::Unix(path)) => (Some(path.clone()), None),
        Some(Address::Tcp(port)) => (None, Some(*port)),
        None => (None, None),
    };
    Placeholders {
        instance,
        socket,
        port,
    }
}

fn environment(settings: &Settings, places: &Placeholders) -> BTreeMap<String, String> {
    let written = settings.environment.0.iter();
    let mut all: BTreeMap<String, String> = written
        .map(|(name, value)| (name.clone(), places.fill(value)))
        .collect();
    all.insert("KENDURI_INSTANCE".to_owned(), places.instance.to_string());
    if let Some(socket) = &places.socket {
        all.insert("SOCKET".to_owned(), socket.display().to_string());
    }
    if let Some(port) = places.port {
        all.insert("PORT".to_owned(), port.to_string());
    }
    all
}
