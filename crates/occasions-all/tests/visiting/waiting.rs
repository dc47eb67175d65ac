//! Tests of the page that a household on the waiting list sees, and of the mail that it gets
//! together with its seats.

use jiff::SignedDuration;
use occasions::rsvp::waitlist;
use platform::{Rows, sql};
use serde_json::json;

use crate::answering::form;
use crate::stage::{Stage, answer, guest, id, on_default, put, state};

/// Sets the number of free seats at the reception, and turns the waiting list on.
async fn leave(stage: &Stage<'_>, free: i64) {
    stage.switch(|switches| switches.waitlist = true).await;
    let occasion = stage.occasion.clone();
    let change = move |tx: &mut platform::Tx<'_>| {
        occasions::occasion::lock(tx, &occasion)?;
        let set = sql!("UPDATE event SET capacity = seats_taken + $1 WHERE key = 'reception'");
        tx.run(set, &[&free], Rows::Exactly(1))?;
        waitlist::recount_seats(tx, &occasion)
    };
    stage.change(change).await;
}

#[test]
fn who_finds_no_seat_reads_so_everywhere_and_hears_of_one() {
    on_default(async |stage| {
        stage.expect_confirmation("rahman@example.com", "ms");
        let moved_up = "Ada tempat untuk anda: Aisyah & Daniel";
        stage.world.expect_mail("rahman@example.com", moved_up);
        leave(stage, 0).await;
        let mut visitor = stage.guest();
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        let list = stage.say("choice-full-waiting");
        assert!(page.text().contains(&list), "{}", page.text());
        filled.press("press", "yes");
        let page = visitor.submit(&page, &filled).await;
        let pressed = page.expect(200).form("/invite/RAHMA/rsvp");
        let saved = visitor.submit(&page, &pressed).await;
        let shown = visitor.follow(saved).await.text();
        let waits = stage.say("reply-waitlisted");
        let explained = stage.say("reply-waitlisted-explained");
        for words in [&waits, &explained] {
            assert!(shown.contains(&**words), "{words}: {shown}");
        }
        let portal = visitor.get("/invite/RAHMA").await.text();
        for words in [&waits, &explained] {
            assert!(portal.contains(&**words), "{words}: {portal}");
        }
        let (page, _) = form(&mut visitor, "RAHMA").await;
        assert!(page.text().contains(&*explained), "{}", page.text());
        let stored = state(&mut visitor, "RAHMA").await;
        let replies = &guest(&stored, "Rahman")["replies"];
        assert_eq!(
            (&replies["nikah"], &replies["reception"]),
            (&json!("yes"), &json!("waitlisted"))
        );
        // Saving the form again changes nothing, and the household keeps its position.
        let (page, unchanged) = form(&mut visitor, "RAHMA").await;
        visitor.submit(&page, &unchanged).await.expect(303);
        assert_eq!(
            state(&mut visitor, "RAHMA").await["version"],
            stored["version"]
        );

        stage.world.clock.advance(SignedDuration::from_mins(2));
        stage.worker().run_due().await.unwrap();
        let mails = stage.world.mails().await;
        let confirmed = mails.last().unwrap();
        let said = "Majlis resepsi: Senarai menunggu";
        assert!(confirmed.text.contains(said), "{}", confirmed.text);
        let told = "Kami akan maklumkan apabila ada tempat kosong.";
        assert!(confirmed.text.contains(told), "{}", confirmed.text);

        stage.world.clock.advance(SignedDuration::from_mins(1));
        leave(stage, 100).await;
        stage.worker().run_due().await.unwrap();
        let mails = stage.world.mails().await;
        let moved = mails.last().unwrap();
        assert_eq!(moved.subject, moved_up);
        assert!(!moved.text.contains("Senarai menunggu"), "{}", moved.text);
        let told = "anda tidak lagi dalam senarai menunggu";
        assert!(moved.text.contains(told), "{}", moved.text);
        let stored = state(&mut visitor, "RAHMA").await;
        assert_eq!(guest(&stored, "Rahman")["replies"]["reception"], "yes");
    });
}

#[test]
fn without_an_address_nobody_is_promised_a_mail() {
    on_default(async |stage| {
        leave(stage, 1).await;
        let clear = sql!("UPDATE invitation SET email = NULL WHERE code = $1");
        stage.run(clear, "RAHMA").await;
        let mut visitor = stage.guest();
        let (page, _) = form(&mut visitor, "RAHMA").await;
        let more = stage.say("choice-left-list");
        assert!(page.text().contains(&*more), "{}", page.text());
        let ids: Vec<String> = ["Rahman", "Siti"].map(String::from).to_vec();
        let stored = state(&mut visitor, "RAHMA").await;
        let mut wish = answer(1, &id(&stored, &ids[0]), &json!({ "reception": "yes" }));
        let second = answer(1, &id(&stored, &ids[1]), &json!({ "reception": "yes" }));
        let second = second["guests"][0].clone();
        wish["guests"].as_array_mut().unwrap().push(second);
        put(&mut visitor, "RAHMA", &wish).await.expect(200);
        let portal = visitor.get("/invite/RAHMA").await.text();
        let look = stage.say("reply-waitlisted-look");
        assert!(portal.contains(&*look), "{portal}");
        assert!(!portal.contains(&*stage.say("reply-waitlisted-explained")));
    });
}

#[test]
fn without_the_switch_the_loser_hears_how_many_places_are_left() {
    on_default(async |stage| {
        leave(stage, 1).await;
        stage.switch(|switches| switches.waitlist = false).await;
        let mut visitor = stage.guest();
        let stored = state(&mut visitor, "RAHMA").await;
        let mut wish = answer(1, &id(&stored, "Rahman"), &json!({ "reception": "yes" }));
        let second = answer(1, &id(&stored, "Siti"), &json!({ "reception": "yes" }));
        let second = second["guests"][0].clone();
        wish["guests"].as_array_mut().unwrap().push(second);
        let refused = put(&mut visitor, "RAHMA", &wish).await;
        let problem = refused.expect(409).json();
        assert_eq!(
            (&problem["code"], &problem["left"]),
            (&json!("event_full"), &json!(1))
        );
    });
}
