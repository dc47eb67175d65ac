//! The headers with which browsers protect a page: its content security policy, and what other
//! sites, caches and search engines may learn of it.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
    frame-src 'self'; base-uri 'none'; frame-ancestors 'self'";

/// The content security policy of a page that other sites may frame.
pub const EMBED_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; script-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors *";

/// The content security policy of a page whose forms may also submit to these origins.
pub fn policy_with_forms_to(origins: &[String]) -> HeaderValue {
    let forms = format!("form-action 'self' {}", origins.join(" "));
    let policy = POLICY.replace("form-action 'self'", &forms);
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(POLICY))
}

/// Browser features that none of the site's pages use.
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// Adds the headers that the handler has not set. `is_secret` is true if the path contains a code or
/// a token.
pub(super) fn add(headers: &mut HeaderMap, is_secret: bool) {
    let mut add = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    add(X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(CONTENT_SECURITY_POLICY, POLICY);
    add(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    add(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    // Responses for a single person or link must not be cached.
    add(CACHE_CONTROL, "no-store, private");
    if is_secret {
        add(REFERRER_POLICY, "no-referrer");
        add(
            HeaderName::from_static("x-robots-tag"),
            "noindex, nofollow, noarchive",
        );
    } else {
        add(REFERRER_POLICY, "strict-origin-when-cross-origin");
    }
}
