//! The page of an account's webhooks.

use accounts::web::asking::{Reader, Sender};
use accounts::web::call::{id as parse, see_other};
use accounts::web::{frame, shared};
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::Tx;
use web::form_state::{self, Control, Field, FormState};
use web::{Form, Problem, Site, Text, Wishes};

use super::{Asking, HERE, done};
use crate::Refusal;
use crate::webhook::delivery::{self, Delivery};
use crate::webhook::event::Event;
use crate::webhook::test_limit::TestLimit;
use crate::webhook::{self, NewWebhook, Webhook, WebhookId};

const PAGE: &str = "/me/webhooks";
/// The number of deliveries shown for each webhook.
const DELIVERIES: usize = 5;

#[derive(Template)]
#[template(path = "own/webhooks.html")]
struct WebhooksPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    done: Option<&'static str>,
    form_state: &'a FormState,
    /// The new secret; shown only once.
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

/// `GET /me/webhooks`.
pub(in crate::web) async fn show(
    State(site): State<Site>,
    uri: Uri,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = site.speak(&wishes);
    let asking = Asking::reader(&site, &text, &reader);
    let mut form = Form::default();
    if let Some(usual) = Event::ALL.first() {
        form = form_state::form([("events", usual.word())]);
    }
    page(&asking, done(&uri), None, &FormState::of(form)).await
}

async fn page(
    asking: &Asking<'_>,
    done: Option<&'static str>,
    secret: Option<&str>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let (text, who) = (asking.text, asking.who.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<Vec<_>, Refusal> {
        let all = webhook::list(tx, &who)?.into_iter();
        let with_list = |one: Webhook| Ok((delivery::list(tx, &one)?, one));
        all.map(with_list).collect()
    };
    let all = asking.site.store.read(look).await?;
    let account = asking.who.account();
    let zone = TimeZone::get(&account.time_zone).unwrap_or(TimeZone::UTC);
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
    let events = Event::ALL.iter().map(|event| {
        let words = text.say(event.label());
        (event.word().to_owned(), words.into_owned())
    });
    let body = WebhooksPage {
        text,
        csrf: asking.csrf,
        done,
        form_state,
        secret,
        rows: rows.collect(),
        fields: vec![
            form_state
                .field(
                    "url",
                    text.say("countdown-webhook-url"),
                    Control::Line("url", "off"),
                )
                .hint(text.say("countdown-webhook-url-hint")),
            form_state.ticks("events", text.say("countdown-webhook-events"), events),
            form_state.tick("include_notes", text.say("countdown-webhook-notes")),
        ],
    };
    let (who, title) = ((asking.who, asking.csrf), text.say("countdown-webhooks"));
    frame::show(asking.site, text, who, (HERE, &title), body).await
}

fn delivery_row(text: &Text, zone: &TimeZone, one: Delivery) -> DeliveryRow {
    DeliveryRow {
        when: text.moment_short(&one.created_at.to_zoned(zone.clone())),
        event: one.event,
        state: one.state.label(),
        outcome: one.outcome,
    }
}

/// `POST /me/webhooks`: the secret is shown only once.
pub(in crate::web) async fn create(
    State(site): State<Site>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let form = &sender.form;
    let new = NewWebhook {
        url: form.text("url").to_owned(),
        events: form.all("events").map(str::to_owned).collect(),
        include_notes: form.is_ticked("include_notes"),
    };
    let (who, request) = (sender.who.clone(), sender.request.clone());
    let change = move |tx: &mut Tx<'_>| webhook::create(tx, &who, &request, &new);
    let made = site.store.write(change).await;
    show_secret(&site, &wishes, &sender, made).await
}

/// `POST /me/webhooks/{id}/rotate`: the new secret is shown only once.
pub(in crate::web) async fn rotate(
    State(site): State<Site>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let id: WebhookId = parse(&id)?;
    let (who, request) = (sender.who.clone(), sender.request.clone());
    let change = move |tx: &mut Tx<'_>| webhook::rotate(tx, &who, &request, &id);
    let changed = site.store.write(change).await;
    show_secret(&site, &wishes, &sender, changed).await
}

async fn show_secret(
    site: &Site,
    wishes: &Wishes,
    sender: &Sender,
    webhook: Result<Webhook, Refusal>,
) -> Result<Response, Problem> {
    let text = site.speak(wishes);
    let asking = Asking::sender(site, &text, sender);
    match webhook {
        Ok(webhook) => {
            let secret = webhook.secret(&site.keys);
            page(&asking, None, Some(secret.reveal()), &FormState::default()).await
        }
        Err(refusal) => {
            form_state::answer(Err(refusal), async |problem| {
                let form_state = FormState::refused(sender.form.clone(), &problem, &text);
                page(&asking, None, None, &form_state).await
            })
            .await
        }
    }
}

/// `POST /me/webhooks/{id}/test`.
pub(in crate::web) async fn test(
    State(site): State<Site>,
    Extension(limit): Extension<TestLimit>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let id: WebhookId = parse(&id)?;
    let done = match limit.take(&sender.who.account().id, site.clock.now()) {
        Ok(()) => {
            let who = sender.who.clone();
            let change = move |tx: &mut Tx<'_>| {
                let webhook = webhook::find(tx, &who, &id)?;
                delivery::test(tx, &webhook)
            };
            site.store.write(change).await
        }
        Err(refusal) => Err(refusal),
    };
    let done = done.map(|_| see_other(&format!("{PAGE}?done=sent")));
    form_state::answer(done, async |problem| {
        let text = site.speak(&wishes);
        let form_state = FormState::refused(Form::default(), &problem, &text);
        let asking = Asking::sender(&site, &text, &sender);
        page(&asking, None, None, &form_state).await
    })
    .await
}

/// `POST /me/webhooks/{id}/delete`.
pub(in crate::web) async fn delete(
    State(site): State<Site>,
    Path(id): Path<String>,
    sender: Sender,
) -> Result<Response, Problem> {
    let id: WebhookId = parse(&id)?;
    let (who, request) = (sender.who.clone(), sender.request.clone());
    let change = move |tx: &mut Tx<'_>| webhook::delete(tx, &who, &request, &id);
    site.store.write(change).await?;
    let onward = format!("{PAGE}?done=deleted");
    Ok(see_other(&shared::after(&sender.form, &onward)))
}
