//! Reading, setting and deleting cookies. Their names, `Secure` and the `__Host-` prefix depend on
//! the site's URL.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use crate::site_url::SiteUrl;

/// How long a browser keeps a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// The cookie is kept until the browser is closed.
    Session,
    /// The cookie is kept for this number of seconds.
    Seconds(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Only the server can read the cookie (`HttpOnly`).
    Server,
    /// The page's script can read the cookie too.
    Script,
}

pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .find(|(found, _)| found.trim() == name)
        .map(|(_, value)| value.trim().trim_matches('"'))
}

/// Finds the value of a cookie that [`secret`] set.
pub fn find_secret<'a>(headers: &'a HeaderMap, url: &SiteUrl, name: &str) -> Option<&'a str> {
    if url.is_secure() {
        find(headers, &format!("__Host-{name}"))
    } else {
        find(headers, name)
    }
}

/// A `Set-Cookie` header for a cookie that scripts cannot read (`HttpOnly`), with the prefix
/// `__Host-` if the site uses TLS.
pub fn secret(url: &SiteUrl, name: &str, value: &str, life: Life) -> HeaderValue {
    let prefix = if url.is_secure() { "__Host-" } else { "" };
    set(url, &format!("{prefix}{name}"), value, life, Reader::Server)
}

/// A `Set-Cookie` header that deletes a cookie set by [`secret`].
pub fn forget(url: &SiteUrl, name: &str) -> HeaderValue {
    secret(url, name, "", Life::Seconds(0))
}

/// A `Set-Cookie` header for a cookie without a name prefix. If the name or the value is invalid in
/// a header, an error is logged and the header is empty.
pub fn set(url: &SiteUrl, name: &str, value: &str, life: Life, reader: Reader) -> HeaderValue {
    let age = match life {
        Life::Session => String::new(),
        Life::Seconds(seconds) => format!("; Max-Age={seconds}"),
    };
    let http_only = if reader == Reader::Server {
        "; HttpOnly"
    } else {
        ""
    };
    let secure = if url.is_secure() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; SameSite=Lax{age}{http_only}{secure}");
    HeaderValue::try_from(text).unwrap_or_else(|_| {
        tracing::error!(
            name,
            "a cookie has characters that a header cannot hold; please report this"
        );
        HeaderValue::from_static("")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cookie_is_found_among_many() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; kd_lang=it;b=\"2\"".parse().unwrap());
        headers.append(COOKIE, "c = 3".parse().unwrap());
        for (name, value) in [
            ("a", Some("1")),
            ("kd_lang", Some("it")),
            ("b", Some("2")),
            ("c", Some("3")),
            ("lang", None),
        ] {
            assert_eq!(find(&headers, name), value, "{name}");
        }
    }

    #[test]
    fn attributes_follow_the_address_of_the_site() {
        let home = SiteUrl::parse("http://127.0.0.1:8080").unwrap();
        let public = SiteUrl::parse("https://kenduri.example").unwrap();
        assert_eq!(
            secret(&home, "kd_session", "x", Life::Session),
            "kd_session=x; Path=/; SameSite=Lax; HttpOnly"
        );
        assert_eq!(
            secret(&public, "kd_session", "x", Life::Seconds(60)),
            "__Host-kd_session=x; Path=/; SameSite=Lax; Max-Age=60; HttpOnly; Secure"
        );
        let mut headers = HeaderMap::new();
        headers.insert(
            COOKIE,
            "kd_session=old; __Host-kd_session=x".parse().unwrap(),
        );
        assert_eq!(find_secret(&headers, &public, "kd_session"), Some("x"));
        assert_eq!(find_secret(&headers, &home, "kd_session"), Some("old"));
    }
}
