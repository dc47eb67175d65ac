//! Tests of the administrators' list of all sessions, and of the figures.

use bookings::booking::State;
use identity::grant::{ADMIN, OWNER};
use platform::sql;
use serde_json::{Value, json};
use testkit::Page;

use crate::credits;
use crate::stage::{
    Booking, Person, Stage, go_to, on_default, prove, provider, run, script, state,
};

const LIST: &str = "/api/v1/admin/bookings";
const FIGURES: &str = "/api/v1/admin/figures";

async fn get(stage: &Stage<'_>, who: &Person, path: &str) -> Page {
    script(stage, who).get(path).await
}

/// The titles of the sessions that a list answers.
fn starts(page: &Page) -> Vec<String> {
    let all = page.expect(200).json()["items"].clone();
    let all = all.as_array().unwrap().iter();
    all.map(|one| one["starts_at"].as_str().unwrap()[..10].to_owned())
        .collect()
}

/// A site where Aina has booked two sessions of Farah, and Daniel one; of these, one is cancelled.
async fn booked(stage: &Stage<'_>) -> (Person, Person) {
    let owner = stage.person_as("Siti Owner", OWNER).await;
    let mut farah = provider(stage).await;
    let mut aina = stage.person("Aina Yusof").await;
    let mut daniel = stage.person("Daniel Tan").await;
    for (day, is_ainas) in [
        ("2026-12-01", true),
        ("2026-12-03", false),
        ("2026-12-02", true),
    ] {
        let who = if is_ainas { &mut aina } else { &mut daniel };
        let slot = farah.offer(day, "09:00", 0).await;
        let led = who.book(&slot).await;
        let at = led.expect(303).location().unwrap().to_owned();
        if day == "2026-12-02" {
            let at = at.split('?').next().unwrap();
            who.cancel(at).await.expect(303);
        }
    }
    (owner, aina)
}

#[test]
fn administrators_find_each_session_by_its_filters() {
    on_default(&async |stage: &Stage<'_>| {
        let (owner, aina) = booked(stage).await;
        let all = get(stage, &owner, LIST).await;
        assert_eq!(starts(&all), ["2026-12-03", "2026-12-02", "2026-12-01"]);
        let item = all.json()["items"][0].clone();
        assert_eq!(
            (&item["member"], &item["provider"]),
            (&"Daniel Tan".into(), &"Farah Ali".into())
        );
        let farah = item["provider_id"].as_str().unwrap();
        let id = aina.who.account().id.to_string();
        for (filter, expected) in [
            ("state=cancelled".to_owned(), vec!["2026-12-02"]),
            ("state=confirmed&member=aina".to_owned(), vec!["2026-12-01"]),
            (format!("member={id}"), vec!["2026-12-02", "2026-12-01"]),
            ("member=%25".to_owned(), vec![]),
            (
                format!("provider={farah}&date_to=2026-12-01"),
                vec!["2026-12-01"],
            ),
            ("provider=nobody".to_owned(), vec![]),
            ("session_type=talk".to_owned(), vec![]),
            (
                "date_from=2026-12-02&date_to=2026-12-02".to_owned(),
                vec!["2026-12-02"],
            ),
        ] {
            let found = get(stage, &owner, &format!("{LIST}?{filter}")).await;
            assert_eq!(starts(&found), expected, "{filter}");
        }
        for refused in [
            "state=gone",
            "date_from=2026-12-02&date_to=2026-12-01",
            "date_from=x",
        ] {
            let page = get(stage, &owner, &format!("{LIST}?{refused}")).await;
            page.expect(422);
            let mut browser = owner.browser.clone();
            browser
                .get(&format!("/admin/sessions?{refused}"))
                .await
                .expect(200);
        }
        // The list goes on after a cursor, without losing or repeating a session.
        let first = get(stage, &owner, &format!("{LIST}?limit=2")).await;
        let next = first.json()["next_cursor"].as_str().unwrap().to_owned();
        let rest = get(stage, &owner, &format!("{LIST}?limit=2&cursor={next}")).await;
        assert_eq!([starts(&first), starts(&rest)].concat(), starts(&all));
        // Nobody else reads it.
        get(stage, &aina, LIST).await.expect(403);
        get(stage, &aina, FIGURES).await.expect(403);
        let mut browser = aina.browser.clone();
        browser.get("/admin/sessions").await.expect(403);
        browser.get("/admin/sessions/figures").await.expect(403);
    });
}

#[test]
fn an_administrator_cancels_from_the_list_and_says_why() {
    on_default(&async |stage: &Stage<'_>| {
        let (_, mut aina) = booked(stage).await;
        let mut admin = stage.person_as("Mei Lin", ADMIN).await;
        let page = admin
            .browser
            .get("/admin/sessions?state=confirmed&member=Aina")
            .await;
        assert!(page.expect(200).text().contains("Aina Yusof"));
        assert!(!page.text().contains("Daniel Tan"));
        let cancel = page.link(&stage.say("session-cancel")).href;
        let at = cancel.split('#').next().unwrap().to_owned();
        let page = admin.browser.get(&at).await;
        let mut form = page.expect(200).form(&format!("{at}/cancel"));
        admin.browser.submit(&page, &form).await.expect(422);
        form.fill("reason", "The studio is flooded");
        admin.browser.submit_surely(&page, &form).await.expect(303);
        let id = at.rsplit('/').next().unwrap();
        assert_eq!(state(stage, id).await, State::Cancelled);
        aina.sees(&at, "The studio is flooded").await;
        admin.sees("/admin/sessions", "The studio is flooded").await;
    });
}

#[test]
fn a_new_site_shows_its_first_steps() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let done = stage.say("session-step-done");
        let count = async |owner: &mut Person| {
            let page = owner.browser.get("/admin/sessions").await;
            assert!(
                page.expect(200)
                    .text()
                    .contains(&stage.say("session-steps"))
            );
            page.body.matches(&format!(">{done}<")).count()
        };
        assert_eq!(count(&mut owner).await, 0);
        credits::plan(&mut owner, 1).await;
        assert_eq!(count(&mut owner).await, 1);
        let mut farah = provider(stage).await;
        assert_eq!(count(&mut owner).await, 2);
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let text = owner.browser.get("/admin/sessions").await.text();
        assert!(!text.contains(&stage.say("session-steps")), "{text}");
    });
}

#[test]
fn figures_count_what_their_days_hold() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let empty = get(stage, &owner, FIGURES).await.expect(200).json();
        for null in ["utilisation_bps", "cancellation_bps", "lead_minutes"] {
            assert_eq!(empty[null], Value::Null, "{null}");
        }
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slots = [
            farah.offer("2026-12-01", "09:00", 18_000).await,
            farah.offer("2026-12-02", "09:00", 0).await,
            farah.offer("2026-12-03", "09:00", 10_000).await,
            farah.offer("2026-12-04", "09:00", 0).await,
        ];
        let start: jiff::Timestamp = slots[1]["starts_at"].as_str().unwrap().parse().unwrap();
        let lead = start.duration_since(stage.site.clock.now()).as_mins();
        let (pay, _) = aina.hold(&slots[0]).await;
        aina.pay(&pay, "pay").await.expect(200);
        aina.book(&slots[1]).await.expect(303);
        let (pay, paid) = aina.hold(&slots[2]).await;
        aina.pay(&pay, "pay").await.expect(200);
        aina.cancel(&paid).await.expect(303);
        // A hold that was cancelled before it was paid was never confirmed.
        let (_, held) = aina.hold(&slots[2]).await;
        aina.cancel(&held).await.expect(303);
        stage.work().await;
        let all = get(stage, &owner, FIGURES).await.expect(200).json();
        assert_eq!((&all["slots"], &all["slots_used"]), (&4.into(), &2.into()));
        assert_eq!(all["utilisation_bps"], 5_000);
        assert_eq!(
            (&all["confirmed"], &all["cancelled"]),
            (&3.into(), &1.into())
        );
        assert_eq!(all["cancellation_bps"], 3_333);
        // On three days, one after the other.
        assert_eq!(all["lead_minutes"], lead);
        // Test money is told apart, and is never revenue.
        let money = json!([{"currency": "MYR", "captured_minor": 28_000,
            "refunded_minor": 10_000, "revenue_minor": 18_000}]);
        assert_eq!(
            (&all["revenue"], &all["test_revenue"]),
            (&json!([]), &money)
        );
        run(stage, sql!("UPDATE booking_order SET mode = 'live'")).await;
        let all = get(stage, &owner, FIGURES).await.json();
        assert_eq!(
            (&all["revenue"], &all["test_revenue"]),
            (&money, &json!([]))
        );
        // Sessions count on their day, and money on the day when it came.
        let path = format!("{FIGURES}?date_from=2026-12-02&date_to=2026-12-02");
        let day = get(stage, &owner, &path).await.json();
        assert_eq!(
            (&day["slots"], &day["utilisation_bps"]),
            (&1.into(), &10_000.into())
        );
        assert_eq!(day["revenue"], json!([]));
        // A session that its member missed used its time.
        go_to(stage, "2026-12-05T00:00:00Z").await;
        prove(stage, &mut owner).await;
        run(stage, sql!("UPDATE provider SET payout_minor = 0")).await;
        let all = get(stage, &owner, FIGURES).await.json();
        assert_eq!((&all["slots_used"], &all["owed"]), (&2.into(), &json!([])));
        let mut browser = owner.browser.clone();
        let page = browser
            .get("/admin/sessions/figures?date_from=2026-11-01")
            .await;
        let text = page.expect(200).text();
        assert!(text.contains("RM 180.00") && text.contains("50%"), "{text}");
        assert!(!text.contains(&stage.say("figures-test-mark")), "{text}");
    });
}
