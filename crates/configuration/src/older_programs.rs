//! Reads the section `compat`, which selects the older programs whose paths Kenduri serves.

use site::domain::Domains;
use units::Check;
use web::setting::SettingValues;

use super::domain_settings;
use super::written::Compat;

/// How the paths of an older site are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OlderSite {
    /// Whether `/api/auth` uses this site's format.
    pub has_auth: bool,
    /// Whether the response to a registration contains tokens, or reports that the email address is
    /// taken. If so, anybody can find out which addresses have an account.
    pub register_tokens: bool,
}

/// The older programs whose paths are served.
pub(super) struct OlderPrograms {
    /// The slug of the occasion that is served at the paths of older wedding cards, if any.
    pub(super) occasion: Option<String>,
    pub(super) personal_site: Option<OlderSite>,
    pub(super) booking_site: Option<OlderSite>,
}

impl OlderPrograms {
    pub(super) fn read(
        domains: Domains,
        compat: &Compat,
        values: &SettingValues,
        check: &mut Check,
    ) -> Self {
        check_auth(compat, check);
        if compat.bookings && !domain_settings::is_on(domains, "bookings.enabled", values) {
            check.refuse_sentence(
                "compat.bookings",
                "compat.bookings is on, but bookings are off",
                "set bookings.enabled = true, or leave it out",
            );
        }
        let register_tokens = compat.register_tokens;
        if register_tokens && (compat.backend || compat.bookings) {
            check.warn_sentence(
                "compat.register_tokens: anybody can find out which addresses have an account. \
                 Leave it out where the front end can do without",
            );
        }
        if register_tokens && !compat.backend && !compat.bookings {
            check.refuse_sentence(
                "compat.register_tokens",
                "compat.register_tokens is for the addresses of the older sites, which are off",
                "set compat.backend or compat.bookings, or leave it out",
            );
        }
        Self {
            occasion: occasion(compat, check),
            personal_site: compat.backend.then_some(OlderSite {
                has_auth: compat.auth == "backend",
                register_tokens,
            }),
            booking_site: compat.bookings.then_some(OlderSite {
                has_auth: compat.auth == "bookings",
                register_tokens,
            }),
        }
    }
}

/// Both older sites have the path `/api/auth`, so the setting names the site whose format it uses.
fn check_auth(compat: &Compat, check: &mut Check) {
    const KEY: &str = "compat.auth";
    match compat.auth.as_str() {
        "" if compat.backend && compat.bookings => check.refuse_sentence(
            KEY,
            "compat.backend and compat.bookings are on, and compat.auth does not say which of \
             them /api/auth is like",
            "write \"backend\" or \"bookings\"",
        ),
        "" if compat.bookings => check.warn_sentence(
            "compat.bookings is on without compat.auth = \"bookings\": nobody can sign in to its \
             addresses. Set it, if people should",
        ),
        "backend" if !compat.backend => check.refuse_sentence(
            KEY,
            "compat.auth is for the addresses of the older personal site, which are off",
            "set compat.backend = true, or leave it out",
        ),
        "bookings" if !compat.bookings => check.refuse_sentence(
            KEY,
            "compat.auth is for the addresses of the older booking site, which are off",
            "set compat.bookings = true, or leave it out",
        ),
        "" | "backend" | "bookings" => {}
        other => check.refuse_sentence(
            KEY,
            format!("compat.auth is {other:?}, which is not an older site"),
            "write \"backend\" or \"bookings\", or leave it out",
        ),
    }
}

/// Whether the occasion exists is checked later, because that depends on the store.
fn occasion(compat: &Compat, check: &mut Check) -> Option<String> {
    let slug = compat.occasion.trim();
    let is_slug = (3..=63).contains(&slug.len())
        && slug
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !slug.is_empty() && !is_slug {
        check.refuse_sentence(
            "compat.occasion",
            format!("compat.occasion is {slug:?}, which cannot be the slug of an occasion"),
            "write the last part of its address, /o/SLUG",
        );
    }
    (!slug.is_empty()).then(|| slug.to_owned())
}
