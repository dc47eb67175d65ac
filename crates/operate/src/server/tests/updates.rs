//! Tests of the operator's page about newer versions, after the job has run.

use std::fs;

use configuration::update_source::Source;
use jiff::SignedDuration;
use platform::jobs::Worker;
use site::Context;
use testkit::World;

use super::{MIGRATIONS, site, site_looking, somebody};
use crate::updates;

fn worker(world: &World, accounts: &Context, sources: &[Source]) -> Worker {
    let platform = &world.platform;
    Worker::new(
        platform.store.clone(),
        platform.clock.clone(),
        platform.random.clone(),
        vec![updates::job(&accounts.site, sources)],
    )
}

#[test]
fn the_page_says_what_was_found_last() {
    World::each_engine(&MIGRATIONS, async |world| {
        let folder = tempfile::tempdir().unwrap();
        let feed = folder.path().join("releases.atom");
        let list = folder.path().join("advisories.json");
        let sources = [&feed, &list].map(|path| Source::File(path.clone()));
        let (accounts, router, _) = site_looking(world, None, &sources);
        let mut owner = somebody(world, &accounts, &router, true).await;
        let said = owner.get("/admin/server").await.text();
        assert!(said.contains("Nothing is known yet"), "{said}");

        let release = |version: &str| {
            format!(
                "<feed><entry><title>Kenduri {version}</title>\
                 <link href='https://kenduri.example/{version}'/></entry></feed>"
            )
        };
        fs::write(&feed, release("99.1.0")).unwrap();
        let advisory = format!(
            r#"{{"id":"KEN-2027-0001","summary":"Lists leak","affected":[{{
                "package":{{"ecosystem":"crates.io","name":"kenduri"}},
                "versions":["{}"]}}],
                "references":[{{"type":"WEB","url":"javascript:alert(1)"}}]}}"#,
            updates::OURS
        );
        fs::write(&list, advisory).unwrap();
        let worker = worker(world, &accounts, &sources);
        worker.run_due().await.unwrap();
        let page = owner.get("/admin/server").await;
        assert_eq!(
            page.link("Kenduri 99.1.0").href,
            "https://kenduri.example/99.1.0"
        );
        assert!(!page.body.contains("javascript:"), "{}", page.body);
        let said = page.text();
        for part in [
            "Last checked on",
            "99.1.0 Newer",
            "KEN-2027-0001 Affects this version",
            "Lists leak",
        ] {
            assert!(said.contains(part), "{part} is not in {said}");
        }

        let page = owner.get("/admin/server?lang=ms").await;
        assert!(
            page.text().contains("Melibatkan versi ini"),
            "{}",
            page.text()
        );

        let known = async |sources: &[Source]| {
            let sources = sources.to_vec();
            let read = world.store().read(move |tx| updates::known(tx, &sources));
            read.await.unwrap()
        };
        // After a failed run, the page still shows the earlier result.
        fs::write(&feed, "not a feed").unwrap();
        world.clock.advance(SignedDuration::from_hours(24));
        worker.run_due().await.unwrap();
        let last = known(&sources).await;
        assert_eq!(last.found.unwrap().1.advisories.len(), 1);
        let (_, why) = last.failure.unwrap();
        assert!(
            why.contains("releases.atom") && why.contains("neither a feed"),
            "{why}"
        );

        let elsewhere = known(&sources[..1]).await;
        assert!(elsewhere.found.is_none() && elsewhere.failure.is_none());
        fs::write(&feed, release("0.0.1")).unwrap();
        fs::write(&list, "[]").unwrap();
        world.clock.advance(SignedDuration::from_hours(24));
        worker.run_due().await.unwrap();
        let last = known(&sources).await;
        assert!(last.failure.is_none(), "{:?}", last.failure);
        let (_, found) = last.found.unwrap();
        assert!(found.newer.is_empty() && found.advisories.is_empty());
        assert_eq!(found.read, 1);
        assert_eq!(accounts.site.catalogue.missing(), [""; 0]);
    });
}

#[test]
fn the_page_says_what_failed() {
    World::each_engine(&MIGRATIONS, async |world| {
        let sources = [Source::File("/nowhere/releases.atom".into())];
        let (accounts, router, _) = site_looking(world, None, &sources);
        let mut owner = somebody(world, &accounts, &router, true).await;
        let worker = worker(world, &accounts, &sources);
        worker.run_due().await.unwrap();
        let said = owner.get("/admin/server").await.text();
        for part in [
            "failed:",
            "cannot read versions or advisories from /nowhere/releases.atom",
        ] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        assert!(!said.contains("Nothing is known yet"), "{said}");
    });
}

#[test]
fn where_nobody_looks_the_page_says_so() {
    World::each_engine(&MIGRATIONS, async |world| {
        let (accounts, router, _) = site(world);
        let mut owner = somebody(world, &accounts, &router, true).await;
        let said = owner.get("/admin/server").await.text();
        assert!(
            said.contains("Kenduri does not look for newer versions"),
            "{said}"
        );
    });
}
