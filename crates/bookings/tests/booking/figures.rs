//! Tests of how the figures count open time, seats, and how far ahead people book.

use identity::grant::OWNER;
use platform::sql;
use serde_json::{Value, json};

use crate::classes::{book_seats, class};
use crate::hours::{booked, every_day, listed, offer, tuesdays};
use crate::stage::{
    Booking, Person, Stage, count, go_to, on_both, on_default, prove, provider, script,
};

/// The figures of a range of days.
async fn figures(stage: &Stage<'_>, owner: &Person, first: &str, last: &str) -> Value {
    let path = format!("/api/v1/admin/figures?date_from={first}&date_to={last}");
    let page = script(stage, owner).get(&path).await;
    page.expect(200).json()
}

/// Open minutes, booked minutes, and the share of these.
fn time(figures: &Value) -> [Value; 3] {
    ["open_minutes", "booked_minutes", "utilisation_bps"].map(|name| figures[name].clone())
}

fn seats(figures: &Value) -> [Value; 3] {
    ["seats", "seats_taken", "seats_bps"].map(|name| figures[name].clone())
}

#[test]
fn use_is_what_is_booked_of_open_hours_and_stays_when_hours_change() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        offer(&mut farah, &hours, &json!({})).await;
        offer(
            &mut farah,
            &hours,
            &json!({"title": "Talk", "horizon_days": 10}),
        )
        .await;
        let day = async |owner: &Person, day: &str| time(&figures(stage, owner, day, day).await);
        let none = [json!(0), json!(0), Value::Null];
        assert_eq!(
            day(&owner, "2026-11-24").await,
            [json!(180), json!(0), json!(0)]
        );
        assert_eq!(day(&owner, "2026-11-25").await, none);
        // Nobody can book further ahead than the horizon.
        let ahead = figures(stage, &owner, "2026-11-23", "2026-12-16").await;
        assert_eq!(time(&ahead)[0], 540);

        let mut aina = stage.person("Aina Yusof").await;
        for _ in 0..2 {
            let free = listed(&mut aina).await;
            booked(&mut aina, &free[0]).await;
        }
        farah.offer("2026-11-24", "15:00", 0).await;
        let off = json!({"first_day": "2026-12-01", "hours": []});
        let made = farah.call("POST", "/api/v1/me/exceptions", &off).await;
        made.expect(201);
        let used = [json!(240), json!(120), json!(5_000)];
        assert_eq!(day(&owner, "2026-11-24").await, used);
        assert_eq!(day(&owner, "2026-12-01").await, none);
        // From Friday afternoon to nine and to ten on Tuesday.
        let all = figures(stage, &owner, "2026-11-24", "2026-11-24").await;
        assert_eq!(all["lead_minutes"], 89 * 60 + 30);

        // Each night keeps the days that are over.
        go_to(stage, "2026-11-26T00:30:00Z").await;
        prove(stage, &mut owner).await;
        prove(stage, &mut farah).await;
        assert_eq!(
            count(stage, sql!("SELECT COUNT(*) FROM provider_day")).await,
            1
        );
        let monday = json!([{"day": "monday", "opens": "09:00", "closes": "11:00"}]);
        let path = format!("/api/v1/me/schedules/{hours}");
        let change = json!({"week": monday, "version": 1});
        farah.call("PATCH", &path, &change).await.expect(200);
        assert_eq!(day(&owner, "2026-11-24").await, used);
        assert_eq!(day(&owner, "2026-12-08").await, none);
        assert_eq!(
            day(&owner, "2026-12-07").await,
            [json!(120), json!(0), json!(0)]
        );
        go_to(stage, "2026-11-27T00:30:00Z").await;
        prove(stage, &mut owner).await;
        assert_eq!(day(&owner, "2026-11-24").await, used);
        assert_eq!(
            count(stage, sql!("SELECT COUNT(*) FROM provider_day")).await,
            1
        );
    });
}

#[test]
fn classes_are_counted_by_seats_and_their_time_is_open_to_nobody_alone() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let (mut farah, _, _) = class(stage, &json!({"seats": 4, "party_limit": 3})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let dates = listed(&mut aina).await;
        book_seats(&mut aina, &dates[0], 3).await.expect(201);
        let tuesday = figures(stage, &owner, "2026-11-24", "2026-11-24").await;
        assert_eq!(seats(&tuesday), [json!(12), json!(3), json!(2_500)]);
        assert_eq!(time(&tuesday), [json!(0), json!(0), Value::Null]);
        let wednesday = figures(stage, &owner, "2026-11-25", "2026-11-25").await;
        assert_eq!(seats(&wednesday), [json!(0), json!(0), Value::Null]);

        // Five hours are open, and three of them taken by the class.
        let hours = every_day(&mut farah, "09:00", "14:00").await;
        offer(&mut farah, &hours, &json!({"title": "Talk"})).await;
        let tuesday = figures(stage, &owner, "2026-11-24", "2026-11-24").await;
        assert_eq!(time(&tuesday), [json!(120), json!(0), json!(0)]);
        let path = "/admin/sessions/figures?date_from=2026-11-24&date_to=2026-11-24";
        for (label, value) in [
            ("figures-utilisation", "0% (0 minutes of 2 hours)"),
            ("figures-seats", "25% (3 of 12)"),
        ] {
            let words = format!("{} {value}", stage.say(label));
            owner.sees(path, &words).await;
        }
        go_to(stage, "2026-11-26T00:30:00Z").await;
        prove(stage, &mut owner).await;
        let tuesday = figures(stage, &owner, "2026-11-24", "2026-11-24").await;
        assert_eq!(seats(&tuesday), [json!(12), json!(3), json!(2_500)]);
        assert_eq!(time(&tuesday)[0], 120);
    });
}
