//! The administrators' pages of refunds.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use platform::money::Money;
use site::request::{FormContext, FormPost, PageRequest};
use web::form_state::{self, Field, FormState};
use web::{Findings, FirstItems, Form, Problem, Text, fields};

use super::frame::BookingPage as _;
use super::slots::HERE;
use super::words;
use crate::Refusal;
use crate::order::{self, PaymentId};
use crate::refund::credits::{self, Usage};
use crate::refund::manual::{self, Before, Clause, NewRefund, RefundRecord};
use crate::refund::{self, ELSEWHERE, RefundId, RefundState, SEATS};
use crate::refund_request::{self, Decision, RefundRequest, RefundRequestId};
use crate::settings::{self, Administrator, BookingSettings};

const ALL: &str = "/admin/refunds";
const DONE: &[(&str, &str)] = &[
    ("asked", "refund-was-asked"),
    ("answered", "refund-request-answered"),
];
/// In the order in which the page shows them.
const CLAUSES: [Clause; 6] = [
    Clause::Unused,
    Clause::Late,
    Clause::Used,
    Clause::ToCome,
    Clause::CancelledLate,
    Clause::Over,
];

#[derive(Template)]
#[template(path = "refunds/list.html")]
struct ListPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    form_state: &'a FormState,
    policy: Vec<String>,
    requests: FirstItems<RequestRow>,
    rows: Vec<Row>,
    next: Option<String>,
}

struct RequestRow {
    id: RefundRequestId,
    at: String,
    what: String,
    /// The same, with the sum that is left.
    title: String,
    said: String,
    asked: Asked,
    fields: Vec<Field>,
}

const REQUESTS: i64 = 50;

struct Row {
    at: String,
    note: String,
    sum: String,
    class: &'static str,
    state: &'static str,
}

fn tag(state: RefundState) -> &'static str {
    match state {
        RefundState::Processed => "yes",
        RefundState::Requested | RefundState::Submitted => "wait",
        RefundState::Failed => "error",
    }
}

fn reason<'a>(text: &'a Text, refund: &'a RefundRecord) -> String {
    let rule = match refund.reason.as_str() {
        manual::POLICY => "refund-rule-policy",
        refund_request::ASKED => "refund-rule-asked",
        _ if refund.requested_by.is_some() => return refund.reason.clone(),
        "cancelled" => "refund-rule-cancelled",
        SEATS => "refund-rule-seats",
        "no_show_provider" => "refund-rule-no-show",
        "slot_gone" => "refund-rule-slot-gone",
        ELSEWHERE => "refund-rule-elsewhere",
        "amount_mismatch" => "finding-amount-mismatch",
        "duplicate" | "duplicate_capture" => "finding-duplicate-capture",
        _ => return refund.reason.clone(),
    };
    text.say(rule).into_owned()
}

/// `GET /admin/refunds`.
pub(super) async fn list(req: PageRequest) -> Result<Response, Problem> {
    show(&req, &FormState::default(), "").await
}

/// After a refused answer, it contains what the administrator entered about `answered`.
async fn show(
    req: &PageRequest,
    form_state: &FormState,
    answered: &str,
) -> Result<Response, Problem> {
    let paging = req.page_query()?;
    let before: Option<Before<RefundId>> = paging.after()?;
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        let found = manual::list(tx, before.as_ref(), rows)?;
        let mut requests = FirstItems::default();
        if before.is_none() {
            requests = FirstItems::read(REQUESTS, |rows| {
                let mut all = Vec::new();
                for one in refund_request::list(tx, None, rows)? {
                    if let Some(order) = order::find(tx, &one.request.order_id)? {
                        let left = refund::left_of_order(tx, &order)?;
                        let open = manual::left_beside_session(tx, &order)?;
                        let asked = Asked {
                            left: Money::new(left, order.currency),
                            open: Money::new(open, order.currency),
                            paid: order.amount(),
                            usage: credits::usage(tx, &order.id)?,
                        };
                        all.push((one, asked));
                    }
                }
                Ok::<_, Refusal>(all)
            })?;
        }
        Ok::<_, Refusal>((found, requests, settings::load(tx)?))
    };
    let (found, requests, rules) = req.read(look).await?;
    let found = paging.list(found, |one| (one.created_at, one.id.clone()));
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let next = found
        .next_cursor
        .map(|cursor| format!("{ALL}?cursor={cursor}"));
    let rows = found.items.into_iter().map(|one| {
        let reason = reason(text, &one);
        let note = [one.payer, Some(reason)].into_iter().flatten();
        Row {
            at: text.moment_short_in(&zone, one.created_at),
            note: note.collect::<Vec<String>>().join(" · "),
            sum: text.money(Money::new(one.amount_minor, one.currency)),
            class: tag(one.state),
            state: one.state.label(),
        }
    });
    let requests = requests.map(|(one, asked)| {
        let stored = asked.proposed();
        let form_state = if one.request.id.as_str() == answered {
            form_state
        } else {
            &stored
        };
        let hint = "refund-request-reason-hint";
        let joined = |parts: Vec<Option<String>>| {
            let parts = parts.into_iter().flatten().collect::<Vec<_>>();
            parts.join(" · ")
        };
        let (title, payer) = (Some(one.title), one.payer);
        RequestRow {
            what: joined(vec![title.clone(), payer.clone()]),
            at: text.moment_short_in(&zone, one.request.created_at),
            title: joined(vec![title, payer, Some(text.money(asked.left))]),
            said: one.request.text,
            fields: asked.fields(text, form_state, hint),
            asked,
            id: one.request.id,
        }
    });
    let policy = CLAUSES.iter().map(|clause| said(text, *clause, &rules));
    let body = ListPage {
        text,
        done: req.done(DONE),
        form_state,
        requests,
        policy: policy.collect(),
        rows: rows.collect(),
        next,
    };
    req.show(HERE, &text.say("refund-all"), body).await
}

/// `POST /admin/refunds/requests/{id}`: answers a request.
pub(super) async fn decide(posted: FormPost) -> Result<Response, Problem> {
    let id: RefundRequestId = posted.req.id("id")?;
    let (site, form, answered) = (posted.req.site.clone(), posted.form.clone(), id.to_string());
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        let found: RefundRequest = tx.find(&id)?.ok_or(Refusal::NotFound)?;
        let order = order::find(tx, &found.order_id)?.ok_or(Refusal::NotFound)?;
        let amount_minor = if form.text("do") == "grant" {
            let amount = form_state::amount(&form, "amount_minor", order.currency)?;
            if amount.minor <= 0 {
                let left = Money::new(refund::left_of_order(tx, &order)?, order.currency);
                let mut findings = Findings::default();
                crate::amount_range::add_amount_range(&mut findings, "/amount_minor", left);
                findings.finish()?;
            }
            amount.minor
        } else {
            0
        };
        let new = Decision {
            amount_minor,
            reason: form.text("reason").to_owned(),
            credits_used: credits_used(&form),
        };
        refund_request::decide(tx, &site, by, &id, &new)?;
        Ok::<_, Refusal>(format!("{ALL}?done=answered"))
    };
    posted
        .save(change, async |req, form_state| {
            show(req, form_state, &answered).await
        })
        .await
}

fn said(text: &Text, clause: Clause, rules: &BookingSettings) -> String {
    let values = [
        ("days", rules.refund_days.into()),
        ("offer", rules.offer_days.into()),
        ("share", fields::percentage(rules.late_refund_bps).into()),
    ];
    text.with(clause.label(), values)
}

/// What is left of a payment, and how many of the credits that it paid for are used.
#[derive(Clone, Copy)]
struct Asked {
    left: Money,
    /// What is left beside what pays for a session that is to come.
    open: Money,
    paid: Money,
    usage: Usage,
}

impl Asked {
    /// Proposes the share of the unused credits, or all that is left of a payment for something else.
    fn proposed(self) -> FormState {
        let amount = match self.usage.granted {
            0 => self.open,
            _ => self.share(),
        };
        let amount = if amount.minor > 0 {
            amount.decimal()
        } else {
            String::new()
        };
        FormState::of(form_state::form([
            ("amount_minor", amount.as_str()),
            ("takes_credits", "1"),
        ]))
    }

    fn share(self) -> Money {
        let share = self.usage.share(self.paid);
        Money::new(share.minor.min(self.left.minor), share.currency)
    }

    /// How many of the credits are used; `None` if the payment was for something else.
    fn used(self, text: &Text) -> Option<String> {
        let Usage { used, granted } = self.usage;
        let values = [("used", used.into()), ("granted", granted.into())];
        (granted > 0).then(|| text.with("refund-credits-used", values))
    }

    fn fields(self, text: &Text, form_state: &FormState, reason_hint: &str) -> Vec<Field> {
        let (unused, currency) = (self.usage.unused(), self.left.currency.code());
        let values = [
            ("unused", unused.into()),
            ("sum", text.money(self.share()).into()),
        ];
        let amount = form_state.amount("amount_minor", text.say("refund-amount"), currency);
        let reason = form_state.line("reason", text.say("booking-reason"));
        let reason = reason.hint(text.say(reason_hint));
        if unused <= 0 {
            return vec![amount, reason];
        }
        let label = text.with("refund-credits-take", &values);
        let takes = form_state.tick("takes_credits", label);
        vec![
            amount.hint(text.with("refund-credits-share", &values)),
            takes.hint(text.say("refund-credits-take-hint")),
            reason,
        ]
    }
}

/// How many credits the administrator saw as used, if the unused ones are taken away.
fn credits_used(form: &Form) -> Option<i64> {
    let takes = !form.text("takes_credits").is_empty();
    takes.then(|| form_state::number(form, "credits_used"))?
}

#[derive(Template)]
#[template(path = "refunds/new.html")]
struct NewPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    here: String,
    facts: Vec<(&'static str, String)>,
    payer: Option<String>,
    clause: String,
    asked: Asked,
    /// Empty if nothing is left to refund.
    fields: Vec<Field>,
}

/// `GET /admin/refunds/{payment}`.
pub(super) async fn new(req: PageRequest) -> Result<Response, Problem> {
    page(&req, None).await
}

async fn page(req: &PageRequest, refused: Option<&FormState>) -> Result<Response, Problem> {
    let (id, text): (PaymentId, _) = (req.id("payment")?, req.text.clone());
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        let (payment, clause) = manual::payment(tx, &id)?.ok_or(Refusal::NotFound)?;
        let asked = Asked {
            left: payment.left(),
            open: payment.left(),
            paid: Money::new(payment.amount_minor, payment.currency),
            usage: if payment.settles {
                credits::usage(tx, &payment.order_id)?
            } else {
                Usage::default()
            },
        };
        Ok::<_, Refusal>((payment, asked, said(&text, clause, &settings::load(tx)?)))
    };
    let (payment, asked, clause) = req.read(look).await?;
    let text = &req.text;
    let (left, proposed) = (asked.left, asked.proposed());
    let form_state = refused.unwrap_or(&proposed);
    let gateway = text.say(payment.gateway.label());
    let mut facts = vec![
        (
            "refund-payment",
            format!("{gateway} · {}", payment.gateway_payment_id),
        ),
        ("payout-sum", text.money(asked.paid)),
        ("refund-left", text.money(left)),
    ];
    facts.extend(asked.used(text).map(|used| ("refund-credits", used)));
    facts.extend(payment.payer.clone().map(|payer| ("refund-payer", payer)));
    let body = NewPage {
        text,
        form: req.form(&[], form_state),
        here: format!("{ALL}/{}", payment.id),
        facts,
        payer: payment.payer.clone(),
        clause,
        asked,
        fields: if left.minor > 0 {
            let mut fields = asked
                .fields(text, form_state, "refund-reason-hint")
                .into_iter();
            let amount = fields.next().map(Field::required);
            amount.into_iter().chain(fields).collect()
        } else {
            Vec::new()
        },
    };
    req.show(HERE, &text.say("refund-new"), body).await
}

/// `POST /admin/refunds/{payment}`.
pub(super) async fn ask(posted: FormPost) -> Result<Response, Problem> {
    let payment_id: PaymentId = posted.req.id("payment")?;
    let form = posted.form.clone();
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        let (payment, _) = manual::payment(tx, &payment_id)?.ok_or(Refusal::NotFound)?;
        let amount = form_state::amount(&form, "amount_minor", payment.currency)?;
        let new = NewRefund {
            payment_id: payment_id.clone(),
            amount_minor: amount.minor,
            reason: form.text("reason").to_owned(),
            credits_used: credits_used(&form),
        };
        manual::ask(tx, by, &new)?;
        Ok::<_, Refusal>(format!("{ALL}?done=asked"))
    };
    posted
        .save(change, async |req, form_state| {
            page(req, Some(form_state)).await
        })
        .await
}
