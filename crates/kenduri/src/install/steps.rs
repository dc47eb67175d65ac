//! What is to be done, decided before anything is.

use std::path::{Path, PathBuf};

use super::Seen;

/// Where units of the administrator stand (systemd.unit(5)).
const UNITS: &str = "/etc/systemd/system";
const SERVICE: &str = "kenduri.service";
const SOCKET: &str = "kenduri.socket";

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// The text of the service, marked.
    pub(crate) service: String,
    /// The text of the socket, marked, if there is to be one.
    pub(crate) socket: Option<String>,
    /// Where the program is.
    pub(crate) program: PathBuf,
    /// The flags that say which installation is meant.
    pub(crate) place: Vec<String>,
    /// The folder of data.
    pub(crate) data: PathBuf,
    /// Who runs it.
    pub(crate) user: String,
    /// Whether it is started now, and with the machine.
    pub(crate) enable: bool,
    /// Whether changed units are overwritten.
    pub(crate) force: bool,
}

/// What is there.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Found {
    pub(crate) is_root: bool,
    pub(crate) has_systemd: bool,
    pub(crate) has_user: bool,
    pub(crate) has_data: bool,
    pub(crate) service: Seen,
    pub(crate) socket: Seen,
    /// Whether systemd holds the addresses open already that are wished for.
    pub(crate) is_open: bool,
    /// What runs now, if Kenduri does.
    pub(crate) running: Option<Running>,
}

/// The units of a Kenduri that runs.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    /// The text of the service; nothing: it is not among the administrator's units.
    pub(crate) service: Option<String>,
    /// The text of the socket, if there is one.
    pub(crate) socket: Option<String>,
    /// Whether systemd holds the addresses of that socket open.
    pub(crate) has_sockets: bool,
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// First, what changes nothing that runs.
    pub(crate) prepare: Vec<Step>,
    /// Then what does.
    pub(crate) change: Vec<Step>,
    /// What brings back what ran before, where a change fails; nothing: Kenduri did not run.
    pub(crate) back: Vec<Step>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A program with its arguments.
    Run(Vec<String>),
    /// A folder that this user owns.
    Folder { path: PathBuf, user: String },
    /// A file with this text.
    Write { path: PathBuf, text: String },
    /// A file that goes.
    Remove { path: PathBuf },
}

/// Why nothing is done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// systemd is not what runs here.
    #[error(
        "systemd is not running here, so there is nothing to install into\n  \
         start `kenduri serve` by what runs here instead; --print shows the unit"
    )]
    NoSystemd,
    /// Only root may.
    #[error(
        "only root may install a service\n  sudo kenduri install …; --print shows the unit and changes nothing"
    )]
    NotRoot,
    /// A unit is not as it was written.
    #[error(
        "{0} was changed by somebody, or is not ours\n  \
         changes of your own outlive this in `systemctl edit kenduri`; --force overwrites it"
    )]
    Changed(PathBuf),
    /// The program lies where it may go away.
    #[error(
        "{0} is in somebody's home, or only for a while\n  \
         put it where programs stay: sudo install {0} /usr/local/bin/, and run that one"
    )]
    Passing(PathBuf),
}

fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|word| (*word).to_owned()).collect()
}

fn unit(name: &str) -> PathBuf {
    Path::new(UNITS).join(name)
}

/// Where the two units stand.
pub(crate) fn places() -> (PathBuf, PathBuf) {
    (unit(SERVICE), unit(SOCKET))
}

fn may(found: &Found) -> Result<(), Refused> {
    match found {
        Found {
            has_systemd: false, ..
        } => Err(Refused::NoSystemd),
        Found { is_root: false, .. } => Err(Refused::NotRoot),
        _ => Ok(()),
    }
}

fn untouched(found: &Found, has_socket: bool, force: bool) -> Result<(), Refused> {
    for (name, seen, is_meant) in [
        (SERVICE, found.service, true),
        (SOCKET, found.socket, has_socket),
    ] {
        if seen == Seen::Foreign && is_meant && !force {
            return Err(Refused::Changed(unit(name)));
        }
    }
    Ok(())
}

/// What makes the wish true. The order matters: nothing is started before all is there.
pub(crate) fn steps(wish: &Wish, found: &Found) -> Result<Work, Refused> {
    may(found)?;
    let passing = [
        concat!("/ho", "me"),
        concat!("/ro", "ot"),
        "/tmp",
        "/var/tmp",
        "/run",
    ];
    if passing
        .iter()
        .any(|folder| wish.program.starts_with(folder))
    {
        return Err(Refused::Passing(wish.program.clone()));
    }
    untouched(found, wish.socket.is_some(), wish.force)?;
    Ok(Work {
        prepare: prepare(wish, found),
        change: change(wish, found),
        back: back(wish, found),
    })
}

fn prepare(wish: &Wish, found: &Found) -> Vec<Step> {
    let mut steps = Vec::new();
    let data = wish.data.display().to_string();
    if !found.has_user {
        steps.push(Step::Run(words(&[
            "useradd",
            "--system",
            "--home-dir",
            &data,
            "--no-create-home",
            "--shell",
            "/usr/sbin/nologin",
            &wish.user,
        ])));
    }
    if !found.has_data {
        steps.push(Step::Folder {
            path: wish.data.clone(),
            user: wish.user.clone(),
        });
    }
    // As the user that will run it: who cannot read the settings learns it now.
    let program = wish.program.display().to_string();
    let mut check = words(&["runuser", "-u", &wish.user, "--", &program, "check"]);
    check.extend(wish.place.iter().cloned());
    steps.push(Step::Run(check));
    steps
}

fn change(wish: &Wish, found: &Found) -> Vec<Step> {
    let mut steps = vec![Step::Write {
        path: unit(SERVICE),
        text: wish.service.clone(),
    }];
    match &wish.socket {
        Some(text) => steps.push(Step::Write {
            path: unit(SOCKET),
            text: text.clone(),
        }),
        // One of ours that is no longer wanted would hold the ports.
        None if found.socket == Seen::Ours => {
            steps.push(Step::Run(words(&["systemctl", "disable", "--now", SOCKET])));
            steps.push(Step::Remove { path: unit(SOCKET) });
        }
        None => {}
    }
    steps.push(Step::Run(words(&["systemctl", "daemon-reload"])));
    if wish.enable {
        if wish.socket.is_some() {
            steps.push(Step::Run(words(&["systemctl", "enable", SOCKET])));
            if !found.is_open {
                // A service that runs has the addresses itself, or holds those of before; systemd
                // opens none for it.
                steps.push(Step::Run(words(&["systemctl", "stop", SERVICE])));
                steps.push(Step::Run(words(&["systemctl", "restart", SOCKET])));
            }
        }
        steps.push(Step::Run(words(&["systemctl", "enable", SERVICE])));
        steps.push(Step::Run(words(&["systemctl", "restart", SERVICE])));
    }
    steps
}

/// The units as they were, and what ran by them. What was enabled stays so.
fn back(wish: &Wish, found: &Found) -> Vec<Step> {
    let Some(before) = &found.running else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    if before.socket.is_none() && wish.socket.is_some() {
        steps.push(Step::Run(words(&["systemctl", "disable", "--now", SOCKET])));
    }
    for (name, text, is_changed) in [
        (SERVICE, &before.service, true),
        (SOCKET, &before.socket, wish.socket.is_some()),
    ] {
        match text {
            Some(text) => steps.push(Step::Write {
                path: unit(name),
                text: text.clone(),
            }),
            None if is_changed => steps.push(Step::Remove { path: unit(name) }),
            None => {}
        }
    }
    steps.push(Step::Run(words(&["systemctl", "daemon-reload"])));
    if before.has_sockets && !found.is_open {
        steps.push(Step::Run(words(&["systemctl", "stop", SERVICE])));
        steps.push(Step::Run(words(&["systemctl", "enable", SOCKET])));
        steps.push(Step::Run(words(&["systemctl", "restart", SOCKET])));
    }
    // One that runs has not been touched.
    steps.push(Step::Run(words(&["systemctl", "start", SERVICE])));
    steps
}

/// What takes it away again: units alone, never data, settings or user.
pub(crate) fn remove(found: &Found, force: bool) -> Result<Vec<Step>, Refused> {
    may(found)?;
    untouched(found, true, force)?;
    let mut steps = Vec::new();
    for (name, seen) in [(SOCKET, found.socket), (SERVICE, found.service)] {
        if seen != Seen::Nothing {
            steps.push(Step::Run(words(&["systemctl", "disable", "--now", name])));
            steps.push(Step::Remove { path: unit(name) });
        }
    }
    if !steps.is_empty() {
        steps.push(Step::Run(words(&["systemctl", "daemon-reload"])));
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish() -> Wish {
        Wish {
            service: "service".to_owned(),
            socket: None,
            program: "/usr/local/bin/kenduri".into(),
            place: words(&["--config", "/etc/kenduri/kenduri.toml"]),
            data: "/var/lib/kenduri".into(),
            user: "kenduri".to_owned(),
            enable: true,
            force: false,
        }
    }

    fn fresh() -> Found {
        Found {
            is_root: true,
            has_systemd: true,
            has_user: false,
            has_data: false,
            service: Seen::Nothing,
            socket: Seen::Nothing,
            is_open: false,
            running: None,
        }
    }

    fn done(wish: &Wish, found: &Found) -> Vec<Step> {
        let Work {
            prepare, change, ..
        } = steps(wish, found).unwrap();
        [prepare, change].concat()
    }

    fn shown(steps: &[Step]) -> Vec<String> {
        let lines = steps.iter().map(|step| match step {
            Step::Run(words) => words.join(" "),
            Step::Folder { path, user } => format!("folder {} of {user}", path.display()),
            Step::Write { path, .. } => format!("write {}", path.display()),
            Step::Remove { path } => format!("remove {}", path.display()),
        });
        lines.collect()
    }

    #[test]
    fn a_fresh_machine_gets_everything_in_order() {
        assert_eq!(
            shown(&done(&wish(), &fresh())),
            [
                "useradd --system --home-dir /var/lib/kenduri --no-create-home --shell /usr/sbin/nologin kenduri",
                "folder /var/lib/kenduri of kenduri",
                "runuser -u kenduri -- /usr/local/bin/kenduri check --config /etc/kenduri/kenduri.toml",
                "write /etc/systemd/system/kenduri.service",
                "systemctl daemon-reload",
                "systemctl enable kenduri.service",
                "systemctl restart kenduri.service",
            ]
        );
    }

    #[test]
    fn once_more_repeats_only_what_may_be_repeated() {
        let found = Found {
            has_user: true,
            has_data: true,
            service: Seen::Ours,
            socket: Seen::Ours,
            ..fresh()
        };
        let wish = Wish {
            enable: false,
            ..wish()
        };
        assert_eq!(
            shown(&done(&wish, &found))[1..],
            [
                "write /etc/systemd/system/kenduri.service",
                "systemctl disable --now kenduri.socket",
                "remove /etc/systemd/system/kenduri.socket",
                "systemctl daemon-reload",
            ]
        );
    }

    #[test]
    fn sockets_are_opened_while_nobody_has_them_and_then_stay() {
        let wish = Wish {
            socket: Some("socket".to_owned()),
            ..wish()
        };
        let last = |found: &Found, many: usize| {
            let shown = shown(&done(&wish, found));
            shown[shown.len() - many..].to_vec()
        };
        assert_eq!(
            last(&fresh(), 6),
            [
                "systemctl daemon-reload",
                "systemctl enable kenduri.socket",
                "systemctl stop kenduri.service",
                "systemctl restart kenduri.socket",
                "systemctl enable kenduri.service",
                "systemctl restart kenduri.service",
            ]
        );
        let open = Found {
            socket: Seen::Ours,
            is_open: true,
            ..fresh()
        };
        assert_eq!(
            last(&open, 4),
            [
                "systemctl daemon-reload",
                "systemctl enable kenduri.socket",
                "systemctl enable kenduri.service",
                "systemctl restart kenduri.service",
            ]
        );
    }

    #[test]
    fn the_way_back_leads_to_what_ran() {
        assert_eq!(steps(&wish(), &fresh()).unwrap().back, []);
        let with_socket = Wish {
            socket: Some("socket".to_owned()),
            ..wish()
        };
        let way = |wish: &Wish, socket: Option<&str>, is_open| {
            let running = Running {
                service: Some("service of before".to_owned()),
                socket: socket.map(str::to_owned),
                has_sockets: socket.is_some(),
            };
            let found = Found {
                service: Seen::Ours,
                socket: socket.map_or(Seen::Nothing, |_| Seen::Ours),
                is_open,
                running: Some(running),
                ..fresh()
            };
            let back = steps(wish, &found).unwrap().back;
            let texts = back.iter().filter_map(|step| match step {
                Step::Write { text, .. } => Some(text.clone()),
                _ => None,
            });
            let texts: Vec<_> = texts.collect();
            (shown(&back), texts)
        };
        // Sockets for the first time, which somebody else has.
        let (back, texts) = way(&with_socket, None, false);
        assert_eq!(texts, ["service of before"]);
        assert_eq!(
            back,
            [
                "systemctl disable --now kenduri.socket",
                "write /etc/systemd/system/kenduri.service",
                "remove /etc/systemd/system/kenduri.socket",
                "systemctl daemon-reload",
                "systemctl start kenduri.service",
            ]
        );
        // Other addresses; and none any more, of which the old ones were closed.
        for wish in [&with_socket, &wish()] {
            let (back, texts) = way(wish, Some("socket of before"), false);
            assert_eq!(texts, ["service of before", "socket of before"]);
            assert_eq!(
                back,
                [
                    "write /etc/systemd/system/kenduri.service",
                    "write /etc/systemd/system/kenduri.socket",
                    "systemctl daemon-reload",
                    "systemctl stop kenduri.service",
                    "systemctl enable kenduri.socket",
                    "systemctl restart kenduri.socket",
                    "systemctl start kenduri.service",
                ]
            );
        }
        // The same addresses, which stayed open.
        let (back, _) = way(&with_socket, Some("socket"), true);
        assert_eq!(
            back[2..],
            ["systemctl daemon-reload", "systemctl start kenduri.service"]
        );
        // And no sockets before or after.
        let (back, _) = way(&wish(), None, false);
        assert_eq!(
            back,
            [
                "write /etc/systemd/system/kenduri.service",
                "systemctl daemon-reload",
                "systemctl start kenduri.service"
            ]
        );
    }

    #[test]
    fn nothing_is_done_where_it_must_not() {
        for (found, refused) in [
            (
                Found {
                    has_systemd: false,
                    ..fresh()
                },
                Refused::NoSystemd,
            ),
            (
                Found {
                    is_root: false,
                    ..fresh()
                },
                Refused::NotRoot,
            ),
            (
                Found {
                    service: Seen::Foreign,
                    ..fresh()
                },
                Refused::Changed(unit(SERVICE)),
            ),
        ] {
            assert_eq!(steps(&wish(), &found).unwrap_err(), refused);
            assert_eq!(remove(&found, false).unwrap_err(), refused);
        }
        let foreign = Found {
            service: Seen::Foreign,
            ..fresh()
        };
        assert!(
            steps(
                &Wish {
                    force: true,
                    ..wish()
                },
                &foreign
            )
            .is_ok()
        );
        let socket = Found {
            socket: Seen::Foreign,
            ..fresh()
        };
        assert!(steps(&wish(), &socket).is_ok(), "it is not written");
        let program: PathBuf = "/tmp/kenduri".into();
        let passing = Wish {
            program: program.clone(),
            ..wish()
        };
        assert_eq!(
            steps(&passing, &fresh()).unwrap_err(),
            Refused::Passing(program)
        );
    }

    #[test]
    fn removing_leaves_what_people_have_made() {
        let found = Found {
            service: Seen::Ours,
            ..fresh()
        };
        assert_eq!(
            shown(&remove(&found, false).unwrap()),
            [
                "systemctl disable --now kenduri.service",
                "remove /etc/systemd/system/kenduri.service",
                "systemctl daemon-reload",
            ]
        );
        assert_eq!(remove(&fresh(), false).unwrap(), []);
    }
}
