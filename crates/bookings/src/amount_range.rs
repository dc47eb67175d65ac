//! Findings about amounts that are out of range.

use ::web::Findings;
use ::web::problem::Argument;
use platform::money::Money;

/// If `most` is 0, nothing is left.
pub(crate) fn add_amount_range(findings: &mut Findings, pointer: &str, most: Money) {
    if most.minor < 1 {
        findings.add(pointer, "not_allowed", []);
        return;
    }
    let least = Money::new(1, most.currency);
    let bounds = [("min", least), ("max", most)];
    let bounds = bounds.map(|(name, money)| (name, Argument::Money(money)));
    findings.add(pointer, "out_of_range", bounds);
}
