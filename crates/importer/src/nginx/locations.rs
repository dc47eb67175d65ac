//! Converts the `location` directives of a server block.

use std::collections::BTreeMap;

use super::closed_paths::{
    self, Lost, NO_PATTERNS, adds_guard, is_guard, is_guarded_alike, is_scope_alike, keeps_out,
};
use super::directive::Directive;
use super::import_result::Made;
use super::literal::Literal;
use super::location::{ACME, ConvertedLocation, Kind, endings, is_hidden, kind};
use super::proxy;
use super::remarks::Remarks;
use super::return_and_rewrite;
use super::scope::{Level, Scope, Zones};

const SEGMENTS: &str = "`location /api` of nginx is for /apix too. The path of a route is whole segments: /api and \
     /api/x.";
const EXACT: &str = "`location = /x` is for nothing but /x. A route for /x is for /x/y too, which nginx would lead \
     elsewhere.";

const ENDINGS: &str = "`location ~ \\.(css|js)$` of nginx wins over other locations, so it answers for such files below every path. \
     Here the longest path wins, and the endings only say how long browsers keep the files of a folder, in the letter \
     case in which they are written.";
/// Such as `= /docs/index.html`.
struct GuardedPage {
    path: String,
    directive: Directive,
    scope: Scope,
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
    pages: Vec<GuardedPage>,
    /// Locations for hidden files.
    hidden: Vec<Directive>,
}

impl Locations {
    pub(super) fn read(
        locations: &[Directive],
        around: &Scope,
        zones: &Zones,
        made: &mut Made,
    ) -> Self {
        let mut spots = Self::default();
        spots.add(locations, around, zones, made, None);
        spots
    }

    /// Handles what depends on several locations. Must be called after all of them are known.
    pub(super) fn finish(&mut self) {
        self.guard_below();
        self.guard_folders();
        self.resolve_last_resorts();
        for lost in std::mem::take(&mut self.lost) {
            lost.close(&mut self.plain, &mut self.remarks);
        }
        let levels = || self.plain.iter().map(|spot| &spot.level);
        let has_program = levels()
            .chain(self.named.values())
            .any(|level| level.pass.is_some());
        for directive in std::mem::take(&mut self.hidden) {
            if has_program {
                self.remarks.careful(
                    &directive,
                    "files whose name begins with a dot are never served, but below .well-known; programs get such requests: let them refuse these",
                );
            } else {
                self.remarks.settled(
                    &directive,
                    "files whose name begins with a dot are never served, but below .well-known",
                );
            }
        }
    }

    /// `within` is the path of the location that contains these; `None` within a server block.
    fn add(
        &mut self,
        locations: &[Directive],
        around: &Scope,
        zones: &Zones,
        made: &mut Made,
        within: Option<&str>,
    ) {
        // Prefix locations come first. So if an exact location has the same path as a prefix
        // location, the prefix location is kept.
        let is_exact = |one: &&Directive| matches!(kind(one), Kind::Exact(_));
        let (exact, others): (Vec<&Directive>, Vec<&Directive>) =
            locations.iter().partition(is_exact);
        for directive in others.into_iter().chain(exact) {
            let mut level = Level::read(directive.inside(), around, zones);
            if directive
                .inside()
                .iter()
                .any(|one| one.name == "set_real_ip_from")
            {
                level.remarks.careful(
                    directive,
                    "trusted proxies are set for all routes, in [listen]; those of this location are not carried over: name them in trusted_proxies, if they may speak for the clients of every route",
                );
            }
            let inner = std::mem::take(&mut level.locations);
            let kind = kind(directive);
            let path = match kind {
                Kind::Prefix(path) | Kind::Exact(path) => path,
                Kind::Pattern(_) | Kind::Named(_) => within.unwrap_or_default(),
            };
            self.add(&inner, &level.scope.clone(), zones, made, Some(path));
            // nginx applies these to no location inside of this one.
            closed_paths::close_conditions(&mut level);
            let literal = match (&kind, within) {
                (Kind::Pattern(pattern), None) => {
                    Literal::certain(directive, pattern, &level, around, locations)
                }
                _ => None,
            };
            match literal.as_ref().map_or(kind, Literal::kind) {
                Kind::Named(name) => {
                    self.named.insert(name.to_owned(), level);
                }
                Kind::Pattern(pattern) => {
                    self.pattern(directive, pattern, level, within.unwrap_or_default(), made);
                }
                Kind::Prefix(path) => {
                    if path != "/" && !path.ends_with('/') {
                        made.add_note(SEGMENTS);
                        if adds_guard(directive, &level, around) {
                            level.remarks.careful(
                                directive,
                                &format!(
                                    "nginx protects other paths that begin with {path} too, such \
                                     as {path}-x or {path}.php; here they are not protected: give \
                                     them routes of their own"
                                ),
                            );
                        }
                    }
                    self.plain(directive, path, level);
                }
                Kind::Exact("/") => {
                    let why = "a route for / is for every path, so this cannot be carried over";
                    let is_open = level
                        .answer
                        .as_ref()
                        .is_none_or(return_and_rewrite::refuses);
                    if adds_guard(directive, &level, around) && is_open && !level.internal {
                        self.guard_page("/", directive, &level);
                    } else if keeps_out(directive, &level) {
                        self.remarks.careful(
                            directive,
                            &format!(
                                "{why}: requests that it refuses are let in; let the program \
                                 refuse them, or close the whole route for / with `access`"
                            ),
                        );
                    } else {
                        let why = format!("{why}; let the program do it that answers /");
                        self.remarks.about(directive, &why);
                    }
                }
                Kind::Exact(path) => {
                    made.add_note(EXACT);
                    self.plain(directive, path, level);
                }
            }
        }
    }

    fn plain(&mut self, directive: &Directive, path: &str, mut level: Level) {
        if !path.starts_with('/') {
            let why = "paths begin with a slash; write a route for the path that is meant";
            if keeps_out(directive, &level) {
                self.remarks.careful(directive, why);
            } else {
                self.remarks.about(directive, why);
            }
        } else if let Some(kept) = self.plain.iter_mut().find(|spot| spot.path == path) {
            let why = "another location has this path, and is kept";
            if keeps_out(directive, &level) && !is_guarded_alike(&kept.level, &level) {
                closed_paths::close(&mut kept.level);
                let why = format!(
                    "{why}; this one restricts access, so both are closed here: see `access` in docs/edge-reference.md"
                );
                self.remarks.careful(directive, &why);
            } else if directive.inside().iter().any(|one| one.name == "limit_req") {
                let why = format!("{why}; write the `limit` of this one there");
                self.remarks.careful(directive, &why);
            } else {
                let why = format!("{why}; if this one is right, change its route");
                self.remarks.about(directive, &why);
            }
        } else {
            if path.starts_with(ACME) {
                level.remarks.about(
                    directive,
                    "kept, so that certbot can go on; with `tls.acme` Kenduri orders certificates itself, and this route can go",
                );
            }
            if is_page(path, &level) && keeps_out(directive, &level) && !level.internal {
                self.guard_page(path, directive, &level);
            }
            level.is_exact = matches!(kind(directive), Kind::Exact(_));
            proxy::tell_seam(&kind(directive), &mut level);
            self.plain.push(ConvertedLocation {
                path: path.to_owned(),
                level,
                is_final: matches!(kind(directive), Kind::Exact(_))
                    || matches!(kind(directive), Kind::Pattern(_))
                    || directive.word(0).starts_with("^~"),
            });
        }
    }

    /// In nginx, an exact location is for nothing below it; a route is.
    fn guard_below(&mut self) {
        for own in 0..self.plain.len() {
            let spot = &self.plain[own];
            let path = spot.path.trim_end_matches('/');
            let below = format!("{path}/");
            if !spot.level.is_exact || path.is_empty() {
                continue;
            }
            let others = self.plain.iter().filter(|other| {
                let is_around = other.path != spot.path && path.starts_with(&other.path);
                is_around
                    && (other.path.ends_with('/') || path[other.path.len()..].starts_with('/'))
            });
            let Some(around) = others.max_by_key(|other| other.path.len()) else {
                continue;
            };
            let keeps_out = around.level.internal
                || !around.level.scope.closed.is_empty()
                || !around.level.scope.rules.is_empty()
                || !around.level.scope.realm.is_empty()
                || around
                    .level
                    .answer
                    .as_ref()
                    .is_some_and(return_and_rewrite::refuses);
            let is_alike = is_guarded_alike(&spot.level, &around.level);
            if !keeps_out || is_alike || self.plain.iter().any(|other| other.path == below) {
                continue;
            }
            let mut level = Level::default();
            closed_paths::close(&mut level);
            level.remarks.line(format!(
                "CAREFUL: {path} does not open what is below it, which {} protects, so {below} is closed here; give what should be open there routes of its own",
                around.path
            ));
            self.plain.push(ConvertedLocation {
                path: below,
                level,
                is_final: false,
            });
        }
    }

    fn guard_page(&mut self, path: &str, directive: &Directive, level: &Level) {
        let mut scope = level.scope.clone();
        if level.answer.is_some() {
            "a page that nobody may see".clone_into(&mut scope.closed);
        }
        self.pages.push(GuardedPage {
            path: path.to_owned(),
            directive: directive.clone(),
            scope,
        });
    }

    /// For a request for `/docs/`, nginx looks for the location of `/docs/index.html` once more.
    fn guard_folders(&mut self) {
        for page in std::mem::take(&mut self.pages) {
            let end = page.path.rfind('/').map_or(0, |slash| slash + 1);
            let folder = &page.path[..end];
            let around = self
                .plain
                .iter()
                .filter(|spot| folder.starts_with(&spot.path));
            let Some(around) = around.max_by_key(|spot| spot.path.len()) else {
                continue;
            };
            let mut level = around.level.clone();
            let sends_pages = level.pass.is_none() && level.answer.is_none() && !level.internal;
            // An exact location for `/` is not about a page, but about any answer for it.
            if !sends_pages && page.path != "/" {
                continue;
            }
            closed_paths::add(&mut level, &page.scope);
            if is_scope_alike(&level.scope, &around.level.scope) {
                continue;
            }
            let bare = folder.trim_end_matches('/');
            let is_same = |spot: &ConvertedLocation| {
                spot.path == folder || (!bare.is_empty() && spot.path == bare)
            };
            let same = self.plain.iter().position(is_same).unwrap_or_else(|| {
                level.remarks = Remarks::default();
                self.plain.push(ConvertedLocation {
                    path: folder.to_owned(),
                    level: level.clone(),
                    is_final: false,
                });
                self.plain.len() - 1
            });
            let kept = &mut self.plain[same].level;
            kept.scope = level.scope;
            kept.remarks.careful(
                &page.directive,
                &format!(
                    "nginx requires this for {folder} only, and a route is for what is below it \
                     too; so everything below {folder} is protected like it: give what should be open \
                     routes of its own"
                ),
            );
        }
    }

    /// If it names a path that another location is for. nginx answers it by that location.
    fn resolve_last_resorts(&mut self) {
        for own in 0..self.plain.len() {
            let level = &self.plain[own].level;
            let Some(mut try_files) = level.try_files.clone() else {
                continue;
            };
            let Some(word) = try_files.words.last_mut() else {
                continue;
            };
            let path = word.split('?').next().unwrap_or_default().to_owned();
            if !path.starts_with('/') || path.contains(['$', '{']) || path.contains(".php") {
                continue;
            }
            let fitting = self.plain.iter().enumerate();
            let fitting = fitting.filter(|(_, spot)| {
                let rest = path.strip_prefix(&spot.path);
                rest.is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with('/') || spot.path.ends_with('/')
                })
            });
            let Some((other, _)) = fitting.max_by_key(|(_, spot)| spot.path.len()) else {
                continue;
            };
            if other == own {
                continue;
            }
            let met = &self.plain[other].level;
            if met.pass.is_some() || met.answer.is_some() {
                "=404".clone_into(word);
                let level = &mut self.plain[own].level;
                level.remarks.about(
                    &try_files,
                    &format!(
                        "{path} is answered by another location, which has no files: missing \
                         files are answered with 404; `try` can end with a file only"
                    ),
                );
                level.try_files = Some(try_files);
                continue;
            }
            let scope = met.scope.clone();
            let is_elsewhere = closed_paths::target(met) != closed_paths::target(level);
            let level = &mut self.plain[own].level;
            if is_elsewhere {
                level.remarks.about(
                    &try_files,
                    &format!(
                        "{path} lies in the folder of another location, and is not found here: copy it into the folder of this one"
                    ),
                );
            }
            let before = level.scope.clone();
            closed_paths::add(level, &scope);
            if !is_scope_alike(&before, &level.scope) {
                level.remarks.careful(
                    &try_files,
                    &format!("another location protects {path}, so this one is protected like it; take `access` out, if it should be open"),
                );
            }
        }
    }

    fn pattern(
        &mut self,
        directive: &Directive,
        pattern: &str,
        level: Level,
        within: &str,
        made: &mut Made,
    ) {
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
                self.lost(directive, pattern, level, within);
            }
        } else if is_hidden(pattern) && level.pass.is_none() {
            self.hidden.push(directive.clone());
        } else if let Some(names) = endings(pattern)
            && level.pass.is_none()
            && !is_guard(directive)
        {
            made.add_note(ENDINGS);
            self.endings.push((directive.clone(), names, level));
        } else {
            self.lost(directive, pattern, level, within);
        }
    }

    /// A regular expression that no route can express.
    fn lost(&mut self, directive: &Directive, pattern: &str, level: Level, within: &str) {
        if !is_guard(directive) {
            let why = format!(
                "{NO_PATTERNS}: these requests meet the route for the beginning of their path; give them one of their own, if that is wrong"
            );
            self.remarks.about(directive, &why);
            return;
        }
        self.lost.push(Lost::new(directive, pattern, level, within));
    }
}

/// nginx sends such a file as the page of a folder.
fn is_page(path: &str, level: &Level) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let names = &level.scope.index;
    if names.is_empty() {
        name == "index.html"
    } else {
        names.iter().any(|page| page == name)
    }
}
