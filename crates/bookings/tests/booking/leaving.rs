//! Tests of the data about bookings when an account is deleted.

use bookings::DOMAIN;
use bookings::booking::State;
use platform::{Tx, sql};

use crate::stage::{
    Booking, Person, Stage, count, erase, exported, on_default, provider, script, state,
};

async fn obliged(stage: &Stage<'_>, person: &Person) -> Vec<String> {
    let id = person.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| (DOMAIN.accounts.obligations)(tx, &id);
    stage.world.store().write(look).await.unwrap()
}

#[test]
fn a_member_who_goes_gives_their_times_back_and_their_money_remains_of_nobody() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, booking) = aina.hold(&slot).await;
        aina.pay(&pay, "pay").await.expect(200);
        let copy = exported(stage, &aina).await;
        assert_eq!(copy["bookings"][0]["title"], "Portrait on the veranda");
        assert_eq!(copy["orders"][0]["amount_minor"], 18_000);
        assert_eq!(obliged(stage, &aina).await, [""; 0]);
        erase(stage, &aina).await;
        stage.work().await;
        let id = booking.rsplit('/').next().unwrap();
        assert_eq!(state(stage, id).await, State::Cancelled);
        assert_eq!(crate::stage::ledger(stage).await, 0);
        let open = format!("/book/{}", slot["id"].as_str().unwrap());
        stage.visitor().get(&open).await.expect(200);
        // The provider is notified.
        let subject = stage.start("booking-mail-cancelled");
        let mails = stage.world.mails().await;
        let told = mails
            .iter()
            .filter(|mail| mail.subject.starts_with(&subject));
        let told: Vec<&str> = told.map(|mail| mail.recipient.as_str()).collect();
        assert_eq!(told, ["Farah.Ali@example.my"]);
    });
}

#[test]
fn a_provider_settles_their_sessions_first_and_leaves_no_words() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        farah.offer("2026-12-02", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        assert_eq!(
            obliged(stage, &farah).await,
            ["Portrait on the veranda, 2026-12-01"]
        );
        let set = serde_json::json!({"reference": "Bank Satu 123-456"});
        let path = "/api/v1/me/payouts";
        let mut own = script(stage, &farah);
        own.call("PUT".parse().unwrap(), path, &set)
            .await
            .expect(204);
        let has_reference = async |expected: i64| {
            let all = sql!("SELECT COUNT(*) FROM provider WHERE payout_ref IS NOT NULL");
            assert_eq!(count(stage, all).await, expected);
        };
        has_reference(1).await;
        let copy = exported(stage, &farah).await;
        assert_eq!(copy["payouts"], serde_json::json!([]));
        assert!(!copy.to_string().contains("123-456"));
        let booking = aina.coming().await;
        aina.cancel(&format!("/me/bookings/{}", booking["id"].as_str().unwrap()))
            .await;
        assert_eq!(obliged(stage, &farah).await, [""; 0]);
        erase(stage, &farah).await;
        has_reference(0).await;
        let page = stage.visitor().get("/api/v1/slots").await;
        assert_eq!(page.json()["items"], serde_json::json!([]));
        let places = stage.world.places_of("meet.jit.si/Veranda");
        let own = ["slot", "booking", "provider"];
        let left: Vec<_> = places
            .iter()
            .filter(|place| own.iter().any(|table| place.starts_with(table)))
            .collect();
        assert!(left.is_empty(), "{places:?}");
    });
}
