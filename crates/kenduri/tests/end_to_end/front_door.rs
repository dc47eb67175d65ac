//! Tests of Kenduri behind its own edge: files, upstream servers, certificates, and changes of
//! settings while Kenduri runs.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::http::{self, Answer};
use crate::program::{Program, free_address, run, text};

const PATIENCE: Duration = Duration::from_mins(1);

/// A folder with a settings file and a page.
struct Place(tempfile::TempDir);

impl Place {
    fn new(settings: &str) -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        fs::create_dir(place.path().join("pages")).expect("a folder");
        place.write("pages/index.html", "<p>Selamat datang");
        place.write("kenduri.toml", settings);
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path().join(name), content).expect("a file");
    }

    fn config(&self) -> String {
        self.path().join("kenduri.toml").display().to_string()
    }

    fn serve(&self) -> Program {
        Program::start(&["serve", "--config", &self.config()], &[])
    }

    /// Runs a command with the folder's settings file. Returns its exit code and all its output.
    fn order(&self, words: &[&str]) -> (Option<i32>, String) {
        let config = self.config();
        let words = [words, &["--config", &config]].concat();
        let output = run(&words, self.path(), &[]);
        let said = text(&output.stdout) + &text(&output.stderr);
        (output.status.code(), said)
    }
}

fn get(program: &Program, host: &str, path: &str, headers: &str) -> Answer {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
    http::raw(&program.address, request.as_bytes()).expect("an answer")
}

const FILES: &str = "data = \"data\"\n[listen]\nhttp = [\"127.0.0.1:0\"]\n\
                     [[route]]\nto = \"files:pages\"\n";

#[test]
fn a_site_has_logs_of_its_own() {
    let settings = "data = \"data\"\n[log]\nto = \"logs\"\n[listen]\nhttp = [\"127.0.0.1:0\"]\n\
        [[route]]\nhost = \"shop.example\"\nto = \"files:pages\"\nlog = \"shop\"\n\
        [[route]]\nhost = \"shop.example\"\npath = \"/api\"\nto = \"http://127.0.0.1:1\"\nlog = \"shop\"\n\
        [[route]]\nto = \"files:pages\"\n";
    let place = Place::new(settings);
    let mut program = place.serve();
    for (host, path, status) in [
        ("shop.example", "/", 200),
        ("shop.example", "/api/x", 502),
        ("other.example", "/other", 404),
    ] {
        assert_eq!(get(&program, host, path, "").status, status, "{path}");
    }
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    let logs = place.path().join("data/logs");
    let read = |name: &str| fs::read_to_string(logs.join(name)).expect("a log");
    let all = read("shop.access.log");
    assert!(
        all.contains("\"path\":\"/\"") && all.contains("\"path\":\"/api/x\""),
        "{all}"
    );
    let errors = read("shop.error.log");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.contains("\"path\":\"/api/x\""), "{errors}");
    let common = read("kenduri.log");
    assert!(common.contains("\"path\":\"/other\""), "{common}");
    assert!(!common.contains("shop.example"), "{common}");

    place.write("kenduri.toml", &settings.replace("\"logs\"", "\"stderr\""));
    let (code, said) = place.order(&["check"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("log.to names no folder"), "{said}");
}

#[test]
fn without_a_route_to_the_app_nothing_of_it_is_there() {
    let aside = "[log]\nto = \"logs\"\n[metrics]\nlisten = \"unix:run/figures.sock\"\n";
    let place = Place::new(&format!("{FILES}{aside}"));
    let mut program = place.serve();
    assert_eq!(program.get("/").text(), "<p>Selamat datang");
    assert_eq!(program.get("/admin/x.html?q=Rahma").status, 404);
    assert_eq!(program.get("/invite/RAHMA").status, 404);
    assert_eq!(program.get("/../kenduri.toml").status, 404);
    let socket = place.path().join("data/run/figures.sock");
    let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let figures = http::over_unix(&socket, request).expect("an answer").text();
    assert!(figures.contains("edge_requests_total{route="), "{figures}");
    assert!(!figures.contains("kenduri_store"), "{figures}");
    let mut data: Vec<_> = fs::read_dir(place.path().join("data"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    data.sort();
    assert_eq!(data, ["cdn-id", "logs", "run", "sticky-key"]);
    let (code, said) = place.order(&[
        "owner",
        "create",
        "--email",
        "a@b.example",
        "--name",
        "Farah",
    ]);
    assert_eq!(code, Some(1));
    assert!(said.contains("runs without its own pages"), "{said}");
    assert_eq!(program.end(Signal::TERM).code(), Some(0));

    let log = fs::read_to_string(place.path().join("data/logs/kenduri.log")).expect("a log");
    let lines = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let lines: Vec<serde_json::Value> = lines.collect();
    let told = |path: &str| lines.iter().find(|line| line["path"] == path);
    let page = told("/").expect("a line");
    assert_eq!(
        (&page["status"], &page["method"]),
        (&200.into(), &"GET".into())
    );
    assert!(
        page["request_id"].is_string() && page["client"] == "127.0.0.1",
        "{page}"
    );
    assert!(
        told("/admin/x.html").is_some() && told("/invite/RA***").is_some(),
        "{log}"
    );
    assert!(!log.contains("RAHMA") && !log.contains("Rahma"), "{log}");
}

#[test]
fn the_wedding_card_stands_beside_the_app() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/kadkahwin");
    let config = example.join("kenduri.alone.toml").display().to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().display().to_string();
    let program = Program::serve(&["--demo", "--config", &config, "--data", &data], &[]);
    // A static page has its route's content security policy. A page of the app has the app's
    // policy.
    let policy = |answer: &Answer| {
        let policy = answer.header("content-security-policy");
        policy.expect("a policy").to_owned()
    };
    for path in ["/", "/en/", "/card.css"] {
        let card = program.get(path);
        assert_eq!(card.status, 200, "{path}");
        assert!(policy(&card).starts_with("default-src 'self'"), "{path}");
    }
    assert!(program.get("/").text().contains("card.js"));
    for (path, status) in [
        ("/forgot", 200),
        // Registration is closed, so the app refuses this page.
        ("/register", 403),
        ("/login", 200),
        ("/invite/RAHMA", 200),
        ("/admin", 303),
        // A folder without an index, and a missing file.
        ("/fonts/", 404),
        ("/none.html", 404),
    ] {
        let app = program.get(path);
        assert_eq!(app.status, status, "{path}: {}", app.text());
        assert!(policy(&app).starts_with("default-src 'none'"), "{path}");
    }
    assert_eq!(program.get("/healthz").text(), "alive\n");
    assert_eq!(program.get("/api/flask/health").status, 200);
    let post = |path, body: &str| {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = http::send(&program.address, "POST", path, &headers, body.as_bytes());
        answer.expect("an answer")
    };
    let opened = post("/", "code=RAHMA");
    assert_eq!(opened.status, 303);
    let page = opened.header("location").expect("a page");
    assert!(page.starts_with("/invite/RAHMA"), "{page}");
    assert_eq!(post("/card.css", "x=y").status, 404);
    assert_eq!(
        get(&program, "x", "/card.css", "Range: bytes=9999999-\r\n").status,
        416
    );
}

#[test]
fn operators_are_answered_where_no_route_is_in_the_way() {
    let elsewhere = FILES.replace("to = ", "host = \"shop.example\"\nto = ");
    let place = Place::new(&format!("{elsewhere}[log]\nto = \"logs\"\n"));
    let (_, said) = place.order(&["check"]);
    assert!(said.contains("/metrics  Kenduri itself"), "{said}");
    assert!(!said.contains("Nobody is told figures"), "{said}");
    let mut program = place.serve();
    assert_eq!(program.get("/healthz").text(), "alive\n");
    assert_eq!(program.get("/readyz").text(), "ready\n");
    let figures = program.get("/metrics").text();
    assert!(figures.contains("edge_requests_total{route="), "{figures}");
    for name in [
        "kenduri_memory_available_bytes",
        "kenduri_disk_free_bytes",
        "kenduri_load1",
    ] {
        assert!(figures.contains(name), "{name} {figures}");
    }
    // A proxy's `X-Forwarded-For` shows that the client is on another machine.
    let forwarded = "X-Forwarded-For: 203.0.113.9\r\n";
    assert_eq!(get(&program, "x", "/metrics", forwarded).status, 404);
    assert_eq!(get(&program, "x", "/healthz", forwarded).status, 200);
    assert_eq!(program.get("/metrics/x").status, 404);
    assert_eq!(program.get("/").status, 404);
    assert_eq!(get(&program, "shop.example", "/metrics", "").status, 404);
    // A local proxy may omit the client's address. Then only the host name shows that the request
    // came through the proxy.
    assert_eq!(get(&program, "x", "/metrics", "").status, 404);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    let log = fs::read_to_string(place.path().join("data/logs/kenduri.log")).expect("a log");
    for (path, lines) in [("/healthz", 2), ("/metrics", 4), ("/metrics/x", 1)] {
        let line = format!("\"path\":\"{path}\"");
        assert_eq!(log.matches(&line).count(), lines, "{path} {log}");
    }

    place.write("kenduri.toml", &elsewhere.replace("files:pages", "app"));
    let mut program = place.serve();
    let figures = program.get("/metrics").text();
    for name in [
        "kenduri_store_commits_total",
        "kenduri_store_bytes",
        "kenduri_store_lag_seconds",
    ] {
        assert!(figures.contains(name), "{name} {figures}");
    }
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));

    place.write("kenduri.toml", FILES);
    let (_, said) = place.order(&["check"]);
    assert!(said.contains("Nobody is told figures"), "{said}");
    let own = format!("{FILES}[metrics]\nlisten = \"127.0.0.1:9100\"\n");
    place.write("kenduri.toml", &own);
    let (_, said) = place.order(&["check"]);
    assert!(!said.contains("Nobody is told figures"), "{said}");
}

#[test]
fn what_the_worker_refuses_can_be_taken_once_it_is_mended() {
    let place = Place::new(FILES);
    let mut program = place.serve();
    let https = free_address();
    let secured = FILES.replace("0\"]\n", &format!("0\"]\nhttps = [\"{https}\"]\n"));
    let secured = format!("{secured}[tls]\nacme = {{ email = \"owner@kad.example\" }}\n");
    place.write("kenduri.toml", &secured);
    place.write("data/acme", "no folder");
    for _ in 0..2 {
        let (code, said) = place.order(&["apply"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("cannot store certificates"), "{said}");
        assert!(TcpStream::connect(https).is_err(), "nobody listens there");
    }
    fs::remove_file(place.path().join("data/acme")).expect("a file");
    let (code, said) = place.order(&["apply"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(TcpStream::connect(https).is_ok());
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

#[test]
fn settings_are_taken_while_it_runs_and_bad_ones_change_nothing() {
    let place = Place::new(FILES);
    assert_eq!(place.order(&["apply"]).0, Some(3), "nobody runs");
    let mut program = place.serve();

    let gone = "[[route]]\npath = \"/old/\"\nto = \"status:410\"\n";
    place.write(
        "kenduri.toml",
        &format!("{FILES}{gone}[site]\nname = \"Rumah\"\n"),
    );
    let (code, said) = place.order(&["apply"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        said,
        "Changed: route[1].\nWaiting for a restart: site.name.\n  \
         kenduri reload kenduri   (services keep running, and no request is lost)\n"
    );
    assert_eq!(program.get("/old/x").status, 410);
    let (_, said) = place.order(&["apply"]);
    assert!(said.starts_with("No setting changed"), "{said}");
    assert!(said.contains("Waiting for a restart: site.name."), "{said}");
    let (code, said) = place.order(&["reload", "kenduri"]);
    assert_eq!(code, Some(0), "{said}");
    let (_, said) = place.order(&["apply"]);
    assert!(!said.contains("Waiting"), "{said}");
    // Kenduri was started with another settings file, so it refuses this file, whatever the file
    // contains.
    place.write("other.toml", FILES);
    let other = place.path().join("other.toml");
    let words = ["apply", "--config", other.to_str().expect("text")];
    let output = run(&words, place.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let said_why = text(&output.stderr);
    assert!(
        said_why.contains("other.toml was not read") && said_why.contains("/kenduri.toml"),
        "{said_why}"
    );

    place.write(
        "kenduri.toml",
        &format!("{FILES}[[route]]\npath = \"/old/\"\nto = \"files:nowhere\"\n"),
    );
    let (code, said) = place.order(&["apply"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("kenduri.toml:8: route[1].to: "), "{said}");
    assert_eq!(program.get("/old/x").status, 410);
    place.write(
        "kenduri.toml",
        &format!("{FILES}[[route]]\npath = \"/x\"\nto = \"app\"\n"),
    );
    let (code, said) = place.order(&["apply"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("restart Kenduri"), "{said}");
    let listen = |https: &str| FILES.replace("0\"]\n", &format!("0\"]\nhttps = [\"{https}\"]\n"));
    place.write("kenduri.toml", &listen("unix:run/tls.sock"));
    let (code, said) = place.order(&["apply"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("listen.https") && said.contains("route[1]"),
        "{said}"
    );
    let socket = place.path().join("data/run/tls.sock");
    assert!(UnixStream::connect(socket).is_ok());
    assert_eq!(program.get("/old/x").status, 404);

    place.write(
        "kenduri.toml",
        &format!("{FILES}{}", gone.replace("410", "451")),
    );
    program.signal(Signal::HUP);
    let end = Instant::now() + PATIENCE;
    while program.get("/old/x").status != 451 {
        assert!(Instant::now() < end, "the signal was not heard");
        std::thread::yield_now();
    }
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

#[test]
fn the_doors_close_for_all_but_the_owner() {
    let place = Place::new(FILES);
    let mut program = place.serve();
    let (code, said) = place.order(&["maintenance", "on", "--host", "Kad.example"]);
    assert_eq!(code, Some(0), "{said}");
    let link = said.lines().last().unwrap_or_default();
    let path = link.strip_prefix("http://kad.example").expect("a link");
    let path = path.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
    let closed = get(&program, "kad.example", "/", "");
    assert_eq!(closed.status, 503);
    assert!(closed.header("retry-after").is_some());
    assert_eq!(program.get("/").status, 200, "another host");
    let entered = get(&program, "kad.example", path, "");
    assert_eq!(entered.status, 303, "{path} {}", entered.head);
    let cookie = format!("Cookie: {}\r\n", entered.cookie().expect("a pass"));
    assert_eq!(get(&program, "kad.example", "/", &cookie).status, 200);

    // Maintenance mode survives a restart, and can be turned off while Kenduri is stopped.
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    let mut program = place.serve();
    assert_eq!(get(&program, "kad.example", "/", "").status, 503);
    assert_eq!(get(&program, "kad.example", "/", &cookie).status, 200);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    assert_eq!(place.order(&["maintenance", "off"]).0, Some(0));
    let program = place.serve();
    assert_eq!(get(&program, "kad.example", "/", "").status, 200);
    assert_eq!(place.order(&["maintenance", "on"]).0, Some(0));
    assert_eq!(program.get("/").status, 503);
    assert_eq!(place.order(&["maintenance", "off"]).0, Some(0));
    assert_eq!(program.get("/").status, 200);
}

/// Returns the printed links of `kenduri maintenance`.
fn links(said: &str) -> Vec<&str> {
    let lines = said.lines().map(|line| line.split_once("/?kenduri-pass="));
    lines.flatten().map(|(start, _)| start).collect()
}

#[test]
fn links_into_closed_doors_lead_where_they_let_in() {
    let https = free_address();
    let place = Place::new(&format!(
        "data = \"data\"\n[listen]\nhttp = [\"127.0.0.1:0\"]\nhttps = [\"{https}\"]\n\
         [[tls.certificate]]\nchain = \"chain.pem\"\nkey = \"key.pem\"\n\
         [[route]]\nhost = \"shop.example\"\nto = \"files:pages\"\n\
         [[route]]\nhost = \"plain.example\"\nto = \"files:pages\"\n\
         [[route]]\nhost = \"*.far.example\"\nto = \"files:pages\"\n"
    ));
    let made =
        rcgen::generate_simple_self_signed(["shop.example".to_owned()]).expect("a certificate");
    place.write("chain.pem", &made.cert.pem());
    place.write("key.pem", &made.signing_key.serialize_pem());
    let program = place.serve();
    let http = program.address.rsplit(':').next().unwrap_or_default();
    let (code, said) = place.order(&["maintenance", "on", "--host", "shp.example"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("did you mean shop.example?"), "{said}");
    assert_eq!(get(&program, "plain.example", "/", "").status, 200);

    let (code, plain) = place.order(&["maintenance", "on", "--host", "plain.example"]);
    assert_eq!(code, Some(0), "{plain}");
    assert_eq!(links(&plain), [format!("http://plain.example:{http}")]);
    let (_, said) = place.order(&["maintenance", "on", "--host", "a.far.example"]);
    assert_eq!(links(&said), [format!("http://a.far.example:{http}")]);
    // The first printed link still works.
    let (_, pass) = plain.trim().split_once("/?").expect("a link");
    let entered = get(&program, "plain.example", &format!("/?{pass}"), "");
    assert_eq!(entered.status, 303, "{}", entered.head);

    let all = [
        format!("http://plain.example:{http}"),
        format!("https://shop.example:{}", https.port()),
    ];
    let (_, said) = place.order(&["maintenance", "on"]);
    assert_eq!(links(&said), all, "{said}");
    // After `kenduri apply`, the links are those of the hosts in the new settings.
    place.write("kenduri.toml", FILES);
    assert_eq!(place.order(&["apply"]).0, Some(0));
    let (_, said) = place.order(&["maintenance", "on"]);
    assert_eq!(links(&said), [format!("http://127.0.0.1:{http}")]);
    let route = |number| format!("[[route]]\nhost = \"{number}.example\"\nto = \"status:410\"\n");
    let many: String = (10..31).map(route).collect();
    place.write("kenduri.toml", &format!("{FILES}{many}"));
    assert_eq!(place.order(&["apply"]).0, Some(0));
    let (_, said) = place.order(&["maintenance", "on"]);
    assert_eq!(links(&said).len(), 20);
    assert!(said.ends_with("lets you in: 1.\n"), "{said}");
}

/// Accepts one request, and returns its head as the response.
fn echo(listener: TcpListener) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a visitor");
        let mut reader = BufReader::new(stream.try_clone().expect("once more"));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).expect("a line"), 0);
        }
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{head}",
            head.len()
        );
        stream.write_all(answer.as_bytes()).expect("sent");
    })
}

#[test]
fn the_app_a_folder_and_a_neighbour_share_one_door() {
    let neighbour = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = neighbour.local_addr().expect("an address");
    let place = Place::new(&format!(
        "data = \"data\"\n[listen]\nhttp = [\"127.0.0.1:0\"]\n[[route]]\nto = \"app\"\n\
         [[route]]\npath = \"/pages/\"\nstrip = \"/pages\"\nto = \"files:pages\"\n\
         [[route]]\npath = \"/node/\"\nstrip = \"/node\"\nto = \"http://{address}\"\n"
    ));
    let program = place.serve();
    assert_eq!(program.get("/readyz").status, 200);
    assert!(place.path().join("data/kenduri.db").exists());
    assert_eq!(program.get("/pages/").text(), "<p>Selamat datang");
    let echoes = echo(neighbour);
    let forged = "X-Forwarded-For: 203.0.113.9\r\nX-Request-Id: forged\r\n";
    let answer = get(&program, "kad.example", "/node/a%2Fb?c=d", forged);
    let head = answer.text().to_lowercase();
    assert!(head.starts_with("get /a%2fb?c=d http/1.1"), "{head}");
    assert!(head.contains("host: kad.example\r\n"), "{head}");
    assert!(head.contains("x-forwarded-for: 127.0.0.1\r\n"), "{head}");
    let id = answer.header("x-request-id").expect("an id").to_owned();
    assert!(head.contains(&format!("x-request-id: {id}\r\n")) && id != "forged");
    echoes.join().expect("an end");
    // The request contains a client address, as a proxy's request would. The app does not trust
    // this address, but does not treat the request as local either.
    assert_eq!(get(&program, &program.address, "/metrics", "").status, 200);
    assert_eq!(
        get(&program, &program.address, "/metrics", forged).status,
        404
    );
    let figures = program.get("/metrics").text();
    assert!(figures.contains("edge_requests_total{route="), "{figures}");
    let (code, said) = place.order(&["purge", "/wedding", "*"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Responses removed: 0."), "{said}");

    // After mail delivery is configured, the built-in mailbox stays until a restart.
    let public = "[listen]\nhttps = [\":0\"]\n[mail]\nurl = \"smtp://localhost:1\"\n";
    place.write("kenduri.toml", &format!("data = \"data\"\n{public}"));
    let (code, said) = place.order(&["apply"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("some changes take effect at a restart only")
            && said.contains("mail.url is \"mailbox:\""),
        "{said}"
    );
}

#[test]
fn certificates_in_files_open_the_door_with_tls() {
    let place = Place::new(
        "data = \"data\"\n[site]\nurl = \"https://kad.example\"\n[mail]\nurl = \"smtp://localhost:1\"\n\
         [listen]\nhttp = [\"127.0.0.1:0\"]\nhttps = [\"127.0.0.1:0\"]\n\
         [[tls.certificate]]\nchain = \"chain.pem\"\nkey = \"key.pem\"\n",
    );
    let made =
        rcgen::generate_simple_self_signed(["kad.example".to_owned()]).expect("a certificate");
    place.write("chain.pem", &made.cert.pem());
    place.write("key.pem", &made.signing_key.serialize_pem());
    let mut program = place.serve();
    let moved = get(&program, "kad.example", "/login?x=y", "");
    assert_eq!(moved.status, 308);
    let secure = program.listener("https://");
    let port = secure.rsplit(':').next().unwrap_or_default();
    let expected = format!("https://kad.example:{port}/login?x=y");
    assert_eq!(moved.header("location"), Some(expected.as_str()));

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);
    let connect = |name: &str| {
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let client = ClientConnection::new(Arc::clone(&config), name).expect("a client");
        let stream = TcpStream::connect(&secure).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        StreamOwned::new(client, stream)
    };
    let mut stream = connect("kad.example");
    let request = "GET /login HTTP/1.1\r\nHost: kad.example\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        connect("other.example").write_all(b"x").is_err(),
        "nobody else's certificate"
    );
}
