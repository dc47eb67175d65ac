//! The API for the members of an occasion. Only owners can change members, and only in a session,
//! not with an API token.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use identity::account::AccountId;
use identity::grant::Member;
use identity::people::invite::Invite;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use site::Callers::{People, Tokens};
use utoipa::ToSchema;
use web::described::Routes;
use web::{Json, List, Problem, Site, routes};

use super::call::{Call, Place, answer, id};
use crate::hosting::Permission::{Own, See};
use crate::hosting::members;
use crate::role::Role;
use crate::token_scopes::OCCASION_READ;
use crate::web::access::may;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list: may(See, Tokens(&[OCCASION_READ])), invite: may(Own, People)))
        // Every member may leave the occasion, so `See` is enough.
        .routes(routes!(change: may(Own, People), remove: may(See, People)))
        .routes(routes!(invites: may(Own, People)))
        .routes(routes!(withdraw: may(Own, People)))
}

/// A member of an occasion.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberView {
    /// The id of the account.
    account: AccountId,
    /// The display name.
    name: String,
    /// The member's email address; null if the caller is an observer.
    email: Option<String>,
    /// The role in the occasion.
    role: Role,
    /// When the person became a member.
    since: Timestamp,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            account: member.account,
            name: member.display_name,
            email: Some(member.email).filter(|email| !email.is_empty()),
            role: member.role.into(),
            since: member.granted_at,
        }
    }
}

/// A request that sets the role of a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleBody {
    /// `occasion_owner`, `coordinator` or `observer`.
    role: Role,
}

/// A link that makes the first person who opens it a member. It is shown only once.
#[derive(Serialize, ToSchema)]
struct Link {
    /// The link for the new member. It works once.
    url: String,
    /// The role that the link gives.
    role: Role,
}

/// An unused link that makes the first person who opens it a member.
#[derive(Serialize, ToSchema)]
struct InviteView {
    /// The id of the link. It is needed to withdraw the link.
    id: String,
    /// The role that the link gives.
    role: Role,
    /// The account that created the link.
    invited_by: AccountId,
    /// When the link stops working.
    expires_at: Timestamp,
}

impl From<Invite> for InviteView {
    fn from(invite: Invite) -> Self {
        Self {
            id: invite.id,
            role: invite.role.into(),
            invited_by: invite.invited_by,
            expires_at: invite.expires_at,
        }
    }
}

/// All members, in the order in which they joined.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/members", tag = "members",
    responses((status = 200, body = List<MemberView>))
)]
async fn list(call: Call, Path(occasion): Path<String>) -> Result<Json<List<MemberView>>, Problem> {
    let place = Place::occasion(&occasion)?;
    let found = call.read(place, members::list).await?;
    Ok(Json(List {
        total: i64::try_from(found.len()).ok(),
        items: found.into_iter().map(MemberView::from).collect(),
        next_cursor: None,
        previous_cursor: None,
    }))
}

/// Creates a link that makes the first person who opens it a member. It works once, within 7 days.
/// The link is a secret and is not stored. So repeating the request with the same idempotency key
/// creates another link.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/members", tag = "members", request_body = RoleBody,
    responses((status = 201, body = Link), (status = 409))
)]
async fn invite(
    call: Call,
    Path(occasion): Path<String>,
    Json(body): Json<RoleBody>,
) -> Result<Response, Problem> {
    let role = body.role;
    let secret = call
        .write(Place::occasion(&occasion)?, move |tx, host| {
            members::invite(tx, host, role)
        })
        .await?;
    let url = call
        .site
        .url()
        .join(&format!("/admin/join/{}", secret.reveal()));
    Ok(answer(StatusCode::CREATED, &Link { url, role }))
}

/// Changes a member's role.
#[utoipa::path(
    patch, path = "/api/v1/occasions/{id}/members/{account}", tag = "members",
    request_body = RoleBody, responses((status = 204), (status = 409))
)]
async fn change(
    call: Call,
    Path((occasion, account)): Path<(String, String)>,
    Json(body): Json<RoleBody>,
) -> Result<StatusCode, Problem> {
    let account: AccountId = id(&account)?;
    call.write(Place::occasion(&occasion)?, move |tx, host| {
        members::change(tx, host, &account, body.role)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a member. Members can always remove themselves.
#[utoipa::path(
    delete, path = "/api/v1/occasions/{id}/members/{account}", tag = "members",
    responses((status = 204), (status = 409))
)]
async fn remove(
    call: Call,
    Path((occasion, account)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let account: AccountId = id(&account)?;
    call.write(Place::occasion(&occasion)?, move |tx, host| {
        members::remove(tx, host, &account)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The unused links for new members.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/members/invites", tag = "members",
    responses((status = 200, body = List<InviteView>))
)]
async fn invites(
    call: Call,
    Path(occasion): Path<String>,
) -> Result<Json<List<InviteView>>, Problem> {
    let place = Place::occasion(&occasion)?;
    let found = call.write(place, members::list_invites).await?;
    Ok(Json(List {
        total: i64::try_from(found.len()).ok(),
        items: found.into_iter().map(InviteView::from).collect(),
        next_cursor: None,
        previous_cursor: None,
    }))
}

/// Withdraws an unused link for a new member.
#[utoipa::path(
    delete, path = "/api/v1/occasions/{id}/members/invites/{invite}", tag = "members",
    responses((status = 204))
)]
async fn withdraw(
    call: Call,
    Path((occasion, invite)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    call.write(Place::occasion(&occasion)?, move |tx, host| {
        members::withdraw(tx, host, &invite)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
