//! `kenduri.toml` as it is written: one struct per section, one field per key. The sections of
//! domains are not here: each domain declares its keys (`Domain::settings`).
//!
//! The built-in value of every key is its `Default`; the list of known keys,
//! the names of the environment variables and the reference in
//! `docs/configure.md` and `docs/edge-reference.md` follow from these structs. What the values mean
//! together is decided in [`super::settings`]. What may hold a password has no
//! `Debug`, so that none is printed by accident.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Written {
    /// Folder of everything Kenduri keeps: store, files, logs, `run/control.sock`.
    pub(crate) data: String,
    /// The file (in `data`) of the keys that sign; it is made at the first start.
    pub(crate) secret_file: String,
    /// Who runs services that name no `user`; empty: the owner of the data folder.
    pub(crate) service_user: String,
    pub(crate) site: Site,
    pub(crate) store: Store,
    pub(crate) mail: Mail,
    pub(crate) files: Files,
    pub(crate) backup: Backup,
    pub(crate) listen: edge::Listen,
    pub(crate) tls: edge::Tls,
    pub(crate) route: Vec<edge::Route>,
    pub(crate) upstream: BTreeMap<String, edge::Upstream>,
    pub(crate) service: supervisor::ServiceConfigs,
    pub(crate) cache: edge::Cache,
    pub(crate) proxy: edge::Proxy,
    pub(crate) accounts: Accounts,
    pub(crate) jobs: Jobs,
    pub(crate) log: Log,
    pub(crate) metrics: Metrics,
    pub(crate) updates: Updates,
    pub(crate) compat: Compat,
    pub(crate) webhook: Vec<Webhook>,
}

/// What a first page of own files begins with.
pub(crate) const FILES: &str = "files:";

impl Default for Written {
    fn default() -> Self {
        Self {
            data: "data".to_owned(),
            secret_file: "secret.key".to_owned(),
            service_user: String::new(),
            site: Site::default(),
            store: Store::default(),
            mail: Mail::default(),
            files: Files::default(),
            backup: Backup::default(),
            listen: edge::Listen::default(),
            tls: edge::Tls::default(),
            route: Vec::new(),
            upstream: BTreeMap::new(),
            service: BTreeMap::new(),
            cache: edge::Cache::default(),
            proxy: edge::Proxy::default(),
            accounts: Accounts::default(),
            jobs: Jobs::default(),
            log: Log::default(),
            metrics: Metrics::default(),
            updates: Updates::default(),
            compat: Compat::default(),
            webhook: Vec::new(),
        }
    }
}

impl Written {
    /// What is asked of the edge.
    pub(crate) fn edge(&self) -> edge::Description {
        // Own files stand before the app's pages, which answer where there is no file.
        let home = self.site.home.starts_with(FILES).then(|| edge::Route {
            path: "/".to_owned(),
            to: self.site.home.clone(),
            fallback: "app".to_owned(),
            ..edge::Route::default()
        });
        edge::Description {
            listen: self.listen.clone(),
            tls: self.tls.clone(),
            route: self.route.iter().cloned().chain(home).collect(),
            upstream: self.upstream.clone(),
            cache: self.cache.clone(),
            proxy: self.proxy.clone(),
        }
    }
}

/// `[site]`: what the installation is called and where it is reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Site {
    /// The one truth for every link, cookie and mail. Left out: the address listened on.
    pub(crate) url: String,
    /// Shown in titles and mails.
    pub(crate) name: String,
    /// Offered on pages that belong to no occasion; the first is the default.
    pub(crate) languages: Vec<String>,
    /// IANA name of the zone for times that belong to no occasion.
    pub(crate) time_zone: String,
    /// What stands at the first page of a new store; owners change it at `/admin/look`.
    pub(crate) home: String,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8080".to_owned(),
            name: "Kenduri".to_owned(),
            languages: vec!["en".to_owned(), "ms".to_owned()],
            time_zone: "UTC".to_owned(),
            home: "site".to_owned(),
        }
    }
}

/// `[store]`: the database.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Store {
    /// `sqlite:FILE` (in `data`) or `postgres://user@host/database`.
    pub(crate) url: String,
    /// The PostgreSQL password, when it is not in the URL.
    pub(crate) password: String,
    /// A file that holds the PostgreSQL password.
    pub(crate) password_file: String,
    /// Connections to PostgreSQL; SQLite ignores it.
    pub(crate) connections: u32,
    /// SQLite: at most this many changes share one flush; 1 is one transaction per change.
    pub(crate) batch: u32,
    /// SQLite: `full`, or `off` for benchmarks, which loses data when the power goes.
    pub(crate) synchronous: Synchronous,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            url: "sqlite:kenduri.db".to_owned(),
            password: String::new(),
            password_file: String::new(),
            connections: 8,
            batch: 512,
            synchronous: Synchronous::Full,
        }
    }
}

/// When SQLite waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Synchronous {
    /// Before every acknowledgement.
    Full,
    /// Never: a measure of what safety costs, not a way to run.
    Off,
}

/// `[mail]`: how mail leaves.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mail {
    /// `mailbox:`, `smtp://user@host:587`, `smtps://user@host:465`, or a preset
    /// `mailgun:USER`, `resend:`, `ses:REGION:USER`.
    pub(crate) url: String,
    /// The password of the mail server.
    pub(crate) password: String,
    /// A file that holds the password of the mail server.
    pub(crate) password_file: String,
    /// The sender of every mail.
    pub(crate) from: String,
    /// At most this many mails leave in a minute.
    pub(crate) per_minute: u32,
    /// Whom the page about the sender's domain asks about DNS; none: the system's servers.
    pub(crate) name_servers: Vec<String>,
    /// The secret that signs what is said of our mails at `/hooks/mail/generic`.
    pub(crate) callback_secret: String,
    /// A file that holds that secret.
    pub(crate) callback_secret_file: String,
    /// The topic of Amazon SNS by which SES says what became of our mails at `/hooks/mail/ses`.
    pub(crate) ses_topic: String,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            url: "mailbox:".to_owned(),
            password: String::new(),
            password_file: String::new(),
            from: "Kenduri <kenduri@localhost>".to_owned(),
            per_minute: 60,
            name_servers: Vec::new(),
            callback_secret: String::new(),
            callback_secret_file: String::new(),
            ses_topic: String::new(),
        }
    }
}

/// `[files]`: where uploads and exports lie.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Files {
    /// `folder:NAME` (in `data`).
    pub(crate) url: String,
    /// The largest file that may be sent: a number with K, M or G.
    pub(crate) max_upload: String,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            url: "folder:files".to_owned(),
            max_upload: "15M".to_owned(),
        }
    }
}

/// `[backup]`: copies of everything, sealed, elsewhere.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Backup {
    /// `folder:/PATH`, on another disk, or `s3://BUCKET/PREFIX`; empty: nothing is backed up.
    pub(crate) to: String,
    /// How often a snapshot is made. SQLite's log follows it every second.
    pub(crate) every: String,
    /// For how long backups are kept.
    pub(crate) keep: String,
    /// `weekly`: the newest backup is restored elsewhere, to try it; or `off`.
    pub(crate) drill: Drill,
    /// Whether an empty data folder is filled from the backup at the start.
    pub(crate) restore: bool,
    /// A file that holds the passphrase, for `restore`.
    pub(crate) passphrase_file: String,
    /// The server of the bucket; empty: Amazon's.
    pub(crate) endpoint: String,
    /// The region of the bucket.
    pub(crate) region: String,
    /// The id of the bucket's key.
    pub(crate) access_key: String,
    /// The bucket's key.
    pub(crate) secret_key: String,
    /// A file that holds the bucket's key.
    pub(crate) secret_key_file: String,
}

/// How often the backup is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Drill {
    /// Once a week.
    Weekly,
    /// Never.
    Off,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            to: String::new(),
            every: "1d".to_owned(),
            keep: "35d".to_owned(),
            drill: Drill::Weekly,
            restore: false,
            passphrase_file: String::new(),
            endpoint: String::new(),
            region: "us-east-1".to_owned(),
            access_key: String::new(),
            secret_key: String::new(),
            secret_key_file: String::new(),
        }
    }
}

/// `[accounts]`: who may have one.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Accounts {
    /// Who may have an account: `closed` (who is invited to help), `invite` (those whom owners and
    /// administrators invite) or `open` (everybody; needs a mail server).
    pub(crate) registration: Registration,
    /// Who must have a second factor: `none`, `admins` or `all`.
    pub(crate) require_mfa_for: RequireMfaFor,
    /// With whom people may sign in.
    pub(crate) provider: Vec<Provider>,
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            registration: Registration::Closed,
            require_mfa_for: RequireMfaFor::None,
            provider: Vec::new(),
        }
    }
}

/// `[[accounts.provider]]`: an OpenID Connect provider that signs people in.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Provider {
    /// Its name in addresses.
    pub(crate) name: String,
    /// What people know it as; empty: its name.
    pub(crate) label: String,
    /// Its address, as it writes it itself.
    pub(crate) issuer: String,
    /// What it knows this site as.
    pub(crate) client_id: String,
    /// The secret that it gave this site.
    pub(crate) client_secret: String,
    /// A file that holds the secret.
    pub(crate) client_secret_file: String,
    /// Whether its word is taken for an e-mail address.
    pub(crate) trusted_email: bool,
    /// Whether it may be in a private network.
    pub(crate) private_network: bool,
}

/// Who may have an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Registration {
    /// The first owner, and who is invited to help.
    Closed,
    /// They, and those whom owners and administrators invite.
    Invite,
    /// Everybody who confirms an address.
    Open,
}

/// Who must have a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RequireMfaFor {
    /// Nobody.
    None,
    /// Owners and administrators of the installation.
    Admins,
    /// Everybody who has an account.
    All,
}

impl From<RequireMfaFor> for identity::credential::require_mfa::RequireMfaFor {
    fn from(written: RequireMfaFor) -> Self {
        match written {
            RequireMfaFor::None => Self::None,
            RequireMfaFor::Admins => Self::Admins,
            RequireMfaFor::All => Self::All,
        }
    }
}

/// `[jobs]`: work that follows from changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Jobs {
    /// How many jobs run side by side.
    pub(crate) at_once: u32,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { at_once: 2 }
    }
}

/// `[log]`: the log of the program.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// `auto` (text on a terminal, else JSON), `text` or `json`.
    pub(crate) format: LogFormat,
    /// `error`, `warn`, `info` or `debug`. Requests have their lines all the same.
    pub(crate) level: LogLevel,
    /// `stderr`, `journal` (standard error, which systemd keeps), or a folder (in `data`) with
    /// rotation.
    pub(crate) to: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Auto,
            level: LogLevel::Info,
            to: "stderr".to_owned(),
        }
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Text on a terminal, else JSON.
    Auto,
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The least important event that is still written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    /// Something failed that somebody must look at.
    Error,
    /// Something is odd, and the program went on.
    Warn,
    /// What happened: one line per request.
    Info,
    /// Why it happened.
    Debug,
}

/// `[metrics]`: figures for Prometheus.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Metrics {
    /// An address of its own; empty: `/metrics` of the site answers loopback only.
    pub(crate) listen: String,
}

/// `[updates]`: news of Kenduri itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Updates {
    /// Files or URLs of a feed of releases (RSS, Atom) and of advisories (OSV), read once a day;
    /// empty: nothing is.
    pub(crate) advisories: Vec<String>,
}

/// `[compat]`: addresses that other programs asked for before Kenduri answered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Compat {
    /// The slug of the occasion that `/api/flask`, `/api/node` and `/socket.io` answer for;
    /// empty: they are not there.
    pub(crate) occasion: String,
    /// Whether the addresses of the older personal site, `/backend`, are there.
    pub(crate) backend: bool,
    /// Whose shape `/api/auth` has: `backend`; empty: it is not there.
    pub(crate) auth: String,
    /// Whether registering below `/backend` answers with tokens, or that the address is taken.
    pub(crate) register_tokens: bool,
}

/// `[[webhook]]`: a program of the operator's that hears of what everybody has here.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Webhook {
    /// An https URL on public networks, or `service:NAME/path`.
    pub(crate) url: String,
    /// The names of the events that it hears of.
    pub(crate) events: Vec<String>,
    /// Whether notes are sent.
    pub(crate) include_notes: bool,
    /// The secret that signs its messages.
    pub(crate) secret: String,
    /// A file that holds the secret.
    pub(crate) secret_file: String,
}
