//! Tests of booking with a name and an address alone: the whole path, an address that has an account,
//! the end of the hold, repeats, and a race of the link against the end of the hold.

use bookings::newcomer;
use bookings::provider::PROVIDER;
use identity::client::Client;
use identity::grant::OWNER;
use jiff::SignedDuration;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use site::Context;
use testkit::{Page, Visitor, rounds, together};

use crate::races::day;
use crate::stage::{
    Booking, Stage, count, go_to, of_platform, on_both, provider, rows, run, wrong,
};

pub(crate) const SITI: &str = "siti@example.my";

/// The same site, where people may register and book without an account.
pub(crate) async fn open<'w>(stage: &Stage<'w>) -> Stage<'w> {
    let open = of_platform(stage.world, stage.world.platform.clone()).open();
    allow(&open, true).await;
    open
}

async fn allow(stage: &Stage<'_>, newcomers: bool) {
    let change = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
        sql!(
            "UPDATE booking_setting SET newcomers = :newcomers",
            newcomers
        )
        .run(tx, Rows::Any)
    };
    stage.world.store().write(change).await.unwrap();
}

/// Takes the addresses of everybody here for confirmed.
pub(crate) async fn verify(stage: &Stage<'_>) {
    run(stage, sql!("UPDATE email SET verified_by = 'mail'")).await;
}

/// What a page says, without the address and without the menu and the other times, which follow what
/// is free.
fn said(page: &Page, email: &str) -> String {
    let text = page.text().replace(email, "").replace("Home Book ", "");
    let text = text.split("Other times").next().unwrap();
    text.replace("Book a time", "").trim_end().to_owned()
}

fn path(slot: &Value) -> String {
    format!("/book/{}", slot["id"].as_str().unwrap())
}

/// Opens the page of a slot and leaves a name and this address.
pub(crate) async fn leave(browser: &mut Visitor, slot: &Value, email: &str) -> Page {
    let page = browser.get(&path(slot)).await;
    let mut form = page.expect(200).form(&format!("{}/newcomer", path(slot)));
    form.fill("display_name", "Siti Aminah");
    form.fill("email", email);
    browser.submit(&page, &form).await
}

/// Siti leaves her name and address at a slot.
pub(crate) async fn siti_books(browser: &mut Visitor, slot: &Value) -> Page {
    leave(browser, slot, SITI).await
}

/// The paths of the links in the mails to an address, the latest last.
pub(crate) async fn links(stage: &Stage<'_>, email: &str) -> Vec<String> {
    let mails = stage.world.mails().await;
    let to = mails.iter().filter(|mail| mail.recipient == email);
    let paths = to.flat_map(|mail| {
        let words = mail.text.split_whitespace();
        let url = stage.site.url().join("/");
        words.filter_map(move |word| Some(format!("/{}", word.strip_prefix(&url)?)))
    });
    paths.collect()
}

async fn states(stage: &Stage<'_>) -> Vec<String> {
    let all: Vec<(String,)> = rows(
        stage,
        sql!("SELECT state FROM booking ORDER BY created_at, id"),
    )
    .await;
    all.into_iter().map(|(state,)| state).collect()
}

async fn accounts(stage: &Stage<'_>) -> i64 {
    count(stage, sql!("SELECT COUNT(*) FROM account")).await
}

async fn press(browser: &mut Visitor, link: &str) -> Page {
    let page = browser.get(link).await;
    let form = page.expect(200).form(link);
    browser.submit(&page, &form).await
}

#[test]
fn a_newcomer_books_with_a_name_and_an_address_and_a_link_confirms_both() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let mut farah = provider(&stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let before = accounts(&stage).await;
        let mut siti = stage.visitor();
        leave(&mut siti, &slot, SITI).await.expect(202);
        assert_eq!(states(&stage).await, ["pending_payment"]);
        // Others cannot book it, and Siti is not signed in.
        let taken = stage.visitor().get("/api/v1/slots").await;
        assert_eq!(taken.expect(200).json()["items"], json!([]));
        siti.get("/me/bookings").await.expect(303);
        let links = links(&stage, SITI).await;
        assert!(
            links.len() == 1 && links[0].starts_with("/book/confirm/"),
            "{links:?}"
        );
        let masked = stage.site.declared.secret_paths.mask(&links[0]);
        assert!(!masked.contains(links[0].rsplit('.').next().unwrap()));

        // Opening the link alone changes nothing. Another device may confirm.
        let mut phone = stage.visitor();
        phone.get(&links[0]).await.expect(200);
        assert_eq!(states(&stage).await, ["pending_payment"]);
        let led = press(&mut phone, &links[0]).await;
        let page = phone.follow(led).await;
        assert!(
            page.expect(200)
                .text()
                .contains(&stage.say("booking-was-booked"))
        );
        assert_eq!(states(&stage).await, ["confirmed"]);
        assert_eq!(accounts(&stage).await, before + 1);
        phone.get("/me/bookings").await.expect(200);
        // The link twice leads to the booking again, and begins no second session.
        let again = press(&mut siti, &links[0]).await;
        let to = again.expect(303).location().unwrap().to_owned();
        assert!(to.starts_with("/me/bookings/"), "{to}");
        siti.get(&to).await.expect(303);
        assert_eq!(states(&stage).await, ["confirmed"]);
        // A link is good for its own booking alone, and for a day.
        siti.get(&format!("{}x", links[0])).await.expect(400);
        go_to(&stage, "2026-11-22T08:00:00Z").await;
        siti.get(&links[0]).await.expect(400);
    });
}

#[test]
fn a_slot_with_a_price_is_paid_after_the_link() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let mut farah = provider(&stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        let mut siti = stage.visitor();
        leave(&mut siti, &slot, SITI).await.expect(202);
        let mails = stage.world.mails().await;
        let mail = mails.iter().find(|mail| mail.recipient == SITI).unwrap();
        assert!(mail.text.contains("180.00."), "{mail:?}");
        let links = links(&stage, SITI).await;
        let page = siti.get(&links[0]).await;
        assert!(
            page.expect(200).text().contains("180.00"),
            "{}",
            page.text()
        );
        let led = press(&mut siti, &links[0]).await;
        let pay = led.expect(303).location().unwrap().to_owned();
        assert!(pay.starts_with("/pay/"), "{pay}");
        siti.get(&pay).await.expect(200);
        assert_eq!(states(&stage).await, ["pending_payment"]);
        go_to(&stage, "2026-11-20T08:20:00Z").await;
        assert_eq!(states(&stage).await, ["expired"]);
    });
}

#[test]
fn nobody_learns_whether_an_address_has_an_account() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let mut farah = provider(&stage).await;
        let aina = stage.person("Aina Yusof").await;
        let known = aina.who.account().email.clone();
        let one = farah.offer("2026-12-01", "09:00", 0).await;
        let two = farah.offer("2026-12-02", "09:00", 0).await;
        let three = farah.offer("2026-12-03", "09:00", 0).await;
        let own = farah.who.account().email.clone();
        verify(&stage).await;
        let mut pages = Vec::new();
        for (slot, email) in [(&one, SITI), (&two, &known), (&three, &own)] {
            // A second click does not change what is seen.
            let mut browser = stage.visitor();
            let mut seen = Vec::new();
            for _ in 0..2 {
                let page = browser.get(&path(slot)).await;
                if let Some(form) = page
                    .forms()
                    .into_iter()
                    .find(|form| form.action.ends_with("/newcomer"))
                {
                    let mut form = form;
                    form.fill("display_name", "Siti Aminah");
                    form.fill("email", email);
                    let sent = browser.submit(&page, &form).await;
                    let again = browser.submit(&page, &form).await;
                    seen.push((sent.status, said(&sent, email)));
                    seen.push((again.status, said(&again, email)));
                } else {
                    seen.push((page.status, said(&page, email)));
                }
                // The network's limit on registrations is not what is tested here.
                stage.world.clock.advance(SignedDuration::from_mins(6));
            }
            pages.push(seen);
        }
        assert_eq!(pages[0], pages[1]);
        assert_eq!(pages[0], pages[2]);
        assert_eq!(wrong(&stage).await, [""; 0]);
        stage.work().await;
        let mine = links(&stage, &known).await;
        assert!(
            mine.len() == 1 && mine[0].starts_with("/sign-in/"),
            "{mine:?}"
        );
        let hers = links(&stage, &own).await;
        assert!(
            hers.len() == 1 && hers[0].starts_with("/sign-in/"),
            "{hers:?}"
        );
    });
}

#[test]
fn the_owner_of_a_known_address_signs_in_and_confirms() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let mut farah = provider(&stage).await;
        let aina = stage.person("Aina Yusof").await;
        let known = aina.who.account().email.clone();
        verify(&stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        leave(&mut stage.visitor(), &slot, &known).await.expect(202);
        let link = links(&stage, &known).await.remove(0);
        let mut browser = stage.visitor();
        let led = press(&mut browser, &link).await;
        let booking = led.expect(303).location().unwrap().to_owned();
        let page = browser.get(&booking).await;
        assert!(
            page.expect(200)
                .text()
                .contains(&stage.say("booking-unproven"))
        );
        let link = page.link(&stage.say("booking-newcomer-do"));
        let page = browser.get(&link.href).await;
        let form = page.expect(200).form(&path(&slot));
        browser.submit(&page, &form).await.expect(303);
        assert_eq!(states(&stage).await, ["confirmed"]);
    });
}

/// Leaves this address at the page of a slot as a stranger, with words of the stranger's. The network
/// may do so again afterwards.
async fn name(stage: &Stage<'_>, slot: &Value, email: &str) {
    let mut browser = stage.visitor();
    let page = browser.get(&path(slot)).await;
    let mut form = page.expect(200).form(&format!("{}/newcomer", path(slot)));
    form.fill("display_name", "Nobody");
    form.fill("email", email);
    form.fill("topics", "Gossip");
    form.fill("note", "I am rude.");
    form.tick("shows_email", "1");
    browser.submit(&page, &form).await.expect(202);
    stage.world.clock.advance(SignedDuration::from_mins(6));
}

#[test]
fn what_a_stranger_holds_in_a_members_name_uses_up_nothing_of_the_members() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let mut farah = provider(&stage).await;
        let mut mei = stage.person_as("Mei Lin", PROVIDER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let email = aina.who.account().email.clone();
        verify(&stage).await;
        run(
            &stage,
            sql!(
                "UPDATE booking_setting
                 SET hold_limit = 1, order_hour_limit = 1, booking_hour_limit = 1"
            ),
        )
        .await;
        for date in ["2026-12-01", "2026-12-02"] {
            let slot = farah.offer(date, "09:00", 18_000).await;
            name(&stage, &slot, &email).await;
        }
        let free = farah.offer("2026-12-03", "09:00", 0).await;
        name(&stage, &free, &email).await;
        assert_eq!(states(&stage).await, ["pending_payment"; 3]);
        let orders = sql!("SELECT COUNT(*) FROM booking_order");
        assert_eq!(count(&stage, orders).await, 0);
        // The time is the first one's, too.
        let slot = mei.offer("2026-12-01", "09:00", 18_000).await;
        let (pay, booking) = aina.hold(&slot).await;
        assert!(pay.starts_with("/pay/"));
        // What she holds herself counts.
        let own = mei.offer("2026-12-04", "09:00", 0).await;
        aina.book(&own).await.expect(429);
        aina.cancel(&booking).await.expect(303);
    });
}

#[test]
fn a_member_books_a_time_that_was_held_in_their_name_in_their_own_words() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let mut farah = provider(&stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let email = aina.who.account().email.clone();
        verify(&stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        name(&stage, &slot, &email).await;
        let page = aina.browser.get(&path(&slot)).await;
        let mut form = page.expect(200).form(&path(&slot));
        // She sees what was entered, and whether to show her address is hers to say.
        assert_eq!(form.value("note"), Some("I am rude."));
        assert_eq!(form.value("shows_email"), None);
        form.fill("topics", "");
        form.fill("note", "My cat comes, too.");
        let led = aina.browser.submit(&page, &form).await;
        let pay = led.expect(303).location().unwrap().to_owned();
        assert!(pay.starts_with("/pay/"), "{pay}");
        aina.pay(&pay, "pay").await.expect(200);
        let booking = aina.coming().await;
        assert_eq!(booking["state"], "confirmed");
        assert_eq!(booking["note"], "My cat comes, too.");
        assert_eq!(booking["topics"], json!([]));
        assert_eq!(booking["shows_email"], false);
    });
}

#[test]
fn a_time_that_was_held_in_a_members_name_is_refused_under_the_members_limits() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let mut farah = provider(&stage).await;
        let mut mei = stage.person_as("Mei Lin", PROVIDER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let email = aina.who.account().email.clone();
        verify(&stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let other = mei.offer("2026-12-01", "09:30", 0).await;
        name(&stage, &slot, &email).await;
        aina.book(&other).await.expect(303);
        let page = aina.book(&slot).await;
        page.expect(409);
        assert!(page.text().contains(&stage.say("problem-member-busy")));
        assert_eq!(states(&stage).await, ["pending_payment", "confirmed"]);
    });
}

#[test]
fn a_hold_ends_as_any_other_and_a_late_link_takes_the_time_if_it_is_free() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let mut farah = provider(&stage).await;
        let one = farah.offer("2026-12-01", "09:00", 0).await;
        let two = farah.offer("2026-12-02", "09:00", 0).await;
        for (slot, email) in [(&one, SITI), (&two, "mei@example.my")] {
            leave(&mut stage.visitor(), slot, email).await.expect(202);
        }
        go_to(&stage, "2026-11-20T08:20:00Z").await;
        assert_eq!(states(&stage).await, ["expired", "expired"]);
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&two).await.expect(303);
        let late = links(&stage, SITI).await.remove(0);
        let mut siti = stage.visitor();
        let led = press(&mut siti, &late).await;
        assert!(led.expect(303).location().unwrap().contains("done=booked"));
        // The address is confirmed in any case.
        let late = links(&stage, "mei@example.my").await.remove(0);
        let mut mei = stage.visitor();
        let led = press(&mut mei, &late).await;
        assert_eq!(led.expect(303).location().unwrap(), path(&two));
        mei.get("/me/bookings").await.expect(200);
        let mut all = states(&stage).await;
        all.sort();
        assert_eq!(all, ["confirmed", "confirmed", "expired"]);
    });
}

#[test]
fn a_late_link_takes_no_time_that_has_changed() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let mut farah = provider(&stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        leave(&mut stage.visitor(), &slot, SITI).await.expect(202);
        go_to(&stage, "2026-11-20T08:20:00Z").await;
        let address = format!("/api/v1/me/slots/{}", slot["id"].as_str().unwrap());
        // The hold and its end have each changed the version.
        let version = slot["version"].as_i64().unwrap() + 2;
        let price = json!({"price_minor": 900_000, "version": version});
        farah.call("PATCH", &address, &price).await.expect(200);
        let late = links(&stage, SITI).await.remove(0);
        let mut siti = stage.visitor();
        let led = press(&mut siti, &late).await;
        assert_eq!(led.expect(303).location().unwrap(), path(&slot));
        assert_eq!(states(&stage).await, ["expired"]);
    });
}

#[test]
fn newcomers_book_only_where_the_site_allows_it_and_not_endlessly() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let mut farah = provider(&stage).await;
        let mut slots = Vec::new();
        for date in ["2026-12-01", "2026-12-02", "2026-12-03"] {
            slots.push(farah.offer(date, "09:00", 0).await);
        }
        let mut siti = stage.visitor();
        let page = siti.get(&path(&slots[0])).await;
        let mut form = page
            .expect(200)
            .form(&format!("{}/newcomer", path(&slots[0])));
        form.fill("display_name", "");
        form.fill("email", "nowhere");
        siti.submit(&page, &form).await.expect(422);
        // A bot fills in what people do not see, and nothing happens.
        form.fill("display_name", "Siti Aminah");
        form.fill("email", SITI);
        form.fill("website", "x");
        siti.submit(&page, &form).await.expect(202);
        assert_eq!(states(&stage).await, [""; 0]);
        for slot in &slots[..2] {
            leave(&mut siti, slot, SITI).await.expect(202);
        }
        // As if the network had come ten times.
        for round in ["a", "b", "c"] {
            let change = move |tx: &mut Tx<'_>| {
                sql!(
                    "INSERT INTO rate_limit_hit (kind, subject, source, id, at)
                     SELECT kind, subject, source, id || :round, at FROM rate_limit_hit
                     WHERE kind = 'registration'",
                    round
                )
                .run(tx, Rows::Any)
            };
            stage.world.store().write(change).await.unwrap();
        }
        leave(&mut siti, &slots[2], SITI).await.expect(429);

        allow(&stage, false).await;
        let page = siti.get(&path(&slots[2])).await;
        let forms = page.expect(200).forms();
        assert!(!forms.iter().any(|form| form.action.ends_with("/newcomer")));
        let mut admin = stage.person_as("Nadia Rahman", OWNER).await;
        let page = admin.browser.get("/admin/sessions/settings").await;
        let mut form = page.expect(200).form("/admin/sessions/preset");
        form.press("preset", "studio");
        admin.browser.submit(&page, &form).await.expect(303);
        let page = siti.get(&path(&slots[2])).await;
        page.expect(200)
            .form(&format!("{}/newcomer", path(&slots[2])));
    });
}

#[test]
fn what_is_chosen_before_signing_in_is_chosen_after_it() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        allow(&stage, false).await;
        let mut admin = stage.person_as("Nadia Rahman", OWNER).await;
        let page = admin.browser.get("/admin/sessions/settings").await;
        let mut form = page.expect(200).form("/admin/sessions/preset");
        form.press("preset", "mentoring");
        admin.browser.submit(&page, &form).await.expect(303);
        let mut farah = provider(&stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut visitor = stage.visitor();
        let in_rome = format!("{}?tz=Europe/Rome", path(&slot));
        let page = visitor.get(&in_rome).await;
        let mut form = page.expect(200).form(&format!("{}/sign-in", path(&slot)));
        form.fill("level", "senior");
        form.press("to", "login");
        let led = visitor.submit(&page, &form).await;
        let to = led.expect(303).location().unwrap();
        let back = format!("{}?level=senior&tz=Europe%2FRome", path(&slot));
        let escaped = back
            .replace('%', "%25")
            .replace('/', "%2F")
            .replace('?', "%3F")
            .replace('=', "%3D")
            .replace('&', "%26");
        assert_eq!(to, format!("/login?redirect={escaped}"));
        let mut aina = stage.person("Aina Yusof").await;
        let page = aina.browser.get(&back).await;
        let form = page.expect(200).form(&path(&slot));
        aina.browser.submit(&page, &form).await.expect(303);
        assert_eq!(aina.coming().await["level"], "senior");
    });
}

async fn confirm(accounts: Context, token: String) -> Option<String> {
    let (site, store) = (accounts.site.clone(), accounts.site.store.clone());
    let client: Client = testkit::people::client(1);
    let change = move |tx: &mut Tx<'_>| newcomer::confirm(tx, &site, &token, &client);
    store.write(change).await.unwrap().map(|done| done.path)
}

#[test]
fn a_link_and_the_end_of_the_hold_at_once_end_with_one_session() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let mut farah = provider(&stage).await;
        let other = stage.beside();
        for round in 0..rounds() {
            let slot = farah.offer(&day(round), "09:00", 0).await;
            let email = format!("siti{round}@example.my");
            leave(&mut stage.visitor(), &slot, &email).await.expect(202);
            let link = links(&stage, &email).await.remove(0);
            let token = link.rsplit('/').next().unwrap().to_owned();
            stage.world.clock.advance(SignedDuration::from_mins(16));
            let (done, ()) = together(confirm(Context::clone(&other), token), stage.work()).await;
            let path = done.unwrap();
            assert!(path.ends_with("?done=booked"), "round {round}: {path}");
            let confirmed = states(&stage).await;
            let count = confirmed
                .iter()
                .filter(|state| *state == "confirmed")
                .count();
            assert_eq!(count, round + 1);
            assert_eq!(wrong(&stage).await, [""; 0], "round {round}");
        }
    });
}

#[test]
fn who_books_without_an_account_reads_each_page_in_their_language() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        let mut farah = provider(&stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut siti = stage.visitor();
        siti.set_cookie("kd_lang", "ar");
        let shown = siti.get(&path(&slot)).await;
        assert!(
            shown.expect(200).body.contains("<html lang=\"ar\""),
            "{}",
            shown.body
        );
        let held = leave(&mut siti, &slot, "siti@example.com").await;
        assert!(
            held.expect(202).body.contains("<html lang=\"ar\""),
            "{}",
            held.body
        );
    });
}
