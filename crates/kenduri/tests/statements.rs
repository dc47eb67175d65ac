//! Every SQL text of the program, prepared on both engines: none can name a
//! column that is not there, or mean something else on one of them.

#[test]
fn every_statement_is_understood_by_both_engines() {
    let statements = testkit::statements();
    assert!(statements.len() > 150, "the scanner finds them");
    let migrations = [
        platform::MIGRATIONS,
        accounts::MIGRATIONS,
        occasions::MIGRATIONS,
    ];
    testkit::prepare_all(&migrations, &statements);
}
