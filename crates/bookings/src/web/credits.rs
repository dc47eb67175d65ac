//! The administrators' page of a member's credits.

use askama::Template;
use axum::response::Response;
use identity::account::AccountId;
use platform::Tx;
use site::request::{FormContext, FormPost, PageRequest};
use web::form_state::{self, Field, FormState};
use web::{Problem, Text};

use super::frame::BookingPage as _;
use super::slots::HERE;
use super::words;
use crate::Refusal;
use crate::credit::adjustment::{self, NewAdjustment};
use crate::credit::history;
use crate::credit_kind::{self, Labels};
use crate::settings::Administrator;

const DONE: &[(&str, &str)] = &[("saved", "credit-was-adjusted")];

#[derive(Template)]
#[template(path = "sessions/credits.html")]
struct CreditsPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    name: &'a str,
    here: String,
    lots: Vec<LotLine>,
    /// Time and reason, what it was for, and the number of credits.
    entries: Vec<(String, String, String)>,
    next: Option<String>,
    fields: [Field; 3],
}

struct LotLine {
    kind: String,
    note: String,
    left: i64,
    is_over: bool,
}

/// `GET /admin/orders/credits/{account}`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    page(&req, &FormState::default()).await
}

async fn page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let (id, paging): (AccountId, _) = (req.id("account")?, req.page_query()?);
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        let found = adjustment::find(tx, &id, &paging)?.ok_or(Refusal::NotFound)?;
        let uses = history::uses(tx, &found.entries)?;
        Ok::<_, Refusal>((found, uses, credit_kind::all(tx)?))
    };
    let (found, uses, kinds) = req.read(look).await?;
    let labels = Labels::of(&kinds);
    let (text, now) = (&req.text, req.site.clock.now());
    let zone = words::zone(&req.site, Some(&req.who));
    let lots = found.lots.iter().map(|lot| {
        let until = text.date(lot.expires_at.to_zoned(zone.clone()));
        let values = [
            ("granted", lot.granted.into()),
            ("used", lot.used.into()),
            ("date", until.into()),
        ];
        LotLine {
            kind: labels.label(&lot.credit_kind).to_owned(),
            note: text.with("credit-lot", values),
            left: lot.granted - lot.used,
            is_over: lot.expires_at <= now,
        }
    });
    let entries = found.entries.iter().map(|one| {
        let at = text.moment_short_in(&zone, one.created_at);
        let note = match one.note.as_str() {
            "" => at,
            note => format!("{at} · {note}"),
        };
        let said = words::credit_use(text, &zone, &labels, one, uses.get(&one.id));
        (note, said, words::change(one.delta))
    });
    let kinds = kinds.into_iter().map(|kind| (kind.code, kind.label));
    let here = format!("/admin/orders/credits/{}", found.account_id);
    let next = found.next_cursor.as_ref();
    let body = CreditsPage {
        text,
        form: req.form(DONE, form_state),
        name: &found.name,
        next: next.map(|cursor| format!("{here}?cursor={cursor}#entries")),
        here,
        lots: lots.collect(),
        entries: entries.collect(),
        fields: [
            form_state.select("credit_kind", text.say("plan-credit-kind"), kinds),
            form_state
                .number("delta", text.say("credit-delta"))
                .hint(text.say("credit-delta-hint"))
                .required(),
            form_state
                .line("reason", text.say("booking-reason"))
                .hint(text.say("credit-reason-hint"))
                .required(),
        ],
    };
    req.show(HERE, &found.name, body).await
}

/// `POST /admin/orders/credits/{account}`.
pub(super) async fn adjust(posted: FormPost) -> Result<Response, Problem> {
    let form = &posted.form;
    let new = NewAdjustment {
        account_id: posted.req.id("account")?,
        credit_kind: form.text("credit_kind").to_owned(),
        delta: form_state::number(form, "delta").unwrap_or(0),
        reason: form.text("reason").to_owned(),
    };
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        let done = adjustment::adjust(tx, by, &new)?;
        Ok::<_, Refusal>(format!(
            "/admin/orders/credits/{}?done=saved",
            done.account_id
        ))
    };
    posted.save(change, page).await
}
