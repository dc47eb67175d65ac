//! Tests of the operator's pages before an event, and of the readiness checks.

use site::freeze::Occurrence;
use site::{Domain, Domains};
use testkit::World;

use super::{MIGRATIONS, WEB, action, site, site_of, somebody, status};
use crate::control_requests::services::ServiceRequest;

/// An event that begins in 6 hours and takes 4 hours.
const NEAR: Domains = &[Domain {
    freezes: |tx| {
        let from = tx.now() + jiff::SignedDuration::from_hours(6);
        let until = from + jiff::SignedDuration::from_hours(4);
        Ok(vec![Occurrence { from, until }])
    },
    ..Domain::new(platform::MIGRATIONS)
}];

#[tokio::test(flavor = "multi_thread")]
async fn near_an_event_a_tick_is_needed() {
    let world = World::sqlite(&MIGRATIONS);
    let status = status(world.platform.clock.now());
    let (accounts, router, orders) = site_of(&world, Some(status), &[], None, NEAR);
    let mut owner = somebody(&world, &accounts, &router, true).await;
    let page = owner.get(WEB).await;
    let text = page.text();
    assert!(text.contains("An event is near"), "{text}");
    assert_eq!(
        text.matches("Do it anyway").count(),
        2,
        "reload and restart: {text}"
    );
    for (is_forced, force) in [(false, false), (true, true)] {
        let mut form = action(&page, "reload");
        if is_forced {
            form.tick("force", "1");
        }
        owner.submit(&page, &form).await.expect(303);
        let order = orders.lock().unwrap().pop();
        let service = "web".to_owned();
        let wanted = ServiceRequest::Reload { service, force };
        assert_eq!(format!("{order:?}"), format!("{:?}", Some(wanted)));
    }
    let said = owner.get("/admin/server").await.text();
    assert!(
        said.contains(
            "An event is near Wait with changes Hosts asked to leave the server alone until"
        ),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_event_no_tick_is_shown() {
    let world = World::sqlite(&MIGRATIONS);
    let (accounts, router, _) = site(&world);
    let mut owner = somebody(&world, &accounts, &router, true).await;
    let said = owner.get(WEB).await.text();
    assert!(!said.contains("An event is near"), "{said}");
}

#[test]
fn the_page_says_what_is_ready_and_what_to_do() {
    World::each_engine(&MIGRATIONS, async |world| {
        let (accounts, router, _) = site(world);
        let mut owner = somebody(world, &accounts, &router, true).await;
        let said = owner.get("/admin/server").await.text();
        for part in [
            "Is it ready?",
            "A recent backup To do Nothing is backed up.",
            "The backup can be restored Not known It was not tried yet.",
            "Mail leaves Not known No email was sent yet.",
            "The DNS records of mail are there Ready",
            "Certificates are good To do One ends soon",
            "There is room on the disk Ready",
            "No event is near Ready",
            "Kenduri is up to date Not known Kenduri does not look for newer versions.",
        ] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        let said = owner.get("/admin/server?lang=ms").await.text();
        assert!(said.contains("Sudah sedia?"), "{said}");
        assert_eq!(accounts.site.catalogue.missing(), [""; 0]);
    });
}
