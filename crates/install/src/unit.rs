//! The text of the systemd units.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use edge::ListenAddress;

use super::step::SERVICE_USER;

/// For stopping, after the drain time of requests.
const AFTER_DRAIN: Duration = Duration::from_mins(1);

/// Permits control groups inside the service's own one. Kenduri creates one for each instance of a
/// service, so the line is needed only if there are services.
const DELEGATE: &str = "Delegate=cpu memory";

#[derive(Debug, Clone)]
pub struct Unit {
    pub program: PathBuf,
    pub config: Option<PathBuf>,
    pub profile: Option<String>,
    /// The data folder. The unit permits the service to write to it.
    pub data: PathBuf,
    /// Whether the unit must contain `--data`, because the settings do not name the data folder.
    pub says_data: bool,
    /// The user who runs Kenduri. If `None`, root runs the supervisor process, and the data's owner
    /// serves requests.
    pub user: Option<String>,
    /// The user that runs services without a `user` setting; `None` if the settings name that user.
    pub services_user: Option<String>,
    /// Whether systemd opens the listening sockets.
    pub socket: bool,
    /// The working folders of services; `None` if there are no services.
    pub services: Option<Vec<PathBuf>>,
    /// The drain time of requests.
    pub drain: Duration,
}

/// A path that a unit cannot contain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OddPath {
    /// The path contains characters that cannot be written into a unit.
    #[error(
        "{0:?} cannot be written into a unit: it has a line break, another control character, or \
         bytes that are not UTF-8\n  \
         rename it"
    )]
    Unwritable(PathBuf),
    /// The path contains characters that systemd does not accept in a program's path.
    #[error(
        "systemd starts no program whose path has a quote, a backslash or a dollar: {0:?}\n  \
         copy it to where programs are: sudo install -t /usr/local/bin FILE, and run that one"
    )]
    Program(PathBuf),
}

impl Unit {
    /// Checks that a unit can contain all of these paths.
    pub fn check(&self) -> Result<(), OddPath> {
        writable(&self.program)?;
        let program = self.program.to_string_lossy();
        if program.contains(['"', '\'', '\\', '$']) {
            return Err(OddPath::Program(self.program.clone()));
        }
        writable(&self.data)?;
        let more = self.config.iter().chain(self.services.iter().flatten());
        more.into_iter().try_for_each(|path| writable(path))
    }

    pub fn text(&self) -> String {
        let place = self.place();
        let program = word_of_command(&self.program);
        let mut text = String::new();
        let mut add = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        add("[Unit]");
        add("Description=Kenduri");
        add("After=network-online.target");
        add("Wants=network-online.target");
        add("# However often it fails, it is tried again.");
        add("StartLimitIntervalSec=0");
        add("");
        add("[Service]");
        add("Type=notify");
        add("NotifyAccess=main");
        if let Some(user) = &self.user {
            add(&format!("User={user}"));
            if self.socket {
                add("# systemd opens the sockets, so no capability is needed.");
                add("CapabilityBoundingSet=");
            } else {
                add("# All it needs of root: ports below 1024.");
                add("AmbientCapabilities=CAP_NET_BIND_SERVICE");
                add("CapabilityBoundingSet=CAP_NET_BIND_SERVICE");
            }
        } else {
            // If systemd opens the sockets, the service needs no capability for ports below 1024.
            let ports = if self.socket {
                ""
            } else {
                "CAP_NET_BIND_SERVICE "
            };
            for line in [
                "# The supervisor process is root, for services of other users; it gives up what it does not need.",
                "# Whoever the data belongs to serves requests.",
                &format!(
                    "CapabilityBoundingSet={ports}CAP_SETUID CAP_SETGID CAP_KILL CAP_CHOWN CAP_FOWNER CAP_DAC_OVERRIDE"
                ),
                "# Its sockets and what services say, which nobody else may exchange.",
                "RuntimeDirectory=kenduri",
                "RuntimeDirectoryMode=0711",
                "RuntimeDirectoryPreserve=yes",
                "LogsDirectory=kenduri",
                "LogsDirectoryMode=0711",
            ] {
                add(line);
            }
        }
        let services_user = self.services_user.as_ref();
        let set = services_user.map_or_else(String::new, |user| set_service_user() + user);
        add(&format!("ExecStart={program} serve{place}{set}"));
        add(&format!("ExecReload={program} apply{place}"));
        add("Restart=always");
        add("RestartSec=200ms");
        add("# The command line is wrong: another start would not help.");
        add("RestartPreventExitStatus=2");
        add("TimeoutStartSec=2min");
        add("# Only the supervisor process is told to stop: it stops its children in turn.");
        add("KillMode=mixed");
        add(&format!(
            "TimeoutStopSec={}",
            (self.drain + AFTER_DRAIN).as_secs()
        ));
        add("LimitNOFILE=65536");
        add("UMask=0077");
        add("");
        self.fences(&mut add);
        add("");
        add("[Install]");
        add("WantedBy=multi-user.target");
        text
    }

    fn fences(&self, add: &mut impl FnMut(&str)) {
        for line in [
            "NoNewPrivileges=true",
            "ProtectSystem=strict",
            "PrivateTmp=true",
            "PrivateDevices=true",
            "ProtectClock=true",
            "ProtectHostname=true",
            "ProtectKernelLogs=true",
            "ProtectKernelModules=true",
            "ProtectKernelTunables=true",
            "LockPersonality=true",
            "RestrictNamespaces=true",
            "RestrictRealtime=true",
            "RestrictSUIDSGID=true",
            "RemoveIPC=true",
            "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
            "SystemCallArchitectures=native",
            "SystemCallFilter=@system-service",
            "SystemCallErrorNumber=EPERM",
        ] {
            add(line);
        }
        add(&format!("ReadWritePaths={}", word(&self.data)));
        let mut places: Vec<&Path> = vec![&self.program, &self.data];
        places.extend(self.config.as_deref());
        match &self.services {
            None => {
                add("ProtectControlGroups=true");
                add("ProtectProc=invisible");
                add("MemoryDenyWriteExecute=true");
            }
            Some(folders) => {
                add("# Services may write in their own folders, as far as their user may.");
                for folder in folders {
                    add(&format!("ReadWritePaths=-{}", word(folder)));
                    places.push(folder);
                }
                add("# Each instance of a service gets a control group below its own.");
                add(DELEGATE);
                add("# One that takes too much memory ends alone.");
                add("OOMPolicy=continue");
                add("# No MemoryDenyWriteExecute: Node and others compile while they run.");
            }
        }
        if places.into_iter().any(is_at_home) {
            add("# Something of it lies in somebody's home.");
            add("ProtectHome=read-only");
        } else {
            add("ProtectHome=true");
        }
    }

    fn flags(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let config = self.config.as_deref().map(|file| ("--config", file));
        let profile = self.profile.as_deref().map(Path::new);
        let profile = profile.map(|name| ("--profile", name));
        let says_data = self.says_data || config.is_none();
        let data = says_data.then_some(("--data", self.data.as_path()));
        config.into_iter().chain(profile).chain(data)
    }

    /// Returns the flags as command-line arguments.
    pub fn words(&self) -> Vec<String> {
        let flags = self.flags();
        flags
            .flat_map(|(flag, path)| [flag.to_owned(), path.display().to_string()])
            .collect()
    }

    fn place(&self) -> String {
        let mut place = String::new();
        for (flag, path) in self.flags() {
            let _ = write!(place, " {flag} {}", word_of_command(path));
        }
        place
    }
}

/// What an earlier unit says about the services that Kenduri runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    pub has_services: bool,
    /// The user that runs services without a `user` setting. If `None`, they run as the owner of
    /// the data.
    pub services_user: Option<String>,
}

impl Before {
    /// Parses an earlier service unit. Returns `None` if the unit is for another settings file.
    pub fn of(text: &str, config: &Path) -> Option<Self> {
        if !is_of(text, config) {
            return None;
        }
        let set = set_service_user();
        let mut starts = text.lines().filter(|line| line.starts_with("ExecStart="));
        let user = starts.find_map(|line| line.split_once(&set)?.1.split(' ').next());
        Some(Self {
            has_services: text.lines().any(|line| line == DELEGATE),
            services_user: user.map(str::to_owned),
        })
    }
}

fn is_of(text: &str, config: &Path) -> bool {
    let flag = format!(" --config {}", word_of_command(config));
    let mut starts = text.lines().filter(|line| line.starts_with("ExecStart="));
    starts.any(|line| {
        let rest = line.split_once(&flag).map(|(_, rest)| rest);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}

/// In the form in which a unit contains it.
fn set_service_user() -> String {
    format!(" --set {SERVICE_USER}=")
}

fn is_at_home(place: &Path) -> bool {
    let homes = [concat!("/ro", "ot"), concat!("/ho", "me"), "/run/user"];
    homes.iter().any(|home| place.starts_with(home))
}

/// A line break would end the line in the unit, and systemd drops other control characters from
/// quoted words.
fn writable(path: &Path) -> Result<(), OddPath> {
    let is_plain = path
        .to_str()
        .is_some_and(|text| !text.contains(char::is_control));
    is_plain
        .then_some(())
        .ok_or_else(|| OddPath::Unwritable(path.to_owned()))
}

/// There, `$` begins a variable (systemd.service(5)).
fn word_of_command(path: &Path) -> String {
    word(path).replace('$', "$$")
}

/// There, `%` begins a specifier (systemd.unit(5)).
fn word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut word = String::new();
    for letter in text.chars() {
        match letter {
            '%' => word.push_str("%%"),
            '"' | '\\' => {
                word.push('\\');
                word.push(letter);
            }
            letter => word.push(letter),
        }
    }
    if text.contains([' ', '"', '\'', ';']) {
        format!("\"{word}\"")
    } else {
        word
    }
}

pub fn socket(
    http: &[ListenAddress],
    https: &[ListenAddress],
    http3: bool,
) -> Result<String, OddPath> {
    let mut text = String::from("[Unit]\nDescription=Sockets of Kenduri\n\n[Socket]\n");
    for (address, is_tls) in http
        .iter()
        .map(|address| (address, false))
        .chain(https.iter().map(|address| (address, true)))
    {
        let place = match address {
            ListenAddress::Tcp(address) => address.to_string(),
            ListenAddress::Everywhere(port) => port.to_string(),
            ListenAddress::Unix(path) => {
                writable(path)?;
                // This value must not be quoted, because the path extends to the end of the line.
                path.to_string_lossy().replace('%', "%%")
            }
        };
        let _ = writeln!(text, "ListenStream={place}");
        if is_tls && http3 && !matches!(address, ListenAddress::Unix(_)) {
            let _ = writeln!(text, "ListenDatagram={place}");
        }
    }
    text.push_str("BindIPv6Only=both\n\n[Install]\nWantedBy=sockets.target\n");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> Unit {
        Unit {
            program: "/usr/local/bin/kenduri".into(),
            config: Some("/etc/kenduri/kenduri.toml".into()),
            profile: None,
            data: "/var/lib/kenduri".into(),
            says_data: false,
            user: Some("kenduri".to_owned()),
            services_user: None,
            socket: false,
            services: None,
            drain: Duration::from_secs(30),
        }
    }

    #[test]
    fn what_services_need_is_left_to_them() {
        let alone = unit().text();
        assert!(alone.contains("MemoryDenyWriteExecute=true") && !alone.contains("Delegate"));
        assert!(alone.contains("ProtectHome=true"));
        let services = Some(vec![PathBuf::from(concat!("/ho", "me/aisyah/shop"))]);
        let with = Unit { services, ..unit() }.text();
        assert!(
            with.contains("Delegate=cpu memory") && !with.contains("MemoryDenyWriteExecute=true")
        );
        assert!(!with.contains("ProtectControlGroups"));
        assert!(with.contains("ProtectHome=read-only"));
        assert!(with.contains(concat!("ReadWritePaths=-/ho", "me/aisyah/shop")));
    }

    #[test]
    fn capabilities_are_as_few_as_can_be() {
        let socket = Unit {
            socket: true,
            ..unit()
        }
        .text();
        assert!(socket.contains("CapabilityBoundingSet=\n") && !socket.contains("Ambient"));
        let root = Unit {
            user: None,
            ..unit()
        }
        .text();
        assert!(root.contains("=CAP_NET_BIND_SERVICE CAP_SETUID ") && !root.contains("User="));
        let both = Unit {
            user: None,
            socket: true,
            ..unit()
        }
        .text();
        assert!(both.contains("=CAP_SETUID ") && !both.contains("CAP_NET_BIND_SERVICE"));
        assert!(root.contains("RuntimeDirectory=kenduri\n"));
    }

    #[test]
    fn what_was_said_of_services_is_found_again() {
        let config = Path::new("/etc/kenduri/kenduri.toml");
        let before = Before::of(&unit().text(), config).unwrap();
        assert!(!before.has_services && before.services_user.is_none());
        let text = Unit {
            user: None,
            services_user: Some("helpers".to_owned()),
            services: Some(Vec::new()),
            ..unit()
        }
        .text();
        let before = Before::of(&text, config).unwrap();
        assert!(before.has_services);
        assert_eq!(before.services_user.as_deref(), Some("helpers"));
        // The unit is for another settings file, so it says nothing about these services.
        assert_eq!(Before::of(&text, "/srv/kenduri.toml".as_ref()), None);
        assert!(
            text.contains("kenduri.toml --set service_user=helpers\n"),
            "{text}"
        );
        assert!(is_of(&text, config));
        assert!(!is_of(&text, "/etc/kenduri/kenduri".as_ref()));
        assert!(!is_of(&text, "/etc/kenduri.toml".as_ref()));
    }

    #[test]
    fn odd_paths_stay_one_word() {
        let odd = Unit {
            data: "/srv/a b/100%$".into(),
            config: None,
            ..unit()
        }
        .text();
        assert!(odd.contains("serve --data \"/srv/a b/100%%$$\"\n"), "{odd}");
        assert!(
            odd.contains("ReadWritePaths=\"/srv/a b/100%%$\"\n"),
            "{odd}"
        );
    }

    #[test]
    fn a_path_that_would_be_read_as_another_is_refused() {
        assert_eq!(unit().check(), Ok(()));
        let broken = PathBuf::from("/srv/a\nUser=root");
        let unwritable = Err(OddPath::Unwritable(broken.clone()));
        let (config, services) = (Some(broken.clone()), Some(vec![broken.clone()]));
        for odd in [
            Unit {
                program: broken.clone(),
                ..unit()
            },
            Unit {
                data: broken.clone(),
                ..unit()
            },
            Unit { config, ..unit() },
            Unit { services, ..unit() },
        ] {
            assert_eq!(odd.check(), unwritable, "{odd:?}");
        }
        let unix = [ListenAddress::Unix(broken)];
        assert_eq!(socket(&unix, &[], true).map(drop), unwritable);
        for odd in ["/srv/a\tb", "/srv/\u{85}", "/srv/\u{7f}"] {
            let data = PathBuf::from(odd);
            assert!(Unit { data, ..unit() }.check().is_err(), "{odd:?}");
        }
        let bytes: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"/srv/\xff");
        let data = PathBuf::from(bytes);
        assert!(Unit { data, ..unit() }.check().is_err());
        for odd in ["/opt/it's/kenduri", "/opt/\\/kenduri", "/opt/$a/kenduri"] {
            let program = PathBuf::from(odd);
            let refused = Err(OddPath::Program(program.clone()));
            assert_eq!(Unit { program, ..unit() }.check(), refused);
        }
    }

    #[test]
    fn sockets_are_those_of_the_settings() {
        let text = socket(
            &[
                ListenAddress::Everywhere(80),
                ListenAddress::Unix("/run/k.sock".into()),
                ListenAddress::Unix("/run/my own/100%.sock".into()),
            ],
            &[ListenAddress::Tcp("[::1]:443".parse().unwrap())],
            true,
        );
        let text = text.unwrap();
        for line in [
            "ListenStream=80\n",
            "ListenStream=/run/k.sock\n",
            "ListenStream=/run/my own/100%%.sock\n",
            "ListenStream=[::1]:443\nListenDatagram=[::1]:443\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
