//! Calls every operation of the API as every kind of caller. What each gets is in one table: an
//! operation without a row fails.

use std::collections::BTreeMap;

use bookings::provider::PROVIDER;
use bookings::{DOMAIN, READ, WRITE};
use identity::account::AccountId;
use identity::grant::ADMIN;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor};

use crate::credits::plan;
use crate::hours;
use crate::review_references::complete;
use crate::reviews::{self, PDF, form, reviewer, step, submit};
use crate::stage::{Booking, Stage, go_to, on_default, prove, rows, run, script};

/// An operation, what stands for the parameters of its path, whose tokens are used (the member's, the
/// provider's or an administrator's), the body, the status for who is admitted, and what each caller
/// gets, in this order: a stranger, somebody without a confirmed address, the member whose things it is
/// about, another member, the provider whose things it is about, another provider, an administrator, a
/// token with `bookings:read`, one with `bookings:write`.
///
/// `+` is admitted, `-` has to sign in, `u` has to confirm the address, `r` and `f` lack the role,
/// `s` lacks the scope, `t` is a token where none is permitted, `o` is the slot's own provider, and
/// `n` does not learn whether it exists. Bodies change nothing where several are admitted.
/// Administrators have every duty, so they are providers too.
const TABLE: &str = r#"
GET /slots |  | M |  | 200 | +++++++++
GET /slots/{id} | free | M |  | 200 | +++++++++
GET /plans |  | M |  | 200 | +++++++++
GET /bookings |  | M |  | 200 | -+++++++s
POST /bookings |  | M | {"slot_id": "free", "slot_version": 999} | 409 | -u++o++s+
GET /bookings/{id} | booked | M |  | 200 | -n+n+n++s
GET /bookings/{id}/calendar.ics | booked | M |  | 200 | -n+n+n++s
POST /bookings/{id}/cancel | cancelled | M | {} | 200 | -n+n+n+s+
POST /bookings/{id}/reschedule | booked | M | {"slot_id": "free", "slot_version": 999} | 409 | -n+nfnfs+
PUT /bookings/{id}/names | booked | M | {"names": []} | 409 | -n+nfnfs+
POST /bookings/{id}/seats | booked | M | {"seats": 1, "slot_version": 999} | 409 | -n+nfnfs+
POST /bookings/{id}/seats/cancel | booked | M | {"positions": [1]} | 409 | -n+nfnfs+
POST /bookings/{id}/seats/outcome | booked | P | {"missed": []} | 409 | -nfn+n+s+
POST /bookings/{id}/outcome | booked | P | {"outcome": "completed"} | 422 | -nfn+n+s+
POST /claims/{id}/answer | claim | P | {"agrees": false} | 409 | -nfn+nfs+
POST /claims/{id}/withdraw | claim | M |  | 409 | -n+nfnfs+
POST /claims/{id}/decide | claim | A | {"outcome": "completed", "reason": "As both say"} | 409 | -fffff+tt
PUT /bookings/{id}/link | booked | P | {"link": "https://evil.example/x"} | 422 | -nfn+n+s+
GET /bookings/{id}/feedback | done | M |  | 200 | -n+n+n++s
POST /bookings/{id}/feedback | booked | M | {"rating": 5} | 422 | -n+n+nfs+
PATCH /feedback/{id} | feedback | M | {"rating": 1, "version": 999} | 409 | -n+nfnfs+
GET /waiting |  | M |  | 200 | -+++++++s
POST /slots/{id}/waiting | free | M | {"seats": 1} | 409 | -u++o++s+
POST /waiting/{id}/leave | waiting | M |  | 200 | -n+nnnns+
GET /requests |  | M |  | 200 | -+++++++s
POST /requests |  | M | {"slot_ids": []} | 422 | -u+++++s+
POST /requests/{id}/confirm | settled | P | {"slot_id": "free"} | 409 | -nfn+n+s+
POST /requests/{id}/decline | settled | P |  | 409 | -nfn+n+s+
POST /requests/{id}/withdraw | settled | M |  | 409 | -n+nfnfs+
GET /me/slots |  | P |  | 200 | -rrr++++s
GET /me/calendar |  | P |  | 200 | -rrr++++s
POST /me/slots |  | P | {} | 422 | -rrr+++s+
POST /me/slots/series |  | P | {} | 422 | -rrr+++s+
POST /me/slots/bulk |  | P | {"action": "hide", "ids": []} | 422 | -rrr+++s+
PATCH /me/slots/{id} | free | P | {"title": "Theirs", "version": 999} | 409 | -rrr+nns+
DELETE /me/slots/{id} | taken | P |  | 409 | -rrr+nns+
POST /me/slots/{id}/visibility | taken | P | {"visible": false} | 409 | -rrr+nns+
POST /me/slots/{id}/cancel-class | free | P | {"reason": "Ill"} | 409 | -rrr+nntt
POST /me/slots/{id}/message | free | P | {"text": "Hello"} | 409 | -rrr+nns+
GET /me/schedules |  | P |  | 200 | -rrr++++s
POST /me/schedules |  | P | {} | 422 | -rrr+++s+
GET /me/schedules/{id} | hours | P |  | 200 | -rrr+nn+s
PATCH /me/schedules/{id} | hours | P | {"version": 999} | 409 | -rrr+nns+
DELETE /me/schedules/{id} | hours | P |  | 409 | -rrr+nns+
GET /me/exceptions |  | P |  | 200 | -rrr++++s
POST /me/exceptions |  | P | {} | 422 | -rrr+++s+
GET /me/exceptions/{id} | days | P |  | 200 | -rrr+nn+s
PATCH /me/exceptions/{id} | days | P | {"version": 999} | 409 | -rrr+nns+
DELETE /me/exceptions/{id} | other-days | P |  | 204 | -rrr+nnsn
GET /me/offers |  | P |  | 200 | -rrr++++s
POST /me/offers |  | P | {} | 422 | -rrr+++s+
GET /me/offers/{id} | offer | P |  | 200 | -rrr+nn+s
PATCH /me/offers/{id} | offer | P | {"version": 999} | 409 | -rrr+nns+
POST /me/offers/{id}/dates | offer | P | {"date": "2027-01-05", "time": "09:00"} | 409 | -rrr+nns+
DELETE /me/offers/{id} | offer | P |  | 200 | -rrr+nns+
GET /me/questions |  | P |  | 200 | -rrr++++s
POST /me/questions |  | P | {} | 422 | -rrr+++s+
GET /me/questions/{id} | question | P |  | 200 | -rrr+nn+s
PATCH /me/questions/{id} | question | P | {"version": 999} | 409 | -rrr+nns+
DELETE /me/questions/{id} | other-question | P |  | 204 | -rrr+nnsn
GET /me/provider |  | P |  | 200 | -rrr++++s
PUT /me/provider |  | P | {"bio": "Theirs", "version": 999} | 409 | -rrr+++tt
GET /me/payouts |  | P |  | 200 | -rrr++++s
PUT /me/payouts |  | P | {"reference": "Bank Satu 1"} | 204 | -rrr+++tt
GET /me/credits |  | M |  | 200 | -+++++++s
GET /me/membership |  | M |  | 200 | -+++++++s
GET /orders |  | M |  | 200 | -+++++++s
POST /orders |  | M | {"plan_code": "three-sessions"} | 201 | -u+++++tt
GET /orders/{id} | order | M |  | 200 | -n+nnnn+s
POST /orders/{id}/checkout | order | M | {} | 409 | -n+nnnntt
POST /orders/{id}/verify | order | M | {} | 400 | -n+nnnntt
POST /orders/{id}/check | order | M |  | 200 | -n+nnnntt
POST /orders/{id}/refund-request | order | M | {} | 422 | -n+nnnntt
GET /reviews |  | M |  | 200 | -+++++++s
POST /reviews |  | M | form | 422 | -u+++++s+
GET /reviews/{id}/file | review | M |  | 200 | -n+n+n++s
GET /reviews/{id}/reference | review | M |  | 200 | -n+n+n++s
POST /reviews/{id}/cancel | review | M |  | 409 | -n+nfn+s+
POST /reviews/{id}/start | review | P |  | 409 | -rrr+++s+
POST /reviews/{id}/complete | review | P | {"strengths": "Theirs"} | 409 | -nfn+nfs+
PATCH /admin/booking-settings |  | A | {"version": 999} | 409 | -fffff+tt
POST /admin/credits |  | A | {"account_id": "member", "credit_kind": "session", "delta": 1, "reason": "A gift"} | 201 | -fffff+tt
POST /admin/refunds |  | A | {"payment_id": "payment", "amount_minor": 1, "reason": "A kindness"} | 202 | -fffff+tt
POST /admin/refund-requests/{id}/decide | wish | A | {"amount_minor": 0, "reason": "No reason"} | 409 | -fffff+tt
POST /admin/reconcile/{id}/apply | finding | A |  | 202 | -fffff+tt
POST /admin/payout-items/{id}/{step} | item,approve | A | {} | 200 | -fffff+tt
POST /admin/payout-batches |  | A | {"currency": "MYR"} | 201 | -fffff+tt
POST /admin/payout-batches/{id}/{step} | batch,settle | A | {} | 409 | -fffff+tt
POST /admin/bookings/{id}/release-room | done | A | {"reason": "It is over"} | 200 | -fffff+tt
PUT /admin/payout-rates/{id} | provider | A | {"payout_minor": 5000} | 200 | -fffff+tt
"#;

/// What administrators read, and the lists that they keep: nobody else is admitted.
const READ_BY_ADMINISTRATORS: &[(&str, &str)] = &[
    ("booking-settings", ""),
    ("bookings", ""),
    ("claims", ""),
    ("credits/{account}", "member"),
    ("export/{file}", "orders.csv"),
    ("figures", ""),
    ("orders", ""),
    ("payments", ""),
    ("payout-batches", ""),
    ("payout-batches/{id}", "batch"),
    ("payout-batches/{id}/lines.csv", "batch"),
    ("payout-items", ""),
    ("payout-rates", ""),
    ("reconcile", ""),
    ("refund-requests", ""),
    ("refunds", ""),
];
/// The status is of the removal: an item that was used stays, and is not offered any more.
const KEPT_BY_ADMINISTRATORS: &[(&str, u16)] = &[
    ("plans", 200),
    ("credit-kinds", 204),
    ("catalogue", 204),
    ("session-types", 204),
    ("levels", 204),
    ("rubrics", 200),
    ("rooms", 204),
];

struct Call {
    operation: String,
    values: String,
    /// `M`, `P` or `A`.
    whose: String,
    body: String,
    admitted: u16,
    cells: String,
}

fn table() -> Vec<Call> {
    let mut lines: Vec<String> = TABLE.trim().lines().map(str::to_owned).collect();
    for (path, values) in READ_BY_ADMINISTRATORS {
        lines.push(format!(
            "GET /admin/{path} | {values} | A | | 200 | -fffff+tt"
        ));
    }
    for (list, removed) in KEPT_BY_ADMINISTRATORS {
        for rest in [
            format!("GET /admin/{list} | | A | | 200"),
            format!("POST /admin/{list} | | A | {{\"unknown\": 1}} | 422"),
            format!("GET /admin/{list}/{{id}} | {list} | A | | 200"),
            format!("PATCH /admin/{list}/{{id}} | {list} | A | {{\"version\": 999}} | 409"),
            format!("DELETE /admin/{list}/{{id}} | {list} | A | | {removed}"),
        ] {
            lines.push(format!("{rest} | -fffff+tt"));
        }
    }
    let call = |line: &String| {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [operation, values, whose, body, admitted, cells] = columns[..] else {
            panic!("{line}");
        };
        Call {
            operation: operation.replacen(" /", " /api/v1/", 1),
            values: values.to_owned(),
            whose: whose.to_owned(),
            body: body.to_owned(),
            admitted: admitted.parse().unwrap(),
            cells: cells.to_owned(),
        }
    };
    lines.iter().map(call).collect()
}

/// All operations of the API, as its description lists them.
fn operations() -> Vec<String> {
    let described = serde_json::to_value(DOMAIN.describe.unwrap()()).unwrap();
    let paths = described["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    let mut all: Vec<String> = operations.collect();
    all.sort();
    all
}

#[test]
fn the_table_has_a_row_for_each_operation() {
    let mut rows: Vec<String> = table().into_iter().map(|call| call.operation).collect();
    rows.sort();
    assert_eq!(rows, operations());
}

/// The letter of an answer, and the answer itself where the table has no letter for it.
fn letter(page: &Page, admitted: u16) -> String {
    let code = match page.status.as_u16() {
        status if status == admitted => return "+".to_owned(),
        401 => return "-".to_owned(),
        403 | 404 => page.json()["code"].as_str().unwrap().to_owned(),
        status => return format!("({status} {})", page.json()["code"]),
    };
    let letters = [
        ("email_unverified", "u"),
        ("role_required", "r"),
        ("forbidden", "f"),
        ("scope_required", "s"),
        ("token_not_permitted", "t"),
        ("own_slot", "o"),
        ("not_found", "n"),
    ];
    let found = letters.into_iter().find(|(known, _)| *known == code);
    found.map_or(format!("({code})"), |(_, letter)| letter.to_owned())
}

/// The only id that the query finds.
async fn id(stage: &Stage<'_>, query: platform::Sql) -> String {
    let found: Vec<(String,)> = rows(stage, query).await;
    found[0].0.clone()
}

/// Takes back that the account's address is confirmed.
async fn unconfirm(stage: &Stage<'_>, account: &AccountId) {
    let id = account.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
        sql!(
            "INSERT INTO registration (account_id, browser_hash, registered_at)
             VALUES (:id, :none, :now)",
            none = vec![0_u8; 32],
            now = tx.now(),
            id
        )
        .run(tx, Rows::Exactly(1))
    };
    stage.world.store().write(change).await.unwrap();
}

#[test]
fn every_operation_admits_whom_the_table_says() {
    on_default(&async |stage: &Stage<'_>| {
        let mut siti = stage.person_as("Siti Admin", ADMIN).await;
        let mut farah = reviewer(stage).await;
        run(stage, sql!("UPDATE provider SET payout_minor = 12500")).await;
        let mut mei = stage.person_as("Mei Lin", PROVIDER).await;
        mei.profile("bio", "Portraits").await;
        let mut aina = reviews::member(stage, "Aina Yusof", 1).await;
        let mut daniel = stage.person("Daniel Tan").await;
        let plan = plan(&mut siti, 1).await;
        let mut names: BTreeMap<&str, String> = BTreeMap::new();
        let mut booked = Vec::new();
        for (day, price) in [
            ("2026-11-24", 0),
            ("2026-11-25", 18_000),
            ("2026-12-20", 0),
            ("2026-12-21", 0),
        ] {
            let slot = farah.offer(day, "09:00", price).await;
            let made = if price > 0 {
                let (pay, made) = aina.hold(&slot).await;
                aina.pay(&pay, "pay").await.expect(200);
                names.insert("order", pay.rsplit('/').next().unwrap().to_owned());
                made
            } else {
                let made = aina.book(&slot).await;
                made.expect(303).location().unwrap().to_owned()
            };
            let made = made.split('?').next().unwrap();
            booked.push(made.rsplit('/').next().unwrap().to_owned());
            names.insert("taken", slot["id"].as_str().unwrap().to_owned());
        }
        aina.cancel(&format!("/me/bookings/{}", booked[2])).await;
        let free = farah.offer("2026-12-22", "09:00", 0).await;
        let wanted = json!({"slot_ids": [free["id"]]});
        let asked = aina.call("POST", "/api/v1/requests", &wanted).await;
        let asked = asked.expect(201).json()["id"].as_str().unwrap().to_owned();
        let decline = format!("/api/v1/requests/{asked}/decline");
        farah.call("POST", &decline, &Value::Null).await.expect(200);
        let review = submit(&mut aina).await;
        step(&mut farah, &review, "start", &Value::Null)
            .await
            .expect(200);
        complete(&mut farah, &review, "better.pdf", PDF)
            .await
            .expect(200);
        // Two sessions are over, and one of the payouts is in a batch.
        go_to(stage, "2026-12-05T00:00:00Z").await;
        for person in [&mut siti, &mut farah, &mut mei, &mut aina, &mut daniel] {
            prove(stage, person).await;
        }
        let said = format!("/api/v1/bookings/{}/feedback", booked[0]);
        let said = aina.call("POST", &said, &json!({"rating": 5})).await;
        let said = said.expect(201).json()["id"].as_str().unwrap().to_owned();
        let reference = json!({"reference": "Bank Satu 1"});
        let mut office = script(stage, &farah);
        let set = office.call("PUT".parse().unwrap(), "/api/v1/me/payouts", &reference);
        set.await.expect(204);
        let mut office = script(stage, &siti);
        let item = id(
            stage,
            sql!("SELECT id FROM payout_item ORDER BY created_at, id LIMIT 1"),
        )
        .await;
        let approve = format!("/api/v1/admin/payout-items/{item}/approve");
        let post = || "POST".parse().unwrap();
        office.call(post(), &approve, &json!({})).await.expect(200);
        let batch = json!({"currency": "MYR"});
        let batch = office
            .call(post(), "/api/v1/admin/payout-batches", &batch)
            .await;
        let batch = batch.expect(201).json()["id"].as_str().unwrap().to_owned();
        // Of the other payout something does not agree.
        run(
            stage,
            sql!("UPDATE payout_item SET amount_minor = 12499 WHERE state = 'pending'"),
        )
        .await;
        go_to(stage, "2026-12-06T00:00:00Z").await;
        for person in [&mut siti, &mut farah, &mut mei, &mut aina, &mut daniel] {
            prove(stage, person).await;
        }
        let mut office = script(stage, &siti);
        let open = sql!("SELECT id FROM finding WHERE kind = 'payout_drift'");
        names.insert("finding", id(stage, open).await);
        for (list, body) in [
            ("catalogue", json!({"slug": "hall", "name": "Hall"})),
            ("session-types", json!({"code": "call", "label": "Call"})),
            ("levels", json!({"code": "junior", "label": "Junior"})),
            ("credit-kinds", json!({"code": "photo", "label": "Photo"})),
            ("rubrics", json!({"author": "member", "label": "Calm"})),
            (
                "rooms",
                json!({"name": "Blue", "url": "https://meet.jit.si/Blue"}),
            ),
        ] {
            let path = format!("/api/v1/admin/{list}");
            let made = office.call(post(), &path, &body).await;
            let made = made.expect(201).json()["id"].as_str().unwrap().to_owned();
            names.insert(list, made);
        }
        run(
            stage,
            sql!(
                "INSERT INTO claim (id, booking_id, claimant, note, answer_until, answer, reason,
                     state, created_at)
                 SELECT 'c0000000-0000-4000-8000-000000000001', id, 'member', '', 1, '', '',
                     'withdrawn', 1
                 FROM booking WHERE state = 'completed' ORDER BY starts_at LIMIT 1"
            ),
        )
        .await;
        let claim = id(stage, sql!("SELECT id FROM claim")).await;
        run(
            stage,
            sql!(
                "INSERT INTO refund_request (id, order_id, text, state, amount_minor, reason,
                     created_at)
                 SELECT 'c0000000-0000-4000-8000-000000000002', id, '', 'refused', 0, '', 1
                 FROM booking_order ORDER BY created_at LIMIT 1"
            ),
        )
        .await;
        let wish = id(stage, sql!("SELECT id FROM refund_request")).await;
        run(
            stage,
            sql!(
                "INSERT INTO waiting (id, slot_id, member_id, seats, note, state, books_at_once,
                     created_at, version)
                 SELECT 'c0000000-0000-4000-8000-000000000003', slot_id, member_id, 1, '', 'left', 0,
                     1, 1
                 FROM booking WHERE state = 'cancelled'"
            ),
        )
        .await;
        names.insert("waiting", id(stage, sql!("SELECT id FROM waiting")).await);
        names.extend([
            ("claim", claim),
            ("wish", wish),
            ("free", free["id"].as_str().unwrap().to_owned()),
            ("booked", booked[3].clone()),
            ("cancelled", booked[2].clone()),
            ("done", booked[0].clone()),
            ("feedback", said),
            ("settled", asked),
            ("review", review),
            ("plans", plan),
            ("member", aina.who.account().id.to_string()),
            ("batch", batch),
            ("orders.csv", "orders.csv".to_owned()),
            ("approve", "approve".to_owned()),
            ("settle", "settle".to_owned()),
        ]);
        let farahs = farah.who.account().id.clone();
        let look = move |tx: &mut Tx<'_>| -> Result<(String,), StoreError> {
            sql!("SELECT id FROM provider WHERE account_id = :farahs", farahs).one(tx)
        };
        let (farahs,) = stage.world.store().read(look).await.unwrap();
        names.insert("provider", farahs);
        names.insert(
            "item",
            id(
                stage,
                sql!("SELECT id FROM payout_item WHERE state = 'pending'"),
            )
            .await,
        );
        let payment = sql!(
            "SELECT p.id FROM payment p JOIN booking b ON b.order_id = p.order_id ORDER BY p.id"
        );
        names.insert("payment", id(stage, payment).await);
        // A time of the offer was booked once, so the offer stays.
        let hours = hours::tuesdays(&mut farah).await;
        let offer = hours::offer(&mut farah, &hours, &json!({})).await;
        run(
            stage,
            sql!("UPDATE slot SET offer_id = (SELECT id FROM offer) WHERE state = 'completed'"),
        )
        .await;
        names.insert("hours", hours);
        names.insert("offer", offer["id"].as_str().unwrap().to_owned());
        for (name, day) in [("days", "2027-02-01"), ("other-days", "2027-02-02")] {
            let body = json!({"first_day": day});
            let made = farah.call("POST", "/api/v1/me/exceptions", &body).await;
            let made = made.expect(201).json()["id"].as_str().unwrap().to_owned();
            names.insert(name, made);
        }
        for name in ["question", "other-question"] {
            let body = json!({"offer_id": names["offer"], "label": "Why?", "kind": "line"});
            let made = farah.call("POST", "/api/v1/me/questions", &body).await;
            let made = made.expect(201).json()["id"].as_str().unwrap().to_owned();
            names.insert(name, made);
        }
        let lim = stage.person("Lim Wei").await;
        unconfirm(stage, &lim.who.account().id).await;

        let mut people = vec![stage.visitor()];
        for person in [&lim, &aina, &daniel, &farah, &mei, &siti] {
            people.push(script(stage, person));
        }
        let mut tokens = Vec::new();
        for person in [&aina, &farah, &siti] {
            let account = &person.who.account().id;
            tokens.push([
                stage.program(account, &[READ]).await,
                stage.program(account, &[WRITE]).await,
            ]);
        }
        let mut wrong = Vec::new();
        for (row, call) in table().into_iter().enumerate() {
            let own = ["M", "P", "A"].iter().position(|one| *one == call.whose);
            let mut found = String::new();
            let callers = people.iter_mut().chain(&mut tokens[own.unwrap()]);
            for (number, caller) in callers.enumerate() {
                // A key is used once.
                caller.header("idempotency-key", &format!("{row}-{number}"));
                let page = ask(caller, &call, &names).await;
                found += &letter(&page, call.admitted);
            }
            if found != call.cells {
                wrong.push(format!("{}: {found}, not {}", call.operation, call.cells));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        stage.work().await;
    });
}

/// Calls an operation with the ids that its row names.
async fn ask(caller: &mut Visitor, call: &Call, names: &BTreeMap<&str, String>) -> Page {
    let (method, path) = call.operation.split_once(' ').unwrap();
    let mut path = path.to_owned();
    for value in call.values.split(',').filter(|value| !value.is_empty()) {
        let (from, until) = (path.find('{').unwrap(), path.find('}').unwrap());
        path.replace_range(from..=until, &names[value]);
    }
    if call.body == "form" {
        return reviews::send(caller, &path, form(&[], "letter.pdf", PDF)).await;
    }
    let mut body: Value = match call.body.as_str() {
        "" => Value::Null,
        text => text.parse().unwrap(),
    };
    for field in body
        .as_object_mut()
        .into_iter()
        .flat_map(|body| body.values_mut())
    {
        if let Some(name) = field.as_str().and_then(|value| names.get(value)) {
            *field = json!(name);
        }
    }
    caller.call(method.parse().unwrap(), &path, &body).await
}
