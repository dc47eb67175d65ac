//! Who is asking, as handlers take it: each extractor is one way to ask, and
//! holds the proof.
//!
//! | A handler takes | when | and gets |
//! |---|---|---|
//! | [`Reader`] | a person reads a page | who it is, and the value for the page's forms |
//! | [`Sender`] | a person sends a form | who it is, and the form, known to be from our own page |
//! | [`Caller`] | a program or a script calls the API | who it is, once it has said what for |
//!
//! With an `Authorization` header cookies count for nothing. Nobody signed in
//! is 401, which a page turns into the way to the sign-in page.

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::{HeaderMap, Method, StatusCode, request};
use jiff::Timestamp;
use platform::audit::RequestFacts;
use platform::{Secret, StoreError, Tx};
use web::{Facts, Form, Problem, Site, csrf};

use super::cookies::{self, Beside};
use super::problem::too_often;
use crate::changes::Changes;
use crate::client::Client;
use crate::session::{self, Stay};
use crate::signed_in::{self, Bearer, SignedIn, Visit};
use crate::token::{self, TokenScope};

/// A person in front of a page.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Who it is.
    pub who: SignedIn,
    /// The hidden `_csrf` of every form on the page.
    pub csrf: String,
    /// What the audit log keeps of the request.
    pub request: RequestFacts,
}

impl<S> FromRequestParts<S> for Reader
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        let (visit, secret) = visit(parts, &Site::from_ref(state)).await?;
        Ok(Self {
            who: visit.who,
            csrf: csrf::token(secret.reveal(), &Site::from_ref(state).random),
            request: request_facts(parts)?,
        })
    }
}

/// A person who sent a form of ours.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Who it is.
    pub who: SignedIn,
    /// What was sent.
    pub form: Form,
    /// The hidden `_csrf` of every form on a page that is shown in answer.
    pub csrf: String,
    /// What the audit log keeps of the request.
    pub request: RequestFacts,
    pub(super) stay: Stay,
}

impl<S> FromRequest<S> for Sender
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let site = Site::from_ref(state);
        let (parts, body) = request.into_parts();
        let form = Form::from_request(Request::from_parts(parts.clone(), body), state).await?;
        // Whose page was open too long keeps what was typed.
        let (visit, secret) = match visit(&parts, &site).await {
            Err(problem) if problem.code == "unauthenticated" => {
                return Err(problem.keeping(form, None));
            }
            other => other?,
        };
        count_change(&parts, &visit.who, site.clock.now())?;
        let facts = request_facts(&parts)?;
        let (headers, token) = (&parts.headers, csrf::token(secret.reveal(), &site.random));
        if let Err(problem) = csrf::check(headers, site.url(), secret.reveal(), Some(&form)) {
            let again = csrf::is_from_us(headers, site.url()).then_some(token);
            return Err(problem.keeping(form, again));
        }
        Ok(Self {
            stay: visit.stay(),
            who: visit.who,
            form,
            csrf: token,
            request: facts,
        })
    }
}

/// Whoever calls the API: a program with its token, or a script on a page.
#[derive(Clone, Debug)]
pub struct Caller {
    by: By,
    request: RequestFacts,
    /// What a change by a token is counted with.
    counted: Option<(Changes, Timestamp)>,
}

#[derive(Clone, Debug)]
enum By {
    Script(SignedIn),
    Program(Bearer),
}

impl Caller {
    /// Who it is, if they may do what takes this scope.
    pub fn with(&self, scope: TokenScope) -> Result<SignedIn, Problem> {
        match &self.by {
            By::Script(who) => Ok(who.clone()),
            By::Program(bearer) => {
                let allowed = bearer.clone().with(scope);
                if let Some((changes, now)) = &self.counted {
                    match &allowed {
                        Ok(who) => changes.take(&who.account().id, *now),
                        Err(_) => changes.refuse(bearer.id(), *now),
                    }
                    .map_err(too_often)?;
                }
                Ok(allowed?)
            }
        }
    }

    /// Who it is, for what no token may: credentials, tokens, roles, exports.
    pub fn in_person(&self) -> Result<SignedIn, Problem> {
        match &self.by {
            By::Script(who) => Ok(who.clone()),
            By::Program(bearer) => {
                if let Some((changes, now)) = &self.counted {
                    changes.refuse(bearer.id(), *now).map_err(too_often)?;
                }
                Err(Problem::new(StatusCode::FORBIDDEN, "token_not_permitted"))
            }
        }
    }

    /// What the audit log keeps of the request.
    pub fn request(&self) -> &RequestFacts {
        &self.request
    }
}

impl<S> FromRequestParts<S> for Caller
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        let site = Site::from_ref(state);
        let request = request_facts(parts)?;
        let changes = !matches!(parts.method, Method::GET | Method::HEAD);
        if parts.headers.contains_key(AUTHORIZATION) {
            let by = By::Program(bearer(parts, &site).await?);
            let counted = if changes {
                Some((beside(parts)?.changes.clone(), site.clock.now()))
            } else {
                None
            };
            return Ok(Self {
                by,
                request,
                counted,
            });
        }
        let (visit, secret) = visit(parts, &site).await?;
        if changes {
            csrf::check(&parts.headers, site.url(), secret.reveal(), None)?;
            count_change(parts, &visit.who, site.clock.now())?;
        }
        Ok(Self {
            by: By::Script(visit.who),
            request,
            counted: None,
        })
    }
}

impl<S> FromRequestParts<S> for Client
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        let site = Site::from_ref(state);
        let headers = &parts.headers;
        Ok(Self {
            request: request_facts(parts)?,
            user_agent: text(headers, &USER_AGENT),
            session: cookies::session(headers, site.url()),
            device: cookies::device(headers, site.url()),
        })
    }
}

/// The session whose cookie was shown.
pub(super) async fn visit(parts: &request::Parts, site: &Site) -> Result<(Visit, Secret), Problem> {
    if parts.headers.contains_key(AUTHORIZATION) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "token_not_permitted"));
    }
    let secret = cookies::session(&parts.headers, site.url()).ok_or_else(unauthenticated)?;
    let shown = secret.clone();
    let look =
        move |tx: &mut Tx<'_>| -> Result<_, StoreError> { signed_in::by_session(tx, &shown) };
    let visit = site.store.read(look).await?.ok_or_else(unauthenticated)?;
    if visit.is_due(site.clock.now()) {
        go_on(parts, site, &visit, &secret).await?;
    }
    Ok((visit, secret))
}

/// Writes down that a session is in use, and lets its cookie live on. If it
/// cannot be written now, the next request will.
async fn go_on(
    parts: &request::Parts,
    site: &Site,
    visit: &Visit,
    secret: &Secret,
) -> Result<(), Problem> {
    let (id, stay) = (visit.who.session().cloned(), visit.stay());
    let change = move |tx: &mut Tx<'_>| -> Result<bool, StoreError> {
        id.as_ref()
            .map_or(Ok(false), |id| session::touch(tx, id, stay))
    };
    match site.store.write(change).await {
        Ok(true) if stay == Stay::Remembered => {
            beside(parts)?.renew(cookies::set_session(site.url(), secret, stay));
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the use of a session was not written down"),
    }
    Ok(())
}

/// The token that was shown. A bad one is refused, whatever cookie comes along.
async fn bearer(parts: &request::Parts, site: &Site) -> Result<Bearer, Problem> {
    let invalid = || Problem::new(StatusCode::UNAUTHORIZED, "token_invalid");
    let header = text(&parts.headers, &AUTHORIZATION);
    let shown = match header.split_once(' ') {
        Some((scheme, shown)) if scheme.eq_ignore_ascii_case("bearer") => Secret::new(shown.trim()),
        _ => return Err(invalid()),
    };
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { signed_in::by_token(tx, &shown) };
    let bearer = site.store.read(look).await?.ok_or_else(invalid)?;
    if bearer.is_due(site.clock.now()) {
        let id = bearer.id().clone();
        let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { token::touch(tx, &id) };
        if let Err(error) = site.store.write(change).await {
            tracing::warn!(%error, "the use of a token was not written down");
        }
    }
    Ok(bearer)
}

fn count_change(parts: &request::Parts, who: &SignedIn, now: Timestamp) -> Result<(), Problem> {
    let changes = &beside(parts)?.changes;
    changes.take(&who.account().id, now).map_err(too_often)
}

fn beside(parts: &request::Parts) -> Result<&Beside, Problem> {
    parts
        .extensions
        .get()
        .ok_or_else(|| Problem::internal("a handler stands outside accounts::web::around"))
}

/// What the audit log keeps of a request.
pub(super) fn request_facts(parts: &request::Parts) -> Result<RequestFacts, Problem> {
    let facts: &Facts = parts
        .extensions
        .get()
        .ok_or_else(|| Problem::internal("a handler stands outside web::serve"))?;
    Ok(RequestFacts {
        request_id: facts.request_id.to_string(),
        network: Some(facts.client),
    })
}

fn unauthenticated() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated")
}

fn text(headers: &HeaderMap, name: &axum::http::HeaderName) -> String {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}
