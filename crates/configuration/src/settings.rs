//! The validated settings, ready for use.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use edge::{ListenAddress, ListenSettings};
use jiff::tz::TimeZone;
use platform::dns::NameServers;
use platform::key_file::KeyFile;
use platform::mail::bounces::Mailbox;
use platform::mail::{Sender, SnsTopic};
use platform::webhook_key::WebhookKey;
use platform::{Secret, store};
use site::domain::Domains;
use site::look;
use site::webhook::declared::DeclaredWebhook;
use toml::Table;
use units::Check;
use web::SiteUrl;
use web::client_info::Proxies;
use web::setting::SettingValues;

use super::address;
use super::alerts;
use super::backup;
use super::domain_settings;
use super::files;
use super::mail::{self, MailRoute};
use super::older_programs::{OlderPrograms, OlderSite};
use super::providers;
use super::sign_in_routes;
use super::url_password::without_password;
use super::value_checks::{number, secret};
use super::webhooks;
use super::written::{FILES, Registration, Synchronous, Written};
use crate::alert_settings::AlertSettings;
use crate::folders::LOGS;
use crate::log_settings::{Log, To};
use crate::update_source::Source;

/// No service may have this name, because the supervisor process's log file has it.
const KEEPER: &str = "keeper";

/// The endpoints for operators, which every host has.
pub const OPERATOR_PATHS: [&str; 4] = ["/healthz", "/livez", "/readyz", "/metrics"];

const LANGUAGES: [&str; 5] = ["en", "ms", "it", "zh-Hans", "ar"];

/// The validated settings. The plans of the edge and of the services are separate.
#[derive(Debug, Clone)]
pub struct Settings {
    pub data: PathBuf,
    pub secret_file: KeyFile,
    pub site: Site,
    pub store: store::Settings,
    /// Whether a start migrates the store, instead of waiting until another process has.
    pub migrates_store: bool,
    pub mail: Mail,
    /// Who may have an account.
    pub registration: identity::person::registration::Registration,
    /// The store of uploaded files and exports.
    pub files: platform::Files,
    /// The settings of the backup; `None` if nothing is backed up.
    pub backup: Option<::backup::Settings>,
    /// The address of the S3 server for backups, and the credentials for it.
    pub s3_access: ::backup::S3Access,
    /// The file with the passphrase, if the settings request a restore at startup.
    pub restore_with: Option<PathBuf>,
    /// At least one listening address, and the limits on connections.
    pub listen: ListenSettings,
    /// The proxies that are trusted to send headers about the client.
    pub trusted_proxies: Proxies,
    /// The number of jobs that run concurrently.
    pub jobs_at_once: usize,
    pub log: Log,
    /// The address of a separate listener for `/metrics`, if there is one.
    pub metrics: Option<ListenAddress>,
    /// The feeds of newer versions and security advisories.
    pub updates: Vec<Source>,
    /// Who must have a second factor.
    pub require_mfa_for: identity::credential::require_mfa::RequireMfaFor,
    pub providers: Vec<identity::credential::provider::ProviderSettings>,
    pub domains: SettingValues,
    /// The slug of the occasion that is served at the paths of older wedding cards, if any.
    pub compat_occasion: Option<String>,
    /// The policy for the paths of an older personal site; `None` if these paths are not served.
    pub personal_site: Option<OlderSite>,
    /// The policy for the paths of an older booking site; `None` if they are not served.
    pub booking_site: Option<OlderSite>,
    /// The webhooks that the settings declare, including the webhook for alerts.
    pub webhooks: Vec<DeclaredWebhook>,
    pub alerts: AlertSettings,
    /// The memory limit of all services together, in bytes.
    pub service_memory: Option<u64>,
    /// The services on the public status page, with their public names. `None` if there is no page.
    pub status: Option<Vec<(String, String)>>,
}

/// The name, address and languages of the installation.
#[derive(Debug, Clone)]
pub struct Site {
    /// The site's URL in the settings. If `None`, the URL of the first listener is used.
    pub url: Option<SiteUrl>,
    pub name: String,
    /// The languages of pages that belong to no occasion; at least one.
    pub languages: Vec<String>,
    pub time_zone: TimeZone,
    /// The home page of a new store, in the notation of `site.home`.
    pub home: String,
    /// Whether caches in front of the site ignore `Vary`, so that public pages may not depend on
    /// the language of the browser.
    pub cdn: bool,
}

#[derive(Debug, Clone)]
pub struct Mail {
    pub route: MailRoute,
    pub from: Sender,
    /// The DNS servers that are asked for the sender domain's records.
    pub name_servers: NameServers,
    /// Whether mail to many recipients waits until the sender domain has its DNS records.
    pub require_records: bool,
    /// The mailbox from which Kenduri reads delivery reports, if any.
    pub bounces: Option<Mailbox>,
    /// The secret with which the mail provider signs its delivery reports.
    pub callbacks: Option<WebhookKey>,
    /// The Amazon SNS topic through which SES sends delivery reports.
    pub ses_topic: Option<SnsTopic>,
}

impl Settings {
    /// Whether Kenduri can be reached only from this machine.
    pub fn is_private(&self) -> bool {
        address::is_private(&self.listen)
    }

    /// Whether mails are stored in the built-in mailbox instead of being sent.
    pub fn has_mailbox(&self) -> bool {
        matches!(self.mail.route, MailRoute::Mailbox)
    }
}

/// Converts the parsed settings file into settings and the edge's plan. `is_start` is false if
/// changed settings are applied while Kenduri runs. Reports every invalid value to `check`, and
/// returns `None` if any value is invalid.
pub(super) fn settings(
    domains: Domains,
    written: &Written,
    sections: &Table,
    ground: &edge::PlanContext<'_>,
    is_start: bool,
    check: &mut Check,
) -> Option<(Settings, edge::Plan)> {
    let (data, services) = (ground.data, ground.services);
    let site = site(written, check);
    let mut plan = plan(written, ground, check);
    if let Some(plan) = &mut plan {
        sign_in_routes::check(written, plan, check);
        plan.answer_also(&OPERATOR_PATHS);
        if let Some(url) = site.url.as_ref().filter(|url| url.is_secure())
            && plan.needs_app()
        {
            plan.order_for(url.host());
        }
        if let Some(url) = site.url.as_ref().filter(|url| url.is_secure()) {
            warn_of_other_names(written, url, plan, check);
        }
    }
    let trusted_proxies = plan.as_ref().and_then(|plan| {
        let networks = plan.listen().trusted_proxies.iter();
        let networks: Vec<String> = networks.map(ToString::to_string).collect();
        Proxies::parse(&networks).ok()
    });
    let from = mail::sender(written, check);
    let jobs_at_once = number(check, "jobs.at_once", written.jobs.at_once, 1, 64) as usize;
    let metrics = (!written.metrics.listen.is_empty())
        .then(|| ListenAddress::parse(&written.metrics.listen, data))
        .and_then(|address| check.accept("metrics.listen", address));
    let has_services_lines = data.join(&written.log.to) == data.join(LOGS);
    if has_services_lines && written.service.contains_key(KEEPER) {
        check.refuse(
            "log.to",
            "the service \"keeper\" would write into the log file of Kenduri's supervisor process",
            "name another folder, such as \"log\", or rename the service",
        );
    }
    if matches!(written.log.to.as_str(), "stderr" | "journal") {
        for (number, route) in written.route.iter().enumerate() {
            if !route.log.is_empty() {
                check.refuse(
                    &format!("route[{number}].log"),
                    "the log of a site is a file, and log.to names no folder",
                    "write to = \"logs\" in [log], or remove it",
                );
            }
        }
    }
    let values = domain_settings::read(domains, sections, check);
    domain_settings::check_home(domains, &site.home, &values, check);
    let older_programs = OlderPrograms::read(domains, &written.compat, &values, check);
    let reaches_app = plan.as_ref().is_none_or(edge::Plan::any_host_reaches_app);
    let may_have_own = domain_settings::is_on(domains, "occasions.own_domains", &values);
    if may_have_own && !reaches_app {
        check.warn_sentence(
            "occasions.own_domains: requests for hosts without a route of their own do not reach \
             the app, so no occasion is served at its own domain. Add a [[route]] without host, \
             to = \"app\"",
        );
    }
    let s3_access = backup::access(written, check);
    let mut webhooks = webhooks::read(domains, &written.webhook, services, is_start, check);
    let alerts = alerts::read(written, services, is_start, &mut webhooks, check);
    let route = mail::route(written, check);
    let store = store_settings(written, data, check);
    let settings = Settings {
        data: data.to_owned(),
        secret_file: secret_file(written, data, check),
        site,
        mail: Mail {
            from: from?,
            name_servers: mail::name_servers(written, check),
            require_records: written.mail.require_records,
            bounces: mail::bounces(written, &route, check),
            callbacks: mail::callbacks(written, check),
            ses_topic: mail::ses_topic(written, check),
            route,
        },
        registration: registration(written, plan.as_ref(), check),
        backup: backup::read(written, data, &store, &s3_access, check),
        store,
        migrates_store: written.store.migrate,
        s3_access,
        restore_with: backup::passphrase_file(written, check),
        listen: plan.as_ref()?.listen().clone(),
        trusted_proxies: trusted_proxies?,
        jobs_at_once,
        log: Log {
            format: written.log.format,
            level: written.log.level,
            to: match written.log.to.as_str() {
                "stderr" => To::Stderr,
                "journal" => To::Journal,
                folder => To::Folder(data.join(folder)),
            },
        },
        metrics,
        updates: updates(written, check),
        require_mfa_for: written.accounts.require_mfa_for.into(),
        providers: providers::read(&written.accounts.provider, check),
        domains: values,
        compat_occasion: older_programs.occasion,
        personal_site: older_programs.personal_site,
        booking_site: older_programs.booking_site,
        webhooks,
        alerts,
        status: alerts::status(written),
        service_memory: service_memory(written, check),
        files: files::read(written, data, check)?,
    };
    let whole = (settings, plan?);
    check.problems.is_empty().then_some(whole)
}

fn service_memory(written: &Written, check: &mut Check) -> Option<u64> {
    let all = &written.service_memory;
    if all.is_empty() {
        return None;
    }
    check.accept("service_memory", units::size(all))
}

fn updates(written: &Written, check: &mut Check) -> Vec<Source> {
    const KEY: &str = "updates.advisories";
    let all = written.updates.advisories.iter();
    let sources = all.filter_map(|one| {
        let source = Source::parse(one, |file| check.path(KEY, file));
        check.accept(KEY, source)
    });
    sources.collect()
}

/// Open registration requires a mail server, because new people must confirm their address by mail.
/// On a private site, they read the mailbox.
fn registration(
    written: &Written,
    plan: Option<&edge::Plan>,
    check: &mut Check,
) -> identity::person::registration::Registration {
    use identity::person::registration::Registration as Needed;

    match written.accounts.registration {
        Registration::Closed => Needed::Closed,
        Registration::Invite => Needed::Invite,
        Registration::Open => {
            let is_private = plan.is_none_or(|plan| address::is_private(plan.listen()));
            if written.mail.url == "mailbox:" && !is_private {
                check.refuse_sentence(
                    "accounts.registration",
                    "accounts.registration is \"open\", but with mail.url = \"mailbox:\" no mail \
                     reaches people who register",
                    "set mail.url to your mail server, or write \"invite\" or \"closed\"",
                );
            }
            Needed::Open
        }
    }
}

fn plan(
    written: &Written,
    ground: &edge::PlanContext<'_>,
    check: &mut Check,
) -> Option<edge::Plan> {
    let plan = if check.allows_absent() {
        edge::Plan::check_elsewhere(&written.edge(), ground)
    } else {
        edge::Plan::check(&written.edge(), ground)
    };
    let plan = check.take(plan)?;
    check.warnings.extend(plan.warnings().iter().cloned());
    Some(plan)
}

/// If there are certificates, but none is for the site's own host.
fn warn_of_other_names(written: &Written, url: &SiteUrl, plan: &edge::Plan, check: &mut Check) {
    let host = url.host();
    let loaded = plan.tls().certificates.len();
    // A certificate whose file is not here may be the one.
    let are_all_here = loaded == written.tls.certificate.len();
    if loaded > 0 && are_all_here && !plan.listen().https.is_empty() && !plan.has_certificate(host)
    {
        check.warn(
            "site.url",
            format!("no certificate covers {host}, so browsers cannot open the site"),
            format!("Name a file for {host} in [[tls.certificate]], or let tls.acme order one."),
        );
    }
}

fn site(written: &Written, check: &mut Check) -> Site {
    for language in &written.site.languages {
        if !LANGUAGES.contains(&language.as_str()) {
            check.refuse_sentence(
                "site.languages",
                format!(
                    "site.languages names {language:?}, which is not one of Kenduri's languages"
                ),
                format!("write one of {}", LANGUAGES.join(", ")),
            );
        }
    }
    if written.site.languages.is_empty() {
        check.refuse_sentence(
            "site.languages",
            "site.languages is empty",
            "name at least one, for example [\"en\"]",
        );
    }
    if written.site.name.trim().is_empty() {
        check.refuse_sentence("site.name", "site.name is empty", "name the installation");
    }
    let url = if check.is_built_in("site.url") {
        None
    } else {
        check.accept("site.url", SiteUrl::parse(&written.site.url))
    };
    if url
        .as_ref()
        .is_some_and(|url| !url.is_secure() && !url.is_loopback())
    {
        check.warn_sentence(
            "site.url begins with http://, so signing in is refused there: passwords would travel \
             in the clear. Set listen.https and tls, or put a proxy with TLS in front of Kenduri, \
             and write https://",
        );
    }
    let time_zone = TimeZone::get(&written.site.time_zone).unwrap_or_else(|_| {
        check.refuse_sentence(
            "site.time_zone",
            format!(
                "site.time_zone is {:?}, which is not an IANA time zone",
                written.site.time_zone
            ),
            "write it like \"Asia/Kuala_Lumpur\" or \"UTC\"",
        );
        TimeZone::UTC
    });
    Site {
        url,
        name: written.site.name.trim().to_owned(),
        languages: written.site.languages.clone(),
        time_zone,
        // If the home page consists of files, a route in front of the app serves it. The app keeps
        // its usual home page.
        home: if written.site.home.starts_with(FILES) {
            look::SITE.to_owned()
        } else {
            written.site.home.clone()
        },
        cdn: written.site.cdn,
    }
}

fn store_settings(written: &Written, data: &Path, check: &mut Check) -> store::Settings {
    let backed_up = !written.backup.to.is_empty();
    let written = &written.store;
    let batch = number(check, "store.batch", written.batch, 1, 4_096) as usize;
    let connections = number(check, "store.connections", written.connections, 1, 64) as usize;
    let given = secret(
        check,
        "store.password",
        &written.password,
        &written.password_file,
    );
    if let Some(file) = written.url.strip_prefix("sqlite:") {
        if file.is_empty() {
            check.refuse_sentence(
                "store.url",
                "store.url names no file",
                "write \"sqlite:kenduri.db\"",
            );
        }
        if given.is_some() {
            check.refuse_sentence(
                "store.password",
                "store.password or store.password_file is set, but the store is an SQLite file, which has no password",
                "remove it, or set store.url to postgres://USER@HOST/DATABASE",
            );
        }
        if written.synchronous == Synchronous::Off {
            check.warn_sentence("store.synchronous is \"off\": a power cut loses answers that guests were told are saved. \
                 This is for benchmarks only; remove the line");
        }
        return store::Settings::Sqlite(store::SqliteSettings {
            path: data.join(file),
            batch,
            durable: written.synchronous == Synchronous::Full,
            backed_up,
        });
    }
    if !written.url.starts_with("postgres://") && !written.url.starts_with("postgresql://") {
        check.refuse_sentence(
            "store.url",
            "store.url is neither sqlite:FILE nor postgres://user@host/database",
            "write one of these, or remove it to keep everything in one SQLite file",
        );
    }
    for key in ["store.batch", "store.synchronous"] {
        if !check.is_built_in(key) {
            check.refuse_sentence(key, format!("{key} is for SQLite only"), "remove it");
        }
    }
    let (_, inside) = without_password(&written.url);
    if inside.is_some() && given.is_some() {
        check.refuse_sentence(
            "store.url",
            "store.url holds a password, and store.password or store.password_file another",
            "keep one of them; store.password_file is safest",
        );
    }
    let mut url = written.url.clone();
    if let Some(password) = given {
        url = with_parameter(&url, "password", password.reveal());
    }
    if !written.ca_file.is_empty() {
        url = with_parameter(&url, "sslrootcert", &written.ca_file);
    }
    let failover_wait = check.time("store.failover_wait", &written.failover_wait);
    store::Settings::Postgres(store::PostgresSettings {
        url: Secret::new(url),
        connections,
        failover_wait: failover_wait.unwrap_or(store::FAILOVER_WAIT),
    })
}

fn secret_file(written: &Written, data: &Path, check: &mut Check) -> KeyFile {
    if written.secret_file.is_empty() {
        check.refuse_sentence(
            "secret_file",
            "secret_file names no file",
            "remove it to keep the keys in secret.key of the data folder",
        );
    }
    KeyFile::at(data.join(&written.secret_file))
}

/// Adds a parameter to PostgreSQL's address.
fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let mut whole = format!("{url}{}{name}=", if url.contains('?') { '&' } else { '?' });
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() {
            whole.push(char::from(byte));
        } else {
            let _ = write!(whole, "%{byte:02X}");
        }
    }
    whole
}
