//! Checks the settings of services and collects all errors.

mod keep_former;
mod schedules;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use units::{Check, Problem};

use super::dependency_cycle::find_cycle;
use super::own_service::{ALL_SERVICES, OWN_SERVICE};
use super::settings::{Environment, HealthSettings, Listening, LogSettings, ServiceSettings, User};
use super::{CheckDepth, PlanContext, value_parsers};
use crate::service_config::{CommandLine, MemoryConfig, ServiceConfig, ServiceConfigs};
use crate::state::{Policy, RestartWhen};

/// Including spares.
const MOST_INSTANCES: u32 = 64;
/// The limit for socket paths (`sun_path`, unix(7)) minus the longest socket name in the folder.
const LONGEST_RUN_FOLDER: usize = 107 - "/services/".len() - "/00.4294967295.notify".len();
const MAX_ENVIRONMENT_BYTES: u64 = 1 << 20;
/// In bytes. A process maps this much before its own code runs, and most services need more.
const LEAST_MEMORY: u64 = 1 << 20;
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) fn plan(
    description: &ServiceConfigs,
    ground: &PlanContext<'_>,
) -> Result<BTreeMap<String, Arc<ServiceSettings>>, Vec<Problem>> {
    let mut check = Check::default();
    let mut services = BTreeMap::new();
    for (name, service) in description {
        check.enter(format!("service.{name}"));
        let mut checked = ServiceCheck {
            name,
            service,
            description,
            ground,
            check: &mut check,
        };
        if let Some(settings) = checked.settings() {
            services.insert(name.clone(), Arc::new(settings));
        }
    }
    check.enter("service");
    find_shared_fronts(description, &mut check);
    let after = description
        .iter()
        .map(|(name, service)| {
            (
                name.as_str(),
                service.after.iter().map(String::as_str).collect(),
            )
        })
        .collect();
    if let Some(names) = find_cycle(&after) {
        let what = format!("a cycle: {} after {}", names.join(" after "), names[0]);
        let key = format!("{}.after", names[0]);
        check.refuse(&key, what, "remove one of them from `after`");
    }
    if check.problems.is_empty() {
        Ok(services)
    } else {
        Err(check.problems)
    }
}

fn find_shared_fronts(description: &ServiceConfigs, check: &mut Check) {
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, service) in description {
        if service.front.is_empty() {
            continue;
        }
        if let Some(other) = taken.insert(&service.front, name) {
            check.refuse(
                &format!("{name}.front"),
                format!("{} is also the front of {other}", service.front),
                "give each service an address of its own",
            );
        }
    }
}

struct Refused;

struct ServiceCheck<'a> {
    name: &'a str,
    service: &'a ServiceConfig,
    description: &'a ServiceConfigs,
    ground: &'a PlanContext<'a>,
    /// Collects the problems. Its keys are relative to the service's section.
    check: &'a mut Check,
}

impl ServiceCheck<'_> {
    fn settings(&mut self) -> Option<ServiceSettings> {
        let (name, service) = (self.name, self.service);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            let what = "the name may have at most 64 letters, digits, - and _";
            self.check.refuse("", what, "rename it");
        }
        for (taken, why) in [
            (ALL_SERVICES, "means every service"),
            (OWN_SERVICE, "is the program itself"),
        ] {
            if name == taken {
                self.check
                    .refuse("", format!("{name:?} {why}"), "rename it");
            }
        }
        if self.ground.run.as_os_str().len() + name.len() > LONGEST_RUN_FOLDER {
            let what = format!(
                "sockets below {} would have too long a path (unix(7) allows 107 bytes)",
                self.ground.run.display()
            );
            self.check.refuse(
                "",
                what,
                "shorten the name, or put `data` into a folder with a shorter path",
            );
        }
        let listening = self.listening();
        let directory = self.directory();
        let user = self.user();
        let environment = self.environment(listening, user.as_ref().ok().and_then(Option::as_ref));
        let command = self.command(listening, directory.as_deref(), &environment);
        let health = self.health();
        let stop_signal = self
            .check
            .accept("stop.signal", value_parsers::signal(&service.stop.signal));
        let memory = self.memory();
        let cpu_weight = self
            .check
            .between("cpu_weight", service.cpu_weight, 1, 10_000);
        let max = self
            .check
            .accept("logs.max", units::size(&service.logs.max));
        let keep = self.check.between("logs.keep", service.logs.keep, 0, 1_000);
        self.balance();
        self.front();
        for other in &service.after {
            if !self.description.contains_key(other) {
                let what = format!("there is no service {other:?}");
                self.check
                    .refuse("after", what, "name a service that has a section");
            }
        }
        let policy = self.policy();
        let cron = self.schedule("cron", &service.cron);
        let cron_restart = self.schedule("cron_restart", &service.cron_restart);
        self.only_once();
        Some(ServiceSettings {
            name: name.to_owned(),
            own: false,
            command: command?,
            directory: directory?,
            listening: listening?,
            activate: service.activate,
            front: (!service.front.is_empty()).then(|| service.front.clone()),
            balance: service.balance.clone(),
            environment,
            user: user.ok()?,
            health: health.ok()?,
            stop_signal: stop_signal?,
            memory: memory.ok()?,
            cpu_weight,
            logs: LogSettings {
                max: max?,
                keep,
                journal: service.logs.journal,
                errors: service.logs.errors,
            },
            cron: cron.ok()?,
            cron_restart: cron_restart.ok()?,
            after: service.after.clone(),
            policy: policy?,
        })
    }

    fn listening(&mut self) -> Option<Listening> {
        let written = &self.service.listen;
        let Some(listening) = value_parsers::named(&value_parsers::LISTENING, written) else {
            let what = format!("{written:?} is not a way to listen");
            self.check.refuse("listen", what, "write unix, tcp or none");
            return None;
        };
        if listening == Listening::Nowhere {
            let (service, usual) = (self.service, ServiceConfig::default());
            for (key, is_set) in [
                ("activate", service.activate),
                ("front", !service.front.is_empty()),
                ("connect_time", service.connect_time != usual.connect_time),
                (
                    "first_byte_time",
                    service.first_byte_time != usual.first_byte_time,
                ),
                ("idle_time", service.idle_time != usual.idle_time),
                ("keep_time", service.keep_time != usual.keep_time),
                ("health", service.health.is_some()),
            ] {
                if is_set {
                    let fix = "set `listen` to unix or tcp, or remove this";
                    self.check.refuse(key, "the service does not listen", fix);
                }
            }
        }
        Some(listening)
    }

    fn directory(&mut self) -> Option<PathBuf> {
        let path = self.ground.folder.join(&self.service.directory);
        let path = std::path::absolute(&path).unwrap_or(path);
        if path.is_dir() || self.ground.depth == CheckDepth::Words {
            return Some(path);
        }
        let what = format!("{} is not a folder", path.display());
        self.check
            .refuse("directory", what, "name an existing folder");
        None
    }

    fn user(&mut self) -> Result<Option<User>, Refused> {
        if self.ground.depth == CheckDepth::Words {
            return Ok(None);
        }
        if self.service.user.is_empty() {
            return Ok(self.ground.user.clone());
        }
        if !rustix::process::geteuid().is_root() {
            self.check.refuse(
                "user",
                "only root can run a service as another user",
                "remove it, or run the supervisor as root",
            );
            return Err(Refused);
        }
        let user = User::named(&self.service.user);
        if user.is_none() {
            let what = format!("there is no user {:?} in /etc/passwd", self.service.user);
            self.check.refuse(
                "user",
                what,
                "name an existing one, or add it (`adduser --system`)",
            );
        }
        user.map(Some).ok_or(Refused)
    }

    fn environment(&mut self, listening: Option<Listening>, user: Option<&User>) -> Environment {
        let mut found = self.ground.environment.clone();
        found
            .entry("PATH".to_owned())
            .or_insert_with(|| USUAL_PATH.to_owned());
        found.extend(user.into_iter().flat_map(User::environment));
        if !self.service.env_file.is_empty() && self.ground.depth == CheckDepth::Whole {
            let read = self.environment_file();
            found.extend(self.check.accept("env_file", read).unwrap_or_default());
        }
        let told = match listening {
            Some(Listening::Unix) => Some(("SOCKET", "{socket}")),
            Some(Listening::Tcp) => Some(("PORT", "{port}")),
            Some(Listening::Nowhere) | None => None,
        };
        let mut written = BTreeMap::new();
        for (name, value) in &self.service.env {
            let key = format!("env.{name}");
            if !value_parsers::is_name(name) || value.contains('\0') {
                let what = format!("{name:?} cannot name a variable, or its value holds a NUL");
                self.check
                    .refuse(&key, what, "write a name of letters, digits and _");
            }
            // The supervisor sets this variable itself. The settings may set it only to the
            // placeholder for the same value.
            if told.is_some_and(|(variable, place)| name == variable && value != place) {
                let what = "each instance gets its own, so this has no effect";
                let mend = "remove it; `front` is a fixed address that all instances share";
                self.check.refuse(&key, what, mend);
            }
            let value = self.fill_service_references(&key, value, listening);
            written.insert(name.clone(), value);
        }
        Environment { found, written }
    }

    fn environment_file(&self) -> Result<BTreeMap<String, String>, String> {
        let path = self.ground.folder.join(&self.service.env_file);
        let shown = path.display();
        let unreadable = |error: std::io::Error| {
            format!(
                "cannot read {shown}: {error}; write that file, or give it to the user that runs the supervisor (chown)"
            )
        };
        let metadata = fs::metadata(&path).map_err(unreadable)?;
        let mode = metadata.permissions().mode() & 0o777;
        if !metadata.is_file() {
            return Err(format!("{shown} is not a file; name a file"));
        }
        if mode & 0o077 != 0 {
            return Err(format!(
                "others may read {shown}: its mode is {mode:04o}; run `chmod 600 {shown}`"
            ));
        }
        if metadata.len() > MAX_ENVIRONMENT_BYTES {
            return Err(format!(
                "{shown} is larger than 1 MB; name a file with NAME=value lines"
            ));
        }
        value_parsers::environment(&fs::read_to_string(&path).map_err(unreadable)?)
            .map_err(|why| format!("{shown}: {why}"))
    }

    /// Reports an error for each unknown reference, and for `{socket}` or `{port}` if the service
    /// does not listen that way.
    fn fill_service_references(
        &mut self,
        key: &str,
        text: &str,
        listening: Option<Listening>,
    ) -> String {
        for (name, needed) in [("{socket}", Listening::Unix), ("{port}", Listening::Tcp)] {
            if text.contains(name) && listening.is_some_and(|listening| listening != needed) {
                let kind = if needed == Listening::Unix {
                    "unix"
                } else {
                    "tcp"
                };
                let what = format!("there is no {name}, because `listen` is not {kind:?}");
                self.check.refuse(
                    key,
                    what,
                    format!("set `listen` to {kind:?}, or use another"),
                );
            }
        }
        let mut placed = text.to_owned();
        for (name, inner) in self.ground.inner {
            let other = self.description.get(name);
            if other.is_none_or(|other| other.listen != "none") {
                let socket = inner.socket.display().to_string();
                placed = placed
                    .replace(&format!("{{service.{name}.socket}}"), &socket)
                    .replace(&format!("{{service.{name}.url}}"), &inner.url);
            }
        }
        if let Some(at) = placed.find("{service.") {
            let rest = &placed[at..];
            let unknown = rest.find('}').map_or(rest, |end| &rest[..=end]);
            let what = format!("{unknown} is not a known placeholder");
            let mend = "write {service.NAME.socket} or {service.NAME.url}, with a service whose `listen` is unix or tcp";
            self.check.refuse(key, what, mend);
        }
        placed
    }

    fn command(
        &mut self,
        listening: Option<Listening>,
        directory: Option<&Path>,
        environment: &Environment,
    ) -> Option<Vec<String>> {
        let words = match &self.service.run {
            CommandLine::Line(line) if self.service.shell => {
                vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()]
            }
            CommandLine::Line(line) => self.check.accept("run", value_parsers::words(line))?,
            CommandLine::Words(_) if self.service.shell => {
                let what = "`shell` needs one line, and this is a list";
                self.check.refuse(
                    "run",
                    what,
                    "write one line for the shell, or remove `shell`",
                );
                return None;
            }
            CommandLine::Words(words) => words.clone(),
        };
        if words.first().is_none_or(String::is_empty)
            || words.iter().any(|word| word.contains('\0'))
        {
            self.check.refuse(
                "run",
                "there is no command",
                "write what starts the service",
            );
            return None;
        }
        let words: Vec<String> = words
            .iter()
            .map(|word| self.fill_service_references("run", word, listening))
            .collect();
        let path = environment.get("PATH").unwrap_or_default();
        if self.ground.depth == CheckDepth::Whole
            && let Some(directory) = directory
            && !is_executable(&words[0], directory, path)
        {
            let what = format!("there is no program {:?} that can be run", words[0]);
            self.check.refuse(
                "run",
                what,
                format!("install it, or write its path; looked in {path}"),
            );
            return None;
        }
        Some(words)
    }

    fn health(&mut self) -> Result<Option<HealthSettings>, Refused> {
        let Some(health) = &self.service.health else {
            return Ok(None);
        };
        self.check.accept("health.path", units::path(&health.path));
        let (every, within) = health.check(self.check).ok_or(Refused)?;
        Ok(Some(HealthSettings {
            path: health.path.clone(),
            every,
            within,
        }))
    }

    fn memory(&mut self) -> Result<Option<u64>, Refused> {
        let Some(MemoryConfig { max, .. }) = &self.service.memory else {
            return Ok(None);
        };
        let size = self
            .check
            .accept("memory.max", units::size(max))
            .ok_or(Refused)?;
        if size < LEAST_MEMORY {
            let what = format!("no program can start with {max} of memory");
            self.check.refuse(
                "memory.max",
                what,
                "write at least 1M, and more than the service uses",
            );
            return Err(Refused);
        }
        Ok(Some(size))
    }

    fn balance(&mut self) {
        let balance = self.service.balance.as_str();
        if !["round-robin", "least", "sticky"].contains(&balance) {
            let what = format!("{balance:?} is not a way to balance");
            let mend = "write round-robin, least or sticky (a cookie leads each browser back to its server)";
            self.check.refuse("balance", what, mend);
        }
    }

    fn front(&mut self) {
        let front = &self.service.front;
        if front.is_empty() {
            return;
        }
        let wrong = match front.parse::<std::net::SocketAddr>() {
            Ok(address) if address.port() == 0 => "has no port",
            Ok(_) => return,
            Err(_) => "is not an address",
        };
        self.check.refuse(
            "front",
            format!("{front:?} {wrong}"),
            "write it like 127.0.0.1:5000",
        );
    }

    fn policy(&mut self) -> Option<Policy> {
        let service = self.service;
        let instances = self
            .check
            .between("instances", service.instances, 1, MOST_INSTANCES);
        let most_spares = MOST_INSTANCES.saturating_sub(instances);
        let spare = self.check.between("spare", service.spare, 0, most_spares);
        let (fall, rise) = service
            .health
            .as_ref()
            .map_or((1, 1), |health| (health.fall, health.rise));
        let start_within = self.check.time("start_within", &service.start_within);
        let stop_within = self.check.time("stop.within", &service.stop.within);
        let drain_within = self
            .check
            .accept("drain_within", units::duration(&service.drain_within));
        let keep_former = self.keep_former();
        let backoff = self.check.accept(
            "restart.backoff",
            value_parsers::backoff(&service.restart.backoff),
        );
        let give_up = self.check.accept(
            "restart.give_up",
            value_parsers::give_up(&service.restart.give_up),
        );
        let when = self
            .check
            .one_of("restart.when", &service.restart.when, &value_parsers::WHEN);
        let roll = self
            .check
            .one_of("roll", &service.roll, &value_parsers::ROLLS);
        let action = service
            .memory
            .as_ref()
            .map_or("roll", |memory| &memory.action);
        let memory = self
            .check
            .one_of("memory.action", action, &value_parsers::ACTIONS);
        let scheduled = !service.cron.is_empty();
        let when = match when? {
            RestartWhen::Always if scheduled => RestartWhen::Never,
            when => when,
        };
        Some(Policy {
            instances,
            spare,
            start_within: start_within?,
            stop_within: stop_within?,
            drain_within: drain_within?,
            keep_former: keep_former?,
            fall,
            rise,
            when,
            backoff: backoff?,
            give_up: give_up?,
            memory: memory?,
            roll: roll?,
            scheduled,
        })
    }
}

/// `true` if the name contains a placeholder.
fn is_executable(program: &str, directory: &Path, path: &str) -> bool {
    let can_run = |path: &Path| {
        fs::metadata(path)
            .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    if program.contains('{') {
        return true;
    }
    if program.contains('/') {
        return can_run(&directory.join(program));
    }
    path.split(':')
        .any(|folder| can_run(&directory.join(folder).join(program)))
}
