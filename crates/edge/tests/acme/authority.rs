//! Runs a private Pebble with its own ports and root certificate, and a DNS server that resolves
//! every name to this machine.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

/// The timeout for a server's start.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a test needs from the authority.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wishes {
    /// The percentage of valid nonces that Pebble rejects.
    pub(crate) refused_nonces: u8,
    /// The ID and key of the only account that Pebble accepts; `None` for any account.
    pub(crate) external: Option<(&'static str, &'static str)>,
}

/// Pebble and its DNS server, which end when this value is dropped.
pub(crate) struct Authority {
    pebble: Running,
    _resolver: Running,
    folder: TempDir,
    arguments: Vec<String>,
    refused_nonces: u8,
    port: u16,
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Authority {
    /// Starts Pebble; `None` if it is not installed and the environment permits skipping these
    /// tests.
    pub(crate) fn start(http_port: u16, tls_port: u16, wishes: Wishes) -> Option<Self> {
        if !is_installed() {
            return None;
        }
        let folder = TempDir::with_prefix("kenduri-pebble-").unwrap();
        make_certificates(folder.path());
        let [resolver_port, resolver_management, port, management] = free_ports();
        let mut resolver = Command::new("pebble-challtestsrv");
        resolver
            .args(["-dns01", &format!("127.0.0.1:{resolver_port}")])
            .args(["-management", &format!("127.0.0.1:{resolver_management}")])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]);
        let resolver = spawn(&mut resolver, &folder.path().join("resolver.log"));
        wait_for(resolver_management);
        let mut config = serde_json::json!({
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": folder.path().join("server.pem"),
            "privateKey": folder.path().join("server.key"),
            "httpPort": http_port,
            "tlsPort": tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": wishes.external.is_some(),
        });
        if let Some((kid, key)) = wishes.external {
            config["externalAccountMACKeys"] = serde_json::json!({ kid: key });
        }
        let file = folder.path().join("config.json");
        fs::write(&file, serde_json::json!({ "pebble": config }).to_string()).unwrap();
        let arguments = vec![
            "-config".to_owned(),
            file.display().to_string(),
            "-dnsserver".to_owned(),
            format!("127.0.0.1:{resolver_port}"),
        ];
        let pebble = start_pebble(&arguments, wishes.refused_nonces, folder.path());
        wait_for(port);
        Some(Self {
            pebble,
            _resolver: resolver,
            folder,
            arguments,
            refused_nonces: wishes.refused_nonces,
            port,
        })
    }

    /// Restarts Pebble on the same port without its state.
    pub(crate) fn forget_everything(&mut self) {
        self.stop();
        self.pebble = start_pebble(&self.arguments, self.refused_nonces, self.folder.path());
        wait_for(self.port);
    }

    pub(crate) fn stop(&mut self) {
        self.pebble.0.kill().unwrap();
        self.pebble.0.wait().unwrap();
    }

    /// The number of certificates that Pebble issued.
    pub(crate) fn issued(&self) -> usize {
        let log = fs::read_to_string(self.folder.path().join("pebble.log")).unwrap();
        log.matches("Issued certificate serial").count()
    }

    pub(crate) fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// The root certificate of the authority's own HTTPS server.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }
}

/// Panics if Pebble is missing, unless the environment permits skipping these tests.
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but this"
)]
#[expect(clippy::print_stderr, reason = "what was left out is to be seen")]
fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there =
        |program: &str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if is_there("pebble") && is_there("pebble-challtestsrv") {
        return true;
    }
    assert!(
        std::env::var_os("KENDURI_TEST_WITHOUT_PEBBLE").is_some(),
        "pebble is not installed: apt-get install pebble, or set KENDURI_TEST_WITHOUT_PEBBLE"
    );
    eprintln!("left out, as KENDURI_TEST_WITHOUT_PEBBLE says: pebble is not installed");
    false
}

fn start_pebble(arguments: &[String], refused_nonces: u8, folder: &Path) -> Running {
    let mut pebble = Command::new("pebble");
    pebble
        .args(arguments)
        .env("PEBBLE_VA_NOSLEEP", "1")
        .env("PEBBLE_VA_ALWAYS_VALID", "0")
        .env("PEBBLE_AUTHZREUSE", "0")
        .env("PEBBLE_WFE_NONCEREJECT", refused_nonces.to_string());
    spawn(&mut pebble, &folder.join("pebble.log"))
}

fn spawn(command: &mut Command, log: &Path) -> Running {
    let log = File::create(log).unwrap();
    let child = command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    Running(child)
}

/// Makes a root certificate, and a certificate for localhost that is signed by this root.
pub(crate) fn make_certificates(folder: &Path) {
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &root)
        .unwrap();
    fs::write(folder.join("root.pem"), root.pem()).unwrap();
    fs::write(folder.join("server.pem"), server.pem()).unwrap();
    fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
}

/// Returns each port only once, and only ports that the kernel never assigns (ip(7),
/// `ip_local_port_range`). So no other process takes a port before the test uses it, or while
/// Pebble is stopped.
fn free_ports<const N: usize>() -> [u16; N] {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    std::array::from_fn(|_| {
        loop {
            let next = NEXT.fetch_add(1, Ordering::Relaxed);
            let port = FIRST + std::process::id().wrapping_add(next) % COUNT;
            let address = (Ipv4Addr::LOCALHOST, u16::try_from(port).unwrap());
            if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
                break address.1;
            }
        }
    })
}

fn wait_for(port: u16) {
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(start.elapsed() < PATIENCE, "nobody listens on port {port}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
