//! Profiles: the information that people publish about themselves.

use axum::extract::State;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use web::described::Routes;
use web::fields::{self, Input};
use web::json::Members;
use web::{Json, Problem, routes};

use super::Me;

use crate::web::profile::save;
use identity::person::profile::Profile;
use site::Callers::People;
use site::Context;
use site::asking::Caller;

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default().routes(routes!(change: People))
}

/// The OpenAPI schema of the body that changes a profile.
struct ProfileChange;

impl PartialSchema for ProfileChange {
    fn schema() -> RefOr<Schema> {
        let description = "What people say of themselves; what is left out stays.";
        fields::schema::<Profile>(Profile::FIELDS, &[], description)
    }
}

impl ToSchema for ProfileChange {}

/// Change your own profile.
#[utoipa::path(
    patch, path = "/api/v1/me", tag = "profile", request_body = ProfileChange,
    responses(
        (status = 200, description = "The account", body = Me),
        (status = 403, description = "`email_unverified` or `token_not_permitted`"),
        (status = 422, description = "`validation_failed`"),
    ),
)]
async fn change(
    State(accounts): State<Context>,
    caller: Caller,
    Json(Members(sent)): Json<Members>,
) -> Result<Json<Me>, Problem> {
    let input = Input::Json(sent);
    save(&accounts, &caller.who, input, None, &caller.request).await?;
    let account = caller.who.account().clone();
    Ok(Json(Me::of(&accounts, account).await?))
}
