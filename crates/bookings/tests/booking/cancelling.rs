//! Tests of a provider who cancels a session: the reason, and what an unpaid member learns.

use platform::sql;
use serde_json::{Value, json};

use crate::payouts;
use crate::stage::{
    Booking, Stage, errors, go_to, ledger, on_both, on_default, prove, provider, run,
};

#[test]
fn a_provider_says_why_and_the_member_reads_it_on_the_page_and_in_the_mail() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let id = aina.coming().await["id"].as_str().unwrap().to_owned();
        let api = format!("/api/v1/bookings/{id}/cancel");
        for none in [Value::Null, json!({"reason": "  "})] {
            let page = farah.call("POST", &api, &none).await;
            let missing = ("/reason".to_owned(), "required".to_owned());
            assert_eq!(errors(&page.with(422)), [missing]);
        }
        let at = format!("/me/bookings/{id}");
        // A member is not asked for a reason.
        let page = aina.browser.get(&at).await;
        let form = page.form(&format!("{at}/cancel"));
        assert_eq!(form.value("reason"), None);
        let page = farah.browser.get(&at).await;
        let mut form = page.expect(200).form(&format!("{at}/cancel"));
        form.fill("reason", " ");
        let refused = farah.browser.submit(&page, &form).await;
        let refused = refused.expect(422).form(&format!("{at}/cancel"));
        assert!(refused.value("sure").is_none(), "nobody is asked in vain");
        form.fill("reason", "I have a fever");
        farah.browser.submit_surely(&page, &form).await.expect(303);
        aina.sees(&at, "I have a fever").await;
        let subject = stage.start("booking-mail-cancelled");
        let mails = stage.world.mails().await;
        let mail = mails
            .iter()
            .find(|mail| mail.subject.starts_with(&subject) && mail.recipient.starts_with("Aina"));
        let reason = [("reason", "I have a fever".into())];
        let said = stage.fill("booking-said-reason", reason);
        assert!(mail.unwrap().text.contains(&said), "{mail:?}");
    });
}

#[test]
fn who_has_not_paid_does_not_learn_whose_time_was_cancelled() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let after = sql!("UPDATE booking_setting SET reveal = 'after_booking'");
        let always = sql!("UPDATE booking_setting SET reveal = 'always'");
        for (reveal, day, is_named) in [(after, "2026-12-01", false), (always, "2026-12-02", true)]
        {
            run(stage, reveal).await;
            let slot = farah.offer(day, "09:00", 18_000).await;
            let (_, booking) = aina.hold(&slot).await;
            farah.cancel(&booking).await.expect(303);
            let mails = stage.world.mails().await;
            let told = mails.last().unwrap();
            assert!(told.recipient.starts_with("Aina"), "{told:?}");
            assert_eq!(told.text.contains("Farah"), is_named, "{told:?}");
            let past = aina.browser.get("/me/bookings?when=past").await;
            let text = past.expect(200).text();
            assert_eq!(text.contains(", with Farah"), is_named, "{text}");
            assert_eq!(text.contains(", with"), is_named, "{text}");
        }
    });
}

#[test]
fn a_member_cancels_late_and_it_costs_what_the_page_says() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, mut aina, _) = payouts::booked(stage, 0).await;
        run(
            stage,
            sql!("UPDATE booking_setting SET late_refund_bps = 2500"),
        )
        .await;
        let slots = [
            farah.offer("2026-12-01", "09:00", 18_000).await,
            farah.offer("2026-12-02", "09:00", 18_000).await,
        ];
        let mut paths = Vec::new();
        for slot in &slots {
            let (pay, booking) = aina.hold(slot).await;
            aina.pay(&pay, "pay").await.expect(200);
            paths.push(booking);
        }
        // A later change of the rule does not matter to what is booked.
        run(
            stage,
            sql!("UPDATE booking_setting SET late_refund_bps = 0"),
        )
        .await;
        let mut told_before = 0;
        for (at, booking) in ["2026-11-30T12:00:00Z", "2026-12-01T12:00:00Z"]
            .iter()
            .zip(&paths)
        {
            go_to(stage, at).await;
            prove(stage, &mut aina).await;
            let share = [("share", "25".into())];
            let said = stage.fill("booking-cancel-closed-share", share);
            aina.sees(booking, &said).await;
            let page = aina.browser.get(booking).await;
            let form = page.form(&format!("{booking}/cancel"));
            let question = aina.browser.submit(&page, &form).await;
            assert!(
                question.expect(200).text().contains("RM 45.00"),
                "{}",
                question.text()
            );
            aina.cancel(booking).await.expect(303);
            let told = stage.start("booking-mail-cancelled");
            let mails = stage.world.mails().await;
            let of_farah = mails.iter().filter(|mail| {
                mail.recipient.starts_with("Farah") && mail.subject.starts_with(&told)
            });
            told_before += 1;
            assert_eq!(of_farah.count(), told_before);
            // The page and both mails say what is kept, what comes back and how to ask for the rest.
            let said = stage.fill(
                "late-kept",
                [
                    ("kept", "RM\u{a0}135.00".into()),
                    ("back", "RM\u{a0}45.00".into()),
                ],
            );
            for (name, reader) in [("Aina", "member"), ("Farah", "provider")] {
                let ask = stage.fill("late-may-ask", [("reader", reader.into())]);
                let is_told = |mail: &&testkit::SentMail| {
                    mail.recipient.starts_with(name)
                        && mail
                            .text
                            .replace('\u{a0}', " ")
                            .contains(&format!("{said} {ask}"))
                        && mail.text.contains("#refund") == (reader == "member")
                };
                assert_eq!(mails.iter().filter(is_told).count(), told_before, "{name}");
            }
            let page = aina.browser.get(booking).await.with(200);
            assert!(
                page.text().contains("RM 135.00 is kept, RM 45.00"),
                "{}",
                page.text()
            );
            let ask = page.link(&stage.say("late-ask")).href;
            let rest = aina.browser.get(&ask).await.with(200);
            assert!(
                rest.text().contains(&stage.say("refund-ask-do")),
                "{}",
                rest.text()
            );
            prove(stage, &mut farah).await;
            farah.sees(booking, "RM 135.00 is kept").await;
        }
        stage.work().await;
        assert_eq!(ledger(stage).await, 2 * 13_500);
        // Somebody books the second time again, so only the first is owed, as a missed one.
        let mut daniel = stage.person("Daniel Tan").await;
        let open = format!("/api/v1/slots/{}", slots[1]["id"].as_str().unwrap());
        let free = daniel
            .call("GET", &open, &Value::Null)
            .await
            .expect(200)
            .json();
        let (pay, _) = daniel.hold(&free).await;
        daniel.pay(&pay, "pay").await.expect(200);
        go_to(stage, "2026-12-03T00:00:00Z").await;
        let mut owed = payouts::items(stage).await;
        owed.sort();
        let item = |amount| (amount, "pending".to_owned(), false);
        assert_eq!(owed, [item(5_000), item(10_000), item(10_000)]);
    });
}
