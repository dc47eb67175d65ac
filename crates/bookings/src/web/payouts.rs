//! The pages about payouts, for providers and for administrators.

use askama::Template;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use jiff::tz::TimeZone;
use platform::Tx;
use platform::money::Money;
use site::request::{FormContext, FormPost, PageRequest};
use web::fields::{self, Input};
use web::form_state::{self, FormState, Group};
use web::sheet::FileFormat;
use web::{PageQuery, Problem, Text};

use super::frame::BookingPage as _;
use super::slots::{FormPage, table_form};
use super::words;
use crate::Refusal;
use crate::payout::batch::{
    self, Batch, BatchId, BatchState, BatchStep, BatchStepValues, BatchView, NewBatch,
};
use crate::payout::{
    self, After, Before, PayoutId, PayoutState, PayoutStep, PayoutView, RATE_FIELDS, Rate,
    StepValues, Total,
};
use crate::provider::{Provider, ProviderId};
use crate::settings::{self, Administrator};

const OWN: &str = "/me/slots/payouts";
const HERE: &str = "/admin/payouts";
const DONE: &[(&str, &str)] = &[("saved", "slot-saved")];

struct Line {
    id: PayoutId,
    /// Whether an unsettled claim about the session prevents the approval.
    is_claimed: bool,
    title: String,
    note: String,
    sum: String,
    class: &'static str,
    state: &'static str,
}

impl Line {
    fn of(text: &Text, zone: &TimeZone, view: &PayoutView, note: &str) -> Self {
        let at = text.moment_short_in(zone, view.starts_at);
        let reason = reason(text, view);
        let adjusted = if view.item.is_adjustment {
            text.say("payout-adjustment")
        } else {
            "".into()
        };
        let note = [note, &at, &adjusted, &reason].map(str::to_owned);
        let note: Vec<String> = note.into_iter().filter(|part| !part.is_empty()).collect();
        Self {
            id: view.item.id.clone(),
            is_claimed: view.open_claims > 0,
            title: view.title.clone(),
            note: note.join(" · "),
            sum: text.money(view.item.amount()),
            class: tag(view.item.state),
            state: view.item.state.label(),
        }
    }
}

fn reason(text: &Text, view: &PayoutView) -> String {
    if view.item.is_disputed {
        text.say("payout-disputed").into_owned()
    } else if view.open_claims > 0 {
        text.say("payout-claimed").into_owned()
    } else {
        view.item.reason.clone()
    }
}

fn tag(state: PayoutState) -> &'static str {
    match state {
        PayoutState::Paid => "yes",
        PayoutState::Pending | PayoutState::Approved | PayoutState::Batched => "wait",
        PayoutState::Rejected => "",
    }
}

fn batch_tag(state: BatchState) -> &'static str {
    match state {
        BatchState::Settled => "yes",
        BatchState::Failed => "",
        _ => "wait",
    }
}

#[derive(Template)]
#[template(path = "payouts/own.html")]
struct OwnPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    totals: Vec<(String, &'static str)>,
    lines: Vec<Line>,
    next: Option<String>,
    has_reference: bool,
    field: web::form_state::Field,
}

/// `GET /me/slots/payouts`.
pub(super) async fn own(req: PageRequest) -> Result<Response, Problem> {
    own_page(&req, &FormState::default()).await
}

async fn own_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let paging = req.page_query()?;
    let (before, rows): (Option<Before>, _) = (paging.after()?, paging.rows());
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let id = &provider.profile.id;
        let totals: Vec<Total> = payout::totals(tx, id)?;
        let items = payout::list_of(tx, id, before.as_ref(), rows)?;
        Ok::<_, Refusal>((totals, items, payout::has_reference(tx, id)?))
    };
    let (totals, items, has_reference) = req.read(look).await?;
    let items = paging.list(items, PayoutView::key);
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let sum = |total: &Total| text.money(Money::new(total.amount_minor, total.currency));
    let body = OwnPage {
        text,
        form: req.form(DONE, form_state),
        totals: totals
            .iter()
            .map(|total| (sum(total), total.state.label()))
            .collect(),
        lines: items
            .items
            .iter()
            .map(|item| Line::of(text, &zone, item, ""))
            .collect(),
        next: items
            .next_cursor
            .map(|cursor| format!("{OWN}?cursor={cursor}")),
        has_reference,
        field: form_state
            .line("reference", text.say("payout-reference"))
            .hint(text.say("payout-reference-hint")),
    };
    req.show(super::slots::HERE, &text.say("payout-mine"), body)
        .await
}

/// Handles `POST /me/slots/payouts`, which sets the destination of the provider's payouts.
pub(super) async fn set_reference(posted: FormPost) -> Result<Response, Problem> {
    let site = posted.req.site.clone();
    let reference = posted.form.text("reference").to_owned();
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        payout::set_reference(tx, &site, provider, &reference)?;
        Ok::<_, Refusal>(format!("{OWN}?done=saved"))
    };
    posted.save(change, own_page).await
}

#[derive(Template)]
#[template(path = "payouts/all.html")]
struct AllPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    /// For each state, the path of its page, its label, and whether the page shows this state.
    states: Vec<(String, &'static str, bool)>,
    is_pending: bool,
    lines: Vec<Line>,
    next: Option<String>,
    /// For each currency with due items: the currency, and the label of the button that creates a
    /// batch.
    due: Vec<(String, Option<String>)>,
    batches: Vec<(BatchId, String, String, &'static str, &'static str)>,
    next_batches: Option<String>,
}

/// Handles `GET /admin/payouts`, which shows the items in one state, the due amounts and the
/// batches.
pub(super) async fn all(req: PageRequest) -> Result<Response, Problem> {
    all_page(&req, &FormState::default()).await
}

async fn all_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let shown = PayoutState::find(req.query.text("state")).unwrap_or(PayoutState::Pending);
    let paging = req.page_query()?.under(&shown.word());
    let (after, rows): (Option<After<PayoutId>>, _) = (paging.after()?, paging.rows());
    let batches = PageQuery::of([("cursor", req.query.text("batches"))])?;
    let (before, most): (Option<After<BatchId>>, _) = (batches.after()?, batches.rows());
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        let items = payout::list(tx, shown, after.as_ref(), rows)?;
        let made = batch::list(tx, before.as_ref(), most)?;
        Ok::<_, Refusal>((items, batch::next(tx)?, made))
    };
    let (items, due, made) = req.read(look).await?;
    let batches = batches.list(made, |one| (one.created_at, one.id.clone()));
    let next_batches = batches
        .next_cursor
        .map(|cursor| format!("{HERE}?state={}&batches={cursor}#batches", shown.word()));
    let items = paging.list(items, |one| (one.item.created_at, one.item.id.clone()));
    let next = items
        .next_cursor
        .map(|cursor| format!("{HERE}?state={}&cursor={cursor}", shown.word()));
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let due = due.into_iter().map(|(sum, count)| {
        let count = i64::try_from(count).unwrap_or(0);
        let values = [("sum", text.money(sum).into()), ("count", count.into())];
        let label = (count > 0).then(|| text.with("batch-make", values));
        (sum.currency.to_string(), label)
    });
    let batches = batches.items.into_iter().map(|batch: Batch| {
        let at = text.moment_short_in(&zone, batch.created_at);
        let (class, state) = (batch_tag(batch.state), batch.state.label());
        let note = format!("{} {}", batch.currency, batch.reference);
        (batch.id, at, note, class, state)
    });
    let states = PayoutState::ALL.iter().map(|state| {
        let href = format!("{HERE}?state={}", state.word());
        (href, state.label(), *state == shown)
    });
    let body = AllPage {
        text,
        form: req.form(DONE, form_state),
        states: states.collect(),
        is_pending: shown == PayoutState::Pending,
        lines: items
            .items
            .iter()
            .map(|item| Line::of(text, &zone, item, &item.provider))
            .collect(),
        next,
        due: due.collect(),
        batches: batches.collect(),
        next_batches,
    };
    req.show(HERE, &text.say("payout-all"), body).await
}

/// Handles `POST /admin/payouts/approve`, which approves either all ticked items or none.
pub(super) async fn approve(posted: FormPost) -> Result<Response, Problem> {
    let ids = posted.form.all("item").map(str::parse);
    let ids: Result<Vec<PayoutId>, _> = ids.collect();
    let ids = ids.map_err(|_| Problem::not_found())?;
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        for id in &ids {
            payout::step(tx, by, id, PayoutStep::Approve, &StepValues::default())?;
        }
        Ok::<_, Refusal>(format!("{HERE}?done=saved"))
    };
    posted.save(change, all_page).await
}

/// Handles `POST /admin/payouts/batches`, which creates a batch of all items that are due in a
/// currency.
pub(super) async fn create_batch(posted: FormPost) -> Result<Response, Problem> {
    let new = NewBatch {
        currency: posted.form.text("currency").to_owned(),
    };
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        let made = batch::create(tx, by, &new)?;
        Ok::<_, Refusal>(format!("{HERE}/batches/{}", made.batch.id))
    };
    posted.save(change, all_page).await
}

#[derive(Template)]
#[template(path = "payouts/steps.html")]
struct StepsPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    title: &'a str,
    class: &'static str,
    state: &'static str,
    facts: Vec<(&'static str, String)>,
    file: Option<String>,
    here: String,
    steps: Vec<(&'static str, &'static str, Vec<web::form_state::Field>)>,
}

/// `GET /admin/payouts/items/{id}`.
pub(super) async fn item(req: PageRequest) -> Result<Response, Problem> {
    item_page(&req, &FormState::default()).await
}

async fn item_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let id: PayoutId = req.id("id")?;
    let look =
        move |tx: &mut Tx<'_>, _: &Administrator| payout::find(tx, &id)?.ok_or(Refusal::NotFound);
    let found = req.read(look).await?;
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let item = &found.item;
    let at = |at: jiff::Timestamp| text.moment_short_in(&zone, at);
    let why = || {
        form_state
            .line("reason", text.say("booking-reason"))
            .required()
    };
    let amount = || {
        let label = text.say("payout-correct-by");
        let field = form_state.amount("amount_minor", label, item.currency.code());
        field.required()
    };
    let step = |step: PayoutStep, fields| (step.word(), step.label(), fields);
    let steps = match item.state {
        PayoutState::Pending => vec![
            step(PayoutStep::Approve, vec![]),
            step(PayoutStep::Reject, vec![why()]),
        ],
        PayoutState::Approved => vec![step(PayoutStep::Reject, vec![why()])],
        PayoutState::Rejected => vec![step(PayoutStep::Reopen, vec![])],
        PayoutState::Paid if !item.is_adjustment => {
            vec![step(PayoutStep::Correct, vec![amount(), why()])]
        }
        PayoutState::Paid | PayoutState::Batched => vec![],
    };
    let mut facts = vec![
        ("payout-sum", text.money(item.amount())),
        ("payout-provider", found.provider.clone()),
        ("booking-when", at(found.starts_at)),
        ("payout-from", at(item.available_at)),
    ];
    if !item.reason.is_empty() {
        facts.push(("booking-reason", reason(text, &found)));
    }
    let body = StepsPage {
        text,
        form: req.form(DONE, form_state),
        title: &found.title,
        class: tag(item.state),
        state: item.state.label(),
        facts,
        file: None,
        here: format!("{HERE}/items/{}", item.id),
        steps,
    };
    req.show(HERE, &found.title, body).await
}

/// `POST /admin/payouts/items/{id}/{step}`.
pub(super) async fn item_step(posted: FormPost) -> Result<Response, Problem> {
    let id: PayoutId = posted.req.id("id")?;
    let step = PayoutStep::find(posted.req.piece("step")).ok_or_else(Problem::not_found)?;
    let form = posted.form.clone();
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        let mut values = StepValues {
            reason: form.text("reason").to_owned(),
            ..StepValues::default()
        };
        if step == PayoutStep::Correct {
            let found = payout::find(tx, &id)?.ok_or(Refusal::NotFound)?;
            let amount = form_state::amount(&form, "amount_minor", found.item.currency)?;
            values.amount_minor = amount.minor;
        }
        let item = payout::step(tx, by, &id, step, &values)?;
        Ok::<_, Refusal>(format!("{HERE}/items/{}?done=saved", item.id))
    };
    posted.save(change, item_page).await
}

/// `GET /admin/payouts/batches/{id}`.
pub(super) async fn batch(req: PageRequest) -> Result<Response, Problem> {
    batch_page(&req, &FormState::default()).await
}

async fn batch_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let id: BatchId = req.id("id")?;
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        let batch = batch::find(tx, &id)?.ok_or(Refusal::NotFound)?;
        batch::view(tx, batch)
    };
    let BatchView { batch, lines } = req.read(look).await?;
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let money = |minor| text.money(Money::new(minor, batch.currency));
    let sum = lines.iter().map(|line| line.amount_minor).sum();
    let mut facts = vec![("payout-sum", money(sum))];
    if !batch.reference.is_empty() {
        facts.push(("batch-reference", batch.reference.clone()));
    }
    facts.extend(lines.iter().map(|line| {
        let sum = money(line.amount_minor);
        ("payout-provider", format!("{}, {sum}", line.provider))
    }));
    let reference = || {
        let field = form_state.line("reference", text.say("batch-reference"));
        field.required()
    };
    let step = |step: BatchStep, fields| (step.word(), step.label(), fields);
    let steps = match batch.state {
        BatchState::Draft => vec![
            step(BatchStep::Approve, vec![]),
            step(BatchStep::Fail, vec![]),
        ],
        BatchState::Approved => vec![
            step(BatchStep::Send, vec![reference()]),
            step(BatchStep::Fail, vec![]),
        ],
        BatchState::Sent => vec![
            step(BatchStep::Settle, vec![]),
            step(BatchStep::Fail, vec![]),
        ],
        BatchState::Settled | BatchState::Failed => vec![],
    };
    let at = text.moment_short_in(&zone, batch.created_at);
    let title = text.with("batch-title", [("when", at.into())]);
    let here = format!("{HERE}/batches/{}", batch.id);
    let body = StepsPage {
        text,
        form: req.form(DONE, form_state),
        title: &title,
        class: batch_tag(batch.state),
        state: batch.state.label(),
        facts,
        file: (!lines.is_empty()).then(|| format!("{here}/lines.csv")),
        here,
        steps,
    };
    req.show(HERE, &title, body).await
}

/// `POST /admin/payouts/batches/{id}/{step}`.
pub(super) async fn batch_step(posted: FormPost) -> Result<Response, Problem> {
    let (id, site): (BatchId, _) = (posted.req.id("id")?, posted.req.site.clone());
    let step = BatchStep::find(posted.req.piece("step")).ok_or_else(Problem::not_found)?;
    let values = BatchStepValues {
        reference: posted.form.text("reference").to_owned(),
    };
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        batch::step(tx, &site, by, &id, step, &values)?;
        Ok::<_, Refusal>(format!("{HERE}/batches/{id}?done=saved"))
    };
    posted.save(change, batch_page).await
}

/// `GET /admin/payouts/batches/{id}/lines.csv`.
pub(super) async fn file(req: PageRequest) -> Result<Response, Problem> {
    let (id, site): (BatchId, _) = (req.id("id")?, req.site.clone());
    let write = move |tx: &mut Tx<'_>, by: &Administrator| batch::file(tx, &site, by, &id);
    Ok(download(req.write(write).await?))
}

pub(super) fn download(file: Vec<u8>) -> Response {
    let headers = [
        (CONTENT_TYPE, FileFormat::Csv.media_type()),
        (CONTENT_DISPOSITION, "attachment; filename=\"payouts.csv\""),
        (CACHE_CONTROL, "no-store, private"),
    ];
    (headers, file).into_response()
}

#[derive(Template)]
#[template(path = "payouts/providers.html")]
struct ProvidersPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    rows: Vec<(ProviderId, String, String)>,
}

/// Handles `GET /admin/payouts/providers`, which lists the amounts that providers are owed per
/// session.
pub(super) async fn providers(req: PageRequest) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, _: &Administrator| Ok::<_, Refusal>(payout::list_rates(tx)?);
    let found = req.read(look).await?;
    let text = &req.text;
    let rows = found.into_iter().map(|one| {
        let rate = match one.rate.payout_minor {
            0 => text.say("payout-rate-unset").into_owned(),
            minor => text.money(Money::new(minor, one.rate.payout_currency)),
        };
        (one.id, one.display_name, rate)
    });
    let body = ProvidersPage {
        text,
        done: req.done(DONE),
        rows: rows.collect(),
    };
    req.show(HERE, &text.say("payout-rates"), body).await
}

/// `GET /admin/payouts/providers/{id}`.
pub(super) async fn rate(req: PageRequest) -> Result<Response, Problem> {
    rate_page(&req, None).await
}

async fn rate_page(req: &PageRequest, refused: Option<&FormState>) -> Result<Response, Problem> {
    let id: ProviderId = req.id("id")?;
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        let found = payout::find_rate(tx, &id)?.ok_or(Refusal::NotFound)?;
        Ok::<_, Refusal>((found, settings::load(tx)?.currency()))
    };
    let (found, currency) = req.read(look).await?;
    let rate = Rate {
        payout_currency: currency,
        ..found.rate.clone()
    };
    let mut form = fields::form(RATE_FIELDS, &rate, 1, &TimeZone::UTC);
    if found.rate.payout_currency != currency {
        // An amount in another currency is typed anew.
        form.set("payout_minor", "");
        if rate.class_payout_minor > 0 {
            form.set("class_payout_minor", "");
        }
    }
    let stored = FormState::of(form);
    let form_state = refused.unwrap_or(&stored);
    let groups: Vec<Group> = table_form(req, form_state).groups(RATE_FIELDS, "payout-rate-group");
    let action = format!("{HERE}/providers/{}", found.id);
    let body = FormPage {
        hint: req.text.say("payout-rate-text").into_owned(),
        action: &action,
        back: "/admin/payouts/providers",
        back_label: "payout-rates",
        groups,
        ..FormPage::of(req, &found.display_name, form_state)
    };
    req.show(HERE, &found.display_name, body).await
}

/// `POST /admin/payouts/providers/{id}`.
pub(super) async fn change_rate(posted: FormPost) -> Result<Response, Problem> {
    let id: ProviderId = posted.req.id("id")?;
    let input = Input::Form(posted.form.clone(), RATE_FIELDS.to_vec());
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        payout::change_rate(tx, by, &id, &input)?;
        Ok::<_, Refusal>(format!("{HERE}/providers?done=saved"))
    };
    posted
        .save(change, async |req, form_state| {
            rate_page(req, Some(form_state)).await
        })
        .await
}
