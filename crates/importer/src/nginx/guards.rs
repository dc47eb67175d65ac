//! Preserves access restrictions that no route can express, by closing the affected paths.

use super::known;
use super::locations::ConvertedLocation;
use super::remarks::Remarks;
use super::scope::Level;
use super::tree::Directive;

pub(super) const NO_PATTERNS: &str = "routes know no regular expressions";
const COMES_IN: &str = "what this keeps out comes in, by the route for the beginning of its path";

/// A regular-expression location whose access restriction no route can express.
pub(super) struct Lost {
    directive: Directive,
    pattern: String,
    /// The complete path segments at the beginning of the regular expression, if there are any.
    path: Option<String>,
    level: Level,
}

impl Lost {
    pub(super) fn new(directive: &Directive, pattern: &str, level: Level) -> Self {
        Self {
            directive: directive.clone(),
            pattern: pattern.to_owned(),
            path: beginning(pattern),
            level,
        }
    }

    /// Adds a route that denies access to the path at the beginning of the regular expression and
    /// to everything below it. Without such a path, adds a remark that the restriction is lost.
    pub(super) fn close(self, spots: &mut Vec<ConvertedLocation>, remarks: &mut Remarks) {
        let comes_in = format!("{NO_PATTERNS}: {COMES_IN}");
        let Some(path) = &self.path else {
            remarks.careful(&self.directive, &comes_in);
            return;
        };
        let is_below = |spot: &ConvertedLocation| {
            let rest = spot.path.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if !keeps_out(&self.directive, &self.level) && spots.iter().any(is_below) {
            remarks.careful(&self.directive, &comes_in);
            return;
        }
        if !spots.iter().any(|spot| spot.path == *path) {
            let mut level = Level::default();
            close(&mut level);
            let path = path.clone();
            spots.push(ConvertedLocation { path, level });
        }
        for spot in spots.iter_mut().filter(|spot| is_below(spot)) {
            let is_open = !is_guarded_alike(&spot.level, &self.level);
            let remarks = &mut spot.level.remarks;
            if spot.path == *path {
                tell_closed(&self.directive, &self.pattern, path, remarks);
            } else if is_open {
                let why = format!("{} is closed with what is kept out there", spot.path);
                remarks.careful(&self.directive, &why);
            }
            if is_open {
                close(&mut spot.level);
            }
        }
    }
}

pub(super) fn close(level: &mut Level) {
    "a guard that could not be carried over".clone_into(&mut level.scope.closed);
}

/// Adds a remark that a path is closed, and further remarks about paths that the regular expression
/// protected and that remain open.
fn tell_closed(directive: &Directive, pattern: &str, path: &str, remarks: &mut Remarks) {
    remarks.careful(
        directive,
        &format!("{NO_PATTERNS}, so nothing below {path} is open here; see `access` in docs/edge-reference.md"),
    );
    if directive.word(0).starts_with("~*") {
        remarks.careful(
            directive,
            &format!("only {path} is closed as it is written here; with letters in another case it comes in"),
        );
    }
    if ends_inside(pattern) {
        remarks.careful(
            directive,
            &format!(
                "other paths that begin with {path}, as {path}-x, were kept out too, and come in"
            ),
        );
    }
}

/// Whether a block contains a directive that restricts access.
pub(super) fn is_guard(directive: &Directive) -> bool {
    directive.inside().iter().any(|one| {
        let name = one.name.as_str();
        let is_guard = [
            "allow",
            "deny",
            "auth_basic",
            "limit_req",
            "return",
            "internal",
        ];
        is_guard.contains(&name) || known::guards(name)
    })
}

/// Whether a location restricts access, by its own directives or by inherited settings.
pub(super) fn keeps_out(directive: &Directive, level: &Level) -> bool {
    let scope = &level.scope;
    let says = directive.inside().iter().any(|one| {
        let refuses =
            one.name == "return" && one.word(0).parse::<u16>().is_ok_and(|code| code >= 400);
        refuses || known::guards(&one.name)
    });
    says || level.internal
        || !scope.rules.is_empty()
        || !scope.realm.is_empty()
        || !scope.closed.is_empty()
}

/// Whether `kept` denies all access, or has the same access restrictions as `other`.
pub(super) fn is_guarded_alike(kept: &Level, other: &Level) -> bool {
    if !kept.scope.closed.is_empty() || kept.internal {
        return true;
    }
    let is_plain = !other.internal && other.scope.closed.is_empty() && other.answer.is_none();
    is_plain
        && kept.scope.rules == other.scope.rules
        && kept.scope.realm == other.scope.realm
        && kept.scope.users == other.scope.users
}

/// Whether the regular expression ends within a path segment. For example, `^/admin` also matches
/// `/administrator`.
fn ends_inside(pattern: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '/' | '-' | '_');
    let rest = pattern.strip_prefix('^').unwrap_or(pattern);
    rest.chars().all(plain) && !rest.ends_with('/')
}

/// Returns the complete path segments at the beginning of a regular expression, such as `/reports`
/// for `^/reports/[0-9]+`.
fn beginning(pattern: &str) -> Option<String> {
    let rest = pattern.strip_prefix('^')?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '/' | '-' | '_');
    let literal = &rest[..rest.find(|letter| !plain(letter)).unwrap_or(rest.len())];
    let whole = if literal.len() == rest.len() {
        literal
    } else {
        &literal[..literal.rfind('/')?]
    };
    let whole = whole.trim_end_matches('/');
    (whole.len() > 1 && whole.starts_with('/')).then(|| whole.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_segments_begin_a_pattern() {
        assert_eq!(beginning("^/reports/[0-9]+").as_deref(), Some("/reports"));
        assert_eq!(beginning("^/a/b-c/(x|y)").as_deref(), Some("/a/b-c"));
        assert_eq!(beginning("^/admin").as_deref(), Some("/admin"));
        for other in ["^/re[0-9]", "/reports/", "^/(a|b)/", "^", "^/"] {
            assert_eq!(beginning(other), None, "{other}");
        }
    }
}
