//! Tests that the import keeps access restrictions.

use edge::route::NormalPath;

use super::{found, made, plan, route_of, server};

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
    // The server block on 127.0.0.1 must not cause the public one to be closed.
    let text = made(
        "server { listen 127.0.0.1:9000; return 204; } server { listen 80; location / { proxy_pass http://b:1; } }",
    );
    assert!(
        text.contains("to = \"http://b:1\"") && !text.contains("access"),
        "{text}"
    );
}

#[test]
fn a_port_of_its_own_is_not_open_to_those_of_the_others() {
    let public = "server_name a.example; location / { proxy_pass http://127.0.0.1:3000; }";
    let admin = "location / { proxy_pass http://127.0.0.1:9091; }";
    for (listen, name, wide, expected) in [
        ("9090", "_", "80", "status:403"),
        ("9090", "b.example", "80", "http://127.0.0.1:9091"),
        ("9090", "_", "443 ssl", "status:403"),
        ("203.0.113.7:9090", "_", "80", "status:403"),
        ("[::]:9090", "_", "8080", "status:403"),
        ("9090; listen 127.0.0.1:80", "_", "80", "status:403"),
        // Nothing is closed, because the first server block is itself public or no other block can
        // be reached from more networks.
        ("80", "_", "9090", ""),
        ("443 ssl", "_", "80", ""),
        ("9090; listen 80", "_", "80", ""),
        ("9090", "_", "9090", ""),
        ("9090", "_", "127.0.0.1:8080", ""),
    ] {
        let text = made(&format!(
            "server {{ listen {listen}; server_name {name}; {admin} }}\nserver {{ listen {wide}; {public} }}"
        ));
        let host = if name == "_" { "\npath" } else { "b.example" };
        let route = text
            .split("[[route]]")
            .skip(1)
            .find(|route| route.contains(host) && !route.contains("host = \"a.example"));
        let to = if expected.is_empty() {
            "http://127.0.0.1:9091"
        } else {
            expected
        };
        assert!(
            route.is_some_and(|route| route.contains(to)),
            "{listen}\n{text}"
        );
        let is_told = text.contains("CAREFUL: site.conf:1: this server listened on ports");
        assert_eq!(is_told, !expected.is_empty(), "{listen}\n{text}");
        assert!(text.contains("http://127.0.0.1:3000"), "{listen}\n{text}");
    }
    // A separate host name does not protect the first server block, because any client can send
    // that name.
    let text = made(&format!(
        "server {{ listen 9090; server_name a.example; location /debug/ {{ proxy_pass http://b:1; }} {admin} }} \
         server {{ listen 80; {public} }}"
    ));
    let plan = plan(&text).unwrap();
    for (path, to) in [("/debug/x", "status:403"), ("/x", "http://127.0.0.1:3000")] {
        let route = plan.find("a.example", &NormalPath::parse(path).unwrap());
        assert_eq!(route.unwrap().to, to, "{text}");
    }
    // The publicly reachable server is kept, even if it comes second.
    let text = made(&format!(
        "server {{ listen 9090; {admin} }} server {{ listen 80; location / {{ proxy_pass http://127.0.0.1:3000; }} }}"
    ));
    assert!(text.contains("3000") && !text.contains("9091"), "{text}");
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
        text.contains("CAREFUL") && text.replace("\n#   ", " ").contains("letter case"),
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
fn nothing_is_open_below_what_is_said_to_be_closed() {
    let guard =
        "location ~ ^/api/[a-z]+/admin { allow 10.0.0.0/8; deny all; proxy_pass http://b:1; }";
    let pass = "{ proxy_pass http://b:2; }";
    for others in [
        format!("location /api/ {pass}"),
        format!("location /api {pass}"),
        format!("location /api {pass} location /api/ {pass}"),
        format!("location /api/shop/ {pass}"),
        format!("location = /api/shop {pass}"),
        format!("location / {pass} location ~ ^/api/shop/ {pass}"),
        format!("location /api/ {{ proxy_pass http://b:2; location /api/shop/ {pass} }}"),
        format!("location / {pass}"),
    ] {
        for text in [format!("{others} {guard}"), format!("{guard} {others}")] {
            let made = server(&text);
            assert!(
                made.contains("so nothing below /api is open here"),
                "{made}"
            );
            let plan = plan(&made).unwrap();
            for path in [
                "/api",
                "/api/",
                "/api/shop",
                "/api/shop/",
                "/api/shop/admin",
                "/api/x/y",
            ] {
                let route = plan.find("a.example", &NormalPath::parse(path).unwrap());
                assert_eq!(route.unwrap().to, "status:403", "{path}: {made}");
            }
        }
    }
    // A location with the same restriction keeps its upstream.
    let text = server(&format!(
        "location /api/ {{ allow 10.0.0.0/8; deny all; proxy_pass http://b:2; }} {guard}"
    ));
    let route = route_of(&text, "/api/").unwrap();
    assert!(
        route.contains("http://b:2") && route.contains("access"),
        "{text}"
    );
    // A location that only has a rate limit stays open, and a remark says that the limit is lost.
    let text = server(&format!(
        "location /api/ {pass} location ~ ^/api/[a-z]+/login {{ limit_req zone=z; proxy_pass http://b:1; }}"
    ));
    assert!(
        route_of(&text, "/api/").is_some_and(|route| route.contains("http://b:2"))
            && text.contains("requests that this refuses are let in")
            && !text.contains("is open here"),
        "{text}"
    );
}

#[test]
fn what_clients_could_not_say_to_programs_they_cannot_say_here() {
    let removed = |text: &str, path: &str| -> Vec<String> {
        let plan: toml::Table = text.parse().unwrap();
        let routes = plan["route"].as_array().unwrap();
        let route = routes
            .iter()
            .find(|route| route["path"].as_str() == Some(path));
        let names = route
            .and_then(|route| route.get("request_headers"))
            .and_then(|headers| headers["remove"].as_array());
        let names = names.into_iter().flatten();
        names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    let pass = "proxy_pass http://b:1;";
    for (headers, names, told) in [
        (
            "proxy_set_header X-Remote-User \"\";",
            vec!["X-Remote-User"],
            "",
        ),
        (
            "proxy_set_header Authorization \"\";",
            vec!["Authorization"],
            "",
        ),
        (
            "proxy_set_header Accept-Encoding \"\";",
            vec!["Accept-Encoding"],
            "",
        ),
        (
            "proxy_set_header X-Remote-User $remote_user;",
            vec!["X-Remote-User"],
            "CAREFUL: site.conf:1: proxy_set_header X-Remote-User: ",
        ),
        (
            "proxy_set_header X-Token s3cret; proxy_set_header x-token other; proxy_set_header X-B c;",
            vec!["X-Token", "X-B"],
            "CAREFUL: site.conf:1: proxy_set_header X-Token: ",
        ),
        (
            "proxy_set_header True-Client-IP $remote_addr;",
            vec!["True-Client-IP"],
            "not sent",
        ),
        (
            "proxy_set_header X-Real-IP $remote_addr;",
            vec![],
            "not sent",
        ),
        (
            "set_real_ip_from 10.0.0.1; real_ip_header X-Forwarded-For; proxy_set_header X-Real-IP $remote_addr;",
            vec!["X-Real-IP"],
            "not sent",
        ),
        // With these values, nginx forwards the client's own header.
        (
            "proxy_set_header Authorization $http_authorization;",
            vec![],
            "as the client",
        ),
        (
            "proxy_set_header X-A-B $http_x_a_b;",
            vec![],
            "as the client",
        ),
        ("proxy_set_header X-A $http_x_b;", vec!["X-A"], "CAREFUL"),
        // The edge sets these headers itself.
        (
            "proxy_set_header Content-Length \"\";",
            vec![],
            "is set by the edge",
        ),
        (
            "proxy_set_header TE trailers;",
            vec![],
            "is set by the edge",
        ),
        (
            "proxy_set_header X-Forwarded-For $remote_addr;",
            vec![],
            "programs are told",
        ),
        (
            "proxy_set_header \"X A\" b;",
            vec![],
            "is not a header name",
        ),
        (
            "proxy_pass_request_headers off;",
            vec![],
            "CAREFUL: site.conf:1: proxy_pass_request_headers off",
        ),
    ] {
        let text = server(&format!("{headers} location / {{ {pass} }}"));
        assert_eq!(removed(&text, "/"), names, "{headers}\n{text}");
        assert!(text.contains(told), "{headers}\n{text}");
        assert!(text.contains("to = \"http://b:1\""), "{headers}\n{text}");
        assert!(!text.contains("s3cret"), "{text}");
        assert_eq!(text.contains("CAREFUL"), told.contains("CAREFUL"), "{text}");
    }
    // The inner block sets a list of its own, so it does not inherit the outer one.
    let text = server(&format!(
        "proxy_set_header X-A \"\"; location / {{ {pass} }} location /x/ {{ proxy_set_header X-B \"\"; {pass} }} \
         location /files/ {{ root /srv; }} location /old/ {{ return 410; }} \
         location /app/ {{ root /srv; try_files $uri @app; }} location @app {{ proxy_set_header X-C \"\"; {pass} }}"
    ));
    for (path, names) in [
        ("/", vec!["X-A"]),
        ("/x/", vec!["X-B"]),
        ("/files/", vec![]),
        ("/old/", vec![]),
        ("/app/", vec!["X-C"]),
    ] {
        assert_eq!(removed(&text, path), names, "{path}\n{text}");
    }
}

/// Whether everybody gets the answer for this path.
fn is_open(text: &str, path: &str) -> bool {
    let route = found(text, "a.example", path);
    let route = route.unwrap_or_else(|| panic!("{path}\n{text}"));
    route.access.is_none() && !route.to.starts_with("status:4")
}

#[test]
fn a_guard_whose_paths_are_unknown_closes_what_it_may_be_about() {
    let files = "root /srv; location /app/ { proxy_pass http://b:1; }";
    for (guard, closes_files, closes_program) in [
        (r"location ~* \.bak$ { deny all; }", true, false),
        (r"location ~ \.(sql|log)$ { return 404; }", true, false),
        (
            "location ~* admin { auth_basic A; auth_basic_user_file f; }",
            true,
            true,
        ),
        (r"location ~* \.jpg$ { valid_referers none; }", true, false),
        (
            "if ($request_method !~ ^(GET|HEAD)$) { return 405; }",
            true,
            true,
        ),
        ("if ($http_x_secret != abc) { return 403; }", true, true),
        ("if ($request_uri ~ secret) { return 403; }", true, true),
        ("if ($http_user_agent ~ bot) { return 403; }", false, false),
        ("if (-f /srv/off) { return 503; }", false, false),
        (r"location ~ ^/x/.*\.sql$ { deny all; }", false, false),
        (
            r"location ~ /[0-9]+ { if ($arg_token = '') { return 403; } root /srv; }",
            true,
            true,
        ),
    ] {
        let text = server(&format!("{files} {guard}"));
        assert_eq!(is_open(&text, "/page"), !closes_files, "{guard}\n{text}");
        assert_eq!(is_open(&text, "/app/x"), !closes_program, "{guard}\n{text}");
        let is_told = text.contains("CAREFUL: site.conf:1:");
        assert_eq!(is_told, !guard.contains("503"), "{guard}\n{text}");
    }
    let text = server(
        "location / { try_files $uri @a; } location @a { proxy_pass http://b:1; } location ~ x { deny all; }",
    );
    assert!(!is_open(&text, "/x"), "{text}");
    // nginx compares these with no regular expression, or only within one location.
    let text = server(
        r"location ^~ /files/ { root /srv; } location /old/ { return 301 /new/; } location / { root /srv; } location ~ \.bak$ { deny all; }",
    );
    assert!(
        is_open(&text, "/files/x") && is_open(&text, "/old/x") && !is_open(&text, "/x"),
        "{text}"
    );
    assert!(text.contains("/ (root /srv)"), "{text}");
    let text = server(
        r"root /srv; location /x/ { location ~ \.bak$ { deny all; } } location /y/ { if ($arg_a = b) { return 403; } }",
    );
    assert!(
        is_open(&text, "/z") && !is_open(&text, "/x/z") && !is_open(&text, "/y/z"),
        "{text}"
    );
}

#[test]
fn neighbours_of_a_guarded_path_are_told() {
    for (location, told) in [
        ("/admin { deny all; }", true),
        ("/conf { return 403; }", true),
        (
            "/pri { auth_basic A; auth_basic_user_file f; root /srv; }",
            true,
        ),
        ("/login { limit_req zone=z; root /srv; }", true),
        ("/priv { internal; }", true),
        ("/admin/ { deny all; }", false),
        ("/open { root /srv; }", false),
    ] {
        let zone = "limit_req_zone $remote_addr zone=z:1m rate=1r/s;";
        let text = made(&format!(
            "{zone} server {{ server_name a.example; location {location} }}"
        ));
        let is_told = text.contains("nginx protects other");
        assert_eq!(is_told, told, "{location}\n{text}");
    }
    // Everything is guarded alike.
    let text = server("deny all; root /srv; location /x { root /srv; }");
    assert!(!text.contains("nginx protects other"), "{text}");
}

#[test]
fn a_folder_is_guarded_like_its_page() {
    let basic = "auth_basic A; auth_basic_user_file f;";
    let text = server(&format!(
        "root /srv; location = /docs/index.html {{ {basic} }}"
    ));
    assert!(!is_open(&text, "/docs/") && is_open(&text, "/x"), "{text}");
    for guard in ["deny all;", basic] {
        let text = server(&format!("root /srv; location = /index.html {{ {guard} }}"));
        assert!(!is_open(&text, "/"), "{text}");
        let text = server(&format!("root /srv; location = / {{ {guard} }}"));
        assert!(!is_open(&text, "/"), "{text}");
        let text = server(&format!(
            "root /srv; location / {{ try_files $uri /app.html; }} location = /app.html {{ {guard} }}"
        ));
        assert!(!is_open(&text, "/any"), "{text}");
        assert!(text.contains("CAREFUL"), "{text}");
    }
    // `internal` lets nginx itself in.
    let text = server("root /srv; location = /index.html { internal; }");
    assert!(is_open(&text, "/"), "{text}");
}

#[test]
fn nothing_is_open_below_an_exact_location_that_was_not() {
    for guard in [
        "deny all;",
        "auth_basic A; auth_basic_user_file f;",
        "internal;",
        "return 403;",
    ] {
        for around in ["/admin/", "/admin", "/"] {
            let text = server(&format!(
                "location {around} {{ {guard} root /srv; }} location = /admin/login {{ root /open; }}"
            ));
            assert!(is_open(&text, "/admin/login"), "{text}");
            assert!(!is_open(&text, "/admin/login/x"), "{text}");
            assert!(
                text.contains("CAREFUL: /admin/login does not open"),
                "{text}"
            );
        }
    }
    let text = server("location / { root /srv; } location = /admin/login { root /open; }");
    assert!(is_open(&text, "/admin/login/x"), "{text}");
}

#[test]
fn a_named_location_guards_too() {
    let files = "location / { root /srv; try_files $uri @app; }";
    for guard in [
        "deny all;",
        "auth_basic A; auth_basic_user_file f;",
        "auth_request /x;",
        "if ($arg_a = b) { return 403; }",
    ] {
        let text = server(&format!(
            "{files} location @app {{ {guard} proxy_pass http://b:1; }}"
        ));
        assert!(!is_open(&text, "/"), "{guard}\n{text}");
    }
    let text = server(
        "location / { allow 10.0.0.1; deny all; root /srv; try_files $uri @app; } location @app { proxy_pass http://b:1; }",
    );
    assert!(
        !is_open(&text, "/") && text.contains("http://b:1"),
        "{text}"
    );
}

#[test]
fn nobody_is_believed_about_clients_by_another_header_than_nginx_reads() {
    let from = "set_real_ip_from 10.0.0.0/8;";
    let deny = "location / { deny 8.8.8.8; root /srv; }";
    for (inside, header, is_closed) in [
        (String::new(), "", true),
        ("real_ip_header X-Real-IP;".to_owned(), "X-Real-IP", true),
        (
            "real_ip_header CF-Connecting-IP;".to_owned(),
            "\"cloudflare\"",
            true,
        ),
        ("real_ip_header X-Forwarded-For;".to_owned(), "", false),
    ] {
        let text = made(&format!(
            "{from} {inside} server {{ server_name a.example; {deny} location /open/ {{ root /srv; }} }}"
        ));
        assert_eq!(
            text.contains("\ntrusted_proxies"),
            !is_closed,
            "{inside}\n{text}"
        );
        assert_eq!(text.contains("CAREFUL"), is_closed, "{text}");
        assert!(text.contains(header), "{text}");
        let route = route_of(&text, "/").unwrap();
        assert_eq!(route.contains("status:403"), is_closed, "{text}");
        assert!(is_open(&text, "/open/"), "{text}");
    }
    // In one server, but not in the other.
    let own = format!("{from} real_ip_header X-Forwarded-For;");
    let text = made(&format!(
        "server {{ server_name a.example; {own} root /srv; }} server {{ server_name b.example; {deny} }}"
    ));
    assert!(
        !text.contains("\ntrusted_proxies") && text.contains("CAREFUL"),
        "{text}"
    );
    // A server whose answer is the same for everybody has no say.
    let text = made(&format!(
        "server {{ server_name a.example; {own} {deny} }} server {{ server_name b.example; return 404; }}"
    ));
    assert!(
        text.contains("\ntrusted_proxies = [\"10.0.0.0/8\"]"),
        "{text}"
    );
}

#[test]
fn an_account_that_several_routes_share_is_told() {
    let zone = "limit_req_zone $remote_addr zone=z:1m rate=1r/s;";
    for (locations, told) in [
        (
            "limit_req zone=z; root /srv; location /x/ { root /srv; }",
            true,
        ),
        (
            "location /login { limit_req zone=z; root /srv; } location /api/ { limit_req zone=z; root /srv; }",
            true,
        ),
        ("location /login { limit_req zone=z; root /srv; }", false),
    ] {
        let text = made(&format!(
            "{zone} server {{ server_name a.example; {locations} }}"
        ));
        assert_eq!(text.contains("CAREFUL: limit_req zone=z"), told, "{text}");
    }
}
