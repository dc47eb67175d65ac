//! The JSON API of a person's own trusted contacts.

use axum::http::StatusCode;
use platform::Tx;
use serde::Deserialize;
use utoipa::ToSchema;
use web::cursor::List;
use web::described::Routes;
use web::{Json, Problem, routes};

use crate::web::trusted;
use identity::account::AccountId;
use identity::person::trusted::Contact;
use identity::session::signed_in::Confirmed;
use site::Callers::People;
use site::Context;
use site::call::Call;
use site::proof::Requester;

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(list: People, add: People))
        .routes(routes!(remove: People))
}

/// List your trusted contacts.
#[utoipa::path(
    get, path = "/api/v1/me/trusted-contacts", tag = "trusted contacts",
    responses(
        (status = 200, description = "The contacts, by name", body = List<Contact>),
        (status = 403, description = "`token_not_permitted`"),
    ),
)]
async fn list(call: Call) -> Result<Json<List<Contact>>, Problem> {
    Ok(Json(List::whole(call.read(trusted::list).await?)))
}

/// A person to trust.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddContact {
    /// The person's slug in public URLs.
    slug: String,
}

/// Make a person a trusted contact.
#[utoipa::path(
    post, path = "/api/v1/me/trusted-contacts", tag = "trusted contacts",
    request_body = AddContact,
    responses(
        (status = 204, description = "They are a trusted contact"),
        (status = 403, description = "`email_unverified`, `sudo_required` or `token_not_permitted`"),
        (status = 409, description = "`limit_reached`: there are 100"),
        (status = 422, description = "`validation_failed`: `person_unknown`"),
    ),
)]
async fn add(call: Call, Json(sent): Json<AddContact>) -> Result<StatusCode, Problem> {
    let change = move |tx: &mut Tx<'_>, who: &Confirmed| trusted::add_contact(tx, who, &sent.slug);
    call.write(change).await?;
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
async fn remove(call: Call) -> Result<StatusCode, Problem> {
    let contact: AccountId = call.id("account")?;
    let change = move |tx: &mut Tx<'_>, me: &Requester| trusted::remove_contact(tx, me, &contact);
    call.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}
