//! The permitted dependencies between crates. ARCHITECTURE.md shows them as arrows, and every arrow
//! points down.

use super::Finding;
use crate::workspace::{Metadata, shown};

/// A crate that is not listed may use none.
const ALLOWED: &[(&str, &[&str])] = &[
    (
        "kenduri",
        &[
            "operate",
            "configuration",
            "install",
            "backup",
            "importer",
            "compat",
            "edge",
            "supervisor",
            "occasions-all",
            "occasions-lists",
            "occasions",
            "countdowns",
            "posts",
            "bookings",
            "accounts",
            "site",
            "identity",
            "web",
            "platform",
            "units",
        ],
    ),
    (
        "compat",
        &[
            "occasions-all",
            "occasions-lists",
            "occasions",
            "countdowns",
            "posts",
            "bookings",
            "accounts",
            "site",
            "identity",
            "web",
            "platform",
            "upgrade",
        ],
    ),
    ("install", &["edge"]),
    (
        "configuration",
        &[
            "backup",
            "edge",
            "supervisor",
            "units",
            "site",
            "identity",
            "web",
            "platform",
        ],
    ),
    (
        "operate",
        &[
            "configuration",
            "backup",
            "edge",
            "supervisor",
            "site",
            "identity",
            "web",
            "platform",
        ],
    ),
    ("backup", &["platform"]),
    ("importer", &["edge", "supervisor"]),
    ("edge", &["http1", "units", "upgrade"]),
    ("supervisor", &["units"]),
    (
        "occasions-all",
        &[
            "occasions-lists",
            "occasions",
            "site",
            "identity",
            "web",
            "platform",
        ],
    ),
    (
        "occasions-lists",
        &["occasions", "site", "identity", "web", "platform"],
    ),
    ("occasions", &["site", "identity", "web", "platform"]),
    ("countdowns", &["site", "identity", "web", "platform"]),
    ("posts", &["site", "identity", "web", "platform"]),
    ("bookings", &["site", "identity", "web", "platform"]),
    ("accounts", &["site", "identity", "web", "platform"]),
    ("site", &["identity", "web", "platform"]),
    ("identity", &["web", "platform"]),
    ("web", &["platform"]),
    ("platform", &["platform-derive"]),
    (
        "testkit",
        &["accounts", "site", "identity", "web", "platform"],
    ),
    ("lab", &["xtask"]),
];

/// Every other crate may use it, but only in tests.
const TEST_WORLD: &str = "testkit";
/// The tests of other domains also use it.
const SIGN_IN_PAGES: &str = "accounts";
/// The tests of settings read those that the domains declare.
const SETTINGS: (&str, [&str; 5]) = (
    "configuration",
    [
        "accounts",
        "occasions-all",
        "countdowns",
        "posts",
        "bookings",
    ],
);

pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let ours: Vec<_> = metadata.packages.iter().filter(|p| p.is_ours()).collect();
    let mut findings = Vec::new();
    for package in &ours {
        for dependency in &package.dependencies {
            let is_ours = ours.iter().any(|other| other.name == dependency.name);
            let kind = dependency.kind.as_deref();
            if is_ours && !may_use(&package.name, &dependency.name, kind) {
                findings.push(Finding::new(
                    shown(&package.manifest_path),
                    format!("{} must not use {}", package.name, dependency.name),
                ));
            }
        }
    }
    findings
}

fn may_use(user: &str, used: &str, kind: Option<&str>) -> bool {
    let is_listed = |used: &str| {
        let mut all = ALLOWED.iter();
        all.any(|(name, below)| *name == user && below.contains(&used))
    };
    let is_for_tests = used == TEST_WORLD || used == SIGN_IN_PAGES && is_listed("site");
    let is_for_tests = is_for_tests || user == SETTINGS.0 && SETTINGS.1.contains(&used);
    is_listed(used) || is_for_tests && kind == Some("dev")
}

#[cfg(test)]
mod tests {
    use super::may_use;

    #[test]
    fn arrows_point_down_and_never_sideways() {
        assert!(may_use("occasions", "platform", None));
        assert!(!may_use("platform", "occasions", None));
        assert!(!may_use("occasions", "bookings", None));
        assert!(!may_use("edge", "platform", None));
        assert!(!may_use("xtask", "platform", None));
        assert!(!may_use("occasions", "accounts", None));
    }

    #[test]
    fn the_test_world_stays_out_of_the_program() {
        assert!(may_use("accounts", "testkit", Some("dev")));
        assert!(!may_use("kenduri", "testkit", None));
        assert!(may_use("occasions", "accounts", Some("dev")));
        assert!(!may_use("web", "accounts", Some("dev")));
        assert!(may_use("configuration", "bookings", Some("dev")));
        assert!(!may_use("configuration", "bookings", None));
    }
}
