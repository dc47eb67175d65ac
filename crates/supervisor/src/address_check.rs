//! Checks that the process listening at an instance's address belongs to that instance. Another
//! user may have replaced the socket file with a link, or taken the port.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufRead, BufReader};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

use tokio::net::UnixStream;

use crate::ready_instances::Address;

/// `TCP_LISTEN` in `/proc/net/tcp`.
const LISTENS: &str = "0A";

/// Root's sockets are trusted: root can read all traffic anyway, and may hold a port for another
/// user's program, as Docker does.
const ROOT: u32 = 0;
/// Only owner and group can connect to such a socket, which needs write permission (unix(7)).
const FOR_OWNER_AND_GROUP: u32 = 0o660;

pub(crate) struct CheckedAddress {
    pub(crate) address: Address,
    /// The uid that must own the socket. `None` means that no check is needed, because no other
    /// user can have opened the socket.
    pub(crate) owner: Option<u32>,
    /// The gid of the group that may connect in addition to the owner. If `None`, the socket's
    /// permissions are not changed.
    pub(crate) group: Option<u32>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The connection failed, for example because nothing listens at the address.
    #[error("{0}")]
    System(#[from] io::Error),
    /// Another process listens at the address, or the kernel does not show which process listens.
    #[error("{0}")]
    Refused(String),
}

impl CheckedAddress {
    /// Connects to a Unix socket, and checks that the instance owns it.
    pub(crate) async fn connect(&self, socket: &Path) -> Result<UnixStream, ConnectError> {
        let stream = UnixStream::connect(socket).await?;
        self.check_owner(stream.peer_cred()?.uid())?;
        self.grant_group_access();
        Ok(stream)
    }

    /// Lets the worker's group connect to the instance's socket, whatever the instance's umask is.
    /// Changes the permissions through an open descriptor, because another user may have replaced
    /// the path with a link.
    pub(crate) fn grant_group_access(&self) {
        let (Address::Unix(path), Some(owner), Some(group)) =
            (&self.address, self.owner, self.group)
        else {
            return;
        };
        if let Err(error) = grant_group(path, owner, group) {
            tracing::warn!(
                %error, socket = %path.display(),
                "cannot let the edge use the socket of a service, so requests may not reach it; restart the service; if it comes again, let the program keep the socket that it finds"
            );
        }
    }

    /// Checks that no other user listens on the instance's port. A TCP connection does not show
    /// which process accepted it, so this function reads the owners of all listening sockets from
    /// the kernel.
    pub(crate) fn check_listener(&self) -> Result<(), ConnectError> {
        let (Address::Tcp(port), Some(_)) = (&self.address, self.owner) else {
            return Ok(());
        };
        let unknown = |why| {
            let why = format!(
                "cannot find out who listens on its port: {why}; /proc must be mounted and readable"
            );
            ConnectError::Refused(why)
        };
        let users = users_who_listen(*port).map_err(unknown)?.into_iter();
        let mut users = users.filter(|user| *user != ROOT);
        users.try_for_each(|user| self.check_owner(user))
    }

    fn check_owner(&self, user: u32) -> Result<(), ConnectError> {
        match self.owner {
            Some(owner) if owner != user => Err(ConnectError::Refused(format!(
                "another user listens at {}: user {user}, not user {owner}; stop that program, or, if it \
                 is the service itself, set `user` in its section",
                self.address
            ))),
            _ => Ok(()),
        }
    }
}

fn grant_group(path: &Path, owner: u32, group: u32) -> io::Result<()> {
    let socket = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_PATH | libc::O_NOFOLLOW)
        .open(path)?;
    let metadata = socket.metadata()?;
    if !metadata.file_type().is_socket() || metadata.uid() != owner {
        return Ok(());
    }
    let socket = format!("/proc/self/fd/{}", socket.as_raw_fd());
    if metadata.gid() != group {
        chown(&socket, None, Some(group))?;
    }
    if metadata.mode() & 0o777 != FOR_OWNER_AND_GROUP {
        std::fs::set_permissions(&socket, Permissions::from_mode(FOR_OWNER_AND_GROUP))?;
    }
    Ok(())
}

/// On 127.0.0.1.
fn users_who_listen(port: u16) -> io::Result<Vec<u32>> {
    let mut users = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let file = match File::open(table) {
            // This machine has no IPv6.
            Err(error) if error.kind() == io::ErrorKind::NotFound && table.ends_with('6') => break,
            file => file?,
        };
        for line in BufReader::new(file).lines() {
            users.extend(user_who_listens(&line?, port));
        }
    }
    Ok(users)
}

/// `/proc/net/tcp` or `/proc/net/tcp6` (proc(5)). `None` if the socket does not listen on `port`
/// for connections to 127.0.0.1.
fn user_who_listens(line: &str, port: u16) -> Option<u32> {
    let mut fields = line.split_ascii_whitespace();
    let (address, at) = fields.nth(1)?.split_once(':')?;
    let state = fields.nth(1)?;
    let user = fields.nth(3)?;
    let is_there = u16::from_str_radix(at, 16) == Ok(port);
    (state == LISTENS && is_there && takes_local(address)).then(|| user.parse().ok())?
}

/// True for 127.0.0.1 and for the unspecified address, in IPv4 or IPv6 form. `address` consists of
/// hexadecimal words of 4 bytes in native byte order.
fn takes_local(address: &str) -> bool {
    let local = format!("{:08X}", u32::from_ne_bytes([127, 0, 0, 1]));
    let mapped = format!("{:016}{:08X}", 0, u32::from_ne_bytes([0, 0, 0xff, 0xff]));
    let host = address.strip_prefix(mapped.as_str()).unwrap_or(address);
    host == local || host.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn who_listens_is_found() {
        let me = rustix::process::geteuid().as_raw();
        for address in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0", "[::ffff:127.0.0.1]:0"] {
            let Ok(socket) = TcpListener::bind(address) else {
                continue;
            };
            let port = socket.local_addr().unwrap().port();
            let _connection = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
            assert_eq!(users_who_listen(port).unwrap(), [me], "{address}");
            let place = |owner| CheckedAddress {
                address: Address::Tcp(port),
                owner,
                group: None,
            };
            assert!(
                place(Some(me)).check_listener().is_ok() && place(None).check_listener().is_ok()
            );
            let looked = place(Some(me + 1)).check_listener();
            assert_eq!(looked.is_err(), me != ROOT, "{address}");
            drop(socket);
            assert!(users_who_listen(port).unwrap().is_empty(), "{address}");
        }
    }

    #[test]
    fn other_ports_other_addresses_and_connections_are_passed_over() {
        let line = |local: &str, state: &str| {
            format!(
                "  12: {local}:1F90 00000000:0000 {state} 00000000:00000000 00:00000000 00000000   33        0 4711 1 0 100 0 0 10 0"
            )
        };
        let local = format!("{:08X}", u32::from_ne_bytes([127, 0, 0, 1]));
        let other = format!("{:08X}", u32::from_ne_bytes([10, 0, 0, 1]));
        assert_eq!(user_who_listens(&line(&local, "0A"), 8_080), Some(33));
        assert_eq!(user_who_listens(&line(&local, "0A"), 8_081), None);
        assert_eq!(user_who_listens(&line(&local, "01"), 8_080), None);
        assert_eq!(user_who_listens(&line(&other, "0A"), 8_080), None);
        let heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when";
        assert_eq!(user_who_listens(heading, 8_080), None);
    }
}
