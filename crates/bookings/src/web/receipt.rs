//! The page with the receipt of a paid order. When printed, it fits on one sheet.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use platform::Tx;
use platform::money::Money;
use site::proof::Requester;
use site::request::PageRequest;
use web::{Problem, Text};

use super::{own, words};
use crate::Refusal;
use crate::order::{self, Order, OrderId, OrderMode};
use crate::refund::{self, RefundState};

#[derive(Template)]
#[template(path = "own/receipt.html")]
struct ReceiptPage<'a> {
    text: &'a Text,
    is_test: bool,
    number: String,
    /// The seller, as the settings named it when the order was paid.
    seller: &'a str,
    payer: &'a str,
    date: String,
    gateway: String,
    title: String,
    sum: String,
    /// The text about the tax; empty if the sum includes no tax.
    tax: String,
    /// The day and the sum of each refund.
    refunds: Vec<(String, String)>,
    /// The sum less the refunds; empty without refunds.
    left: String,
}

/// `GET /me/orders/{id}/receipt`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    let id: OrderId = req.id("id")?;
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let found = order::own_order(tx, &who.who.account().id, &id)?;
        let own = found.ok_or(Refusal::NotFound)?;
        let refunds = refund::of_order(tx, &id)?;
        Ok::<_, Refusal>((own, refunds))
    };
    let (own, refunds) = req.read(look).await?;
    let (order, text) = (&own.order, &req.text);
    let Some(paid_at) = order.paid_at else {
        return Err(Problem::not_found());
    };
    let zone = words::zone(&req.site, Some(&req.who));
    let day = |at: Timestamp| text.date(at.to_zoned(zone.clone()));
    let money = |minor: i64| text.money(Money::new(minor, order.currency));
    let is_done = |state: RefundState| state == RefundState::Processed;
    let refunds: Vec<_> = refunds.iter().filter(|one| is_done(one.state)).collect();
    let body = ReceiptPage {
        text,
        is_test: order.mode == OrderMode::Test,
        number: order.receipt().unwrap_or_default(),
        // An imported order does not name the seller.
        seller: match order.seller.as_str() {
            "" => &req.site.settings.name,
            kept => kept,
        },
        payer: &req.who.account().display_name,
        date: day(paid_at),
        gateway: text.say(order.gateway.label()).into_owned(),
        sum: text.money(order.amount()),
        tax: tax(text, order, ""),
        left: match refunds.as_slice() {
            [] => String::new(),
            _ => money(order.amount_minor - own.refunded_minor),
        },
        refunds: refunds
            .iter()
            .map(|one| (day(one.changed_at), money(one.amount_minor)))
            .collect(),
        title: own.title,
    };
    req.page(own::HERE, &text.say("receipt-title"), body).await
}

/// Says which tax the sum of an order includes; empty if it includes none. `today` is the current
/// name of the tax, which is used if the order is not paid yet.
pub(super) fn tax(text: &Text, order: &Order, today: &str) -> String {
    if order.tax_bps == 0 {
        return String::new();
    }
    let (whole, part) = (order.tax_bps / 100, order.tax_bps % 100);
    let rate = match part {
        0 => whole.to_string(),
        _ => format!("{whole}.{part:02}")
            .trim_end_matches('0')
            .to_owned(),
    };
    let sum = text.money(Money::new(order.tax_minor, order.currency));
    let label = order.paid_at.map_or(today, |_| &order.tax_label);
    let values = [
        ("sum", sum.into()),
        ("rate", rate.into()),
        ("tax", label.into()),
    ];
    text.with("order-tax", values)
}
