//! Answers taken out of the cache before their time, by the beginning of their path or by tag.

use http::{HeaderMap, HeaderName};

use super::stored::Head;

/// The tags of an answer, between commas or spaces. It never leaves the edge of a
/// route with a cache.
pub(super) const TAG: HeaderName = HeaderName::from_static("cache-tag");

/// Whoever answers says in this header, between commas or spaces, which paths (what begins
/// with `/`) and tags are to be purged; `*` is everything it answered. It never leaves the
/// edge.
pub const PURGE: HeaderName = HeaderName::from_static("x-kenduri-purge");

/// An answer has so many tags at most.
const MOST: usize = 64;
/// The longest tag, in bytes.
const LONGEST: usize = 128;

/// Which answers are not wanted any more: those whose path begins so, as their program is
/// asked for it, those with a tag, or with `*` any.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purge<'a> {
    /// Where their route leads; nothing: anywhere.
    pub(crate) scope: Option<&'a str>,
    pub(crate) name: &'a str,
}

impl Purge<'_> {
    pub(super) fn options(&self, head: &Head) -> bool {
        let (scope, address) = head.key.split_once('\n').unwrap_or_default();
        let (_, rest) = address.split_once("://").unwrap_or_default();
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        self.scope.is_none_or(|wanted| wanted == scope)
            && (self.name == "*"
                || self.name.starts_with('/') && path.starts_with(self.name)
                || head.tags.iter().any(|tag| **tag == *self.name))
    }
}

/// Takes the tags off an answer; an error if there are more, or longer ones, than
/// can be kept: what cannot be purged must not be kept.
pub(crate) fn taken_tags(answer: &mut HeaderMap) -> Result<Vec<Box<str>>, TooMany> {
    let tags = taken(answer, &TAG);
    let is_fine = tags.len() <= MOST && tags.iter().all(|tag| tag.len() <= LONGEST);
    is_fine.then_some(tags).ok_or(TooMany)
}

/// An answer has more tags than can be kept.
#[derive(Debug)]
pub(crate) struct TooMany;

/// Takes off an answer what it wants purged. So many names that looking for each
/// would hold up others mean everything.
pub(crate) fn taken_purges(answer: &mut HeaderMap) -> Vec<Box<str>> {
    let names = taken(answer, &PURGE);
    if names.len() > MOST {
        return vec!["*".into()];
    }
    names
}

fn taken(answer: &mut HeaderMap, name: &HeaderName) -> Vec<Box<str>> {
    if !answer.contains_key(name) {
        return Vec::new();
    }
    let mut tags: Vec<Box<str>> = answer
        .get_all(name)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| b", \t".contains(byte)))
        .filter(|tag| !tag.is_empty())
        .map(|tag| String::from_utf8_lossy(tag).into())
        .collect();
    answer.remove(name);
    tags.sort();
    tags.dedup();
    tags
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn tagged(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(TAG, HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn tags_are_taken_off() {
        let mut headers = tagged(&["b, a", "a c", ", "]);
        let tags = taken_tags(&mut headers).unwrap();
        assert_eq!(tags.iter().map(|tag| &**tag).collect::<String>(), "abc");
        assert!(headers.is_empty());
        assert!(taken_tags(&mut headers).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_purged_is_told() {
        let many: Vec<String> = (0..=MOST).map(|number| number.to_string()).collect();
        assert!(taken_tags(&mut tagged(&[&many.join(",")])).is_err());
        assert!(taken_tags(&mut tagged(&[&many[1..].join(",")])).is_ok());
        assert!(taken_tags(&mut tagged(&[&"x".repeat(LONGEST + 1)])).is_err());
        let mut headers = HeaderMap::new();
        let all = HeaderValue::from_str(&many.join(" ")).unwrap();
        headers.insert(PURGE, all);
        assert_eq!(taken_purges(&mut headers), ["*".into()]);
        assert!(headers.is_empty());
    }
}
