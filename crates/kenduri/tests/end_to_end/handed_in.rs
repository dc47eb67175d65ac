//! Tests of listening sockets that another process, such as systemd, passes to Kenduri.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::program::{Program, command};

#[test]
fn sockets_of_the_system_are_used_and_live_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let program = |listener: TcpListener| {
        let usual = command(&[]);
        let mut shell = Command::new("sh");
        shell
            .args([
                "-c",
                "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\"",
                "sh",
            ])
            .arg(usual.get_program())
            .args(["serve", "--listen", &address, "--data"])
            .arg(folder.path())
            .stdin(Stdio::from(OwnedFd::from(listener)));
        for (name, value) in usual.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        Program::watch(shell)
    };
    // While the test holds the socket, no other process can bind this address.
    let mut first = program(listener.try_clone().expect("once more"));
    assert_eq!(first.address, address);
    assert_eq!(first.get("/readyz").status, 200);
    assert_eq!(first.end(Signal::TERM).code(), Some(0));
    let second = program(listener);
    assert_eq!(second.get("/readyz").status, 200);
}
