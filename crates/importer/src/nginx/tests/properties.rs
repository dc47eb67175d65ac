//! Property tests: statements that must hold for any imported file, however odd.

use proptest::prelude::*;

use super::{made_whole, problems};

/// Generates random sequences of words and characters that occur in nginx files.
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

/// Generates well-formed directives for a server block.
fn sound() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        4 => prop::sample::select(vec![
            "/", "/a", "/a/", "/a b", "/é", "/%zz", "80", "70000", "443 ssl", "unix:/x", "[::]:80", "a.example", "*.b.example",
            "-x-", "~x", "_", ".c.example", "http://127.0.0.1:1/", "http://x:0", "http://", "unix:", "http://g/x/", "$a", "$uri $uri/ /i.html",
            "=404", "301 /b", "301 https://$host/x#y", "302 $scheme://c.example$request_uri", "200 'x'", "999", "404", "10.0.0.0/8",
            "all", "X-A 'b'", "'X A' b", "X-A 'é'", "Connection x", "Content-Length ''", "X-A $http_x_a", "on", "'a \"b'", "1m", "5s", "max", "zone=z burst=5",
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
        "grpc_set_header",
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
