//! Starts an instance: its address, its environment, its process, and the tasks that watch it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::service::RunningInstance;
use super::{ShimProgram, Supervisor};
use crate::channel::Channel;
use crate::folder::Folder;
use crate::log_query::Stream;
use crate::plan::{Listening, OWN_SERVICE, Placeholders, ServiceSettings, USUAL_WEIGHT};
use crate::process::{
    Cgroup, Cgroups, PassedDescriptor, PidRecord, SpawnRequest, THIS_PROGRAM, spawn,
};
use crate::readiness::NotifySocket;
use crate::ready_instances::Address;
use crate::service_log::OpenPipe;
use crate::state::RunId;

/// The sockets that the supervisor opens before it starts instances. While an instance's process is
/// restarted, its socket stays open, so that connections wait instead of being refused. The process
/// of another generation gets another socket, because two processes that listen on one socket
/// cannot be told apart, and both would get requests.
#[derive(Default)]
pub(super) struct Sockets(BTreeMap<SocketKey, (Address, OwnedFd)>);

/// The instance for which a socket was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct SocketKey {
    pub(super) number: u32,
    pub(super) generation: u32,
}

impl Sockets {
    /// Closes and removes the sockets of all instances except those for which `is_there` returns
    /// true.
    pub(super) fn retain(&mut self, services: &Folder, is_there: impl Fn(SocketKey) -> bool) {
        self.0.retain(|key, (address, _)| {
            let stays = is_there(*key);
            if let (false, Address::Unix(path)) = (stays, address) {
                let _ = fs::remove_file(services.through(path));
            }
            stays
        });
    }

    pub(super) fn holds(&self, wanted: &Address) -> bool {
        self.0.values().any(|(address, _)| address == wanted)
    }

    /// Returns the address and the descriptor of each socket.
    pub(super) fn iter(&self) -> impl Iterator<Item = (SocketKey, &Address, BorrowedFd<'_>)> {
        let all = self.0.iter();
        all.map(|(key, (address, held))| (*key, address, held.as_fd()))
    }

    /// Adds a socket that this process opened before an `exec`.
    pub(super) fn take_over(&mut self, key: SocketKey, address: Address, socket: OwnedFd) {
        self.0.insert(key, (address, socket));
    }

    fn open(
        &mut self,
        key: SocketKey,
        listening: Listening,
        services: &Folder,
        name: &str,
        owner: Option<(u32, u32)>,
    ) -> io::Result<()> {
        let fits = |address: &Address| match address {
            Address::Unix(_) => listening == Listening::Unix,
            Address::Tcp(_) => listening == Listening::Tcp,
        };
        if self.0.get(&key).is_some_and(|(address, _)| fits(address)) {
            return Ok(());
        }
        let held = match listening {
            Listening::Unix => {
                let listener = UnixListener::bind(services.at(name))?;
                services.give(name, owner, if owner.is_some() { 0o660 } else { 0o600 })?;
                let path = services.path().join(name);
                (Address::Unix(path), listener.into())
            }
            Listening::Tcp => {
                let listener = TcpListener::bind("127.0.0.1:0")?;
                let port = listener.local_addr()?.port();
                (Address::Tcp(port), listener.into())
            }
            Listening::Nowhere => return Ok(()),
        };
        self.0.insert(key, held);
        Ok(())
    }
}

impl Supervisor {
    /// Returns the group of the program's own service, if that service runs as a user other than
    /// the supervisor's. Members of the group must be able to connect to the sockets of all
    /// services.
    pub(super) fn worker_group(&self) -> Option<u32> {
        let own = self.services.get(OWN_SERVICE)?.current_settings();
        own.user.as_ref().map(|user| user.group)
    }

    pub(super) fn launch(
        &mut self,
        name: &Arc<str>,
        run: RunId,
        number: u32,
        generation: u32,
    ) -> io::Result<()> {
        // The service's own folder belongs to the service's user, so the supervisor must not create
        // sockets in it.
        let services = &self.folders.services;
        let folder = services.path().join(&**name);
        let worker_group = self.worker_group();
        let Some(managed) = self.services.get_mut(name) else {
            return Ok(());
        };
        let settings = managed
            .settings
            .get(&generation)
            .cloned()
            .unwrap_or_else(|| managed.current_settings());
        let user = settings.user.as_ref();
        let owner = user.map(|user| (user.user, worker_group.unwrap_or(user.group)));
        let mode = match (user, worker_group) {
            (None, _) => 0o700,
            (Some(_), Some(_)) => 0o710,
            (Some(_), None) => 0o711,
        };
        services.give_folder(name, owner, mode)?;
        let key = SocketKey { number, generation };
        if settings.activate {
            let socket = format!("{name}.{number}.{generation}.sock");
            managed
                .sockets
                .open(key, settings.listening, services, &socket, owner)?;
        }
        let held = settings
            .activate
            .then(|| managed.sockets.0.get(&key))
            .flatten();
        let address = match held {
            Some((address, _)) => Some(address.clone()),
            None => free_address(settings.listening, &folder, number, run)?,
        };
        let notify = format!("{name}.{number}.{run}.notify");
        let notify = NotifySocket::open(services, &notify, owner)?;

        let (command, mut environment) = if settings.own {
            let mut command = settings.command.clone();
            let runs_this = matches!(self.options.launcher, ShimProgram::ThisProgram);
            if let Some(program) = command.first_mut()
                && runs_this
                && self.from_disk != Some(generation)
            {
                THIS_PROGRAM.clone_into(program);
            }
            (command, settings.environment.found.clone())
        } else {
            let places = placeholders(number, address.as_ref());
            let command = settings.command.iter().map(|word| places.fill(word));
            (command.collect(), environment(&settings, &places))
        };
        let ends = match (settings.own, &self.options.channels) {
            (false, _) => None,
            (true, Some(channels)) => Some((channels.clone(), UnixStream::pair()?)),
            (true, None) => return Err(io::Error::other("nobody would take its channel")),
        };
        environment.insert(
            "NOTIFY_SOCKET".to_owned(),
            notify.path().display().to_string(),
        );
        if held.is_some() {
            environment.insert("LISTEN_FDS".to_owned(), "1".to_owned());
        }
        let token = format!("{}.{name}.{run}", self.name);
        let group = control_group(self.groups.as_ref(), &token, &settings);
        let started = spawn(&SpawnRequest {
            launcher: &self.launcher,
            command: &command,
            environment: &environment,
            directory: &settings.directory,
            user,
            own: settings.own,
            token,
        });
        let mut started = match started {
            Ok(started) => started,
            Err(error) => {
                // The start has already failed, so an error during the removal is not reported.
                let _ = group.map(|group| group.remove());
                return Err(error);
            }
        };
        // The process is recorded before it becomes the service, so that a later supervisor can
        // find everything that runs.
        let written = self.pid_records.add(PidRecord {
            service: name.to_string(),
            pid: started.process.pid().as_raw_nonzero().get(),
            start: started.process.start(),
            token: started.process.token().to_owned(),
            group: group.clone(),
        });
        if let Some(group) = group {
            // The process must not have children yet, because they would stay outside the control
            // group. It has none, because it still waits for the start byte.
            match group.add_process(started.process.pid()) {
                Ok(()) => started.process.set_cgroup(group),
                Err(error) => {
                    tracing::warn!(%error, service = %name, "cannot move a process into its control group, so the kernel does not limit its memory or its share of the processor; restart the service to try again");
                    let _ = group.remove();
                }
            }
        }
        let pid = started.process.pid().as_raw_nonzero().get();
        let gone = written.and_then(|()| match ends {
            None => started.send_start(&held.map_or(PassedDescriptor::Nothing, |(_, held)| {
                PassedDescriptor::Socket(held.as_fd())
            })),
            Some((channels, (stream, theirs))) => {
                // The supervisor's program must receive its end of the channel before the service
                // can send anything. An error means that the program is shutting down.
                let _ = channels.send(Channel {
                    instance: number,
                    generation,
                    run,
                    pid,
                    stream,
                });
                started.send_start(&PassedDescriptor::Input(theirs.as_fd()))
            }
        });

        let mut process = started.process;
        if let Err(error) = gone {
            // The process still waits for the start byte. Its exit is handled like any other
            // failure.
            tracing::error!(%error, service = %name, "cannot record or start a process, which counts as a failed start; it is tried again; if it goes on, make room on the data folder's disk, or raise TasksMax= in the systemd unit");
            process.kill();
        }
        let since = (self.options.clock)();
        let mut live = RunningInstance::new(process, number, settings, notify, since);
        live.address = address;
        if let Some((out, err)) = started.outputs {
            let begun = |(pipe, stream)| OpenPipe {
                pipe,
                stream,
                line: Vec::new(),
            };
            let pipes = [(out, Stream::Out), (err, Stream::Err)];
            live.begun = pipes.map(begun).into();
        }
        if let Some(known) = managed.state.runs().find(|known| known.id == run) {
            live.start_watching(
                name,
                known,
                managed.output.as_ref(),
                &self.messages,
                worker_group,
                self.options.alive,
            );
        }
        managed.live.insert(run, live);
        Ok(())
    }
}

/// The program's own service stays in the supervisor's control group.
fn control_group(
    groups: Option<&Cgroups>,
    name: &str,
    settings: &ServiceSettings,
) -> Option<Cgroup> {
    if settings.own {
        return None;
    }
    if settings.cpu_weight != USUAL_WEIGHT && !groups.is_some_and(Cgroups::share_processors) {
        tracing::warn!(
            service = settings.name,
            "cpu_weight has no effect, because control groups do not share the processor here\n  \
             under systemd, the unit needs Delegate=cpu memory"
        );
    }
    let groups = groups?;
    match groups.make(name, settings.hard_limit(), settings.cpu_weight) {
        Ok(group) => Some(group),
        Err(error) => {
            tracing::warn!(%error, service = settings.name, "cannot make a control group for a process, so the kernel does not limit its memory or its share of the processor; restart the service to try again");
            None
        }
    }
}

/// For an instance that opens its socket itself.
fn free_address(
    listening: Listening,
    folder: &Path,
    number: u32,
    run: RunId,
) -> io::Result<Option<Address>> {
    Ok(match listening {
        Listening::Unix => Some(Address::Unix(folder.join(format!("{number}.{run}.sock")))),
        // The port is free now. If another process takes it first, the start fails, and the next
        // attempt gets another port.
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

fn environment(settings: &ServiceSettings, places: &Placeholders) -> BTreeMap<String, String> {
    let mut all = settings.environment.filled(places);
    all.insert("KENDURI_INSTANCE".to_owned(), places.instance.to_string());
    if let Some(socket) = &places.socket {
        all.insert("SOCKET".to_owned(), socket.display().to_string());
    }
    if let Some(port) = places.port {
        all.insert("PORT".to_owned(), port.to_string());
    }
    all
}
