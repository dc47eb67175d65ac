//! The API for an occasion's own host name.

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use site::Callers::Tokens;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::Received;
use web::{Json, Problem, Site, routes};

use super::call::{Call, Place};
use crate::hosting::Permission::Own;
use crate::hosting::Refusal;
use crate::hosting::own_domains::{self, OwnDomainView};
use crate::own_domain::{self, ALLOWED};
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE};
use crate::web::access::may;
use crate::web::own_domain::OwnDomains;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(
            show: may(Own, Tokens(&[OCCASION_READ])),
            set: may(Own, Tokens(&[OCCASION_READ, OCCASION_WRITE])),
            remove: may(Own, Tokens(&[OCCASION_WRITE])),
        ))
        .routes(routes!(check: may(Own, Tokens(&[OCCASION_READ, OCCASION_WRITE]))))
}

/// Whether an occasion may have its own host name, and which one it has.
#[derive(Serialize, ToSchema)]
pub(super) struct OwnDomainStatus {
    /// Whether the site allows occasions to have their own host names.
    allowed: bool,
    /// The host name, with the DNS records that it needs; null if there is none.
    domain: Option<OwnDomainView>,
    /// Why the last attempt to obtain a certificate for the host name failed; null if it did not
    /// fail. The server tries again automatically.
    failed_certificate: Option<String>,
}

/// A request to set an occasion's own host name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnDomainChange {
    /// A public host name without scheme and port, such as `our-day.example`.
    own_domain: String,
}

/// The occasion's own host name, with the DNS records that it needs and the result of the last
/// check.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/own-domain", tag = "own domain",
    responses((status = 200, body = OwnDomainStatus))
)]
async fn show(
    call: Call,
    served: Option<Extension<OwnDomains>>,
    Path(id): Path<String>,
) -> Result<Json<OwnDomainStatus>, Problem> {
    found(&call, served, &id).await
}

/// Sets the occasion's own host name, and checks its DNS records. Guests find the occasion under
/// this name once its TXT record exists and the name resolves to this server. An occasion can get 5
/// new names per day.
#[utoipa::path(
    put, path = "/api/v1/occasions/{id}/own-domain", tag = "own domain",
    request_body = OwnDomainChange, responses((status = 200, body = OwnDomainStatus))
)]
async fn set(
    call: Call,
    served: Option<Extension<OwnDomains>>,
    Path(id): Path<String>,
    body: Received<OwnDomainChange>,
) -> Result<Json<OwnDomainStatus>, Problem> {
    let is_allowed = ALLOWED.of(&call.site.declared.settings);
    let own = call.site.url().host().to_owned();
    let typed = body.value.own_domain;
    let all = served.clone();
    call.write(Place::occasion(&id)?, move |tx, host| {
        ensure(is_allowed)?;
        own_domains::set(tx, host, &typed, |name| {
            let is_served_elsewhere = all.as_ref().is_some_and(|all| all.is_reserved(name));
            name == own || is_served_elsewhere
        })
    })
    .await?;
    look(&call, &id).await?;
    found(&call, served, &id).await
}

/// Removes the occasion's own host name. Links then use the site's own name again.
#[utoipa::path(
    delete, path = "/api/v1/occasions/{id}/own-domain", tag = "own domain",
    responses((status = 204))
)]
async fn remove(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let is_allowed = ALLOWED.of(&call.site.declared.settings);
    call.write(Place::occasion(&id)?, move |tx, host| {
        ensure(is_allowed)?;
        own_domains::set(tx, host, "", |_| false)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks the DNS records of the host name and returns the result. They are checked at most once a
/// minute.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/own-domain/check", tag = "own domain",
    responses((status = 200, body = OwnDomainStatus))
)]
async fn check(
    call: Call,
    served: Option<Extension<OwnDomains>>,
    Path(id): Path<String>,
) -> Result<Json<OwnDomainStatus>, Problem> {
    let Json(status) = found(&call, served.clone(), &id).await?;
    ensure(status.allowed)?;
    if status.domain.is_none() {
        return Err(Problem::not_found());
    }
    look(&call, &id).await?;
    found(&call, served, &id).await
}

/// Only hosts may learn about the site's settings, so the caller must already have been checked.
fn ensure(is_allowed: bool) -> Result<(), Refusal> {
    is_allowed.then_some(()).ok_or(Refusal::FeatureDisabled)
}

/// The caller must already have been checked.
async fn look(call: &Call, id: &str) -> Result<(), Problem> {
    Ok(own_domain::check(&call.site, &super::call::id(id)?).await?)
}

async fn found(
    call: &Call,
    served: Option<Extension<OwnDomains>>,
    id: &str,
) -> Result<Json<OwnDomainStatus>, Problem> {
    let keys = call.site.keys.clone();
    let found = call.read(Place::occasion(id)?, move |tx, host| {
        own_domains::find(tx, &keys, host)
    });
    let domain = found.await?;
    let failure = |all: Extension<OwnDomains>| all.failed_certificate(&domain.as_ref()?.own_domain);
    Ok(Json(OwnDomainStatus {
        failed_certificate: served.and_then(failure),
        domain,
        allowed: ALLOWED.of(&call.site.declared.settings),
    }))
}
