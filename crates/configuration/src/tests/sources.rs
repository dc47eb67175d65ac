//! Tests that the settings file is read once, however often its values are checked.

use supervisor::CheckDepth;

use super::written;
use crate::Sources;

#[test]
fn what_was_read_once_is_checked_without_the_file() {
    let (folder, mut asked) = written("data = \"d\"\n[jobs]\nat_once = 3\n");
    let sources = Sources::read(&[], &asked).expect("read");
    drop(folder);
    let found = sources.check(&asked, CheckDepth::Whole).expect("good");
    assert_eq!(found.settings.jobs_at_once, 3);
    asked.lasting = Some(found.lasting());
    asked.ports.insert("web".to_owned(), 5_000);
    let again = sources.check(&asked, CheckDepth::Whole).expect("good");
    assert_eq!(again.merged(), found.merged());
    assert_eq!(again.text, found.text);
}

#[test]
fn a_value_that_toml_alone_accepts_is_told_with_its_line() {
    let (folder, asked) = written("[jobs]\nat_once = 99999999999999999999\n");
    let told = super::problems(&folder, &asked);
    assert!(told.starts_with("kenduri.toml:2: jobs.at_once"), "{told}");
}

#[test]
fn what_is_wrong_with_values_is_told_in_the_order_of_the_lines() {
    let (folder, mut asked) = written(
        "[jobs]\nat_once = 99\n[listen]\nidle_time = \"0s\"\n[[route]]\nto = \"upstream:x\"\n\
         [service.a]\nrun = \"sleep 1\"\nlisten = \"unix\"\nbalance = \"fair\"\n",
    );
    super::set(&mut asked, "store.batch", "0");
    let told = super::problems(&folder, &asked);
    let told = told.lines().filter(|line| !line.starts_with(' '));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "kenduri.toml:2: jobs.at_once is 99",
            "kenduri.toml:4: listen.idle_time: it must be longer than 0",
            "kenduri.toml:6: route[0].to: there is no upstream \"x\"",
            // The edge and the supervisor both find this problem, but it is reported only once.
            "kenduri.toml:10: service.a.balance: \"fair\" is not a way to balance",
            "flag --set store.batch: store.batch is 0",
        ]
    );
}
