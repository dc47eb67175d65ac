//! The page of an account's webhooks.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::audit::RequestFacts;
use web::form_state::{self, Control, Field, FormState};
use web::{Form, Problem, Text, Wishes};

use super::{frame, shared};
use site::asking::{Reader, Sender};
use site::call::{id as parse, see_other};

use crate::Accounts;
use crate::webhook::delivery::{self, Delivery, DeliveryId};
use crate::webhook::test_limit::TestLimit;
use crate::webhook::{self, Asking, NewWebhook, Webhook, WebhookError, WebhookId};
use identity::session::signed_in::SignedIn;

const HERE: &str = "/me/webhooks";
/// How many deliveries of each are shown.
const DELIVERIES: usize = 5;

#[derive(Template)]
#[template(path = "webhooks.html")]
struct WebhooksPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    done: Option<&'static str>,
    form_state: &'a FormState,
    /// What was just made; shown this once.
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
pub(super) async fn show(
    State(accounts): State<Accounts>,
    uri: Uri,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
    let done = match query.unwrap_or_default().text("done") {
        "deleted" => Some("webhook-deleted"),
        "sent" => Some("webhook-sent"),
        _ => None,
    };
    let who = (&reader.who, reader.csrf.as_str());
    page(&accounts, &text, who, (done, None, None)).await
}

/// The page, with what was done, the secret that was just made, and a form that was refused. A new
/// form has the first event chosen.
async fn page(
    accounts: &Accounts,
    text: &Text,
    (who, csrf): (&SignedIn, &str),
    (done, secret, refused): (Option<&'static str>, Option<&str>, Option<&FormState>),
) -> Result<Response, Problem> {
    let (asker, domains) = (who.clone(), accounts.domains);
    let look = move |tx: &mut Tx<'_>| -> Result<_, WebhookError> {
        let who = &asker;
        let asking = Asking { who, domains };
        let mut all = Vec::new();
        for webhook in webhook::list(tx, asking)? {
            all.push((delivery::list(tx, &webhook)?, webhook));
        }
        Ok((all, asking.offered(tx)?))
    };
    let (all, events) = accounts.site.store.read(look).await?;
    let zone = TimeZone::get(&who.account().time_zone).unwrap_or(TimeZone::UTC);
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
        csrf,
        done,
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
    let title = text.say("webhooks");
    frame::show(&accounts.site, text, (who, csrf), (HERE, &title), body).await
}

fn delivery_row(text: &Text, zone: &TimeZone, one: Delivery) -> DeliveryRow {
    DeliveryRow {
        when: text.moment_short(&one.created_at.to_zoned(zone.clone())),
        event: one.event,
        state: one.state.label(),
        outcome: one.outcome,
    }
}

/// `POST /me/webhooks`: its secret is shown this once.
pub(super) async fn create(
    State(accounts): State<Accounts>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let form = &sender.form;
    let new = NewWebhook {
        url: form.text("url").to_owned(),
        events: form.all("events").map(str::to_owned).collect(),
        include_notes: form.is_ticked("include_notes"),
    };
    let made = make(&accounts, &sender.who, &sender.request, new).await;
    show_secret(&accounts, &wishes, &sender, made).await
}

/// `POST /me/webhooks/{id}/rotate`: the new secret is shown this once.
pub(super) async fn rotate(
    State(accounts): State<Accounts>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let changed = renew(&accounts, &sender.who, &sender.request, &id).await;
    show_secret(&accounts, &wishes, &sender, changed).await
}

async fn show_secret(
    accounts: &Accounts,
    wishes: &Wishes,
    sender: &Sender,
    webhook: Result<Webhook, Problem>,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(wishes);
    let who = (&sender.who, sender.csrf.as_str());
    match webhook {
        Ok(webhook) => {
            let secret = webhook.secret(&accounts.site.keys);
            let secret = Some(secret.reveal());
            page(
                accounts,
                &text,
                who,
                (None, secret, Some(&FormState::default())),
            )
            .await
        }
        Err(refusal) => {
            form_state::answer(Err(refusal), async |problem| {
                let form_state = FormState::refused(sender.form.clone(), &problem, &text);
                page(accounts, &text, who, (None, None, Some(&form_state))).await
            })
            .await
        }
    }
}

/// `POST /me/webhooks/{id}/test`.
pub(super) async fn test(
    State(accounts): State<Accounts>,
    Extension(limit): Extension<TestLimit>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let done = send_test(&accounts, &limit, &sender.who, &id).await;
    let done = done.map(|_| see_other(&format!("{HERE}?done=sent")));
    form_state::answer(done, async |problem| {
        let text = accounts.site.speak(&wishes);
        let form_state = FormState::refused(Form::default(), &problem, &text);
        let who = (&sender.who, sender.csrf.as_str());
        page(&accounts, &text, who, (None, None, Some(&form_state))).await
    })
    .await
}

/// `POST /me/webhooks/{id}/delete`.
pub(super) async fn delete(
    State(accounts): State<Accounts>,
    Path(id): Path<String>,
    sender: Sender,
) -> Result<Response, Problem> {
    remove(&accounts, &sender.who, &sender.request, &id).await?;
    let onward = format!("{HERE}?done=deleted");
    Ok(see_other(&shared::after(&sender.form, &onward)))
}

/// Makes a webhook of `who`.
pub(super) async fn make(
    accounts: &Accounts,
    who: &SignedIn,
    request: &RequestFacts,
    new: NewWebhook,
) -> Result<Webhook, Problem> {
    let request = request.clone();
    write(accounts, who, move |tx, asking| {
        webhook::create(tx, asking, &request, &new)
    })
    .await
}

/// Makes another secret for a webhook of `who`.
pub(super) async fn renew(
    accounts: &Accounts,
    who: &SignedIn,
    request: &RequestFacts,
    id: &str,
) -> Result<Webhook, Problem> {
    let (id, request): (WebhookId, _) = (parse(id)?, request.clone());
    write(accounts, who, move |tx, asking| {
        webhook::rotate(tx, asking, &request, &id)
    })
    .await
}

/// Deletes a webhook of `who`.
pub(super) async fn remove(
    accounts: &Accounts,
    who: &SignedIn,
    request: &RequestFacts,
    id: &str,
) -> Result<(), Problem> {
    let (id, request): (WebhookId, _) = (parse(id)?, request.clone());
    write(accounts, who, move |tx, asking| {
        webhook::delete(tx, asking, &request, &id)
    })
    .await
}

/// Sends a test to a webhook of `who`, if not too many were sent.
pub(super) async fn send_test(
    accounts: &Accounts,
    limit: &TestLimit,
    who: &SignedIn,
    id: &str,
) -> Result<DeliveryId, Problem> {
    let id: WebhookId = parse(id)?;
    let now = accounts.site.clock.now();
    limit
        .take(&who.account().id, now)
        .map_err(WebhookError::from)?;
    write(accounts, who, move |tx, asking| {
        let webhook = webhook::find_to_change(tx, asking, &id)?;
        Ok(delivery::test(tx, &webhook)?)
    })
    .await
}

/// A change, or a look that locks.
pub(super) async fn write<T: Send + 'static>(
    accounts: &Accounts,
    who: &SignedIn,
    change: impl Fn(&mut Tx<'_>, Asking<'_>) -> Result<T, WebhookError> + Send + 'static,
) -> Result<T, Problem> {
    let (who, domains) = (who.clone(), accounts.domains);
    let change = move |tx: &mut Tx<'_>| {
        let who = &who;
        change(tx, Asking { who, domains })
    };
    Ok(accounts.site.store.write(change).await?)
}
