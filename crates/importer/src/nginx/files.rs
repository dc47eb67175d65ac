//! Converts `root`, `alias` and `try_files`, which serve files from folders.

use std::collections::BTreeMap;

use super::made::{Made, Told, close};
use super::proxy;
use super::remarks::Remarks;
use super::scope::Level;
use super::tree::Directive;

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
    if let Some(try_files) = level.try_files.clone()
        && let Some(name) = try_files.words.last().filter(|word| word.starts_with('@'))
    {
        if let Some(pass) = named.get(name).and_then(|level| level.pass.clone()) {
            if let Some(target) = named.get(name) {
                level.scope.keeps_host |= target.scope.keeps_host;
                level.scope.withheld.clone_from(&target.scope.withheld);
                level.remarks.append(target.remarks.clone());
            }
            proxy::lead(route, level, &pass, made);
            level.remarks.about(
                &try_files,
                &format!("files of {folder} were looked for first. A route does one or the other: give each path with files a route to files:{folder}"),
            );
        } else {
            level.remarks.about(
                &try_files,
                "there is no such location. Until `to` names something, 503 is answered here",
            );
            close(route, 503);
        }
        return;
    }
    if folder.is_empty() || folder.contains(['$', '\0']) {
        level.remarks.line(format!(
            "{}{}: nothing says where its files are. Until `to` names something, 404 is answered here",
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
        if !last.is_empty()
            && folder.ends_with(&format!("/{last}"))
            && !level.alias.ends_with('/')
            && last.contains('.')
        {
            // The location's path ends with the file's name, so the route serves only this file.
            folder.truncate(folder.len() - last.len() - 1);
            route.path[..route.path.len() - last.len()]
                .trim_end_matches('/')
                .clone_into(&mut route.strip);
        } else {
            route
                .path
                .trim_end_matches('/')
                .clone_into(&mut route.strip);
        }
    }
    let trimmed = folder.trim_end_matches('/');
    route.to = format!("files:{}", if trimmed.is_empty() { "/" } else { trimmed });
    route.listing = level.scope.listing;
    if level.scope.index.iter().any(|name| name != "index.html") {
        let names = level.scope.index.join(" ");
        level.remarks.line(format!(
            "index {names}: the page of a folder is index.html, and no other"
        ));
    }
    if let Some(directive) = level.try_files.clone() {
        tried(route, level, &directive);
    }
}

/// Converts the arguments of `try_files` that name files.
fn tried(route: &mut edge::Route, level: &mut Level, directive: &Directive) {
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
                        .about(directive, "what is not there is answered with 404");
                }
                continue;
            }
            None if position == last
                && bare.starts_with('/')
                && !bare.contains(['$', '{', '}']) =>
            {
                let prefix = route.strip.as_str();
                match bare.strip_prefix(prefix) {
                    Some(rest) if !prefix.is_empty() && rest.starts_with('/') => rest.to_owned(),
                    _ => bare.to_owned(),
                }
            }
            _ => {
                level
                    .remarks
                    .about(directive, &format!("{word} cannot be looked for"));
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
        if !value.is_empty() {
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
        remarks.about(inner, "a route sets headers for all its files or for none");
    }
    remarks.append(level.remarks.clone());
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
