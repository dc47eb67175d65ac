//! Tests of log queries, in memory and in files, and of following a log.

use std::collections::BTreeMap;
use std::fs;

use supervisor::{LogPosition, LogQuery};

use crate::support::{Fixture, until, wish};

fn texts(fixture: &Fixture, wish: &LogQuery) -> Vec<String> {
    let lines = fixture.wait(fixture.control.logs(wish)).unwrap();
    lines.into_iter().map(|line| line.text).collect()
}

#[test]
fn what_an_earlier_supervisor_heard_is_in_the_files() {
    let services = r#"
        [talks]
        run = "for i in 0 1 2 3 4 5; do echo said $KENDURI_INSTANCE.$i; done; echo '{\"a\":1}'; exec sleep 1000"
        shell = true
        instances = 2
        logs = { max = "100", keep = 100 }
        "#;
    let fixture = Fixture::new(services);
    until("all was said", || {
        texts(&fixture, &wish("talks")).len() == 14
    });
    let before = texts(&fixture, &wish("talks"));
    let folder = fixture.stop();
    let fixture = Fixture::in_folder(folder, "[talks]\nrun = \"sleep 1000\"\n");
    fixture.ready("talks", 1);
    let mut after = texts(&fixture, &wish("talks"));
    assert_eq!(after, before, "the files are read, those put aside as well");
    let last = LogQuery {
        last: Some(3),
        ..wish("talks")
    };
    assert_eq!(texts(&fixture, &last), before[11..]);
    let first = LogQuery {
        instance: Some(1),
        grep: Some("said".to_owned()),
        ..wish("talks")
    };
    after.retain(|text| text.starts_with("said 1."));
    assert_eq!(texts(&fixture, &first), after);
    assert_eq!(after.len(), 6);
    let later = LogQuery {
        since: Some(jiff::Timestamp::MAX),
        ..wish("talks")
    };
    assert_eq!(texts(&fixture, &later), [""; 0]);
    let mut follow = fixture.wait(fixture.control.follow(last)).unwrap();
    assert_eq!(fixture.wait(follow.next()).unwrap().lines.len(), 3);
    let numbers: Vec<u64> = fixture
        .wait(fixture.control.logs(&wish("talks")))
        .unwrap()
        .iter()
        .map(|line| line.sequence)
        .collect();
    assert!(numbers.is_sorted_by(|a, b| a + 1 == *b), "{numbers:?}");
}

#[test]
fn memory_goes_before_files_and_no_line_comes_twice() {
    let fixture = Fixture::new(
        r#"
        [counts]
        run = "i=0; while test $i -lt 6000; do i=$((i+1)); echo line $i; done; exec sleep 1000"
        shell = true
        "#,
    );
    let last = |count| LogQuery {
        last: Some(count),
        ..wish("counts")
    };
    until("all was said", || {
        texts(&fixture, &last(1)) == ["line 6000"]
            && fixture.log_text("counts").contains("line 6000\n")
    });
    let all: Vec<String> = (1..=6_000).map(|number| format!("line {number}")).collect();
    assert_eq!(texts(&fixture, &last(5_999)), all[1..]);
    assert_eq!(texts(&fixture, &wish("counts")), all);
    // The larger queries request more lines than are in memory.
    for count in [1, 1_500, 2_000, 3_000] {
        assert_eq!(texts(&fixture, &last(count)), all[6_000 - count..]);
    }
}

#[test]
fn who_comes_back_goes_on_after_what_was_seen() {
    let fixture = Fixture::new(
        r#"
        [talks]
        run = "echo one; echo two; echo three; while ! test -e go; do sleep 0.02; done; i=0; while test $i -lt 6000; do i=$((i+1)); echo line $i; done; exec sleep 1000"
        shell = true
        "#,
    );
    until("it spoke", || texts(&fixture, &wish("talks")).len() == 3);
    let lines = fixture.wait(fixture.control.logs(&wish("talks"))).unwrap();
    let seen = |index: usize| LogPosition {
        at: lines[index].at,
        sequence: lines[index].sequence,
    };
    let after = |seen: LogPosition| LogQuery {
        seen: BTreeMap::from([("talks".to_owned(), seen)]),
        grep: Some("t".to_owned()),
        last: Some(usize::MAX),
        ..wish("talks")
    };
    let mut follow = fixture
        .wait(fixture.control.follow(after(seen(0))))
        .unwrap();
    let heard = fixture.wait(follow.next()).unwrap();
    let texts: Vec<&str> = heard.lines.iter().map(|line| &*line.text).collect();
    assert_eq!((texts, heard.missed), (vec!["two", "three"], 0));
    fs::write(fixture.folder.path().join("go"), "").unwrap();
    until("all was said", || {
        fixture.log_text("talks").contains("line 6000\n")
    });
    // The supervisor reports how many lines were dropped from memory before they could be returned.
    // With a filter it reports none, because the dropped lines might not have matched.
    let all = |seen| LogQuery {
        grep: None,
        ..after(seen)
    };
    let mut follow = fixture.wait(fixture.control.follow(all(seen(2)))).unwrap();
    let missed = fixture.wait(follow.next()).unwrap().missed;
    let remembered = 6_000 - missed;
    assert!(missed > 0 && remembered > 0, "{missed}");
    let some = LogQuery {
        grep: Some("line ".to_owned()),
        ..after(seen(2))
    };
    let mut follow = fixture.wait(fixture.control.follow(some)).unwrap();
    let heard = fixture.wait(follow.next()).unwrap();
    assert_eq!((heard.lines.len() as u64, heard.missed), (remembered, 0));
    // A new supervisor numbers its lines from the beginning.
    let other = LogPosition {
        at: jiff::Timestamp::UNIX_EPOCH,
        sequence: lines[2].sequence + 6_000,
    };
    let mut follow = fixture.wait(fixture.control.follow(all(other))).unwrap();
    let heard = fixture.wait(follow.next()).unwrap();
    assert_eq!((heard.lines.len() as u64, heard.missed), (remembered, 0));
}

#[test]
fn all_services_are_followed_those_that_come_as_well() {
    let says = |name: &str| {
        format!(
            "[{name}]\nrun = \"while ! test -e {name}; do sleep 0.02; done; echo {name} speaks; exec sleep 1000\"\nshell = true\n"
        )
    };
    let fixture = Fixture::new(&(says("a") + &says("b")));
    fixture.ready("b", 1);
    let mut follow = fixture
        .wait(fixture.control.follow(LogQuery::default()))
        .unwrap();
    let mut hears = |name: &str| {
        fs::write(fixture.folder.path().join(name), "").unwrap();
        let heard = fixture.wait(follow.next()).unwrap();
        assert_eq!(heard.lines.len(), 1);
        assert_eq!(&*heard.lines[0].service, name);
    };
    hears("b");
    hears("a");
    let next = says("b") + &says("c");
    let next = crate::support::plan(fixture.folder.path(), &next).unwrap();
    fixture.wait(fixture.control.apply(next)).unwrap();
    hears("c");
    fixture.wait(fixture.control.shut_down()).unwrap();
    assert_eq!(fixture.wait(follow.next()), None);
}
