//! Who may write what the site publishes: editors, administrators and owners of the site.

use accounts::grant::{self, EDITOR};
use accounts::signed_in::SignedIn;
use platform::audit::{Entry, RequestFacts};
use platform::{StoreError, Tx};
use serde_json::Value;

use crate::Refusal;
use crate::post::PostId;

/// The proof that somebody may write posts. Only [`enter`] makes one.
#[derive(Debug)]
pub struct Editor {
    who: SignedIn,
    request: RequestFacts,
}

/// The proof that `who` may write posts.
pub fn enter(tx: &mut Tx<'_>, who: &SignedIn, request: &RequestFacts) -> Result<Editor, Refusal> {
    if !is_editor(tx, who)? {
        return Err(Refusal::NotAnEditor);
    }
    Ok(Editor {
        who: who.clone(),
        request: request.clone(),
    })
}

/// Whether `who` may write posts.
pub fn is_editor(tx: &mut Tx<'_>, who: &SignedIn) -> Result<bool, StoreError> {
    grant::may_in_site(tx, who, EDITOR)
}

/// As [`enter`], to be called in a transaction.
pub(crate) fn entrance(
    who: &SignedIn,
    request: &RequestFacts,
) -> impl Fn(&mut Tx<'_>) -> Result<Editor, Refusal> + Send + 'static + use<> {
    let (who, request) = (who.clone(), request.clone());
    move |tx| enter(tx, &who, &request)
}

impl Editor {
    /// In which zone hours are typed.
    pub(crate) fn zone(&self) -> jiff::tz::TimeZone {
        zone(&self.who)
    }

    /// Adds a line to the audit log.
    pub(crate) fn record(
        &self,
        tx: &mut Tx<'_>,
        id: &PostId,
        action: &'static str,
        changes: Value,
    ) -> Result<(), StoreError> {
        tx.record(Entry {
            actor: self.who.actor(),
            action,
            entity: ("post", id.to_string()),
            scope: None,
            changes,
            request: Some(self.request.clone()),
        })
    }
}

/// In which zone somebody types hours.
pub(crate) fn zone(who: &SignedIn) -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get(&who.account().time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
}
