//! Commands and paths as they may be shown.

use super::values;

/// What stands for a secret.
const MASK: &str = "***";
/// What the name of an option, a variable, a header or a part of a query holds whose value is a
/// secret.
const NAMES: [&str; 7] = [
    "token",
    "secret",
    "pass",
    "pwd",
    "key",
    "authorization",
    "cookie",
];

/// The words of a command without what looks like a secret: values that are named so, as
/// `--token=…`, `--token …`, `TOKEN=…`, `X-Token: …` and `?token=…`, and passwords in URLs.
pub fn command(words: &[String]) -> Vec<String> {
    let mut is_secret = false;
    let mut shown = Vec::with_capacity(words.len());
    for word in words {
        // A secret may begin with one -, as may what comes after an option without a value.
        if std::mem::take(&mut is_secret) && !word.starts_with("--") {
            shown.push(MASK.to_owned());
            continue;
        }
        if word.strip_suffix(':').is_some_and(is_secret_name) {
            // Nobody knows where the value of this header ends.
            shown.push(format!("{word} {MASK}"));
            break;
        }
        is_secret = word.starts_with('-') && is_secret_name(word);
        shown.push(value(word));
    }
    shown
}

/// A word, or what is given to an option in it.
fn value(word: &str) -> String {
    let header = word.split_once(':').map(|(name, _)| name);
    if let Some(name) = header.filter(|name| is_secret_name(name)) {
        return format!("{name}: {MASK}");
    }
    if !word.contains(char::is_whitespace) {
        return query(&without_passwords(word));
    }
    match word.split_once('=') {
        Some((name, _)) if is_secret_name(name) => format!("{name}={MASK}"),
        Some((name, given)) if is_name(name) => format!("{name}={}", value(given)),
        _ => line(word),
    }
}

/// A command in one line, as those for a shell are, without what looks like a secret.
pub fn line(text: &str) -> String {
    let Ok(words) = values::words(text) else {
        return MASK.to_owned();
    };
    let shown = command(&words);
    if shown == words {
        return text.to_owned();
    }
    shown.join(" ")
}

fn is_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|secret| name.contains(secret))
}

fn is_secret_name(name: &str) -> bool {
    is_name(name) && names_a_secret(name)
}

/// A text without the secrets among `name=value`, as in `path?token=…&name=…`.
pub fn query(text: &str) -> String {
    let without = |pair: &str| {
        let is_secret = |end: &usize| {
            let name = pair[..*end].rsplit(['?', ';', '#', ',', '/', ':', '@', '=']);
            name.take(1).any(names_a_secret)
        };
        let mut ends = pair.match_indices('=').map(|(end, _)| end);
        let end = ends.find(is_secret);
        end.map_or_else(|| pair.to_owned(), |end| format!("{}={MASK}", &pair[..end]))
    };
    text.split('&').map(without).collect::<Vec<_>>().join("&")
}

/// A word without the passwords of all URLs in it: `scheme://user:password@host` (RFC 3986,
/// section 3.2.1).
fn without_passwords(word: &str) -> String {
    let mut shown = String::with_capacity(word.len());
    let mut rest = word;
    while let Some((before, after)) = rest.split_once("://") {
        shown.extend([before, "://"]);
        let end = after.find("://").map_or(after.len(), |next| {
            let is_scheme = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
            let before = after[..next].trim_end_matches(is_scheme);
            before.strip_suffix(',').unwrap_or(before).len()
        });
        shown.push_str(&without_password(&after[..end]));
        rest = &after[end..];
    }
    shown.push_str(rest);
    shown
}

/// What follows the scheme. A password may hold what should end it there, as `/` or `?`: it goes to
/// the last `@`.
fn without_password(address: &str) -> String {
    let named = address
        .rsplit_once('@')
        .and_then(|(user, host)| Some((user.split_once(':')?, host)));
    match named {
        // The @ may stand in the secret.
        Some(((name, password), _)) if query(password) != password => format!("{name}:{MASK}"),
        Some(((name, _), host)) => format!("{name}:{MASK}@{host}"),
        None => address.to_owned(),
    }
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
                "a http://b/c?d@e ssh://git@h",
                "a http://b/c?d@e ssh://git@h",
            ),
            (
                "sh -c 'a --secret \"x y\" && b'",
                "sh -c a --secret *** && b",
            ),
            ("sh -c 'echo \"a  b\"'", "sh -c echo \"a  b\""),
            ("a --token -Ab3x --port 1", "a --token *** --port 1"),
            (
                "a postgres://db/x?user=u&password=hunter2&a=b",
                "a postgres://db/x?user=u&password=***&a=b",
            ),
            (
                "a --url=https://h/?token=abc",
                "a --url=https://h/?token=***",
            ),
            (
                "a https://h/#access_token=abc",
                "a https://h/#access_token=***",
            ),
            ("a h:6379,password=x,y", "a h:6379,password=***"),
            (
                "a --peers=postgres://a:x@h,postgres://b:y@h2",
                "a --peers=postgres://a:***@h,postgres://b:***@h2",
            ),
            (
                "a https://h/?token=x,https://i/?key=y",
                "a https://h/?token=***",
            ),
            ("a redis://:p/w?x#y@host:1/0", "a redis://:***@host:1/0"),
            ("a redis://:p@w@host", "a redis://:***@host"),
            ("a p://db:1/x?password=a@b", "a p://db:***"),
            (
                "curl -H 'Authorization: Bearer x' -H 'X-Api-Key: x' h",
                "curl -H Authorization: *** -H X-Api-Key: *** h",
            ),
            (
                "curl '--header=Authorization: Bearer x' -HCookie:a=b",
                "curl --header=Authorization: *** -HCookie: ***",
            ),
            (
                "sh -c 'curl -H \"Authorization: Bearer x\" https://u:p@h'",
                "sh -c curl -H Authorization: *** https://u:***@h",
            ),
            (
                "curl -H Authorization: Bearer x",
                "curl -H Authorization: ***",
            ),
            (
                "a --database 'host=h password=x'",
                "a --database host=h password=***",
            ),
        ] {
            let words = super::values::words(written).unwrap();
            assert_eq!(super::command(&words).join(" "), shown);
        }
    }

    #[test]
    fn the_rest_of_a_path_is_shown() {
        for (written, shown) in [
            ("/health", "/health"),
            ("/health?a=b&c", "/health?a=b&c"),
            ("/health?api_key=x&a=b", "/health?api_key=***&a=b"),
        ] {
            assert_eq!(super::query(written), shown);
        }
    }
}
