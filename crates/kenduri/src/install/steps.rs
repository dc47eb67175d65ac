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
pub(crate) fn steps(wish: &Wish, found: &Found) -> Result<Vec<Step>, Refused> {
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
    steps.push(Step::Write {
        path: unit(SERVICE),
        text: wish.service.clone(),
    });
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
    Ok(steps)
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
        }
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
            shown(&steps(&wish(), &fresh()).unwrap()),
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
            shown(&steps(&wish, &found).unwrap())[1..],
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
            let shown = shown(&steps(&wish, found).unwrap());
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
