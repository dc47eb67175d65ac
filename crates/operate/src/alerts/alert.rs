//! Stores the active alerts, and notifies people when an alert begins or ends.

use std::sync::Arc;

use configuration::alert_settings::AlertSettings;
use identity::account::{self, Account};
use identity::grant::{self, Scope};
use identity::security_mail::SecurityMail;
use jiff::Timestamp;
use platform::mail::{Address, NewMail, Stream, sealed_text};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use site::webhook::declared;
use web::{Language, Site, Text, Value};

use crate::server_status::service_address;

const PAGE: &str = "/admin/server";
const BEGUN: &str = "alert.begun";
const ENDED: &str = "alert.ended";

/// Where alerts are sent.
#[derive(Clone)]
pub struct Outlet {
    pub site: Site,
    pub settings: Arc<AlertSettings>,
}

impl Outlet {
    pub fn new(site: &Site, settings: &AlertSettings) -> Self {
        Self {
            site: site.clone(),
            settings: Arc::new(settings.clone()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Disk,
    Memory,
    Backup,
    BackupMissing,
    BackupElsewhere,
    BackupSecond,
    SavingPaused,
    TookOver,
    Drill,
    CertificateEnds,
    CertificateFails,
    Jobs,
    Mails,
    Service,
    Clock,
}

impl Kind {
    pub const ALL: [Self; 15] = [
        Self::Disk,
        Self::Memory,
        Self::Backup,
        Self::BackupMissing,
        Self::BackupElsewhere,
        Self::BackupSecond,
        Self::SavingPaused,
        Self::TookOver,
        Self::Drill,
        Self::CertificateEnds,
        Self::CertificateFails,
        Self::Jobs,
        Self::Mails,
        Self::Service,
        Self::Clock,
    ];

    /// The kind's name in the store and in webhook messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Disk => "disk",
            Self::Memory => "memory",
            Self::Backup => "backup",
            Self::BackupMissing => "backup_missing",
            Self::BackupElsewhere => "backup_elsewhere",
            Self::BackupSecond => "backup_second",
            Self::SavingPaused => "saving_paused",
            Self::TookOver => "took_over",
            Self::Drill => "drill",
            Self::CertificateEnds => "certificate_ends",
            Self::CertificateFails => "certificate_fails",
            Self::Jobs => "jobs",
            Self::Mails => "mails",
            Self::Service => "service",
            Self::Clock => "clock",
        }
    }

    /// Of the title and of the text.
    fn messages(self) -> (&'static str, &'static str) {
        match self {
            Self::Disk => ("alert-disk", "alert-disk-text"),
            Self::Memory => ("alert-memory", "alert-memory-text"),
            Self::Backup => ("alert-backup", "alert-backup-text"),
            Self::BackupMissing => ("alert-backup-missing", "alert-backup-missing-text"),
            Self::BackupElsewhere => ("alert-backup-elsewhere", "alert-backup-elsewhere-text"),
            Self::BackupSecond => ("alert-backup-second", "alert-backup-second-text"),
            Self::SavingPaused => ("alert-saving-paused", "alert-saving-paused-text"),
            Self::TookOver => ("alert-took-over", "alert-took-over-text"),
            Self::Drill => ("alert-drill", "alert-drill-text"),
            Self::CertificateEnds => ("alert-certificate-ends", "alert-certificate-ends-text"),
            Self::CertificateFails => ("alert-certificate-fails", "alert-certificate-fails-text"),
            Self::Jobs => ("alert-jobs", "alert-jobs-text"),
            Self::Mails => ("alert-mails", "alert-mails-text"),
            Self::Service => ("alert-service", "alert-service-text"),
            Self::Clock => ("alert-clock", "alert-clock-text"),
        }
    }

    /// In the order of [`Finding::details`].
    fn values(self) -> &'static [&'static str] {
        match self {
            Self::Disk | Self::Memory => &["free", "size"],
            Self::Backup | Self::CertificateEnds => &["until"],
            Self::BackupMissing
            | Self::BackupElsewhere
            | Self::CertificateFails
            | Self::Drill
            | Self::Service => &["reason"],
            Self::BackupSecond => &["until", "reason"],
            Self::SavingPaused => &["since", "reason"],
            Self::TookOver => &["from", "until"],
            Self::Jobs => &["number", "kinds"],
            Self::Mails => &["number"],
            Self::Clock => &["seconds"],
        }
    }
}

/// What is known about all subjects of one kind of alert. For example, the subjects of
/// [`Kind::Service`] are the services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub kind: Kind,
    /// The subjects that have a problem or are near the limit. Alerts about all other subjects end.
    pub findings: Vec<Finding>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the service, or the names in the certificate. Empty for kinds with only one
    /// subject.
    pub about: String,
    pub level: Level,
    pub details: Vec<String>,
    /// When the problem began; `None` if this is unknown.
    pub since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Wrong,
    /// The value is near the limit. An active alert stays active, but no new alert begins.
    Between,
}

/// An active alert.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Alert {
    kind: String,
    pub about: String,
    pub since: Timestamp,
    #[row(json)]
    details: Vec<String>,
    /// Whether anybody was notified when the alert began.
    is_told: bool,
}

/// Returns the active alerts, oldest first.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Alert>, StoreError> {
    tx.all(
        sql!("SELECT {Alert} FROM alert ORDER BY since, kind, about"),
        &[],
    )
}

impl Alert {
    fn of(kind: Kind, finding: &Finding, now: Timestamp) -> Self {
        Self {
            kind: kind.word().to_owned(),
            about: finding.about.clone(),
            since: to_millisecond(finding.since.unwrap_or(now)),
            details: finding.details.clone(),
            is_told: false,
        }
    }

    /// Returns the title and the text in a language. If another version of Kenduri stored the
    /// alert, its kind may be unknown. The title is then the kind's name.
    pub fn said(&self, text: &Text) -> (String, String) {
        let Some(kind) = self.kind() else {
            return (self.kind.clone(), String::new());
        };
        let (title, sentence) = kind.messages();
        let names = kind.values().iter().copied();
        let details = self
            .details
            .iter()
            .map(|detail| Value::from(detail.as_str()));
        let mut values: Vec<_> = names.zip(details).collect();
        values.push(("about", self.about.as_str().into()));
        (text.with(title, &values), text.with(sentence, &values))
    }

    /// The path of the page about the alert's subject.
    pub fn path(&self) -> String {
        match self.kind() {
            Some(Kind::Service) => service_address(&self.about),
            Some(Kind::Clock) => format!("{PAGE}/machines"),
            _ => PAGE.to_owned(),
        }
    }

    fn kind(&self) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == self.kind)
    }
}

/// A rounded time can be compared with a stored one.
fn to_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// Begins, updates and ends alerts in the store, so that they agree with a report.
pub fn settle(tx: &mut Tx<'_>, outlet: &Outlet, report: &Report) -> Result<(), StoreError> {
    let kind = report.kind.word();
    let known: Vec<Alert> = sql!(
        "SELECT {Alert} FROM alert WHERE kind = :kind FOR NO KEY UPDATE",
        kind
    )
    .all(tx)?;
    for finding in report
        .findings
        .iter()
        .filter(|one| one.level == Level::Wrong)
    {
        let before = known.iter().find(|alert| alert.about == finding.about);
        let now = tx.now();
        let next = Alert::of(report.kind, finding, now);
        match before {
            // A service may have recovered and failed again between two reports.
            Some(before)
                if !before.is_told || finding.since.is_some() && next.since > before.since =>
            {
                change(tx, &next)?;
            }
            Some(before) => {
                let next = Alert {
                    since: before.since,
                    is_told: true,
                    ..next
                };
                if next != *before {
                    change(tx, &next)?;
                }
                continue;
            }
            None => {
                let is_new = sql!(
                    "INSERT INTO alert ({Alert}) VALUES ({:Alert})
                     ON CONFLICT (kind, about) DO NOTHING",
                    Alert = next
                )
                .run(tx, Rows::AtMostOne)?;
                if is_new == 0 {
                    continue;
                }
                tracing::warn!(kind, about = next.about, page = next.path(), details = ?next.details, "an alert began; its page says what to do");
            }
        }
        let is_told = notify(tx, outlet, &next, true)?;
        change(tx, &Alert { is_told, ..next })?;
    }
    for alert in &known {
        let mut findings = report.findings.iter();
        if !findings.any(|finding| finding.about == alert.about) {
            end(tx, outlet, alert)?;
        }
    }
    Ok(())
}

fn change(tx: &mut Tx<'_>, alert: &Alert) -> Result<(), StoreError> {
    let Alert {
        kind,
        about,
        since,
        details,
        is_told,
    } = alert;
    sql!(
        "UPDATE alert SET since = :since, details = :details, is_told = :is_told
         WHERE kind = :kind AND about = :about",
        since,
        details = json!(details).to_string(),
        is_told,
        kind,
        about
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

fn end(tx: &mut Tx<'_>, outlet: &Outlet, alert: &Alert) -> Result<(), StoreError> {
    let was_on = sql!(
        "DELETE FROM alert WHERE kind = :kind AND about = :about",
        kind = alert.kind,
        about = alert.about
    )
    .run(tx, Rows::AtMostOne)?;
    if was_on == 1 && alert.is_told {
        tracing::info!(kind = alert.kind, about = alert.about, "an alert is over");
        notify(tx, outlet, alert, false)?;
    }
    Ok(())
}

/// Returns whether there was a recipient.
fn notify(
    tx: &mut Tx<'_>,
    outlet: &Outlet,
    alert: &Alert,
    has_begun: bool,
) -> Result<bool, StoreError> {
    let (site, settings) = (&outlet.site, &outlet.settings);
    let mut is_told = false;
    if settings.owners {
        for member in grant::list(tx, &Scope::site())? {
            if member.role != grant::OWNER {
                continue;
            }
            if let Some(owner) = account::find(tx, &member.account)? {
                mail_owner(tx, site, alert, &owner, has_begun)?;
                is_told = true;
            }
        }
    }
    for address in &settings.addresses {
        mail_address(tx, site, alert, address, has_begun)?;
        is_told = true;
    }
    if let Some(url) = &settings.webhook {
        let (title, text) = alert.said(&first_language(site));
        let body = json!({
            "site": site.settings.name,
            "kind": alert.kind,
            "about": alert.about,
            "since": alert.since,
            "title": title,
            "text": text,
        });
        let event = if has_begun { BEGUN } else { ENDED };
        declared::send(tx, url, event, body)?;
        is_told = true;
    }
    Ok(is_told)
}

fn mail_messages(has_begun: bool) -> (&'static str, &'static str) {
    if has_begun {
        ("mail-alert-begun-subject", "mail-alert-begun-text")
    } else {
        ("mail-alert-ended-subject", "mail-alert-ended-text")
    }
}

fn mail_owner(
    tx: &mut Tx<'_>,
    site: &Site,
    alert: &Alert,
    owner: &Account,
    has_begun: bool,
) -> Result<(), StoreError> {
    let (subject, text) = mail_messages(has_begun);
    let (title, what) = alert.said(&site.catalogue.speak(&Language::of(&owner.locale)));
    let notice = SecurityMail {
        subject,
        text,
        at: if has_begun { alert.since } else { tx.now() },
        path: &alert.path(),
        values: vec![("title", title.into()), ("what", what.into())],
    };
    notice.send(tx, site, owner)
}

fn mail_address(
    tx: &mut Tx<'_>,
    site: &Site,
    alert: &Alert,
    to: &Address,
    has_begun: bool,
) -> Result<(), StoreError> {
    let text = first_language(site);
    let (subject, sentence) = mail_messages(has_begun);
    let (title, what) = alert.said(&text);
    let zone = &site.settings.time_zone;
    let at = if has_begun { alert.since } else { tx.now() };
    let values = [
        ("name", to.as_str().into()),
        ("site", site.settings.name.as_str().into()),
        ("time", text.moment_in(zone, at).into()),
        ("address", site.url().join(&alert.path()).into()),
        ("title", title.into()),
        ("what", what.into()),
    ];
    tx.send_mail(NewMail {
        subject: text.with(subject, &values),
        text: text.with(sentence, &values),
        seal: Some(site.keys.key(sealed_text::PURPOSE)),
        ..NewMail::new(to.clone(), Stream::Security)
    })?;
    Ok(())
}

fn first_language(site: &Site) -> Text {
    let tag = site.settings.languages.first().map_or("en", String::as_str);
    let tag = if web::language::COMPLETE.contains(&tag) {
        tag
    } else {
        "en"
    };
    site.catalogue.speak(&Language::of(tag))
}
