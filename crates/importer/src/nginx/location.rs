//! The path of an nginx location, and how it is compared with requests.

use super::directive::Directive;
use super::scope::Level;

/// Where authorities look for the proof that certbot has written.
pub(super) const ACME: &str = "/.well-known/acme-challenge";

/// A path and the settings that nginx applies to it.
pub(super) struct ConvertedLocation {
    pub(super) path: String,
    pub(super) level: Level,
    /// Whether nginx compares no regular expressions with requests for this path.
    pub(super) is_final: bool,
}

impl ConvertedLocation {
    /// Whether an authority that issues certificates asks for this path.
    pub(super) fn is_for_authorities(&self) -> bool {
        self.path.starts_with(ACME)
    }
}

/// How nginx compares a location with the request's path.
pub(super) enum Kind<'a> {
    Prefix(&'a str),
    Exact(&'a str),
    Pattern(&'a str),
    Named(&'a str),
}

pub(super) fn kind(directive: &Directive) -> Kind<'_> {
    let (first, second) = (directive.word(0), directive.word(1));
    if directive.words.len() > 1 {
        return match first {
            "=" => Kind::Exact(second),
            "^~" => Kind::Prefix(second),
            _ => Kind::Pattern(second),
        };
    }
    // nginx allows the modifier to precede the path without a space.
    if let Some(rest) = first.strip_prefix("^~") {
        Kind::Prefix(rest)
    } else if let Some(rest) = first.strip_prefix('=') {
        Kind::Exact(rest)
    } else if let Some(rest) = first.strip_prefix("~*").or_else(|| first.strip_prefix('~')) {
        Kind::Pattern(rest)
    } else if first.starts_with('@') {
        Kind::Named(first)
    } else {
        Kind::Prefix(first)
    }
}

/// Whether the regular expression matches hidden files: `/\.`, `/\.ht`, `/\.(?!well-known)` and
/// similar.
pub(super) fn is_hidden(pattern: &str) -> bool {
    let rest = pattern.strip_prefix('^').unwrap_or(pattern);
    rest.starts_with(r"/\.") || rest.starts_with(r"(^|/)\.") || rest.starts_with(r".*/\.")
}

/// Converts a regular expression for file name endings to patterns. For example, `\.(css|js)$`
/// becomes `*.css` and `*.js`.
pub(super) fn endings(pattern: &str) -> Option<Vec<String>> {
    let rest = pattern.strip_suffix('$')?;
    let rest = rest
        .strip_prefix(".+")
        .or_else(|| rest.strip_prefix("^.+"))
        .unwrap_or(rest);
    let rest = rest.strip_prefix(r"\.")?;
    let inside = match rest.strip_prefix('(') {
        Some(rest) => rest.strip_suffix(')')?,
        None => rest,
    };
    let mut names = Vec::new();
    for ending in inside.strip_prefix("?:").unwrap_or(inside).split('|') {
        // An ending such as `jpe?g` stands for two endings, here `jpeg` and `jpg`.
        let (long, short) = match ending.split_once('?') {
            Some((before, after)) => {
                let mut shorter = before.to_owned();
                shorter.pop()?;
                (format!("{before}{after}"), Some(shorter + after))
            }
            None => (ending.to_owned(), None),
        };
        for ending in [Some(long), short].into_iter().flatten() {
            if ending.is_empty() || !ending.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return None;
            }
            names.push(format!("*.{ending}"));
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_of_files_are_known() {
        assert_eq!(
            endings(r"\.(css|jpe?g)$").unwrap(),
            ["*.css", "*.jpeg", "*.jpg"]
        );
        assert_eq!(endings(r"\.(?:woff2)$").unwrap(), ["*.woff2"]);
        assert_eq!(endings(r"\.ico$").unwrap(), ["*.ico"]);
        for other in [
            r"\.php",
            r"^/a\.css$",
            r"\.(a.c)$",
            r"\.()$",
            r"\.?$",
            r"\.é?x$",
            "",
        ] {
            assert_eq!(endings(other), None, "{other}");
        }
    }

    #[test]
    fn hidden_files_are_known() {
        for pattern in [r"/\.", r"/\.ht", r"/\.(?!well-known).*", r"^/\.git"] {
            assert!(is_hidden(pattern));
        }
        assert!(!is_hidden(r"\.css$"));
    }
}
