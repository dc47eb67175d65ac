//! Names that answers are kept under beside their address, to be purged by.

use http::{HeaderMap, HeaderName};

/// The tags of an answer, between commas or spaces. It never leaves the door of a
/// route with a cache.
pub(super) const TAG: HeaderName = HeaderName::from_static("cache-tag");

/// Whoever answers says in this header, between commas or spaces, which tags are to
/// be purged; `*` is everything it answered. It never leaves the door.
pub const PURGE: HeaderName = HeaderName::from_static("x-kenduri-purge");

/// An answer has so many tags at most.
const MOST: usize = 64;
/// The longest tag, in bytes.
const LONGEST: usize = 128;

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

/// Takes off an answer what it wants purged. So many tags that looking for each
/// would hold up others mean everything.
pub(crate) fn taken_purges(answer: &mut HeaderMap) -> Vec<Box<str>> {
    let tags = taken(answer, &PURGE);
    if tags.len() > MOST {
        return vec!["*".into()];
    }
    tags
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
