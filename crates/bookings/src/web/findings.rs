//! The administrators' page of findings.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use platform::Tx;
use site::request::{FormContext, FormPost, PageRequest};
use web::form_state::FormState;
use web::{Problem, Text};

use super::frame::BookingPage as _;
use super::slots::HERE;
use super::words;
use crate::finding::{self, Finding, FindingId, FindingState, Newest, PAGE};
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
    about: String,
    history: Vec<String>,
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
            let name = member::name(tx, one.settled_by.as_ref())?;
            found.push((one, name));
        }
        Ok::<_, Refusal>(found)
    };
    let found = paging.list(req.read(look).await?, |(one, _)| {
        (one.found_at, one.id.clone())
    });
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let at = |at: Timestamp| text.moment_short_in(&zone, at);
    let next = found.next_cursor.clone();
    let rows = found.items.into_iter().map(|(one, name)| {
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
