//! Changes to units and to running services, each with the steps that undo it.

use super::machine_state::{Found, UnitFound};
use super::step::{InstallOptions, SERVICE, SOCKET, Step, systemctl, unit};
use super::unit_checksum::UnitOrigin;

/// Steps that are undone together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub steps: Vec<Step>,
    /// The steps that undo the change, even if only a part of it was made. Each of them also
    /// succeeds if there is nothing to undo.
    pub undo: Vec<Step>,
}

/// Returns an installation's changes in order. All files are written before a service starts. The
/// changes are undone in reverse order.
pub(super) fn changes(wish: &InstallOptions, found: &Found) -> Vec<Change> {
    let mut changes = vec![written(SERVICE, &wish.service, &found.service)];
    match &wish.socket {
        Some(text) => changes.push(written(SOCKET, text, &found.socket)),
        // An obsolete socket unit would occupy the ports.
        None if found.socket.seen() == UnitOrigin::Ours => {
            changes.push(without_socket(&found.socket));
        }
        None => {}
    }
    changes.push(Change {
        steps: vec![systemctl(&["daemon-reload"])],
        undo: Vec::new(),
    });
    if wish.enable {
        if wish.socket.is_some() {
            changes.push(enabled(SOCKET, &found.socket));
        }
        changes.push(enabled(SERVICE, &found.service));
        changes.push(started(wish, found));
    }
    changes
}

/// Returns the steps that restart the units that were active before the installation. They run
/// after the old texts of the units were restored.
pub(super) fn again(found: &Found) -> Vec<Step> {
    let mut steps = vec![systemctl(&["daemon-reload"])];
    // Starting a running unit has no effect.
    for (name, before) in [(SOCKET, &found.socket), (SERVICE, &found.service)] {
        if before.is_active {
            steps.push(systemctl(&["start", name]));
        }
    }
    steps
}

fn written(name: &str, text: &str, before: &UnitFound) -> Change {
    Change {
        steps: vec![Step::Write {
            path: unit(name),
            text: text.to_owned(),
        }],
        undo: vec![restored(name, before)],
    }
}

fn restored(name: &str, before: &UnitFound) -> Step {
    let path = unit(name);
    match before.text.clone() {
        Some(text) => Step::Write { path, text },
        None => Step::Remove { path },
    }
}

fn without_socket(before: &UnitFound) -> Change {
    let mut undo = vec![restored(SOCKET, before)];
    if before.is_enabled {
        undo.push(systemctl(&["enable", SOCKET]));
    }
    if before.is_active {
        // systemd does not open the sockets while the service runs, so the service is stopped
        // first.
        undo.push(systemctl(&["stop", SERVICE]));
    }
    Change {
        steps: vec![
            systemctl(&["disable", "--now", SOCKET]),
            Step::Remove { path: unit(SOCKET) },
        ],
        undo,
    }
}

fn enabled(name: &str, before: &UnitFound) -> Change {
    let undo = (!before.is_enabled).then(|| systemctl(&["disable", name]));
    Change {
        steps: vec![systemctl(&["enable", name])],
        undo: undo.into_iter().collect(),
    }
}

fn started(wish: &InstallOptions, found: &Found) -> Change {
    // One command stops both units, the socket first, because a connection to the socket would
    // start the service again.
    let stop = match &wish.socket {
        Some(_) => systemctl(&["stop", SOCKET, SERVICE]),
        None => systemctl(&["stop", SERVICE]),
    };
    let mut steps = Vec::new();
    let is_open = found.socket.is_active && found.socket.text == wish.socket;
    if wish.socket.is_some() && !is_open {
        // The running service itself has opened the sockets. systemd can open them only after the
        // service has stopped.
        steps.push(stop.clone());
        steps.push(systemctl(&["start", SOCKET]));
    }
    steps.push(systemctl(&["restart", SERVICE]));
    Change {
        steps,
        // systemd lists a failed unit even after its file was removed. The argument is a pattern,
        // because an unknown name would be an error, while systemctl ignores patterns without a
        // match (systemctl(1)).
        undo: vec![stop, systemctl(&["reset-failed", "kenduri.*"])],
    }
}

#[cfg(test)]
mod tests {
    use super::super::steps::steps;
    use super::super::steps::tests::{fresh, ours, shown, wish};
    use super::super::unit_checksum::marked;
    use super::*;

    fn with_socket() -> InstallOptions {
        InstallOptions {
            socket: Some(marked("socket")),
            ..wish()
        }
    }

    fn held(service: UnitFound, socket: UnitFound) -> Found {
        Found {
            service,
            socket,
            ..fresh()
        }
    }

    /// Returns the steps of an installation that follow the reload of the units.
    fn done(wish: &InstallOptions, found: &Found) -> Vec<String> {
        let changes = steps(wish, found).unwrap().change;
        let all: Vec<_> = changes
            .into_iter()
            .flat_map(|change| change.steps)
            .collect();
        shown(&all)
            .into_iter()
            .skip_while(|step| step != "systemctl daemon-reload")
            .skip(1)
            .collect()
    }

    /// Returns the steps that undo an installation after its last change failed. Also returns the
    /// unit texts that these steps write.
    fn back(wish: &InstallOptions, found: &Found) -> (Vec<String>, Vec<String>) {
        let work = steps(wish, found).unwrap();
        let undo = work.change.into_iter().rev().flat_map(|change| change.undo);
        let back: Vec<_> = undo.chain(work.again).collect();
        let texts = back.iter().filter_map(|step| match step {
            Step::Write { text, .. } => Some(text.clone()),
            _ => None,
        });
        (shown(&back), texts.collect())
    }

    #[test]
    fn sockets_are_opened_while_nobody_has_them_and_then_stay() {
        assert_eq!(
            done(&with_socket(), &fresh()),
            [
                "systemctl enable kenduri.socket",
                "systemctl enable kenduri.service",
                "systemctl stop kenduri.socket kenduri.service",
                "systemctl start kenduri.socket",
                "systemctl restart kenduri.service",
            ]
        );
        let open = held(ours("service", true), ours("socket", true));
        assert_eq!(
            done(&with_socket(), &open),
            [
                "systemctl enable kenduri.socket",
                "systemctl enable kenduri.service",
                "systemctl restart kenduri.service",
            ]
        );
        for other in [ours("socket", false), ours("other addresses", true)] {
            let found = held(ours("service", true), other);
            assert_eq!(
                done(&with_socket(), &found)[2..],
                [
                    "systemctl stop kenduri.socket kenduri.service",
                    "systemctl start kenduri.socket",
                    "systemctl restart kenduri.service",
                ]
            );
        }
    }

    #[test]
    fn nothing_is_left_where_nothing_was() {
        let (back, texts) = back(&with_socket(), &fresh());
        assert!(texts.is_empty());
        assert_eq!(
            back,
            [
                "systemctl stop kenduri.socket kenduri.service",
                "systemctl reset-failed kenduri.*",
                "systemctl disable kenduri.service",
                "systemctl disable kenduri.socket",
                "remove /etc/systemd/system/kenduri.socket",
                "remove /etc/systemd/system/kenduri.service",
                "systemctl daemon-reload",
            ]
        );
    }

    #[test]
    fn what_did_not_run_is_put_back_and_not_started() {
        let found = held(ours("before", false), UnitFound::default());
        let (way, texts) = back(&wish(), &found);
        assert_eq!(texts, [marked("before")]);
        assert_eq!(
            way,
            [
                "systemctl stop kenduri.service",
                "systemctl reset-failed kenduri.*",
                "systemctl disable kenduri.service",
                "write /etc/systemd/system/kenduri.service",
                "systemctl daemon-reload",
            ]
        );
        // The sockets were closed before the installation, so undoing closes them again.
        let found = held(ours("before", true), ours("socket", false));
        let (way, _) = back(&with_socket(), &found);
        assert_eq!(
            way,
            [
                "systemctl stop kenduri.socket kenduri.service",
                "systemctl reset-failed kenduri.*",
                "systemctl disable kenduri.socket",
                "write /etc/systemd/system/kenduri.socket",
                "write /etc/systemd/system/kenduri.service",
                "systemctl daemon-reload",
                "systemctl start kenduri.service",
            ]
        );
        // Before the installation, the service was waiting for its first connection. Undoing
        // restores this.
        let found = held(ours("before", false), ours("addresses", true));
        let (way, _) = back(&with_socket(), &found);
        assert_eq!(way.last().unwrap(), "systemctl start kenduri.socket");
    }

    #[test]
    fn what_ran_runs_again_by_the_units_of_before() {
        // The installation adds a socket unit to a service that had none.
        let found = held(ours("before", true), UnitFound::default());
        let (way, texts) = back(&wish(), &found);
        assert_eq!(texts, [marked("before")]);
        assert_eq!(
            way,
            [
                "systemctl stop kenduri.service",
                "systemctl reset-failed kenduri.*",
                "write /etc/systemd/system/kenduri.service",
                "systemctl daemon-reload",
                "systemctl start kenduri.service",
            ]
        );
        let (way, _) = back(&with_socket(), &found);
        assert_eq!(
            way[2..],
            [
                "systemctl disable kenduri.socket",
                "remove /etc/systemd/system/kenduri.socket",
                "write /etc/systemd/system/kenduri.service",
                "systemctl daemon-reload",
                "systemctl start kenduri.service",
            ]
        );
        // The first installation changes the addresses of the sockets, and the second one removes
        // the sockets.
        let found = held(ours("before", true), ours("addresses", true));
        let (way, texts) = back(&with_socket(), &found);
        assert_eq!(texts, [marked("addresses"), marked("before")]);
        assert_eq!(
            way,
            [
                "systemctl stop kenduri.socket kenduri.service",
                "systemctl reset-failed kenduri.*",
                "write /etc/systemd/system/kenduri.socket",
                "write /etc/systemd/system/kenduri.service",
                "systemctl daemon-reload",
                "systemctl start kenduri.socket",
                "systemctl start kenduri.service",
            ]
        );
        let (way, texts) = back(&wish(), &found);
        assert_eq!(texts, [marked("addresses"), marked("before")]);
        assert_eq!(
            way,
            [
                "systemctl stop kenduri.service",
                "systemctl reset-failed kenduri.*",
                "write /etc/systemd/system/kenduri.socket",
                "systemctl enable kenduri.socket",
                "systemctl stop kenduri.service",
                "write /etc/systemd/system/kenduri.service",
                "systemctl daemon-reload",
                "systemctl start kenduri.socket",
                "systemctl start kenduri.service",
            ]
        );
    }

    #[test]
    fn nothing_is_stopped_for_what_was_only_written() {
        let found = held(ours("before", true), ours("addresses", true));
        let changes = steps(&with_socket(), &found).unwrap().change;
        let undo: Vec<_> = changes[..2]
            .iter()
            .flat_map(|change| change.undo.clone())
            .collect();
        assert_eq!(
            shown(&undo),
            [
                "write /etc/systemd/system/kenduri.service",
                "write /etc/systemd/system/kenduri.socket",
            ]
        );
    }
}
