//! Tests of services without a sign-in of their own. They rely on Kenduri's sign-in.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;

use crate::http::{self, Answer};
use crate::program::{Program, command, run, text};
use crate::serving::session;

/// Starts a server that returns each request as its response. The server ends with the test
/// process.
fn neighbour() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                match stream.read(&mut byte) {
                    Ok(1..) => head.push(byte[0]),
                    _ => break,
                }
            }
            let length = head.len();
            let answer =
                format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.write_all(&head);
        }
    });
    address
}

fn get(program: &Program, path: &str, headers: &[(&str, &str)]) -> Answer {
    http::send(&program.address, "GET", path, headers, b"").expect("an answer")
}

#[test]
fn our_sign_in_stands_before_a_neighbour() {
    let place = tempfile::tempdir().expect("a folder");
    let neighbour = neighbour();
    let config = place.path().join("kenduri.toml");
    let settings = format!(
        "data = \"data\"\n[listen]\nhttp = [\"127.0.0.1:0\"]\n[[route]]\nto = \"app\"\n\
         [[route]]\npath = \"/studio/\"\nto = \"http://{neighbour}\"\naccess = {{ sign_in = \"owner\" }}\n"
    );
    fs::write(&config, settings).expect("a file");
    let config = config.to_string_lossy().into_owned();
    let program = Program::start(&["serve", "--config", &config], &[]);
    let page = ("Accept", "text/html,*/*;q=0.8");

    let away = get(&program, "/studio/x?y=1&z", &[page]);
    assert_eq!(away.status, 303, "{}", away.head);
    let login = away.header("location").expect("a way in");
    let here = format!("http://{}", program.address);
    assert_eq!(
        login.strip_prefix(&here),
        Some("/login?redirect=%2Fstudio%2Fx%3Fy%3D1%26z")
    );
    let login = login.strip_prefix(&here).expect("a path");
    assert!(
        program
            .get(login)
            .text()
            .contains("value=\"/studio/x?y=1&#38;z\"")
    );
    let script = get(&program, "/studio/", &[("Accept", "application/json")]);
    assert_eq!(script.status, 401, "{}", script.head);
    assert!(script.header("www-authenticate").is_some());
    let posted = http::send(&program.address, "POST", "/studio/", &[page], b"x");
    assert_eq!(posted.expect("an answer").status, 401);
    // Visitors are always redirected to Kenduri's own sign-in page, whatever host the request
    // names.
    let elsewhere = [page, ("X-Forwarded-Host", "evil.example")];
    let away = get(&program, "//evil.example/../studio/", &elsewhere);
    assert!(
        away.header("location")
            .is_none_or(|to| to.starts_with(&here)),
        "{}",
        away.head
    );

    let words = [
        "owner",
        "create",
        "--email",
        "a@b.example",
        "--name",
        "Farah",
    ];
    let output = run(
        &[&words[..], &["--config", &config]].concat(),
        place.path(),
        &[],
    );
    let said = text(&output.stdout) + &text(&output.stderr);
    let link = said.lines().last().expect("a link").to_owned();
    let link = link.strip_prefix(&here).expect("a path");
    let cookie = format!("theme=dark; {}", session(&program, link));
    let forged = [
        page,
        ("Cookie", cookie.as_str()),
        ("X-Forwarded-Email", "eve@evil.example"),
        ("X-Forwarded-User", "1"),
    ];
    let seen = get(&program, "/studio/x?y=1&z", &forged);
    assert_eq!(seen.status, 200, "{}", seen.text());
    let seen = seen.text();
    assert!(
        seen.starts_with("GET /studio/x?y=1&z HTTP/1.1\r\n"),
        "{seen}"
    );
    assert!(
        seen.contains("x-forwarded-email: a@b.example\r\n"),
        "{seen}"
    );
    assert!(seen.contains("cookie: theme=dark\r\n"), "{seen}");
    for secret in ["kd_session", "kd_device", "evil", "x-forwarded-user: 1\r\n"] {
        assert!(!seen.contains(secret), "{seen}");
    }
    drop(program);
}

#[test]
fn a_password_is_hashed_for_a_file_that_opens_a_folder() {
    let place = tempfile::tempdir().expect("a folder");
    fs::create_dir(place.path().join("pages")).expect("a folder");
    fs::write(place.path().join("pages/index.html"), "<p>Album").expect("a file");
    let hash = |password: &[u8]| {
        let mut child = command(&[])
            .args(["password", "hash", "aisyah"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut input = child.stdin.take().expect("its input");
        input.write_all(password).expect("it is read");
        drop(input);
        child.wait_with_output().expect("its output")
    };
    let weak = hash(b"password\n");
    assert_eq!(weak.status.code(), Some(1));
    assert!(text(&weak.stderr).contains("password is"), "{weak:?}");
    let line = text(&hash("pantun lama sekali\n".as_bytes()).stdout);
    assert!(line.starts_with("aisyah:$argon2id$v=19$"), "{line}");
    fs::write(place.path().join("album"), &line).expect("a file");
    let config = place.path().join("kenduri.toml");
    fs::write(
        &config,
        "data = \"data\"\n[listen]\nhttp = [\"127.0.0.1:0\"]\n\
         [[route]]\nto = \"files:pages\"\naccess = { basic = { file = \"album\" } }\n",
    )
    .expect("a file");
    let config = config.to_string_lossy().into_owned();
    let program = Program::start(&["serve", "--config", &config], &[]);
    assert_eq!(program.get("/").status, 401);
    // `aisyah:pantun lama sekali` in base64.
    let shown = "Basic YWlzeWFoOnBhbnR1biBsYW1hIHNla2FsaQ==";
    let page = get(&program, "/", &[("Authorization", shown)]);
    assert_eq!(page.text(), "<p>Album");
    drop(program);
}
