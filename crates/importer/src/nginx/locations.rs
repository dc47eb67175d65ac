//! Converts the `location` directives of a server block.

use std::collections::BTreeMap;

use super::guards::{self, Lost, NO_PATTERNS, is_guard, is_guarded_alike, keeps_out};
use super::literal::Literal;
use super::made::Made;
use super::proxy;
use super::remarks::Remarks;
use super::scope::{Level, Scope, Zones};
use super::tree::Directive;

const SEGMENTS: &str = "`location /api` of nginx is for /apix too. The path of a route is whole segments: /api and \
     /api/x.";
const EXACT: &str = "`location = /x` is for nothing but /x. A route for /x is for /x/y too, which nginx would lead \
     elsewhere.";

/// A path and the settings that nginx applies to it.
pub(super) struct ConvertedLocation {
    pub(super) path: String,
    pub(super) level: Level,
}

/// The block that contains a location.
#[derive(Clone, Copy)]
enum Within {
    Server,
    Location,
}

/// All locations of a server block, including nested ones.
#[derive(Default)]
pub(super) struct Locations {
    pub(super) plain: Vec<ConvertedLocation>,
    /// Named locations, as in `location @name`.
    pub(super) named: BTreeMap<String, Level>,
    /// Locations for file name endings, such as `location ~ \.(css|js)$`, each with patterns such
    /// as `*.css`.
    pub(super) endings: Vec<(Directive, Vec<String>, Level)>,
    /// The location that runs PHP.
    pub(super) php: Option<Directive>,
    pub(super) remarks: Remarks,
    /// Access restrictions that no route can express. They are handled after all paths are known.
    lost: Vec<Lost>,
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

impl Locations {
    pub(super) fn read(
        locations: &[Directive],
        around: &Scope,
        zones: &Zones,
        made: &mut Made,
    ) -> Self {
        let mut spots = Self::default();
        spots.add(locations, around, zones, made, Within::Server);
        for lost in std::mem::take(&mut spots.lost) {
            lost.close(&mut spots.plain, &mut spots.remarks);
        }
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
        // Prefix locations come first. So if an exact location has the same path as a prefix
        // location, the prefix location is kept.
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
                guards::close(&mut kept.level);
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
            self.plain.push(ConvertedLocation {
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
                self.lost(directive, pattern, level);
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
            self.lost(directive, pattern, level);
        }
    }

    /// Handles a regular expression that no route can express.
    fn lost(&mut self, directive: &Directive, pattern: &str, level: Level) {
        if !is_guard(directive) {
            let why = format!(
                "{NO_PATTERNS}: these requests meet the route for the beginning of their path"
            );
            self.remarks.about(directive, &why);
            return;
        }
        self.lost.push(Lost::new(directive, pattern, level));
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
