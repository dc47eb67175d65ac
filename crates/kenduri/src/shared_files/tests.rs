use std::path::Path;

use platform::machines::{JOIN_WAIT, Joining, Shared};
use platform::{Clock, Files, Random, Rows, sql};
use tempfile::TempDir;
use testkit::{Engine, World};

use tokio::time::Instant;

use super::*;

/// The time limit of a wait, long enough for a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

struct Machine {
    files: SharedFiles,
    maintenance: Arc<Maintenance>,
    purges: mpsc::Receiver<Purge>,
    folder: TempDir,
    stop: CancellationToken,
}

impl Machine {
    async fn start(world: &World, seed: u64) -> Self {
        Self::start_as(world, seed, None).await
    }

    async fn start_as(world: &World, seed: u64, membership: Option<Membership>) -> Self {
        let platform = Platform {
            // On SQLite, news wakes only those that share the store.
            store: match world.engine() {
                Engine::Sqlite => world.store().clone(),
                Engine::Postgres => world.second_store(),
            },
            random: Random::seeded(seed),
            ..world.platform.clone()
        };
        let folder = tempfile::tempdir().expect("a folder");
        let maintenance = Arc::new(Maintenance::open(folder.path(), Vec::new()));
        let files = SharedFiles::new(&platform, membership);
        files.load(&maintenance).await.expect("loaded");
        let (ask, purges) = mpsc::channel(4);
        let stop = CancellationToken::new();
        let follow = files
            .clone()
            .follow(Arc::clone(&maintenance), ask, stop.clone());
        tokio::spawn(follow);
        Self {
            files,
            maintenance,
            purges,
            folder,
            stop,
        }
    }

    /// Waits until everything is removed from its cache, as at its start.
    async fn wait_for_start(&mut self) {
        let purged = timeout(PATIENCE, self.purges.recv()).await;
        let (names, _) = purged.expect("it hears").expect("it follows");
        assert_eq!(names, [EVERYTHING]);
    }

    /// Waits until the file of maintenance mode is there, or is not.
    async fn wait_for_maintenance(&self, is_closed: bool) {
        let mut changed = self.files.changed();
        let file = self.folder.path().join("maintenance.json");
        let is_so = |_: &u64| file.exists() == is_closed;
        timeout(PATIENCE, changed.wait_for(is_so))
            .await
            .expect("it hears")
            .expect("it follows");
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[test]
fn one_machines_maintenance_is_all_machines() {
    World::each_engine(&[platform::MIGRATIONS], async |world| {
        let (one, other) = (
            Machine::start(world, 1).await,
            Machine::start(world, 2).await,
        );
        let done = one.files.close(&one.maintenance, None, "pass").await;
        done.expect("the store").expect("closed");
        one.wait_for_maintenance(true).await;
        other.wait_for_maintenance(true).await;
        // One that starts now reads it.
        let third = Machine::start(world, 3).await;
        third.wait_for_maintenance(true).await;
        let done = other.files.open(&other.maintenance, None).await;
        done.expect("the store").expect("open");
        for machine in [&one, &other, &third] {
            machine.wait_for_maintenance(false).await;
        }
    });
}

#[test]
fn other_machines_remove_what_one_removed_from_its_cache() {
    World::each_engine(&[platform::MIGRATIONS], async |world| {
        let mut one = Machine::start(world, 1).await;
        let mut other = Machine::start(world, 2).await;
        one.wait_for_start().await;
        other.wait_for_start().await;
        let names = ["/shop/".to_owned()];
        one.files.tell_purged(&names).await.expect("told");
        let (heard, _) = timeout(PATIENCE, other.purges.recv())
            .await
            .expect("it hears")
            .expect("it follows");
        assert_eq!(heard, names);
        let many = vec!["/".repeat(400); 20];
        other.files.tell_purged(&many).await.expect("told");
        let (heard, _) = timeout(PATIENCE, one.purges.recv())
            .await
            .expect("it hears")
            .expect("it follows");
        assert_eq!(heard, ["*"], "its own came back to it, and was left out");
    });
}

#[test]
fn what_is_announced_is_at_the_other_machine() {
    World::each_engine(&[platform::MIGRATIONS], async |world| {
        let (one, other) = (
            Machine::start(world, 1).await,
            Machine::start(world, 2).await,
        );
        for text in ["first", "second"] {
            let announced = one.files.announce("ca", "challenges.json", text).await;
            announced.expect("told");
            let found = other.files.get("ca", "challenges.json");
            assert_eq!(found.as_deref(), Some(text));
            assert_eq!(other.files.get("another", "challenges.json"), None);
        }
    });
}

#[test]
fn what_no_news_tells_is_found_all_the_same() {
    World::each_engine(&[platform::MIGRATIONS], async |world| {
        let mut other = Machine::start(world, 1).await;
        other.wait_for_start().await;
        let (key, place) = (other.files.0.key.clone(), place("ca", "a.pem"));
        let put = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            shared_file::put(tx, &key, &place, "one")?;
            tx.run(sql!("DELETE FROM news"), &[], Rows::Any)?;
            Ok(())
        };
        world.store().write(put).await.expect("put");
        let mut changed = other.files.changed();
        let is_there = |_: &u64| other.files.get("ca", "a.pem").is_some();
        let found = timeout(PATIENCE, changed.wait_for(is_there)).await;
        assert!(found.is_ok_and(|found| found.is_ok()), "it looks by itself");
    });
}

#[test]
fn a_machine_that_could_not_follow_tries_again() {
    World::each_engine(&[platform::MIGRATIONS], async |world| {
        let (one, mut other) = (
            Machine::start(world, 1).await,
            Machine::start(world, 2).await,
        );
        let page = other.folder.path().join("maintenance.html");
        std::fs::write(&page, vec![b'x'; (1 << 20) + 1]).expect("written");
        other.wait_for_start().await;
        let done = one.files.close(&one.maintenance, None, "pass").await;
        done.expect("the store").expect("closed");
        let file = other.folder.path().join("maintenance.json");
        let end = Instant::now() + PATIENCE;
        while other.files.0.known().unfollowed.is_none() {
            assert!(Instant::now() < end, "it never hears");
            tokio::task::yield_now().await;
        }
        assert!(!file.exists());
        std::fs::remove_file(&page).expect("removed");
        while !file.exists() {
            assert!(Instant::now() < end, "it never tries again");
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn the_leader_may_order_and_knows_what_the_one_before_did() {
    let Some(world) = World::postgres(&[platform::MIGRATIONS]) else {
        return;
    };
    let folders = [(); 3].map(|()| tempfile::tempdir().expect("a folder"));
    let [files, data, other_data] = folders.each_ref().map(TempDir::path);
    let (leads, follows) = (join(&world, data, files), join(&world, other_data, files));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        leads.lead_or_follow().await.expect("nobody leads yet");
        let one = Machine::start_as(&world, 1, Some(leads.clone())).await;
        let other = Machine::start_as(&world, 2, Some(follows.clone())).await;
        let permit = one.files.may_order("ca").await.expect("it leads");
        assert!(permit.is_held());
        assert!(other.files.may_order("ca").await.is_none());
        one.files.put("ca", "a.pem", "one").await.expect("put");
        other.stop.cancel();
        leads.leave();
        assert!(!permit.is_held());
        let end = Instant::now() + PATIENCE;
        let _permit = loop {
            if let Some(permit) = other.files.may_order("ca").await {
                break permit;
            }
            assert!(Instant::now() < end, "nobody leads any more");
            tokio::task::yield_now().await;
        };
        assert_eq!(other.files.get("ca", "a.pem").as_deref(), Some("one"));
    });
}

fn join(world: &World, data: &Path, files: &Path) -> Membership {
    let joining = Joining {
        data: data.to_owned(),
        version: "1.0.0".to_owned(),
        files: Files::folder(files, 1),
        shared: Shared {
            site_url: "https://kad.example".to_owned(),
            key: "one".to_owned(),
            domains: BTreeMap::new(),
            compat: BTreeMap::new(),
        },
        wait: JOIN_WAIT,
    };
    let random = Random::system();
    let joined = Membership::join(&world.settings(), &joining, Clock::System, &random);
    joined.expect("they do not differ")
}
