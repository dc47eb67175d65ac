//! The pages on which a member pays an order.

use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use platform::Tx;
use site::call::see_other;
use site::proof::Requester;
use site::request::{FormPost, PageRequest};
use web::{Form, Problem, Site, Text};

use super::{slot_page, words};
use crate::booking::{self, Booking, State as BookingState};
use crate::gateway::{self, Pressed, Way};
use crate::order::{self, GatewayName, Order, OrderId, OrderState};
use crate::plan::{self, Plan};
use crate::{Refusal, checkout, gateway_event, notice};

/// The maximum size of a form that the browser posts back from the gateway, in bytes.
const LONGEST_RETURN: usize = 64 * 1024;

#[derive(Template)]
#[template(path = "pay.html")]
struct PayPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    order: &'a Order,
    /// The name of the session or plan that the order pays for.
    title: &'a str,
    when: String,
    /// The booking that the order pays for; `None` if it pays for a plan.
    booking: Option<&'a Booking>,
    sum: String,
    until: String,
    cancel: String,
    /// The message id for the result of the last attempt to pay.
    banner: Option<&'static str>,
    is_open: bool,
    is_test: bool,
    /// The gateways among which the member can choose, each with its button's label.
    gateways: Vec<(&'static str, String)>,
}

/// The booking or plan that an order pays for.
enum Subject {
    Booking(Box<Booking>),
    Plan(Plan),
}

async fn load(req: &PageRequest) -> Result<(Order, Subject), Refusal> {
    let id: OrderId = req.id("order")?;
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let order = order::own(tx, &who.who.account().id, &id)?.ok_or(Refusal::NotFound)?;
        if let Some(id) = &order.grant.plan_id {
            let plan = plan::find(tx, id)?.ok_or(Refusal::NotFound)?;
            return Ok((order, Subject::Plan(plan)));
        }
        let booking = booking::of_order(tx, &order.id)?.ok_or(Refusal::NotFound)?;
        Ok((order, Subject::Booking(Box::new(booking))))
    };
    req.read(look).await
}

/// `GET /pay/{order}`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    let (order, subject) = load(&req).await?;
    let is_paid = order.is_paid();
    match &subject {
        Subject::Booking(booking) if is_paid && booking.state == BookingState::Confirmed => {
            return Ok(see_other(&format!("{}?done=paid", notice::page(booking))));
        }
        Subject::Plan(_) if is_paid => return Ok(see_other("/me/credits?done=paid")),
        _ => {}
    }
    let (text, now) = (&req.text, req.site.clock.now());
    let zone = words::zone(&req.site, Some(&req.who));
    let is_open = order.state == OrderState::Created && order.expires_at > now;
    let banner = match order.state {
        OrderState::Created if !req.query.text("back").is_empty() => Some("pay-waiting"),
        OrderState::Created if is_open => {
            (!req.query.text("failed").is_empty()).then_some("pay-failed")
        }
        OrderState::Created | OrderState::Expired => Some(match subject {
            Subject::Booking(_) => "pay-expired",
            Subject::Plan(_) => "pay-plan-expired",
        }),
        OrderState::Paid | OrderState::PartiallyRefunded => Some("pay-comes-back"),
        OrderState::Refunded => Some("pay-refunded"),
    };
    let until = text.time(&order.expires_at.to_zoned(zone.clone()));
    let (title, when, booking) = match &subject {
        Subject::Booking(booking) => {
            let when = text.moment(&booking.starts_at.to_zoned(zone.clone()));
            (booking.title.as_str(), when, Some(&**booking))
        }
        Subject::Plan(plan) => {
            let grant = &order.grant;
            let grants = words::grants(text, grant.credit_kind, grant.credits, grant.months);
            (plan.name.as_str(), grants, None)
        }
    };
    let deadline = booking.map(Booking::cancel_deadline);
    let body = PayPage {
        text,
        csrf: &req.csrf,
        title,
        when,
        sum: text.money(order.amount()),
        until: text.with("pay-until", [("time", until.into())]),
        cancel: deadline
            .map(|deadline| slot_page::cancel_rule(text, &zone, deadline, now, true))
            .unwrap_or_default(),
        banner,
        is_open,
        is_test: gateway::is_test(&req.site),
        gateways: gateways(&req, &order),
        order: &order,
        booking,
    };
    let title = text.say("pay-title");
    Ok(slot_page::plain(&req.site, text, &title, body))
}

/// The gateways for an order: all that the site offers, or the one at which the order already
/// exists.
fn gateways(req: &PageRequest, order: &Order) -> Vec<(&'static str, String)> {
    let sum = req.text.money(order.amount());
    let offered = match order.gateway_order_id {
        Some(_) => vec![order.gateway],
        None => gateway::offered(&req.site),
    };
    let label = |one: GatewayName| {
        if offered.len() == 1 {
            return req.text.with("pay-do", [("sum", sum.as_str().into())]);
        }
        let name = req.text.say(one.label());
        let values = [("sum", sum.as_str().into()), ("name", (&*name).into())];
        req.text.with("pay-do-with", values)
    };
    offered
        .iter()
        .map(|one| (one.word(), label(*one)))
        .collect()
}

#[derive(Template)]
#[template(path = "gateway.html")]
struct FormPage<'a> {
    text: &'a Text,
    order: &'a Order,
    name: &'a str,
    sum: String,
    action: &'a str,
    fields: &'a [(&'static str, String)],
}

/// `POST /pay/{order}/checkout`: redirects to the gateway's page.
pub(super) async fn checkout(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let (order, _) = load(req).await?;
    let offered = gateway::offered(&req.site);
    let chosen = GatewayName::find(posted.form.text("gateway"));
    let chosen = chosen.filter(|chosen| offered.contains(chosen));
    let chosen = chosen.or(offered.first().copied()).unwrap_or(order.gateway);
    match checkout::open(&req.site, &order.id, chosen).await {
        Ok(opened) => Ok(match &opened.way {
            Way::Page(page) if page.starts_with('/') => see_other(page),
            // The content security policy of the payment page does not let its form lead to another
            // site, not even by a redirect, so the next page shows a link.
            Way::Page(page) => form_page(req, (&order, opened.gateway), page, &[]),
            Way::Form(action, fields) => form_page(req, (&order, opened.gateway), action, fields),
        }),
        Err(problem) if problem.code == "order_closed" => {
            Ok(see_other(&format!("/pay/{}", order.id)))
        }
        Err(problem) => Err(problem),
    }
}

/// Renders the last page before the gateway's page. The page has a form if there are fields, and
/// otherwise a link.
fn form_page(
    req: &PageRequest,
    (order, gateway): (&Order, GatewayName),
    action: &str,
    fields: &[(&'static str, String)],
) -> Response {
    let text = &req.text;
    let name = text.say(gateway.label());
    let body = FormPage {
        text,
        order,
        name: &name,
        sum: text.money(order.amount()),
        action,
        fields,
    };
    let title = text.say("pay-title");
    let mut page = slot_page::plain(&req.site, text, &title, body);
    let origin = platform::outbound::origin(action).unwrap_or_default();
    let policy = web::policy_with_forms_to(&[origin]);
    page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    page
}

/// `GET /pay/{order}/return`: handles the payer's return from the gateway and redirects. It shows
/// nothing and does not sign anybody in.
pub(super) async fn come_back(
    State(site): State<Site>,
    Path(order): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    be_back(&site, &order, uri.query().unwrap_or_default().as_bytes()).await
}

/// `POST /pay/{order}/return`: like the `GET` route, for gateways that make the browser post a
/// form. Such a request contains no cookies.
pub(super) async fn be_posted_back(
    State(site): State<Site>,
    Path(order): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    let too_large = |_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");
    let body = to_bytes(body, LONGEST_RETURN).await.map_err(too_large)?;
    be_back(&site, &order, &body).await
}

async fn be_back(site: &Site, order: &str, sent: &[u8]) -> Result<Response, Problem> {
    let id: OrderId = site::call::id(order)?;
    let sent = Form::parse(sent)?;
    if sent.find("error[code]").is_some() {
        return Ok(see_other(&format!("/pay/{id}?failed=1")));
    }
    checkout::come_back(site, &id, &sent).await?;
    Ok(see_other(&format!("/pay/{id}?back=1")))
}

#[derive(Template)]
#[template(path = "test_gateway.html")]
struct GatewayPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    order: &'a Order,
    sum: String,
    choices: &'static [(&'static str, &'static str)],
}

/// Loads an order for the test gateway's page. If the site does not offer the test gateway, the
/// page does not exist.
async fn load_test(req: &PageRequest) -> Result<Order, Problem> {
    if !gateway::offered(&req.site).contains(&GatewayName::Test) {
        return Err(Problem::not_found());
    }
    let (order, _) = load(req).await?;
    if order.gateway != GatewayName::Test {
        return Err(Problem::not_found());
    }
    Ok(order)
}

/// `GET /pay/test/{order}`.
pub(super) async fn test_gateway(req: PageRequest) -> Result<Response, Problem> {
    let order = load_test(&req).await?;
    let text = &req.text;
    let body = GatewayPage {
        text,
        csrf: &req.csrf,
        sum: text.money(order.amount()),
        choices: Pressed::CHOICES,
        order: &order,
    };
    let title = text.say("test-gateway-title");
    Ok(slot_page::plain(&req.site, text, &title, body))
}

/// `POST /pay/test/{order}`.
pub(super) async fn press(posted: FormPost) -> Result<Response, Problem> {
    let order = load_test(&posted.req).await?;
    let pressed = Pressed::find(posted.form.text("how")).ok_or_else(Problem::not_found)?;
    let site = &posted.req.site;
    let outcome = gateway::press(site, &order, pressed).await?;
    if let Some(event) = outcome.event {
        let write = move |tx: &mut Tx<'_>| gateway_event::receive(tx, order.gateway, &event, "");
        site.store.write(write).await?;
    }
    Ok(see_other(&outcome.onward))
}
