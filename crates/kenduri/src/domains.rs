//! The domains of the program. What is read of each says [`accounts::Domain`].

use accounts::Domains;

/// All of them, in the order of their dependencies.
pub(crate) const DOMAINS: Domains = &[
    accounts::DOMAIN,
    occasions::DOMAIN,
    countdowns::DOMAIN,
    posts::DOMAIN,
];

#[cfg(test)]
mod stolen_database;

#[cfg(test)]
mod tests {
    use accounts::domain;

    use super::DOMAINS;

    /// Every SQL text of the program, prepared on both engines: none can name a column that is
    /// not there, or mean something else on one of them.
    #[test]
    fn every_statement_is_understood_by_both_engines() {
        let statements = testkit::statements();
        assert!(statements.len() > 150, "the scanner finds them");
        testkit::prepare_all(&domain::migrations(DOMAINS), &statements);
    }
}
