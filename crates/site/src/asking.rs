//! Extractors for handlers. Each extractor authenticates the caller in one way. A handler that gets
//! the extractor's value can rely on the check.
//!
//! | Extractor | Request | Content |
//! |---|---|---|
//! | [`Viewer`] | anybody opens a public page | the person, if they are signed in |
//! | [`AnyCaller`] | anybody calls a public operation | the caller, if they are signed in |
//! | [`Reader`] | a person opens a page | the person, and the token for the page's forms |
//! | [`Sender`] | a person sends a form | the person, and the form, sent by a page of this site |
//! | [`FileSender`] | a person sends a form, possibly with files | like `Sender`, with the files |
//! | [`Caller`] | a program or a script calls the API | the person or program |
//!
//! Every extractor refuses callers whom the route's declaration excludes ([`Callers`]). If a
//! request has an `Authorization` header, its cookies are ignored. A request without a signed-in
//! caller gets a 401, which a page turns into a redirect to the sign-in page.

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::{HeaderMap, Method, StatusCode, request};
use jiff::Timestamp;
use platform::audit::RequestFacts;
use platform::{Secret, StoreError, Tx};
use sha2::{Digest as _, Sha256};
use web::{ArrivedFile, Facts, Form, Part, PartReader, Problem, SentFile, Site, csrf, media_type};

use crate::cookies::{self, Beside};

use crate::access::Callers;
use identity::account::unconfirmed;
use identity::client::Client;
use identity::credential::require_mfa::RequireMfaFor;
use identity::people;
use identity::problem::too_often;
use identity::session::access_token::{Audience, Signer};
use identity::session::signed_in::{self, Bearer, LiveSession, SignedIn};
use identity::session::{self, Stay, token};

/// A signed-in person who sees a page.
#[derive(Clone, Copy, Debug)]
pub struct PageUser<'a> {
    pub who: &'a SignedIn,
    /// The CSRF token for the hidden field `_csrf` in the page's forms.
    pub csrf: &'a str,
}

/// A signed-in person who reads a page.
#[derive(Clone, Debug)]
pub struct Reader {
    pub who: SignedIn,
    /// The CSRF token for the hidden field `_csrf` in the page's forms.
    pub csrf: String,
    /// Details of the request for the audit log.
    pub request: RequestFacts,
}

impl Reader {
    pub fn user(&self) -> PageUser<'_> {
        PageUser {
            who: &self.who,
            csrf: &self.csrf,
        }
    }
}

impl<S> FromRequestParts<S> for Reader
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        check_people(parts)?;
        let (visit, secret) = visit(parts, &Site::from_ref(state)).await?;
        check_factor(parts, &Site::from_ref(state), &visit.who).await?;
        Ok(Self {
            who: visit.who,
            csrf: csrf::token(secret.reveal(), &Site::from_ref(state).random),
            request: request_facts(parts)?,
        })
    }
}

/// A visitor of a public page, signed in or not.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub who: Option<SignedIn>,
    pub csrf: String,
}

impl Viewer {
    fn unknown() -> Self {
        let csrf = String::new();
        Self { who: None, csrf }
    }
}

impl<S> FromRequestParts<S> for Viewer
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        let site = Site::from_ref(state);
        if cookies::session(&parts.headers, site.url()).is_none() {
            return Ok(Self::unknown());
        }
        match visit(parts, &site).await {
            Ok((visit, secret)) => Ok(Self {
                who: Some(visit.who),
                csrf: csrf::token(secret.reveal(), &site.random),
            }),
            Err(problem) if problem.status.is_server_error() => Err(problem),
            Err(_) => Ok(Self::unknown()),
        }
    }
}

/// The caller of an operation that is open to everybody. An API token needs no particular scope. A
/// caller with an invalid session or token counts as not signed in.
#[derive(Clone, Debug)]
pub struct AnyCaller(pub Option<SignedIn>);

impl<S> FromRequestParts<S> for AnyCaller
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            let viewer = Viewer::from_request_parts(parts, state).await?;
            return Ok(Self(viewer.who));
        }
        match bearer(parts, &Site::from_ref(state)).await {
            Ok(BearerAccess::Access(who)) => Ok(Self(Some(who))),
            Ok(BearerAccess::Personal(bearer)) => Ok(Self(bearer.with(&[]).ok())),
            Err(problem) if problem.status.is_server_error() => Err(problem),
            Err(_) => Ok(Self(None)),
        }
    }
}

/// A signed-in person who sent one of the site's forms.
#[derive(Clone, Debug)]
pub struct Sender {
    pub who: SignedIn,
    pub form: Form,
    /// The CSRF token for the hidden field `_csrf` in the forms of the response page.
    pub csrf: String,
    /// Details of the request for the audit log.
    pub request: RequestFacts,
    /// The SHA-256 of the attached file; empty if there is none.
    pub(crate) file_hash: Vec<u8>,
}

impl Sender {
    /// The person, for the response page.
    pub fn user(&self) -> PageUser<'_> {
        PageUser {
            who: &self.who,
            csrf: &self.csrf,
        }
    }
}

/// A signed-in person who sent one of the site's forms, possibly with files.
#[derive(Clone, Debug)]
pub struct FileSender {
    pub sender: Sender,
    pub files: Vec<SentFile>,
}

impl<S> FromRequest<S> for FileSender
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let site = Site::from_ref(state);
        let (parts, body) = request.into_parts();
        check_people(&parts)?;
        let visit = visit(&parts, &site).await;
        let request = Request::from_parts(parts.clone(), body);
        let may_hold_file = media_type::is(request.headers(), media_type::MULTIPART);
        let keep_files = match &visit {
            Ok((visit, _)) if may_hold_file => has_role(&site, &visit.who).await?,
            _ => false,
        };
        let (form, files) = Form::with_files(request, site.files.max_upload(), keep_files).await?;
        let mut sender = Sender::of(&parts, &site, visit, form).await?;
        for file in &files {
            sender.file_hash.extend(Sha256::digest(&file.bytes));
        }
        Ok(Self { sender, files })
    }
}

/// A signed-in person who sent one of the site's forms with one file, which is written to the file
/// store's folder while it arrives.
#[derive(Debug)]
pub(crate) struct ArrivingSender {
    pub(crate) sender: Sender,
    /// The received file. `None` if no file was chosen; an error if the file is too large.
    pub(crate) file: Option<Result<ArrivedFile, Problem>>,
}

impl ArrivingSender {
    /// Receives the form. The file may have at most `most` bytes, and must come after all fields.
    pub(crate) async fn receive(
        request: Request,
        site: &Site,
        most: usize,
    ) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        check_people(&parts)?;
        let visit = visit(&parts, site).await;
        let request = Request::from_parts(parts.clone(), body);
        let mut sent = PartReader::with_files(request, 1, most).await?;
        let (mut fields, mut file) = (Vec::new(), None);
        while let Some(part) = sent.next().await? {
            match part {
                Part::Field(name, value) => fields.push((name, value)),
                Part::File(_) if file.is_some() => {
                    return Err(Problem::fields().field("/file", "too_many", [("max", 1.into())]));
                }
                Part::File(part) => {
                    // If the form will be refused, its file is not received.
                    let form: Form = fields.iter().cloned().collect();
                    let is_ours = visit.as_ref().is_ok_and(|(_, secret)| {
                        let (headers, secret) = (&parts.headers, secret.reveal());
                        csrf::check(headers, site.url(), secret, Some(&form)).is_ok()
                    });
                    if !is_ours {
                        break;
                    }
                    file = part.receive(&site.files, most).await?;
                }
            }
        }
        let form = fields.into_iter().collect();
        let mut sender = Sender::of(&parts, site, visit, form).await?;
        if let Some(Ok(file)) = &file {
            sender.file_hash = file.digest.clone().into_bytes();
        }
        Ok(Self { sender, file })
    }
}

/// Files from people without a role are not read into memory.
async fn has_role(site: &Site, who: &SignedIn) -> Result<bool, StoreError> {
    let id = who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { people::has_role(tx, &id) };
    site.store.read(look).await
}

impl<S> FromRequest<S> for Sender
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        check_people(&parts)?;
        let form = Form::from_request(Request::from_parts(parts.clone(), body), state).await?;
        let site = Site::from_ref(state);
        let visit = visit(&parts, &site).await;
        Self::of(&parts, &site, visit, form).await
    }
}

impl Sender {
    pub(crate) async fn of(
        parts: &request::Parts,
        site: &Site,
        visit: Result<(LiveSession, Secret), Problem>,
        form: Form,
    ) -> Result<Self, Problem> {
        // A session may expire while a page is open. The error page then shows the typed text.
        let (visit, secret) = match visit {
            Err(problem) if problem.code == "unauthenticated" => {
                return Err(problem.keeping(form, None));
            }
            other => other?,
        };
        count_change(parts, &visit.who, site.clock.now())?;
        let facts = request_facts(parts)?;
        let (headers, token) = (&parts.headers, csrf::token(secret.reveal(), &site.random));
        if let Err(problem) = csrf::check(headers, site.url(), secret.reveal(), Some(&form)) {
            let again = csrf::is_from_us(headers, site.url()).then_some(token);
            return Err(problem.keeping(form, again));
        }
        check_factor(parts, site, &visit.who).await?;
        Ok(Self {
            who: visit.who,
            form,
            csrf: token,
            request: facts,
            file_hash: Vec::new(),
        })
    }
}

/// A request extension with the caller whom a layer around the handlers has identified. The
/// extractor [`Caller`] relies on it.
#[derive(Clone, Debug)]
pub struct Found(pub Result<SignedIn, Problem>);

/// Marks a route with which people confirm their own email address. People who still have to set up
/// a required second factor may use this route.
#[derive(Clone, Copy, Debug)]
pub struct ForConfirmation;

/// A caller of the API: an API client with its token, or a script on one of the site's pages.
#[derive(Clone, Debug)]
pub struct Caller {
    pub who: SignedIn,
    pub request: RequestFacts,
}

impl<S> FromRequestParts<S> for Caller
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        let site = Site::from_ref(state);
        let (callers, request) = (Callers::of(parts)?, request_facts(parts)?);
        let changes = !matches!(parts.method, Method::GET | Method::HEAD);
        if let Some(Found(found)) = parts.extensions.get() {
            let who = found.clone()?;
            if changes {
                count_change(parts, &who, site.clock.now())?;
            }
            check_factor(parts, &site, &who).await?;
            return Ok(Self { who, request });
        }
        if parts.headers.contains_key(AUTHORIZATION) {
            let (allowed, refused) = match bearer(parts, &site).await? {
                BearerAccess::Access(who) => {
                    let allowed = match callers {
                        Callers::Tokens(_) => Ok(who),
                        Callers::Anybody | Callers::People => Err(token_not_permitted()),
                    };
                    (allowed, None)
                }
                BearerAccess::Personal(bearer) => {
                    let id = bearer.id().clone();
                    let allowed = match callers {
                        Callers::Tokens(scopes) => bearer.with(scopes).map_err(Problem::from),
                        Callers::Anybody | Callers::People => Err(token_not_permitted()),
                    };
                    (allowed, Some(id))
                }
            };
            if changes {
                let (changes, now) = (&beside(parts)?.changes, site.clock.now());
                match (&allowed, &refused) {
                    (Ok(who), _) => changes.take(&who.account().id, now),
                    (Err(_), Some(token)) => changes.refuse(token, now),
                    (Err(_), None) => Ok(()),
                }
                .map_err(too_often)?;
            }
            let who = allowed?;
            check_factor(parts, &site, &who).await?;
            return Ok(Self { who, request });
        }
        let (visit, secret) = visit(parts, &site).await?;
        if changes {
            csrf::check(&parts.headers, site.url(), secret.reveal(), None)?;
            count_change(parts, &visit.who, site.clock.now())?;
        }
        let who = visit.who;
        check_factor(parts, &site, &who).await?;
        Ok(Self { who, request })
    }
}

#[derive(Clone, Debug)]
pub struct Browser(pub Client);

impl<S> FromRequestParts<S> for Browser
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        let site = Site::from_ref(state);
        let headers = &parts.headers;
        Ok(Self(Client {
            request: request_facts(parts)?,
            user_agent: text(headers, &USER_AGENT),
            session: cookies::session(headers, site.url()),
            device: cookies::device(headers, site.url()),
            identity: cookies::provider(headers, site.url()),
        }))
    }
}

/// Finds the session in the request's cookie.
pub async fn visit(parts: &request::Parts, site: &Site) -> Result<(LiveSession, Secret), Problem> {
    if parts.headers.contains_key(AUTHORIZATION) {
        return Err(token_not_permitted());
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

/// If the store cannot be written, the next request tries again.
async fn go_on(
    parts: &request::Parts,
    site: &Site,
    visit: &LiveSession,
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
        Err(error) => {
            tracing::warn!(%error, "cannot store when a session was last used; if this goes on, check the store's disk or database server");
        }
    }
    Ok(())
}

enum BearerAccess {
    /// An access token, which belongs to a session and has all rights of the signed-in person.
    Access(SignedIn),
    Personal(Bearer),
}

fn bearer_token(headers: &HeaderMap) -> Option<Secret> {
    let header = text(headers, &AUTHORIZATION);
    let (scheme, shown) = header.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| Secret::new(shown.trim()))
}

/// Returns the person who owns the request's access token; `None` if the request has no access
/// token.
pub async fn by_access_token(
    headers: &HeaderMap,
    site: &Site,
    audience: Audience,
) -> Option<Result<SignedIn, Problem>> {
    let shown = bearer_token(headers).filter(|shown| !token::is_token(shown.reveal()))?;
    let signer = Signer::of(site.keys.clone(), site.url().to_string(), audience);
    let Some(claims) = signer.verify(&shown, site.clock.now()) else {
        return Some(Err(token_refused("token_invalid")));
    };
    let look = move |tx: &mut Tx<'_>| signed_in::by_access_token(tx, &claims);
    let found = site.store.read::<_, StoreError, _>(look).await;
    let found = found.map_err(Problem::from).transpose();
    Some(found.unwrap_or_else(|| Err(token_refused("session_expired"))))
}

/// An invalid token is refused, even if the request also has a valid cookie.
async fn bearer(parts: &request::Parts, site: &Site) -> Result<BearerAccess, Problem> {
    if let Some(found) = by_access_token(&parts.headers, site, Audience::API).await {
        return found.map(BearerAccess::Access);
    }
    let invalid = || token_refused("token_invalid");
    let shown = bearer_token(&parts.headers).ok_or_else(invalid)?;
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { signed_in::by_token(tx, &shown) };
    let bearer = site.store.read(look).await?.ok_or_else(invalid)?;
    if bearer.is_due(site.clock.now()) {
        let id = bearer.id().clone();
        let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { token::touch(tx, &id) };
        if let Err(error) = site.store.write(change).await {
            tracing::warn!(%error, "cannot store when a token was last used; if this goes on, check the store's disk or database server");
        }
    }
    Ok(BearerAccess::Personal(bearer))
}

fn count_change(parts: &request::Parts, who: &SignedIn, now: Timestamp) -> Result<(), Problem> {
    let changes = &beside(parts)?.changes;
    changes.take(&who.account().id, now).map_err(too_often)
}

fn beside(parts: &request::Parts) -> Result<&Beside, Problem> {
    parts
        .extensions
        .get()
        .ok_or_else(|| Problem::internal("a handler is not inside accounts::around"))
}

pub fn request_facts(parts: &request::Parts) -> Result<RequestFacts, Problem> {
    let facts: &Facts = parts
        .extensions
        .get()
        .ok_or_else(|| Problem::internal("a handler is not inside web::serve"))?;
    Ok(RequestFacts {
        request_id: facts.request_id.to_string(),
        network: Some(facts.client),
    })
}

/// The paths that stay open to people who still have to set up a required second factor. On these
/// paths, people set up the factor or sign out.
const ENROLMENT: &[&str] = &[
    "/me/security",
    "/me/security/totp",
    "/me/security/totp/confirm",
    "/sudo",
    "/logout",
    "/api/v1/me/totp",
    "/api/v1/me/totp/confirm",
    "/api/v1/me/passkeys",
    "/api/v1/me/passkeys/options",
    "/api/v1/auth/sudo",
    "/api/v1/auth/logout",
];

/// Further paths for a person who must confirm their email address before they can set up a
/// required second factor.
const CONFIRMATION: &[&str] = &[
    "/me/email",
    "/me/email/verify",
    "/api/v1/me/email",
    "/api/v1/auth/verify/resend",
];

async fn check_factor(parts: &request::Parts, site: &Site, who: &SignedIn) -> Result<(), Problem> {
    let required = beside(parts)?.require_mfa_for;
    if required == RequireMfaFor::None || ENROLMENT.contains(&parts.uri.path()) {
        return Ok(());
    }
    let id = who.account().id.clone();
    let is_confirmation = parts.extensions.get::<ForConfirmation>().is_some()
        || CONFIRMATION.contains(&parts.uri.path());
    let look = move |tx: &mut Tx<'_>| -> Result<bool, StoreError> {
        let may_confirm = is_confirmation && unconfirmed::is_pending(tx, &id)?;
        Ok(!may_confirm && required.is_unmet(tx, &id)?)
    };
    if site.store.read(look).await? {
        let code = "mfa_enrolment_required";
        return Err(Problem::new(StatusCode::FORBIDDEN, code));
    }
    Ok(())
}

/// Any other declaration is a programming error.
pub(crate) fn check_people(parts: &request::Parts) -> Result<(), Problem> {
    match Callers::of(parts)? {
        Callers::People => Ok(()),
        other => Err(Problem::internal(format!("a page for {other:?}"))),
    }
}

fn token_not_permitted() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "token_not_permitted")
}

fn token_refused(code: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code)
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
