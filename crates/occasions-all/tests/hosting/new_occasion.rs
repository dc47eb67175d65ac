//! Tests of the page on which an occasion is made.

use platform::{StoreError, Tx, sql};

use crate::stage::on_default;

#[test]
fn an_occasion_begins_with_its_first_event_or_not_at_all() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.stranger);
        let page = owner.get("/admin/new").await;
        let mut form = page.form("/admin/new");
        form.fill("hosts", "Mei & Tan")
            .fill("title", "Tea")
            .fill("slug", "aisyah-daniel")
            .fill("event.name", "Tea");
        let refused = owner.submit(&page, &form).await;
        refused.expect(409);
        assert!(
            refused.text().contains(&stage.say("problem-slug-taken")),
            "{}",
            refused.text()
        );
        form.fill("slug", "mei-tan");
        let refused = owner.submit(&page, &form).await;
        refused.expect(422);
        assert!(
            refused.body.contains("<a href=\"#event.starts_at\">"),
            "{}",
            refused.text()
        );
        form.fill("event.starts_at", "2027-02-20T15:00");
        let done = owner.submit(&page, &form).await;
        done.expect(303);
        let shown = owner.follow(done).await;
        assert!(
            shown.text().contains(&stage.say("host-strip-draft")),
            "{}",
            shown.text()
        );
        assert!(
            shown.text().contains(&stage.say("host-no-invitations")),
            "{}",
            shown.text()
        );
        stage
            .visitor(&stage.owner)
            .get("/admin/new")
            .await
            .expect(404);
    });
}

#[test]
fn a_new_occasion_begins_in_the_zone_of_the_device_and_with_its_currency() {
    on_default(async |stage| {
        for (device, zone, currency) in [
            ("Asia/Tokyo", "Asia/Tokyo", "JPY"),
            ("Asia/Calcutta", "Asia/Kolkata", "INR"),
            // Without a zone of the device, the account's is proposed.
            ("Mars/Olympus", "Asia/Kuala_Lumpur", "MYR"),
            ("", "Asia/Kuala_Lumpur", "MYR"),
        ] {
            let mut owner = stage.visitor(&stage.stranger);
            owner.set_cookie("kd_zone", device);
            let page = owner.get("/admin/new").await;
            let mut form = page.expect(200).form("/admin/new");
            assert_eq!(form.value("time_zone"), Some(zone), "{device}");
            let slug = format!("tea-{}", device.len());
            form.fill("hosts", "Mei & Tan")
                .fill("title", "Tea")
                .fill("slug", &slug)
                .fill("event.name", "Tea")
                .fill("event.starts_at", "2027-02-20T15:00");
            owner.submit(&page, &form).await.expect(303);
            let look = move |tx: &mut Tx<'_>| -> Result<(String, String), StoreError> {
                sql!(
                    "SELECT time_zone, currency FROM occasion WHERE slug = :slug",
                    slug
                )
                .one(tx)
            };
            let found = stage.site.store.read(look).await.unwrap();
            assert_eq!(found, (zone.to_owned(), currency.to_owned()), "{device}");
        }
    });
}
