//! The page of a service, with its instances, settings, exits, log lines and actions.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use platform::{StoreError, Tx};
use serde::Deserialize;
use site::freeze::{self, Freeze};
use supervisor::state::InstanceState;
use supervisor::{OWN_SERVICE, ServiceStatus};
use web::{Problem, Text};

use super::AdminParts;
use super::context::{AdminContext, span};
use super::instance_table::Instance;
use super::service_action::ServiceAction;
use crate::control_requests::services::{self, Logs, ServiceRequest, ServiceResponse};
use crate::server_status::service_address;
use crate::server_status::{RequestError, ServerStatus};

const LINES: usize = 50;
const MAX_GREP_BYTES: usize = 200;

#[derive(Default, Deserialize)]
pub(super) struct ServiceQuery {
    /// The keyword of the action after which this page is shown.
    done: Option<String>,
    /// The text that log lines must contain.
    #[serde(default)]
    grep: String,
}

#[derive(Template)]
#[template(path = "server/service.html")]
struct ServicePage<'a> {
    text: &'a Text,
    here: String,
    found: &'a ServiceStatus,
    is_own: bool,
    command: String,
    manner: Vec<(String, String)>,
    rows: Vec<Instance>,
    exits: Vec<Exit>,
    actions: Vec<ServiceAction>,
    /// The end of the current freeze, if there is one.
    frozen: Option<String>,
    lines: String,
    grep: &'a str,
    done: Option<String>,
    error: Option<ActionError>,
}

struct Exit {
    when: String,
    instance: u32,
    how: String,
    ran: String,
}

pub(super) struct ActionError {
    /// The message id of the reason.
    pub(super) words: &'static str,
    /// The reason in the words of the supervisor process. It is not translated.
    pub(super) reason: Option<String>,
}

pub(super) async fn show(
    admin: AdminContext,
    Extension(parts): Extension<Arc<AdminParts>>,
    Path(name): Path<String>,
    Query(asked): Query<ServiceQuery>,
) -> Result<Response, Problem> {
    page(&admin, &parts, &name, &asked, None).await
}

/// Renders the page. If an action failed, `error` says why.
pub(super) async fn page(
    admin: &AdminContext,
    parts: &AdminParts,
    name: &str,
    asked: &ServiceQuery,
    error: Option<ActionError>,
) -> Result<Response, Problem> {
    let (server, domains) = (&parts.server, parts.domains);
    let freeze = move |tx: &mut Tx<'_>| freeze::now(tx, domains);
    let freeze: Option<Freeze> = admin.site.store.read::<_, StoreError, _>(freeze).await?;
    let found = describe(server, name).await?;
    let grep = &asked.grep[..asked.grep.floor_char_boundary(MAX_GREP_BYTES)];
    let lines = if grep.is_empty() {
        found.lines.clone()
    } else {
        let logs = Logs {
            service: Some(name.to_owned()),
            grep: Some(grep.to_owned()),
            last: Some(LINES),
            ..Logs::default()
        };
        match server.ask(ServiceRequest::Logs(logs)).await {
            Ok(ServiceResponse::Lines { lines, .. }) => lines,
            Ok(_) | Err(_) => return Err(late()),
        }
    };
    let first = lines.len().saturating_sub(LINES);
    let text = &admin.text;
    let most = found.memory_max_bytes;
    let rows = found.instances.iter();
    let body = ServicePage {
        text,
        here: service_address(name),
        is_own: name == OWN_SERVICE,
        command: found.command.join(" "),
        manner: services::settings(&found.settings),
        rows: rows.map(|row| Instance::of(admin, row, most)).collect(),
        exits: exits(admin, &found),
        actions: actions(&found),
        frozen: freeze.map(|freeze| admin.moment(freeze.until)),
        lines: lines[first..]
            .iter()
            .map(supervisor::LogLine::to_file_line)
            .collect(),
        grep,
        done: asked
            .done
            .as_deref()
            .and_then(|done| done_message(text, done, name)),
        error,
        found: &found,
    };
    Ok(admin.page(&format!("{name} – {}", text.say("server")), body))
}

/// Returns the service's state, or "not found" if there is no such service.
pub(super) async fn describe(server: &ServerStatus, name: &str) -> Result<ServiceStatus, Problem> {
    let service = name.to_owned();
    match server.ask(ServiceRequest::Describe { service }).await {
        Ok(ServiceResponse::Described(found)) => Ok(*found),
        Err(RequestError::Refused(_)) => Err(Problem::not_found()),
        Ok(_) | Err(RequestError::Late) => Err(late()),
    }
}

fn late() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy").retry_after(5)
}

/// Latest first.
fn exits(admin: &AdminContext, found: &ServiceStatus) -> Vec<Exit> {
    let exits = found.exits.iter().rev().map(|exit| Exit {
        when: admin.moment(exit.at),
        instance: exit.instance,
        how: exit.how.clone(),
        ran: span(&admin.text, exit.ran_seconds),
    });
    exits.collect()
}

fn actions(found: &ServiceStatus) -> Vec<ServiceAction> {
    if &*found.service == OWN_SERVICE {
        return vec![ServiceAction::Reload];
    }
    let rests = |state| {
        matches!(
            state,
            InstanceState::Stopped | InstanceState::Finished | InstanceState::Failed
        )
    };
    let all = found.instances.iter();
    let (resting, running): (Vec<_>, Vec<_>) = all.partition(|row| rests(row.state));
    let mut actions = Vec::new();
    if running.is_empty() || !resting.is_empty() {
        actions.push(ServiceAction::Start);
    }
    if !running.is_empty() {
        actions.extend([
            ServiceAction::Reload,
            ServiceAction::Restart,
            ServiceAction::Scale,
            ServiceAction::Stop,
        ]);
    }
    actions
}

fn done_message(text: &Text, done: &str, name: &str) -> Option<String> {
    let id = match done {
        "late" => "server-done-late",
        "worker" => "server-done-worker",
        word => ServiceAction::find(word)?.done(),
    };
    Some(text.with(id, [("service", name.into())]))
}
