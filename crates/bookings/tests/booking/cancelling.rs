//! Tests of a provider who cancels a session: the reason, and what an unpaid member learns.

use platform::sql;
use serde_json::{Value, json};

use crate::stage::{Booking, Stage, errors, on_default, provider, run};

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
        }
    });
}
