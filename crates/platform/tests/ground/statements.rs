//! Tests that both engines accept every SQL statement of this crate.

use std::path::Path;

#[test]
fn every_statement_is_accepted_by_both_engines() {
    let own: Vec<_> = testkit::statements()
        .into_iter()
        .filter(|statement| statement.file.starts_with(Path::new("crates/platform")))
        .collect();
    assert!(own.len() > 20, "{} statements were found", own.len());
    testkit::prepare_all(&[platform::MIGRATIONS], &own);
}
