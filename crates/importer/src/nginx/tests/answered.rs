//! Tests that what nginx answers is answered here too, or that a remark says otherwise.

use super::{found, made, route_of, server};

/// Where the route for a request leads in the resulting `kenduri.toml`; `None` if there is none.
fn target(text: &str, host: &str, path: &str) -> Option<String> {
    found(text, host, path).map(|route| route.to)
}

#[test]
fn a_condition_on_the_host_is_a_route_of_that_host() {
    let rest = "root /srv; location /api/ { proxy_pass http://b:1; }";
    let to_x = "redirect:http://x.example{path}";
    for (names, condition, expected) in [
        (
            "_",
            "!= 'x.example') { return 301 http://x.example$request_uri; }",
            [("x.example", "files:/srv"), ("y.example", to_x)],
        ),
        (
            "*.example",
            "!= x.example) { return 301 http://x.example$request_uri; }",
            [("x.example", "files:/srv"), ("y.example", to_x)],
        ),
        (
            "_",
            "!= x.example) { return 444; }",
            [("x.example", "files:/srv"), ("y.example", "status:403")],
        ),
        (
            "_",
            "= 'www.x.example') { return 403; }",
            [("www.x.example", "status:403"), ("y.example", "files:/srv")],
        ),
        (
            "*.x.example",
            "= www.x.example) { return 301 http://x.example$request_uri; }",
            [("www.x.example", to_x), ("b.x.example", "files:/srv")],
        ),
        (
            "x.example y.example",
            "= y.example) { return 301 http://x.example$request_uri; }",
            [("x.example", "files:/srv"), ("y.example", to_x)],
        ),
    ] {
        let text = made(&format!(
            "server {{ listen 80 default_server; server_name {names}; if ($host {condition} {rest} }}"
        ));
        for (host, to) in expected {
            assert_eq!(
                target(&text, host, "/").as_deref(),
                Some(to),
                "{host}\n{text}"
            );
            let api = target(&text, host, "/api/x");
            let expected = if to == "files:/srv" { "http://b:1" } else { to };
            assert_eq!(api.as_deref(), Some(expected), "{host}\n{text}");
        }
    }
    // A server without a location for `/` and without a root still answers for its hosts.
    let text = made(
        "server { server_name x.example www.x.example; location /api/ { proxy_pass http://b:1; } \
         if ($host = www.x.example) { return 301 http://x.example$request_uri; } }",
    );
    assert_eq!(
        target(&text, "www.x.example", "/").as_deref(),
        Some(to_x),
        "{text}"
    );
    // Another server has this name, so the condition never holds, and must not take over that host.
    let text = made(
        "server { server_name _; root /srv; if ($host = x.example) { return 403; } } \
         server { server_name x.example; root /other; }",
    );
    assert_eq!(
        target(&text, "x.example", "/").as_deref(),
        Some("files:/other"),
        "{text}"
    );
    assert!(text.contains("there is no route for this host"), "{text}");
}

#[test]
fn a_host_that_is_led_to_another_one_is_led_there() {
    let block = "server { listen 80; server_name shop.example www.shop.example; \
                 return 301 https://shop.example$request_uri; }";
    let secure = "server { listen 443 ssl; server_name shop.example; ssl_certificate a; ssl_certificate_key b; root /srv; }";
    for text in [
        made(&format!("{block} {secure}")),
        made(&format!("{secure} {block}")),
    ] {
        let to = Some("redirect:https://shop.example{path}");
        assert_eq!(
            target(&text, "www.shop.example", "/x").as_deref(),
            to,
            "{text}"
        );
        assert_eq!(
            target(&text, "shop.example", "/x").as_deref(),
            Some("files:/srv"),
            "{text}"
        );
    }
    // `$server_name` is the first name, whatever host is asked for.
    let text = made(&format!(
        "{} {secure}",
        block.replace("https://shop.example$", "https://$server_name$")
    ));
    let to = target(&text, "www.shop.example", "/x");
    assert_eq!(
        to.as_deref(),
        Some("redirect:https://shop.example{path}"),
        "{text}"
    );
    // Nobody here serves the host with TLS.
    let text = made(block);
    assert_eq!(
        target(&text, "shop.example", "/").as_deref(),
        Some("status:503"),
        "{text}"
    );
    assert!(
        text.contains("no server here serves shop.example with TLS"),
        "{text}"
    );
}

#[test]
fn every_host_has_an_answer_of_its_own() {
    let other = "server { listen 80 default_server; server_name _; root /other; }";
    for (inside, to) in [
        (
            "rewrite ^ https://b.example$request_uri? permanent;",
            "redirect:https://b.example{path}",
        ),
        (
            "rewrite ^/(.*)$ http://b.example/$1 permanent;",
            "redirect:http://b.example{path}",
        ),
        ("location /api/ { proxy_pass http://b:1; }", "status:404"),
        ("rewrite ^/old$ /new permanent;", "status:404"),
        ("", "status:404"),
    ] {
        let text = made(&format!(
            "{other} server {{ server_name a.example; {inside} }}"
        ));
        assert_eq!(
            target(&text, "a.example", "/").as_deref(),
            Some(to),
            "{text}"
        );
    }
}

#[test]
fn a_redirect_for_now_is_told() {
    for (code, told) in [
        ("301", false),
        ("302", true),
        ("303", true),
        ("307", true),
        ("308", false),
    ] {
        let text = server(&format!("location /x/ {{ return {code} /y/; }}"));
        assert_eq!(text.contains("nginx redirects temporarily"), told, "{text}");
    }
}

#[test]
fn times_of_one_location_are_not_those_of_others() {
    let upstream = "upstream app { server b:1; least_conn; }";
    let slow = "location /health { proxy_pass http://app; proxy_read_timeout 2s; }";
    let rest = "location / { proxy_pass http://app; }";
    for locations in [format!("{rest} {slow}"), format!("{slow} {rest}")] {
        let text = made(&format!(
            "{upstream} server {{ server_name a.example; {locations} }}"
        ));
        let time = |path: &str| {
            let to = target(&text, "a.example", path).unwrap();
            let plan: edge::Description = toml::from_str(&text).unwrap();
            let upstream = &plan.upstream[to.strip_prefix("upstream:").unwrap()];
            assert_eq!(
                (&*upstream.to[0], &*upstream.balance),
                ("http://b:1", "least"),
                "{text}"
            );
            upstream.idle_time.clone()
        };
        assert_eq!((&*time("/x"), &*time("/health")), ("60s", "2s"), "{text}");
    }
    let text = made(&format!(
        "{upstream} server {{ server_name a.example; proxy_read_timeout 9s; {rest} location /x {{ proxy_pass http://app; }} }}"
    ));
    assert_eq!(text.matches("[upstream.").count(), 1, "{text}");
}

#[test]
fn clients_that_name_no_host_get_the_default_certificate() {
    let of = |name: &str, file: &str, more: &str| {
        format!(
            "server {{ listen 443 ssl {more}; server_name {name}; root /srv; ssl_certificate {file}.crt; ssl_certificate_key {file}.key; }}"
        )
    };
    for (text, file) in [
        (of("_", "self", "default_server"), "self"),
        (of("a.example", "a", "") + &of("b.example", "b", ""), "a"),
        (
            of("a.example", "a", "") + &of("b.example", "b", "default_server"),
            "b",
        ),
    ] {
        let text = made(&text);
        let line = format!("key = \"{file}.key\"\ndefault = true\n");
        assert!(text.contains(&line), "{text}");
        assert_eq!(text.matches("default = true").count(), 1, "{text}");
        assert!(text.contains("Kenduri refuses such a handshake"), "{text}");
        let is_told = text.contains("nginx shows its certificate for every name");
        assert_eq!(is_told, file == "self", "{text}");
    }
    for (listen, told) in [
        ("listen 80; listen 443 ssl;", true),
        ("listen 443 ssl;", false),
        ("listen 80;", false),
    ] {
        let text = made(&format!(
            "server {{ {listen} server_name a.example; root /srv; ssl_certificate a; ssl_certificate_key b; }}"
        ));
        assert_eq!(
            text.contains("nginx answers in the clear too"),
            told,
            "{text}"
        );
    }
}

#[test]
fn one_file_under_another_name_is_served() {
    for location in [
        "= /favicon.ico { alias /srv/icons/f.ico; }",
        "/favicon.ico { alias /srv/icons/f.ico; }",
    ] {
        let text = server(&format!("location {location}"));
        let route = route_of(&text, "/favicon.ico").unwrap();
        for line in [
            "to = \"files:/srv/icons\"",
            "strip = \"/favicon.ico\"",
            "try = [\"/f.ico\"]",
        ] {
            assert!(route.contains(line), "{location}\n{text}");
        }
    }
    let text =
        server("location = /ok { alias /srv/health; } location /docs { alias /srv/manual; }");
    assert!(
        route_of(&text, "/ok")
            .unwrap()
            .contains("try = [\"/health\"]"),
        "{text}"
    );
    assert!(
        route_of(&text, "/docs")
            .unwrap()
            .contains("to = \"files:/srv/manual\""),
        "{text}"
    );
    // A file that lies here is no folder that may lie elsewhere.
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = server(&format!(
        "location /docs/ {{ root {}; }}",
        file.path().display()
    ));
    assert!(
        route_of(&text, "/docs/").unwrap().contains("status:503"),
        "{text}"
    );
    assert!(text.contains("is not a folder"), "{text}");
}

#[test]
fn certbot_still_finds_its_proofs() {
    let challenge = "location /.well-known/acme-challenge/ { root /var/www/certbot; }";
    let secure = "server { listen 443 ssl; server_name a.example; root /srv; ssl_certificate a; ssl_certificate_key b; }";
    let text = made(&format!(
        "server {{ listen 80; server_name a.example; {challenge} location / {{ return 301 https://$host$request_uri; }} }} {secure}"
    ));
    let proof = target(&text, "a.example", "/.well-known/acme-challenge/x");
    assert_eq!(proof.as_deref(), Some("files:/var/www/certbot"), "{text}");
    assert_eq!(
        target(&text, "a.example", "/x").as_deref(),
        Some("files:/srv"),
        "{text}"
    );
    assert!(!text.contains("is left out"), "{text}");
}

#[test]
fn the_last_of_try_files_may_be_another_location() {
    let text = server(
        "root /srv; location / { try_files $uri /handler; } location = /handler { proxy_pass http://b:1; }",
    );
    assert_eq!(
        target(&text, "a.example", "/handler").as_deref(),
        Some("http://b:1"),
        "{text}"
    );
    assert!(
        route_of(&text, "/").unwrap().contains("try = [\"{path}\"]"),
        "{text}"
    );
    assert!(
        text.contains("/handler is answered by another location"),
        "{text}"
    );
    // The location for the page says how long browsers keep it, wherever it is sent.
    let text = server(
        "root /srv; location / { try_files $uri /index.html; } \
         location = /index.html { add_header Cache-Control no-store; add_header X-A b; }",
    );
    assert!(
        route_of(&text, "/")
            .unwrap()
            .contains("cache = { \"/index.html\" = \"no-store\" }"),
        "{text}"
    );
    assert!(
        text.contains("nginx sends X-A of /index.html with this page"),
        "{text}"
    );
    for (named, told) in [
        (
            "location @x { return 410; }",
            "that location is not carried over",
        ),
        ("", "there is no such location"),
    ] {
        let text = server(&format!(
            "location / {{ root /srv; try_files $uri @x; }} {named}"
        ));
        assert_eq!(
            target(&text, "a.example", "/").as_deref(),
            Some("files:/srv"),
            "{text}"
        );
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn what_differs_is_not_said_to_happen_by_itself() {
    for (directive, told) in [
        ("default_type text/html;", "application/octet-stream here"),
        (
            "types { text/plain foo; }",
            "a list of its own for the types",
        ),
        ("etag off;", "always there for files"),
        (
            "proxy_set_header X-Forwarded-Proto https;",
            "this value is not sent",
        ),
        (
            "proxy_set_header X-Forwarded-For \"\";",
            "this value is not sent",
        ),
        ("limit_req_dry_run on;", "nginx only counts"),
        ("if_modified_since off;", "always there for files"),
        ("max_ranges 0;", "always there for files"),
        ("merge_slashes off;", "//x is read as /x"),
        ("underscores_in_headers on;", "is removed"),
        (
            "proxy_pass_request_body off;",
            "the body of a request goes on",
        ),
        ("proxy_http_version 2;", "asked over HTTP/1.1"),
        ("proxy_pass_header Server;", "the version in Server"),
        (
            "ssl_protocols TLSv1 TLSv1.2;",
            "TLS before 1.2 is not supported",
        ),
        (
            "large_client_header_buffers 8 64k;",
            "header_size = \"512K\"",
        ),
        ("large_client_header_buffers 4 1k;", "header_size = \"32K\""),
        ("large_client_header_buffers x;", "this is not a size"),
        ("try_files $uri /index.html; root /srv;", "/user/jane.doe"),
        ("auth_basic A; auth_basic_user_file f;", "sees nobody"),
    ] {
        let text = server(&format!(
            "{directive} location / {{ proxy_pass http://b:1; }}"
        ));
        assert!(
            text.contains(told) || directive.starts_with("try_files"),
            "{directive}\n{text}"
        );
    }
    let text = server("root /srv; try_files $uri /index.html;");
    assert!(text.contains("/user/jane.doe"), "{text}");
    for directive in [
        "default_type application/octet-stream;",
        "proxy_http_version 1.1;",
        "etag on;",
    ] {
        let text = server(&format!(
            "{directive} location / {{ proxy_pass http://b:1; }}"
        ));
        assert!(
            !text.contains("here;") && text.contains(": "),
            "{directive}\n{text}"
        );
    }
    for (redirect, is_told) in [("", true), ("proxy_redirect off;", false)] {
        let text = server(&format!(
            "location /app/ {{ {redirect} proxy_pass http://b:1/; }}"
        ));
        assert_eq!(text.contains("puts this path back"), is_told, "{text}");
    }
}

#[test]
fn letters_in_another_case_are_told() {
    for (location, told) in [
        ("/Docs/ { return 403; }", true),
        ("/docs/ { return 403; }", false),
        ("/Docs/ { root /srv; }", false),
    ] {
        let text = server(&format!("location {location}"));
        assert_eq!(text.contains("in other letters, as /docs/"), told, "{text}");
    }
}

#[test]
fn a_server_that_is_no_default_is_told() {
    let named = "server { listen 80 default_server; server_name a.example; root /srv; }";
    for (listen, told) in [("80", true), ("81", false)] {
        let text = made(&format!(
            "{named} server {{ listen {listen}; server_name ''; root /other; }}"
        ));
        assert_eq!(
            text.contains("nginx asks this server for no other names"),
            told,
            "{text}"
        );
    }
}
