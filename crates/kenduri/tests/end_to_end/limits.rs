//! Tests of resource limits and connection limits.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::http;
use crate::program::Program;

const PATIENCE: Duration = Duration::from_mins(1);
const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
const ANSWER: &[u8; 12] = b"HTTP/1.1 200";

fn connect(program: &Program) -> TcpStream {
    let stream = TcpStream::connect(&program.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    stream
}

fn served(program: &Program) -> TcpStream {
    let mut stream = connect(program);
    stream.write_all(REQUEST).expect("sent");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, ANSWER);
    stream
}

#[test]
fn one_connection_too_many_of_an_address_is_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let program = Program::serve(&["--data", &data, "--set", "listen.connections=2"], &[]);
    // Both clients have received a response, so their connections occupy both slots.
    let (mut first, second) = (served(&program), served(&program));
    let mut third = connect(&program);
    // Kenduri may close the third connection before this write.
    let _ = third.write_all(REQUEST);
    let mut answer = [0; 12];
    let read = third.read(&mut answer);
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    // The first two connections stay open.
    first.write_all(REQUEST).expect("sent");
    let mut rest = Vec::new();
    while !rest.windows(ANSWER.len()).any(|part| part == ANSWER) {
        let mut piece = [0; 1_024];
        let count = first.read(&mut piece).expect("another answer");
        assert_ne!(count, 0, "{}", String::from_utf8_lossy(&rest));
        rest.extend_from_slice(&piece[..count]);
    }
    drop(second);
}

/// Returns the numbers in a line of the worker's `limits` or `status` file (proc(5)).
fn numbers(program: &Program, file: &str, line: &str) -> Vec<u64> {
    let text = String::from_utf8_lossy(&program.system_file(file)).into_owned();
    let found = text.lines().find_map(|it| it.strip_prefix(line));
    let words = found.expect("such a line").split_whitespace();
    words.filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn there_is_room_for_many_connections_before_they_come() {
    let program = Program::serve(&["--demo"], &[]);
    let [granted, most, ..] = numbers(&program, "limits", "Max open files")[..] else {
        panic!("no limits");
    };
    assert!(granted >= most.min(65_536), "{granted} of {most}");
    let room = numbers(&program, "status", "FDSize:");
    assert!(room[0] >= granted.min(8_192), "{room:?} of {granted}");
}

#[test]
fn a_limit_on_wrong_codes_counts_what_guests_try() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("kenduri.toml");
    let limit = "[[route]]\nto = \"app\"\nlimit = { rate = \"3/h\", on = \"wrong-code\" }\n";
    std::fs::write(&config, limit).expect("settings");
    let config = config.to_string_lossy().into_owned();
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let program = Program::serve(&["--demo", "--config", &config, "--data", &data], &[]);
    let post = |path, kind, body: &str| {
        let headers = [("Content-Type", kind)];
        let answer = http::send(&program.address, "POST", path, &headers, body.as_bytes());
        answer.expect("an answer")
    };
    let form = "application/x-www-form-urlencoded";
    let right = || {
        assert_eq!(program.get("/invite/RAHMA").status, 200);
        assert_eq!(post("/", form, "code=RAHMA").status, 303);
    };
    // Valid codes and malformed codes do not count as guesses.
    for _ in 0..4 {
        right();
        assert_eq!(program.get("/invite/X").status, 404);
    }
    let link = program.get("/invite/WRNG2");
    assert_eq!((link.status, link.header("x-kenduri-outcome")), (404, None));
    assert_eq!(post("/", form, "code=WRNG3").status, 404);
    right();
    let asked = post(
        "/api/v1/codes/resolve",
        "application/json",
        "{\"code\":\"WRNG4\"}",
    );
    assert_eq!(asked.status, 404);
    let refused = program.get("/invite/RAHMA");
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some(), "{}", refused.head);
}
