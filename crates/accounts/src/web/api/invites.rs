//! Invites to the installation.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::cursor::List;
use web::described::Routes;
use web::{Json, Problem, routes};

use crate::web::invites;
use identity::people::invite::{Invite, Inviter};
use site::Callers::People;
use site::Context;
use site::call::Call;

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(list: People, create: People))
        .routes(routes!(remove: People))
}

/// An invite that nobody has accepted yet.
#[derive(Serialize, ToSchema)]
struct SiteInvite {
    /// The invite's id.
    id: String,
    /// The only email address that may use the invite.
    email: String,
    /// The role: `member`, `admin` or `owner`.
    role: &'static str,
    /// The time at which the invite expires (RFC 3339).
    expires_at: String,
}

impl SiteInvite {
    fn of(invite: Invite) -> Self {
        Self {
            id: invite.id,
            email: invite.address.unwrap_or_default(),
            role: invite.role.word(),
            expires_at: invite.expires_at.to_string(),
        }
    }
}

/// The open invites to the installation.
#[utoipa::path(
    get, path = "/api/v1/admin/invites", tag = "invites",
    responses((status = 200, body = List<SiteInvite>)),
)]
async fn list(call: Call) -> Result<Json<List<SiteInvite>>, Problem> {
    let found = call.read(invites::list).await?;
    Ok(Json(List::whole(found).map(SiteInvite::of)))
}

/// The person to invite, and their role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateSiteInvite {
    /// The only email address that may use the invite.
    email: String,
    /// The role: `member`, `admin` or `owner`, but not above the caller's own role.
    role: String,
}

/// The result of an invitation.
#[derive(Serialize, ToSchema)]
struct CreatedSiteInvite {
    /// The secret for `/admin/join/{secret}`, if this server sends no mail; null if the link was
    /// mailed.
    secret: Option<String>,
}

/// Invite a person to the installation.
///
/// The link works once, within seven days.
#[utoipa::path(
    post, path = "/api/v1/admin/invites", tag = "invites", request_body = CreateSiteInvite,
    responses(
        (status = 201, description = "Invited", body = CreatedSiteInvite),
        (status = 403, description = "`sudo_required`, `role_above_own` or `registration_closed`"),
        (status = 409, description = "`email_taken` or `limit_reached`"),
        (status = 422, description = "`validation_failed`"),
    ),
)]
async fn create(
    State(accounts): State<Context>,
    call: Call,
    Json(sent): Json<CreateSiteInvite>,
) -> Result<Response, Problem> {
    let invite = invites::invite(&accounts, &call.who, &sent.email, &sent.role)?;
    let made = call.write(invite).await?;
    let body = Json(CreatedSiteInvite {
        secret: made.map(|secret| secret.reveal().to_owned()),
    });
    Ok((StatusCode::CREATED, body).into_response())
}

/// Withdraw an invite.
#[utoipa::path(
    delete, path = "/api/v1/admin/invites/{id}", tag = "invites",
    params(("id" = String, Path, description = "The invite's id")),
    responses(
        (status = 204, description = "Its link works no more"),
        (status = 404, description = "`not_found`"),
    ),
)]
async fn remove(call: Call) -> Result<StatusCode, Problem> {
    let id = call.piece("id").to_owned();
    let change = move |tx: &mut Tx<'_>, by: &Inviter| invites::withdraw(tx, by, &id);
    call.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}
