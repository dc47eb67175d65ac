//! Everything at one glance: services, certificates, routes.

use std::borrow::Cow;

use askama::Template;
use axum::Extension;
use axum::response::Response;
use edge::FileCertificate;
use edge::acme::Standing;
use web::Text;

use super::desk::Desk;
use super::house::{Door, House};
use super::rows::Instance;
use crate::control_requests::services::{ServiceRequest, ServiceResponse};

#[derive(Template)]
#[template(path = "server/overview.html")]
struct Overview<'a> {
    text: &'a Text,
    /// Nothing when the supervisor process did not answer.
    rows: Option<Vec<Instance>>,
    certificates: Option<Vec<Certificate>>,
    routes: Option<String>,
}

impl Overview<'_> {
    /// Whether Kenduri keeps nothing but itself.
    fn is_alone(&self) -> bool {
        let mut rows = self.rows.iter().flatten();
        rows.all(|row| row.is_own)
    }
}

/// A name, or several of one file, and how it stands with their certificate.
#[derive(Default)]
struct Certificate {
    names: String,
    class: &'static str,
    words: Cow<'static, str>,
    until: Option<String>,
    next: Option<String>,
    /// When it failed last and why, as the authority said it.
    failure: Option<(String, String)>,
    refused: Option<String>,
    /// The file it is in; nothing of one that is ordered.
    chain: Option<String>,
}

/// `GET /admin/server`.
pub(super) async fn show(desk: Desk, Extension(house): Extension<House>) -> Response {
    let (rows, door) = tokio::join!(house.ask(ServiceRequest::Ps), house.door());
    let rows = match rows {
        Ok(ServiceResponse::Rows(rows)) => Some(rows),
        Ok(_) | Err(_) => None,
    };
    let certificates = door.as_ref().map(|door| certificates(&desk, door));
    let body = Overview {
        text: &desk.text,
        rows: rows.map(|rows| {
            let rows = rows.iter();
            rows.map(|row| Instance::of(&desk, row, None)).collect()
        }),
        certificates,
        routes: door.map(|door| door.routes),
    };
    desk.page(&desk.text.say("server"), body)
}

/// Those in files first, as they are shown first.
fn certificates(desk: &Desk, door: &Door) -> Vec<Certificate> {
    let files = door.in_files.iter().map(|file| in_file(desk, file));
    let ordered = door.ordered.iter().map(|name| ordered(desk, name));
    files.chain(ordered).collect()
}

fn in_file(desk: &Desk, file: &FileCertificate) -> Certificate {
    let (class, words) = if file.valid_until <= desk.now {
        ("error", "server-certificate-expired")
    } else if desk.now < file.valid_from {
        ("error", "server-certificate-early")
    } else if file.is_overdue(desk.now) {
        ("maybe", "server-certificate-overdue")
    } else {
        ("yes", "server-certificate-valid")
    };
    Certificate {
        names: file.names.join(", "),
        class,
        words: words.into(),
        until: Some(desk.moment(file.valid_until)),
        chain: Some(file.chain.display().to_string()),
        ..Certificate::default()
    }
}

fn ordered(desk: &Desk, standing: &Standing) -> Certificate {
    let is_valid = standing.valid_until.is_some_and(|until| until > desk.now);
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
        until: standing.valid_until.map(|at| desk.moment(at)),
        next: standing.next.map(|next| desk.moment(next.at)),
        failure: standing
            .failures
            .as_ref()
            .map(|failures| (desk.moment(failures.last), failures.why.clone())),
        refused: standing.refused.as_ref().map(ToString::to_string),
        chain: None,
    }
}
