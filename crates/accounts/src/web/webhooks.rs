//! The page of a person's own webhooks.

use askama::Template;
use axum::Extension;
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::Tx;
use web::form_state::{self, Control, Field, FormState};
use web::{Form, Problem, Text};

use site::confirmation::{self, Question};
use site::domain::after_ending;
use site::refusal::Refusal;
use site::request::{FormPost, PageRequest};
use site::webhook::delivery::{self, Delivery};
use site::webhook::test_limit::TestLimit;
use site::webhook::{self, NewWebhook, Webhook, WebhookId, WebhookOwner};

const HERE: &str = "/me/webhooks";
const DELETE: Question = Question {
    title: "question-webhook",
    facts: "question-webhook-facts",
    undo: "question-webhook-undo",
    button: "question-webhook-do",
    confirm: "question-webhook-confirm",
};
/// By the query parameter `done`: the message that confirms the previous action.
const DONE: &[(&str, &str)] = &[("deleted", "webhook-deleted"), ("sent", "webhook-sent")];
const DELIVERIES: usize = 5;

#[derive(Template)]
#[template(path = "webhooks.html")]
struct WebhooksPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    form_state: &'a FormState,
    /// The secret of a new webhook. Only this response shows it.
    secret: Option<&'a str>,
    rows: Vec<Row>,
    fields: Vec<Field>,
}

struct Row {
    id: WebhookId,
    url: String,
    state: &'static str,
    deliveries: Vec<DeliveryRow>,
}

struct DeliveryRow {
    when: String,
    event: String,
    state: &'static str,
    outcome: String,
}

pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    page(&req, None, None).await
}

/// `secret` is shown once. Without `refused`, the form is empty and the first event is selected.
async fn page(
    req: &PageRequest,
    secret: Option<&str>,
    refused: Option<&FormState>,
) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, owner: &WebhookOwner| {
        let mut all = Vec::new();
        for webhook in webhook::list(tx, owner)? {
            all.push((delivery::list(tx, &webhook)?, webhook));
        }
        Ok((all, owner.offered(tx)?))
    };
    let ((all, events), text) = (req.read(look).await?, &req.text);
    let zone = TimeZone::get(&req.who.account().time_zone).unwrap_or(TimeZone::UTC);
    let rows = all.into_iter().map(|(deliveries, webhook)| Row {
        id: webhook.id,
        url: webhook.url,
        state: webhook.state.label(),
        deliveries: deliveries
            .into_iter()
            .take(DELIVERIES)
            .map(|one| delivery_row(text, &zone, one))
            .collect(),
    });
    let usual = events.first().map(|event| ("events", event.name));
    let usual = FormState::of(form_state::form(usual));
    let form_state = refused.unwrap_or(&usual);
    let events = events.iter().map(|event| {
        let words = text.say(event.label);
        (event.name.to_owned(), words.into_owned())
    });
    let url = Control::Line("url", "off");
    let body = WebhooksPage {
        text,
        done: req.done(DONE),
        form_state,
        secret,
        rows: rows.collect(),
        fields: vec![
            form_state
                .field("url", text.say("webhook-url"), url)
                .hint(text.say("webhook-url-hint")),
            form_state.ticks("events", text.say("webhook-events"), events),
            form_state.tick("include_notes", text.say("webhook-notes")),
        ],
    };
    req.page(HERE, &text.say("webhooks"), body).await
}

fn delivery_row(text: &Text, zone: &TimeZone, one: Delivery) -> DeliveryRow {
    DeliveryRow {
        when: text.moment_short_in(zone, one.created_at),
        event: one.event,
        state: one.state.label(),
        outcome: one.outcome,
    }
}

/// `POST /me/webhooks`: creates a webhook. Only this response shows its secret.
pub(super) async fn create(posted: FormPost) -> Result<Response, Problem> {
    let form = &posted.form;
    let new = NewWebhook {
        url: form.text("url").to_owned(),
        events: form.all("events").map(str::to_owned).collect(),
        include_notes: form.is_ticked("include_notes"),
    };
    let change = move |tx: &mut Tx<'_>, owner: &WebhookOwner| webhook::create(tx, owner, &new);
    let made = posted.req.write(change).await;
    show_secret(&posted, made).await
}

/// `POST /me/webhooks/{id}/rotate`: replaces a webhook's secret. Only this response shows the new
/// secret.
pub(super) async fn rotate(posted: FormPost) -> Result<Response, Problem> {
    let id: WebhookId = posted.req.id("id")?;
    let change = move |tx: &mut Tx<'_>, owner: &WebhookOwner| webhook::rotate(tx, owner, &id);
    let changed = posted.req.write(change).await;
    show_secret(&posted, changed).await
}

async fn show_secret(
    posted: &FormPost,
    webhook: Result<Webhook, Refusal>,
) -> Result<Response, Problem> {
    let req = &posted.req;
    let done = match webhook {
        Ok(webhook) => {
            let secret = webhook.secret(&req.site.keys);
            page(req, Some(secret.reveal()), Some(&FormState::default())).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    refused(req, &posted.form, done).await
}

pub(super) async fn test(
    Extension(limit): Extension<TestLimit>,
    posted: FormPost,
) -> Result<Response, Problem> {
    let req = &posted.req;
    let id: WebhookId = req.id("id")?;
    let change = move |tx: &mut Tx<'_>, owner: &WebhookOwner| {
        webhook::send_test(tx, owner, &id)?;
        Ok(format!("{HERE}?done=sent"))
    };
    let done = match limit.take(&req.who, req.site.clock.now()) {
        Ok(()) => posted.once(change).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    refused(req, &Form::default(), done).await
}

async fn refused(
    req: &PageRequest,
    form: &Form,
    done: Result<Response, Problem>,
) -> Result<Response, Problem> {
    form_state::answer(done, async |problem| {
        let form_state = FormState::refused(form.clone(), &problem, &req.text);
        page(req, None, Some(&form_state)).await
    })
    .await
}

pub(super) async fn delete(posted: FormPost) -> Result<Response, Problem> {
    let id: WebhookId = posted.req.id("id")?;
    if !confirmation::is_sure(&posted.form) {
        let address = format!("{HERE}/{id}/delete");
        return confirmation::ask(&posted, &address, HERE, DELETE).await;
    }
    let to = after_ending(&posted.form, &format!("{HERE}?done=deleted"));
    let change = move |tx: &mut Tx<'_>, owner: &WebhookOwner| {
        webhook::delete(tx, owner, &id)?;
        Ok(to.clone())
    };
    Ok(posted.once(change).await?)
}
