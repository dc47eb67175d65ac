//! Reads and removes cookies in request headers.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

pub(crate) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .find_map(|pair| {
            let value = pair.trim_ascii().strip_prefix(name.as_bytes())?;
            value.strip_prefix(b"=")
        })
}

/// Removes all cookies with this name. Returns whether there was one.
pub(crate) fn remove(headers: &mut HeaderMap, name: &str) -> bool {
    if value(headers, name).is_none() {
        return false;
    }
    let is_named = |pair: &&[u8]| {
        let value = pair.trim_ascii().strip_prefix(name.as_bytes());
        value.is_some_and(|rest| rest.starts_with(b"="))
    };
    let lines = headers.get_all(COOKIE).iter();
    let kept: Vec<&[u8]> = lines
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter(|pair| !is_named(pair))
        .map(<[u8]>::trim_ascii)
        .collect();
    let kept = HeaderValue::from_bytes(&kept.join(&b"; "[..]));
    match kept {
        Ok(kept) if !kept.is_empty() => drop(headers.insert(COOKIE, kept)),
        _ => drop(headers.remove(COOKIE)),
    }
    true
}
