//! Tests with Debian's curl, over every HTTP version that both curl and the edge support.

use std::path::Path;
use std::process::Command;

use super::tls::{files, secured};
use super::*;

fn curl(words: &[&str]) -> String {
    let output = Command::new("curl")
        // Ignores the curl configuration of the user who runs the tests.
        .args(["--disable", "--silent", "--show-error", "--noproxy", "*"])
        .args(["--max-time", "60"])
        .args(words)
        .output()
        .expect("curl is installed: cargo xtask test sees to that");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "curl {words:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// An HTTP version, and an origin where the edge supports it.
struct Way<'a> {
    version: &'a str,
    shown: &'a str,
    origin: &'a str,
    resolve: &'a str,
    chain: &'a Path,
}

impl Way<'_> {
    fn ask(&self, words: &[&str]) -> String {
        let chain = self.chain.to_str().unwrap();
        let way = [self.version, "--resolve", self.resolve, "--cacert", chain];
        curl(&[&way, words].concat())
    }

    fn to(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

#[tokio::test]
async fn curl_is_answered_alike_over_every_version() {
    let folder = tempfile::tempdir().unwrap();
    let pair = files(folder.path(), "pair", &["a.example"]);
    let (_, app) = scene();
    let edge = start(secured(vec![pair.clone()]), &app);
    let (http, https) = (edge.http_addresses()[0], edge.https_addresses()[0]);
    let plain = format!("http://{http}");
    let secure = format!("https://a.example:{}", https.port());
    let resolve = format!("a.example:{}:{}", https.port(), https.ip());
    let large: Vec<u8> = (0..=250).cycle().take(1_500_000).collect();
    let sent = folder.path().join("large.bin");
    std::fs::write(&sent, &large).unwrap();
    let data = format!("@{}", sent.display());
    let back = folder.path().join("back.bin");
    let back = back.to_str().unwrap();
    for (version, shown, origin) in [
        ("--http1.0", "1", &plain),
        ("--http1.1", "1.1", &plain),
        ("--http1.0", "1", &secure),
        ("--http1.1", "1.1", &secure),
        ("--http2", "2", &secure),
    ] {
        let way = Way {
            version,
            shown,
            origin,
            resolve: &resolve,
            chain: &pair.chain,
        };
        let tell = "\n%{http_code} %{http_version} %{num_connects}\n";
        let status = |code: &str, connects: &str| format!("\n{code} {} {connects}\n", way.shown);
        let heard = way.ask(&["--write-out", tell, &way.to("/")]);
        assert_eq!(
            heard,
            format!("hello{}", status("200", "1")),
            "{version} {origin}"
        );
        let heard = way.ask(&["--write-out", tell, "--output", back, &way.to("/none")]);
        assert_eq!(heard, status("404", "1"), "{version} {origin}");
        let head = way.ask(&["--head", &way.to("/")]).to_ascii_lowercase();
        assert!(head.contains("content-length: 5\r\n"), "{head}");
        assert!(head.contains("x-request-id: "), "{head}");
        // curl waits for `100 Continue` before it sends a megabyte, if the HTTP version supports
        // that.
        way.ask(&["--data-binary", &data, "--output", back, &way.to("/echo")]);
        assert!(std::fs::read(back).unwrap() == large, "{version} {origin}");
        if version == "--http1.0" {
            continue;
        }
        let twice = [&*way.to("/"), &*way.to("/")];
        let heard = way.ask(&[&["--write-out", tell][..], &twice].concat());
        let expected = format!("hello{}hello{}", status("200", "1"), status("200", "0"));
        assert_eq!(heard, expected, "one connection: {version} {origin}");
        let unknown_length = ["--request", "POST", "--upload-file", "-", &way.to("/echo")];
        assert_eq!(way.ask(&unknown_length), "", "{version} {origin}");
    }
    // Clear-text requests for a host with a certificate are redirected to HTTPS.
    let resolve = format!("a.example:{}:{}", http.port(), http.ip());
    let url = format!("http://a.example:{}/x?y", http.port());
    let told = "%{http_code} %{redirect_url}";
    let heard = curl(&["--resolve", &resolve, "--write-out", told, &url]);
    assert_eq!(heard, format!("308 {secure}/x?y"));
    edge.stop().await;
}
