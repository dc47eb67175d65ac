//! Tests of the list of machines: one leader, what is refused, and clocks.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, NewJob, Worker};
use platform::machines::{
    self, CLOCK_DIFFERS, JOIN_WAIT, JoinError, Joining, Listed, Membership, Shared,
};
use platform::store::Settings;
use platform::{Clock, Files, ManualClock, Random, Rows, StoreError, Tx, sql};
use postgres::NoTls;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;
use testkit::World;

use super::{MIGRATIONS, PATIENCE, add, count};

type Change = fn(&mut Shared);

pub(super) fn joining(data: &Path, files: &Path) -> Joining {
    Joining {
        data: data.to_owned(),
        version: "1.0.0".to_owned(),
        files: Files::folder(files, 1),
        shared: Shared {
            site_url: "https://kad.example".to_owned(),
            key: "one".to_owned(),
            domains: [("posts".to_owned(), true)].into(),
            compat: [("auth".to_owned(), String::new())].into(),
        },
        wait: JOIN_WAIT,
    }
}

/// Joining blocks the thread, which is not allowed inside a runtime.
pub(super) fn join(
    world: &World,
    joining: &Joining,
    clock: Clock,
) -> Result<Membership, JoinError> {
    let settings = world.settings();
    std::thread::scope(|scope| {
        let joined = || Membership::join(&settings, joining, clock, &Random::system());
        scope.spawn(joined).join().unwrap()
    })
}

async fn until(is_so: impl AsyncFn() -> bool) {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < PATIENCE, "it does not happen");
        tokio::task::yield_now().await;
    }
}

async fn listed(world: &World, membership: &Membership) -> Vec<Listed> {
    let membership = membership.clone();
    let look = move |tx: &mut Tx<'_>| membership.list(tx);
    world.store().read(look).await.unwrap()
}

/// When the first process in the list renewed its lease.
async fn seen_at(world: &World, membership: &Membership) -> Timestamp {
    listed(world, membership).await[0].process.seen_at
}

#[test]
fn on_sqlite_the_only_machine_leads_and_writes_nothing() {
    World::in_file(&MIGRATIONS, async |world| {
        let folder = tempfile::tempdir().unwrap();
        let joining = joining(folder.path(), folder.path());
        let before = world.store().counts();
        let only = join(world, &joining, world.platform.clock.clone()).unwrap();
        only.set_ready(vec!["http://127.0.0.1:8080".to_owned()]);
        let lead = only.lead_or_follow().await.unwrap();
        assert!(only.is_alone() && only.is_leader() && only.is_leader_here() && lead.is_held());
        assert!(!only.is_clock_wrong());
        assert_eq!(world.store().counts(), before);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let store = lead.store(world.store());
        store.write(|tx| add(tx, "a", 0)).await.unwrap();
        let all = listed(world, &only).await;
        assert_eq!(all.len(), 1);
        assert!(all[0].is_leader && all[0].is_alive);
        assert_eq!(all[0].process.addresses, ["http://127.0.0.1:8080"]);
    });
}

#[test]
fn one_leads_and_what_it_writes_later_is_refused() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [data, other, files] = folders.each_ref().map(TempDir::path);
        let first = join(&world, &joining(data, files), Clock::System).unwrap();
        let lead = first.lead_or_follow().await.unwrap();
        first.set_ready(vec!["http://127.0.0.1:1".to_owned()]);
        let second = join(&world, &joining(other, files), Clock::System).unwrap();
        assert!(second.lead_or_follow().await.is_none());
        assert!(!second.is_leader() && !second.is_leader_here() && lead.is_held());
        let all = listed(&world, &second).await;
        let leaders = all.iter().filter(|one| one.is_leader).count();
        assert_eq!((all.len(), leaders), (2, 1), "{all:?}");
        assert_ne!(all[0].process.machine, all[1].process.machine);

        let fenced = lead.store(world.store());
        fenced.write(|tx| add(tx, "a", 0)).await.unwrap();
        first.leave();
        assert!(!first.is_leader() && !lead.is_held());
        until(async || second.is_leader()).await;
        let next = second.lead().unwrap();
        assert!(next.term() > lead.term());
        let refused = fenced.write(|tx| add(tx, "b", 0)).await;
        assert!(
            matches!(refused, Err(StoreError::Constraint { .. })),
            "{refused:?}"
        );
        let checked = world.store().write(move |tx| lead.check(tx)).await;
        assert!(checked.is_err());
        let fenced = next.store(world.store());
        fenced.write(|tx| add(tx, "c", 0)).await.unwrap();
        assert_eq!(world.store().read(count).await.unwrap(), 2);
        assert_eq!(listed(&world, &second).await.len(), 1);
    });
}

#[test]
fn a_machine_that_differs_is_refused_until_the_others_stop() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let folders = [(); 4].map(|()| tempfile::tempdir().unwrap());
    let [data, other, files, elsewhere] = folders.each_ref().map(TempDir::path);
    let first = join(&world, &joining(data, files), Clock::System).unwrap();
    let same = joining(other, files);
    let changes: [(Change, &str); 4] = [
        (
            |ours| ours.site_url = "https://b.example".to_owned(),
            "https://b.example",
        ),
        (|ours| ours.key = "two".to_owned(), "secret_file"),
        (
            |ours| ours.domains = [("posts".to_owned(), false)].into(),
            "posts on",
        ),
        (
            |ours| ours.compat = [("auth".to_owned(), "backend".to_owned())].into(),
            "[compat]",
        ),
    ];
    for (change, told) in changes {
        let mut differs = same.clone();
        differs.wait = Duration::ZERO;
        change(&mut differs.shared);
        let refusal = join(&world, &differs, Clock::System).unwrap_err();
        assert!(refusal.to_string().contains(told), "{refusal}");
        // A second process of the same machine, as a reload with other settings starts it.
        differs.data = data.to_owned();
        join(&world, &differs, Clock::System).unwrap().leave();
    }
    let mut differs = joining(other, elsewhere);
    differs.wait = Duration::ZERO;
    let refusal = join(&world, &differs, Clock::System)
        .unwrap_err()
        .to_string();
    assert!(refusal.contains("kenduri move-files"), "{refusal}");
    assert!(refusal.contains(&files.display().to_string()), "{refusal}");

    let second = join(&world, &same, Clock::System).unwrap();
    drop((first, second));
    join(&world, &differs, Clock::System).unwrap();
}

#[test]
fn a_start_outlasts_a_process_that_froze_while_it_joined() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let Settings::Postgres(server) = world.settings() else {
        return;
    };
    // PostgreSQL takes its lock from it, but not before the start has once waited in vain.
    let mut frozen = postgres::Client::connect(server.url.reveal(), NoTls).unwrap();
    frozen
        .batch_execute(
            "SET idle_in_transaction_session_timeout = '3s';
             BEGIN; SELECT 1 FROM leader FOR NO KEY UPDATE",
        )
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    join(
        &world,
        &joining(folder.path(), folder.path()),
        Clock::System,
    )
    .unwrap();
}

#[test]
fn a_machine_whose_clock_is_wrong_is_told_and_takes_no_jobs() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let ahead = SignedDuration::from_secs(70);
        let clock = ManualClock::at(Clock::System.now() + ahead);
        let joining = joining(folder.path(), folder.path());
        let member = join(&world, &joining, Clock::Manual(clock.clone())).unwrap();
        // A start comes to its end all the same.
        assert!(member.lead_or_follow().await.is_some());
        member.set_ready(vec!["http://127.0.0.1:1".to_owned()]);
        let differs = (member.clock_ahead() - ahead).abs();
        assert!(
            member.is_clock_wrong() && differs < CLOCK_DIFFERS,
            "{differs:?}"
        );
        until(async || !member.is_leader()).await;
        let all = listed(&world, &member).await;
        assert!(all[0].process.clock_ahead > 60_000, "{all:?}");

        let enqueue = |tx: &mut Tx<'_>| tx.enqueue(NewJob::new("note", serde_json::Value::Null));
        world.store().write(enqueue).await.unwrap();
        let worker = Worker::on(
            member.clone(),
            world.store().clone(),
            Clock::Manual(clock.clone()),
            Random::seeded(1),
            vec![
                Handler::new("note", async |_| Ok(Done::nothing())),
                Handler::each_minute("look", async |_| Ok(Done::nothing())),
            ],
        );
        assert_eq!(worker.run_due().await.unwrap(), 0);
        clock.set(Clock::System.now());
        until(async || !member.is_clock_wrong() && member.is_leader()).await;
        assert_eq!(worker.run_due().await.unwrap(), 2);
    });
}

#[test]
fn without_a_lead_no_scheduled_job_is_enqueued() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [data, other, files] = folders.each_ref().map(TempDir::path);
        let leader = join(&world, &joining(data, files), Clock::System).unwrap();
        let follower = join(&world, &joining(other, files), Clock::System).unwrap();
        let worker = |membership: &Membership| {
            Worker::on(
                membership.clone(),
                world.store().clone(),
                world.platform.clock.clone(),
                Random::seeded(1),
                vec![Handler::each_minute("look", async |_| Ok(Done::nothing()))],
            )
        };
        assert_eq!(worker(&follower).run_due().await.unwrap(), 0);
        assert_eq!(worker(&leader).run_due().await.unwrap(), 1);
        let look = move |tx: &mut Tx<'_>| machines::lacks_standby(&leader, tx);
        assert!(world.store().read(look).await.unwrap());
    });
}

#[test]
fn who_dropped_out_is_compared_again_before_it_comes_back() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [data, other, files] = folders.each_ref().map(TempDir::path);
        let first = join(&world, &joining(data, files), Clock::System).unwrap();
        let id = listed(&world, &first).await[0].process.id.clone();
        // As if the process had been suspended.
        let drop_out = move |tx: &mut Tx<'_>| {
            sql!(
                "UPDATE machine_process SET until_at = seen_at WHERE id = :id",
                id
            )
            .run(tx, Rows::AtMostOne)
        };
        world.store().write(drop_out.clone()).await.unwrap();
        until(async || listed(&world, &first).await.iter().any(|one| one.is_alive)).await;
        assert!(first.may_work());

        let mut differs = joining(other, files);
        differs.shared.site_url = "https://b.example".to_owned();
        differs.wait = PATIENCE;
        let settings = world.settings();
        let start = std::thread::spawn(move || {
            Membership::join(&settings, &differs, Clock::System, &Random::system())
        });
        while !start.is_finished() {
            world.store().write(drop_out.clone()).await.unwrap();
        }
        let second = start.join().unwrap().unwrap();
        until(async || first.is_refused() && second.is_leader()).await;
        assert!(!first.may_work() && !first.is_leader() && second.may_work());
        second.leave();
        until(async || first.may_work() && first.is_leader()).await;
    });
}

#[test]
fn who_stops_gives_the_lead_back_while_it_is_still_in_the_list() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [data, files] = folders.each_ref().map(TempDir::path);
        let former = join(&world, &joining(data, files), Clock::System).unwrap();
        let lead = former.lead_or_follow().await.unwrap();
        former.set_ready(vec!["http://127.0.0.1:1".to_owned()]);
        former.drain();
        // The last process leads on.
        let before = seen_at(&world, &former).await;
        let later = before + SignedDuration::from_millis(1_500);
        until(async || seen_at(&world, &former).await >= later).await;
        assert!(lead.is_held());
        // A reload: the next process of the same machine.
        let next = join(&world, &joining(data, files), Clock::System).unwrap();
        until(async || next.is_leader()).await;
        assert!(!former.is_leader() && !lead.is_held());
        let all = listed(&world, &next).await;
        assert_eq!(all.iter().filter(|one| one.is_alive).count(), 2, "{all:?}");
    });
}

#[test]
fn a_start_waits_for_a_leader_that_does_not_serve_but_not_for_ever() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [data, other, files] = folders.each_ref().map(TempDir::path);
        let starting = join(&world, &joining(data, files), Clock::System).unwrap();
        let mut joining_too = joining(other, files);
        joining_too.wait = Duration::from_secs(5);
        let second = join(&world, &joining_too, Clock::System).unwrap();
        assert!(second.lead_or_follow().await.is_none());
        assert!(starting.is_leader());
        // The next process of the leader's machine does not wait.
        let next = join(&world, &joining(data, files), Clock::System).unwrap();
        let begin = Instant::now();
        assert!(next.lead_or_follow().await.is_none());
        assert!(begin.elapsed() < JOIN_WAIT);
    });
}

#[test]
fn a_leader_goes_on_while_its_files_do_not_answer() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [data, files] = folders.each_ref().map(TempDir::path);
        let leader = join(&world, &joining(data, files), Clock::System).unwrap();
        // Whoever opens a pipe waits for its other end, as for a server of NFS that is away.
        let mark = files.join(".in-use");
        fs::remove_file(&mark).unwrap();
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, &mark, FileType::Fifo, mode, 0).unwrap();
        let later = seen_at(&world, &leader).await + SignedDuration::from_secs(3);
        until(async || seen_at(&world, &leader).await >= later).await;
        assert!(leader.is_leader());
    });
}
