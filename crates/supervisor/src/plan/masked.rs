//! Commands as they may be shown.

use super::values;

/// What stands for a secret.
const MASK: &str = "***";
/// What the name of an option holds whose value is a secret.
const NAMES: [&str; 4] = ["token", "secret", "pass", "key"];

/// The words of a command without what looks like a secret: values of options that are named so,
/// as `--token=…`, `--token …` and `TOKEN=…`, and passwords in URLs.
pub(super) fn command(words: &[String]) -> Vec<String> {
    let mut is_secret = false;
    let mut shown = Vec::with_capacity(words.len());
    for word in words {
        let is_option = word.starts_with('-');
        if std::mem::take(&mut is_secret) && !is_option {
            shown.push(MASK.to_owned());
            continue;
        }
        is_secret = is_option && is_secret_name(word);
        shown.push(match word.split_once('=') {
            Some((name, _)) if is_secret_name(name) => {
                is_secret = false;
                format!("{name}={MASK}")
            }
            _ if word.contains(char::is_whitespace) => line(word),
            _ => without_password(word),
        });
    }
    shown
}

/// A word that is a command itself, as those for a shell are.
fn line(text: &str) -> String {
    let Ok(words) = values::words(text) else {
        return MASK.to_owned();
    };
    let shown = command(&words);
    if shown == words {
        return text.to_owned();
    }
    shown.join(" ")
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    name.bytes().all(is_name) && NAMES.iter().any(|secret| name.contains(secret))
}

/// `scheme://user:password@host` (RFC 3986, section 3.2.1).
fn without_password(word: &str) -> String {
    let masked = || {
        let start = word.find("://")? + "://".len();
        let authority = word[start..].split(['/', '?', '#']).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        let (name, _) = user.split_once(':')?;
        let (before, after) = (&word[..start + name.len()], &word[start + user.len()..]);
        Some(format!("{before}:{MASK}{after}"))
    };
    masked().unwrap_or_else(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_looks_like_a_secret_is_not_shown() {
        for (written, shown) in [
            ("node a.js --port=1 -v", "node a.js --port=1 -v"),
            ("node a.js --token=x=y", "node a.js --token=***"),
            ("a --API-Key x --name y", "a --API-Key *** --name y"),
            (
                "redis-server --requirepass x",
                "redis-server --requirepass ***",
            ),
            ("a --no-password --port 1", "a --no-password --port 1"),
            ("env DB_PASSWORD=x a", "env DB_PASSWORD=*** a"),
            ("a postgres://me:x@db/y", "a postgres://me:***@db/y"),
            (
                "a --url=redis://:x@db:6379?a=b",
                "a --url=redis://:***@db:6379?a=b",
            ),
            (
                "a http://b/c:d@e ssh://git@h",
                "a http://b/c:d@e ssh://git@h",
            ),
            (
                "sh -c 'a --secret \"x y\" && b'",
                "sh -c a --secret *** && b",
            ),
            ("sh -c 'echo \"a  b\"'", "sh -c echo \"a  b\""),
        ] {
            let words = super::values::words(written).unwrap();
            assert_eq!(super::command(&words).join(" "), shown);
        }
    }
}
