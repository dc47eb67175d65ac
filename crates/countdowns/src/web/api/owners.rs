//! Who keeps a countdown together: decided by its owners, in person.

use accounts::Callers::People;
use accounts::account::AccountId;
use accounts::grant::Member;
use accounts::invite::Invite;
use accounts::web::call::{Call, answer, id as parse};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::described::Routes;
use web::{Json, List, Problem, Site, routes};

use super::{all, read, write};
use crate::Refusal;
use crate::co_owners;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list: People, invite: People))
        .routes(routes!(remove: People))
        .routes(routes!(invites: People))
        .routes(routes!(withdraw: People))
}

/// An owner of a countdown.
#[derive(Serialize, ToSchema)]
#[schema(as = CountdownOwner)]
struct OwnerView {
    #[schema(value_type = String)]
    account: AccountId,
    name: String,
    email: String,
    #[schema(value_type = String, format = "date-time")]
    since: Timestamp,
}

impl From<Member> for OwnerView {
    fn from(member: Member) -> Self {
        Self {
            account: member.account,
            name: member.display_name,
            email: member.email,
            since: member.granted_at,
        }
    }
}

/// A link that makes an owner, shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = CountdownInviteLink)]
struct Link {
    url: String,
}

/// A link that nobody has taken yet.
#[derive(Serialize, ToSchema)]
#[schema(as = CountdownInvite)]
struct InviteView {
    id: String,
    #[schema(value_type = String)]
    invited_by: AccountId,
    #[schema(value_type = String, format = "date-time")]
    expires_at: Timestamp,
}

impl From<Invite> for InviteView {
    fn from(invite: Invite) -> Self {
        Self {
            id: invite.id,
            invited_by: invite.invited_by,
            expires_at: invite.expires_at,
        }
    }
}

/// All owners, in the order they came.
#[utoipa::path(
    get, path = "/api/v1/countdowns/{id}/owners", tag = "owners",
    params(("id" = String, Path,)),
    responses((status = 200, body = List<OwnerView>), (status = 404))
)]
async fn list(call: Call, Path(id): Path<String>) -> Result<Json<List<OwnerView>>, Problem> {
    let found = read(&call, &id, |tx, owner| {
        Ok::<_, Refusal>(co_owners::list(tx, owner)?)
    })
    .await?;
    Ok(Json(all(found.into_iter().map(OwnerView::from).collect())))
}

/// Makes a link that makes an owner of who takes it, once, within 7 days. It is a secret and kept
/// nowhere, so a repeat makes another one.
#[utoipa::path(
    post, path = "/api/v1/countdowns/{id}/owners", tag = "owners",
    params(("id" = String, Path,)),
    responses((status = 201, body = Link), (status = 404), (status = 409))
)]
async fn invite(call: Call, Path(id): Path<String>) -> Result<Response, Problem> {
    let secret = write(&call, &id, co_owners::invite).await?;
    let path = format!("/admin/join/{}", secret.reveal());
    let url = call.site.url().join(&path);
    Ok(answer(StatusCode::CREATED, &Link { url }))
}

/// Takes an owner away; each may take themselves away, but for the one under whose name it is.
#[utoipa::path(
    delete, path = "/api/v1/countdowns/{id}/owners/{account}", tag = "owners",
    params(("id" = String, Path,), ("account" = String, Path,)),
    responses((status = 204), (status = 404), (status = 409))
)]
async fn remove(
    call: Call,
    Path((id, account)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let account: AccountId = parse(&account)?;
    write(&call, &id, move |tx, owner| {
        co_owners::remove(tx, owner, &account)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Links that nobody has taken yet.
#[utoipa::path(
    get, path = "/api/v1/countdowns/{id}/owners/invites", tag = "owners",
    params(("id" = String, Path,)),
    responses((status = 200, body = List<InviteView>), (status = 404))
)]
async fn invites(call: Call, Path(id): Path<String>) -> Result<Json<List<InviteView>>, Problem> {
    let found = read(&call, &id, co_owners::list_invites).await?;
    Ok(Json(all(found.into_iter().map(InviteView::from).collect())))
}

/// Withdraws a link.
#[utoipa::path(
    delete, path = "/api/v1/countdowns/{id}/owners/invites/{invite}", tag = "owners",
    params(("id" = String, Path,), ("invite" = String, Path,)),
    responses((status = 204), (status = 404))
)]
async fn withdraw(
    call: Call,
    Path((id, invite)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    write(&call, &id, move |tx, owner| {
        co_owners::withdraw(tx, owner, &invite)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
