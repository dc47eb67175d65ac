//! Tests that the routes are there only where they are switched on, and that the documentation lists
//! every route that is open to everybody.

use compat::booking_site::{self, Policy};
use site::Callers;
use testkit::Stage;

use crate::stage::{DOMAINS, on_default};

#[test]
fn nothing_answers_unless_it_is_switched_on() {
    on_default(&async |stage: &Stage<'_>| {
        let mut anybody = Stage::new(stage.world, DOMAINS).visitor();
        for path in [
            "/api/companies",
            "/api/auth/me",
            "/api/mentee/bookings",
            "/health",
        ] {
            anybody.get(path).await.expect(404);
        }
    });
}

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
