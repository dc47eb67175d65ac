//! The administrators' page of findings.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use platform::money::Money;
use platform::{StoreError, Tx};
use site::request::{FormContext, FormPost, PageRequest};
use web::form_state::FormState;
use web::{Problem, Text};

use super::frame::BookingPage as _;
use super::slots::HERE;
use super::words;
use crate::finding::{self, Finding, FindingId, FindingKind, FindingState, Newest, PAGE};
use crate::refund::manual::{self, OrderRecord, RefundRecord};
use crate::refund::{self, RefundId};
use crate::settings::Administrator;
use crate::{Refusal, member, notice, reconcile};

const DONE: &[(&str, &str)] = &[("applied", "finding-was-applied")];

#[derive(Template)]
#[template(path = "sessions/findings.html")]
struct FindingsPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    /// For each state, the path of its page, its label, and whether the page shows this state.
    states: Vec<(String, &'static str, bool)>,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    finding: Finding,
    what: String,
    about: String,
    /// What was ordered, and the state of the order; empty if the finding is about none.
    order: String,
    history: Vec<String>,
}

/// A finding, with what it is about in the words of people.
struct Listed {
    finding: Finding,
    /// The name of the person who settled it.
    settled_by: String,
    /// The refund that failed.
    refund: Option<RefundRecord>,
    /// The order, and the message id of its state.
    order: Option<(OrderRecord, &'static str)>,
}

impl Listed {
    fn load(tx: &mut Tx<'_>, finding: Finding) -> Result<Self, StoreError> {
        let refund: Option<RefundId> = finding.subject.parse().ok();
        let refund = refund.filter(|_| finding.kind == FindingKind::RefundDrift);
        let order = match &finding.order_id {
            Some(id) => manual::order(tx, id)?,
            None => None,
        };
        Ok(Self {
            settled_by: member::name(tx, finding.settled_by.as_ref())?,
            refund: match refund {
                Some(id) => manual::find(tx, &id)?,
                None => None,
            },
            order: match order {
                Some(record) => {
                    let state = refund::order_label(tx, &record.order)?;
                    Some((record, state))
                }
                None => None,
            },
            finding,
        })
    }

    fn what(&self, text: &Text) -> String {
        let (Some(refund), Some(gateway)) = (&self.refund, self.finding.gateway) else {
            return text.say(self.finding.kind.label()).into_owned();
        };
        let sum = text.money(Money::new(refund.amount_minor, refund.currency));
        let name = notice::named(text, refund.payer.as_deref().unwrap_or_default());
        let gateway = text.say(gateway.label());
        let values = [
            ("sum", sum.into()),
            ("name", name.as_ref().into()),
            ("gateway", gateway.as_ref().into()),
        ];
        text.with("finding-refund-drift-of", values)
    }

    fn order(&self, text: &Text) -> String {
        let Some((record, state)) = &self.order else {
            return String::new();
        };
        let values = [
            ("title", record.title.as_str().into()),
            ("state", text.say(state).into_owned().into()),
        ];
        text.with("finding-order", values)
    }
}

/// `GET /admin/orders/reconcile`.
pub(super) async fn list(req: PageRequest) -> Result<Response, Problem> {
    page(&req, &FormState::default()).await
}

async fn page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let shown = FindingState::find(req.query.text("state")).unwrap_or(FindingState::Open);
    let paging = req.page_query()?;
    let before: Option<Newest> = paging.after()?;
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        let mut found = Vec::new();
        for one in finding::list(tx, shown, before.as_ref(), rows)? {
            found.push(Listed::load(tx, one)?);
        }
        Ok::<_, Refusal>(found)
    };
    let found = paging.list(req.read(look).await?, |listed| {
        (listed.finding.found_at, listed.finding.id.clone())
    });
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let at = |at: Timestamp| text.moment_short_in(&zone, at);
    let next = found.next_cursor.clone();
    let rows = found.items.into_iter().map(|listed| {
        let (what, ordered) = (listed.what(text), listed.order(text));
        let (one, name) = (listed.finding, listed.settled_by);
        let gateway = one
            .gateway
            .map(|gateway| text.say(gateway.label()).into_owned());
        let order = one.order_id.as_ref().map(ToString::to_string);
        let about = [gateway, Some(one.subject.clone()), order];
        let about: Vec<String> = about.into_iter().flatten().collect();
        let values = [
            ("when", at(one.found_at).into()),
            ("times", one.times.into()),
        ];
        let mut history = vec![text.with("finding-found", values)];
        if let Some(settled_at) = one.settled_at {
            let values = [
                ("when", at(settled_at).into()),
                ("name", notice::named(text, &name).into()),
            ];
            let message = match one.state {
                FindingState::Applied => "finding-applied-by",
                FindingState::Open | FindingState::Healed => "finding-healed-at",
            };
            history.push(text.with(message, values));
        }
        Row {
            what,
            order: ordered,
            finding: one,
            about: about.join(" · "),
            history,
        }
    });
    let states = FindingState::ALL.iter().map(|state| {
        let href = format!("{PAGE}?state={}", state.word());
        (href, state.label(), *state == shown)
    });
    let body = FindingsPage {
        text,
        form: req.form(DONE, form_state),
        states: states.collect(),
        rows: rows.collect(),
        next: next.map(|cursor| format!("{PAGE}?state={}&cursor={cursor}", shown.word())),
    };
    req.show(HERE, &text.say("finding-all"), body).await
}

/// `POST /admin/orders/reconcile/{id}/apply`.
pub(super) async fn apply(posted: FormPost) -> Result<Response, Problem> {
    let id: FindingId = posted.req.id("id")?;
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        reconcile::apply(tx, by, &id)?;
        Ok::<_, Refusal>(format!("{PAGE}?done=applied"))
    };
    posted.save(change, page).await
}
