//! The JSON API of the links with which a group registers.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use platform::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::cursor::List;
use web::described::Routes;
use web::{Json, Problem, Site, routes};

use crate::web::group_links::maker;
use identity::account::AccountId;
use identity::person::group_link::{self, GroupLink, GroupLinkId, NewGroupLink};
use identity::scope::domain::GroupPlace;
use site::Callers::People;
use site::Context;
use site::call::Call;
use site::proof::Requester;
use site::refusal::Refusal;

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(list: People, create: People))
        .routes(routes!(places: People))
        .routes(routes!(end: People))
}

/// A link with which a group registers. A registration with it counts against the link and not against
/// the network.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupLink)]
struct SentLink {
    id: GroupLinkId,
    /// The account of the person who made it.
    made_by: AccountId,
    /// What the link is for; empty if it only registers.
    title: String,
    /// The page to which people are led once they have confirmed their email address; may be empty.
    path: String,
    /// The link itself.
    url: String,
    /// How many people may use it.
    uses: i64,
    /// How many have used it.
    used: i64,
    expires_at: Timestamp,
}

impl SentLink {
    fn of(site: &Site, link: GroupLink) -> Self {
        Self {
            url: link.url(site),
            id: link.id,
            made_by: link.made_by,
            title: link.title,
            path: link.path,
            uses: link.uses,
            used: link.used,
            expires_at: link.expires_at,
        }
    }
}

/// A page to which a group link may lead, such as a date of a class.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupPlace)]
struct SentPlace {
    path: String,
    title: String,
    /// When what the page is about begins; null if it has no single time.
    starts_at: Option<Timestamp>,
}

impl SentPlace {
    fn of(place: &GroupPlace) -> Self {
        Self {
            path: place.path.clone(),
            title: place.title.clone(),
            starts_at: place.at,
        }
    }
}

/// The group links that are valid: your own, or everybody's for an administrator.
#[utoipa::path(
    get, path = "/api/v1/me/group-links", tag = "group links",
    responses(
        (status = 200, description = "The newest first", body = List<SentLink>),
        (status = 403, description = "`forbidden` or `token_not_permitted`"),
    ),
)]
async fn list(
    State(accounts): State<Context>,
    call: Call,
) -> Result<Json<List<SentLink>>, Problem> {
    let domains = accounts.domain_accounts;
    let look = move |tx: &mut Tx<'_>, me: &Requester| {
        let by = maker(tx, domains, me)?;
        Ok(group_link::list(tx, &by)?)
    };
    let links = List::whole(call.read(look).await?);
    Ok(Json(links.map(|link| SentLink::of(&accounts.site, link))))
}

/// The pages to which your group links may lead.
#[utoipa::path(
    get, path = "/api/v1/me/group-links/places", tag = "group links",
    responses(
        (status = 200, description = "The first to begin first", body = List<SentPlace>),
        (status = 403, description = "`forbidden` or `token_not_permitted`"),
    ),
)]
async fn places(
    State(accounts): State<Context>,
    call: Call,
) -> Result<Json<List<SentPlace>>, Problem> {
    let domains = accounts.domain_accounts;
    let look = move |tx: &mut Tx<'_>, me: &Requester| {
        let by = maker(tx, domains, me)?;
        Ok(by.places().iter().map(SentPlace::of).collect())
    };
    Ok(Json(List::whole(call.read(look).await?)))
}

/// A new group link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewGroupLink)]
struct NewLink {
    /// The path of one of the pages to which your links may lead. Only an administrator leaves it out;
    /// the link then only registers.
    #[serde(default)]
    path: String,
    /// How many people may use it, 2–200.
    uses: i64,
    /// For how many days it is valid, 1–30.
    days: i64,
}

/// Make a group link.
#[utoipa::path(
    post, path = "/api/v1/me/group-links", tag = "group links", request_body = NewLink,
    responses(
        (status = 201, body = SentLink),
        (status = 403, description = "`forbidden` or `token_not_permitted`"),
        (status = 409, description = "`limit_reached`: there are 20 of yours"),
        (status = 422, description = "`validation_failed`: `out_of_range`, `unknown_option`"),
    ),
)]
async fn create(
    State(accounts): State<Context>,
    call: Call,
    Json(sent): Json<NewLink>,
) -> Result<(StatusCode, Json<SentLink>), Problem> {
    let domains = accounts.domain_accounts;
    let NewLink { path, uses, days } = sent;
    let new = NewGroupLink { path, uses, days };
    let change = move |tx: &mut Tx<'_>, me: &Requester| {
        let by = maker(tx, domains, me)?;
        let id = group_link::create(tx, &by, &new).map_err(Problem::from)?;
        let made = group_link::list(tx, &by)?.into_iter();
        let mut made = made.filter(|link| link.id == id);
        made.next().ok_or(Refusal::NotFound)
    };
    let made = call.write(change).await?;
    Ok((
        StatusCode::CREATED,
        Json(SentLink::of(&accounts.site, made)),
    ))
}

/// End a group link. Who has registered with it stays.
#[utoipa::path(
    delete, path = "/api/v1/me/group-links/{link}", tag = "group links",
    params(("link" = String, Path, description = "The link's id")),
    responses(
        (status = 204, description = "Ended"),
        (status = 403, description = "`forbidden` or `token_not_permitted`"),
        (status = 404, description = "`not_found`"),
    ),
)]
async fn end(State(accounts): State<Context>, call: Call) -> Result<StatusCode, Problem> {
    let link: GroupLinkId = call.id("link")?;
    let domains = accounts.domain_accounts;
    let change = move |tx: &mut Tx<'_>, me: &Requester| {
        let by = maker(tx, domains, me)?;
        let is_ended = group_link::end(tx, &by, &link)?;
        is_ended.then_some(()).ok_or(Refusal::NotFound)
    };
    call.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}
