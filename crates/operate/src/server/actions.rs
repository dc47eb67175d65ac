//! Carries out actions on a service, for the buttons on the service's page.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use platform::audit::{Entity, Entry};
use platform::{StoreError, Tx};
use serde_json::json;
use site::asking::Sender;
use supervisor::OWN_SERVICE;
use web::{Form, Problem, Site, Wishes};

use super::AdminParts;
use super::context::AdminContext;
use super::service::{self, ActionError, ServiceQuery};
use super::service_action::ServiceAction;
use crate::server_status::RequestError;
use crate::server_status::service_address;

/// The supervisor process continues the action afterwards.
const PAGE_WAIT: Duration = Duration::from_secs(20);
/// Short, because an action on Kenduri's own workers replaces the one that serves the page.
const OWN_PAGE_WAIT: Duration = Duration::from_secs(3);
const INSTANCES: std::ops::RangeInclusive<i64> = 1..=64;

pub(super) async fn perform(
    State(site): State<Site>,
    Extension(parts): Extension<Arc<AdminParts>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    sender: Sender,
) -> Result<Response, Problem> {
    let wishes = Wishes::read(&uri, &headers);
    let Sender {
        who,
        form,
        csrf,
        request,
        ..
    } = sender;
    let admin = AdminContext::of(&site, who, csrf, &wishes).await?;
    // If the service does not exist, this fails before the action is recorded.
    service::describe(&parts.server, &name).await?;
    let Some((action, instances)) = read(&form) else {
        let error = ActionError {
            words: "server-scale-range",
            reason: None,
        };
        return refuse(
            &admin,
            &parts,
            &name,
            StatusCode::UNPROCESSABLE_ENTITY,
            error,
        )
        .await;
    };
    let entry = Entry {
        actor: admin.owner.who().actor(),
        action: "service.ordered",
        entity: Entity::new("service", name.clone()),
        scope: None,
        changes: match action {
            ServiceAction::Scale => json!([{ "field": action.word(), "new": instances }]),
            _ => json!([{ "field": action.word() }]),
        },
        request: Some(request),
    };
    let record = move |tx: &mut Tx<'_>| -> Result<(), StoreError> { tx.record(entry.clone()) };
    site.store.write(record).await?;
    let is_own = name == OWN_SERVICE;
    let patience = if is_own { OWN_PAGE_WAIT } else { PAGE_WAIT };
    let force = form.text("force") == "1";
    let order = action.order(name.clone(), instances, force);
    match parts.server.order(order, patience).await {
        Ok(_) => Ok(onward(&name, action.word())),
        Err(RequestError::Late) if is_own => Ok(onward(&name, "worker")),
        Err(RequestError::Late) => Ok(onward(&name, "late")),
        Err(RequestError::Refused(reason)) => {
            let error = ActionError {
                words: "server-refused",
                reason: Some(reason),
            };
            refuse(&admin, &parts, &name, StatusCode::CONFLICT, error).await
        }
    }
}

/// The number of instances is 0 except for scaling.
fn read(form: &Form) -> Option<(ServiceAction, u32)> {
    let action = ServiceAction::find(form.text("deed"))?;
    if action != ServiceAction::Scale {
        return Some((action, 0));
    }
    let typed = form.number("instances").ok().flatten();
    let instances = typed.filter(|count| INSTANCES.contains(count))?;
    Some((action, u32::try_from(instances).ok()?))
}

async fn refuse(
    admin: &AdminContext,
    parts: &AdminParts,
    name: &str,
    status: StatusCode,
    error: ActionError,
) -> Result<Response, Problem> {
    let page = service::page(admin, parts, name, &ServiceQuery::default(), Some(error)).await?;
    Ok((status, page).into_response())
}

/// That page confirms the action.
fn onward(name: &str, done: &str) -> Response {
    let to = format!("{}?done={done}", service_address(name));
    match HeaderValue::try_from(to) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => Problem::internal("a path that no header can hold").into_response(),
    }
}
