//! A browser with cookies and without JavaScript, which sends requests directly to the site's
//! router.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header,
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::form::Form;
use crate::page::{Page, assert_token_is_not_kept};

/// The site's URL for every visitor, namely `site.url` in the default configuration.
pub(crate) const SITE: &str = "http://127.0.0.1:8080";

#[derive(Clone, Debug)]
pub struct Visitor {
    router: Router,
    headers: HeaderMap,
    extensions: Extensions,
    /// Cookies with their values, by name and path.
    cookies: BTreeMap<(String, String), String>,
    /// Looks at each response.
    check: Option<fn(&Page)>,
}

impl Visitor {
    /// A browser that has no cookies and prefers English.
    pub fn new(router: Router) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
        Self {
            router,
            headers,
            extensions: Extensions::new(),
            cookies: BTreeMap::new(),
            check: None,
        }
    }

    /// Hands each further response to `check`, which may panic.
    #[must_use]
    pub fn checked_by(mut self, check: Option<fn(&Page)>) -> Self {
        self.check = check;
        self
    }

    /// Sends further requests to another router, with the same headers and cookies.
    pub fn use_router(&mut self, router: Router) -> &mut Self {
        self.router = router;
        self
    }

    /// Sends this header with every further request, such as a language or a token.
    pub fn header(&mut self, name: &'static str, value: &str) -> &mut Self {
        let value = HeaderValue::from_str(value).expect("a header's value");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// Adds a request extension to all later requests, as the listener does with the peer address.
    pub fn carry<T: Clone + Send + Sync + 'static>(&mut self, value: T) -> &mut Self {
        self.extensions.insert(value);
        self
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies
            .iter()
            .find(|((key, _), _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Sets a cookie, as if the site had sent it.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies
            .insert((name.to_owned(), "/".to_owned()), value.to_owned());
    }

    /// Requests a path and returns the response. Redirects are not followed.
    pub async fn get(&mut self, address: &str) -> Page {
        self.send(Method::GET, address, None, Bytes::new()).await
    }

    /// Requests a path and follows redirects.
    pub async fn visit(&mut self, address: &str) -> Page {
        let page = self.get(address).await;
        self.follow(page).await
    }

    /// Follows redirects to the final page.
    pub async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..10 {
            let Some(location) = page.location() else {
                return page;
            };
            let next = resolve(&page.address, location);
            page = self.get(&next).await;
        }
        panic!("redirected ten times, last to {}", page.address);
    }

    /// Posts form fields directly, without first loading the page that contains the form.
    pub async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Page {
        let body = encode(fields);
        self.send(Method::POST, address, Some(FORM), body.into())
            .await
    }

    /// Submits a form of `page`, with the form's current values.
    pub async fn submit(&mut self, page: &Page, form: &Form) -> Page {
        let address = resolve(&page.address, &form.action);
        if form.method == "post" {
            return self.post(&address, &form.entries()).await;
        }
        let path = address.split('?').next().unwrap_or_default();
        let query = encode(&form.entries());
        self.get(&format!("{path}?{query}")).await
    }

    /// Submits a form, and then the confirmation form in the response.
    pub async fn submit_surely(&mut self, page: &Page, form: &Form) -> Page {
        let asked = self.submit(page, form).await.with(200);
        let mut forms = asked.forms().into_iter();
        let surely = forms.find(|form| form.value("sure") == Some("1"));
        let surely = surely.expect("the page asks whether one is sure");
        self.submit(&asked, &surely).await
    }

    /// Sends JSON, as an API client does.
    pub async fn call(&mut self, method: Method, address: &str, body: &Value) -> Page {
        let body = if body.is_null() {
            Bytes::new()
        } else {
            body.to_string().into()
        };
        let kind = (!body.is_empty()).then_some("application/json");
        self.send(method, address, kind, body).await
    }

    pub async fn send(
        &mut self,
        method: Method,
        address: &str,
        content_type: Option<&str>,
        body: Bytes,
    ) -> Page {
        let response = self.request(method, address, content_type, body).await;
        let (head, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .unwrap_or_else(|error| panic!("{address}: the body broke off: {error}"))
            .to_bytes();
        let page = Page {
            address: address.to_owned(),
            status: head.status,
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        assert_token_is_not_kept(&page);
        if let Some(check) = self.check {
            check(&page);
        }
        page
    }

    /// Fetches a file, which may be binary.
    pub async fn bytes(&mut self, address: &str) -> Bytes {
        let response = self.request(Method::GET, address, None, Bytes::new()).await;
        assert_eq!(response.status().as_u16(), 200, "{address}");
        let body = response.into_body().collect().await;
        body.unwrap_or_else(|error| panic!("{address}: the body broke off: {error}"))
            .to_bytes()
    }

    /// Opens a stream of server-sent events.
    pub async fn listen(&mut self, address: &str) -> Events {
        let response = self.request(Method::GET, address, None, Bytes::new()).await;
        assert_eq!(response.status().as_u16(), 200, "{address}");
        Events {
            body: response.into_body(),
            waiting: String::new(),
        }
    }

    async fn request(
        &mut self,
        method: Method,
        address: &str,
        content_type: Option<&str>,
        body: Bytes,
    ) -> Response<Body> {
        let target = resolve("/", address);
        let target = target.split('#').next().unwrap_or_default();
        let mut request = Request::builder().method(&method).uri(target);
        let path = target.split('?').next().unwrap_or_default();
        let cookies = self.cookies_for(path);
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies);
        }
        request = request.header(header::HOST, SITE.trim_start_matches("http://"));
        if method != Method::GET && method != Method::HEAD {
            request = request
                .header(header::ORIGIN, SITE)
                .header("sec-fetch-site", "same-origin");
        }
        if let Some(kind) = content_type {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_LENGTH, body.len());
        }
        let mut request = request
            .body(Body::from(body))
            .unwrap_or_else(|error| panic!("{address}: {error}"));
        request.headers_mut().extend(self.headers.clone());
        request.extensions_mut().extend(self.extensions.clone());
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        self.keep_cookies(path, response.headers());
        response
    }

    fn cookies_for(&self, path: &str) -> String {
        self.cookies
            .iter()
            .filter(|((_, scope), _)| is_within(path, scope))
            .map(|((name, _), value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn keep_cookies(&mut self, path: &str, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("a cookie is visible text");
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                panic!("not a cookie: {line}");
            };
            let (mut scope, mut gone) = (None, false);
            for part in parts {
                let (key, value) = part.split_once('=').unwrap_or((part, ""));
                match key.to_ascii_lowercase().as_str() {
                    "path" => scope = Some(value.to_owned()),
                    "max-age" => gone = value.parse::<i64>().is_ok_and(|age| age <= 0),
                    _ => {}
                }
            }
            let folder = path.rfind('/').map_or("/", |end| &path[..end.max(1)]);
            let key = (name.to_owned(), scope.unwrap_or_else(|| folder.to_owned()));
            if gone {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value.to_owned());
            }
        }
    }
}

/// A stream of server-sent events.
#[derive(Debug)]
pub struct Events {
    body: Body,
    waiting: String,
}

impl Events {
    /// Returns the lines of the next event or comment; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.waiting.find("\n\n") {
                let event: String = self.waiting.drain(..end + 2).collect();
                return Some(event.trim_end().to_owned());
            }
            let frame = self.body.frame().await?.expect("the stream goes on");
            if let Ok(data) = frame.into_data() {
                self.waiting.push_str(&String::from_utf8_lossy(&data));
            }
        }
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn encode(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// RFC 6265 §5.1.4.
fn is_within(path: &str, scope: &str) -> bool {
    path.strip_prefix(scope)
        .is_some_and(|rest| rest.is_empty() || scope.ends_with('/') || rest.starts_with('/'))
}

/// Returns a path with its query.
fn resolve(base: &str, link: &str) -> String {
    let link = match link.strip_prefix(SITE) {
        Some("") => "/",
        Some(rest) => rest,
        None => link,
    };
    let path = base.split(['?', '#']).next().unwrap_or_default();
    if link.starts_with('/') {
        link.to_owned()
    } else if link.is_empty() || link.starts_with('#') {
        base.to_owned()
    } else if link.starts_with('?') {
        format!("{path}{link}")
    } else {
        assert!(!link.contains("://"), "a visitor stays on the site: {link}");
        let folder = path.rfind('/').map_or("/", |end| &path[..=end]);
        format!("{folder}{link}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Redirect};
    use axum::routing::{get, post};

    fn site() -> Router {
        Router::new()
            .route(
                "/a/in",
                post(|body: String| async move {
                    let cookie = [(header::SET_COOKIE, "s=1; Path=/a; HttpOnly")];
                    assert_eq!(body, "code=R+1");
                    (cookie, Redirect::to("/a/me")).into_response()
                }),
            )
            .route("/a/me", get(seen))
            .route("/b", get(seen))
            .route(
                "/a/out",
                get(|| async { ([(header::SET_COOKIE, "s=; Path=/a; Max-Age=0")], "bye") }),
            )
    }

    async fn seen(headers: HeaderMap) -> (StatusCode, String) {
        (StatusCode::OK, format!("{:?}", headers.get(header::COOKIE)))
    }

    #[tokio::test]
    async fn cookies_stay_within_their_path_until_they_are_taken_back() {
        let mut visitor = Visitor::new(site());
        let page = visitor.post("/a/in", &[("code", "R 1")]).await;
        page.expect(303);
        let page = visitor.follow(page).await;
        assert_eq!(
            (page.address.as_str(), page.body.as_str()),
            ("/a/me", "Some(\"s=1\")")
        );
        assert_eq!(visitor.get("/b").await.body, "None");
        visitor.get("/a/out").await;
        assert_eq!(visitor.get("/a/me").await.body, "None");
    }

    #[test]
    fn links_are_resolved_as_on_a_page() {
        for (base, link, address) in [
            ("/a/b?x=1", "?page=2", "/a/b?page=2"),
            ("/a/b", "c", "/a/c"),
            ("/a/b", "/c", "/c"),
            ("/a/b", "", "/a/b"),
            ("/a/b", "http://127.0.0.1:8080/c?d", "/c?d"),
        ] {
            assert_eq!(resolve(base, link), address);
        }
    }
}
