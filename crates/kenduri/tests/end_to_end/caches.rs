//! Tests of caches before the site: nginx, as a content delivery network, and Kenduri's own.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::http::{self, Answer};
use crate::program::{PATIENCE, Program, free_address};
use crate::serving::session;

/// The public pages of the demo that are not in its site map.
const UNLISTED: [&str; 9] = [
    "/aisyah/incident-timer",
    "/blog/tag/wedding",
    "/book/aisyah",
    "/book/plans",
    "/countdowns?search=sugar",
    "/embed/aisyah/the-wedding",
    "/embed/mei-lin/last-outage",
    "/o/aisyah-daniel",
    "/o/aisyah-daniel/pages/travel",
];

/// What only the signed-in host sees, in the frame of public pages.
const PERSONAL: &str = r#"<a href="/me/start"><bdi>Aisyah</bdi></a>"#;

/// An nginx that caches, with the rule of `docs/scale.md`.
struct Front {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Front {
    /// Returns `None` if nginx is not installed.
    fn before(program: &Program) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let address = free_address().to_string();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {};\n", path(kind)))
            .concat();
        let settings = format!(
            r#"daemon off;
            master_process off;
            pid {pid};
            events {{}}
            http {{
                access_log off;
                {temporary}
                proxy_cache_path {cache} keys_zone=kenduri:8m;
                map $http_cookie $is_personal {{
                    "~(^|;\s*)(__Host-)?kd_" 1;
                    default 0;
                }}
                server {{
                    listen {address};
                    location / {{
                        proxy_pass http://{kenduri};
                        proxy_set_header Host {kenduri};
                        proxy_cache kenduri;
                        proxy_cache_key $scheme$host$request_uri;
                        proxy_cache_bypass $is_personal;
                        proxy_no_cache $is_personal;
                        proxy_cache_background_update on;
                        add_header X-Cache $upstream_cache_status;
                    }}
                }}
            }}"#,
            pid = path("pid"),
            cache = path("cache"),
            kenduri = program.address,
        );
        for line in documented() {
            assert!(settings.contains(line), "{line}");
        }
        let file = folder.path().join("nginx.conf");
        fs::write(&file, settings).expect("written");
        let child = Command::new("/usr/sbin/nginx")
            .arg("-p")
            .arg(folder.path())
            .arg("-e")
            .arg(folder.path().join("error.log"))
            .arg("-c")
            .arg(&file)
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let front = Self {
            child,
            address,
            _folder: folder,
        };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(&front.address).is_err() {
            assert!(Instant::now() < end, "nginx does not answer");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Some(front)
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let answer = http::send(&self.address, "GET", path, headers, b"");
        answer.expect("an answer")
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of the rule for nginx in the document, but for its zone.
fn documented() -> impl Iterator<Item = &'static str> {
    let document = include_str!("../../../../docs/scale.md");
    let begin = document.find("```nginx").expect("a rule for nginx");
    let lines = document[begin..].lines().map(str::trim);
    let block = lines.skip(1).take_while(|line| *line != "```");
    block.filter(|line| line.starts_with("proxy_cache") && !line.contains("keys_zone"))
}

fn public_pages(program: &Program) -> Vec<String> {
    let map = program.get("/sitemap.xml").text();
    let site = format!("<loc>http://{}", program.address);
    let listed = map.split(&site).skip(1);
    let listed = listed.filter_map(|rest| rest.split('<').next());
    let all: Vec<String> = listed.chain(UNLISTED).map(str::to_owned).collect();
    assert!(all.len() > UNLISTED.len() + 10, "{map}");
    all
}

#[test]
fn a_cache_in_front_keeps_every_public_page_and_no_personal_byte() {
    let mut program = Program::serve(&["--demo"], &[]);
    let Some(front) = Front::before(&program) else {
        return;
    };
    let link = program.link("/sign-in/");
    let session = session(&program, &link);
    let pages = public_pages(&program);
    let host = [("Cookie", &*session)];
    let cache = |answer: &Answer| answer.header("x-cache").unwrap_or_default().to_owned();
    // Those about whom something is known ask first.
    for page in &pages {
        let own = front.get(page, &host);
        assert_eq!((own.status, &*cache(&own)), (200, "BYPASS"), "{page}");
        let has_frame = !page.starts_with("/o/") && !page.starts_with("/embed/");
        assert_eq!(own.text().contains(PERSONAL), has_frame, "{page}");
        let malay = front.get(page, &[("Cookie", "kd_zone=Asia/Tokyo; kd_lang=ms")]);
        assert_eq!(cache(&malay), "BYPASS", "{page}");
    }
    for page in &pages {
        for language in ["en", "ms"] {
            let asks = [("Accept-Language", language)];
            let first = front.get(page, &asks);
            assert_eq!((first.status, &*cache(&first)), (200, "MISS"), "{page}");
            let second = front.get(page, &asks);
            assert_eq!(cache(&second), "HIT", "{page}");
            assert_eq!(second.body, first.body, "{page}");
            let text = second.text();
            for mark in [PERSONAL, "_csrf", "submission_id", "Tokyo"] {
                assert!(!text.contains(mark), "{mark} in {page}");
            }
            for name in ["set-cookie", "x-request-id"] {
                assert_eq!(second.header(name), None, "{name} of {page}");
            }
            let spoken = format!("lang=\"{language}\" dir=");
            assert!(text.contains(&spoken), "{page} in {language}");
            let tag = second.header("etag").expect("a tag").to_owned();
            let known = front.get(page, &[asks[0], ("If-None-Match", &*tag)]);
            assert_eq!((known.status, &*cache(&known)), (304, "HIT"), "{page}");
        }
        let own = front.get(page, &host);
        assert_eq!(cache(&own), "BYPASS", "{page}");
    }
    let request = b"GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n";
    let other = http::raw(&front.address, request).expect("an answer");
    assert_eq!(cache(&other), "MISS", "of another host");
    // The form to book stands at an address of its own, with a token for one visitor.
    let link = |page: &str, wanted: fn(&str) -> bool| {
        let text = front.get(page, &[]).text();
        let mut links = text.split("href=\"").skip(1);
        let found = links.find_map(|rest| rest.split('"').next().filter(|link| wanted(link)));
        found.map(str::to_owned)
    };
    let week = link("/book", |link| link.starts_with("/book?from=")).expect("a week of times");
    let slot = link(&week, |link| {
        link.starts_with("/book/") && !link.contains('?')
    });
    let slot = slot.expect("a free slot");
    for _ in 0..2 {
        assert_eq!(cache(&front.get(&slot, &[])), "MISS");
    }
}

#[test]
fn the_own_cache_keeps_public_pages_until_something_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kenduri.toml");
    let settings = "[[route]]\nto = \"app\"\nshared_cache = {}\n";
    fs::write(&file, settings).expect("written");
    let [file, data] = [&file, &folder.path().join("data")].map(|path| text_of(path));
    let mut program = Program::serve(&["--demo", "--config", &file, "--data", &data], &[]);
    let link = program.link("/sign-in/");
    let session = session(&program, &link);
    let is_hit = |answer: &Answer| {
        let told = answer.header("cache-status").unwrap_or_default();
        told.starts_with("kenduri; hit")
    };
    let (list, article) = ("/blog", "/blog/without-a-car");
    let title = "How to get here without a car";
    let own = |method: &str, path: &str, body: &str| {
        let headers = [
            ("Cookie", &*session),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let answer = http::send(&program.address, method, path, &headers, body.as_bytes());
        answer.expect("an answer")
    };
    let questions = own("GET", "/me/posts", "").text();
    let post = questions.split(title).next().and_then(|before| {
        let (_, link) = before.rsplit_once("href=\"/me/posts/")?;
        link.split('"').next()
    });
    let withdraw = format!("/me/posts/{}/withdraw", post.expect("a post"));
    let form = own("GET", &withdraw, "").text();
    let value = |name: &str| {
        let field = format!("name=\"{name}\" value=\"");
        let (_, rest) = form.split_once(&field).expect("a field");
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let form = ["_csrf", "submission_id", "version"].map(|name| format!("{name}={}", value(name)));
    // The last answers of the host may still be written, for example that the session was used.
    for page in [list, article] {
        let end = Instant::now() + PATIENCE;
        while !is_hit(&program.get(page)) {
            assert!(Instant::now() < end, "{page} is never kept");
        }
        let kept = program.get(page);
        assert_eq!(kept.header("x-request-id"), None);
        let personal = own("GET", page, "");
        assert!(!is_hit(&personal) && personal.text().contains(PERSONAL));
        assert_eq!(personal.header("cache-control"), Some("no-store, private"));
    }
    assert_eq!(own("POST", &withdraw, &form.join("&")).status, 303);
    assert!(!program.get(list).text().contains(title));
    assert!(!program.get(article).text().contains(title));
    assert_ne!(program.get(article).status, 200);
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
