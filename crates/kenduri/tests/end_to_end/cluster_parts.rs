//! What stands around several machines: a balancer (`HAProxy`), and PostgreSQL under Patroni with
//! etcd. All of them are Debian's packages, and belong to one test.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http;
use crate::networks::Networks;
use crate::postgres_server::{as_postgres, give_to_postgres, programs};
use crate::program::{PATIENCE, children, free_address};

const HAPROXY: &str = "/usr/sbin/haproxy";
/// How long a test waits before it looks again.
const PAUSE: Duration = Duration::from_millis(50);

/// A program of another maker. Dropping this value kills it.
pub(crate) struct Part(Child);

impl Part {
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let log = File::create(log).expect("a log");
        let both = log.try_clone().expect("a log");
        let child = command
            .stdout(log)
            .stderr(both)
            .stdin(Stdio::null())
            .spawn();
        Self(child.expect("the program starts"))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `HAProxy`, which sends each request to the next machine that is ready. It asks `/readyz` four
/// times a second, and believes the second answer.
pub(crate) struct Balancer {
    pub(crate) address: SocketAddr,
    _process: Part,
}

impl Balancer {
    /// How long it takes until a machine that is no longer ready gets no requests.
    pub(crate) const NOTICES: Duration = Duration::from_secs(1);

    /// Starts a balancer. Returns `None` if `HAProxy` is not installed.
    pub(crate) fn start(folder: &Path, machines: &[SocketAddr]) -> Option<Self> {
        if !Path::new(HAPROXY).exists() {
            return None;
        }
        let address = free_address();
        let servers = machines.iter().enumerate();
        let servers: Vec<String> = servers
            .map(|(number, machine)| format!("  server m{number} {machine} check\n"))
            .collect();
        let servers = servers.concat();
        let settings = format!(
            "global
  maxconn 2000
defaults
  mode http
  timeout connect 500ms
  timeout client 1m
  timeout server 1m
  retries 3
  option redispatch 1
  retry-on conn-failure
frontend site
  bind {address}
  default_backend machines
  http-response set-header X-Machine %s
backend machines
  balance roundrobin
  option httpchk GET /readyz
  timeout check 2s
  default-server inter 250ms fall 2 rise 1
{servers}"
        );
        let file = folder.join("haproxy.cfg");
        fs::write(&file, settings).expect("written");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", HAPROXY, "-db", "-f"]);
        command.arg(&file);
        let process = Part::start(command, &folder.join("haproxy.log"));
        let balancer = Self {
            address,
            _process: process,
        };
        let is_ready = || answers(address, "/readyz");
        wait(is_ready, "the balancer does not answer");
        Some(balancer)
    }

    /// Waits until this many machines get requests.
    pub(crate) fn wait_for_all(&self, machines: usize) {
        let mut seen = BTreeSet::new();
        let is_seen = || {
            let address = self.address.to_string();
            let answer = http::send(&address, "GET", "/livez", &[], b"");
            seen.extend(
                answer
                    .ok()
                    .and_then(|answer| answer.header("x-machine").map(str::to_owned)),
            );
            seen.len() == machines
        };
        wait(is_seen, "the balancer does not find all machines");
    }
}

/// Two PostgreSQL servers, each kept by Patroni, with a synchronous standby. Patroni's words are
/// those that `docs/scale.md` recommends.
pub(crate) struct Cluster {
    folder: TempDir,
    nodes: [Node; 2],
    _etcd: Part,
    /// Of each node, if it can be cut off.
    networks: Option<Networks>,
}

struct Node {
    name: &'static str,
    api: SocketAddr,
    address: SocketAddr,
    patroni: Option<Part>,
}

impl Cluster {
    /// Starts a cluster. Returns `None` if a part of it is not installed, or if processes cannot share
    /// semaphores, without which Patroni refuses to switch.
    pub(crate) fn start() -> Option<Self> {
        Self::start_in(None)
    }

    /// Starts a cluster whose servers can be cut off. Returns `None` if a part of it is not
    /// installed, or if this process may not make networks.
    pub(crate) fn start_apart() -> Option<Self> {
        Self::start_in(Some(Networks::create(2)?))
    }

    fn start_in(networks: Option<Networks>) -> Option<Self> {
        let is_installed = |name: &str| Path::new("/usr/bin").join(name).exists();
        let servers = programs()?;
        if !Path::new("/dev/shm").is_dir() {
            return None;
        }
        if !is_installed("patroni") || !is_installed("etcd") {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        give_to_postgres(folder.path());
        let [clients, peers] = match &networks {
            None => [free_address(), free_address()],
            Some(networks) => [2379, 2380].map(|port| (networks.host(), port).into()),
        };
        let mut etcd = as_postgres(Path::new("/usr/bin/etcd"));
        etcd.arg("--data-dir").arg(folder.path().join("etcd"));
        for flag in ["listen-client-urls", "advertise-client-urls"] {
            etcd.arg(format!("--{flag}=http://{clients}"));
        }
        for flag in ["listen-peer-urls", "initial-advertise-peer-urls"] {
            etcd.arg(format!("--{flag}=http://{peers}"));
        }
        etcd.arg(format!("--initial-cluster=default=http://{peers}"));
        let etcd = Part::start(etcd, &folder.path().join("etcd.log"));
        wait(|| answers(clients, "/health"), "etcd does not answer");

        let address = |number, port| match &networks {
            None => free_address(),
            Some(networks) => networks.socket(number, port),
        };
        let nodes = [(0, "a"), (1, "b")].map(|(number, name)| Node {
            name,
            api: address(number, 8008),
            address: address(number, 5432),
            patroni: None,
        });
        let mut cluster = Self {
            folder,
            nodes,
            _etcd: etcd,
            networks,
        };
        for node in &cluster.nodes {
            cluster.write_settings(node, clients, &servers);
        }
        for number in 0..cluster.nodes.len() {
            cluster.start_node(number);
        }
        cluster.wait_for_standby();
        Some(cluster)
    }

    /// Names both servers, so that the program has to look for the primary server.
    pub(crate) fn url(&self) -> String {
        let [a, b] = self.nodes.each_ref().map(|node| node.address);
        format!("postgres://postgres@{a},{b}/postgres")
    }

    /// The URL of the primary server.
    pub(crate) fn primary_url(&self) -> String {
        let primary = &self.nodes[self.primary()];
        format!("postgres://postgres@{}/postgres", primary.address)
    }

    /// Has the standby take over while both servers live.
    pub(crate) fn switch(&self) {
        let (primary, standby) = self.roles();
        let wish = json!({ "leader": primary.name, "candidate": standby.name }).to_string();
        let headers = [("Content-Type", "application/json")];
        let api = primary.api.to_string();
        let told = http::send(&api, "POST", "/switchover", &headers, wish.as_bytes());
        let told = told.expect("an answer of Patroni");
        assert_eq!(told.status, 200, "{}", told.text());
        self.wait_for_primary(standby.name);
    }

    /// Kills the primary server and its Patroni, waits until the other one has taken over, and
    /// lets the killed one come back as a standby.
    pub(crate) fn lose_primary(&mut self) {
        let lost = self.primary();
        let next = self.nodes[1 - lost].name;
        self.kill_node(lost);
        self.wait_for_primary(next);
        self.start_node(lost);
    }

    /// Cuts the primary server off from everybody, waits until the other one has taken over, and
    /// lets the first come back.
    pub(crate) fn cut_primary(&self) {
        let networks = self.networks.as_ref().expect("networks");
        let lost = self.primary();
        networks.cut(lost);
        self.wait_for_primary(self.nodes[1 - lost].name);
        networks.join(lost);
    }

    /// Waits until a standby follows synchronously.
    pub(crate) fn wait_for_standby(&self) {
        let follows = || {
            let all = self.members();
            let roles = all.iter().map(|member| member["role"].as_str());
            roles.flatten().any(|role| role == "sync_standby")
        };
        wait(follows, "no standby follows");
    }

    fn roles(&self) -> (&Node, &Node) {
        let primary = self.primary();
        (&self.nodes[primary], &self.nodes[1 - primary])
    }

    fn primary(&self) -> usize {
        let leads = |name: &str| {
            let all = self.members();
            all.iter()
                .any(|member| member["name"] == name && member["role"] == "leader")
        };
        let mut found = None;
        let look = || {
            found = self.nodes.iter().position(|node| leads(node.name));
            found.is_some()
        };
        wait(look, "no server is the primary one");
        found.expect("found")
    }

    fn wait_for_primary(&self, name: &str) {
        let leads = || {
            let all = self.members();
            all.iter().any(|member| {
                member["name"] == name && member["role"] == "leader" && member["state"] == "running"
            })
        };
        wait(leads, "the standby does not take over");
    }

    /// As one of the Patronis that answer knows them.
    fn members(&self) -> Vec<Value> {
        let mut asked = self.nodes.iter().filter_map(|node| {
            let answer = http::send(&node.api.to_string(), "GET", "/cluster", &[], b"").ok()?;
            (answer.status == 200).then(|| answer.json()["members"].as_array().cloned())?
        });
        asked.next_back().unwrap_or_default()
    }

    fn node_folder(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_settings(&self, node: &Node, etcd: SocketAddr, servers: &Path) {
        let (name, api, address) = (node.name, node.api, node.address);
        let folder = self.node_folder(name);
        fs::create_dir(&folder).expect("a folder");
        give_to_postgres(&folder);
        let (folder, servers) = (folder.display(), servers.display());
        // JSON is YAML.
        let text = json!({
            "scope": "kenduri",
            "name": name,
            "restapi": { "listen": api, "connect_address": api },
            "etcd3": { "hosts": etcd },
            "bootstrap": {
                "dcs": {
                    "ttl": 20,
                    "loop_wait": 2,
                    "retry_timeout": 5,
                    "synchronous_mode": true,
                    "postgresql": { "use_pg_rewind": true },
                },
                "initdb": [{ "encoding": "UTF8" }],
            },
            "postgresql": {
                "listen": address,
                "connect_address": address,
                "data_dir": format!("{folder}/data"),
                "bin_dir": servers.to_string(),
                "pgpass": format!("{folder}/pgpass"),
                "authentication": {
                    "superuser": { "username": "postgres" },
                    "replication": { "username": "postgres" },
                },
                "parameters": { "unix_socket_directories": folder.to_string() },
                "pg_hba": [
                    "local all all trust",
                    "host all all 127.0.0.0/8 trust",
                    "host replication all 127.0.0.0/8 trust",
                    "host all all 10.213.0.0/16 trust",
                    "host replication all 10.213.0.0/16 trust",
                ],
            },
        });
        let file = self.folder.path().join(format!("{name}.yml"));
        fs::write(file, text.to_string()).expect("written");
    }

    fn start_node(&mut self, number: usize) {
        let name = self.nodes[number].name;
        let mut patroni = as_postgres(Path::new("/usr/bin/patroni"));
        patroni.arg(self.folder.path().join(format!("{name}.yml")));
        if let Some(networks) = &self.networks {
            patroni = networks.inside(number, &patroni);
        }
        let log = self.folder.path().join(format!("{name}.log"));
        self.nodes[number].patroni = Some(Part::start(patroni, &log));
    }

    fn kill_node(&mut self, number: usize) {
        self.nodes[number].patroni = None;
        let file = self
            .node_folder(self.nodes[number].name)
            .join("data/postmaster.pid");
        let text = fs::read_to_string(file).unwrap_or_default();
        let Some(server) = text.lines().next().and_then(|line| line.parse().ok()) else {
            return;
        };
        for process in children(server).into_iter().chain([server]) {
            let process = i32::try_from(process).ok().and_then(Pid::from_raw);
            // The process may have exited already.
            let _ = kill_process(process.expect("a process id"), Signal::KILL);
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for number in 0..self.nodes.len() {
            self.kill_node(number);
        }
    }
}

fn answers(address: SocketAddr, path: &str) -> bool {
    let answer = http::send(&address.to_string(), "GET", path, &[], b"");
    answer.is_ok_and(|answer| answer.status == 200)
}

pub(crate) fn wait(mut is_true: impl FnMut() -> bool, otherwise: &str) {
    let end = Instant::now() + PATIENCE;
    while !is_true() {
        assert!(Instant::now() < end, "{otherwise}");
        std::thread::sleep(PAUSE);
    }
}
