//! Converts `return`, `rewrite` and `if` directives to responses that need no upstream.

use edge::route::HostPattern;

use super::directive::Directive;
use super::import_result::{Made, close};
use super::scope::Level;

pub(super) const REWRITE: &str = "regular expressions cannot be carried over; a route may `strip` and `add`, or lead to redirect:URL";
const REDIRECT: &str = "Redirects are sent with 308, which keeps the method, and not with 301.";

enum ReturnAction {
    Redirect { code: u16, url: String },
    Status { code: u16, text: bool },
    Unknown,
}

fn read(directive: &Directive) -> ReturnAction {
    let (first, second) = (directive.word(0), directive.word(1));
    match first.parse::<u16>() {
        Ok(code @ (301 | 302 | 303 | 307 | 308)) if !second.is_empty() => ReturnAction::Redirect {
            code,
            url: second.to_owned(),
        },
        Ok(code @ (200..=299 | 400..=599)) => ReturnAction::Status {
            code,
            text: !second.is_empty(),
        },
        Err(_) if first.starts_with("http") || first.starts_with('$') => ReturnAction::Redirect {
            code: 302,
            url: first.to_owned(),
        },
        _ => ReturnAction::Unknown,
    }
}

/// Sets the response of a route from a `return` or `rewrite` directive.
pub(super) fn answer(
    route: &mut edge::Route,
    level: &mut Level,
    directive: &Directive,
    is_tls: bool,
    made: &mut Made,
) {
    let remarks = &mut level.remarks;
    match read(directive) {
        ReturnAction::Redirect { code, url } => match location(&url, &route.host, is_tls) {
            Ok(location) => {
                route.to = format!("redirect:{location}");
                if matches!(code, 302 | 303 | 307) {
                    remarks.about(
                        directive,
                        "nginx redirects temporarily, but 308 is permanent: browsers remember it, and do not ask again; let a program redirect, if it may change",
                    );
                } else if code != 308 {
                    made.add_note(REDIRECT);
                }
            }
            Err(why) => {
                remarks.about(
                    directive,
                    &format!("{why}. Until `to` names a target, 503 is answered here"),
                );
                close(route, 503);
            }
        },
        ReturnAction::Status { code: 444, .. } => {
            remarks.about(directive, "a client that is refused gets 403");
            close(route, 403);
        }
        ReturnAction::Status { code, text } => {
            close(route, code);
            if text {
                remarks.about(
                    directive,
                    "the page of the status is sent in place of the text; let a program answer, if that matters",
                );
            }
        }
        ReturnAction::Unknown => {
            remarks.about(
                directive,
                "not supported. Until `to` names a target, 503 is answered here",
            );
            close(route, 503);
        }
    }
}

/// The result has `{path}` where nginx inserts the request's path and query.
fn location(url: &str, host: &str, is_tls: bool) -> Result<String, &'static str> {
    const HOST: &str = "where it leads depends on the host; name the hosts one by one";
    let mut text = String::new();
    let mut has_path = false;
    let mut rest = url;
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        let (name, after) = variable(&rest[at + 1..]);
        rest = after;
        match name {
            "scheme" => text.push_str(if is_tls { "https" } else { "http" }),
            "host" | "http_host" | "server_name" if host.is_empty() || host.starts_with('*') => {
                return Err(HOST);
            }
            "host" | "http_host" | "server_name" => text.push_str(host),
            "request_uri" | "uri" | "document_uri" if !has_path => {
                has_path = true;
                // `{path}` begins with a slash.
                if text.ends_with('/') && !text.ends_with("//") {
                    text.pop();
                }
                text.push_str("{path}");
            }
            // `{path}` includes the query.
            "is_args" | "args" | "query_string" if has_path => {}
            _ => return Err("where it leads depends on a variable or a regular expression"),
        }
    }
    text.push_str(rest);
    if text.replacen("{path}", "", 1).contains(['{', '}']) {
        return Err("its address has braces");
    }
    Ok(text)
}

/// Replaces `$server_name` in the redirects of a server block with several names by its first name,
/// which that variable always is, whatever host the client asks for.
pub(super) fn name_server(block: &mut [Directive]) {
    fn replace(block: &mut [Directive], name: &str) {
        for directive in block {
            if matches!(directive.name.as_str(), "return" | "rewrite") {
                for word in &mut directive.words {
                    *word = word
                        .replace("${server_name}", name)
                        .replace("$server_name", name);
                }
            }
            replace(directive.block.as_deref_mut().unwrap_or_default(), name);
        }
    }

    let names = block.iter().filter(|one| one.name == "server_name");
    let names: Vec<&String> = names.flat_map(|one| &one.words).collect();
    if let [name, _, ..] = names[..]
        && let name = name.to_ascii_lowercase()
        && matches!(HostPattern::parse(&name), Ok(HostPattern::Exact(_)))
    {
        replace(block, &name);
    }
}

/// The name after a `$`, and the remaining text.
fn variable(text: &str) -> (&str, &str) {
    if let Some((name, rest)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return (name, rest);
    }
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.split_at(text.find(|letter| !is_part(letter)).unwrap_or(text.len()))
}

/// Whether the directive only redirects requests for `host` to the same URL over HTTPS. Kenduri
/// makes such redirects without configuration.
pub(super) fn is_to_https(directive: &Directive, host: &str) -> bool {
    let ("return", ReturnAction::Redirect { url, .. }) = (directive.name.as_str(), read(directive))
    else {
        return false;
    };
    let host = if host.is_empty() {
        "host.example"
    } else {
        host
    };
    let here = url
        .strip_prefix("https://")
        .and_then(|_| location(&url, host, true).ok());
    here == Some(format!("https://{host}{{path}}"))
}

/// Converts a `rewrite` that redirects every path, such as `rewrite ^/(.*)$ https://a.example/$1
/// permanent;`, to the equivalent `return` directive.
pub(super) fn redirect_of_all(directive: &Directive) -> Option<Directive> {
    let (pattern, to, flag) = (directive.word(0), directive.word(1), directive.word(2));
    let code = match flag {
        "permanent" => "301",
        "" | "redirect" => "302",
        _ => return None,
    };
    let is_whole = ["http://", "https://", "$scheme://"]
        .iter()
        .any(|scheme| to.starts_with(scheme));
    let rest = pattern.strip_prefix('^').unwrap_or(pattern);
    let rest = rest.strip_suffix('$').unwrap_or(rest);
    let to = to.strip_suffix('?').unwrap_or(to);
    let url = match rest {
        "" | "/" | ".*" | "/.*" if !to.contains("$1") => to.to_owned(),
        "/(.*)" if to.ends_with("/$1") => to.replacen("/$1", "$request_uri", 1),
        "(.*)" | "(/.*)" if to.ends_with("$1") => to.replacen("$1", "$request_uri", 1),
        _ => return None,
    };
    is_whole.then(|| Directive {
        place: directive.place.clone(),
        name: "return".to_owned(),
        words: vec![code.to_owned(), url],
        block: None,
    })
}

/// The conditions of an `if` directive that can be converted.
pub(super) enum Condition {
    /// Clear-text requests for these hosts are redirected to HTTPS. The list can be shorter than
    /// that of the hosts for which the condition is checked.
    ToHttps(Vec<String>),
    /// The directive `answer` applies to one host, or to all hosts except one.
    Host {
        name: String,
        is_other: bool,
        answer: Directive,
    },
    /// The block denies access to the requests that meet the condition.
    Refusal {
        /// Whether clients can avoid the condition by a header that describes them, such as
        /// `User-Agent`. Such a condition protects nothing.
        is_avoidable: bool,
    },
    Unknown,
}

pub(super) fn condition(directive: &Directive, names: &[String]) -> Condition {
    let text = directive.words.join(" ");
    let text = text
        .trim()
        .trim_start_matches('(')
        .trim_end_matches(')')
        .trim();
    let mut words = text.split_whitespace();
    let (left, sign, right) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let other = if directive.inside().iter().any(refuses) {
        Condition::Refusal {
            is_avoidable: matches!(left, "$http_user_agent" | "$http_referer")
                && !sign.starts_with('!'),
        }
    } else {
        Condition::Unknown
    };
    let [answer] = directive.inside() else {
        return other;
    };
    let in_clear = match (left, sign) {
        ("$scheme", "=") => right == "http",
        ("$scheme", "!=") => right == "https",
        ("$server_port", "=") => right == "80",
        ("$https", "=") => right.is_empty(),
        ("$https", "!=") => right == "on",
        _ => false,
    };
    let led = names.iter().filter(|name| is_to_https(answer, name));
    let led: Vec<String> = led.cloned().collect();
    if in_clear && !led.is_empty() {
        return Condition::ToHttps(led);
    }
    if matches!(left, "$host" | "$http_host")
        && matches!(sign, "=" | "!=")
        && answer.name == "return"
    {
        let name = right.trim_matches(['"', '\'']).to_ascii_lowercase();
        if sign == "=" && is_to_https(answer, &name) {
            return Condition::ToHttps(vec![name]);
        }
        return Condition::Host {
            name,
            is_other: sign == "!=",
            answer: answer.clone(),
        };
    }
    other
}

/// Whether the directive denies access. A server error is no refusal, but a sign that a site is
/// being maintained, and neither is 429.
pub(super) fn refuses(directive: &Directive) -> bool {
    let is_refusal = |code: u16| (400..500).contains(&code) && code != 429;
    directive.name == "deny"
        || (directive.name == "return"
            && matches!(read(directive), ReturnAction::Status { code, .. } if is_refusal(code)))
}

/// Returns the prefix that a directive such as `rewrite ^/api/(.*)$ /$1 break;` strips from the
/// path.
pub(super) fn stripped(directive: &Directive) -> Option<String> {
    let (pattern, to) = (directive.word(0), directive.word(1));
    if !matches!(directive.word(2), "break" | "last") {
        return None;
    }
    let rest = pattern.strip_prefix('^')?;
    let rest = rest.strip_suffix('$').unwrap_or(rest);
    let (prefix, to) = if let Some(prefix) = rest.strip_suffix("/(.*)") {
        (prefix, to.strip_suffix("/$1")?)
    } else if let Some(prefix) = rest.strip_suffix("(/.*)") {
        (prefix, to.strip_suffix("$1")?)
    } else {
        (rest.strip_suffix("/?(.*)")?, to.strip_suffix("/$1")?)
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte);
    let is_plain = prefix.starts_with('/') && prefix.bytes().all(plain);
    (is_plain && to.is_empty()).then(|| prefix.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewrites_of_every_path_are_redirects() {
        let of = |words: &[&str]| {
            redirect_of_all(&Directive {
                place: crate::nginx::directive::Place {
                    file: "a".into(),
                    line: 1,
                },
                name: "rewrite".to_owned(),
                words: words.iter().copied().map(str::to_owned).collect(),
                block: None,
            })
        };
        for (pattern, to, flag, shown) in [
            (
                "^",
                "https://b.example$request_uri?",
                "permanent",
                "return 301 https://b.example$request_uri",
            ),
            (
                "^/(.*)$",
                "https://b.example/$1",
                "permanent",
                "return 301 https://b.example$request_uri",
            ),
            (
                "^(.*)$",
                "$scheme://b.example$1",
                "redirect",
                "return 302 $scheme://b.example$request_uri",
            ),
            (
                "^/(.*)",
                "http://b.example/x/$1",
                "",
                "return 302 http://b.example/x$request_uri",
            ),
            (
                "^.*$",
                "https://b.example/closed",
                "permanent",
                "return 301 https://b.example/closed",
            ),
        ] {
            assert_eq!(
                of(&[pattern, to, flag]).unwrap().shown(),
                shown,
                "{pattern}"
            );
        }
        for (pattern, to, flag) in [
            ("^/old$", "https://b.example/", "permanent"),
            ("^/(.*)$", "/x/$1", "permanent"),
            ("^/(.*)$", "https://b.example/$1/x", "permanent"),
            ("^/(.*)$", "https://b.example/$1", "last"),
            ("^/a/(.*)$", "https://b.example/$1", "permanent"),
        ] {
            assert!(of(&[pattern, to, flag]).is_none(), "{pattern} {to}");
        }
    }

    #[test]
    fn redirects_keep_what_nginx_keeps() {
        for (url, host, expected) in [
            (
                "https://$host$request_uri",
                "a.example",
                Ok("https://a.example{path}"),
            ),
            (
                "$scheme://b.example/$uri$is_args$args",
                "",
                Ok("https://b.example{path}"),
            ),
            (
                "https://${server_name}${request_uri}",
                "a.example",
                Ok("https://a.example{path}"),
            ),
            ("/new", "a.example", Ok("/new")),
        ] {
            assert_eq!(location(url, host, true).as_deref(), expected, "{url}");
        }
        for (url, host) in [
            ("https://$host/", ""),
            ("https://$host/", "*.a.example"),
            ("https://a.example/$1", "a.example"),
            ("https://a.example/$arg_x", "a.example"),
        ] {
            assert!(location(url, host, true).is_err(), "{url}");
        }
    }
}
