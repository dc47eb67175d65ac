//! A test double of Razorpay: orders, payments, refunds and webhooks as in Razorpay's
//! documentation.

use std::collections::BTreeMap;
use std::ops::Deref;

use bookings::gateway::{GATEWAYS, KEY_ID, KEY_SECRET, URL, WEBHOOK_SECRET};
use hyper::http::request::Parts;
use platform::Secret;
use platform::key::hmac;
use platform::text_cleaning::hexadecimal;
use serde_json::{Value, json};
use web::setting::SettingValues;

use crate::double::{Answering, Double};

const ID: &str = "rzp_test_1";
const KEY: &str = "the key's secret";
/// During a rotation there are two secrets. Events signed with the older one are valid too.
const WEBHOOKS: &str = "the newer secret\nthe webhook's secret\n";
const WEBHOOK: &str = "the webhook's secret";

#[derive(Debug, Default)]
pub(crate) struct Book {
    orders: BTreeMap<String, Value>,
    payments: BTreeMap<String, Value>,
    refunds: BTreeMap<String, Value>,
    /// The refunds, by the idempotency keys of their requests.
    keys: BTreeMap<String, (Value, String)>,
    refund_state: String,
    made: usize,
}

/// A running double. Clones share its state.
#[derive(Clone, Debug)]
pub(crate) struct Razorpay(Double<Book>);

impl Deref for Razorpay {
    type Target = Double<Book>;

    fn deref(&self) -> &Double<Book> {
        &self.0
    }
}

/// An event that the double posts to the site.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) signature: String,
}

impl Razorpay {
    pub(crate) async fn start() -> Self {
        let book = Book {
            refund_state: "processed".to_owned(),
            ..Book::default()
        };
        Self(Double::start(book).await)
    }

    /// The settings of a site whose only gateway is the double.
    pub(crate) fn settings(&self) -> SettingValues {
        let mut values = SettingValues::default();
        values.set_words(GATEWAYS, &["razorpay"]).unwrap();
        values.set_line(KEY_ID, ID);
        values.set_secret(KEY_SECRET, Secret::new(KEY));
        values.set_secret(WEBHOOK_SECRET, Secret::new(WEBHOOKS));
        values.set_line(URL, &self.url);
        values
    }

    pub(crate) fn orders(&self) -> usize {
        self.book().orders.len()
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

    /// Makes a refund on the double's own page. Returns the refund's id.
    pub(crate) fn refund_there(&self, payment: &str, amount: i64) -> String {
        let mut book = self.book();
        let id = book.name("rfnd");
        let currency = book.payments[payment]["currency"].clone();
        let refund = json!({
            "id": id, "entity": "refund", "amount": amount, "payment_id": payment,
            "receipt": null, "status": "processed", "currency": currency,
        });
        book.refunds.insert(id.clone(), refund);
        id
    }

    pub(crate) fn forget_refund(&self, refund: &str) {
        self.book().refunds.remove(refund);
    }

    /// The money that the double has received, minus its refunds.
    pub(crate) fn balance(&self) -> i64 {
        let book = self.book();
        let sum = |all: &BTreeMap<String, Value>, states: &[&str]| -> i64 {
            let all = all.values();
            let all = all.filter(|one| states.contains(&one["status"].as_str().unwrap()));
            all.map(|one| one["amount"].as_i64().unwrap()).sum()
        };
        sum(&book.payments, &["captured"]) - sum(&book.refunds, &["processed", "pending"])
    }

    /// Pays an order on the double's page. Returns the payment's id.
    pub(crate) fn pay(&self, order: &str, state: &str) -> String {
        let order = self.book().orders[order].clone();
        let (amount, currency) = (order["amount"].as_i64().unwrap(), order["currency"].clone());
        self.pay_other(
            order["id"].as_str().unwrap(),
            amount,
            currency.as_str().unwrap(),
            state,
        )
    }

    /// Pays an order with another amount or currency. Returns the payment's id.
    pub(crate) fn pay_other(
        &self,
        order: &str,
        amount: i64,
        currency: &str,
        state: &str,
    ) -> String {
        let mut book = self.book();
        let id = book.name("pay");
        let payment = json!({
            "id": id, "entity": "payment", "amount": amount, "currency": currency,
            "status": state, "order_id": order, "email": "aina@example.my",
        });
        book.payments.insert(id.clone(), payment);
        id
    }

    /// The form fields that the browser posts to the return URL.
    pub(crate) fn returned(order: &str, payment: &str) -> Vec<(&'static str, String)> {
        let mac = hmac(
            KEY.as_bytes(),
            &[order.as_bytes(), b"|", payment.as_bytes()],
        );
        vec![
            ("razorpay_order_id", order.to_owned()),
            ("razorpay_payment_id", payment.to_owned()),
            ("razorpay_signature", hexadecimal(&mac)),
        ]
    }

    /// Creates an event about a payment or a refund.
    pub(crate) fn event(&self, kind: &str, subject: &str) -> Posted {
        let mut book = self.book();
        let id = book.name("evt");
        let payload = if kind.starts_with("refund.") {
            let refund = book.refunds[subject].clone();
            json!({"refund": {"entity": refund}})
        } else {
            let payment = book.payments[subject].clone();
            let order = book
                .orders
                .get(payment["order_id"].as_str().unwrap())
                .cloned();
            match order {
                Some(order) if kind == "order.paid" => {
                    json!({"payment": {"entity": payment}, "order": {"entity": order}})
                }
                _ => json!({"payment": {"entity": payment}}),
            }
        };
        let body = json!({"entity": "event", "event": kind, "payload": payload}).to_string();
        let mac = hmac(WEBHOOK.as_bytes(), &[body.as_bytes()]);
        Posted {
            id,
            body,
            signature: hexadecimal(&mac),
        }
    }
}

fn refused(description: &str) -> (u16, Value) {
    let error = json!({"code": "BAD_REQUEST_ERROR", "description": description, "source": "NA"});
    (400, json!({"error": error}))
}

impl Book {
    fn name(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}_{:06}", self.made)
    }

    fn create_order(&mut self, body: &Value) -> (u16, Value) {
        if body["amount"].as_i64().is_none_or(|amount| amount < 100) {
            return refused("Order amount less than minimum amount allowed");
        }
        if body["receipt"]
            .as_str()
            .is_none_or(|receipt| receipt.len() > 40)
        {
            return refused("The receipt may not be greater than 40 characters.");
        }
        let id = self.name("order");
        let mut order = body.clone();
        order["id"] = id.clone().into();
        order["status"] = "created".into();
        self.orders.insert(id, order.clone());
        (200, order)
    }

    fn capture(&mut self, id: &str, body: &Value) -> (u16, Value) {
        let Some(payment) = self.payments.get_mut(id) else {
            return refused("The id provided does not exist");
        };
        if payment["status"] != "authorized" {
            return refused("This payment has already been captured");
        }
        if payment["amount"] != body["amount"] || payment["currency"] != body["currency"] {
            return refused("Capture amount must be equal to the amount authorized");
        }
        payment["status"] = "captured".into();
        (200, payment.clone())
    }

    fn refund(&mut self, id: &str, key: &str, body: &Value) -> (u16, Value) {
        if let Some((first, refund)) = self.keys.get(key) {
            if first != body {
                let text =
                    "Different request with the same idempotency key has already been processed.";
                return refused(text);
            }
            return found(self.refunds.get(refund));
        }
        let given = self.refunds.values().filter(|one| one["payment_id"] == id);
        let given: i64 = given.map(|one| one["amount"].as_i64().unwrap()).sum();
        let Some(payment) = self
            .payments
            .get(id)
            .filter(|one| one["status"] == "captured")
        else {
            return refused("The payment status should be captured for action to be taken");
        };
        let currency = payment["currency"].clone();
        let amount = body["amount"].as_i64().unwrap();
        if key.len() < 10 || given + amount > payment["amount"].as_i64().unwrap() {
            return refused("The total refund amount is greater than the refund payment amount");
        }
        let name = self.name("rfnd");
        let refund = json!({
            "id": name, "entity": "refund", "amount": amount, "payment_id": id,
            "receipt": body["receipt"], "status": self.refund_state,
            "currency": currency,
        });
        self.refunds.insert(name.clone(), refund.clone());
        self.keys.insert(key.to_owned(), (body.clone(), name));
        (200, refund)
    }
}

impl Answering for Book {
    fn answer(&mut self, head: &Parts, body: &[u8]) -> (u16, Value) {
        let path = head.uri.path().to_owned();
        // This is the base64 of “rzp_test_1:the key's secret”.
        let expected = "Basic cnpwX3Rlc3RfMTp0aGUga2V5J3Mgc2VjcmV0";
        if head
            .headers
            .get("authorization")
            .is_none_or(|given| given != expected)
        {
            return (401, refused("Authentication failed").1);
        }
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        match (head.method.as_str(), parts.as_slice()) {
            ("POST", ["orders"]) => self.create_order(&body),
            ("GET", ["orders"]) => {
                let query = head.uri.query().unwrap_or_default();
                let receipt = query.trim_start_matches("receipt=");
                let all = self.orders.values().filter(|one| one["receipt"] == receipt);
                (200, collection(&all.cloned().collect::<Vec<_>>()))
            }
            ("GET", ["orders", id]) => found(self.orders.get(*id)),
            ("GET", ["orders", id, "payments"]) => {
                let all = self.payments.values().filter(|one| one["order_id"] == **id);
                (200, collection(&all.cloned().collect::<Vec<_>>()))
            }
            ("GET", ["payments"]) => {
                let query = head.uri.query().unwrap_or_default();
                let number = |name: &str| -> usize {
                    let found = query.split('&').find_map(|part| part.strip_prefix(name));
                    found.unwrap().parse().unwrap()
                };
                let all = self.payments.values().skip(number("skip="));
                (
                    200,
                    collection(&all.take(number("count=")).cloned().collect::<Vec<_>>()),
                )
            }
            ("GET", ["payments", id]) => found(self.payments.get(*id)),
            ("POST", ["payments", id, "capture"]) => self.capture(id, &body),
            ("POST", ["payments", id, "refund"]) => {
                let key = head.headers.get("x-refund-idempotency");
                let key = key.and_then(|key| key.to_str().ok()).unwrap_or_default();
                self.refund(id, key, &body)
            }
            ("GET", ["refunds", id]) => found(self.refunds.get(*id)),
            _ => refused("The requested URL was not found on the server."),
        }
    }
}

fn collection(items: &[Value]) -> Value {
    json!({"entity": "collection", "count": items.len(), "items": items})
}

fn found(one: Option<&Value>) -> (u16, Value) {
    match one {
        Some(one) => (200, one.clone()),
        None => refused("The id provided does not exist"),
    }
}
