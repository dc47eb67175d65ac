//! What each domain declares about accounts: its roles, and functions for the data that it stores
//! about people.

use jiff::Timestamp;
use platform::{StoreError, Tx};
use serde_json::Value;

use crate::account::AccountId;
use crate::scope::token_scope::TokenScope;
use crate::scope::{Role, Scope, ScopeKind};

#[derive(Clone, Copy, Debug)]
pub struct DomainAccounts {
    /// The name of the domain's section in an export of a person's data.
    pub name: &'static str,
    pub scope_kinds: &'static [&'static ScopeKind],
    /// Whether a rank in this scope makes the person a host of the site. Must return `false` for
    /// scopes in which people can grant themselves a rank.
    pub makes_host: fn(&mut Tx<'_>, &Scope) -> Result<bool, StoreError>,
    /// The domain's duties in the installation.
    pub site_duties: &'static [Role],
    /// Finds the title of a scope. Invites show this title.
    pub scope_title: fn(&mut Tx<'_>, &Scope) -> Result<Option<String>, StoreError>,
    pub token_scopes: &'static [TokenScope],
    /// Lists the pages to which a group link of this person may lead, or of an administrator for
    /// `None`.
    pub group_places: fn(&mut Tx<'_>, Option<&AccountId>) -> Result<Vec<GroupPlace>, StoreError>,
    /// Exports the domain's data about a person; null if there is none. The export must not contain
    /// hashes, sealed secrets or data about others.
    pub export: fn(&mut Tx<'_>, &AccountId) -> Result<Value, StoreError>,
    /// Lists everything that the person must settle before their account can be erased, as
    /// keywords. Locks the rows on which the result depends.
    pub obligations: fn(&mut Tx<'_>, &AccountId) -> Result<Vec<String>, StoreError>,
    /// Runs when a person requests the erasure of their account. Ends everything that cannot
    /// continue without the person.
    pub leave: fn(&mut Tx<'_>, &AccountId) -> Result<(), StoreError>,
    /// Erases the domain's data about a person, and all references to the account.
    pub erase: fn(&mut Tx<'_>, &AccountId) -> Result<(), StoreError>,
}

/// A page to which a group link may lead, such as a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPlace {
    pub path: String,
    pub title: String,
    /// When what the page is about begins; `None` if it has no single time.
    pub at: Option<Timestamp>,
}

/// The account declarations of all domains. Each domain comes after the domains on which it
/// depends.
pub type Domains = &'static [DomainAccounts];

impl DomainAccounts {
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            scope_kinds: &[],
            makes_host: |_, _| Ok(true),
            site_duties: &[],
            scope_title: |_, _| Ok(None),
            token_scopes: &[],
            group_places: |_, _| Ok(Vec::new()),
            export: |_, _| Ok(Value::Null),
            obligations: |_, _| Ok(Vec::new()),
            leave: |_, _| Ok(()),
            erase: |_, _| Ok(()),
        }
    }
}
