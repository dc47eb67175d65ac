//! Tests of services that run, or are replaced, at scheduled times.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use supervisor::Clock;
use supervisor::state::InstanceState;
use tokio::sync::mpsc::unbounded_channel;

use crate::support::{Fixture, plan, until};

#[test]
fn commands_run_and_services_are_replaced_when_their_time_comes() {
    let time: Timestamp = "2027-03-14T06:58:30Z".parse().unwrap();
    let time = Arc::new(Mutex::new(time));
    let clock: Clock = {
        let time = Arc::clone(&time);
        Arc::new(move || *time.lock().unwrap())
    };
    // In New York, clocks are set forward from 2 to 3 at 07:00 UTC.
    let services = "
        [nightly]
        run = \"echo ran\"
        cron = \"0 3 * * *\"
        time_zone = \"America/New_York\"
        [web]
        run = \"python3 server.py\"
        listen = \"unix\"
        keep_former = \"0s\"
        cron_restart = \"30 2 * * *\"
        time_zone = \"America/New_York\"
    ";
    let fixture = Fixture::with_clock(services, clock);
    fixture.ready("web", 1);
    let first = fixture.pid("web");
    let pass = |minutes: i64, to: &str| {
        let mut time = time.lock().unwrap();
        *time += jiff::SignedDuration::from_mins(minutes);
        assert_eq!(time.to_string(), to);
        drop(time);
        // The supervisor reads its clock once a second.
        fixture.passes(Duration::from_secs(1));
    };
    let runs = || fixture.log_text("nightly").lines().count();
    assert_eq!(fixture.rows("nightly")[0].state, InstanceState::Finished);
    pass(1, "2027-03-14T06:59:30Z");
    assert_eq!(runs(), 0);
    pass(1, "2027-03-14T07:00:30Z");
    until("it has run", || runs() == 1);
    assert_eq!(fixture.pid("web"), first);
    pass(30, "2027-03-14T07:30:30Z");
    until("it is replaced", || {
        let rows = fixture.rows("web");
        rows.len() == 1 && rows[0].generation == 2 && rows[0].state == InstanceState::Ready
    });
    assert_ne!(fixture.pid("web"), first);
    fixture.wait(fixture.control.stop("nightly")).unwrap();
    pass(24 * 60, "2027-03-15T07:30:30Z");
    fixture.wait(fixture.control.start("nightly")).unwrap();
    assert_eq!(runs(), 1);
    fixture.wait(fixture.control.restart("nightly")).unwrap();
    until("it has run again", || runs() == 2);
}

#[test]
fn a_planned_restart_is_left_to_who_asked_for_it() {
    let time: Timestamp = "2027-03-14T03:59:30Z".parse().unwrap();
    let time = Arc::new(Mutex::new(time));
    let clock: Clock = {
        let time = Arc::clone(&time);
        Arc::new(move || *time.lock().unwrap())
    };
    let services = "
        [web]
        run = \"python3 server.py\"
        listen = \"unix\"
        cron_restart = \"0 4 * * *\"
        [nightly]
        run = \"echo ran\"
        cron = \"0 4 * * *\"
    ";
    let (due_restarts, mut due) = unbounded_channel();
    let fixture = Fixture::with_due_restarts(services, clock, due_restarts);
    fixture.ready("web", 1);
    let first = fixture.pid("web");
    *time.lock().unwrap() += jiff::SignedDuration::from_mins(1);
    fixture.passes(Duration::from_secs(1));
    until("the command has run", || {
        fixture.log_text("nightly").lines().count() == 1
    });
    assert_eq!(&*due.try_recv().unwrap(), "web");
    assert!(due.try_recv().is_err());
    assert_eq!(fixture.pid("web"), first);
}

#[test]
fn a_schedule_that_makes_no_sense_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (line, key) in [
        ("cron = \"0 3 * *\"", "service.a.cron"),
        ("cron_restart = \"61 * * * *\"", "service.a.cron_restart"),
        (
            "cron = \"0 3 * * *\"\ntime_zone = \"Mars\"",
            "service.a.cron",
        ),
        ("cron = \"0 3 * * *\"\ninstances = 2", "service.a.instances"),
        ("cron = \"0 3 * * *\"\nlisten = \"tcp\"", "service.a.listen"),
        ("cron = \"0 3 * * *\"\nhealth = {}", "service.a.health"),
        (
            "cron = \"0 3 * * *\"\ncron_restart = \"0 4 * * *\"",
            "service.a.cron_restart",
        ),
    ] {
        let services = format!("[a]\nrun = \"sleep 1\"\n{line}\n");
        let flaws = plan(folder.path(), &services).unwrap_err();
        assert_eq!(flaws.len(), 1, "{line}: {flaws:?}");
        assert_eq!(flaws[0].key, key, "{line}");
    }
}
