//! Tests of what the page of a household says about why it has not answered.

use occasions::hosting::handed::{self, Channel};
use occasions::hosting::mail_text::MailKind;
use occasions::id::InvitationId;
use platform::{Rows, Tx, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor};

use crate::pages::HOME;
use crate::sending::only_four;
use crate::stage::{Stage, on_default};

/// Sets up the household again, without an answer, and with these facts.
async fn set(stage: &Stage<'_>, id: &InvitationId, facts: Facts) {
    let id = id.clone();
    let change = move |tx: &mut Tx<'_>| {
        let now = tx.now();
        let phone = facts.is_reachable.then_some("012-345 6789");
        let sent = facts.is_sent.then_some(now);
        let opened = facts.is_opened.then_some(now);
        let lock = if facts.is_locked { "locked" } else { "auto" };
        sql!(
            "UPDATE invitation SET email = NULL, address = NULL, phone = :phone, sent_at = :sent,
                 last_opened_at = :opened, open_count = 3, lock_mode = :lock
             WHERE id = :id",
            id,
            phone,
            sent,
            opened,
            lock
        )
        .run(tx, Rows::Exactly(1))?;
        let reply = if facts.is_answered { "yes" } else { "pending" };
        sql!(
            "UPDATE reply SET status = :reply
             WHERE guest IN (SELECT id FROM guest WHERE invitation = :id)",
            id,
            reply
        )
        .run(tx, Rows::Any)
    };
    stage.site.store.write(change).await.unwrap();
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Copy, Default)]
struct Facts {
    is_reachable: bool,
    is_sent: bool,
    is_opened: bool,
    is_locked: bool,
    is_answered: bool,
}

#[test]
fn a_household_s_page_says_why_there_is_no_answer_and_what_to_do() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let page = format!("{HOME}/invites/{id}");
        let path = format!("/api/v1/invitations/id/{id}");
        let mut host = stage.visitor(&stage.coordinator);
        let none = Facts::default();
        let reachable = Facts {
            is_reachable: true,
            ..none
        };
        let sent = Facts {
            is_sent: true,
            ..reachable
        };
        let opened = Facts {
            is_opened: true,
            ..sent
        };
        let locked = Facts {
            is_locked: true,
            ..opened
        };
        for (facts, reason, step, label) in [
            (none, "no_contact", "print", "host-unanswered-print"),
            (reachable, "not_sent", "send", "host-unanswered-send"),
            (sent, "never_opened", "remind", "host-unanswered-remind"),
            (opened, "opened", "remind", "host-unanswered-remind"),
            (locked, "locked", "open_again", "host-unanswered-open-again"),
        ] {
            set(stage, &id, facts).await;
            let shown = host.get(&page).await;
            assert!(
                shown.text().contains(&stage.say("host-unanswered")),
                "{reason}"
            );
            shown.link(&stage.say(label));
            let told = host.get(&path).await.json();
            assert_eq!(told["unanswered"]["reason"], reason);
            assert_eq!(told["unanswered"]["step"], step);
            assert_eq!(told["unanswered"]["answered"], json!(0), "{reason}");
            let mut observer = stage.visitor(&stage.observer);
            let hidden = observer.get(&page).await;
            assert!(
                !hidden.text().contains(&stage.say("host-unanswered")),
                "{reason}"
            );
            assert_eq!(observer.get(&path).await.json()["unanswered"], Value::Null);
        }
        let answered = Facts {
            is_answered: true,
            ..opened
        };
        set(stage, &id, answered).await;
        let shown = host.get(&page).await;
        assert!(!shown.text().contains(&stage.say("host-unanswered")));
        assert_eq!(host.get(&path).await.json()["unanswered"], Value::Null);
    });
}

#[test]
fn whoever_has_opened_the_page_needs_no_invitation_and_nobody_else_is_reminded_instead() {
    on_default(async |stage| {
        only_four(stage).await;
        let mut host = stage.public(&stage.owner);
        let total = async |host: &mut Visitor| {
            let found = host.get(&stage.at("/sending")).await.with(200).json();
            found["invitations"]["households"].as_i64().unwrap()
        };
        let before = total(&mut host).await;
        let opened = sql!("UPDATE invitation SET last_opened_at = 5 WHERE code = $1");
        stage.run(opened, "TANWE").await;
        assert_eq!(total(&mut host).await, before - 1);
        // One press on the page of a household leads to its own reminder.
        let id = stage.invitation("TANWE").await;
        let page = host.get(&format!("{HOME}/invites/{id}")).await.with(200);
        let walk = format!("/send/walk?kind=reminder&household={id}");
        let mut links = page.links().into_iter();
        let link = links.find(|link| link.href.ends_with(&walk));
        let turn = host.get(&link.unwrap().href).await.with(200).text();
        assert!(turn.contains("陈伟"), "{turn}");
        let answered = sql!(
            "UPDATE reply SET status = 'yes' WHERE guest IN
                 (SELECT guest.id FROM guest JOIN invitation ON invitation.id = guest.invitation
                  WHERE code = $1)"
        );
        stage.run(answered, "TANWE").await;
        let nobody = host.get(&format!("{HOME}{walk}")).await.with(200).text();
        assert!(!nobody.contains("1 of"), "{nobody}");
    });
}

#[test]
fn one_page_says_of_every_household_why_there_is_no_answer_and_what_helps() {
    on_default(async |stage| {
        only_four(stage).await;
        let pending = sql!("UPDATE reply SET status = 'pending' WHERE $1 <> ''");
        stage.run(pending, "all").await;
        let sent = Facts {
            is_reachable: true,
            is_sent: true,
            ..Facts::default()
        };
        let opened = Facts {
            is_opened: true,
            ..sent
        };
        let (never, read) = (
            stage.invitation("RAHMA").await,
            stage.invitation("ROSSI").await,
        );
        set(stage, &never, sent).await;
        set(stage, &read, opened).await;
        let unsent = stage.invitation("TANWE").await;
        set(
            stage,
            &unsent,
            Facts {
                is_sent: false,
                ..sent
            },
        )
        .await;
        let path = format!("{HOME}/send/unanswered");
        let mut host = stage.public(&stage.coordinator);
        let page = host.get(&path).await.with(200);
        for group in ["unsent", "unopened", "no-answer"] {
            let heading = stage.say(&format!("host-unanswered-{group}"));
            assert!(page.text().contains(&heading), "{group}: {}", page.text());
        }
        // A chip for each reason says how many, and shows no others.
        let chip = |id: &str| page.link(&format!("{} 1", stage.say(id))).href;
        let only = host.get(&chip("host-unanswered-unopened")).await.with(200);
        let shows = |page: &Page, id: &InvitationId| {
            let href = format!("{HOME}/invites/{id}");
            page.links().iter().any(|link| link.href == href)
        };
        assert!(shows(&only, &never) && !shows(&only, &read) && !shows(&only, &unsent));
        let links = only.links();
        let all = links.iter().find(|link| link.href == path).unwrap();
        assert!(all.text.contains(&*stage.say("host-unanswered-all")));
        let all = host.get(&path).await.with(200);
        assert!(shows(&all, &never) && shows(&all, &read) && shows(&all, &unsent));
        host.get(&format!("{path}?group=nothing")).await.expect(404);
        let links = page.links();
        let leads = |href: String| links.iter().any(|link| link.href == href);
        let walk = "/send/walk?kind=reminder&household=";
        assert!(leads(format!("{HOME}{walk}{never}")));
        assert!(leads(format!("{HOME}{walk}{read}")));
        assert!(leads(format!("{HOME}/invites/{unsent}#code-card")));
        // Nobody else sees contact data or how often a household opened its page.
        stage.visitor(&stage.observer).get(&path).await.expect(403);
    });
}

#[test]
fn what_is_partly_answered_is_said_by_who_is_not_sure_and_which_event_is_open() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let facts = Facts {
            is_reachable: true,
            is_sent: true,
            is_opened: true,
            ..Facts::default()
        };
        let path = format!("{HOME}/invites/{id}");
        let mut host = stage.visitor(&stage.coordinator);
        let reply = async |event: &'static str, status: &'static str| {
            let id = id.clone();
            let change = move |tx: &mut Tx<'_>| {
                sql!(
                    "UPDATE reply SET status = :status
                     WHERE guest IN (SELECT id FROM guest WHERE invitation = :id)
                       AND event IN (SELECT id FROM event WHERE key = :event)",
                    status,
                    id,
                    event
                )
                .run(tx, Rows::Any)
            };
            stage.site.store.write(change).await.unwrap();
        };
        set(stage, &id, facts).await;
        // Everybody has answered for two of three events.
        for event in ["nikah", "brunch"] {
            reply(event, "yes").await;
        }
        let shown = host.get(&path).await.with(200).text();
        let events = stage.fill("host-unanswered-events", [("events", "Reception".into())]);
        assert!(shown.contains(&events), "{shown}");
        assert!(shown.contains(&stage.say("host-response-begun")), "{shown}");
        assert!(!shown.contains("Answered 0 of"), "{shown}");
        // Everybody is not sure.
        reply("reception", "undecided").await;
        let shown = host.get(&path).await.with(200).text();
        assert!(shown.contains("Not sure: Rahman bin Ali"), "{shown}");
        assert!(
            !shown.contains(&stage.say("host-response-begun")),
            "{shown}"
        );
        // Nobody has answered everything, and each event is open for somebody.
        for event in ["nikah", "brunch"] {
            reply(event, "undecided").await;
        }
        reply("reception", "pending").await;
        let shown = host.get(&path).await.with(200).text();
        assert!(
            shown.contains("Each has something left to answer: "),
            "{shown}"
        );
        // What nobody is asked about any more is no missing answer.
        let removed = sql!("DELETE FROM reply WHERE $1 <> ''");
        stage.run(removed, "all").await;
        let shown = host.get(&path).await.with(200).text();
        let nothing = stage.say("host-response-nothing");
        assert!(shown.contains(&*nothing), "{shown}");
    });
}

#[test]
fn what_was_never_opened_says_how_it_was_sent() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let facts = Facts {
            is_reachable: true,
            ..Facts::default()
        };
        set(stage, &id, facts).await;
        let sent = id.clone();
        stage
            .done(move |tx, host| {
                let kind = MailKind::Invitation;
                handed::record(tx, host, &sent, kind, "", Channel::WhatsApp)
            })
            .await;
        let mut host = stage.visitor(&stage.coordinator);
        let page = format!("{HOME}/invites/{id}");
        let shown = host.get(&page).await.with(200).text();
        assert!(shown.contains("(WhatsApp), never opened."), "{shown}");
    });
}
