//! Tests of the backup's state on the operator's page.

use std::sync::Arc;

use ::backup::{Agent, BackupKey, S3Access, Settings, Target};
use jiff::SignedDuration;
use platform::Random;
use testkit::World;

use super::{MIGRATIONS, site, site_backed_up, somebody};

#[test]
fn where_nothing_is_backed_up_the_page_tells_how_to_begin() {
    World::each_engine(&MIGRATIONS, async |world| {
        let (accounts, router, _) = site(world);
        let mut owner = somebody(world, &accounts, &router, true).await;
        let said = owner.get("/admin/server").await.text();
        for part in ["Nothing is backed up", "[backup]", "kenduri backup now"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    });
}

#[test]
fn the_page_tells_that_the_key_is_missing_and_why_a_backup_fails() {
    World::each_engine(&MIGRATIONS, async |world| {
        let folder = tempfile::tempdir().unwrap();
        // The backup's target is a file instead of a folder, so every backup fails.
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let settings = Settings {
            target: Target::parse(&format!("folder:{}", file.display()), &S3Access::default())
                .unwrap(),
            also: None,
            every: SignedDuration::from_hours(24),
            keep: SignedDuration::from_hours(24),
            has_drills: false,
            data: folder.path().to_owned(),
            postgres: None,
            beside: Vec::new(),
        };
        let platform = &world.platform;
        let agent = Agent::start(
            settings,
            platform.store.clone(),
            platform.clock.clone(),
            Random::system(),
        );
        let agent = Arc::new(agent.unwrap());
        let (accounts, router, _) = site_backed_up(world, &agent);
        let mut owner = somebody(world, &accounts, &router, true).await;
        let said = owner.get("/admin/server").await.text();
        assert!(said.contains("There is no key yet"), "{said}");

        let (key, _) = BackupKey::make(&Random::system()).unwrap();
        key.keep(folder.path()).unwrap();
        agent.turn().unwrap_err();
        let said = owner.get("/admin/server").await.text();
        assert!(said.contains("It failed last on"), "{said}");
        assert!(said.contains("Not a directory"), "{said}");
        agent.stop();
    });
}

#[test]
fn the_page_tells_why_the_second_place_fails_while_the_first_is_good() {
    World::each_engine(&MIGRATIONS, async |world| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let place = |path: &std::path::Path| {
            Target::parse(&format!("folder:{}", path.display()), &S3Access::default()).unwrap()
        };
        let settings = Settings {
            target: place(&folder.path().join("first")),
            also: Some(place(&file)),
            every: SignedDuration::from_hours(24),
            keep: SignedDuration::from_hours(24),
            has_drills: false,
            data: folder.path().to_owned(),
            postgres: None,
            beside: Vec::new(),
        };
        let (key, _) = BackupKey::make(&Random::system()).unwrap();
        key.keep(folder.path()).unwrap();
        let platform = &world.platform;
        let agent = Agent::start(
            settings,
            platform.store.clone(),
            platform.clock.clone(),
            Random::system(),
        );
        let agent = Arc::new(agent.unwrap());
        // On PostgreSQL, nothing is copied without its settings, but the places are opened.
        agent.turn().unwrap();
        let mut status = agent.watch();
        let failing = status.wait_for(|status| {
            let second = status.second.as_ref();
            second.is_some_and(|second| second.failure.is_some())
        });
        drop(failing.await.unwrap());
        let (accounts, router, _) = site_backed_up(world, &agent);
        let mut owner = somebody(world, &accounts, &router, true).await;
        let said = owner.get("/admin/server").await.text();
        for part in ["The second place failed last on", "Not a directory"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("It failed last on"), "{said}");
        agent.stop();
    });
}
