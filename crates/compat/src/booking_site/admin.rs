//! The administrators' routes. Some changes require that the administrator has recently confirmed
//! their identity, which the front end does not support. The refusal of such a change contains the
//! URL of the page on this site where it can be made.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use bookings::booking::{BookingView, Part, Party};
use bookings::catalogue::CatalogueEntry;
use bookings::payout::{self, PayoutState};
use bookings::plan::Plan;
use bookings::refund::manual::{self, OrderRecord};
use bookings::room::Room;
use bookings::settings::Administrator;
use bookings::{Refusal, booking};
use identity::person::slug;
use identity::session::sudo::SudoRequired;
use jiff::Timestamp;
use platform::Tx;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use site::Context;
use site::call::Call;
use site::resource;
use web::json::Received;
use web::{Input, Json, Problem};

use super::mentor::{PayoutShown, with_member};
use super::offers::{Company, PlanShown};
use super::repeated_request;
use super::requests::{Confirmation, confirm};
use super::view::{page, page_query};

const COMPANIES: &str = "/api/admin/companies";
const LINKS: &str = "/api/admin/meet-links";
const ORDERS: &str = "/api/admin/orders";
const PAYOUTS: &str = "/api/admin/payouts";
const SESSIONS: &str = "/api/admin/sessions";

pub(super) fn routes() -> Router<Context> {
    let plans = async |call| elsewhere(call, "/admin/plans").await;
    let payouts = async |call| elsewhere(call, "/admin/payouts").await;
    Router::new()
        .route("/api/admin/pricing-plans", get(list_plans).post(plans))
        .route(
            "/api/admin/pricing-plans/{id}",
            put(plans).patch(plans).delete(plans),
        )
        .route(PAYOUTS, get(list_payouts).post(payouts))
        .route(
            "/api/admin/payouts/{id}",
            put(payouts).patch(payouts).delete(payouts),
        )
        .route("/api/admin/payouts/{id}/{step}", post(payouts).put(payouts))
        .route(COMPANIES, get(list_companies).post(create_company))
        .route(
            "/api/admin/companies/{id}",
            put(change_company).delete(remove_company),
        )
        .route(LINKS, get(list_links).post(create_link))
        .route("/api/admin/meet-links/{id}", delete(remove_link))
        .route(SESSIONS, get(list_sessions))
        .route(ORDERS, get(list_orders))
        .route("/api/admin/confirm-booking", post(confirm_any))
}

/// The error contains the URL of the page where the change can be made.
async fn elsewhere(call: Call, page: &'static str) -> Result<Response, Problem> {
    check(&call).await?;
    let page = call.site.url().join(page);
    Err(Problem::from(SudoRequired).with("page", page))
}

async fn check(call: &Call) -> Result<(), Problem> {
    let look = |_: &mut Tx<'_>, _: &Administrator| Ok::<_, Refusal>(());
    call.read(look).await
}

#[derive(Serialize)]
struct KeptPlan {
    #[serde(flatten)]
    plan: PlanShown,
    is_active: bool,
}

async fn list_plans(call: Call) -> Result<Json<Vec<KeptPlan>>, Problem> {
    let look = |tx: &mut Tx<'_>, by: &Administrator| resource::list::<Plan>(tx, by);
    let all = call.read(look).await?.into_iter();
    let all = all.map(|plan| KeptPlan {
        is_active: plan.active,
        plan: plan.into(),
    });
    Ok(Json(all.collect()))
}

async fn list_payouts(call: Call) -> Result<Response, Problem> {
    let state = match call.query().text("status") {
        "" => PayoutState::Pending,
        word => PayoutState::find(word)
            .ok_or_else(|| Problem::fields().field("/status", "unknown_option", []))?,
    };
    let paging = page_query(&call)?.under(&state.word());
    let (after, rows) = (paging.after()?, paging.rows());
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        Ok::<_, Refusal>(payout::list(tx, state, after.as_ref(), rows)?)
    };
    let found = paging.list(call.read(look).await?, |one| {
        (one.item.created_at, one.item.id.clone())
    });
    Ok(page(found.map(PayoutShown::from), PAYOUTS, &call.query()))
}

#[derive(Serialize)]
struct KeptCompany {
    #[serde(flatten)]
    company: Company,
    is_active: bool,
}

impl From<CatalogueEntry> for KeptCompany {
    fn from(entry: CatalogueEntry) -> Self {
        Self {
            is_active: entry.active,
            company: entry.into(),
        }
    }
}

async fn list_companies(call: Call) -> Result<Json<Vec<KeptCompany>>, Problem> {
    let look = |tx: &mut Tx<'_>, by: &Administrator| resource::list::<CatalogueEntry>(tx, by);
    let all = call.read(look).await?.into_iter();
    Ok(Json(all.map(KeptCompany::from).collect()))
}

/// Fields that are omitted stay unchanged.
#[derive(Clone, Deserialize)]
struct SentCompany {
    /// The slug; if omitted, it is made from the name.
    id: Option<String>,
    name: Option<String>,
    category: Option<String>,
    description: Option<String>,
    interview_tracks: Option<Vec<String>>,
    difficulty_levels: Option<Vec<String>>,
    logo_url: Option<String>,
    is_active: Option<bool>,
}

impl SentCompany {
    fn read(&self, slug: Option<String>) -> Input {
        fields([
            ("slug", slug.map(Value::from)),
            ("name", self.name.clone().map(Value::from)),
            ("category", self.category.clone().map(Value::from)),
            ("description", self.description.clone().map(Value::from)),
            ("tracks", self.interview_tracks.clone().map(Value::from)),
            ("levels", self.difficulty_levels.clone().map(Value::from)),
            ("logo_url", self.logo_url.clone().map(Value::from)),
            ("active", self.is_active.map(Value::from)),
        ])
    }
}

fn fields<const N: usize>(all: [(&str, Option<Value>); N]) -> Input {
    let sent = all
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Input::Json(sent.collect::<Map<_, _>>())
}

fn renamed(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        let name = match error.pointer.as_str() {
            "/slug" => "/id",
            "/active" => "/is_active",
            "/tracks" => "/interview_tracks",
            "/levels" => "/difficulty_levels",
            "/url" => "/meet_link",
            _ => continue,
        };
        name.clone_into(&mut error.pointer);
    }
    problem
}

async fn create_company(call: Call, body: Received<SentCompany>) -> Result<Response, Problem> {
    let sent = body.value;
    let made_of_name = || sent.name.as_deref().map(slug::from_name);
    let input = sent.read(sent.id.clone().or_else(made_of_name));
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        let made = resource::create::<CatalogueEntry>(tx, by, &input)?;
        Ok(KeptCompany::from(made))
    };
    repeated_request::post(&call, COMPANIES, &body.bytes, StatusCode::CREATED, change)
        .await
        .map_err(renamed)
}

/// Finds the company with this slug, which the front end uses as the company's id.
fn find_company(
    tx: &mut Tx<'_>,
    by: &Administrator,
    slug: &str,
) -> Result<CatalogueEntry, Refusal> {
    let all = resource::list::<CatalogueEntry>(tx, by)?;
    let found = all.into_iter().find(|one| one.slug == slug);
    found.ok_or(Refusal::NotFound)
}

async fn change_company(
    call: Call,
    Json(sent): Json<SentCompany>,
) -> Result<Json<KeptCompany>, Problem> {
    let id = call.piece("id").to_owned();
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        let old = find_company(tx, by, &id)?;
        let input = sent.read(None);
        resource::change::<CatalogueEntry>(tx, by, old.id.as_str(), old.version, &input)
    };
    let changed = call.write(change).await.map_err(renamed)?;
    Ok(Json(changed.into()))
}

#[derive(Serialize)]
struct Removed {
    success: bool,
}

const REMOVED: Json<Removed> = Json(Removed { success: true });

/// One that is in use is only deactivated.
async fn remove_company(call: Call) -> Result<Json<Removed>, Problem> {
    let id = call.piece("id").to_owned();
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        let old = find_company(tx, by, &id)?;
        resource::remove::<CatalogueEntry>(tx, by, old.id.as_str(), None)?;
        Ok(())
    };
    call.write(change).await?;
    Ok(REMOVED)
}

#[derive(Serialize)]
struct LinkShown {
    id: String,
    name: String,
    meet_link: String,
    is_active: bool,
}

impl From<Room> for LinkShown {
    fn from(room: Room) -> Self {
        Self {
            id: room.id.to_string(),
            name: room.name,
            meet_link: room.url,
            is_active: room.active,
        }
    }
}

async fn list_links(call: Call) -> Result<Json<Vec<LinkShown>>, Problem> {
    let look = |tx: &mut Tx<'_>, by: &Administrator| resource::list::<Room>(tx, by);
    let all = call.read(look).await?.into_iter();
    Ok(Json(all.map(LinkShown::from).collect()))
}

#[derive(Clone, Deserialize)]
struct SentLink {
    meet_link: String,
    /// The name; if omitted, the link without its scheme.
    name: Option<String>,
}

async fn create_link(call: Call, body: Received<SentLink>) -> Result<Response, Problem> {
    let sent = body.value;
    let bare = sent.meet_link.trim_start_matches("https://");
    let name = sent.name.unwrap_or_else(|| bare.chars().take(80).collect());
    let input = fields([
        ("name", Some(name.into())),
        ("url", Some(sent.meet_link.into())),
    ]);
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        let made = resource::create::<Room>(tx, by, &input)?;
        Ok(LinkShown::from(made))
    };
    repeated_request::post(&call, LINKS, &body.bytes, StatusCode::CREATED, change)
        .await
        .map_err(renamed)
}

async fn remove_link(call: Call) -> Result<Json<Removed>, Problem> {
    let id = call.piece("id").to_owned();
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        resource::remove::<Room>(tx, by, &id, None)?;
        Ok(())
    };
    call.write(change).await?;
    Ok(REMOVED)
}

async fn list_sessions(call: Call) -> Result<Response, Problem> {
    let paging = page_query(&call)?;
    let part = Part {
        after: paging.after()?,
        rows: paging.rows(),
    };
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        let all = booking::list_all(tx, &part)?;
        Ok::<_, Refusal>(BookingView::list(tx, all)?)
    };
    let found = paging.list(call.read(look).await?, |one| {
        (one.starts_at, one.id.clone())
    });
    Ok(page(found.map(with_member), SESSIONS, &call.query()))
}

#[derive(Serialize)]
struct OrderShown {
    id: String,
    user_name: Option<String>,
    title: String,
    amount_minor: i64,
    currency: String,
    gateway: &'static str,
    status: &'static str,
    receipt_no: Option<String>,
    created_at: Timestamp,
    paid_at: Option<Timestamp>,
}

impl From<OrderRecord> for OrderShown {
    fn from(row: OrderRecord) -> Self {
        let order = row.order;
        Self {
            id: order.id.to_string(),
            user_name: row.payer,
            title: row.title,
            amount_minor: order.amount_minor,
            currency: order.currency.to_string(),
            gateway: order.gateway.word(),
            status: order.state.word(),
            receipt_no: order.receipt(),
            created_at: order.created_at,
            paid_at: order.paid_at,
        }
    }
}

async fn list_orders(call: Call) -> Result<Response, Problem> {
    let paging = page_query(&call)?;
    let (before, rows) = (paging.after()?, paging.rows());
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        Ok::<_, Refusal>(manual::orders(tx, before.as_ref(), rows)?)
    };
    let found = paging.list(call.read(look).await?, |one| {
        (one.order.created_at, one.order.id.clone())
    });
    Ok(page(found.map(OrderShown::from), ORDERS, &call.query()))
}

/// Confirms a slot of a request, even if the administrator does not own the slot.
async fn confirm_any(call: Call, body: Received<Confirmation>) -> Result<Response, Problem> {
    check(&call).await?;
    confirm(call, body, Party::Administrator).await
}
