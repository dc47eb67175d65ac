//! Tests of people without an account who wait for places of a full class.

use platform::sql;
use serde_json::{Value, json};
use testkit::{Page, Visitor};

use crate::classes::class;
use crate::hours::{BOOKINGS, booked, listed};
use crate::newcomers::{SITI, links, open, verify};
use crate::stage::{Person, Stage, count, go_to, on_both, on_default};

fn path(slot: &Value) -> String {
    format!("/book/{}", slot["id"].as_str().unwrap())
}

/// Leaves a name and this address on the page of a full date.
async fn wait(browser: &mut Visitor, slot: &Value, email: &str) -> Page {
    let page = browser.get(&path(slot)).await;
    let mut form = page
        .expect(200)
        .form(&format!("{}/waiting-newcomer", path(slot)));
    form.fill("display_name", "Siti Aminah")
        .fill("email", email);
    browser.submit(&page, &form).await
}

async fn press(browser: &mut Visitor, link: &str) -> Page {
    let page = browser.get(link).await;
    let form = page.expect(200).form("");
    browser.submit(&page, &form).await
}

async fn waiting(stage: &Stage<'_>) -> i64 {
    count(
        stage,
        sql!("SELECT COUNT(*) FROM waiting WHERE state = 'waiting'"),
    )
    .await
}

/// A date of two seats, which Aina and Mei have booked, and Aina's booking.
async fn full(stage: &Stage<'_>) -> (Person, Value, Value) {
    class(stage, &json!({"seats": 2})).await;
    let mut aina = stage.person("Aina Yusof").await;
    let slot = listed(&mut aina).await[4].clone();
    let booking = booked(&mut aina, &slot).await;
    booked(&mut stage.person("Mei Lin").await, &slot).await;
    (aina, booking, slot)
}

#[test]
fn a_newcomer_waits_once_a_link_has_confirmed_the_address_and_is_asked_by_mail() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let (mut aina, booking, slot) = full(&stage).await;
        let mut siti = stage.visitor();
        wait(&mut siti, &slot, SITI).await.expect(202);
        assert_eq!(waiting(&stage).await, 0);
        let sent = links(&stage, SITI).await;
        assert!(
            sent.len() == 1 && sent[0].starts_with("/book/wait/"),
            "{sent:?}"
        );
        let masked = stage.site.declared.secret_paths.mask(&sent[0]);
        assert!(!masked.contains(sent[0].rsplit('.').next().unwrap()));
        let mut forged = sent[0].clone();
        forged.pop();
        siti.get(&forged).await.expect(400);
        siti.get(&sent[0]).await.expect(200);
        assert_eq!(waiting(&stage).await, 0);
        let led = press(&mut siti, &sent[0]).await;
        let page = siti.follow(led).await;
        let text = page.expect(200).text();
        assert!(text.contains(&stage.say("waiting-joined")), "{text}");
        assert_eq!(waiting(&stage).await, 1);
        // The link twice changes nothing, and signs nobody in.
        let mut other = stage.visitor();
        let again = press(&mut other, &sent[0]).await;
        let to = again.expect(303).location().unwrap().to_owned();
        other.get(&to).await.expect(303);
        assert_eq!(waiting(&stage).await, 1);

        let cancel = format!("{BOOKINGS}/{}/cancel", booking["id"].as_str().unwrap());
        aina.call("POST", &cancel, &json!({})).await.expect(200);
        stage.work().await;
        let mails = stage.world.mails().await;
        let subject = stage.start("waiting-notice-asked");
        assert!(
            mails
                .iter()
                .any(|mail| mail.recipient == SITI && mail.subject.starts_with(&subject)),
            "{mails:?}"
        );
        let page = siti.get(&path(&slot)).await;
        let form = page.expect(200).form(&path(&slot));
        siti.submit(&page, &form).await.expect(303);
        let taken = sql!("SELECT COUNT(*) FROM waiting WHERE state = 'taken'");
        assert_eq!(count(&stage, taken).await, 1);
    });
}

#[test]
fn a_newcomer_who_waits_reads_in_the_zone_of_the_page() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let (_, _, slot) = full(&stage).await;
        let mut siti = stage.visitor();
        let page = siti.get(&format!("{}?tz=Asia/Tokyo", path(&slot))).await;
        let mut form = page
            .expect(200)
            .form(&format!("{}/waiting-newcomer", path(&slot)));
        form.fill("display_name", "Siti Aminah").fill("email", SITI);
        siti.submit(&page, &form).await.expect(202);
        let sent = links(&stage, SITI).await;
        let page = siti.get(&sent[0]).await;
        let time = "11 am – 12 noon, Tokyo (UTC+9)";
        assert!(page.expect(200).text().contains(time), "{}", page.text());
    });
}

#[test]
fn nobody_waits_with_somebody_else_s_address_or_learns_of_an_account() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let (aina, _, slot) = full(&stage).await;
        let known = stage.person("Daniel Tan").await.who.account().email.clone();
        let own = aina.who.account().email.clone();
        verify(&stage).await;
        let mut seen = Vec::new();
        for email in [SITI, &known, &own] {
            let page = wait(&mut stage.visitor(), &slot, email).await;
            seen.push(page.expect(202).text().replace(email, ""));
        }
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
        assert_eq!(waiting(&stage).await, 0);
        // Whoever has an account signs in.
        let sent = links(&stage, &known).await;
        assert!(
            sent.iter().any(|link| link.starts_with("/sign-in/")),
            "{sent:?}"
        );
        // A link is good for a day.
        let sent = links(&stage, SITI).await;
        go_to(&stage, "2026-11-22T08:00:00Z").await;
        stage.visitor().get(&sent[0]).await.expect(400);
    });
}

#[test]
fn only_a_full_date_is_waited_for_without_an_account() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        class(&stage, &json!({"seats": 2})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let all = listed(&mut aina).await;
        let mut siti = stage.visitor();
        let page = siti.get(&path(&all[4])).await;
        let waits = |page: &Page| {
            let forms = page.expect(200).forms();
            forms
                .iter()
                .any(|form| form.action.ends_with("/waiting-newcomer"))
        };
        assert!(!waits(&page));
        let booking = booked(&mut aina, &all[4]).await;
        booked(&mut stage.person("Mei Lin").await, &all[4]).await;
        let page = siti.get(&path(&all[4])).await;
        assert!(waits(&page));
        // Meanwhile a place is free again.
        let mut form = page.form(&format!("{}/waiting-newcomer", path(&all[4])));
        form.fill("display_name", "Siti Aminah").fill("email", SITI);
        let cancel = format!("{BOOKINGS}/{}/cancel", booking["id"].as_str().unwrap());
        aina.call("POST", &cancel, &json!({})).await.expect(200);
        siti.submit(&page, &form).await.expect(409);
    });
}
