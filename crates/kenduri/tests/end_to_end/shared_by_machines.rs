//! Two machines on one PostgreSQL: what one has or is told, the other has too. The certificate
//! authority is a private Pebble.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use rustix::process::Signal;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::authority::{Authority, Wishes};
use crate::engine::Database;
use crate::own_domain::{certificates_of, free_port};
use crate::program::{PATIENCE, Program, run, text};

const NAME: &str = "kad.example";

/// A data folder and its settings. All machines have the same but for their ports.
struct Machine {
    folder: TempDir,
    https: u16,
}

impl Machine {
    fn new(database: &Database, authority: &Authority, http: u16, https: u16) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = format!(
            "data = \"data\"
[site]
url = \"https://{NAME}\"
[store]
url = \"{}\"
[listen]
http = [\"127.0.0.1:{http}\"]
https = [\"127.0.0.1:{https}\"]
[mail]
url = \"smtp://localhost:1\"
{}",
            database.url(),
            certificates_of(authority),
        );
        fs::write(folder.path().join("kenduri.toml"), settings).expect("written");
        Self { folder, https }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn arguments(&self, words: &[&str]) -> Vec<String> {
        let config = self.folder.path().join("kenduri.toml");
        let mut all: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        all.extend(["--config".to_owned(), config.display().to_string()]);
        all
    }

    fn serve(&self) -> Program {
        let words = self.arguments(&["serve"]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Program::start(&words, &[])
    }

    fn command(&self, words: &[&str]) -> String {
        let words = self.arguments(words);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = run(&words, self.folder.path(), &[]);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {said}");
        said
    }

    /// Makes the data folder, with the same key and files as those of another machine.
    fn join(&self, other: &Self) {
        fs::create_dir_all(self.data()).expect("a folder");
        symlink(other.data().join("files"), self.data().join("files")).expect("a link");
        let key = |machine: &Self| machine.data().join("secret.key");
        fs::copy(key(other), key(self)).expect("copied");
    }

    /// The file of the authority's folder, once it is there.
    fn file(&self, name: &str) -> String {
        let start = Instant::now();
        loop {
            let folders = fs::read_dir(self.data().join("acme")).into_iter().flatten();
            let found = folders
                .flatten()
                .find_map(|folder| fs::read_to_string(folder.path().join(name)).ok());
            if let Some(found) = found {
                return found;
            }
            assert!(start.elapsed() < PATIENCE, "{name} never came");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// Connects, if the authority of `chain` issued the certificate that this machine shows.
    fn connect(
        &self,
        chain: &[CertificateDer<'static>],
    ) -> Option<StreamOwned<ClientConnection, TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(chain[1].clone()).expect("an authority");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(NAME).expect("a name");
        let client = ClientConnection::new(Arc::new(config), name).expect("a client");
        let stream = TcpStream::connect(("127.0.0.1", self.https)).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        let mut stream = StreamOwned::new(client, stream);
        stream.conn.complete_io(&mut stream.sock).ok()?;
        Some(stream)
    }

    fn wait_until_it_shows(&self, chain: &[CertificateDer<'static>]) {
        let start = Instant::now();
        loop {
            let stream = self.connect(chain);
            let shown = stream
                .as_ref()
                .and_then(|stream| stream.conn.peer_certificates());
            if shown.is_some_and(|shown| shown[0] == chain[0]) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "another certificate is served");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// Asks with TLS, because a request without it is redirected to it also during maintenance.
    fn wait_for_status(&self, chain: &[CertificateDer<'static>], status: u16) {
        let start = Instant::now();
        let request =
            format!("GET /.well-known/none HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n");
        loop {
            let mut stream = self.connect(chain).expect("a connection");
            stream.write_all(request.as_bytes()).expect("sent");
            let mut line = String::new();
            let read = BufReader::new(stream).read_line(&mut line);
            read.expect("an answer");
            if line.split(' ').nth(1) == Some(&status.to_string()) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "it answers {line}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

#[test]
fn machines_share_a_certificate_that_one_ordered_and_maintenance() {
    let Some(database) = Database::create("machines") else {
        return;
    };
    let [http, https] = [(); 2].map(|()| free_port());
    let Some(authority) = Authority::start(http, https, Wishes::default()) else {
        return;
    };
    let one = Machine::new(&database, &authority, http, https);
    let mut first = one.serve();
    let other = Machine::new(&database, &authority, free_port(), free_port());
    other.join(&one);
    let mut second = other.serve();

    let certificate = format!("{NAME}.certificate.pem");
    let pem = one.file(&certificate);
    assert_eq!(other.file(&certificate), pem);
    assert_eq!(other.file("account.json"), one.file("account.json"));
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let chain = chain.expect("certificates");
    one.wait_until_it_shows(&chain);
    other.wait_until_it_shows(&chain);

    one.wait_for_status(&chain, 404);
    other.wait_for_status(&chain, 404);
    let said = one.command(&["maintenance", "on"]);
    assert!(said.contains("kenduri-pass="), "{said}");
    one.wait_for_status(&chain, 503);
    other.wait_for_status(&chain, 503);
    other.command(&["maintenance", "off"]);
    one.wait_for_status(&chain, 404);
    other.wait_for_status(&chain, 404);

    // It is in the store, sealed: a machine with nothing but the key serves it, also after the key
    // was replaced.
    assert_eq!(second.end(Signal::TERM).code(), Some(0));
    assert_eq!(first.end(Signal::TERM).code(), Some(0));
    one.command(&["secret", "new"]);
    fs::remove_dir_all(other.data()).expect("removed");
    other.join(&one);
    let _second = other.serve();
    other.wait_until_it_shows(&chain);
    assert_eq!(authority.issued(), 1, "one order");
    assert!(!is_in_the_store(&database, &pem));
}

#[test]
fn a_machine_without_its_store_is_closed_alone_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("kenduri.toml");
    // Nobody listens at this port.
    let settings = "data = \"data\"\n[store]\nurl = \"postgres://nobody@127.0.0.1:1/none\"\n";
    fs::write(&config, settings).expect("written");
    fs::create_dir(folder.path().join("data")).expect("a folder");
    let file = folder.path().join("data/maintenance.json");
    for (word, link) in [("on", "/?kenduri-pass="), ("off", "")] {
        let config = config.to_string_lossy();
        let output = run(
            &["maintenance", word, "--config", &*config],
            folder.path(),
            &[],
        );
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for part in [
            "the other machines may not know",
            "PostgreSQL does not answer",
            link,
        ] {
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(file.exists(), word == "on");
    }
}

/// Whether a line of this text is in a shared file's row as it is.
fn is_in_the_store(database: &Database, pem: &str) -> bool {
    let mut client =
        postgres::Client::connect(database.url(), postgres::NoTls).expect("the server");
    let rows = client.query("SELECT sealed FROM shared_file", &[]);
    let rows = rows.expect("a table");
    assert!(rows.len() >= 3, "{}", rows.len());
    let lines: BTreeSet<&str> = pem.lines().filter(|line| line.len() > 40).collect();
    rows.iter().any(|row| {
        let sealed = String::from_utf8_lossy(row.get(0)).into_owned();
        lines.iter().any(|line| sealed.contains(line))
    })
}
