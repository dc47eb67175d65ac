//! One call of a host: who asks, from where, under which key; and the way into
//! the store with the proof in hand.

use std::str::FromStr;

use accounts::signed_in::SignedIn;
use accounts::token::TokenScope;
use accounts::web::asking::Caller;
use axum::body::{Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode, request};
use axum::response::{IntoResponse, Response};
use platform::Tx;
use platform::audit::RequestFacts;
use platform::idempotency::{self, Found, Stored};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use web::json::Received;
use web::{Problem, Site, version};

use super::change_response::Sees;
use super::refusal::problem;
use crate::guest::GuestId;
use crate::hosting::Refusal;
use crate::hosting::permissions::{self, HostOf, Permission};
use crate::invitation::InvitationId;
use crate::occasion::OccasionId;
use crate::web::custom_code::ByHand;

/// A call, before anybody is proved to be a host.
pub(crate) struct Call {
    pub(crate) site: Site,
    pub(crate) headers: HeaderMap,
    /// The path and query as sent.
    pub(crate) address: String,
    caller: Caller,
    by_hand: ByHand,
}

/// What leads to the occasion whose host the caller must be.
#[derive(Clone)]
pub(crate) enum Place {
    Occasion(OccasionId),
    Invitation(InvitationId),
    Guest(GuestId),
}

impl Place {
    /// The place that a path names; what is no id is not there.
    pub(crate) fn occasion(text: &str) -> Result<Self, Problem> {
        id(text).map(Self::Occasion)
    }

    fn enter(
        &self,
        tx: &mut Tx<'_>,
        who: &SignedIn,
        request: RequestFacts,
    ) -> Result<HostOf, Refusal> {
        match self {
            Self::Occasion(id) => permissions::enter(tx, who, id, Some(request)),
            Self::Invitation(id) => permissions::enter_by_invitation(tx, who, id, Some(request)),
            Self::Guest(id) => permissions::enter_by_guest(tx, who, id, Some(request)),
        }
    }
}

/// The id that a path names; what is no id is not there.
pub(crate) fn id<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

impl Call {
    /// Who it is, if a token may do this.
    pub(crate) fn who(&self, scope: TokenScope) -> Result<SignedIn, Problem> {
        self.caller.with(scope)
    }

    /// Who it is, for what no token may do.
    pub(crate) fn person(&self) -> Result<SignedIn, Problem> {
        self.caller.in_person()
    }

    /// What the log keeps of the request.
    pub(crate) fn request(&self) -> RequestFacts {
        self.caller.request().clone()
    }

    /// The query, name by name.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let query = self.address.split_once('?').map_or("", |(_, query)| query);
        web::form::Form::parse(query.as_bytes())
            .map(|form| {
                form.iter()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect()
            })
            .unwrap_or_default()
    }

    /// The version a change was made for.
    pub(crate) fn version(&self, body: Option<i64>) -> Result<i64, Problem> {
        version::expected(&self.headers, body)
    }

    /// The version, where naming one is not asked for.
    pub(crate) fn version_if_named(&self, body: Option<i64>) -> Result<Option<i64>, Problem> {
        match version::expected(&self.headers, body) {
            Ok(version) => Ok(Some(version)),
            Err(problem) if problem.code == "version_required" => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Looks something up.
    pub(crate) async fn read<T, F>(
        &self,
        scope: TokenScope,
        place: Place,
        look: F,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &HostOf) -> Result<T, Refusal> + Send + 'static,
    {
        let (who, request) = (self.who(scope)?, self.request());
        let sees = Sees::of_editor(&who);
        let found = self
            .site
            .store
            .read_at_length(move |tx| {
                let host = place.enter(tx, &who, request.clone())?;
                look(tx, &host)
            })
            .await;
        found.map_err(|refusal| problem(refusal, sees))
    }

    /// Makes a change that may be repeated by itself: PUT, PATCH, DELETE.
    pub(crate) async fn write<T, F>(
        &self,
        who: SignedIn,
        place: Place,
        change: F,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &HostOf) -> Result<T, Refusal> + Send + 'static,
    {
        let request = self.request();
        let sees = Sees::of_editor(&who);
        let done = self
            .site
            .store
            .write(move |tx| {
                let host = place.enter(tx, &who, request.clone())?;
                change(tx, &host)
            })
            .await;
        done.map_err(|refusal| problem(refusal, sees))
    }

    /// Makes a change that happens once under its `Idempotency-Key`: POST. A
    /// repeat gets the same answer, as long as the caller's role has the `leave`
    /// that the change takes.
    pub(crate) async fn once<T, F>(
        &self,
        who: SignedIn,
        place: Place,
        permission: Permission,
        body: &[u8],
        status: StatusCode,
        change: F,
    ) -> Result<Response, Problem>
    where
        T: Serialize,
        F: Fn(&mut Tx<'_>, &HostOf) -> Result<T, Refusal> + Send + 'static,
    {
        let enter = move |tx: &mut Tx<'_>, who: &SignedIn, request| {
            let host = place.enter(tx, who, request)?;
            host.needs(permission)?;
            Ok(host)
        };
        self.once_by(who, body, status, enter, change).await
    }

    /// As [`Call::once`], for what belongs to no occasion yet: `enter` is asked
    /// before an answer that was kept is given.
    pub(crate) async fn once_by<P, T, E, F>(
        &self,
        who: SignedIn,
        body: &[u8],
        status: StatusCode,
        enter: E,
        change: F,
    ) -> Result<Response, Problem>
    where
        T: Serialize,
        E: Fn(&mut Tx<'_>, &SignedIn, RequestFacts) -> Result<P, Refusal> + Send + 'static,
        F: Fn(&mut Tx<'_>, &P) -> Result<T, Refusal> + Send + 'static,
    {
        let request = self.request();
        let key = self.key(&who, body)?;
        let sees = Sees::of_editor(&who);
        let answer = self
            .site
            .store
            .write(move |tx| {
                let proof = enter(tx, &who, request.clone())?;
                if let Some(key) = &key {
                    match idempotency::find(tx, key)? {
                        Found::Answer(stored) => return Ok(stored),
                        Found::Reused => return Err(Refusal::KeyReused),
                        Found::Nothing => {}
                    }
                }
                let done = change(tx, &proof)?;
                let answer = Stored {
                    status: status.as_u16().into(),
                    body: serde_json::to_string(&done).unwrap_or_default(),
                };
                if let Some(key) = &key {
                    idempotency::keep(tx, key, &answer)?;
                }
                Ok(answer)
            })
            .await
            .map_err(|refusal| problem(refusal, sees))?;
        let status = u16::try_from(answer.status).ok();
        let status = status.and_then(|code| StatusCode::from_u16(code).ok());
        Ok(json_text(status.unwrap_or(StatusCode::OK), answer.body))
    }

    /// Does what sets a code by hand, if one was sent.
    pub(crate) async fn by_hand(
        &self,
        code: Option<&str>,
        set: impl Future<Output = Result<Response, Problem>>,
    ) -> Result<Response, Problem> {
        self.by_hand.set(&self.site, code, set).await
    }

    /// A key belongs to whoever sent it and the address it was sent to.
    fn key(&self, who: &SignedIn, body: &[u8]) -> Result<Option<idempotency::Key>, Problem> {
        let Some(key) = web::idempotency::key(&self.headers)? else {
            return Ok(None);
        };
        let mut said = self.address.clone().into_bytes();
        said.push(b'\n');
        said.extend_from_slice(body);
        let owner = who.repeats_as();
        Ok(idempotency::Key::new(&owner, "POST /api/v1", key, &said))
    }
}

impl FromRequestParts<Site> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, site: &Site) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, site).await?;
        let address = parts
            .uri
            .path_and_query()
            .map_or("/", |whole| whole.as_str());
        Ok(Self {
            site: site.clone(),
            headers: parts.headers.clone(),
            address: address.to_owned(),
            caller,
            by_hand: ByHand::of(parts)?,
        })
    }
}

/// A JSON body that may be left out.
pub(crate) struct Maybe<T> {
    pub(crate) value: T,
    pub(crate) bytes: Bytes,
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for Maybe<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_empty = request.body().size_hint().exact() == Some(0);
        if is_empty && !request.headers().contains_key(CONTENT_TYPE) {
            return Ok(Self {
                value: T::default(),
                bytes: Bytes::new(),
            });
        }
        let Received { value, bytes } = Received::from_request(request, state).await?;
        Ok(Self { value, bytes })
    }
}

/// An answer with the `ETag` of its version, if it has one.
pub(crate) fn answer<T: Serialize>(status: StatusCode, body: &T) -> Response {
    json_text(status, serde_json::to_string(body).unwrap_or_default())
}

fn json_text(status: StatusCode, body: String) -> Response {
    #[derive(Deserialize)]
    struct Versioned {
        version: i64,
    }
    let read: Option<Versioned> = serde_json::from_str(&body).ok();
    let tag = read.map(|read| version::etag(read.version));
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        "cache-control",
        HeaderValue::from_static("no-store, private"),
    );
    if let Some(tag) = tag {
        headers.insert(ETAG, tag);
    }
    response
}
