//! The JSON API for the slug, the name of an account in public URLs.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use platform::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::described::Routes;
use web::{Facts, Json, Problem, routes};

use crate::web::slug::rename;
use identity::person::slug::{self, Availability};
use identity::person::slug_change;
use identity::problem::too_often;
use site::Callers::{Anybody, People};
use site::Context;
use site::asking::Caller;

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(show: People, change: People))
        .routes(routes!(look: Anybody))
        .routes(routes!(preview: Anybody))
}

/// A person's current and former slugs.
#[derive(Serialize, ToSchema)]
struct SlugsView {
    /// The current slug; null if the person has none, because none of their content has been
    /// public.
    slug: Option<String>,
    /// The former slugs that redirect to the current slug.
    aliases: Vec<AliasView>,
    /// How many more times the slug may be changed now.
    changes_left: i64,
}

/// A former slug.
#[derive(Serialize, ToSchema)]
struct AliasView {
    /// The former slug.
    slug: String,
    /// The time until which the former slug redirects to the current slug.
    until: Timestamp,
}

/// Get your own slugs.
#[utoipa::path(
    get, path = "/api/v1/me/slug", tag = "slugs",
    responses(
        (status = 200, description = "The slugs", body = SlugsView),
        (status = 403, description = "`token_not_permitted`"),
    ),
)]
async fn show(State(accounts): State<Context>, caller: Caller) -> Result<Json<SlugsView>, Problem> {
    let id = caller.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| slug_change::find(tx, &id);
    let slugs = accounts.site.store.read(look).await?;
    let aliases = slugs.aliases.into_iter().map(|alias| AliasView {
        slug: alias.slug,
        until: alias.until,
    });
    Ok(Json(SlugsView {
        slug: slugs.present,
        aliases: aliases.collect(),
        changes_left: slugs.changes_left,
    }))
}

/// A new slug.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeSlug {
    /// The new slug: 2–50 characters of `a-z`, `0-9` and `-`. Each hyphen is between two letters or
    /// digits.
    slug: String,
}

/// Choose another slug.
///
/// The previous slug redirects to the new one for 180 days. During this time, you may choose the
/// previous slug again.
#[utoipa::path(
    put, path = "/api/v1/me/slug", tag = "slugs", request_body = ChangeSlug,
    responses(
        (status = 204, description = "Changed"),
        (status = 403, description = "`email_unverified` or `token_not_permitted`"),
        (status = 409, description = "`slug_taken`, or `limit_reached`: three changes in 30 days"),
        (status = 422, description = "`validation_failed`: `slug_invalid` or `slug_reserved`"),
    ),
)]
async fn change(
    State(accounts): State<Context>,
    caller: Caller,
    Json(sent): Json<ChangeSlug>,
) -> Result<StatusCode, Problem> {
    rename(&accounts, &caller.who, sent.slug, &caller.request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a slug is valid and available.
#[derive(Serialize, ToSchema)]
struct SlugView {
    /// Whether the text is valid as a slug and not reserved.
    valid: bool,
    /// Whether a new account could have the slug.
    available: bool,
}

/// Check whether a slug is available.
#[utoipa::path(
    get, path = "/api/v1/slugs/{slug}", tag = "slugs",
    params(("slug" = String, Path, description = "The slug")),
    responses(
        (status = 200, description = "Whether it can", body = SlugView),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
    ),
)]
async fn look(
    State(accounts): State<Context>,
    Path(wanted): Path<String>,
    facts: Facts,
) -> Result<Json<SlugView>, Problem> {
    let now = accounts.site.clock.now();
    let looked = accounts.limits.look_at_slug(facts.network(), now);
    looked.map_err(too_often)?;
    if !slug::is_valid(&wanted) {
        return Ok(Json(SlugView {
            valid: false,
            available: false,
        }));
    }
    let look = move |tx: &mut Tx<'_>| slug::availability(tx, &wanted);
    let found = accounts.site.store.read(look).await?;
    Ok(Json(SlugView {
        valid: found != Availability::Reserved,
        available: found == Availability::Free,
    }))
}

/// A display name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Name {
    /// The display name.
    display_name: String,
}

/// A slug made from a name.
#[derive(Serialize, ToSchema)]
struct Proposal {
    /// A slug that is available now; empty if the name yields none.
    slug: String,
}

/// Make a slug from a name.
#[utoipa::path(
    post, path = "/api/v1/slugs/preview", tag = "slugs", request_body = Name,
    responses(
        (status = 200, description = "The slug", body = Proposal),
        (status = 422, description = "`validation_failed`"),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
    ),
)]
async fn preview(
    State(accounts): State<Context>,
    facts: Facts,
    Json(name): Json<Name>,
) -> Result<Json<Proposal>, Problem> {
    let now = accounts.site.clock.now();
    let looked = accounts.limits.look_at_slug(facts.network(), now);
    looked.map_err(too_often)?;
    let look = move |tx: &mut Tx<'_>| slug::propose(tx, &name.display_name);
    let slug = accounts.site.store.read(look).await?;
    Ok(Json(Proposal { slug }))
}
