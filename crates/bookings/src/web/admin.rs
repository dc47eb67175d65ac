//! What the administrators' pages of lists share, and their page of all orders.

use askama::Template;
use axum::response::Response;
use identity::account::AccountId;
use platform::Tx;
use site::request::PageRequest;
use site::resource::pages::{Messages, PageResource};
use web::{List, Problem, Text};

use super::frame::BookingPage as _;
use super::slots::HERE;
use super::words;
use crate::Refusal;
use crate::credit_kind::CreditKind;
use crate::order::{self, OrderId, OrderMode, Payment, PaymentId, PaymentState};
use crate::refund;
use crate::refund::manual::{self, Before, OrderRecord};
use crate::settings::Administrator;

#[derive(Template)]
#[template(path = "admin_list.html")]
struct ListPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    path: &'static str,
    messages: Messages,
    /// The path of a related list, and the message id of its title.
    more: Option<(&'static str, &'static str)>,
    empty: &'static str,
    /// The message id of the tag for inactive items.
    away: &'static str,
    rows: Vec<ListRow>,
}

pub(super) struct ListRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) note: String,
    /// The text next to the name, such as a price.
    pub(super) side: String,
    pub(super) is_active: bool,
}

/// The data that the pages of lists need in addition to the list.
pub struct AdminContext {
    pub(super) by: Administrator,
    pub(super) kinds: Vec<CreditKind>,
    /// How many days credits last if the field `months` of their plan is 0.
    pub(super) add_on_days: i64,
}

/// Renders the page of a list. `empty` is the message id of the text for an empty list, and `away`
/// is the message id of the tag for inactive items.
pub(super) async fn list_page<R: PageResource<Parent = Administrator>>(
    req: &PageRequest,
    tags: (&'static str, &'static str),
    list: List<R>,
    row: impl Fn(R) -> ListRow + Send,
) -> Result<Response, Problem> {
    list_page_with(req, tags, None, list, row).await
}

/// Like [`list_page`], with a link to `more`: a path, and the message id of its label.
pub(super) async fn list_page_with<R: PageResource<Parent = Administrator>>(
    req: &PageRequest,
    (empty, away): (&'static str, &'static str),
    more: Option<(&'static str, &'static str)>,
    list: List<R>,
    row: impl Fn(R) -> ListRow + Send,
) -> Result<Response, Problem> {
    let body = ListPage {
        more,
        text: &req.text,
        done: req.done(R::DONE),
        path: R::PAGES,
        messages: R::MESSAGES,
        empty,
        away,
        rows: list.items.into_iter().map(row).collect(),
    };
    let title = req.text.say(R::MESSAGES.list);
    req.show(R::PAGES, &title, body).await
}

/// The path of the orders with a payment in dispute.
const IN_DISPUTE: &str = "/admin/orders?state=disputed";

#[derive(Template)]
#[template(path = "slots/orders.html")]
struct OrdersPage<'a> {
    text: &'a Text,
    /// Each list's path, its label, and whether the page shows it.
    lists: [(&'static str, &'static str, bool); 2],
    rows: Vec<OrderLine>,
    next: Option<String>,
}

struct OrderLine {
    at: String,
    note: String,
    sum: String,
    class: &'static str,
    state: &'static str,
    is_test: bool,
    account: Option<AccountId>,
    payments: Vec<PaymentId>,
}

struct ListedOrder {
    record: OrderRecord,
    /// The payments of which something can be paid back.
    payments: Vec<PaymentId>,
    is_disputed: bool,
    /// The message id of the order's state.
    state: &'static str,
}

/// `GET /admin/orders`: all orders, or those with a payment in dispute, newest first.
pub(super) async fn orders(req: PageRequest) -> Result<Response, Problem> {
    let paging = req.page_query()?;
    let before: Option<Before<OrderId>> = paging.after()?;
    let rows = paging.rows();
    let is_of_disputes = req.query.text("state") == "disputed";
    let list = if is_of_disputes {
        manual::orders_in_dispute
    } else {
        manual::orders
    };
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        let mut found = Vec::new();
        for one in list(tx, before.as_ref(), rows)? {
            let payments = order::payments(tx, &one.order.id)?;
            let is_refundable = |payment: &&Payment| {
                payment.state == PaymentState::Captured
                    && payment.refund_reserved_minor < payment.amount_minor
            };
            let payments = payments.iter().filter(is_refundable);
            let payments = payments.map(|one| one.id.clone()).collect();
            let is_disputed = order::is_disputed(tx, &one.order.id)?;
            let state = refund::order_label(tx, &one.order)?;
            found.push(ListedOrder {
                payments,
                is_disputed,
                state,
                record: one,
            });
        }
        Ok::<_, Refusal>(found)
    };
    let (found, text) = (req.read(look).await?, &req.text);
    let key = |one: &ListedOrder| {
        let order = &one.record.order;
        (order.created_at, order.id.clone())
    };
    let found = paging.list(found, key);
    let zone = words::zone(&req.site, Some(&req.who));
    let next = found.next_cursor.map(|cursor| {
        if is_of_disputes {
            format!("{IN_DISPUTE}&cursor={cursor}")
        } else {
            format!("/admin/orders?cursor={cursor}")
        }
    });
    let rows = found.items.into_iter().map(|listed| {
        let row = listed.record;
        let order = &row.order;
        let number = order
            .receipt()
            .map(|number| text.with("order-receipt", [("number", number.into())]));
        let disputed = listed
            .is_disputed
            .then(|| text.say("payout-disputed").into_owned());
        let note = [Some(row.title), row.payer, number, disputed];
        let note = note.into_iter().flatten();
        let note: Vec<String> = note.filter(|part| !part.is_empty()).collect();
        OrderLine {
            at: text.moment_short_in(&zone, order.created_at),
            note: note.join(" · "),
            sum: text.money(order.amount()),
            class: words::order_tag(order.state),
            state: listed.state,
            is_test: order.mode == OrderMode::Test,
            account: row.account_id,
            payments: listed.payments,
        }
    });
    let body = OrdersPage {
        text,
        lists: [
            ("/admin/orders", "order-all", !is_of_disputes),
            (IN_DISPUTE, "order-disputed", is_of_disputes),
        ],
        rows: rows.collect(),
        next,
    };
    req.show(HERE, &text.say("order-all"), body).await
}
