//! Extractors for pages and forms that require no sign-in. They contain the language, the secret
//! that identifies the browser before anybody signs in, and the signed-in person if there is one.

use askama::Template;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode, request};
use axum::response::Response;
use platform::Secret;
use web::page::{Kind, Page, page_with_csrf};
use web::{Facts, Form, Network, Problem, Site, SiteUrl, Text, Theme, Wishes, ZoneWishes, csrf};

use crate::asking::{self, Browser};
use crate::{Context, cookies};
use identity::account::AccountZone;
use identity::client::Client;
use identity::opaque_secret;
use identity::session::signed_in::SignedIn;

/// The visitor of a page that requires no sign-in.
#[derive(Debug)]
pub struct Entrance {
    /// The visitor's account, if they are signed in.
    pub who: Option<SignedIn>,
    /// The CSRF token for the hidden field `_csrf` in the page's form.
    pub csrf: String,
    pub text: Text,
    /// In a language of public pages, of which there may be more.
    pub public_text: Text,
    /// The language for mails to the visitor.
    pub locale: String,
    /// What the request says about the visitor's zone.
    pub zones: ZoneWishes,
    pub client: Client,
    secret: Secret,
    cookie: Option<HeaderValue>,
}

impl Entrance {
    async fn of(parts: &mut request::Parts, accounts: &Context) -> Result<Self, Problem> {
        let site = &accounts.site;
        check_connection(site.url())?;
        let wishes = Wishes::read(&parts.uri, &parts.headers);
        let (who, secret) = match asking::visit(parts, site).await {
            Ok((visit, secret)) => (Some(visit.who), Some(secret)),
            Err(problem) if problem.status.is_server_error() => return Err(problem),
            Err(_) => (None, cookies::before(&parts.headers, site.url())),
        };
        let (secret, cookie) = if let Some(secret) = secret {
            (secret, None)
        } else {
            let secret = opaque_secret::create(&site.random);
            let cookie = cookies::set_before(site.url(), &secret);
            (secret, Some(cookie))
        };
        let public_text = site.speak_public(&wishes);
        Ok(Self {
            who,
            csrf: csrf::token(secret.reveal(), &site.random),
            text: site.speak(&wishes),
            locale: public_text.language().tag.to_string(),
            public_text,
            zones: ZoneWishes::read(&parts.uri, &parts.headers),
            client: Browser::from_request_parts(parts, accounts).await?.0,
            secret,
            cookie,
        })
    }

    /// The zone of an account that the visitor makes now.
    pub fn zone(&self, site: &Site) -> AccountZone {
        AccountZone::guess(site, self.zones.device.as_ref())
    }

    /// Checks that a page in this browser sent the form. Pages with a secret in their path send no
    /// referrer, so some browsers do not report the origin of their forms. In that case, the CSRF
    /// token in the form suffices.
    fn check(&self, parts: &request::Parts, site: &Site, form: &Form) -> Result<(), Problem> {
        if !site.declared.secret_paths.hides(parts.uri.path()) {
            return csrf::check(&parts.headers, site.url(), self.secret.reveal(), Some(form));
        }
        csrf::check_sender(&parts.headers, site.url())?;
        if csrf::is_token(form.text(csrf::FIELD), self.secret.reveal()) {
            Ok(())
        } else {
            Err(Problem::new(StatusCode::FORBIDDEN, "csrf_failed"))
        }
    }

    /// Renders a page. `title` is the message id of the title.
    pub fn show<B: Template>(self, site: &Site, title: &str, body: B) -> Response {
        let page = Page {
            title: &format!("{} – {}", self.text.say(title), site.settings.name),
            body,
            text: &self.text,
            theme: Theme::PLAIN,
            kind: Kind::Plain {
                site,
                languages: &site.languages(),
            },
        };
        let mut response = page_with_csrf(page, &self.csrf);
        self.remember(response.headers_mut());
        response
    }

    /// Like [`Entrance::show`], in the language of public pages.
    pub fn show_publicly<B: Template>(mut self, site: &Site, title: &str, body: B) -> Response {
        self.text.clone_from(&self.public_text);
        self.show(site, title, body)
    }

    /// Sets the cookie that identifies the browser, if it has none yet.
    pub fn remember(self, headers: &mut HeaderMap) {
        if let Some(cookie) = self.cookie {
            headers.append(SET_COOKIE, cookie);
        }
    }
}

/// Refuses sign-ins over plain HTTP, because others could read the session cookie. Plain HTTP is
/// allowed if the site's URL names this machine itself.
pub fn check_connection(url: &SiteUrl) -> Result<(), Problem> {
    if url.is_secure() || url.is_loopback() {
        return Ok(());
    }
    let code = "secure_connection_required";
    Err(Problem::new(StatusCode::FORBIDDEN, code))
}

impl FromRequestParts<Context> for Entrance {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut request::Parts,
        accounts: &Context,
    ) -> Result<Self, Problem> {
        Self::of(parts, accounts).await
    }
}

/// A form that requires no sign-in. The extractor has verified that a page of this site sent it.
#[derive(Debug)]
pub struct Entry {
    pub entrance: Entrance,
    pub form: Form,
    pub network: Network,
}

impl FromRequest<Context> for Entry {
    type Rejection = Problem;

    async fn from_request(request: Request, accounts: &Context) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let entrance = Entrance::of(&mut parts, accounts).await?;
        let network = Facts::from_request_parts(&mut parts, accounts)
            .await?
            .network();
        let form = Form::from_request(Request::from_parts(parts.clone(), body), accounts).await?;
        entrance.check(&parts, &accounts.site, &form)?;
        Ok(Self {
            entrance,
            form,
            network,
        })
    }
}
