//! Tests of the control socket and of the commands that use it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::process::Signal;

use crate::http;
use crate::program::{PATIENCE, Program, run, text};

#[test]
fn a_running_kenduri_carries_out_orders() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let mut program = Program::serve(&["--data", &data], &[]);
    let setup = program.link("/setup/");
    assert_eq!(program.get(&setup).status, 200);
    let written = std::fs::read_to_string(folder.path().join("setup-link")).expect("a file");
    assert!(written.trim().ends_with(&setup));

    let arguments = [
        "owner",
        "create",
        "--data",
        &data,
        "--email",
        "farah@example.com",
        "--name",
        "Farah",
    ];
    let output = run(&arguments, folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    let link = said.lines().last().expect("a link");
    let path = link
        .strip_prefix(&format!("http://{}", program.address))
        .expect("the running one's address");
    assert_eq!(program.get(path).status, 200);
    // The setup link from the startup no longer works.
    assert_eq!(program.get(&setup).status, 404);
}

#[test]
fn without_a_running_kenduri_the_words_work_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = [
        "owner",
        "create",
        "--email",
        "farah@example.com",
        "--name",
        "Farah",
    ];
    let output = run(&arguments, folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("http://127.0.0.1:8080/sign-in/"));

    let arguments = [
        "token",
        "create",
        "--occasion",
        "nowhere",
        "--scope",
        "occasion:read",
    ];
    let output = run(&arguments, folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let elsewhere = run(
        &[&arguments[..], &["--data", "elsewhere"]].concat(),
        folder.path(),
        &[],
    );
    assert_eq!(elsewhere.status.code(), Some(3));
    assert!(!folder.path().join("elsewhere").exists());
    assert!(text(&output.stderr).contains("there is no occasion \"nowhere\""));
    let arguments = ["token", "create", "--occasion", "x", "--scope", "dance"];
    assert_eq!(run(&arguments, folder.path(), &[]).status.code(), Some(2));
}

#[test]
fn the_audit_log_is_verified_whether_kenduri_runs_or_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let verify = ["verify", "audit", "--data", &data];
    let mut program = Program::serve(&["--data", &data], &[]);
    for is_running in [true, false] {
        let output = run(&verify, folder.path(), &[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(
            text(&output.stdout).contains("has not been changed since it was sealed"),
            "{is_running}"
        );
        if is_running {
            program.end(Signal::TERM);
        }
    }
    let store = rusqlite::Connection::open(folder.path().join("kenduri.db")).expect("a store");
    let sealed = "UPDATE audit_chain SET place = place + 1";
    store.execute(sealed, []).expect("a change");
    drop(store);
    let output = run(&verify, folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("compare it with an older backup"));
}

#[test]
fn a_token_opens_the_api() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let program = Program::serve(&["--demo", "--data", &data], &[]);
    let arguments = [
        "token",
        "create",
        "--data",
        &data,
        "--occasion",
        "aisyah-daniel",
    ];
    let output = run(
        &[&arguments[..], &["--scope", "profile:read"]].concat(),
        folder.path(),
        &[],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let bearer = format!("Bearer {}", text(&output.stdout).trim());
    let ask = |bearer: &str| {
        let headers = [("Authorization", bearer)];
        http::send(&program.address, "GET", "/api/v1/me", &headers, b"").expect("an answer")
    };
    let answer = ask(&bearer);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["email"], "aisyah@example.com");
    assert_eq!(ask("Bearer kd_pat_wrong").status, 401);
}

#[test]
fn the_socket_is_private_and_answers_nonsense_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let _program = Program::serve(&["--data", &data], &[]);
    let socket = folder.path().join("run/control.sock");
    let mode = std::fs::metadata(&socket)
        .expect("a socket")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let ask = |line: &[u8]| {
        let mut stream = UnixStream::connect(&socket).expect("it answers");
        stream.write_all(line).expect("sent");
        let mut answer = String::new();
        BufReader::new(stream)
            .read_line(&mut answer)
            .expect("a line");
        answer
    };
    for nonsense in [
        &b"nonsense\n"[..],
        b"{}\n",
        b"{\"order\":\"dance\"}\n",
        b"\xff\xfe\n",
    ] {
        let answer = ask(nonsense);
        assert!(answer.contains("error"), "{nonsense:?}: {answer}");
    }
}

#[test]
fn one_that_is_stopping_says_so_to_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let mut first = Program::serve(&["--data", &data], &[]);
    // An idle connection is kept for a moment while Kenduri stops.
    let mut idle = TcpStream::connect(&first.address).expect("a connection");
    idle.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        .expect("sent");
    idle.read_exact(&mut [0; 12]).expect("an answer");
    first.signal(Signal::TERM);
    let end = Instant::now() + PATIENCE;
    loop {
        let second = run(
            &["serve", "--data", &data, "--listen", "127.0.0.1:0"],
            folder.path(),
            &[],
        );
        let said = text(&second.stderr);
        if said.contains("is stopping") {
            break;
        }
        assert!(Instant::now() < end, "{said}");
    }
    drop(idle);
    assert_eq!(first.wait().code(), Some(0));
}

#[test]
fn a_stop_is_told_before_new_connections_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let unready = ["--set", "listen.unready_time=2s"];
    let mut program = Program::serve(&[&["--data", &data], &unready[..]].concat(), &[]);
    assert_eq!(program.get("/readyz").status, 200);
    program.signal(Signal::TERM);
    let end = Instant::now() + PATIENCE;
    while program.get("/readyz").status == 200 {
        assert!(Instant::now() < end, "it is still ready");
    }
    assert_eq!(program.get("/livez").status, 200);
    assert_eq!(program.get("/invite").status, 200);
    assert_eq!(program.wait().code(), Some(0));
}
