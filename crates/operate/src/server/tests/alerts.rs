//! Tests of alerts and machine figures on the operator's page.

use std::sync::Arc;

use configuration::alert_settings::AlertSettings;
use platform::{StoreError, Tx};
use testkit::World;

use super::{MIGRATIONS, site, somebody};
use crate::alerts::alert::{self, Finding, Kind, Level};
use crate::alerts::{Outlet, Report};

#[test]
fn the_page_lists_what_is_on_now_and_the_machine() {
    World::each_engine(&MIGRATIONS, async |world| {
        let (accounts, router, _) = site(world);
        let mut owner = somebody(world, &accounts, &router, true).await;
        let said = owner.get("/admin/server").await.text();
        for part in [
            "Nothing is wrong now.",
            "Memory",
            "Disk of the data folder",
            " free",
            "Load in 1, 5 and 15 minutes",
            "Size of the store",
            "Nothing waits.",
        ] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        let finding = Finding {
            about: String::new(),
            level: Level::Wrong,
            details: vec!["1.0 GB".to_owned(), "80.0 GB".to_owned()],
            since: None,
        };
        let report = Report {
            kind: Kind::Disk,
            findings: vec![finding],
        };
        let outlet = Outlet {
            site: accounts.site.clone(),
            settings: Arc::new(AlertSettings::default()),
        };
        let begin = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            alert::settle(tx, &outlet, &report)
        };
        world.store().write(begin).await.unwrap();
        let said = owner.get("/admin/server").await.text();
        for part in ["The disk is nearly full", "1.0 GB of 80.0 GB", "Since"] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        let said = owner.get("/admin/server?lang=ms").await.text();
        assert!(said.contains("Cakera hampir penuh"), "{said}");
    });
}
