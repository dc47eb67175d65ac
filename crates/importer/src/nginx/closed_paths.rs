//! Preserves access restrictions that no route can express, by closing the affected paths.

use super::directive::Directive;
use super::ignored_directives;
use super::location::{ConvertedLocation, endings};
use super::remarks::Remarks;
use super::return_and_rewrite::{self, Condition};
use super::scope::{Level, Scope};

pub(super) const NO_PATTERNS: &str = "routes know no regular expressions";
pub(super) const CONDITION: &str = "conditions cannot be carried over; if it matters, write a route for that host or path, or let the program decide";
pub(super) const CONDITION_LET_IN: &str = "conditions cannot be carried over: requests that this refuses are let in; let the program refuse them";
pub(super) const CONDITION_CLOSED: &str = "conditions cannot be carried over, so everything that this protects is closed here; see `access` in docs/edge-reference.md";
const COMES_IN: &str = "requests that this refuses are let in; write its `limit`, if it has one, into the route for the beginning of their path";

/// A regular-expression location whose access restriction no route can express.
pub(super) struct Lost {
    directive: Directive,
    pattern: String,
    /// The complete path segments at the beginning of the regular expression, if there are any.
    path: Option<String>,
    /// The path of the location that contains this one; empty within a server block.
    within: String,
    level: Level,
}

impl Lost {
    pub(super) fn new(directive: &Directive, pattern: &str, level: Level, within: &str) -> Self {
        Self {
            directive: directive.clone(),
            pattern: pattern.to_owned(),
            path: beginning(pattern),
            within: within.to_owned(),
            level,
        }
    }

    /// Closes the routes for the paths that the regular expression may match. If it begins with
    /// complete path segments, these are closed, with everything below them. Otherwise all routes
    /// are closed that nginx would compare with it, and a remark says where they led. A location
    /// that only limits the rate of requests closes nothing, but has a remark.
    pub(super) fn close(self, spots: &mut Vec<ConvertedLocation>, remarks: &mut Remarks) {
        let comes_in = format!("{NO_PATTERNS}: {COMES_IN}");
        let keeps_out = keeps_out(&self.directive, &self.level);
        let Some(path) = &self.path else {
            if keeps_out {
                self.close_all(spots, remarks);
            } else {
                remarks.careful(&self.directive, &comes_in);
            }
            return;
        };
        let is_below = |spot: &ConvertedLocation| {
            let rest = spot.path.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if !keeps_out && spots.iter().any(is_below) {
            remarks.careful(&self.directive, &comes_in);
            return;
        }
        if !spots.iter().any(|spot| spot.path == *path) {
            let mut level = Level::default();
            close(&mut level);
            spots.push(ConvertedLocation {
                path: path.clone(),
                level,
                is_final: false,
            });
        }
        for spot in spots.iter_mut().filter(|spot| is_below(spot)) {
            let is_open = !is_guarded_alike(&spot.level, &self.level);
            let remarks = &mut spot.level.remarks;
            if spot.path == *path {
                tell_closed(&self.directive, &self.pattern, path, remarks);
            } else if is_open {
                let why = format!(
                    "{} is closed together with what is refused there; if it should be open, say in `to` \
                     where it leads",
                    spot.path
                );
                remarks.careful(&self.directive, &why);
            }
            if is_open {
                close(&mut spot.level);
            }
        }
    }

    /// Routes whose requests nginx compares with the regular expression. If it is only about the
    /// endings of files, only routes to folders, because a program serves no files unless it
    /// chooses to.
    fn close_all(&self, spots: &mut [ConvertedLocation], remarks: &mut Remarks) {
        let is_for_files = endings(&self.pattern).is_some();
        let mut comes_in = false;
        let mut closed = Vec::new();
        for spot in spots.iter_mut().filter(|spot| {
            !spot.is_final && spot.path.starts_with(&self.within) && spot.level.answer.is_none()
        }) {
            if is_guarded_alike(&spot.level, &self.level) {
                continue;
            }
            let Some(target) = target(&spot.level) else {
                continue;
            };
            if is_for_files && spot.level.pass.is_some() {
                comes_in = true;
                continue;
            }
            closed.push(format!("{} ({target})", spot.path));
            close(&mut spot.level);
        }
        if !closed.is_empty() {
            let closed = closed.join(", ");
            remarks.careful(
                &self.directive,
                &format!(
                    "{NO_PATTERNS}, and requests that this refuses may be anywhere, so these \
                     paths answer 403 until nothing of it is left there and `to` says again where \
                     they lead: {closed}"
                ),
            );
        }
        if comes_in {
            remarks.careful(
                &self.directive,
                &format!(
                    "{NO_PATTERNS}: programs get these requests, so let the program refuse them"
                ),
            );
        } else if closed.is_empty() {
            remarks.about(
                &self.directive,
                &format!("{NO_PATTERNS}; no route is open that this would have to guard"),
            );
        }
    }
}

/// Where a location leads, as written in the nginx configuration; `None` if it leads nowhere.
pub(super) fn target(level: &Level) -> Option<String> {
    if let Some(pass) = &level.pass {
        return Some(pass.shown());
    }
    let (name, folder) = if level.alias.is_empty() {
        ("root", &level.scope.root)
    } else {
        ("alias", &level.alias)
    };
    if folder.is_empty() {
        return level.try_files.as_ref().map(Directive::shown);
    }
    Some(format!("{name} {folder}"))
}

pub(super) fn close(level: &mut Level) {
    "a guard that could not be carried over".clone_into(&mut level.scope.closed);
}

/// Handles the `if` directives of a location, which cannot be converted. Closes the location if
/// they restrict access.
pub(super) fn close_conditions(level: &mut Level) {
    for one in std::mem::take(&mut level.conditions) {
        let refuses = match return_and_rewrite::condition(&one, &[]) {
            Condition::Refusal { is_avoidable } => Some(is_avoidable),
            Condition::Host { answer, .. } => return_and_rewrite::refuses(&answer).then_some(false),
            Condition::ToHttps(_) | Condition::Unknown => None,
        };
        match refuses {
            Some(true) => level.remarks.careful(&one, CONDITION_LET_IN),
            Some(false) => {
                close(level);
                level.remarks.careful(&one, CONDITION_CLOSED);
            }
            None => level.remarks.about(&one, CONDITION),
        }
    }
}

/// Also about paths that the regular expression protected and that remain open.
fn tell_closed(directive: &Directive, pattern: &str, path: &str, remarks: &mut Remarks) {
    remarks.careful(
        directive,
        &format!("{NO_PATTERNS}, so nothing below {path} is open here; see `access` in docs/edge-reference.md"),
    );
    if directive.word(0).starts_with("~*") {
        remarks.careful(
            directive,
            &format!("{path} in another letter case gets 400 here, unless that has a route of its own; close such a route too"),
        );
    }
    if ends_inside(pattern) {
        remarks.careful(
            directive,
            &format!(
                "nginx refuses other paths that begin with {path} too, such as {path}-x; they are let in here: give them routes of their own"
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
        is_guard.contains(&name) || ignored_directives::guards(name) || refuses_some(one)
    })
}

/// Whether a location restricts access, by its own directives or by inherited settings.
pub(super) fn keeps_out(directive: &Directive, level: &Level) -> bool {
    let scope = &level.scope;
    says_guard(directive)
        || level.internal
        || !scope.rules.is_empty()
        || !scope.realm.is_empty()
        || !scope.closed.is_empty()
}

/// Whether a location restricts access, or the rate of requests, more than the block around it.
pub(super) fn adds_guard(directive: &Directive, level: &Level, around: &Scope) -> bool {
    says_guard(directive)
        || level.internal
        || level.scope.limit != around.limit
        || !is_scope_alike(&level.scope, around)
}

fn says_guard(directive: &Directive) -> bool {
    let is_refusal = |one: &Directive| {
        one.name == "return" && one.word(0).parse::<u16>().is_ok_and(|code| code >= 400)
    };
    let mut inside = directive.inside().iter();
    inside.any(|one| is_refusal(one) || ignored_directives::guards(&one.name) || refuses_some(one))
}

/// In a way that clients cannot avoid.
fn refuses_some(directive: &Directive) -> bool {
    directive.name == "if"
        && match return_and_rewrite::condition(directive, &[]) {
            Condition::Refusal { is_avoidable } => !is_avoidable,
            Condition::Host { answer, .. } => return_and_rewrite::refuses(&answer),
            Condition::ToHttps(_) | Condition::Unknown => false,
        }
}

/// Whether the settings of two blocks restrict access alike.
pub(super) fn is_scope_alike(one: &Scope, other: &Scope) -> bool {
    one.rules == other.rules
        && one.realm == other.realm
        && one.users == other.users
        && one.closed == other.closed
}

/// Makes a location restrict access as `guard` does too. Closes it if no route can express both.
pub(super) fn add(level: &mut Level, guard: &Scope) {
    let own = &mut level.scope;
    if !own.closed.is_empty() || is_scope_alike(own, guard) {
        return;
    }
    let has_both = (!own.rules.is_empty() && !guard.rules.is_empty() && own.rules != guard.rules)
        || (!own.realm.is_empty() && !guard.realm.is_empty() && own.users != guard.users);
    if has_both || !guard.closed.is_empty() {
        close(level);
        return;
    }
    if own.rules.is_empty() {
        own.rules.clone_from(&guard.rules);
    }
    if own.realm.is_empty() {
        own.realm.clone_from(&guard.realm);
        own.users.clone_from(&guard.users);
    }
}

/// Whether `kept` denies all access, or has the same access restrictions as `other`.
pub(super) fn is_guarded_alike(kept: &Level, other: &Level) -> bool {
    if !kept.scope.closed.is_empty() || kept.internal {
        return true;
    }
    let is_plain = !other.internal && other.scope.closed.is_empty() && other.answer.is_none();
    is_plain && is_scope_alike(&kept.scope, &other.scope)
}

/// `^/admin` also matches `/administrator`.
fn ends_inside(pattern: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '/' | '-' | '_');
    let rest = pattern.strip_prefix('^').unwrap_or(pattern);
    rest.chars().all(plain) && !rest.ends_with('/')
}

/// Such as `/reports` for `^/reports/[0-9]+`.
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
