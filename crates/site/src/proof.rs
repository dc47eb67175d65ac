//! What somebody has to prove before they do something. An operation is a function of the
//! transaction, of a proof and of what was sent; its page and its JSON call it by the same proof,
//! which is made anew in the transaction that relies on it.

use std::fmt;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::Extensions;
use axum::http::request::Parts;
use platform::audit::RequestFacts;
use platform::idempotency::Reused;
use platform::{StoreError, Tx};
use web::{Problem, Site};

use crate::refusal::Refusal;

use identity::people::invite::{self, Inviter};
use identity::session::signed_in::{self, Confirmed, SignedIn};

/// Somebody who asks for something, and where.
#[derive(Clone)]
pub struct Requester {
    /// Who it is.
    pub who: SignedIn,
    /// What the audit log keeps of the request.
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

    /// A piece of the path; empty: it has no such piece.
    pub fn piece(&self, name: &str) -> &str {
        let found = self.path.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The piece of the path that names one of a list: the last one.
    pub fn address(&self) -> &str {
        self.path.last().map_or("", |(_, value)| value)
    }

    /// A piece of the path as an id; what is no id is not there.
    pub fn id<T: FromStr>(&self, name: &str) -> Result<T, Refusal> {
        self.piece(name).parse().map_err(|_| Refusal::NotFound)
    }

    /// Looks something up with the proof `P`.
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

    /// Changes something with the proof `P`.
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

    /// What the list of addresses says, or the router of the domain.
    pub fn declared<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.declared.get().cloned()
    }
}

/// What an operation asks for in its signature. Only the check makes one.
pub trait Proof: Sized + Send + 'static {
    /// Why it is not given, or an operation refuses.
    type Refusal: From<Refusal> + From<StoreError> + From<Reused> + Into<Problem> + Send + 'static;
    /// Whether its pages read so much that they should hold up no thread that answers requests.
    const READS_AT_LENGTH: bool = false;

    /// The proof that somebody may look.
    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Self::Refusal>;

    /// The proof that they may change something, with the lock that every change takes first.
    fn enter_to_change(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Self::Refusal> {
        Self::enter(tx, requester)
    }

    /// What a program reads of a refusal.
    fn problem(refusal: Self::Refusal, _: &SignedIn) -> Problem {
        refusal.into()
    }
}

/// What is one's own takes no more than being signed in.
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
