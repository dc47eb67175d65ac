//! Changing the email address of a person's own account.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use platform::{Secret, Tx};
use serde::Deserialize;
use utoipa::ToSchema;
use web::described::Routes;
use web::{Facts, Json, Problem, routes};

use super::registering::{Accepted, accepted};

use crate::web::email_change::mail_link;
use identity::person::email_change::{self, Confirmation};
use site::Callers::{Anybody, People};
use site::Context;
use site::asking::{Browser, Caller};

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(change: People))
        .routes(routes!(confirm: Anybody))
        .routes(routes!(undo: Anybody))
}

/// The new email address of an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeEmail {
    /// The new email address.
    email: String,
}

/// Request a change of your email address.
///
/// A link is mailed to the new address. When this link is used, the old address gets a link that
/// undoes the change.
#[utoipa::path(
    post, path = "/api/v1/me/email", tag = "accounts", request_body = ChangeEmail,
    responses(
        (status = 202, description = "A mail is on its way", body = Accepted),
        (status = 403, description = "`sudo_required`"),
        (status = 422, description = "`validation_failed`"),
    ),
)]
async fn change(
    State(accounts): State<Context>,
    facts: Facts,
    caller: Caller,
    Json(sent): Json<ChangeEmail>,
) -> Result<Response, Problem> {
    mail_link(&accounts, &caller.who, &sent.email, facts.network()).await?;
    Ok(accepted())
}

/// The token in the link that was mailed to the new email address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmEmail {
    /// The last segment of the link's path.
    token: String,
    /// The account's password.
    #[schema(format = Password)]
    current_password: String,
}

/// Confirm the new email address.
///
/// A repeat within ten minutes gets the same response as the first request.
#[utoipa::path(
    post, path = "/api/v1/auth/email/confirm", tag = "accounts", request_body = ConfirmEmail,
    responses(
        (status = 204, description = "Changed; other sessions have ended"),
        (status = 400, description = "`token_expired_or_used` or `current_password_wrong`"),
        (status = 403, description = "`password_required`"),
        (status = 409, description = "`email_taken`"),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
        (status = 503, description = "`busy`, with `Retry-After`"),
    ),
)]
async fn confirm(
    State(accounts): State<Context>,
    facts: Facts,
    Browser(client): Browser,
    Json(sent): Json<ConfirmEmail>,
) -> Result<StatusCode, Problem> {
    let asked = Confirmation {
        link: Secret::new(sent.token),
        who: None,
        password: Secret::new(sent.current_password),
        network: facts.network(),
        client,
    };
    email_change::confirm(&accounts, asked).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The token in the link that was mailed to the old email address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UndoEmail {
    /// The last segment of the link's path.
    token: String,
}

/// Restore the old email address.
///
/// Every session ends, and passkeys, linked identities and personal tokens are removed. The second
/// factor is kept only if it was set up at least seven days before the change. A repeat within ten
/// minutes gets the same response as the first request.
#[utoipa::path(
    post, path = "/api/v1/auth/email/undo", tag = "accounts", request_body = UndoEmail,
    responses(
        (status = 204, description = "The old address is back"),
        (status = 400, description = "`token_expired_or_used`"),
        (status = 409, description = "`email_taken`"),
    ),
)]
async fn undo(
    State(accounts): State<Context>,
    Browser(client): Browser,
    Json(sent): Json<UndoEmail>,
) -> Result<StatusCode, Problem> {
    let link = Secret::new(sent.token);
    let domains = accounts.domain_accounts;
    let change = move |tx: &mut Tx<'_>| email_change::undo(tx, domains, &link, &client);
    accounts.site.store.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}
