//! Pages that shared caches may keep, such as those of a content delivery network: they are the
//! same for everybody, and depend only on their URL, `Accept-Language` and what is stored.
//!
//! A page is declared where its route is listed ([`Pages::get_shared`](crate::Pages::get_shared) or
//! [`shared`]). Then the response to a request without a cookie of this site is public. A response
//! that turns out to be for one visitor is private all the same: one that sets a cookie, or whose
//! forms contain a token. The response to a request with a cookie of this site is never kept.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, COOKIE, ETAG, IF_NONE_MATCH, SET_COOKIE, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;

use crate::problem::Problem;
use crate::state::Site;
use crate::{conditional, language};

/// A shared cache uses the page for 60 seconds, and for 30 more while it asks for the new one. A
/// browser asks each time, because the next request may have a cookie.
const PUBLIC: &str = "public, max-age=0, s-maxage=60, stale-while-revalidate=30";
const PRIVATE: &str = "no-store, private";

/// How the names of this site's cookies begin.
const COOKIES: [&str; 2] = ["kd_", "__Host-kd_"];

/// Query parameters of pages for one visitor: the key of a private link, and a language, which is
/// then remembered in a cookie.
const PERSONAL: [&str; 2] = ["k", language::PARAMETER];

/// Declares that the responses of `methods` are the same for everybody.
pub fn shared<S: Clone + Send + Sync + 'static>(methods: MethodRouter<S>) -> MethodRouter<S> {
    methods.route_layer(from_fn(share))
}

/// Whether shared caches may keep the response. Then it names neither a visitor nor a request.
pub(crate) fn is_public(headers: &HeaderMap) -> bool {
    headers
        .get(CACHE_CONTROL)
        .is_some_and(|said| said == PUBLIC)
}

/// Whether the response already says that it is for one visitor.
fn is_private(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(CACHE_CONTROL).iter();
    lines
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|said| said.eq_ignore_ascii_case(b"no-store") || said.eq_ignore_ascii_case(b"private"))
}

/// Keeps a response out of all caches.
pub fn keep_private(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(PRIVATE));
    headers.remove(ETAG);
}

/// Marks a request about whose sender nothing is known, as an extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anonymous {
    /// Whether the caches in front ignore `Vary`, so that the page may not depend on the header
    /// `Accept-Language`.
    is_without_vary: bool,
}

impl Anonymous {
    /// `None` if the response may depend on the sender.
    pub(crate) fn of(site: &Site, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        let query = uri.query().unwrap_or_default().as_bytes();
        let mut names = form_urlencoded::parse(query).map(|(name, _)| name);
        let is_anonymous = matches!(*method, Method::GET | Method::HEAD)
            && !headers.contains_key(AUTHORIZATION)
            && !has_own_cookie(headers)
            && names.all(|name| !PERSONAL.contains(&&*name));
        is_anonymous.then_some(Self {
            is_without_vary: site.settings.cdn,
        })
    }
}

/// Whether the request has a cookie of this site, so that its response may be for one visitor.
pub fn has_own_cookie(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(COOKIE).iter();
    lines
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .map(<[u8]>::trim_ascii_start)
        .any(|cookie| COOKIES.iter().any(|own| cookie.starts_with(own.as_bytes())))
}

async fn share(mut request: Request, next: Next) -> Response {
    let Some(anonymous) = request.extensions().get::<Anonymous>().copied() else {
        let mut response = next.run(request).await;
        if is_page(&response) {
            keep_private(&mut response);
        }
        return response;
    };
    if anonymous.is_without_vary {
        request.headers_mut().remove(ACCEPT_LANGUAGE);
    }
    let conditions = request.headers().get_all(IF_NONE_MATCH).iter();
    let conditions: HeaderMap = conditions
        .map(|value| (IF_NONE_MATCH, value.clone()))
        .collect();
    let response = next.run(request).await;
    // The first page may be another shared page, which was requested inside the router.
    if !is_page(&response) || is_public(response.headers()) {
        return response;
    }
    publish(response, anonymous, &conditions).await
}

fn is_page(response: &Response) -> bool {
    matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED)
}

async fn publish(response: Response, anonymous: Anonymous, conditions: &HeaderMap) -> Response {
    let (parts, body) = response.into_parts();
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => return Problem::internal(error).into_response(),
    };
    let headers = &parts.headers;
    let is_private = headers.contains_key(SET_COOKIE) || is_private(headers) || has_token(&body);
    let mut response = Response::from_parts(parts, Body::from(body.clone()));
    if is_private {
        keep_private(&mut response);
        return response;
    }
    if !response.headers().contains_key(ETAG) {
        let tag = conditional::tag(&body);
        response = conditional::revalidated(conditions, &tag, response);
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(PUBLIC));
    if anonymous.is_without_vary {
        headers.remove(VARY);
    } else {
        headers.insert(VARY, HeaderValue::from_static("Accept-Language"));
    }
    response
}

/// Whether a form of the page posts a hidden value, such as a CSRF token. Values are written with
/// every `<` escaped, so tags always come from a template.
fn has_token(page: &[u8]) -> bool {
    let page = String::from_utf8_lossy(page);
    let mut forms = page.split("<form").skip(1);
    forms.any(|form| {
        let form = form.split("</form").next().unwrap_or_default();
        let tag = form.split('>').next().unwrap_or_default();
        tag.contains(r#"method="post""#) && form.contains(r#"type="hidden""#)
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::response::Html;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::{Wishes, testing};

    const FORM: &str = r#"<form method="post" action="/a"><input type="hidden" name="a"></form>"#;
    const SEARCH: &str = r#"<form method="get"><input type="hidden" name="tz"></form>
        <form method="post" action="/"><input name="code"></form>"#;

    async fn page(wishes: Wishes) -> Response {
        let language = wishes.choose(&["en", "ms"], None, "en").to_owned();
        let headers = [(VARY, "Accept-Language, Cookie")];
        (headers, Html(language)).into_response()
    }

    fn routes() -> Router<Site> {
        let cookie = || async { ([(SET_COOKIE, "kd_before=1")], Html("page")) };
        let secret = || async { ([(CACHE_CONTROL, "max-age=60, private")], Html("page")) };
        Router::new()
            .route("/", shared(get(page)))
            .route("/search", shared(get(async || Html(SEARCH))))
            .route("/form", shared(get(async || Html(FORM))))
            .route("/cookie", shared(get(cookie)))
            .route("/secret", shared(get(secret)))
            .route("/gone", shared(get(async || Problem::not_found())))
            .route("/undeclared", get(page))
    }

    async fn ask(is_cdn: bool, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let (mut site, _folder) = testing::site();
        let mut settings = (*site.settings).clone();
        settings.cdn = is_cdn;
        site.settings = settings.into();
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let router = crate::serve(&site, routes());
        router.oneshot(request).await.unwrap()
    }

    fn header<'a>(response: &'a Response, name: &str) -> &'a str {
        let value = response.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    async fn text(response: Response) -> String {
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_page_for_everybody_names_neither_a_visitor_nor_a_request() {
        for method in ["GET", "HEAD"] {
            let first = ask(false, method, "/", &[("cookie", "other=1; x=kd_lang")]).await;
            assert_eq!(header(&first, "cache-control"), PUBLIC);
            assert_eq!(header(&first, "vary"), "Accept-Language");
            assert_eq!(header(&first, "set-cookie"), "");
            assert_eq!(header(&first, "x-request-id"), "");
            let tag = header(&first, "etag").to_owned();
            assert_eq!(tag, format!("\"{}\"", conditional::tag(b"en")));
            let again = ask(false, method, "/", &[("if-none-match", &*tag)]).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
            for name in ["cache-control", "vary", "etag", "x-request-id"] {
                assert_eq!(header(&again, name), header(&first, name), "{name}");
            }
            assert_eq!(text(again).await, "");
        }
        let malay = ask(false, "GET", "/", &[("accept-language", "ms")]).await;
        assert_eq!(text(malay).await, "ms");
    }

    #[tokio::test]
    async fn a_page_for_one_visitor_is_kept_by_nobody() {
        for (path, name, value) in [
            ("/", "cookie", "kd_lang=ms"),
            ("/", "cookie", "a=1;kd_zone=Asia/Tokyo"),
            ("/", "cookie", "a=1; __Host-kd_session=x"),
            ("/", "authorization", "Bearer x"),
            ("/?lang=ms", "accept", "*/*"),
            ("/?k=ABCDE", "accept", "*/*"),
            ("/form", "accept", "*/*"),
            ("/cookie", "accept", "*/*"),
            ("/secret", "accept", "*/*"),
            ("/gone", "accept", "*/*"),
            ("/undeclared", "accept", "*/*"),
        ] {
            let response = ask(false, "GET", path, &[(name, value)]).await;
            let said = header(&response, "cache-control");
            assert_eq!(said, PRIVATE, "{path} {name}: {value}");
            assert_eq!(header(&response, "etag"), "", "{path}");
            assert_eq!(header(&response, "x-request-id").len(), 32, "{path}");
        }
        let search = ask(false, "GET", "/search", &[]).await;
        assert_eq!(header(&search, "cache-control"), PUBLIC);
    }

    #[tokio::test]
    async fn before_caches_that_ignore_vary_a_page_depends_on_its_address_alone() {
        let malay = [("accept-language", "ms")];
        let page = ask(true, "GET", "/", &malay).await;
        assert_eq!(header(&page, "cache-control"), PUBLIC);
        assert_eq!(header(&page, "vary"), "");
        assert_eq!(text(page).await, "en");
        for (path, headers) in [
            ("/?lang=ms", &[("accept-language", "en")]),
            ("/", &[("cookie", "kd_lang=ms")]),
            ("/undeclared", &malay),
        ] {
            assert_eq!(
                text(ask(true, "GET", path, headers).await).await,
                "ms",
                "{path}"
            );
        }
    }
}
