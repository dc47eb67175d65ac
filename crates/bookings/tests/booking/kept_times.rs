//! Tests of the free times that reads keep for the reads after them: whatever changes them, in whichever
//! process, nobody reads what was free before.

use bookings::browse::{self, Filter};
use bookings::provider::PROVIDER;
use bookings::slot::Slot;
use jiff::{SignedDuration, Timestamp};
use platform::store::Store;
use platform::{Rows, Sql, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{Draw, rounds};

use crate::classes::change;
use crate::hours::{BOOKINGS, booked, every_day, listed, offer, tuesdays, wish};
use crate::stage::{
    Booking, LINK, Person, Stage, count, drop_mail_jobs, erase, offer_week, on_both, on_default,
    provider, rows, run,
};

/// More than there are.
const ALL: i64 = 10_000;
const EXCEPTIONS: &str = "/api/v1/me/exceptions";

fn list(tx: &mut Tx<'_>) -> Result<Vec<Slot>, StoreError> {
    let all = browse::list(tx, &Filter::default(), ALL)?;
    Ok(all.into_iter().map(|one| one.slot).collect())
}

/// What a reader finds, and what a change does, which computes everything.
async fn found(store: &Store) -> [Vec<Slot>; 2] {
    [
        store.read(list).await.unwrap(),
        store.write(list).await.unwrap(),
    ]
}

async fn revision(stage: &Stage<'_>) -> i64 {
    let revision = sql!("SELECT COALESCE(MAX(revision), 0) FROM provider_times");
    count(stage, revision).await
}

/// What has happened since the last look.
struct Watch<'a, 'w> {
    stage: &'a Stage<'w>,
    revision: i64,
}

impl<'a, 'w> Watch<'a, 'w> {
    async fn begin(stage: &'a Stage<'w>) -> Self {
        Self {
            stage,
            revision: revision(stage).await,
        }
    }

    /// Something has changed: the revision, and what is read.
    async fn sees(&mut self, what: &str) {
        let former = std::mem::replace(&mut self.revision, revision(self.stage).await);
        assert_ne!(self.revision, former, "{what}");
        let [read, computed] = found(self.stage.world.store()).await;
        assert_eq!(read, computed, "{what}");
    }
}

#[test]
fn each_statement_that_changes_what_takes_a_providers_time_raises_the_revision_and_no_other() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        offer(&mut farah, &hours, &json!({})).await;
        assert_eq!(revision(stage).await, 0);
        farah.offer("2026-12-03", "09:00", 0).await;
        let mut former = revision(stage).await;
        assert_ne!(former, 0);
        let steps: [(Sql, bool); 21] = [
            (
                sql!(
                    "INSERT INTO provider_busy (provider_id, starts_at, ends_at)
                     SELECT id, 1, 2 FROM provider"
                ),
                true,
            ),
            (sql!("UPDATE provider_busy SET ends_at = 3"), true),
            (sql!("DELETE FROM provider_busy"), true),
            (
                sql!(
                    "INSERT INTO provider_schedule_exception
                         (id, provider_id, first_day, last_day, hours, note, created_at, version)
                     SELECT id, id, '2027-01-01', '2027-01-01', '[]', '', 0, 1 FROM provider"
                ),
                true,
            ),
            (
                sql!("UPDATE provider_schedule_exception SET last_day = '2027-01-02'"),
                true,
            ),
            (sql!("DELETE FROM provider_schedule_exception"), true),
            // What a single time is, and whether somebody has booked it, takes no more time.
            (sql!("UPDATE slot SET title = 'x', version = 9"), false),
            (sql!("UPDATE slot SET state = 'booked'"), false),
            (sql!("UPDATE slot SET state = 'available'"), false),
            (
                sql!("UPDATE slot SET blocks_from = blocks_from - 60000"),
                true,
            ),
            (
                sql!("UPDATE slot SET blocks_until = blocks_until + 60000"),
                true,
            ),
            (sql!("UPDATE slot SET starts_at = starts_at + 60000"), true),
            (
                sql!("UPDATE slot SET offer_id = (SELECT id FROM offer)"),
                true,
            ),
            (sql!("UPDATE slot SET state = 'held'"), true),
            (sql!("UPDATE slot SET state = 'booked'"), false),
            (sql!("UPDATE slot SET state = 'unavailable'"), true),
            (sql!("UPDATE slot SET deleted_at = 1"), true),
            // What is gone takes no time.
            (sql!("UPDATE slot SET starts_at = 0, deleted_at = 2"), false),
            (sql!("UPDATE slot SET deleted_at = NULL"), true),
            (sql!("UPDATE provider SET bio = 'x', version = 9"), false),
            (sql!("DELETE FROM slot"), true),
        ];
        for (number, (step, is_raised)) in steps.into_iter().enumerate() {
            run(stage, step).await;
            let now = revision(stage).await;
            assert_eq!(now != former, is_raised, "step {number}");
            former = now;
        }
    });
}

#[test]
fn what_goes_over_to_another_provider_raises_the_revisions_of_both() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.offer("2026-12-03", "09:00", 0).await;
        let mut mei = stage.person_as("Mei Lin", PROVIDER).await;
        mei.offer("2026-12-03", "11:00", 0).await;
        for first in [
            sql!(
                "INSERT INTO provider_busy (provider_id, starts_at, ends_at)
                 SELECT MIN(id), 1, 2 FROM provider"
            ),
            sql!(
                "INSERT INTO provider_schedule_exception
                     (id, provider_id, first_day, last_day, hours, note, created_at, version)
                 SELECT 'day', MIN(id), '2027-01-01', '2027-01-01', '[]', '', 0, 1 FROM provider"
            ),
        ] {
            run(stage, first).await;
        }
        let revisions = async || {
            let all = sql!("SELECT revision FROM provider_times ORDER BY provider_id");
            let all: Vec<(i64,)> = rows(stage, all).await;
            all
        };
        for step in [
            sql!("UPDATE slot SET provider_id = (SELECT MAX(id) FROM provider)"),
            sql!("UPDATE provider_busy SET provider_id = (SELECT MAX(id) FROM provider)"),
            sql!(
                "UPDATE provider_schedule_exception
                 SET provider_id = (SELECT MAX(id) FROM provider)"
            ),
        ] {
            let former = revisions().await;
            run(stage, step).await;
            let now = revisions().await;
            assert_eq!((former.len(), now.len()), (2, 2));
            assert!(former.iter().zip(&now).all(|(former, now)| former != now));
        }
    });
}

#[test]
fn single_times_and_days_off_raise_the_revision() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = every_day(&mut farah, "09:00", "12:00").await;
        offer(&mut farah, &hours, &json!({})).await;
        let mut watch = Watch::begin(stage).await;
        let single = farah.offer("2026-11-25", "09:00", 0).await;
        watch.sees("a single time").await;
        let one = format!("/api/v1/me/slots/{}", single["id"].as_str().unwrap());
        let later = json!({"time": "10:00", "version": single["version"]});
        farah.call("PATCH", &one, &later).await.expect(200);
        watch.sees("a changed time").await;
        farah.call("DELETE", &one, &Value::Null).await.expect(204);
        watch.sees("a removed time").await;
        let series = json!({"first_date": "2026-12-01", "weeks": 1, "weekdays": [1, 2],
            "times": ["09:00"], "slot": {"minutes": 60, "title": "Call", "location": LINK}});
        let made = farah.call("POST", "/api/v1/me/slots/series", &series).await;
        made.expect(201);
        watch.sees("a series").await;

        let off = json!({"first_day": "2026-11-26", "last_day": "2026-11-27"});
        let made = farah.call("POST", EXCEPTIONS, &off).await;
        let made = made.expect(201).json();
        watch.sees("days off").await;
        let days = format!("{EXCEPTIONS}/{}", made["id"].as_str().unwrap());
        let longer = json!({"last_day": "2026-11-28"});
        change(&mut farah, &days, &longer).await;
        watch.sees("more days off").await;
        farah.call("DELETE", &days, &Value::Null).await.expect(204);
        watch.sees("no days off").await;
        erase(stage, &farah).await;
        watch.sees("a provider who leaves").await;
    });
}

#[test]
fn bookings_of_computed_times_raise_the_revision_when_they_begin_end_and_move() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = every_day(&mut farah, "09:00", "12:00").await;
        let lengths = json!([{"minutes": 60}, {"minutes": 30, "price_minor": 9_000}]);
        offer(&mut farah, &hours, &json!({"lengths": lengths})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let all = listed(&mut aina).await;
        let free: Vec<&Value> = all.iter().filter(|one| one["price_minor"] == 0).collect();
        let mut watch = Watch::begin(stage).await;
        let booking = booked(&mut aina, free[3]).await;
        watch.sees("a booking").await;
        let at = format!("{BOOKINGS}/{}", booking["id"].as_str().unwrap());
        let moved = aina
            .call("POST", &format!("{at}/reschedule"), &wish(free[6]))
            .await;
        moved.expect(200);
        watch.sees("a booking that moves").await;
        let cancelled = aina.call("POST", &format!("{at}/cancel"), &json!({})).await;
        cancelled.expect(200);
        watch.sees("a cancelled booking").await;
        let other = booked(&mut aina, free[9]).await;
        watch.sees("another booking").await;
        let own = format!("/me/bookings/{}", other["id"].as_str().unwrap());
        farah.cancel(&own).await.expect(303);
        watch.sees("a booking that its provider cancels").await;
        let shown = format!(
            "/api/v1/me/slots/{}/visibility",
            free[9]["id"].as_str().unwrap()
        );
        let visible = json!({"visible": true});
        farah.call("POST", &shown, &visible).await.expect(200);
        watch.sees("a time left to the hours again").await;

        let dear = all.iter().find(|one| one["price_minor"] != 0).unwrap();
        aina.hold(dear).await;
        watch.sees("a hold").await;
        stage.world.clock.advance(SignedDuration::from_mins(16));
        stage.work().await;
        watch.sees("a hold that ends").await;
        let ask = json!({"slot_ids": [free[12]["id"]]});
        let asked = aina.call("POST", "/api/v1/requests", &ask).await;
        let asked = asked.with(201).json();
        let confirm = format!("/api/v1/requests/{}/confirm", asked["id"].as_str().unwrap());
        let chosen = json!({"slot_id": free[12]["id"]});
        farah.call("POST", &confirm, &chosen).await.expect(200);
        watch.sees("a confirmed request").await;
    });
}

#[test]
fn dates_of_classes_raise_the_revision() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = every_day(&mut farah, "09:00", "12:00").await;
        offer(&mut farah, &hours, &json!({})).await;
        let evenings = every_day(&mut farah, "18:00", "19:00").await;
        let mut watch = Watch::begin(stage).await;
        let yoga = json!({"title": "Yoga", "seats": 4, "horizon_days": 5});
        offer(&mut farah, &evenings, &yoga).await;
        stage.work().await;
        watch.sees("dates").await;
        let mut aina = stage.person("Aina Yusof").await;
        let all = listed(&mut aina).await;
        let date = all.iter().find(|one| one["title"] == "Yoga").unwrap();
        let one = format!("/api/v1/me/slots/{}", date["id"].as_str().unwrap());
        farah.call("DELETE", &one, &Value::Null).await.expect(204);
        watch.sees("a removed date").await;
        // Other hours take other times.
        let earlier = json!({"week": [{"day": "friday", "opens": "08:30", "closes": "09:30"}]});
        let own = format!("/api/v1/me/schedules/{evenings}");
        change(&mut farah, &own, &earlier).await;
        stage.work().await;
        watch.sees("dates in other hours").await;
    });
}

#[test]
fn what_is_kept_under_the_revision_is_read_and_a_debug_build_sees_that_it_is_stale() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        offer(&mut farah, &hours, &json!({})).await;
        farah.offer("2026-12-03", "09:00", 0).await;
        let store = stage.world.store();
        let [read, computed] = found(store).await;
        assert_eq!(read, computed);
        let former = revision(stage).await;
        run(
            stage,
            sql!(
                "INSERT INTO provider_busy (provider_id, starts_at, ends_at)
                 SELECT provider_id, 0, 4000000000000 FROM slot"
            ),
        )
        .await;
        let now = revision(stage).await;
        let set = async |to: i64| {
            let change = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
                sql!("UPDATE provider_times SET revision = :to", to).run(tx, Rows::Exactly(1))
            };
            store.write(change).await.unwrap();
        };
        // As if the triggers had not told of it.
        set(former).await;
        assert!(store.read(list).await.is_err());
        set(now).await;
        assert_eq!(found(store).await, [[], []]);
    });
}

#[test]
fn the_days_that_are_kept_go_on_with_the_clock() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        // From before midnight to after it, in UTC.
        let hours = every_day(&mut farah, "06:00", "10:00").await;
        for (title, days) in [("Soon", 1), ("Far", 90), ("Further", 91)] {
            let more = json!({"title": title, "horizon_days": days, "min_notice": 0});
            offer(&mut farah, &hours, &more).await;
        }
        let [first, _] = found(stage.world.store()).await;
        for hour in 0..26 {
            stage.world.clock.advance(SignedDuration::from_hours(1));
            let [read, computed] = found(stage.world.store()).await;
            assert_eq!(read, computed, "{hour}");
        }
        let [last, _] = found(stage.world.store()).await;
        assert!(first[0].starts_at < last[0].starts_at);
        assert!(first.last().unwrap().starts_at < last.last().unwrap().starts_at);
        let far = last.iter().filter(|slot| slot.title == "Far").count();
        assert!(far >= 4 * 90, "{far}");
    });
}

/// A provider, a member, and what happens between them.
struct Play<'a, 'w> {
    stage: &'a Stage<'w>,
    other: Store,
    draw: Draw,
    farah: Person,
    aina: Person,
    hours: String,
    offer: String,
}

impl Play<'_, '_> {
    fn day(&mut self) -> String {
        let ahead = i64::try_from(self.draw.below(25)).unwrap();
        let at = self.stage.site.clock.now() + SignedDuration::from_hours(24 * ahead);
        at.strftime("%Y-%m-%d").to_string()
    }

    fn number(&mut self, of: &[i64]) -> i64 {
        of[self.draw.below(of.len())]
    }

    /// Changes something, or is refused. The other process writes what calendars say.
    async fn step(&mut self) {
        match self.draw.below(11) {
            0 | 1 => {
                let all = self.other.read(list).await.unwrap();
                let at = self.draw.below(all.len());
                if let Some(slot) = all.get(at) {
                    let wish = json!({"slot_id": slot.id.as_str(), "slot_version": slot.version});
                    self.aina.call("POST", BOOKINGS, &wish).await;
                }
            }
            2 => {
                let coming = self.aina.call("GET", BOOKINGS, &Value::Null).await.json();
                if let Some(id) = coming["items"][0]["id"].as_str() {
                    let path = format!("{BOOKINGS}/{id}/cancel");
                    self.aina.call("POST", &path, &json!({})).await;
                }
            }
            3 => {
                let (first, is_off) = (self.day(), self.draw.is(2));
                let other = json!([{"opens": "14:00", "closes": "16:00"}]);
                let hours = if is_off { json!([]) } else { other };
                let days = json!({"first_day": first, "hours": hours});
                let made = self.farah.call("POST", EXCEPTIONS, &days).await;
                made.expect(201);
            }
            4 => {
                let all = self
                    .farah
                    .call("GET", EXCEPTIONS, &Value::Null)
                    .await
                    .json();
                if let Some(id) = all["items"][0]["id"].as_str() {
                    let path = format!("{EXCEPTIONS}/{id}");
                    self.farah.call("DELETE", &path, &Value::Null).await;
                }
            }
            5 => {
                let more = json!({"step_minutes": self.number(&[0, 15, 60]),
                    "buffer_before": self.number(&[0, 10]),
                    "buffer_after": self.number(&[0, 20]),
                    "min_notice": self.number(&[0, 600]),
                    "horizon_days": self.number(&[1, 7, 30, 120]),
                    "day_limit": self.number(&[1, 2, 5]),
                    "lengths": [{"minutes": self.number(&[30, 45, 60])}, {"minutes": 90}]});
                let path = self.offer.clone();
                change(&mut self.farah, &path, &more).await;
            }
            6 => {
                let opens = format!("{:02}:30", self.number(&[7, 8, 9]));
                let window = |day: &str| json!({"day": day, "opens": opens, "closes": "12:30"});
                let week: Vec<Value> = ["monday", "tuesday", "friday"].map(window).to_vec();
                let zone = self.draw.one(&["Asia/Tokyo", "Asia/Kuala_Lumpur"]);
                let path = format!("/api/v1/me/schedules/{}", self.hours);
                let new = json!({"week": week, "time_zone": zone});
                change(&mut self.farah, &path, &new).await;
            }
            7 => {
                let (date, hour) = (self.day(), self.number(&[9, 10, 11]));
                let single = json!({"date": date, "time": format!("{hour:02}:15"), "minutes": 30,
                    "title": "Single", "location": LINK});
                self.farah.call("POST", "/api/v1/me/slots", &single).await;
            }
            8 => {
                let all = self.farah.call("GET", "/api/v1/me/slots", &Value::Null);
                if let Some(id) = all.await.json()["items"][0]["id"].as_str() {
                    let path = format!("/api/v1/me/slots/{id}");
                    self.farah.call("DELETE", &path, &Value::Null).await;
                }
            }
            9 => self.be_busy().await,
            _ => {
                let minutes = self.number(&[7, 60, 600, 1_500]);
                let clock = &self.stage.world.clock;
                clock.advance(SignedDuration::from_mins(minutes));
                drop_mail_jobs(self.stage).await;
                self.stage.work().await;
            }
        }
    }

    async fn be_busy(&mut self) {
        let is_over = self.draw.is(3);
        let hours = i64::try_from(self.draw.below(200)).unwrap();
        let from: Timestamp = self.stage.site.clock.now() + SignedDuration::from_hours(hours);
        let change = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            if is_over {
                return tx.run(sql!("DELETE FROM provider_busy"), &[], Rows::Any);
            }
            sql!(
                "INSERT INTO provider_busy (provider_id, starts_at, ends_at)
                 SELECT id, :from, :until FROM provider WHERE true
                 ON CONFLICT DO NOTHING",
                from,
                until = from + SignedDuration::from_mins(100)
            )
            .run(tx, Rows::Any)
        };
        self.other.write(change).await.unwrap();
    }
}

#[test]
fn after_random_changes_what_either_of_two_processes_keeps_is_what_is_free() {
    on_both(&async |stage: &Stage<'_>| {
        let limits = sql!("UPDATE booking_setting SET booking_hour_limit = 1000");
        run(stage, limits).await;
        let mut farah = provider(stage).await;
        let hours = every_day(&mut farah, "09:00", "12:00").await;
        let made = offer(&mut farah, &hours, &json!({"day_limit": 2})).await;
        let talk = json!({"title": "Talk", "lengths": [{"minutes": 45}]});
        offer(&mut farah, &hours, &talk).await;
        offer_week(stage, "Mei Lin").await;
        let mut play = Play {
            stage,
            other: stage.world.second_store(),
            draw: Draw::new(5),
            aina: stage.person("Aina Yusof").await,
            farah,
            hours,
            offer: format!("/api/v1/me/offers/{}", made["id"].as_str().unwrap()),
        };
        let (mut last, mut changes) = (Vec::new(), 0);
        let former = revision(stage).await;
        for round in 0..rounds() * 4 {
            play.step().await;
            let [read, computed] = found(stage.world.store()).await;
            assert_eq!(read, computed, "round {round}");
            let [read, computed] = found(&play.other).await;
            assert_eq!(read, computed, "round {round}, in the other process");
            changes += usize::from(read != last);
            last = read;
        }
        assert!(changes > rounds(), "{changes}");
        assert_ne!(revision(stage).await, former);
    });
}
