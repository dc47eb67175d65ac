//! The pages of the built-in mailbox. An installation that sends no mail shows its mails there, and
//! tests read the JSON version.
//!
//! Mails contain sign-in links, so by default only this machine may read them.

use askama::Template;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderValue, request};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use jiff::Timestamp;
use platform::StoreError;
use platform::mail::mailbox::{self, Letter, Search};
use platform::mail::{MailId, Stream, sealed_text};
use serde::{Deserialize, Serialize};

use crate::client_info::Facts;
use crate::cursor::List;
use crate::json::Json;
use crate::language::{COMPLETE, Language, Wishes};
use crate::page::{Entry, Heading, Kind, Navigation, OwnFrame, Page, Section};
use crate::problem::Problem;
use crate::site_url::SiteUrl;
use crate::state::Site;
use crate::text::Text;
use crate::theme::Theme;

/// The content security policy of a displayed mail, which allows only styles.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    ThisMachine,
    Everybody,
}

/// The mailbox's routes, for clients that `access` allows. All other clients get a 404.
pub fn routes(access: Access) -> Router<Site> {
    Router::new()
        .route("/mailbox", get(list))
        .route("/mailbox/{id}", get(letter))
        .route("/mailbox/{id}/html", get(html))
        .route("/mailbox/api/messages", get(messages))
        .layer(Extension(access))
}

/// An extractor that succeeds only if the client may read the mailbox.
struct Reader(());

impl FromRequestParts<Site> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, site: &Site) -> Result<Self, Problem> {
        let access = parts.extensions.get::<Access>().copied();
        let facts = Facts::from_request_parts(parts, site).await?;
        let is_here = facts.is_from_here() && names_this_site(&parts.headers, site.url());
        if is_here || access == Some(Access::Everybody) {
            Ok(Self(()))
        } else {
            Err(Problem::not_found())
        }
    }
}

/// Whether the `Host` header names this site's host. The check prevents DNS rebinding, in which
/// another site's domain resolves to this machine.
fn names_this_site(headers: &HeaderMap, site: &SiteUrl) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let named = host.and_then(|host| SiteUrl::parse(&format!("http://{host}")).ok());
    named.is_some_and(|named| named.is_loopback() || named.host() == site.host())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    to: String,
    q: String,
}

impl Wanted {
    async fn find(self, site: &Site) -> Result<Vec<Letter>, Problem> {
        let to = match self.to.as_str() {
            "" => None,
            text => match text.parse() {
                Ok(address) => Some(address),
                // An invalid address has no mails.
                Err(_) => return Ok(Vec::new()),
            },
        };
        let search = Search { to, words: self.q };
        let key = site.keys.key(sealed_text::PURPOSE);
        let letters: Result<Vec<Letter>, StoreError> = site
            .store
            .read_at_length(move |tx| mailbox::list(tx, &key, &search))
            .await;
        Ok(letters?)
    }
}

async fn list(
    State(site): State<Site>,
    wishes: Wishes,
    _: Reader,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let text = speak(&site, &wishes);
    let words = wanted.q.clone();
    let rows = wanted.find(&site).await?.into_iter().map(|letter| Row {
        when: when(&site, &text, letter.arrived_at),
        letter,
    });
    let title = text.say("mailbox-title").into_owned();
    let body = ListBody {
        text: &text,
        words: &words,
        rows: rows.collect(),
    };
    Ok(in_frame(&site, &text, &title, body))
}

async fn letter(
    State(site): State<Site>,
    wishes: Wishes,
    _: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let letter = find(&site, &id).await?;
    let text = speak(&site, &wishes);
    let body = LetterBody {
        text: &text,
        when: when(&site, &text, letter.arrived_at),
        parts: parts(&letter.text),
        letter: &letter,
    };
    Ok(in_frame(&site, &text, &letter.subject, body))
}

async fn html(
    State(site): State<Site>,
    _: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let page = find(&site, &id)
        .await?
        .html
        .ok_or_else(Problem::not_found)?;
    Ok(as_mail(page))
}

/// Renders the HTML part of a mail as a page that is shown in an `iframe`. The page cannot load
/// anything, and only its own styles apply.
pub fn as_mail(html: String) -> Response {
    let headers = [
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(MAIL_POLICY),
        ),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Html(html)).into_response()
}

async fn messages(
    State(site): State<Site>,
    _: Reader,
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<Message>>, Problem> {
    let letters = wanted.find(&site).await?;
    Ok(Json(List {
        items: letters.into_iter().map(Message::of).collect(),
        next_cursor: None,
        previous_cursor: None,
        total: None,
    }))
}

async fn find(site: &Site, id: &str) -> Result<Letter, Problem> {
    let id: MailId = id.parse().map_err(|_| Problem::not_found())?;
    let key = site.keys.key(sealed_text::PURPOSE);
    let letter: Option<Letter> = site
        .store
        .read(move |tx| mailbox::find(tx, &key, &id))
        .await
        .map_err(|error: StoreError| Problem::from(error))?;
    letter.ok_or_else(Problem::not_found)
}

#[derive(Debug, Serialize)]
struct Message {
    id: MailId,
    stream: Stream,
    to: String,
    to_name: String,
    from_name: Option<String>,
    reply_to: Option<String>,
    subject: String,
    text: String,
    html: Option<String>,
    /// The URLs of web pages in the mail's text, in order.
    links: Vec<String>,
    arrived_at: String,
}

impl Message {
    fn of(letter: Letter) -> Self {
        let links = parts(&letter.text)
            .into_iter()
            .filter_map(|part| match part {
                Part::Link(link) => Some(link.to_owned()),
                Part::Words(_) => None,
            });
        Self {
            links: links.collect(),
            id: letter.id,
            stream: letter.stream,
            to: letter.to.to_string(),
            to_name: letter.to_name,
            from_name: letter.sender_name,
            reply_to: letter.reply_to.map(|address| address.to_string()),
            subject: letter.subject,
            text: letter.text,
            html: letter.html,
            arrived_at: letter.arrived_at.to_string(),
        }
    }
}

#[derive(Template)]
#[template(path = "mailbox.html")]
struct ListBody<'a> {
    text: &'a Text,
    words: &'a str,
    rows: Vec<Row>,
}

struct Row {
    letter: Letter,
    when: String,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterBody<'a> {
    text: &'a Text,
    letter: &'a Letter,
    when: String,
    parts: Vec<Part<'a>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Words(&'a str),
    Link(&'a str),
}

/// A link ends at white space, without a final full stop.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = ["https://", "http://"]
        .iter()
        .filter_map(|scheme| rest.find(scheme))
        .min()
    {
        let tail = &rest[start..];
        let end = tail
            .find(|c: char| c.is_whitespace() || "<>\"".contains(c))
            .unwrap_or(tail.len());
        let link = tail[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        if start > 0 {
            parts.push(Part::Words(&rest[..start]));
        }
        parts.push(Part::Link(link));
        rest = &tail[link.len()..];
    }
    if !rest.is_empty() {
        parts.push(Part::Words(rest));
    }
    parts
}

fn speak(site: &Site, wishes: &Wishes) -> Text {
    let tag = wishes.choose(&COMPLETE, None, COMPLETE[0]);
    site.catalogue.speak(&Language::of(tag))
}

fn when(site: &Site, text: &Text, instant: Timestamp) -> String {
    text.moment_in(&site.settings.time_zone, instant)
}

fn in_frame<B: Template>(site: &Site, text: &Text, title: &str, body: B) -> Response {
    let mailbox = text.say("mailbox-title");
    let frame = OwnFrame {
        site: site.settings.name.clone(),
        sections: vec![Section {
            title: None,
            entries: vec![Entry {
                label: text.say("mailbox-all").into_owned(),
                href: "/mailbox".to_owned(),
                ..Entry::default()
            }],
        }],
        ..OwnFrame::default()
    };
    crate::page(Page {
        title: &format!("{title} – {}", site.settings.name),
        body,
        text,
        theme: Theme::PLAIN,
        kind: Kind::Host(Navigation {
            heading: Some(Heading {
                title: &mailbox,
                note: &site.settings.name,
                href: "/mailbox",
                is_current: false,
            }),
            frame: &frame,
            see: None,
            has_groups: false,
            strip: None,
            in_progress: false,
        }),
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use http_body_util::BodyExt as _;
    use platform::jobs::Worker;
    use platform::mail::{Mailer, NewMail, Post, dkim, handler, suppression};
    use platform::store::{Settings, SqliteSettings};
    use tower::ServiceExt as _;

    use super::*;
    use crate::client_info::Peer;
    use crate::testing;

    const TEXT: &str = "Open <b>https://kenduri.example/invite/RAHMA</b>.";

    /// A site with one mail in its mailbox, and the mail's id.
    async fn site_with_mail() -> (Site, tempfile::TempDir, String) {
        let (mut site, folder) = testing::site();
        let path = folder.path().join("mailbox.db");
        site.platform.store = platform::Store::open(
            &Settings::Sqlite(SqliteSettings::file(path)),
            &[platform::MIGRATIONS],
            site.clock.clone(),
            site.random.clone(),
        )
        .unwrap();
        let written: Result<MailId, StoreError> = site
            .store
            .write(|tx| {
                tx.send_mail(NewMail {
                    to: "rahma@example.my".parse().unwrap(),
                    to_name: "Keluarga Rahma".to_owned(),
                    sender_name: None,
                    reply_to: None,
                    stream: Stream::Transactional,
                    scope: None,
                    subject: "Jawapan <anda>".to_owned(),
                    text: TEXT.to_owned(),
                    html: Some("<p onclick=alert(1)>Terima kasih</p>".to_owned()),
                    seal: None,
                    stranger: None,
                })
            })
            .await;
        let post = Post {
            mailer: Mailer::Mailbox,
            from: "kenduri@localhost".parse().unwrap(),
            site_host: "localhost".to_owned(),
            site_url: "https://kenduri.example".to_owned(),
            suppression: site.keys.key(suppression::PURPOSE),
            text: site.keys.key(sealed_text::PURPOSE),
            dkim: site.keys.key(dkim::PURPOSE),
            hears_deliveries: false,
        };
        let worker = Worker::new(
            site.store.clone(),
            site.clock.clone(),
            site.random.clone(),
            vec![handler(site.store.clone(), post)],
        );
        worker.run_due().await.unwrap();
        (site, folder, written.unwrap().to_string())
    }

    async fn ask(site: &Site, access: Access, path: &str, host: &str, peer: Peer) -> Response {
        let mut request = Request::get(path).header("host", host);
        request.extensions_mut().unwrap().insert(peer);
        let request = request.body(Body::empty()).unwrap();
        let app = crate::serve(site, routes(access));
        app.oneshot(request).await.unwrap()
    }

    async fn read(site: &Site, path: &str) -> (StatusCode, String, String) {
        let answer = ask(
            site,
            Access::ThisMachine,
            path,
            "127.0.0.1:8080",
            Peer::LOOPBACK,
        )
        .await;
        let status = answer.status();
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(site.catalogue.missing(), [""; 0]);
        (status, policy, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn mails_are_listed_shown_and_searched() {
        let (site, _folder, id) = site_with_mail().await;
        let (status, _, body) = read(&site, "/mailbox?q=jawapan").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains(&format!("href=\"/mailbox/{id}\"")), "{body}");
        assert!(body.contains("Jawapan &#60;anda&#62;"));
        let (_, _, body) = read(&site, "/mailbox?q=nothing").await;
        assert!(body.contains(&*testing::text("en").say("mailbox-empty")));

        let (_, _, body) = read(&site, &format!("/mailbox/{id}?lang=ms")).await;
        let link = "<a href=\"https://kenduri.example/invite/RAHMA\" rel=\"noreferrer\">";
        assert!(body.contains(link), "{body}");
        assert!(body.contains("Open &#60;b&#62;") && body.contains("Sebagai teks"));
        let (status, _, _) = read(&site, "/mailbox/0197f0c0-0000-7000-8000-00000000000a").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn a_mails_own_page_can_do_nothing() {
        let (site, _folder, id) = site_with_mail().await;
        let (_, policy, body) = read(&site, &format!("/mailbox/{id}/html")).await;
        assert_eq!(body, "<p onclick=alert(1)>Terima kasih</p>");
        assert_eq!(policy, MAIL_POLICY);
    }

    #[tokio::test]
    async fn programs_read_the_mails_of_one_address() {
        let (site, _folder, id) = site_with_mail().await;
        let (_, _, body) = read(&site, "/mailbox/api/messages?to=Rahma@Example.my").await;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["items"][0]["id"], id);
        assert_eq!(body["items"][0]["text"], TEXT);
        assert_eq!(
            body["items"][0]["links"],
            serde_json::json!(["https://kenduri.example/invite/RAHMA"])
        );
        for to in ["rossi@example.it", "nobody"] {
            let (_, _, body) = read(&site, &format!("/mailbox/api/messages?to={to}")).await;
            assert_eq!(body, r#"{"items":[],"next_cursor":null}"#);
        }
    }

    #[tokio::test]
    async fn only_this_machine_reads_unless_told_otherwise() {
        let (site, _folder, _) = site_with_mail().await;
        let far = Peer("203.0.113.7".parse().unwrap());
        let here = Peer::LOOPBACK;
        for (access, host, peer, status) in [
            (Access::ThisMachine, "127.0.0.1:8080", here, 200),
            (Access::ThisMachine, "localhost:8080", here, 200),
            (Access::ThisMachine, "rebound.example", here, 404),
            (Access::ThisMachine, "127.0.0.1:8080", far, 404),
            (Access::Everybody, "kenduri.example", far, 200),
        ] {
            let answer = ask(&site, access, "/mailbox", host, peer).await;
            assert_eq!(answer.status().as_u16(), status, "{host} {peer:?}");
        }
    }

    #[test]
    fn links_are_found_without_the_stop_that_follows() {
        let link = Part::Link("https://kenduri.example/invite/RAHMA?k=a.b");
        assert_eq!(
            parts("See https://kenduri.example/invite/RAHMA?k=a.b.\n(http://a.my) Bye"),
            [
                Part::Words("See "),
                link,
                Part::Words(".\n("),
                Part::Link("http://a.my"),
                Part::Words(") Bye"),
            ]
        );
        assert_eq!(
            parts("javascript:alert(1)"),
            [Part::Words("javascript:alert(1)")]
        );
        assert_eq!(parts(""), []);
    }
}
