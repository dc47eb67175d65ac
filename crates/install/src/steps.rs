//! Plans the steps of an installation or removal.

use std::path::PathBuf;

use super::change::{self, Change};
use super::machine_state::Found;
use super::step::{InstallOptions, SERVICE, SERVICE_USER, SOCKET, Step, systemctl, unit, words};
use super::unit_checksum::UnitOrigin;

/// As on Debian (passwd(5)).
const NO_HOME: &str = "/nonexistent";

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// The steps that come first and do not affect running units.
    pub prepare: Vec<Step>,
    /// The changes that may affect running units. Each can be undone.
    pub change: Vec<Change>,
    /// The steps that restart units after a failed change was undone.
    pub again: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error(
        "systemd is not running here, so there is nothing to install into\n  \
         start `kenduri serve` by this system's own service manager; --print shows the unit"
    )]
    NoSystemd,
    #[error(
        "only root may install a service\n  sudo kenduri install …; --print shows the unit and changes nothing"
    )]
    NotRoot,
    #[error(
        "{0} was changed by hand, or was not written by Kenduri\n  \
         move your changes into `systemctl edit kenduri`, where they are kept; --force overwrites \
         the file"
    )]
    Changed(PathBuf),
    /// The data belongs to root, or to a user other than the one who will serve requests. The
    /// supervisor process would serve requests as the owner of the data.
    #[error(
        "{data} does not belong to {user}; its owner serves the requests, and must not be root\n  \
         stop Kenduri and change the owner ({account}chown -R {user}: {data}), or name the owner: \
         --user NAME"
    )]
    OfSomebodyElse {
        data: String,
        /// The user who will serve requests.
        user: String,
        /// The command that creates this user's account, followed by `&&`. Empty if the account
        /// exists.
        account: String,
    },
    #[error(
        "{0} is in a home folder, or in a temporary one\n  \
         copy it to where programs stay: sudo install {0} /usr/local/bin/, and run that one"
    )]
    Passing(PathBuf),
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
        (SERVICE, found.service.seen(), true),
        (SOCKET, found.socket.seen(), has_socket),
    ] {
        if seen == UnitOrigin::Foreign && is_meant && !force {
            return Err(Refused::Changed(unit(name)));
        }
    }
    Ok(())
}

/// Returns the steps of an installation in order. All files are written before a service starts.
pub fn steps(wish: &InstallOptions, found: &Found) -> Result<Work, Refused> {
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
    if wish.by_root && found.has_data && !found.is_data_of_user {
        let data = wish.data.display().to_string();
        return Err(Refused::OfSomebodyElse {
            account: if found.has_user {
                String::new()
            } else {
                format!("{} && ", words_of_account(&wish.user, &data).join(" "))
            },
            data,
            user: wish.user.clone(),
        });
    }
    Ok(Work {
        prepare: prepare(wish, found),
        change: change::changes(wish, found),
        again: change::again(found),
    })
}

fn prepare(wish: &InstallOptions, found: &Found) -> Vec<Step> {
    let mut steps = Vec::new();
    let data = wish.data.display().to_string();
    if !found.has_user {
        steps.push(account(&wish.user, &data));
    }
    if let Some(user) = wish
        .services_user
        .as_ref()
        .filter(|_| !found.has_services_user)
    {
        steps.push(account(user, NO_HOME));
    }
    if !found.has_data {
        steps.push(Step::Folder {
            path: wish.data.clone(),
            user: wish.user.clone(),
        });
    }
    // This check runs as the service's user. So it also finds files that this user cannot read.
    let program = wish.program.display().to_string();
    let mut check = if wish.by_root {
        words(&[&program, "check"])
    } else {
        words(&["runuser", "-u", &wish.user, "--", &program, "check"])
    };
    check.extend(wish.place.iter().cloned());
    if let Some(user) = &wish.services_user {
        check.extend(["--set".to_owned(), format!("{SERVICE_USER}={user}")]);
    }
    steps.push(Step::Run(check));
    steps
}

fn account(name: &str, home: &str) -> Step {
    Step::Run(words_of_account(name, home))
}

fn words_of_account(name: &str, home: &str) -> Vec<String> {
    words(&[
        "useradd",
        "--system",
        "--home-dir",
        home,
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        name,
    ])
}

/// Returns the steps of a removal. The data, the settings and the user are kept.
pub fn remove(found: &Found, force: bool) -> Result<Vec<Step>, Refused> {
    may(found)?;
    untouched(found, true, force)?;
    let mut steps = Vec::new();
    for (name, before) in [(SOCKET, &found.socket), (SERVICE, &found.service)] {
        if before.seen() != UnitOrigin::Nothing {
            steps.push(systemctl(&["disable", "--now", name]));
            steps.push(Step::Remove { path: unit(name) });
        }
    }
    if !steps.is_empty() {
        steps.push(systemctl(&["daemon-reload"]));
    }
    Ok(steps)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::machine_state::UnitFound;
    use super::super::unit_checksum::marked;
    use super::*;

    pub(crate) fn wish() -> InstallOptions {
        InstallOptions {
            service: "service".to_owned(),
            socket: None,
            program: "/usr/local/bin/kenduri".into(),
            place: words(&["--config", "/etc/kenduri/kenduri.toml"]),
            data: "/var/lib/kenduri".into(),
            user: "kenduri".to_owned(),
            by_root: false,
            services_user: None,
            enable: true,
            force: false,
        }
    }

    pub(crate) fn fresh() -> Found {
        Found {
            is_root: true,
            has_systemd: true,
            has_user: false,
            has_services_user: false,
            has_data: false,
            is_data_of_user: false,
            service: UnitFound::default(),
            socket: UnitFound::default(),
        }
    }

    /// Returns a unit that nobody has edited. `is_on` says whether the unit is enabled and active.
    pub(crate) fn ours(text: &str, is_on: bool) -> UnitFound {
        UnitFound {
            text: Some(marked(text)),
            is_enabled: is_on,
            is_active: is_on,
        }
    }

    fn foreign() -> UnitFound {
        UnitFound {
            text: Some("[Unit]\n".to_owned()),
            ..UnitFound::default()
        }
    }

    fn done(wish: &InstallOptions, found: &Found) -> Vec<Step> {
        let work = steps(wish, found).unwrap();
        let changes = work.change.into_iter().flat_map(|change| change.steps);
        work.prepare.into_iter().chain(changes).collect()
    }

    pub(crate) fn shown(steps: &[Step]) -> Vec<String> {
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
    fn services_get_an_account_and_the_data_stay_kenduris() {
        let wish = InstallOptions {
            by_root: true,
            services_user: Some("kenduri-services".to_owned()),
            ..wish()
        };
        assert_eq!(
            shown(&done(&wish, &fresh()))[..4],
            [
                "useradd --system --home-dir /var/lib/kenduri --no-create-home --shell /usr/sbin/nologin kenduri",
                "useradd --system --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin kenduri-services",
                "folder /var/lib/kenduri of kenduri",
                "/usr/local/bin/kenduri check --config /etc/kenduri/kenduri.toml --set service_user=kenduri-services",
            ]
        );
        // Only the named user may serve requests, and root never may.
        let found = Found {
            has_user: true,
            has_data: true,
            ..fresh()
        };
        let refused = |found| steps(&wish, found).unwrap_err().to_string();
        let why = refused(&found);
        assert!(
            why.contains("(chown -R kenduri: /var/lib/kenduri)"),
            "{why}"
        );
        // The data may have been restored from a backup although the user's account does not exist
        // yet.
        let why = refused(&Found {
            has_user: false,
            ..found.clone()
        });
        assert!(
            why.contains("/usr/sbin/nologin kenduri && chown -R kenduri: "),
            "{why}"
        );
        let found = Found {
            is_data_of_user: true,
            ..found
        };
        assert!(steps(&wish, &found).is_ok());
    }

    #[test]
    fn once_more_repeats_only_what_may_be_repeated() {
        let found = Found {
            has_user: true,
            has_data: true,
            service: ours("service", true),
            socket: ours("socket", true),
            ..fresh()
        };
        let wish = InstallOptions {
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
                    service: foreign(),
                    ..fresh()
                },
                Refused::Changed(unit(SERVICE)),
            ),
        ] {
            assert_eq!(steps(&wish(), &found).unwrap_err(), refused);
            assert_eq!(remove(&found, false).unwrap_err(), refused);
        }
        let changed = Found {
            service: foreign(),
            ..fresh()
        };
        assert!(
            steps(
                &InstallOptions {
                    force: true,
                    ..wish()
                },
                &changed
            )
            .is_ok()
        );
        let socket = Found {
            socket: foreign(),
            ..fresh()
        };
        assert!(steps(&wish(), &socket).is_ok(), "it is not written");
        let program: PathBuf = "/tmp/kenduri".into();
        let passing = InstallOptions {
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
            service: ours("service", true),
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
