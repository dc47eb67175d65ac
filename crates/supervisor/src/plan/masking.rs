//! Masks secrets in commands and paths.

const MASK: &str = "***";
/// In the names of options, variables, headers and query parameters, they suggest a secret.
const SECRET_WORDS: &str = "token secret pass pwd key authorization cookie";

/// Masks probable secrets in a command: passwords in URLs, and values whose names suggest a secret,
/// as in `--token=…`, `--token …`, `-p …`, `TOKEN=…`, `X-Token: …` and `?token=…`.
pub fn command(words: &[String]) -> Vec<String> {
    let (mut before, mut shown) = ("", Vec::new());
    for word in words {
        let is_port = word
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b':');
        let is_named = before.starts_with('-') && !before.contains('=') && is_secret_name(before);
        // A word that begins with `--` is certainly another option. A word that begins with a
        // single `-` may be the secret.
        let is_secret = is_named && !word.starts_with("--") || before == "-p" && !is_port;
        shown.push(if is_secret {
            MASK.into()
        } else {
            mask_word(word)
        });
        if word.strip_suffix(':').is_some_and(is_secret_name) {
            // The header's value may continue in the next words, so all remaining words are left
            // out.
            break;
        }
        before = word;
    }
    shown
}

/// Masks probable secrets in a shell command line.
pub fn line(text: &str) -> String {
    match super::value_parsers::words(text).map(|words| (command(&words), words)) {
        Ok((shown, words)) if shown == words => text.to_owned(),
        Ok((shown, _)) => shown.join(" "),
        Err(_) => MASK.to_owned(),
    }
}

/// Masks the secrets in `name=value` pairs separated by `&`, as in `path?token=…&name=…`.
pub fn query(text: &str) -> String {
    let pairs = text.split('&').map(|pair| {
        let mut names = pair.match_indices('=').map(|(end, _)| &pair[..end]);
        let secret = names.find(|name| is_secret_name(name));
        secret.map_or_else(|| pair.to_owned(), |name| format!("{name}={MASK}"))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// An option such as `--token=…`, a URL or a shell command line.
fn mask_word(word: &str) -> String {
    let (name, given) = word.split_at(word.find(['=', ':']).unwrap_or_default());
    match given.get(..1) {
        _ if name.contains(char::is_whitespace) => line(word),
        Some(sign) if is_secret_name(name) => format!("{name}{sign}{MASK}"),
        Some("=") => format!("{name}={}", mask_word(&given[1..])),
        _ if word.contains(char::is_whitespace) => line(word),
        _ => query(&without_password(word).unwrap_or_else(|| word.to_owned())),
    }
}

/// RFC 3986, section 3.2.1. The password may contain unescaped delimiters such as `/` or `?`, so it
/// extends to the last `@`.
fn without_password(word: &str) -> Option<String> {
    let start = word.find("://")? + 3;
    let (user, host) = word[start..].rsplit_once('@')?;
    let (name, password) = user.split_once(':')?;
    // The query may contain a secret, and the last `@` may be part of that secret. In this case,
    // everything after the user's name is masked.
    let host = if query(password) == password {
        host
    } else {
        ""
    };
    Some(format!("{}{name}:{MASK}@{host}", &word[..start]))
}

fn is_secret_name(text: &str) -> bool {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let start = text.trim_end_matches(is_of_name).len();
    let name = text[start..].to_ascii_lowercase();
    SECRET_WORDS.split(' ').any(|secret| name.contains(secret))
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
            ("mysql -u me -p hunter2 db", "mysql -u me -p *** db"),
            (
                "docker run -p 8080:80 a -p 80",
                "docker run -p 8080:80 a -p 80",
            ),
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
                "a --peers=postgres://a:***@h2",
            ),
            (
                "a https://h/?token=x,https://i/?key=y",
                "a https://h/?token=***",
            ),
            ("a redis://:p/w?x#y@host:1/0", "a redis://:***@host:1/0"),
            ("a redis://:p@w@host", "a redis://:***@host"),
            ("a p://db:1/x?password=a@b", "a p://db:***@"),
            (
                "curl -H 'Authorization: Bearer x' -H 'X-Api-Key: x' h",
                "curl -H Authorization:*** -H X-Api-Key:*** h",
            ),
            (
                "curl '--header=Authorization: Bearer x' -HCookie:a=b",
                "curl --header=Authorization:*** -HCookie:***",
            ),
            (
                "sh -c 'curl -H \"Authorization: Bearer x\" https://u:p@h'",
                "sh -c curl -H Authorization:*** https://u:***@h",
            ),
            (
                "curl -H Authorization: Bearer x",
                "curl -H Authorization:***",
            ),
            (
                "a --database 'host=h password=x'",
                "a --database host=h password=***",
            ),
        ] {
            let words = super::super::value_parsers::words(written).unwrap();
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
