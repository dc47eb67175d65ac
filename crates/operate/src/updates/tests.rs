//! Tests which releases are newer, which advisories affect a version, and which sources are
//! refused.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use configuration::update_source::Source;
use platform::Outbound;
use semver::Version;

use super::{Found, look};

fn found(text: &str, ours: &str) -> Result<Found, String> {
    let ours = Version::parse(ours).unwrap();
    Found::in_text(text, &ours).map_err(|error| format!("{error:#}"))
}

fn newer(feed: &str, ours: &str) -> Vec<String> {
    let found = found(feed, ours).unwrap();
    found.newer.into_iter().map(|one| one.version).collect()
}

fn concerns(affected: &str, ours: &str) -> bool {
    let text = format!(
        r#"[{{"id":"A","affected":[{{"package":{{"ecosystem":"crates.io","name":"kenduri"}},{affected}}}]}}]"#
    );
    let found = found(&text, ours).unwrap();
    assert_eq!(found.read, 1);
    !found.advisories.is_empty()
}

fn range(events: &str) -> String {
    format!(r#""ranges":[{{"type":"SEMVER","events":[{events}]}}]"#)
}

const ATOM: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <title>Release notes 9.9.9</title>
  <link rel="self" href="https://forge.example/releases.atom"/>
  <entry>
    <title>Kenduri v0.2.0: fewer &lt;lists&gt; &#38; more</title>
    <link rel="edit" href="https://forge.example/edit"/>
    <link rel="alternate" href="https://forge.example/tag/v0.2.0?a=1&amp;b=2"/>
    <content type="html">&lt;p&gt;5.0.0</content>
  </entry>
  <entry>
    <title><![CDATA[No number]]></title>
    <link href="https://forge.example/tag/v0.10.0"/>
  </entry>
  <entry><title>0.3.0-rc.1</title></entry>
  <entry><title>0.1.0</title></entry>
  <entry><title>0.0.9</title></entry>
  <entry><title>Hello</title></entry>
</feed>"#;

#[test]
fn releases_that_are_newer_are_told_with_their_links() {
    assert_eq!(newer(ATOM, "0.1.0"), ["0.10.0", "0.2.0"]);
    assert_eq!(newer(ATOM, "0.3.0-beta"), ["0.10.0", "0.3.0-rc.1"]);
    assert_eq!(newer(ATOM, "1.0.0"), [""; 0]);
    let found = found(ATOM, "0.1.0").unwrap();
    assert_eq!(found.read, 6);
    let release = &found.newer[1];
    assert_eq!(release.title, "Kenduri v0.2.0: fewer <lists> & more");
    let link = release.link.as_deref();
    assert_eq!(link, Some("https://forge.example/tag/v0.2.0?a=1&b=2"));

    let rss = "<rss version='2.0'><channel><title>7.0.0</title><link>https://x.example</link>\
               <item><title>2.0.0</title><link> https://x.example/2 </link></item>\
               <item><title>2.0.0</title></item>\
               <item><title>3.0.0</title><link>javascript:alert(1)</link></item></channel></rss>";
    assert_eq!(newer(rss, "1.0.0"), ["3.0.0", "2.0.0"]);
    let found = self::found(rss, "1.0.0").unwrap();
    assert_eq!(found.newer[0].link, None);
    assert_eq!(found.newer[1].link.as_deref(), Some("https://x.example/2"));
}

#[test]
fn an_advisory_concerns_the_versions_of_its_ranges() {
    let two =
        range(r#"{"introduced":"0"},{"fixed":"0.1.3"},{"introduced":"1.0.0"},{"fixed":"1.2.0"}"#);
    for (ours, is_concerned) in [
        ("0.0.1", true),
        ("0.1.3-rc.1", true),
        ("0.1.3", false),
        ("0.9.0", false),
        ("1.0.0", true),
        ("1.1.9", true),
        ("1.2.0", false),
    ] {
        assert_eq!(concerns(&two, ours), is_concerned, "{ours}");
    }
    // The order of the events does not matter.
    let turned = range(r#"{"fixed":"1.2.0"},{"introduced":"1.0.0"}"#);
    assert!(concerns(&turned, "1.1.0") && !concerns(&turned, "1.2.0"));
    let last = range(r#"{"introduced":"0.1.0"},{"last_affected":"0.2.0"}"#);
    assert!(concerns(&last, "0.2.0") && !concerns(&last, "0.2.1") && !concerns(&last, "0.0.9"));
    let open = range(r#"{"introduced":"0.1.0"}"#);
    assert!(concerns(&open, "99.0.0"));
    let limited = range(r#"{"introduced":"0"},{"limit":"0.5.0"}"#);
    assert!(concerns(&limited, "0.4.9") && !concerns(&limited, "0.5.0"));
    let listed = r#""versions":["0.1.0","0.1.1"]"#;
    assert!(concerns(listed, "0.1.1") && !concerns(listed, "0.1.2"));
    let commits = r#""ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]"#;
    assert!(!concerns(commits, "0.1.0"));
}

#[test]
fn advisories_of_other_packages_and_withdrawn_ones_concern_nobody() {
    let of = |name: &str, ecosystem: &str, more: &str| {
        let text = format!(
            r#"{{"id":"A"{more},"affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},
                {}}}]}}"#,
            range(r#"{"introduced":"0"}"#)
        );
        found(&text, "0.1.0").unwrap().advisories.len()
    };
    assert_eq!(of("kenduri", "crates.io", ""), 1);
    assert_eq!(of("rustls", "crates.io", ""), 0);
    assert_eq!(of("kenduri", "npm", ""), 0);
    let withdrawn = r#","withdrawn":"2027-01-01T00:00:00Z""#;
    assert_eq!(of("kenduri", "crates.io", withdrawn), 0);
}

#[test]
fn an_advisory_is_told_with_what_mends_it() {
    let text = r#"{"vulns":[{"id":"KEN-1","details":"Lists leak.\nMore.","references":[
        {"type":"WEB","url":"https://x.example/web"},
        {"type":"ADVISORY","url":"https://x.example/KEN-1"}],
        "affected":[{"package":{"ecosystem":"crates.io","name":"kenduri"},"ranges":[
        {"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"0.0.5"},{"introduced":"0.1.0"},{"fixed":"0.1.4"}]}]}]}]}"#;
    let found = found(text, "0.1.2").unwrap();
    let advisory = &found.advisories[0];
    assert_eq!(
        (&*advisory.id, &*advisory.summary),
        ("KEN-1", "Lists leak.")
    );
    assert_eq!(advisory.link.as_deref(), Some("https://x.example/KEN-1"));
    assert_eq!(advisory.fixed, ["0.1.4"]);
}

#[test]
fn what_is_neither_a_feed_nor_a_list_is_refused_with_the_reason() {
    for (text, why) in [
        ("", "neither a feed"),
        ("0.2.0", "neither a feed"),
        (
            "<html><p>0.2.0</p></html>",
            "it is not a feed, but begins with <html>",
        ),
        ("<feed><entry></feed>", "it is not XML"),
        ("<feed><entry>", "it ends within <feed><entry>"),
        (
            "<!DOCTYPE feed [<!ENTITY a 'b'>]><feed><entry><title>&a;</title></entry></feed>",
            "it has the entity &a;",
        ),
        ("{", "it is not a list of advisories"),
        ("{}", "missing field `id`"),
        (r#"[{"name":"A"}]"#, "missing field `id`"),
    ] {
        let said = found(text, "0.1.0").unwrap_err();
        assert!(said.contains(why), "{text}: {said}");
    }
    let package = r#""package":{"ecosystem":"crates.io","name":"kenduri"}"#;
    let text = format!(
        r#"{{"id":"A","affected":[{{{package},{}}}]}}"#,
        range(r#"{"introduced":"one"}"#)
    );
    let said = found(&text, "0.1.0").unwrap_err();
    assert_eq!(
        said.split(": ").take(2).collect::<Vec<_>>(),
        [
            "the advisory A is faulty; read it at its publisher, and tell them",
            "\"one\" is not a version"
        ]
    );
}

#[test]
fn a_source_is_a_file_or_an_address_that_others_cannot_change() {
    let parse = |written| Source::parse(written, |file| format!("/here/{file}").into());
    assert_eq!(parse("a.atom"), Ok(Source::File("/here/a.atom".into())));
    let url = "https://forge.example/releases.atom";
    assert_eq!(parse(url), Ok(Source::Url(url.to_owned())));
    for refused in [
        "http://forge.example/a",
        "ftp://forge.example/a",
        "file:///etc/a",
    ] {
        assert!(
            parse(refused).unwrap_err().contains("https://"),
            "{refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_read_and_led_nowhere() {
    let outbound = Outbound::public().unwrap();
    let read = async |answer: &'static str| {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/releases.atom", server.local_addr().unwrap());
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut asked = [0; 4096];
            let length = stream.read(&mut asked).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        let found = look(&[Source::Url(url)], &outbound).await;
        (
            found.map_err(|error| format!("{error:#}")),
            serving.join().unwrap(),
        )
    };
    let feed = "HTTP/1.1 200 OK\r\nContent-Length: 66\r\n\r\n\
                <feed><entry><title>99.0.0</title></entry></feed>                 ";
    let (found, asked) = read(feed).await;
    assert_eq!(found.unwrap().newer[0].version, "99.0.0");
    assert!(!asked.contains(super::OURS), "{asked}");
    let (found, _) =
        read("HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n").await;
    assert!(found.unwrap_err().contains("name the address it leads to"));
    let (found, _) = read("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
    assert!(found.unwrap_err().contains("it answers 404"));
}
