//! Checks whether the installation is ready for an event. The operator's page shows the results as
//! a short list with advice.

use backup::{DrillResult, Status};
use configuration::alert_settings::Limits;
use jiff::{SignedDuration, Timestamp};
use platform::mail::{self, State, sender_domain};
use platform::{StoreError, Tx};
use site::freeze::{self, Freeze};

use super::AdminParts;
use super::context::AdminContext;
use crate::alerts::alert::{Kind, Level, Report};
use crate::alerts::conditions;
use crate::machine::MachineStatus;
use crate::server_status::EdgeStatus;
use crate::updates::{self, Known};

/// Before an event, to announce it.
const NEAR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Beyond `backup.every`, for the newest snapshot.
const GRACE: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug)]
pub(super) struct Check {
    /// The message id of the check's name.
    pub(super) what: &'static str,
    pub(super) class: &'static str,
    /// What the operator should do; empty if nothing needs to be done.
    pub(super) advice: String,
}

impl Check {
    /// The message id of the result.
    pub(super) fn words(&self) -> &'static str {
        match self.class {
            "yes" => "server-ready-yes",
            "wait" => "server-ready-unknown",
            _ if self.what == EVENT => "server-ready-hold",
            _ => "server-ready-todo",
        }
    }
}

struct Stored {
    outcome: Option<State>,
    is_unverified: bool,
    freeze: Option<Freeze>,
    known: Known,
}

impl Stored {
    async fn read(admin: &AdminContext, parts: &AdminParts) -> Result<Self, StoreError> {
        let (domains, sources) = (parts.domains, parts.updates.clone());
        let read = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            Ok(Self {
                outcome: mail::last_outcome(tx)?,
                is_unverified: sender_domain::is_unverified(tx)?,
                freeze: freeze::next(tx, domains)?,
                known: updates::known(tx, &sources)?,
            })
        };
        admin.site.store.read(read).await
    }
}

pub(super) async fn list(
    admin: &AdminContext,
    parts: &AdminParts,
    edge: Option<&EdgeStatus>,
    machine: &MachineStatus,
) -> Result<Vec<Check>, StoreError> {
    let stored = Stored::read(admin, parts).await?;
    let status = parts.backup.as_ref().map(|agent| agent.status());
    let (status, now) = (status.as_ref(), admin.now);
    let mut all = vec![
        (
            "server-ready-backup",
            backup(status, now, parts.backup_every),
        ),
        ("server-ready-drill", drill(status)),
        (
            "server-ready-mail",
            transport(parts.mail.server.is_some(), stored.outcome),
        ),
    ];
    if parts.mail.is_required {
        all.push(("server-ready-records", records(stored.is_unverified)));
    }
    all.extend([
        ("server-ready-certificates", certificates(edge, now)),
        ("server-ready-disk", disk(machine, &parts.limits)),
    ]);
    let newer = newer(parts.updates.is_empty(), &stored.known);
    let check = |(what, (class, advice))| check(admin, what, class, advice);
    let mut checks: Vec<_> = all.into_iter().map(check).collect();
    checks.push(freeze(admin, stored.freeze));
    checks.push(check(("server-ready-updates", newer)));
    Ok(checks)
}

fn check(admin: &AdminContext, what: &'static str, class: &'static str, advice: &str) -> Check {
    let advice = match advice {
        "" => String::new(),
        id => admin.text.say(id).into_owned(),
    };
    Check {
        what,
        class,
        advice,
    }
}

const EVENT: &str = "server-ready-event";

/// Its CSS class, and the message id of the advice. The id is empty if nothing needs to be done.
type Judgement = (&'static str, &'static str);

const READY: Judgement = ("yes", "");
const ELSEWHERE: Judgement = ("wait", "server-ready-backup-elsewhere");

fn backup(status: Option<&Status>, now: Timestamp, every: SignedDuration) -> Judgement {
    let is_recent = |at: Timestamp| now.duration_since(at) <= every + GRACE;
    match status {
        None => ("error", "server-ready-backup-off"),
        Some(status) if status.is_elsewhere => ELSEWHERE,
        Some(status) if !status.has_key => ("error", "server-ready-backup-key"),
        Some(status) if status.failure.is_some() || status.missing.is_some() => {
            ("error", "server-ready-backup-failing")
        }
        Some(status) if status.is_on_same_disk => ("error", "server-ready-backup-same-disk"),
        Some(status) => match status.snapshot {
            None => ("wait", "server-ready-backup-waiting"),
            Some(at) if is_recent(at) => match &status.second {
                Some(second) if second.failure.is_some() => ("maybe", "server-ready-backup-second"),
                _ => READY,
            },
            Some(_) => ("error", "server-ready-backup-old"),
        },
    }
}

fn drill(status: Option<&Status>) -> Judgement {
    if status.is_some_and(|status| status.is_elsewhere) {
        return ELSEWHERE;
    }
    let drill = status.and_then(|status| status.drill.as_ref());
    match drill.map(|drill| &drill.result) {
        Some(DrillResult::Good { .. }) => READY,
        Some(DrillResult::Failed(_)) => ("error", "server-ready-drill-failed"),
        Some(DrillResult::Skipped { .. }) => ("maybe", "server-ready-drill-skipped"),
        None => ("wait", "server-ready-drill-none"),
    }
}

fn transport(has_server: bool, outcome: Option<State>) -> Judgement {
    match outcome {
        _ if !has_server => ("error", "server-ready-mail-mailbox"),
        Some(State::Sent) => READY,
        Some(_) => ("error", "server-ready-mail-failed"),
        None => ("wait", "server-ready-mail-none"),
    }
}

fn records(is_unverified: bool) -> Judgement {
    if is_unverified {
        ("error", "server-ready-records-missing")
    } else {
        READY
    }
}

fn certificates(edge: Option<&EdgeStatus>, now: Timestamp) -> Judgement {
    let is_wrong = |edge: &EdgeStatus| {
        let reports = conditions::certificates(edge, now);
        reports.iter().any(|report| !report.findings.is_empty())
    };
    match edge {
        None => ("wait", "server-ready-later"),
        Some(edge) if is_wrong(edge) => ("error", "server-ready-certificates-wrong"),
        Some(edge) if edge.ordered.is_empty() && edge.in_files.is_empty() => {
            ("wait", "server-ready-certificates-none")
        }
        Some(edge) if edge.ordered.iter().any(|one| one.valid_until.is_none()) => {
            ("wait", "server-ready-certificates-ordered")
        }
        Some(_) => READY,
    }
}

fn disk(machine: &MachineStatus, limits: &Limits) -> Judgement {
    let reports = conditions::machine(machine, limits);
    let disk = reports.iter().find(|report| report.kind == Kind::Disk);
    let level = |report: &Report| report.findings.first().map(|finding| finding.level);
    match disk.map(level) {
        Some(Some(Level::Wrong)) => ("error", "server-ready-disk-low"),
        Some(Some(Level::Between)) => ("maybe", "server-ready-disk-low"),
        Some(None) if machine.disk.is_some() => READY,
        _ => ("wait", "server-ready-disk-unknown"),
    }
}

fn newer(is_off: bool, known: &Known) -> Judgement {
    let found = known.found.as_ref().map(|(_, found)| found);
    match found {
        _ if is_off => ("wait", "server-ready-updates-off"),
        None if known.failure.is_some() => ("wait", "server-ready-updates-failed"),
        None => ("wait", "server-ready-updates-waiting"),
        Some(found) if !found.advisories.is_empty() => ("error", "server-ready-updates-advisory"),
        Some(found) if !found.newer.is_empty() => ("maybe", "server-ready-updates-newer"),
        Some(_) => READY,
    }
}

fn freeze(admin: &AdminContext, freeze: Option<Freeze>) -> Check {
    let Some(freeze) = freeze.filter(|freeze| freeze.from <= admin.now + NEAR) else {
        return check(admin, "server-ready-freeze", "yes", "");
    };
    let is_now = freeze.from <= admin.now;
    let id = if is_now {
        "server-ready-freeze-now"
    } else {
        "server-ready-freeze-near"
    };
    let (from, until) = (admin.moment(freeze.from), admin.moment(freeze.until));
    let values = [("from", from.into()), ("until", until.into())];
    Check {
        what: EVENT,
        class: "maybe",
        advice: admin.text.with(id, values),
    }
}

#[cfg(test)]
mod tests {
    use backup::{Drill, SecondStatus};
    use configuration::alert_settings::Floor;
    use edge::FileCertificate;
    use edge::acme::CertificateStatus;

    use super::*;
    use crate::machine::Room;
    use crate::updates::{Advisory, Found, Release};

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000)
    }

    #[test]
    fn a_backup_is_ready_while_its_snapshot_is_recent() {
        let every = SignedDuration::from_hours(24);
        let judge = |status: &Status| backup(Some(status), now(), every);
        assert_eq!(backup(None, now(), every).1, "server-ready-backup-off");
        let mut status = Status::default();
        assert_eq!(judge(&status).1, "server-ready-backup-key");
        status.has_key = true;
        assert_eq!(judge(&status), ("wait", "server-ready-backup-waiting"));
        status.snapshot = Some(now() - every - GRACE);
        assert_eq!(judge(&status), READY);
        status.snapshot = Some(now() - every - GRACE - SignedDuration::from_secs(1));
        assert_eq!(judge(&status).1, "server-ready-backup-old");
        status.snapshot = Some(now());
        let failing = SecondStatus {
            copied_until: None,
            failure: Some((now(), "no room".to_owned())),
        };
        status.second = Some(failing);
        assert_eq!(judge(&status), ("maybe", "server-ready-backup-second"));
        status.failure = Some((now(), "no room".to_owned()));
        assert_eq!(judge(&status).1, "server-ready-backup-failing");
    }

    #[test]
    fn a_trial_must_have_been_good() {
        let judge = |result| {
            let drill = Some(Drill { at: 0, result });
            let status = Status {
                drill,
                ..Status::default()
            };
            super::drill(Some(&status))
        };
        let good = DrillResult::Good {
            until: 0,
            rows: 1,
            hash: String::new(),
        };
        assert_eq!(judge(good), READY);
        let skipped = DrillResult::Skipped { free: 1, needed: 2 };
        assert_eq!(judge(skipped), ("maybe", "server-ready-drill-skipped"));
        let failed = DrillResult::Failed("no key".to_owned());
        assert_eq!(judge(failed), ("error", "server-ready-drill-failed"));
    }

    #[test]
    fn mail_is_ready_once_the_last_one_left() {
        assert_eq!(transport(true, Some(State::Sent)), READY);
        assert_eq!(transport(true, None).0, "wait");
        for outcome in [State::Failed, State::Deferred] {
            let found = transport(true, Some(outcome));
            assert_eq!(found, ("error", "server-ready-mail-failed"));
        }
        let found = transport(false, Some(State::Sent));
        assert_eq!(found, ("error", "server-ready-mail-mailbox"));
        assert_eq!(records(true), ("error", "server-ready-records-missing"));
    }

    #[test]
    fn certificates_and_the_disk_are_judged_as_for_alerts() {
        let of_files = |days: i64| EdgeStatus {
            ordered: Vec::new(),
            of_occasions: Vec::new(),
            in_files: vec![FileCertificate {
                names: vec!["kad.example".to_owned()],
                chain: "/etc/ssl/kad.pem".into(),
                valid_from: now() + SignedDuration::from_hours(24 * (days - 90)),
                valid_until: now() + SignedDuration::from_hours(24 * days),
            }],
            routes: String::new(),
        };
        let judge = |status: &EdgeStatus| certificates(Some(status), now());
        assert_eq!(certificates(None, now()).0, "wait");
        assert_eq!(judge(&of_files(60)), READY);
        assert_eq!(judge(&of_files(10)).1, "server-ready-certificates-wrong");
        let mut status = of_files(60);
        status.in_files.clear();
        assert_eq!(judge(&status).1, "server-ready-certificates-none");
        let unordered = CertificateStatus {
            name: "kad.example".to_owned(),
            valid_from: None,
            valid_until: None,
            next: None,
            failures: None,
            refused: None,
        };
        status.of_occasions.push(unordered.clone());
        assert_eq!(judge(&status).1, "server-ready-certificates-none");
        status.ordered.push(unordered);
        assert_eq!(judge(&status).1, "server-ready-certificates-ordered");

        let limits = Limits {
            disk: Some(Floor::Percent(10)),
            ..Limits::default()
        };
        for (free, class) in [(99, "error"), (110, "maybe"), (200, "yes")] {
            let status = MachineStatus {
                disk: Some(Room { free, total: 1000 }),
                ..MachineStatus::default()
            };
            assert_eq!(disk(&status, &limits).0, class, "{free}");
        }
        assert_eq!(disk(&MachineStatus::default(), &limits).0, "wait");
    }

    #[test]
    fn an_advisory_is_worse_than_a_newer_version() {
        let mut found = Found {
            read: 1,
            newer: Vec::new(),
            advisories: Vec::new(),
        };
        let judge = |found: &Found| {
            let known = Known {
                found: Some((now(), found.clone())),
                failure: None,
            };
            newer(false, &known)
        };
        assert_eq!(judge(&found), READY);
        found.newer.push(Release {
            version: "9.0.0".to_owned(),
            title: "Nine".to_owned(),
            link: None,
        });
        assert_eq!(judge(&found), ("maybe", "server-ready-updates-newer"));
        found.advisories.push(Advisory {
            id: "K-1".to_owned(),
            summary: "A hole".to_owned(),
            link: None,
            fixed: Vec::new(),
        });
        assert_eq!(judge(&found), ("error", "server-ready-updates-advisory"));
        let nothing = Known {
            found: None,
            failure: Some((now(), "nobody answers".to_owned())),
        };
        assert_eq!(newer(false, &nothing).1, "server-ready-updates-failed");
        assert_eq!(newer(true, &nothing).1, "server-ready-updates-off");
    }
}
