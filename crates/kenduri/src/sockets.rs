//! Listening sockets that are opened before the edge starts. Either the service manager passes
//! them, or Kenduri opens them here, because other settings depend on their addresses.

use std::io;
use std::net::{SocketAddr, TcpListener};

use anyhow::{Context as _, Result};
use configuration::{Asked, Configuration, Flag};
use edge::{Inherited, ListenAddress};

use crate::domains::DOMAINS;

/// For a demo, if the configured port is occupied.
const PORTS_TRIED: u16 = 100;
const BACKLOG: i32 = 4_096;

/// Returns how many threads a worker has, namely one per core. Each thread has its own listening
/// sockets.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What to do if the configured port is occupied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    Asked,
    /// Use the next free port.
    Near,
}

/// Receives the sockets from the service manager. If there are none, opens the HTTP sockets whose
/// port may be chosen here. Returns the sockets, and the configuration with their actual addresses.
pub(crate) fn prepare(
    mut asked: Asked,
    configuration: Configuration,
    port: Port,
) -> Result<(Asked, Configuration, Inherited)> {
    let variable = |wanted: &str| {
        let mut all = asked.environment.iter();
        all.find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    };
    let handed_in = Inherited::receive(variable("LISTEN_FDS"), variable("LISTEN_PID"))?;
    let listen = &configuration.settings.listen;
    let is_open = |address: &ListenAddress| match address {
        ListenAddress::Tcp(tcp) => tcp.port() == 0 || port == Port::Near,
        ListenAddress::Everywhere(_) | ListenAddress::Unix(_) => false,
    };
    if handed_in.left() > 0 || !listen.http.iter().any(is_open) {
        return Ok((asked, configuration, handed_in));
    }
    let (mut sockets, mut addresses) = (Vec::new(), Vec::new());
    for address in &listen.http {
        match address {
            ListenAddress::Tcp(tcp) if is_open(address) => {
                let socket = bind(*tcp, port)?;
                addresses.push(socket.local_addr()?.to_string());
                sockets.push(socket.into());
            }
            other => addresses.push(other.to_string()),
        }
    }
    // The added flag overrides earlier flags, also at later reloads of the settings file.
    asked.flags.push(Flag {
        typed: "--listen".to_owned(),
        key: "listen.http".to_owned(),
        value: addresses.join(","),
    });
    let configuration = configuration::load(DOMAINS, &asked)?;
    Ok((asked, configuration, Inherited::new(sockets)?))
}

fn bind(asked: SocketAddr, port: Port) -> Result<TcpListener> {
    let mut tried = asked;
    for _ in 0..PORTS_TRIED {
        match TcpListener::bind(tried) {
            Ok(socket) => {
                // The standard library's backlog is too small.
                rustix::net::listen(&socket, BACKLOG)?;
                return Ok(socket);
            }
            Err(error) => match tried.port().checked_add(1) {
                Some(next) if port == Port::Near && error.kind() == io::ErrorKind::AddrInUse => {
                    tried.set_port(next);
                }
                _ => {
                    return Err(error).with_context(|| {
                        format!("cannot listen on {tried}\n  name another address with --listen")
                    });
                }
            },
        }
    }
    anyhow::bail!(
        "cannot listen on {asked}, nor on the {PORTS_TRIED} ports after it\n  name another with --listen"
    )
}
