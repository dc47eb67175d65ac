//! The people who may write the site's posts: editors, administrators and owners of the site.

use identity::grant::{self, Role};
use identity::session::signed_in::SignedIn;
use jiff::tz::TimeZone;
use platform::audit::{Entity, Entry, RequestFacts};
use platform::{StoreError, Tx};
use serde_json::Value;
use site::proof::{Proof, Requester};
use site::resource::Parent;
use web::Site;
use web::state::Start;

use crate::Refusal;

/// The role of people who write the site's posts.
pub const EDITOR: Role = Role::new("editor", "post-role-editor");

/// A value that proves that a person may write posts. Only [`enter`] makes one.
#[derive(Clone, Debug)]
pub struct Editor {
    who: SignedIn,
    request: RequestFacts,
}

/// Checks that `who` may write posts, and returns the person as an editor.
pub fn enter(tx: &mut Tx<'_>, who: &SignedIn, request: &RequestFacts) -> Result<Editor, Refusal> {
    if !is_editor(tx, who)? {
        return Err(Refusal::Forbidden);
    }
    Ok(Editor {
        who: who.clone(),
        request: request.clone(),
    })
}

pub fn is_editor(tx: &mut Tx<'_>, who: &SignedIn) -> Result<bool, StoreError> {
    grant::may_in_site(tx, who, EDITOR)
}

impl Editor {
    pub(crate) fn who(&self) -> &SignedIn {
        &self.who
    }
}

/// Whether the account with this id may write posts.
pub(crate) fn is_account_editor(
    tx: &mut Tx<'_>,
    _: &Site,
    account: &str,
) -> Result<bool, StoreError> {
    let editors = grant::list_who_may_in_site(tx, EDITOR)?;
    Ok(editors.iter().any(|one| one.to_string() == account))
}

/// Editors start with the posts.
pub(crate) fn start(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &str,
) -> Result<Option<Start>, StoreError> {
    let start = Start {
        href: "/me/posts".to_owned(),
        title: None,
        is_work: true,
    };
    Ok(is_account_editor(tx, site, account)?.then_some(start))
}

impl Proof for Editor {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        enter(tx, &requester.who, &requester.request)
    }
}

impl Parent for Editor {
    type Permission = ();
    const OWN: () = ();

    fn zone(&self, _: &mut Tx<'_>) -> Result<TimeZone, Refusal> {
        Ok(zone(&self.who))
    }

    fn record(
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
}

/// The time zone in which the person types and reads times.
pub(crate) fn zone(who: &SignedIn) -> TimeZone {
    TimeZone::get(&who.account().time_zone).unwrap_or(TimeZone::UTC)
}
