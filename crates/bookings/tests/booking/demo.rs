//! A test of what the demo shows of bookings.

use bookings::demo;
use bookings::provider::PROVIDER;
use platform::Tx;
use serde_json::Value;

use crate::stage::{Booking, Stage, on_default};

#[test]
fn the_demo_has_a_full_evening_with_names_and_somebody_who_waits() {
    on_default(&async |stage: &Stage<'_>| {
        let mut teacher = stage.person_as("Aisyah", PROVIDER).await;
        let mut mei = stage.person("Mei Lin").await;
        let mut farid = stage.person("Farid").await;
        let [own, member, other] =
            [&teacher, &mei, &farid].map(|person| person.who.account().id.clone());
        let seed = move |tx: &mut Tx<'_>| {
            demo::seed(tx, &own, "Aisyah", [&member, &other], "Asia/Kuala_Lumpur")
        };
        stage.world.store().write(seed).await.unwrap();
        stage.work().await;
        let all = farid.call("GET", "/api/v1/waiting", &Value::Null).await;
        let waits = all.with(200).json()["items"][0].clone();
        assert_eq!((&waits["seats"], &waits["ahead"]), (&1.into(), &0.into()));
        let people = format!("/me/slots/{}", waits["slot_id"].as_str().unwrap());
        for said in [
            "4 of 4 places taken, 1 booking",
            "Kok Leong",
            "Farid",
            "I bring the guitar.",
        ] {
            teacher.sees(&people, said).await;
        }
        mei.sees("/me/bookings", "Songs in Malay").await;
        // The other dates of the evening and of the class are there too.
        let all = farid.call("GET", "/api/v1/slots", &Value::Null).await;
        let all = all.with(200).json()["items"].clone();
        let titles = all.as_array().unwrap().iter().map(|slot| &slot["title"]);
        let titles: Vec<&Value> = titles.collect();
        for title in [
            "Songs in Malay: an evening",
            "Malay for the market: a class",
        ] {
            assert!(titles.iter().any(|one| *one == title), "{titles:?}");
        }
    });
}
