//! Requests to the JSON API. If an API request or a form is repeated, the sender gets the first
//! response again.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode, request};
use axum::response::{IntoResponse, Response};
use platform::idempotency::{self, Key, Reused, Stored};
use platform::random::Random;
use platform::{StoreError, Tx};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use web::json::Received;
use web::{Form, Json, List, PageQuery, Problem, Site, conditional, version};

use crate::asking::Caller;
use crate::proof::{Proof, Requester};

use identity::session::signed_in::SignedIn;

/// A request to the JSON API.
#[derive(Clone)]
pub struct Call {
    pub site: Site,
    /// The caller and the parameters in the request's path.
    pub requester: Requester,
    pub headers: HeaderMap,
    address: String,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("who", &self.who)
            .finish_non_exhaustive()
    }
}

impl Deref for Call {
    type Target = Requester;

    fn deref(&self) -> &Requester {
        &self.requester
    }
}

impl<S> FromRequestParts<S> for Call
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        let Caller { who, request } = Caller::from_request_parts(parts, state).await?;
        let address = parts.uri.path_and_query();
        let address = address.map_or("/", |whole| whole.as_str()).to_owned();
        Ok(Self {
            site: Site::from_ref(state),
            headers: parts.headers.clone(),
            address,
            requester: Requester::of(parts, who, request).await?,
        })
    }
}

impl Call {
    fn query_text(&self) -> &str {
        self.address.split_once('?').map_or("", |(_, query)| query)
    }

    /// Parses the query string.
    pub fn query(&self) -> Form {
        Form::parse(self.query_text().as_bytes()).unwrap_or_default()
    }

    /// Reads from the query string which part of a list is requested.
    pub fn page_query(&self) -> Result<PageQuery, Problem> {
        PageQuery::read(self.query_text())
    }

    /// The version on which the caller bases the change. It comes from the header `If-Match` or,
    /// without this header, from the request body (`body`).
    pub fn version(&self, body: Option<i64>) -> Result<i64, Problem> {
        version::expected(&self.headers, body)
    }

    /// Like [`Call::version`], for changes that do not require a version.
    pub fn version_if_named(&self, body: Option<i64>) -> Result<Option<i64>, Problem> {
        match version::expected(&self.headers, body) {
            Ok(version) => Ok(Some(version)),
            Err(problem) if problem.code == "version_required" => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Reads from the store, in a transaction that first checks the caller with `P::enter`.
    pub async fn read<P, T, F>(&self, look: F) -> Result<T, Problem>
    where
        P: Proof,
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &P) -> Result<T, P::Refusal> + Send + 'static,
    {
        let found = self.requester.read(&self.site, look).await;
        found.map_err(|refusal| P::problem(refusal, &self.who))
    }

    /// Reads the part of a list that the query string requests. `look` gets the sort key after
    /// which the part begins, and the maximum number of rows to read; `key` returns an item's sort
    /// key.
    pub async fn list<P, K, T, F>(
        &self,
        look: F,
        key: impl Fn(&T) -> K,
    ) -> Result<Json<List<T>>, Problem>
    where
        P: Proof,
        K: Serialize + DeserializeOwned + Send + 'static,
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &P, Option<&K>, i64) -> Result<Vec<T>, P::Refusal> + Send + 'static,
    {
        let paging = self.page_query()?;
        let (after, rows): (Option<K>, i64) = (paging.after()?, paging.rows());
        let look = move |tx: &mut Tx<'_>, proof: &P| look(tx, proof, after.as_ref(), rows);
        Ok(Json(paging.list(self.read(look).await?, key)))
    }

    /// Makes a change for a PUT, PATCH or DELETE request. Such a request may safely be repeated.
    pub async fn write<P, T, F>(&self, change: F) -> Result<T, Problem>
    where
        P: Proof,
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &P) -> Result<T, P::Refusal> + Send + 'static,
    {
        let done = self.requester.write(&self.site, change).await;
        done.map_err(|refusal| P::problem(refusal, &self.who))
    }

    /// Makes a change for a POST request, only once per `Idempotency-Key`. A repeated request gets
    /// the same response, if the caller still has permission.
    pub async fn post<P, T, F>(
        &self,
        body: &[u8],
        status: StatusCode,
        change: F,
    ) -> Result<Response, Problem>
    where
        P: Proof,
        T: Serialize,
        F: Fn(&mut Tx<'_>, &P) -> Result<T, P::Refusal> + Send + 'static,
    {
        let change = move |tx: &mut Tx<'_>, proof: &P| Ok((status, change(tx, proof)?));
        self.post_as(body, change).await
    }

    /// Like [`Call::post`], for a change that also returns the status of the response.
    pub async fn post_as<P, T, F>(&self, body: &[u8], change: F) -> Result<Response, Problem>
    where
        P: Proof,
        T: Serialize,
        F: Fn(&mut Tx<'_>, &P) -> Result<(StatusCode, T), P::Refusal> + Send + 'static,
    {
        let (key, requester) = (self.key(body)?, self.requester.clone());
        let enter = move |tx: &mut Tx<'_>| P::enter_to_change(tx, &requester);
        let answer = self.once_as(key, enter, change).await;
        answer.map_err(|refusal| P::problem(refusal, &self.who))
    }

    /// Like [`Call::post`], but `enter` checks the caller and makes the proof.
    pub async fn once<P, T, E>(
        &self,
        key: Option<Key>,
        status: StatusCode,
        enter: impl Fn(&mut Tx<'_>) -> Result<P, E> + Send + 'static,
        change: impl Fn(&mut Tx<'_>, &P) -> Result<T, E> + Send + 'static,
    ) -> Result<Response, E>
    where
        T: Serialize,
        E: From<StoreError> + From<Reused> + Send + 'static,
    {
        let change = move |tx: &mut Tx<'_>, proof: &P| Ok((status, change(tx, proof)?));
        self.once_as(key, enter, change).await
    }

    async fn once_as<P, T, E>(
        &self,
        key: Option<Key>,
        enter: impl Fn(&mut Tx<'_>) -> Result<P, E> + Send + 'static,
        change: impl Fn(&mut Tx<'_>, &P) -> Result<(StatusCode, T), E> + Send + 'static,
    ) -> Result<Response, E>
    where
        T: Serialize,
        E: From<StoreError> + From<Reused> + Send + 'static,
    {
        let change = move |tx: &mut Tx<'_>| {
            let proof = enter(tx)?;
            idempotency::once(tx, key.as_ref(), |tx| {
                let (status, done) = change(tx, &proof)?;
                Ok::<_, E>(Stored {
                    status: status.as_u16().into(),
                    body: serde_json::to_string(&done).unwrap_or_default(),
                })
            })
        };
        let answer = self.site.store.write(change).await?;
        let status = u16::try_from(answer.status).ok();
        let status = status.and_then(|code| StatusCode::from_u16(code).ok());
        Ok(json_text(status.unwrap_or(StatusCode::OK), answer.body))
    }

    /// The idempotency key that the caller sent, if any. Keys of different callers are distinct.
    /// This function also returns a key that the same caller has used for another path, query or
    /// body. The change itself is then refused.
    pub fn key(&self, body: &[u8]) -> Result<Option<Key>, Problem> {
        let Some(key) = web::idempotency::key(&self.headers)? else {
            return Ok(None);
        };
        let mut said = self.address.clone().into_bytes();
        said.push(b'\n');
        said.extend_from_slice(body);
        Ok(Key::new(&self.who.repeats_as(), "POST /api/v1", key, &said))
    }
}

/// Makes the change of a form only once, even if the browser sends the form several times. Returns
/// the path to which the browser is redirected.
pub fn form_once<E: From<StoreError> + From<Reused>>(
    tx: &mut Tx<'_>,
    key: Option<&Key>,
    change: impl FnOnce(&mut Tx<'_>) -> Result<String, E>,
) -> Result<String, E> {
    let done = idempotency::once(tx, key, |tx| {
        Ok::<_, E>(Stored {
            status: StatusCode::SEE_OTHER.as_u16().into(),
            body: change(tx)?,
        })
    });
    Ok(done?.body)
}

/// Returns the key by which a repeated form is recognized. The key is made from the hidden field
/// `submission_id`; `None` if the field is missing or invalid. `file_hash` is empty if the form has
/// no file.
pub fn form_key(who: &SignedIn, form: &Form, file_hash: &[u8], route: &str) -> Option<Key> {
    let mut body = file_hash.to_vec();
    for (name, value) in form.iter().filter(|(name, _)| *name != web::csrf::FIELD) {
        for part in [name, value] {
            body.extend_from_slice(part.as_bytes());
            body.push(0);
        }
    }
    let owner = who.account().id.to_string();
    Key::new(&owner, route, form.text("submission_id"), &body)
}

/// Makes a new `submission_id` for a form.
pub fn submission(random: &Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// Parses an id from a path. A malformed id gets a 404.
pub fn id<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// A redirect with status 303 to a path on this site.
pub fn see_other(path: &str) -> Response {
    match HeaderValue::try_from(path) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => Problem::internal("a path that no header can hold").into_response(),
    }
}

/// A JSON response, with an `ETag` if the body has a version.
pub fn answer<T: Serialize>(status: StatusCode, body: &T) -> Response {
    json_text(status, serde_json::to_string(body).unwrap_or_default())
}

/// A JSON response with an `ETag`, or `304 Not Modified` if the client already has the same JSON.
pub fn revalidated(headers: &HeaderMap, body: &impl Serialize) -> Response {
    let tag = conditional::tag(&serde_json::to_vec(body).unwrap_or_default());
    conditional::revalidated(headers, &tag, answer(StatusCode::OK, body))
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

/// A JSON body that the client may omit.
#[derive(Clone, Debug)]
pub struct Maybe<T> {
    pub value: T,
    pub bytes: Bytes,
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
