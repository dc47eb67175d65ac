//! The operator's overview, with services, certificates, routes, updates and the backup.

use std::borrow::Cow;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::response::Response;
use edge::FileCertificate;
use edge::acme::CertificateStatus;
use web::{Problem, Text};

use super::AdminParts;
use super::alerts::AlertLine;
use super::backup::BackupState;
use super::context::AdminContext;
use super::instance_table::Instance;
use super::machine::Figure;
use super::readiness::{self, Check};
use crate::control_requests::services::{ServiceRequest, ServiceResponse};
use crate::server_status::EdgeStatus;
use crate::updates::{self, Advisory, Known, Release};

#[derive(Template)]
#[template(path = "server/overview.html")]
struct Overview<'a> {
    text: &'a Text,
    alerts: Vec<AlertLine>,
    checks: Vec<Check>,
    figures: Vec<Figure>,
    /// The instances of all services; `None` if the supervisor process did not reply.
    rows: Option<Vec<Instance>>,
    certificates: Option<Vec<Certificate>>,
    routes: Option<String>,
    address: String,
    is_address_private: bool,
    updates: Option<Updates>,
    /// The state of the backup; `None` if no backup is configured.
    backup: Option<BackupState>,
}

/// Empty if no source is configured.
#[derive(Default)]
struct Updates {
    /// When the sources were last read successfully.
    found: Option<String>,
    newer: Vec<Release>,
    advisories: Vec<Advisory>,
    /// When and why the sources could last not be read. `None` if a later attempt succeeded.
    failure: Option<(String, String)>,
}

impl Updates {
    fn of(admin: &AdminContext, known: Known) -> Self {
        let (found_at, found) = known.found.unzip();
        let found = found.unwrap_or_default();
        Self {
            found: found_at.map(|at| admin.moment(at)),
            newer: found.newer,
            advisories: found.advisories,
            failure: known.failure.map(|(at, why)| (admin.moment(at), why)),
        }
    }
}

impl Overview<'_> {
    fn is_alone(&self) -> bool {
        let mut rows = self.rows.iter().flatten();
        rows.all(|row| row.is_own)
    }
}

#[derive(Default)]
struct Certificate {
    names: String,
    class: &'static str,
    words: Cow<'static, str>,
    until: Option<String>,
    next: Option<String>,
    /// When and why the last order failed. The reason comes from the certificate authority.
    failure: Option<(String, String)>,
    refused: Option<String>,
    /// The certificate's file; `None` if Kenduri orders the certificate.
    chain: Option<String>,
}

pub(super) async fn show(
    admin: AdminContext,
    Extension(parts): Extension<Arc<AdminParts>>,
) -> Result<Response, Problem> {
    let AdminParts {
        server,
        updates: sources,
        backup,
        machine,
        ..
    } = &*parts;
    let updates = if sources.is_empty() {
        None
    } else {
        let sources = Arc::clone(sources);
        let read = admin
            .site
            .store
            .read(move |tx| updates::known(tx, &sources));
        Some(Updates::of(&admin, read.await?))
    };
    let alerts = AlertLine::list(&admin).await?;
    let (rows, status, seen) = tokio::join!(
        server.ask(ServiceRequest::Ps),
        server.edge_status(),
        machine.status()
    );
    let checks = readiness::list(&admin, &parts, status.as_ref(), &seen).await?;
    let store = machine.store(&admin.site.store).await?;
    let rows = match rows {
        Ok(ServiceResponse::Rows(rows)) => Some(rows),
        Ok(_) | Err(_) => None,
    };
    let certificates = status.as_ref().map(|status| certificates(&admin, status));
    let body = Overview {
        text: &admin.text,
        alerts,
        checks,
        figures: Figure::list(&admin.text, &seen, store),
        rows: rows.map(|rows| {
            let rows = rows.iter();
            rows.map(|row| Instance::of(&admin, row, None)).collect()
        }),
        certificates,
        routes: status.map(|status| status.routes),
        address: admin.site.url().origin().to_owned(),
        is_address_private: admin.site.url().is_private(),
        updates,
        backup: backup
            .as_ref()
            .map(|agent| BackupState::of(&admin, agent.status())),
    };
    Ok(admin.page(&admin.text.say("server"), body))
}

/// First those in files, then those that Kenduri orders.
fn certificates(admin: &AdminContext, status: &EdgeStatus) -> Vec<Certificate> {
    let files = status.in_files.iter().map(|file| in_file(admin, file));
    let all = status.ordered.iter().chain(&status.of_occasions);
    let ordered = all.map(|name| ordered(admin, name));
    files.chain(ordered).collect()
}

fn in_file(admin: &AdminContext, file: &FileCertificate) -> Certificate {
    let (class, words) = if file.valid_until <= admin.now {
        ("error", "server-certificate-expired")
    } else if admin.now < file.valid_from {
        ("error", "server-certificate-early")
    } else if file.is_overdue(admin.now) {
        ("maybe", "server-certificate-overdue")
    } else {
        ("yes", "server-certificate-valid")
    };
    Certificate {
        names: file.names.join(", "),
        class,
        words: words.into(),
        until: Some(admin.moment(file.valid_until)),
        chain: Some(file.chain.display().to_string()),
        ..Certificate::default()
    }
}

fn ordered(admin: &AdminContext, standing: &CertificateStatus) -> Certificate {
    let is_valid = standing.valid_until.is_some_and(|until| until > admin.now);
    let (class, words) = match (is_valid, &standing.failures, &standing.refused) {
        (true, None, _) => ("yes", "server-certificate-valid"),
        (true, Some(_), _) => ("maybe", "server-certificate-troubled"),
        (false, _, Some(_)) => ("no", "server-certificate-none"),
        (false, Some(_), None) => ("error", "server-certificate-failed"),
        (false, None, None) => ("wait", "server-certificate-ordered"),
    };
    Certificate {
        names: standing.name.clone(),
        class,
        words: words.into(),
        until: standing.valid_until.map(|at| admin.moment(at)),
        next: standing.next.map(|next| admin.moment(next.at)),
        failure: standing
            .failures
            .as_ref()
            .map(|failures| (admin.moment(failures.last), failures.why.clone())),
        refused: standing.refused.as_ref().map(ToString::to_string),
        chain: None,
    }
}
