//! The API of a countdown's owners. Only owners in a browser may call it; API tokens are refused.

use axum::http::StatusCode;
use axum::response::Response;
use identity::account::AccountId;
use identity::grant::Member;
use identity::people::invite::Invite;
use jiff::Timestamp;
use platform::Tx;
use serde::Serialize;
use site::Callers::People;
use site::call::{Call, answer};
use utoipa::ToSchema;
use web::described::Routes;
use web::{Json, List, Problem, Site, routes};

use crate::co_owners;
use crate::countdown::OwnerOf;

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
    /// The id of the account.
    account: AccountId,
    /// The display name.
    name: String,
    /// The email address.
    email: String,
    /// When the person became an owner.
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

/// An invite link that makes its user an owner; only this response contains it.
#[derive(Serialize, ToSchema)]
#[schema(as = CountdownInviteLink)]
struct Link {
    /// The link to hand to the new owner; it works once.
    url: String,
}

/// An invite link that nobody has used yet.
#[derive(Serialize, ToSchema)]
#[schema(as = CountdownInvite)]
struct InviteView {
    /// The id of the link, for withdrawing it.
    id: String,
    /// The account that made the link.
    invited_by: AccountId,
    /// When the link stops working.
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

/// All owners, in the order in which they joined.
#[utoipa::path(
    get, path = "/api/v1/countdowns/{id}/owners", tag = "owners",
    responses((status = 200, body = List<OwnerView>))
)]
async fn list(call: Call) -> Result<Json<List<OwnerView>>, Problem> {
    let look = |tx: &mut Tx<'_>, owner: &OwnerOf| Ok(co_owners::list(tx, owner)?);
    Ok(Json(
        List::whole(call.read(look).await?).map(OwnerView::from),
    ))
}

/// Creates an invite link, which works once within 7 days and makes its user an owner. The link is
/// a secret that is not stored, so a repeated request creates another link.
#[utoipa::path(
    post, path = "/api/v1/countdowns/{id}/owners", tag = "owners",
    responses((status = 201, body = Link), (status = 409))
)]
async fn invite(call: Call) -> Result<Response, Problem> {
    let secret = call.write(co_owners::invite).await?;
    let path = format!("/admin/join/{}", secret.reveal());
    let url = call.site.url().join(&path);
    Ok(answer(StatusCode::CREATED, &Link { url }))
}

/// Removes an owner. Owners may also remove themselves, except the owner in the countdown's URL.
#[utoipa::path(
    delete, path = "/api/v1/countdowns/{id}/owners/{account}", tag = "owners",
    responses((status = 204), (status = 409))
)]
async fn remove(call: Call) -> Result<StatusCode, Problem> {
    let account: AccountId = call.id("account")?;
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| co_owners::remove(tx, owner, &account);
    call.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The invite links that nobody has used yet.
#[utoipa::path(
    get, path = "/api/v1/countdowns/{id}/owners/invites", tag = "owners",
    responses((status = 200, body = List<InviteView>))
)]
async fn invites(call: Call) -> Result<Json<List<InviteView>>, Problem> {
    let found = call.read(co_owners::list_invites).await?;
    Ok(Json(List::whole(found).map(InviteView::from)))
}

/// Withdraws an invite link.
#[utoipa::path(
    delete, path = "/api/v1/countdowns/{id}/owners/invites/{invite}", tag = "owners",
    responses((status = 204))
)]
async fn withdraw(call: Call) -> Result<StatusCode, Problem> {
    let invite = call.piece("invite").to_owned();
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| co_owners::withdraw(tx, owner, &invite);
    call.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}
