//! Two machines behind a balancer, and a PostgreSQL cluster below one. While households answer,
//! machines die and stop, and primary servers switch and die. No acknowledged answer may be
//! lost, and none may be saved twice. `cargo xtask show cluster` has the full numbers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::cluster_parts::{Balancer, Cluster};
use crate::killing::open_households;
use crate::load::{CLIENTS, Load, last_versions, tell, times};
use crate::postgres_killing::{invitations, lose_nothing, versions};
use crate::postgres_server::Server;
use crate::power_loss::wait_for;
use crate::program::{Program, free_address};

/// The number of acknowledged answers between two disturbances.
const ANSWERS: usize = 40;

/// What happens to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Loss {
    Killed,
    Stopped,
}

#[test]
fn a_machine_may_die_or_stop() {
    let Some(mut server) = Server::create() else {
        eprintln!("skipped: no server of PostgreSQL is installed");
        return;
    };
    server.start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut machines = Machines::start(&server.url(), folder);
    let addresses = machines.addresses;
    let Some(balancer) = Balancer::start(machines.folder.path(), &addresses) else {
        eprintln!("skipped: HAProxy is not installed");
        return;
    };
    let before: BTreeMap<_, _> = versions(&server.url()).into_iter().collect();
    let mut households = open_households(machines.one(0), invitations(&server.url()));
    let load = Load::default();
    let mut lost_in_flight = BTreeMap::<Loss, usize>::new();
    let rounds = times(2);
    let address = balancer.address.to_string();
    let acknowledged = std::thread::scope(|scope| {
        let answering = scope.spawn(|| load.run(&address, &mut households, || ()));
        for round in 0..rounds {
            balancer.wait_for_all(addresses.len());
            wait_for(&load, load.acknowledged.load(Ordering::Relaxed) + ANSWERS);
            let failed = load.failed.load(Ordering::Relaxed);
            let loss = [Loss::Killed, Loss::Stopped][round % 2];
            let number = (round / 2) % 2;
            match loss {
                Loss::Killed => machines.kill(number),
                Loss::Stopped => machines.stop(number),
            }
            machines.start_again(number);
            balancer.wait_for_all(addresses.len());
            let failed = load.failed.load(Ordering::Relaxed) - failed;
            *lost_in_flight.entry(loss).or_default() += failed;
            // A request that a dead machine had begun cannot be sent to another one.
            let may_fail = if loss == Loss::Stopped { 0 } else { CLIENTS };
            assert!(failed <= may_fail, "{loss:?}: {failed} failed");
        }
        load.is_ended.store(true, Ordering::Relaxed);
        answering.join().expect("the clients")
    });
    machines.end();

    let last = last_versions(acknowledged.iter());
    let (mut saved, mut lost) = (0, 0);
    for (code, version) in versions(&server.url()) {
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
        "{rounds} machines killed or stopped among {} acknowledged answers: 0 lost, 0 saved twice; \
         requests in flight that failed: {lost_in_flight:?}",
        acknowledged.len()
    ));
}

#[test]
fn nobody_sees_a_planned_switch_of_patroni() {
    let Some(cluster) = Cluster::start() else {
        eprintln!("skipped: Patroni, etcd or PostgreSQL is not installed");
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
    let Some(mut cluster) = Cluster::start() else {
        eprintln!("skipped: Patroni, etcd or PostgreSQL is not installed");
        return;
    };
    let kills = times(1);
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

/// Two machines with one store, one key and the same files.
struct Machines {
    folder: TempDir,
    store: String,
    addresses: [SocketAddr; 2],
    programs: [Option<Program>; 2],
}

impl Machines {
    fn start(url: &str, folder: TempDir) -> Self {
        let mut machines = Self {
            folder,
            store: format!("store.url={url}"),
            addresses: [free_address(), free_address()],
            programs: [None, None],
        };
        machines.start_again(0);
        let (first, second) = (machines.data(0), machines.data(1));
        std::fs::create_dir(&second).expect("a folder");
        std::fs::create_dir_all(first.join("files")).expect("a folder");
        symlink(first.join("files"), second.join("files")).expect("a link");
        std::fs::copy(first.join("secret.key"), second.join("secret.key")).expect("a copy");
        machines.start_again(1);
        machines
    }

    fn data(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("machine-{number}"))
    }

    fn one(&self, number: usize) -> &Program {
        self.programs[number].as_ref().expect("it runs")
    }

    fn start_again(&mut self, number: usize) {
        if self.programs[number].is_some() {
            return;
        }
        let (address, data) = (self.addresses[number].to_string(), self.data(number));
        let data = data.to_string_lossy();
        let unready = format!("listen.unready_time={}s", Balancer::NOTICES.as_secs() + 1);
        let arguments = [
            "serve",
            "--listen",
            &*address,
            "--demo",
            "--data",
            &*data,
            "--set",
            &*self.store,
            "--set",
            &*unready,
            "--set",
            "site.url=http://site.example",
        ];
        self.programs[number] = Some(Program::start(&arguments, &[]));
    }

    fn kill(&mut self, number: usize) {
        self.programs[number].take().expect("it runs").kill();
    }

    fn stop(&mut self, number: usize) {
        let mut program = self.programs[number].take().expect("it runs");
        assert_eq!(program.end(Signal::TERM).code(), Some(0));
    }

    fn end(&mut self) {
        for program in &mut self.programs {
            let ended = program
                .take()
                .map(|mut program| program.end(Signal::TERM).code());
            assert_eq!(ended, Some(Some(0)));
        }
    }
}
