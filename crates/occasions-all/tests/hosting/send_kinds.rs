//! Tests of what hosts write to everybody, by message as well as by mail: news and thanks. Also that
//! nothing is sent to nobody.

use jiff::SignedDuration;
use occasions::hosting::campaign;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{Form, Page, Visitor};

use crate::pages::HOME;
use crate::stage::{Stage, call, on_both, on_default};

/// RAHMA has a mobile telephone and comes, LATE1 has an email address, TANWE has neither, and nobody
/// else is invited.
async fn three_households(stage: &Stage<'_>) {
    let change = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        let all = [
            sql!("UPDATE invitation SET sent_at = 1, phone = NULL, email = NULL"),
            sql!(
                "UPDATE invitation SET archived_at = 1
                 WHERE code NOT IN ('RAHMA', 'LATE1', 'TANWE')"
            ),
            sql!("UPDATE occasion SET country = 'MY'"),
            sql!("UPDATE reply SET status = 'pending'"),
            sql!("UPDATE invitation SET phone = '+60 12-345 6789' WHERE code = 'RAHMA'"),
            sql!("UPDATE invitation SET email = 'late@example.com' WHERE code = 'LATE1'"),
            sql!(
                "UPDATE reply SET status = 'yes' WHERE guest IN
                     (SELECT guest.id FROM guest JOIN invitation ON invitation.id = guest.invitation
                      WHERE code = 'RAHMA')"
            ),
        ];
        for statement in all {
            tx.run(statement, &[], Rows::Any)?;
        }
        Ok(())
    };
    stage.site.store.write(change).await.unwrap();
}

/// The channels of what is to be sent, with their households and what switches them off.
async fn lines(stage: &Stage<'_>, host: &mut Visitor, what: &str) -> Vec<(String, usize, Value)> {
    let found = host.get(&stage.at("/sending")).await.with(200).json();
    let lines = found[what]["lines"].as_array().unwrap().iter();
    let line = |line: &Value| {
        let households = line["households"].as_array().unwrap().len();
        let channel = line["channel"].as_str().unwrap().to_owned();
        (channel, households, line["off"].clone())
    };
    lines.map(line).collect()
}

fn on(channels: &[(&str, usize)]) -> Vec<(String, usize, Value)> {
    let all = channels.iter();
    all.map(|(channel, n)| ((*channel).to_owned(), *n, Value::Null))
        .collect()
}

async fn write(stage: &Stage<'_>, host: &mut Visitor, mut text: Value) {
    let at = stage.at("/mail-texts/news");
    text["version"] = host.get(&at).await.with(200).json()["version"].clone();
    call(host, "PATCH", &at, &text).await.expect(200);
}

/// Follows the page's first link to the walk of the channel.
async fn walk(host: &mut Visitor, page: &Page, channel: &str) -> Page {
    let mut links = page.links().into_iter();
    let by = format!("by={channel}");
    let walk = links.find(|link| link.href.contains("/send/walk") && link.href.contains(&by));
    let walk = walk.unwrap_or_else(|| panic!("no {channel}: {}", page.text()));
    host.get(&walk.href).await.with(200)
}

async fn hand(host: &mut Visitor, turn: &Page) -> Page {
    let mut form = turn.form(&format!("{HOME}/send/hand"));
    form.press("sent", "1");
    let done = host.submit(turn, &form).await;
    host.follow(done).await.with(200)
}

#[test]
fn news_go_by_message_and_by_mail_and_each_household_gets_them_once() {
    on_both(async |stage| {
        three_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let at = format!("{HOME}/send/news");
        // Nothing is written, so nothing can be sent by any way.
        let page = host.get(&at).await.with(200);
        assert!(page.text().contains(&stage.say("host-send-unwritten")));
        assert!(!page.body.contains("/send/walk") && !page.body.contains("/send/mail"));
        let off = lines(stage, &mut host, "news").await;
        assert!(off.iter().all(|(_, _, off)| *off == "no_text"), "{off:?}");
        let rahma = stage.invitation("RAHMA").await;
        let handed = format!("/api/v1/invitations/id/{rahma}/handed");
        let whatsapp = json!({"kind": "news", "channel": "whatsapp"});
        // A program may have sent words of its own, and take that back.
        call(&mut host, "POST", &handed, &whatsapp)
            .await
            .expect(200);
        let unsent = json!({"kind": "news", "channel": "whatsapp", "sent": false});
        call(&mut host, "POST", &handed, &unsent).await.expect(200);
        let order = json!({"kind": "news"});
        let send = stage.at("/sending/mail");
        let refused = call(&mut host, "POST", &send, &order).await.with(409);
        assert_eq!(refused.json()["code"], "sending_off");

        // A message alone leaves by message alone.
        write(
            stage,
            &mut host,
            json!({"message": {"en": "Park behind it, {household}."}}),
        )
        .await;
        let found = lines(stage, &mut host, "news").await;
        assert_eq!(found[1], ("email".to_owned(), 1, json!("no_text")));
        let text = json!({"subject": {"en": "Parking"}, "body": {"en": "Behind the hall."}});
        write(stage, &mut host, text).await;
        let all = on(&[("whatsapp", 1), ("email", 1), ("paper", 1)]);
        assert_eq!(lines(stage, &mut host, "news").await, all);
        let page = host.get(&at).await.with(200);
        let neither = stage.fill("host-by-neither", [("n", 1.into())]);
        assert!(page.text().contains(&neither), "{}", page.text());
        let tanwe = stage.invitation("TANWE").await;
        let tanwe = format!("{HOME}/invites/{tanwe}");
        assert!(page.links().iter().any(|link| link.href == tanwe));
        let reached = stage.fill("host-send-to-reach", [("n", 2.into())]);
        assert!(page.text().contains(&reached), "{}", page.text());

        // The walk is that of other messages, with the way back to its words.
        let turn = walk(&mut host, &page, "whatsapp").await;
        assert!(turn.body.contains("wa.me/60123456789"), "{}", turn.body);
        assert!(!turn.body.contains("value=\"paper\""), "it has no card");
        assert!(
            turn.text()
                .contains("Park behind it, Keluarga Encik Rahman.")
        );
        let words = turn.link(&stage.say("host-send-words")).href;
        assert!(words.starts_with(&format!("{HOME}/mail/texts/news?walk=")));
        let end = hand(&mut host, &turn).await;
        assert!(end.text().contains(&stage.say("host-send-through")));
        let left = on(&[("email", 1), ("paper", 1)]);
        assert_eq!(lines(stage, &mut host, "news").await, left);
        let mut forms = end.forms().into_iter();
        let mut form = forms
            .find(|form| {
                form.fields
                    .iter()
                    .any(|field| field.value == "0" && field.name == "sent")
            })
            .unwrap();
        form.press("sent", "0");
        let back = host.submit(&end, &form).await;
        host.follow(back).await.expect(200);
        assert_eq!(
            lines(stage, &mut host, "news").await,
            all,
            "not sent after all"
        );

        for channel in ["whatsapp", "paper"] {
            let page = host.get(&at).await.with(200);
            let turn = walk(&mut host, &page, channel).await;
            hand(&mut host, &turn).await;
        }
        let ordered = call(&mut host, "POST", &send, &order).await.with(202);
        assert_eq!(ordered.json()["subject"]["en"], "Parking");
        assert_eq!(lines(stage, &mut host, "news").await, []);
        // Whoever corrects a word is told who reads it, and nobody gets it twice.
        let page = host.get(&format!("{HOME}/mail/texts/news")).await.with(200);
        let have = stage.fill("host-send-have-it", [("n", 3.into())]);
        assert!(page.text().contains(&have), "{}", page.text());
        write(
            stage,
            &mut host,
            json!({"body": {"en": "In front of the hall."}}),
        )
        .await;
        assert_eq!(lines(stage, &mut host, "news").await, []);
        let refused = call(&mut host, "POST", &send, &order)
            .await
            .with(409)
            .json();
        assert_eq!(refused["code"], "wrong_state");
        let page = host.get(&at).await.with(200);
        assert!(page.text().contains(&stage.say("host-nobody-news")));

        // A new message begins empty and goes to all.
        stage.world.clock.advance(SignedDuration::from_secs(1));
        let begun = host.submit(&page, &page.form(&at)).await;
        let page = host.follow(begun).await.with(200);
        let form = page.form(&format!("{HOME}/mail/texts/news"));
        assert_eq!(form.value("subject.en"), Some(""));
        write(
            stage,
            &mut host,
            json!({"message": {"en": "The bus is late."}}),
        )
        .await;
        let found = lines(stage, &mut host, "news").await;
        assert_eq!(found.iter().map(|(_, n, _)| n).sum::<usize>(), 3);
        // The mails are not sent in this test.
        stage.expect_work();
    });
}

#[test]
fn a_new_message_begins_in_json_too() {
    on_default(async |stage| {
        three_households(stage).await;
        let mut host = stage.public(&stage.owner);
        write(
            stage,
            &mut host,
            json!({"message": {"en": "The bus is late."}}),
        )
        .await;
        let begin = stage.at("/mail-texts/news/begin");
        let begun = call(&mut host, "POST", &begin, &Value::Null)
            .await
            .with(200);
        assert_eq!(begun.json()["message"], json!({}));
        let other = stage.at("/mail-texts/thanks/begin");
        call(&mut host, "POST", &other, &Value::Null)
            .await
            .expect(404);
        let mut observer = stage.public(&stage.observer);
        call(&mut observer, "POST", &begin, &Value::Null)
            .await
            .expect(403);
    });
}

#[test]
fn what_two_hosts_do_at_once_is_not_recorded_for_the_wrong_message() {
    on_default(async |stage| {
        three_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let parking = json!({"message": {"en": "Park behind it."}});
        write(stage, &mut host, parking).await;
        let at = format!("{HOME}/send/news");
        let page = host.get(&at).await.with(200);
        let old = walk(&mut host, &page, "whatsapp").await;
        stage.world.clock.advance(SignedDuration::from_secs(1));
        let begin = stage.at("/mail-texts/news/begin");
        call(&mut host, "POST", &begin, &Value::Null)
            .await
            .expect(200);
        let bus = json!({"message": {"en": "The bus is late."}});
        write(stage, &mut host, bus).await;
        let next = hand(&mut host, &old).await;
        let meanwhile = stage.say("host-send-begun-meanwhile");
        assert!(next.text().contains(&meanwhile), "{}", next.text());
        let waits = |lines: Vec<(String, usize, Value)>| {
            let mut lines = lines.into_iter();
            lines.any(|(channel, _, _)| channel == "whatsapp")
        };
        assert!(waits(lines(stage, &mut host, "news").await));
        let turn = walk(&mut host, &page, "whatsapp").await;
        hand(&mut host, &turn).await;
        assert!(!waits(lines(stage, &mut host, "news").await));
        // Nobody mails or begins another message over one that is not what the page showed.
        let text = json!({"subject": {"en": "The bus"}, "body": {"en": "It is late."}});
        write(stage, &mut host, text).await;
        let mail = format!("{HOME}/send/mail");
        let mails = host.get(&format!("{mail}?kind=news")).await.with(200);
        let page = host.get(&at).await.with(200);
        let early = json!({"message": {"en": "The bus is early."}});
        write(stage, &mut host, early).await;
        let mailed = host.submit(&mails, &mails.form(&mail)).await;
        let rewritten = host.follow(mailed).await.with(200);
        let words = stage.say("host-send-rewritten");
        assert!(rewritten.text().contains(&words), "{}", rewritten.text());
        let begun = host.submit(&page, &page.form(&at)).await;
        let page = host.follow(begun).await.with(200);
        let meanwhile = stage.say("host-send-changed-meanwhile");
        assert!(page.text().contains(&meanwhile), "{}", page.text());
        assert!(page.text().contains("The bus is early."), "{}", page.text());
    });
}

#[test]
fn what_was_handed_is_taken_back_on_a_page_that_has_sent_another_form() {
    on_default(async |stage| {
        three_households(stage).await;
        let phone = sql!("UPDATE invitation SET phone = '+60 12-345 6780' WHERE code = 'LATE1'");
        let change = move |tx: &mut Tx<'_>| tx.run(phone, &[], Rows::Exactly(1));
        stage.site.store.write(change).await.unwrap();
        let mut host = stage.public(&stage.owner);
        let parking = json!({"message": {"en": "Park behind it."}});
        write(stage, &mut host, parking).await;
        let page = host.get(&format!("{HOME}/send/news")).await.with(200);
        let first = walk(&mut host, &page, "whatsapp").await;
        let second = hand(&mut host, &first).await;
        let is_back = |form: &Form| {
            let mut fields = form.fields.iter();
            fields.any(|field| field.name == "sent" && field.value == "0")
        };
        let at = format!("{HOME}/send/hand");
        let of_walk = second.forms().into_iter().filter(|form| form.action == at);
        let (mut back, mut forth): (Vec<Form>, Vec<Form>) = of_walk.partition(is_back);
        forth[0].press("sent", "1");
        host.submit(&second, &forth[0]).await.expect(303);
        assert_eq!(lines(stage, &mut host, "news").await.len(), 1, "paper");
        // The host goes back to the page on which the second household was, and takes the first back.
        back[0].press("sent", "0");
        let done = host.submit(&second, &back[0]).await;
        host.follow(done).await.expect(200);
        let left = on(&[("whatsapp", 1), ("paper", 1)]);
        assert_eq!(lines(stage, &mut host, "news").await, left);
    });
}

#[test]
fn news_have_no_card_even_if_paper_comes_first() {
    on_default(async |stage| {
        three_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let text = json!({
            "subject": {"en": "Parking"}, "body": {"en": "Behind it."},
        });
        write(stage, &mut host, text).await;
        let order = json!({"channels": ["paper"]});
        let at = stage.at("/sending/order");
        call(&mut host, "PUT", &at, &order).await.expect(200);
        let all = on(&[("paper", 1), ("whatsapp", 1), ("email", 1)]);
        assert_eq!(lines(stage, &mut host, "news").await, all);
    });
}

#[test]
fn news_without_a_message_say_the_text_of_the_mail() {
    on_default(async |stage| {
        three_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let body = json!({"en": "Behind the hall.", "ms": "Di belakang dewan."});
        write(stage, &mut host, json!({"body": body})).await;
        let page = host.get(&format!("{HOME}/send/news")).await.with(200);
        let turn = walk(&mut host, &page, "whatsapp").await;
        // The greeting and the names of the hosts stand around it, in the household's language.
        let bubble = turn.text();
        assert!(bubble.contains("Di belakang dewan."), "{bubble}");
        assert!(bubble.contains("Keluarga Encik Rahman"), "{bubble}");
        assert!(bubble.contains("Aisyah"), "{bubble}");
    });
}

#[test]
fn thanks_go_by_message_to_all_who_come() {
    on_default(async |stage| {
        three_households(stage).await;
        let mut host = stage.public(&stage.owner);
        assert_eq!(
            lines(stage, &mut host, "thanks").await,
            [],
            "nobody gave a gift"
        );
        let all = on(&[("whatsapp", 1)]);
        assert_eq!(lines(stage, &mut host, "thanks_to_all").await, all);
        // Before the day, thanks are not offered, and whoever opens the page reads that it is early.
        let send = host.get(&format!("{HOME}/send")).await.with(200);
        assert!(!send.body.contains("/send/thanks"));
        let page = host.get(&format!("{HOME}/send/thanks")).await.with(200);
        let early = stage.say("host-send-thank-early");
        assert!(page.text().contains(&early), "{}", page.text());
        let turn = walk(&mut host, &page, "whatsapp").await;
        assert!(turn.body.contains("wa.me/60123456789"), "{}", turn.body);
        hand(&mut host, &turn).await;
        assert_eq!(lines(stage, &mut host, "thanks_to_all").await, []);
        let at = format!("{HOME}/send/thanks");
        let page = host.get(&at).await.with(200);
        assert!(
            page.text().contains(&stage.say("host-nobody-thanked")),
            "{}",
            page.text()
        );
        assert!(!page.body.contains("/send/walk"));
        let order = json!({"kind": "thanks", "about": "everybody"});
        let refused = call(&mut host, "POST", &stage.at("/sending/mail"), &order).await;
        assert_eq!(refused.with(409).json()["code"], "wrong_state");
        let form = [("kind", "thanks"), ("about", "everybody"), ("query", "")];
        let refused = host.post(&format!("{HOME}/send/mail"), &form).await;
        let why = stage.say("problem-nobody-to-reach");
        assert!(refused.with(409).text().contains(&why));

        let nobody = sql!("UPDATE reply SET status = 'no'");
        let change = move |tx: &mut Tx<'_>| tx.run(nobody, &[], Rows::Any);
        stage.site.store.write(change).await.unwrap();
        let page = host.get(&at).await.with(200);
        assert!(
            page.text().contains(&stage.say("host-nobody-comes")),
            "{}",
            page.text()
        );
    });
}

#[test]
fn nothing_is_sent_to_nobody_and_the_page_says_why() {
    on_default(async |stage| {
        stage.world.expect_jobs(campaign::KIND);
        three_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let send = stage.at("/sending/mail");
        // All have their invitation, and LATE1 alone has an address.
        for (kind, why) in [
            ("invitation", "host-nobody-invited"),
            ("moved", "host-nobody-told"),
            ("thanks", "host-nobody-not-over"),
        ] {
            let order = json!({"kind": kind});
            let refused = call(&mut host, "POST", &send, &order)
                .await
                .with(409)
                .json();
            assert_eq!(refused["code"], "wrong_state", "{kind}");
            for way in ["mail?", "walk?by=whatsapp&"] {
                let page = host.get(&format!("{HOME}/send/{way}kind={kind}")).await;
                let page = page.with(200).text();
                assert!(page.contains(&stage.say(why)), "{kind}: {page}");
            }
        }
        let page = host.get(&format!("{HOME}/send")).await.with(200).text();
        assert!(page.contains(&stage.say("host-nobody-invited")), "{page}");
        let print = format!("{HOME}/send/print");
        host.post(&print, &[("query", "")]).await.expect(409);

        // A mail to chosen households needs one that can get it.
        let order = json!({"kind": "save_the_date", "audience": {"email": false}});
        let campaigns = stage.at("/campaigns");
        let refused = call(&mut host, "POST", &campaigns, &order)
            .await
            .with(409)
            .json();
        assert_eq!(refused["code"], "nobody_to_reach");
        // Who gets a later one is decided then, and a program may remind nobody.
        let later = stage.world.clock.now() + SignedDuration::from_hours(1);
        let order = json!({
            "kind": "save_the_date", "audience": {"email": false}, "send_at": later.to_string(),
        });
        call(&mut host, "POST", &campaigns, &order)
            .await
            .expect(202);
        let remind = json!({"filter": {"tag": "Nobody"}});
        call(&mut host, "POST", "/api/email/reminder", &remind)
            .await
            .expect(202);
        let button = stage.fill("host-mail-send-n", [("n", 0.into())]);
        for (query, why) in [
            ("email=no", "host-nobody-address"),
            ("tag=Nobody", "host-nobody-match"),
        ] {
            let new = format!("{HOME}/mail/new?kind=save_the_date&{query}");
            let page = host.get(&new).await.with(200);
            assert!(page.text().contains(&stage.say(why)), "{}", page.text());
            assert!(!page.text().contains(&button), "{}", page.text());
            let later = stage.say("host-mail-order-later");
            assert!(page.text().contains(&later), "{}", page.text());
        }
        let one = host
            .get(&format!("{HOME}/mail/new?kind=save_the_date"))
            .await;
        let button = stage.fill("host-mail-send-n", [("n", 1.into())]);
        assert!(one.text().contains(&button), "{}", one.text());
        // Whoever has the page open meanwhile is refused in the same place.
        let gone = sql!("UPDATE invitation SET email = NULL");
        let change = move |tx: &mut Tx<'_>| tx.run(gone, &[], Rows::Any);
        stage.site.store.write(change).await.unwrap();
        let refused = host.submit(&one, &one.form(&format!("{HOME}/mail"))).await;
        let why = stage.say("problem-nobody-to-reach");
        assert!(refused.with(409).text().contains(&why));
    });
}

#[test]
fn nobody_can_be_reminded_before_there_are_invitations() {
    on_default(async |stage| {
        three_households(stage).await;
        let unsent = sql!("UPDATE invitation SET sent_at = NULL");
        let change = move |tx: &mut Tx<'_>| tx.run(unsent, &[], Rows::Any);
        stage.site.store.write(change).await.unwrap();
        let mut host = stage.public(&stage.owner);
        let page = host.get(&format!("{HOME}/send")).await.with(200).text();
        assert!(
            page.contains(&stage.say("host-nobody-not-invited")),
            "{page}"
        );
    });
}

#[test]
fn a_missing_text_is_named_by_its_own_field() {
    on_default(async |stage| {
        three_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let new = format!("{HOME}/mail/new?kind=news");
        let page = host.get(&new).await.with(200);
        assert!(page.text().contains(&stage.say("host-mail-unwritten")));
        let form = page.form(&format!("{HOME}/mail"));
        let refused = host.submit(&page, &form).await.with(422);
        let missing = stage.say("problem-text-missing");
        for label in ["host-mail-subject", "host-mail-body"] {
            let words = format!("{}: {missing}", stage.say(label));
            assert!(refused.text().contains(&words), "{}", refused.text());
        }
        let wrong = stage.say("host-field-kind");
        assert!(!refused.text().contains(&wrong), "{}", refused.text());
    });
}

#[test]
fn a_walk_shows_the_link_as_whatsapp_will() {
    on_default(async |stage| {
        crate::sending::only_four(stage).await;
        let mut host = stage.public(&stage.coordinator);
        let card = async |host: &mut Visitor, channel: &str| {
            let walk = format!("{HOME}/send/walk?kind=invitation&by={channel}");
            let page = host.get(&walk).await.with(200);
            let (_, rest) = page.body.split_once("<span class=\"link-card\">")?;
            Some(rest.split_once("</span></span>").unwrap().0.to_owned())
        };
        let shown = card(&mut host, "whatsapp").await.unwrap();
        assert!(shown.contains("<img src=\"/"), "{shown}");
        for words in ["Aisyah", "2027", "wedding.example"] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        assert_eq!(card(&mut host, "paper").await, None);
    });
}

#[test]
fn the_button_of_a_walk_stays_in_view_on_a_small_telephone() {
    on_default(async |stage| {
        crate::sending::only_four(stage).await;
        let mut host = stage.public(&stage.owner);
        let walk = format!("{HOME}/send/walk?by=whatsapp");
        let page = host.get(&walk).await.with(200);
        let (_, bar) = page.body.split_once("class=\"go-on\"").unwrap();
        let (bar, _) = bar.split_once("</form>").unwrap();
        // The bar covers part of the message, so it has only what is pressed for every household.
        assert!(
            bar.contains("wa.me/") && bar.contains("name=\"sent\""),
            "{bar}"
        );
        for other in ["name=\"has\"", "name=\"channel\""] {
            assert!(!bar.contains(other) && page.body.contains(other), "{other}");
        }
        // 640 pixels are 40rem; only where the bar would cover the page, it does not stay.
        let styles = include_str!("../../../web/assets/host.css");
        let scrolls = styles
            .lines()
            .filter(|line| line.contains(".go-on { position: static"));
        for line in scrolls {
            assert!(line.contains("(max-height: 20rem)"), "{line}");
        }
    });
}
