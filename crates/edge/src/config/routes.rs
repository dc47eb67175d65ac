//! Validates the `[[route]]` settings.

use std::collections::HashMap;
use std::sync::Arc;

use http::{StatusCode, Uri};
use units::Check;

use super::bodies::Bodies;
use super::server::server;
use super::upstreams::Upstreams;
use super::{PlanContext, cache, services};
use crate::description;
use crate::filters::auth::Access;
use crate::filters::headers::{Changes, StrippedHeaders};
use crate::filters::rate_limit::Limiter;
use crate::metrics::RouteFigures;
use crate::route::{self, HostPattern, NormalPath, Redirect, Route, RoutePath, Table, Target};
use crate::static_files::{Folder, FolderError, FolderSettings};
pub(super) fn routes(
    written: &[description::Route],
    upstreams: &mut Upstreams,
    ground: &PlanContext<'_>,
    bodies: Bodies,
    check: &mut Check,
) -> Table {
    let all_to_app = [description::Route {
        to: "app".to_owned(),
        ..description::Route::default()
    }];
    let written = if written.is_empty() {
        &all_to_app
    } else {
        written
    };
    let mut routes: Vec<(usize, Route)> = Vec::new();
    let mut known: HashMap<(HostPattern, Vec<u8>), usize> = HashMap::new();
    for (number, written) in written.iter().enumerate() {
        check.enter(format!("route[{number}]"));
        let Some(route) = one(written, upstreams, ground, bodies, check) else {
            continue;
        };
        let place = (route.host.clone(), route.path.matched().to_owned());
        if let Some(other) = known.insert(place, number) {
            check.refuse(
                "path",
                format!("route[{other}] has the same host and path: {}", route.name),
                "keep one of them",
            );
            continue;
        }
        routes.push((number, route));
    }
    check.enter("");
    exclude_other_routes(&mut routes);
    let redirects: Vec<(usize, Arc<str>, String)> = routes
        .iter()
        .filter_map(|(number, route)| match &route.target {
            Target::Redirect(redirect) => Some((
                *number,
                Arc::clone(&route.name),
                redirect.location(&route.rewrite(&NormalPath::parse("/").ok()?), None),
            )),
            _ => None,
        })
        .collect();
    let table = Table::new(routes.into_iter().map(|(_, route)| route));
    for (number, name, location) in redirects {
        if matches_again(&table, &name, &location) {
            check.refuse(
                &format!("route[{number}].to"),
                "the redirect leads to itself",
                "redirect to an address of another route",
            );
        }
    }
    for name in unused(&table, upstreams) {
        check.warn(
            &format!("upstream.{name}"),
            "no route leads there",
            format!("write to = \"upstream:{name}\" in a [[route]], or remove it"),
        );
    }
    table
}

/// Symbolic links in a folder must not lead to paths of other routes.
fn exclude_other_routes(routes: &mut [(usize, Route)]) {
    for at in 0..routes.len() {
        let route = &routes[at].1;
        let others = routes.iter().map(|(_, other)| other);
        let others = others.filter(|other| other.is_inside(route));
        let paths: Vec<String> = others
            .filter_map(|other| {
                let path = NormalPath::parse(other.path.as_str()).ok()?;
                Some(route.rewrite(&path).into_owned())
            })
            .collect();
        if let Target::Files(folder) = &mut routes[at].1.target
            && let Some(folder) = Arc::get_mut(folder)
        {
            folder.leave(paths);
        }
    }
}

fn unused(table: &Table, upstreams: &Upstreams) -> Vec<Arc<str>> {
    let is_used = |name: &str| {
        table.routes().any(|route| {
            let asked = route.access.as_deref().and_then(Access::asks);
            asked == Some(name) || matches!(&route.target, Target::Proxy(used) if &**used == name)
        })
    };
    upstreams
        .keys()
        .filter(|name| !is_used(name) && services::service_of(name).is_none())
        .cloned()
        .collect()
}

fn matches_again(table: &Table, name: &str, location: &str) -> bool {
    let Ok(uri) = location.parse::<Uri>() else {
        return false;
    };
    let own_host = name.split('/').next().unwrap_or_default();
    let Ok(path) = NormalPath::parse(uri.path()) else {
        return false;
    };
    table
        .find(uri.host().unwrap_or(own_host), &path)
        .is_some_and(|met| &*met.name == name)
        // A route for all hosts may redirect to a single host, which another server may serve.
        && (uri.host().is_none() || own_host != "*")
}

fn one(
    written: &description::Route,
    upstreams: &mut Upstreams,
    ground: &PlanContext<'_>,
    bodies: Bodies,
    check: &mut Check,
) -> Option<Route> {
    let host = check.accept("host", HostPattern::parse(&written.host));
    let path = check.accept("path", RoutePath::parse(&written.path));
    let target = target(written, upstreams, ground, check);
    let strip = match (&path, written.strip.is_empty()) {
        (_, true) | (None, _) => Some(0),
        (Some(path), false) => {
            let segments = route::strip(path, &written.strip);
            if segments.is_none() {
                check.refuse(
                    "strip",
                    format!(
                        "{:?} is not the beginning of the path {:?}",
                        written.strip,
                        path.as_str()
                    ),
                    "strip the path, or whole segments from its beginning",
                );
            }
            segments
        }
    };
    let add = added(&written.add, check);
    let body_size = if written.body_size.is_empty() {
        None
    } else {
        check.accept("body_size", units::size(&written.body_size))
    };
    let headers = Changes::check(&written.headers, &mut |name, what, mend| {
        check.refuse(&format!("headers.{name}"), what, mend);
    });
    let withheld = StrippedHeaders::check(&written.request_headers, &mut |name, what, mend| {
        check.refuse(&format!("request_headers.{name}"), what, mend);
    });
    let limit = written.limit.as_ref().and_then(|limit| {
        Limiter::check(limit, &mut |name, what, mend| {
            check.refuse(&format!("limit.{name}"), what, mend);
        })
    });
    let access = written
        .access
        .as_ref()
        .map(|written| super::auth::access(written, upstreams, ground, check));
    let cors = written
        .cors
        .as_ref()
        .map(|cors| super::cors::cors(cors, &written.headers, check));
    let log = log_name(&written.log, check);
    let target = target?;
    let bodies = bodies.of_route(&target, written, check);
    let (host, path) = (host?, path?);
    let name: Arc<str> = format!("{host}{}", path.as_str()).into();
    let shared_cache = cache::policy(&name, &target, written, check);
    let knows_people = |access: &Access| access.knows_people();
    if shared_cache.is_some() && access.iter().flatten().any(knows_people) {
        check.refuse(
            "shared_cache",
            "a response for one person would be cached and shown to others",
            "remove it, or use only allow and deny in access",
        );
    }
    let copies = |access: &Access| access.copies().any(|name| withheld.holds(name.as_str()));
    if access.iter().flatten().any(copies) {
        check.refuse(
            "request_headers",
            "access.ask copies a header that request_headers removes",
            "keep one of them: headers in copy are removed from clients' requests anyway",
        );
    }
    let falls_back = match (&target, written.fallback.as_str()) {
        (_, "") => false,
        (Target::Files(_), "app") => true,
        (Target::Files(_), other) => {
            check.refuse(
                "fallback",
                format!("{other:?} cannot stand in for missing files"),
                "write fallback = \"app\", or remove it",
            );
            false
        }
        _ => false,
    };
    if !withheld.is_empty() && !falls_back && !matches!(target, Target::App | Target::Proxy(_)) {
        check.refuse(
            "request_headers",
            format!("{} reads no request headers", written.to),
            "remove it, or lead the route to a program",
        );
    }
    if !matches!(target, Target::Files(_)) {
        for (option, is_set) in [
            ("try", !written.r#try.is_empty()),
            ("listing", written.listing),
            ("cache", !written.cache.is_empty()),
            ("fallback", !written.fallback.is_empty()),
        ] {
            if is_set {
                check.refuse(
                    option,
                    format!(
                        "{option} is for routes to files, and {} is not one",
                        written.to
                    ),
                    "remove it, or lead the route to files:DIR",
                );
            }
        }
    }
    if matches!(target, Target::Status(_)) && !(written.strip.is_empty() && written.add.is_empty())
    {
        check.refuse(
            "strip",
            "a route to a status forwards nothing",
            "remove strip and add",
        );
    }
    Some(Route {
        figures: RouteFigures::new(Arc::clone(&name)).into(),
        host,
        path,
        case_sensitive: written.case_sensitive,
        target,
        falls_back,
        name,
        to: written.to.clone(),
        strip: strip?,
        add: add?,
        limit: limit.map(Arc::new),
        access: match access {
            None => None,
            Some(access) => Some(Arc::new(access?)),
        },
        cors,
        headers: Arc::new(headers),
        withheld,
        body_size,
        body_rate: bodies?.rate,
        buffer_request: bodies?.buffer,
        shared_cache,
        log,
    })
}

/// Checks the name of a site's log. The name becomes part of a file's name.
fn log_name(written: &str, check: &mut Check) -> Option<Arc<str>> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if written.is_empty() {
        return None;
    }
    if written.len() > 64 || !written.bytes().all(is_plain) || written.starts_with('.') {
        check.refuse(
            "log",
            format!("{written:?} cannot be part of a file's name"),
            "write up to 64 letters, digits, ., - and _, such as the name of the site",
        );
    }
    Some(written.into())
}

fn added(written: &str, check: &mut Check) -> Option<String> {
    let add = written.trim_end_matches('/');
    if add.is_empty() {
        return Some(String::new());
    }
    let path = check.accept("add", NormalPath::parse(add))?;
    Some(path.as_str().to_owned())
}

fn target(
    written: &description::Route,
    upstreams: &mut Upstreams,
    ground: &PlanContext<'_>,
    check: &mut Check,
) -> Option<Target> {
    let key = "to";
    let to = written.to.as_str();
    let forms = "write app, files:DIR, service:NAME, upstream:NAME, http://HOST:PORT, unix:PATH, redirect:URL or status:NUMBER";
    if to == "app" {
        return Some(Target::App);
    }
    if let Some(server) = server(key, to, upstreams, ground, check) {
        return server.ok().map(Target::Proxy);
    }
    match to.split_once(':') {
        Some(("files", folder)) => files(folder, written, ground, check),
        Some(("redirect", url)) => check.accept(key, redirect(url)).map(Target::Redirect),
        Some(("status", code)) => {
            let status = code.parse::<StatusCode>().ok();
            let status = status.filter(|status| {
                status.is_success() || status.is_client_error() || status.is_server_error()
            });
            if status.is_none() {
                check.refuse(
                    key,
                    format!("{code:?} is not a status that a route can send"),
                    "write a number from 200 to 299 or from 400 to 599, such as status:410",
                );
            }
            status.map(Target::Status)
        }
        _ => {
            let what = if to.is_empty() {
                "it is missing".to_owned()
            } else {
                format!("{to:?} is not a target of a route")
            };
            check.refuse(key, what, forms);
            None
        }
    }
}

fn files(
    folder: &str,
    written: &description::Route,
    ground: &PlanContext<'_>,
    check: &mut Check,
) -> Option<Target> {
    let root = ground.folder.join(folder);
    if folder.is_empty() || !root.is_dir() {
        check.absent(
            "to",
            format!("{} is not a folder", root.display()),
            "name an existing folder; a relative path begins at the folder of the settings file",
        );
    }
    let mut refuse = |key: String, error: &FolderError| {
        let text = error.to_string();
        let (what, mend) = text.split_once("\n  ").unwrap_or((&text, "correct it"));
        check.refuse(&key, what, mend);
    };
    // Each entry is validated separately, so all errors are reported.
    for (position, attempt) in written.r#try.iter().enumerate() {
        let alone = FolderSettings {
            r#try: vec![attempt.clone()],
            ..FolderSettings::default()
        };
        if let Err(error) = Folder::new(alone) {
            refuse(format!("try[{position}]"), &error);
        }
    }
    for (pattern, value) in &written.cache {
        let alone = FolderSettings {
            cache: [(pattern.clone(), value.clone())].into(),
            ..FolderSettings::default()
        };
        if let Err(error) = Folder::new(alone) {
            refuse(format!("cache.{pattern}"), &error);
        }
    }
    let settings = FolderSettings {
        root,
        r#try: written.r#try.clone(),
        listing: written.listing,
        cache: written.cache.clone(),
        is_for_some: written.access.is_some(),
    };
    let folder = Folder::new(settings).ok()?;
    Some(Target::Files(Arc::new(folder)))
}

fn redirect(url: &str) -> Result<Redirect, String> {
    let how = || {
        format!(
            "{url:?} is not an address to redirect to; write redirect:https://example.org/page, \
             or redirect:https://example.org{{path}} to keep the path"
        )
    };
    let sample = url.replacen("{path}", "/x", 1);
    let uri: Uri = sample.parse().map_err(|_| how())?;
    let is_whole = matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
    let is_path = sample.starts_with('/') && !sample.starts_with("//");
    // Refuses fragments, and braces that do not belong to a known placeholder.
    if !(is_whole || is_path) || sample.contains(['{', '}', '#']) {
        return Err(how());
    }
    Ok(match url.split_once("{path}") {
        None => Redirect {
            before: url.to_owned(),
            after: None,
        },
        Some((before, after)) => Redirect {
            before: before.to_owned(),
            after: Some(after.to_owned()),
        },
    })
}
