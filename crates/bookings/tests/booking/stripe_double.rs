//! A test double of Stripe: Checkout sessions, refunds, idempotency keys and webhooks as in
//! Stripe's documentation.

use std::collections::BTreeMap;
use std::ops::Deref;

use bookings::gateway::GATEWAYS;
use bookings::gateway::stripe::{SECRET_KEY, URL, WEBHOOK_SECRET};
use hyper::http::request::Parts;
use jiff::SignedDuration;
use platform::Secret;
use platform::clock::Clock;
use platform::key::hmac;
use platform::text_cleaning::hexadecimal;
use serde_json::{Value, json};
use web::Form;
use web::setting::SettingValues;

use crate::double::{Answering, Double};

const KEY: &str = "sk_test_1";
/// During a rotation there are two secrets, and Stripe signs with both.
const WEBHOOKS: &str = "whsec_newer\nwhsec_older\n";
const WEBHOOK: &str = "whsec_older";
/// The number of sessions on a page of a list. It is smaller than the requested number, so that
/// tests read several pages.
const PAGE: usize = 2;

#[derive(Debug)]
pub(crate) struct Book {
    clock: Clock,
    sessions: BTreeMap<String, Value>,
    refunds: BTreeMap<String, Value>,
    /// The requests and their results, by idempotency key.
    keys: BTreeMap<String, (String, (u16, Value))>,
    refund_state: String,
    made: usize,
}

/// A running double. Clones share its state.
#[derive(Clone, Debug)]
pub(crate) struct Stripe(Double<Book>);

impl Deref for Stripe {
    type Target = Double<Book>;

    fn deref(&self) -> &Double<Book> {
        &self.0
    }
}

/// An event that the double posts to the site.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    pub(crate) body: String,
    pub(crate) signature: String,
}

impl Stripe {
    pub(crate) async fn start(clock: Clock) -> Self {
        let book = Book {
            clock,
            sessions: BTreeMap::new(),
            refunds: BTreeMap::new(),
            keys: BTreeMap::new(),
            refund_state: "succeeded".to_owned(),
            made: 0,
        };
        Self(Double::start(book).await)
    }

    /// The settings of a site whose only gateway is the double.
    pub(crate) fn settings(&self) -> SettingValues {
        let mut values = SettingValues::default();
        values.set_words(GATEWAYS, &["stripe"]).unwrap();
        values.set_secret(SECRET_KEY, Secret::new(KEY));
        values.set_secret(WEBHOOK_SECRET, Secret::new(WEBHOOKS));
        values.set_line(URL, &self.url);
        values
    }

    pub(crate) fn sessions(&self) -> Vec<String> {
        self.book().sessions.keys().cloned().collect()
    }

    pub(crate) fn session(&self, id: &str) -> Value {
        self.book().sessions[id].clone()
    }

    pub(crate) fn set(&self, session: &str, field: &str, value: impl Into<Value>) {
        self.book().sessions.get_mut(session).unwrap()[field] = value.into();
    }

    /// Pays a session on the double's page. Returns the payment's id. `state` is `paid`, or
    /// `unpaid` for a payment method with which the money arrives later.
    pub(crate) fn pay(&self, session: &str, state: &str) -> String {
        let mut book = self.book();
        let payment = book.name("pi");
        let session = book.sessions.get_mut(session).unwrap();
        assert_eq!(session["status"], "open");
        session["status"] = "complete".into();
        session["payment_status"] = state.into();
        session["payment_intent"] = payment.clone().into();
        session["url"] = Value::Null;
        payment
    }

    /// Sets the state of all new refunds.
    pub(crate) fn answer_refunds(&self, state: &str) {
        state.clone_into(&mut self.book().refund_state);
    }

    /// Sets the state of all existing refunds. Returns their ids.
    pub(crate) fn end_refunds(&self, state: &str) -> Vec<String> {
        let mut book = self.book();
        for refund in book.refunds.values_mut() {
            refund["status"] = state.into();
        }
        book.refunds.keys().cloned().collect()
    }

    /// The money that the double has received, minus its refunds.
    pub(crate) fn balance(&self) -> i64 {
        let book = self.book();
        let paid = book.sessions.values();
        let paid = paid.filter(|one| one["payment_status"] == "paid");
        let paid: i64 = paid.map(|one| one["amount_total"].as_i64().unwrap()).sum();
        let back = book.refunds.values();
        let back = back.filter(|one| one["status"] != "failed");
        paid - back.map(|one| one["amount"].as_i64().unwrap()).sum::<i64>()
    }

    /// Creates an event about a session, a refund or a dispute about a payment.
    pub(crate) fn event(&self, kind: &str, subject: &str) -> Posted {
        let book = self.book();
        let object = if kind.starts_with("refund.") {
            book.refunds[subject].clone()
        } else if kind.starts_with("charge.dispute.") {
            let (kind, status) = kind.rsplit_once('.').unwrap();
            let status = if kind.ends_with("closed") {
                status
            } else {
                "needs_response"
            };
            json!({"id": "dp_1", "payment_intent": subject, "status": status})
        } else {
            book.sessions.get(subject).cloned().unwrap_or_else(
                || json!({"id": subject, "client_reference_id": null, "payment_intent": null}),
            )
        };
        drop(book);
        let kind = match kind.split_once(".closed.") {
            Some((start, _)) => format!("{start}.closed"),
            None => kind.to_owned(),
        };
        let id = self.book().name("evt");
        self.sign(&json!({"id": id, "type": kind, "data": {"object": object}}).to_string())
    }

    pub(crate) fn sign(&self, body: &str) -> Posted {
        let time = self.book().clock.now().as_second().to_string();
        let parts = [time.as_bytes(), b".", body.as_bytes()];
        let mac = hexadecimal(&hmac(WEBHOOK.as_bytes(), &parts));
        let other = hexadecimal(&hmac(b"whsec_unknown", &parts));
        Posted {
            body: body.to_owned(),
            signature: format!("t={time},v1={other},v1={mac},v0={other}"),
        }
    }
}

fn refused(kind: &str, message: &str) -> (u16, Value) {
    (400, json!({"error": {"type": kind, "message": message}}))
}

fn found(one: Option<&Value>) -> (u16, Value) {
    match one {
        Some(one) => (200, one.clone()),
        None => (404, refused("invalid_request_error", "No such object").1),
    }
}

impl Book {
    fn name(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}_{:06}", self.made)
    }

    /// Marks the sessions that have expired.
    fn expire(&mut self) {
        let now = self.clock.now().as_second();
        for session in self.sessions.values_mut() {
            if session["status"] == "open" && session["expires_at"].as_i64().unwrap() <= now {
                session["status"] = "expired".into();
                session["url"] = Value::Null;
            }
        }
    }

    fn create_session(&mut self, form: &Form) -> (u16, Value) {
        let now = self.clock.now();
        let number = |name: &str| form.number(name).unwrap().unwrap();
        let ends = number("expires_at");
        let least = (now + SignedDuration::from_mins(30)).as_second();
        let most = (now + SignedDuration::from_hours(24)).as_second();
        if !(least..=most).contains(&ends) {
            let text =
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from now";
            return refused("invalid_request_error", text);
        }
        let currency = form.text("line_items[0][price_data][currency]");
        if currency != currency.to_lowercase() || form.text("mode") != "payment" {
            return refused("invalid_request_error", "Invalid currency or mode");
        }
        let id = self.name("cs_test");
        let amount = number("line_items[0][price_data][unit_amount]");
        let session = json!({
            "id": id, "object": "checkout.session", "status": "open", "payment_status": "unpaid",
            "amount_total": amount * number("line_items[0][quantity]"), "currency": currency,
            "client_reference_id": form.text("client_reference_id"), "payment_intent": null,
            "url": format!("https://checkout.stripe.com/c/pay/{id}"), "expires_at": ends,
            "created": now.as_second(), "success_url": form.text("success_url"),
            "customer_details": {"email": "aina@example.my"},
        });
        self.sessions.insert(id, session.clone());
        (200, session)
    }

    fn list(&self, query: &Form) -> (u16, Value) {
        let created = |one: &Value| one["created"].as_i64().unwrap();
        let from = query.number("created[gte]").unwrap().unwrap();
        let until = query.number("created[lte]").unwrap().unwrap();
        // The newest sessions are listed first.
        let all = self.sessions.values().rev();
        let all = all.filter(|one| (from..=until).contains(&created(one)));
        let status = query.text("status");
        let all = all.filter(|one| status.is_empty() || one["status"] == status);
        let after = query.text("starting_after");
        let all = all.skip_while(|one| !after.is_empty() && one["id"] != after);
        let mut all: Vec<Value> = all.skip(usize::from(!after.is_empty())).cloned().collect();
        let has_more = all.len() > PAGE;
        all.truncate(PAGE);
        (
            200,
            json!({"object": "list", "data": all, "has_more": has_more}),
        )
    }

    fn refund(&mut self, form: &Form) -> (u16, Value) {
        let payment = form.text("payment_intent");
        let amount = form.number("amount").unwrap().unwrap();
        let paid = self
            .sessions
            .values()
            .find(|one| one["payment_intent"] == payment && one["payment_status"] == "paid");
        let back = self.refunds.values();
        let back = back.filter(|one| one["payment_intent"] == payment && one["status"] != "failed");
        let back: i64 = back.map(|one| one["amount"].as_i64().unwrap()).sum();
        if paid.is_none_or(|one| back + amount > one["amount_total"].as_i64().unwrap()) {
            return refused("invalid_request_error", "Charge has already been refunded.");
        }
        let currency = paid.map(|one| one["currency"].clone());
        let id = self.name("re");
        let refund = json!({
            "id": id, "object": "refund", "amount": amount, "payment_intent": payment,
            "status": self.refund_state, "currency": currency,
            "metadata": {"refund_id": form.text("metadata[refund_id]")},
        });
        self.refunds.insert(id, refund.clone());
        (200, refund)
    }

    fn route(&mut self, head: &Parts, form: &Form) -> (u16, Value) {
        let path = head.uri.path().trim_start_matches("/v1/").to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        match (head.method.as_str(), parts.as_slice()) {
            ("POST", ["checkout", "sessions"]) => self.create_session(form),
            ("GET", ["checkout", "sessions"]) => {
                let query = head.uri.query().unwrap_or_default();
                self.list(&Form::parse(query.as_bytes()).unwrap())
            }
            ("GET", ["checkout", "sessions", id]) => found(self.sessions.get(*id)),
            ("POST", ["checkout", "sessions", id, "expire"]) => {
                let Some(session) = self.sessions.get_mut(*id) else {
                    return found(None);
                };
                if session["status"] != "open" {
                    let text = "Only Checkout Sessions with a status in [\"open\"] can be expired.";
                    return refused("invalid_request_error", text);
                }
                session["status"] = "expired".into();
                session["url"] = Value::Null;
                (200, session.clone())
            }
            ("POST", ["refunds"]) => self.refund(form),
            ("GET", ["refunds", id]) => found(self.refunds.get(*id)),
            _ => refused("invalid_request_error", "Unrecognized request URL"),
        }
    }
}

impl Answering for Book {
    fn answer(&mut self, head: &Parts, body: &[u8]) -> (u16, Value) {
        let header = |name: &str| {
            let value = head.headers.get(name);
            value
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        if header("authorization") != "Bearer sk_test_1" || header("stripe-version").is_empty() {
            return (
                401,
                refused("invalid_request_error", "Invalid API Key provided").1,
            );
        }
        self.expire();
        let form = Form::parse(body).unwrap();
        let key = header("idempotency-key").to_owned();
        if key.is_empty() {
            return self.route(head, &form);
        }
        let request = format!("{} {}", head.uri, String::from_utf8_lossy(body));
        if let Some((first, result)) = self.keys.get(&key) {
            if *first != request {
                let text = "Keys for idempotent requests can only be used with the same parameters \
                    they were first used with.";
                return refused("idempotency_error", text);
            }
            return result.clone();
        }
        let result = self.route(head, &form);
        // A request that failed validation does not use up its key.
        if result.0 == 200 {
            self.keys.insert(key, (request, result.clone()));
        }
        result
    }
}
