//! Ways to PostgreSQL: through a pooler (`PgBouncer`), and with TLS and an authority of one's own.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustix::process::Signal;

use crate::cluster_parts::{Part, wait};
use crate::postgres_killing::invitations;
use crate::postgres_server::{Server, as_postgres, give_to_postgres};
use crate::program::{Program, free_address, run, text};

const PGBOUNCER: &str = "/usr/sbin/pgbouncer";

/// A `PgBouncer` before a server.
struct Pooler {
    address: SocketAddr,
    _process: Part,
}

impl Pooler {
    /// Starts a pooler with so many connections to the server.
    fn start(server: &Server, mode: &str, connections: u8) -> Self {
        let address = free_address();
        let settings = format!(
            "[databases]
postgres = host={} port=5432 user=postgres
[pgbouncer]
listen_addr = {}
listen_port = {}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {connections}
",
            server.folder().display(),
            address.ip(),
            address.port()
        );
        let file = server.folder().join(format!("{mode}-{connections}.ini"));
        fs::write(&file, settings).expect("written");
        give_to_postgres(&file);
        let mut command = as_postgres(Path::new(PGBOUNCER));
        command.arg(&file);
        let process = Part::start(command, &file.with_extension("log"));
        let pooler = Self {
            address,
            _process: process,
        };
        let url = pooler.url();
        let answers = || postgres::Client::connect(&url, postgres::NoTls).is_ok();
        wait(answers, "PgBouncer does not answer");
        pooler
    }

    fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address)
    }
}

#[test]
fn a_pooler_is_used_in_session_mode_and_refused_in_transaction_mode() {
    let server = Server::create().filter(|_| Path::new(PGBOUNCER).exists());
    let Some(mut server) = server else {
        eprintln!("skipped: PostgreSQL or PgBouncer is not installed");
        return;
    };
    server.start();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy();
    let pooler = Pooler::start(&server, "session", 20);
    let store = format!("store.url={}", pooler.url());
    let arguments = ["--demo", "--data", &*data, "--set", &*store];
    let mut program = Program::serve(&arguments, &[]);
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.get("/invite/RAHMA").status, 200);
    assert!(!invitations(&server.url()).is_empty());
    assert_eq!(program.end(Signal::TERM).code(), Some(0));

    let serve = &["serve", "--listen", "127.0.0.1:0"][..];
    for (words, connections) in [(serve, 20), (&["migrate"][..], 1)] {
        let pooler = Pooler::start(&server, "transaction", connections);
        let store = format!("store.url={}", pooler.url());
        let refused = run(&[words, &["--set", &store]].concat(), folder.path(), &[]);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains("set the pooler to session mode"), "{said}");
    }
}

/// Makes a certificate for `localhost`, its key, and the certificate of the authority that issued
/// it.
fn issue() -> (String, String, String) {
    let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(parameters, key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let parameters = CertificateParams::new(["localhost".to_owned()]).expect("parameters");
    let issued = parameters.signed_by(&key, &authority).expect("issued");
    (issued.pem(), key.serialize_pem(), authority.pem())
}

fn write(folder: &Path, name: &str, content: &str) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, content).expect("written");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("private");
    file
}

#[test]
fn a_server_with_an_authority_of_its_own_is_verified() {
    let Some(mut server) = Server::create() else {
        eprintln!("skipped: no server of PostgreSQL is installed");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key, authority) = issue();
    let rules = "local all all trust\nhostssl all all samehost trust\n";
    for (name, content) in [
        ("server.crt", &*certificate),
        ("server.key", &*key),
        ("pg_hba.conf", rules),
    ] {
        give_to_postgres(&write(&server.data(), name, content));
    }
    let own = write(folder.path(), "own.pem", &authority);
    let other = write(folder.path(), "other.pem", &issue().2);
    let port = server.start_with_tls();
    let migrate = |host: &str, words: &str, ca_file: Option<&Path>| {
        let url = format!("store.url=postgres://postgres@{host}:{port}/postgres{words}");
        let ca_file = ca_file.map(|file| format!("store.ca_file={}", file.display()));
        let settings = [Some(url), ca_file].into_iter().flatten();
        let settings: Vec<String> = settings.collect();
        let settings = settings.iter().flat_map(|setting| ["--set", setting]);
        let arguments: Vec<&str> = ["migrate"].into_iter().chain(settings).collect();
        run(&arguments, folder.path(), &[])
    };
    let words = |file: &Path| format!("?sslmode=verify-full&sslrootcert={}", file.display());
    let is_right = |output: &Output| {
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    };
    is_right(&migrate("localhost", &words(&own), None));
    is_right(&migrate("localhost", "", Some(&own)));
    for (host, words, ca_file, advice) in [
        ("localhost", &*words(&other), None, "set store.ca_file"),
        ("localhost", "", Some(&*other), "set store.ca_file"),
        ("localhost", "?sslmode=require", None, "set store.ca_file"),
        (
            "127.0.0.1",
            "",
            Some(&*own),
            "name the server in store.url as",
        ),
        ("localhost", "?sslmode=disable", None, "pg_hba.conf"),
    ] {
        let refused = migrate(host, words, ca_file);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{host} {words} {said}");
        assert!(said.contains(advice), "{host} {words} {said}");
    }
}
