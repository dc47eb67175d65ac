//! Regular-expression locations that match plain paths, such as `^/admin$` and `^/api/`.

use super::closed_paths::is_guard;
use super::directive::Directive;
use super::location::{Kind, endings, is_hidden, kind};
use super::scope::{Level, Scope};

/// The plain path that a regular expression without special characters matches.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Literal {
    path: String,
    is_exact: bool,
}

impl Literal {
    /// Returns the plain path of a regular-expression location, if a route for that path would
    /// apply to the same requests as the location. `all` contains all locations of the server
    /// block.
    pub(super) fn certain(
        directive: &Directive,
        pattern: &str,
        level: &Level,
        around: &Scope,
        all: &[Directive],
    ) -> Option<Self> {
        let ignores_case = directive.word(0).starts_with("~*");
        let literal = Self::of(pattern).filter(|_| !ignores_case && level.alias.is_empty())?;
        let is_open_around =
            around.rules.is_empty() && around.realm.is_empty() && around.closed.is_empty();
        if literal.is_exact && !is_open_around {
            return None;
        }
        let mut is_before = true;
        let is_alone = all.iter().all(|other| {
            if std::ptr::eq(other, directive) {
                is_before = false;
                return true;
            }
            // If several regular expressions match, nginx uses the first one.
            literal.is_apart_from(other, is_before)
        });
        is_alone.then_some(literal)
    }

    /// The kind of the equivalent location without a regular expression.
    pub(super) fn kind(&self) -> Kind<'_> {
        if self.is_exact {
            Kind::Exact(&self.path)
        } else {
            Kind::Prefix(&self.path)
        }
    }

    fn of(pattern: &str) -> Option<Self> {
        let rest = pattern.strip_prefix('^')?;
        let (rest, is_exact) = match rest.strip_suffix('$') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let mut path = String::new();
        let mut letters = rest.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => path.push(letters.next().filter(|next| ".-/".contains(*next))?),
                '/' | '-' | '_' => path.push(letter),
                letter if letter.is_ascii_alphanumeric() => path.push(letter),
                _ => return None,
            }
        }
        let inner = path.strip_prefix('/')?;
        let odd = |segment: &str| ["", ".", ".."].contains(&segment);
        let is_normal = !inner.trim_end_matches('/').split('/').any(odd) && !path.ends_with("//");
        // `^/api` also matches /apix, so the expression must end with a slash or `$`.
        (is_normal && (is_exact || path.ends_with('/'))).then_some(Self { path, is_exact })
    }

    fn holds(&self, path: &str) -> bool {
        path == self.path || (!self.is_exact && path.starts_with(&self.path))
    }

    /// Whether the route for this path gets the same requests as the regular expression, beside
    /// `other`. `is_before` says whether `other` precedes the regular expression.
    fn is_apart_from(&self, other: &Directive, is_before: bool) -> bool {
        match kind(other) {
            Kind::Named(_) => true,
            Kind::Pattern(_) if !is_before => true,
            Kind::Pattern(pattern) => match Self::of(pattern) {
                Some(other) => !self.holds(&other.path) && !other.holds(&self.path),
                None => self.is_exact && is_for_others(pattern, &self.path),
            },
            // nginx prefers exact locations to regular expressions. Kenduri prefers longer paths to
            // shorter ones.
            Kind::Exact(path) => path != self.path,
            Kind::Prefix(path) => {
                // A route for an exact path also applies to the paths below it. For those paths,
                // nginx uses the location `other`.
                let has_rest = self.is_exact && is_guard(other);
                let is_around = self.path.starts_with(path);
                let goes_before = other.word(0).starts_with("^~") || has_rest;
                !(self.holds(path) || (is_around && goes_before))
            }
        }
    }
}

/// `pattern` then matches only file names that cannot occur in `path`.
fn is_for_others(pattern: &str, path: &str) -> bool {
    if is_hidden(pattern) {
        return !path.contains("/.");
    }
    // The regular expression may ignore case.
    let path = path.to_ascii_lowercase();
    let has = |name: &String| path.ends_with(&name.trim_start_matches('*').to_ascii_lowercase());
    endings(pattern).is_some_and(|names| !names.iter().any(has))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_names_are_for_paths_that_have_them() {
        for (pattern, path, expected) in [
            (r"\.(css|js)$", "/admin", true),
            (r"\.(css|js)$", "/a.js", false),
            (r"\.JS$", "/a.js", false),
            (r"/\.", "/admin", true),
            (r"/\.", "/a/.git", false),
            ("adm", "/admin", false),
            ("other", "/admin", false),
        ] {
            assert_eq!(is_for_others(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_path_is_a_path_only_where_nothing_else_is_meant() {
        for (pattern, path, is_exact) in [
            ("^/admin$", "/admin", true),
            (r"^/robots\.txt$", "/robots.txt", true),
            ("^/api/", "/api/", false),
            (r"^\/a\-b/c_1/", "/a-b/c_1/", false),
            ("^/a/$", "/a/", true),
        ] {
            let path = path.to_owned();
            assert_eq!(Literal::of(pattern), Some(Literal { path, is_exact }));
        }
        for other in [
            "/admin$",
            "^/admin",
            "^/a.c$",
            "^/a/(b|c)$",
            "^/a/.*",
            r"^/a\d$",
            r"^/a\$",
            "^/",
            "^/$",
            "^a$",
            "^/a//b$",
            "^//",
            r"^/\.\./",
            r"^/a\",
            "^/[a]$",
            "^/a+$",
            "",
            "^",
        ] {
            assert_eq!(Literal::of(other), None, "{other}");
        }
    }
}
