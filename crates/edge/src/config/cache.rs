//! Validates `[cache]`, and the `shared_cache` settings of routes.

use std::time::Duration;

use units::Check;

use crate::cache::{DefaultLifetimes, Policy, StoreSettings};
use crate::description;
use crate::route::Target;

pub(super) fn store(written: &description::Cache, check: &mut Check) -> Option<StoreSettings> {
    let memory = check.accept("cache.memory", units::size(&written.memory));
    let largest = check.accept("cache.largest", units::size(&written.largest));
    let entries = check.between("cache.entries", written.entries, 1, 100_000);
    let wait = check.time("cache.wait", &written.wait);
    let (memory, largest) = (memory?, largest?);
    if largest > memory {
        check.refuse(
            "cache.largest",
            "one response would take more memory than the whole cache may take",
            "lower it, or raise cache.memory",
        );
    }
    Some(StoreSettings {
        memory,
        entries: usize::try_from(entries).ok()?,
        largest,
        wait: wait?,
    })
}

pub(super) fn policy(
    route: &str,
    target: &Target,
    written: &description::Route,
    check: &mut Check,
) -> Option<Policy> {
    let shared = written.shared_cache.as_ref()?;
    if !matches!(target, Target::App | Target::Proxy(_)) {
        check.refuse(
            "shared_cache",
            format!(
                "it is for responses of programs, and {} is not a program",
                written.to
            ),
            "remove it; files are cached in memory anyway",
        );
        return None;
    }
    if matches!(target, Target::App) && !shared.lifetime.is_empty() {
        check.refuse(
            "shared_cache.lifetime",
            "the app's responses depend on more than the request's headers, so only the app knows \
             which are for everybody",
            "remove it: the app says in each response whether it may be cached",
        );
    }
    let mut time = |name: &str, written: &str| match written {
        "" => Some(Duration::ZERO),
        written => check.accept(name, units::duration(written)),
    };
    let lifetime = time("shared_cache.lifetime", &shared.lifetime);
    let revalidate = time(
        "shared_cache.stale_while_revalidate",
        &shared.stale_while_revalidate,
    );
    let error = time("shared_cache.stale_if_error", &shared.stale_if_error);
    if shared.with_cookies && shared.lifetime.is_empty() {
        check.refuse(
            "shared_cache.with_cookies",
            "it has no effect without lifetime",
            "set lifetime, or remove it",
        );
    }
    let unsaid = DefaultLifetimes {
        lifetime: lifetime?,
        stale_while_revalidate: revalidate?,
        stale_if_error: error?,
    };
    Some(Policy::new(route, &written.to, unsaid, shared.with_cookies))
}
