//! Purges stored responses before they expire, by path prefix.

use http::{HeaderMap, HeaderName};

use super::stored::StoredHead;

/// The response header with which a server purges stored responses of its own target. The value is
/// a list of paths, separated by commas or spaces. Each path also purges all paths below it, and
/// `*` purges all responses. The edge removes the header.
pub const PURGE: HeaderName = HeaderName::from_static("x-kenduri-purge");

/// If one response names more paths, all responses of the target are purged.
const MAX_PATHS: usize = 64;

/// A purge of all responses with a path that begins with `name`; `*` means all responses. The path
/// is the one that was requested from the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purge<'a> {
    /// The target whose responses are purged; `None` for all targets.
    pub(crate) scope: Option<&'a str>,
    pub(crate) name: &'a str,
}

impl Purge<'_> {
    pub(super) fn matches(&self, head: &StoredHead) -> bool {
        let (scope, address) = head.key.split_once('\n').unwrap_or_default();
        let (_, rest) = address.split_once("://").unwrap_or_default();
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        self.scope.is_none_or(|wanted| wanted == scope)
            && (self.name == "*" || self.name.starts_with('/') && path.starts_with(self.name))
    }
}

/// Removes the purge header from a response and returns the paths in it. If there are too many
/// paths, returns only `*`, because comparing each path would delay other requests.
pub(crate) fn taken_purges(answer: &mut HeaderMap) -> Vec<Box<str>> {
    if !answer.contains_key(PURGE) {
        return Vec::new();
    }
    let said = answer.get_all(PURGE).iter();
    let names = said.flat_map(|value| value.as_bytes().split(|byte| b", \t".contains(byte)));
    let names = names.filter(|name| !name.is_empty());
    let mut names: Vec<Box<str>> = names
        .map(|name| String::from_utf8_lossy(name).into())
        .collect();
    answer.remove(PURGE);
    names.sort();
    names.dedup();
    if names.len() > MAX_PATHS {
        return vec!["*".into()];
    }
    names
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn taken(lines: &[&str]) -> Vec<Box<str>> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(PURGE, HeaderValue::from_str(line).unwrap());
        }
        let names = taken_purges(&mut headers);
        assert!(headers.is_empty());
        names
    }

    #[test]
    fn what_is_to_be_purged_is_taken_off() {
        let names = taken(&["/b, /a", "/a /c", ", "]);
        assert_eq!(names, ["/a".into(), "/b".into(), "/c".into()]);
        assert!(taken(&[]).is_empty());
        let many: Vec<String> = (0..=MAX_PATHS).map(|number| format!("/{number}")).collect();
        assert_eq!(taken(&[&many[1..].join(",")]).len(), MAX_PATHS);
        assert_eq!(taken(&[&many.join(" ")]), ["*".into()]);
    }
}
