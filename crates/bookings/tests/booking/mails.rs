//! Tests of what the mails about a booking say.

use platform::sql;
use serde_json::json;
use testkit::SentMail;

use crate::stage::{Booking, Stage, count, held, on_default, provider};

async fn sent(stage: &Stage<'_>, name: &str, subject: &str) -> SentMail {
    let mut mails = stage.world.mails().await.into_iter().rev();
    let found = mails.find(|mail| {
        let is_theirs = mail.recipient.to_lowercase().starts_with(name);
        is_theirs && mail.subject.starts_with(subject)
    });
    found.unwrap_or_else(|| panic!("no mail to {name}: {subject}"))
}

#[test]
fn a_confirmation_says_when_it_ends_what_was_paid_and_how_to_cancel() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut aina, pay, booking) = held(stage, "2026-12-01").await;
        aina.pay(&pay, "pay").await.expect(200);
        let mail = sent(stage, "aina", "Booked: ").await;
        let page = stage.site.url().join(&booking);
        for line in [
            "When: Tuesday, 1 December 2026, 9–10 am, Kuala Lumpur (UTC+8)",
            "Price: RM 180.00",
            "To cancel: Until Monday, 30 November 2026, 9 am, Kuala Lumpur (UTC+8) you cancel or \
             move it and lose nothing. Later nothing is paid back.",
            &format!("See the booking: {page}"),
            &format!("Move or cancel: {page}#cancel"),
            &format!("Add to calendar: {page}/calendar.ics"),
        ] {
            let text = mail.text.replace('\u{a0}', " ");
            assert!(text.lines().any(|own| own == line), "{line}: {text}");
        }
        aina.browser
            .get(&booking)
            .await
            .expect(200)
            .form(&format!("{booking}/cancel"));
        let pages = sql!(
            "SELECT COUNT(*) FROM mail
             WHERE html LIKE '%#cancel%' AND html LIKE '%180.00%' AND html LIKE '%9–10 am%'"
        );
        assert_eq!(count(stage, pages).await, 1);
        // The provider neither pays nor cancels like a member.
        let theirs = sent(stage, "farah", "Booked: ").await.text;
        assert!(!theirs.contains("180.00"), "{theirs}");
        assert!(!theirs.contains("To cancel"), "{theirs}");
    });
}

#[test]
fn the_mail_of_a_move_says_when_it_was() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let other = farah.offer("2026-12-02", "11:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.zone("Europe/Rome").await;
        aina.book(&slot).await.expect(303);
        let id = aina.coming().await["id"].as_str().unwrap().to_owned();
        let to = json!({"slot_id": other["id"], "slot_version": other["version"]});
        let path = format!("/api/v1/bookings/{id}/reschedule");
        aina.call("POST", &path, &to).await.expect(200);
        for (name, now, before) in [
            (
                "aina",
                "When: Wednesday, 2 December 2026, 4–5 am, Rome (UTC+1)",
                "Before: Tuesday, 1 December 2026, 2 am, Rome (UTC+1)",
            ),
            (
                "farah",
                "When: Wednesday, 2 December 2026, 11 am – 12 noon, Kuala Lumpur (UTC+8)",
                "Before: Tuesday, 1 December 2026, 9 am, Kuala Lumpur (UTC+8)",
            ),
        ] {
            let text = sent(stage, name, "Moved: ").await.text;
            assert!(text.contains(now) && text.contains(before), "{text}");
        }
    });
}
