//! Tests with typical nginx files and their results.

mod answered;
mod guards;
mod properties;

use std::fs;
use std::path::{Path, PathBuf};

use edge::route::{HostPattern, NormalPath};
use edge::{Description, Plan, PlanContext, Problem};

use super::include::Includes;
use super::*;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nginx")
}

/// Makes the edge's plan for a configuration file that consists of just this text.
fn plan(text: &str) -> Result<Plan, Vec<Problem>> {
    let description: Description =
        toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let folder = tempfile::tempdir().unwrap();
    let ground = PlanContext {
        folder: folder.path(),
        data: folder.path(),
        services: &[],
    };
    Plan::check(&description, &ground)
}

/// The errors that the edge's check reports, except for missing folders and files.
fn problems(text: &str) -> Vec<String> {
    let Err(flaws) = plan(text) else {
        return Vec::new();
    };
    let missing = [" is not a folder", " is not a file", "cannot read "];
    let is_missing = |what: &str| missing.iter().any(|one| what.contains(one));
    let flaws = flaws.into_iter().filter(|flaw| !is_missing(&flaw.what));
    flaws
        .map(|flaw| format!("{}: {}", flaw.key, flaw.what))
        .collect()
}

#[test]
fn files_of_nginx_become_routes() {
    let mut seen = 0;
    let mut files: Vec<PathBuf> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|ending| ending == "conf"))
        .collect();
    files.sort();
    for file in files {
        let made = import(&file).unwrap();
        crate::compare(&file, &made);
        assert_eq!(problems(&made.text), [] as [&str; 0], "{}", made.text);
        seen += 1;
    }
    assert!(seen >= 12);
}

/// The section `[[route]]` for a request to a resulting `kenduri.toml`, as if all folders and files
/// were there; `None` if there is none.
fn found(text: &str, host: &str, path: &str) -> Option<edge::Route> {
    let mut description: Description =
        toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let written = description.route.clone();
    description.tls.certificate.clear();
    for route in &mut description.route {
        route.access = None;
        if route.to.starts_with("files:") {
            "files:/".clone_into(&mut route.to);
        }
    }
    let folder = Path::new("/");
    let ground = PlanContext {
        folder,
        data: folder,
        services: &[],
    };
    let plan = Plan::check(&description, &ground);
    let plan = plan.unwrap_or_else(|flaws| panic!("{flaws:?}\n{text}"));
    let found = plan.find(host, &NormalPath::parse(path).unwrap())?;
    let is_it = |route: &edge::Route| {
        let host = HostPattern::parse(&route.host);
        host.is_ok_and(|host| host == found.host) && route.path == found.path.as_str()
    };
    written.into_iter().find(is_it)
}

fn made(text: &str) -> String {
    made_whole(text).unwrap().text.replace("\n#  ", "")
}

fn made_whole(text: &str) -> Result<Imported, ImportError> {
    let path = Path::new("site.conf");
    let directives = tree::parse(text, "site.conf", path, &mut Includes::none())?;
    made_of("site.conf", &directives, Vec::new())
}

/// Imports a server block with these directives, and returns the resulting `kenduri.toml`.
fn server(inside: &str) -> String {
    made(&format!(
        "server {{ listen 80; server_name a.example; {inside} }}"
    ))
}

#[test]
fn proxies_strip_what_nginx_strips() {
    for (location, lines) in [
        (
            "location /api/ { proxy_pass http://b:1; }",
            "to = \"http://b:1\"\n",
        ),
        (
            "location /api/ { proxy_pass http://b:1/; }",
            "to = \"http://b:1\"\nstrip = \"/api\"\n",
        ),
        (
            "location /api/ { proxy_pass http://b:1/v2/; }",
            "strip = \"/api\"\nadd = \"/v2\"\n",
        ),
        (
            "location /api/ { proxy_pass http://b:1/api/; }",
            "to = \"http://b:1\"\n\n",
        ),
        (
            "location / { proxy_pass http://b; }",
            "to = \"http://b:80\"\n",
        ),
        (
            "location / { proxy_pass http://unix:/run/a.sock; }",
            "to = \"unix:/run/a.sock\"\n",
        ),
        (
            "location /x/ { proxy_pass http://unix:/run/a.sock:/; }",
            "to = \"unix:/run/a.sock\"\nstrip = \"/x\"\n",
        ),
        (
            "location /x { rewrite ^/x/(.*)$ /$1 break; proxy_pass http://b:1; }",
            "strip = \"/x\"\n",
        ),
        (
            "location /x { rewrite ^/x(/.*)$ $1 break; proxy_pass http://unix:/a; }",
            "to = \"unix:/a\"\nstrip = \"/x\"\n",
        ),
        (
            "location / { proxy_pass http://[::1]:3000; }",
            "to = \"http://[::1]:3000\"\n",
        ),
    ] {
        let text = server(location) + "\n";
        assert!(text.contains(lines), "{location}\n{text}");
    }
}

#[test]
fn a_slash_that_only_one_path_has_is_told() {
    for (location, told) in [
        (
            "/api/ { proxy_pass http://b:1/v2; }",
            "makes /v2x of /api/x; here it becomes /v2/x",
        ),
        (
            "/api/ { proxy_pass http://b:1/api; }",
            "makes /apix of /api/x; here it becomes /api/x",
        ),
        (
            "/api { proxy_pass http://b:1/; }",
            "makes //x of /api/x; here it becomes /x",
        ),
        (
            "/api { proxy_pass http://unix:/a:/v2/; }",
            "makes /v2//x of /api/x; here it becomes /v2/x",
        ),
        (
            "/ { proxy_pass http://b:1/app; }",
            "makes /appx of /x; here it becomes /app/x",
        ),
        (
            "/api { proxy_pass http://b:1/v2; }",
            "makes /v2 of /api; here it becomes /v2/",
        ),
        (
            "= /hook { proxy_pass http://b:1/take; }",
            "makes /take of /hook; here it becomes /take/",
        ),
        ("= /hook { proxy_pass http://b:1/take/; }", ""),
        ("= /hook { proxy_pass http://b:1; }", ""),
        ("/api { proxy_pass http://b:1; }", ""),
        ("/api/ { proxy_pass http://b:1/; }", ""),
        ("/api/ { proxy_pass http://b:1/v2/; }", ""),
        ("/api { proxy_pass http://b:1/api; }", ""),
        (
            "/x { rewrite ^/x/(.*)$ /$1 break; proxy_pass http://b:1; }",
            "",
        ),
    ] {
        let text = server(&format!("location {location}"));
        assert!(text.contains(told), "{location}\n{text}");
        assert_eq!(
            text.contains("nginx makes"),
            !told.is_empty(),
            "{location}\n{text}"
        );
    }
}

#[test]
fn headers_that_nginx_leaves_out_of_errors_are_told_once() {
    let pass = "proxy_pass http://b:1;";
    for (inside, told) in [
        (
            format!("expires 1h; location / {{ {pass} }} location /x/ {{ {pass} }}"),
            true,
        ),
        (format!("add_header X-A b; location / {{ {pass} }}"), true),
        (
            format!("add_header X-A b always; add_header X-B c; location / {{ {pass} }}"),
            true,
        ),
        (
            "add_header X-A b; location / { root /srv; }".to_owned(),
            true,
        ),
        (
            format!("add_header X-A b always; location / {{ {pass} }}"),
            false,
        ),
        (
            format!("add_header X-A b; location / {{ add_header X-B c always; {pass} }}"),
            false,
        ),
        (format!("expires off; location / {{ {pass} }}"), false),
        // For a folder, `expires` becomes the key `cache`, which does not apply to error responses.
        ("expires 1h; location / { root /srv; }".to_owned(), false),
    ] {
        let text = server(&inside);
        let times = text.matches("304, 307 and 308").count();
        assert_eq!(times, usize::from(told), "{inside}\n{text}");
    }
}

#[test]
fn certificates_of_all_servers_are_kept() {
    let pair = "ssl_certificate all.pem; ssl_certificate_key all.key;";
    let secure = "listen 443 ssl; root /srv;";
    let certificate = |text: &str| {
        let sections = text.split("\n[[tls.certificate]]").skip(1);
        sections
            .map(|one| one.split("\n\n").next().unwrap().trim().to_owned())
            .collect::<Vec<_>>()
    };
    let text = made(&format!(
        "http {{ {pair} server {{ server_name a.example; {secure} }} server {{ server_name b.example; {secure} }} \
         server {{ server_name c.example; {secure} ssl_certificate c.pem; ssl_certificate_key c.key; }} \
         server {{ server_name d.example; listen 80; root /srv; }} }}"
    ));
    assert_eq!(
        certificate(&text),
        [
            "hosts = [\"a.example\", \"b.example\"]\nchain = \"all.pem\"\nkey = \"all.key\"\ndefault = true",
            "hosts = [\"c.example\"]\nchain = \"c.pem\"\nkey = \"c.key\"",
        ],
        "{text}"
    );
    let text = server(
        "listen 443 ssl; root /srv; ssl_certificate rsa.pem; ssl_certificate_key rsa.key; \
         ssl_certificate ecdsa.pem; ssl_certificate_key ecdsa.key;",
    );
    assert_eq!(certificate(&text).len(), 1, "{text}");
    assert!(
        text.contains("chain = \"rsa.pem\"\nkey = \"rsa.key\""),
        "{text}"
    );
    assert!(
        text.contains("ssl_certificate ecdsa.pem: a name has one certificate"),
        "{text}"
    );
    let text = server("listen 443 ssl; root /srv; ssl_certificate rsa.pem;");
    assert!(
        text.contains("ssl_certificate rsa.pem: no ssl_certificate_key"),
        "{text}"
    );
}

#[test]
fn who_answered_for_other_names_is_told() {
    let of =
        |listen: &str, name: &str| format!("server {{ {listen} server_name {name}; return 404; }}");
    for (servers, told) in [
        (of("listen 80;", "a.example"), true),
        (of("", "a.example"), true),
        (of("listen 80;", "_"), false),
        (of("listen 80;", "a.example _"), false),
        (
            of("listen 80;", "a.example") + &of("listen 80 default_server;", "_"),
            false,
        ),
        (
            of("listen 80;", "_") + &of("listen [::]:80 default_server;", "a.example"),
            true,
        ),
        (
            of("listen 80;", "_") + &of("listen 80;", "a.example"),
            false,
        ),
        (of("listen 80;", "a.example") + &of("listen 80;", "_"), true),
        (
            of("listen 80;", "_") + &of("listen 8080;", "a.example"),
            true,
        ),
    ] {
        let text = made(&servers);
        assert_eq!(
            text.contains("names that no server has"),
            told,
            "{servers}\n{text}"
        );
    }
}

#[test]
fn pages_of_folders_with_other_names_are_told() {
    for (index, told) in [
        ("index home.html index.html;", true),
        ("index index.html index.htm;", true),
        ("index home.html;", true),
        ("index index.html;", false),
        ("", false),
    ] {
        let text = server(&format!("root /srv; {index}"));
        assert_eq!(
            text.contains("the page of a folder is always index.html"),
            told,
            "{text}"
        );
    }
}

#[test]
fn every_directive_is_carried_over_or_said() {
    for (directive, told) in [
        ("proxy_connect_timeout 2s;", "connect_time = \"2s\""),
        ("proxy_read_timeout 5m;", "idle_time = \"5m\""),
        (
            "proxy_send_timeout 5m;",
            "1: proxy_send_timeout: what is sent",
        ),
        (
            "proxy_http_version 1.1;",
            "1: proxy_http_version: what is sent",
        ),
        (
            "proxy_buffering off;",
            "1: proxy_buffering: bodies are buffered",
        ),
        (
            "proxy_redirect off;",
            "1: proxy_redirect: redirects of programs",
        ),
        (
            "proxy_redirect http://b/ /;",
            "1: proxy_redirect http://b/ /: not carried over",
        ),
        (
            "proxy_cookie_path / /x/;",
            "1: proxy_cookie_path / /x/: not carried over",
        ),
        (
            "keepalive_timeout 10;",
            "1: keepalive_timeout: limits on clients' times",
        ),
        (
            "client_body_timeout 60s;",
            "1: client_body_timeout: limits on clients' times",
        ),
        ("server_tokens off;", "1: server_tokens: Kenduri does this"),
        ("charset UTF-8;", "1: charset: Kenduri does this"),
        ("charset koi8-r;", "1: charset koi8-r: files of text"),
        (
            "error_page 404 /404.html;",
            "1: error_page 404 /404.html: pages of errors",
        ),
        (
            "limit_conn z 3;",
            "1: limit_conn z 3: set `connections_per_address`",
        ),
        (
            "limit_conn_status 429;",
            "1: limit_conn_status 429: not carried over",
        ),
    ] {
        let text = server(&format!(
            "{directive} location / {{ proxy_pass http://b:1; }}"
        ));
        assert!(text.contains(told), "{directive}\n{text}");
    }
    let text = server("location /files/ { internal; alias /srv/files/; }");
    assert!(
        text.contains("1: internal: requests from outside are not answered here")
            && text.contains("X-Accel-Redirect of a program is ignored")
            && text.contains("to = \"status:404\""),
        "{text}"
    );
    let text = made("map $uri $to { default /; } server { listen 80; root /srv; }");
    assert!(text.contains("1: map $uri $to: not carried over"), "{text}");
    let text = server(
        "location @a { proxy_pass http://b:1; } location / { root /srv; try_files $uri @a; }",
    );
    assert!(
        text.contains("1: try_files $uri @a: files of /srv were looked for first"),
        "{text}"
    );
}

/// The section of the route for `path` in the resulting `kenduri.toml`.
fn route_of<'a>(text: &'a str, path: &str) -> Option<&'a str> {
    let line = format!("\npath = \"{path}\"\n");
    text.split("[[route]]")
        .skip(1)
        .find(|route| route.contains(&line))
}

#[test]
fn patterns_that_are_plain_paths_become_routes() {
    let pass = "{ proxy_pass http://b:1; }";
    let rest = "location / { proxy_pass http://b:2; }";
    for (pattern, path) in [
        ("^/admin$", "/admin"),
        ("^/api/", "/api/"),
        (r"^/feed\.xml$", "/feed.xml"),
    ] {
        for others in [
            rest.to_owned(),
            format!("{rest} location = /api/x {pass} location ^~ /apis/ {pass}"),
        ] {
            let text = server(&format!("location ~ {pattern} {pass} {others}"));
            let route = route_of(&text, path);
            assert!(
                route.is_some_and(|route| route.contains("http://b:1")),
                "{text}"
            );
            assert!(!text.contains("regular"), "{text}");
        }
    }
    let guarded = server(&format!(
        r"root /srv; location ~* \.css$ {{ expires 1d; }} location ~ ^/admin$ {{ deny all; }} {rest}"
    ));
    assert!(
        route_of(&guarded, "/admin").is_some_and(|route| route.contains("deny")),
        "{guarded}"
    );
    // Each of these locations makes nginx send some of the requests elsewhere.
    for others in [
        format!("location ~* ^/api/ {pass}"),
        format!("location ~ ^/api {pass}"),
        format!("location /api/v2/ {pass} location ~ ^/api/ {pass}"),
        format!("location /api/ {pass} location ~ ^/api/ {pass}"),
        format!("location = /api {pass} location ~ ^/api$ {pass}"),
        format!(r"location ~ \.css$ {{ root /srv; }} location ~ ^/api/ {pass}"),
        format!("location ^~ /api {pass} location ~ ^/api/v2/ {pass}"),
        format!("location /api {{ location ~ ^/api/v2/ {pass} }}"),
        "location ~ ^/api/ { alias /srv/one.html; }".to_owned(),
        // A route for the exact path would also allow access to the paths below it.
        format!("location /x/ {{ deny all; }} location ~ ^/x/open$ {pass}"),
        "deny all; location ~ ^/open$ { allow all; proxy_pass http://b:1; }".to_owned(),
    ] {
        let text = server(&format!("{others} {rest}"));
        assert!(text.contains("regular expressions"), "{text}");
    }
}

#[test]
fn sources_of_php_are_not_shown() {
    let text = server("root /srv; location ~ \\.php$ { fastcgi_pass unix:/p; }");
    assert!(
        text.contains("to = \"status:503\"") && !text.contains("\nto = \"files:"),
        "{text}"
    );
}

#[test]
fn grpc_is_left_out_with_a_remark() {
    for pass in ["unix:/run/g.sock", "grpc://127.0.0.1:1", "grpcs://b:1"] {
        let text = server(&format!("location / {{ grpc_pass {pass}; }}"));
        assert!(
            text.contains("left out: gRPC is not proxied") && text.contains("to = \"status:503\""),
            "{text}"
        );
    }
}

#[test]
fn unknown_directives_are_named_with_their_line() {
    let text = made("server {\n listen 80;\n wonder a\n b;\n location / { return 404; }\n}");
    assert!(
        text.contains("# site.conf:3: wonder a b: not carried over"),
        "{text}"
    );
}

#[test]
fn a_file_without_a_server_is_told() {
    let why = made_whole("worker_processes 1;").unwrap_err().to_string();
    assert!(why.contains("there is no `server"), "{why}");
}
