use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;
use crate::page::{Kind, Page};
use crate::{Form, Json, Theme, testing};

#[derive(askama::Template)]
#[template(source = "<h1>{{ title }}</h1>", ext = "html")]
struct Hello<'a> {
    title: &'a str,
}

async fn hello(State(site): State<Site>, wishes: Wishes) -> Response {
    let text = site.speak_public(&wishes);
    let languages = site.public_languages();
    crate::page(Page {
        title: "A < B",
        body: Hello { title: "A < B" },
        text: &text,
        theme: Theme::PLAIN,
        kind: Kind::Plain {
            site: &site,
            languages: &languages,
        },
    })
}

fn routes() -> Router<Site> {
    Router::new()
        .route("/hello", get(hello))
        .route("/invite/{code}", get(hello))
        .route("/panic", get(async || -> () { panic!("on purpose") }))
        .route("/admin", get(async || refused("unauthenticated", 401)))
        .route("/api/v1/locked", get(async || refused("shut", 423)))
        .route(
            "/number/{n}",
            get(async |_: axum::extract::Path<u8>| "fine"),
        )
        .route("/form", post(async |_: Form| "fine"))
        .route("/api/json", post(async |_: Json<u8>| "fine"))
        .route(
            "/busy",
            get(async || Problem::from(platform::StoreError::Busy))
                .post(async || Problem::from(platform::StoreError::Busy)),
        )
        .route(
            "/busy/read",
            post(async |request: Request| {
                let form = Form::of_either_kind(request).await?;
                assert_eq!(form.text("name"), "Mei & Ali");
                Err::<(), _>(Problem::from(platform::StoreError::Busy))
            }),
        )
        .route(
            "/paused",
            post(async || Problem::from(platform::StoreError::LeaseOver)),
        )
        .route(
            "/unknown",
            post(async || Problem::from(platform::StoreError::Unknown)),
        )
        .route(
            "/held",
            post(async |_: Form| platform::request::held().to_string()),
        )
}

fn refused(code: &'static str, status: u16) -> Problem {
    Problem::new(StatusCode::from_u16(status).unwrap(), code)
}

async fn ask(method: &str, path: &str, headers: &[(&'static str, &str)]) -> (Response, String) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let (site, _folder) = testing::site();
    let response = serve(&site, routes()).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    assert_eq!(site.catalogue.missing(), Vec::<String>::new());
    let text = String::from_utf8_lossy(&body).into_owned();
    (Response::from_parts(parts, Body::empty()), text)
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_page_that_repeats_nothing_but_its_path_may_be_compressed() {
    for (method, path, expected) in [
        ("GET", "/hello", true),
        ("HEAD", "/hello", true),
        ("GET", "/invite/RAHMA?k=ABCDE&done=saved&lang=it", true),
        ("GET", "/hello?q=text", false),
        ("GET", "/hello?lang=it&%71=text", false),
        ("GET", "/invalid", false),
        ("GET", "/panic", false),
        ("GET", "/number/1", false),
        ("GET", "/number/one", false),
        ("POST", "/form", false),
    ] {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let (response, _) = ask(method, path, &form).await;
        let told: Option<&Compressible> = response.extensions().get();
        assert_eq!(told.is_some(), expected, "{method} {path}");
    }
}

#[tokio::test]
async fn an_answer_says_what_a_log_may_show_of_its_path() {
    for (path, shown) in [
        ("/hello?lang=en", "/hello"),
        ("/invite/RAHMA?lang=en", "/invite/RA***"),
        ("/panic", "/panic"),
        ("/wedding/RAHMA/x", "/we***/RA***/x"),
    ] {
        let (response, _) = ask("GET", path, &[]).await;
        let told: Option<&LoggedPath> = response.extensions().get();
        assert_eq!(told.map(|shown| &*shown.0), Some(shown));
    }
}

#[tokio::test]
async fn a_page_has_its_frame_its_language_and_its_headers() {
    let (response, body) = ask("GET", "/hello?lang=ar", &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(
        body.starts_with("<!doctype html>\n<html lang=\"ar\" dir=\"rtl\" class=\"site paper\">")
    );
    assert!(body.contains("<title>A &#60; B</title>"), "{body}");
    assert!(body.contains("href=\"#main\"") && body.contains("<main id=\"main\">"));
    assert!(!body.contains("<style") && !body.contains(" style=") && !body.contains("<script>"));
    assert_eq!(header(&response, "content-language"), "ar");
    assert_eq!(header(&response, "vary"), "Accept-Language, Cookie");
    assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    assert!(
        header(&response, "content-security-policy")
            .starts_with("default-src 'none'; style-src 'self'")
    );
    let policy = header(&response, "content-security-policy");
    assert!(policy.contains("; script-src 'self';") && !policy.contains("unsafe"));
    assert!(header(&response, "set-cookie").starts_with("kd_lang=ar; Path=/"));
    assert_eq!(header(&response, "x-request-id").len(), 32);
}

#[tokio::test]
async fn whoever_mounts_the_app_may_know_who_asks() {
    let told = Facts {
        request_id: crate::client_info::RequestId::parse("door-1").unwrap(),
        client: [198, 51, 100, 7].into(),
        https: true,
        is_direct: true,
        outcome: crate::Outcome::default(),
    };
    let asked = async |told: Option<Facts>| {
        let mut request = Request::builder()
            .uri("/who")
            .header(REQUEST_ID, "forged")
            .header("x-forwarded-for", "203.0.113.1");
        let extensions = request.extensions_mut().unwrap();
        extensions.insert(Peer::LOOPBACK);
        if let Some(told) = told {
            extensions.insert(told);
        }
        let (site, _folder) = testing::site();
        let who = get(async |facts: Facts| {
            format!("{} {} {}", facts.client, facts.https, facts.is_from_here())
        });
        let router = serve(&site, Router::new().route("/who", who));
        let request = request.body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let id = header(&response, "x-request-id").to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (id, String::from_utf8(body.to_vec()).unwrap())
    };
    let (id, who) = asked(Some(told)).await;
    assert_eq!(
        (id.as_str(), who.as_str()),
        ("door-1", "198.51.100.7 true false")
    );
    let (id, who) = asked(None).await;
    assert_eq!((id.len(), who.as_str()), (32, "127.0.0.1 false false"));
}

#[tokio::test]
async fn a_language_that_is_not_offered_is_neither_spoken_nor_remembered() {
    let (response, _) = ask("GET", "/hello?lang=fr", &[("accept-language", "it")]).await;
    assert_eq!(header(&response, "content-language"), "it");
    assert_eq!(header(&response, "set-cookie"), "");
}

#[tokio::test]
async fn what_is_behind_a_code_leaves_no_trace() {
    let (response, _) = ask("GET", "/invite/RAHMA", &[]).await;
    assert_eq!(header(&response, "referrer-policy"), "no-referrer");
    assert_eq!(header(&response, "cache-control"), "no-store, private");
    assert_eq!(
        header(&response, "x-robots-tag"),
        "noindex, nofollow, noarchive"
    );
}

#[tokio::test]
async fn a_problem_is_json_for_programs_and_a_page_for_people() {
    let (response, body) = ask("GET", "/api/v1/locked", &[("accept-language", "ms")]).await;
    assert_eq!(response.status(), StatusCode::LOCKED);
    assert_eq!(
        header(&response, "content-type"),
        "application/problem+json"
    );
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["type"], "/problems/shut");
    assert_eq!(body["code"], "shut");
    assert_eq!(body["status"], 423);
    assert_eq!(body["instance"], "/api/v1/locked");
    assert_eq!(body["request_id"], header(&response, "x-request-id"));
    assert_eq!(body["detail"], "Ini ditutup.");

    let (response, body) = ask("GET", "/busy", &[]).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&response, "retry-after"), "5");
    assert!(body.contains(&*testing::text("en").say("problem-store-busy")));
    let (response, _) = ask("GET", "/busy", &[("accept", "application/json")]).await;
    assert_eq!(
        header(&response, "content-type"),
        "application/problem+json"
    );
}

/// Posts a body in pieces, and returns the page of the refusal.
async fn refuse(path: &str, kind: &str, headers: &[(&'static str, &str)], body: &str) -> String {
    let mut request = Request::builder()
        .method("POST")
        .uri(path)
        .header("content-type", kind);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let pieces = body.as_bytes().chunks(50_000);
    let pieces: VecDeque<Bytes> = pieces.map(Bytes::copy_from_slice).collect();
    let request = request.body(Body::new(Pieces(pieces))).unwrap();
    let (site, _folder) = testing::site();
    let response = serve(&site, routes()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(site.catalogue.missing(), Vec::<String>::new());
    String::from_utf8(body.to_vec()).unwrap()
}

struct Pieces(VecDeque<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        Poll::Ready(
            self.0
                .pop_front()
                .map(|bytes| Ok(http_body::Frame::data(bytes))),
        )
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=x";

fn field(name: &str, value: &str) -> String {
    format!(r#"<input type="hidden" name="{name}" value="{value}">"#)
}

#[tokio::test]
async fn a_form_that_the_store_cannot_save_can_be_sent_again() {
    let sent = "_csrf=token&submission_id=s1&name=Mei+%26+Ali&dish=rice&dish=soup&note=";
    let parts = |file: &str| {
        let part = |name, value| {
            format!("--x\r\ncontent-disposition: form-data; name={name}\r\n\r\n{value}\r\n")
        };
        let (first, last) = (part("_csrf", "token"), part("name", "Mei & Ali"));
        let file = format!(
            "--x\r\ncontent-disposition: form-data; name=f; filename=\"a\"\r\n\r\n{file}\r\n"
        );
        format!("{first}{file}{last}--x--\r\n")
    };
    let text = testing::text("en");
    let again = format!(">{}</button>", text.say("shell-send-again"));
    for path in ["/busy", "/busy/read"] {
        let page = refuse(path, FORM, &[], sent).await;
        let all = [
            field("_csrf", "token"),
            field("submission_id", "s1"),
            field("name", "Mei &#38; Ali"),
            field("dish", "rice"),
            field("dish", "soup"),
            field("note", ""),
        ];
        for one in all {
            assert!(page.contains(&one), "{path} {one} {page}");
        }
        let form = format!(r#"<form method="post" action="{path}">"#);
        assert!(page.contains(&form) && page.contains(&again), "{page}");
        assert!(page.contains(&*text.say("problem-store-busy")));
        assert!(page.contains(&*text.say("shell-kept")));

        // Without a file, a form with parts can be sent again, too.
        let page = refuse(path, PARTS, &[], &parts("")).await;
        assert!(page.contains(&field("name", "Mei &#38; Ali")) && page.contains(&again));
        let page = refuse(path, PARTS, &[], &parts("picture")).await;
        assert!(page.contains(">Mei &#38; Ali</li>"), "{page}");
        assert!(!page.contains(&again) && page.contains(&*text.say("shell-again-by-hand")));
    }
    let page = refuse("/paused", FORM, &[], sent).await;
    assert!(page.contains(&*text.say("problem-saving-paused")), "{page}");
    assert!(page.contains(&field("name", "Mei &#38; Ali")) && page.contains(&again));
}

#[tokio::test]
async fn a_form_with_a_secret_or_of_another_site_or_saved_perhaps_cannot() {
    let text = testing::text("en");
    let again = text.say("shell-send-again").into_owned();
    let by_hand = text.say("shell-again-by-hand").into_owned();
    let sent = "name=Mei&new_password=hunter22&code=ABCD-EFGH";
    let page = refuse("/busy", FORM, &[], sent).await;
    assert!(
        page.contains(">Mei</li>") && page.contains(&by_hand),
        "{page}"
    );
    let secrets = [again.as_str(), "hunter22", "ABCD-EFGH"];
    assert!(secrets.iter().all(|one| !page.contains(one)), "{page}");

    let elsewhere = [("sec-fetch-site", "cross-site")];
    let page = refuse("/busy", FORM, &elsewhere, "name=Mei").await;
    assert!(!page.contains("Mei") && !page.contains(&again), "{page}");

    let page = refuse("/unknown", FORM, &[], "name=Mei").await;
    assert!(page.contains(">Mei</li>") && page.contains(&*text.say("shell-typed")));
    assert!(!page.contains(&again) && !page.contains(&by_hand), "{page}");
    assert!(!page.contains(&*text.say("shell-kept")), "{page}");

    let json = [("accept", "application/json")];
    let body = refuse("/busy", FORM, &json, "name=Mei").await;
    assert!(body.starts_with('{') && !body.contains("Mei"), "{body}");
}

#[tokio::test]
async fn what_is_too_long_is_not_kept() {
    let long = format!("name=Mei&note={}", "x".repeat(300_000));
    let page = refuse("/busy", FORM, &[], &long).await;
    assert!(!page.contains("Mei") && page.len() < 20_000);
    let file = "f".repeat(2_000_000);
    let sent = format!(
        "--x\r\ncontent-disposition: form-data; name=name\r\n\r\nMei\r\n\
         --x\r\ncontent-disposition: form-data; name=f; filename=a\r\n\r\n{file}\r\n--x--\r\n"
    );
    let page = refuse("/busy", PARTS, &[], &sent).await;
    assert!(page.contains(">Mei</li>") && page.len() < 20_000, "{page}");
}

#[tokio::test]
async fn a_request_says_how_much_of_its_form_it_holds() {
    let (site, _folder) = testing::site();
    let request = Request::post("/held").header("content-type", FORM);
    let request = request.body(Body::from("a=".to_owned() + &"x".repeat(998)));
    let response = serve(&site, routes()).oneshot(request.unwrap()).await;
    let body = response.unwrap().into_body().collect().await.unwrap();
    // The copy for an error page, and what the handler has read.
    assert_eq!(body.to_bytes(), "2000");
    assert_eq!(platform::request::held(), 0);
}

#[tokio::test]
async fn every_refusal_is_a_problem() {
    for (method, path, status, code) in [
        ("GET", "/api/nothing", 404, "not_found"),
        ("DELETE", "/api/json", 405, "method_not_allowed"),
        ("POST", "/api/json", 415, "unsupported_media_type"),
        ("POST", "/form", 415, "unsupported_media_type"),
        ("GET", "/number/many", 400, "request_invalid"),
        ("GET", "/panic", 500, "internal"),
    ] {
        let (response, body) = ask(method, path, &[("accept", "application/json")]).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["code"], code, "{path}");
    }
    let (response, _) = ask("DELETE", "/api/json", &[]).await;
    assert_eq!(header(&response, "allow"), "POST");
}

#[test]
fn only_words_of_the_program_s_own_text_are_said_of_a_panic() {
    let said = |panic: fn()| panicked(&*std::panic::catch_unwind(panic).unwrap_err());
    assert_eq!(said(|| panic!("on purpose")), "on purpose");
    let typed = said(|| panic!("{} was typed", std::hint::black_box("RAHMA")));
    assert_eq!(typed, "(its words are not logged)");
    assert_eq!(
        said(|| std::panic::panic_any(1)),
        "(its words are not logged)"
    );
}

#[tokio::test]
async fn who_is_not_signed_in_is_led_to_the_sign_in_page() {
    let (response, _) = ask("GET", "/admin?page=2", &[]).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        header(&response, "location"),
        "/login?redirect=%2Fadmin%3Fpage%3D2"
    );
    let (response, _) = ask("GET", "/admin", &[("accept", "application/json")]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header(&response, "www-authenticate"), "Bearer");
}

#[tokio::test]
async fn every_code_has_its_place_on_one_page() {
    let (_, body) = ask("GET", "/problems", &[]).await;
    for code in crate::codes::CODES
        .iter()
        .chain([&crate::codes::Code::new(423, "shut")])
    {
        assert!(
            body.contains(&format!("<dt id=\"{}\">", code.code)),
            "{}",
            code.code
        );
    }
    let named = testing::text("en").with("field-too-long", [("max", "n".into())]);
    assert!(!body.contains("{$") && body.contains(&named));
    let (response, _) = ask("GET", "/problems/shut", &[]).await;
    assert_eq!(header(&response, "location"), "/problems#shut");
    let (response, _) = ask("GET", "/problems/nothing", &[]).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}
