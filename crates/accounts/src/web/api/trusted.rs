//! One's trusted contacts.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use platform::Tx;
use serde::Deserialize;
use utoipa::ToSchema;
use web::cursor::List;
use web::described::Routes;
use web::{Json, Problem, routes};

use super::all;

use crate::Accounts;
use crate::Callers::People;
use crate::web::asking::Caller;
use crate::web::trusted::{add_contact, remove_contact};
use identity::person::trusted::{self, Contact};

pub(super) fn routes<R: Routes<Accounts>>() -> R {
    R::default()
        .routes(routes!(list: People, add: People))
        .routes(routes!(remove: People))
}

/// Who are my trusted contacts?
#[utoipa::path(
    get, path = "/api/v1/me/trusted-contacts", tag = "trusted contacts",
    responses(
        (status = 200, description = "The contacts, by name", body = List<Contact>),
        (status = 403, description = "`token_not_permitted`"),
    ),
)]
async fn list(
    State(accounts): State<Accounts>,
    caller: Caller,
) -> Result<Json<List<Contact>>, Problem> {
    let id = caller.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| trusted::list(tx, &id);
    Ok(Json(all(accounts.site.store.read(look).await?)))
}

/// Somebody to trust.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddContact {
    /// Their part of public addresses.
    slug: String,
}

/// Make somebody a trusted contact.
#[utoipa::path(
    post, path = "/api/v1/me/trusted-contacts", tag = "trusted contacts",
    request_body = AddContact,
    responses(
        (status = 204, description = "They are a trusted contact"),
        (status = 403, description = "`email_unverified` or `token_not_permitted`"),
        (status = 409, description = "`limit_reached`: there are 100"),
        (status = 422, description = "`validation_failed`: `person_unknown`"),
    ),
)]
async fn add(
    State(accounts): State<Accounts>,
    caller: Caller,
    Json(sent): Json<AddContact>,
) -> Result<StatusCode, Problem> {
    add_contact(&accounts, &caller.who, sent.slug).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a trusted contact.
#[utoipa::path(
    delete, path = "/api/v1/me/trusted-contacts/{account}", tag = "trusted contacts",
    params(("account" = String, Path, description = "The contact's account")),
    responses(
        (status = 204, description = "Removed"),
        (status = 403, description = "`token_not_permitted`"),
        (status = 404, description = "`not_found`"),
    ),
)]
async fn remove(
    State(accounts): State<Accounts>,
    Path(contact): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    remove_contact(&accounts, caller.who, &contact, &caller.request).await?;
    Ok(StatusCode::NO_CONTENT)
}
