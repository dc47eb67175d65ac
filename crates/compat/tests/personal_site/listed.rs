//! Tests that the documentation lists every route that is open to everybody.

use compat::personal_site;
use site::Callers;

use crate::stage::WITH_TOKENS;

#[test]
fn what_anybody_signs_in_with_is_in_the_documentation() {
    let documentation = include_str!("../../../../docs/security.md");
    for page in personal_site::pages(WITH_TOKENS) {
        let is_told = documentation.contains(&format!("`{}`", page.path));
        assert!(is_told && page.access == Callers::Anybody, "{}", page.path);
    }
}
