//! Tests of serving, from an operator's first minutes to visitors' requests.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::http;
use crate::program::{PATIENCE, Program, command, run, text};

#[test]
fn the_demonstration_prints_links_that_work_and_leaves_nothing_behind() {
    let mut program = Program::serve(&["--demo"], &[]);
    let guest = program.link("A guest's invitation");
    assert!(guest.starts_with("/invite/RAHMA?k="), "{guest}");
    let page = program.get(&guest);
    assert_eq!(page.status, 200, "{}", page.text());
    let first = program.link("The site");
    let first = program.get(&first).text();
    let shown = [
        "class=\"portrait\"",
        "name=\"code\"",
        "Our wedding",
        "/blog/forty-kilos-of-rice",
        "href=\"/book\"",
    ];
    for part in shown {
        assert!(first.contains(part), "{part}: {first}");
    }
    for path in [
        "/site/images/portrait-480x576.jpg",
        "/blog/images/forty-kilos-1200x630.jpg",
        "/p/about",
        "/u/aisyah/the-wedding",
        "/u/aisyah/without-sugar",
        "/u/mei-lin",
        "/book/aisyah",
    ] {
        assert_eq!(program.get(path).status, 200, "{path}");
    }
    let host = program.link("The host's side");
    let occasions = sign_in(&program, &host);
    assert!(occasions.contains("/admin/o/aisyah-daniel"), "{occasions}");
    let mailbox = program.link("The mailbox");
    assert_eq!(program.get(&mailbox).status, 200);
    let line = program.wait_for_line("Everything is in ");
    let folder = line
        .split_whitespace()
        .find(|word| word.starts_with('/'))
        .expect("a folder")
        .trim_end_matches(',')
        .to_owned();
    assert!(Path::new(&folder).join("kenduri.db").exists(), "{folder}");

    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    assert!(!Path::new(&folder).exists());
}

/// Opens a one-time sign-in link as a browser does. Returns the hosts' first page.
fn sign_in(program: &Program, link: &str) -> String {
    let session = session(program, link);
    let headers = [("Cookie", session.as_str())];
    let page = http::send(&program.address, "GET", "/admin", &headers, b"").expect("an answer");
    assert_eq!(page.status, 200, "{}", page.text());
    page.text()
}

/// Opens a one-time sign-in link, and returns the cookies that it sets.
pub(crate) fn session(program: &Program, link: &str) -> String {
    let page = program.get(link);
    assert_eq!(page.status, 200, "{}", page.text());
    let token = page.text();
    let token = token.split("name=\"_csrf\" value=\"").nth(1);
    let token = token
        .and_then(|rest| rest.split('"').next())
        .expect("a form");
    let origin = format!("http://{}", program.address);
    let cookie = page.cookie().unwrap_or_default();
    let headers = [
        ("Cookie", cookie.as_str()),
        ("Origin", origin.as_str()),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let body = format!("_csrf={token}");
    let answer = http::send(&program.address, "POST", link, &headers, body.as_bytes());
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.cookie().expect("a session")
}

#[test]
fn operators_can_ask_how_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(&["--data", &folder.path().to_string_lossy()], &[]);
    assert_eq!(program.get("/healthz").status, 200);
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.get("/nothing-here").status, 404);
    let figures = program.get("/metrics");
    assert_eq!(figures.status, 200);
    for figure in [
        "kenduri_requests_total{route=\"/healthz\",status=\"2xx\"} 1",
        "kenduri_requests_total{route=\"none\",status=\"4xx\"} 1",
        "kenduri_store_commits_total",
        "kenduri_request_seconds_bucket",
        "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total ",
        "\nprocess_resident_memory_bytes ",
        "\nprocess_open_fds ",
        "\nprocess_max_fds ",
        "\nprocess_start_time_seconds ",
    ] {
        assert!(
            figures.text().contains(figure),
            "{figure}\n{}",
            figures.text()
        );
    }
    // A proxy's `X-Forwarded-For` shows that the client is on another machine.
    let forwarded = [("X-Forwarded-For", "203.0.113.9")];
    let outside = http::send(&program.address, "GET", "/metrics", &forwarded, b"");
    assert_eq!(outside.expect("an answer").status, 404);
}

#[test]
fn figures_may_have_a_listener_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("figures.sock");
    let setting = format!("metrics.listen=unix:{}", socket.display());
    let arguments = [
        "--data",
        &folder.path().to_string_lossy(),
        "--set",
        &setting,
    ];
    let _program = Program::serve(&arguments, &[]);
    let answer = http::over_unix(
        &socket,
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert!(
        answer
            .expect("an answer")
            .text()
            .contains("kenduri_store_commits_total")
    );
    let answer = http::over_unix(
        &socket,
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(answer.expect("an answer").status, 404);
}

#[test]
fn connections_that_find_no_place_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("figures.sock");
    let setting = format!("metrics.listen=unix:{}", socket.display());
    let data = folder.path().to_string_lossy();
    let limit = "listen.connections_per_address=1";
    let program = Program::serve(&["--data", &data, "--set", &setting, "--set", limit], &[]);
    let mut first = TcpStream::connect(&program.address).expect("a place");
    first
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .expect("sent");
    assert_ne!(first.read(&mut [0]).expect("an answer"), 0);
    let mut second = TcpStream::connect(&program.address).expect("a try");
    assert_eq!(second.read(&mut [0]).unwrap_or_default(), 0, "it is closed");
    let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let figures = http::over_unix(&socket, request).expect("an answer").text();
    for (limit, count) in [("connections_per_address", 1), ("connections", 0)] {
        let line = format!("edge_connections_refused_total{{limit=\"{limit}\"}} {count}\n");
        assert!(figures.contains(&line), "{line}{figures}");
    }
}

#[test]
fn what_is_too_large_or_broken_is_refused_and_others_are_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(&["--data", &folder.path().to_string_lossy()], &[]);
    let large = "x".repeat(17 * 1024);
    let huge = "x".repeat(64 * 1024);
    let many = "X: y\r\n".repeat(150);
    for (request, status) in [
        (
            format!("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: {large}\r\n\r\n"),
            431,
        ),
        (
            format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {huge}\r\n\r\n"),
            431,
        ),
        (
            format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
            431,
        ),
        ("GET / HTTP/1.1\r\nbroken header\r\n\r\n".to_owned(), 400),
        ("NONSENSE\r\n\r\n".to_owned(), 400),
        (
            "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(),
            200,
        ),
    ] {
        let answer = http::raw(&program.address, request.as_bytes()).expect("an answer");
        assert_eq!(answer.status, status, "{request:.80}");
    }
}

#[test]
fn an_orderly_stop_finishes_what_runs() {
    let mut program = Program::serve(&["--demo"], &[]);
    let mut slow = TcpStream::connect(&program.address).expect("a connection");
    let body = "code=RAHMA";
    let head = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).expect("sent");
    slow.write_all(&body.as_bytes()[..4]).expect("sent");
    // When a later request has its response, Kenduri is already reading the long request.
    assert_eq!(program.get("/healthz").status, 200);
    program.signal(Signal::TERM);
    let end = Instant::now() + PATIENCE;
    while TcpStream::connect(&program.address).is_ok() {
        assert!(Instant::now() < end, "somebody listens there still");
        std::thread::yield_now();
    }
    slow.write_all(&body.as_bytes()[4..]).expect("sent");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert!(answer.contains("/invite/RAHMA"), "{answer}");
    assert_eq!(program.wait().code(), Some(0));
}

#[test]
fn an_open_stream_does_not_hold_up_a_stop() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let mut program = Program::serve(&["--demo", "--data", &data], &[]);
    let arguments = [
        "token",
        "create",
        "--data",
        &data,
        "--occasion",
        "aisyah-daniel",
    ];
    let scopes = ["--scope", "occasion:read,rsvps:read"];
    let output = run(&[&arguments[..], &scopes].concat(), folder.path(), &[]);
    let bearer = format!("Bearer {}", text(&output.stdout).trim());
    let headers = [("Authorization", bearer.as_str())];
    let list = http::send(&program.address, "GET", "/api/v1/occasions", &headers, b"");
    let list = list.expect("an answer").json();
    let id = list["items"][0]["id"].as_str().expect("an occasion");

    let mut stream = TcpStream::connect(&program.address).expect("a connection");
    let request = format!(
        "GET /api/v1/occasions/{id}/stream HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("event: hello")));
    let began = Instant::now();
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    // Kenduri did not wait for the whole drain time.
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(lines.any(|line| line == "0"), "the stream ends in order");
}

#[test]
fn who_never_finishes_the_headers_is_let_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(&["--data", &folder.path().to_string_lossy()], &[]);
    let mut slow = TcpStream::connect(&program.address).expect("a connection");
    slow.set_read_timeout(Some(Duration::from_mins(1)))
        .expect("a limit");
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n")
        .expect("sent");
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).expect("closed in time");
}

#[test]
fn two_do_not_serve_one_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let mut first = Program::serve(&["--data", &data], &[]);
    let second = run(
        &["serve", "--data", &data, "--listen", "127.0.0.1:0"],
        folder.path(),
        &[],
    );
    assert_eq!(second.status.code(), Some(1));
    assert!(
        text(&second.stderr).contains("already running"),
        "{}",
        text(&second.stderr)
    );
    assert_eq!(first.get("/readyz").status, 200);

    // A killed Kenduri leaves its socket file behind. This must not prevent the next start.
    first.end(Signal::KILL);
    drop(first);
    let again = Program::serve(&["--data", &data], &[]);
    assert_eq!(again.get("/readyz").status, 200);
}

#[test]
fn a_taken_port_is_told_and_a_demonstration_takes_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let output = run(
        &["serve", "--data", "d", "--listen", &address],
        folder.path(),
        &[],
    );
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains(&format!("cannot listen on {address}")),
        "{said}"
    );
    assert!(said.contains("--listen"), "{said}");

    let front =
        format!("[service.web]\nrun = \"sleep 1\"\nlisten = \"tcp\"\nfront = \"{address}\"\n");
    std::fs::write(folder.path().join("front.toml"), front).expect("settings");
    let words = ["serve", "--demo", "--config", "front.toml"];
    let output = run(&words, folder.path(), &[]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("service.web.front") && !said.contains("--listen"),
        "{said}"
    );

    let output = run(
        &["serve", "--demo", "--listen", &address],
        folder.path(),
        &[],
    );
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("cannot listen on {address}")),
        "{said}"
    );

    // The address comes from a setting instead of `--listen`. In a demo, an occupied port from a
    // setting is replaced by the next free port.
    let setting = format!("listen.http={address}");
    let program = Program::start(&["serve", "--demo", "--set", &setting], &[]);
    assert_ne!(program.address, address);
    assert_eq!(program.get("/readyz").status, 200);
}

#[test]
fn the_log_may_go_into_a_folder_and_never_names_a_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let mut program = Program::serve(&["--data", &data, "--set", "log.to=logs"], &[]);
    program.get("/invite/QQQQQ/rsvp?lang=en");
    program.get("/setup/0123456789abcdef");
    program.get("/qQq-qQ");
    program.get("/wedding/QQQQQ?code=QQQQQ&QQQQQ");
    for from in [
        "/QQQQQ/rsvp?QQQQQ",
        "/wedding/QQQQQ/",
        "/setup/0123456789abcdef",
    ] {
        let from = format!("http://{}{from}", program.address);
        let headers = [("Referer", from.as_str()), ("User-Agent", "a browser")];
        http::send(&program.address, "GET", "/healthz", &headers, b"").expect("an answer");
    }
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let guess = b"email=a%40b.example&password=wrong";
    http::send(&program.address, "POST", "/login", &form, guess).expect("an answer");
    assert_eq!(program.end(Signal::INT).code(), Some(0));
    let log = std::fs::read_to_string(folder.path().join("logs/kenduri.log")).expect("a log");
    assert!(
        !log.contains("QQQ") && !log.contains("qQq") && !log.contains("0123456789abcdef"),
        "{log}"
    );
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|line: &serde_json::Value| line["message"] == "request")
        .collect();
    let told = |key: &str| {
        let texts = lines.iter().map(|line| line[key].as_str().unwrap_or("-"));
        let mut texts: Vec<_> = texts.collect();
        texts.sort_unstable();
        texts
    };
    let paths = ["/healthz"; 3];
    let paths = [
        &paths[..],
        &["/invite/QQ***/rsvp", "/login", "/qQ***", "/setup/***"],
    ]
    .concat();
    assert_eq!(
        told("path"),
        [&paths[..], &["/we***/QQ***"]].concat(),
        "{log}"
    );
    let from = ["/QQ***/rsvp?***", "/setup/***", "/we***/QQ***/"];
    let from = from.map(|path| format!("http://{}{path}", program.address));
    assert_eq!(
        told("referrer"),
        [&["-"; 5][..], &from.each_ref().map(String::as_str)].concat()
    );
    // The access log shows attempts to guess a password, with all promised fields.
    let guess = lines.iter().find(|line| line["method"] == "POST");
    let guess = guess.expect("a line");
    for (key, value) in [
        ("client", "127.0.0.1"),
        ("method", "POST"),
        ("host", &program.address),
        ("protocol", "HTTP/1.1"),
    ] {
        assert_eq!(guess[key], value, "{guess}");
    }
    assert_eq!(guess["received"], 34, "{guess}");
    let is_known = |key: &&str| guess[key].as_u64().is_some_and(|number| number > 0);
    let numbers = ["status", "sent", "queue_us", "upstream_us", "duration_us"];
    assert!(numbers.iter().all(is_known), "{guess}");
    assert!(
        guess["request_id"].is_string() && guess["route"].is_string(),
        "{guess}"
    );
}

#[test]
fn the_log_may_go_to_the_journal_which_has_the_time_of_each_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let said = |stream: &str| {
        let file = File::create(folder.path().join("said")).expect("a file");
        let kept = file.metadata().expect("its place");
        let stream = stream
            .replace("DEVICE", &kept.dev().to_string())
            .replace("INODE", &kept.ino().to_string());
        let mut command = command(&[("JOURNAL_STREAM", &stream)]);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .args(["--set", "log.to=journal", "--set", "log.format=text"]);
        let mut program = Program::watch_with(command, file.into());
        assert_eq!(program.end(Signal::INT).code(), Some(0));
        assert!(!data.join("journal").exists());
        std::fs::read_to_string(folder.path().join("said")).expect("a log")
    };
    let begins = |said: &str| said.lines().any(|line| line.starts_with(" INFO stopping"));
    let kept = said("DEVICE:INODE");
    assert!(
        begins(&kept) && !kept.contains("does not go to the journal"),
        "{kept}"
    );
    let lost = said("1:INODE");
    assert!(
        !begins(&lost) && lost.contains("does not go to the journal"),
        "{lost}"
    );
    assert_eq!(lost.matches("log.to").count(), 1, "{lost}");
}

#[test]
fn every_request_has_its_line_whatever_else_is_logged() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let quiet = ["--set", "log.to=logs", "--set", "log.level=error"];
    let mut program = Program::serve(&[&["--data", &data], &quiet[..]].concat(), &[]);
    assert_eq!(program.get("/healthz").status, 200);
    let refused = http::raw(&program.address, b"NONSENSE\r\n\r\n").expect("an answer");
    assert_eq!(refused.status, 400);
    assert_eq!(program.end(Signal::INT).code(), Some(0));
    let log = std::fs::read_to_string(folder.path().join("logs/kenduri.log")).expect("a log");
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let (requests, others): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line["message"] == "request");
    let told = |key: &str, value: &str, status: u16| {
        let is_it = |line: &&&serde_json::Value| line[key] == value && line["status"] == status;
        requests.iter().filter(is_it).count()
    };
    assert_eq!(told("path", "/healthz", 200), 1, "{log}");
    assert_eq!(told("why", "refused_request_line", 400), 1, "{log}");
    assert!(others.iter().all(|line| line["level"] == "ERROR"), "{log}");
}

#[test]
fn whoever_quotes_an_id_finds_what_the_matter_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let quiet = ["--set", "log.to=logs", "--set", "log.level=error"];
    let mut program = Program::serve(&[&["--data", &data], &quiet[..]].concat(), &[]);
    let store = rusqlite::Connection::open(folder.path().join("kenduri.db")).expect("a store");
    let gone = store.execute("ALTER TABLE invitation RENAME TO gone", []);
    gone.expect("a change");
    let failed = program.get("/invite/QQQQQ");
    assert_eq!(failed.status, 500, "{}", failed.text());
    let id = failed.header("x-request-id").expect("an id").to_owned();
    assert!(failed.text().contains(&id), "{}", failed.text());
    assert_eq!(program.end(Signal::INT).code(), Some(0));
    let log = std::fs::read_to_string(folder.path().join("logs/kenduri.log")).expect("a log");
    let lines: Vec<serde_json::Value> = log
        .lines()
        .filter(|line| line.contains(&id))
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let [fault, request] = &lines[..] else {
        panic!("{log}");
    };
    assert_eq!(
        fault["message"],
        "a request failed because of an internal error; do what `cause` says; if it is about a file, \
         check the disk, and who may write there; otherwise please report it"
    );
    assert_eq!(fault["span"]["request_id"], *id, "{fault}");
    assert_eq!(
        (&request["message"], &request["status"]),
        (&"request".into(), &500.into())
    );
}

#[test]
fn the_api_describes_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(&["--data", &folder.path().to_string_lossy()], &[]);
    let described = program.get("/api/openapi.json");
    assert_eq!(described.status, 200);
    for path in ["/api/v1/invitations/{code}/rsvp", "/api/v1/me"] {
        assert!(described.json()["paths"][path].is_object(), "{path}");
    }
    let page = program.get("/api/docs");
    assert_eq!(page.status, 200);
    let page = page.text();
    assert!(page.contains("/api/v1/invitations/{code}/rsvp"));
    let ids: Vec<&str> = page
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let different: BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(different.len(), ids.len(), "an id stands twice");
    let links = page.split("href=\"#").skip(1);
    for link in links.filter_map(|rest| rest.split('"').next()) {
        assert!(ids.contains(&link), "#{link} leads nowhere");
    }
    let short = program.get("/api");
    assert_eq!(
        (short.status, short.header("location")),
        (303, Some("/api/docs"))
    );
}
