//! The slug that names an account in public addresses.

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

/// What somebody is called in public addresses, and was.
#[derive(Serialize, ToSchema)]
struct SlugsView {
    /// The present one; none before there is anything public.
    slug: Option<String>,
    /// Those that lead to it.
    aliases: Vec<AliasView>,
    /// How often another one may be chosen now.
    changes_left: i64,
}

/// A former one.
#[derive(Serialize, ToSchema)]
struct AliasView {
    /// A former part of public addresses.
    slug: String,
    /// Until when it leads to the present one.
    #[schema(value_type = String, format = "date-time")]
    until: Timestamp,
}

/// What am I called in public addresses?
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

/// What somebody is to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeSlug {
    /// 2–50 of `a-z`, `0-9` and single hyphens between them.
    slug: String,
}

/// Choose another slug.
///
/// The one before leads to it for 180 days, and may be taken back.
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

/// Whether a slug can be had.
#[derive(Serialize, ToSchema)]
struct SlugView {
    /// Whether it may be a slug at all.
    valid: bool,
    /// Whether a newcomer can have it.
    available: bool,
}

/// Can this slug be had?
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

/// A name as people write it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Name {
    /// The name as people read it.
    display_name: String,
}

/// What a name gives.
#[derive(Serialize, ToSchema)]
struct Proposal {
    /// A slug that can be had just now; empty where the name gives none.
    slug: String,
}

/// Which slug does a name give?
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
