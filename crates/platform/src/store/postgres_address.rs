//! Connecting to PostgreSQL: to the primary server among those that `store.url` names.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use postgres::config::{SslMode, TargetSessionAttrs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::task::JoinSet;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use super::postgres_error::explain;
use super::{PostgresSettings, StoreError};

/// A connection that somebody must poll.
pub(crate) type Driver = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// How long a server may take to answer. A server that is up answers within milliseconds.
const CONNECT_TIME: Duration = Duration::from_secs(2);

/// How long a statement waits for a lock. A change whose lock was not free is run again.
const LOCK_WAIT: Duration = Duration::from_millis(1_500);
/// How long PostgreSQL leaves its locks to a process that does nothing: only one that froze does so.
const FROZEN_TIME: Duration = Duration::from_secs(2);
/// How many times a call is run because of locks, deadlocks and serialization failures.
pub(super) const RUNS: u32 = 6;
/// How long a call is run again. Statements that a frozen process waits with give up before it loses
/// its locks, or they would get the lock in turn, and hold it for another [`FROZEN_TIME`] each. So
/// others wait for at most the sum of both times, in which a call is run three times; the rest is for
/// calls that need several locks.
pub(super) const LOCK_TIME: Duration = LOCK_WAIT.saturating_mul(RUNS);
const _: () = assert!(
    LOCK_WAIT.as_millis() < FROZEN_TIME.as_millis()
        && (LOCK_WAIT.as_millis() + FROZEN_TIME.as_millis()) * 2 < LOCK_TIME.as_millis(),
    "a call outlasts two processes that freeze"
);

/// Settings of every PostgreSQL session. They are set by a statement, because poolers refuse them
/// as options. With the keep-alive settings, PostgreSQL notices within half a minute when a process
/// has died.
pub(crate) static SESSION: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SET synchronous_commit = on; SET lock_timeout = {};
    SET idle_in_transaction_session_timeout = {}; SET client_min_messages = warning;
    SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3",
        LOCK_WAIT.as_millis(),
        FROZEN_TIME.as_millis()
    )
});

/// Where the servers are, and how to connect to them.
#[derive(Clone)]
pub(crate) struct Address {
    /// All servers, to be tried in turn.
    all: Config,
    /// Each server alone, to be tried at the same time.
    each: Vec<Config>,
    tls: MakeRustlsConnect,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").finish_non_exhaustive()
    }
}

impl Address {
    pub(crate) fn of(settings: &PostgresSettings) -> Result<Self, StoreError> {
        let (mut all, ca_file) = settings.parse()?;
        all.application_name("kenduri")
            .connect_timeout(CONNECT_TIME)
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(1))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(5))
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        let each = (0..all.get_hosts().len().max(all.get_hostaddrs().len()))
            .map(|server| alone(&all, server))
            .collect();
        Ok(Self {
            all,
            each,
            tls: tls(ca_file)?,
        })
    }

    /// Connects to the primary server; all servers are tried at the same time. The connection does
    /// not have the settings of [`SESSION`] yet.
    pub(crate) async fn open(&self) -> Result<(Client, Driver), StoreError> {
        let mut tries = JoinSet::new();
        for config in &self.each {
            let (config, tls) = (config.clone(), self.tls.clone());
            tries.spawn(async move {
                match tokio::time::timeout(CONNECT_TIME * 2, config.connect(tls)).await {
                    Ok(Ok(connected)) => Ok(connected),
                    Ok(Err(error)) => Err(explain(&error)),
                    Err(_) => Err("no answer in time".to_owned()),
                }
            });
        }
        let mut reasons = Vec::new();
        while let Some(tried) = tries.join_next().await {
            match tried {
                Ok(Ok(connected)) => return Ok(connected),
                Ok(Err(reason)) => reasons.push(reason),
                Err(error) => reasons.push(error.to_string()),
            }
        }
        reasons.sort();
        reasons.dedup();
        Err(no_answer(&reasons.join("; ")))
    }

    /// Connects to the primary server. This function blocks.
    pub(super) fn connect(&self) -> Result<postgres::Client, StoreError> {
        let config = postgres::Config::from(self.all.clone());
        let connected = config.connect(self.tls.clone());
        let mut client = connected.map_err(|error| no_answer(&explain(&error)))?;
        let set = client.batch_execute(&SESSION);
        set.map_err(|error| no_answer(&explain(&error)))?;
        Ok(client)
    }

    /// Refuses a pooler that gives each transaction another session, because settings and locks of
    /// a session would be lost. This function blocks.
    pub(super) fn refuse_transaction_pooler(&self, random: &str) -> Result<(), StoreError> {
        let mut first = self.connect()?;
        let mut second = self.connect()?;
        let failed = |error| no_answer(&explain(&error));
        let set = format!("SET kenduri.pooler = '{random}'");
        first.batch_execute(&set).map_err(failed)?;
        // A pooler gives the session that it used last to the next client that asks.
        second
            .batch_execute("BEGIN; SET kenduri.pooler = ''")
            .map_err(failed)?;
        let shown = first.simple_query("SHOW kenduri.pooler");
        let is_kept = shown.is_ok_and(|rows| {
            rows.iter().any(|row| match row {
                postgres::SimpleQueryMessage::Row(row) => row.get(0) == Some(random),
                _ => false,
            })
        });
        let ended = second.batch_execute("ROLLBACK");
        if is_kept {
            return ended.map_err(failed);
        }
        Err(StoreError::Settings(
            "store.url leads to a pooler that gives each transaction another session\n  \
             name the server itself, or set the pooler to session mode"
                .to_owned(),
        ))
    }
}

impl PostgresSettings {
    /// Parses the address. Returns also the file with the authorities of the servers' certificates,
    /// if the address names one.
    pub fn parse(&self) -> Result<(Config, Option<PathBuf>), StoreError> {
        let Written { url, ca_file } = Written::read(self.url.reveal());
        let mut config: Config = url.parse().map_err(|_| {
            StoreError::Settings(
                "store.url is not a PostgreSQL address\n  \
                 write it as postgres://USER@HOST/DATABASE"
                    .to_owned(),
            )
        })?;
        if ca_file.is_some() && config.get_ssl_mode() == SslMode::Prefer {
            config.ssl_mode(SslMode::Require);
        }
        Ok((config, ca_file))
    }
}

fn no_answer(reason: &str) -> StoreError {
    StoreError::Unavailable(format!("PostgreSQL does not answer: {reason}"))
}

fn alone(all: &Config, server: usize) -> Config {
    let mut one = Config::new();
    if let Some(user) = all.get_user() {
        one.user(user);
    }
    if let Some(password) = all.get_password() {
        one.password(password);
    }
    if let Some(name) = all.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = all.get_options() {
        one.options(options);
    }
    if let Some(name) = all.get_application_name() {
        one.application_name(name);
    }
    match all.get_hosts().get(server) {
        Some(postgres::config::Host::Tcp(host)) => {
            one.host(host);
        }
        Some(postgres::config::Host::Unix(path)) => {
            one.host_path(path);
        }
        None => {}
    }
    if let Some(address) = all.get_hostaddrs().get(server) {
        one.hostaddr(*address);
    }
    let ports = all.get_ports();
    if let Some(port) = ports.get(server).or_else(|| ports.first()) {
        one.port(*port);
    }
    one.ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .channel_binding(all.get_channel_binding())
        .connect_timeout(CONNECT_TIME)
        .keepalives(all.get_keepalives())
        .keepalives_idle(all.get_keepalives_idle())
        .target_session_attrs(TargetSessionAttrs::ReadWrite);
    if let Some(interval) = all.get_keepalives_interval() {
        one.keepalives_interval(interval);
    }
    if let Some(retries) = all.get_keepalives_retries() {
        one.keepalives_retries(retries);
    }
    if let Some(time) = all.get_tcp_user_timeout() {
        one.tcp_user_timeout(*time);
    }
    one
}

/// The parts of `store.url`. The library does not know the words of libpq about certificates, so
/// they are read here (PostgreSQL documentation, section 32.1.2).
#[derive(Debug, PartialEq, Eq)]
struct Written {
    url: String,
    ca_file: Option<PathBuf>,
}

impl Written {
    fn read(written: &str) -> Self {
        let same = || Self {
            url: written.to_owned(),
            ca_file: None,
        };
        let Some((address, query)) = written.split_once('?') else {
            return same();
        };
        // Only the query is parsed here: several hosts are not a URL of the standard.
        let Ok(parsed) = Url::parse(&format!("postgres://h/?{query}")) else {
            return same();
        };
        let mut ca_file = None;
        let mut rest = Vec::new();
        for (name, value) in parsed.query_pairs() {
            match (&*name, &*value) {
                ("sslrootcert", "system") => {}
                ("sslrootcert", file) => ca_file = Some(PathBuf::from(file)),
                // Every certificate is verified, with the host's name, as soon as TLS is required.
                ("sslmode", "verify-ca" | "verify-full") => rest.push("sslmode=require".to_owned()),
                _ => {
                    let mut pair = url::form_urlencoded::Serializer::new(String::new());
                    let pair = pair.append_pair(&name, &value).finish();
                    // The library decodes `%20`, and not `+`.
                    rest.push(pair.replace('+', "%20"));
                }
            }
        }
        let query = if rest.is_empty() { "" } else { "?" };
        Self {
            url: format!("{address}{query}{}", rest.join("&")),
            ca_file,
        }
    }
}

fn tls(ca_file: Option<PathBuf>) -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(file) => {
            let unreadable = |error: &dyn fmt::Display| {
                StoreError::Settings(format!(
                    "{} is not a readable PEM file of certificates: {error}\n  \
                     name the authority of the database server's certificate in store.ca_file, or leave it out",
                    file.display()
                ))
            };
            let found = CertificateDer::pem_file_iter(&file).map_err(|error| unreadable(&error))?;
            for certificate in found {
                let certificate = certificate.map_err(|error| unreadable(&error))?;
                roots.add(certificate).map_err(|error| unreadable(&error))?;
            }
            if roots.is_empty() {
                return Err(unreadable(&"it holds none"));
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Unavailable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn written(url: &str, ca_file: Option<&str>) -> Written {
        Written {
            url: url.to_owned(),
            ca_file: ca_file.map(PathBuf::from),
        }
    }

    #[test]
    fn words_about_certificates_are_read() {
        for (from, url, ca_file) in [
            ("postgres://u@h/d", "postgres://u@h/d", None),
            (
                "postgres://u@a:1,b:2/d?x=y",
                "postgres://u@a:1,b:2/d?x=y",
                None,
            ),
            (
                "postgres://u@h/d?sslmode=verify-full&sslrootcert=/etc/a%20b.pem",
                "postgres://u@h/d?sslmode=require",
                Some("/etc/a b.pem"),
            ),
            (
                "postgres://u@h/d?sslmode=verify-ca&options=-c%20a%3Db&sslrootcert=system",
                "postgres://u@h/d?sslmode=require&options=-c%20a%3Db",
                None,
            ),
        ] {
            assert_eq!(Written::read(from), written(url, ca_file), "{from}");
        }
    }

    #[test]
    fn every_server_is_tried_and_tls_is_required_with_an_authority() {
        let address = |url: &str| Address::of(&PostgresSettings::new(Secret::new(url), 1));
        let two = address("postgres://u:p@a:1,b/d?connect_timeout=9").unwrap();
        let hosts: Vec<_> = two
            .each
            .iter()
            .map(|one| one.get_hosts().to_vec())
            .collect();
        assert_eq!(hosts.len(), 2);
        assert_ne!(hosts[0], hosts[1]);
        assert_eq!(two.each[0].get_ports(), [1]);
        assert_eq!(two.each[1].get_ports(), [5432]);
        assert_eq!(two.each[1].get_password(), Some(&b"p"[..]));
        assert_eq!(two.all.get_ssl_mode(), SslMode::Prefer);

        let missing = address("postgres://u@h/d?sslrootcert=/nowhere/ca.pem").unwrap_err();
        assert!(missing.to_string().contains("/nowhere/ca.pem"), "{missing}");

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(&file, certificate.pem()).unwrap();
        let own = address(&format!("postgres://u@h/d?sslrootcert={}", file.display())).unwrap();
        assert_eq!(own.all.get_ssl_mode(), SslMode::Require);
        assert_eq!(own.each[0].get_ssl_mode(), SslMode::Require);
    }
}
