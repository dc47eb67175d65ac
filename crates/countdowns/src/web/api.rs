//! The API of countdowns.

mod owners;
mod phrases;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::VARY;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use identity::person::profile::PublicProfile;
use jiff::Timestamp;
use platform::Tx;
use serde::{Deserialize, Deserializer, Serialize};
use site::Callers::{self, Anybody, Tokens};
use site::asking::Viewer;
use site::call::{Call, Maybe, answer, revalidated};
use site::moved_slugs;
use site::resource::api::{self, ApiResource, Description, api_parent};
use utoipa::ToSchema;
use web::described::Routes;
use web::{Form, Json, List, PageQuery, Problem, Site, routes};

use crate::Refusal;
use crate::clock::Clock;
use crate::countdown::{self, Countdown, OwnerOf, READ, WRITE};
use crate::entry::{self, Entry, EntryId, Statistics};
use crate::entry_limit::EntryLimit;
use crate::own_countdowns::Keeper;
use crate::public::{self, CountdownView, Search, Viewing};
use crate::reset::{self, Sent};

pub fn routes<R: Routes<Site>>() -> R {
    let countdowns = R::default()
        .merge(api::routes::<Countdown, R>())
        .routes(routes!(statistics: Tokens(&[READ])))
        .routes(routes!(entries: Tokens(&[READ]), reset: Tokens(&[WRITE])))
        .routes(routes!(change_entry: Tokens(&[WRITE]), remove_entry: Tokens(&[WRITE])))
        .merge(owners::routes())
        .routes(routes!(directory: Anybody))
        .routes(routes!(show_account: Anybody))
        .routes(routes!(show_public: Anybody));
    phrases::routes(countdowns)
}

/// A countdown with its current figures.
#[derive(Serialize, ToSchema)]
#[schema(as = CountdownNow)]
pub struct View {
    #[serde(flatten)]
    countdown: Countdown,
    /// The current figures; null before the first reset.
    clock: Option<Clock>,
}

impl View {
    fn of(tx: &mut Tx<'_>, countdown: Countdown) -> Result<Self, Refusal> {
        let newest = entry::newest(tx, &countdown.id)?;
        let clock = countdown.clock(newest, tx.now());
        Ok(Self { countdown, clock })
    }
}

impl ApiResource for Countdown {
    type View = View;
    type Item = View;
    const API: Description = Description {
        path: "/api/v1/countdowns",
        one: "/api/v1/countdowns/{id}",
        tag: "countdowns",
        list: "All of the caller's countdowns, by title.",
        show: "One countdown.",
        create: "Makes a countdown.",
        change: "Changes a countdown.",
        remove: "Deletes a countdown with all its resets.",
        removal: &[204],
        body: "What may be set of a countdown; what is left out stays.",
    };
    const READS: Callers = Tokens(&[READ]);
    const WRITES: Callers = Tokens(&[WRITE]);

    fn view(self, tx: &mut Tx<'_>, _: &Keeper) -> Result<View, Refusal> {
        View::of(tx, self)
    }
}

api_parent!(Keeper);

/// Statistics of the times between resets.
#[utoipa::path(
    get, path = "/api/v1/countdowns/{id}/stats", tag = "countdowns",
    responses((status = 200, body = Statistics))
)]
async fn statistics(call: Call) -> Result<Json<Statistics>, Problem> {
    let look = |tx: &mut Tx<'_>, owner: &OwnerOf| {
        let summary = entry::summary(tx, &owner.countdown().id)?;
        Ok(summary.at(tx.now()))
    };
    Ok(Json(call.read(look).await?))
}

/// The countdown's resets, newest first.
#[utoipa::path(
    get, path = "/api/v1/countdowns/{id}/entries", tag = "countdowns", params(PageQuery),
    responses((status = 200, body = List<Entry>))
)]
async fn entries(call: Call) -> Result<Json<List<Entry>>, Problem> {
    let paging = call.page_query()?;
    let (before, rows): (Option<Timestamp>, i64) = (paging.after()?, paging.rows());
    let look = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        let id = &owner.countdown().id;
        let found = entry::list(tx, id, before, rows)?;
        Ok((entry::summary(tx, id)?.count, found))
    };
    let (count, found) = call.read(look).await?;
    Ok(Json(List {
        total: Some(count),
        ..paging.list(found, |one| one.reset_at)
    }))
}

/// A reset.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Reset)]
struct Body {
    /// The instant, with its offset from UTC. If omitted, a new reset gets the current time, and a
    /// change keeps the old time.
    #[schema(format = "date-time")]
    reset_at: Option<String>,
    /// Up to 500 characters. If omitted, a new reset gets no note, and a change keeps the old note.
    /// Null removes the note.
    #[serde(deserialize_with = "null_is_empty")]
    note: Option<String>,
}

/// Deserializes null as an empty text, which removes the stored text.
pub fn null_is_empty<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(from).map(|note| Some(note.unwrap_or_default()))
}

impl From<Body> for Sent {
    fn from(body: Body) -> Self {
        Self {
            reset_at: body.reset_at,
            note: body.note,
        }
    }
}

/// A saved reset, and the statistics after saving it.
#[derive(Serialize, ToSchema)]
struct Saved {
    entry: Entry,
    stats: Statistics,
}

impl Saved {
    fn of(tx: &mut Tx<'_>, owner: &OwnerOf, entry: Entry) -> Result<Self, Refusal> {
        let summary = entry::summary(tx, &owner.countdown().id)?;
        Ok(Self {
            entry,
            stats: summary.at(tx.now()),
        })
    }
}

/// Resets a countdown that counts up.
#[utoipa::path(
    post, path = "/api/v1/countdowns/{id}/entries", tag = "countdowns", request_body = Option<Body>,
    responses((status = 201, body = Saved), (status = 409))
)]
async fn reset(
    call: Call,
    Extension(limit): Extension<EntryLimit>,
    body: Maybe<Body>,
) -> Result<Response, Problem> {
    limit.take(&call.who.account().id, call.site.clock.now())?;
    let sent = Sent::from(body.value);
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        let made = reset::create(tx, owner, &sent)?;
        Saved::of(tx, owner, made)
    };
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// Changes a reset.
#[utoipa::path(
    patch, path = "/api/v1/countdowns/{id}/entries/{entry}", tag = "countdowns",
    request_body = Body, responses((status = 200, body = Saved), (status = 409))
)]
async fn change_entry(
    call: Call,
    Extension(limit): Extension<EntryLimit>,
    Json(body): Json<Body>,
) -> Result<Json<Saved>, Problem> {
    limit.take(&call.who.account().id, call.site.clock.now())?;
    let (sent, entry): (Sent, EntryId) = (body.into(), call.id("entry")?);
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        let changed = reset::change(tx, owner, &entry, &sent)?;
        Saved::of(tx, owner, changed)
    };
    Ok(Json(call.write(change).await?))
}

/// Deletes a reset. The countdown then counts from the reset before it.
#[utoipa::path(
    delete, path = "/api/v1/countdowns/{id}/entries/{entry}", tag = "countdowns",
    responses((status = 204))
)]
async fn remove_entry(
    call: Call,
    Extension(limit): Extension<EntryLimit>,
) -> Result<StatusCode, Problem> {
    limit.take(&call.who.account().id, call.site.clock.now())?;
    let entry: EntryId = call.id("entry")?;
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| reset::delete(tx, owner, &entry);
    call.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A countdown as everybody sees it.
#[derive(Serialize, ToSchema)]
struct PublicCountdown {
    /// The display name of the account in the countdown's URL.
    name: String,
    /// The account's slug, the first part of the URL.
    account: String,
    /// The countdown's slug, the second part of the URL.
    slug: String,
    /// The title.
    title: String,
    kind: countdown::Kind,
    /// The IANA name of the countdown's time zone.
    time_zone: String,
    #[serde(flatten)]
    clock: Option<Clock>,
    /// The server's time.
    server_time: Timestamp,
    /// The statistics, if the owners show them.
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<Statistics>,
    /// The newest resets with their notes, if the owners show them.
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<PublicEntry>>,
}

/// A reset as everybody sees it.
#[derive(Serialize, ToSchema)]
struct PublicEntry {
    /// When the countdown was reset.
    reset_at: Timestamp,
    /// The note of the reset; empty if there is none.
    note: String,
}

impl From<CountdownView> for PublicCountdown {
    fn from(shown: CountdownView) -> Self {
        let countdown = shown.countdown;
        let entries = shown.entries.into_iter().map(|entry| PublicEntry {
            reset_at: entry.reset_at,
            note: entry.note,
        });
        Self {
            name: shown.name,
            account: shown.account,
            stats: countdown.show_stats.then(|| shown.summary.at(shown.now)),
            entries: countdown.show_notes.then(|| entries.collect()),
            slug: countdown.slug,
            title: countdown.title,
            kind: countdown.kind,
            time_zone: countdown.time_zone,
            clock: shown.clock,
            server_time: shown.now,
        }
    }
}

/// A page of the directory.
#[derive(Serialize, ToSchema)]
struct Directory {
    /// The countdowns of this page.
    items: Vec<ListedView>,
    /// The total number of countdowns.
    total: i64,
    /// The number of this page; the first is 1.
    page: i64,
    /// The maximum number of countdowns on a page.
    page_size: i64,
}

/// The public directory of countdowns, last changed first. `search` is part of a title or of a
/// name.
#[utoipa::path(
    get, path = "/api/v1/public/directory", tag = "countdowns",
    params(("search" = Option<String>, Query,), ("page" = Option<i64>, Query,),
        ("page_size" = Option<i64>, Query, description = "1 to 100; 20 where it is left out.")),
    responses((status = 200, body = Directory), (status = 304))
)]
async fn directory(
    State(site): State<Site>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let search = Search::read(&query);
    let Search {
        page, page_size, ..
    } = search;
    let look = move |tx: &mut Tx<'_>| public::directory(tx, &search);
    let (found, total) = site.store.read(look).await?;
    let body = Directory {
        items: found.into_iter().map(ListedView::from).collect(),
        total,
        page,
        page_size,
    };
    Ok(revalidated(&headers, &body))
}

/// An entry of the directory.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedCountdown)]
struct ListedView {
    /// The display name of the account in the countdown's URL.
    name: String,
    /// The account's slug, the first part of the URL.
    account: String,
    /// The countdown's slug, the second part of the URL.
    slug: String,
    /// The title.
    title: String,
    kind: countdown::Kind,
    #[serde(flatten)]
    clock: Clock,
}

impl From<public::Listed> for ListedView {
    fn from(listed: public::Listed) -> Self {
        Self {
            name: listed.name,
            account: listed.account,
            slug: listed.countdown.slug,
            title: listed.countdown.title,
            kind: listed.countdown.kind,
            clock: listed.clock,
        }
    }
}

/// A person's public page.
#[derive(Serialize, ToSchema)]
struct PublicAccount {
    /// The account's slug.
    account: String,
    #[serde(flatten)]
    profile: PublicProfile,
    /// The public countdowns on the page.
    countdowns: Vec<ListedView>,
}

/// A person's public page, if one of their countdowns is in the directory.
#[utoipa::path(
    get, path = "/api/v1/public/{account}", tag = "countdowns",
    responses((status = 200, body = PublicAccount),
        (status = 301, description = "The account is called something else now"), (status = 304))
)]
async fn show_account(
    State(site): State<Site>,
    Path(account): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = account.clone();
    let look = move |tx: &mut Tx<'_>| public::public_account(tx, &account);
    let found = site.store.read(look).await.map_err(Problem::from)?;
    let found = found.ok_or_else(Problem::not_found)?;
    if let Some(moved) = moved_slugs::lead(&uri, &asked, &found.slug, true) {
        return Ok(moved);
    }
    let countdowns = found.countdowns.into_iter().map(ListedView::from);
    let body = PublicAccount {
        account: found.slug,
        profile: found.profile,
        countdowns: countdowns.collect(),
    };
    Ok(revalidated(&headers, &body))
}

/// A countdown as others see it; `k` is the key of its private link.
///
/// In the browser of a signed-in person, the response also contains what they see as an owner or
/// trusted contact.
#[utoipa::path(
    get, path = "/api/v1/public/{account}/{countdown}", tag = "countdowns",
    params(("k" = Option<String>, Query,)),
    responses((status = 200, body = PublicCountdown),
        (status = 301, description = "The account is called something else now"))
)]
async fn show_public(
    State(site): State<Site>,
    Path((account, countdown)): Path<(String, String)>,
    uri: Uri,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let viewing = Viewing {
        who: viewer.who,
        key: query.text("k").to_owned(),
        keys: site.keys.clone(),
    };
    let asked = account.clone();
    let look = move |tx: &mut Tx<'_>| public::find(tx, &account, &countdown, &viewing);
    let shown = site.store.read(look).await.map_err(Problem::from)?;
    let shown = shown.ok_or_else(Problem::not_found)?;
    if let Some(moved) = moved_slugs::lead(&uri, &asked, &shown.account, !shown.is_personal()) {
        return Ok(moved);
    }
    let mut response = answer(StatusCode::OK, &PublicCountdown::from(shown));
    let vary = HeaderValue::from_static("Cookie");
    response.headers_mut().insert(VARY, vary);
    Ok(response)
}
