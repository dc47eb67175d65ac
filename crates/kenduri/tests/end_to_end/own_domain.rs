//! Tests that a certificate for an occasion's own host name is ordered only after a TXT record has
//! proven the name. The certificate authority is a private Pebble.

use std::net::TcpListener;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use testkit::NameServer;

use crate::authority::{Authority, Wishes};
use crate::http::{self, Answer};
use crate::program::{PATIENCE, Program};
use crate::serving::session;

const NAME: &str = "our-day.example";

/// The settings with which Kenduri orders its certificates from this authority.
pub(crate) fn certificates_of(authority: &Authority) -> String {
    format!(
        "[tls.acme]
email = \"owner@kad.example\"
directory = \"{}\"
challenge = \"http-01\"
ca = \"{}\"
force = true
",
        authority.directory(),
        authority.root().display(),
    )
}

#[test]
fn a_certificate_is_ordered_for_an_occasions_own_name_once_it_is_proven() {
    let [http, https] = [(); 2].map(|()| free_port());
    let Some(authority) = Authority::start(http, https, Wishes::default()) else {
        return;
    };
    let dns = NameServer::start();
    dns.set_address(NAME, "127.0.0.1");
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let settings = format!(
        "[site]
url = \"http://127.0.0.1:{http}\"
[listen]
http = [\"127.0.0.1:{http}\"]
https = [\"127.0.0.1:{https}\"]
[mail]
name_servers = [\"{}\"]
[occasions]
own_domains = true
{}",
        dns.address(),
        certificates_of(&authority),
    );
    let file = folder.path().join("kenduri.toml");
    std::fs::write(&file, settings).expect("written");
    let [file, data_text] = [&file, &data].map(|path| path.to_string_lossy().into_owned());
    let arguments = ["serve", "--demo", "--config", &file, "--data", &data_text];
    let mut program = Program::start(&arguments, &[]);
    let link = program.link("/sign-in/");
    let mut owner = Owner {
        cookies: session(&program, &link),
        address: program.address.clone(),
        csrf: String::new(),
    };
    let page = owner.call("GET", "/admin/o/aisyah-daniel/settings/domain", &json!({}));
    let page = page.text();
    let (_, rest) = page.split_once(r#"name="_csrf" value=""#).expect("a form");
    rest.split('"')
        .next()
        .expect("a token")
        .clone_into(&mut owner.csrf);
    let all = owner.call("GET", "/api/v1/occasions", &json!({})).json();
    let id = all["items"][0]["id"].as_str().expect("an occasion");
    let at = format!("/api/v1/occasions/{id}/own-domain");
    let name = json!({"own_domain": NAME});

    // The name resolves to this server, but ownership is not proven.
    let found = owner.call("PUT", &at, &name).json()["domain"].clone();
    assert_eq!(found["address"], "seen", "{found}");
    assert_eq!(found["proof"], "missing", "{found}");
    assert_eq!(found["verified_at"], Value::Null);
    let own_page = || {
        let headers = format!("GET / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n");
        http::raw(&program.address, headers.as_bytes()).expect("an answer")
    };
    assert!(!own_page().text().contains("/o/aisyah-daniel\""));

    let text = |field: &str| found[field].as_str().expect("a text").to_owned();
    dns.set_text(&text("proof_name"), &text("proof_value"));
    // If a name is removed and set again, it is checked at once instead of after a minute.
    assert_eq!(owner.call("DELETE", &at, &json!({})).status, 204);
    assert!(!has_certificate(&data), "it was not proven");
    let found = owner.call("PUT", &at, &name).json()["domain"].clone();
    assert!(found["verified_at"].is_string(), "{found}");
    let start = Instant::now();
    while !has_certificate(&data) {
        assert!(start.elapsed() < PATIENCE, "no certificate came");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // The file is written before the edge uses it.
    loop {
        let page = own_page();
        if page.text().contains("Aisyah &amp; Daniel") || page.status == 308 {
            break;
        }
        let told = (page.status, page.text());
        assert!(start.elapsed() < PATIENCE, "not served: {told:?}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

struct Owner {
    address: String,
    cookies: String,
    csrf: String,
}

impl Owner {
    fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [
            ("Cookie", &*self.cookies),
            ("Sec-Fetch-Site", "same-origin"),
            ("X-CSRF-Token", &*self.csrf),
            ("Content-Type", "application/json"),
        ];
        let body = match method {
            "PUT" => body.to_string(),
            _ => String::new(),
        };
        let answer = http::send(&self.address, method, path, &headers, body.as_bytes());
        let answer = answer.expect("an answer");
        assert!(answer.status < 300, "{method} {path}: {}", answer.text());
        answer
    }
}

/// Whether there is a certificate for the name from any authority.
fn has_certificate(data: &Path) -> bool {
    let folders = std::fs::read_dir(data.join("acme")).into_iter().flatten();
    folders.flatten().any(|folder| {
        let file = folder.path().join(format!("{NAME}.certificate.pem"));
        file.exists()
    })
}

/// Returns a free port of 127.0.0.1. The authority requests the challenge's response at this port.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}
