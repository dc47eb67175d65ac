//! Converts `root`, `alias` and `try_files`, which serve files from folders.

use std::collections::BTreeMap;
use std::path::Path;

use super::closed_paths;
use super::directive::Directive;
use super::import_result::{Made, Told, close};
use super::proxy;
use super::remarks::Remarks;
use super::return_and_rewrite;
use super::scope::Level;

const LAST: &str = "The last of `try` is not used for paths that end like a file, such as \
                    /user/jane.doe, nor for paths below /api/. nginx makes no such difference.";

/// Makes a route serve a folder. If `try_files` ends with a named location, the route forwards to
/// that location's upstream instead.
pub(super) fn lead(
    route: &mut edge::Route,
    level: &mut Level,
    named: &BTreeMap<String, Level>,
    made: &mut Made,
) {
    let aliased = !level.alias.is_empty();
    let folder = if aliased {
        level.alias.clone()
    } else {
        level.scope.root.clone()
    };
    if let Some(mut try_files) = level.try_files.clone()
        && let Some(name) = try_files.words.last_mut()
        && name.starts_with('@')
    {
        let target = named.get(name);
        if let Some(target) = target.filter(|target| target.pass.is_some()) {
            forward_to_named(route, level, target, &try_files, &folder, made);
            return;
        }
        let what = if target.is_some() {
            "that location is not carried over"
        } else {
            "there is no such location"
        };
        level.remarks.about(
            &try_files,
            &format!(
                "{what}: missing files are answered with 404; `try` can end with a file instead"
            ),
        );
        if let Some(name) = try_files.words.last_mut() {
            "=404".clone_into(name);
        }
        level.try_files = Some(try_files);
    }
    if folder.is_empty() || folder.contains(['$', '\0']) {
        level.remarks.line(format!(
            "{}{}: nothing says where its files are. Until `to` names a folder, 404 is answered here",
            route.host, route.path
        ));
        close(route, 404);
        return;
    }
    let mut folder = folder;
    if !folder.starts_with('/') {
        level.remarks.line(format!(
            "root {folder}: nginx looks for it in its own folder, Kenduri beside kenduri.toml; write the whole path"
        ));
    }
    if aliased {
        let last = route.path.rsplit('/').next().unwrap_or_default();
        let (above, name) = folder.rsplit_once('/').unwrap_or((".", &folder));
        let is_file = level.is_exact
            || (last.contains('.') && name.contains('.'))
            || Path::new(&folder).is_file();
        let is_file = is_file && !name.is_empty();
        let whole = route.path.trim_end_matches('/');
        if !is_file {
            whole.clone_into(&mut route.strip);
        } else if last == name {
            // The location's path ends with the file's name, so the route serves only this file.
            route.path[..route.path.len() - last.len()]
                .trim_end_matches('/')
                .clone_into(&mut route.strip);
        } else {
            whole.clone_into(&mut route.strip);
            route.r#try = vec![format!("/{name}")];
        }
        if is_file {
            folder = if above.is_empty() { "/" } else { above }.to_owned();
        }
    }
    let trimmed = folder.trim_end_matches('/');
    route.to = format!("files:{}", if trimmed.is_empty() { "/" } else { trimmed });
    route.listing = level.scope.listing;
    if level.scope.index.iter().any(|name| name != "index.html") {
        let names = level.scope.index.join(" ");
        level.remarks.line(format!(
            "index {names}: the page of a folder is always index.html; give the file that name"
        ));
    }
    if let Some(directive) = level.try_files.clone() {
        convert_tried_files(route, level, &directive, made);
    }
}

/// With which `try_files` ends. In nginx, both locations decide who has access.
fn forward_to_named(
    route: &mut edge::Route,
    level: &mut Level,
    target: &Level,
    try_files: &Directive,
    folder: &str,
    made: &mut Made,
) {
    let mut target = target.clone();
    for rewrite in &target.rewrites {
        target.remarks.about(rewrite, return_and_rewrite::REWRITE);
    }
    let outer = std::mem::replace(&mut level.scope, target.scope);
    closed_paths::add(level, &outer);
    level.scope.body_size.clone_from(&outer.body_size);
    if level.scope.limit.is_none() {
        level.scope.limit.clone_from(&outer.limit);
        level.scope.zone.clone_from(&outer.zone);
    }
    level.remarks.append(target.remarks);
    if !level.scope.closed.is_empty() || (made.hides_clients && level.scope.judges_addresses()) {
        level.remarks.careful(
            try_files,
            "this location or the named one restricts access in a way that a route cannot \
             express, so it is closed here; see `access` in docs/edge-reference.md",
        );
        close(route, 403);
        return;
    }
    if let Some(pass) = &target.pass {
        proxy::lead(route, level, pass, made);
    }
    level.remarks.about(
        try_files,
        &format!("files of {folder} were looked for first. A route does one or the other: give each path with files a route to files:{folder}"),
    );
}

fn convert_tried_files(
    route: &mut edge::Route,
    level: &mut Level,
    directive: &Directive,
    made: &mut Made,
) {
    let mut places = Vec::new();
    let last = directive.words.len().saturating_sub(1);
    for (position, word) in directive.words.iter().enumerate() {
        let bare = word.split('?').next().unwrap_or_default();
        let place = match bare.strip_prefix("$uri") {
            Some(rest) if matches!(rest, "" | "/" | ".html" | ".htm") => format!("{{path}}{rest}"),
            Some("/index.html") => "{path}/".to_owned(),
            None if position == last && bare.starts_with('=') => {
                if bare != "=404" {
                    level
                        .remarks
                        .about(directive, "missing files are answered with 404");
                }
                continue;
            }
            None if position == last
                && bare.starts_with('/')
                && !bare.contains(['$', '{', '}']) =>
            {
                made.add_note(LAST);
                let prefix = route.strip.as_str();
                match bare.strip_prefix(prefix) {
                    Some(rest) if !prefix.is_empty() && rest.starts_with('/') => rest.to_owned(),
                    _ => bare.to_owned(),
                }
            }
            _ => {
                level.remarks.about(
                    directive,
                    &format!("{word} cannot be looked for; see `try` in docs/edge-reference.md"),
                );
                continue;
            }
        };
        places.push(place);
    }
    if places.iter().any(|place| place.contains(".php")) {
        level.remarks.about(
            directive,
            "PHP is not run. Until `to` names a program that answers HTTP, 503 is answered here",
        );
        close(route, 503);
    } else if places != ["{path}", "{path}/"] {
        route.r#try = places;
    }
}

/// Sets how long browsers cache files with certain endings, as in `location ~ \.(css|js)$ { expires
/// 30d; }`.
pub(super) fn cache(
    routes: &mut [Told],
    one: &Directive,
    names: &[String],
    level: &Level,
    remarks: &mut Remarks,
) {
    let value = level.cache_control();
    let to = format!("files:{}", level.scope.root.trim_end_matches('/'));
    let mut found = false;
    for told in routes
        .iter_mut()
        .filter(|told| told.route.to == to && !level.scope.root.is_empty())
    {
        found = true;
        if !value.is_empty() && !told.is_final {
            let names = names.iter().map(|name| (name.clone(), value.clone()));
            told.route.cache.extend(names);
        }
    }
    if !found {
        remarks.about(
            one,
            "no route leads to its files; give each path with such files a route to files:DIR, with `cache`",
        );
    }
    let is_cached = |one: &Directive| one.word(0).eq_ignore_ascii_case("cache-control");
    for inner in one
        .inside()
        .iter()
        .filter(|inner| inner.name == "add_header" && !is_cached(inner))
    {
        remarks.about(inner, "a route sets headers for all its files, or for none; give these files a route of their own, if they need it");
    }
    remarks.append(level.remarks.clone());
}

/// Copies how long browsers keep a file, as `location = /index.html` says, to the routes that send
/// this file for other paths: as the page of a folder, or as the last resort of `try_files`.
pub(super) fn cache_pages(routes: &mut [Told]) {
    let pages: Vec<edge::Route> = routes
        .iter()
        .map(|told| &told.route)
        .filter(|route| route.to.starts_with("files:") && route.strip.is_empty())
        .filter(|route| !route.path.ends_with('/'))
        .cloned()
        .collect();
    for page in pages {
        let is_index = page.path.strip_suffix("/index.html");
        for Told { route, remarks, .. } in routes.iter_mut() {
            let is_sent = route.r#try.contains(&page.path)
                || is_index.is_some_and(|folder| route.path.trim_end_matches('/') == folder);
            if route.path == page.path || route.host != page.host || route.to != page.to || !is_sent
            {
                continue;
            }
            if let Some(value) = page.cache.get("*") {
                route.cache.insert(page.path.clone(), value.clone());
            }
            let is_other = |(name, value): &(&String, &String)| {
                !name.eq_ignore_ascii_case("cache-control")
                    && route.headers.set.get(*name) != Some(*value)
            };
            let others = page.headers.set.iter().filter(is_other);
            let others: Vec<&str> = others.map(|(name, _)| name.as_str()).collect();
            if !others.is_empty() {
                remarks.line(format!(
                    "{}{}: nginx sends {} of {} with this page for other paths too; set them in `headers` here",
                    route.host,
                    route.path,
                    others.join(", "),
                    page.path
                ));
            }
        }
    }
}

/// Closes the routes to the folders of a server block that runs PHP. Otherwise they would serve the
/// source code of the PHP files.
pub(super) fn hide_sources(routes: &mut [Told]) {
    for told in routes {
        let route = &mut told.route;
        if let Some(folder) = route.to.strip_prefix("files:") {
            told.remarks.line(format!(
                "CAREFUL: programs in PHP were run in {folder}, and a folder shows their source, with its passwords. \
                 When no .php is left there, write to = \"files:{folder}\""
            ));
            close(route, 503);
        }
    }
}
