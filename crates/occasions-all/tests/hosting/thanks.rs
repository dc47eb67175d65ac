//! Tests of thank-yous after the day: what they name, and which gifts they tick off.

use jiff::SignedDuration;
use occasions::hosting::campaign;
use occasions::role::Role;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::Visitor;

use crate::pages::HOME;
use crate::pictures;
use crate::stage::{Stage, call, on_default};

const GIFT: &str = "Six tea glasses";

/// Enters a gift of the household with this code, and returns its id.
async fn gift(stage: &Stage<'_>, host: &mut Visitor, code: &'static str, what: &str) -> String {
    let household = stage.invitation(code).await;
    let entry = json!({"household": household, "description": what});
    let path = stage.at("/received-gifts");
    let entered = call(host, "POST", &path, &entry).await.with(201).json();
    entered["id"].as_str().unwrap().to_owned()
}

async fn is_thanked(stage: &Stage<'_>, host: &mut Visitor, id: &str) -> bool {
    let path = stage.at(&format!("/received-gifts/{id}"));
    host.get(&path).await.with(200).json()["thanked_at"].is_string()
}

/// The households that wait for thanks, by channel.
async fn waiting(stage: &Stage<'_>, host: &mut Visitor) -> Vec<(String, usize)> {
    let found = host.get(&stage.at("/sending")).await.with(200).json();
    let lines = found["thanks"]["lines"].as_array().unwrap().iter();
    let line = |line: &Value| {
        let households = line["households"].as_array().unwrap().len();
        (line["channel"].as_str().unwrap().to_owned(), households)
    };
    lines.map(line).collect()
}

/// Moves the clock to the day after the last event.
fn end(stage: &Stage<'_>) {
    let after = "2027-01-18T04:00:00Z".parse().unwrap();
    stage.world.clock.set(after);
}

#[test]
fn after_the_day_home_says_whom_to_thank() {
    on_default(async |stage| {
        let mut early = stage.public(&stage.owner);
        gift(stage, &mut early, "LATE1", GIFT).await;
        let unthanked = stage.fill(
            "host-ready-unthanked",
            [("count", 1.into()), ("n", 1.into())],
        );
        assert!(!early.get(HOME).await.text().contains(&unthanked));
        end(stage);
        let owner = stage.another("late", Role::OccasionOwner).await;
        let mut host = stage.public(&owner);
        let home = host.get(HOME).await;
        assert!(home.text().contains(&unthanked), "{}", home.text());
        let send = format!("{HOME}/send#thanks");
        assert!(home.links().iter().any(|link| link.href == send));
        let ready = host.get(&stage.at("/ready")).await.with(200).json();
        assert_eq!(ready["is_over"], true);
        assert_eq!(ready["points"][0]["point"], "unthanked");
    });
}

#[test]
fn after_the_day_home_leads_to_thanks_for_all_who_come() {
    on_default(async |stage| {
        let mut early = stage.public(&stage.owner);
        let found = early.get(&stage.at("/sending")).await.with(200).json();
        let to_all = &found["thanks_to_all"];
        let coming = to_all["households"].as_i64().unwrap();
        assert!(coming > 1, "{found}");
        let thank = |n: i64| {
            let values = [("count", n.into()), ("n", n.into())];
            stage.fill("host-ready-unthanked-coming", values)
        };
        assert!(!early.get(HOME).await.text().contains(&thank(coming)));
        end(stage);
        let owner = stage.another("late", Role::OccasionOwner).await;
        let mut host = stage.public(&owner);
        let home = host.get(HOME).await.with(200);
        assert!(home.text().contains(&thank(coming)), "{}", home.text());
        assert!(!home.text().contains(&stage.say("host-ready-over")));
        let page = format!("{HOME}/send/thanks");
        assert!(home.links().iter().any(|link| link.href == page));
        let send = host.get(&format!("{HOME}/send")).await.with(200);
        assert!(send.text().contains(&thank(coming)), "{}", send.text());
        assert_eq!(send.link(&stage.say("host-send-thank")).href, page);
        // The message stands there as a household that gets it reads it.
        let shown = host.get(&page).await.with(200);
        let (_, said) = shown.body.split_once("id=\"message-text\"").unwrap();
        let (said, _) = said.split_once("</p>").unwrap();
        assert!(said.contains("Aisyah"), "{said}");
        assert!(!said.contains('{'), "{said}");
        let reader = to_all["lines"][0]["households"].as_array().unwrap().iter();
        let mut reader = reader.map(|one| one["household"].as_str().unwrap());
        let reads = |name: &str| stage.fill("host-send-as-read", [("household", name.into())]);
        assert!(
            reader.any(|name| shown.text().contains(&reads(name))),
            "{}",
            shown.text()
        );

        // Who waits for thanks for a gift is counted there alone.
        let household = &to_all["lines"][0]["households"][0]["id"];
        let entry = json!({"household": household, "description": GIFT});
        let gifts = stage.at("/received-gifts");
        call(&mut host, "POST", &gifts, &entry).await.expect(201);
        let ready = host.get(&stage.at("/ready")).await.with(200).json();
        let points = ready["points"].as_array().unwrap().iter();
        let point = |one: &Value| {
            let word = one["point"].as_str().unwrap().to_owned();
            (word, one["count"].as_i64().unwrap())
        };
        let expected = [("unthanked", 1), ("unthanked_coming", coming - 1)];
        let expected = expected.map(|(word, n)| (word.to_owned(), n));
        assert_eq!(points.map(point).collect::<Vec<_>>(), expected);
    });
}

#[test]
fn a_mail_names_the_gift_and_the_pictures_and_ticks_the_gift_off() {
    on_default(async |stage| {
        stage.world.expect_jobs(campaign::KIND);
        stage.switch(|switches| switches.uploads = true).await;
        let mut early = stage.public(&stage.owner);
        let given = gift(stage, &mut early, "LATE1", GIFT).await;
        assert_eq!(waiting(stage, &mut early).await, []);
        end(stage);
        let owner = stage.another("late", Role::OccasionOwner).await;
        let mut host = stage.public(&owner);
        let mail = json!({"kind": "thanks"});
        assert_eq!(waiting(stage, &mut host).await, [("email".to_owned(), 1)]);

        // The preview shows a household that gave something. Nothing is in the gallery yet.
        let preview = format!("{HOME}/mail/texts/thanks/preview/page?language=en");
        let page = host.get(&preview).await.with(200);
        assert!(page.text().contains(GIFT), "{}", page.text());
        assert!(!page.body.contains("/gallery"));
        stage.world.expect_jobs(occasions::upload::FILE_JOB);
        let kind = Some("multipart/form-data; boundary=b");
        let body = pictures::form(&[], &[("a.jpg", &pictures::photo(0))]);
        let path = stage.at("/pictures");
        let post = axum::http::Method::POST;
        host.send(post, &path, kind, body.into()).await.expect(201);
        let page = host.get(&preview).await.with(200);
        assert!(page.body.contains("/gallery"));

        let order = stage.at("/sending/mail");
        call(&mut host, "POST", &order, &mail).await.expect(202);
        assert_eq!(waiting(stage, &mut host).await, []);
        assert!(!is_thanked(stage, &mut host, &given).await);
        stage.world.clock.advance(SignedDuration::from_secs(1));
        let later = gift(stage, &mut host, "LATE1", "A lamp").await;
        stage.seconds(&stage.postman(), 5).await;
        let mails = stage.world.mails().await;
        let sent = mails.iter().find(|mail| mail.text.contains(GIFT)).unwrap();
        assert!(sent.text.contains("/gallery"), "{}", sent.text);
        assert!(is_thanked(stage, &mut host, &given).await);
        assert!(!is_thanked(stage, &mut host, &later).await);
        for mail in &mails {
            stage.world.expect_mail(&mail.recipient, &mail.subject);
        }
    });
}

#[test]
fn a_message_names_the_gift_and_is_taken_back_with_its_tick() {
    on_default(async |stage| {
        end(stage);
        let owner = stage.another("late", Role::OccasionOwner).await;
        let mut host = stage.public(&owner);
        let given = gift(stage, &mut host, "RAHMA", GIFT).await;
        let own = gift(stage, &mut host, "RAHMA", "A lamp").await;
        let thanked = stage.at(&format!("/received-gifts/{own}/thanked"));
        let tick = json!({"thanked": true});
        call(&mut host, "PUT", &thanked, &tick).await.expect(200);
        stage.world.clock.advance(SignedDuration::from_secs(1));
        let reach = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let phone = sql!(
                "UPDATE invitation SET phone = '+60 12-345 6789', language = 'en'
                 WHERE code = 'RAHMA'"
            );
            for statement in [phone, sql!("UPDATE occasion SET country = 'MY'")] {
                tx.run(statement, &[], Rows::Any)?;
            }
            Ok(())
        };
        stage.site.store.write(reach).await.unwrap();

        let home = host.get(&format!("{HOME}/send")).await.with(200);
        let words = stage.fill("host-send-unthanked", [("n", 1.into())]);
        assert!(home.text().contains(&words), "{}", home.text());
        let has = |id: &str| home.body.contains(&format!("id=\"{id}\""));
        assert!(has("thanks") && !has("invitations"), "{}", home.body);
        let links = home.links();
        let walk = links.iter().find(|link| link.href.contains("kind=thanks"));
        let at = &walk.unwrap().href;
        // Only who came is thanked for that.
        for (reply, comes) in [
            (sql!("UPDATE reply SET status = 'no'"), false),
            (sql!("UPDATE reply SET status = 'yes'"), true),
        ] {
            let change = move |tx: &mut Tx<'_>| tx.run(reply, &[], Rows::Any);
            stage.site.store.write(change).await.unwrap();
            let walk = host.get(at).await.with(200);
            assert!(walk.text().contains(GIFT), "{}", walk.text());
            assert!(!walk.text().contains("A lamp"));
            let words = stage.say("send-thanks");
            assert_eq!(walk.text().contains(&words), comes, "{}", walk.text());
        }

        let id = stage.invitation("RAHMA").await;
        let handed = format!("/api/v1/invitations/id/{id}/handed");
        let message = json!({"kind": "thanks", "channel": "whatsapp"});
        call(&mut host, "POST", &handed, &message).await.expect(200);
        assert!(is_thanked(stage, &mut host, &given).await);
        assert_eq!(waiting(stage, &mut host).await, []);
        host.header("idempotency-key", "back");
        let back = json!({"kind": "thanks", "channel": "whatsapp", "sent": false});
        call(&mut host, "POST", &handed, &back).await.expect(200);
        assert!(!is_thanked(stage, &mut host, &given).await);
        assert!(is_thanked(stage, &mut host, &own).await, "ticked by hand");
    });
}
