//! Tests of alerts: each kind begins once and ends once, even if Kenduri restarts in between.

mod look;

use std::sync::Arc;

use backup::{Drill, DrillResult, Pause, SecondStatus, Status, TookOver};
use configuration::alert_settings::{AlertSettings, Floor, Limits};
use edge::FileCertificate;
use edge::acme::{CertificateStatus, Failures as Refusals};
use identity::account::{self, AccountZone, NewAccount};
use identity::people::setup::{self, Credential};
use jiff::{SignedDuration, Timestamp};
use platform::machines::{Listed, Process};
use platform::store::migrate::Migrations;
use platform::{StoreError, Tx};
use supervisor::state::RunId;
use supervisor::{GivenUp, InstanceAddress, ReadyInstances, ServiceInstances};
use testkit::{World, together};
use web::{Language, Site};

use super::alert::{self, Alert, Kind, Report};
use super::conditions::{self, BackupTimes};
use super::service_alarm::{ServiceAlarm, report, settle};
use super::{Failures, Outlet};
use crate::machine::{MachineStatus, Room};
use crate::server_status::EdgeStatus;
use crate::test_site;

const MIGRATIONS: [Migrations; 2] = [platform::MIGRATIONS, identity::MIGRATIONS];
const RECEIVER: &str = "https://pager.example/hook";
const OWNERS: [(&str, &str); 2] = [("farah@example.my", "en"), ("aiman@example.my", "ms")];
const FURTHER: &str = "ops@example.my";

fn limits() -> Limits {
    Limits {
        disk: Some(Floor::Percent(10)),
        memory: Some(Floor::Bytes(100_000_000)),
        backup_lag: Some(SignedDuration::from_mins(15)),
        failed_jobs: 1,
        failed_mails: 5,
    }
}

fn outlet(world: &World) -> Outlet {
    Outlet {
        site: test_site::site(world, &[accounts::DOMAIN], &["en", "ms"]),
        settings: Arc::new(AlertSettings {
            owners: true,
            addresses: vec![FURTHER.parse().unwrap()],
            webhook: Some(RECEIVER.to_owned()),
            limits: limits(),
        }),
    }
}

fn to_owners(world: &World) -> Outlet {
    let settings = AlertSettings {
        owners: true,
        ..AlertSettings::default()
    };
    Outlet {
        settings: Arc::new(settings),
        ..outlet(world)
    }
}

async fn people(site: &Site) {
    let person = |email: &str, locale: &str| NewAccount {
        name: "Farah binti Ali".parse().unwrap(),
        email: email.parse().unwrap(),
        locale: locale.to_owned(),
        zone: AccountZone::chosen("Asia/Kuala_Lumpur"),
    };
    let make = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        for (email, locale) in OWNERS {
            setup::create_owner(tx, &[], &person(email, locale), &Credential::Link).unwrap();
        }
        account::create(tx, &person("guest@example.my", "en")).unwrap();
        Ok(())
    };
    site.store.write(make).await.unwrap();
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Good,
    Between,
    Wrong,
}

impl Phase {
    fn pick<T>(self, good: T, between: T, wrong: T) -> T {
        match self {
            Good => good,
            Between => between,
            Wrong => wrong,
        }
    }
}

use Phase::{Between, Good, Wrong};

/// Returns the report on one kind of alert, with values that belong to this phase.
fn state(kind: Kind, phase: Phase, now: Timestamp) -> Report {
    let room = |free| {
        Some(Room {
            free,
            total: 1_000_000_000,
        })
    };
    let reports: Vec<Report> = match kind {
        Kind::Disk | Kind::Memory => {
            let room = room(phase.pick(126_000_000, 110_000_000, 99_000_000));
            let status = MachineStatus {
                memory: room,
                disk: room,
                ..MachineStatus::default()
            };
            conditions::machine(&status, &limits())
        }
        Kind::Backup
        | Kind::BackupMissing
        | Kind::BackupElsewhere
        | Kind::BackupSecond
        | Kind::SavingPaused
        | Kind::TookOver
        | Kind::Drill => {
            let skipped = DrillResult::Skipped { free: 1, needed: 2 };
            let good = DrillResult::Good {
                until: 0,
                rows: 1,
                hash: String::new(),
            };
            let result = phase.pick(good, skipped, DrillResult::Failed("cut short".to_owned()));
            let status = Status {
                has_key: true,
                copied_until: Some(now - SignedDuration::from_mins(phase.pick(1, 10, 16))),
                drill: Some(Drill { at: 0, result }),
                missing: (phase == Wrong).then(|| (now, "manifests/1 is missing".to_owned())),
                elsewhere: (phase == Wrong).then(|| (now, "box2 writes there".to_owned())),
                second: Some(SecondStatus {
                    copied_until: Some(now - SignedDuration::from_mins(phase.pick(1, 10, 16))),
                    failure: (phase != Good).then(|| (now, "no room".to_owned())),
                }),
                pause: (phase == Wrong).then(|| Pause {
                    since: now,
                    until: None,
                    reason: "the bucket is away".to_owned(),
                }),
                took_over: (phase == Wrong).then(|| TookOver::new(now, "box".to_owned(), now)),
                ..Status::default()
            };
            conditions::backup(&status, times(now), &limits())
        }
        Kind::CertificateEnds | Kind::CertificateFails => {
            let days = |days: i64| now + SignedDuration::from_hours(24 * days);
            let until = days(phase.pick(60, 60, 5));
            let in_files = FileCertificate {
                names: vec!["file.example".to_owned()],
                chain: "/etc/ssl/file.pem".into(),
                valid_from: until - SignedDuration::from_hours(24 * 90),
                valid_until: until,
            };
            let failures = Refusals {
                count: phase.pick(0, 2, 3),
                last: now,
                why: "nobody answers at port 80".to_owned(),
                asked_to_wait: 0,
            };
            let ordered = CertificateStatus {
                name: "ordered.example".to_owned(),
                valid_from: Some(days(-30)),
                valid_until: Some(days(60)),
                next: None,
                failures: (phase != Good).then_some(failures),
                refused: None,
            };
            let edge = EdgeStatus {
                ordered: vec![ordered],
                of_occasions: Vec::new(),
                in_files: vec![in_files],
                routes: String::new(),
            };
            conditions::certificates(&edge, now).into()
        }
        Kind::Jobs | Kind::Mails => {
            let failures = Failures {
                jobs: vec![("confirm".to_owned(), phase.pick(0, 0, 1))],
                mails: phase.pick(2, 4, 5),
            };
            conditions::failures(&failures, &limits()).into()
        }
        Kind::Clock => {
            let process = Process {
                id: "1".to_owned(),
                machine: "1".to_owned(),
                name: "box".to_owned(),
                version: "1.0.0".to_owned(),
                addresses: Vec::new(),
                files: "/files".to_owned(),
                clock_ahead: phase.pick(-500, -1_500, -2_500),
                started_at: now,
                seen_at: now,
                until_at: now,
            };
            let is_alive = |is_alive| Listed {
                process: process.clone(),
                is_alive,
                is_leader: false,
            };
            // A dead process and the second one of a reload change nothing.
            vec![conditions::clocks(&[true, false, true].map(is_alive))]
        }
        Kind::Service => {
            let given_up = GivenUp {
                since: now,
                reason: "it ended with code 3".to_owned(),
            };
            vec![report(&fleet(
                (phase == Wrong).then_some(given_up),
                phase == Good,
            ))]
        }
    };
    let mut reports = reports.into_iter();
    reports.find(|report| report.kind == kind).unwrap()
}

fn times(now: Timestamp) -> BackupTimes {
    BackupTimes {
        now,
        started: now - SignedDuration::from_hours(1),
        every: SignedDuration::from_hours(24),
    }
}

fn fleet(given_up: Option<GivenUp>, is_ready: bool) -> ReadyInstances {
    let ready = InstanceAddress {
        instance: 0,
        run: RunId::default(),
        address: None,
        owner: None,
    };
    let crew = ServiceInstances {
        given_up,
        ready: is_ready.then_some(ready).into_iter().collect(),
        ..ServiceInstances::default()
    };
    ReadyInstances::from([(Arc::from("web"), crew)])
}

async fn alerts(outlet: &Outlet) -> Vec<Alert> {
    outlet.site.store.read(alert::list).await.unwrap()
}

async fn mail_count(world: &World) -> usize {
    world.mails().await.len()
}

/// Records the expected mails to all recipients of one alert.
fn expect_mails(world: &World, site: &Site, kind: Kind, values: &[(&'static str, &str)]) {
    let people = OWNERS.into_iter().chain([(FURTHER, "en")]);
    for (email, locale) in people {
        expect_mail(world, site, (email, locale), kind, values, true);
        expect_mail(world, site, (email, locale), kind, values, false);
    }
}

fn expect_mail(
    world: &World,
    site: &Site,
    (email, locale): (&str, &str),
    kind: Kind,
    values: &[(&'static str, &str)],
    has_begun: bool,
) {
    let text = site.catalogue.speak(&Language::of(locale));
    let title = format!("alert-{}", kind.word().replace('_', "-"));
    let values: Vec<_> = values
        .iter()
        .map(|(name, value)| (*name, (*value).into()))
        .collect();
    let values = [
        ("title", text.with(&title, values).into()),
        ("site", site.settings.name.as_str().into()),
    ];
    let subject = if has_begun {
        "mail-alert-begun-subject"
    } else {
        "mail-alert-ended-subject"
    };
    world.expect_mail(email, &text.with(subject, values));
}

#[test]
fn each_kind_begins_once_and_ends_once_and_a_restart_repeats_nothing() {
    World::each_engine(&MIGRATIONS, async |world| {
        let before = outlet(world);
        people(&before.site).await;
        let mut after = before.clone();
        after.site.platform.store = world.second_store();
        let now = before.site.clock.now();
        let mut mails = 0;
        for kind in Kind::ALL {
            // Each phase, with the expected numbers of mails and alerts after it. There are three
            // recipients.
            for (phase, is_restarted, told, on) in [
                (Between, false, 0, 0),
                (Wrong, false, 3, 1),
                (Wrong, false, 3, 1),
                (Wrong, true, 3, 1),
                (Between, true, 3, 1),
                (Wrong, true, 3, 1),
                (Good, true, 6, 0),
                (Good, false, 6, 0),
            ] {
                // These conditions have no range between good and wrong.
                let plain = [
                    Kind::BackupMissing,
                    Kind::BackupElsewhere,
                    Kind::SavingPaused,
                    Kind::TookOver,
                    Kind::CertificateEnds,
                    Kind::Jobs,
                ];
                let is_plain = plain.contains(&kind);
                if is_plain && phase == Between {
                    continue;
                }
                let outlet = if is_restarted { &after } else { &before };
                settle(outlet, &state(kind, phase, now)).await.unwrap();
                assert_eq!(mail_count(world).await, mails + told, "{kind:?}");
                assert_eq!(alerts(outlet).await.len(), on, "{kind:?}");
            }
            mails += 6;
            let about = match kind {
                Kind::CertificateEnds => "file.example",
                Kind::CertificateFails => "ordered.example",
                Kind::Service => "web",
                Kind::Clock => "box",
                _ => "",
            };
            expect_mails(world, &before.site, kind, &[("about", about)]);
        }
        let messages = world.jobs().await;
        let messages = messages
            .iter()
            .filter(|job| job.kind == "webhook.deliver_declared");
        let bodies: Vec<_> = messages.map(|job| job.payload.clone()).collect();
        assert_eq!(bodies.len(), 2 * Kind::ALL.len());
        let of_disk = |event: &str| {
            let mut bodies = bodies.iter();
            bodies.any(|body| {
                [event, RECEIVER, r#"\"kind\":\"disk\""#, "99.0 MB of 1.0 GB"]
                    .iter()
                    .all(|part| body.contains(part))
            })
        };
        assert!(
            of_disk("alert.begun") && of_disk("alert.ended"),
            "{bodies:?}"
        );
        world.expect_jobs("webhook.deliver_declared");
        assert_eq!(before.site.catalogue.missing(), [""; 0]);
    });
}

#[test]
fn a_mail_says_what_is_wrong_in_the_owner_s_language() {
    World::each_engine(&MIGRATIONS, async |world| {
        let outlet = to_owners(world);
        people(&outlet.site).await;
        let now = outlet.site.clock.now();
        settle(&outlet, &state(Kind::Service, Wrong, now))
            .await
            .unwrap();
        let mut mails = world.mails().await;
        mails.sort_by(|one, other| one.recipient.cmp(&other.recipient));
        assert!(
            mails[0].text.contains("tidak dimulakan lagi"),
            "{}",
            mails[0].text
        );
        for mail in mails {
            for part in [
                "it ended with code 3",
                "Kuala Lumpur (UTC+8)",
                "http://127.0.0.1:8080/admin/server/services/web",
            ] {
                assert!(mail.text.contains(part), "{part} is not in {}", mail.text);
            }
        }
        for owner in OWNERS {
            expect_mail(
                world,
                &outlet.site,
                owner,
                Kind::Service,
                &[("about", "web")],
                true,
            );
        }
    });
}

#[test]
fn a_condition_that_is_not_watched_begins_nothing_and_ends_what_was_on() {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000_000);
    let nothing = Limits::default();
    let empty = Room { free: 0, total: 9 };
    let status = MachineStatus {
        memory: Some(empty),
        disk: Some(empty),
        ..MachineStatus::default()
    };
    let backup = Status {
        has_key: true,
        ..Status::default()
    };
    let failures = Failures {
        jobs: vec![("confirm".to_owned(), 9)],
        mails: 9,
    };
    let mut reports = conditions::machine(&status, &nothing);
    reports.extend(conditions::backup(&backup, times(now), &nothing));
    reports.extend(conditions::failures(&failures, &nothing));
    assert_eq!(reports.len(), 11);
    assert!(
        reports.iter().all(|report| report.findings.is_empty()),
        "{reports:?}"
    );
    // Unknown values change no alert.
    assert!(conditions::machine(&MachineStatus::default(), &limits()).is_empty());
}

#[test]
fn a_backup_that_never_copied_is_behind_and_one_that_dumps_has_its_time() {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000_000);
    let wrong = |status: &Status| {
        let reports = conditions::backup(status, times(now), &limits());
        let findings = reports.iter().flat_map(|report| &report.findings);
        let levels: Vec<_> = findings.map(|finding| finding.level).collect();
        levels == [alert::Level::Wrong]
    };
    let mut status = Status {
        has_key: true,
        ..Status::default()
    };
    assert!(wrong(&status), "the process runs for an hour");
    status.has_key = false;
    assert!(!wrong(&status), "there is no backup yet");
    status.has_key = true;
    status.copied_until = Some(now - SignedDuration::from_hours(24));
    assert!(wrong(&status));
    status.is_dumped = true;
    assert!(!wrong(&status));
    status.copied_until = Some(now - SignedDuration::from_hours(25));
    assert!(wrong(&status));
}

#[test]
fn an_owner_who_comes_later_is_told_and_a_failure_after_a_repair_too() {
    World::each_engine(&MIGRATIONS, async |world| {
        let outlet = to_owners(world);
        let alarm = ServiceAlarm::start(outlet.clone());
        let told = |since| {
            Some(GivenUp {
                since,
                reason: "code 3".to_owned(),
            })
        };
        let first = outlet.site.clock.now();
        settle(&outlet, &report(&fleet(told(first), false)))
            .await
            .unwrap();
        assert_eq!(alerts(&outlet).await.len(), 1, "the page shows it");
        people(&outlet.site).await;
        alarm.hear(&fleet(told(first), false));
        wait_for_mails(world, 2).await;
        // The service runs for a minute, but the alarm receives no report about that.
        world.clock.advance(SignedDuration::from_mins(1));
        alarm.hear(&fleet(told(outlet.site.clock.now()), false));
        wait_for_mails(world, 4).await;
        alarm.hear(&fleet(None, false));
        alarm.hear(&fleet(None, true));
        wait_for_mails(world, 6).await;
        for owner in OWNERS {
            for has_begun in [true, true, false] {
                let about = [("about", "web")];
                expect_mail(world, &outlet.site, owner, Kind::Service, &about, has_begun);
            }
        }
    });
}

/// Waits until the store contains `count` mails.
async fn wait_for_mails(world: &World, count: usize) {
    let limit = std::time::Duration::from_secs(30);
    let there = async {
        while mail_count(world).await < count {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(limit, there).await.expect("mails");
    assert_eq!(mail_count(world).await, count);
}

/// Like [`settle`], but the future does not borrow the arguments.
fn settle_owned(
    outlet: &Outlet,
    report: &Report,
) -> impl Future<Output = Result<(), StoreError>> + use<> {
    let (outlet, report) = (outlet.clone(), report.clone());
    async move { settle(&outlet, &report).await }
}

#[test]
fn two_workers_that_see_it_at_once_tell_it_once() {
    World::each_engine(&MIGRATIONS, async |world| {
        let here = to_owners(world);
        people(&here.site).await;
        let mut there = here.clone();
        there.site.platform.store = world.second_store();
        let now = here.site.clock.now();
        for round in 1..=20 {
            for phase in [Wrong, Good] {
                let report = state(Kind::Disk, phase, now);
                let (one, other) =
                    together(settle_owned(&here, &report), settle_owned(&there, &report)).await;
                one.and(other).unwrap();
            }
            assert_eq!(mail_count(world).await, 4 * round);
            for owner in OWNERS {
                for has_begun in [true, false] {
                    expect_mail(world, &here.site, owner, Kind::Disk, &[], has_begun);
                }
            }
        }
    });
}

#[test]
fn a_pause_is_still_told_after_it_ended_and_a_take_over_for_a_day() {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000);
    let begun = |status: &Status, kind| {
        let reports = conditions::backup(status, times(now), &limits());
        let report = reports.into_iter().find(|report| report.kind == kind);
        !report.unwrap().findings.is_empty()
    };
    // Nothing could be stored or sent while it lasted.
    for (minutes, is_told) in [(1, true), (9, true), (11, false)] {
        let pause = Pause {
            since: now - SignedDuration::from_hours(1),
            until: Some(now - SignedDuration::from_mins(minutes)),
            reason: "the bucket was away".to_owned(),
        };
        let status = Status {
            pause: Some(pause),
            ..Status::default()
        };
        assert_eq!(begun(&status, Kind::SavingPaused), is_told, "{minutes}");
    }
    for (hours, is_told) in [(1, true), (25, false)] {
        let at = now - SignedDuration::from_hours(hours);
        let status = Status {
            took_over: Some(TookOver::new(at, "box".to_owned(), at)),
            ..Status::default()
        };
        assert_eq!(begun(&status, Kind::TookOver), is_told, "{hours}");
    }
}
