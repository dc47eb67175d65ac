//! The linked identities of a person's own account. Linking leads through the provider's pages, so
//! it begins on an HTML page of this site.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use platform::Tx;
use serde::Serialize;
use utoipa::ToSchema;
use web::cursor::List;
use web::described::Routes;
use web::{Json, Problem, routes};

use super::all;

use identity::credential::linked_identity::{self, IdentityId, Linked};
use identity::session::sudo::Sudo;
use site::Callers::People;
use site::asking::Caller;
use site::{Context, cookies};

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(list: People))
        .routes(routes!(unlink: People))
}

/// A person's identity at a sign-in provider.
#[derive(Serialize, ToSchema)]
struct IdentityView {
    /// The identity's id.
    id: String,
    /// The provider's issuer URL.
    issuer: String,
    /// The provider's identifier for the person.
    subject: String,
    /// The provider's name in `/oauth/{provider}/start`; null if the provider is no longer
    /// configured.
    provider: Option<String>,
    /// The time at which the identity was linked (RFC 3339).
    linked_at: String,
    /// The time of the last sign-in with the identity (RFC 3339).
    last_used_at: Option<String>,
}

impl IdentityView {
    fn of(accounts: &Context, linked: Linked) -> Self {
        let provider = accounts.providers.of_issuer(&linked.issuer);
        Self {
            id: linked.id.to_string(),
            provider: provider.map(|provider| provider.settings.name.clone()),
            issuer: linked.issuer,
            subject: linked.subject,
            linked_at: linked.linked_at.to_string(),
            last_used_at: linked.last_used_at.map(|at| at.to_string()),
        }
    }
}

/// The account's linked identities.
#[utoipa::path(
    get, path = "/api/v1/me/identities", tag = "identities",
    responses(
        (status = 200, description = "The identities, oldest first", body = List<IdentityView>),
        (status = 403, description = "`token_not_permitted`"),
    ),
)]
async fn list(
    State(accounts): State<Context>,
    caller: Caller,
) -> Result<Json<List<IdentityView>>, Problem> {
    let id = caller.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| linked_identity::list(tx, &id);
    let found = accounts.site.store.read(look).await?;
    let view = |linked| IdentityView::of(&accounts, linked);
    Ok(Json(all(found.into_iter().map(view).collect())))
}

/// Unlink an identity.
///
/// Every other session of the account ends; this session continues with a new cookie.
#[utoipa::path(
    delete, path = "/api/v1/me/identities/{id}", tag = "identities",
    params(("id" = String, Path, description = "The identity's id")),
    responses(
        (status = 204, description = "It signs nobody in any more"),
        (status = 403, description = "`token_not_permitted` or `sudo_required`"),
        (status = 404, description = "`not_found`: no identity of this account"),
        (status = 409, description = "`last_credential`: there is no other way to sign in"),
    ),
)]
async fn unlink(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, Problem> {
    let id: IdentityId = id.parse().map_err(|_| Problem::not_found())?;
    let request = caller.request;
    let sudo = Sudo::check(caller.who, accounts.site.clock.now())?;
    let site = accounts.site.clone();
    let change = move |tx: &mut Tx<'_>| linked_identity::unlink(tx, &site, &sudo, &id, &request);
    let (secret, stay) = accounts.site.store.write(change).await?;
    Ok(cookies::renewed(
        StatusCode::NO_CONTENT.into_response(),
        accounts.site.url(),
        &secret,
        stay,
    ))
}
