//! Tests of the changes that hosts make on invitations' pages. A change is either applied once and
//! shown on the page, or refused with all typed values kept.

use occasions::hosting::portals;
use occasions::id::InvitationId;
use occasions::invitation_snapshot::InvitationSnapshot;
use occasions::words::{LockMode, ReplyStatus};
use testkit::{Page, Visitor};

use crate::pages::HOME;
use crate::stage::{Stage, on_default};

async fn portal(stage: &Stage<'_>, id: &InvitationId) -> InvitationSnapshot {
    let id = id.clone();
    stage
        .done(move |tx, host| portals::load(tx, host, &id))
        .await
}

async fn open(visitor: &mut Visitor, id: &InvitationId) -> Page {
    visitor.get(&format!("{HOME}/invites/{id}")).await
}

/// Returns the text that a list's page shows when the list has a single entry.
fn only_one(stage: &Stage<'_>) -> String {
    let values = ["from", "to", "total"].map(|name| (name, 1.into()));
    stage.fill("host-range", values)
}

#[test]
fn an_invitation_is_written_once_however_often_it_is_sent() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&format!("{HOME}/invites/new")).await;
        let mut form = page.form(&format!("{HOME}/invites/new"));
        form.fill("household", "Keluarga Ramli")
            .fill("guests", "Ramli bin Daud\n\nMei <b>")
            .fill("tags", "family, Johor")
            .fill("email", "nobody")
            .fill("host_note", "Between us");
        let refused = owner.submit(&page, &form).await;
        refused.expect(422);
        let again = refused.form(&format!("{HOME}/invites/new"));
        assert_eq!(again.value("household"), Some("Keluarga Ramli"));
        assert!(refused.text().contains(&stage.say("field-email-invalid")));
        assert!(
            refused.body.contains("<a href=\"#email\">"),
            "{}",
            refused.body
        );
        assert!(refused.body.contains("Mei &#60;b&#62;"));

        form.fill("email", "ramli@example.com");
        let first = owner.submit(&page, &form).await;
        let second = owner.submit(&page, &form).await;
        first.expect(303);
        assert_eq!(first.location(), second.location());
        let shown = owner.follow(first).await;
        let text = shown.text();
        for part in [
            "Keluarga Ramli",
            &stage.say("host-done-created"),
            "Ramli bin Daud",
            "Mei <b>",
            "Johor",
            "ramli@example.com",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let list = owner.get(&format!("{HOME}/invites?q=ramli+daud")).await;
        assert!(list.text().contains(&only_one(stage)), "{}", list.text());
    });
}

#[test]
fn a_host_answers_by_phone_after_the_deadline() {
    on_default(async |stage| {
        let id = stage.invitation("LATE1").await;
        let mut coordinator = stage.visitor(&stage.coordinator);
        let page = open(&mut coordinator, &id).await;
        assert!(
            page.text().contains(&stage.start("host-why-closed")),
            "{}",
            page.text()
        );
        let before = portal(stage, &id).await;
        let guest = before.household.guests[0].id.clone();
        let event = before.invited_events().next().unwrap().clone();
        let mut form = page.form(&format!("{HOME}/invites/{id}/answers"));
        form.fill(&format!("reply.{guest}.{}", event.key), "no")
            .fill(&format!("diet_note.{guest}"), "No prawns");
        coordinator.submit(&page, &form).await.expect(303);
        let after = portal(stage, &id).await;
        assert_eq!(
            after.household.guests[0].replies[&event.id].status,
            ReplyStatus::No
        );
        assert_eq!(after.household.guests[0].diet_note, "No prawns");
        let shown = open(&mut coordinator, &id).await;
        assert!(
            shown.text().contains(&format!(
                "The coordinator {}",
                stage.say("host-log-rsvp-by-host")
            )),
            "{}",
            shown.text()
        );
        assert!(
            !shown.text().contains(&format!(
                "{} {}",
                stage.say("host-log-rsvp-by-host"),
                stage.say("reply-yes")
            )),
            "{}",
            shown.text()
        );
    });
}

#[test]
fn two_hosts_who_change_the_same_are_shown_both() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut owner = stage.visitor(&stage.owner);
        let mut coordinator = stage.visitor(&stage.coordinator);
        let mine = open(&mut owner, &id).await;
        let theirs = open(&mut coordinator, &id).await;
        let action = format!("{HOME}/invites/{id}/answers");
        let guest = portal(stage, &id).await.household.guests[0].id.clone();
        let field = format!("reply.{guest}.nikah");
        let mut yes = theirs.form(&action);
        yes.fill(&field, "yes");
        coordinator.submit(&theirs, &yes).await.expect(303);
        let mut no = mine.form(&action);
        no.fill(&field, "no");
        let clash = owner.submit(&mine, &no).await;
        clash.expect(409);
        assert!(
            clash.text().contains(&stage.fill(
                "form-clash-stored",
                [("value", stage.say("reply-yes").into())]
            )),
            "{}",
            clash.text()
        );
        assert!(
            clash.text().contains(&stage.fill(
                "form-clash",
                [("button", stage.say("host-save-phone").into())]
            )),
            "{}",
            clash.text()
        );
        let to = clash.link(&stage.say("form-clash-first")).href;
        assert_eq!(to, format!("#{field}"));
        let kept = clash.form(&action);
        assert_eq!(kept.value(&field), Some("no"), "what was typed stays");
        owner.submit(&clash, &kept).await.expect(303);

        // Two hosts who change the same household also get a conflict.
        let address = format!("{HOME}/invites/{id}/edit");
        let (mine, theirs) = (owner.get(&address).await, coordinator.get(&address).await);
        let mut form = theirs.form(&address);
        form.fill("household", "Keluarga Haji Rahman");
        coordinator.submit(&theirs, &form).await.expect(303);
        let mut form = mine.form(&address);
        form.fill("household", "Keluarga Rahman");
        let clash = owner.submit(&mine, &form).await;
        clash.expect(409);
        assert!(
            clash.text().contains(&stage.fill(
                "form-clash-stored",
                [("value", "Keluarga Haji Rahman".into())]
            )),
            "{}",
            clash.text()
        );
        let kept = clash.form(&address);
        owner.submit(&clash, &kept).await.expect(303);
        let now = portal(stage, &id).await;
        assert_eq!(
            now.household.invitation.details.household,
            "Keluarga Rahman"
        );
    });
}

#[test]
fn answers_are_locked_opened_and_given_their_own_day() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut owner = stage.visitor(&stage.owner);
        let end_of_day = |date: &'static str| {
            let deadline = stage.fill("host-end-of-day", [("date", date.into())]);
            [("deadline", deadline.into())]
        };
        // The page and the log name the last day, and not the midnight after it.
        let as_usual = stage.fill("host-why-open", end_of_day("Sun 20 Dec 2026"));
        let until = stage.fill("host-why-open-until", end_of_day("Sun 10 Jan 2027"));
        let closed = stage.fill("host-why-closed", end_of_day("Sun 1 Nov 2026"));
        for (rest, fields, state) in [
            (
                "lock",
                &[("reason", "Printed")][..],
                &stage.say("host-why-locked"),
            ),
            ("unlock", &[], &as_usual),
            ("unlock", &[("open", "1"), ("until", "2027-01-10")], &until),
            ("deadline", &[("deadline_override", "2026-11-01")], &until),
            ("unlock", &[("open", "")], &closed),
            ("deadline", &[("deadline_override", "")], &as_usual),
        ] {
            let page = open(&mut owner, &id).await;
            let version = portal(stage, &id)
                .await
                .household
                .invitation
                .version
                .to_string();
            let token = page.form(&format!("{HOME}/invites/{id}/sent"));
            let csrf = token.value("_csrf").unwrap();
            let mut all = vec![("_csrf", csrf), ("version", version.as_str())];
            all.extend(fields);
            let done = owner
                .post(&format!("{HOME}/invites/{id}/{rest}"), &all)
                .await;
            done.expect(303);
            let shown = owner.follow(done).await;
            assert!(
                shown.text().contains(state),
                "{rest} {fields:?}: {}",
                shown.text()
            );
        }
        let log = owner.get(&format!("{HOME}/audit")).await.text();
        for date in ["Sun 10 Jan 2027", "Sun 1 Nov 2026"] {
            let day = stage.fill("host-end-of-day", [("date", date.into())]);
            assert!(log.contains(&day), "{day}: {log}");
        }
        assert!(!log.contains("midnight"), "{log}");
        assert_eq!(
            portal(stage, &id)
                .await
                .household
                .invitation
                .details
                .lock_mode,
            LockMode::Auto
        );
        let stale = owner
            .post(
                &format!("{HOME}/invites/{id}/lock"),
                &[("version", "1"), ("reason", "x")],
            )
            .await;
        stale.expect(409);
        assert!(
            stale
                .text()
                .contains(&stage.say("problem-version-conflict")),
            "{}",
            stale.text()
        );
    });
}

#[test]
fn a_code_is_replaced_only_by_who_types_it() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut owner = stage.visitor(&stage.owner);
        let page = open(&mut owner, &id).await;
        let action = format!("{HOME}/invites/{id}/code");
        let mut form = page.form(&action);
        form.fill("confirm", "RAMA");
        let refused = owner.submit(&page, &form).await;
        refused.expect(422);
        assert!(
            refused
                .text()
                .contains(&stage.say("field-confirmation-wrong"))
        );
        form.fill("confirm", "rahma ").fill("code", "ROSSI");
        let taken = owner.submit(&page, &form).await;
        taken.expect(409);
        assert!(
            taken.text().contains(&stage.say("problem-code-taken")),
            "{}",
            taken.text()
        );
        form.fill("code", "");
        owner.submit(&page, &form).await.expect(303);
        assert_ne!(portal(stage, &id).await.household.invitation.code, "RAHMA");
        let mut coordinator = stage.visitor(&stage.coordinator);
        let page = open(&mut coordinator, &id).await;
        assert!(page.forms().iter().all(|form| form.action != action));
    });
}

#[test]
fn people_come_and_go_and_invitations_are_put_away() {
    on_default(async |stage| {
        let id = stage.invitation("ROSSI").await;
        let mut owner = stage.visitor(&stage.owner);
        let address = format!("{HOME}/invites/{id}/guests/new");
        let page = owner.get(&address).await;
        let mut form = page.form(&address);
        form.fill("name", "").fill("age", "40");
        let refused = owner.submit(&page, &form).await;
        refused.expect(422);
        for field in ["name", "age"] {
            let link = format!("<a href=\"#{field}\">");
            assert!(refused.body.contains(&link), "{field}: {}", refused.body);
        }
        form.fill("name", "Luca Rossi").fill("age", "4");
        owner.submit(&page, &form).await.expect(303);
        let luca = portal(stage, &id)
            .await
            .household
            .guests
            .last()
            .unwrap()
            .clone();
        assert_eq!(
            (luca.name.as_str(), luca.child_age),
            ("Luca Rossi", Some(4))
        );

        let address = format!("{HOME}/invites/{id}/guests/{}", luca.id);
        let page = owner.get(&address).await;
        let mut form = page.form(&address);
        form.fill("name", "Luca").untick("events", "brunch");
        owner.submit(&page, &form).await.expect(303);
        let page = owner.get(&address).await;
        owner
            .submit(&page, &page.form(&format!("{address}/remove")))
            .await
            .expect(303);
        assert_eq!(portal(stage, &id).await.household.guests.len(), 2);

        let page = open(&mut owner, &id).await;
        let done = owner
            .submit(&page, &page.form(&format!("{HOME}/invites/{id}/archive")))
            .await;
        let shown = owner.follow(done).await;
        assert!(
            !shown.body.contains(&format!("/invites/{id}/answers\"")),
            "nothing is changed in the archive"
        );
        let done = owner
            .submit(&shown, &shown.form(&format!("{HOME}/invites/{id}/restore")))
            .await;
        assert!(
            owner
                .follow(done)
                .await
                .text()
                .contains(&stage.say("host-done-restored"))
        );
    });
}

#[test]
fn many_are_changed_after_the_effect_is_shown() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&format!("{HOME}/invites?language=it")).await;
        let action = format!("{HOME}/invites/bulk");
        let mut form = page.form(&action);
        let id = stage.invitation("ROSSI").await;
        form.tick("ids", id.as_str()).press("action", "deadline");
        let step = owner.submit(&page, &form).await;
        let mut form = step.form(&action);
        form.fill("deadline", "2026-11-01");
        let step = owner.submit(&step, &form).await;
        assert!(
            step.text()
                .contains(&stage.fill("host-effect-closes", [("n", 1.into())])),
            "{}",
            step.text()
        );
        assert_eq!(
            portal(stage, &id)
                .await
                .household
                .invitation
                .details
                .deadline_override,
            None
        );
        let mut form = step.form(&action);
        form.press("go", "1");
        let done = owner.submit(&step, &form).await;
        done.expect(303);
        let job = owner.follow(done).await;
        let progress = |done: i64| {
            let values = [
                ("what", stage.say("host-bulk-deadline").into()),
                ("done", done.into()),
                ("total", 1.into()),
                ("failed", 0.into()),
            ];
            stage.fill("host-job", values)
        };
        assert!(job.text().contains(&progress(0)), "{}", job.text());
        stage.worker().run_due().await.unwrap();
        let job = owner.get(&job.address).await;
        assert!(job.text().contains(&progress(1)), "{}", job.text());
        let list = owner.get(&format!("{HOME}/invites")).await;
        assert!(
            list.text().contains(&progress(1)),
            "the list tells of it: {}",
            list.text()
        );

        let mut form = page.form(&action);
        form.press("action", "");
        let nobody = owner.submit(&page, &form).await;
        assert!(
            nobody.text().contains(&stage.say("host-nothing-chosen")),
            "{}",
            nobody.text()
        );
        let all = owner
            .post(
                &action,
                &[
                    ("all", "1"),
                    ("query", "language=it"),
                    ("action", "archive"),
                ],
            )
            .await;
        assert!(
            all.text().contains(&stage.start("host-effect-archive")),
            "{}",
            all.text()
        );
        let refused = owner
            .post(
                &action,
                &[
                    ("all", "1"),
                    ("query", ""),
                    ("action", "tag"),
                    ("tag", "a,b"),
                    ("go", "1"),
                ],
            )
            .await;
        refused.expect(422);
        assert!(
            refused.text().contains(&stage.say("field-not-allowed")),
            "{}",
            refused.text()
        );
    });
}

#[test]
fn a_page_that_was_open_too_long_keeps_what_was_typed() {
    on_default(async |stage| {
        let address = format!("{HOME}/invites/new");
        let fields = [
            ("_csrf", "of an older session"),
            ("submission_id", "0197f0c0"),
            ("household", "Keluarga <Qistina>"),
            ("guests", "Qistina"),
            ("host_note", "Near the door,\nwith a pram"),
        ];
        let assert_kept = |page: &Page| {
            let text = page.text();
            assert!(text.contains("Keluarga <Qistina>"), "{text}");
            assert!(text.contains("Near the door, with a pram"), "{text}");
            assert!(!text.contains("0197f0c0"), "{text}");
        };
        let mut owner = stage.visitor(&stage.owner);
        let refused = owner.post(&address, &fields).await;
        assert_kept(refused.expect(403));
        let again = refused.form(&address);
        owner.submit(&refused, &again).await.expect(303);
        owner.submit(&refused, &again).await.expect(303);
        let list = owner.get(&format!("{HOME}/invites?q=qistina")).await;
        assert!(list.text().contains(&only_one(stage)), "{}", list.text());

        // A form sent from another site is refused. The response contains no form, so the request
        // cannot be sent again.
        owner.header("sec-fetch-site", "cross-site");
        let foreign = owner.post(&address, &fields).await;
        assert_kept(foreign.expect(403));
        assert!(foreign.forms().is_empty(), "{}", foreign.body);
        let signed_out = stage.nobody().post(&address, &fields).await;
        assert_kept(signed_out.expect(401));
        assert!(signed_out.forms().is_empty());
    });
}

#[test]
fn an_answer_is_taken_back_as_if_nobody_had_given_it() {
    on_default(async |stage| {
        let id = stage.invitation("ROSSI").await;
        let mut coordinator = stage.visitor(&stage.coordinator);
        let before = portal(stage, &id).await;
        let (guest, event) = before
            .household
            .guests
            .iter()
            .find_map(|guest| {
                let is_yes = |event: &&occasions::event::Event| {
                    let reply = guest.replies.get(&event.id);
                    reply.is_some_and(|reply| reply.status == ReplyStatus::Yes)
                };
                let event = before.invited_events().find(is_yes)?;
                Some((guest.id.clone(), event.clone()))
            })
            .unwrap();
        let page = open(&mut coordinator, &id).await;
        let action = format!("{HOME}/invites/{id}/answers");
        let field = format!("reply.{guest}.{}", event.key);
        let mut form = page.form(&action);
        form.fill(&field, "pending");
        coordinator.submit(&page, &form).await.expect(303);
        let after = portal(stage, &id).await;
        let one = after.household.guests.iter().find(|one| one.id == guest);
        let reply = &one.unwrap().replies[&event.id];
        assert_eq!(
            (reply.status, reply.answered_at),
            (ReplyStatus::Pending, None)
        );
        let shown = open(&mut coordinator, &id).await;
        let shown = shown.form(&action);
        assert_eq!(shown.value(&field), None, "nothing is chosen any more");

        // An invalid value of the field `sent` does not mark the invitation as unsent.
        let version = after.household.invitation.version.to_string();
        let odd = [(field.as_str(), "maybe"), ("version", version.as_str())];
        let csrf = form.value("_csrf").unwrap_or_default();
        let fields = [odd[0], odd[1], ("_csrf", csrf)];
        coordinator.post(&action, &fields).await.expect(422);
    });
}

#[test]
fn people_are_put_in_order_one_step_at_a_time() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let action = format!("{HOME}/invites/{id}/order");
        let ids = async || {
            let guests = portal(stage, &id).await.household.guests;
            let ids = guests.iter().map(|guest| guest.id.to_string());
            ids.collect::<Vec<_>>()
        };
        let mut expected = ids().await;
        let last = expected.len() - 1;
        let mut coordinator = stage.visitor(&stage.coordinator);
        for (press, at, swap) in [
            ("down", 0, Some(0)),
            ("up", last, Some(last - 1)),
            ("up", 1, Some(0)),
        ] {
            let page = open(&mut coordinator, &id).await;
            let mut form = page.form(&action);
            form.press(press, &expected[at]);
            coordinator.submit(&page, &form).await.expect(303);
            if let Some(upper) = swap {
                expected.swap(upper, upper + 1);
            }
            assert_eq!(ids().await, expected, "{press} {at}");
        }
        // The first guest cannot be moved up. A form from an outdated page moves no guest.
        let page = open(&mut coordinator, &id).await;
        let csrf = page.form(&action).value("_csrf").unwrap().to_owned();
        let now = portal(stage, &id).await.household.invitation.version;
        for (press, at, version, status) in [
            ("up", 0, now, 303),
            ("down", last, now + 1, 303),
            ("down", 0, now - 1, 409),
        ] {
            let version = version.to_string();
            let fields = [
                ("_csrf", csrf.as_str()),
                ("version", version.as_str()),
                (press, expected[at].as_str()),
            ];
            coordinator.post(&action, &fields).await.expect(status);
            assert_eq!(ids().await, expected, "{press} {at}");
        }
    });
}
