//! Tests of sending: what is to be sent and by which channel, what stands in the way, the walk
//! through the households of a channel, and the message to each.

use occasions::hosting::invitations;
use occasions::hosting::occasions as occasion_settings;
use occasions::words::{OccasionStatus, Tone};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor};
use web::Language;

use crate::pages::HOME;
use crate::parts::sent;
use crate::stage::{Stage, call, on_both, on_default};

const SEND: &str = "/admin/o/aisyah-daniel/send";
const HAND: &str = "/admin/o/aisyah-daniel/send/hand";

/// Leaves four households unsent: one for each channel of Malaysia's order.
pub(crate) async fn only_four(stage: &Stage<'_>) {
    let change = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        let all = [
            sql!(
                "UPDATE invitation SET sent_at = 1, phone = NULL, email = NULL,
                     last_opened_at = NULL"
            ),
            sql!("UPDATE occasion SET country = 'MY'"),
            sql!(
                "UPDATE invitation SET sent_at = NULL, email = 'a@example.com',
                      phone = '+60 12-345 6789' WHERE code = 'RAHMA'"
            ),
            sql!(
                "UPDATE invitation SET sent_at = NULL, phone = '+60 12-345 6781'
                  WHERE code = 'ROSSI'"
            ),
            sql!(
                "UPDATE invitation SET sent_at = NULL, email = 'late@example.com'
                  WHERE code = 'LATE1'"
            ),
            sql!("UPDATE invitation SET sent_at = NULL WHERE code = 'TANWE'"),
        ];
        for statement in all {
            tx.run(statement, &[], Rows::Any)?;
        }
        Ok(())
    };
    stage.site.store.write(change).await.unwrap();
}

/// What JSON says is still to be sent: each channel with the number of its households and what
/// switches it off.
async fn lines(stage: &Stage<'_>, host: &mut Visitor, kind: &str) -> Vec<(String, usize, Value)> {
    let found = host.get(&stage.at("/sending")).await.with(200).json();
    let lines = found[kind]["lines"].as_array().unwrap().iter();
    lines
        .map(|line| {
            let households = line["households"].as_array().unwrap();
            let channel = line["channel"].as_str().unwrap().to_owned();
            (channel, households.len(), line["off"].clone())
        })
        .collect()
}

fn all_on(channels: &[(&str, usize)]) -> Vec<(String, usize, Value)> {
    let all = channels.iter();
    all.map(|(channel, n)| ((*channel).to_owned(), *n, Value::Null))
        .collect()
}

/// Presses a button of the page's form for the household, and follows the redirect.
async fn press(host: &mut Visitor, page: &Page, name: &str, value: &str) -> Page {
    let offers = |form: &testkit::Form| {
        let mut fields = form.fields.iter();
        fields.any(|field| field.name == name && field.value == value)
    };
    let mut forms = page.forms().into_iter();
    let mut form = forms
        .find(|form| form.action == HAND && offers(form))
        .unwrap();
    form.press(name, value);
    let done = host.submit(page, &form).await;
    done.expect(303);
    host.follow(done).await.with(200)
}

async fn sent_at(stage: &Stage<'_>, code: &'static str) -> Option<i64> {
    let look = move |tx: &mut Tx<'_>| -> Result<(Option<i64>,), StoreError> {
        sql!("SELECT sent_at FROM invitation WHERE code = :code", code).one(tx)
    };
    stage.site.store.read(look).await.unwrap().0
}

#[test]
fn each_household_stands_in_one_row_and_the_walk_leads_through_it() {
    on_both(async |stage| {
        only_four(stage).await;
        let mut host = stage.public(&stage.coordinator);
        let rows = lines(stage, &mut host, "invitations").await;
        assert_eq!(rows, all_on(&[("whatsapp", 2), ("email", 1), ("paper", 1)]));
        let page = host.get(SEND).await.with(200);
        for (id, n) in [
            ("host-by-whatsapp", 2),
            ("host-by-email", 1),
            ("host-by-paper", 1),
        ] {
            let words = stage.fill(id, [("n", n.into())]);
            assert!(page.text().contains(&words), "{words}: {}", page.text());
        }
        let start = page
            .links()
            .into_iter()
            .find(|link| link.href.contains("by=whatsapp"));
        let first = host.get(&start.unwrap().href).await.with(200);
        let of = stage.fill("host-by-whatsapp", [("n", 2.into())]);
        let progress = stage.fill("host-send-progress", [("n", 1.into()), ("of", of.into())]);
        assert!(first.text().contains(&progress), "{}", first.text());
        let shown = |page: &Page| {
            let codes = [("RAHMA", "60123456789"), ("ROSSI", "60123456781")];
            let links = |number: &str| page.body.contains(&format!("https://wa.me/{number}?text="));
            let found = codes.into_iter().find(|(_, number)| links(number));
            found.map(|(code, _)| code)
        };
        let one = shown(&first).unwrap();
        // Later shows the other household, and afterwards the first one again.
        let later = first.link(&stage.say("host-send-skip")).href;
        let second = host.get(&later).await;
        let other = shown(&second).unwrap();
        assert_ne!(one, other);
        let again = host
            .get(&second.link(&stage.say("host-send-skip")).href)
            .await;
        assert_eq!(shown(&again), Some(one));
        let next = press(&mut host, &again, "sent", "1").await;
        assert_eq!(shown(&next), Some(other));
        assert!(sent_at(stage, one).await.is_some());
        let back = press(&mut host, &next, "sent", "0").await;
        assert_eq!(shown(&back), Some(one));
        assert_eq!(sent_at(stage, one).await, None);
        let next = press(&mut host, &back, "has", "1").await;
        assert_eq!(shown(&next), Some(other));
        let end = press(&mut host, &next, "sent", "1").await;
        assert!(
            end.text().contains(&stage.say("host-send-through")),
            "{}",
            end.text()
        );
        let rows = lines(stage, &mut host, "invitations").await;
        let left: Vec<&str> = rows.iter().map(|(channel, ..)| channel.as_str()).collect();
        assert_eq!(left, ["email", "paper"]);
        // The household's page says by which channel.
        let id = stage.invitation(other).await;
        let page = host.get(&format!("{HOME}/invites/{id}")).await;
        assert!(page.text().contains(&stage.say("host-channel-whatsapp")));
    });
}

#[test]
fn another_order_and_another_way_move_households() {
    on_default(async |stage| {
        only_four(stage).await;
        let mut host = stage.public(&stage.coordinator);
        let order = stage.at("/sending/order");
        let email = json!({"channels": ["email"]});
        let said = call(&mut host, "PUT", &order, &email)
            .await
            .with(200)
            .json();
        assert_eq!(
            said["channels"],
            json!(["email", "whatsapp", "sms", "paper"])
        );
        let rows = lines(stage, &mut host, "invitations").await;
        assert_eq!(rows, all_on(&[("email", 2), ("whatsapp", 1), ("paper", 1)]));
        let wrong = json!({"channels": ["sms", "sms", "other"]});
        let refused = call(&mut host, "PUT", &order, &wrong).await.with(422);
        let found = testkit::errors(&refused);
        assert_eq!(found.len(), 2, "{found:?}");
        // One household takes another way.
        let page = host.get(&format!("{SEND}/walk?by=whatsapp")).await;
        let mut form = page.form("/admin/o/aisyah-daniel/send/way");
        form.press("channel", "sms");
        let moved = host.submit(&page, &form).await;
        host.follow(moved).await.expect(200);
        let rows = lines(stage, &mut host, "invitations").await;
        let names: Vec<&str> = rows.iter().map(|(channel, ..)| channel.as_str()).collect();
        assert_eq!(names, ["email", "sms", "paper"]);
    });
}

#[test]
fn what_stands_in_the_way_switches_rows_off_and_refuses_to_send() {
    on_default(async |stage| {
        only_four(stage).await;
        let id = stage.invitation("RAHMA").await;
        let handed = format!("/api/v1/invitations/id/{id}/handed");
        let whatsapp = json!({"kind": "invitation", "channel": "whatsapp"});
        let mail = json!({"kind": "invitation"});
        let off = |rows: &[(String, usize, Value)]| -> Vec<Value> {
            rows.iter().map(|(_, _, off)| off.clone()).collect()
        };
        // The tests' site is on this machine.
        let mut host = stage.visitor(&stage.owner);
        let rows = lines(stage, &mut host, "invitations").await;
        assert_eq!(off(&rows), ["private_address"; 3]);
        let refused = call(&mut host, "POST", &handed, &whatsapp)
            .await
            .with(409)
            .json();
        assert_eq!(refused["code"], "sending_off");
        let campaigns = call(&mut host, "POST", &stage.at("/campaigns"), &mail).await;
        assert_eq!(campaigns.with(409).json()["code"], "sending_off");
        let page = host.get(SEND).await.text();
        assert!(page.contains(&stage.say("host-block-address")), "{page}");
        assert!(!page.contains(&stage.say("host-send-start")), "{page}");

        let mut host = stage.site_at("wedding.example", false, &stage.owner);
        let rows = lines(stage, &mut host, "invitations").await;
        assert_eq!(
            off(&rows),
            [Value::Null, json!("no_mail_server"), Value::Null]
        );
        let send = stage.at("/sending/mail");
        let refused = call(&mut host, "POST", &send, &mail).await.with(409).json();
        assert_eq!(refused["code"], "sending_off");

        let mut host = stage.public(&stage.owner);
        stage.status(OccasionStatus::Draft).await;
        let rows = lines(stage, &mut host, "invitations").await;
        assert_eq!(off(&rows), [Value::Null, json!("draft"), Value::Null]);
        let refused = call(&mut host, "POST", &handed, &whatsapp)
            .await
            .with(409)
            .json();
        assert_eq!(refused["code"], "occasion_not_published");
        let asked = host.get(&format!("{SEND}/walk?by=whatsapp")).await;
        assert!(!asked.body.contains("wa.me"), "{}", asked.body);
        let anyway = host
            .get(&asked.link(&stage.say("host-ask-draft")).href)
            .await;
        assert!(anyway.body.contains("wa.me"), "{}", anyway.text());
        press(&mut host, &anyway, "sent", "1").await;
        let sent = [sent_at(stage, "RAHMA").await, sent_at(stage, "ROSSI").await];
        assert_eq!(
            sent.into_iter().flatten().count(),
            1,
            "the first of the two"
        );

        stage.status(OccasionStatus::Closed).await;
        let rows = lines(stage, &mut host, "reminders").await;
        assert!(!rows.is_empty());
        assert!(rows.iter().all(|(_, _, off)| *off == "closed"), "{rows:?}");
    });
}

#[test]
fn a_printed_card_is_sent_only_when_it_is_handed_over() {
    on_default(async |stage| {
        only_four(stage).await;
        let mut host = stage.public(&stage.coordinator);
        let print = "/admin/o/aisyah-daniel/send/print";
        let page = host.get(SEND).await;
        let printed = host.submit(&page, &page.form(print)).await;
        let sheet = host.follow(printed).await.with(200);
        assert_eq!(sheet.body.matches("<article").count(), 1);
        assert!(!sheet.body.contains("test-sheet"));
        assert_eq!(sent_at(stage, "TANWE").await, None);
        let page = host.get(SEND).await;
        let mut form = page.form(print);
        form.press("over", "1");
        let over = host.submit(&page, &form).await;
        host.follow(over).await.expect(200);
        assert!(sent_at(stage, "TANWE").await.is_some());
    });
}

#[test]
fn whoever_was_reminded_by_message_is_left_alone_for_a_day() {
    on_default(async |stage| {
        only_four(stage).await;
        let change =
            |tx: &mut Tx<'_>| tx.run(sql!("UPDATE invitation SET sent_at = 1"), &[], Rows::Any);
        stage.site.store.write(change).await.unwrap();
        let mut host = stage.public(&stage.coordinator);
        let found = host.get(&stage.at("/sending")).await.json();
        let count = found["reminders"]["households"].as_u64().unwrap();
        let line = &found["reminders"]["lines"][0];
        let id = line["households"][0]["id"].as_str().unwrap();
        let reminder = json!({"kind": "reminder", "channel": "whatsapp"});
        let handed = format!("/api/v1/invitations/id/{id}/handed");
        call(&mut host, "POST", &handed, &reminder)
            .await
            .expect(200);
        let later = host.get(&stage.at("/sending")).await.json();
        assert_eq!(later["reminders"]["households"], count - 1);
        assert_eq!(later["reminded"], 1);
        stage
            .world
            .clock
            .advance(jiff::SignedDuration::from_hours(25));
        let next = host.get(&stage.at("/sending")).await.json();
        assert_eq!(next["reminders"]["households"], count);
        assert_eq!(next["reminded"], 0);
    });
}

/// Follows the first link whose address ends so, and counts the press.
async fn go(host: &mut Visitor, page: &Page, end: &str, presses: &mut usize) -> Page {
    let links = page.links().into_iter();
    let link = links
        .into_iter()
        .find(|link| link.href.split('?').next().unwrap().ends_with(end));
    let link = link.unwrap_or_else(|| panic!("no link to {end}: {:?}", page.links()));
    *presses += 1;
    host.get(&link.href).await.with(200)
}

#[test]
fn from_the_card_to_the_first_invitation_it_takes_eight_presses_at_most() {
    on_default(async |stage| {
        let mut owner = stage.public(&stage.stranger);
        owner.set_cookie("kd_zone", "Asia/Kuala_Lumpur");
        let new = owner.get("/admin/new").await;
        let mut form = new.form("/admin/new");
        for (name, value) in [
            ("first", "Nurul"),
            ("second", "Wei Ming"),
            ("day", "2027-01-16"),
        ] {
            form.fill(name, value);
        }
        owner.submit(&new, &form).await.expect(303);
        let home = "/admin/o/nurul-wei-ming";
        let mut presses = 0;
        let card = owner.get(home).await.with(200);
        let page = go(&mut owner, &card, "/invites/new", &mut presses).await;
        let mut form = page.form(&format!("{home}/invites/new"));
        form.fill("household", "Keluarga Ramli")
            .fill("guests", "Ramli bin Daud")
            .fill("phone", "+60 12-345 6789");
        presses += 1;
        let made = owner.submit(&page, &form).await;
        let page = owner.follow(made).await.with(200);
        // The strip of a draft has the button that publishes it.
        let publish = page.form(&format!("{home}/settings/state"));
        presses += 1;
        let published = owner.submit(&page, &publish).await;
        let page = owner.follow(published).await.with(200);
        let page = go(&mut owner, &page, "/menu/send", &mut presses).await;
        let page = go(&mut owner, &page, "nurul-wei-ming/send", &mut presses).await;
        let page = go(&mut owner, &page, "/send/walk", &mut presses).await;
        // Opening WhatsApp is a press, and so is saying that it was sent.
        assert!(
            page.body.contains("https://wa.me/60123456789?text="),
            "{}",
            page.body
        );
        presses += 2;
        let mut form = page.form(&format!("{home}/send/hand"));
        form.press("sent", "1");
        let sent = owner.submit(&page, &form).await;
        sent.expect(303);
        assert!(presses <= 8, "{presses} presses");
    });
}

#[test]
fn observers_are_offered_nothing_to_send() {
    on_default(async |stage| {
        let mut observer = stage.visitor(&stage.observer);
        observer.get(SEND).await.expect(403);
        let id = stage.invitation("RAHMA").await;
        for page in ["/invites".to_owned(), format!("/invites/{id}")] {
            let page = observer.get(&format!("{HOME}{page}")).await;
            page.expect(200);
            assert!(
                !page.body.contains("wa.me") && !page.body.contains(SEND),
                "{}",
                page.body
            );
        }
    });
}

#[test]
fn a_number_that_cannot_be_read_is_kept_and_its_page_says_so() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut owner = stage.visitor(&stage.owner);
        for (typed, is_read, whatsapp) in [
            ("012-345 6789", true, "https://wa.me/60123456789?text="),
            ("ask Mei 12", false, "https://wa.me/?text="),
        ] {
            let of = id.clone();
            stage
                .done(move |tx, host| {
                    let seen = occasions::hosting::portals::load(tx, host, &of)?;
                    let version = seen.household.invitation.version;
                    let change = sent(json!({ "phone": typed }));
                    invitations::change(tx, host, &of, version, &change).map(drop)
                })
                .await;
            let page = owner.get(&format!("{HOME}/invites/{id}")).await;
            let unread = "number cannot be read. It is kept as you typed it. Write it with the country’s code, such as +60 ";
            assert_eq!(page.text().contains(unread), !is_read, "{typed}");
            assert!(page.body.contains(typed));
            let links = page.links();
            assert!(links.iter().any(|link| link.href.starts_with(whatsapp)));
        }
    });
}

#[test]
fn a_message_is_in_the_household_s_language_and_in_the_occasion_s_tone() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut owner = stage.visitor(&stage.owner);
        for tone in Tone::ALL {
            let word = tone.word();
            stage
                .done(move |tx, host| {
                    let old = occasion_settings::load(tx, host)?;
                    let change = json!({ "tone": word }).into();
                    occasion_settings::change(tx, host, old.version, &change).map(drop)
                })
                .await;
            for tag in ["ms", "en", "it", "zh-Hans", "ar"] {
                let of = id.clone();
                stage
                    .done(move |tx, host| {
                        let seen = occasions::hosting::portals::load(tx, host, &of)?;
                        let version = seen.household.invitation.version;
                        let change = sent(json!({ "language": tag, "phone": "+60 12-345 6789" }));
                        invitations::change(tx, host, &of, version, &change).map(drop)
                    })
                    .await;
                let page = owner.get(&format!("{HOME}/invites/{id}")).await;
                let text = stage.site.catalogue.speak(&Language::of(tag));
                let shown = page.text();
                let link = page
                    .links()
                    .into_iter()
                    .find(|link| link.text.contains("?k="));
                let link = link.unwrap().href;
                for part in [
                    text.with("send-link", [("link", link.as_str().into())]),
                    text.with("send-code", [("code", "RAHMA".into())]),
                ] {
                    assert!(
                        shown.contains(&part),
                        "{tag} {word}: {part} is not in {shown}"
                    );
                }
                let rest = text.with(&format!("send-invite-{word}"), [("hosts", "|".into())]);
                let rest = rest.split('|').max_by_key(|part| part.len()).unwrap();
                assert!(
                    shown.contains(rest.trim()),
                    "{tag} {word}: {rest} is not in {shown}"
                );
                let ways = [
                    "https://wa.me/60123456789?text=",
                    "sms:+60123456789?body=",
                    "mailto:rahman@example%2Ecom?subject=",
                ];
                for way in ways {
                    let link = page
                        .links()
                        .into_iter()
                        .find(|link| link.href.starts_with(way));
                    assert!(
                        link.is_some_and(|link| link.href.contains("RAHMA%3Fk%3D")),
                        "{way}"
                    );
                }
            }
        }
        assert_eq!(stage.site.catalogue.missing(), [""; 0]);
    });
}

/// A query with the way through the households.
fn walk_of(way: &str) -> String {
    format!("walk={}", way.replace('=', "%3D").replace('&', "%26"))
}

#[test]
fn hosts_hand_over_a_message_in_their_own_words() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        let invitation = stage.invitation("RAHMA").await;
        let walk = async |host: &mut Visitor| {
            let page = host.get(&format!("{HOME}/invites/{invitation}")).await;
            page.with(200)
        };
        let own = async |host: &mut Visitor, message: Value, status: u16| {
            let at = stage.at("/mail-texts/invitation");
            let version = host.get(&at).await.with(200).json()["version"].clone();
            let change = json!({"message": message, "version": version});
            call(host, "PATCH", &at, &change).await.with(status)
        };
        let built_in = walk(&mut host).await;
        // In a language without own words, the built-in message stays.
        own(&mut host, json!({"en": "Come! {rsvp_link}"}), 200).await;
        assert_eq!(walk(&mut host).await.text(), built_in.text());
        let words = "Assalamualaikum {household}\n{gift}\nDatanglah.";
        own(&mut host, json!({"ms": words}), 200).await;
        let page = walk(&mut host).await;
        let message = "Assalamualaikum Keluarga Encik Rahman\nDatanglah.\n\nhttp";
        assert!(page.body.contains(message), "{}", page.body);
        assert!(
            page.body.contains("/invite/RAHMA?k="),
            "the link stands at the end"
        );
        let refused = own(&mut host, json!({"ms": "{rsvp_lnk}"}), 422)
            .await
            .json();
        assert_eq!(refused["errors"][0]["code"], "placeholder_unknown");
        // The date alone leaves by mail alone, so it has no such message.
        let at = stage.at("/mail-texts/save_the_date");
        let version = host.get(&at).await.with(200).json()["version"].clone();
        let date = json!({"message": {"ms": "x"}, "version": version});
        call(&mut host, "PATCH", &at, &date).await.expect(422);
        let form = host
            .get(&format!("{HOME}/mail/texts/invitation"))
            .await
            .with(200);
        assert!(form.body.contains("id=\"message\""), "{}", form.body);

        // A host who comes from a household begins with what is sent, sees it, and goes back.
        let at = format!("{HOME}/mail/texts/reminder");
        let way = format!("kind=reminder&household={invitation}");
        let walk = walk_of(&way);
        let page = host.get(&format!("{at}?{walk}")).await.with(200);
        let mut form = page.form(&at);
        let begun = form.value("message.en").unwrap_or_default().to_owned();
        assert!(begun.starts_with("{salutation}"), "{begun}");
        assert!(begun.contains("{rsvp_link}"), "{begun}");
        form.fill("message.ms", "Jawablah. {rsvp_link}");
        let saved = host.submit(&page, &form).await;
        saved.expect(303);
        let back = format!("{HOME}/send/walk?{way}");
        assert_eq!(saved.location(), Some(back.as_str()));
        let preview = host
            .get(&format!("{at}/preview?language=ms&{walk}"))
            .await
            .with(200);
        assert!(
            preview.text().contains("Jawablah. http"),
            "{}",
            preview.text()
        );
        assert!(
            preview.body.contains("/mail/texts/reminder?walk=kind"),
            "{}",
            preview.body
        );
        // What nobody has changed stays ours, in every language.
        let stored = host
            .get(&stage.at("/mail-texts/reminder"))
            .await
            .with(200)
            .json();
        assert_eq!(
            stored["message"],
            json!({"ms": "Jawablah. {rsvp_link}"}),
            "{stored}"
        );
        assert_eq!(stored["body"], json!({}), "{stored}");
    });
}

#[test]
fn home_says_by_which_channels_the_next_messages_leave() {
    on_default(async |stage| {
        stage
            .change(|tx| {
                tx.run(
                    sql!("UPDATE invitation SET sent_at = NULL, phone = NULL, email = NULL"),
                    &[],
                    Rows::Any,
                )?;
                tx.run(
                    sql!("UPDATE invitation SET phone = '+60 12-345 6789' WHERE code = 'RAHMA'"),
                    &[],
                    Rows::Any,
                )
                .map(drop)
            })
            .await;
        let mut host = stage.public(&stage.owner);
        let home = host.get(HOME).await.with(200);
        assert!(home.text().contains("1 by WhatsApp,"), "{}", home.text());
        assert!(home.text().contains("on paper"), "{}", home.text());
        let mut observer = stage.public(&stage.observer);
        let home = observer.get(HOME).await.with(200);
        assert!(!home.text().contains("by WhatsApp"), "{}", home.text());
    });
}
