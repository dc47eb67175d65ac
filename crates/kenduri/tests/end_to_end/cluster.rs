//! Two machines behind a balancer, and a PostgreSQL cluster below one. While households answer,
//! machines die, stop and freeze, and primary servers switch and die. No acknowledged answer may be
//! lost, and none may be saved twice. `cargo xtask show cluster` has the full numbers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::cluster_parts::{Balancer, Cluster};
use crate::killing::{Household, open_households};
use crate::load::{CLIENTS, Load, Until, last_versions, tell, times};
use crate::postgres_killing::{invitations, lose_nothing, versions};
use crate::postgres_server::Server;
use crate::power_loss::wait_for;
use crate::program::{Program, children, free_address};

/// The number of acknowledged answers between two disturbances.
const ANSWERS: usize = 40;

/// How long a machine stays frozen. PostgreSQL takes its locks from it after 2 s.
const FROZEN: Duration = Duration::from_secs(8);
/// How long others may wait for the locks of a frozen machine, and then for each other.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What happens to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Loss {
    Killed,
    Stopped,
    Frozen,
}

#[test]
fn a_machine_may_die_stop_or_freeze() {
    let Some(mut server) = Server::create() else {
        eprintln!("skipped: no server of PostgreSQL is installed");
        return;
    };
    server.start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut machines = Machines::start(&server.url(), folder, 2, &[]);
    let addresses = machines.addresses.clone();
    let Some(balancer) = Balancer::start(machines.folder.path(), &addresses) else {
        eprintln!("skipped: HAProxy is not installed");
        return;
    };
    let before: BTreeMap<_, _> = versions(&server.url()).into_iter().collect();
    let mut households = open_households(machines.one(0), invitations(&server.url()));
    let mut apart = households.pop().expect("a household");
    let load = Load::default();
    let mut lost_in_flight = BTreeMap::<Loss, usize>::new();
    let (mut longest, mut longest_for_locks) = (Duration::ZERO, Duration::ZERO);
    let rounds = times(3);
    let address = balancer.address.to_string();
    let acknowledged = std::thread::scope(|scope| {
        let answering = scope.spawn(|| load.run(&address, &mut households, || ()));
        let until = Until(&load.is_ended);
        for round in 0..rounds {
            balancer.wait_for_all(addresses.len());
            wait_for(&load, load.acknowledged.load(Ordering::Relaxed) + ANSWERS);
            let failed = load.failed.load(Ordering::Relaxed);
            let loss = [Loss::Killed, Loss::Stopped, Loss::Frozen][round % 3];
            let number = (round / 3) % 2;
            match loss {
                Loss::Killed => machines.kill(number),
                Loss::Stopped => machines.stop(number),
                Loss::Frozen => {
                    let other = addresses[1 - number].to_string();
                    let mut save = || save_apart(&other, &mut apart);
                    let usual = save().max(save()).max(save());
                    let wait = machines.freeze(number, save);
                    longest = longest.max(wait);
                    let for_others = usual * u32::try_from(CLIENTS).expect("few");
                    longest_for_locks = longest_for_locks.max(wait.saturating_sub(for_others));
                }
            }
            machines.start_again(number);
            balancer.wait_for_all(addresses.len());
            let failed = load.failed.load(Ordering::Relaxed) - failed;
            *lost_in_flight.entry(loss).or_default() += failed;
            // A request that a dead machine had begun cannot be sent to another one.
            let may_fail = if loss == Loss::Stopped { 0 } else { CLIENTS };
            assert!(failed <= may_fail, "{loss:?}: {failed} failed");
        }
        drop(until);
        answering.join().expect("the clients")
    });
    assert!(
        longest_for_locks < LONGEST_WAIT,
        "a save waited for {longest:?}, of which {longest_for_locks:?} for locks"
    );
    machines.end();

    let last = last_versions(acknowledged.iter());
    let (mut saved, mut lost) = (0, 0);
    for (code, version) in versions(&server.url()) {
        if code == apart.code {
            continue;
        }
        saved += usize::try_from(version - before[&code]).expect("more");
        lost += usize::from(last.get(&*code).is_some_and(|known| *known > version));
    }
    assert_eq!(lost, 0);
    // What failed may have been saved, but only once.
    let failed = load.failed.load(Ordering::Relaxed);
    assert!(
        saved >= acknowledged.len(),
        "{saved} of {}",
        acknowledged.len()
    );
    assert!(saved <= acknowledged.len() + failed, "{saved} saved");
    tell(&format!(
        "{rounds} machines killed, stopped or frozen among {} acknowledged answers: 0 lost, 0 saved \
         twice; requests in flight that failed: {lost_in_flight:?}; longest wait for a frozen \
         machine's locks: {longest:.1?}",
        acknowledged.len()
    ));
}

#[test]
fn nobody_sees_a_planned_switch_of_patroni() {
    let Some(cluster) = Cluster::start() else {
        eprintln!("skipped: Patroni, etcd or PostgreSQL is not installed, or /dev/shm is missing");
        return;
    };
    let switches = times(1);
    let answers = answer_over(&cluster.url(), &cluster.primary_url(), switches, || {
        cluster.switch();
        cluster.wait_for_standby();
        cluster.primary_url()
    });
    tell(&format!(
        "{switches} switches of Patroni among {answers}: 0 lost, 0 failed"
    ));
}

#[test]
fn nobody_sees_that_patroni_replaces_a_dead_server() {
    let kills = times(0);
    if kills == 0 {
        eprintln!(
            "skipped: `cargo xtask show cluster` does this; servers without Patroni are killed here"
        );
        return;
    }
    let Some(mut cluster) = Cluster::start() else {
        eprintln!("skipped: Patroni, etcd or PostgreSQL is not installed, or /dev/shm is missing");
        return;
    };
    let (url, primary) = (cluster.url(), cluster.primary_url());
    let answers = answer_over(&url, &primary, kills, || {
        cluster.lose_primary();
        cluster.wait_for_standby();
        cluster.primary_url()
    });
    tell(&format!(
        "{kills} kills of a primary server under Patroni among {answers}: 0 lost, 0 failed"
    ));
}

#[test]
fn nobody_sees_that_a_primary_server_is_cut_off() {
    let cuts = times(0);
    if cuts == 0 {
        eprintln!("skipped: `cargo xtask show cluster` does this; servers are killed here");
        return;
    }
    let Some(cluster) = Cluster::start_apart() else {
        eprintln!("skipped: not as root, or Patroni, etcd, PostgreSQL or iproute2 is missing");
        return;
    };
    let answers = answer_over(&cluster.url(), &cluster.primary_url(), cuts, || {
        cluster.cut_primary();
        cluster.wait_for_standby();
        cluster.primary_url()
    });
    tell(&format!(
        "{cuts} cuts of the network to a primary server under Patroni among {answers}: 0 lost, 0 \
         failed"
    ));
}

/// Lets households answer on a program with this store, while `disturb` is called several times.
/// Returns how many answers were acknowledged, and the longest wait.
fn answer_over(
    url: &str,
    primary: &str,
    disturbances: usize,
    disturb: impl FnMut() -> String,
) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, store) = (folder.path().to_string_lossy(), format!("store.url={url}"));
    let program = Program::serve(&["--demo", "--data", &*data, "--set", &*store], &[]);
    lose_nothing(program, disturbances, primary, disturb)
}

/// Saves an answer. Returns how long it took.
fn save_apart(address: &str, household: &mut Household) -> Duration {
    let begun = Instant::now();
    let load = Load::default();
    assert!(load.save(address, household, || ()).is_some());
    begun.elapsed()
}

/// Machines with one store, one key and the same files.
pub(crate) struct Machines {
    pub(crate) folder: TempDir,
    settings: Vec<String>,
    pub(crate) addresses: Vec<SocketAddr>,
    programs: Vec<Option<Program>>,
}

impl Machines {
    /// Starts so many machines with these settings besides.
    pub(crate) fn start(url: &str, folder: TempDir, count: usize, settings: &[String]) -> Self {
        let store = format!("store.url={url}");
        let mut machines = Self {
            folder,
            settings: std::iter::once(store)
                .chain(settings.iter().cloned())
                .collect(),
            addresses: (0..count).map(|_| free_address()).collect(),
            programs: (0..count).map(|_| None).collect(),
        };
        machines.start_again(0);
        let first = machines.data(0);
        std::fs::create_dir_all(first.join("files")).expect("a folder");
        for number in 1..count {
            let data = machines.data(number);
            std::fs::create_dir(&data).expect("a folder");
            symlink(first.join("files"), data.join("files")).expect("a link");
            std::fs::copy(first.join("secret.key"), data.join("secret.key")).expect("a copy");
            machines.start_again(number);
        }
        machines
    }

    fn data(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("machine-{number}"))
    }

    pub(crate) fn one(&self, number: usize) -> &Program {
        self.programs[number].as_ref().expect("it runs")
    }

    pub(crate) fn start_again(&mut self, number: usize) {
        self.start_in(number, &[], &[]);
    }

    /// Starts a machine with these settings and this environment besides, unless it runs.
    pub(crate) fn start_in(
        &mut self,
        number: usize,
        settings: &[&str],
        environment: &[(&str, &str)],
    ) {
        if self.programs[number].is_some() {
            return;
        }
        let (address, data) = (self.addresses[number].to_string(), self.data(number));
        let data = data.to_string_lossy();
        let unready = format!("listen.unready_time={}s", Balancer::NOTICES.as_secs() + 1);
        let mut arguments = vec!["serve", "--listen", &*address, "--demo", "--data", &*data];
        let own = [&*unready, "site.url=http://site.example"];
        let all = self.settings.iter().map(String::as_str);
        for setting in all.chain(own).chain(settings.iter().copied()) {
            arguments.extend(["--set", setting]);
        }
        self.programs[number] = Some(Program::start(&arguments, environment));
    }

    pub(crate) fn kill(&mut self, number: usize) {
        self.programs[number].take().expect("it runs").kill();
    }

    pub(crate) fn stop(&mut self, number: usize) {
        let mut program = self.programs[number].take().expect("it runs");
        assert_eq!(program.end(Signal::TERM).code(), Some(0));
    }

    /// Freezes all processes of a machine for a time. Calls `save` meanwhile, and returns its
    /// longest duration.
    fn freeze(&self, number: usize, mut save: impl FnMut() -> Duration) -> Duration {
        let program = self.one(number).supervisor_pid();
        let all = || children(program).into_iter().chain([program]);
        all().for_each(|process| send(process, Signal::STOP));
        let (begun, mut longest) = (Instant::now(), Duration::ZERO);
        while begun.elapsed() < FROZEN {
            longest = longest.max(save());
        }
        all().for_each(|process| send(process, Signal::CONT));
        longest
    }

    pub(crate) fn end(&mut self) {
        for program in &mut self.programs {
            let ended = program
                .take()
                .map(|mut program| program.end(Signal::TERM).code());
            assert_eq!(ended, Some(Some(0)));
        }
    }
}

fn send(process: u32, signal: Signal) {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    kill_process(process.expect("a process id"), signal).expect("it lives");
}
