//! The same site in two setups: run by PM2 behind Debian's nginx, and run by Kenduri without
//! either.
//!
//! Both setups use the same programs and settings. Each setup follows its own documentation for two
//! instances of each program.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::asking::{until_closed, until_well};
use super::{EXPRESS, FLASK};
use crate::bench::binary;
use crate::bench::server::{Server, free_address};
use crate::command::{find, output, program, run};
use crate::example::Site;
use crate::workspace::root;

const INSTANCES: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// nginx in front of PM2.
    Theirs,
    /// Kenduri without a spare.
    Ours,
    /// Kenduri with one Flask instance and one spare.
    OursWithSpare,
}

pub(super) struct Side {
    which: Which,
    folder: PathBuf,
    door: Server,
    // This field comes after the server, so that the server is dropped first.
    _pm2: Option<Pm2>,
    /// The time from the first command to the first responses of both programs.
    pub(super) cold_start: Duration,
}

impl Side {
    /// Starts everything in `folder`, and waits until both programs respond.
    pub(super) async fn start(which: Which, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder.join("data"))?;
        let begin = Instant::now();
        let (door, pm2) = match which {
            Which::Theirs => {
                let express = free_address()?;
                let door = start_nginx(folder, express).await?;
                let pm2 = Pm2::start(folder, express)?;
                (door, Some(pm2))
            }
            Which::Ours | Which::OursWithSpare => (start_kenduri(which, folder).await?, None),
        };
        until_well(door.address, &[EXPRESS, FLASK]).await?;
        Ok(Self {
            which,
            folder: folder.to_owned(),
            door,
            _pm2: pm2,
            cold_start: begin.elapsed(),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.door.address
    }

    /// Stops the site and waits until it has stopped.
    pub(super) async fn stop(self) -> Result<()> {
        let address = self.address();
        drop(self);
        until_closed(address).await
    }

    /// Returns the processes that run and serve the site but are not its own programs, such as
    /// nginx or Kenduri.
    pub(super) fn around(&self) -> Result<Vec<u32>> {
        if self.which == Which::Theirs {
            let mut processes = self.door.processes()?;
            let daemon = fs::read_to_string(self.folder.join("pm2/pm2.pid"))?;
            processes.push(daemon.trim().parse()?);
            return Ok(processes);
        }
        Ok([self.door.process()]
            .into_iter()
            .chain(self.instances("kenduri")?)
            .collect())
    }

    /// Returns the processes of Flask or Express, as listed by PM2 or Kenduri.
    pub(super) fn instances(&self, service: &str) -> Result<Vec<u32>> {
        if self.which == Which::Theirs {
            let listed: Vec<Listed> =
                serde_json::from_str(&output(pm2(&self.folder)?.arg("jlist"))?)?;
            return Ok(listed
                .into_iter()
                .filter(|one| one.name.starts_with(service) && one.pid != 0)
                .map(|one| one.pid)
                .collect());
        }
        let rows: Vec<Row> = serde_json::from_str(&output(self.word("ps").arg("--json"))?)?;
        Ok(rows
            .into_iter()
            .filter(|row| row.service == service && row.state == "ready")
            .filter_map(|row| row.pid)
            .collect())
    }

    /// Returns the commands that replace every instance of both programs.
    pub(super) fn reloads(&self) -> Result<Vec<Command>> {
        if self.which == Which::Theirs {
            let mut command = pm2(&self.folder)?;
            command.args(["reload", "all"]);
            return Ok(vec![command]);
        }
        Ok(["express", "flask"]
            .map(|service| {
                let mut command = self.word("reload");
                command.arg(service);
                command
            })
            .into())
    }

    /// Whether every expected process is running.
    pub(super) fn is_whole(&self) -> Result<bool> {
        Ok(match self.which {
            Which::Theirs | Which::Ours => {
                self.instances("flask")?.len() == INSTANCES
                    && self.instances("express")?.len() == INSTANCES
            }
            Which::OursWithSpare => {
                let rows = output(self.word("ps").arg("--json"))?;
                let rows: Vec<Row> = serde_json::from_str(&rows)?;
                let flask = |state| {
                    let is_so = |row: &&Row| row.service == "flask" && row.state == state;
                    rows.iter().filter(is_so).count()
                };
                flask("ready") == 1 && flask("spare") == 1
            }
        })
    }

    fn word(&self, word: &str) -> Command {
        let mut command = program(binary());
        command
            .args([word, "--config"])
            .arg(self.folder.join("kenduri.toml"));
        command
    }
}

#[derive(Deserialize)]
struct Row {
    service: String,
    state: String,
    pid: Option<u32>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    pid: u32,
}

fn part(name: &str) -> PathBuf {
    Site::FlaskExpress.folder().join(name)
}

/// Returns the command that starts Flask manually, on a socket of its own.
pub(super) fn flask_by_hand(socket: &Path, data: &Path) -> Command {
    let mut command = program(part("flask").join(".venv/bin/gunicorn"));
    command
        .arg("wsgi:app")
        .current_dir(part("flask"))
        .env("SOCKET", socket)
        .env("DISHES_DATABASE", data.join("dishes.db"));
    command
}

/// Returns the command that starts Express manually, on a socket of its own.
pub(super) fn express_by_hand(socket: &Path) -> Command {
    let mut command = program("node");
    command
        .arg("server.js")
        .current_dir(part("express"))
        .env("SOCKET", socket);
    command
}

async fn start_kenduri(which: Which, folder: &Path) -> Result<Server> {
    let door = free_address()?;
    let (instances, spare) = match which {
        Which::OursWithSpare => (1, 1),
        _ => (INSTANCES, 0),
    };
    let settings = format!(
        "data = \"data\"
[listen]
http = [\"{door}\"]
[[route]]
path = \"/\"
to = \"service:express\"
[[route]]
path = \"/api/\"
to = \"service:flask\"
[service.express]
directory = \"{express}\"
run = \"node server.js\"
listen = \"unix\"
instances = {INSTANCES}
balance = \"least\"
health = {{ path = \"{EXPRESS}\" }}
[service.flask]
directory = \"{flask}\"
run = \".venv/bin/gunicorn wsgi:app\"
listen = \"unix\"
instances = {instances}
spare = {spare}
balance = \"least\"
env = {{ DISHES_DATABASE = \"{database}\" }}
health = {{ path = \"{FLASK}\" }}
[log]
to = \"log\"
",
        express = part("express").display(),
        flask = part("flask").display(),
        database = folder.join("data/dishes.db").display(),
    );
    let file = folder.join("kenduri.toml");
    fs::write(&file, settings)?;
    let mut command = program(binary());
    command.args(["serve", "--config"]).arg(&file);
    Server::start(command, door, folder.join("kenduri.log"), EXPRESS).await
}

async fn start_nginx(folder: &Path, express: SocketAddr) -> Result<Server> {
    let door = free_address()?;
    let path = |name: &str| folder.join(name).display().to_string();
    let temporaries = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};", path(kind)))
        .join(" ");
    let servers: Vec<_> = (0..INSTANCES)
        .map(|number| format!("server unix:{} max_fails=0;", path(&socket_name(number))))
        .collect();
    let configuration = format!(
        "daemon off; worker_processes auto;
pid {pid}; error_log {errors};
events {{ worker_connections 1024; }}
http {{
  {temporaries}
  access_log {log} combined buffer=64k flush=1s;
  keepalive_requests 1000000000;
  upstream express {{ server {express} max_fails=0; keepalive 64; }}
  upstream flask {{ least_conn; {servers} keepalive 64; }}
  server {{
    listen {door};
    proxy_http_version 1.1; proxy_set_header Connection \"\";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
    location = /alive {{ return 200; }}
    location / {{ proxy_pass http://express; }}
    location /api/ {{ proxy_pass http://flask; }}
  }}
}}
",
        pid = path("nginx.pid"),
        errors = path("nginx-error.log"),
        log = path("nginx-access.log"),
        servers = servers.join(" "),
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration)?;
    let nginx = find("nginx").context("nginx is not installed: apt-get install nginx-light")?;
    let mut command = program(nginx);
    command.arg("-c").arg(&file).arg("-p").arg(folder);
    Server::start(command, door, folder.join("nginx.log"), "/alive").await
}

fn socket_name(number: usize) -> String {
    format!("flask-{number}.sock")
}

/// With a home folder of its own; stopped with all its processes on drop.
struct Pm2 {
    folder: PathBuf,
}

impl Pm2 {
    fn start(folder: &Path, express: SocketAddr) -> Result<Self> {
        // PM2's cluster mode supports Node only, so each gunicorn is a separate PM2 application
        // with its own socket.
        let mut apps = vec![serde_json::json!({
            "name": "express",
            "cwd": part("express"),
            "script": "server.js",
            "exec_mode": "cluster",
            "instances": INSTANCES,
            "env": { "PORT": express.port().to_string() },
        })];
        for number in 0..INSTANCES {
            apps.push(serde_json::json!({
                "name": format!("flask-{number}"),
                "cwd": part("flask"),
                "script": ".venv/bin/gunicorn",
                "args": "wsgi:app",
                "interpreter": "none",
                "env": {
                    "SOCKET": folder.join(socket_name(number)),
                    "DISHES_DATABASE": folder.join("data/dishes.db"),
                },
            }));
        }
        let file = folder.join("ecosystem.config.json");
        fs::write(&file, serde_json::json!({ "apps": apps }).to_string())?;
        let started = Self {
            folder: folder.to_owned(),
        };
        output(pm2(folder)?.arg("start").arg(&file))?;
        Ok(started)
    }
}

impl Drop for Pm2 {
    fn drop(&mut self) {
        if let Ok(mut command) = pm2(&self.folder) {
            // `drop` cannot report an error.
            let _ = output(command.arg("kill"));
        }
    }
}

fn pm2(folder: &Path) -> Result<Command> {
    let installed = pm2_folder().join("node_modules/.bin/pm2");
    ensure!(installed.is_file(), "PM2 is not installed");
    let mut command = program(installed);
    command.env("PM2_HOME", folder.join("pm2"));
    Ok(command)
}

fn pm2_folder() -> PathBuf {
    root().join("target/bench-pm2")
}

/// Installs PM2 in `target`, unless it is already there.
pub(super) fn install_pm2() -> Result<()> {
    let folder = pm2_folder();
    fs::create_dir_all(&folder)?;
    for name in ["package.json", "package-lock.json"] {
        let from = root().join("lab/src/bench/neighbours").join(name);
        fs::copy(from, folder.join(name))?;
    }
    if folder.join("node_modules/.bin/pm2").is_file() {
        return Ok(());
    }
    run(program("npm")
        .args(["ci", "--no-audit", "--no-fund", "--omit=optional"])
        .current_dir(&folder))
}
