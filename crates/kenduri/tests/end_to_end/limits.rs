//! What connections may take of the program, through real sockets.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::program::Program;

const PATIENCE: Duration = Duration::from_secs(20);

fn connect(program: &Program) -> TcpStream {
    let stream = TcpStream::connect(&program.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    stream
}

#[test]
fn one_connection_too_many_waits_for_another_to_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let program = Program::serve(&["--data", &data, "--set", "listen.connections=2"], &[]);
    let (first, second) = (connect(&program), connect(&program));
    let mut third = connect(&program);
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    third.write_all(request).expect("sent");
    let mut answer = [0; 12];
    third
        .set_read_timeout(Some(Duration::from_millis(500)))
        .expect("a limit");
    assert!(third.read(&mut answer).is_err(), "both places are taken");
    drop(first);
    third.set_read_timeout(Some(PATIENCE)).expect("a limit");
    third.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200");
    drop(second);
}
