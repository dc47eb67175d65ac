//! `location`: the paths of a server, one by one.

use std::collections::BTreeMap;

use super::literal::Literal;
use super::made::Made;
use super::remarks::Remarks;
use super::scope::{Level, Scope, Zones};
use super::tree::Directive;
use super::{known, proxy};

const SEGMENTS: &str = "`location /api` of nginx is for /apix too. The path of a route is whole segments: /api and \
     /api/x.";
const SLASH: &str = "nginx leads /api to /api/ where a program is behind `location /api/`. A route for /api/ is not \
     for /api: where people come without the slash, write `path` without it.";
const EXACT: &str = "`location = /x` is for nothing but /x. A route for /x is for /x/y too, which nginx would lead \
     elsewhere.";

/// A path, and what holds there.
pub(super) struct Spot {
    pub(super) path: String,
    pub(super) level: Level,
}

/// What locations stand in.
#[derive(Clone, Copy)]
enum Within {
    Server,
    Location,
}

/// All locations of a server, those inside of others too.
#[derive(Default)]
pub(super) struct Spots {
    pub(super) plain: Vec<Spot>,
    /// `location @name`.
    pub(super) named: BTreeMap<String, Level>,
    /// `location ~ \.(css|js)$`, by the patterns of names that it is for.
    pub(super) endings: Vec<(Directive, Vec<String>, Level)>,
    /// One that runs PHP.
    pub(super) php: Option<Directive>,
    pub(super) remarks: Remarks,
}

/// How a location is matched.
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
    // The sign may stand at the path.
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

impl Spots {
    /// Reads them.
    pub(super) fn read(
        locations: &[Directive],
        around: &Scope,
        zones: &Zones,
        made: &mut Made,
    ) -> Self {
        let mut spots = Self::default();
        spots.add(locations, around, zones, made, Within::Server);
        spots
    }

    fn add(
        &mut self,
        locations: &[Directive],
        around: &Scope,
        zones: &Zones,
        made: &mut Made,
        within: Within,
    ) {
        // Prefixes first: where an exact one has the same path, the prefix is kept.
        let is_exact = |one: &&Directive| matches!(kind(one), Kind::Exact(_));
        let (exact, others): (Vec<&Directive>, Vec<&Directive>) =
            locations.iter().partition(is_exact);
        for directive in others.into_iter().chain(exact) {
            let mut level = Level::read(directive.inside(), around, zones);
            let inner = std::mem::take(&mut level.locations);
            self.add(&inner, &level.scope.clone(), zones, made, Within::Location);
            let kind = kind(directive);
            let literal = match (&kind, within) {
                (Kind::Pattern(pattern), Within::Server) => {
                    Literal::certain(directive, pattern, &level, around, locations)
                }
                _ => None,
            };
            match literal.as_ref().map_or(kind, Literal::kind) {
                Kind::Named(name) => {
                    self.named.insert(name.to_owned(), level);
                }
                Kind::Pattern(pattern) => self.pattern(directive, pattern, level),
                Kind::Prefix(path) => {
                    if path != "/" && !path.ends_with('/') {
                        made.note(SEGMENTS);
                    } else if path != "/" && level.pass.is_some() {
                        made.note(SLASH);
                    }
                    self.plain(directive, path, level);
                }
                Kind::Exact("/") => {
                    let why = "a route for / is for every path, so this cannot be carried over";
                    if keeps_out(directive, &level) {
                        self.remarks
                            .careful(directive, &format!("{why}: what it keeps out comes in"));
                    } else {
                        self.remarks.about(directive, why);
                    }
                }
                Kind::Exact(path) => {
                    made.note(EXACT);
                    self.plain(directive, path, level);
                }
            }
        }
    }

    fn plain(&mut self, directive: &Directive, path: &str, level: Level) {
        let answers_itself = level.pass.is_none();
        if path.starts_with("/.well-known/acme-challenge") && answers_itself {
            self.remarks.settled(
                directive,
                "authorities are answered by themselves, see `tls.acme`",
            );
        } else if !path.starts_with('/') {
            self.remarks.about(directive, "paths begin with a slash");
        } else if let Some(kept) = self.plain.iter_mut().find(|spot| spot.path == path) {
            let why = "another location has this path, and is kept";
            if keeps_out(directive, &level) && !is_guarded_alike(&kept.level, &level) {
                "a guard that could not be carried over".clone_into(&mut kept.level.scope.closed);
                let why = format!("{why}; this one kept somebody out, so both are closed here");
                self.remarks.careful(directive, &why);
            } else if directive.inside().iter().any(|one| one.name == "limit_req") {
                self.remarks.careful(directive, why);
            } else {
                self.remarks.about(directive, why);
            }
        } else {
            let mut level = level;
            proxy::tell_seam(&kind(directive), &mut level);
            self.plain.push(Spot {
                path: path.to_owned(),
                level,
            });
        }
    }

    fn pattern(&mut self, directive: &Directive, pattern: &str, level: Level) {
        let passes = |name: &str| level.pass.as_ref().is_some_and(|pass| pass.name == name);
        let is_php = pattern.contains("php")
            && (passes("fastcgi_pass") || (level.pass.is_some() && !is_guard(directive)));
        if is_php {
            self.php = Some(directive.clone());
            self.remarks.about(
                directive,
                "PHP is not run; a program that answers HTTP can be reached by a route",
            );
            if is_guard(directive) {
                self.lost(directive, pattern);
            }
        } else if is_hidden(pattern) && level.pass.is_none() {
            self.remarks.settled(
                directive,
                "files whose name begins with a dot are never served; programs behind a route must guard their own",
            );
        } else if let Some(names) = endings(pattern)
            && level.pass.is_none()
            && !is_guard(directive)
        {
            self.endings.push((directive.clone(), names, level));
        } else {
            self.lost(directive, pattern);
        }
    }

    /// A pattern that no route can have.
    fn lost(&mut self, directive: &Directive, pattern: &str) {
        let why = "routes know no regular expressions";
        if !is_guard(directive) {
            let why =
                format!("{why}: these requests meet the route for the beginning of their path");
            self.remarks.about(directive, &why);
            return;
        }
        let path = beginning(pattern);
        let is_taken = |path: &str| self.plain.iter().any(|spot| spot.path == path);
        match path.filter(|path| !is_taken(path)) {
            Some(path) => {
                let mut level = Level::default();
                "a guard that could not be carried over".clone_into(&mut level.scope.closed);
                level.remarks.careful(
                    directive,
                    &format!("{why}, so nothing below {path} is open here; see `access` in docs/front-door.md"),
                );
                if directive.word(0).starts_with("~*") {
                    level.remarks.careful(
                        directive,
                        &format!("only {path} is closed as it is written here; with letters in another case it comes in"),
                    );
                }
                if ends_inside(pattern) {
                    level.remarks.careful(
                        directive,
                        &format!("other paths that begin with {path}, as {path}-x, were kept out too, and come in"),
                    );
                }
                self.plain.push(Spot { path, level });
            }
            None => self.remarks.careful(
                directive,
                &format!("{why}: what this keeps out comes in, by the route for the beginning of its path"),
            ),
        }
    }
}

/// Whether a block keeps somebody out.
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

/// Whether a location keeps somebody out, by itself or by what is around it.
fn keeps_out(directive: &Directive, level: &Level) -> bool {
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

/// Whether what one keeps out is kept out by the other too, in the same way.
fn is_guarded_alike(kept: &Level, other: &Level) -> bool {
    if !kept.scope.closed.is_empty() || kept.internal {
        return true;
    }
    let is_plain = !other.internal && other.scope.closed.is_empty() && other.answer.is_none();
    is_plain
        && kept.scope.rules == other.scope.rules
        && kept.scope.realm == other.scope.realm
        && kept.scope.users == other.scope.users
}

/// Whether `^/admin` is for `/administrator` too.
fn ends_inside(pattern: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '/' | '-' | '_');
    let rest = pattern.strip_prefix('^').unwrap_or(pattern);
    rest.chars().all(plain) && !rest.ends_with('/')
}

/// The whole segments that `^/reports/[0-9]+` begins with: `/reports`.
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

/// `/\.`, `/\.ht`, `/\.(?!well-known)` and the like.
pub(super) fn is_hidden(pattern: &str) -> bool {
    let rest = pattern.strip_prefix('^').unwrap_or(pattern);
    rest.starts_with(r"/\.") || rest.starts_with(r"(^|/)\.") || rest.starts_with(r".*/\.")
}

/// The names that `\.(css|js)$` is for: `*.css`, `*.js`.
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
        // `jpe?g` is two.
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
    fn whole_segments_begin_a_pattern() {
        assert_eq!(beginning("^/reports/[0-9]+").as_deref(), Some("/reports"));
        assert_eq!(beginning("^/a/b-c/(x|y)").as_deref(), Some("/a/b-c"));
        assert_eq!(beginning("^/admin").as_deref(), Some("/admin"));
        for other in ["^/re[0-9]", "/reports/", "^/(a|b)/", "^", "^/"] {
            assert_eq!(beginning(other), None, "{other}");
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
