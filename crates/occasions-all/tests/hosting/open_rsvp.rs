//! Tests of how hosts handle answers sent without a code: live notices, the list, approval and
//! merging.

use std::time::Duration;

use jiff::SignedDuration;
use occasions::hosting::listing::filter::Open;
use occasions::hosting::listing::{self, InvitationFilter};
use occasions::hosting::{Refusal, codes, invitations, open_rsvp};
use occasions::id::InvitationId;
use occasions::refusal::Refusal as GuestRefusal;
use occasions::token_scopes::{OCCASION_READ, OCCASION_WRITE, RSVPS_READ};
use occasions::web::api::Pace;
use occasions::words::{GuestKind, ReplyStatus};
use serde_json::{Value, json};

use crate::pages::HOME;
use crate::parts::portal;
use crate::stage::{Stage, call, code, on_both};

/// Sends an answer without a code. Returns the new invitation's id and code.
async fn answer(stage: &Stage<'_>, body: &Value) -> (InvitationId, String) {
    let saved = stage.answer(body.clone()).await.unwrap();
    (saved.id, saved.code.unwrap())
}

async fn listed(stage: &Stage<'_>, open: Open) -> Vec<String> {
    let filter = InvitationFilter {
        open: Some(open),
        ..InvitationFilter::default()
    };
    let lines = stage
        .done(move |tx, host| listing::all_invitations(tx, host, &filter))
        .await;
    lines.into_iter().map(|line| line.household).collect()
}

#[test]
fn the_dashboard_hears_of_it_at_once_without_names_in_the_store() {
    on_both(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        owner.carry(Pace(Duration::from_millis(50)));
        let mut events = owner.listen(&stage.at("/stream")).await;
        let mut heard = Vec::new();
        let body = json!({ "name": "Mei Ling", "attending": true, "guests": 2 });
        let (id, _) = answer(stage, &body).await;
        while !heard.contains(&"rsvp".to_owned()) {
            let text = events.next().await.unwrap();
            let field = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.map(|rest| rest.trim().to_owned())
            };
            let Some(name) = field("event:") else {
                continue;
            };
            if name == "rsvp" {
                let data: Value = serde_json::from_str(&field("data:").unwrap()).unwrap();
                assert_eq!(data["invitation"], json!(id));
                assert_eq!(data["household"], "Mei Ling");
                assert_eq!(data["guests"].as_array().unwrap().len(), 2);
                assert_eq!(data["source"], "api");
            }
            heard.push(name);
        }
        let created = heard.iter().position(|name| name == "invitation");
        assert!(created < heard.iter().position(|name| name == "rsvp"));
        let news = stage.news().await;
        assert!(
            news.iter()
                .all(|(_, payload)| !payload.to_string().contains("Mei"))
        );
    });
}

#[test]
fn hosts_find_and_approve_them() {
    on_both(async |stage| {
        let mei = json!({ "name": "Mei", "attending": true, "wish": "All the best" });
        let (first, _) = answer(stage, &mei).await;
        answer(stage, &mei).await;
        let lim = json!({ "name": "Lim", "attending": false });
        answer(stage, &lim).await;
        assert_eq!(listed(stage, Open::Yes).await, ["Lim", "Mei", "Mei"]);
        assert_eq!(listed(stage, Open::Waiting).await, ["Lim", "Mei", "Mei"]);
        assert_eq!(listed(stage, Open::Duplicate).await, ["Mei"]);
        assert_eq!(listed(stage, Open::No).await.len(), 40);
        let id = first.clone();
        stage
            .done(move |tx, host| open_rsvp::approve(tx, host, &id, None).map(drop))
            .await;
        // Approving an answer a second time changes nothing.
        let (id, before) = (first.clone(), portal(stage, &first).await);
        stage
            .done(move |tx, host| open_rsvp::approve(tx, host, &id, None).map(drop))
            .await;
        let after = portal(stage, &first).await;
        assert_eq!(
            before.household.invitation.version,
            after.household.invitation.version
        );
        assert_eq!(listed(stage, Open::Approved).await, ["Mei"]);
        assert_eq!(listed(stage, Open::Waiting).await, ["Lim", "Mei"]);
        let rahma = stage.invitation("RAHMA").await;
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                open_rsvp::approve(tx, host, &rahma, None).map(drop)
            })
            .await;
        assert_eq!(code(refused), "wrong_state");
        let id = first.clone();
        let refused = stage
            .act(&stage.observer, move |tx, host| {
                open_rsvp::approve(tx, host, &id, None).map(drop)
            })
            .await;
        assert_eq!(code(refused), "forbidden");
        // The public page shows a guest's wish only if the hosts publish wishes.
        let mut guest = stage.nobody();
        let card = guest.get("/o/aisyah-daniel").await;
        assert!(!card.text().contains("All the best"));
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&format!("{HOME}/settings/switches")).await;
        let mut form = page.form(&format!("{HOME}/settings/switches"));
        form.tick("switches.public_wishes", "1");
        owner.submit(&page, &form).await.expect(303);
        let card = guest.get("/o/aisyah-daniel").await.text();
        assert_eq!(card.matches("All the best").count(), 1, "{card}");
    });
}

#[test]
fn a_wish_is_public_as_it_was_approved_and_no_other() {
    on_both(async |stage| {
        stage.expect_confirmations();
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&format!("{HOME}/settings/switches")).await;
        let mut form = page.form(&format!("{HOME}/settings/switches"));
        form.tick("switches.public_wishes", "1");
        owner.submit(&page, &form).await.expect(303);
        let mut guest = stage.nobody();
        let body = json!({ "name": "Mei", "attending": true, "wish": "All the best" });
        let (id, code) = answer(stage, &body).await;
        let approve = async || {
            let id = id.clone();
            let approved =
                stage.done(move |tx, host| open_rsvp::approve(tx, host, &id, None).map(drop));
            approved.await;
        };
        approve().await;
        let card = guest.get("/o/aisyah-daniel").await.text();
        assert!(card.contains("All the best"), "{card}");
        // When a guest changes a wish, the wish is hidden until a host has reviewed it again.
        let body = json!({ "code": code, "attending": true, "wish": "Buy at evil.example" });
        stage.answer(body).await.unwrap();
        let card = guest.get("/o/aisyah-daniel").await.text();
        assert!(!card.contains("evil") && !card.contains("All the best"));
        assert_eq!(listed(stage, Open::Waiting).await, ["Mei"]);
        assert!(listed(stage, Open::Approved).await.is_empty());
        approve().await;
        let card = guest.get("/o/aisyah-daniel").await.text();
        assert!(card.contains("evil.example"), "{card}");
        // RAHMA's text is a private note to the hosts. It must not appear as a public wish.
        let body = json!({ "code": "RAHMA", "attending": true, "wish": "For you alone" });
        stage.answer(body).await.unwrap();
        let (from, into) = (stage.invitation("RAHMA").await, id.clone());
        let merged = stage
            .done(move |tx, host| open_rsvp::merge(tx, host, &from, &into, None))
            .await;
        assert!(merged.household.invitation.note.contains("For you alone"));
        let card = guest.get("/o/aisyah-daniel").await.text();
        assert!(!card.contains("For you alone"), "{card}");
        assert_eq!(listed(stage, Open::Waiting).await, ["Mei"]);
    });
}

#[test]
fn two_become_one_and_both_codes_open_it() {
    on_both(async |stage| {
        stage.expect_confirmations();
        // Rahman has an invitation, but answers without its code and brings three more guests.
        let body = json!({ "name": "rahman bin ALI", "email": "new@example.com",
            "attending": true, "guests": 4, "message": "On our way" });
        let (from, second) = answer(stage, &body).await;
        let into = stage.invitation("RAHMA").await;
        let (a, b) = (from.clone(), into.clone());
        let merged = stage
            .done(move |tx, host| open_rsvp::merge(tx, host, &a, &b, None))
            .await;
        let guests = &merged.household.guests;
        assert_eq!(guests.len(), 4 + 3);
        let rahman = guests.iter().filter(|one| one.name.contains("Rahman bin"));
        let rahman: Vec<_> = rahman.collect();
        assert_eq!(rahman.len(), 1);
        assert!(
            rahman[0]
                .replies
                .values()
                .all(|reply| reply.status == ReplyStatus::Yes)
        );
        let invitation = &merged.household.invitation;
        assert_eq!(invitation.note, "On our way");
        let kept = invitation.details.email.as_deref();
        assert_eq!(kept, Some("rahman@example.com"));
        // After merging, both codes open the invitation that remains. Answers sent with either code
        // are saved on that invitation.
        let mut guest = stage.nobody();
        let state = guest
            .get(&format!("/api/v1/invitations/{second}"))
            .await
            .expect(200)
            .json();
        assert_eq!(state["code"], "RAHMA");
        let moved = guest.get(&format!("/invite/{second}")).await;
        assert_eq!(moved.expect(308).location(), Some("/invite/RAHMA"));
        let body = json!({ "code": second, "attending": false });
        assert_eq!(stage.answer(body).await.unwrap().guests, 0);
        let after = portal(stage, &into).await;
        let all = &after.household.guests;
        assert!(all.iter().all(|one| {
            let mut replies = one.replies.values();
            replies.all(|reply| reply.status == ReplyStatus::No)
        }));
        // An invitation that was merged into another one cannot be restored, and is in no list.
        let id = from.clone();
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                let seats = occasions::event::Seats::Free;
                invitations::restore(tx, host, &id, None, seats).map(drop)
            })
            .await;
        assert_eq!(code(refused), "wrong_state");
        assert!(listed(stage, Open::Yes).await.is_empty());
        let actions = stage.actions().await;
        assert!(actions.contains(&"invitation.merged".to_owned()));
        // When the remaining invitation is archived, the code of the merged invitation stops
        // working too.
        let id = into.clone();
        stage
            .done(move |tx, host| invitations::archive(tx, host, &id, None).map(drop))
            .await;
        guest.get(&format!("/invite/{second}")).await.expect(404);
    });
}

#[test]
fn a_replaced_code_shuts_out_those_that_were_put_to_it() {
    on_both(async |stage| {
        let mut guest = stage.nobody();
        let body = json!({ "name": "Mei", "attending": true });
        let (from, second) = answer(stage, &body).await;
        let into = stage.invitation("RAHMA").await;
        let id = into.clone();
        stage
            .done(move |tx, host| open_rsvp::merge(tx, host, &from, &id, None).map(drop))
            .await;
        guest.get(&format!("/invite/{second}")).await.expect(308);
        let id = into.clone();
        let replaced = stage
            .done(move |tx, host| codes::replace(tx, host, &id, None, None))
            .await;
        let shown = replaced.household.invitation.code;
        guest.get(&format!("/invite/{shown}")).await.expect(200);
        for code in ["RAHMA", &*second] {
            guest.get(&format!("/invite/{code}")).await.expect(404);
            let address = format!("/api/v1/invitations/{code}");
            guest.get(&address).await.expect(404);
            let body = json!({ "code": code, "attending": false });
            let refused = stage.answer(body).await.unwrap_err();
            assert!(matches!(refused, GuestRefusal::InvitationNotFound));
        }
        // Replacing the remaining invitation's code also revoked the codes of answers merged
        // earlier. The code of an answer that is merged now keeps working.
        let (third, third_code) = answer(stage, &body).await;
        stage
            .done(move |tx, host| open_rsvp::merge(tx, host, &third, &into, None).map(drop))
            .await;
        let found = guest.get(&format!("/invite/{third_code}")).await;
        assert_eq!(
            found.expect(308).location(),
            Some(&*format!("/invite/{shown}"))
        );
        guest.get(&format!("/invite/{second}")).await.expect(404);
    });
}

#[test]
fn the_later_answer_counts_and_who_is_known_is_not_there_twice() {
    on_both(async |stage| {
        let body = json!({ "name": "Mei", "attending": true, "guests": 3 });
        let (first, _) = answer(stage, &body).await;
        stage.world.clock.advance(SignedDuration::from_mins(1));
        let body = json!({ "name": "Mei", "attending": false });
        let (second, _) = answer(stage, &body).await;
        // The older answer is merged into the newer one. In the newer one Mei declines, and that
        // reply stays.
        let (from, into) = (first.clone(), second.clone());
        let merged = stage
            .done(move |tx, host| open_rsvp::merge(tx, host, &from, &into, None))
            .await;
        let mei: Vec<_> = merged
            .household
            .guests
            .iter()
            .filter(|one| one.kind == GuestKind::Named)
            .collect();
        assert_eq!(mei.len(), 1);
        assert!(
            mei[0]
                .replies
                .values()
                .all(|reply| reply.status == ReplyStatus::No)
        );
        for (from, into, expected) in [
            (second.clone(), second.clone(), "wrong_state"),
            (first.clone(), second.clone(), "wrong_state"),
        ] {
            let refused = stage
                .act(&stage.owner, move |tx, host| {
                    open_rsvp::merge(tx, host, &from, &into, None).map(drop)
                })
                .await;
            assert_eq!(code(refused), expected);
        }
        let stranger: Result<(), Refusal> = stage
            .act(&stage.owner, move |tx, host| {
                let nobody = "01970000-0000-7000-8000-000000000000".parse().unwrap();
                open_rsvp::merge(tx, host, &second, &nobody, None).map(drop)
            })
            .await;
        assert_eq!(code(stranger), "not_found");
    });
}

#[test]
fn pages_and_programs_do_the_same() {
    on_both(async |stage| {
        let body = json!({ "name": "Mei", "attending": true });
        let (first, _) = answer(stage, &body).await;
        let (second, code) = answer(stage, &body).await;
        let mut owner = stage.visitor(&stage.owner);
        let list = owner.get(&format!("{HOME}/invites")).await;
        let words = list.expect(200).text();
        assert!(
            words.contains(&stage.say("host-open-tag-duplicate")),
            "{words}"
        );
        let link = list.link(&stage.fill("host-preset-open", [("n", 2.into())]));
        let list = owner.get(&link.href).await;
        assert!(list.text().contains("Mei") && !list.text().contains("Rahman"));
        let page = owner.get(&format!("{HOME}/invites/{second}")).await;
        assert!(page.text().contains(&stage.say("host-open-duplicate")));
        let approve = page.form(&format!("{HOME}/invites/{second}/approve"));
        let page = owner.submit(&page, &approve).await;
        let page = owner.follow(page).await;
        assert!(
            page.text().contains(&stage.start("host-open-approved")),
            "{}",
            page.text()
        );
        let mut merge = page.form(&format!("{HOME}/invites/{second}/merge"));
        merge.fill("into", "nope");
        let refused = owner.submit(&page, &merge).await;
        refused.expect(422);
        merge.fill("into", "RAHMA");
        let done = owner.submit(&page, &merge).await;
        let rahma = stage.invitation("RAHMA").await;
        let location = format!("{HOME}/invites/{rahma}?done=merged");
        assert_eq!(done.expect(303).location(), Some(&*location));
        let page = owner.follow(done).await;
        assert!(page.text().contains(&stage.say("host-done-merged")));
        let link = format!("/invite/{code}");
        stage.nobody().get(&link).await.expect(308);

        let mut program = stage.program(&stage.owner, &[OCCASION_WRITE]).await;
        let address = format!("/api/v1/invitations/id/{first}");
        let approved = call(
            &mut program,
            "POST",
            &format!("{address}/approve"),
            &Value::Null,
        )
        .await;
        approved.expect(200);
        let sent = format!("{address}/sent");
        let sent = call(&mut program, "POST", &sent, &json!({ "sent": true })).await;
        sent.expect(200);
        // A token gets the merged answers only if it may read answers.
        let rights = [OCCASION_READ, OCCASION_WRITE, RSVPS_READ];
        let mut program = stage.program(&stage.coordinator, &rights).await;
        let body = json!({ "into": rahma });
        let merged = call(&mut program, "POST", &format!("{address}/merge"), &body).await;
        let guests = merged.expect(200).json()["guests"].clone();
        let mei = guests.as_array().unwrap().iter();
        assert_eq!(mei.filter(|one| one["name"] == "Mei").count(), 1);
        let again = call(&mut program, "POST", &format!("{address}/merge"), &body).await;
        again.expect(409);
    });
}
