//! The pages on which an order is paid.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use platform::Tx;
use site::call::see_other;
use site::proof::Requester;
use site::request::{FormPost, PageRequest};
use web::{Form, Problem, Site, Text};

use super::{public, words};
use crate::booking::{self, Booking, State as BookingState};
use crate::gateway::{self, Pressed};
use crate::order::{self, Order, OrderId, OrderState};
use crate::{Refusal, checkout, notice};

#[derive(Template)]
#[template(path = "pay.html")]
struct PayPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    order: &'a Order,
    booking: &'a Booking,
    when: String,
    sum: String,
    until: String,
    cancel: String,
    /// The message id of the last attempt's result.
    banner: Option<&'static str>,
    is_open: bool,
}

async fn load(req: &PageRequest) -> Result<(Order, Booking), Refusal> {
    let id: OrderId = req.id("order")?;
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let order = order::own(tx, &who.who.account().id, &id)?.ok_or(Refusal::NotFound)?;
        let booking = booking::of_order(tx, &order.id)?.ok_or(Refusal::NotFound)?;
        Ok((order, booking))
    };
    req.read(look).await
}

/// `GET /pay/{order}`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    let (order, booking) = load(&req).await?;
    if order.state == OrderState::Paid && booking.state == BookingState::Confirmed {
        return Ok(see_other(&format!("{}?done=paid", notice::page(&booking))));
    }
    let (text, now) = (&req.text, req.site.clock.now());
    let zone = words::zone(&req.site, Some(&req.who));
    let is_open = order.state == OrderState::Created && order.expires_at > now;
    let banner = match order.state {
        OrderState::Created if is_open => {
            (!req.query.text("failed").is_empty()).then_some("pay-failed")
        }
        OrderState::Created | OrderState::Expired => Some("pay-expired"),
        OrderState::Paid => Some("pay-comes-back"),
        OrderState::Refunded => Some("pay-refunded"),
    };
    let until = text.time(&order.expires_at.to_zoned(zone.clone()));
    let body = PayPage {
        text,
        csrf: &req.csrf,
        when: text.moment(&booking.starts_at.to_zoned(zone.clone())),
        sum: text.money(order.amount()),
        until: text.with("pay-until", [("time", until.into())]),
        cancel: public::cancel_rule(text, &zone, booking.cancel_deadline(), now, true),
        banner,
        is_open,
        order: &order,
        booking: &booking,
    };
    let title = text.say("pay-title");
    Ok(public::plain(&req.site, text, &title, body))
}

/// `POST /pay/{order}/checkout`: leads to the gateway's page.
pub(super) async fn checkout(posted: FormPost) -> Result<Response, Problem> {
    let (order, _) = load(&posted.req).await?;
    let opened = checkout::open(&posted.req.site, &order.id).await;
    match opened {
        Ok(opened) => Ok(see_other(&opened.page)),
        Err(problem) if problem.code == "order_closed" => {
            Ok(see_other(&format!("/pay/{}", order.id)))
        }
        Err(problem) => Err(problem),
    }
}

/// `GET /pay/{order}/return`: only redirects; it shows nothing and signs nobody in.
pub(super) async fn come_back(
    State(site): State<Site>,
    Path(order): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let id: OrderId = site::call::id(&order)?;
    let sent = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    checkout::come_back(&site, &id, &sent).await?;
    Ok(see_other(&format!("/pay/{id}")))
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

/// `GET /pay/test/{order}`.
pub(super) async fn test_gateway(req: PageRequest) -> Result<Response, Problem> {
    let (order, _) = load(&req).await?;
    let text = &req.text;
    let body = GatewayPage {
        text,
        csrf: &req.csrf,
        sum: text.money(order.amount()),
        choices: Pressed::CHOICES,
        order: &order,
    };
    let title = text.say("test-gateway-title");
    Ok(public::plain(&req.site, text, &title, body))
}

/// `POST /pay/test/{order}`.
pub(super) async fn press(posted: FormPost) -> Result<Response, Problem> {
    let (order, _) = load(&posted.req).await?;
    let pressed = Pressed::find(posted.form.text("how")).ok_or_else(Problem::not_found)?;
    let onward = gateway::press(&posted.req.site, &order, pressed).await?;
    Ok(see_other(&onward))
}
