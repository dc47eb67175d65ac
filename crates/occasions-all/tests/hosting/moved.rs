//! Tests of events that move: which households are told, by which message, and when nobody is asked
//! any more.

use jiff::SignedDuration;
use occasions::event::PlannedEvent;
use occasions::hosting::{Refusal, moved, resource};
use occasions::id::EventId;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::Visitor;
use web::Input;

use crate::pages::HOME;
use crate::stage::{Stage, call, on_both, on_default};

/// RAHMA comes and has a mobile telephone, LATE1 was invited by mail, TANWE comes and can only be
/// called, ROSSI has declined, and nobody else was invited or has answered.
pub(crate) async fn four_households(stage: &Stage<'_>) {
    let change = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        let all = [
            sql!("UPDATE invitation SET sent_at = NULL, phone = NULL, email = NULL"),
            sql!("UPDATE reply SET status = 'pending'"),
            sql!("UPDATE occasion SET country = 'MY'"),
            sql!("UPDATE invitation SET phone = '+60 12-345 6789' WHERE code = 'RAHMA'"),
            sql!(
                "UPDATE invitation SET sent_at = 1, email = 'late@example.com'
                 WHERE code = 'LATE1'"
            ),
            sql!("UPDATE invitation SET phone = '03-7788 9900' WHERE code = 'TANWE'"),
            sql!("UPDATE invitation SET sent_at = 1 WHERE code = 'ROSSI'"),
            sql!(
                "UPDATE reply SET status = 'yes' WHERE guest IN
                     (SELECT guest.id FROM guest JOIN invitation ON invitation.id = guest.invitation
                      WHERE code IN ('RAHMA', 'TANWE'))"
            ),
            sql!(
                "UPDATE reply SET status = 'no' WHERE guest IN
                     (SELECT guest.id FROM guest JOIN invitation ON invitation.id = guest.invitation
                      WHERE code = 'ROSSI')"
            ),
        ];
        for statement in all {
            tx.run(statement, &[], Rows::Any)?;
        }
        Ok(())
    };
    stage.site.store.write(change).await.unwrap();
}

/// Changes the reception, and returns its id.
pub(crate) async fn change(stage: &Stage<'_>, input: Value) -> EventId {
    change_of(stage, "reception", input).await
}

pub(crate) async fn change_of(stage: &Stage<'_>, key: &'static str, input: Value) -> EventId {
    let changed = stage
        .done(move |tx, host| {
            let all = resource::list::<PlannedEvent>(tx, host)?;
            let old = all.into_iter().find(|event| event.key == key);
            let old = old.ok_or(Refusal::NotFound)?;
            let input = Input::from(input.clone());
            resource::change::<PlannedEvent>(tx, host, old.id.as_str(), old.version, &input)
        })
        .await;
    changed.id
}

pub(crate) fn on(day: &str) -> Value {
    json!({"starts_at": format!("2027-{day}T12:00:00+08:00"), "ends_at": format!("2027-{day}T16:00:00+08:00")})
}

/// The channels by which households are to be told, with their numbers.
async fn to_tell(stage: &Stage<'_>, host: &mut Visitor) -> Vec<(String, usize)> {
    let found = host.get(&stage.at("/sending")).await.with(200).json();
    let Some(moved) = found["moved"].as_array().unwrap().first() else {
        return Vec::new();
    };
    let lines = moved["lines"].as_array().unwrap().iter();
    lines
        .map(|line| {
            let households = line["households"].as_array().unwrap();
            (
                line["channel"].as_str().unwrap().to_owned(),
                households.len(),
            )
        })
        .collect()
}

fn all(channels: &[(&str, usize)]) -> Vec<(String, usize)> {
    let all = channels.iter();
    all.map(|(channel, n)| ((*channel).to_owned(), *n))
        .collect()
}

#[test]
fn whoever_may_expect_the_old_day_is_told_once_by_one_way() {
    on_both(async |stage| {
        change(stage, on("01-16")).await;
        four_households(stage).await;
        let mut host = stage.public(&stage.owner);
        assert_eq!(to_tell(stage, &mut host).await, []);
        let event = change(stage, on("01-17")).await;
        let waiting = all(&[("whatsapp", 1), ("email", 1), ("paper", 1)]);
        assert_eq!(to_tell(stage, &mut host).await, waiting);

        // The list of events leads to the page, which says what it was and what it is.
        let events = host.get(&format!("{HOME}/settings/events")).await.with(200);
        let page = format!("{HOME}/send/moved/{event}");
        assert!(events.links().iter().any(|link| link.href == page));
        let page = host.get(&page).await.with(200);
        for words in ["16 January 2027", "17 January 2027"] {
            assert!(page.text().contains(words), "{words}: {}", page.text());
        }
        // It says who is told and who is not, and leads to those who declined.
        for words in [
            "Said yes: 2. Not answered or not sure: 1.",
            "1 household declined and is not told.",
        ] {
            assert!(page.text().contains(words), "{words}: {}", page.text());
            assert!(events.text().contains(words), "{words}: {}", events.text());
        }
        let declined = format!("{HOME}/send/news?response=declined&event=reception");
        assert!(page.links().iter().any(|link| link.href == declined));
        let declined = host.get(&declined).await.with(200);
        assert!(declined.text().contains("Those who declined"));
        let links = page.links().into_iter();
        let walk: Vec<String> = links
            .map(|link| link.href)
            .filter(|href| href.contains("/send/walk") && href.contains("by=whatsapp"))
            .collect();
        // The message is in the household's language.
        let turn = host.get(&walk[0]).await.with(200);
        for words in ["16 Januari 2027", "17 Januari 2027", "wa.me/60123456789"] {
            assert!(turn.body.contains(words), "{words}: {}", turn.body);
        }
        let mut form = turn.form(&format!("{HOME}/send/hand"));
        form.press("sent", "1");
        let done = host.submit(&turn, &form).await;
        let next = host.follow(done).await.with(200);
        let left = all(&[("email", 1), ("paper", 1)]);
        assert_eq!(to_tell(stage, &mut host).await, left);
        // Not sent after all.
        let mut forms = next.forms().into_iter();
        let mut form = forms
            .find(|form| {
                form.fields
                    .iter()
                    .any(|field| field.name == "sent" && field.value == "0")
            })
            .unwrap();
        form.press("sent", "0");
        let back = host.submit(&next, &form).await;
        host.follow(back).await.expect(200);
        assert_eq!(to_tell(stage, &mut host).await, waiting);

        for (code, channel) in [("RAHMA", "whatsapp"), ("TANWE", "other")] {
            let id = stage.invitation(code).await;
            let handed = json!({"kind": "moved", "about": event, "channel": channel});
            let at = format!("/api/v1/invitations/id/{id}/handed");
            call(&mut host, "POST", &at, &handed).await.expect(200);
        }
        assert_eq!(to_tell(stage, &mut host).await, all(&[("email", 1)]));
        let order = json!({"kind": "moved", "about": event});
        let ordered = call(&mut host, "POST", &stage.at("/sending/mail"), &order).await;
        let ordered = ordered.with(202).json();
        assert_eq!(ordered["about"], event.as_str());
        let subject = ordered["subject"].as_object().unwrap();
        let body = ordered["body"].as_object().unwrap();
        assert_eq!(subject.len(), body.len());
        assert!(subject.len() >= 5, "{subject:?}");
        for (tag, body) in body {
            let body = body.as_str().unwrap();
            assert!(
                body.contains("2027") && body.contains("{rsvp_link}"),
                "{tag}: {body}"
            );
        }
        assert_eq!(to_tell(stage, &mut host).await, []);
        // Everybody knows it, and may still be asked again.
        let page = host.get(&format!("{HOME}/send/moved/{event}")).await;
        page.expect(200);
        // The mails are not sent in this test.
        stage.expect_work();
    });
}

#[test]
fn what_says_an_older_change_is_not_recorded_for_a_newer_one() {
    on_default(async |stage| {
        change(stage, on("01-16")).await;
        four_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let event = change(stage, on("01-17")).await;
        let waiting = to_tell(stage, &mut host).await;
        let walk = format!("{HOME}/send/walk?kind=moved&about={event}&by=whatsapp");
        let older = host.get(&walk).await.with(200);
        stage.world.clock.advance(SignedDuration::from_secs(1));
        change(stage, on("01-18")).await;
        let mut form = older.form(&format!("{HOME}/send/hand"));
        form.press("sent", "1");
        let done = host.submit(&older, &form).await;
        let next = host.follow(done).await.with(200);
        let meanwhile = stage.say("host-send-begun-meanwhile");
        assert!(next.text().contains(&meanwhile), "{}", next.text());
        assert_eq!(to_tell(stage, &mut host).await, waiting);
    });
}

#[test]
fn an_event_that_is_as_it_was_told_asks_for_nothing() {
    on_default(async |stage| {
        change(stage, on("01-16")).await;
        four_households(stage).await;
        let mut host = stage.public(&stage.owner);
        change(stage, on("01-17")).await;
        change(stage, json!({"capacity": 200})).await;
        assert_eq!(to_tell(stage, &mut host).await.len(), 3);
        change(stage, on("01-16")).await;
        assert_eq!(to_tell(stage, &mut host).await, []);
        // Whoever was told of the day between must hear that it is not true.
        let event = change(stage, on("01-17")).await;
        let id = stage.invitation("RAHMA").await;
        let handed = json!({"kind": "moved", "about": event, "channel": "whatsapp"});
        let at = format!("/api/v1/invitations/id/{id}/handed");
        call(&mut host, "POST", &at, &handed).await.expect(200);
        stage.world.clock.advance(SignedDuration::from_mins(1));
        change(stage, on("01-16")).await;
        assert_eq!(to_tell(stage, &mut host).await.len(), 3);
        // The place alone is news too.
        change(stage, on("01-17")).await;
        change(stage, json!({"venue": "Dewan Baharu"})).await;
        assert_eq!(to_tell(stage, &mut host).await.len(), 3);
        // An event that is over concerns no household.
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 400));
        let left = stage
            .done(|tx, host| Ok(moved::list(tx, host.occasion())?.len()))
            .await;
        assert_eq!(left, 0);
    });
}

#[test]
fn hosts_may_tell_nobody_and_are_reminded_where_they_look() {
    on_default(async |stage| {
        change(stage, on("01-16")).await;
        four_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let event = change(stage, on("01-17")).await;
        let page = format!("{HOME}/send/moved/{event}");
        let shown = host.get(&page).await.with(200);
        let dismissed = host.submit(&shown, &shown.form(&page)).await;
        host.follow(dismissed).await.expect(200);
        let events = host.get(&format!("{HOME}/settings/events")).await.with(200);
        assert!(!events.links().iter().any(|link| link.href == page));
        let ready = host.get(&format!("{HOME}/ready")).await.with(200);
        assert!(ready.links().iter().any(|link| link.href == page));
        assert_eq!(to_tell(stage, &mut host).await.len(), 3, "they still can");
        // A further change asks again.
        change(stage, on("01-18")).await;
        let events = host.get(&format!("{HOME}/settings/events")).await.with(200);
        assert!(events.links().iter().any(|link| link.href == page));
    });
}

#[test]
fn events_that_stay_on_the_day_that_another_leaves_are_named() {
    on_default(async |stage| {
        for key in ["reception", "nikah"] {
            change_of(stage, key, on("01-16")).await;
        }
        four_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let events = format!("{HOME}/settings/events");
        let asks = "Does it move too?";
        // Another hour of the same day.
        let later = json!({"starts_at": "2027-01-16T13:00:00+08:00"});
        let event = change(stage, later).await;
        let page = format!("{HOME}/send/moved/{event}");
        let shown = host.get(&page).await.with(200);
        assert!(!shown.body.contains(asks), "{}", shown.body);
        change(stage, on("01-17")).await;
        for at in [&events, &page, &format!("{HOME}/send")] {
            let shown = host.get(at).await.with(200);
            assert!(shown.body.contains(asks), "{at}: {}", shown.body);
        }
        change_of(stage, "nikah", on("01-17")).await;
        let shown = host.get(&page).await.with(200);
        assert!(!shown.body.contains(asks), "{}", shown.body);
    });
}

#[test]
fn a_message_about_no_event_that_moved_is_refused() {
    on_default(async |stage| {
        four_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let id = stage.invitation("RAHMA").await;
        let at = format!("/api/v1/invitations/id/{id}/handed");
        let moved = json!({"kind": "moved", "about": "x", "channel": "whatsapp"});
        call(&mut host, "POST", &at, &moved).await.expect(409);
        let about = json!({"kind": "reminder", "about": "x", "channel": "whatsapp"});
        call(&mut host, "POST", &at, &about).await.expect(422);
        let order = json!({"kind": "moved"});
        let campaigns = stage.at("/campaigns");
        call(&mut host, "POST", &campaigns, &order)
            .await
            .expect(422);
    });
}

#[test]
fn the_page_of_who_said_yes_says_what_it_was() {
    on_default(async |stage| {
        change(stage, on("01-16")).await;
        four_households(stage).await;
        let answered = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let answered = sql!("UPDATE reply SET answered_at = 1 WHERE status <> 'pending'");
            tx.run(answered, &[], Rows::Any).map(drop)
        };
        stage.site.store.write(answered).await.unwrap();
        let event = change(stage, on("01-17")).await;
        let mut guest = stage.nobody();
        guest.set_cookie("kd_lang", "en");
        let mut says = async |code: &str| {
            let page = guest.get(&format!("/invite/{code}")).await.with(200);
            let text = page.text();
            text.contains("This has changed since you answered.")
                && text.contains("It was: Saturday, 16 January 2027")
        };
        for (code, expected) in [("RAHMA", true), ("LATE1", false), ("ROSSI", false)] {
            assert_eq!(says(code).await, expected, "{code}");
        }
        // Whoever answers now knows what it is; a further change is news for them too.
        let answers = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let now = tx.now();
            sql!(
                "UPDATE reply SET status = 'yes', answered_at = :now WHERE status = 'no'",
                now
            )
            .run(tx, Rows::Any)?;
            tx.run(
                sql!("UPDATE invitation SET version = version + 1"),
                &[],
                Rows::Any,
            )
            .map(drop)
        };
        stage.world.clock.advance(SignedDuration::from_hours(1));
        stage.site.store.write(answers).await.unwrap();
        assert!(!says("ROSSI").await);
        stage.world.clock.advance(SignedDuration::from_hours(1));
        change(stage, json!({"venue": "Dewan Baharu"})).await;
        let mut rossi = stage.nobody();
        rossi.set_cookie("kd_lang", "en");
        let page = rossi.get("/invite/ROSSI").await.with(200).text();
        let said = "This has changed since you answered.";
        assert!(page.contains(said) && !page.contains("It was:"), "{page}");
        assert!(says("RAHMA").await);
        // Hosts who tell nobody do not tell it here either.
        let dismissed = stage.done(move |tx, host| moved::dismiss(tx, host, &event));
        dismissed.await;
        assert!(!says("RAHMA").await);
    });
}

#[test]
fn whoever_was_invited_or_answered_since_is_not_told() {
    on_default(async |stage| {
        change(stage, on("01-16")).await;
        four_households(stage).await;
        change(stage, on("01-17")).await;
        let mut host = stage.public(&stage.owner);
        assert_eq!(to_tell(stage, &mut host).await.len(), 3);
        stage.world.clock.advance(SignedDuration::from_hours(1));
        let since = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let now = tx.now();
            sql!(
                "UPDATE reply SET answered_at = :now WHERE status = 'yes'",
                now
            )
            .run(tx, Rows::Any)?;
            sql!(
                "UPDATE invitation SET sent_at = :now WHERE code = 'LATE1'",
                now
            )
            .run(tx, Rows::Exactly(1))
            .map(drop)
        };
        stage.site.store.write(since).await.unwrap();
        assert_eq!(to_tell(stage, &mut host).await, []);
    });
}

#[test]
fn a_moved_day_that_concerns_nobody_is_said_to_be_so() {
    on_default(async |stage| {
        four_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let event = change(stage, json!({})).await;
        let address = format!("{HOME}/settings/events/{event}");
        let mut save = async |day: &str| {
            let page = host.get(&address).await.with(200);
            let mut form = page.form(&address);
            form.fill("starts_at", &format!("2027-{day}T12:00"));
            form.fill("ends_at", &format!("2027-{day}T16:00"));
            let done = host.submit(&page, &form).await.with(303);
            host.follow(done).await.with(200).text()
        };
        let nobody = stage.say("host-done-untold");
        let told = save("01-23").await;
        assert!(!told.contains(&*nobody), "{told}");
        assert!(told.contains("Tell them?"), "{told}");
        let declined = sql!("UPDATE reply SET status = 'no' WHERE $1 <> ''");
        stage.run(declined, "all").await;
        let told = save("01-24").await;
        assert!(told.contains(&*nobody), "{told}");
        // What concerns nobody in any case is only saved.
        let told = save("01-24").await;
        assert!(!told.contains(&*nobody), "{told}");
    });
}

#[test]
fn an_event_to_which_people_said_yes_is_not_removed_before_they_can_be_told() {
    on_both(async |stage| {
        four_households(stage).await;
        let event = change(stage, json!({})).await;
        let mut host = stage.public(&stage.owner);
        let address = format!("{HOME}/settings/events/{event}");
        let page = host.get(&address).await.with(200);
        let shown = page.text();
        assert!(
            shown.contains("from 2 households said yes to it."),
            "{shown}"
        );
        assert!(shown.contains(&stage.say("host-cancel-event")), "{shown}");
        let mut form = page.form(&format!("{address}/remove"));
        form.fill("confirm", "reception");
        let done = host.submit(&page, &form).await.with(303);
        assert!(
            done.location()
                .unwrap()
                .contains(&format!("/send/moved/{event}"))
        );
        let told = host.follow(done).await.with(200).text();
        assert!(told.contains("which is cancelled. Tell them?"), "{told}");
        let waiting = all(&[("whatsapp", 1), ("email", 1), ("paper", 1)]);
        assert_eq!(to_tell(stage, &mut host).await, waiting);
        // Once it is cancelled, it can go with its answers, and the page still says how many.
        let page = host.get(&address).await.with(200);
        let shown = page.text();
        assert!(shown.contains("from 2 households said yes to it."));
        // The removal takes away what says whom to tell, so the page says it, and leads there.
        assert!(
            shown.contains("people who said yes have not been told that it is cancelled."),
            "{shown}"
        );
        let tell = page.link(&stage.say("host-event-tell-first"));
        assert_eq!(tell.href, format!("{HOME}/send/moved/{event}"));
        let mut form = page.form(&format!("{address}/remove"));
        form.fill("confirm", "reception");
        host.submit(&page, &form).await.expect(303);
        host.get(&address).await.expect(404);
    });
}
