//! Tests with random sequences of booking, paying, cancelling, moving and waiting. At the end, the
//! tables for bookings, slots, payments and the ledger must be consistent with the gateway's
//! records.

use jiff::SignedDuration;
use platform::random::Random;
use serde_json::Value;

use crate::stage::{Booking, Person, Stage, on_both, provider, wrong};

/// The number of actions in a sequence.
const STEPS: usize = 60;

async fn step(stage: &Stage<'_>, random: &Random, person: &mut Person, slots: &[Value]) {
    let pick = |count: usize| random.below(u32::try_from(count.max(1)).unwrap()) as usize;
    match pick(6) {
        0 | 1 => {
            // Other members may have booked the slot since, so its current version is read from the
            // page.
            let id = slots[pick(slots.len())]["id"].as_str().unwrap();
            let path = format!("/book/{id}");
            let page = person.browser.get(&path).await;
            let form = page.forms().into_iter().find(|form| form.action == path);
            let Some(form) = form else { return };
            let held = person.browser.submit(&page, &form).await;
            let pay = held
                .location()
                .filter(|at| at.starts_with("/pay/"))
                .map(str::to_owned);
            if let Some(pay) = pay {
                let how = ["pay", "pay", "fail", "lost", "twice", "wrong"][pick(6)];
                person.press(&pay, how).await;
            }
        }
        2 | 3 => {
            let list = person
                .call("GET", "/api/v1/bookings", &Value::Null)
                .await
                .json();
            let all = list["items"].as_array().unwrap().clone();
            let Some(one) = all.get(pick(all.len())) else {
                return;
            };
            let at = format!("/me/bookings/{}", one["id"].as_str().unwrap());
            let page = person.browser.get(&at).await;
            let path = format!("{at}/cancel");
            let form = page.forms().into_iter().find(|form| form.action == path);
            if let Some(form) = form {
                person.browser.submit_surely(&page, &form).await;
            }
        }
        4 => {
            let list = person
                .call("GET", "/api/v1/bookings", &Value::Null)
                .await
                .json();
            let all = list["items"].as_array().unwrap().clone();
            let Some(one) = all.get(pick(all.len())) else {
                return;
            };
            let path = format!("/me/bookings/{}/move", one["id"].as_str().unwrap());
            let page = person.browser.get(&path).await;
            let form = page.forms().into_iter().find(|form| form.action == path);
            if let Some(mut form) = form {
                let slots: Vec<String> = form
                    .fields
                    .iter()
                    .filter(|field| field.name == "slot")
                    .map(|field| field.value.clone())
                    .collect();
                form.press("slot", &slots[pick(slots.len())]);
                person.browser.submit(&page, &form).await;
            }
        }
        _ => {
            let minutes = [1, 5, 20, 600][pick(4)];
            stage
                .world
                .clock
                .advance(SignedDuration::from_mins(minutes));
            stage.work().await;
        }
    }
}

#[test]
fn random_days_leave_everything_in_agreement() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut slots = Vec::new();
        for (day, price) in [
            ("2026-11-24", 0),
            ("2026-11-25", 18_000),
            ("2026-11-26", 18_000),
        ] {
            for time in ["09:00", "10:00", "11:00"] {
                slots.push(farah.offer(day, time, price).await);
            }
        }
        let mut people = [
            stage.person("Aina Yusof").await,
            stage.person("Daniel Tan").await,
            stage.person("Mei Lin").await,
        ];
        for seed in 0..3 {
            let random = Random::seeded(seed);
            for at in 0..STEPS {
                let person = &mut people[random.below(3) as usize];
                step(stage, &random, person, &slots).await;
                assert_eq!(wrong(stage).await, [""; 0], "run {seed}, step {at}");
            }
        }
        // After an hour, the jobs have asked the gateway about all payments, so the consistency
        // checks find nothing.
        stage.world.clock.advance(SignedDuration::from_hours(1));
        stage.work().await;
        assert_eq!(wrong(stage).await, [""; 0]);
    });
}
