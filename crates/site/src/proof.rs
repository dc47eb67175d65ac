//! A proof is a value that shows that the caller may do something. An operation is a function with
//! three inputs: the transaction, a proof and the submitted values. The operation's page and its
//! JSON endpoint use the same kind of proof. Each transaction checks the caller and makes a new
//! proof.

use std::fmt;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::Extensions;
use axum::http::request::Parts;
use platform::audit::{Entity, Entry, RequestFacts};
use platform::idempotency::Reused;
use platform::{StoreError, Tx};
use serde_json::Value;
use web::{Problem, Site};

use crate::refusal::Refusal;

use identity::people::invite::{self, Inviter};
use identity::session::signed_in::{self, Confirmed, SignedIn};

/// The signed-in caller, with the parameters in the request's path.
#[derive(Clone)]
pub struct Requester {
    pub who: SignedIn,
    /// Details of the request for the audit log.
    pub request: RequestFacts,
    path: Vec<(String, String)>,
    declared: Extensions,
}

impl fmt::Debug for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut requester = f.debug_struct("Requester");
        requester.field("who", &self.who).finish_non_exhaustive()
    }
}

impl Requester {
    pub(crate) async fn of(
        parts: &mut Parts,
        who: SignedIn,
        request: RequestFacts,
    ) -> Result<Self, Problem> {
        let path = RawPathParams::from_request_parts(parts, &()).await;
        let path = path.map_err(|_| Problem::not_found())?;
        let path = path.iter();
        Ok(Self {
            who,
            request,
            path: path
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            declared: parts.extensions.clone(),
        })
    }

    /// The value of a path parameter; empty if the path has no such parameter.
    pub fn piece(&self, name: &str) -> &str {
        let found = self.path.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The value of the path's last parameter, which identifies an item in a list.
    pub fn address(&self) -> &str {
        self.path.last().map_or("", |(_, value)| value)
    }

    /// Parses a path parameter as an id. A malformed id gets a 404.
    pub fn id<T: FromStr>(&self, name: &str) -> Result<T, Refusal> {
        self.piece(name).parse().map_err(|_| Refusal::NotFound)
    }

    /// Reads from the store, in a transaction that first checks the caller with `P::enter`.
    pub(crate) async fn read<P, T, F>(&self, site: &Site, look: F) -> Result<T, P::Refusal>
    where
        P: Proof,
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &P) -> Result<T, P::Refusal> + Send + 'static,
    {
        let requester = self.clone();
        let look = move |tx: &mut Tx<'_>| {
            let proof = P::enter(tx, &requester)?;
            look(tx, &proof)
        };
        if P::READS_AT_LENGTH {
            site.store.read_at_length(look).await
        } else {
            site.store.read(look).await
        }
    }

    /// Changes the store, in a transaction that first checks the caller with `P::enter_to_change`.
    pub(crate) async fn write<P, T, F>(&self, site: &Site, change: F) -> Result<T, P::Refusal>
    where
        P: Proof,
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &P) -> Result<T, P::Refusal> + Send + 'static,
    {
        let requester = self.clone();
        let change = move |tx: &mut Tx<'_>| {
            let proof = P::enter_to_change(tx, &requester)?;
            change(tx, &proof)
        };
        site.store.write(change).await
    }

    /// Records an action of the caller in the audit log. The entry names no scope.
    pub fn record(
        &self,
        tx: &mut Tx<'_>,
        entity: Entity,
        action: &'static str,
        changes: Value,
    ) -> Result<(), StoreError> {
        tx.record(Entry {
            actor: self.who.actor(),
            action,
            entity,
            scope: None,
            changes,
            request: Some(self.request.clone()),
        })
    }

    /// A value that the domain's router adds to its routes as an extension.
    pub fn declared<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.declared.get().cloned()
    }
}

/// A value that proves that the caller may perform certain operations. These operations have the
/// proof as a parameter. Only [`Proof::enter`] makes a proof.
pub trait Proof: Sized + Send + 'static {
    /// The error type of the check, and of operations that require this proof.
    type Refusal: From<Refusal> + From<StoreError> + From<Reused> + Into<Problem> + Send + 'static;
    /// Whether reads with this proof take so long that they run on separate threads.
    const READS_AT_LENGTH: bool = false;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Self::Refusal>;

    /// Checks that the caller may change data. Also takes the lock that every change needs.
    fn enter_to_change(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Self::Refusal> {
        Self::enter(tx, requester)
    }

    /// Converts a refusal to the error response of the JSON API.
    fn problem(refusal: Self::Refusal, _: &SignedIn) -> Problem {
        refusal.into()
    }
}

/// Operations on a person's own data need only the sign-in, so the requester itself is the proof.
impl Proof for Requester {
    type Refusal = Refusal;

    fn enter(_: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        Ok(requester.clone())
    }
}

impl Proof for Confirmed {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        signed_in::confirmed(tx, &requester.who)?.ok_or(Refusal::EmailUnverified)
    }
}

impl Proof for Inviter {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let found = invite::inviter(tx, &requester.who, requester.request.clone())?;
        found.ok_or(Refusal::Forbidden)
    }
}
