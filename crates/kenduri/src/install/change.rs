//! What changes units and what runs by them, and the way back where that fails.

use super::found::{Found, UnitFound};
use super::mark::Seen;
use super::steps::{SERVICE, SOCKET, Step, Wish, systemctl, unit};

/// Steps that are taken back together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) steps: Vec<Step>,
    /// What takes them back, be it that only the first of them was begun. None of it fails because
    /// there is nothing to take back.
    pub(crate) undo: Vec<Step>,
}

/// The order matters: nothing is started before all is there, and what was done last is taken
/// back first.
pub(super) fn changes(wish: &Wish, found: &Found) -> Vec<Change> {
    let mut changes = vec![written(SERVICE, &wish.service, &found.service)];
    match &wish.socket {
        Some(text) => changes.push(written(SOCKET, text, &found.socket)),
        // One of ours that is no longer wanted would hold the ports.
        None if found.socket.seen() == Seen::Ours => changes.push(without_socket(&found.socket)),
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

/// After units are as they were: what systemd kept running by them.
pub(super) fn again(found: &Found) -> Vec<Step> {
    let mut steps = vec![systemctl(&["daemon-reload"])];
    // One that still runs has not been touched, and is not touched by this.
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
        // systemd opens no sockets for a service that runs.
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

fn started(wish: &Wish, found: &Found) -> Change {
    // Together, socket first: one that is open starts the service again on the next connection.
    let stop = match &wish.socket {
        Some(_) => systemctl(&["stop", SOCKET, SERVICE]),
        None => systemctl(&["stop", SERVICE]),
    };
    let mut steps = Vec::new();
    let is_open = found.socket.is_active && found.socket.text == wish.socket;
    if wish.socket.is_some() && !is_open {
        // A service that runs has the addresses itself, or holds those of before; systemd
        // opens none for it.
        steps.push(stop.clone());
        steps.push(systemctl(&["start", SOCKET]));
    }
    steps.push(systemctl(&["restart", SERVICE]));
    Change {
        steps,
        // A unit that failed stays in systemd's list when its file is gone. A pattern, because one
        // that matches no unit is passed over (systemctl(1)), and a name is an error.
        undo: vec![stop, systemctl(&["reset-failed", "kenduri.*"])],
    }
}

#[cfg(test)]
mod tests {
    use super::super::mark::marked;
    use super::super::steps::steps;
    use super::super::steps::tests::{fresh, ours, shown, wish};
    use super::*;

    fn with_socket() -> Wish {
        Wish {
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

    /// What is done at last, from where units are loaded anew.
    fn done(wish: &Wish, found: &Found) -> Vec<String> {
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

    /// The way back where the last change fails, and the texts that it writes.
    fn back(wish: &Wish, found: &Found) -> (Vec<String>, Vec<String>) {
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
        // Nor are sockets left open that were not.
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
        // A service that waits for its first connection waits again.
        let found = held(ours("before", false), ours("addresses", true));
        let (way, _) = back(&with_socket(), &found);
        assert_eq!(way.last().unwrap(), "systemctl start kenduri.socket");
    }

    #[test]
    fn what_ran_runs_again_by_the_units_of_before() {
        // Without sockets, then with them for the first time.
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
        // Other addresses; and none any more.
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
