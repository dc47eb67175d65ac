//! The structure of `kenduri.toml`, with a struct per section and a field per key. Only the
//! domains' sections are missing, because each domain declares its own keys (`Domain::settings`).
//!
//! The default of every key is the struct's `Default`. The list of known keys, the names of the
//! environment variables and the reference in `docs/configure.md` and `docs/edge-reference.md`
//! follow from these structs. The values are validated together in [`super::settings`]. Structs
//! that may contain a password do not implement `Debug`, so that no password is printed by
//! accident.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::log_settings::{LogFormat, LogLevel};

/// The whole file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Written {
    /// The folder for all of Kenduri's data, such as the store, files, logs and `run/control.sock`.
    pub(crate) data: String,
    /// The file (in `data`) with the secret keys; it is created at the first start.
    pub(crate) secret_file: String,
    /// The user that runs services without a `user` setting. If empty, they run as the owner of the
    /// data folder.
    pub(crate) service_user: String,
    /// The memory limit of all services together: a number with K, M or G. If empty, there is no
    /// limit.
    pub(crate) service_memory: String,
    pub(crate) site: Site,
    pub(crate) store: Store,
    pub(crate) mail: Mail,
    pub(crate) files: Files,
    pub(crate) backup: Backup,
    pub(crate) follow: Follow,
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
    pub(crate) alerts: Alerts,
    pub(crate) status: Status,
}

/// The prefix of `site.home` if the home page is a folder of files.
pub(crate) const FILES: &str = "files:";

impl Default for Written {
    fn default() -> Self {
        Self {
            data: "data".to_owned(),
            secret_file: "secret.key".to_owned(),
            service_user: String::new(),
            service_memory: String::new(),
            site: Site::default(),
            store: Store::default(),
            mail: Mail::default(),
            files: Files::default(),
            backup: Backup::default(),
            follow: Follow::default(),
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
            alerts: Alerts::default(),
            status: Status::default(),
        }
    }
}

impl Written {
    /// Returns the part of the file that describes the edge.
    pub(crate) fn edge(&self) -> edge::Description {
        // The files come before the app's pages. The app serves a path only if no file exists for
        // it.
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

/// `[site]`: the name, address and languages of the installation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Site {
    /// The URL that all links, cookies and mails use. If empty, the address on which Kenduri
    /// listens is used.
    pub(crate) url: String,
    /// The name shown in titles and mails.
    pub(crate) name: String,
    /// The languages offered on pages that belong to no occasion; the first is the default.
    pub(crate) languages: Vec<String>,
    /// The IANA time zone for times that belong to no occasion.
    pub(crate) time_zone: String,
    /// The home page of a new store. Owners can change it later at `/admin/look`.
    pub(crate) home: String,
    /// Whether caches in front of the site ignore `Vary`.
    pub(crate) cdn: bool,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8080".to_owned(),
            name: "Kenduri".to_owned(),
            languages: vec!["en".to_owned(), "ms".to_owned()],
            time_zone: "UTC".to_owned(),
            home: "site".to_owned(),
            cdn: false,
        }
    }
}

/// `[store]`: the database.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Store {
    /// `sqlite:FILE` (in `data`) or `postgres://user@host/database`.
    pub(crate) url: String,
    /// The PostgreSQL password, if it is not in the URL.
    pub(crate) password: String,
    /// A file that contains the PostgreSQL password.
    pub(crate) password_file: String,
    /// A PEM file with the authorities of PostgreSQL's certificate; empty for public authorities.
    /// With it, TLS is required.
    pub(crate) ca_file: String,
    /// The number of connections to PostgreSQL; not used for SQLite.
    pub(crate) connections: u32,
    /// How long changes wait while no primary server of PostgreSQL answers, such as `45s`.
    pub(crate) failover_wait: String,
    /// Whether a start brings the tables up to date. If not, it waits until another process has.
    pub(crate) migrate: bool,
    /// The maximum number of changes that SQLite flushes to disk together. With 1, each change has
    /// its own transaction.
    pub(crate) batch: u32,
    /// Whether SQLite flushes changes to disk: `full`, or `off` for benchmarks. With `off`, data is
    /// lost if the power fails.
    pub(crate) synchronous: Synchronous,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            url: "sqlite:kenduri.db".to_owned(),
            password: String::new(),
            password_file: String::new(),
            ca_file: String::new(),
            connections: 8,
            failover_wait: "45s".to_owned(),
            migrate: true,
            batch: 512,
            synchronous: Synchronous::Full,
        }
    }
}

/// When SQLite flushes changes to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Synchronous {
    /// Before a change is acknowledged.
    Full,
    /// Never. This is only for measuring the cost of durability, not for production.
    Off,
}

/// `[mail]`: how mail is sent.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mail {
    /// `mailbox:`, `smtp://user@host:587`, `smtps://user@host:465`, or a preset
    /// `mailgun:USER`, `resend:`, `ses:REGION:USER`.
    pub(crate) url: String,
    /// The password of the mail server.
    pub(crate) password: String,
    /// A file that contains the password of the mail server.
    pub(crate) password_file: String,
    /// The sender of every mail.
    pub(crate) from: String,
    /// The maximum number of mails sent per minute.
    pub(crate) per_minute: u32,
    /// The DNS servers that the page about the sender's domain queries. If empty, the system's
    /// servers are used.
    pub(crate) name_servers: Vec<String>,
    /// Whether mail to many recipients waits until the sender's domain has its DNS records.
    pub(crate) require_records: bool,
    /// The mailbox for delivery reports, such as `imaps://user@host`. If empty, no mailbox is read.
    pub(crate) bounces: String,
    /// The mailbox's password. If empty, the mail server's password is used.
    pub(crate) bounces_password: String,
    /// A file that contains the mailbox's password.
    pub(crate) bounces_password_file: String,
    /// The secret with which the mail provider signs the delivery reports that it sends to
    /// `/hooks/mail/generic`.
    pub(crate) callback_secret: String,
    /// A file that contains the secret of delivery reports.
    pub(crate) callback_secret_file: String,
    /// The topic of Amazon SNS through which SES sends delivery reports to `/hooks/mail/ses`.
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
            require_records: true,
            bounces: String::new(),
            bounces_password: String::new(),
            bounces_password_file: String::new(),
            callback_secret: String::new(),
            callback_secret_file: String::new(),
            ses_topic: String::new(),
        }
    }
}

/// `[files]`: where uploads and exports are stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Files {
    /// `folder:NAME` (in `data`), or `s3://BUCKET/PREFIX`.
    pub(crate) url: String,
    /// The maximum size of an uploaded file: a number with K, M or G.
    pub(crate) max_upload: String,
    /// The bucket's server. If empty, Amazon's server is used.
    pub(crate) endpoint: String,
    /// The region of the bucket.
    pub(crate) region: String,
    /// The access key id for the bucket.
    pub(crate) access_key: String,
    /// The secret access key for the bucket.
    pub(crate) secret_key: String,
    /// A file that contains the secret access key.
    pub(crate) secret_key_file: String,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            url: "folder:files".to_owned(),
            max_upload: "15M".to_owned(),
            endpoint: String::new(),
            region: "us-east-1".to_owned(),
            access_key: String::new(),
            secret_key: String::new(),
            secret_key_file: String::new(),
        }
    }
}

/// `[backup]`: encrypted copies of all data, stored elsewhere.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Backup {
    /// The target of the backup: `folder:/PATH`, which should be on another disk, or
    /// `s3://BUCKET/PREFIX`. If empty, nothing is backed up.
    pub(crate) to: String,
    /// How often a snapshot is made. In between, SQLite's log is copied every second.
    pub(crate) every: String,
    /// How long backups are kept.
    pub(crate) keep: String,
    /// How often the newest backup is tested by restoring it into a temporary folder: `weekly` or
    /// `off`.
    pub(crate) drill: Drill,
    /// Whether the backup is restored at startup if the data folder is empty.
    pub(crate) restore: bool,
    /// A file that contains the passphrase of the backup. It is needed for `restore`.
    pub(crate) passphrase_file: String,
    /// The bucket's server. If empty, Amazon's server is used.
    pub(crate) endpoint: String,
    /// The region of the bucket.
    pub(crate) region: String,
    /// The access key id for the bucket.
    pub(crate) access_key: String,
    /// The secret access key for the bucket.
    pub(crate) secret_key: String,
    /// A file that contains the secret access key.
    pub(crate) secret_key_file: String,
    /// A second place that gets the same backup, in the form of `to`. If empty, there is none.
    pub(crate) also_to: String,
    /// The second bucket's server. The settings of the second bucket are those of the first one
    /// where they are empty.
    pub(crate) also_endpoint: String,
    /// The region of the second bucket.
    pub(crate) also_region: String,
    /// The access key id for the second bucket.
    pub(crate) also_access_key: String,
    /// The secret access key for the second bucket.
    pub(crate) also_secret_key: String,
    /// A file that contains the secret access key for the second bucket.
    pub(crate) also_secret_key_file: String,
}

/// `[follow]`: a second machine that follows the backup of the first.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Follow {
    /// Whether the second machine takes over by itself. The first one then saves nothing while it
    /// cannot reach the place of the backup.
    pub(crate) automatic: bool,
}

/// How often the backup is tested.
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
            also_to: String::new(),
            also_endpoint: String::new(),
            also_region: String::new(),
            also_access_key: String::new(),
            also_secret_key: String::new(),
            also_secret_key_file: String::new(),
        }
    }
}

/// `[accounts]`: who may have an account.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Accounts {
    /// Who may have an account: `closed` (people invited to help), `invite` (also people invited by
    /// owners and administrators) or `open` (everybody; needs a mail server).
    pub(crate) registration: Registration,
    /// Who must have a second factor: `none`, `admins` or `all`.
    pub(crate) require_mfa_for: RequireMfaFor,
    /// The providers that people can sign in with.
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
    /// The provider's name in URLs.
    pub(crate) name: String,
    /// The provider's name on pages. If empty, `name` is shown.
    pub(crate) label: String,
    /// The provider's issuer URL, exactly as the provider itself states it.
    pub(crate) issuer: String,
    /// The client id that the provider assigned to this site.
    pub(crate) client_id: String,
    /// The client secret that the provider assigned to this site.
    pub(crate) client_secret: String,
    /// A file that contains the client secret.
    pub(crate) client_secret_file: String,
    /// Whether an email address that the provider states counts as confirmed.
    pub(crate) trusted_email: bool,
    /// Whether the provider may be in a private network.
    pub(crate) private_network: bool,
}

/// Who may have an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Registration {
    /// The first owner, and people invited to help.
    Closed,
    /// The first owner, and people invited to help or invited by owners and administrators.
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

/// `[jobs]`: background work.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Jobs {
    /// The number of jobs that run at the same time.
    pub(crate) at_once: u32,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { at_once: 2 }
    }
}

/// `[log]`: Kenduri's log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// `auto` (text on a terminal, JSON otherwise), `text` or `json`.
    pub(crate) format: LogFormat,
    /// `error`, `warn`, `info` or `debug`. The access log does not depend on it.
    pub(crate) level: LogLevel,
    /// `stderr`, `journal` (standard error, which systemd stores in its journal), or a folder (in
    /// `data`) with log rotation.
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

/// `[metrics]`: metrics for Prometheus.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Metrics {
    /// A separate listening address. If empty, `/metrics` of the site is served to loopback only.
    pub(crate) listen: String,
}

/// `[updates]`: notices about advisories and newer versions of Kenduri.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Updates {
    /// Files or URLs of release feeds (RSS, Atom) and advisory lists (OSV), read once a day. If
    /// empty, nothing is read.
    pub(crate) advisories: Vec<String>,
}

/// `[compat]`: the paths of older programs, which Kenduri can serve.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Compat {
    /// The slug of the occasion that `/api/flask`, `/api/node` and `/socket.io` serve. If empty,
    /// these paths do not exist.
    pub(crate) occasion: String,
    /// Whether the paths of the older personal site, which begin with `/backend`, are served.
    pub(crate) backend: bool,
    /// Whether the paths of the older booking site are served.
    pub(crate) bookings: bool,
    /// The older program whose format `/api/auth` uses: `backend` or `bookings`. If empty, the path
    /// does not exist.
    pub(crate) auth: String,
    /// Whether registration at the older sites' paths returns tokens. In this case, it returns an
    /// error if the email address is taken, which reveals that the address has an account.
    pub(crate) register_tokens: bool,
}

/// `[[webhook]]`: an operator's program that receives events about all accounts.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Webhook {
    /// An https URL on public networks, or `service:NAME/path`.
    pub(crate) url: String,
    /// The names of the events to send.
    pub(crate) events: Vec<String>,
    /// Whether a message about a reset countdown contains the note that belongs to the reset.
    pub(crate) include_notes: bool,
    /// The secret with which Kenduri signs the messages.
    pub(crate) secret: String,
    /// A file that contains the secret.
    pub(crate) secret_file: String,
}

/// `[status]`: the public status page.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Status {
    /// Whether everybody may see the page at `/status`.
    pub(crate) public: bool,
}

/// `[alerts]`: who is notified when a problem begins and when it is over.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Alerts {
    /// Who is notified by mail: `owners` stands for the owners of the installation, and other
    /// entries are email addresses. If empty, nobody is notified.
    pub(crate) to: Vec<String>,
    /// The webhook that is also notified: an https URL on public networks, or `service:NAME/path`.
    /// If empty, there is none.
    pub(crate) webhook: String,
    /// The secret with which Kenduri signs the messages.
    pub(crate) webhook_secret: String,
    /// A file that contains the secret.
    pub(crate) webhook_secret_file: String,
    /// The minimum free space for Kenduri's data: a percentage or a size. `0` disables the alert.
    pub(crate) disk: String,
    /// The minimum available memory: a percentage or a size. `0` disables the alert.
    pub(crate) memory: String,
    /// The maximum time by which the backup may lag behind the store. `0s` disables the alert.
    pub(crate) backup_lag: String,
    /// The number of failed jobs in a day at which an alert begins. 0 disables the alert.
    pub(crate) failed_jobs: u32,
    /// The number of failed mails in a day at which an alert begins. 0 disables the alert.
    pub(crate) failed_mails: u32,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            to: vec!["owners".to_owned()],
            webhook: String::new(),
            webhook_secret: String::new(),
            webhook_secret_file: String::new(),
            disk: "10%".to_owned(),
            memory: "10%".to_owned(),
            backup_lag: "15m".to_owned(),
            failed_jobs: 1,
            failed_mails: 5,
        }
    }
}
