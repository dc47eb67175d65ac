//! Tests that who gives sessions stays in the menu of that work.

use identity::grant::ADMIN;
use serde_json::json;
use testkit::Page;

use crate::stage::{Booking, Stage, on_default, provider};

/// The tabs of the current page: those of the account, of the calendar, or of all sessions.
fn has(page: &Page, href: &str) -> bool {
    page.links().iter().any(|link| link.href == href)
}

#[test]
fn the_page_of_a_booking_is_in_the_menu_of_whoever_opens_it() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let id = aina.coming().await["id"].as_str().unwrap().to_owned();
        let booking = format!("/me/bookings/{id}");
        let mut admin = stage.person_as("Mei Lin", ADMIN).await;
        let (account, calendar, all) = (
            "/me/security",
            "/me/slots/profile",
            "/admin/sessions/catalogue",
        );
        let page = farah.browser.get(&booking).await;
        assert!(has(page.expect(200), calendar) && !has(&page, account));
        // The question before cancelling stays there too.
        let mut form = page.form(&format!("{booking}/cancel"));
        form.fill("reason", "I am ill");
        let asked = farah.browser.submit(&page, &form).await;
        assert!(has(asked.expect(200), calendar) && !has(&asked, account));
        let page = admin.browser.get(&booking).await;
        assert!(has(page.expect(200), all) && !has(&page, account));
        // What the provider has booked is their own.
        let mut ravi = stage
            .person_as("Ravi Kumar", bookings::provider::PROVIDER)
            .await;
        let other = ravi.offer("2026-12-02", "09:00", 0).await;
        let body = json!({"slot_id": other["id"], "slot_version": other["version"]});
        let made = farah.call("POST", "/api/v1/bookings", &body).await;
        let own = made.expect(201).json()["id"].as_str().unwrap().to_owned();
        let page = farah.browser.get(&format!("/me/bookings/{own}")).await;
        assert!(has(page.expect(200), account) && !has(&page, calendar));
    });
}
