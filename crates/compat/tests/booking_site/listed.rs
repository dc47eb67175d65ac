//! Tests that the documentation lists every route that is open to everybody.

use compat::booking_site::{self, Policy};
use site::Callers;

#[test]
fn what_anybody_may_call_is_in_the_documentation() {
    let documentation = include_str!("../../../../docs/security.md");
    let policy = Policy {
        has_auth: true,
        register_tokens: true,
    };
    for page in booking_site::pages(policy) {
        let is_told = documentation.contains(&format!("`{}`", page.path));
        assert!(is_told && page.access == Callers::Anybody, "{}", page.path);
    }
}
