//! Tests that each page says once that no real money moves, where that is so.

use bookings::gateway::MODE;
use identity::grant::OWNER;
use web::setting::SettingValues;

use crate::stage::{Booking, Stage, on_default, prove, provider};

#[test]
fn every_page_says_once_that_no_real_money_moves() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        let free = farah.offer("2026-12-02", "09:00", 18_000).await;
        let free = format!("/book/{}", free["id"].as_str().unwrap());
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, booking) = aina.hold(&slot).await;
        aina.press(&pay, "fail").await.expect(303);
        let gateway = pay.replace("/pay/", "/pay/test/");
        prove(stage, &mut owner).await;
        let account = aina.who.account().id.to_string();
        let credits = format!("/admin/orders/credits/{account}");
        let of_members: &[&str] = &[
            "/book",
            &free,
            "/book/plans",
            &pay,
            &gateway,
            "/me/bookings",
            &booking,
            "/me/credits",
            "/me/requests",
            "/me/reviews",
        ];
        let of_owners: &[&str] = &[
            "/admin/sessions",
            "/admin/sessions/settings",
            "/admin/sessions/figures",
            "/admin/plans",
            "/admin/orders",
            "/admin/orders/exports",
            "/admin/orders/reconcile",
            "/admin/refunds",
            "/admin/payouts",
            "/admin/payouts/providers",
            &credits,
        ];
        let mut live = SettingValues::default();
        live.set_word(MODE, "live").unwrap();
        let live = stage.clone().with_settings(live);
        let said = stage.say("pay-test-mode");
        for (person, pages) in [
            (&aina, of_members),
            (&owner, of_owners),
            (&farah, &["/me/slots", "/me/slots/payouts"]),
        ] {
            let session = person.browser.cookie("kd_session").unwrap().to_owned();
            for (stage, times) in [(stage, 1), (&live, 0)] {
                let mut browser = stage.visitor();
                browser.set_cookie("kd_session", &session);
                for page in pages {
                    // The test gateway has no page where money is real.
                    if times == 0 && *page == gateway {
                        continue;
                    }
                    let text = browser.get(page).await.expect(200).text();
                    assert_eq!(text.matches(&*said).count(), times, "{page}: {text}");
                }
            }
        }
        // People who are not signed in read it too.
        for page in ["/book", &free, "/book/plans"] {
            let text = stage.visitor().get(page).await.expect(200).text();
            assert_eq!(text.matches(&*said).count(), 1, "{page}: {text}");
        }
    });
}
