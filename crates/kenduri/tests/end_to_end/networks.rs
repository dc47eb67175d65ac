//! Networks of a test's own: each server has a network namespace (`network_namespaces(7)`), and a
//! bridge joins them. So one of them can be cut off, without a word to those that are connected.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};

pub(crate) struct Networks {
    /// The third byte of the addresses, and part of the names.
    number: u32,
    count: usize,
}

impl Networks {
    /// Creates so many networks. Returns `None` if this process may not.
    pub(crate) fn create(count: usize) -> Option<Self> {
        let number = std::process::id() % 250;
        let bridge = format!("kd{number}");
        if !ip(&["link", "add", &bridge, "type", "bridge"]) {
            return None;
        }
        let networks = Self { number, count };
        let host = format!("{}/24", networks.host());
        let mut all = ip(&["address", "add", &host, "dev", &bridge]);
        all &= ip(&["link", "set", &bridge, "up"]);
        for node in 0..count {
            let (name, outside) = (networks.name(node), networks.outside(node));
            let address = format!("{}/24", networks.address(node));
            for words in [
                &["netns", "add", &name][..],
                &[
                    "link", "add", &outside, "type", "veth", "peer", "name", "inside", "netns",
                    &name,
                ],
                &["link", "set", &outside, "master", &bridge, "up"],
                &["-n", &name, "address", "add", &address, "dev", "inside"],
                &["-n", &name, "link", "set", "inside", "up"],
                &["-n", &name, "link", "set", "lo", "up"],
            ] {
                all &= ip(words);
            }
        }
        all.then_some(networks)
    }

    fn name(&self, node: usize) -> String {
        format!("kd{}n{node}", self.number)
    }

    fn outside(&self, node: usize) -> String {
        format!("kd{}v{node}", self.number)
    }

    /// The address of this process in them.
    pub(crate) fn host(&self) -> Ipv4Addr {
        self.nth(1)
    }

    pub(crate) fn address(&self, node: usize) -> Ipv4Addr {
        self.nth(u8::try_from(node).expect("few") + 2)
    }

    fn nth(&self, last: u8) -> Ipv4Addr {
        let number = u8::try_from(self.number).expect("less than 250");
        Ipv4Addr::new(10, 213, number, last)
    }

    pub(crate) fn socket(&self, node: usize, port: u16) -> SocketAddr {
        (self.address(node), port).into()
    }

    /// The command, in a server's network.
    pub(crate) fn inside(&self, node: usize, command: &Command) -> Command {
        let mut inside = Command::new("ip");
        inside
            .args(["netns", "exec", &self.name(node)])
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir("/");
        inside
    }

    pub(crate) fn cut(&self, node: usize) {
        assert!(ip(&["link", "set", &self.outside(node), "down"]));
        // Nobody waits for the neighbour's answer for longer than for a first one.
        assert!(ip(&[
            "neighbour",
            "flush",
            "dev",
            &format!("kd{}", self.number)
        ]));
    }

    pub(crate) fn join(&self, node: usize) {
        assert!(ip(&["link", "set", &self.outside(node), "up"]));
    }
}

impl Drop for Networks {
    fn drop(&mut self) {
        for node in 0..self.count {
            ip(&["netns", "delete", &self.name(node)]);
        }
        ip(&["link", "delete", &format!("kd{}", self.number)]);
    }
}

/// Whether `ip` (ip(8)) did it.
fn ip(words: &[&str]) -> bool {
    let done = Command::new("ip")
        .args(words)
        .stderr(Stdio::null())
        .status();
    done.is_ok_and(|status| status.success())
}
