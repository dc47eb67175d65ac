//! Tests of the job that looks each minute.

use std::path::Path;
use std::sync::Arc;

use configuration::alert_settings::{AlertSettings, Floor, Limits};
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Handler, JobError, NewJob, Worker};
use platform::machines::{JOIN_WAIT, Joining, Membership, Shared};
use platform::{Clock, Random, Tx};
use serde_json::json;
use testkit::World;
use tokio::sync::mpsc;
use web::Language;

use super::{MIGRATIONS, alerts, outlet};
use crate::alerts::{Outlet, Watch, job};
use crate::machine::Machine;
use crate::messages::{MessageSender, RequestIds};
use crate::server_status::ServerStatus;

/// Nobody is told, and the disk is always nearly full.
fn full_disk(world: &World) -> Outlet {
    let settings = AlertSettings {
        limits: Limits {
            // No disk has this much free space.
            disk: Some(Floor::Bytes(u64::MAX)),
            failed_jobs: 1,
            ..Limits::default()
        },
        ..AlertSettings::default()
    };
    Outlet {
        settings: Arc::new(settings),
        ..outlet(world)
    }
}

/// The job of a process of this membership.
fn look(world: &World, outlet: &Outlet, data: &Path, membership: &Membership) -> Handler {
    let (outbox, _) = mpsc::channel(1);
    let (ask, _) = mpsc::channel(1);
    job(Watch {
        outlet: outlet.clone(),
        machine: Machine::new(data, &world.settings()),
        membership: membership.clone(),
        server: ServerStatus::new(MessageSender::new(outbox, RequestIds::default()), ask),
        backup: None,
        every: SignedDuration::ZERO,
        started: world.platform.clock.now(),
    })
}

#[test]
fn the_job_looks_each_minute_and_counts_what_failed() {
    World::each_engine(&MIGRATIONS, async |world| {
        let folder = tempfile::tempdir().unwrap();
        let (outlet, platform) = (full_disk(world), &world.platform);
        let alone = Membership::alone("1", &platform.files, platform.clock.clone());
        let fails = Handler::new("breaks", async |_| Err(JobError::fail("it is broken")));
        let worker = Worker::new(
            platform.store.clone(),
            platform.clock.clone(),
            platform.random.clone(),
            vec![look(world, &outlet, folder.path(), &alone), fails],
        );
        let enqueue = |tx: &mut Tx<'_>| tx.enqueue(NewJob::new("breaks", json!({})));
        platform.store.write(enqueue).await.unwrap();
        let kinds = async || {
            world.clock.advance(SignedDuration::from_mins(1));
            worker.run_due().await.unwrap();
            let found = alerts(&outlet).await;
            let text = outlet.site.catalogue.speak(&Language::of("en"));
            let titles = found.iter().map(|alert| alert.said(&text).0);
            titles.collect::<Vec<_>>()
        };
        let (disk, jobs) = ("The disk is nearly full", "Background work failed");
        kinds().await;
        assert_eq!(kinds().await, [disk, jobs]);
        assert_eq!(failed(&outlet).await, [("breaks".to_owned(), 1)]);
        world.clock.advance(SignedDuration::from_hours(25));
        assert_eq!(kinds().await, [disk]);
    });
}

async fn failed(outlet: &Outlet) -> Vec<(String, u64)> {
    let count = |tx: &mut Tx<'_>| platform::jobs::failed_since(tx, Timestamp::UNIX_EPOCH);
    outlet.site.store.read(count).await.unwrap()
}

/// Joins the list of machines in a thread, because that blocks.
fn join(world: &World, data: &Path) -> Membership {
    let joining = Joining {
        data: data.to_owned(),
        version: "1.0.0".to_owned(),
        files: world.platform.files.clone(),
        shared: Shared::default(),
        wait: JOIN_WAIT,
    };
    let settings = world.settings();
    std::thread::scope(|scope| {
        let join = || Membership::join(&settings, &joining, Clock::System, &Random::system());
        scope.spawn(join).join().unwrap().unwrap()
    })
}

#[test]
fn of_several_machines_the_leader_looks_whoever_takes_the_job_first() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [leader, follower] = folders.each_ref().map(|data| join(&world, data.path()));
        let (outlet, platform) = (full_disk(&world), &world.platform);
        let run = async |membership: &Membership| {
            let worker = Worker::on(
                membership.clone(),
                platform.store.clone(),
                platform.clock.clone(),
                platform.random.clone(),
                vec![look(&world, &outlet, folders[0].path(), membership)],
            );
            worker.run_due().await.unwrap();
        };
        let enqueue = |tx: &mut Tx<'_>| tx.enqueue(NewJob::new("alerts.look", json!({})));
        platform.store.write(enqueue).await.unwrap();
        run(&follower).await;
        assert_eq!(world.jobs().await.len(), 1);
        assert!(alerts(&outlet).await.is_empty());
        world.clock.advance(SignedDuration::from_secs(1));
        run(&leader).await;
        assert!(world.jobs().await.is_empty());
        assert_eq!(alerts(&outlet).await.len(), 1);
    });
}
