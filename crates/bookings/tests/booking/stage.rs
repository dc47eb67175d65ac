//! The common setup of the tests: a site with bookings, providers and members.

use bookings::booking::{Booking as BookingRow, BookingId, State};
use bookings::provider::PROVIDER;
use bookings::slot::Slot;
use bookings::{DOMAIN, READ, Refusal, WRITE, verify};
use identity::account::AccountId;
use identity::session::{self, Method, Stay};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::store::FromRow;
use platform::{Platform, Rows, Sql, StoreError, Tx, sql};
use serde_json::{Value, json};
use site::domain::Domains;
use site::domains;
use testkit::{Page, Visitor, World, clock_times, rounds};

use web::Settings;

pub(crate) use testkit::{Person, Stage, errors};

pub(crate) const DOMAINS: Domains = &[accounts::DOMAIN, bookings::DOMAIN];

/// Runs the test on the default engine, and finally checks that the tables are consistent.
pub(crate) fn on_default(test: &impl AsyncFn(&Stage<'_>)) {
    World::default_engine(&domains::migrations(DOMAINS), async |world| {
        run_in(world, test).await;
    });
}

/// Like [`on_default`], on SQLite and on PostgreSQL.
pub(crate) fn on_both(test: &impl AsyncFn(&Stage<'_>)) {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        run_in(world, test).await;
    });
}

pub(crate) async fn run_in(world: &World, test: &impl AsyncFn(&Stage<'_>)) {
    for kind in [
        "booking.hold",
        "booking.former_zones",
        "booking.class_days",
        "booking.figures",
        "booking.class_dates",
        "booking.waiting_ask",
        "booking.waiting_open",
        "booking.waiting_clean",
        "booking.late",
        "booking.claim",
        "booking.note",
        "booking.calendar",
        "booking.ask",
        "booking.end",
        "booking.complete",
        "booking.remind",
        "booking.poll",
        "booking.order_end",
        "booking.close",
        "booking.refund",
        "booking.request",
        "booking.event",
        "booking.review_file",
        "booking.review_files",
        "booking.reconcile",
        "booking.retention",
        "booking.verify",
        "booking.payout_drafts",
        "booking.payout_draft",
        "booking.test_event",
        "booking.compare",
        "booking.findings",
        "booking.new_slots",
        "booking.new_slots_mail",
        "booking.alert",
        "date.moved",
    ] {
        world.expect_jobs(kind);
    }
    let stage = of_platform(world, world.platform.clone());
    test(&stage).await;
    assert_eq!(wrong(&stage).await, [""; 0]);
    assert_eq!(stage.unsaid_actions().await, [""; 0]);
    check_messages(&stage).await;
    // Tests that check mails have done so before this point.
    run(&stage, sql!("DELETE FROM mail")).await;
}

/// Panics if a mail, its subject, its calendar file or a notice has a clock time without a zone.
async fn check_messages(stage: &Stage<'_>) {
    let mails = stage.world.mails().await;
    let mails = mails.into_iter().flat_map(|mail| [mail.subject, mail.text]);
    let notices: Vec<(String,)> = rows(stage, sql!("SELECT about FROM notification")).await;
    for text in mails.chain(notices.into_iter().map(|(about,)| about)) {
        let found = clock_times::without_zone(&text);
        assert!(found.is_empty(), "{text}: {found:#?}");
    }
    let files = sql!("SELECT calendar FROM mail WHERE calendar IS NOT NULL");
    for (file,) in rows::<(String,)>(stage, files).await {
        let found = clock_times::without_zone_in_calendar(&file);
        assert!(found.is_empty(), "{file}: {found:#?}");
    }
}

pub(crate) fn of_platform(world: &World, platform: Platform) -> Stage<'_> {
    Stage::with(world, DOMAINS, platform, testkit::stage::settings())
        .with_tokens_for(&[READ, WRITE])
        .checked_by(clock_times::check)
}

/// The same site, which accepts uploads of up to `most` bytes.
pub(crate) fn with_uploads<'w>(stage: &Stage<'w>, most: usize) -> Stage<'w> {
    let platform = Platform {
        files: stage.world.files_of(most),
        ..stage.world.platform.clone()
    };
    of_platform(stage.world, platform)
}

/// The same site in another time zone.
pub(crate) fn in_zone<'w>(stage: &Stage<'w>, zone: &str) -> Stage<'w> {
    let settings = Settings {
        time_zone: TimeZone::get(zone).unwrap(),
        ..testkit::stage::settings()
    };
    let platform = stage.world.platform.clone();
    Stage::with(stage.world, DOMAINS, platform, settings)
        .with_tokens_for(&[READ, WRITE])
        .checked_by(clock_times::check)
}

/// The inconsistencies that [`verify::find`] reports.
pub(crate) async fn wrong(stage: &Stage<'_>) -> Vec<String> {
    stage.world.store().read(verify::find).await.unwrap()
}

pub(crate) async fn rows<T: FromRow + Send + 'static>(stage: &Stage<'_>, query: Sql) -> Vec<T> {
    let look = move |tx: &mut Tx<'_>| tx.all(query, &[]);
    stage.world.store().read(look).await.unwrap()
}

/// The number that a query finds.
pub(crate) async fn count(stage: &Stage<'_>, query: Sql) -> i64 {
    let found: Vec<(i64,)> = rows(stage, query).await;
    found[0].0
}

pub(crate) async fn run(stage: &Stage<'_>, change: Sql) {
    let write = move |tx: &mut Tx<'_>| tx.run(change, &[], Rows::Any);
    stage.world.store().write(write).await.unwrap();
}

/// What an account's owner gets as a copy of their data.
pub(crate) async fn exported(stage: &Stage<'_>, person: &Person) -> Value {
    let id = person.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| (DOMAIN.accounts.export)(tx, &id);
    stage.world.store().read(look).await.unwrap()
}

/// Erases what bookings hold of an account's owner.
pub(crate) async fn erase(stage: &Stage<'_>, person: &Person) {
    let id = person.who.account().id.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        (DOMAIN.accounts.leave)(tx, &id)?;
        (DOMAIN.accounts.erase)(tx, &id)
    };
    stage.world.store().write(change).await.unwrap();
}

/// Repeats a race [`testkit::rounds`] times, each a minute later and for members without bookings,
/// because members would otherwise reach the limits. The tables must be consistent after each.
pub(crate) async fn each_round(stage: &Stage<'_>, mut race: impl AsyncFnMut(usize)) {
    for round in 0..rounds() {
        again(stage).await;
        race(round).await;
        assert_eq!(wrong(stage).await, [""; 0], "round {round}");
    }
}

pub(crate) async fn provider(stage: &Stage<'_>) -> Person {
    stage.person_as("Farah Ali", PROVIDER).await
}

/// Providers who together offer more than a page shows, each with [`offer_week`].
pub(crate) const PROVIDERS: [&str; 5] = [
    "Farah Ali",
    "Mei Lin",
    "Daniel Tan",
    "Siti Noor",
    "Ravi Kumar",
];

/// A new provider offers six sessions on each day of a week. Returns their slots.
pub(crate) async fn offer_week(stage: &Stage<'_>, name: &str) -> Vec<Value> {
    let mut one = stage.person_as(name, PROVIDER).await;
    let times = ["08:00", "09:00", "10:00", "11:00", "12:00", "13:00"];
    let series = json!({
        "first_date": "2026-12-01", "weeks": 1, "weekdays": [1, 2, 3, 4, 5, 6, 7],
        "times": times, "slot": {"minutes": 60, "title": "Call", "location": LINK},
    });
    let page = one.call("POST", "/api/v1/me/slots/series", &series).await;
    let items = page.expect(201).json()["items"].clone();
    items.as_array().unwrap().clone()
}

/// Aina holds a session of Farah's on this day. Returns her, and the paths of the payment page and of
/// the booking.
pub(crate) async fn held(stage: &Stage<'_>, day: &str) -> (Person, String, String) {
    let mut farah = provider(stage).await;
    let slot = farah.offer(day, "09:00", 18_000).await;
    let mut aina = stage.person("Aina Yusof").await;
    let (pay, booking) = aina.hold(&slot).await;
    (aina, pay, booking)
}

pub(crate) async fn state(stage: &Stage<'_>, booking: &str) -> State {
    let id: BookingId = booking.parse().unwrap();
    let look =
        move |tx: &mut Tx<'_>| -> Result<_, Refusal> { Ok(bookings::booking::find(tx, &id)?) };
    stage.world.store().read(look).await.unwrap().unwrap().state
}

/// The sum of all ledger entries, in minor units.
pub(crate) async fn ledger(stage: &Stage<'_>) -> i64 {
    let sum = sql!("SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM ledger_entry");
    count(stage, sum).await
}

/// The link at which sessions take place.
pub(crate) const LINK: &str = "https://meet.jit.si/Veranda";

/// Sets the clock to an instant, and runs the jobs that are due.
pub(crate) async fn go_to(stage: &Stage<'_>, at: &str) {
    let at: Timestamp = at.parse().unwrap();
    let now = stage.site.clock.now();
    stage.world.clock.advance(at.duration_since(now));
    stage.work().await;
}

/// Begins a new session, so that the person counts as having just proved a credential.
pub(crate) async fn prove(stage: &Stage<'_>, person: &mut Person) {
    let id = person.who.account().id.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let begun = session::begin(
            tx,
            &id,
            Method::Link,
            Stay::Remembered,
            &testkit::people::client(1),
        )?;
        Ok(begun.unwrap().session)
    };
    let session = stage.world.store().write(change).await.unwrap();
    person.browser.set_cookie("kd_session", session.reveal());
}

/// Returns a client that calls the API with the person's cookie, like a script on a page of the
/// site.
pub(crate) fn script(stage: &Stage<'_>, person: &Person) -> Visitor {
    let session = person.browser.cookie("kd_session").unwrap();
    let mut script = stage.visitor();
    script.set_cookie("kd_session", session);
    let token = web::csrf::token(session, &stage.site.random);
    script.header("x-csrf-token", &token);
    script
}

/// Calls the API like [`script`] does.
pub(crate) async fn call_as_script(
    stage: &Stage<'_>,
    person: &Person,
    method: &str,
    path: &str,
    body: &Value,
) -> Page {
    let mut script = script(stage, person);
    script.call(method.parse().unwrap(), path, body).await
}

/// Converts an instant to local date and time.
pub(crate) fn local(at: &str, zone: &str) -> (String, String) {
    let at: Timestamp = at.parse().unwrap();
    let at = at.to_zoned(TimeZone::get(zone).unwrap());
    (at.date().to_string(), at.strftime("%H:%M").to_string())
}

/// Assigns all bookings to `member`, or to nobody. Some tests use this, because they need more
/// bookings than a member may have.
pub(crate) async fn give_all_to(stage: &Stage<'_>, member: Option<AccountId>) {
    let change = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
        sql!("UPDATE booking SET member_id = :member", member).run(tx, Rows::Any)
    };
    stage.world.store().write(change).await.unwrap();
}

/// Removes jobs that only the mail would do. It does not run here, so that they would be tried in
/// vain on each later day.
pub(crate) async fn drop_mail_jobs(stage: &Stage<'_>) {
    run(stage, sql!("DELETE FROM job WHERE queue = 'mail'")).await;
}

/// Prepares another round of a race: a minute later, and nobody has bookings. Otherwise members
/// would reach the limits on bookings, on requests and on orders.
pub(crate) async fn again(stage: &Stage<'_>) {
    drop_mail_jobs(stage).await;
    let change = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
        let change = sql!("UPDATE booking_setting SET order_hour_limit = 1000");
        tx.run(change, &[], Rows::Any)
    };
    stage.world.store().write(change).await.unwrap();
    stage.world.clock.advance(SignedDuration::from_mins(1));
    give_all_to(stage, None).await;
}

/// Actions of members and providers that concern bookings.
pub(crate) trait Booking {
    /// Offers a one-hour session at this price. Returns the slot.
    async fn offer(&mut self, date: &str, time: &str, price_minor: i64) -> Value;

    /// Sets a field of the provider's profile to a text, or ticks a checkbox.
    async fn profile(&mut self, name: &str, value: &str);

    /// Sets the zone in which the person reads times.
    async fn zone(&mut self, name: &str);

    async fn book(&mut self, slot: &Value) -> Page;

    /// Books a slot that has a price. Returns the paths of the payment page and of the booking.
    async fn hold(&mut self, slot: &Value) -> (String, String);

    /// Opens the test gateway's page, and presses the button `how`.
    async fn press(&mut self, pay: &str, how: &str) -> Page;

    /// Like [`Booking::press`], and then follows the redirect to the site.
    async fn pay(&mut self, pay: &str, how: &str) -> Page;

    /// Cancels a booking, including the confirmation.
    async fn cancel(&mut self, booking: &str) -> Page;

    /// The person's only upcoming booking.
    async fn coming(&mut self) -> Value;

    /// Checks that a page contains these words.
    async fn sees(&mut self, path: &str, words: &str);
}

impl Booking for Person {
    async fn offer(&mut self, date: &str, time: &str, price_minor: i64) -> Value {
        let body = json!({
            "date": date, "time": time, "minutes": 60, "title": "Portrait on the veranda",
            "location": LINK, "price_minor": price_minor,
        });
        let page = self.call("POST", "/api/v1/me/slots", &body).await;
        page.expect(201);
        page.json()
    }

    async fn profile(&mut self, name: &str, value: &str) {
        let page = self.browser.get("/me/slots/profile").await;
        let mut form = page.expect(200).form("/me/slots/profile");
        match value {
            "" => form.tick(name, "1"),
            value => form.fill(name, value),
        };
        self.browser.submit(&page, &form).await.expect(303);
    }

    async fn zone(&mut self, name: &str) {
        let page = self.browser.get("/me/profile").await;
        let mut form = page.expect(200).form("/me/profile");
        form.fill("time_zone", name);
        self.browser.submit(&page, &form).await.expect(303);
    }

    async fn book(&mut self, slot: &Value) -> Page {
        let path = format!("/book/{}", slot["id"].as_str().unwrap());
        let page = self.browser.get(&path).await;
        let form = page.expect(200).form(&path);
        self.browser.submit(&page, &form).await
    }

    async fn hold(&mut self, slot: &Value) -> (String, String) {
        let held = self.book(slot).await;
        let pay = held.expect(303).location().unwrap().to_owned();
        let page = self.browser.get(&pay).await;
        let forms = page.expect(200).forms();
        let cancel = forms.iter().find(|form| form.action.ends_with("/cancel"));
        let booking = cancel
            .unwrap()
            .action
            .trim_end_matches("/cancel")
            .to_owned();
        (pay, booking)
    }

    async fn press(&mut self, pay: &str, how: &str) -> Page {
        let page = self.browser.get(pay).await;
        let form = page.expect(200).form(&format!("{pay}/checkout"));
        let led = self.browser.submit(&page, &form).await;
        let gateway = led.expect(303).location().unwrap().to_owned();
        let page = self.browser.get(&gateway).await;
        let mut form = page.expect(200).form(&gateway);
        form.press("how", how);
        self.browser.submit(&page, &form).await
    }

    async fn pay(&mut self, pay: &str, how: &str) -> Page {
        let led = self.press(pay, how).await;
        self.browser.follow(led).await
    }

    async fn cancel(&mut self, booking: &str) -> Page {
        let page = self.browser.get(booking).await;
        let mut form = page.expect(200).form(&format!("{booking}/cancel"));
        if form.value("reason").is_some() {
            form.fill("reason", "Fever");
        }
        self.browser.submit_surely(&page, &form).await
    }

    async fn coming(&mut self) -> Value {
        let page = self.call("GET", "/api/v1/bookings", &Value::Null).await;
        let all = page.expect(200).json()["items"].clone();
        assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
        all[0].clone()
    }

    async fn sees(&mut self, path: &str, words: &str) {
        let text = self.browser.get(path).await.expect(200).text();
        assert!(text.contains(words), "{text}");
    }
}

/// Adds this many copies of the only slot and its booking, each a day after the one before.
pub(crate) async fn copies(stage: &Stage<'_>, count: i64) {
    let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        let slot: Slot = tx.one(sql!("SELECT {Slot} FROM slot"), &[])?;
        let booking: BookingRow = tx.one(sql!("SELECT {BookingRow} FROM booking"), &[])?;
        for day in 1..=count {
            let later = SignedDuration::from_hours(24 * day);
            let mut slot = slot.clone();
            slot.id = tx.id();
            slot.starts_at += later;
            slot.ends_at += later;
            sql!(
                "INSERT INTO slot ({Slot}, blocks_from, blocks_until, created_at)
                 VALUES ({:Slot}, :from, :until, :from)",
                Slot = slot,
                from = slot.starts_at,
                until = slot.ends_at
            )
            .run(tx, Rows::Exactly(1))?;
            let mut booking = booking.clone();
            booking.id = tx.id();
            booking.slot_id = slot.id;
            booking.starts_at = slot.starts_at;
            booking.ends_at = slot.ends_at;
            sql!(
                "INSERT INTO booking ({BookingRow}) VALUES ({:BookingRow})",
                BookingRow = booking
            )
            .run(tx, Rows::Exactly(1))?;
        }
        Ok(())
    };
    stage.world.store().write(change).await.unwrap();
}
