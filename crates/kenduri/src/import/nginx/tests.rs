//! Files of nginx as people have them, and what is made of them.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::include::Includes;
use super::*;
use crate::configuration::{self, Asked};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/nginx")
}

/// What Kenduri says to it, but for folders and files that are not here.
fn problems(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kenduri.toml");
    fs::write(&file, text).unwrap();
    let asked = Asked {
        file: Some(file),
        ..Asked::default()
    };
    let Err(problems) = configuration::load(&asked) else {
        return Vec::new();
    };
    // Nor is `/` the file that a certificate is in.
    let missing = [" is no folder", " is no file", "cannot read "];
    let is_missing = |what: &str| missing.iter().any(|one| what.contains(one));
    let problems = problems
        .0
        .into_iter()
        .filter(|problem| !is_missing(&problem.what));
    problems
        .map(|problem| format!("{}: {}", problem.origin, problem.what))
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
        crate::import::compare(&file, &made);
        assert_eq!(problems(&made.text), [] as [&str; 0], "{}", made.text);
        seen += 1;
    }
    assert!(seen >= 12);
}

fn made(text: &str) -> String {
    made_whole(text).unwrap().text.replace("\n#  ", "")
}

fn made_whole(text: &str) -> Result<Imported, ImportError> {
    let path = Path::new("site.conf");
    let directives = tree::parse(text, "site.conf", path, &mut Includes::none())?;
    made_of("site.conf", &directives, Vec::new())
}

/// One server, with this inside.
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
        (
            "location / { grpc_pass unix:/run/g.sock; }",
            "to = \"h2c+unix:/run/g.sock\"\n",
        ),
    ] {
        let text = server(location) + "\n";
        assert!(text.contains(lines), "{location}\n{text}");
    }
}

#[test]
fn what_is_guarded_never_opens() {
    for inside in [
        "location /x/ { auth_request /v; root /srv; }",
        "location /x/ { limit_except GET { deny all; } root /srv; }",
        "location /x/ { auth_basic \"X\"; auth_basic_user_file f; root /srv; }",
        "location /x/ { auth_basic \"X\"; root /srv; }",
        "location /x/ { deny all; root /srv; }",
        "location /x/ { internal; root /srv; }",
        "root /srv; location ~ ^/x/[0-9] { deny all; }",
        "ssl_verify_client on; location /x/ { root /srv; }",
        "allow 10.0.0.1; deny all; location /x/ { root /srv; }",
    ] {
        let text = server(inside);
        let routes = text.split("[[route]]").skip(1);
        let mut found = 0;
        for route in routes.filter(|route| route.contains("path = \"/x")) {
            let is_closed = ["status:403", "status:404", "access = "]
                .iter()
                .any(|word| route.contains(word));
            assert!(is_closed, "{inside}\n{text}");
            found += 1;
        }
        assert!(found == 1, "{inside}\n{text}");
    }
    let lost = server("root /srv; location ~ \\.sql$ { deny all; }");
    assert!(
        lost.contains("CAREFUL: site.conf:1: location ~ \\.sql$"),
        "{lost}"
    );
}

/// The route for a path of a host, as it is written.
fn route_of<'a>(text: &'a str, path: &str) -> Option<&'a str> {
    let line = format!("\npath = \"{path}\"\n");
    text.split("[[route]]")
        .skip(1)
        .find(|route| route.contains(&line))
}

#[test]
fn what_few_could_reach_is_not_open_to_all() {
    let admin = "server_name b.example; location / { proxy_pass http://127.0.0.1:1; }";
    for (listen, wide, expected) in [
        (
            "127.0.0.1:9000",
            "80",
            "access = { allow = [\"127.0.0.0/8\", \"::1\"] }",
        ),
        (
            "[::1]:9000",
            "10.0.0.1:80",
            "access = { allow = [\"127.0.0.0/8\", \"::1\"] }",
        ),
        ("unix:/run/a.sock", "80", "status:403"),
        ("unix:/run/a.sock", "127.0.0.1:80", "status:403"),
        ("10.0.0.1:80", "203.0.113.7:80", "status:403"),
        ("10.0.0.1:80", "192.168.0.1:80", "status:403"),
        ("10.0.0.1:80", "10.0.0.1:81", "http://127.0.0.1:1"),
        ("127.0.0.1:9000", "localhost:80", "http://127.0.0.1:1"),
        ("80", "443", "http://127.0.0.1:1"),
    ] {
        let text = made(&format!(
            "server {{ listen {listen}; {admin} }} server {{ listen {wide}; server_name a.example; return 404; }}"
        ));
        let route = text
            .split("[[route]]")
            .find(|route| route.contains("b.example\"\npath"));
        assert!(
            route.is_some_and(|route| route.contains(expected)),
            "{listen}\n{text}"
        );
        let is_told = text.contains("CAREFUL: site.conf:1: this server listened");
        assert_eq!(is_told, !expected.starts_with("http"), "{text}");
        assert_eq!(
            expected.starts_with("http"),
            !text.contains("access =") && !text.contains("403")
        );
    }
    // What everybody reached is not closed for the sake of the other.
    let text = made(
        "server { listen 127.0.0.1:9000; return 204; } server { listen 80; location / { proxy_pass http://b:1; } }",
    );
    assert!(
        text.contains("to = \"http://b:1\"") && !text.contains("access"),
        "{text}"
    );
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
    // Here nginx leads some of them elsewhere.
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
        // A route for the one path would open what is below it.
        format!("location /x/ {{ deny all; }} location ~ ^/x/open$ {pass}"),
        "deny all; location ~ ^/open$ { allow all; proxy_pass http://b:1; }".to_owned(),
    ] {
        let text = server(&format!("{others} {rest}"));
        assert!(text.contains("regular expressions"), "{text}");
    }
}

#[test]
fn guards_of_patterns_and_of_equal_paths_are_kept() {
    let guard = "allow 10.0.0.0/8; deny all; proxy_pass http://b:1;";
    let text = server(&format!(
        "location / {{ proxy_pass http://b:2; }} location ~ ^/phpmyadmin {{ {guard} }}"
    ));
    assert!(
        route_of(&text, "/phpmyadmin").is_some_and(|route| route.contains("status:403")),
        "{text}"
    );
    assert!(text.contains("/phpmyadmin-x"), "{text}");
    let text = server(&format!("root /srv; location ~* ^/admin/ {{ {guard} }}"));
    assert!(
        text.contains("CAREFUL") && text.replace("\n#   ", " ").contains("another case"),
        "{text}"
    );
    assert!(!text.contains("/admin-x"), "{text}");
    let basic = "auth_basic \"X\"; auth_basic_user_file f;";
    let text = server(&format!(
        "location /admin {{ proxy_pass http://b:1; }} location = /admin {{ {basic} }}"
    ));
    assert!(
        route_of(&text, "/admin").is_some_and(|route| route.contains("status:403")),
        "{text}"
    );
    let text = server(&format!(
        "location /admin {{ {basic} proxy_pass http://b:1; }} location = /admin {{ {basic} }}"
    ));
    assert!(
        route_of(&text, "/admin").is_some_and(|route| route.contains("http://b:1")),
        "{text}"
    );
    let text = server("root /srv; location = / { deny all; }");
    assert!(
        text.contains("CAREFUL: site.conf:1: location = /"),
        "{text}"
    );
}

#[test]
fn a_route_that_is_refused_does_not_leave_its_path_to_a_wider_one() {
    for (guard, status) in [("deny all;", "status:403"), ("", "status:503")] {
        let text = server(&format!(
            "location / {{ proxy_pass http://b:1; }} location /x/ {{ {guard} proxy_pass http://b:0; }}"
        ));
        assert!(
            route_of(&text, "/x/").is_some_and(|route| route.contains(status)),
            "{text}"
        );
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

/// What files of nginx are made of.
fn soup() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => prop::sample::select(vec![
            "server", "location", "upstream", "listen", "server_name", "root", "alias", "index", "try_files", "proxy_pass",
            "return", "rewrite", "if", "{", "}", ";", ";", "/", "=", "~", "~*", "^~", "@a", "/api/", "80", "443", "ssl", "_",
            "a.example", "*.a.example", "http://127.0.0.1:1", "http://unix:/a:/", "http://a/", "$uri", "$host", "=404",
            "/index.html", "301", "404", "https://$host$request_uri", "limit_req_zone", "limit_req", "zone=a:1m", "rate=1r/s",
            "$binary_remote_addr", "allow", "deny", "all", "10.0.0.0/8", "auth_basic", "auth_basic_user_file", "expires",
            "add_header", "Cache-Control", "client_max_body_size", "1m", "0", "ssl_certificate", "ssl_certificate_key",
            "\\.(css|js)$", "weight=3", "hash", "include", "http", "proxy_read_timeout", "(", "$host", "!=", "break",
            "^/api/(.*)$", "/$1", "autoindex", "on", "proxy_protocol", "grpc_pass", "internal", "server",
        ]).prop_map(str::to_owned),
        1 => "[ -~]{0,6}",
        1 => ".{0,4}",
    ];
    prop::collection::vec(word, 0..80).prop_map(|words| words.join(" "))
}

/// Directives that are well formed, in a server.
fn sound() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        4 => prop::sample::select(vec![
            "/", "/a", "/a/", "/a b", "/é", "/%zz", "80", "70000", "443 ssl", "unix:/x", "[::]:80", "a.example", "*.b.example",
            "-x-", "~x", "_", ".c.example", "http://127.0.0.1:1/", "http://x:0", "http://", "unix:", "http://g/x/", "$a", "$uri $uri/ /i.html",
            "=404", "301 /b", "301 https://$host/x#y", "302 $scheme://c.example$request_uri", "200 'x'", "999", "404", "10.0.0.0/8",
            "all", "X-A 'b'", "'X A' b", "X-A 'é'", "Connection x", "on", "'a \"b'", "1m", "5s", "max", "zone=z burst=5",
            "x.pem", "g", "{path}", "/{x}/",
        ]).prop_map(str::to_owned),
        1 => "[!-:<-z|~]{1,8}",
    ];
    let name = prop::sample::select(vec![
        "listen",
        "server_name",
        "root",
        "alias",
        "index",
        "try_files",
        "proxy_pass",
        "grpc_pass",
        "return",
        "allow",
        "deny",
        "auth_basic",
        "auth_basic_user_file",
        "add_header",
        "proxy_hide_header",
        "expires",
        "client_max_body_size",
        "limit_req",
        "proxy_read_timeout",
        "ssl_certificate",
        "ssl_certificate_key",
        "autoindex",
        "rewrite",
        "internal",
        "proxy_set_header",
    ]);
    let plain = (name, value.clone()).prop_map(|(name, value)| format!("{name} {value};"));
    let several = prop::collection::vec(plain, 0..6).prop_map(|all| all.join("\n"));
    let location = (
        prop::sample::select(vec!["", "=", "^~", "~", "@"]),
        value,
        several.clone(),
    )
        .prop_map(|(sign, path, inside)| format!("location {sign} {path} {{\n{inside}\n}}"));
    let one = (several, prop::collection::vec(location, 0..4)).prop_map(|(inside, locations)| {
        format!("server {{\n{inside}\n{}\n}}", locations.join("\n"))
    });
    prop::collection::vec(one, 1..4).prop_map(|servers| {
        format!(
            "upstream g {{ server 127.0.0.1:1; server unix:/u weight=200; }}\nlimit_req_zone $remote_addr zone=z:1m rate=5r/s;\n{}",
            servers.join("\n")
        )
    })
}

proptest! {
    #[test]
    fn no_words_make_it_fall(text in soup()) {
        if let Ok(made) = made_whole(&text) {
            prop_assert_eq!(problems(&made.text), Vec::<String>::new(), "{}", made.text);
        }
    }

    #[test]
    fn no_text_makes_it_fall(text in ".{0,200}") {
        let _ = made_whole(&text);
    }

    #[test]
    fn whatever_a_server_says_kenduri_takes_it(text in sound()) {
        if let Ok(made) = made_whole(&text) {
            prop_assert_eq!(problems(&made.text), Vec::<String>::new(), "{}\n{}", text, made.text);
        }
    }
}
