//! The pages on which a member pays an order.

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderName, HeaderValue};
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::money::Money;
use site::call::see_other;
use site::proof::Requester;
use site::request::{FormPost, PageRequest};
use web::form_state::{Field, FormState};
use web::{Form, Problem, Site, Text};

use super::{receipt, slot_page, words};
use crate::booking::{self, Booking, State as BookingState, seat};
use crate::credit_kind::Labels;
use crate::gateway::{self, Pressed, Way};
use crate::order::{self, GatewayName, Order, OrderId, OrderState};
use crate::plan::{self, Plan};
use crate::refund::{self, OwnRefund, RefundedSums};
use crate::refund_request::{self, RefundRequest, RefundRequestState};
use crate::settings::{self, BookingSettings};
use crate::{Refusal, checkout, gateway_event, notice};

/// The maximum size, in bytes, of a form that the gateway makes the browser post back.
const LONGEST_RETURN: usize = 64 * 1024;
/// For this many seconds after the payer's return, the page reloads itself.
const PATIENCE: i64 = 120;
/// Browsers without script follow this header too.
const REFRESH: HeaderName = HeaderName::from_static("refresh");
/// The number of seconds after which the page reloads itself.
const RELOAD: HeaderValue = HeaderValue::from_static("5");

#[derive(Template)]
#[template(path = "pay.html")]
struct PayPage<'a> {
    text: &'a Text,
    form_state: &'a FormState,
    order: &'a Order,
    title: &'a str,
    when: String,
    /// The booking that the order pays for; `None` if it pays for a plan.
    booking: Option<&'a Booking>,
    sum: String,
    /// What was paid back, and what is on its way back: the message id of each, and the sum.
    returned: Vec<(&'static str, String)>,
    /// The text about the tax; empty if the sum includes no tax.
    tax: String,
    until: String,
    cancel: String,
    terms: Vec<String>,
    refund: RefundCard,
    /// The text about the state of the order, and whether it is good news.
    banner: Option<(String, bool)>,
    /// The Unix time in seconds at which the payer came back from the gateway, or 0 if they did
    /// not; `None` if the gateway cannot be asked about the order.
    check: Option<i64>,
    is_open: bool,
    may_pay: bool,
    gateways: Vec<(&'static str, String)>,
}

#[derive(Default)]
struct RefundCard {
    sentences: Vec<String>,
    quoted: String,
    /// The field for what the payer writes; `None` if the money goes back at once.
    field: Option<Field>,
    /// The label of the button; empty if nothing can be asked for.
    button: String,
}

impl RefundCard {
    fn of(text: &Text, zone: &TimeZone, loaded: &Loaded, form_state: &FormState) -> Self {
        let sum = text.money(Money::new(loaded.left_minor, loaded.order.currency));
        let mut card = Self::default();
        match loaded.way {
            None => {}
            Some(refund_request::Way::AtOnce) => {
                card.sentences
                    .push(text.say("refund-now-text").into_owned());
                card.button = text.with("refund-now", [("sum", sum.into())]);
            }
            Some(refund_request::Way::Ask) => {
                card.sentences
                    .push(text.say("refund-ask-text").into_owned());
                let why = form_state.lines("text", text.say("refund-ask-why"));
                card.field = Some(why.required());
                card.button = text.say("refund-ask-do").into_owned();
            }
        }
        if let Some(request) = &loaded.request {
            let back = text.money(Money::new(request.amount_minor, loaded.order.currency));
            let when = request.decided_at.unwrap_or(request.created_at);
            let values = [
                ("sum", back.into()),
                ("when", words::moment(text, zone, when).into()),
            ];
            let (said, quoted) = match request.state {
                RefundRequestState::Open => ("refund-request-waits", &request.text),
                RefundRequestState::Granted => ("refund-request-was-granted", &request.reason),
                RefundRequestState::Refused => ("refund-request-was-refused", &request.reason),
            };
            card.sentences.insert(0, text.with(said, values));
            card.quoted.clone_from(quoted);
        }
        card
    }
}

enum Subject {
    /// With the zone of the place of a session in person.
    Booking(Box<Booking>, Option<TimeZone>),
    Plan(Plan),
}

struct Loaded {
    order: Order,
    subject: Subject,
    /// How many seats of a class the order pays for, with those that were given back; 1 for everything
    /// else.
    seats: usize,
    refunds: Vec<OwnRefund>,
    /// A payment of another sum than the order's, which goes back.
    wrong: Option<Money>,
    way: Option<refund_request::Way>,
    left_minor: i64,
    request: Option<RefundRequest>,
    rules: BookingSettings,
    labels: Labels,
}

async fn load(req: &PageRequest) -> Result<Loaded, Refusal> {
    let id: OrderId = req.id("order")?;
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let order = order::own(tx, &who.who.account().id, &id)?.ok_or(Refusal::NotFound)?;
        let subject = if let Some(id) = &order.grant.plan_id {
            Subject::Plan(plan::find(tx, id)?.ok_or(Refusal::NotFound)?)
        } else {
            let booking = booking::of_order(tx, &order.id)?.ok_or(Refusal::NotFound)?;
            let place = booking::place_zone(tx, &booking)?;
            Subject::Booking(Box::new(booking), place)
        };
        let seats = match &subject {
            Subject::Booking(booking, _) if booking.is_class => {
                seat::of_booking(tx, &booking.id)?.len()
            }
            _ => 1,
        };
        Ok(Loaded {
            seats,
            refunds: refund::of_order(tx, &order.id)?,
            wrong: order::wrong_payment(tx, &order)?,
            way: refund_request::way(tx, &order)?,
            left_minor: refund::left_of_order(tx, &order)?,
            request: refund_request::find_latest(tx, &order.id)?,
            rules: settings::load(tx)?,
            labels: Labels::load(tx)?,
            order,
            subject,
        })
    };
    req.read(look).await
}

/// The wait of a payer who came back from the gateway: the Unix time in seconds at which it began,
/// and whether it is still so short that the page reloads itself.
#[derive(Clone, Copy)]
struct Wait {
    since: i64,
    is_short: bool,
}

impl Wait {
    fn read(req: &PageRequest) -> Option<Self> {
        let since: i64 = req.query.text("back").parse().ok()?;
        let waited = req.site.clock.now().as_second().saturating_sub(since);
        Some(Self {
            since,
            is_short: (0..PATIENCE).contains(&waited),
        })
    }
}

/// `GET /pay/{order}`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    let mut loaded = load(&req).await?;
    if loaded.order.is_unpaid() && loaded.order.gateway_order_id.is_some() {
        checkout::check(&req.site, &loaded.order.id, checkout::WATCHED).await?;
        loaded = load(&req).await?;
    }
    let (order, wait) = (&loaded.order, Wait::read(&req));
    if order.state == OrderState::Paid && wait.is_some_and(|wait| wait.is_short) {
        match &loaded.subject {
            Subject::Booking(booking, _) if booking.state == BookingState::Confirmed => {
                return Ok(see_other(&format!("{}?done=paid", notice::page(booking))));
            }
            Subject::Plan(_) if loaded.refunds.is_empty() => {
                return Ok(see_other("/me/credits?done=paid"));
            }
            _ => {}
        }
    }
    let wait = wait.filter(|_| order.state == OrderState::Created && loaded.wrong.is_none());
    let mut page = page(&req, &loaded, wait, &FormState::default());
    if wait.is_some_and(|wait| wait.is_short) {
        page.headers_mut().insert(REFRESH, RELOAD);
    }
    Ok(page)
}

fn page(
    req: &PageRequest,
    loaded: &Loaded,
    wait: Option<Wait>,
    form_state: &FormState,
) -> Response {
    let (order, text, now) = (&loaded.order, &req.text, req.site.clock.now());
    let zone = words::zone(&req.site, Some(&req.who));
    let is_open = order.state == OrderState::Created && order.expires_at > now;
    let until = text.until_in(&zone, order.expires_at, now);
    let (title, when, booking) = match &loaded.subject {
        Subject::Booking(booking, place) => {
            let mut when = words::moment_at(text, &zone, place.as_ref(), booking.starts_at);
            if loaded.seats > 1 {
                let seats = text.with("class-seats", [("count", loaded.seats.into())]);
                when = format!("{when} · {seats}");
            }
            (booking.title.as_str(), when, Some(&**booking))
        }
        Subject::Plan(plan) => {
            let days = loaded.rules.add_on_days;
            let grants = words::grants(text, &order.grant, &loaded.labels, days);
            (plan.name.as_str(), grants, None)
        }
    };
    let banner = banner(req, loaded, wait, is_open);
    let body = PayPage {
        text,
        title,
        when,
        sum: text.money(order.amount()),
        returned: {
            let sums = RefundedSums::of(&loaded.refunds);
            let all = [
                ("pay-returned", sums.done),
                ("pay-returning", sums.under_way),
            ];
            let all = all.into_iter().filter(|(_, minor)| *minor > 0);
            all.map(|(label, minor)| (label, text.money(Money::new(minor, order.currency))))
                .collect()
        },
        tax: receipt::tax(text, order, &loaded.rules.tax_label),
        until: text.with("pay-until", [("time", until.into())]),
        cancel: booking
            .map(|booking| {
                let (deadline, share) = (booking.cancel_deadline(), booking.late_refund_bps);
                notice::cancel_rule(text, &zone, deadline, now, Some(share))
            })
            .unwrap_or_default(),
        terms: terms(text, &loaded.rules),
        refund: RefundCard::of(text, &zone, loaded, form_state),
        form_state,
        banner,
        // A payer who waits for the gateway's answer must not pay again meanwhile.
        may_pay: is_open && !wait.is_some_and(|wait| wait.is_short),
        check: (order.is_unpaid() && order.gateway_order_id.is_some())
            .then(|| wait.map_or(0, |wait| wait.since)),
        is_open,
        gateways: gateways(req, order),
        booking,
        order,
    };
    let title = text.say("pay-title");
    slot_page::plain_form(&req.site, text, &title, body, &req.csrf)
}

/// The text at the top of the page, and whether it is good news.
fn banner(
    req: &PageRequest,
    loaded: &Loaded,
    wait: Option<Wait>,
    is_open: bool,
) -> Option<(String, bool)> {
    let (order, text) = (&loaded.order, &req.text);
    let bad = |message: &str| Some((text.say(message).into_owned(), false));
    if let Some(wrong) = loaded.wrong.filter(|_| order.is_unpaid()) {
        let values = [
            ("sum", text.money(wrong).into()),
            ("price", text.money(order.amount()).into()),
        ];
        return Some((text.with("pay-wrong-sum", values), false));
    }
    match order.state {
        OrderState::Created => match wait {
            Some(wait) if wait.is_short => bad("pay-waiting"),
            Some(_) => bad("pay-we-write"),
            None if !is_open => bad(expired(&loaded.subject)),
            None if !req.query.text("failed").is_empty() => bad("pay-failed"),
            None => None,
        },
        OrderState::Expired => bad(expired(&loaded.subject)),
        OrderState::Refunded => bad("pay-refunded"),
        OrderState::Paid | OrderState::PartiallyRefunded => {
            let RefundedSums {
                under_way,
                done,
                failed,
            } = RefundedSums::of(&loaded.refunds);
            let said = |message: &str, minor: i64| {
                let sum = text.money(Money::new(minor, order.currency));
                Some((text.with(message, [("sum", sum.into())]), false))
            };
            match () {
                () if under_way > 0 && under_way + done >= order.amount_minor => {
                    bad("pay-comes-back")
                }
                () if under_way > 0 => said("pay-part-comes-back", under_way),
                () if failed > 0 => said("pay-back-failed", failed),
                () if done > 0 => said("pay-part-back", done),
                () => Some((text.say("pay-paid").into_owned(), true)),
            }
        }
    }
}

fn expired(subject: &Subject) -> &'static str {
    match subject {
        Subject::Booking(..) => "pay-expired",
        Subject::Plan(_) => "pay-plan-expired",
    }
}

fn terms(text: &Text, rules: &BookingSettings) -> Vec<String> {
    let all = [
        ("pay-terms-unused", rules.refund_days),
        ("pay-terms-offer", rules.offer_days),
    ];
    let all = all.into_iter().filter(|(_, days)| *days > 0);
    all.map(|(message, days)| text.with(message, [("days", days.into())]))
        .collect()
}

/// `POST /pay/{order}/refund`: asks for the money.
pub(super) async fn ask_for_refund(posted: FormPost) -> Result<Response, Problem> {
    let (site, id) = (posted.req.site.clone(), posted.req.id("order")?);
    let text = posted.form.text("text").to_owned();
    let change = move |tx: &mut Tx<'_>, by: &Requester| {
        let id: &OrderId = &id;
        refund_request::ask(tx, &site, by, id, &text)?;
        Ok::<_, Refusal>(format!("/pay/{id}#refund"))
    };
    posted
        .save(change, async |req, form_state| {
            Ok(page(req, &load(req).await?, None, form_state))
        })
        .await
}

/// `POST /pay/{order}/check`: asks the gateway whether the order is paid.
pub(super) async fn check(posted: FormPost) -> Result<Response, Problem> {
    let Loaded { order, .. } = load(&posted.req).await?;
    checkout::check(&posted.req.site, &order.id, checkout::PRESSED).await?;
    let back = match posted.form.text("back").parse::<i64>() {
        Ok(since) if since > 0 => format!("?back={since}"),
        _ => String::new(),
    };
    Ok(see_other(&format!("/pay/{}{back}", order.id)))
}

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
    let Loaded { order, .. } = load(req).await?;
    let chosen = checkout::choose(&req.site, GatewayName::find(posted.form.text("gateway")));
    let chosen = chosen.unwrap_or_else(|| gateway::first(&req.site));
    req.site.admit_call(req.who.account().id.as_str())?;
    match checkout::open(&req.site, &order.id, chosen).await {
        Ok(opened) => Ok(match &opened.way {
            Way::Page(page) if page.starts_with('/') => see_other(page),
            // The content security policy of the payment page does not let its form lead to another
            // site, not even by a redirect, so the next page shows a link.
            Way::Page(page) => form_page(req, &order, opened.gateway, page, &[]),
            Way::Form(action, fields) => form_page(req, &order, opened.gateway, action, fields),
        }),
        Err(problem) if problem.code == "order_closed" => {
            Ok(see_other(&format!("/pay/{}", order.id)))
        }
        Err(problem) => Err(problem),
    }
}

/// A form if there are fields, otherwise a link.
fn form_page(
    req: &PageRequest,
    order: &Order,
    gateway: GatewayName,
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
    let mut page = slot_page::plain_form(&req.site, text, &title, body, &req.csrf);
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
    let body = web::read_body(body, LONGEST_RETURN).await?;
    be_back(&site, &order, &body).await
}

async fn be_back(site: &Site, order: &str, sent: &[u8]) -> Result<Response, Problem> {
    let id: OrderId = site::call::id(order)?;
    let sent = Form::parse(sent)?;
    if sent.find("error[code]").is_some() {
        checkout::come_back_refused(site, &id, &sent).await?;
        return Ok(see_other(&format!("/pay/{id}?failed=1")));
    }
    checkout::come_back(site, &id, &sent).await?;
    let now = site.clock.now().as_second();
    Ok(see_other(&format!("/pay/{id}?back={now}")))
}

#[derive(Template)]
#[template(path = "test_gateway.html")]
struct GatewayPage<'a> {
    text: &'a Text,
    order: &'a Order,
    sum: String,
    /// Empty unless the gateway's event was already sent.
    back: &'a str,
}

/// Where the test gateway is not offered, or real money moves, the page does not exist.
async fn load_test(req: &PageRequest) -> Result<Order, Problem> {
    if !GatewayName::Test.is_usable(&req.site) {
        return Err(Problem::not_found());
    }
    let Loaded { order, .. } = load(req).await?;
    if order.gateway != GatewayName::Test {
        return Err(Problem::not_found());
    }
    Ok(order)
}

fn gateway_page(req: &PageRequest, order: &Order, back: &str) -> Response {
    let text = &req.text;
    let body = GatewayPage {
        text,
        sum: text.money(order.amount()),
        order,
        back,
    };
    let title = text.say("test-gateway-title");
    slot_page::plain_form(&req.site, text, &title, body, &req.csrf)
}

/// `GET /pay/test/{order}`.
pub(super) async fn test_gateway(req: PageRequest) -> Result<Response, Problem> {
    let order = load_test(&req).await?;
    Ok(gateway_page(&req, &order, ""))
}

/// `POST /pay/test/{order}`.
pub(super) async fn press(posted: FormPost) -> Result<Response, Problem> {
    let order = load_test(&posted.req).await?;
    let pressed = Pressed::find(posted.form.text("how")).ok_or_else(Problem::not_found)?;
    let site = &posted.req.site;
    let outcome = gateway::press(site, &order, pressed).await?;
    for event in &outcome.events {
        gateway_event::post_test(site, event).await?;
    }
    if pressed == Pressed::EventFirst && !outcome.events.is_empty() {
        return Ok(gateway_page(&posted.req, &order, &outcome.onward));
    }
    Ok(see_other(&outcome.onward))
}
