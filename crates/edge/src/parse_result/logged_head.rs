//! Finds the parts of a refused request head that are logged.

use std::sync::Arc;

use http::uri::{PathAndQuery, Uri};
use http::{Method, Request};

use http1::METHOD_LENGTH;

const MAX_LOGGED_TARGET: usize = 2_048;

/// The parts of a head that could be parsed. The other parts are empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoggedHead {
    pub(crate) method: Option<Method>,
    /// The host in lower case.
    pub(crate) host: Arc<str>,
    pub(crate) target: Option<PathAndQuery>,
}

impl LoggedHead {
    pub(crate) fn of<B>(request: &Request<B>, host: &Arc<str>) -> Self {
        Self {
            method: Some(request.method().clone()),
            host: Arc::clone(host),
            target: request.uri().path_and_query().cloned(),
        }
    }

    /// Finds the parts in an unparsed head. Omits incomplete parts, because the log might not
    /// recognize and mask an incomplete secret.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let (method, target) = request_line(lines.next().unwrap_or_default());
        let host = only_host(lines.map_while(strip_line_end));
        let host = host.unwrap_or_default().to_ascii_lowercase();
        Self {
            method,
            host: host.into(),
            target,
        }
    }
}

fn strip_line_end(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n")?;
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

fn request_line(line: &[u8]) -> (Option<Method>, Option<PathAndQuery>) {
    let ended = strip_line_end(line);
    let mut words = ended.unwrap_or(line).split(|byte| *byte == b' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return (None, None);
    };
    let is_whole = words.next().is_some() || ended.is_some();
    let is_one = words.next().is_none();
    let method = (method.len() <= METHOD_LENGTH).then(|| Method::from_bytes(method).ok());
    let target = is_one.then(|| path_and_query(target, is_whole));
    (method.flatten(), target.flatten())
}

/// Omits the query if the target is incomplete or too long.
fn path_and_query(target: &[u8], is_whole: bool) -> Option<PathAndQuery> {
    let told = if is_whole && target.len() <= MAX_LOGGED_TARGET {
        target
    } else {
        let path = target.iter().position(|byte| *byte == b'?')?;
        target.get(..path.min(MAX_LOGGED_TARGET + 1))?
    };
    let is_kept = told.len() <= MAX_LOGGED_TARGET;
    let uri = is_kept.then(|| Uri::try_from(told).ok()).flatten()?;
    uri.into_parts().path_and_query
}

fn only_host<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<&'a str> {
    let mut named = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_at_checked(line.iter().position(|byte| *byte == b':')?))
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"host"))
        .map(|(_, value)| value[1..].trim_ascii());
    let host = named.next().filter(|host| http1::is_host(host))?;
    let is_one = named.next().is_none();
    is_one.then(|| std::str::from_utf8(host).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(bytes: &[u8]) -> [String; 3] {
        let head = LoggedHead::of_bytes(bytes);
        let method = head.method.map(|method| method.to_string());
        let target = head.target.map(|target| target.to_string());
        let host = (*head.host).to_owned();
        [method.unwrap_or_default(), host, target.unwrap_or_default()]
    }

    #[test]
    fn only_what_came_whole_and_once_is_told() {
        for (bytes, method, host, target) in [
            ("", "", "", ""),
            ("PO", "", "", ""),
            ("POST", "", "", ""),
            ("POST /a", "POST", "", ""),
            ("POST /a?b", "POST", "", "/a"),
            ("POST /a?b HTT", "POST", "", "/a?b"),
            ("\r\nPOST /a\n", "POST", "", "/a"),
            ("\u{16}\u{3}\u{1} x\n", "", "", ""),
            ("GET /a\0 HTTP/1.1\r\nHost: a\r\n", "GET", "a", ""),
            ("GET http://b/a?c HTTP/1.1\r\n", "GET", "", "/a?c"),
            ("GET b HTTP/1.1\r\n", "GET", "", ""),
            ("GET /a b c\r\nHost: a\r\n", "GET", "a", ""),
            (
                "OPTIONS * HTTP/1.1\r\nhOST:\tA:80 \r\n",
                "OPTIONS",
                "a:80",
                "*",
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\n\r\nHost: b\r\n",
                "GET",
                "a",
                "/",
            ),
            ("GET / HTTP/1.1\r\nHost : a\r\n Host: a\r\n", "GET", "", "/"),
            ("GET / HTTP/1.1\r\nHost: a@b\r\n", "GET", "", "/"),
            ("GET / HTTP/1.1\r\nHost: a", "GET", "", "/"),
        ] {
            assert_eq!(told(bytes.as_bytes()), [method, host, target], "{bytes:?}");
        }
    }

    #[test]
    fn no_more_is_kept_than_may_be() {
        let long = "x".repeat(MAX_LOGGED_TARGET);
        for (target, shown) in [
            (format!("/{}", &long[1..]), format!("/{}", &long[1..])),
            (format!("/{long}"), String::new()),
            (format!("/a?{long}"), "/a".to_owned()),
            (format!("/{long}?a"), String::new()),
        ] {
            let bytes = format!("GET {target} HTTP/1.1\r\n");
            assert_eq!(told(bytes.as_bytes())[2], shown, "{target}");
        }
        let method = format!("{} / HTTP/1.1\r\n", "X".repeat(METHOD_LENGTH + 1));
        assert_eq!(told(method.as_bytes())[0], "");
    }

    proptest! {
        #[test]
        fn any_bytes_may_be_looked_at(bytes in "[GET /?:%\\r\\n\\x00-\\xffHost]{0,60}") {
            told(bytes.as_bytes());
        }
    }
}
