//! A host's API request is a [`Call`]. Its methods check that the caller is a host before they give
//! the handler access to the store.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::{StatusCode, request};
use axum::response::Response;
use identity::session::signed_in::SignedIn;
use platform::Tx;
use platform::audit::RequestFacts;
use serde::Serialize;
use site::call;
use web::{Findings, Problem, Site};

use super::change_response::Sees;
use super::refusal::problem;
use crate::hosting::Refusal;
use crate::hosting::permissions::{self, HostOf, Permission};
use crate::id::{GuestId, InvitationId, OccasionId};
use crate::occasion;
use crate::web::custom_code::ByHand;

pub use call::{Maybe, answer, id};

/// A request whose caller has not been checked yet.
pub struct Call {
    inner: call::Call,
    permission: Option<Permission>,
    by_hand: ByHand,
}

/// The object that the path names. The caller must be a host of the occasion to which the object
/// belongs.
#[derive(Clone)]
pub enum Place {
    Occasion(OccasionId),
    Invitation(InvitationId),
    Guest(GuestId),
    /// An occasion by its slug or id. `None` stands for the caller's only occasion.
    Named(Option<String>),
}

impl Place {
    /// Parses the id of an occasion in a path. Any other text is answered with "not found".
    pub fn occasion(text: &str) -> Result<Self, Problem> {
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
            Self::Named(name) => {
                let found = if let Some(name) = name {
                    match name.parse() {
                        Ok(id) => Some(id),
                        Err(_) => occasion::find_by_slug(tx, name)?,
                    }
                } else {
                    let mut all = permissions::occasions_of(tx, who)?;
                    let only = all.pop().filter(|_| all.is_empty());
                    let mut findings = Findings::default();
                    if only.is_none() {
                        findings.add("/occasion", "required", []);
                    }
                    findings.finish()?;
                    only.map(|(id, _)| id)
                };
                let id = found.ok_or(Refusal::NotFound)?;
                permissions::enter(tx, who, &id, Some(request))
            }
        }
    }
}

impl Deref for Call {
    type Target = call::Call;

    fn deref(&self) -> &call::Call {
        &self.inner
    }
}

impl Call {
    pub async fn read<T, F>(&self, place: Place, look: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &HostOf) -> Result<T, Refusal> + Send + 'static,
    {
        let (sees, enter) = (Sees::of_editor(&self.who), self.enter(place));
        let found = self
            .site
            .store
            .read_at_length(move |tx| {
                let host = enter(tx)?;
                look(tx, &host)
            })
            .await;
        found.map_err(|refusal| problem(refusal, sees))
    }

    /// Runs the change of a PUT, PATCH or DELETE request. Repeating such a request does no harm, so
    /// it needs no idempotency key.
    pub async fn write<T, F>(&self, place: Place, change: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &HostOf) -> Result<T, Refusal> + Send + 'static,
    {
        let (sees, enter) = (Sees::of_editor(&self.who), self.enter(place));
        let done = self
            .site
            .store
            .write(move |tx| {
                let host = enter(tx)?;
                change(tx, &host)
            })
            .await;
        done.map_err(|refusal| problem(refusal, sees))
    }

    /// Runs the change of a POST request once per `Idempotency-Key`. A repeated request gets the
    /// stored response if the caller still has access.
    pub async fn once<T, F>(
        &self,
        place: Place,
        body: &[u8],
        status: StatusCode,
        change: F,
    ) -> Result<Response, Problem>
    where
        T: Serialize,
        F: Fn(&mut Tx<'_>, &HostOf) -> Result<T, Refusal> + Send + 'static,
    {
        self.once_by(body, status, self.enter(place), change).await
    }

    fn enter(
        &self,
        place: Place,
    ) -> impl Fn(&mut Tx<'_>) -> Result<HostOf, Refusal> + Send + 'static {
        let (who, request, permission) = (self.who.clone(), self.request.clone(), self.permission);
        move |tx| {
            let host = place.enter(tx, &who, request.clone())?;
            host.needs(permission.ok_or(Refusal::Forbidden)?)?;
            Ok(host)
        }
    }

    /// Like [`Call::once`], but for paths that belong to no occasion. `enter` checks the caller,
    /// even if the response is a stored one.
    pub async fn once_by<P, T, E, F>(
        &self,
        body: &[u8],
        status: StatusCode,
        enter: E,
        change: F,
    ) -> Result<Response, Problem>
    where
        T: Serialize,
        E: Fn(&mut Tx<'_>) -> Result<P, Refusal> + Send + 'static,
        F: Fn(&mut Tx<'_>, &P) -> Result<T, Refusal> + Send + 'static,
    {
        let (sees, key) = (Sees::of_editor(&self.who), self.key(body)?);
        let answer = self.inner.once(key, status, enter, change).await;
        answer.map_err(|refusal| problem(refusal, sees))
    }

    /// Runs a change in which a host may choose an invitation code. If another invitation has the
    /// code, the attempt counts as a guess.
    pub async fn by_hand(
        &self,
        code: Option<&str>,
        set: impl Future<Output = Result<Response, Problem>>,
    ) -> Result<Response, Problem> {
        self.by_hand.set(&self.site, code, set).await
    }
}

impl FromRequestParts<Site> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, site: &Site) -> Result<Self, Problem> {
        Ok(Self {
            inner: call::Call::from_request_parts(parts, site).await?,
            permission: parts.extensions.get().copied(),
            by_hand: ByHand::of(parts)?,
        })
    }
}
