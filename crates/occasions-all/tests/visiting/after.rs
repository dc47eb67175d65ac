//! Tests of a household's page after the day.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use occasions::words::{OccasionKind, OccasionStatus};
use platform::{Tx, sql};
use testkit::assert_private;

use crate::stage::{Stage, on_default};

/// Returns 4 am of the morning after the last event.
async fn morning_after(stage: &Stage<'_>) -> Timestamp {
    let look = |tx: &mut Tx<'_>| -> Result<Timestamp, platform::StoreError> {
        let (last,): (Timestamp,) = tx.one(sql!("SELECT MAX(ends_at) FROM event"), &[])?;
        Ok(last)
    };
    let last = stage.site.store.read(look).await.unwrap();
    let zone = TimeZone::get("Asia/Kuala_Lumpur").unwrap();
    let day = last.to_zoned(zone.clone()).date();
    let four = day.tomorrow().unwrap().at(4, 0, 0, 0);
    four.to_zoned(zone).unwrap().timestamp()
}

#[test]
fn the_page_thanks_from_four_in_the_morning_on() {
    on_default(async |stage| {
        let morning = morning_after(stage).await;
        let mut guest = stage.guest();
        stage
            .world
            .clock
            .set(morning - jiff::SignedDuration::from_secs(1));
        let page = guest.get("/invite/RAHMA").await;
        assert!(page.body.contains("calendar.ics"), "the day is not over");
        stage.world.clock.set(morning);
        let page = guest.get("/invite/RAHMA").await.with(200);
        assert_private(&page);
        let text = page.text();
        assert!(text.contains(&stage.say("after-on-wedding")), "{text}");
        // This household has never answered, so somebody of it may have come.
        assert!(text.contains(&stage.say("after-unknown-title")), "{text}");
        assert!(!text.contains(&stage.say("after-missed-title")), "{text}");
        assert!(!text.contains(&stage.say("after-came-title")), "{text}");
        for gone in ["calendar.ics", "/rsvp", "google", "waze"] {
            assert!(!page.body.contains(gone), "{gone}");
        }
        let word = stage.fill("after-word", [("hosts", "Aisyah & Daniel".into())]);
        assert!(text.contains(&word), "{text}");
        assert!(page.links().iter().any(|link| link.href.contains("/notes")));

        stage
            .run(
                sql!(
                    "UPDATE reply SET status = 'no' WHERE guest IN
                     (SELECT guest.id FROM guest JOIN invitation ON invitation.id = guest.invitation
                      WHERE invitation.code = $1)"
                ),
                "RAHMA",
            )
            .await;
        let text = guest.get("/invite/RAHMA").await.text();
        assert!(text.contains(&stage.say("after-missed-title")), "{text}");

        stage
            .run(
                sql!(
                    "UPDATE reply SET status = 'yes' WHERE guest IN
                     (SELECT guest.id FROM guest JOIN invitation ON invitation.id = guest.invitation
                      WHERE invitation.code = $1)"
                ),
                "RAHMA",
            )
            .await;
        let text = guest.get("/invite/RAHMA").await.text();
        assert!(text.contains(&stage.say("after-came-title")), "{text}");
        assert!(text.contains("Siti"), "{text}");

        stage.details(|one| one.kind = OccasionKind::Memorial).await;
        let text = guest.get("/invite/RAHMA").await.text();
        assert!(
            text.contains(&stage.say("after-came-title-memorial")),
            "{text}"
        );

        stage.status(OccasionStatus::Archived).await;
        let page = guest.get("/invite/RAHMA").await.with(200);
        assert!(
            page.text()
                .contains(&stage.say("after-came-title-memorial"))
        );
        assert!(page.forms().is_empty(), "the archive can only be read");
        assert!(!page.links().iter().any(|link| link.href.contains("/notes")));
    });
}

#[test]
fn the_public_page_thanks_and_invites_nobody_any_more() {
    on_default(async |stage| {
        stage
            .details(|one| {
                one.switches.open_rsvp = true;
                one.rsvp_deadline = None;
            })
            .await;
        let morning = morning_after(stage).await;
        let second = jiff::SignedDuration::from_secs(1);
        stage.world.clock.set(morning - second);
        let form = "/o/aisyah-daniel/rsvp";
        let mut guest = stage.guest();
        let page = guest.get("/o/aisyah-daniel").await.with(200);
        assert!(page.links().iter().any(|link| link.href == form));
        assert!(!page.text().contains(&stage.say("thanks-title")));
        assert!(!guest.get(form).await.forms().is_empty());
        stage.world.clock.set(morning);
        let page = guest.get("/o/aisyah-daniel").await.with(200);
        let text = page.text();
        for said in ["thanks-title", "after-on-wedding", "card-enter"] {
            assert!(text.contains(&stage.say(said)), "{said}: {text}");
        }
        let title = format!("<title>{}", stage.say("thanks-title"));
        assert!(page.body.contains(&title));
        assert!(!page.links().iter().any(|link| link.href == form));
        for gone in ["card-events", "card-open"] {
            assert!(!text.contains(&stage.say(gone)), "{gone}: {text}");
        }
        assert!(guest.get(form).await.forms().is_empty());
    });
}
