//! Tests that the settings file is read once, however often its values are checked.

use supervisor::CheckDepth;

use super::written;
use crate::configuration::Sources;

#[test]
fn what_was_read_once_is_checked_without_the_file() {
    let (folder, mut asked) = written("data = \"d\"\n[jobs]\nat_once = 3\n");
    let sources = Sources::read(&asked).expect("read");
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
