//! Tests of the backup's state on the operator's page.

use std::path::Path;
use std::sync::Arc;

use ::backup::{Agent, BackupKey, S3Access, Settings, Target};
use jiff::SignedDuration;
use platform::Random;
use testkit::World;

use super::{MIGRATIONS, site, site_backed_up, somebody};

fn place(path: &Path) -> Target {
    Target::parse(&format!("folder:{}", path.display()), &S3Access::default()).unwrap()
}

fn settings(data: &Path, target: Target) -> Settings {
    Settings {
        target,
        also: None,
        every: SignedDuration::from_hours(24),
        keep: SignedDuration::from_hours(24),
        is_automatic: false,
        has_drills: false,
        data: data.to_owned(),
        postgres: None,
        beside: Vec::new(),
    }
}

fn agent(world: &World, settings: Settings) -> Arc<Agent> {
    let (store, clock) = (world.platform.store.clone(), world.platform.clock.clone());
    Arc::new(Agent::start(settings, store, clock, Random::system()).unwrap())
}

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
        let settings = settings(folder.path(), place(&file));
        let agent = agent(world, settings);
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
        let settings = Settings {
            also: Some(place(&file)),
            ..settings(folder.path(), place(&folder.path().join("first")))
        };
        let (key, _) = BackupKey::make(&Random::system()).unwrap();
        key.keep(folder.path()).unwrap();
        let agent = agent(world, settings);
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

#[test]
fn the_page_tells_that_nothing_is_saved_and_that_this_machine_took_over() {
    World::each_engine(&MIGRATIONS, async |world| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let note = r#"{"at": 1800000000000, "from": "box", "whole_until": 1799999998000}"#;
        std::fs::write(folder.path().join("taken-over"), note).unwrap();
        let (key, _) = BackupKey::make(&Random::system()).unwrap();
        key.keep(folder.path()).unwrap();
        let settings = Settings {
            is_automatic: true,
            ..settings(folder.path(), place(&file))
        };
        let agent = agent(world, settings);
        let (accounts, router, _) = site_backed_up(world, &agent);
        let mut owner = somebody(world, &accounts, &router, true).await;
        agent.turn().unwrap_err();
        let said = owner.get("/admin/server").await.text();
        for part in [
            "Nothing is saved",
            "nothing is saved here",
            "took the place of box by itself",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        agent.stop();
    });
}
