//! Extractors for page requests and submitted forms. They contain the person, the path and the
//! language. Their methods check the person, and then read or change the store.

use std::fmt;
use std::ops::Deref;

use askama::Template;
use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::Response;
use platform::Tx;
use platform::idempotency::Key;
use web::form_state::{self, FormState};
use web::{ArrivedFile, Form, PageQuery, Problem, SentFile, Site, Text, Wishes};

use crate::asking::{ArrivingSender, FileSender, PageUser, Reader, Sender};
use crate::call::{self, form_key, form_once, see_other};
use crate::frame;
use crate::proof::{Proof, Requester};

/// A signed-in person's request for a page.
#[derive(Clone)]
pub struct PageRequest {
    pub site: Site,
    pub text: Text,
    /// The CSRF token for the hidden field `_csrf` in the page's forms.
    pub csrf: String,
    pub query: Form,
    requester: Requester,
}

/// A form that a signed-in person sent; `Q` is the page's request type.
#[derive(Clone)]
pub struct FormPost<Q = PageRequest> {
    /// The signed-in person and the parameters in the request's path.
    pub req: Q,
    pub form: Form,
    pub files: Vec<SentFile>,
    /// The key by which a repeated form is recognized.
    pub key: Option<Key>,
}

/// The values that the template of every page with a form needs.
#[derive(Debug)]
pub struct FormContext<'a> {
    /// A new `submission_id`.
    pub submission: String,
    /// The message id of a sentence that confirms the previous action.
    pub done: Option<&'static str>,
    pub form_state: &'a FormState,
}

/// The request type of a page. Domains extend [`PageRequest`] with the data that their pages need.
pub trait OfPage:
    FromRequestParts<Site, Rejection = Problem> + AsRef<PageRequest> + Clone + Send + Sync + 'static
{
    /// Makes the request type from `req` and from further data in `parts`.
    fn of(parts: &Parts, req: PageRequest) -> Result<Self, Problem>;
}

impl OfPage for PageRequest {
    fn of(_: &Parts, req: PageRequest) -> Result<Self, Problem> {
        Ok(req)
    }
}

impl AsRef<Self> for PageRequest {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Deref for PageRequest {
    type Target = Requester;

    fn deref(&self) -> &Requester {
        &self.requester
    }
}

impl fmt::Debug for PageRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.requester.fmt(f)
    }
}

impl<Q: OfPage> fmt::Debug for FormPost<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut posted = f.debug_struct("FormPost");
        posted.field("form", &self.form).finish_non_exhaustive()
    }
}

impl<S> FromRequestParts<S> for PageRequest
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let site = Site::from_ref(state);
        let reader = Reader::from_request_parts(parts, state).await?;
        Self::of_parts(parts, &site, reader).await
    }
}

impl<S, Q> FromRequest<S> for FormPost<Q>
where
    Site: FromRef<S>,
    S: Send + Sync,
    Q: OfPage,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let site = &Site::from_ref(state);
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts.clone(), body);
        let FileSender { sender, files } = FileSender::from_request(request, state).await?;
        Self::of_sender(parts, site, sender, files).await
    }
}

impl PageRequest {
    async fn of_parts(parts: &mut Parts, site: &Site, reader: Reader) -> Result<Self, Problem> {
        let wishes = Wishes::read(&parts.uri, &parts.headers);
        Ok(Self {
            text: site.speak(&wishes),
            site: site.clone(),
            csrf: reader.csrf,
            query: Form::parse(parts.uri.query().unwrap_or_default().as_bytes())?,
            requester: Requester::of(parts, reader.who, reader.request).await?,
        })
    }

    /// Reads from the store, in a transaction that first checks the person with `P::enter`.
    pub async fn read<P, T, F>(&self, look: F) -> Result<T, P::Refusal>
    where
        P: Proof,
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &P) -> Result<T, P::Refusal> + Send + 'static,
    {
        self.requester.read(&self.site, look).await
    }

    /// Changes the store, in a transaction that first checks the person with `P::enter_to_change`.
    pub async fn write<P, T, F>(&self, change: F) -> Result<T, P::Refusal>
    where
        P: Proof,
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &P) -> Result<T, P::Refusal> + Send + 'static,
    {
        self.requester.write(&self.site, change).await
    }

    /// Returns the message id for the keyword in the query parameter `done`. The message confirms
    /// the action that led to this page. `messages` maps keywords to message ids.
    pub fn done(&self, messages: &[(&str, &'static str)]) -> Option<&'static str> {
        let done = self.query.text("done");
        let found = messages.iter().find(|(word, _)| *word == done);
        found.map(|(_, message)| *message)
    }

    /// Reads from the query string which part of a list is requested.
    pub fn page_query(&self) -> Result<PageQuery, Problem> {
        PageQuery::of(self.query.iter())
    }

    /// Makes a new `submission_id` for a form.
    pub fn submission(&self) -> String {
        call::submission(&self.site.random)
    }

    /// Returns the values that every page with a form needs. `messages` maps keywords to message
    /// ids, as in [`PageRequest::done`].
    pub fn form<'a>(
        &'a self,
        messages: &[(&str, &'static str)],
        form_state: &'a FormState,
    ) -> FormContext<'a> {
        FormContext {
            submission: self.submission(),
            done: self.done(messages),
            form_state,
        }
    }

    pub fn user(&self) -> PageUser<'_> {
        PageUser {
            who: &self.who,
            csrf: &self.csrf,
        }
    }

    /// Renders a page in the site's frame. `here` is the path of the page's navigation entry.
    pub async fn page<B: Template>(
        &self,
        here: &str,
        title: &str,
        body: B,
    ) -> Result<Response, Problem> {
        frame::show(&self.site, &self.text, self.user(), here, title, body).await
    }
}

impl<Q: OfPage> FormPost<Q> {
    /// Receives a form with one file of at most `most` bytes, which is written to the file store's
    /// folder while it arrives. The form's fields must come before the file.
    pub async fn receive(
        request: Request,
        site: &Site,
        most: usize,
    ) -> Result<(Self, Option<Result<ArrivedFile, Problem>>), Problem> {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts.clone(), body);
        let ArrivingSender { sender, file } = ArrivingSender::receive(request, site, most).await?;
        let posted = Self::of_sender(parts, site, sender, Vec::new()).await?;
        Ok((posted, file))
    }

    pub(crate) async fn of_sender(
        mut parts: Parts,
        site: &Site,
        sender: Sender,
        files: Vec<SentFile>,
    ) -> Result<Self, Problem> {
        let route = format!("POST {}", parts.uri.path());
        let key = form_key(&sender.who, &sender.form, &sender.file_hash, &route);
        let reader = Reader {
            who: sender.who,
            csrf: sender.csrf,
            request: sender.request,
        };
        let req = PageRequest::of_parts(&mut parts, site, reader).await?;
        Ok(Self {
            req: Q::of(&parts, req)?,
            form: sender.form,
            files,
            key,
        })
    }

    /// Makes the change only once, even if the browser sends the form several times. Redirects to
    /// the path that `change` returns.
    pub async fn once<P, F>(&self, change: F) -> Result<Response, P::Refusal>
    where
        P: Proof,
        F: Fn(&mut Tx<'_>, &P) -> Result<String, P::Refusal> + Send + 'static,
    {
        let req = self.req.as_ref();
        let (requester, key) = (req.requester.clone(), self.key.clone());
        let change = move |tx: &mut Tx<'_>| {
            let proof = P::enter_to_change(tx, &requester)?;
            form_once(tx, key.as_ref(), |tx| change(tx, &proof))
        };
        Ok(see_other(&req.site.store.write(change).await?))
    }

    /// Like [`FormPost::once`]. If the change is refused because of an error in the form, `page`
    /// shows the form again, with the typed values and the errors.
    pub async fn save<P, F>(
        &self,
        change: F,
        page: impl AsyncFnOnce(&Q, &FormState) -> Result<Response, Problem>,
    ) -> Result<Response, Problem>
    where
        P: Proof,
        F: Fn(&mut Tx<'_>, &P) -> Result<String, P::Refusal> + Send + 'static,
    {
        form_state::answer(self.once(change).await, async |problem| {
            let text = &self.req.as_ref().text;
            let form_state = FormState::refused(self.form.clone(), &problem, text);
            page(&self.req, &form_state).await
        })
        .await
    }
}
