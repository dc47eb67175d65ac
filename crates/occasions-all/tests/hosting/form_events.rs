//! Tests of what is noted when households open their forms and cannot save them.

use jiff::SignedDuration;
use occasions::hosting::occasions::{change, set_status};
use occasions::hosting::{invitations, occasions as nouns, open_rsvp};
use occasions::id::InvitationId;
use occasions::words::OccasionStatus;
use occasions::{diet_deletion, form_event};
use platform::Tx;
use serde_json::{Value, json};
use testkit::Visitor;
use web::Input;

use crate::pages::HOME;
use crate::questions::create;
use crate::stage::{Stage, on_both, on_default};

const FORM: &str = "/invite/RAHMA/rsvp";

/// Returns the browser of somebody in the household.
fn person(stage: &Stage<'_>) -> Visitor {
    let mut person = stage.nobody();
    person.set_cookie("kd_lang", "en");
    person.header("user-agent", "Mozilla/5.0 (Linux; Android 14)");
    person
}

/// Opens the form, and says so as the page's script does.
async fn open(person: &mut Visitor, code: &str) {
    let address = format!("/invite/{code}/rsvp");
    let page = person.get(&address).await.with(200);
    assert!(
        page.body
            .contains(&format!("data-opened=\"{address}/opened"))
    );
    let said = person.post(&format!("{address}/opened"), &[]).await;
    said.expect(204);
}

async fn write(stage: &Stage<'_>) {
    stage.opens.write(&stage.site.store).await.unwrap();
}

async fn noted(stage: &Stage<'_>, id: &InvitationId) -> Option<form_event::FormEvent> {
    let id = id.clone();
    let find = move |tx: &mut Tx<'_>| form_event::find(tx, &id);
    stage.site.store.read(find).await.unwrap()
}

/// Opens the form of RAHMA, and writes that.
async fn open_and_write(stage: &Stage<'_>, person: &mut Visitor) {
    open(person, "RAHMA").await;
    write(stage).await;
}

async fn unanswered(host: &mut Visitor, id: &InvitationId) -> Value {
    let path = format!("/api/v1/invitations/id/{id}");
    host.get(&path).await.json()["unanswered"].clone()
}

/// Sends the form with a yes for the first person. Returns the page.
async fn send(person: &mut Visitor, extra: &[(&str, &str)]) -> testkit::Page {
    let page = person.get(FORM).await.with(200);
    let mut form = page.form(FORM);
    let names: Vec<String> = form.fields.iter().map(|field| field.name.clone()).collect();
    let first = names.iter().find(|name| name.starts_with("reply."));
    form.fill(first.unwrap(), "yes");
    for (start, value) in extra {
        let field = names.iter().find(|name| name.starts_with(start)).unwrap();
        if *start == "diet." {
            form.tick(field, value);
        } else {
            form.fill(field, value);
        }
    }
    person.submit(&page, &form).await
}

#[test]
fn hosts_read_that_the_form_was_opened_and_why_it_could_not_be_saved() {
    on_both(async |stage| {
        stage.expect_confirmations();
        let id = stage.invitation("RAHMA").await;
        let mut host = stage.visitor(&stage.coordinator);
        let page = format!("{HOME}/invites/{id}");
        // What only shows a preview opens the form, and does not say so.
        let mut person = person(stage);
        person.get(FORM).await.expect(200);
        let mut robot = stage.nobody();
        robot.header("user-agent", "Googlebot/2.1");
        let said = robot.post(&format!("{FORM}/opened"), &[]).await;
        said.expect(204);
        let mut looking = stage.visitor(&stage.owner);
        looking.header("user-agent", "Mozilla/5.0 (X11; Linux x86_64)");
        let said = looking.post(&format!("{FORM}/opened"), &[]).await;
        said.expect(204);
        write(stage).await;
        assert_eq!(noted(stage, &id).await, None);

        open(&mut person, "RAHMA").await;
        write(stage).await;
        let why = unanswered(&mut host, &id).await;
        assert_eq!(why["reason"], "form_opened");
        assert_eq!(why["step"], "remind");
        assert_eq!(
            (&why["day"], &why["openings"], &why["at"]),
            (&json!("2026-11-20"), &json!(1), &Value::Null)
        );
        let day = |day: &str| ("day", web::Value::from(day.to_owned()));
        let words = |at: &str, n: i64| {
            stage.fill("host-unanswered-form-opened", [day(at), ("n", n.into())])
        };
        let shown = host.get(&page).await.text();
        assert!(shown.contains(&words("Fri 20 Nov 2026", 1)), "{shown}");
        assert!(!shown.contains(&stage.say("host-never-opened")));
        // The household sees it too.
        let state = person.get("/api/v1/invitations/RAHMA").await.json();
        assert_eq!(state["form_events"]["last_opened"], "2026-11-20");
        let on = || web::Value::from("Fri 20 Nov 2026".to_owned());
        let values = [("n", 1.into()), ("first", on()), ("last", on())];
        let own = person.get(FORM).await.text();
        assert!(own.contains(&stage.say("answer-noted")), "{own}");
        assert!(
            own.contains(&stage.fill("answer-noted-days", values)),
            "{own}"
        );
        stage.world.clock.advance(SignedDuration::from_hours(24));
        open(&mut person, "RAHMA").await;
        write(stage).await;
        let shown = host.get(&page).await.text();
        assert!(shown.contains(&words("Sat 21 Nov 2026", 2)), "{shown}");

        let dish = json!({ "key": "dish", "title": {"en": "Your dish"}, "kind": "short_text",
            "asked_of": "guest", "required": true });
        create(stage, dish).await;
        send(&mut person, &[]).await.expect(422);
        write(stage).await;
        let why = unanswered(&mut host, &id).await;
        assert_eq!(why["reason"], "save_refused");
        assert_eq!(why["field"], "dish");
        assert_eq!(why["field_title"]["en"], "Your dish");
        let values = [day("Sat 21 Nov 2026"), ("field", "Your dish".into())];
        let words = stage.fill("host-unanswered-question-missing", values);
        let shown = host.get(&page).await.text();
        assert!(shown.contains(&words), "{words}: {shown}");
        let mut observer = stage.visitor(&stage.observer);
        assert!(!observer.get(&page).await.text().contains(&words));
        assert_eq!(unanswered(&mut observer, &id).await, Value::Null);

        // Of food needs, hosts are told nothing but that something was missing.
        let refused = send(&mut person, &[("answer.", "Laksa"), ("diet.", "other")]).await;
        refused.expect(422);
        write(stage).await;
        let why = unanswered(&mut host, &id).await;
        assert_eq!(
            (&why["reason"], &why["field"]),
            (&json!("save_refused"), &Value::Null)
        );
        let stored = noted(stage, &id).await.unwrap();
        assert_eq!((stored.refused_field.as_str(), stored.openings), ("", 2));
        let words = stage.fill("host-unanswered-save-refused", [day("Sat 21 Nov 2026")]);
        assert!(host.get(&page).await.text().contains(&words));

        // A save ends it, also for what has not been written yet.
        person.get("/invite/RAHMA").await.expect(200);
        open(&mut person, "RAHMA").await;
        send(&mut person, &[("answer.", "Laksa")]).await.expect(303);
        assert_eq!(noted(stage, &id).await, None);
        write(stage).await;
        assert_eq!(noted(stage, &id).await, None);
        assert_eq!(unanswered(&mut host, &id).await["reason"], "partial");
        // Who has answered in part is told by that, even if the form is opened again.
        stage.world.clock.advance(SignedDuration::from_hours(1));
        open(&mut person, "RAHMA").await;
        write(stage).await;
        assert!(noted(stage, &id).await.is_some());
        assert_eq!(unanswered(&mut host, &id).await["reason"], "partial");
    });
}

#[test]
fn a_question_that_only_hosts_see_by_now_is_not_named() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let dish = json!({ "key": "dish", "title": {"en": "Your dish"}, "kind": "short_text",
            "asked_of": "guest", "required": true });
        let asked = create(stage, dish).await;
        send(&mut person(stage), &[]).await.expect(422);
        write(stage).await;
        let mut host = stage.visitor(&stage.coordinator);
        assert_eq!(unanswered(&mut host, &id).await["field"], "dish");
        let hide = platform::sql!("UPDATE question SET hosts_only = 1 WHERE key = $1");
        let key = asked.key;
        stage
            .change(move |tx| tx.run(hide, &[&key], platform::Rows::Exactly(1)).map(drop))
            .await;
        let why = unanswered(&mut host, &id).await;
        assert_eq!(
            (&why["field"], &why["field_title"]),
            (&Value::Null, &Value::Null)
        );
    });
}

#[test]
fn the_switch_closing_archiving_and_the_deletion_of_food_needs_end_it() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut person = person(stage);
        open_and_write(stage, &mut person).await;
        assert!(noted(stage, &id).await.is_some());
        let switch = |is_on: bool| {
            stage.done(move |tx, host| {
                let now = nouns::load(tx, host)?;
                let sent = Input::from(json!({ "form_events": is_on }));
                change(tx, host, now.version, &sent).map(drop)
            })
        };
        switch(false).await;
        assert_eq!(noted(stage, &id).await, None);
        let shown = person.get(FORM).await;
        assert!(!shown.body.contains("data-opened"));
        assert!(!shown.text().contains(&stage.say("answer-noted")));
        person
            .post(&format!("{FORM}/opened"), &[])
            .await
            .expect(204);
        write(stage).await;
        assert_eq!(noted(stage, &id).await, None);

        switch(true).await;
        open_and_write(stage, &mut person).await;
        // What waits to be written when hosts close the occasion is dropped.
        open(&mut person, "RAHMA").await;
        let status = |status| stage.done(move |tx, host| set_status(tx, host, None, status));
        status(OccasionStatus::Closed).await;
        assert_eq!(noted(stage, &id).await, None);
        write(stage).await;
        assert_eq!(noted(stage, &id).await, None);

        status(OccasionStatus::Published).await;
        open_and_write(stage, &mut person).await;
        let archived = id.clone();
        stage
            .done(move |tx, host| invitations::archive(tx, host, &archived, None).map(drop))
            .await;
        assert_eq!(noted(stage, &id).await, None);
        let restored = id.clone();
        stage
            .done(move |tx, host| {
                let seats = occasions::event::Seats::Free;
                invitations::restore(tx, host, &restored, None, seats).map(drop)
            })
            .await;
        open_and_write(stage, &mut person).await;
        assert!(noted(stage, &id).await.is_some());
        let later = "2027-02-17T00:00:00Z".parse().unwrap();
        stage.world.clock.set(later);
        diet_deletion::run(&stage.site.platform).await.unwrap();
        assert_eq!(noted(stage, &id).await, None);
    });
}

#[test]
fn merged_households_keep_one_note() {
    on_default(async |stage| {
        let (from, into) = (
            stage.invitation("RAHMA").await,
            stage.invitation("TANWE").await,
        );
        let mut person = person(stage);
        open(&mut person, "RAHMA").await;
        write(stage).await;
        stage.world.clock.advance(SignedDuration::from_hours(24));
        open(&mut person, "TANWE").await;
        write(stage).await;
        let (leaving, staying) = (from.clone(), into.clone());
        stage
            .done(move |tx, host| open_rsvp::merge(tx, host, &leaving, &staying, None).map(drop))
            .await;
        assert_eq!(noted(stage, &from).await, None);
        let kept = noted(stage, &into).await.unwrap();
        assert_eq!(kept.openings, 2);
        assert_eq!(
            (kept.first_opened.as_str(), kept.last_opened.as_str()),
            ("2026-11-20", "2026-11-21")
        );
    });
}

#[test]
fn nobody_waits_for_a_note_and_none_is_lost_while_the_store_fails() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let rename = async |change: platform::Sql| {
            let change = move |tx: &mut Tx<'_>| tx.run(change, &[], platform::Rows::Any).map(drop);
            stage.change(change).await;
        };
        let mut person = person(stage);
        open(&mut person, "RAHMA").await;
        rename(platform::sql!("ALTER TABLE form_event RENAME TO hidden")).await;
        assert!(stage.opens.write(&stage.site.store).await.is_err());
        let said = person.post(&format!("{FORM}/opened"), &[]).await;
        said.expect(204);
        rename(platform::sql!("ALTER TABLE hidden RENAME TO form_event")).await;
        write(stage).await;
        assert_eq!(noted(stage, &id).await.map(|one| one.openings), Some(2));
    });
}
