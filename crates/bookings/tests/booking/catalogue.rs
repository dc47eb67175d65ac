//! Tests of what members choose: session types, levels and entries of the catalogue.

use identity::grant::OWNER;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor};

use crate::stage::{Booking, Person, Stage, errors, on_default, provider, script};

const TYPES: &str = "/api/v1/admin/session-types";
const LEVELS: &str = "/api/v1/admin/levels";
const ENTRIES: &str = "/api/v1/admin/catalogue";

pub(crate) async fn send(visitor: &mut Visitor, method: &str, path: &str, body: &Value) -> Page {
    visitor.call(method.parse().unwrap(), path, body).await
}

/// Adds two types, two levels and an entry. Returns an administrator's client.
async fn fill(stage: &Stage<'_>) -> Visitor {
    let owner = stage.person_as("Siti Owner", OWNER).await;
    let mut owner = script(stage, &owner);
    for (path, body) in [
        (TYPES, json!({"code": "mock", "label": "Mock interview"})),
        (TYPES, json!({"code": "talk", "label": "Career talk"})),
        (LEVELS, json!({"code": "junior", "label": "Junior"})),
        (LEVELS, json!({"code": "senior", "label": "Senior"})),
        (
            ENTRIES,
            json!({"slug": "acme", "name": "Acme Works", "category": "Engines"}),
        ),
    ] {
        send(&mut owner, "POST", path, &body).await.expect(201);
    }
    owner
}

/// Offers a free one-hour session with these sets.
async fn offer(provider: &mut Person, date: &str, sets: Value) -> Value {
    let page = try_offer(provider, date, sets).await;
    page.expect(201).json()
}

async fn try_offer(provider: &mut Person, date: &str, sets: Value) -> Page {
    let mut body = sets;
    for (name, value) in [("date", date), ("time", "09:00"), ("title", "Call")] {
        body[name] = json!(value);
    }
    body["minutes"] = json!(60);
    body["location"] = json!("https://meet.jit.si/Veranda");
    provider.call("POST", "/api/v1/me/slots", &body).await
}

async fn book(member: &mut Person, slot: &Value, choice: Value) -> Page {
    let mut body = choice;
    body["slot_id"] = slot["id"].clone();
    body["slot_version"] = slot["version"].clone();
    member.call("POST", "/api/v1/bookings", &body).await
}

fn page_of(slot: &Value) -> String {
    format!("/book/{}", slot["id"].as_str().unwrap())
}

#[test]
fn administrators_keep_types_levels_and_the_catalogue() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        for (pages, api, key, name) in [
            ("/admin/sessions/types", TYPES, "code", "label"),
            ("/admin/sessions/levels", LEVELS, "code", "label"),
            ("/admin/sessions/catalogue", ENTRIES, "slug", "name"),
        ] {
            farah.browser.get(pages).await.expect(403);
            let mut other = script(stage, &farah);
            other.get(api).await.expect(403);
            owner.browser.get(pages).await.expect(200);
            let new = format!("{pages}/new");
            let page = owner.browser.get(&new).await;
            let mut form = page.expect(200).form(&new);
            form.fill(name, "First of them").fill(key, "Not A Code");
            owner.browser.submit(&page, &form).await.expect(422);
            form.fill(key, "first");
            owner.browser.submit(&page, &form).await.expect(303);
            owner.sees(pages, "First of them").await;
            let mut own = script(stage, &owner);
            let page = send(&mut own, "POST", api, &json!({key: "first", name: "Again"})).await;
            let same = (format!("/{key}"), "not_unique".to_owned());
            assert_eq!(errors(page.expect(422)), [same]);
            let listed = own.get(api).await.json();
            let first = &listed["items"][0];
            let path = format!("{api}/{}", first["id"].as_str().unwrap());
            // Slots and bookings refer to the code, so it stays.
            let change = json!({key: "other", "version": first["version"]});
            let page = send(&mut own, "PATCH", &path, &change).await;
            let fixed = (format!("/{key}"), "not_allowed".to_owned());
            assert_eq!(errors(page.expect(422)), [fixed]);
            let gone = send(&mut own, "DELETE", &path, &Value::Null).await;
            gone.expect(204);
        }
    });
}

#[test]
fn what_was_used_is_deactivated_and_stays_where_it_is() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = fill(stage).await;
        let mut farah = provider(stage).await;
        let sets = json!({
            "session_types": ["mock"], "levels": ["junior"], "entries": ["acme"],
        });
        let slot = offer(&mut farah, "2026-12-01", sets.clone()).await;
        // An item that was only chosen is in use too.
        let open = offer(&mut farah, "2026-12-02", json!({})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let chosen = json!({"session_type": "talk"});
        book(&mut aina, &open, chosen).await.expect(201);
        for (path, code) in [
            (TYPES, "mock"),
            (TYPES, "talk"),
            (LEVELS, "junior"),
            (ENTRIES, "acme"),
        ] {
            let all = owner.get(path).await.json();
            let mut items = all["items"].as_array().unwrap().iter();
            let one = items.find(|one| one["code"] == code || one["slug"] == code);
            let path = format!("{path}/{}", one.unwrap()["id"].as_str().unwrap());
            let left = send(&mut owner, "DELETE", &path, &Value::Null).await;
            assert_eq!(left.expect(200).json()["active"], false, "{code}");
        }
        let page = try_offer(&mut farah, "2026-12-03", sets).await;
        let found = errors(page.expect(422));
        let refused = |name: &str| (format!("/{name}"), "choice_not_offered".to_owned());
        let expected = ["session_types", "levels", "entries"].map(refused);
        assert_eq!(found, expected);
        let booked = book(&mut aina, &slot, json!({})).await.expect(201).json();
        assert_eq!(booked["level"], "junior");
        // Where any item may be chosen, one that was deactivated may not.
        let later = offer(&mut farah, "2026-12-04", json!({})).await;
        let page = book(&mut aina, &later, json!({"level": "junior"})).await;
        assert_eq!(page.expect(422).json()["code"], "choice_not_offered");
        // A slot that nobody asked for is deleted with its sets.
        let path = format!("/api/v1/me/slots/{}", later["id"].as_str().unwrap());
        farah.call("DELETE", &path, &Value::Null).await.expect(204);
        let free = offer(&mut farah, "2026-12-05", json!({"levels": ["senior"]})).await;
        let path = format!("/api/v1/me/slots/{}", free["id"].as_str().unwrap());
        farah.call("DELETE", &path, &Value::Null).await.expect(204);
        let all = owner.get(LEVELS).await.json();
        let mut items = all["items"].as_array().unwrap().iter();
        let senior = items.find(|one| one["code"] == "senior").unwrap();
        let path = format!("{LEVELS}/{}", senior["id"].as_str().unwrap());
        let gone = send(&mut owner, "DELETE", &path, &Value::Null).await;
        gone.expect(204);
    });
}

#[test]
fn a_site_without_lists_asks_for_nothing() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let form = farah.browser.get("/me/slots/new").await;
        let mut aina = stage.person("Aina Yusof").await;
        let book = aina.browser.get(&page_of(&slot)).await;
        let asked = aina.browser.get("/me/requests/new").await;
        let list = stage.visitor().get("/book").await;
        for page in [form, book, asked, list] {
            for name in ["session_type", "level", "entr"] {
                let field = format!("name=\"{name}");
                assert!(!page.expect(200).body.contains(&field), "{field}");
            }
        }
        aina.book(&slot).await.expect(303);
        let booking = aina.coming().await;
        assert_eq!(booking["level"], Value::Null);
    });
}

#[test]
fn a_slot_asks_for_what_it_leaves_open_and_both_sides_see_the_choice() {
    on_default(&async |stage: &Stage<'_>| {
        fill(stage).await;
        let mut farah = provider(stage).await;
        let sets = json!({"session_types": ["mock"], "levels": ["senior", "junior", "senior"]});
        let slot = offer(&mut farah, "2026-12-01", sets).await;
        assert_eq!(slot["levels"], json!(["junior", "senior"]));
        assert_eq!(slot["entries"], json!([]));
        let path = format!("/api/v1/slots/{}", slot["id"].as_str().unwrap());
        for offered in [
            stage.visitor().get(&path).await.json(),
            stage.visitor().get("/api/v1/slots").await.json()["items"][0].clone(),
        ] {
            assert_eq!(offered["session_types"], json!(["mock"]));
            assert_eq!(offered["levels"], json!(["junior", "senior"]));
        }
        let text = stage.visitor().get(&page_of(&slot)).await.text();
        assert!(
            text.contains("Mock interview") && text.contains("Junior, Senior"),
            "{text}"
        );
        let mut aina = stage.person("Aina Yusof").await;
        for (choice, wrong) in [
            (json!({}), vec!["/level"]),
            (json!({"level": "x"}), vec!["/level"]),
            (
                json!({"session_type": "talk", "level": "junior"}),
                vec!["/session_type"],
            ),
            (
                json!({"session_type": "talk", "entry": "x"}),
                vec!["/session_type", "/level", "/entry"],
            ),
        ] {
            let page = book(&mut aina, &slot, choice).await;
            assert_eq!(page.expect(422).json()["code"], "choice_not_offered");
            let found: Vec<String> = errors(&page).into_iter().map(|(at, _)| at).collect();
            assert_eq!(found, wrong);
        }
        // The page asks for the level and offers any entry. The type is implied.
        let page = aina.browser.get(&page_of(&slot)).await;
        let mut form = page.expect(200).form(&page_of(&slot));
        assert_eq!(form.value("session_type"), None);
        let open = aina.browser.submit(&page, &form).await;
        let said = stage.say("problem-choice-not-offered");
        assert!(open.expect(422).text().contains(&said));
        form.fill("level", "senior").fill("entry", "acme");
        aina.browser.submit(&page, &form).await.expect(303);
        let booking = aina.coming().await;
        let chosen = ["session_type", "level", "entry"].map(|name| booking[name].clone());
        assert_eq!(chosen, [json!("mock"), json!("senior"), json!("acme")]);
        let at = format!("/me/bookings/{}", booking["id"].as_str().unwrap());
        for person in [&mut aina, &mut farah] {
            let text = person.browser.get(&at).await.expect(200).text();
            for label in ["Mock interview", "Senior", "Acme Works"] {
                assert!(text.contains(label), "{label}: {text}");
            }
        }
        // Where a slot leaves all open, a choice may be left out.
        let any = offer(&mut farah, "2026-12-02", json!({})).await;
        let made = book(&mut aina, &any, json!({"level": "junior"})).await;
        let made = made.expect(201).json();
        assert_eq!(
            (&made["level"], &made["entry"]),
            (&json!("junior"), &Value::Null)
        );
    });
}

#[test]
fn providers_choose_the_sets_of_a_time_and_of_a_series_on_their_pages() {
    on_default(&async |stage: &Stage<'_>| {
        fill(stage).await;
        let mut farah = provider(stage).await;
        let page = farah.browser.get("/me/slots/new").await;
        let mut form = page.expect(200).form("/me/slots/new");
        form.fill("date", "2026-12-01").fill("time", "09:00");
        form.fill("title", "Call").tick("levels", "junior");
        form.fill("location", "https://meet.jit.si/Veranda");
        form.tick("levels", "senior").tick("entries", "acme");
        farah.browser.submit(&page, &form).await.expect(303);
        // The form of a series begins with the sets of the newest time.
        let page = farah.browser.get("/me/slots/series").await;
        let mut form = page.expect(200).form("/me/slots/series");
        form.tick("weekdays", "3").untick("levels", "senior");
        form.fill("times", "09:00").fill("first_date", "2026-12-01");
        form.fill("weeks", "2");
        let counted = farah.browser.submit(&page, &form).await;
        let mut forms = counted.expect(200).forms().into_iter();
        let sure = forms.find(|form| form.value("sure").is_some()).unwrap();
        farah.browser.submit(&counted, &sure).await.expect(303);
        let list = "/api/v1/me/slots?from=2026-11-30T00:00:00Z";
        let all = farah.call("GET", list, &Value::Null).await.json();
        let items = all["items"].as_array().unwrap();
        let levels: Vec<&Value> = items.iter().map(|one| &one["levels"]).collect();
        let (both, one) = (json!(["junior", "senior"]), json!(["junior"]));
        assert_eq!(levels, [&both, &one, &one]);
        assert!(items.iter().all(|one| one["entries"] == json!(["acme"])));
        assert!(items.iter().all(|one| one["session_types"] == json!([])));
    });
}

#[test]
fn times_are_found_by_what_they_offer() {
    on_default(&async |stage: &Stage<'_>| {
        fill(stage).await;
        let mut farah = provider(stage).await;
        let junior = json!({"levels": ["junior"], "session_types": ["mock"]});
        let junior = offer(&mut farah, "2026-11-26", junior).await;
        let senior = json!({"levels": ["senior"], "entries": ["acme"]});
        let senior = offer(&mut farah, "2026-11-27", senior).await;
        let any = offer(&mut farah, "2026-11-28", json!({})).await;
        let mut stranger = stage.visitor();
        for (query, expected) in [
            ("level=junior", vec![&junior, &any]),
            ("level=senior", vec![&senior, &any]),
            ("session_type=talk", vec![&senior, &any]),
            ("entry=acme&level=junior", vec![&junior, &any]),
            (
                "entry=acme&session_type=mock&level=senior",
                vec![&senior, &any],
            ),
            ("level=", vec![&junior, &senior, &any]),
        ] {
            let path = format!("/api/v1/slots?{query}");
            let found = stranger.get(&path).await.expect(200).json();
            let found = found["items"].as_array().unwrap().iter();
            let found: Vec<Value> = found.map(|one| one["id"].clone()).collect();
            let expected: Vec<Value> = expected.iter().map(|one| one["id"].clone()).collect();
            assert_eq!(found, expected, "{query}");
            let page = stranger
                .get(&format!("/book?{query}&from=2026-11-25"))
                .await;
            for slot in [&junior, &senior, &any] {
                let is_there = page.expect(200).body.contains(&page_of(slot));
                assert_eq!(is_there, expected.contains(&slot["id"]), "{query}");
            }
        }
        for query in ["level=x", "session_type=junior", "entry=mock"] {
            for path in ["/api/v1/slots", "/book"] {
                stranger.get(&format!("{path}?{query}")).await.expect(422);
            }
        }
        // The page offers the filters, and keeps them from week to week.
        let page = stranger.get("/book?level=junior&from=2026-11-30").await;
        let form = page.expect(200).form("/book");
        assert_eq!(form.value("level"), Some("junior"));
        assert!(page.body.contains("level=junior"), "{}", page.body);
    });
}

#[test]
fn a_request_names_a_choice_that_each_time_offers() {
    on_default(&async |stage: &Stage<'_>| {
        fill(stage).await;
        let mut farah = provider(stage).await;
        let both = json!({"levels": ["junior", "senior"]});
        let one = offer(&mut farah, "2026-12-01", both).await;
        let two = json!({"levels": ["senior"], "session_types": ["talk"]});
        let two = offer(&mut farah, "2026-12-02", two).await;
        let mut aina = stage.person("Aina Yusof").await;
        let ask = |level: Option<&str>| json!({"slot_ids": [one["id"], two["id"]], "level": level});
        let path = "/api/v1/requests";
        for level in [None, Some("junior"), Some("x")] {
            let page = aina.call("POST", path, &ask(level)).await;
            assert_eq!(page.expect(422).json()["code"], "choice_not_offered");
        }
        let made = aina.call("POST", path, &ask(Some("senior"))).await;
        let made = made.expect(201).json();
        assert_eq!(made["level"], "senior");
        farah.sees("/me/slots/requests", "Senior").await;
        let path = format!("{path}/{}/confirm", made["id"].as_str().unwrap());
        let body = json!({"slot_id": two["id"]});
        farah.call("POST", &path, &body).await.expect(200);
        let booking = aina.coming().await;
        assert_eq!(
            (&booking["level"], &booking["session_type"]),
            (&json!("senior"), &json!("talk"))
        );
    });
}

#[test]
fn a_booking_moves_only_to_a_time_that_offers_its_choice() {
    on_default(&async |stage: &Stage<'_>| {
        fill(stage).await;
        let mut farah = provider(stage).await;
        let old = offer(&mut farah, "2026-12-01", json!({"levels": ["junior"]})).await;
        let other = offer(&mut farah, "2026-12-02", json!({"levels": ["senior"]})).await;
        let both = json!({"levels": ["junior", "senior"], "entries": ["acme"]});
        let both = offer(&mut farah, "2026-12-03", both).await;
        let mut aina = stage.person("Aina Yusof").await;
        let booking = book(&mut aina, &old, json!({})).await.expect(201).json();
        let id = booking["id"].as_str().unwrap();
        let path = format!("/api/v1/bookings/{id}/reschedule");
        let to = |slot: &Value| json!({"slot_id": slot["id"], "slot_version": slot["version"]});
        let refused = aina.call("POST", &path, &to(&other)).await;
        assert_eq!(refused.expect(422).json()["code"], "choice_not_offered");
        let moved = aina.call("POST", &path, &to(&both)).await;
        let moved = moved.expect(200).json();
        assert_eq!(
            (&moved["level"], &moved["entry"]),
            (&json!("junior"), &json!("acme"))
        );
    });
}

#[test]
fn a_preset_fills_empty_lists_once() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let (settings, action) = ("/admin/sessions/settings", "/admin/sessions/preset");
        let seen = owner.browser.get(settings).await;
        let mut form = seen.expect(200).form(action);
        form.press("preset", "mentoring");
        owner.browser.submit(&seen, &form).await.expect(303);
        let mut own = script(stage, &owner);
        let types = own.get(TYPES).await.json();
        let codes = types["items"].as_array().unwrap().iter();
        let codes: Vec<&Value> = codes.map(|one| &one["code"]).collect();
        assert_eq!(codes, ["mock-interview", "career-talk", "document-review"]);
        let levels = own.get(LEVELS).await.json();
        assert_eq!(levels["items"][2]["label"], stage.say("preset-senior"));
        // Hours on weekdays, and an offer that waits for its place.
        let hours = own.get("/api/v1/me/schedules").await.json();
        let week = &hours["items"][0]["week"];
        assert_eq!(
            (week.as_array().unwrap().len(), &week[4]["day"]),
            (5, &json!("friday"))
        );
        let offers = own.get("/api/v1/me/offers").await.json();
        let offer = &offers["items"][0];
        assert_eq!(
            (&offer["title"], &offer["active"], &offer["schedule_id"]),
            (
                &json!("Mock interview"),
                &json!(false),
                &hours["items"][0]["id"]
            )
        );
        assert_eq!(own.get("/api/v1/slots").await.json()["items"], json!([]));
        // Plans with example prices are on sale once an administrator says so.
        let offered = async || stage.visitor().get("/api/v1/plans").await.json();
        assert_eq!(offered().await["items"], json!([]));
        let on_sale = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            tx.run(sql!("UPDATE plan SET active = 1"), &[], Rows::Any)?;
            Ok(())
        };
        stage.world.store().write(on_sale).await.unwrap();
        let plans = offered().await;
        let plans = plans["items"].as_array().unwrap().iter();
        let plans: Vec<Value> = plans
            .map(|one| json!([one["tier"], one["grants"][0]["quantity"], one["months"]]))
            .collect();
        let memberships = [json!([1, 1, 1]), json!([1, 3, 3]), json!([1, 6, 6])];
        let add_ons = [json!([0, 1, 0]), json!([0, 3, 0]), json!([0, 5, 0])];
        assert_eq!(plans, [memberships, add_ons].concat());
        // The page offers no other one, and an older page adds nothing over the rows.
        let now = owner.browser.get(settings).await;
        assert!(
            !now.expect(200)
                .forms()
                .iter()
                .any(|one| one.action == action)
        );
        let mut late = seen.form(action);
        late.press("preset", "studio")
            .fill("submission_id", "later");
        let refused = owner.browser.submit(&seen, &late).await;
        refused.expect(409);
        assert_eq!(own.get(TYPES).await.json(), types);
        assert_eq!(own.get("/api/v1/me/offers").await.json(), offers);
    });
}
