//! A response as the test's visitor received it.

use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::form::Form;
use crate::html::{Token, tokens, visible};

#[derive(Clone, Debug)]
pub struct Page {
    /// The requested path and query.
    pub address: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The `href` attribute, unresolved.
    pub href: String,
    pub text: String,
}

impl Page {
    /// Returns a header's value; empty when the header is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub fn location(&self) -> Option<&str> {
        let location = self.header("location");
        (self.status.is_redirection() && !location.is_empty()).then_some(location)
    }

    /// The body as JSON. Panics when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.address, self.body))
    }

    /// Returns the visible text, with white space collapsed.
    pub fn text(&self) -> String {
        visible(&self.body)
    }

    /// Panics with the whole response unless it has this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Self {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}: {}",
            self.address,
            self.body
        );
        self
    }

    /// Like [`Page::expect`], but consumes and returns the page.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "the check alone is worth the call"
    )]
    pub fn with(self, status: u16) -> Self {
        self.expect(status);
        self
    }

    pub fn links(&self) -> Vec<Link> {
        let tokens = tokens(&self.body);
        let mut links = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let Token::Open(tag) = token else { continue };
            let Some(href) = tag.attribute("href").filter(|_| tag.name == "a") else {
                continue;
            };
            let inside = tokens[at + 1..]
                .iter()
                .take_while(|token| !matches!(token, Token::Close(name) if name == "a"));
            let text: String = inside
                .filter_map(|token| match token {
                    Token::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect();
            links.push(Link {
                href: href.to_owned(),
                text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            });
        }
        links
    }

    /// Returns the first link whose label contains `text`. Panics when there is none.
    #[track_caller]
    pub fn link(&self, text: &str) -> Link {
        let links = self.links();
        match links.iter().find(|link| link.text.contains(text)) {
            Some(link) => link.clone(),
            None => panic!("no link {text:?}: {links:?}"),
        }
    }

    pub fn forms(&self) -> Vec<Form> {
        Form::all(&tokens(&self.body))
    }

    /// Returns the first form with this `action`. Panics when there is none.
    #[track_caller]
    pub fn form(&self, action: &str) -> Form {
        let path = |address: &str| address.split('?').next().unwrap_or_default().to_owned();
        let own = path(&self.address);
        let forms = self.forms();
        let found = forms
            .iter()
            .find(|form| path(&form.action) == action || (form.action.is_empty() && own == action));
        match found {
            Some(form) => form.clone(),
            None => panic!("no form is sent to {action:?}: {forms:#?}"),
        }
    }
}

/// Returns the JSON pointer and the code of each error in the response to a refused request body.
pub fn errors(page: &Page) -> Vec<(String, String)> {
    let json = page.json();
    let all = json["errors"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    all.iter()
        .map(|one| (text(&one["pointer"]), text(&one["code"])))
        .collect()
}

/// Returns a response without the parts that differ each time, namely the request id and the form
/// token.
pub fn shape(page: &Page) -> (u16, String, Vec<(String, String)>) {
    let id = page.header("x-request-id").to_owned();
    // The form token is random, so it is cut out.
    let token = page.body.split_once("name=\"_csrf\" value=\"");
    let token = token.and_then(|(_, rest)| rest.split('"').next());
    let body = match token {
        Some(token) => page.body.replace(token, ""),
        None => page.body.clone(),
    };
    let body = body.replace(&id, "");
    let mut headers: Vec<_> = page
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), format!("{value:?}")))
        .collect();
    headers.sort();
    (page.status.as_u16(), body, headers)
}

/// Panics if caches may keep a page whose forms contain a token, which is for one visitor.
#[track_caller]
pub(crate) fn assert_token_is_not_kept(page: &Page) {
    let tokens = ["_csrf", "submission_id", "form_stamp"];
    let has_token = |name: &&str| page.body.contains(&format!("name=\"{name}\""));
    let kept = page.header("cache-control");
    assert!(
        kept.contains("no-store") || !tokens.iter().any(has_token),
        "{} has a token and says {kept:?}",
        page.address
    );
}

/// Panics unless a response has the headers that keep it out of caches, referrers and search
/// engines.
#[track_caller]
pub fn assert_private(page: &Page) {
    for (name, value) in [
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store, private"),
        ("x-robots-tag", "noindex, nofollow, noarchive"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(
            page.header(name),
            value,
            "{name} of {} ({})",
            page.address,
            page.status
        );
    }
    assert_eq!(page.headers.get_all("cache-control").iter().count(), 1);
}
